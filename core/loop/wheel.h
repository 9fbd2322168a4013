/* wheel.h - a hierarchical timer wheel over a clock of milliseconds (used within core/loop).
 *
 * Eight levels of 64 slots: level 0 holds one millisecond a slot, each further
 * level 64 times as much. A timer stands in the level of the highest base-64
 * digit in which its due time differs from the present. From that follows that
 * the occupied slots of a level all lie after the present digit, that lower
 * levels come before higher ones, and that the place of a timer can be found
 * again from its due time alone. It knows no thread and no clock.
 */
#ifndef POSTERN_LOOP_WHEEL_H
#define POSTERN_LOOP_WHEEL_H

#include "base/list.h"
#include "loop/timer.h"

#include <stdint.h>

enum { WHEEL_LEVELS = 8, WHEEL_BITS = 6, WHEEL_SLOTS = 1 << WHEEL_BITS };

#define WHEEL_NEVER   UINT64_MAX
#define WHEEL_DUE_MAX ((UINT64_C(1) << (WHEEL_LEVELS * WHEEL_BITS)) - 1)

struct wheel {
    uint64_t now_ms; /* everything due until here has fired */
    uint64_t used[WHEEL_LEVELS];
    struct list slots[WHEEL_LEVELS][WHEEL_SLOTS];
    struct list due;
};

void wheel_init(struct wheel *wheel, uint64_t now_ms);
/* `timer` is in no slot; a due time that has passed fires at the next millisecond. */
void wheel_add(struct wheel *wheel, struct timer *timer, uint64_t due_ms);
void wheel_remove(struct wheel *wheel, struct timer *timer);
/* When to come back: never later than the first timer's due time, often exactly then. */
uint64_t wheel_next(const struct wheel *wheel);
/* Fires what is due until `now_ms`, in the order of due times. */
void wheel_advance(struct wheel *wheel, uint64_t now_ms);

#endif
