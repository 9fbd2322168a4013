/* timer.c - the wheel of the calling worker, and the one libev timer that wakes it.
 *
 * The wheel counts whole milliseconds. A timer's due time is rounded up from the
 * clock itself, not from the turn's cached time, and compared with the cached
 * time, which is rounded down: so it is late by up to a millisecond, never early.
 */
#include "loop/timer.h"

#include "base/clock.h"
#include "loop/loop_inside.h"

#include <assert.h>

enum { NS_PER_MS = 1000000 };

static void on_alarm(struct ev_loop *loop, ev_timer *watcher, int events)
{
    (void)loop;
    (void)events;
    struct worker *worker = watcher->data;
    worker->alarm_ms = WHEEL_NEVER;
    wheel_advance(&worker->wheel, worker->turn.now_ms);
}

void alarm_init(struct worker *worker)
{
    wheel_init(&worker->wheel, worker->turn.now_ms);
    ev_init(&worker->alarm, on_alarm);
    worker->alarm.data = worker;
    worker->alarm_ms = WHEEL_NEVER;
}

/* An alarm that is earlier than needed stays: most deadlines are pushed back before they
 * come, and one idle wake-up is cheaper than moving libev's timer each time. */
void alarm_set(struct worker *worker)
{
    uint64_t next = wheel_next(&worker->wheel);
    if (next >= worker->alarm_ms) {
        return;
    }
    uint64_t now = worker->turn.now_ms;
    double after = next > now ? (double)(next - now) / 1000.0 : 0.0;
    ev_timer_stop(worker->loop, &worker->alarm);
    ev_timer_set(&worker->alarm, after, 0.0);
    ev_timer_start(worker->loop, &worker->alarm);
    worker->alarm_ms = next;
}

void timer_init(struct timer *timer, timer_fn fn)
{
    list_init(&timer->link);
    timer->due_ms = 0;
    timer->fn = fn;
}

void timer_start(struct timer *timer, uint64_t delay_ms)
{
    struct worker *worker = worker_self();
    assert(worker != NULL);
    if (timer_active(timer)) {
        wheel_remove(&worker->wheel, timer);
    }
    uint64_t now_ms = (clock_mono_ns() + NS_PER_MS - 1) / NS_PER_MS;
    uint64_t most = WHEEL_DUE_MAX - now_ms;
    wheel_add(&worker->wheel, timer, now_ms + (delay_ms < most ? delay_ms : most));
}

void timer_stop(struct timer *timer)
{
    if (timer_active(timer)) {
        struct worker *worker = worker_self();
        assert(worker != NULL);
        wheel_remove(&worker->wheel, timer);
    }
}

bool timer_active(const struct timer *timer)
{
    return !list_empty(&timer->link);
}
