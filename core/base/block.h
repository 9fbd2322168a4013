/* block.h - bytes shared by several owners, counted atomically, pooled per thread.
 *
 * What crosses a worker or waits in a queue is copied once into a block; every
 * receiver holds a reference. Written only while there is one reference. Any
 * thread may take or drop references; the last one returns it to its own pool.
 */
#ifndef POSTERN_BASE_BLOCK_H
#define POSTERN_BASE_BLOCK_H

#include "base/str.h"

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

struct block {
    atomic_uint refs;
    uint8_t pool; /* size class, for block.c */
    size_t cap;
    size_t len;
    struct block *next_free; /* for block.c */
    char data[];
};

/* At least `cap` bytes of room, len 0, one reference. */
struct block *block_new(size_t cap);
struct block *block_of(struct str bytes); /* a copy */
struct block *block_ref(struct block *block);
void block_unref(struct block *block); /* NULL is fine */
/* Gives the calling thread's pool back; the last thing a thread does. */
void block_pool_free(void);

static inline struct str block_str(const struct block *block)
{
    return (struct str){block->data, block->len};
}

#endif
