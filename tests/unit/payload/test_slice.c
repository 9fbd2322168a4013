/* Look-ups in encoded values. */
#include "base/mem.h"
#include "payload/emit.h"
#include "payload/scan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

/* The same document in both serializers. */
static const struct slice documents[] = {
    {SERIALIZER_JSON,
     STR_INIT(
         " { \"a\" : 1 , \"caf\\u00e9\" : [ 10 , [ ] , \"x\" ] , \"\" : \"\" , \"a\" : {} } ")},
    {SERIALIZER_MSGPACK, STR_INIT("\x84\xa1"
                                  "a\x01\xa5"
                                  "caf\xc3\xa9\x93\x0a\x90\xa1x\xa0\xa0\xa1"
                                  "a\x80")},
};

static bool absent(struct slice value)
{
    return value.serializer == SERIALIZER_NONE && slice_kind(value) == SCAN_NONE;
}

static void a_key_is_found_whether_or_not_it_is_escaped(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        struct slice list = slice_get(documents[i], STR("caf\xc3\xa9"));
        assert_int_equal(slice_kind(list), SCAN_LIST);
        assert_int_equal(slice_count(list), 3);
        assert_int_equal(slice_kind(slice_nth(list, 0)), SCAN_INT);
        assert_int_equal(slice_count(slice_nth(list, 1)), 0);
        assert_int_equal(slice_kind(slice_nth(list, 2)), SCAN_STRING);
        assert_true(slice_is_empty_text(slice_get(documents[i], STR_EMPTY)));
        assert_false(slice_is_empty_text(slice_nth(list, 2)));
        assert_true(slice_valid(list, NULL, NULL));
    }
}

static void of_a_key_that_occurs_twice_the_last_counts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        assert_int_equal(slice_kind(slice_get(documents[i], STR("a"))), SCAN_MAP);
        assert_int_equal(slice_count(documents[i]), 4);
    }
}

static void what_is_not_there_is_absent(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(documents); i++) {
        struct slice list = slice_get(documents[i], STR("caf\xc3\xa9"));
        assert_true(absent(slice_get(documents[i], STR("cafe"))));
        assert_true(absent(slice_get(documents[i], STR("caf\xc3\xa9x"))));
        assert_true(absent(slice_get(list, STR("a"))));
        assert_true(absent(slice_nth(documents[i], 0)));
        assert_true(absent(slice_nth(list, 3)));
        assert_true(absent(slice_get(slice_nth(list, 9), STR("a"))));
        assert_int_equal(slice_count(slice_nth(list, 0)), 0);
        assert_false(slice_is_empty_text(slice_nth(list, 9)));
    }
}

static void keys_of_other_kinds_are_stepped_over(void **state)
{
    (void)state;
    struct slice map = {SERIALIZER_MSGPACK, STR("\x83\x01\x02\x91\xc0\xc3\xa1k\x07")};
    assert_true(slice_valid(map, NULL, NULL));
    assert_int_equal(slice_kind(slice_get(map, STR("k"))), SCAN_INT);
    assert_int_equal(slice_count(map), 3);
}

static void a_broken_container_has_nothing(void **state)
{
    (void)state;
    struct slice broken[] = {{SERIALIZER_JSON, STR("{\"a\":1,\"b\":}")},
                             {SERIALIZER_JSON, STR("{\"a\":1")},
                             {SERIALIZER_MSGPACK, STR("\x82\xa1"
                                                      "a\x01\xa1"
                                                      "b\xc1")}};
    for (size_t i = 0; i < COUNT_OF(broken); i++) {
        assert_true(absent(slice_get(broken[i], STR("a"))));
        assert_true(absent(slice_nth(broken[i], 0)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_found_whether_or_not_it_is_escaped),
        cmocka_unit_test(of_a_key_that_occurs_twice_the_last_counts),
        cmocka_unit_test(what_is_not_there_is_absent),
        cmocka_unit_test(keys_of_other_kinds_are_stepped_over),
        cmocka_unit_test(a_broken_container_has_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
