/* answer.c - what a visit's client is told: JSON answers, batches of messages, streams of events.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "tunnel/tunnel_inside.h"

#include <stdio.h>

enum { HEADERS_MAX = ORIGIN_HEADERS_MAX + 5, SMALL_MAX = 1024, EVENT_EXTRA = 32 };

#define MEDIA_ANSWER STR("application/json")

static void begin(struct visit *visit,
                  unsigned status,
                  struct str media,
                  int64_t length,
                  const struct header *more)
{
    struct stream *stream = visit->stream;
    struct header headers[HEADERS_MAX];
    size_t count = origin_headers(&visit->tunnels->origins, &stream->head, headers);
    headers[count++] = (struct header){STR("cache-control"), STR("no-store")};
    if (media.len > 0) {
        headers[count++] = (struct header){STR("content-type"), media};
    }
    if (more != NULL) {
        headers[count++] = *more;
    }
    visit->answered = true;
    stream_begin(stream, status, headers, count, length);
}

static void answer(struct visit *visit, unsigned status, struct str body, const struct header *more)
{
    begin(visit, status, body.len > 0 ? MEDIA_ANSWER : STR_EMPTY, (int64_t)body.len, more);
    (void)stream_write(visit->stream, body);
    stream_end(visit->stream);
}

static const struct header *error_header(const struct visit *visit, unsigned status)
{
    static const struct header retry = {STR_INIT("retry-after"), STR_INIT("1")};
    static const struct header challenge = {STR_INIT("www-authenticate"), STR_INIT("Bearer")};
    static const struct header get = {STR_INIT("allow"), STR_INIT("GET, OPTIONS")};
    static const struct header post = {STR_INIT("allow"), STR_INIT("POST, OPTIONS")};
    switch (status) {
    case 401:
        return &challenge;
    case 405:
        return str_starts(visit->stream->head.path, STR("/wamp/sse/")) &&
                       str_ends(visit->stream->head.path, STR("/receive"))
                   ? &get
                   : &post;
    case 429:
    case 503:
        return &retry;
    default:
        return NULL;
    }
}

void answer_error(struct visit *visit, unsigned status, const char *code)
{
    char body[SMALL_MAX];
    int len = snprintf(body, sizeof(body), "{\"error\":\"%s\"}", code);
    if (visit->errand == VISIT_OPEN) {
        metric_add(visit->tunnels->counts[visit->kind].traffic.refused, 1);
    }
    answer(visit, status, str_make(body, (size_t)len), error_header(visit, status));
}

void answer_no_protocol(struct visit *visit)
{
    struct buf body;
    buf_init(&body, SMALL_MAX);
    (void)buf_append(&body, STR("{\"error\":\"no_supported_protocol\",\"supported\":"));
    protocol_list(visit->kind, &body);
    (void)buf_byte(&body, '}');
    metric_add(visit->tunnels->counts[visit->kind].traffic.refused, 1);
    answer(visit, 400, buf_str(&body), NULL);
    buf_done(&body);
}

void answer_opened(struct visit *visit, const struct tunnel_id *id)
{
    char body[SMALL_MAX];
    struct str name = visit->protocol->name;
    int len =
        snprintf(body, sizeof(body), "{\"protocol\":\"" PRISTR "\",\"transport\":\"" PRISTR "\"}",
                 STRARG(name), STRARG(tunnel_id_str(id)));
    answer(visit, 200, str_make(body, (size_t)len), NULL);
}

void answer_preflight(struct visit *visit)
{
    struct header headers[HEADERS_MAX];
    struct stream *stream = visit->stream;
    size_t count = origin_preflight(&visit->tunnels->origins, &stream->head, headers);
    headers[count++] = (struct header){STR("allow"), STR("GET, POST, OPTIONS")};
    visit->answered = true;
    stream_begin(stream, 204, headers, count, 0);
    stream_end(stream);
}

static void answer_batch(struct visit *visit)
{
    char prefix[BATCH_PREFIX_SIZE];
    const struct tunnel_protocol *protocol = visit->protocol;
    struct str suffix = protocol_suffix(protocol);
    size_t total = 0;
    LIST_FOREACH (link, &visit->letters) {
        const struct letter *letter = LIST_ENTRY(link, struct letter, link);
        total += protocol_prefix(protocol, letter->bytes.len, prefix) + letter->bytes.len;
        total += suffix.len;
    }
    begin(visit, 200, protocol_media(protocol), (int64_t)total, NULL);
    LIST_FOREACH (link, &visit->letters) {
        const struct letter *letter = LIST_ENTRY(link, struct letter, link);
        size_t size = protocol_prefix(protocol, letter->bytes.len, prefix);
        (void)stream_write(visit->stream, str_make(prefix, size));
        (void)stream_write(visit->stream, letter->bytes);
        (void)stream_write(visit->stream, suffix);
    }
    stream_end(visit->stream);
}

static void write_some(struct visit *visit, struct str bytes)
{
    uint64_t keepalive_ms = visit->tunnels->options.keepalive_ms;
    visit->blocked = stream_write(visit->stream, bytes);
    if (keepalive_ms > 0) {
        timer_start(&visit->keepalive, keepalive_ms);
    }
}

static void on_keepalive(struct timer *timer)
{
    struct visit *visit = CONTAINER_OF(timer, struct visit, keepalive);
    if (visit->stream != NULL && !visit->blocked) {
        write_some(visit, STR(": keepalive\n\n"));
    }
}

/* Line ends would end the field. Those that valid JSON can have are blanks between its tokens. */
static void write_event(struct visit *visit, struct str message)
{
    struct buf event;
    buf_init(&event, message.len + EVENT_EXTRA);
    (void)buf_append(&event, STR("event: wamp\ndata: "));
    size_t at = event.len;
    (void)buf_append(&event, message);
    for (; at < event.len; at++) {
        if (event.ptr[at] == '\n' || event.ptr[at] == '\r') {
            event.ptr[at] = ' ';
        }
    }
    (void)buf_append(&event, STR("\n\n"));
    write_some(visit, buf_str(&event));
    buf_done(&event);
}

