/* ws.c - one WebSocket as a peer of the realm, on its worker.
 *
 * Its life: the opening request (ws_opening.c), messages (ws_input.c), pings, and the closing
 * handshake with its deadlines. Idle, a WebSocket holds no buffer. No extensions.
 */
#include "base/log.h"
#include "base/mem.h"
#include "loop/worker.h"
#include "realm/session.h"
#include "transport/upgrade_head.h"
#include "transport/ws_inside.h"

#include <string.h>

enum { CLOSE_MS = 2000 /* for the peer's half of the closing handshake */ };

static struct ws *of_conn(struct conn *conn)
{
    return CONTAINER_OF(conn, struct ws, conn);
}

static struct ws *of_peer(struct peer *peer)
{
    return CONTAINER_OF(peer, struct ws, peer);
}

void ws_put_frame(struct ws *ws, unsigned opcode, struct str payload)
{
    unsigned char head[WS_REPLY_HEAD_MAX];
    size_t size = ws_head_write(opcode, payload.len, head);
    conn_write(&ws->conn, str_make((const char *)head, size));
    conn_write(&ws->conn, payload);
}

static void put_close(struct ws *ws, unsigned code)
{
    const char octets[2] = {(char)(code >> 8), (char)(code & 0xff)};
    ws_put_frame(ws, OPCODE_CLOSE, str_make(octets, sizeof(octets)));
}

static unsigned message_opcode(const struct ws *ws)
{
    return ws->peer.serializer == SERIALIZER_JSON ? OPCODE_TEXT : OPCODE_BINARY;
}

static void ws_send(struct peer *peer, struct str message)
{
    struct ws *ws = of_peer(peer);
    if (ws->state == WS_OPEN) {
        traffic_out(ws_traffic(ws), message.len);
        ws_put_frame(ws, message_opcode(ws), message);
    }
}

static void ws_share(struct peer *peer, struct block *block, struct str message)
{
    struct ws *ws = of_peer(peer);
    if (ws->state == WS_OPEN) {
        unsigned char head[WS_REPLY_HEAD_MAX];
        size_t size = ws_head_write(message_opcode(ws), message.len, head);
        traffic_out(ws_traffic(ws), message.len);
        conn_share(&ws->conn, str_make((const char *)head, size), block, message);
    }
}

static size_t ws_queued(const struct peer *peer)
{
    const char *ws = (const char *)peer - offsetof(struct ws, peer);
    return conn_queued(&((const struct ws *)(const void *)ws)->conn);
}

static bool ws_gone(const struct peer *peer)
{
    const char *ws = (const char *)peer - offsetof(struct ws, peer);
    return conn_hung_up(&((const struct ws *)(const void *)ws)->conn);
}

static const uint16_t close_codes[] = {
    [PEER_END_NORMAL] = CLOSE_NORMAL,
    [PEER_END_SHUTDOWN] = CLOSE_GOING_AWAY,
    [PEER_END_VIOLATION] = CLOSE_PROTOCOL_ERROR,
    [PEER_END_OVERFLOW] = CLOSE_POLICY,
};

static void ws_finish(struct peer *peer)
{
    struct ws *ws = of_peer(peer);
    if (ws->state != WS_OPEN) {
        return;
    }
    put_close(ws, close_codes[peer->end]);
    ws->state = WS_CLOSING;
    timer_start(&ws->timer, CLOSE_MS);
    ws->paused = false;
    conn_resume(&ws->conn);
}

static void ws_pause(struct peer *peer)
{
    struct ws *ws = of_peer(peer);
    if (ws->state == WS_OPEN) {
        ws->paused = true;
        conn_pause(&ws->conn);
    }
}

static void ws_resume(struct peer *peer)
{
    struct ws *ws = of_peer(peer);
    ws->paused = false;
    ws->heartbeat.heard_ms = worker_now_ms();
    conn_resume(&ws->conn);
}

static const struct peer_ops peer_ops = {
    .transport = "websocket",
    .send = ws_send,
    .share = ws_share,
    .queued = ws_queued,
    .finish = ws_finish,
    .pause = ws_pause,
    .resume = ws_resume,
    .gone = ws_gone,
};

/* From the loop, never while the session is in a call of ours. */
static void lose_session(struct ws *ws)
{
    struct session *session = ws->session;
    ws->session = NULL;
    if (session != NULL) {
        session_lost(session);
    }
}

/* What is queued is written, and the stream ends. */
static void end_stream(struct ws *ws)
{
    ws->state = WS_ENDED;
    timer_stop(&ws->timer);
    conn_finish(&ws->conn);
    lose_session(ws);
}

void ws_fail(struct ws *ws, unsigned code, const char *why)
{
    char text[PEER_TEXT_SIZE];
    if (ws->state == WS_OPEN) {
        log_debug("websocket failed", KV_STR("peer", peer_info_text(&ws->peer.info, text)),
                  KV_U64("code", code), KV_CSTR("reason", why));
        put_close(ws, code);
    }
    end_stream(ws);
}

