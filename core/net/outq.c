#include "net/outq.h"

#include "base/mem.h"

#include <string.h>

/* A part is a slice of one block. `own` marks a block that the queue itself made: the part stands
 * at its beginning, and only such a tail is appended to. */
struct outq_part {
    struct outq_part *next;
    struct block *block;
    const char *ptr;
    size_t len;
    bool own;
};

/* A shared piece this small costs less to copy than to reference; a little more may be
 * copied when the tail has room for it anyway. */
enum { COPY_ALWAYS = 256, COPY_BEHIND = 1024 };

/* Of one frame alone, and as the queue grows. */
enum { FRAME_BLOCK = 512, FIRST_BLOCK = 2048, BUSY_BLOCK = 8192, FLOOD_BLOCK = 32768 };

void outq_init(struct outq *queue)
{
    *queue = (struct outq){0};
}

static void drop_head(struct outq *queue)
{
    struct outq_part *part = queue->head;
    queue->head = part->next;
    if (queue->head == NULL) {
        queue->tail = NULL;
    }
    struct block *block = part->block;
    if (!part->own) {
        mem_free(part);
    }
    block_unref(block);
}

void outq_clear(struct outq *queue)
{
    while (queue->head != NULL) {
        drop_head(queue);
    }
    queue->bytes = 0;
}

static void add_part(struct outq *queue, struct outq_part *part)
{
    if (queue->tail == NULL) {
        queue->head = part;
    } else {
        queue->tail->next = part;
    }
    queue->tail = part;
}

static void add_own(struct outq *queue, size_t size)
{
    struct block *block = block_new(size);
    struct outq_part *part = (struct outq_part *)(void *)block->data;
    block->len = sizeof(*part);
    *part = (struct outq_part){.block = block, .ptr = block->data + sizeof(*part), .own = true};
    add_part(queue, part);
}

static void add_shared(struct outq *queue, struct block *block, struct str bytes)
{
    struct outq_part *part = mem_alloc(sizeof(*part));
    *part = (struct outq_part){.block = block_ref(block), .ptr = bytes.ptr, .len = bytes.len};
    add_part(queue, part);
    queue->bytes += bytes.len;
}

static size_t tail_room(const struct outq *queue)
{
    const struct outq_part *tail = queue->tail;
    return tail != NULL && tail->own ? tail->block->cap - tail->block->len : 0;
}

static void append_to_tail(struct outq *queue, struct str bytes)
{
    struct outq_part *tail = queue->tail;
    memcpy(tail->block->data + tail->block->len, bytes.ptr, bytes.len);
    tail->block->len += bytes.len;
    tail->len += bytes.len;
    queue->bytes += bytes.len;
}

static size_t next_block_size(const struct outq *queue, size_t wanted)
{
    size_t size = FIRST_BLOCK;
    if (queue->bytes + wanted > FLOOD_BLOCK / 2) {
        size = FLOOD_BLOCK;
    } else if (queue->bytes + wanted > FIRST_BLOCK) {
        size = BUSY_BLOCK;
    }
    return size;
}

void outq_copy(struct outq *queue, struct str bytes)
{
    while (bytes.len > 0) {
        size_t room = tail_room(queue);
        if (room == 0) {
            add_own(queue, next_block_size(queue, bytes.len));
            room = tail_room(queue);
        }
        size_t size = bytes.len < room ? bytes.len : room;
        append_to_tail(queue, str_make(bytes.ptr, size));
        bytes = str_from(bytes, size);
    }
}

void outq_share(struct outq *queue, struct str head, struct block *block, struct str bytes)
{
    bool small = bytes.len <= COPY_ALWAYS;
    size_t size = sizeof(struct outq_part) + head.len + bytes.len;
    if (small && queue->tail == NULL && bytes.len > 0 && size <= FRAME_BLOCK) {
        add_own(queue, FRAME_BLOCK);
        append_to_tail(queue, head);
        append_to_tail(queue, bytes);
        return;
    }
    outq_copy(queue, head);
    if (small || (bytes.len <= COPY_BEHIND && bytes.len <= tail_room(queue))) {
        outq_copy(queue, bytes);
    } else {
        add_shared(queue, block, bytes);
    }
}

int outq_peek(const struct outq *queue, struct iovec *out, int max)
{
    int count = 0;
    for (const struct outq_part *part = queue->head; part != NULL && count < max;
         part = part->next) {
        /* struct iovec is not const-correct; nobody writes through it. */
        out[count].iov_base = (void *)(uintptr_t)part->ptr;
        out[count].iov_len = part->len;
        count++;
    }
    return count;
}

void outq_drop(struct outq *queue, size_t size)
{
    if (size > queue->bytes) {
        size = queue->bytes;
    }
    queue->bytes -= size;
    while (queue->head != NULL && size >= queue->head->len) {
        size -= queue->head->len;
        drop_head(queue);
    }
    if (size > 0 && queue->head != NULL) {
        queue->head->ptr += size;
        queue->head->len -= size;
    }
}

size_t outq_read(const struct outq *queue, char *out, size_t size)
{
    size_t copied = 0;
    for (const struct outq_part *part = queue->head; part != NULL && copied < size;
         part = part->next) {
        size_t piece = part->len < size - copied ? part->len : size - copied;
        memcpy(out + copied, part->ptr, piece);
        copied += piece;
    }
    return copied;
}
