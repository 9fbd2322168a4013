/* traffic.h - what was answered in each second of the past two minutes: how many, how, how fast.
 *
 * Written by each worker for itself as its requests end, without a timer: a worker's ring has a
 * place for each second, which is emptied when its second begins anew. Read by any thread; a
 * second that has not ended is read as far as it is.
 */
#ifndef POSTERN_PIPELINE_TRAFFIC_H
#define POSTERN_PIPELINE_TRAFFIC_H

#include <stdint.h>

enum {
    TRAFFIC_SECONDS = 120, /* that can be asked for, the present one aside */
    TRAFFIC_CLASSES = 6,   /* 1xx to 5xx by their first digit; 0 is not used */
    TRAFFIC_BUCKETS = 184,
};

struct traffic;

/* Several seconds of all workers together. */
struct traffic_sum {
    uint64_t requests;
    uint64_t classes[TRAFFIC_CLASSES];
    uint64_t buckets[TRAFFIC_BUCKETS];
};

struct traffic *traffic_new(unsigned workers);
void traffic_free(struct traffic *traffic);

/* The second of a time of the monotonic clock. */
static inline uint64_t traffic_second(uint64_t mono_ns)
{
    return mono_ns / 1000000000u;
}

/* On that worker. */
void traffic_count(struct traffic *traffic,
                   unsigned worker,
                   unsigned status,
                   uint64_t begun_ns,
                   uint64_t ended_ns);

/* Adds what was answered from second `from` to `to`, both included. */
void traffic_add(const struct traffic *traffic,
                 uint64_t from,
                 uint64_t to,
                 struct traffic_sum *sum);
/* What so many of a hundred requests took at most, in nanoseconds, within 7 %; 0 without any. */
uint64_t traffic_percentile(const struct traffic_sum *sum, unsigned percent);

#endif
