/* test_password.c - records, bounds on their cost, and the account that does not exist. */
#include "base/mem.h"
#include "crypto/password.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

static void a_password_verifies_against_its_own_record_alone(void **state)
{
    (void)state;
    char one[PASSWORD_RECORD_SIZE];
    char two[PASSWORD_RECORD_SIZE];
    struct err err = {0};
    assert_true(password_hash(STR("correct horse"), one, &err));
    assert_true(password_hash(STR("correct horse"), two, &err));
    assert_true(str_starts(str_of(one), STR("$argon2id$v=19$m=19456,t=2,p=1$")));
    assert_string_not_equal(one, two);
    assert_null(strstr(one, "correct"));
    assert_true(password_verify(str_of(one), STR("correct horse")));
    assert_false(password_verify(str_of(one), STR("correct horsE")));
    assert_false(password_verify(str_of(one), STR("correct horse\0")));
    assert_false(password_verify(str_of(one), STR("")));
    assert_false(password_needs_rehash(str_of(one)));
}

static void passwords_may_be_empty_or_long_but_not_endless(void **state)
{
    (void)state;
    static char text[PASSWORD_MAX + 1];
    memset(text, 'p', sizeof(text));
    char record[PASSWORD_RECORD_SIZE] = "untouched";
    struct err err = {0};
    assert_false(password_hash(str_make(text, sizeof(text)), record, &err));
    assert_int_equal(err.code, ERR_LIMIT);
    assert_string_equal(record, "untouched");
    assert_true(password_hash(str_make(text, PASSWORD_MAX), record, &err));
    assert_true(password_verify(str_of(record), str_make(text, PASSWORD_MAX)));
    assert_false(password_verify(str_of(record), str_make(text, PASSWORD_MAX + 1)));
    assert_true(password_hash(str_make(NULL, 0), record, &err));
    assert_true(password_verify(str_of(record), STR("")));
}

#define REST "$c29tZXNhbHRzb21lc2FsdA$9sTbSlTio3Biev89thdrlKKiCaYsjjYVJxGAL3swxpQ"

static void what_is_no_record_or_costs_too_much_is_refused_at_once(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "$",
        "secret",
        "$argon2id$v=19$",
        "$argon2id$v=19$m=19456,t=2,p=1",
        "$argon2id$v=19$m=19456,t=2,p=1$",
        "$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ",
        "$argon2i$v=19$m=19456,t=2,p=1" REST,
        "$argon2id$v=16$m=19456,t=2,p=1" REST,
        "$argon2id$v=19$m=4194304,t=2,p=1" REST,
        "$argon2id$v=19$m=19456,t=1000000,p=1" REST,
        "$argon2id$v=19$m=19456,t=2,p=64" REST,
        "$argon2id$v=19$m=99999999999999999999,t=2,p=1" REST,
        "$argon2id$v=19$m=-1,t=2,p=1" REST,
        "$argon2id$v=19$m=0,t=2,p=1" REST,
        "$argon2id$v=19$t=2,m=19456,p=1" REST,
        "$argon2id$v=19$m=19456,t=2,p=1,x=1" REST,
        "$argon2id$v=19$m=19456,t=2,p=1" REST REST REST,
    };
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(password_verify(str_of(bad[i]), STR("x")));
    }
    assert_false(password_verify(str_make(NULL, 0), STR("x")));
    assert_true(password_needs_rehash(STR("secret")));
}

static void a_record_with_other_costs_verifies_and_is_hashed_again(void **state)
{
    (void)state;
    /* Made with 8 MiB and one pass. */
    struct str record = STR("$argon2id$v=19$m=8192,t=1,p=1$s0Izx68qPmj2WD+uTjm8bA$UDn+"
                            "1RdYZkkuSrj9yVx/gwEhQ5bmR9OkHhoeSWRcx7A");
    assert_true(password_verify(record, STR("password")));
    assert_true(password_needs_rehash(record));
}

static double cpu_seconds(void)
{
    struct timespec now = {0};
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Not a timing test: a check that the work is done, with a wide margin. */
static void an_unknown_account_costs_as_much_as_a_known_one(void **state)
{
    (void)state;
    char record[PASSWORD_RECORD_SIZE];
    assert_true(password_hash(STR("x"), record, NULL));
    double start = cpu_seconds();
    assert_false(password_verify(str_of(record), STR("y")));
    double known = cpu_seconds() - start;
    start = cpu_seconds();
    assert_false(password_verify_nobody(STR("y")));
    assert_true(cpu_seconds() - start > known / 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_password_verifies_against_its_own_record_alone),
        cmocka_unit_test(passwords_may_be_empty_or_long_but_not_endless),
        cmocka_unit_test(what_is_no_record_or_costs_too_much_is_refused_at_once),
        cmocka_unit_test(a_record_with_other_costs_verifies_and_is_hashed_again),
        cmocka_unit_test(an_unknown_account_costs_as_much_as_a_known_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
