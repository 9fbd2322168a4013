/* stats.h - how the node does, by the second: for GET /stats and for who watches it live.
 *
 * What was answered is in pipeline/traffic.h, for the past two minutes, whoever looks. All else is
 * sampled once a second by one timer on the first worker, which runs while somebody looks and two
 * minutes longer; for seconds before that there is none. Any worker, unless said otherwise.
 */
#ifndef POSTERN_STATS_STATS_H
#define POSTERN_STATS_STATS_H

#include "base/buf.h"
#include "base/str.h"
#include "http/front.h"
#include "loop/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct stats;
struct store;
struct traffic;

enum {
    STATS_VIEWERS_MAX = 64,
    STATS_HISTORY_MAX = 120,
    STATS_WATCH_MS = 300000, /* then a stream ends; who comes again is looked at anew */
};

struct stats_options {
    struct workers *workers;
    const struct traffic *traffic;
    struct str node_name;
    const struct store *store; /* NULL: nobody says how it does */
};

/* Before the workers start; freed after they are joined. */
struct stats *stats_new(const struct stats_options *options);
void stats_free(struct stats *stats);

/* The present state as a JSON object, with so many of the last seconds. */
void stats_write(struct stats *stats, unsigned history, struct buf *out);

/* A request for the stream, on its way to who says whether it may: once it is answered with 200
 * the stream is ours and its answer becomes events; any other answer goes out as it is. Before each
 * event it is asked whether he may stay, and the stream ends when he may not. */
typedef bool (*stats_stays_fn)(void *ctx, const struct stream *stream);
void stats_watch(struct stats *stats, struct stream *stream, stats_stays_fn stays, void *ctx);
/* For handlers: nothing happens to a stream that nobody watches by. */
void stats_writable(struct stream *stream);
void stats_gone(struct stream *stream);

/* Ends all streams, and those that come. Any thread. */
void stats_shutdown(struct stats *stats);

#endif
