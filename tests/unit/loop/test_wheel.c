/* test_wheel.c - the wheel against a clock that the test turns by hand. */
#include "base/mem.h"
#include "base/random.h"
#include "loop/wheel.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { TIMERS = 3000 };

static struct wheel wheel;

struct entry {
    struct timer timer;
    uint64_t fired_at;
    unsigned fired;
    bool armed;
};

static struct entry entries[TIMERS];
static uint64_t last_due;

static void on_entry(struct timer *timer)
{
    struct entry *entry = CONTAINER_OF(timer, struct entry, timer);
    entry->fired++;
    entry->fired_at = wheel.now_ms;
    entry->armed = false;
    assert_int_equal(timer->due_ms, wheel.now_ms);
    assert_true(timer->due_ms >= last_due);
    last_due = timer->due_ms;
}

static int set_up(void **state)
{
    (void)state;
    memset(entries, 0, sizeof(entries));
    for (size_t i = 0; i < TIMERS; i++) {
        timer_init(&entries[i].timer, on_entry);
    }
    wheel_init(&wheel, 1000003);
    last_due = 0;
    return 0;
}

static void arm(struct entry *entry, uint64_t due_ms)
{
    if (timer_active(&entry->timer)) {
        wheel_remove(&wheel, &entry->timer);
    }
    wheel_add(&wheel, &entry->timer, due_ms);
    entry->armed = true;
}

static void an_empty_wheel_never_wants_to_be_advanced(void **state)
{
    (void)state;
    assert_true(wheel_next(&wheel) == WHEEL_NEVER);
    arm(&entries[0], wheel.now_ms + 5);
    assert_int_equal(wheel_next(&wheel), wheel.now_ms + 5);
    wheel_remove(&wheel, &entries[0].timer);
    assert_true(wheel_next(&wheel) == WHEEL_NEVER);
    wheel_advance(&wheel, wheel.now_ms + 1000000);
    assert_int_equal(entries[0].fired, 0);
}

static void a_due_time_that_has_passed_fires_at_the_next_millisecond(void **state)
{
    (void)state;
    arm(&entries[0], 3);
    assert_int_equal(wheel_next(&wheel), wheel.now_ms + 1);
    wheel_advance(&wheel, wheel.now_ms);
    assert_int_equal(entries[0].fired, 0);
    wheel_advance(&wheel, wheel.now_ms + 1);
    assert_int_equal(entries[0].fired, 1);
}

static void every_distance_is_kept_exactly(void **state)
{
    (void)state;
    static const uint64_t distances[] = {1,
                                         2,
                                         63,
                                         64,
                                         65,
                                         4095,
                                         4096,
                                         4097,
                                         262143,
                                         262144,
                                         86400000,
                                         UINT64_C(2592000000),
                                         UINT64_C(1) << 40};
    for (size_t i = 0; i < COUNT_OF(distances); i++) {
        uint64_t start = wheel.now_ms;
        arm(&entries[0], start + distances[i]);
        unsigned steps = 0;
        unsigned before = entries[0].fired;
        while (entries[0].fired == before) {
            uint64_t next = wheel_next(&wheel);
            assert_true(next > wheel.now_ms && next <= start + distances[i]);
            wheel_advance(&wheel, next - 1);
            assert_int_equal(entries[0].fired, before);
            wheel_advance(&wheel, next);
            assert_true(++steps <= WHEEL_LEVELS);
        }
        assert_int_equal(entries[0].fired_at, start + distances[i]);
    }
}

static void a_delay_beyond_the_wheel_is_its_greatest(void **state)
{
    (void)state;
    arm(&entries[0], UINT64_MAX);
    assert_int_equal(entries[0].timer.due_ms, WHEEL_DUE_MAX);
    wheel_advance(&wheel, WHEEL_DUE_MAX - 1);
    assert_int_equal(entries[0].fired, 0);
    wheel_advance(&wheel, WHEEL_DUE_MAX);
    assert_int_equal(entries[0].fired, 1);
}

