/* upgrade.c - reads the head of a request on /ws, and hands the socket on or answers no.
 *
 * Short-lived, one struct per request, on its worker. The head comes from an HTTP
 * front that has read it, with what it read behind; or it is taken from the socket,
 * alone: what follows it waits there for libwebsockets.
 */
#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "loop/watch.h"
#include "net/conn.h"
#include "net/tls.h"
#include "transport/transport_inside.h"
#include "transport/upgrade_head.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

struct upgrade {
    struct transport_worker *worker;
    struct list link; /* in worker->upgrades */
    struct peer_info peer;
    struct watch watch;
    struct timer deadline;
    struct buf head;
    int fd;          /* -1 once it belongs to somebody else */
    struct conn out; /* carries a refusal to its end */
    bool refusing;
    bool own_origin;
};

static void upgrade_forget(struct upgrade *upgrade)
{
    timer_stop(&upgrade->deadline);
    list_remove(&upgrade->link);
    buf_done(&upgrade->head);
    mem_free(upgrade);
}

static void upgrade_close(struct upgrade *upgrade)
{
    if (upgrade->refusing) {
        conn_done(&upgrade->out);
    } else {
        watch_set(&upgrade->watch, 0);
        (void)close(upgrade->fd);
    }
    net_release(&upgrade->peer);
    upgrade_forget(upgrade);
}

static size_t ignore_input(struct conn *conn, struct str input)
{
    (void)conn;
    return input.len;
}

static void refusal_sent(struct conn *conn, const char *why)
{
    (void)why;
    upgrade_close(CONTAINER_OF(conn, struct upgrade, out));
}

static const char too_long[] = "the request head is too long";

static const struct conn_ops refusal_ops = {.on_input = ignore_input, .on_closed = refusal_sent};

static const char *status_title(unsigned status)
{
    switch (status) {
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 426:
        return "Upgrade Required";
    case 431:
        return "Request Header Fields Too Large";
    case 503:
        return "Service Unavailable";
    case 505:
        return "HTTP Version Not Supported";
    default:
        return "Bad Request";
    }
}

static const char *status_fields(unsigned status)
{
    switch (status) {
    case 405:
        return "Allow: GET\r\n";
    case 426:
        return "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
    default:
        return "";
    }
}

static void upgrade_refuse(struct upgrade *upgrade, unsigned status, const char *detail)
{
    char body[256];
    char answer[640];
    const char *title = status_title(status);
    int body_len =
        snprintf(body, sizeof(body),
                 "{\"type\":\"about:blank\",\"status\":%u,\"title\":\"%s\",\"detail\":\"%s\"}",
                 status, title, detail);
    int answer_len = snprintf(answer, sizeof(answer),
                              "HTTP/1.1 %u %s\r\n%sContent-Type: application/problem+json\r\n"
                              "Content-Length: %d\r\nConnection: close\r\n\r\n%s",
                              status, title, status_fields(status), body_len, body);
    timer_stop(&upgrade->deadline);
    watch_set(&upgrade->watch, 0);
    upgrade->refusing = true;
    metric_add(upgrade->worker->transport->traffic[TRAFFIC_WEBSOCKET].refused, 1);
    conn_init(&upgrade->out, &refusal_ops, upgrade->fd, NULL, &upgrade->peer, 0);
    upgrade->fd = -1;
    conn_write(&upgrade->out, str_make(answer, (size_t)answer_len));
    conn_finish(&upgrade->out);
}

/* `bytes` begin with the head, which has `size`. */
static void upgrade_decide(struct upgrade *upgrade, struct str bytes, size_t size)
{
    const struct transport_options *options = &upgrade->worker->transport->options;
    struct upgrade_rules rules = {.origins = options->origins,
                                  .origin_count = options->origin_count,
                                  .own_origin = upgrade->own_origin};
    struct upgrade_verdict verdict = upgrade_judge(str_sub(bytes, 0, size), &rules);
    if (verdict.status == UPGRADE_ACCEPTED && upgrade->worker->ws == NULL) {
        verdict = (struct upgrade_verdict){503, "WebSocket is not available on this node"};
    }
    if (verdict.status != UPGRADE_ACCEPTED) {
        char text[PEER_TEXT_SIZE];
        log_debug("websocket refused", KV_STR("peer", peer_info_text(&upgrade->peer, text)),
                  KV_U64("status", verdict.status), KV_CSTR("reason", verdict.detail));
        upgrade_refuse(upgrade, verdict.status, verdict.detail);
        return;
    }
    watch_set(&upgrade->watch, 0);
    ws_adopt(upgrade->worker, upgrade->fd, &upgrade->peer, bytes);
    upgrade_forget(upgrade);
}

/* Takes `size` bytes that have been peeked at. */
static bool take_peeked(int fd, char *into, size_t size)
{
    ssize_t got = recv(fd, into, size, MSG_DONTWAIT);
    return got == (ssize_t)size;
}

