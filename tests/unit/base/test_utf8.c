/* test_utf8.c - every code point encoded, and every form that RFC 3629 excludes. */
#include "base/mem.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static size_t encode(uint32_t point, char out[4])
{
    static const struct {
        uint32_t below;
        unsigned lead;
        size_t len;
    } forms[] = {{0x80, 0, 1}, {0x800, 0xc0, 2}, {0x10000, 0xe0, 3}, {0x110000, 0xf0, 4}};
    size_t form = 0;
    while (point >= forms[form].below) {
        form++;
    }
    size_t len = forms[form].len;
    for (size_t i = len; i > 1; i--) {
        out[i - 1] = (char)(0x80 | (point & 0x3f));
        point >>= 6;
    }
    out[0] = (char)(forms[form].lead | point);
    return len;
}

static void every_code_point_but_surrogates_is_a_character(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x110000; point++) {
        char text[4];
        size_t len = encode(point, text);
        bool surrogate = point >= 0xd800 && point < 0xe000;
        assert_int_equal(utf8_len(str_make(text, len)), surrogate ? 0 : len);
        if (len > 1) {
            assert_int_equal(utf8_len(str_make(text, len - 1)), 0);
        }
    }
}

static void what_is_no_utf_8_is_no_character(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xff",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xc3\x28",
        "\xe2\x82\x28",
        "\xe2\x28\xa1",
        "\xfe",
        "\xed\xa0\x80",
        "\xf0\x9f\x98\x28",
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_int_equal(utf8_len(str_of(bad[i])), 0);
    }
    assert_int_equal(utf8_len(str_make(NULL, 0)), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_but_surrogates_is_a_character),
        cmocka_unit_test(what_is_no_utf_8_is_no_character),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
