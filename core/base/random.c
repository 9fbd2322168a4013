#include "base/random.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

/* One system call fills the buffer for many ids; spent bytes are wiped. */
static _Thread_local struct {
    unsigned char bytes[512];
    size_t left;
} pool;

static void fill(unsigned char *out, size_t size)
{
    while (size > 0) {
        ssize_t got = getrandom(out, size, 0);
        if (got < 0 && errno != EINTR) {
            perror("postern: getrandom");
            abort();
        }
        if (got > 0) {
            out += got;
            size -= (size_t)got;
        }
    }
}

void random_bytes(void *out, size_t size)
{
    if (size > sizeof(pool.bytes) / 4) {
        fill(out, size);
        return;
    }
    if (pool.left < size) {
        fill(pool.bytes, sizeof(pool.bytes));
        pool.left = sizeof(pool.bytes);
    }
    pool.left -= size;
    memcpy(out, pool.bytes + pool.left, size);
    memset(pool.bytes + pool.left, 0, size);
}

uint64_t random_u64(void)
{
    uint64_t value = 0;
    random_bytes(&value, sizeof(value));
    return value;
}

uint64_t random_below(uint64_t bound)
{
    uint64_t limit = UINT64_MAX - UINT64_MAX % bound;
    uint64_t value = 0;
    do {
        value = random_u64();
    } while (value >= limit);
    return value % bound;
}
