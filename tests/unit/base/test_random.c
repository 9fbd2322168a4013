/* test_random.c - bounds, and bytes that are not obviously wrong. */
#include "base/random.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void every_value_below_a_bound_comes_and_none_above(void **state)
{
    (void)state;
    unsigned seen[7] = {0};
    for (unsigned i = 0; i < 7000; i++) {
        uint64_t value = random_below(7);
        assert_true(value < 7);
        seen[value]++;
    }
    for (unsigned i = 0; i < 7; i++) {
        assert_in_range(seen[i], 800, 1200); /* seven standard deviations */
    }
    assert_int_equal(random_below(1), 0);
    for (unsigned i = 0; i < 100; i++) {
        assert_true(random_below(UINT64_MAX) < UINT64_MAX);
    }
}

static void sizes_around_the_inner_buffer_are_filled_whole(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 7, 127, 128, 129, 511, 512, 513, 4000};
    for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
        unsigned char bytes[4001];
        unsigned char any[4001] = {0};
        /* A byte that is never written stays 0 in all of 20 draws. */
        for (unsigned round = 0; round < 20; round++) {
            memset(bytes, 0, sizeof(bytes));
            random_bytes(bytes, sizes[i]);
            for (size_t j = 0; j < sizeof(bytes); j++) {
                any[j] |= bytes[j];
            }
        }
        for (size_t j = 0; j < sizeof(bytes); j++) {
            assert_int_equal(any[j] != 0, j < sizes[i]);
        }
    }
}

static void numbers_do_not_repeat(void **state)
{
    (void)state;
    uint64_t drawn[500];
    for (size_t i = 0; i < 500; i++) {
        drawn[i] = random_u64();
        for (size_t j = 0; j < i; j++) {
            assert_true(drawn[i] != drawn[j]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_value_below_a_bound_comes_and_none_above),
        cmocka_unit_test(sizes_around_the_inner_buffer_are_filled_whole),
        cmocka_unit_test(numbers_do_not_repeat),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
