/* metrics.c - the registry: families by name, series by label values. */
#include "metrics/metrics.h"

#include "base/utf8.h"
#include "metrics/metrics_inside.h"

#include <assert.h>
#include <stdarg.h>
#include <string.h>

struct metric_registry metric_registry = {.lock = PTHREAD_MUTEX_INITIALIZER};

/* Names are ours, not a client's: a wrong one is a mistake in the program. */
static bool name_ok(const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
    return name[0] != '\0' && strchr(letters, name[0]) != NULL &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789") ==
               strlen(name);
}

static struct metric *find_family(const char *name)
{
    for (size_t i = 0; i < metric_registry.count; i++) {
        if (strcmp(metric_registry.families[i]->name, name) == 0) {
            return metric_registry.families[i];
        }
    }
    return NULL;
}

static void take_labels(struct metric *metric, va_list labels)
{
    const char *label = NULL;
    while ((label = va_arg(labels, const char *)) != NULL) {
        assert(metric->label_count < METRIC_LABELS_MAX);
        assert(name_ok(label) && strcmp(label, "le") != 0 && strncmp(label, "__", 2) != 0);
        metric->labels[metric->label_count++] = label;
    }
}

/* With the registry's lock held. A family without labels has its series from the start, so
 * that a count of nothing is shown as 0. */
static struct metric *family_new(const char *name, const char *help, enum metric_kind kind)
{
    assert(name_ok(name) && metric_registry.count < METRIC_FAMILIES_MAX);
    struct metric *metric = NEW(struct metric);
    metric->name = name;
    metric->help = help;
    metric->kind = kind;
    map_init(&metric->by_key);
    list_init(&metric->cells);
    metric_registry.families[metric_registry.count++] = metric;
    return metric;
}

static struct metric *
family(const char *name, const char *help, enum metric_kind kind, va_list labels)
{
    (void)pthread_mutex_lock(&metric_registry.lock);
    struct metric *metric = find_family(name);
    if (metric == NULL) {
        metric = family_new(name, help, kind);
        take_labels(metric, labels);
        if (metric->label_count == 0) {
            (void)cell_new(metric, NULL, STR_EMPTY);
        }
    }
    assert(metric->kind == kind && metric->read == NULL);
    (void)pthread_mutex_unlock(&metric_registry.lock);
    return metric;
}

struct metric *metric_counter(const char *name, const char *help, ...)
{
    va_list labels;
    va_start(labels, help);
    struct metric *metric = family(name, help, METRIC_COUNTER, labels);
    va_end(labels);
    return metric;
}

struct metric *metric_gauge(const char *name, const char *help, ...)
{
    va_list labels;
    va_start(labels, help);
    struct metric *metric = family(name, help, METRIC_GAUGE, labels);
    va_end(labels);
    return metric;
}

struct metric *metric_histogram(const char *name, const char *help, ...)
{
    va_list labels;
    va_start(labels, help);
    struct metric *metric = family(name, help, METRIC_HISTOGRAM, labels);
    va_end(labels);
    return metric;
}

void metric_gauge_read(const char *name, const char *help, metric_read_fn read, void *ctx)
{
    (void)pthread_mutex_lock(&metric_registry.lock);
    struct metric *metric = find_family(name);
    if (metric == NULL) {
        metric = family_new(name, help, METRIC_GAUGE);
    }
    assert(metric->kind == METRIC_GAUGE && list_empty(&metric->cells));
    metric->read = read;
    metric->ctx = ctx;
    (void)pthread_mutex_unlock(&metric_registry.lock);
}

/* A value as it will be shown: cut to its bound, and what is no UTF-8 replaced, because one
 * such byte makes the whole page unreadable for Prometheus. */
static void put_value(struct buf *out, struct str value)
{
    size_t used = 0;
    while (value.len > 0) {
        size_t len = utf8_len(value);
        struct str shown = len > 0 ? str_sub(value, 0, len) : STR("\xef\xbf\xbd");
        used += shown.len;
        if (used > METRIC_VALUE_MAX) {
            return;
        }
        (void)buf_append(out, shown);
        value = str_from(value, len > 0 ? len : 1);
    }
}

enum { KEY_MAX = METRIC_LABELS_MAX * (METRIC_VALUE_MAX + 1) };

/* The values one behind the other, each ended by a byte that UTF-8 does not have. */
static void put_key(struct buf *key, const struct str *values, size_t count, struct str *out_clean)
{
    size_t ends[METRIC_LABELS_MAX];
    for (size_t i = 0; i < count; i++) {
        put_value(key, values[i]);
        ends[i] = key->len;
        (void)buf_byte(key, '\xff');
    }
    size_t begin = 0;
    for (size_t i = 0; i < count; i++) {
        out_clean[i] = str_make(key->ptr + begin, ends[i] - begin);
        begin = ends[i] + 1;
    }
}

static struct metric_cell *other_cell(struct metric *metric)
{
    if (metric->other == NULL) {
        struct str values[METRIC_LABELS_MAX];
        for (size_t i = 0; i < metric->label_count; i++) {
            values[i] = STR("other");
        }
        metric->other = cell_new(metric, values, STR("other"));
    }
    return metric->other;
}

struct metric_cell *metric_cell(struct metric *metric, const struct str *values, size_t count)
{
    assert(count == metric->label_count && count > 0);
    struct str clean[METRIC_LABELS_MAX];
    struct buf key;
    buf_init(&key, KEY_MAX);
    put_key(&key, values, count, clean);
    (void)pthread_mutex_lock(&metric_registry.lock);
    struct metric_cell *cell = map_get(&metric->by_key, buf_str(&key));
    if (cell == NULL && metric->by_key.count >= METRIC_SERIES_MAX) {
        cell = other_cell(metric);
    } else if (cell == NULL) {
        cell = cell_new(metric, clean, buf_str(&key));
        (void)map_put(&metric->by_key, cell->key, cell);
    }
    (void)pthread_mutex_unlock(&metric_registry.lock);
    buf_done(&key);
    return cell;
}

struct metric_cell *metric_only(struct metric *metric)
{
    assert(metric->label_count == 0 && metric->read == NULL);
    return LIST_ENTRY(metric->cells.next, struct metric_cell, link);
}

bool metric_total(const char *name, int64_t *out)
{
    uint64_t sum = 0;
    (void)pthread_mutex_lock(&metric_registry.lock);
    const struct metric *metric = find_family(name);
    bool counts = metric != NULL && metric->kind != METRIC_HISTOGRAM && metric->read == NULL;
    if (counts) {
        LIST_FOREACH (node, &metric->cells) {
            sum += cell_sum(LIST_ENTRY(node, struct metric_cell, link));
        }
    }
    (void)pthread_mutex_unlock(&metric_registry.lock);
    if (counts) {
        *out = (int64_t)sum;
    }
    return counts;
}

void metrics_free(void)
{
    (void)pthread_mutex_lock(&metric_registry.lock);
    for (size_t i = 0; i < metric_registry.count; i++) {
        struct metric *metric = metric_registry.families[i];
        while (!list_empty(&metric->cells)) {
            cell_free(LIST_ENTRY(metric->cells.next, struct metric_cell, link));
        }
        map_done(&metric->by_key);
        mem_free(metric);
    }
    metric_registry.count = 0;
    (void)pthread_mutex_unlock(&metric_registry.lock);
}
