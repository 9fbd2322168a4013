/* tally.c - see tally.h. */
#include "tally.h"

#include <stdio.h>

void tally_add(struct tally *tally, uint64_t took_us)
{
    tally->took_us[took_us < SLOWEST_US ? took_us : SLOWEST_US]++;
    tally->ops++;
}

static unsigned long long percentile(const struct tally *tally, double share)
{
    uint64_t below = (uint64_t)((double)tally->ops * share);
    for (uint64_t us = 0, seen = 0; us < SLOWEST_US; us++) {
        seen += tally->took_us[us];
        if (seen > below) {
            return us;
        }
    }
    return SLOWEST_US;
}

void tally_print(const struct tally *tally, uint64_t took_us)
{
    (void)printf("{\"ops\": %llu, \"seconds\": %.3f, \"p50_us\": %llu, \"p99_us\": %llu}\n",
                 (unsigned long long)tally->ops, (double)took_us / 1e6, percentile(tally, 0.5),
                 percentile(tally, 0.99));
}
