/* Doubles as decimal text: short, exact, and still floats. */
#include "base/mem.h"
#include "payload/emit.h"
#include "random_document.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void reads(double value, const char *text)
{
    char out[32];
    struct str printed = str_make(out, format_f64(value, out));
    if (!str_eq(printed, str_of(text))) {
        print_error("%.17g -> " PRISTR ", not %s\n", value, STRARG(printed), text);
    }
    assert_true(str_eq(printed, str_of(text)));
}

static void what_people_write_is_printed_as_they_wrote_it(void **state)
{
    (void)state;
    reads(19.99, "19.99");
    reads(0.1, "0.1");
    reads(-0.5, "-0.5");
    reads(100.25, "100.25");
    reads(0.00001, "0.00001");
    reads(3.14159265358979, "3.14159265358979");
    reads(123456789.123456, "123456789.123456");
    reads(1.1, "1.1");
    reads(2.675, "2.675");
    reads(1.005, "1.005");
    reads(999999999999999.0, "999999999999999.0");
}

static void a_whole_number_still_reads_as_a_float(void **state)
{
    (void)state;
    reads(0.0, "0.0");
    reads(-0.0, "-0.0");
    reads(3.0, "3.0");
    reads(-1000.0, "-1000.0");
    reads(9007199254740992.0, "9007199254740992.0");
}

static void more_digits_are_printed_only_when_they_are_needed(void **state)
{
    (void)state;
    reads(0.1 + 0.2, "0.30000000000000004");
    reads(1.0 / 3, "0.3333333333333333");
    reads(1e22, "1e+22");
    reads(1e-7, "1e-07");
    reads(1.7976931348623157e308, "1.7976931348623157e+308");
    reads(5e-324, "5e-324");
    reads(2.2250738585072014e-308, "2.2250738585072014e-308");
}

static void what_is_no_number_in_json_is_null(void **state)
{
    (void)state;
    reads(NAN, "null");
    reads(INFINITY, "null");
    reads(-INFINITY, "null");
}

static void every_double_reads_back_as_itself(void **state)
{
    (void)state;
    uint64_t seed = 42;
    for (int i = 0; i < 100000; i++) {
        char text[33];
        double value = random_double(&seed);
        size_t len = format_f64(value, text);
        assert_true(len <= 32);
        text[len] = '\0';
        double again = strtod(text, NULL);
        assert_memory_equal(&again, &value, sizeof value);
        assert_true(strpbrk(text, ".e") != NULL);
    }
}

/* The scanner's own way to a double agrees with the C library's. */
static void every_text_is_read_as_strtod_reads_it(void **state)
{
    (void)state;
    uint64_t seed = 7;
    for (int i = 0; i < 100000; i++) {
        char text[64];
        uint64_t bits = draw(&seed);
        int len = snprintf(
            text, sizeof text, "%s%llu.%0*llue%d", bits % 2 == 0 ? "-" : "",
            (unsigned long long)(bits >> (bits >> 8) % 64), (int)((bits >> 4) % 20 + 1),
            (unsigned long long)(draw(&seed) >> (bits >> 16) % 64), (int)(draw(&seed) % 60) - 30);
        struct scan scan;
        double value = 0;
        scan_init(&scan, SERIALIZER_JSON, str_make(text, (size_t)len), NULL);
        assert_true(scan_f64(&scan, &value) && scan_end(&scan));
        double wanted = strtod(text, NULL);
        assert_memory_equal(&value, &wanted, sizeof value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_people_write_is_printed_as_they_wrote_it),
        cmocka_unit_test(a_whole_number_still_reads_as_a_float),
        cmocka_unit_test(more_digits_are_printed_only_when_they_are_needed),
        cmocka_unit_test(what_is_no_number_in_json_is_null),
        cmocka_unit_test(every_double_reads_back_as_itself),
        cmocka_unit_test(every_text_is_read_as_strtod_reads_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
