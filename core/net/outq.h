/* outq.h - a connection's output: a bounded list of block references, empty when idle.
 *
 * Small pieces are copied into the tail block, big ones referenced. One owner,
 * one worker. Holds no memory while empty.
 */
#ifndef POSTERN_NET_OUTQ_H
#define POSTERN_NET_OUTQ_H

#include "base/block.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

struct outq_part;

struct outq {
    struct outq_part *head;
    struct outq_part *tail;
    size_t bytes;
};

void outq_init(struct outq *queue);
void outq_clear(struct outq *queue);
void outq_copy(struct outq *queue, struct str bytes);
/* A copy of `head` and a reference to bytes of `block` (the queue takes one of its own). */
void outq_share(struct outq *queue, struct str head, struct block *block, struct str bytes);
/* Up to `max` pieces from the front, and the removal of `size` bytes that were written. */
int outq_peek(const struct outq *queue, struct iovec *out, int max);
void outq_drop(struct outq *queue, size_t size);
/* Copies up to `size` bytes from the front into `out` without removing them. */
size_t outq_read(const struct outq *queue, char *out, size_t size);

#endif