void ws_closed_by_peer(struct ws *ws, struct str payload)
{
    if (ws->state == WS_OPEN) {
        ws_put_frame(ws, OPCODE_CLOSE, payload);
    }
    end_stream(ws);
}

static void next_ping(struct ws *ws)
{
    /* Who is not listened to cannot be heard; who does not read is the connection's to judge. */
    bool deaf = ws->paused || ws->conn.blocked;
    uint64_t wait_ms = 0;
    switch (heartbeat_next(&ws->heartbeat, ws_options(ws), deaf, &wait_ms)) {
    case PULSE_DEAD:
        conn_abort(&ws->conn, "no answer to pings");
        return;
    case PULSE_PING:
        ws_put_frame(ws, OPCODE_PING, STR_EMPTY);
        break;
    case PULSE_WAIT:
        break;
    }
    if (wait_ms > 0) {
        timer_start(&ws->timer, wait_ms);
    }
}

static void on_timer(struct timer *timer)
{
    struct ws *ws = CONTAINER_OF(timer, struct ws, timer);
    switch ((enum ws_state)ws->state) {
    case WS_OPENING:
        ws_refuse(ws, 408, "the request head took too long");
        break;
    case WS_OPEN:
        next_ping(ws);
        break;
    case WS_CLOSING:
        if (conn_queued(&ws->conn) > 0) {
            timer_start(timer, CLOSE_MS); /* it still takes what was queued before */
        } else {
            end_stream(ws);
        }
        break;
    case WS_ENDED:
        break;
    }
}

void ws_opened(struct ws *ws)
{
    const struct transport_options *options = ws_options(ws);
    ws->state = WS_OPEN;
    ws->heartbeat.heard_ms = worker_now_ms();
    ws->peer.message_max = options->message_max;
    conn_set_stall(&ws->conn, heartbeat_stall_ms(options));
    timer_stop(&ws->timer);
    ws->session = session_open(options->router, &ws->peer);
    next_ping(ws);
}

static size_t on_input(struct conn *conn, struct str input)
{
    struct ws *ws = of_conn(conn);
    size_t used = 0;
    ws->heartbeat.heard_ms = worker_now_ms();
    if (ws->state == WS_OPENING) {
        used = ws_take_opening(ws, input);
        if (ws->state != WS_OPEN) {
            return used;
        }
    }
    return used + ws_take_frames(ws, str_from(input, used));
}

static void on_drained(struct conn *conn)
{
    struct ws *ws = of_conn(conn);
    ws->pongs = 0;
    if (ws->session != NULL && ws->state == WS_OPEN) {
        session_drained(ws->session);
    }
}

static void ws_free(struct ws *ws)
{
    lose_session(ws);
    timer_stop(&ws->timer);
    list_remove(&ws->link);
    conn_done(&ws->conn);
    buf_done(&ws->partial);
    if (ws->secrets != NULL) {
        explicit_bzero(ws->secrets, ws->peer.bearer.len + ws->peer.cookie.len);
        mem_free(ws->secrets);
    }
    traffic_closed(ws_traffic(ws));
    net_release(&ws->peer.info);
    mem_free(ws);
}

static void on_closed(struct conn *conn, const char *why)
{
    struct ws *ws = of_conn(conn);
    char text[PEER_TEXT_SIZE];
    log_debug("websocket closed", KV_STR("peer", peer_info_text(&ws->peer.info, text)),
              KV_CSTR("reason", why));
    ws_free(ws);
}

static const struct conn_ops conn_ops = {
    .on_input = on_input,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

static void begin(struct transport *transport,
                  int fd,
                  struct tls_stream *tls,
                  const struct peer_info *peer,
                  struct str early,
                  bool own_origin)
{
    struct ws *ws = NEW(struct ws);
    ws->worker = transport_here(transport);
    ws->own_origin = own_origin;
    ws->peer.ops = &peer_ops;
    ws->peer.info = *peer;
    ws->peer.tls = tls;
    list_push(&ws->worker->websockets, &ws->link);
    traffic_opened(ws_traffic(ws));
    buf_init(&ws->partial, transport->options.message_max);
    conn_init(&ws->conn, &conn_ops, fd, tls, peer, UPGRADE_HEAD_MAX);
    timer_init(&ws->timer, on_timer);
    timer_start(&ws->timer, transport->options.handshake_timeout_ms);
    conn_start(&ws->conn, early);
}

void websocket_take(
    void *transport, int fd, struct tls_stream *tls, const struct peer_info *peer, struct str bytes)
{
    begin(transport, fd, tls, peer, bytes, false);
}

void websocket_take_own_origin(
    void *transport, int fd, struct tls_stream *tls, const struct peer_info *peer, struct str bytes)
{
    begin(transport, fd, tls, peer, bytes, true);
}

static void take(void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer)
{
    begin(ctx, fd, tls, peer, STR_EMPTY, false);
}

static void take_own_origin(void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer)
{
    begin(ctx, fd, tls, peer, STR_EMPTY, true);
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

void websocket_close_all(struct transport_worker *worker)
{
    LIST_FOREACH_SAFE (node, &worker->websockets) {
        ws_free(LIST_ENTRY(node, struct ws, link));
    }
}
