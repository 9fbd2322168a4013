/* test_result.c - what a command printed and how it ended, as WAMP has it. */
#include "base/mem.h"
#include "cli/result.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void output_is_json_text_or_bytes(void **state)
{
    static const struct {
        const char *output;
        const char *json;
    } rows[] = {
        {"1\n", "1"},
        {"{\"a\": [1, 2]}", "{\"a\": [1, 2]}"},
        {" true ", "true"},
        {"hello world\n", "\"hello world\""},
        {"1\n2\n", "\"1\\n2\""},
        {"say \"hi\"", "\"say \\\"hi\\\"\""},
        {"\xff\x01", "\"\\u0000/wE=\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out;
        buf_init(&out, 1000);
        assert_true(result_value(&out, str_of(rows[i].output)));
        assert_true(str_eq(buf_str(&out), str_of(rows[i].json)));
        buf_done(&out);
    }
}

static void no_output_is_no_value(void **state)
{
    static const char *const outputs[] = {"", "\n", " \t\r\n"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(outputs); i++) {
        struct buf out;
        buf_init(&out, 1000);
        assert_false(result_value(&out, str_of(outputs[i])));
        assert_int_equal(out.len, 0);
        buf_done(&out);
    }
}

static void exit_codes_are_errors_but_for_0(void **state)
{
    (void)state;
    assert_int_equal(result_error(0).len, 0);
    assert_true(str_eq(result_error(69), STR("wamp.error.unavailable")));
    assert_true(str_eq(result_error(1), STR("postern.error.command_failed")));
    assert_true(str_eq(result_error(-1), STR("postern.error.command_failed")));
    assert_true(str_eq(result_error(255), STR("postern.error.command_failed")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_is_json_text_or_bytes),
        cmocka_unit_test(no_output_is_no_value),
        cmocka_unit_test(exit_codes_are_errors_but_for_0),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
