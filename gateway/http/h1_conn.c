/* h1_conn.c - a connection's input: head, body, head again; and how long each may take.
 *
 * The next request is read once the answer before it has ended. What comes
 * meanwhile stays in the connection, unread beyond PIPELINE_MAX. One timer: it
 * is seldom moved, it looks at the deadline when it fires.
 */
#include "base/mem.h"
#include "http/h1_inside.h"
#include "http/strict.h"

#include <string.h>

enum {
    REQUESTS_A_CALL = 16, /* then others have their turn */
    PIPELINE_MAX = 32 << 10,
    DRAIN_IDLE_MS = 500,
    BODY_RATE_MIN = 500, /* bytes a second, averaged over a header time-out */
};

static const struct front_limits *limits_of(const struct h1_conn *c)
{
    return &c->worker->front->front.options.limits;
}

static const struct front_handler *handler_of(const struct h1_conn *c)
{
    return c->worker->front->front.options.handler;
}

static void set_deadline(struct h1_conn *c, uint64_t delay_ms)
{
    c->deadline_ms = worker_now_ms() + delay_ms;
    if (!timer_active(&c->timer) || c->timer.due_ms > c->deadline_ms + 1) {
        timer_start(&c->timer, delay_ms);
    }
}

static void enter(struct h1_conn *c, enum h1_state state)
{
    c->state = (uint8_t)state;
    switch (state) {
    case H1_IDLE:
        c->scan = (struct h1_scan){0};
        set_deadline(c, limits_of(c)->idle_timeout_ms);
        break;
    case H1_HEAD:
    case H1_BODY:
    case H1_SKIP:
        set_deadline(c, limits_of(c)->header_timeout_ms);
        break;
    case H1_ANSWER:
    case H1_UPGRADE:
    case H1_CLOSING:
        c->deadline_ms = 0;
        break;
    }
}

void h1_conn_finish(struct h1_conn *c)
{
    enter(c, H1_CLOSING);
    conn_finish(&c->conn);
}

/* The request is known above already, which has not begun to answer. */
static void refuse_body(struct h1_conn *c, enum h1_rule rule)
{
    h1_stream_over(c->stream, false);
    h1_answer_refusal(c, h1_refusal(rule));
}

bool h1_conn_can_skip(const struct h1_conn *c)
{
    const struct h1_stream *s = c->stream;
    return s->stream.head.content_length != LENGTH_STREAM && c->body_left <= H1_SKIP_MAX &&
           !s->wants_continue;
}

/* The head in the stream's memory; NULL, or why it is refused. */
static const struct refusal *read_head(struct h1_stream *s, struct str bytes, unsigned fields)
{
    struct request_head *head = &s->stream.head;
    struct h1_head parsed;
    char *copy = arena_alloc(&s->stream.arena, bytes.len);
    struct header *kept = arena_alloc(&s->stream.arena, (fields + 1) * sizeof(*kept));
    memcpy(copy, bytes.ptr, bytes.len);
    enum h1_rule rule = h1_parse(copy, bytes.len, kept, &parsed);
    if (rule != H1_OK) {
        return h1_refusal(rule);
    }
    *head = (struct request_head){.method = parsed.method,
                                  .headers = kept,
                                  .header_count = parsed.field_count,
                                  .peer = &s->conn->conn.peer};
    strict_read_target(head, kept, parsed.target);
    const struct refusal *why = strict_check_parsed(head, parsed.http10, limits_of(s->conn));
    if (why != NULL) {
        return why;
    }
    s->http10 = parsed.http10;
    s->keep_alive = parsed.keep_alive;
    s->head_only = str_eq(parsed.method, STR("HEAD"));
    s->wants_continue = parsed.expects_continue;
    return parsed.expects_continue && head->content_length == 0 ? h1_refusal(H1_EXPECTATION) : NULL;
}

/* Hands the request up. The stream may be over, and the connection closing, afterwards. */
static void present(struct h1_conn *c, struct h1_stream *s, bool body_waits)
{
    c->close = false;
    c->body_left = s->stream.head.content_length > 0 ? (uint64_t)s->stream.head.content_length : 0;
    enter(c, s->stream.head.content_length == 0 ? H1_ANSWER : H1_BODY);
    handler_of(c)->on_request(c->worker->front->front.options.ctx, &s->stream);
    if (c->stream == s && s->wants_continue && !s->begun && !s->paused && !body_waits) {
        s->wants_continue = false;
        conn_write(&c->conn, STR("HTTP/1.1 100 Continue\r\n\r\n"));
    }
}

