/* cell.c - the numbers of one series, and counting in them.
 *
 * A thread that has a shard to itself adds by a plain load and store (relaxed
 * atomics, so that the renderer may read meanwhile); the threads that share the
 * last shard add by a read-modify-write. No order is needed: nothing is concluded
 * from one number about another.
 */
#include "metrics/metrics_inside.h"

#include <assert.h>
#include <string.h>

const struct metric_bound metric_bounds[METRIC_BOUNDS] = {
    {500000u, "0.0005"},  {1000000u, "0.001"},  {2500000u, "0.0025"}, {5000000u, "0.005"},
    {10000000u, "0.01"},  {25000000u, "0.025"}, {50000000u, "0.05"},  {100000000u, "0.1"},
    {250000000u, "0.25"}, {500000000u, "0.5"},  {1000000000u, "1"},   {2500000000u, "2.5"},
    {5000000000u, "5"},   {10000000000u, "10"}, {30000000000u, "30"},
};

static atomic_size_t threads;
static _Thread_local size_t my_shard = SIZE_MAX;

static size_t shard_index(void)
{
    if (my_shard == SIZE_MAX) {
        size_t number = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed);
        my_shard = number < METRIC_SHARDS - 1 ? number : METRIC_SHARDS - 1;
    }
    return my_shard;
}

static size_t stride_of(enum metric_kind kind)
{
    size_t counts = kind == METRIC_HISTOGRAM ? METRIC_BOUNDS + 1 : 0;
    size_t size = offsetof(struct metric_shard, counts) + counts * sizeof(atomic_uint_least64_t);
    size_t align = alignof(struct metric_shard);
    return (size + align - 1) / align * align;
}

struct metric_cell *cell_new(struct metric *metric, const struct str *values, struct str key)
{
    struct metric_cell *cell = NEW(struct metric_cell);
    cell->metric = metric;
    cell->key = str_make(str_dup(key), key.len);
    if (metric->label_count > 0) {
        cell->values = NEW_ARRAY(struct str, metric->label_count);
    }
    for (size_t i = 0; i < metric->label_count; i++) {
        cell->values[i] = str_make(str_dup(values[i]), values[i].len);
    }
    cell->stride = stride_of(metric->kind);
    cell->shards = mem_alloc_aligned(alignof(struct metric_shard), METRIC_SHARDS * cell->stride);
    list_push(&metric->cells, &cell->link);
    return cell;
}

static void free_str(struct str s)
{
    mem_free((void *)(uintptr_t)s.ptr); /* ours, by str_dup */
}

void cell_free(struct metric_cell *cell)
{
    for (size_t i = 0; i < cell->metric->label_count; i++) {
        free_str(cell->values[i]);
    }
    list_remove(&cell->link);
    free_str(cell->key);
    mem_free(cell->values);
    mem_free(cell->shards);
    mem_free(cell);
}

struct metric_shard *cell_shard(const struct metric_cell *cell, size_t index)
{
    return (struct metric_shard *)(void *)(cell->shards + index * cell->stride);
}

uint64_t cell_sum(const struct metric_cell *cell)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < METRIC_SHARDS; i++) {
        sum += atomic_load_explicit(&cell_shard(cell, i)->sum, memory_order_relaxed);
    }
    return sum;
}

static void add(atomic_uint_least64_t *number, size_t shard, uint64_t by)
{
    if (shard < METRIC_SHARDS - 1) {
        uint64_t now = atomic_load_explicit(number, memory_order_relaxed);
        atomic_store_explicit(number, now + by, memory_order_relaxed);
    } else {
        (void)atomic_fetch_add_explicit(number, by, memory_order_relaxed);
    }
}

void metric_add(struct metric_cell *counter, uint64_t by)
{
    assert(counter->metric->kind == METRIC_COUNTER);
    size_t shard = shard_index();
    add(&cell_shard(counter, shard)->sum, shard, by);
}

/* A gauge can be set, so it has one place; negative numbers wrap and wrap back. */
void metric_gauge_set(struct metric_cell *gauge, int64_t value)
{
    assert(gauge->metric->kind == METRIC_GAUGE);
    atomic_store_explicit(&cell_shard(gauge, 0)->sum, (uint64_t)value, memory_order_relaxed);
}

void metric_gauge_add(struct metric_cell *gauge, int64_t by)
{
    assert(gauge->metric->kind == METRIC_GAUGE);
    (void)atomic_fetch_add_explicit(&cell_shard(gauge, 0)->sum, (uint64_t)by, memory_order_relaxed);
}

void metric_observe_ns(struct metric_cell *histogram, uint64_t ns)
{
    assert(histogram->metric->kind == METRIC_HISTOGRAM);
    size_t bucket = 0;
    while (bucket < METRIC_BOUNDS && ns > metric_bounds[bucket].ns) {
        bucket++;
    }
    size_t shard = shard_index();
    struct metric_shard *mine = cell_shard(histogram, shard);
    add(&mine->sum, shard, ns);
    add(&mine->counts[bucket], shard, 1);
}