static uint64_t random_delay(void)
{
    static const uint64_t spans[] = {3, 70, 5000, 300000, 20000000};
    return 1 + random_below(spans[random_below(COUNT_OF(spans))]);
}

/* What a plain scan over all timers says must be what the wheel does. */
static void check_against_scan(uint64_t until)
{
    uint64_t first = UINT64_MAX;
    for (size_t i = 0; i < TIMERS; i++) {
        const struct entry *entry = &entries[i];
        assert_int_equal(entry->armed, timer_active(&entry->timer));
        assert_true(!entry->armed || entry->timer.due_ms > until);
        assert_true(entry->fired == 0 || entry->fired_at <= until);
        if (entry->armed && entry->timer.due_ms < first) {
            first = entry->timer.due_ms;
        }
    }
    assert_true(wheel_next(&wheel) <= first);
    assert_true((first == UINT64_MAX) == (wheel_next(&wheel) == WHEEL_NEVER));
}

static void thousands_started_stopped_and_restarted_fire_as_a_scan_says(void **state)
{
    (void)state;
    for (unsigned round = 0; round < 300; round++) {
        for (unsigned i = 0; i < 40; i++) {
            struct entry *entry = &entries[random_below(TIMERS)];
            if (random_below(4) == 0 && timer_active(&entry->timer)) {
                wheel_remove(&wheel, &entry->timer);
                entry->armed = false;
            } else {
                arm(entry, wheel.now_ms + random_delay());
            }
        }
        uint64_t until = wheel.now_ms + random_below(random_below(2) == 0 ? 100 : 400000);
        wheel_advance(&wheel, until);
        assert_int_equal(wheel.now_ms, until);
        check_against_scan(until);
    }
}

static void stop_the_others(struct timer *timer)
{
    struct entry *entry = CONTAINER_OF(timer, struct entry, timer);
    entry->fired++;
    for (size_t i = 0; i < 4; i++) {
        if (&entries[i] != entry && timer_active(&entries[i].timer)) {
            wheel_remove(&wheel, &entries[i].timer);
        }
    }
}

static void a_callback_may_stop_timers_that_are_due_with_it(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        entries[i].timer.fn = stop_the_others;
        arm(&entries[i], wheel.now_ms + (i < 3 ? 100 : 101));
    }
    wheel_advance(&wheel, wheel.now_ms + 200);
    assert_int_equal(entries[0].fired, 1);
    assert_int_equal(entries[1].fired + entries[2].fired + entries[3].fired, 0);
    assert_true(wheel_next(&wheel) == WHEEL_NEVER);
}

static void start_again(struct timer *timer)
{
    struct entry *entry = CONTAINER_OF(timer, struct entry, timer);
    if (++entry->fired < 10) {
        wheel_add(&wheel, timer, wheel.now_ms + 70);
    }
}

static void a_callback_may_start_its_timer_again(void **state)
{
    (void)state;
    entries[0].timer.fn = start_again;
    uint64_t start = wheel.now_ms;
    arm(&entries[0], start + 70);
    wheel_advance(&wheel, start + 350);
    assert_int_equal(entries[0].fired, 5);
    wheel_advance(&wheel, start + 7000);
    assert_int_equal(entries[0].fired, 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_empty_wheel_never_wants_to_be_advanced, set_up),
        cmocka_unit_test_setup(a_due_time_that_has_passed_fires_at_the_next_millisecond, set_up),
        cmocka_unit_test_setup(every_distance_is_kept_exactly, set_up),
        cmocka_unit_test_setup(a_delay_beyond_the_wheel_is_its_greatest, set_up),
        cmocka_unit_test_setup(thousands_started_stopped_and_restarted_fire_as_a_scan_says, set_up),
        cmocka_unit_test_setup(a_callback_may_stop_timers_that_are_due_with_it, set_up),
        cmocka_unit_test_setup(a_callback_may_start_its_timer_again, set_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