/* Not its turn yet. Hang-ups are noticed as long as we read. */
static size_t leave(struct h1_conn *c, struct str input)
{
    if (input.len > PIPELINE_MAX && !c->held) {
        c->held = true;
        conn_pause(&c->conn);
    }
    return 0;
}

static bool is_upgrade(const struct h1_conn *c, const struct request_head *head)
{
    const struct front_upgrade *upgrade = &c->worker->front->front.options.upgrade;
    return upgrade->take != NULL && str_eq(head->path, upgrade->path) &&
           str_eq(head->method, STR("GET"));
}

/* All of these take from the beginning of `input` and return how much. This one may have given the
 * connection away then. */
static size_t take_upgrade(struct h1_conn *c, struct str input)
{
    if (conn_queued(&c->conn) > 0) {
        enter(c, H1_UPGRADE);
        return leave(c, input);
    }
    h1_conn_give_away(c, str_from(input, c->scan.begin));
    return 0;
}

static size_t take_head(struct h1_conn *c, struct str input)
{
    size_t len = 0;
    if (conn_queued(&c->conn) > H1_HIGH_WATER) {
        return leave(c, input); /* a client that asks on but does not read */
    }
    enum h1_rule rule = h1_scan(&c->scan, input, limits_of(c), &len);
    if (rule != H1_OK) {
        h1_answer_refusal(c, h1_refusal(rule));
        return 0;
    }
    if (len == 0) {
        if (c->state == H1_IDLE) {
            enter(c, H1_HEAD);
        }
        return 0;
    }
    struct h1_stream *s = h1_stream_new(c);
    struct str bytes = str_sub(input, c->scan.begin, len - c->scan.begin);
    const struct refusal *why = read_head(s, bytes, c->scan.fields);
    if (why != NULL) {
        h1_stream_over(s, false);
        h1_answer_refusal(c, why);
        return 0;
    }
    if (is_upgrade(c, &s->stream.head)) {
        h1_stream_over(s, false);
        return take_upgrade(c, input);
    }
    c->stream = s;
    c->scan = (struct h1_scan){0};
    present(c, s, input.len > len);
    return len;
}

/* The body is whole. The handler hears so unless it has begun to answer. */
static void body_done(struct h1_conn *c, struct str last)
{
    struct h1_stream *s = c->stream;
    enter(c, H1_ANSWER);
    if (!s->begun) {
        handler_of(c)->on_body(&s->stream, last, true);
    }
}

static size_t take_chunked(struct h1_conn *c, struct str input)
{
    struct h1_stream *s = c->stream;
    size_t total = 0;
    size_t used = 0;
    do {
        struct str data = STR_EMPTY;
        enum h1_rule rule = h1_chunked_next(&s->body, str_from(input, total), &used, &data);
        if (rule != H1_OK) {
            refuse_body(c, rule);
            return 0;
        }
        total += used;
        if (s->body.state == H1_CHUNK_DONE) {
            body_done(c, STR_EMPTY);
            return total;
        }
        if (data.len > 0) {
            handler_of(c)->on_body(&s->stream, data, false);
        }
    } while (used > 0 && c->stream == s && !s->begun && !s->paused);
    return total;
}

static size_t take_body(struct h1_conn *c, struct str input)
{
    struct h1_stream *s = c->stream;
    bool known = s->stream.head.content_length != LENGTH_STREAM;
    s->wants_continue = false;
    if (s->paused) {
        return 0;
    }
    if (s->begun && !known) {
        return input.len; /* the connection ends with this answer */
    }
    if (!known) {
        size_t used = take_chunked(c, input);
        s->body_seen += used;
        return used;
    }
    struct str piece =
        str_sub(input, 0, c->body_left < input.len ? (size_t)c->body_left : input.len);
    s->body_seen += piece.len;
    c->body_left -= piece.len;
    if (c->body_left == 0) {
        body_done(c, piece);
    } else if (!s->begun) {
        handler_of(c)->on_body(&s->stream, piece, false);
    }
    return piece.len;
}

static size_t take_skipped(struct h1_conn *c, struct str input)
{
    size_t size = c->body_left < input.len ? (size_t)c->body_left : input.len;
    c->body_left -= size;
    if (c->body_left == 0) {
        enter(c, H1_IDLE);
    }
    return size;
}

