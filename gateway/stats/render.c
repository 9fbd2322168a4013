/* render.c - a second as JSON, the same for who asks once and who watches. */
#include "base/clock.h"
#include "pipeline/traffic.h"
#include "stats/stats_inside.h"

#include <inttypes.h>

enum { MINUTE = 60 };

static void put_latency(const struct traffic_sum *sum, struct buf *out)
{
    static const unsigned percents[] = {50, 95, 99};
    if (sum->requests == 0) {
        (void)buf_append(out, STR("null"));
        return;
    }
    for (size_t i = 0; i < COUNT_OF(percents); i++) {
        (void)buf_printf(out, "%s\"p%u\":%.3f", i == 0 ? "{" : ",", percents[i],
                         (double)traffic_percentile(sum, percents[i]) / 1e6);
    }
    (void)buf_byte(out, '}');
}

/* So many seconds, of which `second` is the last. */
static void
put_window(const struct stats *stats, uint64_t second, uint64_t seconds, struct buf *out)
{
    struct traffic_sum sum = {0};
    uint64_t from = second >= seconds ? second - seconds + 1 : 0;
    traffic_add(stats->options.traffic, from, second, &sum);
    (void)buf_printf(out,
                     "{\"seconds\":%" PRIu64 ",\"requests\":%" PRIu64
                     ",\"requests_per_second\":%.1f,\"statuses\":",
                     seconds, sum.requests, (double)sum.requests / (double)seconds);
    for (unsigned i = 1; i < TRAFFIC_CLASSES; i++) {
        (void)buf_printf(out, "%s\"%uxx\":%" PRIu64, i == 1 ? "{" : ",", i, sum.classes[i]);
    }
    (void)buf_append(out, STR("},\"latency_ms\":"));
    put_latency(&sum, out);
    (void)buf_byte(out, '}');
}

/* What is unknown is negative. */
static void put_number(double value, int decimals, struct buf *out)
{
    if (value < 0) {
        (void)buf_append(out, STR("null"));
    } else {
        (void)buf_printf(out, "%.*f", decimals, value);
    }
}

static void put_store(const struct sample *sample, struct buf *out)
{
    const struct store_state *state = &sample->store;
    if (!sample->store_known) {
        (void)buf_append(out, STR("null"));
        return;
    }
    (void)buf_printf(out,
                     "{\"state\":\"%s\",\"since_ms\":%" PRIu64 ",\"seq\":%" PRIu64
                     ",\"served\":%" PRIu64 ",\"nodes\":%zu}",
                     state->up ? "up" : "away", state->since_ms, state->seq, state->served,
                     state->live_count);
}

static void put_sample(const struct stats *stats, const struct sample *sample, struct buf *out)
{
    for (size_t i = 0; i < SAMPLE_ROWS; i++) {
        (void)buf_printf(out, "%s\"%s\":", i == 0 ? ",\"wamp\":{" : ",", sample_rows[i].name);
        if (sample_rows[i].rate) {
            put_number(sample->rates[i], 1, out);
        } else {
            (void)buf_printf(out, "%" PRId64, sample->totals[i]);
        }
    }
    (void)buf_append(out, STR("},\"store\":"));
    put_store(sample, out);
    (void)buf_printf(
        out, ",\"memory\":{\"rss_bytes\":%" PRIu64 "},\"cpu\":{\"process\":", sample->rss_bytes);
    put_number(sample->cpu, 4, out);
    (void)buf_append(out, STR(",\"workers\":["));
    for (unsigned i = 0; i < stats->worker_count; i++) {
        (void)buf_append(out, i == 0 ? STR("") : STR(","));
        put_number(sample->workers[i], 4, out);
    }
    (void)buf_append(out, STR("]}"));
}

/* The seconds of a minute, or as many as there have been, with the one in which it began. */
static uint64_t minute_of(const struct stats *stats, uint64_t second)
{
    uint64_t begun = stats->begun_ms / 1000;
    uint64_t seconds = second < begun ? 1 : second - begun + 1;
    return seconds < MINUTE ? seconds : MINUTE;
}

static void put_members(struct stats *stats, uint64_t second, bool whole, struct buf *out)
{
    (void)buf_printf(out, "\"time\":%" PRIu64 ",\"second\":", second + stats->epoch);
    put_window(stats, second, 1, out);
    if (whole) {
        (void)buf_printf(out, ",\"uptime_s\":%" PRIu64 ",\"minute\":",
                         (clock_mono_ms() - stats->begun_ms) / 1000);
        put_window(stats, second, minute_of(stats, second), out);
    }
    (void)pthread_mutex_lock(&stats->lock);
    const struct sample *sample = &stats->samples[(second + 1) % SAMPLE_RING];
    if (sample->mark == second + 1) {
        put_sample(stats, sample, out);
    } else {
        (void)buf_append(out, STR(",\"wamp\":null,\"store\":null,\"memory\":null,\"cpu\":null"));
    }
    (void)pthread_mutex_unlock(&stats->lock);
}

void stats_put_point(struct stats *stats, uint64_t second, bool whole, struct buf *out)
{
    (void)buf_byte(out, '{');
    put_members(stats, second, whole, out);
    (void)buf_byte(out, '}');
}

uint64_t stats_history_begin(const struct stats *stats, uint64_t second, unsigned seconds)
{
    uint64_t begun = stats->begun_ms / 1000;
    uint64_t from = second >= seconds ? second - seconds + 1 : 0;
    return from < begun ? begun : from;
}

void stats_write(struct stats *stats, unsigned history, struct buf *out)
{
    stats_look(stats);
    sample_take(stats);
    uint64_t second = stats_second();
    (void)buf_printf(out, "{\"node\":%s,\"version\":\"%s\",", stats->node, POSTERN_VERSION);
    put_members(stats, second, true, out);
    if (history > 0) {
        uint64_t from = stats_history_begin(stats, second, history);
        (void)buf_append(out, STR(",\"history\":["));
        for (uint64_t s = from; s <= second; s++) {
            stats_put_point(stats, s, false, out);
            (void)buf_append(out, s < second ? STR(",") : STR(""));
        }
        (void)buf_byte(out, ']');
    }
    (void)buf_byte(out, '}');
}
