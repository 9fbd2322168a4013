/* test_metrics.c - what is rendered after counting, from one thread and from many. */
#include "metrics/metrics.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int tear_down(void **state)
{
    (void)state;
    metrics_free();
    return 0;
}

static char *page(void)
{
    struct buf out;
    buf_init(&out, 4 << 20);
    metrics_render(&out);
    assert_false(out.full);
    return buf_take(&out, NULL);
}

static void assert_page(const char *expected)
{
    char *text = page();
    assert_string_equal(text, expected);
    mem_free(text);
}

static void assert_on_page(const char *expected)
{
    char *text = page();
    assert_non_null(strstr(text, expected));
    mem_free(text);
}

static void counters_and_gauges_are_rendered_with_help_and_type(void **state)
{
    (void)state;
    struct metric *plain = metric_counter("a_total", "all of \\ it\nhere \"now\"", NULL);
    struct metric *labelled = metric_counter("b_total", "by method", "method", "status", NULL);
    struct metric *gauge = metric_gauge("c", "level", NULL);
    (void)metric_counter("d_total", "no series yet", "x", NULL);
    metric_add(metric_only(plain), 2);
    metric_add(metric_only(plain), 3);
    metric_add(METRIC_CELL(labelled, STR("GET"), STR("200")), 7);
    metric_add(METRIC_CELL(labelled, STR("POST"), STR("500")), 1);
    metric_add(METRIC_CELL(labelled, STR("GET"), STR("200")), UINT64_C(10000000000));
    metric_gauge_add(metric_only(gauge), 3);
    metric_gauge_add(metric_only(gauge), -5);
    assert_page("# HELP a_total all of \\\\ it\\nhere \"now\"\n# TYPE a_total counter\na_total 5\n"
                "# HELP b_total by method\n# TYPE b_total counter\n"
                "b_total{method=\"GET\",status=\"200\"} 10000000007\n"
                "b_total{method=\"POST\",status=\"500\"} 1\n"
                "# HELP c level\n# TYPE c gauge\nc -2\n");
    metric_gauge_set(metric_only(gauge), 42);
    assert_on_page("\nc 42\n");
}

static void label_values_cannot_break_the_page(void **state)
{
    (void)state;
    struct metric *metric = metric_counter("a_total", "h", "path", NULL);
    metric_add(METRIC_CELL(metric, STR("x\"} 1\nforged 2\\")), 1);
    metric_add(METRIC_CELL(metric, STR("\xff\xc3\xa4\xc0")), 1);
    metric_add(METRIC_CELL(metric, STR("")), 1);
    assert_page("# HELP a_total h\n# TYPE a_total counter\n"
                "a_total{path=\"x\\\"} 1\\nforged 2\\\\\"} 1\n"
                "a_total{path=\"\xef\xbf\xbd\xc3\xa4\xef\xbf\xbd\"} 1\n"
                "a_total{path=\"\"} 1\n");
}

static void long_values_are_cut_between_characters(void **state)
{
    (void)state;
    struct metric *metric = metric_counter("a_total", "h", "path", NULL);
    char value[METRIC_VALUE_MAX + 50];
    for (size_t i = 0; i + 1 < sizeof(value); i += 2) {
        memcpy(value + i + 0, "\xc3\xa4", 2);
    }
    value[0] = 'x';
    value[1] = 'y';
    value[2] = 'z'; /* from here on characters begin at odd places */
    for (size_t i = 3; i + 1 < sizeof(value); i += 2) {
        memcpy(value + i, "\xc3\xa4", 2);
    }
    metric_add(METRIC_CELL(metric, str_make(value, sizeof(value))), 1);
    char expected[METRIC_VALUE_MAX + 50];
    (void)snprintf(expected, sizeof(expected), "{path=\"%.*s\"} 1\n", METRIC_VALUE_MAX - 1, value);
    assert_on_page(expected);
}

static void values_are_not_mixed_up_across_labels(void **state)
{
    (void)state;
    struct metric *metric = metric_counter("a_total", "h", "x", "y", NULL);
    struct metric_cell *one = METRIC_CELL(metric, STR("ab"), STR("c"));
    struct metric_cell *two = METRIC_CELL(metric, STR("a"), STR("bc"));
    assert_ptr_not_equal(one, two);
    assert_ptr_equal(one, METRIC_CELL(metric, STR("ab"), STR("c")));
}

static void series_beyond_the_bound_are_counted_together(void **state)
{
    (void)state;
    struct metric *metric = metric_counter("a_total", "h", "user", NULL);
    char name[32];
    for (unsigned i = 0; i < METRIC_SERIES_MAX + 50; i++) {
        int len = snprintf(name, sizeof(name), "user-%u", i);
        metric_add(METRIC_CELL(metric, str_make(name, (size_t)len)), 1);
    }
    metric_add(METRIC_CELL(metric, STR("user-0")), 1); /* those that are there stay */
    assert_on_page("a_total{user=\"user-0\"} 2\n");
    assert_on_page("a_total{user=\"user-999\"} 1\n");
    assert_on_page("a_total{user=\"other\"} 50\n");
    char *text = page();
    assert_null(strstr(text, "user-1000\""));
    mem_free(text);
}

