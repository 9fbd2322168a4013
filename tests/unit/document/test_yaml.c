/* What YAML means, and what of it is refused. */
#include "base/buf.h"
#include "base/mem.h"
#include "document/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* The document, written as compact JSON. */
static void means(const char *yaml, const char *json)
{
    struct document_problem problem = {0};
    struct document *doc = document_parse(str_of(yaml), DOCUMENT_YAML, NULL, &problem);
    if (doc == NULL) {
        print_error("%s\n-> %u:%u: %s\n", yaml, problem.line, problem.column, problem.text);
    }
    assert_non_null(doc);
    char *text = json_dumps(document_root(doc), JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(text, json);
    free(text);
    document_free(doc);
}

static void refused(const char *yaml, unsigned line, unsigned column, const char *why)
{
    struct document_problem problem = {0};
    struct document *doc = document_parse(str_of(yaml), DOCUMENT_YAML, NULL, &problem);
    if (doc != NULL || strstr(problem.text, why) == NULL) {
        print_error("%s\n-> %u:%u: %s\n", yaml, problem.line, problem.column, problem.text);
    }
    assert_null(doc);
    assert_non_null(strstr(problem.text, why));
    assert_int_equal(problem.line, line);
    assert_int_equal(problem.column, column);
}

static void plain_words_follow_the_core_schema(void **state)
{
    (void)state;
    means("[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]");
    means("[null, Null, NULL, ~, ]", "[null,null,null,null]");
    means("[no, yes, on, off, y, N, tRUE, nUll, None]",
          "[\"no\",\"yes\",\"on\",\"off\",\"y\",\"N\",\"tRUE\",\"nUll\",\"None\"]");
    means("['true', \"null\", '1']", "[\"true\",\"null\",\"1\"]");
}

static void plain_numbers_follow_the_core_schema(void **state)
{
    (void)state;
    means("[0, -1, +12, 007, 0o17, 0x1F]", "[0,-1,12,7,15,31]");
    means("[1.5, .5, 2., -1e3, 2.5E-1]", "[1.5,0.5,2.0,-1000.0,0.25]");
    means("[1_000, 12:30:45, 0b1, 1.2.3, 0x, 0o8, -0x1, 1e, e5, ., -, +, 10.0.0.1]",
          "[\"1_000\",\"12:30:45\",\"0b1\",\"1.2.3\",\"0x\",\"0o8\",\"-0x1\",\"1e\",\"e5\",\".\","
          "\"-\",\"+\",\"10.0.0.1\"]");
    means("2026-11-22", "\"2026-11-22\"");
    means("[9223372036854775807, -9223372036854775808]",
          "[9223372036854775807,-9223372036854775808]");
    refused("- 9223372036854775808", 1, 3, "64 bits");
    refused("- 1\n- 1e999", 2, 3, "64 bits");
    refused("- .inf", 1, 3, "quotes");
    refused("- -.INF", 1, 3, "quotes");
    refused("- .nan", 1, 3, "quotes");
}

static void keys_are_their_text_whatever_they_look_like(void **state)
{
    (void)state;
    means("{1.0: a, 200: b, true: c, null: d, on: e}",
          "{\"1.0\":\"a\",\"200\":\"b\",\"true\":\"c\",\"null\":\"d\",\"on\":\"e\"}");
}

static void core_tags_are_obeyed_and_others_refused(void **state)
{
    (void)state;
    means("[!!str 1, !!int '2', !!float 3, !!bool 'true', !!null '', ! 4]",
          "[\"1\",2,3.0,true,null,\"4\"]");
    means("a: !!map {b: !!seq [1]}", "{\"a\":{\"b\":[1]}}");
    refused("a: !!int x", 1, 4, "tag");
    refused("a: !!seq {}", 1, 4, "tag");
    refused("a: !!binary aGk=", 1, 4, "not supported");
    refused("- a\n- !ruby/object {}", 2, 3, "not supported");
    refused("- !!timestamp 2026-11-22", 1, 3, "not supported");
}

static void an_alias_is_a_copy_with_places_of_its_own(void **state)
{
    (void)state;
    static const char yaml[] = "a: &x {b: true, c: [1]}\n"
                               "d: *x\n"
                               "e: [*x, &y z, *y]\n";
    means(yaml, "{\"a\":{\"b\":true,\"c\":[1]},\"d\":{\"b\":true,\"c\":[1]},"
                "\"e\":[{\"b\":true,\"c\":[1]},\"z\",\"z\"]}");
    struct document *doc = document_parse(str_of(yaml), DOCUMENT_YAML, NULL, NULL);
    json_t *root = document_root(doc);
    json_t *d = json_object_get(root, "d");
    unsigned line = 0;
    unsigned column = 0;
    assert_ptr_not_equal(d, json_object_get(root, "a"));
    assert_true(document_position(doc, d, &line, &column));
    assert_int_equal(line, 2);
    assert_int_equal(column, 4);
    assert_true(document_at(doc, d, "b", 0, &line, &column)); /* written where the anchor is */
    assert_int_equal(line, 1);
    assert_int_equal(column, 11);
    char *pointer = document_pointer(doc, json_object_get(d, "c"));
    assert_string_equal(pointer, "/d/c"); /* but used here */
    mem_free(pointer);
    document_free(doc);
}

static void an_anchor_may_be_given_again(void **state)
{
    (void)state;
    means("[&a 1, *a, &a 2, *a]", "[1,1,2,2]");
}

static void aliases_to_nothing_and_to_themselves_are_refused(void **state)
{
    (void)state;
    refused("a: *nowhere", 1, 4, "nowhere");
    refused("a: &x [1, *x]", 1, 11, "inside");
    refused("&x {a: {b: *x}}", 1, 12, "inside");
    refused("? *x\n: 1", 1, 3, "key");
}

static void an_alias_bomb_is_refused(void **state)
{
    (void)state;
    refused("a: &a [x,x,x,x,x,x,x,x,x,x]\n"
            "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
            "c: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
            "d: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
            "e: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"
            "f: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e,*e]\n",
            6, 8, "more than 200000 values");
}

static void a_bomb_of_long_texts_is_refused(void **state)
{
    (void)state;
    struct buf yaml;
    buf_init(&yaml, (size_t)1 << 20);
    (void)buf_append(&yaml, STR("a: &a "));
    for (unsigned i = 0; i < 100000; i++) {
        (void)buf_byte(&yaml, 'x');
    }
    (void)buf_append(&yaml, STR("\nb: ["));
    for (unsigned i = 0; i < 100; i++) {
        (void)buf_append(&yaml, STR("*a,"));
    }
    (void)buf_append(&yaml, STR("]\n"));
    struct document_problem problem;
    assert_null(document_parse(buf_str(&yaml), DOCUMENT_YAML, NULL, &problem));
    assert_non_null(strstr(problem.text, "bytes"));
    assert_int_equal(problem.line, 2);
    buf_done(&yaml);
}

static void depth_counts_through_aliases(void **state)
{
    (void)state;
    struct document_limits limits = {.depth = 4};
    struct document_problem problem;
    assert_null(document_parse(STR("a: &a [[[]]]\nb: [*a]\n"), DOCUMENT_YAML, &limits, &problem));
    assert_non_null(strstr(problem.text, "nested"));
}

static void merge_keys_are_refused(void **state)
{
    (void)state;
    refused("a: &a {b: 1}\nc:\n  <<: *a\n", 3, 3, "merge keys");
    means("{'<<': 1}", "{\"<<\":1}");
}

static void duplicate_and_odd_keys_are_refused(void **state)
{
    (void)state;
    refused("a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n", 5, 3,
            "duplicate key \"c\", first seen in line 3");
    refused("{a: 1, \"a\": 2}", 1, 8, "duplicate");
    refused("? [a]\n: 1", 1, 3, "key must be text");
    refused("?\n: 1", 1, 2, "key is missing");
    refused("&k a: 1", 1, 1, "anchor");
}

static void there_is_one_document(void **state)
{
    (void)state;
    means("", "null");
    means("# only a comment\n", "null");
    means("---\n", "null");
    means("%YAML 1.2\n---\na: 1\n...\n", "{\"a\":1}");
    refused("a: 1\n---\nb: 2\n", 2, 1, "only one document");
}

static void syntax_errors_have_a_position(void **state)
{
    (void)state;
    refused("a: 1\nb: [1, 2\nc: 3\n", 3, 2, "did not find expected");
    refused("a:\n\t- b", 2, 1, "cannot start any token");
    refused("a: \"x", 1, 6, "end of stream");
    refused("a: b\nc: \xff\n", 2, 4, "UTF-8");
    refused("a: \x01", 1, 4, "control characters");
}

static void a_hostile_key_is_told_in_readable_text(void **state)
{
    (void)state;
    struct document_problem problem;
    assert_null(document_parse(STR("\"\\e[31m\\n\": 1\n\"\\e[31m\\n\": 2\n"), DOCUMENT_YAML, NULL,
                               &problem));
    assert_string_equal(problem.text, "duplicate key \"?[31m?\", first seen in line 1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_words_follow_the_core_schema),
        cmocka_unit_test(plain_numbers_follow_the_core_schema),
        cmocka_unit_test(keys_are_their_text_whatever_they_look_like),
        cmocka_unit_test(core_tags_are_obeyed_and_others_refused),
        cmocka_unit_test(an_alias_is_a_copy_with_places_of_its_own),
        cmocka_unit_test(an_anchor_may_be_given_again),
        cmocka_unit_test(aliases_to_nothing_and_to_themselves_are_refused),
        cmocka_unit_test(an_alias_bomb_is_refused),
        cmocka_unit_test(a_bomb_of_long_texts_is_refused),
        cmocka_unit_test(depth_counts_through_aliases),
        cmocka_unit_test(merge_keys_are_refused),
        cmocka_unit_test(duplicate_and_odd_keys_are_refused),
        cmocka_unit_test(there_is_one_document),
        cmocka_unit_test(syntax_errors_have_a_position),
        cmocka_unit_test(a_hostile_key_is_told_in_readable_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
