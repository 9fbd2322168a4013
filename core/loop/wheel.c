/* wheel.c - places timers in slots, and moves them down a level as their time comes near. */
#include "loop/wheel.h"

#include <assert.h>

void wheel_init(struct wheel *wheel, uint64_t now_ms)
{
    wheel->now_ms = now_ms;
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        wheel->used[level] = 0;
        for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++) {
            list_init(&wheel->slots[level][slot]);
        }
    }
    list_init(&wheel->due);
}

static unsigned level_of(const struct wheel *wheel, uint64_t due_ms)
{
    unsigned highest = 63 - (unsigned)__builtin_clzll(due_ms ^ wheel->now_ms);
    return highest / WHEEL_BITS;
}

static unsigned slot_of(unsigned level, uint64_t due_ms)
{
    return (unsigned)(due_ms >> (level * WHEEL_BITS)) & (WHEEL_SLOTS - 1);
}

static void place(struct wheel *wheel, struct timer *timer)
{
    unsigned level = level_of(wheel, timer->due_ms);
    unsigned slot = slot_of(level, timer->due_ms);
    list_push(&wheel->slots[level][slot], &timer->link);
    wheel->used[level] |= UINT64_C(1) << slot;
}

void wheel_add(struct wheel *wheel, struct timer *timer, uint64_t due_ms)
{
    if (due_ms <= wheel->now_ms) {
        due_ms = wheel->now_ms + 1;
    }
    timer->due_ms = due_ms < WHEEL_DUE_MAX ? due_ms : WHEEL_DUE_MAX;
    place(wheel, timer);
}

void wheel_remove(struct wheel *wheel, struct timer *timer)
{
    list_remove(&timer->link);
    if (timer->due_ms <= wheel->now_ms) {
        return; /* it was in the list of those about to fire */
    }
    unsigned level = level_of(wheel, timer->due_ms);
    unsigned slot = slot_of(level, timer->due_ms);
    if (list_empty(&wheel->slots[level][slot])) {
        wheel->used[level] &= ~(UINT64_C(1) << slot);
    }
}

/* The first occupied slot of the lowest occupied level, and when it begins. */
static uint64_t first_slot(const struct wheel *wheel, unsigned *out_level, unsigned *out_slot)
{
    for (unsigned level = 0; level < WHEEL_LEVELS; level++) {
        if (wheel->used[level] != 0) {
            unsigned slot = (unsigned)__builtin_ctzll(wheel->used[level]);
            unsigned shift = level * WHEEL_BITS;
            uint64_t above = wheel->now_ms >> (shift + WHEEL_BITS) << (shift + WHEEL_BITS);
            *out_level = level;
            *out_slot = slot;
            return above | ((uint64_t)slot << shift);
        }
    }
    return WHEEL_NEVER;
}

uint64_t wheel_next(const struct wheel *wheel)
{
    unsigned level = 0;
    unsigned slot = 0;
    return first_slot(wheel, &level, &slot);
}

/* Time has come to the beginning of this slot: what is due goes to the due list, the rest
 * finds its place in a lower level. */
static void empty_slot(struct wheel *wheel, unsigned level, unsigned slot)
{
    struct list *head = &wheel->slots[level][slot];
    wheel->used[level] &= ~(UINT64_C(1) << slot);
    while (!list_empty(head)) {
        struct timer *timer = LIST_ENTRY(head->next, struct timer, link);
        list_remove(&timer->link);
        if (timer->due_ms <= wheel->now_ms) {
            list_push(&wheel->due, &timer->link);
        } else {
            place(wheel, timer);
        }
    }
}

static void fire(struct wheel *wheel)
{
    while (!list_empty(&wheel->due)) {
        struct timer *timer = LIST_ENTRY(wheel->due.next, struct timer, link);
        list_remove(&timer->link);
        timer->fn(timer);
    }
}

void wheel_advance(struct wheel *wheel, uint64_t now_ms)
{
    for (;;) {
        unsigned level = 0;
        unsigned slot = 0;
        uint64_t begins = first_slot(wheel, &level, &slot);
        if (begins > now_ms) {
            break;
        }
        assert(begins > wheel->now_ms);
        wheel->now_ms = begins;
        empty_slot(wheel, level, slot);
        fire(wheel);
    }
    if (now_ms > wheel->now_ms) {
        wheel->now_ms = now_ms;
    }
}
