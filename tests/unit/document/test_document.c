/* Positions, pointers and limits that hold for both formats. */
#include "base/buf.h"
#include "base/mem.h"
#include "document/document.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

static struct document *parse(const char *text, enum document_format format)
{
    struct document_problem problem = {0};
    struct document *document = document_parse(str_of(text), format, NULL, &problem);
    if (document == NULL) {
        print_error("%u:%u: %s\n", problem.line, problem.column, problem.text);
    }
    assert_non_null(document);
    return document;
}

static void refused(const char *text, enum document_format format, unsigned line, unsigned column)
{
    struct document_problem problem = {0};
    assert_null(document_parse(str_of(text), format, NULL, &problem));
    if (problem.line != line || problem.column != column) {
        print_error("%s\n-> %u:%u: %s\n", text, problem.line, problem.column, problem.text);
    }
    assert_int_equal(problem.line, line);
    assert_int_equal(problem.column, column);
    assert_true(problem.text[0] != '\0');
}

static void at(const struct document *document,
               const json_t *parent,
               const char *key,
               size_t index,
               unsigned line,
               unsigned column)
{
    unsigned found_line = 0;
    unsigned found_column = 0;
    assert_true(document_at(document, parent, key, index, &found_line, &found_column));
    assert_int_equal(found_line, line);
    assert_int_equal(found_column, column);
}

static void key_at(const struct document *document,
                   const json_t *parent,
                   const char *key,
                   unsigned line,
                   unsigned column)
{
    unsigned found_line = 0;
    unsigned found_column = 0;
    assert_true(document_key_position(document, parent, key, &found_line, &found_column));
    assert_int_equal(found_line, line);
    assert_int_equal(found_column, column);
}

static void json_values_and_keys_know_their_place(void **state)
{
    (void)state;
    struct document *doc = parse("{\n"
                                 "  \"a\": true, \"b\" : [1, true,\n"
                                 "     null, {\"c\":\t2.5}],\n"
                                 "\r\n"
                                 "  \"d\"\n"
                                 "   :\n"
                                 "     true}\n",
                                 DOCUMENT_ANY);
    json_t *root = document_root(doc);
    json_t *b = json_object_get(root, "b");
    key_at(doc, root, "a", 2, 3);
    at(doc, root, "a", 0, 2, 8);
    key_at(doc, root, "b", 2, 14);
    at(doc, root, "b", 0, 2, 20);
    at(doc, b, NULL, 0, 2, 21);
    at(doc, b, NULL, 1, 2, 24);
    at(doc, b, NULL, 2, 3, 6);
    at(doc, b, NULL, 3, 3, 12);
    at(doc, json_array_get(b, 3), "c", 0, 3, 18);
    key_at(doc, root, "d", 5, 3);
    at(doc, root, "d", 0, 7, 6);
    document_free(doc);
}

static void yaml_values_and_keys_know_their_place(void **state)
{
    (void)state;
    struct document *doc = parse("# comment\n"
                                 "a: true\n"
                                 "b:\n"
                                 "  - 1\n"
                                 "  - true\n"
                                 "  - c: [x, true]\n"
                                 "    'd':   \"e\"\n"
                                 "f: |\n"
                                 "  text\n"
                                 "g:\n",
                                 DOCUMENT_ANY);
    json_t *root = document_root(doc);
    json_t *b = json_object_get(root, "b");
    json_t *inner = json_array_get(b, 2);
    key_at(doc, root, "a", 2, 1);
    at(doc, root, "a", 0, 2, 4);
    at(doc, root, "b", 0, 4, 3);
    at(doc, b, NULL, 1, 5, 5);
    key_at(doc, inner, "c", 6, 5);
    at(doc, json_object_get(inner, "c"), NULL, 1, 6, 12);
    key_at(doc, inner, "d", 7, 5);
    at(doc, inner, "d", 0, 7, 12);
    at(doc, root, "f", 0, 8, 4);
    assert_string_equal(json_string_value(json_object_get(root, "f")), "text\n");
    at(doc, root, "g", 0, 10, 3);
    document_free(doc);
}

