/* test_str.c - views: comparing, cutting, numbers, nearest names. */
#include "base/mem.h"
#include "base/random.h"
#include "base/str.h"

#include <inttypes.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void comparing_looks_at_bytes_and_length(void **state)
{
    (void)state;
    assert_true(str_eq(STR("a\0b"), STR("a\0b")));
    assert_false(str_eq(STR("a\0b"), STR("a\0c")));
    assert_false(str_eq(STR("a"), STR("a\0")));
    assert_true(str_eq(str_make(NULL, 0), STR_EMPTY));
    assert_true(str_eq(str_of(NULL), STR("")));
    assert_true(str_cmp(STR("ab"), STR("abc")) < 0);
    assert_true(str_cmp(STR("b"), STR("abc")) > 0);
    assert_true(str_cmp(STR("\xff"), STR("a")) > 0);
    assert_int_equal(str_cmp(STR("abc"), STR("abc")), 0);
    assert_int_equal(str_cmp(str_make(NULL, 0), STR("")), 0);
}

static void case_is_ignored_for_ascii_letters_alone(void **state)
{
    (void)state;
    assert_true(str_eq_nocase(STR("Content-TYPE"), STR("content-type")));
    assert_false(str_eq_nocase(STR("[@`{"), STR("{`@[")));
    assert_false(str_eq_nocase(STR("\xc4"), STR("\xe4")));
    assert_false(str_eq_nocase(STR("a"), STR("ab")));
}

static void positions_out_of_range_are_clamped(void **state)
{
    (void)state;
    struct str s = STR("hello");
    assert_true(str_eq(str_from(s, 2), STR("llo")));
    assert_true(str_eq(str_from(s, 5), STR("")));
    assert_true(str_eq(str_from(s, SIZE_MAX), STR("")));
    assert_true(str_eq(str_sub(s, 1, 3), STR("ell")));
    assert_true(str_eq(str_sub(s, 3, SIZE_MAX), STR("lo")));
    assert_true(str_eq(str_sub(s, SIZE_MAX, SIZE_MAX), STR("")));
    assert_true(str_eq(str_from(str_make(NULL, 0), 3), STR("")));
}

static void beginnings_and_ends(void **state)
{
    (void)state;
    assert_true(str_starts(STR("com.app.x"), STR("com.app")));
    assert_true(str_starts(STR("com"), STR("")));
    assert_false(str_starts(STR("co"), STR("com")));
    assert_true(str_ends(STR("a.json"), STR(".json")));
    assert_true(str_ends(STR(""), STR("")));
    assert_false(str_ends(STR("json"), STR(".json")));
}

static void trimming_takes_blanks_from_both_ends(void **state)
{
    (void)state;
    assert_true(str_eq(str_trim(STR(" \t\r\n a b \n")), STR("a b")));
    assert_true(str_eq(str_trim(STR(" \t ")), STR("")));
    assert_true(str_eq(str_trim(STR("")), STR("")));
    assert_true(str_eq(str_trim(STR("\v a")), STR("\v a")));
}

static void cutting_splits_at_the_first_separator(void **state)
{
    (void)state;
    struct str head;
    struct str tail;
    assert_true(str_cut(STR("a:b:c"), ':', &head, &tail));
    assert_true(str_eq(head, STR("a")) && str_eq(tail, STR("b:c")));
    assert_true(str_cut(STR(":"), ':', &head, &tail));
    assert_true(head.len == 0 && tail.len == 0);
    assert_false(str_cut(STR("abc"), ':', &head, &tail));
    assert_true(str_eq(head, STR("abc")) && tail.len == 0);
    assert_int_equal(str_find(STR("abc"), 'c'), 2);
    assert_int_equal(str_find(STR("abc"), 'd'), -1);
    assert_int_equal(str_find(str_make(NULL, 0), 'd'), -1);
}

static void numbers_are_whole_strings_without_overflow(void **state)
{
    (void)state;
    uint64_t u = 7;
    int64_t i = 7;
    static const char *const bad[] = {"",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1.0",
                                      "0x1",
                                      "1e3",
                                      "18446744073709551616",
                                      "99999999999999999999999",
                                      "1_0"};
    for (size_t n = 0; n < COUNT_OF(bad); n++) {
        assert_false(str_to_u64(str_of(bad[n]), &u));
        assert_false(str_to_i64(str_of(bad[n]), &i));
    }
    assert_false(str_to_u64(STR("-1"), &u));
    assert_false(str_to_i64(STR("-"), &i));
    assert_false(str_to_i64(STR("--1"), &i));
    assert_false(str_to_i64(STR("9223372036854775808"), &i));
    assert_false(str_to_i64(STR("-9223372036854775809"), &i));
    assert_false(str_to_u64(STR("1\0"), &u));
    assert_true(u == 7 && i == 7);
    assert_true(str_to_u64(STR("18446744073709551615"), &u) && u == UINT64_MAX);
    assert_true(str_to_i64(STR("9223372036854775807"), &i) && i == INT64_MAX);
    assert_true(str_to_i64(STR("-9223372036854775808"), &i) && i == INT64_MIN);
    assert_true(str_to_i64(STR("-0"), &i) && i == 0);
    assert_true(str_to_u64(STR("007"), &u) && u == 7);
    for (unsigned round = 0; round < 1000; round++) {
        uint64_t want = random_u64() >> random_below(64);
        char text[24];
        (void)snprintf(text, sizeof(text), "%" PRIu64, want);
        assert_true(str_to_u64(str_of(text), &u) && u == want);
        (void)snprintf(text, sizeof(text), "%" PRId64, (int64_t)want);
        assert_true(str_to_i64(str_of(text), &i) && i == (int64_t)want);
    }
}

