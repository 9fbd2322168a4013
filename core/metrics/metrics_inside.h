/* metrics_inside.h - families and cells as the files of core/metrics see them.
 *
 * The registry and the lists hang off one lock; the numbers of a cell are atomics.
 */
#ifndef POSTERN_METRICS_METRICS_INSIDE_H
#define POSTERN_METRICS_METRICS_INSIDE_H

#include "base/list.h"
#include "base/map.h"
#include "metrics/metrics.h"

#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>

/* Each of the first threads counts in a shard of its own, the others share the last. */
enum { METRIC_SHARDS = 16, METRIC_BOUNDS = 15 };

enum metric_kind { METRIC_COUNTER, METRIC_GAUGE, METRIC_HISTOGRAM };

struct metric_bound {
    uint64_t ns;
    const char *text; /* in seconds, as rendered */
};

extern const struct metric_bound metric_bounds[METRIC_BOUNDS];

/* One thread's part of a series, on lines of cache of its own. A counter and a gauge use
 * `sum` alone; a histogram adds up nanoseconds in it. */
struct metric_shard {
    alignas(64) atomic_uint_least64_t sum;
    atomic_uint_least64_t counts[];
};

struct metric_cell {
    struct list link;
    struct metric *metric;
    struct str *values;
    struct str key;
    size_t stride; /* bytes from shard to shard */
    unsigned char *shards;
};

struct metric {
    const char *name;
    const char *help;
    enum metric_kind kind;
    const char *labels[METRIC_LABELS_MAX];
    size_t label_count;
    metric_read_fn read;
    void *ctx;
    struct map by_key;
    struct list cells; /* in the order in which they were made */
    struct metric_cell *other;
};

struct metric_registry {
    pthread_mutex_t lock;
    struct metric *families[METRIC_FAMILIES_MAX];
    size_t count;
};

extern struct metric_registry metric_registry;

struct metric_cell *cell_new(struct metric *metric, const struct str *values, struct str key);
void cell_free(struct metric_cell *cell);
/* Of a counter or a gauge; the nanoseconds of a histogram. */
uint64_t cell_sum(const struct metric_cell *cell);
struct metric_shard *cell_shard(const struct metric_cell *cell, size_t index);

#endif
