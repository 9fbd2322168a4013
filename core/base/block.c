#include "base/block.h"

#include "base/mem.h"

#include <string.h>

static const size_t classes[] = {512, 2048, 8192, 32768};
enum { CLASSES = sizeof(classes) / sizeof(classes[0]), NO_POOL = 255, POOL_BYTES = 1 << 20 };
/* Of the smallest: one event to thousands of connections takes a block for each. */
enum { SMALL_POOL_BYTES = 4 << 20 };

static _Thread_local struct {
    struct block *free;
    size_t bytes;
} pools[CLASSES];

struct block *block_new(size_t cap)
{
    unsigned class = 0;
    while (class < CLASSES && classes[class] < cap) {
        class ++;
    }
    struct block *block = NULL;
    if (class < CLASSES && pools[class].free != NULL) {
        block = pools[class].free;
        pools[class].free = block->next_free;
        pools[class].bytes -= block->cap;
    } else {
        size_t size = class < CLASSES ? classes[class] : cap;
        block = mem_alloc(sizeof(*block) + size);
        block->cap = size;
        block->pool = class < CLASSES ? (uint8_t) class : (uint8_t)NO_POOL;
    }
    atomic_init(&block->refs, 1);
    block->len = 0;
    block->next_free = NULL;
    return block;
}

struct block *block_of(struct str bytes)
{
    struct block *block = block_new(bytes.len);
    if (bytes.len > 0) {
        memcpy(block->data, bytes.ptr, bytes.len);
    }
    block->len = bytes.len;
    return block;
}

struct block *block_ref(struct block *block)
{
    (void)atomic_fetch_add_explicit(&block->refs, 1, memory_order_relaxed);
    return block;
}

void block_unref(struct block *block)
{
    if (block == NULL || atomic_fetch_sub_explicit(&block->refs, 1, memory_order_acq_rel) != 1) {
        return;
    }
    unsigned class = block->pool;
    size_t max = class == 0 ? SMALL_POOL_BYTES : POOL_BYTES;
    if (class == NO_POOL || pools[class].bytes + block->cap > max) {
        mem_free(block);
        return;
    }
    block->next_free = pools[class].free;
    pools[class].free = block;
    pools[class].bytes += block->cap;
}

void block_pool_free(void)
{
    for (unsigned i = 0; i < CLASSES; i++) {
        while (pools[i].free != NULL) {
            struct block *block = pools[i].free;
            pools[i].free = block->next_free;
            mem_free(block);
        }
        pools[i].bytes = 0;
    }
}