static void on_readable(struct watch *watch, unsigned events)
{
    (void)events;
    struct upgrade *upgrade = CONTAINER_OF(watch, struct upgrade, watch);
    struct buf *head = &upgrade->head;
    size_t before = head->len;
    size_t room = UPGRADE_HEAD_MAX - before;
    char *into = buf_reserve(head, room);
    ssize_t seen = recv(upgrade->fd, into, room, MSG_PEEK | MSG_DONTWAIT);
    if (seen < 0 && (errno == EAGAIN || errno == EINTR)) {
        return;
    }
    if (seen <= 0) {
        upgrade_close(upgrade);
        return;
    }
    struct str bytes = str_make(head->ptr, before + (size_t)seen);
    size_t end = upgrade_head_end(bytes, before > 3 ? before - 3 : 0);
    size_t size = end != 0 ? end - before : (size_t)seen;
    if (!take_peeked(upgrade->fd, into, size)) {
        upgrade_close(upgrade);
        return;
    }
    buf_commit(head, size);
    if (end != 0) {
        upgrade_decide(upgrade, buf_str(head), head->len);
    } else if (head->len == UPGRADE_HEAD_MAX) {
        upgrade_refuse(upgrade, 431, too_long);
    }
}

static void on_deadline(struct timer *timer)
{
    upgrade_refuse(CONTAINER_OF(timer, struct upgrade, deadline), 408,
                   "the request head took too long");
}

/* NULL: the connection is closed. */
static struct upgrade *upgrade_new(struct transport *transport,
                                   int fd,
                                   struct tls_stream *tls,
                                   const struct peer_info *peer,
                                   bool own_origin)
{
    if (tls != NULL) {
        fd = tls_pump(fd, tls);
        if (fd < 0) {
            net_release(peer);
            return NULL;
        }
    }
    struct upgrade *upgrade = NEW(struct upgrade);
    upgrade->worker = transport_here(transport);
    upgrade->peer = *peer;
    upgrade->fd = fd;
    upgrade->own_origin = own_origin;
    list_push(&upgrade->worker->upgrades, &upgrade->link);
    buf_init(&upgrade->head, UPGRADE_HEAD_MAX);
    watch_init(&upgrade->watch, fd, on_readable);
    timer_init(&upgrade->deadline, on_deadline);
    return upgrade;
}

static void begin(struct transport *transport,
                  int fd,
                  struct tls_stream *tls,
                  const struct peer_info *peer,
                  bool own_origin)
{
    struct upgrade *upgrade = upgrade_new(transport, fd, tls, peer, own_origin);
    if (upgrade != NULL) {
        watch_set(&upgrade->watch, WATCH_READ);
        timer_start(&upgrade->deadline, transport->options.handshake_timeout_ms);
    }
}

static void begin_read(struct transport *transport,
                       int fd,
                       struct tls_stream *tls,
                       const struct peer_info *peer,
                       struct str bytes,
                       bool own_origin)
{
    struct upgrade *upgrade = upgrade_new(transport, fd, tls, peer, own_origin);
    size_t size = upgrade_head_end(bytes, 0);
    if (upgrade == NULL) {
        return;
    }
    if (size == 0 || size > UPGRADE_HEAD_MAX) {
        upgrade_refuse(upgrade, 431, too_long);
    } else {
        upgrade_decide(upgrade, bytes, size);
    }
}

void websocket_take(
    void *transport, int fd, struct tls_stream *tls, const struct peer_info *peer, struct str bytes)
{
    begin_read(transport, fd, tls, peer, bytes, false);
}

void websocket_take_own_origin(
    void *transport, int fd, struct tls_stream *tls, const struct peer_info *peer, struct str bytes)
{
    begin_read(transport, fd, tls, peer, bytes, true);
}

static void take(void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer)
{
    begin(ctx, fd, tls, peer, false);
}

static void take_own_origin(void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer)
{
    begin(ctx, fd, tls, peer, true);
}

static enum probe probe(struct str first)
{
    struct str start = STR("GET /ws");
    if (first.len > start.len) {
        char next = first.ptr[start.len];
        return str_starts(first, start) && (next == ' ' || next == '?') ? PROBE_YES : PROBE_NO;
    }
    return str_starts(start, first) ? PROBE_MORE : PROBE_NO;
}

struct net_protocol websocket_protocol(struct transport *transport)
{
    return (struct net_protocol){
        .name = "websocket", .probe = probe, .take = take, .ctx = transport};
}

struct net_protocol websocket_own_origin_protocol(struct transport *transport)
{
    return (struct net_protocol){
        .name = "websocket", .probe = probe, .take = take_own_origin, .ctx = transport};
}

void upgrade_close_all(struct transport_worker *worker)
{
    LIST_FOREACH_SAFE (node, &worker->upgrades) {
        upgrade_close(LIST_ENTRY(node, struct upgrade, link));
    }
}
