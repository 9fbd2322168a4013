/* test_duration.c - times as people write them. */
#include "base/mem.h"
#include "cli/duration.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void a_time_is_a_number_and_a_unit(void **state)
{
    static const struct {
        const char *text;
        uint64_t bare_ms;
        uint64_t ms;
    } rows[] = {
        {"0", 1, 0},          {"250", 1, 250},   {"250", 1000, 250000},
        {"250ms", 1000, 250}, {"2s", 1, 2000},   {"5m", 1000, 300000},
        {"1h", 1, 3600000},   {"007s", 1, 7000}, {"8784h", 1, UINT64_C(8784) * 3600000},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint64_t ms = 77;
        assert_true(duration_read(str_of(rows[i].text), rows[i].bare_ms, &ms));
        assert_true(ms == rows[i].ms);
    }
}

static void what_is_none_is_refused_and_nothing_is_changed(void **state)
{
    static const char *const texts[] = {"",
                                        "s",
                                        "ms",
                                        "-1",
                                        "+1",
                                        "1.5s",
                                        "1 s",
                                        " 1s",
                                        "1s ",
                                        "1S",
                                        "1d",
                                        "1ss",
                                        "1e3",
                                        "0x10",
                                        "1s1s",
                                        "8785h",
                                        "99999999999999999999",
                                        "18446744073709551615h"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        uint64_t ms = 77;
        assert_false(duration_read(str_of(texts[i]), 1, &ms));
        assert_true(ms == 77);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_time_is_a_number_and_a_unit),
        cmocka_unit_test(what_is_none_is_refused_and_nothing_is_changed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
