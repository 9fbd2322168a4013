/* Options and details read by tables. */
#include "base/buf.h"
#include "base/mem.h"
#include "wamp/options.h"
#include "wamp/uri.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct sample {
    bool flag;
    uint64_t number;
    struct str text;
    struct slice any;
    enum match_policy match;
    struct option_list ids;
    struct option_list strs;
};

static const struct option_row rows[] = {
    {"flag", OPTION_BOOL, offsetof(struct sample, flag)},
    {"number", OPTION_U64, offsetof(struct sample, number)},
    {"text", OPTION_STR, offsetof(struct sample, text)},
    {"any", OPTION_SLICE, offsetof(struct sample, any)},
    {"match", OPTION_MATCH, offsetof(struct sample, match)},
    {"ids", OPTION_IDS, offsetof(struct sample, ids)},
    {"strs", OPTION_STRS, offsetof(struct sample, strs)},
};

static struct arena arena;

static int open_arena(void **state)
{
    (void)state;
    arena_init(&arena, 1 << 20);
    return 0;
}

static int close_arena(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static bool read_json(struct str json, struct sample *out, struct err *err)
{
    *out = (struct sample){.number = 77};
    return options_read((struct slice){SERIALIZER_JSON, json}, rows, COUNT_OF(rows), &arena, out,
                        err);
}

static void every_type_is_read_and_unknown_keys_are_passed_over(void **state)
{
    (void)state;
    struct sample sample;
    assert_true(
        read_json(STR("{\"x\":[{}],\"flag\":true,\"number\":5,\"text\":\"a\\n\",\"any\":[1, 2],"
                      "\"match\":\"wildcard\",\"ids\":[1,9007199254740992],"
                      "\"strs\":[\"p\",\"\\u0071\"],\"y\":null}"),
                  &sample, NULL));
    assert_true(sample.flag);
    assert_int_equal(sample.number, 5);
    assert_true(str_eq(sample.text, STR("a\n")));
    assert_int_equal(sample.any.serializer, SERIALIZER_JSON);
    assert_true(str_eq(sample.any.bytes, STR("[1, 2]")));
    assert_int_equal(sample.match, MATCH_WILDCARD);
    assert_true(sample.ids.present && sample.ids.count == 2);
    assert_int_equal(sample.ids.ids[1], 9007199254740992u);
    assert_true(sample.strs.present && sample.strs.count == 2);
    assert_true(str_eq(sample.strs.strs[1], STR("q")));
}

static void what_is_absent_stays_as_it_was(void **state)
{
    (void)state;
    struct sample sample;
    assert_true(read_json(STR("{}"), &sample, NULL));
    assert_int_equal(sample.number, 77);
    assert_false(sample.ids.present);
    assert_true(read_json(STR_EMPTY, &sample, NULL));
    assert_int_equal(sample.number, 77);
}

static void an_empty_list_is_present(void **state)
{
    (void)state;
    struct sample sample;
    assert_true(read_json(STR("{\"ids\":[],\"strs\":[ ]}"), &sample, NULL));
    assert_true(sample.ids.present && sample.ids.count == 0);
    assert_true(sample.strs.present && sample.strs.count == 0);
}

static void msgpack_is_read_the_same(void **state)
{
    (void)state;
    struct sample sample = {0};
    struct slice options = {SERIALIZER_MSGPACK,
                            STR("\x83\xa4"
                                "flag\xc3\xa3ids\x92\x07\xcd\x01\x00\xa5match\xa6prefix")};
    assert_true(options_read(options, rows, COUNT_OF(rows), &arena, &sample, NULL));
    assert_true(sample.flag);
    assert_int_equal(sample.ids.ids[1], 256);
    assert_int_equal(sample.match, MATCH_PREFIX);
}

static void refused(struct str json, const char *words)
{
    struct sample sample;
    struct err err = {0};
    assert_false(read_json(json, &sample, &err));
    assert_int_equal(err.code, ERR_INVALID);
    if (strstr(err.text, words) == NULL) {
        print_error(PRISTR ": %s\n", STRARG(json), err.text);
    }
    assert_non_null(strstr(err.text, words));
}

static void a_known_key_of_a_wrong_type_is_named(void **state)
{
    (void)state;
    refused(STR("{\"flag\":1}"), "flag must be true or false");
    refused(STR("{\"number\":-1}"), "number must be a non-negative integer");
    refused(STR("{\"number\":\"1\"}"), "number must be");
    refused(STR("{\"text\":null}"), "text must be a string");
    refused(STR("{\"match\":\"regex\"}"), "match must be exact, prefix or wildcard");
    refused(STR("{\"ids\":[0]}"), "ids must be a list of ids");
    refused(STR("{\"ids\":[1,\"2\"]}"), "ids must be a list of ids");
    refused(STR("{\"ids\":5}"), "ids must be a list of ids");
    refused(STR("{\"strs\":[\"a\",1]}"), "strs must be a list of strings");
    refused(STR("{\"strs\":{}}"), "strs must be a list of strings");
}

static void what_is_no_map_is_refused(void **state)
{
    (void)state;
    refused(STR("[]"), "map");
    refused(STR("{\"x\":}"), "value");
    refused(STR("{\"x\":1"), "ends");
}

static void a_list_beyond_the_bound_is_refused(void **state)
{
    (void)state;
    struct buf text;
    buf_init(&text, 1 << 20);
    (void)buf_append(&text, STR("{\"ids\":[1"));
    for (int i = 0; i < OPTION_LIST_MAX - 1; i++) {
        (void)buf_append(&text, STR(",1"));
    }
    size_t fits = text.len;
    (void)buf_append(&text, STR("]}"));
    struct sample sample;
    assert_true(read_json(buf_str(&text), &sample, NULL));
    assert_int_equal(sample.ids.count, OPTION_LIST_MAX);
    text.len = fits;
    (void)buf_append(&text, STR(",1]}"));
    refused(buf_str(&text), "ids must be a list of ids");
    buf_done(&text);
}

static void a_list_beyond_the_scratch_is_refused(void **state)
{
    (void)state;
    struct arena small;
    struct sample sample = {0};
    struct slice options = {SERIALIZER_JSON, STR("{\"ids\":[1,2,3,4,5,6,7,8,9,10]}")};
    arena_init(&small, 64);
    assert_false(options_read(options, rows, COUNT_OF(rows), &small, &sample, NULL));
    assert_false(options_read(options, rows, COUNT_OF(rows), NULL, &sample, NULL));
    assert_false(sample.ids.present);
    arena_done(&small);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_read_and_unknown_keys_are_passed_over),
        cmocka_unit_test(what_is_absent_stays_as_it_was),
        cmocka_unit_test(an_empty_list_is_present),
        cmocka_unit_test(msgpack_is_read_the_same),
        cmocka_unit_test(a_known_key_of_a_wrong_type_is_named),
        cmocka_unit_test(what_is_no_map_is_refused),
        cmocka_unit_test(a_list_beyond_the_bound_is_refused),
        cmocka_unit_test(a_list_beyond_the_scratch_is_refused),
    };
    return cmocka_run_group_tests(tests, open_arena, close_arena);
}
