/* slots.h - a table of objects that are named from afar: slot number and generation.
 *
 * A handle that outlived its object finds nothing, however often the slot has
 * been used since. Objects never move and are used again, as they were left, so
 * taking one costs no allocation. One worker's.
 */
#ifndef POSTERN_REALM_SLOTS_H
#define POSTERN_REALM_SLOTS_H

#include <stddef.h>
#include <stdint.h>

/* First member of every object in a table. */
struct slot {
    uint32_t index;
    uint32_t generation; /* never 0; another one each time the slot is taken */
    uint32_t next_free;
    uint32_t used;
};

struct slots {
    size_t item_size;
    char **chunks;
    uint32_t chunk_count;
    uint32_t first_free;
    uint32_t used;
};

/* Names a slot of some worker. generation 0: none. */
struct handle {
    uint32_t worker;
    uint32_t slot;
    uint32_t generation;
};

void slots_init(struct slots *slots, size_t item_size);
void slots_done(struct slots *slots);

/* Zeroed (behind the slot) when it was never used before, else as it was left. */
void *slots_take(struct slots *slots);
void slots_release(struct slots *slots, void *item);
/* NULL unless that very object is still there. */
void *slots_find(const struct slots *slots, uint32_t index, uint32_t generation);
/* Every object that ever was, for releasing what they keep; NULL past the last. */
void *slots_at(const struct slots *slots, uint32_t index);

#endif
