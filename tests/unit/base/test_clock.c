/* test_clock.c - formats of known moments; clocks that go forward. */
#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void known_moments_are_written_as_the_standards_say(void **state)
{
    (void)state;
    char text[CLOCK_ISO_SIZE];
    clock_iso(0, text);
    assert_string_equal(text, "1970-01-01T00:00:00.000Z");
    clock_iso(1795354090123, text);
    assert_string_equal(text, "2026-11-22T13:28:10.123Z");
    clock_iso(951782400007, text);
    assert_string_equal(text, "2000-02-29T00:00:00.007Z");
    /* The example of RFC 9110, 5.6.7. */
    char date[CLOCK_HTTP_SIZE];
    clock_http_date(784111777000, date);
    assert_string_equal(date, "Sun, 06 Nov 1994 08:49:37 GMT");
    clock_http_date(784111777999, date);
    assert_string_equal(date, "Sun, 06 Nov 1994 08:49:37 GMT");
}

static void the_monotonic_clock_never_goes_back(void **state)
{
    (void)state;
    uint64_t last = clock_mono_ns();
    for (unsigned i = 0; i < 10000; i++) {
        uint64_t now = clock_mono_ns();
        assert_true(now >= last);
        last = now;
    }
    assert_true(clock_mono_ms() >= last / 1000000);
    assert_true(clock_wall_ms() > 1700000000000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_moments_are_written_as_the_standards_say),
        cmocka_unit_test(the_monotonic_clock_never_goes_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