static void columns_count_characters_not_bytes(void **state)
{
    (void)state;
    static const char json[] = "{\"gr\xc3\xbc\xc3\x9f\": \"\xf0\x9f\x98\x80\", \"b\": true}";
    static const char yaml[] = "{gr\xc3\xbc\xc3\x9f: \"\xf0\x9f\x98\x80\", b: true}";
    struct document *doc = parse(json, DOCUMENT_JSON);
    at(doc, document_root(doc), "gr\xc3\xbc\xc3\x9f", 0, 1, 10);
    key_at(doc, document_root(doc), "b", 1, 15);
    at(doc, document_root(doc), "b", 0, 1, 20);
    document_free(doc);
    doc = parse(yaml, DOCUMENT_YAML);
    at(doc, document_root(doc), "gr\xc3\xbc\xc3\x9f", 0, 1, 8);
    key_at(doc, document_root(doc), "b", 1, 13);
    at(doc, document_root(doc), "b", 0, 1, 16);
    document_free(doc);
}

static void a_byte_order_mark_is_not_counted(void **state)
{
    (void)state;
    struct document *doc = parse("\xef\xbb\xbf{\"a\":1}", DOCUMENT_ANY);
    key_at(doc, document_root(doc), "a", 1, 2);
    document_free(doc);
    doc = parse("\xef\xbb\xbf"
                "a: 1",
                DOCUMENT_ANY);
    key_at(doc, document_root(doc), "a", 1, 1);
    document_free(doc);
}

static void pointers_are_escaped_and_number_lists(void **state)
{
    (void)state;
    struct document *doc = parse(
        "{\"versions\":{\"1.0\":{\"paths\":{\"/items/~x\":[0,{\"is\":false}]}}}}", DOCUMENT_JSON);
    json_t *list = json_object_get(
        json_object_get(json_object_get(json_object_get(document_root(doc), "versions"), "1.0"),
                        "paths"),
        "/items/~x");
    char *pointer = document_pointer(doc, list);
    assert_string_equal(pointer, "/versions/1.0/paths/~1items~1~0x");
    mem_free(pointer);
    pointer = document_pointer_at(doc, json_array_get(list, 1), "is", 0);
    assert_string_equal(pointer, "/versions/1.0/paths/~1items~1~0x/1/is");
    mem_free(pointer);
    pointer = document_pointer(doc, document_root(doc));
    assert_string_equal(pointer, "");
    mem_free(pointer);
    assert_null(document_pointer_at(doc, list, NULL, 2));
    assert_null(document_pointer(doc, json_true()));
    document_free(doc);
}

static void a_shared_node_has_a_position_at_each_of_its_places(void **state)
{
    (void)state;
    struct document *doc = parse("[true,true,\n true]", DOCUMENT_JSON);
    unsigned line = 0;
    unsigned column = 0;
    at(doc, document_root(doc), NULL, 0, 1, 2);
    at(doc, document_root(doc), NULL, 1, 1, 7);
    at(doc, document_root(doc), NULL, 2, 2, 2);
    assert_false(document_position(doc, json_true(), &line, &column));
    assert_false(document_at(doc, document_root(doc), NULL, 3, &line, &column));
    assert_false(document_at(doc, document_root(doc), "a", 0, &line, &column));
    assert_true(document_position(doc, document_root(doc), &line, &column));
    assert_int_equal(column, 1);
    document_free(doc);
}

static void a_root_may_be_a_scalar(void **state)
{
    (void)state;
    unsigned line = 0;
    unsigned column = 0;
    struct document *doc = parse(" \n true", DOCUMENT_JSON);
    assert_true(document_position(doc, document_root(doc), &line, &column));
    assert_int_equal(line, 2);
    assert_int_equal(column, 2);
    document_free(doc);
}

static void json_mistakes_have_a_position(void **state)
{
    (void)state;
    refused("{\"a\":1,\n \"b\":2,\n \"a\":3}", DOCUMENT_ANY, 3, 2);
    refused("{\"a\" 1}", DOCUMENT_ANY, 1, 6);
    refused("[1,\n2", DOCUMENT_ANY, 2, 2);
    refused("[1] x", DOCUMENT_ANY, 1, 5);
    refused("", DOCUMENT_JSON, 1, 1);
    refused("{\"a\\u0000b\":1}", DOCUMENT_ANY, 1, 2);
    refused("[1,\n 18446744073709551615]", DOCUMENT_ANY, 2, 2);
    refused("[99999999999999999999999999]", DOCUMENT_ANY, 1, 2);
    /* Text that begins like JSON is told about as JSON, not as YAML. */
    refused("{a: 1}", DOCUMENT_ANY, 1, 2);
}