static size_t take_some(struct h1_conn *c, struct str input)
{
    switch ((enum h1_state)c->state) {
    case H1_IDLE:
    case H1_HEAD:
        return take_head(c, input);
    case H1_BODY:
        return take_body(c, input);
    case H1_ANSWER:
        return leave(c, input);
    case H1_UPGRADE:
        return take_upgrade(c, input);
    case H1_SKIP:
        return take_skipped(c, input);
    case H1_CLOSING:
        break;
    }
    return input.len;
}

static size_t on_input(struct conn *conn, struct str input)
{
    struct h1_conn *c = CONTAINER_OF(conn, struct h1_conn, conn);
    size_t used = 0;
    size_t step = 1;
    for (unsigned i = 0; i < REQUESTS_A_CALL && step > 0 && used < input.len; i++) {
        step = take_some(c, str_from(input, used));
        used += step;
    }
    if (step > 0 && used < input.len) {
        conn_again(conn);
    }
    return used;
}

/* Inside on_input there is no rest, and its loop goes on by itself. */
static void go_on(struct h1_conn *c)
{
    if (c->held) {
        c->held = false;
        conn_resume(&c->conn);
    } else if (c->conn.rest_len > 0) {
        conn_again(&c->conn);
    }
}

void h1_conn_answered(struct h1_conn *c)
{
    if (c->close) {
        h1_conn_finish(c);
        return;
    }
    enter(c, c->state == H1_BODY ? H1_SKIP : H1_IDLE);
    go_on(c);
    conn_push(&c->conn); /* while the answer is warm, and before others are made */
}

static void on_drained(struct conn *conn)
{
    struct h1_conn *c = CONTAINER_OF(conn, struct h1_conn, conn);
    struct h1_stream *s = c->stream;
    if (s != NULL && s->full) {
        s->full = false;
        if (handler_of(c)->on_writable != NULL) {
            handler_of(c)->on_writable(&s->stream);
        }
    } else if (s == NULL) {
        go_on(c);
    }
}

static void on_closed(struct conn *conn, const char *why)
{
    struct h1_conn *c = CONTAINER_OF(conn, struct h1_conn, conn);
    (void)why;
    h1_conn_free(c);
}

static void check_progress(struct h1_conn *c)
{
    struct h1_stream *s = c->stream;
    uint64_t period_ms = limits_of(c)->header_timeout_ms;
    if (s->begun || s->paused || s->body_seen * 1000 >= BODY_RATE_MIN * period_ms) {
        s->body_seen = 0;
        set_deadline(c, period_ms);
    } else {
        refuse_body(c, H1_BODY_TIMEOUT);
    }
}

static void on_timer(struct timer *timer)
{
    struct h1_conn *c = CONTAINER_OF(timer, struct h1_conn, timer);
    uint64_t now_ms = worker_now_ms();
    if (c->deadline_ms == 0) {
        return;
    }
    if (now_ms < c->deadline_ms) {
        timer_start(timer, c->deadline_ms - now_ms);
        return;
    }
    switch ((enum h1_state)c->state) {
    case H1_HEAD:
        h1_answer_refusal(c, h1_refusal(H1_HEADER_TIMEOUT));
        break;
    case H1_BODY:
        check_progress(c);
        break;
    case H1_IDLE:
    case H1_SKIP:
        h1_conn_finish(c);
        break;
    case H1_ANSWER:
    case H1_UPGRADE:
    case H1_CLOSING:
        break;
    }
}

/* Not at once: a request that is on its way still gets its answer. */
void h1_conn_drain(struct h1_conn *c)
{
    if (c->state == H1_IDLE && limits_of(c)->idle_timeout_ms > DRAIN_IDLE_MS) {
        set_deadline(c, DRAIN_IDLE_MS);
    }
}

struct h1_conn *
h1_conn_new(struct h1_worker *worker, int fd, struct tls_stream *tls, const struct peer_info *peer)
{
    static const struct conn_ops ops = {
        .on_input = on_input, .on_drained = on_drained, .on_closed = on_closed};
    struct h1_conn *c = NEW(struct h1_conn);
    c->worker = worker;
    size_t input_max = limits_of(c)->uri_max + H1_LINE_EXTRA + limits_of(c)->headers_max +
                       PIPELINE_MAX + H1_TRAILERS_MAX;
    conn_init(&c->conn, &ops, fd, tls, peer, input_max);
    conn_set_low_water(&c->conn, H1_LOW_WATER);
    timer_init(&c->timer, on_timer);
    list_push(&worker->connections, &c->link);
    return c;
}

void h1_conn_start(struct h1_conn *c)
{
    enter(c, H1_IDLE);
    conn_start(&c->conn, STR_EMPTY);
}
