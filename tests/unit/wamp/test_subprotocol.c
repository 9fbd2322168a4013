/* test_subprotocol.c - the names of serializers where a transport is opened. */
#include "base/mem.h"
#include "wamp/subprotocol.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void each_serializer_is_found_by_its_name(void **state)
{
    (void)state;
    static const char *const names[SERIALIZERS] = {[SERIALIZER_JSON] = "wamp.2.json",
                                                   [SERIALIZER_MSGPACK] = "wamp.2.msgpack",
                                                   [SERIALIZER_CBOR] = "wamp.2.cbor"};
    for (unsigned i = SERIALIZER_NONE + 1; i < SERIALIZERS; i++) {
        struct str name = subprotocol_name((enum serializer)i);
        assert_true(str_eq(name, str_of(names[i])));
        assert_int_equal(subprotocol_find(name), i);
    }
}

static void what_only_looks_like_a_name_is_none(void **state)
{
    (void)state;
    static const struct str others[] = {STR_INIT(""),
                                        STR_INIT("wamp"),
                                        STR_INIT("wamp.2."),
                                        STR_INIT("wamp.2.jso"),
                                        STR_INIT("wamp.2.json\0"),
                                        STR_INIT("WAMP.2.JSON"),
                                        STR_INIT("wamp.2.json.batched"),
                                        STR_INIT("wamp.2.flatbuffers")};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        assert_int_equal(subprotocol_find(others[i]), SERIALIZER_NONE);
    }
    assert_int_equal(subprotocol_name(SERIALIZER_NONE).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_serializer_is_found_by_its_name),
        cmocka_unit_test(what_only_looks_like_a_name_is_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
