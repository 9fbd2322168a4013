/* metrics.h - counters, gauges and histograms, rendered for Prometheus.
 *
 * A family is registered once by the module that owns it; a cell is one series of
 * it, with one value per label:
 *
 *     requests = metric_counter("postern_http_requests_total", "requests answered",
 *                               "method", "status", NULL);
 *     cell = METRIC_CELL(requests, STR("GET"), STR("200"));
 *     metric_add(cell, 1);
 *
 * Cells are found once and kept (they live until metrics_free). Counting is free of
 * locks and, on all but a few late threads, of contention. Any thread.
 *
 * A family keeps at most METRIC_SERIES_MAX series: label values that come from
 * outside cannot fill memory. What comes later is counted in the series "other".
 */
#ifndef POSTERN_METRICS_METRICS_H
#define POSTERN_METRICS_METRICS_H

#include "base/buf.h"
#include "base/mem.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    METRIC_FAMILIES_MAX = 256,
    METRIC_LABELS_MAX = 6,
    METRIC_SERIES_MAX = 1000,
    METRIC_VALUE_MAX = 128, /* bytes of a label's value; the rest is cut off */
};

struct metric;
struct metric_cell;

/* After `help` come the names of the labels, then NULL. A name that is registered already
 * gives the same family; it must be of the same kind. */
struct metric *metric_counter(const char *name, const char *help, ...) __attribute__((sentinel));
struct metric *metric_gauge(const char *name, const char *help, ...) __attribute__((sentinel));
/* Of durations, in seconds from 0.5 ms to 30 s. */
struct metric *metric_histogram(const char *name, const char *help, ...) __attribute__((sentinel));

/* A gauge that is asked when it is rendered; `read` is called on the rendering thread and
 * may not call back into this module. */
typedef int64_t (*metric_read_fn)(void *ctx);
void metric_gauge_read(const char *name, const char *help, metric_read_fn read, void *ctx);

/* As many values as the family has labels. */
struct metric_cell *metric_cell(struct metric *metric, const struct str *values, size_t count);
#define METRIC_CELL(metric, ...)                             \
    metric_cell((metric), (const struct str[]){__VA_ARGS__}, \
                COUNT_OF(((const struct str[]){__VA_ARGS__})))
/* The one series of a family without labels. */
struct metric_cell *metric_only(struct metric *metric);

void metric_add(struct metric_cell *counter, uint64_t by);
void metric_gauge_set(struct metric_cell *gauge, int64_t value);
void metric_gauge_add(struct metric_cell *gauge, int64_t by);
void metric_observe_ns(struct metric_cell *histogram, uint64_t ns);

/* The sum of all series of a counter or a gauge that counts, by its name; false when there is none.
 * For who looks now and then. */
bool metric_total(const char *name, int64_t *out);

/* Text format 0.0.4, appended. Numbers of one family are read one after the other while
 * others count on; each series of a histogram agrees with itself. */
#define METRICS_CONTENT_TYPE "text/plain; version=0.0.4; charset=utf-8"
void metrics_render(struct buf *out);

/* Forgets all families; when no thread counts any more. */
void metrics_free(void);

#endif
