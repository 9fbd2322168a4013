/* test_output.c - tables and YAML: what people read, and what programs read back. */
#include "base/mem.h"
#include "cli/table.h"
#include "cli/yaml.h"
#include "document/document.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

static void tabled(const char *json, const char *columns, const char *wanted)
{
    struct buf out;
    json_t *value = json_loads(json, JSON_ALLOW_NUL | JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    buf_init(&out, 10000);
    if (columns != NULL) {
        table_write(&out, value, columns);
    } else {
        table_write_one(&out, value);
    }
    (void)buf_byte(&out, '\0');
    assert_string_equal(out.ptr, wanted);
    buf_done(&out);
    json_decref(value);
}

static void columns_stand_below_each_other(void **state)
{
    (void)state;
    tabled("[{\"name\": \"ana\", \"groups\": [\"a\", \"b\"], \"enabled\": true},"
           " {\"name\": \"ñandú del sur\", \"groups\": [], \"enabled\": false}]",
           "name groups enabled",
           "NAME           GROUPS  ENABLED\n"
           "ana            a,b     true\n"
           "ñandú del sur  -       false\n");
    tabled("[{\"resource\": {\"uri\": \"a.b\", \"match\": \"exact\"}}, {\"resource\": 7}]",
           "resource.match resource.uri",
           "MATCH  URI\n"
           "exact  a.b\n"
           "-      -\n");
}

static void an_empty_list_is_nothing(void **state)
{
    (void)state;
    tabled("[]", "name", "");
}

static void a_cell_stays_in_its_cell(void **state)
{
    (void)state;
    tabled(
        "[{\"name\": \"a\\nEVIL  true\\u001b[31m\", \"meta\": {\"k\": \"\\u009b\"}, \"x\": \"\"}]",
        "name meta x none",
        "NAME                   META          X   NONE\n"
        "a\\nEVIL  true\\x1b[31m  {\"k\":\"\\x9b\"}  \"\"  -\n");
    tabled("[\"a\", 2, null]", "name", "NAME\na\n2\n-\n");
}

static void times_are_dates(void **state)
{
    (void)state;
    tabled("[{\"ts\": 1700000000123, \"at\": 1700000000}, {\"ts\": \"x\", \"at\": -1}]",
           "ts:ms at:s",
           "TS                    AT\n"
           "2023-11-14T22:13:20Z  2023-11-14T22:13:20Z\n"
           "x                     1969-12-31T23:59:59Z\n");
    tabled("[{\"ts\": 9223372036854775807}]", "ts:s", "TS\n9223372036854775807\n");
}

static void one_object_is_its_members(void **state)
{
    (void)state;
    tabled("{\"uri\": \"a.b\", \"groups\": [1, [2]], \"k\\u001b\": null}", NULL,
           "uri     a.b\n"
           "groups  [1,[2]]\n"
           "k\\x1b   -\n");
    tabled("true", NULL, "true\n");
}

static void written(const char *json, const char *wanted)
{
    struct buf out;
    json_t *value = json_loads(json, JSON_DECODE_ANY, NULL);
    assert_non_null(value);
    buf_init(&out, 10000);
    yaml_write(&out, value);
    (void)buf_byte(&out, '\0');
    assert_string_equal(out.ptr, wanted);
    buf_done(&out);
    json_decref(value);
}

static void yaml_is_as_people_write_it(void **state)
{
    (void)state;
    written("{\"name\": \"ana\", \"groups\": [\"a\", {\"x\": 1, \"z\": []}, [1, 2]], \"meta\": {}}",
            "name: ana\n"
            "groups:\n"
            "  - a\n"
            "  - x: 1\n"
            "    z: []\n"
            "  - - 1\n"
            "    - 2\n"
            "meta: {}\n");
    written("[]", "[]\n");
    written("\"x\"", "x\n");
    written("null", "null\n");
}

static void what_yaml_could_mistake_is_quoted(void **state)
{
    static const char *const texts[] = {
        "",     "yes",  "No",           "NULL", "~",        "1",
        "1.5",  "0x1f", "2001-01-01",   "- a",  "a: b",     "a #b",
        " a",   "a ",   "[a]",          "*a",   "&a",       "!a",
        "a\nb", "'a'",  "\"a\"",        "a\\b", "\x1b[0m",  "a\xc2\x9b",
        "a  b", "---",  "%a",           "on",   "?",        ".inf",
        "a\tb", "ñ",    "\xe2\x80\xae", "1e5",  "=",        "<<",
        "y",    "a,b",  "http://x:1",   "a:",   "12:30:45", "+1",
        "@a",   "`a",   "a\rb",
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct buf out;
        json_t *value = json_pack("{s:s, s:[s]}", texts[i][0] == '\0' ? "k" : texts[i], texts[i],
                                  "list", texts[i]);
        assert_non_null(value);
        buf_init(&out, 10000);
        yaml_write(&out, value);
        struct document_problem problem;
        struct document *document = document_parse(buf_str(&out), DOCUMENT_YAML, NULL, &problem);
        if (document == NULL) {
            fail_msg("%.*s: %s", (int)out.len, out.ptr, problem.text);
        }
        assert_true(json_equal(value, document_root(document)));
        document_free(document);
        buf_done(&out);
        json_decref(value);
    }
}

/* A value of any shape, from a seed; the same each time. */
static json_t *arbitrary(unsigned *seed, unsigned depth)
{
    static const char *const texts[] = {"a", "two words", "", "no", "7", "a: b", "\n", "ñ"};
    *seed = *seed * 1103515245u + 12345u;
    unsigned pick = *seed >> 16;
    json_t *out = NULL;
    switch (depth == 0 ? pick % 4 : pick % 6) {
    case 0:
        return json_string(texts[(pick >> 4) % COUNT_OF(texts)]);
    case 1:
        return json_integer((json_int_t)(pick % 100) - 50);
    case 2:
        return json_boolean(pick & 16);
    case 3:
        return json_null();
    case 4:
        out = json_array();
        for (unsigned i = 0; i < (pick >> 6) % 4; i++) {
            (void)json_array_append_new(out, arbitrary(seed, depth - 1));
        }
        return out;
    default:
        out = json_object();
        for (unsigned i = 0; i < (pick >> 6) % 4; i++) {
            const char *key = texts[(pick >> (8 + i)) % COUNT_OF(texts)];
            (void)json_object_set_new(out, key, arbitrary(seed, depth - 1));
        }
        return out;
    }
}

static void yaml_reads_back_as_it_was(void **state)
{
    unsigned seed = 1;
    (void)state;
    for (int i = 0; i < 2000; i++) {
        struct buf out;
        json_t *value = arbitrary(&seed, 5);
        buf_init(&out, 1 << 20);
        yaml_write(&out, value);
        struct document *document = document_parse(buf_str(&out), DOCUMENT_YAML, NULL, NULL);
        if (document == NULL || !json_equal(value, document_root(document))) {
            fail_msg("not the same: %.*s", (int)out.len, out.ptr);
        }
        document_free(document);
        buf_done(&out);
        json_decref(value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_stand_below_each_other),
        cmocka_unit_test(an_empty_list_is_nothing),
        cmocka_unit_test(a_cell_stays_in_its_cell),
        cmocka_unit_test(times_are_dates),
        cmocka_unit_test(one_object_is_its_members),
        cmocka_unit_test(yaml_is_as_people_write_it),
        cmocka_unit_test(what_yaml_could_mistake_is_quoted),
        cmocka_unit_test(yaml_reads_back_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
