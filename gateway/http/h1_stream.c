/* h1_stream.c - what a handler does to a stream: begin, write, end, abort, pause. */
#include "base/log.h"
#include "base/mem.h"
#include "http/h1_inside.h"

#include <sys/socket.h>

static struct h1_stream *stream_of(struct stream *stream)
{
    return CONTAINER_OF(stream, struct h1_stream, stream);
}

static const struct front_options *options_of(const struct h1_stream *s)
{
    return &s->worker->front->front.options;
}

/* Breaks the connection off with a reset, so that what is written already cannot be taken for
 * the whole, also where the end of the connection is the end of the answer. */
static void break_off(struct h1_stream *s, const char *why)
{
    struct h1_conn *c = s->conn;
    struct linger none = {.l_onoff = 1, .l_linger = 0};
    if (s->begun) {
        (void)setsockopt(c->conn.fd, SOL_SOCKET, SO_LINGER, &none, sizeof(none));
    }
    c->state = H1_CLOSING;
    conn_abort(&c->conn, why);
    h1_stream_over(s, false);
}

/* Our own mistake: an answer that is not what its head says. */
static void break_contract(struct h1_stream *s, const char *event)
{
    log_error(event, KV_CSTR("front", options_of(s)->name), KV_STR("path", s->stream.head.path));
    break_off(s, "answer broken off");
}

static enum h1_framing choose_framing(const struct h1_stream *s, unsigned status, int64_t length)
{
    if (s->head_only || status < 200 || status == 204 || status == 304) {
        return H1_NO_BODY;
    }
    if (length >= 0) {
        return H1_LENGTH;
    }
    return s->http10 ? H1_UNTIL_CLOSE : H1_CHUNKED;
}

/* Of a HEAD the length is told that a GET would have had. */
static int64_t told_length(unsigned status, int64_t length)
{
    return status < 200 || status == 204 || status == 304 ? -1 : length;
}

static void begin(struct stream *stream,
                  unsigned status,
                  const struct header *headers,
                  size_t count,
                  int64_t length)
{
    struct h1_stream *s = stream_of(stream);
    struct h1_conn *c = s->conn;
    if (c == NULL || s->begun) {
        return;
    }
    s->begun = true;
    s->framing = (uint8_t)choose_framing(s, status, length);
    s->left = s->framing == H1_LENGTH ? (uint64_t)length : 0;
    c->close = !s->keep_alive || s->framing == H1_UNTIL_CLOSE ||
               front_draining(&s->worker->front->front) || h1_answer_asks_close(headers, count) ||
               (c->state == H1_BODY && !h1_conn_can_skip(c));
    conn_write(&c->conn, h1_answer_head(s->worker, &(struct h1_answer){
                                                       .status = status,
                                                       .headers = headers,
                                                       .count = count,
                                                       .framing = (enum h1_framing)s->framing,
                                                       .length = told_length(status, length),
                                                       .close = c->close,
                                                       .http10 = s->http10,
                                                   }));
    if (s->paused) { /* what still comes of the body is thrown away */
        s->paused = false;
        conn_resume(&c->conn);
    }
}

static void write_chunk(struct conn *conn, struct str bytes)
{
    static const char digits[] = "0123456789abcdef";
    char head[18];
    size_t at = sizeof(head);
    head[--at] = '\n';
    head[--at] = '\r';
    for (size_t size = bytes.len; size > 0; size /= 16) {
        head[--at] = digits[size % 16];
    }
    conn_write(conn, str_make(head + at, sizeof(head) - at));
    conn_write(conn, bytes);
    conn_write(conn, STR("\r\n"));
}

static bool write_bytes(struct stream *stream, struct str bytes)
{
    struct h1_stream *s = stream_of(stream);
    if (s->conn == NULL || s->framing == H1_NO_BODY || bytes.len == 0) {
        return false;
    }
    struct conn *conn = &s->conn->conn;
    if (bytes.len > options_of(s)->limits.response_max ||
        conn_queued(conn) > options_of(s)->limits.response_max - bytes.len) {
        log_warn("answer broken off: more than http.response_max is unsent",
                 KV_CSTR("front", options_of(s)->name), KV_STR("path", stream->head.path));
        break_off(s, "answer too large");
        return false;
    }
    if (s->framing == H1_LENGTH) {
        if (bytes.len > s->left) {
            break_contract(s, "an answer is longer than its length");
            return false;
        }
        s->left -= bytes.len;
    }
    if (s->framing == H1_CHUNKED) {
        write_chunk(conn, bytes);
    } else {
        conn_write(conn, bytes);
    }
    s->full = conn_queued(conn) > H1_HIGH_WATER;
    return s->full;
}

static void end(struct stream *stream)
{
    struct h1_stream *s = stream_of(stream);
    struct h1_conn *c = s->conn;
    if (c == NULL) {
        return;
    }
    if (!s->begun || s->left > 0) {
        break_contract(s, "an answer is shorter than its length");
        return;
    }
    if (s->framing == H1_CHUNKED) {
        conn_write(&c->conn, STR("0\r\n\r\n"));
    }
    h1_stream_over(s, !c->conn.closed);
    h1_conn_answered(c);
}

static void abort_stream(struct stream *stream)
{
    struct h1_stream *s = stream_of(stream);
    if (s->conn != NULL) {
        break_off(s, "answer broken off");
    }
}

static void pause_body(struct stream *stream, bool paused)
{
    struct h1_stream *s = stream_of(stream);
    struct h1_conn *c = s->conn;
    if (c == NULL || c->state != H1_BODY || s->begun || s->paused == paused) {
        return;
    }
    s->paused = paused;
    if (paused) {
        conn_pause(&c->conn);
        return;
    }
    conn_resume(&c->conn);
    if (s->wants_continue && !s->begun) {
        s->wants_continue = false;
        conn_write(&c->conn, STR("HTTP/1.1 100 Continue\r\n\r\n"));
    }
}

const struct stream_ops h1_stream_ops = {
    .begin = begin,
    .write = write_bytes,
    .end = end,
    .abort = abort_stream,
    .pause = pause_body,
};
