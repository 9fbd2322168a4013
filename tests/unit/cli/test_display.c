/* test_display.c - what others have named, on a terminal. */
#include "base/mem.h"
#include "cli/display.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct row {
    struct str in;
    const char *out;
};

static void becomes(void (*append)(struct buf *, struct str), const struct row *row)
{
    struct buf out;
    buf_init(&out, 1000);
    append(&out, row->in);
    (void)buf_byte(&out, '\0');
    assert_string_equal(out.ptr, row->out);
    buf_done(&out);
}

static void text_is_shown_as_it_is(void **state)
{
    static const struct row rows[] = {
        {STR_INIT(""), ""},
        {STR_INIT("ana"), "ana"},
        {STR_INIT("Señor Ñandú \xe6\x97\xa5\xe6\x9c\xac"), "Señor Ñandú \xe6\x97\xa5\xe6\x9c\xac"},
        {STR_INIT("a \"quote\" and 'another'"), "a \"quote\" and 'another'"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        becomes(display_append, &rows[i]);
    }
}

static void nothing_reaches_the_terminal_that_it_would_obey(void **state)
{
    static const struct row rows[] = {
        {STR_INIT("\x1b[2J"), "\\x1b[2J"},
        {STR_INIT("a\nb\tc\rd"), "a\\nb\\tc\\rd"},
        {STR_INIT("\0\x07\x7f"), "\\x00\\x07\\x7f"},
        {STR_INIT("\xc2\x9b"
                  "2J"),
         "\\x9b2J"},                                           /* CSI as one character */
        {STR_INIT("\x9b"), "\\x9b"},                           /* and as no UTF-8 */
        {STR_INIT("\xe2\x80\xaegnp.exe"), "\\u{202e}gnp.exe"}, /* right to left from here */
        {STR_INIT("a\xe2\x80\x8b"), "a\\u{200b}"},             /* of no width */
        {STR_INIT("\xf3\xa0\x81\x81"), "\\u{e0041}"},          /* a tag */
        {STR_INIT("\xe2\x80\xa8"), "\\u{2028}"},               /* a line's end */
        {STR_INIT("\xc3"), "\\xc3"},                           /* cut short */
        {STR_INIT("\xed\xa0\x80"), "\\xed\\xa0\\x80"},         /* a surrogate */
        {STR_INIT("\\x1b"), "\\\\x1b"},                        /* no escape of ours */
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        becomes(display_append, &rows[i]);
    }
}

static void json_stays_json(void **state)
{
    static const struct row rows[] = {
        {STR_INIT("{\n  \"a\": \"\\u001b \xc3\xb1\"\n}"), "{\n  \"a\": \"\\u001b \xc3\xb1\"\n}"},
        {STR_INIT("\"\x7f\xc2\x9b\""), "\"\\u007f\\u009b\""},
        {STR_INIT("\"\xf3\xa0\x81\x81\""), "\"\\udb40\\udc41\""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        becomes(display_append_json, &rows[i]);
    }
}

static void a_word_is_one_word_of_a_shell(void **state)
{
    static const struct row rows[] = {
        {STR_INIT("com.example.add"), "com.example.add"},
        {STR_INIT(""), "''"},
        {STR_INIT("two words"), "'two words'"},
        {STR_INIT("$(rm -rf ~)"), "'$(rm -rf ~)'"},
        {STR_INIT("it's"), "'it'\\''s'"},
        {STR_INIT("~ana"), "'~ana'"},
        {STR_INIT("\x1b]0;x\x07'"), "$'\\x1b]0;x\\x07\\x27'"},
        {STR_INIT("ñ"), "'ñ'"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        becomes(display_append_word, &rows[i]);
    }
}

static void width_counts_characters(void **state)
{
    (void)state;
    assert_int_equal(display_width(STR("")), 0);
    assert_int_equal(display_width(STR("ana")), 3);
    assert_int_equal(display_width(STR("ñandú")), 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_is_shown_as_it_is),
        cmocka_unit_test(nothing_reaches_the_terminal_that_it_would_obey),
        cmocka_unit_test(json_stays_json),
        cmocka_unit_test(a_word_is_one_word_of_a_shell),
        cmocka_unit_test(width_counts_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
