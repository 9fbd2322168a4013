/* Which bytes may stand where: each byte at each place, so that no loop that takes several at a
 * time forgets one. */
#include "http/chars.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { LENGTH_MAX = 20 };

static bool fits_value(int c)
{
    return c == '\t' || (c >= 0x20 && c != 0x7f);
}

static bool fits_target(int c)
{
    return c > 0x20 && c < 0x7f && c != '#' && c != '\\';
}

static void each_byte_at_each_place(bool (*valid)(struct str), bool (*fits)(int c))
{
    char text[LENGTH_MAX];
    for (size_t len = 1; len <= LENGTH_MAX; len++) {
        for (size_t at = 0; at < len; at++) {
            for (int c = 0; c < 256; c++) {
                memset(text, 'a', sizeof(text));
                text[at] = (char)c;
                assert_int_equal(valid(str_make(text, len)), fits(c));
            }
        }
    }
}

static void a_value_has_no_control_character_but_the_tab(void **state)
{
    (void)state;
    each_byte_at_each_place(value_valid, fits_value);
    assert_true(value_valid(STR_EMPTY));
    assert_true(value_valid(STR("\xff\xfe\x80 caf\xc3\xa9\t\t\t\t\t\t\t\t")));
    assert_false(value_valid(STR("\xff\xfe\x80\xff\xff\xff\xff\xff\x7f")));
}

static void a_target_has_what_a_uri_may_have(void **state)
{
    (void)state;
    each_byte_at_each_place(target_valid, fits_target);
}

static void a_host_is_no_list(void **state)
{
    (void)state;
    static const char fine[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                               "-._~!$&'()*+;=%[]:";
    for (int c = 0; c < 256; c++) {
        assert_int_equal(host_char((char)c), c != 0 && strchr(fine, c) != NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_has_no_control_character_but_the_tab),
        cmocka_unit_test(a_target_has_what_a_uri_may_have),
        cmocka_unit_test(a_host_is_no_list),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
