/* viewers.c - who watches: one stream of server-sent events each, on the worker of its connection.
 *
 * Whether somebody may is not ours to say: a request goes to its handler with our functions before
 * the front's, which wait for the answer. If that is 200 it is not sent; events are instead.
 * Before each event it is asked again: a logout, or a right that was taken away, ends the stream.
 * One event a second, made once for all. It is the heartbeat too. A viewer that does not read what
 * it was sent is broken off, and comes again when it can: with the id of the last event that it
 * has, it is first given those since then. */
#include "base/clock.h"
#include "base/mem.h"
#include "pipeline/problem.h"
#include "stats/stats_inside.h"

#include <inttypes.h>
#include <stdio.h>

enum { HEADERS_MAX = 64, RETRY_MS = 2000 };

enum viewer_state {
    VIEWER_ASKS,    /* nothing is decided */
    VIEWER_LET_IN,  /* the answer is 200: it is not sent */
    VIEWER_WATCHES, /* listed */
    VIEWER_OVER,
};

struct viewer {
    struct stream_ops ops; /* what the stream has while it is ours */
    const struct stream_ops *under;
    struct stats *stats;
    struct stream *stream;
    stats_stays_fn stays;
    void *stays_ctx;
    struct list link;
    enum viewer_state state;
    const struct header *headers; /* of the answer that was not sent */
    size_t header_count;
    uint64_t last;     /* the id of the last event that was sent */
    uint64_t left;     /* events that are still wanted; 0: all */
    uint64_t until_ms; /* then it has to come again */
    bool full;         /* what was written last has not gone out */
};

/* The event of a second, on its way to a worker's viewers. */
struct tidings {
    struct post post;
    struct stats *stats;
    uint64_t id;
    struct block *text;
};

static void begin(struct stream *stream,
                  unsigned status,
                  const struct header *headers,
                  size_t count,
                  int64_t length);

static struct viewer *viewer_of(const struct stream *stream)
{
    return stream->ops == NULL || stream->ops->begin != begin
               ? NULL
               : CONTAINER_OF((struct stream_ops *)(uintptr_t)stream->ops, struct viewer, ops);
}

static struct stats_worker *mine_of(const struct stats *stats)
{
    return &stats->workers[worker_index(worker_self())];
}

static void leave(struct viewer *viewer)
{
    if (viewer->state == VIEWER_WATCHES) {
        list_remove(&viewer->link);
        (void)atomic_fetch_sub(&mine_of(viewer->stats)->count, 1);
        (void)atomic_fetch_sub(&viewer->stats->viewers, 1);
    }
    viewer->state = VIEWER_OVER;
}

static void finish(struct viewer *viewer)
{
    leave(viewer);
    viewer->under->end(viewer->stream);
}

static void put_event(struct stats *stats, uint64_t second, bool whole, struct buf *out)
{
    (void)buf_printf(out, "id: %" PRIu64 "\ndata: ", second + stats->epoch);
    stats_put_point(stats, second, whole, out);
    (void)buf_append(out, STR("\n\n"));
}

/* One event to one viewer, who may have had enough then. */
static void give(struct viewer *viewer, uint64_t id, struct str text)
{
    if (viewer->state != VIEWER_WATCHES || id <= viewer->last) {
        return;
    }
    if (viewer->full) {
        leave(viewer);
        viewer->under->abort(viewer->stream);
        return;
    }
    viewer->full = viewer->under->write(viewer->stream, text);
    viewer->last = id;
    bool enough = viewer->left > 0 && --viewer->left == 0;
    if (enough || clock_mono_ms() >= viewer->until_ms) {
        finish(viewer);
    }
}

static void told_here(struct post *post)
{
    struct tidings *tidings = CONTAINER_OF(post, struct tidings, post);
    LIST_FOREACH_SAFE (link, &mine_of(tidings->stats)->viewers) {
        struct viewer *viewer = LIST_ENTRY(link, struct viewer, link);
        if (viewer->stays(viewer->stays_ctx, viewer->stream)) {
            give(viewer, tidings->id, block_str(tidings->text));
        } else {
            finish(viewer);
        }
    }
    block_unref(tidings->text);
    mem_free(tidings);
}