static void a_duplicate_ends_with_nul(void **state)
{
    (void)state;
    char *copy = str_dup(str_sub(STR("abcdef"), 1, 3));
    assert_string_equal(copy, "bcd");
    mem_free(copy);
    copy = str_dup(str_make(NULL, 0));
    assert_string_equal(copy, "");
    mem_free(copy);
}

static void distance_is_that_of_levenshtein(void **state)
{
    (void)state;
    assert_int_equal(str_distance(STR("kitten"), STR("sitting")), 3);
    assert_int_equal(str_distance(STR(""), STR("abc")), 3);
    assert_int_equal(str_distance(STR("abc"), STR("")), 3);
    assert_int_equal(str_distance(STR("Realm"), STR("realm")), 0);
    char letters[65] = {0};
    assert_int_equal(str_distance(str_make(letters, 65), STR("a")), 65);
    assert_int_equal(str_distance(str_make(letters, 64), STR("")), 64);
    for (unsigned round = 0; round < 300; round++) {
        char a[12];
        char b[12];
        for (size_t n = 0; n < sizeof(a); n++) {
            a[n] = (char)('a' + random_below(3));
            b[n] = (char)('a' + random_below(3));
        }
        struct str x = str_make(a, random_below(sizeof(a) + 1));
        struct str y = str_make(b, random_below(sizeof(b) + 1));
        unsigned distance = str_distance(x, y);
        assert_int_equal(distance, str_distance(y, x));
        assert_int_equal(distance == 0, str_eq(x, y));
        assert_true(distance >= (x.len > y.len ? x.len - y.len : y.len - x.len));
        assert_true(distance <= (x.len > y.len ? x.len : y.len));
    }
}

static void the_nearest_name_is_one_a_person_may_have_meant(void **state)
{
    (void)state;
    const struct str names[] = {STR("host"), STR("port"), STR("timeout"), STR("realm_uri")};
    assert_true(str_eq(str_nearest(STR("prot"), names, 4), STR("port")));
    assert_true(str_eq(str_nearest(STR("time_out"), names, 4), STR("timeout")));
    assert_true(str_eq(str_nearest(STR("TIMEOUT"), names, 4), STR("timeout")));
    assert_true(str_eq(str_nearest(STR("something_else"), names, 4), STR("")));
    assert_true(str_eq(str_nearest(STR("x"), names, 0), STR("")));
}

static void hashes_are_stable_within_a_process_and_spread(void **state)
{
    (void)state;
    assert_true(str_hash(STR("abc")) == str_hash(str_make("abcd", 3)));
    assert_true(str_hash(STR("")) == str_hash(str_make(NULL, 0)));
    assert_true(str_hash(STR("\0")) != str_hash(STR("\0\0")));
    /* 4,096 similar keys into 4,096 buckets: a fair hash leaves a third empty, not more. */
    static bool used[4096];
    unsigned buckets = 0;
    for (unsigned n = 0; n < 4096; n++) {
        char text[16];
        int len = snprintf(text, sizeof(text), "user%u", n);
        size_t bucket = str_hash(str_make(text, (size_t)len)) & 4095;
        buckets += !used[bucket];
        used[bucket] = true;
    }
    assert_in_range(buckets, 2400, 2800);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comparing_looks_at_bytes_and_length),
        cmocka_unit_test(case_is_ignored_for_ascii_letters_alone),
        cmocka_unit_test(positions_out_of_range_are_clamped),
        cmocka_unit_test(beginnings_and_ends),
        cmocka_unit_test(trimming_takes_blanks_from_both_ends),
        cmocka_unit_test(cutting_splits_at_the_first_separator),
        cmocka_unit_test(numbers_are_whole_strings_without_overflow),
        cmocka_unit_test(a_duplicate_ends_with_nul),
        cmocka_unit_test(distance_is_that_of_levenshtein),
        cmocka_unit_test(the_nearest_name_is_one_a_person_may_have_meant),
        cmocka_unit_test(hashes_are_stable_within_a_process_and_spread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
