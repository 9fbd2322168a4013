/* render.c - Prometheus' text format, version 0.0.4. */
#include "metrics/metrics_inside.h"

#include <inttypes.h>

static const char *const kind_names[] = {
    [METRIC_COUNTER] = "counter", [METRIC_GAUGE] = "gauge", [METRIC_HISTOGRAM] = "histogram"};

static void put_escaped(struct buf *out, struct str text, bool quoted)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (c == '\n') {
            (void)buf_append(out, STR("\\n"));
        } else if (c == '\\' || (quoted && c == '"')) {
            (void)buf_byte(out, '\\');
            (void)buf_byte(out, c);
        } else {
            (void)buf_byte(out, c);
        }
    }
}

static void put_head(struct buf *out, const struct metric *metric)
{
    (void)buf_printf(out, "# HELP %s ", metric->name);
    put_escaped(out, str_of(metric->help), false);
    (void)buf_printf(out, "\n# TYPE %s %s\n", metric->name, kind_names[metric->kind]);
}

/* name<suffix>{labels,le="..."} and a blank; `le` may be NULL. */
static void
put_series(struct buf *out, const struct metric_cell *cell, const char *suffix, const char *le)
{
    const struct metric *metric = cell->metric;
    (void)buf_printf(out, "%s%s", metric->name, suffix);
    char before = '{';
    for (size_t i = 0; i < metric->label_count; i++) {
        (void)buf_printf(out, "%c%s=\"", before, metric->labels[i]);
        put_escaped(out, cell->values[i], true);
        (void)buf_byte(out, '"');
        before = ',';
    }
    if (le != NULL) {
        (void)buf_printf(out, "%cle=\"%s\"", before, le);
        before = ',';
    }
    (void)buf_append(out, before == ',' ? STR("} ") : STR(" "));
}

static uint64_t count_of(const struct metric_cell *cell, size_t bucket)
{
    uint64_t count = 0;
    for (size_t i = 0; i < METRIC_SHARDS; i++) {
        count += atomic_load_explicit(&cell_shard(cell, i)->counts[bucket], memory_order_relaxed);
    }
    return count;
}

/* The count is the sum of the buckets as read, so the two agree at any moment. */
static void put_histogram(struct buf *out, const struct metric_cell *cell)
{
    uint64_t count = 0;
    for (size_t i = 0; i <= METRIC_BOUNDS; i++) {
        count += count_of(cell, i);
        put_series(out, cell, "_bucket", i < METRIC_BOUNDS ? metric_bounds[i].text : "+Inf");
        (void)buf_printf(out, "%" PRIu64 "\n", count);
    }
    uint64_t ns = cell_sum(cell);
    put_series(out, cell, "_sum", NULL);
    (void)buf_printf(out, "%" PRIu64 ".%09" PRIu64 "\n", ns / 1000000000u, ns % 1000000000u);
    put_series(out, cell, "_count", NULL);
    (void)buf_printf(out, "%" PRIu64 "\n", count);
}

static void put_cell(struct buf *out, const struct metric_cell *cell)
{
    switch (cell->metric->kind) {
    case METRIC_COUNTER:
        put_series(out, cell, "", NULL);
        (void)buf_printf(out, "%" PRIu64 "\n", cell_sum(cell));
        break;
    case METRIC_GAUGE:
        put_series(out, cell, "", NULL);
        (void)buf_printf(out, "%" PRId64 "\n", (int64_t)cell_sum(cell));
        break;
    case METRIC_HISTOGRAM:
        put_histogram(out, cell);
        break;
    }
}

static void put_family(struct buf *out, const struct metric *metric)
{
    if (metric->read != NULL) {
        put_head(out, metric);
        (void)buf_printf(out, "%s %" PRId64 "\n", metric->name, metric->read(metric->ctx));
        return;
    }
    if (list_empty(&metric->cells)) {
        return;
    }
    put_head(out, metric);
    LIST_FOREACH (node, &metric->cells) {
        put_cell(out, LIST_ENTRY(node, struct metric_cell, link));
    }
}

void metrics_render(struct buf *out)
{
    (void)pthread_mutex_lock(&metric_registry.lock);
    for (size_t i = 0; i < metric_registry.count; i++) {
        put_family(out, metric_registry.families[i]);
    }
    (void)pthread_mutex_unlock(&metric_registry.lock);
}
