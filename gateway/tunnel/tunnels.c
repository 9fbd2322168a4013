/* tunnels.c - the tunnels of all workers: hooks, look-up, the sweep, and what is counted. */
#include "tunnel/tunnels.h"

#include "base/mem.h"
#include "tunnel/tunnel_inside.h"

/* The ids name a worker in one byte. */
_Static_assert(WORKERS_MAX <= 256, "a worker's index is one byte of an id");

struct tunnel_worker *tunnels_here(struct tunnels *tunnels)
{
    return &tunnels->workers[worker_index(worker_self())];
}

static void on_sweep(struct timer *timer)
{
    struct tunnel_worker *here = CONTAINER_OF(timer, struct tunnel_worker, sweep);
    tunnel_sweep(&here->open, worker_now_ms());
    timer_start(timer, here->tunnels->options.sweep_ms);
}

static void on_start(struct worker *worker, void *ctx)
{
    struct tunnels *tunnels = ctx;
    struct tunnel_worker *here = &tunnels->workers[worker_index(worker)];
    timer_init(&here->sweep, on_sweep);
    timer_start(&here->sweep, tunnels->options.sweep_ms);
}

static void on_stop(struct worker *worker, void *ctx)
{
    struct tunnels *tunnels = ctx;
    struct tunnel_worker *here = &tunnels->workers[worker_index(worker)];
    timer_stop(&here->sweep);
    tunnels_close_all(here);
}

static void count_init(struct tunnel_counts *counts, struct str name)
{
    struct metric *dropped =
        metric_counter("postern_tunnel_events_dropped_total",
                       "events dropped because their client did not fetch them", "transport", NULL);
    traffic_init(&counts->traffic, name);
    counts->dropped = METRIC_CELL(dropped, name);
}

struct tunnels *tunnels_new(const struct tunnels_options *options)
{
    struct tunnels *tunnels = NEW(struct tunnels);
    unsigned count = workers_count(options->workers);
    tunnels->options = *options;
    tunnels->origins = (struct origin_rules){options->origins, options->origin_count};
    tunnels->workers = NEW_ARRAY(struct tunnel_worker, count);
    for (unsigned i = 0; i < count; i++) {
        tunnels->workers[i].tunnels = tunnels;
        list_init(&tunnels->workers[i].open);
        map_init(&tunnels->workers[i].by_id);
    }
    count_init(&tunnels->counts[TUNNEL_LONGPOLL], STR("longpoll"));
    count_init(&tunnels->counts[TUNNEL_SSE], STR("sse"));
    workers_on_start(options->workers, on_start, tunnels);
    workers_on_stop(options->workers, on_stop, tunnels);
    return tunnels;
}

void tunnels_free(struct tunnels *tunnels)
{
    if (tunnels == NULL) {
        return;
    }
    for (unsigned i = 0; i < workers_count(tunnels->options.workers); i++) {
        map_done(&tunnels->workers[i].by_id);
    }
    mem_free(tunnels->workers);
    mem_free(tunnels);
}
