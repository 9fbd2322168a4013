/* tally.h - how long operations took, to the microsecond, and what a load prints at its end. */
#pragma once
#include <stdint.h>

enum { SLOWEST_US = 4000000 };

struct tally {
    uint64_t ops;
    uint32_t took_us[SLOWEST_US + 1]; /* how many took so long */
};

void tally_add(struct tally *tally, uint64_t took_us);
void tally_print(const struct tally *tally, uint64_t took_us); /* of the whole run; JSON */
