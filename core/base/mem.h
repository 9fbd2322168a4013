/* mem.h - the heap. An allocation never fails: out of memory ends the program.
 *
 * What makes that safe is that everything a client can make bigger is bounded
 * before it is allocated. Any thread.
 */
#ifndef POSTERN_BASE_MEM_H
#define POSTERN_BASE_MEM_H

#include <stddef.h>

void *mem_alloc(size_t size);
void *mem_calloc(size_t count, size_t size);
void *mem_realloc(void *ptr, size_t size);
/* For types aligned beyond max_align_t (to a line of cache); zeroed. */
void *mem_alloc_aligned(size_t align, size_t size);
void mem_free(void *ptr);

/* Memory that is needed soon is asked for at once, not when one line of it leads to the next. */
static inline void mem_prefetch(const void *ptr, size_t size)
{
    for (size_t i = 0; i < size; i += 64) {
        __builtin_prefetch((const char *)ptr + i);
    }
}

/* Heap objects by type: NEW(struct thing) is zeroed. */
#define NEW(type)          ((type *)mem_calloc(1, sizeof(type)))
#define NEW_ARRAY(type, n) ((type *)mem_calloc((n), sizeof(type)))

/* AUTO(thing) x = thing_new(); calls thing_free_auto when x leaves its scope. */
#define AUTO(cleaner) __attribute__((cleanup(cleaner)))

/* The object that a member is embedded in. */
#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

#endif
