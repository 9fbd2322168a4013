/* timer.h - deadlines on a worker's timer wheel (resolution 1 ms, start and stop O(1)).
 *
 * Embedded by value in its owner, one worker only, stopped before its memory goes.
 * Fires once; start it again for the next. Never early.
 */
#ifndef POSTERN_LOOP_TIMER_H
#define POSTERN_LOOP_TIMER_H

#include "base/list.h"

#include <stdbool.h>
#include <stdint.h>

struct timer;
typedef void (*timer_fn)(struct timer *timer);

struct timer {
    struct list link; /* timer.c's */
    uint64_t due_ms;
    timer_fn fn;
};

void timer_init(struct timer *timer, timer_fn fn);
void timer_start(struct timer *timer, uint64_t delay_ms); /* restarts one that runs */
void timer_stop(struct timer *timer);
bool timer_active(const struct timer *timer);

#endif
