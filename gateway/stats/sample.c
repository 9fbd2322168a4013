/* sample.c - what a second leaves behind that nobody counts by the second: metrics, memory, CPU. */
#include "base/clock.h"
#include "metrics/metrics.h"
#include "pipeline/traffic.h"
#include "stats/stats_inside.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

const struct sample_row sample_rows[SAMPLE_ROWS] = {
    {"sessions", "postern_wamp_sessions", false},
    {"registrations", "postern_wamp_registrations", false},
    {"subscriptions", "postern_wamp_subscriptions", false},
    {"calls_open", "postern_wamp_calls_open", false},
    {"calls_per_second", "postern_wamp_calls_total", true},
    {"publications_per_second", "postern_wamp_publications_total", true},
    {"events_per_second", "postern_wamp_events_total", true},
};

/* Two samples tell a rate when they are neither so near that it is chance, nor so far apart that
 * it is history. */
enum { APART_MIN_MS = 200, APART_MAX_MS = 5000, NS_A_MS = 1000000 };

uint64_t stats_second(void)
{
    return traffic_second(clock_mono_ns()) - 1;
}

/* The second number of /proc/self/statm, in pages. */
static uint64_t rss_bytes(void)
{
    char text[128] = "";
    int fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return 0;
    }
    ssize_t got = read(fd, text, sizeof(text) - 1);
    (void)close(fd);
    char *rest = text;
    if (got > 0) {
        (void)strtoull(text, &rest, 10);
    }
    return strtoull(rest, NULL, 10) * (uint64_t)sysconf(_SC_PAGESIZE);
}

static uint64_t cpu_ns(clockid_t clock)
{
    struct timespec time = {0};
    (void)clock_gettime(clock, &time);
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static double share(uint64_t now, uint64_t before, uint64_t ns)
{
    return now < before ? 0 : (double)(now - before) / (double)ns;
}

/* What became of the numbers since the sample before; -1 where that cannot be said. */
static void compare(const struct stats *stats, const struct sample *before, struct sample *now)
{
    uint64_t ns = now->at_ns - before->at_ns;
    bool known = before->mark != 0 && ns >= (uint64_t)APART_MIN_MS * NS_A_MS &&
                 ns <= (uint64_t)APART_MAX_MS * NS_A_MS;
    for (size_t i = 0; i < SAMPLE_ROWS; i++) {
        now->rates[i] =
            known ? share((uint64_t)now->totals[i], (uint64_t)before->totals[i], ns) * 1000000000.0
                  : -1;
    }
    now->cpu = known ? share(now->cpu_ns, before->cpu_ns, ns) : -1;
    for (unsigned i = 0; i < stats->worker_count; i++) {
        now->workers[i] = known ? share(now->worker_ns[i], before->worker_ns[i], ns) : -1;
    }
}

static void fill(const struct stats *stats, struct sample *sample)
{
    sample->at_ns = clock_mono_ns();
    for (size_t i = 0; i < SAMPLE_ROWS; i++) {
        sample->totals[i] = 0;
        (void)metric_total(sample_rows[i].metric, &sample->totals[i]);
    }
    sample->rss_bytes = rss_bytes();
    sample->cpu_ns = cpu_ns(CLOCK_PROCESS_CPUTIME_ID);
    for (unsigned i = 0; i < stats->worker_count; i++) {
        sample->worker_ns[i] = cpu_ns(stats->workers[i].clock);
    }
    sample->store_known = stats->options.store != NULL;
    if (sample->store_known) {
        sample->store = store_state(stats->options.store);
    }
}

void sample_take(struct stats *stats)
{
    static const struct sample none;
    (void)pthread_mutex_lock(&stats->lock);
    uint64_t mark = stats_second() + 1;
    if (stats->latest < mark) {
        const struct sample *before =
            stats->latest == 0 ? &none : &stats->samples[stats->latest % SAMPLE_RING];
        struct sample *sample = &stats->samples[mark % SAMPLE_RING];
        /* A place that is both has been left for so long that nothing is compared with it. */
        before = before == sample ? &none : before;
        sample->mark = mark;
        fill(stats, sample);
        compare(stats, before, sample);
        stats->latest = mark;
    }
    (void)pthread_mutex_unlock(&stats->lock);
}