/* As long as the client takes it; then the tunnel is asked for more. */
static void go_on(struct visit *visit)
{
    while (!visit->blocked && !list_empty(&visit->letters)) {
        struct list *first = visit->letters.next;
        struct list one;
        list_init(&one);
        list_remove(first);
        list_push(&one, first);
        write_event(visit, LIST_ENTRY(first, struct letter, link)->bytes);
        letters_free(&one);
    }
    if (!visit->blocked) {
        visit->errand = VISIT_RECEIVE;
        visit_depart(visit);
    }
}

static void begin_events(struct visit *visit)
{
    static const struct header unbuffered = {STR_INIT("x-accel-buffering"), STR_INIT("no")};
    visit->begun = true;
    visit->keepalive.fn = on_keepalive;
    begin(visit, 200, STR("text/event-stream"), LENGTH_STREAM, &unbuffered);
    write_some(visit, STR(": open\n\n")); /* so that the head goes out */
}

static void end_events(struct visit *visit, const char *why)
{
    char text[SMALL_MAX];
    int len = snprintf(text, sizeof(text), "event: transport_error\ndata: %s\n\n", why);
    timer_stop(&visit->keepalive);
    (void)stream_write(visit->stream, str_make(text, (size_t)len));
    stream_end(visit->stream);
}

void answer_writable(struct visit *visit)
{
    if (visit->blocked) {
        visit->blocked = false;
        if (!visit->away) {
            go_on(visit);
        }
    }
}

static void answer_event_outcome(struct visit *visit)
{
    switch (visit->outcome) {
    case OUTCOME_LOST:
        if (visit->begun) {
            end_events(visit, "session_terminated");
        } else {
            answer_error(visit, 404, "transport_not_found");
        }
        break;
    case OUTCOME_REPLACED:
        end_events(visit, "receive_replaced");
        break;
    default:
        if (!visit->begun) {
            begin_events(visit);
        }
        go_on(visit);
        break;
    }
}

void answer_outcome(struct visit *visit)
{
    if (visit->kind == TUNNEL_SSE && visit->errand == VISIT_RECEIVE) {
        answer_event_outcome(visit);
        return;
    }
    switch (visit->outcome) {
    case OUTCOME_BATCH:
        answer_batch(visit);
        break;
    case OUTCOME_EMPTY:
        answer(visit, 204, STR_EMPTY, NULL);
        break;
    case OUTCOME_LOST:
        answer_error(visit, 404, "transport_not_found");
        break;
    case OUTCOME_REPLACED:
        answer_error(visit, 409, "receive_replaced");
        break;
    case OUTCOME_TAKEN:
        answer(visit, visit->crossbar ? 204 : 202, STR_EMPTY, NULL);
        break;
    case OUTCOME_MALFORMED:
        answer_error(visit, 400,
                     visit->protocol->serializer == SERIALIZER_JSON ? "invalid_json"
                                                                    : "invalid_message");
        break;
    case OUTCOME_BUSY:
        answer_error(visit, 429, "too_many_requests");
        break;
    }
}
