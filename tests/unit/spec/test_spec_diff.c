/* test_spec_diff.c - what differs between two documents. */
#include "base/mem.h"
#include "spec/spec_diff.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void differs(const char *before, const char *after, const char *wanted)
{
    json_t *left = before == NULL ? NULL : json_loads(before, JSON_DECODE_ANY, NULL);
    json_t *right = after == NULL ? NULL : json_loads(after, JSON_DECODE_ANY, NULL);
    json_t *list = spec_diff(left, right);
    char *text = json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS);
    assert_string_equal(text, wanted);
    free(text);
    json_decref(list);
    json_decref(left);
    json_decref(right);
}

static void equal_documents_have_no_differences(void **state)
{
    (void)state;
    differs("{\"a\":[1,{\"b\":null}]}", "{\"a\":[1,{\"b\":null}]}", "[]");
    differs("{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", "[]");
    differs(NULL, NULL, "[]");
}

static void each_difference_has_its_place(void **state)
{
    (void)state;
    differs("{\"a\":1,\"c\":{\"d\":1}}", "{\"a\":2,\"b\":[],\"c\":{}}",
            "[{\"after\":2,\"before\":1,\"change\":\"changed\",\"pointer\":\"/a\"},"
            "{\"after\":[],\"change\":\"added\",\"pointer\":\"/b\"},"
            "{\"before\":1,\"change\":\"removed\",\"pointer\":\"/c/d\"}]");
    differs("[1,2]", "[1,3,4]",
            "[{\"after\":3,\"before\":2,\"change\":\"changed\",\"pointer\":\"/1\"},"
            "{\"after\":4,\"change\":\"added\",\"pointer\":\"/2\"}]");
    differs("{\"a/b\":{\"~\":1}}", "{\"a/b\":{\"~\":\"1\"}}",
            "[{\"after\":\"1\",\"before\":1,\"change\":\"changed\",\"pointer\":\"/a~1b/~0\"}]");
    differs("{\"a\":[]}", "{\"a\":{}}",
            "[{\"after\":{},\"before\":[],\"change\":\"changed\",\"pointer\":\"/a\"}]");
    differs(NULL, "{\"a\":1}", "[{\"after\":{\"a\":1},\"change\":\"added\",\"pointer\":\"\"}]");
}

static void there_are_not_more_than_a_reader_can_bear(void **state)
{
    (void)state;
    json_t *many = json_array();
    for (int i = 0; i < 5000; i++) {
        (void)json_array_append_new(many, json_integer(i));
    }
    json_t *none = json_array();
    json_t *list = spec_diff(none, many);
    assert_int_equal(json_array_size(list), 1000);
    json_decref(list);
    json_decref(none);
    json_decref(many);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_documents_have_no_differences),
        cmocka_unit_test(each_difference_has_its_place),
        cmocka_unit_test(there_are_not_more_than_a_reader_can_bear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
