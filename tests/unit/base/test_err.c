/* test_err.c - texts and contexts, bounded. */
#include "base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void setting_and_wrapping_give_false_and_a_sentence(void **state)
{
    (void)state;
    struct err err = {0};
    assert_false(err_set(&err, ERR_NOT_FOUND, "no realm %s", "com.x"));
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(err_wrap(&err, "load %d", 3));
    assert_string_equal(err.text, "load 3: no realm com.x");
    assert_int_equal(err.code, ERR_NOT_FOUND);
    assert_false(err_set(NULL, ERR_LIMIT, "x"));
    assert_false(err_wrap(NULL, "x"));
}

static void long_texts_are_cut_and_terminated(void **state)
{
    (void)state;
    struct err err = {0};
    char text[1000];
    memset(text, 'a', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    (void)err_set(&err, ERR_LIMIT, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    (void)err_wrap(&err, "context");
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
    assert_int_equal(strncmp(err.text, "context: aaa", 12), 0);
    (void)err_wrap(&err, "%s", text);
    assert_int_equal(strlen(err.text), sizeof(err.text) - 1);
}

static void each_code_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(err_code_name(ERR_INVALID), "invalid");
    assert_string_equal(err_code_name(ERR_NOT_FOUND), "not_found");
    assert_string_equal(err_code_name(ERR_INTERNAL), "internal");
    assert_string_equal(err_code_name(ERR_NONE), "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(setting_and_wrapping_give_false_and_a_sentence),
        cmocka_unit_test(long_texts_are_cut_and_terminated),
        cmocka_unit_test(each_code_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
