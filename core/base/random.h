/* random.h - unpredictable numbers from the kernel, buffered per thread. */
#ifndef POSTERN_BASE_RANDOM_H
#define POSTERN_BASE_RANDOM_H

#include <stddef.h>
#include <stdint.h>

void random_bytes(void *out, size_t size);
uint64_t random_u64(void);
/* Uniform in [0, bound). */
uint64_t random_below(uint64_t bound);

#endif
