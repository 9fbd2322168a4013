/* counters.h - what the pipeline counts: requests and their time, by API and status class. */
#ifndef POSTERN_PIPELINE_COUNTERS_H
#define POSTERN_PIPELINE_COUNTERS_H

#include <stdint.h>

struct route;

void counters_setup(void);
/* A request has begun; counters_exchange says how it ended. */
void counters_begin(void);
/* `route` is NULL for requests that matched none. */
void counters_exchange(const struct route *route, unsigned status, uint64_t took_ns);
/* On each worker as it stops: gives back what the thread kept. */
void counters_done(void);

#endif
