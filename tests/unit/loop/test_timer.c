/* test_timer.c - timers on a real loop and a real clock. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "loop/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cmocka.h>

enum { MANY = 5000, NS_PER_MS = 1000000 };

static void run_one(post_fn fn)
{
    struct workers *workers = workers_new(1, 1024, NULL);
    assert_non_null(workers);
    struct post post = {.fn = fn};
    worker_post(workers_get(workers, 0), &post);
    workers_run_here(workers);
    workers_free(workers);
}

struct entry {
    struct timer timer;
    uint64_t started_ns;
    uint64_t delay_ms;
    unsigned fired;
};

static struct entry entries[MANY];
static unsigned left;
static unsigned early;

static void on_entry(struct timer *timer)
{
    struct entry *entry = CONTAINER_OF(timer, struct entry, timer);
    entry->fired++;
    if (clock_mono_ns() - entry->started_ns < entry->delay_ms * NS_PER_MS) {
        early++;
    }
    if (--left == 0) {
        worker_quit(worker_self());
    }
}

static void start_many(struct post *post)
{
    (void)post;
    left = MANY;
    for (size_t i = 0; i < MANY; i++) {
        struct entry *entry = &entries[i];
        timer_init(&entry->timer, on_entry);
        entry->delay_ms = random_below(300);
        entry->started_ns = clock_mono_ns();
        timer_start(&entry->timer, entry->delay_ms);
        assert_true(timer_active(&entry->timer));
    }
}

static void no_timer_of_thousands_is_early_and_each_fires_once(void **state)
{
    (void)state;
    run_one(start_many);
    assert_int_equal(early, 0);
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(entries[i].fired, 1);
        assert_false(timer_active(&entries[i].timer));
    }
}

/* The callback before this one took long: the turn's cached time is behind the clock. */
static void start_late_in_turn(struct post *post)
{
    (void)post;
    (void)usleep(20000);
    left = 1;
    early = 0;
    timer_init(&entries[0].timer, on_entry);
    entries[0].delay_ms = 5;
    entries[0].started_ns = clock_mono_ns();
    timer_start(&entries[0].timer, 5);
}

static void a_timer_started_late_in_a_long_turn_is_not_early(void **state)
{
    (void)state;
    run_one(start_late_in_turn);
    assert_int_equal(early, 0);
}

static unsigned long long restarted_at;
static struct timer restarted;
static struct timer pusher;
static unsigned pushes;

static void on_restarted(struct timer *timer)
{
    (void)timer;
    /* On a machine that stalls it may fire between two restarts, but not sooner than told. */
    assert_true(pushes > 0 && worker_now_ms() >= restarted_at + 30);
    timer_stop(&pusher);
    worker_quit(worker_self());
}

static void on_pusher(struct timer *timer)
{
    restarted_at = worker_now_ms();
    timer_start(&restarted, 30);
    if (++pushes < 5) {
        timer_start(timer, 10);
    }
}

static void start_pushing(struct post *post)
{
    (void)post;
    timer_init(&restarted, on_restarted);
    timer_init(&pusher, on_pusher);
    timer_start(&restarted, 30);
    timer_start(&pusher, 10);
}

static void a_restarted_timer_counts_from_its_restart(void **state)
{
    (void)state;
    run_one(start_pushing);
}

static struct timer stopped;
static struct timer last;

static void must_not_fire(struct timer *timer)
{
    (void)timer;
    fail();
}

static void on_last(struct timer *timer)
{
    (void)timer;
    timer_stop(&stopped);
    worker_quit(worker_self());
}

static void start_and_stop(struct post *post)
{
    (void)post;
    timer_init(&stopped, must_not_fire);
    timer_init(&last, on_last);
    timer_stop(&stopped);
    timer_start(&stopped, 5);
    timer_stop(&stopped);
    timer_stop(&stopped);
    assert_false(timer_active(&stopped));
    timer_start(&stopped, 1000000000);
    timer_start(&last, 20);
}

static void a_stopped_timer_does_not_fire(void **state)
{
    (void)state;
    run_one(start_and_stop);
    assert_false(timer_active(&stopped));
}

/* 300 ms with nothing but one timer: the loop must sleep through it. */
static void start_idle(struct post *post)
{
    (void)post;
    timer_init(&last, on_last);
    timer_init(&stopped, must_not_fire);
    timer_start(&last, 300);
}

static void an_idle_loop_sleeps(void **state)
{
    (void)state;
    struct rusage before;
    struct rusage after;
    (void)getrusage(RUSAGE_THREAD, &before);
    run_one(start_idle);
    (void)getrusage(RUSAGE_THREAD, &after);
    /* A loop that looked at its wheel each millisecond would sleep 300 times. */
    assert_true(after.ru_nvcsw - before.ru_nvcsw < 50);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_timer_of_thousands_is_early_and_each_fires_once),
        cmocka_unit_test(a_timer_started_late_in_a_long_turn_is_not_early),
        cmocka_unit_test(a_restarted_timer_counts_from_its_restart),
        cmocka_unit_test(a_stopped_timer_does_not_fire),
        cmocka_unit_test(an_idle_loop_sleeps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
