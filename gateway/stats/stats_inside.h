/* stats_inside.h - samples and viewers as the files of gateway/stats see them. */
#ifndef POSTERN_STATS_STATS_INSIDE_H
#define POSTERN_STATS_STATS_INSIDE_H

#include "base/block.h"
#include "base/list.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "stats/stats.h"
#include "store/store.h"

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

enum { SAMPLE_RING = 128, SAMPLE_ROWS = 7, LINGER_MS = 120000, EVENT_MAX = 64 << 10 };

/* A row of what is sampled from the metrics. */
struct sample_row {
    const char *name; /* in JSON */
    const char *metric;
    bool rate; /* a counter, told as how much a second */
};
extern const struct sample_row sample_rows[SAMPLE_ROWS];

/* Of one second, taken at its end. */
struct sample {
    uint64_t mark; /* 1 more than the second; 0: there is none */
    uint64_t at_ns;
    int64_t totals[SAMPLE_ROWS];
    double rates[SAMPLE_ROWS]; /* negative: unknown, as nobody looked before */
    uint64_t rss_bytes;
    uint64_t cpu_ns;     /* of the process, and of each worker */
    uint64_t *worker_ns; /* one a worker */
    double cpu;          /* how much of a CPU; negative: unknown */
    double *workers;
    bool store_known;
    struct store_state store;
};

/* What a worker has of it. */
struct stats_worker {
    struct list viewers;
    atomic_uint count; /* of them */
    bool stopping;
    clockid_t clock; /* of its CPU time */
    struct post shutdown;
};

struct stats {
    struct stats_options options;
    unsigned worker_count;
    struct stats_worker *workers;
    char *node; /* its name as JSON */
    uint64_t begun_ms;
    uint64_t epoch;       /* what is added to a second of the monotonic clock: seconds since 1970 */
    pthread_mutex_t lock; /* of the samples */
    struct sample samples[SAMPLE_RING];
    uint64_t latest;    /* its mark; 0: none yet */
    struct timer timer; /* on worker 0, while `running` */
    struct post start;
    atomic_bool running;
    atomic_uint viewers; /* of all workers */
    atomic_uint_least64_t looked_ms;
};

/* The second that ended last. */
uint64_t stats_second(void);
/* Somebody looks: sampling goes on, or begins. */
void stats_look(struct stats *stats);

/* sample.c. Takes the sample of the second that ended last, unless it is there. */
void sample_take(struct stats *stats);

/* render.c. The first of so many seconds up to this one, but none before the start. */
uint64_t stats_history_begin(const struct stats *stats, uint64_t second, unsigned seconds);
/* Everything of one second; without `whole` not the minute before it. */
void stats_put_point(struct stats *stats, uint64_t second, bool whole, struct buf *out);

/* viewers.c */
void viewers_init(struct stats *stats);
/* The event of a second, to all; on worker 0. */
void viewers_tell(struct stats *stats, uint64_t second);

#endif
