#include "base/arena.h"

#include "base/mem.h"

#include <assert.h>
#include <stdalign.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { CHUNK_SIZE = 4096, CHUNK_MAX = 1 << 20, POOL_MAX = 64 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t cap;
    size_t len;
    alignas(max_align_t) char data[];
};

struct arena_deferred {
    struct arena_deferred *next;
    arena_defer_fn fn;
    void *ptr;
};

/* Chunks of the usual size wait here for the thread's next arena. */
static _Thread_local struct {
    struct arena_chunk *free;
    unsigned count;
} pool;

static struct arena_chunk *chunk_new(size_t cap)
{
    struct arena_chunk *chunk = NULL;
    if (cap == CHUNK_SIZE && pool.free != NULL) {
        chunk = pool.free;
        pool.free = chunk->next;
        pool.count--;
    } else {
        chunk = mem_alloc(sizeof(*chunk) + cap);
        chunk->cap = cap;
    }
    chunk->len = 0;
    chunk->next = NULL;
    return chunk;
}

static void chunk_free(struct arena_chunk *chunk)
{
    if (chunk->cap == CHUNK_SIZE && pool.count < POOL_MAX) {
        chunk->next = pool.free;
        pool.free = chunk;
        pool.count++;
    } else {
        mem_free(chunk);
    }
}

void arena_pool_free(void)
{
    while (pool.free != NULL) {
        struct arena_chunk *chunk = pool.free;
        pool.free = chunk->next;
        mem_free(chunk);
    }
    pool.count = 0;
}

void arena_init(struct arena *arena, size_t max)
{
    *arena = (struct arena){.max = max};
}

void arena_done(struct arena *arena)
{
    for (struct arena_deferred *d = arena->deferred; d != NULL; d = d->next) {
        d->fn(d->ptr);
    }
    struct arena_chunk *next = NULL;
    for (struct arena_chunk *chunk = arena->chunk; chunk != NULL; chunk = next) {
        next = chunk->next;
        chunk_free(chunk);
    }
    arena_init(arena, arena->max);
}

void arena_reset(struct arena *arena)
{
    arena_done(arena);
}

bool arena_room(const struct arena *arena, size_t size)
{
    return size <= arena->max - arena->used;
}

/* An arena that has grown large takes larger chunks, so that what was allocated together lies
 * together in memory. */
static size_t next_cap(const struct arena *arena)
{
    size_t cap = arena->used / 4;
    return cap < 4 * (size_t)CHUNK_SIZE ? CHUNK_SIZE : cap > CHUNK_MAX ? CHUNK_MAX : cap;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    size_t align = alignof(max_align_t);
    size_t rounded = (size + align - 1) & ~(align - 1);
    assert(rounded >= size && arena_room(arena, size) && "arena: size not checked by its owner");
    struct arena_chunk *chunk = arena->chunk;
    if (chunk == NULL || chunk->cap - chunk->len < rounded) {
        struct arena_chunk *fresh = chunk_new(rounded > CHUNK_SIZE / 2 ? rounded : next_cap(arena));
        if (chunk != NULL && rounded > CHUNK_SIZE / 2) {
            /* A big one stands behind the open chunk, whose rest stays usable. */
            fresh->next = chunk->next;
            chunk->next = fresh;
        } else {
            fresh->next = chunk;
            arena->chunk = fresh;
        }
        chunk = fresh;
    }
    void *ptr = chunk->data + chunk->len;
    chunk->len += rounded;
    arena->used += rounded < arena->max - arena->used ? rounded : arena->max - arena->used;
    return ptr;
}

void *arena_calloc(struct arena *arena, size_t size)
{
    void *ptr = arena_alloc(arena, size);
    return size == 0 ? ptr : memset(ptr, 0, size);
}

char *arena_cstr(struct arena *arena, struct str s)
{
    char *copy = arena_alloc(arena, s.len + 1);
    if (s.len > 0) {
        memcpy(copy, s.ptr, s.len);
    }
    copy[s.len] = '\0';
    return copy;
}

struct str arena_str(struct arena *arena, struct str s)
{
    return str_make(arena_cstr(arena, s), s.len);
}

struct str arena_printf(struct arena *arena, const char *format, ...)
{
    va_list args;
    va_list again;
    va_start(args, format);
    va_copy(again, args);
    int len = vsnprintf(NULL, 0, format, args);
    va_end(args);
    assert(len >= 0);
    char *text = arena_alloc(arena, (size_t)len + 1);
    (void)vsnprintf(text, (size_t)len + 1, format, again);
    va_end(again);
    return str_make(text, (size_t)len);
}

void arena_defer(struct arena *arena, arena_defer_fn fn, void *ptr)
{
    struct arena_deferred *d = arena_alloc(arena, sizeof(*d));
    *d = (struct arena_deferred){.next = arena->deferred, .fn = fn, .ptr = ptr};
    arena->deferred = d;
}
