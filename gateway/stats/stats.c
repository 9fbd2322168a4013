#include "stats/stats.h"

#include "base/clock.h"
#include "base/mem.h"
#include "stats/stats_inside.h"

#include <jansson.h>

/* Behind the beginning of a second, so that all that belongs to the one before is counted. */
enum { SECOND_MS = 1000, BEHIND_MS = 5 };

static void schedule(struct stats *stats)
{
    timer_start(&stats->timer, SECOND_MS - clock_mono_ms() % SECOND_MS + BEHIND_MS);
}

static bool somebody_looks(struct stats *stats)
{
    return atomic_load(&stats->viewers) > 0 ||
           clock_mono_ms() - atomic_load(&stats->looked_ms) < LINGER_MS;
}

static void on_second(struct timer *timer)
{
    struct stats *stats = CONTAINER_OF(timer, struct stats, timer);
    sample_take(stats);
    if (atomic_load(&stats->viewers) > 0) {
        viewers_tell(stats, stats_second());
    }
    if (!somebody_looks(stats)) {
        atomic_store(&stats->running, false);
        /* Who came between the two saw it run. */
        if (!somebody_looks(stats) || atomic_exchange(&stats->running, true)) {
            return;
        }
    }
    schedule(stats);
}

static void start_here(struct post *post)
{
    schedule(CONTAINER_OF(post, struct stats, start));
}

void stats_look(struct stats *stats)
{
    atomic_store(&stats->looked_ms, clock_mono_ms());
    if (!atomic_exchange(&stats->running, true)) {
        worker_post(workers_get(stats->options.workers, 0), &stats->start);
    }
}

static void on_start(struct worker *worker, void *ctx)
{
    struct stats *stats = ctx;
    (void)pthread_getcpuclockid(pthread_self(), &stats->workers[worker_index(worker)].clock);
}

static void on_stop(struct worker *worker, void *ctx)
{
    struct stats *stats = ctx;
    struct stats_worker *mine = &stats->workers[worker_index(worker)];
    mine->shutdown.fn(&mine->shutdown);
    if (worker_index(worker) == 0) {
        timer_stop(&stats->timer);
    }
}

static char *quoted(struct str text)
{
    json_t *value = json_stringn_nocheck(text.ptr, text.len);
    char *line = json_dumps(value, JSON_ENCODE_ANY | JSON_ENSURE_ASCII);
    char *copy = str_dup(line == NULL ? STR("\"\"") : str_of(line));
    free(line);
    json_decref(value);
    return copy;
}

struct stats *stats_new(const struct stats_options *options)
{
    struct stats *stats = NEW(struct stats);
    stats->options = *options;
    stats->worker_count = workers_count(options->workers);
    stats->workers = NEW_ARRAY(struct stats_worker, stats->worker_count);
    stats->node = quoted(options->node_name);
    stats->begun_ms = clock_mono_ms();
    stats->epoch = clock_wall_ms() / 1000 - stats->begun_ms / 1000;
    (void)pthread_mutex_init(&stats->lock, NULL);
    for (unsigned i = 0; i < SAMPLE_RING; i++) {
        stats->samples[i].worker_ns = NEW_ARRAY(uint64_t, stats->worker_count);
        stats->samples[i].workers = NEW_ARRAY(double, stats->worker_count);
    }
    stats->start.fn = start_here;
    timer_init(&stats->timer, on_second);
    viewers_init(stats);
    workers_on_start(options->workers, on_start, stats);
    workers_on_stop(options->workers, on_stop, stats);
    return stats;
}

void stats_free(struct stats *stats)
{
    if (stats == NULL) {
        return;
    }
    for (unsigned i = 0; i < SAMPLE_RING; i++) {
        mem_free(stats->samples[i].worker_ns);
        mem_free(stats->samples[i].workers);
    }
    (void)pthread_mutex_destroy(&stats->lock);
    mem_free(stats->workers);
    mem_free(stats->node);
    mem_free(stats);
}
