/* mhd_stream.c - one request and its answer on libmicrohttpd.
 *
 * The library asks, we answer or suspend; an answer that comes later resumes the
 * connection, all of a turn in one batch. A suspended connection neither times
 * out nor notices that its client left: the deadline above is what ends it. Suspending costs two
 * calls of epoll_ctl and a read, so a request is suspended only once it turns out to be slow. */
#include "base/log.h"
#include "base/mem.h"
#include "http/mhd_inside.h"
#include "http/strict.h"
#include "metrics/metrics.h"

#include <string.h>

enum {
    ARENA_MAX = 64 << 20,
    DROP_MAX = 1 << 20,
    READ_ON_MAX = 64 << 10,
    STREAM_HIGH_WATER = 256 << 10,
    GIVE_UP_S = 1,
    LOOKS_MAX = 8,
};

static const struct stream_ops ops;

static struct mhd_stream *stream_of(struct stream *stream)
{
    return CONTAINER_OF(stream, struct mhd_stream, stream);
}

void *mhd_stream_new(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct front *front = cls;
    struct mhd_stream *s = NEW(struct mhd_stream);
    s->stream.ops = &ops;
    s->front = front;
    s->connection = connection;
    list_init(&s->link);
    arena_init(&s->stream.arena, ARENA_MAX);
    buf_init(&s->out, front->options.limits.response_max);
    s->target = arena_str(&s->stream.arena, str_of(uri));
    return s;
}

/* An answer of the front's own: says what is wrong and closes. */
static void answer_problem(struct mhd_stream *s, const struct refusal *why)
{
    s->status = why->status;
    s->begun = true;
    s->ended = true;
    s->headers = ARENA_ARRAY(&s->stream.arena, struct header, 2);
    s->headers[0] = (struct header){STR("content-type"), STR("application/problem+json")};
    s->headers[1] = (struct header){STR("connection"), STR("close")};
    s->header_count = 2;
    front_problem(&s->out, why);
}

/* A malformed request, of which the handler never hears. */
static void refuse(struct mhd_stream *s, const struct refusal *why)
{
    struct str front = str_of(s->front->options.name);
    s->refused = true;
    answer_problem(s, why);
    metric_add(METRIC_CELL(s->front->refused, front, str_of(why->rule)), 1);
    log_debug("request refused", KV_STR("front", front), KV_CSTR("rule", why->rule));
}

/* The library looks at a connection when bytes come. One whose answer is there while its body
 * does not come would be looked at too late: it is closed instead. */
static void give_up_reading(struct mhd_stream *s)
{
    if (s->started && !s->inside && !s->suspended && !s->queued && !s->body_done) {
        s->gave_up = true;
        (void)MHD_set_connection_option(s->connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                        (unsigned)GIVE_UP_S);
        loop_at_turn_end(&s->shard->run);
    }
}

static void add_headers(struct mhd_stream *s)
{
    for (size_t i = 0; i < s->header_count; i++) {
        /* The library wants C strings; names and values were copied with a NUL behind them. */
        if (MHD_add_response_header(s->response, s->headers[i].name.ptr, s->headers[i].value.ptr) !=
            MHD_YES) {
            log_warn("response header dropped", KV_STR("name", s->headers[i].name));
        }
    }
    if (front_draining(s->front)) {
        (void)MHD_add_response_header(s->response, MHD_HTTP_HEADER_CONNECTION, "close");
    }
}

static void suspend(struct mhd_stream *s)
{
    if (!s->waiting) {
        s->waiting = true;
        list_push(&s->shard->waiting, &s->link);
    } else if (!s->suspended) {
        s->shard->looked_at--;
    }
    if (!s->suspended) {
        s->suspended = true;
        MHD_suspend_connection(s->connection);
    }
}

/* For a complete request: the library asks for its answer in each of its runs. */
static void wait_for_answer(struct mhd_stream *s)
{
    if (s->looks++ >= LOOKS_MAX) {
        suspend(s);
    } else if (!s->waiting) {
        s->waiting = true;
        list_push(&s->shard->waiting, &s->link);
        s->shard->looked_at++;
    }
}

static void stop_waiting(struct mhd_stream *s)
{
    s->shard->looked_at -= !s->suspended;
    s->waiting = false;
    list_remove(&s->link);
}

/* Only marks it; the library looks for it in MHD_run, once for all answers of the turn. */
static void resume(struct mhd_stream *s)
{
    if (!s->waiting) {
        return;
    }
    stop_waiting(s);
    if (s->suspended) {
        s->suspended = false;
        MHD_resume_connection(s->connection);
    }
    loop_at_turn_end(&s->shard->run);
}

