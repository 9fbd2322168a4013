#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *or_die(void *ptr, size_t size)
{
    if (ptr == NULL && size > 0) {
        (void)fprintf(stderr, "postern: out of memory (%zu bytes wanted)\n", size);
        abort();
    }
    return ptr;
}

void *mem_alloc(size_t size)
{
    return or_die(malloc(size), size);
}

void *mem_calloc(size_t count, size_t size)
{
    return or_die(calloc(count, size), count * size);
}

void *mem_realloc(void *ptr, size_t size)
{
    return or_die(realloc(ptr, size), size);
}

void *mem_alloc_aligned(size_t align, size_t size)
{
    return memset(or_die(aligned_alloc(align, size), size), 0, size);
}

void mem_free(void *ptr)
{
    free(ptr);
}