void viewers_tell(struct stats *stats, uint64_t second)
{
    struct buf text;
    buf_init(&text, EVENT_MAX);
    put_event(stats, second, true, &text);
    struct block *block = block_of(buf_str(&text));
    for (unsigned i = 0; i < stats->worker_count; i++) {
        if (atomic_load(&stats->workers[i].count) == 0) {
            continue;
        }
        struct tidings *tidings = NEW(struct tidings);
        tidings->post.fn = told_here;
        tidings->stats = stats;
        tidings->id = second + stats->epoch;
        tidings->text = block_ref(block);
        worker_post(workers_get(stats->options.workers, i), &tidings->post);
    }
    block_unref(block);
    buf_done(&text);
}

/* What it has missed, or at least the second that has just been: nobody waits for a first event. */
static void catch_up(struct viewer *viewer, uint64_t last)
{
    struct stats *stats = viewer->stats;
    uint64_t second = stats_second();
    uint64_t from = second;
    struct buf text;
    if (last >= stats->epoch && last - stats->epoch < second) {
        from = stats_history_begin(stats, second, STATS_HISTORY_MAX);
        from = from > last - stats->epoch ? from : last - stats->epoch + 1;
    }
    sample_take(stats);
    buf_init(&text, EVENT_MAX);
    for (uint64_t s = from; s <= second; s++) {
        buf_clear(&text);
        put_event(stats, s, s == second, &text);
        viewer->full = false; /* these are bounded by themselves */
        give(viewer, s + stats->epoch, buf_str(&text));
    }
    buf_done(&text);
}

/* The headers of the answer that was to be sent, but for those of its body. */
static size_t event_headers(const struct viewer *viewer, struct header out[HEADERS_MAX + 2])
{
    static const struct str not_ours[] = {STR_INIT("content-type"), STR_INIT("content-length"),
                                          STR_INIT("cache-control"), STR_INIT("etag")};
    size_t count = 0;
    out[count++] = (struct header){STR("content-type"), STR("text/event-stream")};
    out[count++] = (struct header){STR("cache-control"), STR("no-store")};
    for (size_t i = 0; i < viewer->header_count && count < HEADERS_MAX; i++) {
        bool ours = true;
        for (size_t j = 0; j < COUNT_OF(not_ours); j++) {
            ours = ours && !str_eq_nocase(viewer->headers[i].name, not_ours[j]);
        }
        if (ours) {
            out[count++] = viewer->headers[i];
        }
    }
    return count;
}

/* The number behind `key=` in the query; 0 when there is none. */
static uint64_t query_number(struct str query, struct str key)
{
    bool more = query.len > 0;
    while (more) {
        struct str one = STR_EMPTY;
        struct str name = STR_EMPTY;
        struct str value = STR_EMPTY;
        uint64_t number = 0;
        more = str_cut(query, '&', &one, &query);
        if (str_cut(one, '=', &name, &value) && str_eq(name, key) && str_to_u64(value, &number)) {
            return number;
        }
    }
    return 0;
}

static void watch(struct viewer *viewer)
{
    struct stats *stats = viewer->stats;
    struct stats_worker *mine = mine_of(stats);
    struct stream *stream = viewer->stream;
    struct header headers[HEADERS_MAX + 2];
    char retry[32];
    uint64_t last = 0;
    viewer->under->begin(stream, 200, headers, event_headers(viewer, headers), LENGTH_STREAM);
    viewer->state = VIEWER_WATCHES;
    list_push(&mine->viewers, &viewer->link);
    (void)atomic_fetch_add(&mine->count, 1);
    viewer->left = query_number(stream->head.query, STR("count"));
    viewer->until_ms = clock_mono_ms() + STATS_WATCH_MS;
    (void)viewer->under->write(
        stream, str_make(retry, (size_t)snprintf(retry, sizeof(retry), "retry: %d\n\n", RETRY_MS)));
    (void)str_to_u64(request_header(&stream->head, STR("last-event-id")), &last);
    stats_look(stats);
    catch_up(viewer, last);
}