void mhd_stream_abandon_all(struct shard *shard)
{
    LIST_FOREACH_SAFE (link, &shard->waiting) {
        struct mhd_stream *s = LIST_ENTRY(link, struct mhd_stream, link);
        s->aborted = true;
        resume(s);
    }
}

/* The library wants bytes of a streamed answer. */
static ssize_t read_stream(void *cls, uint64_t position, char *out, size_t max)
{
    struct mhd_stream *s = cls;
    (void)position;
    s->shard->worked = true;
    size_t left = s->out.len - s->out_at;
    if (left > 0) {
        size_t size = left < max ? left : max;
        memcpy(out, s->out.ptr + s->out_at, size);
        s->out_at += size;
        if (s->out_at == s->out.len) {
            buf_clear(&s->out);
            s->out_at = 0;
            if (!s->ended && s->front->options.handler->on_writable != NULL) {
                s->front->options.handler->on_writable(&s->stream);
            }
        }
        return (ssize_t)size;
    }
    if (s->aborted) {
        return MHD_CONTENT_READER_END_WITH_ERROR;
    }
    if (s->ended) {
        return MHD_CONTENT_READER_END_OF_STREAM;
    }
    suspend(s);
    return 0;
}

static enum MHD_Result queue_answer(struct mhd_stream *s)
{
    if (s->streaming) {
        s->response = MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, STREAM_HIGH_WATER / 8,
                                                        read_stream, s, NULL);
    } else if (s->out.len == 0) {
        static char nothing[1];
        s->response = MHD_create_response_from_buffer(0, nothing, MHD_RESPMEM_PERSISTENT);
    } else {
        size_t len = 0;
        char *bytes = buf_take(&s->out, &len);
        s->response = MHD_create_response_from_buffer(len, bytes, MHD_RESPMEM_MUST_FREE);
    }
    add_headers(s);
    enum MHD_Result result = MHD_queue_response(s->connection, s->status, s->response);
    MHD_destroy_response(s->response);
    s->response = NULL;
    s->queued = true;
    return result;
}

/* An answer that comes before the body costs the connection, unless the body is read first:
 * worth it when that is short and not waiting to be asked for. */
static bool reads_on(const struct mhd_stream *s)
{
    const struct request_head *head = &s->stream.head;
    for (size_t i = 0; i < s->header_count; i++) {
        if (str_eq_nocase(s->headers[i].name, STR("connection"))) {
            return false;
        }
    }
    return s->ended && !s->streaming && head->content_length > 0 &&
           head->content_length <= READ_ON_MAX && request_header(head, STR("expect")).ptr == NULL;
}

/* At the end of every call from the library: answer, wait, or read on. */
static enum MHD_Result settle(struct mhd_stream *s, bool may_queue)
{
    if (s->queued) {
        return MHD_YES;
    }
    if (s->aborted || s->dropped > DROP_MAX) {
        return MHD_NO; /* closes the connection */
    }
    if (s->ended || (s->begun && s->streaming)) {
        return may_queue ? queue_answer(s) : MHD_YES;
    }
    if (s->body_done && !s->paused) {
        wait_for_answer(s);
    } else if (s->paused) {
        suspend(s);
    }
    return MHD_YES;
}

static void present(struct mhd_stream *s)
{
    s->presented = true;
    s->front->options.handler->on_request(s->front->options.ctx, &s->stream);
}

/* Once suspended here, the library makes the same call again when resumed. */
static enum MHD_Result settle_head(struct mhd_stream *s)
{
    enum MHD_Result result = settle(s, !reads_on(s));
    s->at_head = s->suspended;
    return result;
}

static enum MHD_Result start(struct mhd_stream *s, const char *method, const char *version)
{
    const struct front_options *options = &s->front->options;
    s->started = true;
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(s->connection, MHD_CONNECTION_INFO_DAEMON);
    struct mhd_worker *mine = mhd_worker_of(s->front, worker_self());
    for (unsigned i = 0; i < SHARDS; i++) {
        if (mine->shards[i].daemon == info->daemon) {
            s->shard = &mine->shards[i];
        }
    }
    mhd_stream_read_head(s, method);
    const struct refusal *why = strict_check(&s->stream.head, str_of(version), &options->limits);
    if (why != NULL) {
        refuse(s, why);
        return settle(s, true);
    }
    if (s->stream.head.content_length == 0) {
        /* The library calls again at once. An answer given now, before what it takes for a body
         * has been read, would cost the connection. */
        s->body_done = true;
        return MHD_YES;
    }
    present(s);
    return settle_head(s);
}