static void a_histogram_counts_up_to_and_including_its_bounds(void **state)
{
    (void)state;
    struct metric *metric = metric_histogram("t_seconds", "time", "m", NULL);
    struct metric_cell *cell = METRIC_CELL(metric, STR("x"));
    metric_observe_ns(cell, 0);
    metric_observe_ns(cell, 500000);
    metric_observe_ns(cell, 500001);
    metric_observe_ns(cell, 1500000000);
    metric_observe_ns(cell, 30000000000);
    metric_observe_ns(cell, 30000000001);
    assert_page("# HELP t_seconds time\n# TYPE t_seconds histogram\n"
                "t_seconds_bucket{m=\"x\",le=\"0.0005\"} 2\n"
                "t_seconds_bucket{m=\"x\",le=\"0.001\"} 3\n"
                "t_seconds_bucket{m=\"x\",le=\"0.0025\"} 3\n"
                "t_seconds_bucket{m=\"x\",le=\"0.005\"} 3\n"
                "t_seconds_bucket{m=\"x\",le=\"0.01\"} 3\n"
                "t_seconds_bucket{m=\"x\",le=\"0.025\"} 3\n"
                "t_seconds_bucket{m=\"x\",le=\"0.05\"} 3\n"
                "t_seconds_bucket{m=\"x\",le=\"0.1\"} 3\n"
                "t_seconds_bucket{m=\"x\",le=\"0.25\"} 3\n"
                "t_seconds_bucket{m=\"x\",le=\"0.5\"} 3\n"
                "t_seconds_bucket{m=\"x\",le=\"1\"} 3\n"
                "t_seconds_bucket{m=\"x\",le=\"2.5\"} 4\n"
                "t_seconds_bucket{m=\"x\",le=\"5\"} 4\n"
                "t_seconds_bucket{m=\"x\",le=\"10\"} 4\n"
                "t_seconds_bucket{m=\"x\",le=\"30\"} 5\n"
                "t_seconds_bucket{m=\"x\",le=\"+Inf\"} 6\n"
                "t_seconds_sum{m=\"x\"} 61.501000002\n"
                "t_seconds_count{m=\"x\"} 6\n");
}

static int64_t read_seven(void *ctx)
{
    return *(const int64_t *)ctx;
}

static void a_gauge_may_be_asked_when_it_is_rendered(void **state)
{
    (void)state;
    int64_t value = -7;
    metric_gauge_read("queue_length", "jobs waiting", read_seven, &value);
    assert_on_page("# TYPE queue_length gauge\nqueue_length -7\n");
    value = 8;
    assert_on_page("\nqueue_length 8\n");
}

static void a_name_is_one_family_however_often_it_is_registered(void **state)
{
    (void)state;
    struct metric *one = metric_counter("a_total", "h", "x", NULL);
    assert_ptr_equal(one, metric_counter("a_total", "h", "x", NULL));
}

/* More threads than shards: some count alone, some share the last. */
enum { THREADS = 24, EACH = 4000 };

struct cells {
    struct metric_cell *counter;
    struct metric_cell *gauge;
    struct metric_cell *histogram;
};

static void *count_much(void *arg)
{
    struct cells *cells = arg;
    for (unsigned i = 0; i < EACH; i++) {
        metric_add(cells->counter, 1);
        metric_gauge_add(cells->gauge, i % 2 == 0 ? 2 : -1);
        metric_observe_ns(cells->histogram, 1000000000);
    }
    return NULL;
}

static void nothing_counted_by_many_threads_is_lost(void **state)
{
    (void)state;
    struct cells cells = {
        .counter = metric_only(metric_counter("a_total", "h", NULL)),
        .gauge = metric_only(metric_gauge("b", "h", NULL)),
        .histogram = metric_only(metric_histogram("c_seconds", "h", NULL)),
    };
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_much, &cells), 0);
    }
    for (unsigned i = 0; i < 20; i++) {
        mem_free(page()); /* reading disturbs nobody */
    }
    for (unsigned i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    assert_on_page("\na_total 96000\n");
    assert_on_page("\nb 48000\n");
    assert_on_page("\nc_seconds_bucket{le=\"1\"} 96000\n");
    assert_on_page("\nc_seconds_sum 96000.000000000\n");
    assert_on_page("\nc_seconds_count 96000\n");
}

static void the_total_of_a_family_is_found_by_its_name(void **state)
{
    (void)state;
    int64_t total = 77;
    struct metric *labelled = metric_counter("b_total", "by method", "method", NULL);
    struct metric *gauge = metric_gauge("c", "level", NULL);
    (void)metric_histogram("d", "times", NULL);
    assert_false(metric_total("b", &total));
    assert_false(metric_total("d", &total));
    assert_int_equal(total, 77);
    assert_true(metric_total("b_total", &total));
    assert_int_equal(total, 0);
    metric_add(METRIC_CELL(labelled, STR("GET")), 7);
    metric_add(METRIC_CELL(labelled, STR("PUT")), 2);
    metric_gauge_add(metric_only(gauge), -5);
    assert_true(metric_total("b_total", &total));
    assert_int_equal(total, 9);
    assert_true(metric_total("c", &total));
    assert_int_equal(total, -5);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(counters_and_gauges_are_rendered_with_help_and_type, tear_down),
        cmocka_unit_test_teardown(label_values_cannot_break_the_page, tear_down),
        cmocka_unit_test_teardown(long_values_are_cut_between_characters, tear_down),
        cmocka_unit_test_teardown(values_are_not_mixed_up_across_labels, tear_down),
        cmocka_unit_test_teardown(series_beyond_the_bound_are_counted_together, tear_down),
        cmocka_unit_test_teardown(a_histogram_counts_up_to_and_including_its_bounds, tear_down),
        cmocka_unit_test_teardown(a_gauge_may_be_asked_when_it_is_rendered, tear_down),
        cmocka_unit_test_teardown(a_name_is_one_family_however_often_it_is_registered, tear_down),
        cmocka_unit_test_teardown(nothing_counted_by_many_threads_is_lost, tear_down),
        cmocka_unit_test_teardown(the_total_of_a_family_is_found_by_its_name, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