static void refuse(struct viewer *viewer)
{
    struct stream *stream = viewer->stream;
    stream->ops = viewer->under;
    http_problem_send(stream, &(struct http_problem){
                                  .status = 503,
                                  .code = STR("http.too_busy"),
                                  .detail = STR("as many watch as may at once"),
                                  .retry_after_s = 10,
                              });
}

static void begin(struct stream *stream,
                  unsigned status,
                  const struct header *headers,
                  size_t count,
                  int64_t length)
{
    struct viewer *viewer = viewer_of(stream);
    if (status != 200) {
        stream->ops = viewer->under;
        stream_begin(stream, status, headers, count, length);
        return;
    }
    struct header *kept = ARENA_ARRAY(&stream->arena, struct header, count);
    for (size_t i = 0; i < count; i++) {
        kept[i].name = arena_str(&stream->arena, headers[i].name);
        kept[i].value = arena_str(&stream->arena, headers[i].value);
    }
    viewer->headers = kept;
    viewer->header_count = count;
    viewer->state = VIEWER_LET_IN;
}

static bool swallow(struct stream *stream, struct str bytes)
{
    (void)stream;
    (void)bytes;
    return false;
}

static void end(struct stream *stream)
{
    struct viewer *viewer = viewer_of(stream);
    struct stats *stats = viewer->stats;
    if (viewer->state != VIEWER_LET_IN) {
        return;
    }
    if (mine_of(stats)->stopping) {
        refuse(viewer);
    } else if (atomic_fetch_add(&stats->viewers, 1) >= STATS_VIEWERS_MAX) {
        (void)atomic_fetch_sub(&stats->viewers, 1);
        refuse(viewer);
    } else {
        watch(viewer);
    }
}

static void abort_stream(struct stream *stream)
{
    struct viewer *viewer = viewer_of(stream);
    leave(viewer);
    viewer->under->abort(stream);
}

static void pause_body(struct stream *stream, bool paused)
{
    viewer_of(stream)->under->pause(stream, paused);
}

void stats_watch(struct stats *stats, struct stream *stream, stats_stays_fn stays, void *ctx)
{
    struct viewer *viewer = ARENA_NEW(&stream->arena, struct viewer);
    viewer->ops = (struct stream_ops){
        .begin = begin, .write = swallow, .end = end, .abort = abort_stream, .pause = pause_body};
    viewer->under = stream->ops;
    viewer->stats = stats;
    viewer->stream = stream;
    viewer->stays = stays;
    viewer->stays_ctx = ctx;
    stream->ops = &viewer->ops;
}

void stats_writable(struct stream *stream)
{
    struct viewer *viewer = viewer_of(stream);
    if (viewer != NULL) {
        viewer->full = false;
    }
}

void stats_gone(struct stream *stream)
{
    struct viewer *viewer = viewer_of(stream);
    if (viewer != NULL) {
        leave(viewer);
    }
}

static void shutdown_here(struct post *post)
{
    struct stats_worker *mine = CONTAINER_OF(post, struct stats_worker, shutdown);
    mine->stopping = true;
    LIST_FOREACH_SAFE (link, &mine->viewers) {
        finish(LIST_ENTRY(link, struct viewer, link));
    }
}

void viewers_init(struct stats *stats)
{
    for (unsigned i = 0; i < stats->worker_count; i++) {
        list_init(&stats->workers[i].viewers);
        stats->workers[i].shutdown.fn = shutdown_here;
    }
}

void stats_shutdown(struct stats *stats)
{
    for (unsigned i = 0; i < stats->worker_count; i++) {
        worker_post(workers_get(stats->options.workers, i), &stats->workers[i].shutdown);
    }
}
