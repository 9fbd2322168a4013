/* links: loop */
/* test_traffic.c - requests by the second: counted where they belong, forgotten in time, and
 * percentiles near those of a sorted list. */
#include "base/mem.h"
#include "pipeline/traffic.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#define SECOND UINT64_C(1000000000)

static struct traffic_sum sum_of(const struct traffic *traffic, uint64_t from, uint64_t to)
{
    struct traffic_sum sum = {0};
    traffic_add(traffic, from, to, &sum);
    return sum;
}

static void a_request_is_counted_in_the_second_in_which_it_ended(void **state)
{
    (void)state;
    struct traffic *traffic = traffic_new(2);
    traffic_count(traffic, 0, 200, 9 * SECOND, 10 * SECOND);
    traffic_count(traffic, 1, 404, 10 * SECOND, 10 * SECOND + 999999999);
    traffic_count(traffic, 1, 503, 10 * SECOND, 11 * SECOND);
    struct traffic_sum ten = sum_of(traffic, 10, 10);
    assert_int_equal(ten.requests, 2);
    assert_int_equal(ten.classes[2], 1);
    assert_int_equal(ten.classes[4], 1);
    assert_int_equal(ten.classes[5], 0);
    assert_int_equal(sum_of(traffic, 9, 9).requests, 0);
    assert_int_equal(sum_of(traffic, 10, 11).requests, 3);
    assert_int_equal(sum_of(traffic, 0, 200).requests, 3);
    traffic_free(traffic);
}

static void the_first_second_of_the_clock_is_like_any_other(void **state)
{
    (void)state;
    struct traffic *traffic = traffic_new(1);
    assert_int_equal(sum_of(traffic, 0, 0).requests, 0);
    traffic_count(traffic, 0, 200, 0, 1);
    assert_int_equal(sum_of(traffic, 0, 0).requests, 1);
    traffic_free(traffic);
}

static void what_a_place_held_before_is_not_of_its_second(void **state)
{
    (void)state;
    struct traffic *traffic = traffic_new(1);
    for (uint64_t second = 0; second < 1000; second++) {
        for (uint64_t i = 0; i <= second % 7; i++) {
            traffic_count(traffic, 0, 200, second * SECOND, second * SECOND + i);
        }
        uint64_t from = second < TRAFFIC_SECONDS ? 0 : second - TRAFFIC_SECONDS;
        uint64_t expected = 0;
        for (uint64_t s = from; s <= second; s++) {
            expected += s % 7 + 1;
        }
        assert_int_equal(sum_of(traffic, from, second).requests, expected);
    }
    assert_int_equal(sum_of(traffic, 1000, 1100).requests, 0);
    traffic_free(traffic);
}

static void strange_statuses_have_a_place(void **state)
{
    (void)state;
    struct traffic *traffic = traffic_new(1);
    traffic_count(traffic, 0, 0, 0, 1);
    traffic_count(traffic, 0, 999, 0, 1);
    traffic_count(traffic, 0, UINT32_MAX, 0, 1);
    struct traffic_sum sum = sum_of(traffic, 0, 0);
    assert_int_equal(sum.requests, 3);
    assert_int_equal(sum.classes[TRAFFIC_CLASSES - 1], 2);
    traffic_free(traffic);
}

static void nothing_has_no_percentiles(void **state)
{
    (void)state;
    struct traffic_sum none = {0};
    assert_int_equal(traffic_percentile(&none, 50), 0);
    assert_int_equal(traffic_percentile(&none, 100), 0);
}

static int by_size(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a;
    uint64_t y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* From a hundredth of what a bucket holds at first to a minute. */
static void percentiles_are_within_seven_percent_of_a_sorted_list(void **state)
{
    (void)state;
    enum { COUNT = 5000 };
    static uint64_t took[COUNT];
    uint64_t seed = 42;
    for (unsigned spread = 12; spread <= 35; spread++) {
        struct traffic *traffic = traffic_new(1);
        for (size_t i = 0; i < COUNT; i++) {
            seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407u;
            took[i] = seed >> 24 >> (40 - spread);
            traffic_count(traffic, 0, 200, 50 * SECOND - took[i] % (50 * SECOND), 50 * SECOND);
            took[i] %= 50 * SECOND;
        }
        qsort(took, COUNT, sizeof(took[0]), by_size);
        struct traffic_sum sum = sum_of(traffic, 50, 50);
        for (unsigned percent = 1; percent <= 100; percent++) {
            size_t rank = (COUNT * percent + 99) / 100;
            double exact = (double)took[rank - 1];
            double told = (double)traffic_percentile(&sum, percent);
            /* A bucket is an eighth of its octave, and never less than 4 us. */
            double room = exact * 0.07 + 2100;
            assert_true(told >= exact - room && told <= exact + room);
        }
        traffic_free(traffic);
    }
}

static void what_takes_longer_than_all_buckets_is_in_the_last(void **state)
{
    (void)state;
    struct traffic *traffic = traffic_new(1);
    traffic_count(traffic, 0, 200, 0, 500 * SECOND);
    struct traffic_sum sum = sum_of(traffic, 500, 500);
    assert_int_equal(sum.buckets[TRAFFIC_BUCKETS - 1], 1);
    assert_true(traffic_percentile(&sum, 50) > 60 * SECOND);
    traffic_free(traffic);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_is_counted_in_the_second_in_which_it_ended),
        cmocka_unit_test(the_first_second_of_the_clock_is_like_any_other),
        cmocka_unit_test(what_a_place_held_before_is_not_of_its_second),
        cmocka_unit_test(strange_statuses_have_a_place),
        cmocka_unit_test(nothing_has_no_percentiles),
        cmocka_unit_test(percentiles_are_within_seven_percent_of_a_sorted_list),
        cmocka_unit_test(what_takes_longer_than_all_buckets_is_in_the_last),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
