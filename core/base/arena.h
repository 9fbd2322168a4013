/* arena.h - memory of one undertaking (an exchange, a compilation), freed at once.
 *
 * Owned by one thread at a time. Nothing is freed singly. Foreign things that
 * must be released with the arena are attached by arena_defer and run in reverse
 * order. Bounded: beyond `max` bytes arena_alloc ends the program, so whoever
 * takes sizes from a client checks arena_room first.
 */
#ifndef POSTERN_BASE_ARENA_H
#define POSTERN_BASE_ARENA_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;
struct arena_deferred;

struct arena {
    struct arena_chunk *chunk;
    struct arena_deferred *deferred;
    size_t used;
    size_t max;
};

typedef void (*arena_defer_fn)(void *ptr);

void arena_init(struct arena *arena, size_t max);
void arena_done(struct arena *arena);  /* runs what was deferred, frees everything */
void arena_reset(struct arena *arena); /* as done, but ready for use again */
/* Gives the calling thread's pooled chunks back; the last thing a thread does. */
void arena_pool_free(void);

bool arena_room(const struct arena *arena, size_t size);
void *arena_alloc(struct arena *arena, size_t size); /* aligned for any type, not zeroed */
void *arena_calloc(struct arena *arena, size_t size);
struct str arena_str(struct arena *arena, struct str s); /* a copy, with a NUL behind it */
char *arena_cstr(struct arena *arena, struct str s);
struct str arena_printf(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
void arena_defer(struct arena *arena, arena_defer_fn fn, void *ptr);

#define ARENA_NEW(arena, type)          ((type *)arena_calloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_calloc((arena), (count) * sizeof(type)))

#endif