/* A piece of the body. What is left of it comes again after the pause. */
static enum MHD_Result take_body(struct mhd_stream *s, const char *bytes, size_t *size)
{
    s->shard->worked = true;
    if (s->ended || s->begun) {
        s->dropped += *size;
        *size = 0;
    } else if (!s->paused) {
        s->front->options.handler->on_body(&s->stream, str_make(bytes, *size), false);
        *size = 0;
    }
    return settle(s, false);
}

/* The request is complete; or the library looks again after a resume. */
static enum MHD_Result take_end(struct mhd_stream *s)
{
    if (!s->presented && !s->refused) {
        present(s);
    } else if (!s->body_done && (!s->paused || s->begun)) {
        s->body_done = true;
        if (!s->ended && !s->begun) {
            s->front->options.handler->on_body(&s->stream, STR_EMPTY, true);
        }
    }
    return settle(s, true);
}

// NOLINTNEXTLINE(readability-function-size): the library's signature
enum MHD_Result mhd_stream_access(void *cls,
                                  struct MHD_Connection *connection,
                                  const char *url,
                                  const char *method,
                                  const char *version,
                                  const char *upload,
                                  size_t *upload_size,
                                  void **con_cls)
{
    struct mhd_stream *s = *con_cls;
    (void)cls;
    (void)connection;
    (void)url;
    enum MHD_Result result = MHD_YES;
    s->inside = true;
    if (!s->started) {
        result = start(s, method, version);
    } else if (s->at_head) {
        result = settle_head(s);
    } else if (*upload_size > 0) {
        result = take_body(s, upload, upload_size);
    } else {
        result = take_end(s);
    }
    s->inside = false;
    return result;
}

void mhd_stream_completed(void *cls,
                          struct MHD_Connection *connection,
                          void **con_cls,
                          enum MHD_RequestTerminationCode how)
{
    struct mhd_stream *s = *con_cls;
    (void)cls;
    if (s == NULL) {
        return;
    }
    *con_cls = NULL;
    if (s->gave_up) {
        (void)MHD_set_connection_option(connection, MHD_CONNECTION_OPTION_TIMEOUT,
                                        front_idle_s(s->front));
    }
    if (s->waiting) {
        stop_waiting(s);
    }
    if (s->presented) {
        bool answered = how == MHD_REQUEST_TERMINATED_COMPLETED_OK && !s->aborted;
        s->front->options.handler->on_gone(&s->stream, answered);
    }
    arena_done(&s->stream.arena);
    buf_done(&s->out);
    mem_free(s);
}

static void begin(struct stream *stream,
                  unsigned status,
                  const struct header *headers,
                  size_t count,
                  int64_t length)
{
    struct mhd_stream *s = stream_of(stream);
    s->begun = true;
    s->status = status;
    s->streaming = length == LENGTH_STREAM;
    s->headers = ARENA_ARRAY(&stream->arena, struct header, count);
    s->header_count = count;
    for (size_t i = 0; i < count; i++) {
        s->headers[i].name = arena_str(&stream->arena, headers[i].name);
        s->headers[i].value = arena_str(&stream->arena, headers[i].value);
    }
    if (s->streaming) {
        resume(s);
    }
}

static void too_large(struct mhd_stream *s)
{
    static const struct refusal why = {500, "response-size",
                                       "the answer is larger than http.response_max"};
    log_warn("an answer is larger than http.response_max", KV_CSTR("front", s->front->options.name),
             KV_STR("path", s->stream.head.path));
    if (s->streaming) {
        s->aborted = true;
    } else {
        size_t max = s->out.max;
        buf_done(&s->out);
        buf_init(&s->out, max);
        answer_problem(s, &why);
    }
}

static bool write_bytes(struct stream *stream, struct str bytes)
{
    struct mhd_stream *s = stream_of(stream);
    if (s->ended) {
        return false;
    }
    if (!buf_append(&s->out, bytes)) {
        too_large(s);
    }
    if (s->streaming) {
        resume(s);
    }
    return s->out.len - s->out_at > STREAM_HIGH_WATER;
}

static void end(struct stream *stream)
{
    struct mhd_stream *s = stream_of(stream);
    s->ended = true;
    resume(s);
    give_up_reading(s);
}

static void abort_stream(struct stream *stream)
{
    struct mhd_stream *s = stream_of(stream);
    s->aborted = true;
    resume(s);
    give_up_reading(s);
}

static void pause_body(struct stream *stream, bool paused)
{
    struct mhd_stream *s = stream_of(stream);
    s->paused = paused;
    if (!paused && !s->body_done) {
        resume(s);
    }
}

static const struct stream_ops ops = {
    .begin = begin,
    .write = write_bytes,
    .end = end,
    .abort = abort_stream,
    .pause = pause_body,
};
