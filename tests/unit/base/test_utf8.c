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

static bool read_cut(struct str text, size_t cut)
{
    struct utf8_reader reader = {0};
    return utf8_read(&reader, str_sub(text, 0, cut)) && utf8_read(&reader, str_from(text, cut)) &&
           utf8_reader_between(&reader);
}

static bool valid(struct str text)
{
    while (text.len > 0) {
        size_t len = utf8_len(text);
        if (len == 0) {
            return false;
        }
        text = str_from(text, len);
    }
    return true;
}

/* All strings of two octets, and many of more, wherever they are cut. */
static void text_in_pieces_is_judged_as_the_whole(void **state)
{
    (void)state;
    static const char starts[] = "a\x80\xbf\xc2\xe0\xe1\xed\xf0\xf1\xf4";
    char text[20] = "";
    for (unsigned pair = 0; pair < 0x10000; pair++) {
        for (size_t start = 0; start < sizeof(starts) - 1; start++) {
            text[0] = starts[start];
            text[1] = (char)(pair >> 8);
            text[2] = (char)pair;
            text[3] = (char)0x80;
            for (size_t len = 2; len <= 4; len++) {
                struct str whole = str_make(text, len);
                assert_true(read_cut(whole, (pair + start) % (len + 1)) == valid(whole));
            }
        }
    }
}

static void what_breaks_a_text_is_known_at_its_octet(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t good;
    } rows[] = {{"0123456789\xc0", 10}, {"\xe0\x9f", 1},      {"\xed\xa0", 1},
                {"\xf4\x90", 1},        {"\xf0\x90\x80x", 3}, {"\xce\xba\xff", 2}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct utf8_reader reader = {0};
        struct str text = str_of(rows[i].text);
        assert_true(utf8_read(&reader, str_sub(text, 0, rows[i].good)));
        assert_false(utf8_read(&reader, str_from(text, rows[i].good)));
    }
}

static void text_that_was_cut_by_bytes_is_mended(void **state)
{
    (void)state;
    char cut[] = "n\xc3\xa4\xe2\x82";
    utf8_mend(cut);
    assert_string_equal(cut, "n\xc3\xa4??");
    char whole[] = "\xf0\x9f\x90\x98";
    utf8_mend(whole);
    assert_string_equal(whole, "\xf0\x9f\x90\x98");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_code_point_but_surrogates_is_a_character),
        cmocka_unit_test(what_is_no_utf_8_is_no_character),
        cmocka_unit_test(text_in_pieces_is_judged_as_the_whole),
        cmocka_unit_test(what_breaks_a_text_is_known_at_its_octet),
        cmocka_unit_test(text_that_was_cut_by_bytes_is_mended),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