static void json_keeps_types_and_exact_integers(void **state)
{
    (void)state;
    struct document *doc =
        parse("[9223372036854775807,-9223372036854775808,1.0,\"a\\u0000b\",\"\\ud83d\\ude00\"]",
              DOCUMENT_JSON);
    json_t *root = document_root(doc);
    assert_true(json_integer_value(json_array_get(root, 0)) == INT64_MAX);
    assert_true(json_integer_value(json_array_get(root, 1)) == INT64_MIN);
    assert_true(json_is_real(json_array_get(root, 2)));
    assert_int_equal(json_string_length(json_array_get(root, 3)), 3);
    assert_string_equal(json_string_value(json_array_get(root, 4)), "\xf0\x9f\x98\x80");
    document_free(doc);
}

static void nest(struct buf *out, unsigned depth)
{
    buf_init(out, 4096);
    for (unsigned i = 0; i < depth; i++) {
        (void)buf_byte(out, '[');
    }
    for (unsigned i = 0; i < depth; i++) {
        (void)buf_byte(out, ']');
    }
}

static void depth_is_bounded_in_both_formats(void **state)
{
    (void)state;
    for (enum document_format format = DOCUMENT_JSON; format <= DOCUMENT_YAML; format++) {
        struct buf text;
        struct document_problem problem;
        nest(&text, 64);
        struct document *doc = document_parse(buf_str(&text), format, NULL, &problem);
        assert_non_null(doc);
        document_free(doc);
        buf_done(&text);
        nest(&text, 65);
        assert_null(document_parse(buf_str(&text), format, NULL, &problem));
        assert_int_equal(problem.line, 1);
        buf_done(&text);
    }
}

static void size_and_count_are_bounded(void **state)
{
    (void)state;
    struct document_problem problem;
    struct document_limits limits = {.bytes = 10};
    assert_null(document_parse(STR("[1,2,3,4,5]"), DOCUMENT_ANY, &limits, &problem));
    limits = (struct document_limits){.nodes = 5};
    assert_null(document_parse(STR("[1,2,\n3,4,5]"), DOCUMENT_ANY, &limits, &problem));
    assert_int_equal(problem.line, 2);
    assert_int_equal(problem.column, 5);
    limits = (struct document_limits){.depth = 1};
    assert_null(document_parse(STR("a: {}"), DOCUMENT_ANY, &limits, &problem));
    assert_int_equal(problem.column, 4);
}

static void a_file_is_read_by_its_suffix(void **state)
{
    (void)state;
    struct document_problem problem;
    char path[] = "/tmp/postern-document-XXXXXX.json";
    int fd = mkstemps(path, 5);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "a: 1", 4), 4);
    assert_null(document_load(path, NULL, &problem)); /* YAML in a file that says JSON */
    assert_int_equal(problem.line, 1);
    assert_int_equal(pwrite(fd, "[1] ", 4, 0), 4);
    struct document *doc = document_load(path, NULL, &problem);
    assert_non_null(doc);
    document_free(doc);
    (void)close(fd);
    (void)unlink(path);
    assert_null(document_load(path, NULL, &problem));
    assert_int_equal(problem.line, 0);
    assert_string_equal(problem.text, "cannot be read: No such file or directory");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_values_and_keys_know_their_place),
        cmocka_unit_test(yaml_values_and_keys_know_their_place),
        cmocka_unit_test(columns_count_characters_not_bytes),
        cmocka_unit_test(a_byte_order_mark_is_not_counted),
        cmocka_unit_test(pointers_are_escaped_and_number_lists),
        cmocka_unit_test(a_shared_node_has_a_position_at_each_of_its_places),
        cmocka_unit_test(a_root_may_be_a_scalar),
        cmocka_unit_test(json_mistakes_have_a_position),
        cmocka_unit_test(json_keeps_types_and_exact_integers),
        cmocka_unit_test(depth_is_bounded_in_both_formats),
        cmocka_unit_test(size_and_count_are_bounded),
        cmocka_unit_test(a_file_is_read_by_its_suffix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
