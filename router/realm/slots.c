/* slots.c - chunks that never move, a list of free slots through them. */
#include "realm/slots.h"

#include "base/mem.h"

#include <assert.h>

enum { CHUNK_ITEMS = 32 };

#define NO_SLOT UINT32_MAX

void slots_init(struct slots *slots, size_t item_size)
{
    *slots = (struct slots){.item_size = item_size, .first_free = NO_SLOT};
}

void slots_done(struct slots *slots)
{
    for (uint32_t i = 0; i < slots->chunk_count; i++) {
        mem_free(slots->chunks[i]);
    }
    mem_free(slots->chunks);
    slots_init(slots, slots->item_size);
}

static struct slot *slot_at(const struct slots *slots, uint32_t index)
{
    char *chunk = slots->chunks[index / CHUNK_ITEMS];
    return (struct slot *)(void *)(chunk + (index % CHUNK_ITEMS) * slots->item_size);
}

static void slots_grow(struct slots *slots)
{
    assert(slots->chunk_count < NO_SLOT / CHUNK_ITEMS - 1);
    uint32_t count = slots->chunk_count;
    if ((count & (count - 1)) == 0) { /* room for the next power of two */
        size_t cap = count == 0 ? 1 : (size_t)count * 2;
        slots->chunks = mem_realloc(slots->chunks, cap * sizeof(slots->chunks[0]));
    }
    slots->chunks[count] = mem_calloc(CHUNK_ITEMS, slots->item_size);
    slots->chunk_count = count + 1;
    for (uint32_t i = CHUNK_ITEMS; i-- > 0;) {
        uint32_t index = count * CHUNK_ITEMS + i;
        *slot_at(slots, index) = (struct slot){.index = index, .next_free = slots->first_free};
        slots->first_free = index;
    }
}

void *slots_take(struct slots *slots)
{
    if (slots->first_free == NO_SLOT) {
        slots_grow(slots);
    }
    struct slot *slot = slot_at(slots, slots->first_free);
    slots->first_free = slot->next_free;
    slot->generation = slot->generation == UINT32_MAX ? 1 : slot->generation + 1;
    slot->used = 1;
    slots->used++;
    return slot;
}

void slots_release(struct slots *slots, void *item)
{
    struct slot *slot = item;
    assert(slot->used == 1);
    slot->used = 0;
    slot->next_free = slots->first_free;
    slots->first_free = slot->index;
    slots->used--;
}

void *slots_find(const struct slots *slots, uint32_t index, uint32_t generation)
{
    if (index / CHUNK_ITEMS >= slots->chunk_count) {
        return NULL;
    }
    struct slot *slot = slot_at(slots, index);
    return slot->used == 1 && slot->generation == generation ? slot : NULL;
}

void *slots_at(const struct slots *slots, uint32_t index)
{
    return index / CHUNK_ITEMS < slots->chunk_count ? slot_at(slots, index) : NULL;
}
