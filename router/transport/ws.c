/* ws.c - one WebSocket as a peer of the realm, on its worker.
 *
 * libwebsockets reads, unmasks and answers pings; what we send is framed here
 * (RFC 6455, 5.2), queued, and given to it raw, once a turn, while the socket
 * takes it. Messages that come in pieces are put together up to message_max;
 * whole ones are handed on where they lie. Idle, a WebSocket holds no buffer.
 * Text is checked for UTF-8 by the JSON scanner.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "loop/watch.h"
#include "net/outq.h"
#include "realm/peer.h"
#include "realm/session.h"
#include "transport/ws_inside.h"

#include <sys/socket.h>

enum {
    CLOSE_MS = 2000,  /* for the peer's half of the closing handshake */
    STALL_MS = 10000, /* to take some of what is queued, where ping_timeout does not say */
    FLUSH_MAX = 1 << 20,
    OPCODE_TEXT = 1,
    OPCODE_BINARY = 2,
    OPCODE_CLOSE = 8,
    OPCODE_PING = 9,
    FIN = 0x80,
    UPGRADE_REQUIRED = 426,
};

enum ws_state {
    WS_OPENING,
    WS_OPEN,
    WS_CLOSING, /* nothing that still comes is looked at */
    WS_KILLED,  /* libwebsockets has been told to drop it */
};

struct ws {
    struct peer peer;
    struct ws_context *context;
    struct list link; /* in context->sockets */
    struct lws *wsi;
    struct session *session; /* NULL before ESTABLISHED and after CLOSED */
    struct outq out;
    struct turn_task flush;
    struct timer timer; /* by state: opening handshake; next ping or pong; closing */
    struct buf partial; /* a message that comes in pieces */
    uint64_t heard_ms;  /* the last sign of life */
    uint64_t pinged_ms; /* our last ping; dead when not heard since */
    enum ws_state state;
    bool blocked; /* WRITEABLE will come */
    bool paused;  /* nothing can be heard */
};

static struct ws *of_peer(struct peer *peer)
{
    return CONTAINER_OF(peer, struct ws, peer);
}

static const struct transport_options *options_of(const struct ws *ws)
{
    return &ws->context->worker->transport->options;
}

static const struct traffic *traffic_of(const struct ws *ws)
{
    return &ws->context->worker->transport->traffic[TRAFFIC_WEBSOCKET];
}

/* Not from inside a callback for this wsi: those return -1. Its own time-out may come late on
 * a busy loop; a socket that is shut down is noticed by whoever reads or writes it. */
static void ws_kill(struct ws *ws)
{
    ws->state = WS_KILLED;
    outq_clear(&ws->out);
    timer_stop(&ws->timer);
    (void)lws_rx_flow_control(ws->wsi, 1);
    lws_set_timeout(ws->wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_ASYNC);
    (void)shutdown(lws_get_socket_fd(ws->wsi), SHUT_RDWR);
    lws_cancel_service(ws->context->lws);
}

/* How many of the first `size` bytes are whole frames. */
static size_t whole_frames(const unsigned char *bytes, size_t size)
{
    size_t whole = 0;
    while (size - whole >= 2) {
        const unsigned char *frame = bytes + whole;
        size_t header = frame[1] < 126 ? 2 : 4;
        if (size - whole < header) {
            break;
        }
        size_t length = header == 2 ? frame[1] : (size_t)frame[2] << 8 | frame[3];
        if (size - whole - header < length) {
            break;
        }
        whole += header + length;
    }
    return whole;
}

/* False when the connection is broken. */
static bool ws_write(struct ws *ws)
{
    unsigned char *output = ws->context->output + LWS_PRE;
    size_t written = 0;
    while (ws->out.bytes > 0 && written < FLUSH_MAX && lws_send_pipe_choked(ws->wsi) == 0) {
        size_t size = whole_frames(output, outq_read(&ws->out, (char *)output, WS_WRITE_MAX));
        if (lws_write(ws->wsi, output, size, LWS_WRITE_HTTP) < 0) {
            return false;
        }
        outq_drop(&ws->out, size);
        written += size;
    }
    ws->blocked = ws->out.bytes > 0;
    if (ws->blocked) {
        (void)lws_callback_on_writable(ws->wsi);
    }
    return true;
}

static void tell_drained(struct ws *ws)
{
    if (!ws->blocked && ws->session != NULL && ws->state == WS_OPEN) {
        session_drained(ws->session);
    }
}

static void on_turn_end(struct turn_task *task)
{
    struct ws *ws = CONTAINER_OF(task, struct ws, flush);
    if (ws->blocked || ws->state == WS_KILLED) {
        return;
    }
    if (ws_write(ws)) {
        tell_drained(ws);
    } else {
        ws_kill(ws);
    }
}

/* `opcode` with FIN or without; `length` is at most WS_FRAGMENT_MAX. */
static void put_header(struct ws *ws, unsigned opcode, size_t length)
{
    unsigned char header[4] = {(unsigned char)opcode, (unsigned char)length};
    size_t size = 2;
    if (length > 125) {
        header[1] = 126;
        header[2] = (unsigned char)(length >> 8);
        header[3] = (unsigned char)length;
        size = 4;
    }
    outq_copy(&ws->out, str_make((const char *)header, size));
}

/* `block` may be NULL: then the bytes are copied. */
static void put_message(struct ws *ws, struct block *block, struct str message)
{
    if (ws->state != WS_OPEN) {
        return;
    }
    traffic_out(traffic_of(ws), message.len);
    unsigned opcode = ws->peer.serializer == SERIALIZER_JSON ? OPCODE_TEXT : OPCODE_BINARY;
    do {
        struct str piece = str_sub(message, 0, WS_FRAGMENT_MAX);
        message = str_from(message, piece.len);
        put_header(ws, opcode | (message.len == 0 ? FIN : 0), piece.len);
        opcode = 0; /* continuation */
        if (block != NULL) {
            outq_share(&ws->out, block, piece);
        } else {
            outq_copy(&ws->out, piece);
        }
    } while (message.len > 0);
    loop_at_turn_end(&ws->flush);
}

static void ws_send(struct peer *peer, struct str message)
{
    put_message(of_peer(peer), NULL, message);
}

static void ws_share(struct peer *peer, struct block *block, struct str message)
{
    put_message(of_peer(peer), block, message);
}

static size_t ws_queued(const struct peer *peer)
{
    const char *ws = (const char *)peer - offsetof(struct ws, peer);
    return ((const struct ws *)(const void *)ws)->out.bytes;
}

static void begin_closing(struct ws *ws)
{
    ws->state = WS_CLOSING;
    timer_start(&ws->timer, CLOSE_MS);
}

static const uint16_t close_codes[] = {
    [PEER_END_NORMAL] = LWS_CLOSE_STATUS_NORMAL,
    [PEER_END_SHUTDOWN] = LWS_CLOSE_STATUS_GOINGAWAY,
    [PEER_END_VIOLATION] = LWS_CLOSE_STATUS_PROTOCOL_ERR,
    [PEER_END_OVERFLOW] = LWS_CLOSE_STATUS_POLICY_VIOLATION,
};

static void ws_finish(struct peer *peer)
{
    struct ws *ws = of_peer(peer);
    if (ws->state != WS_OPEN) {
        return;
    }
    unsigned code = close_codes[peer->end];
    const char octets[2] = {(char)(code >> 8), (char)(code & 0xff)};
    put_header(ws, OPCODE_CLOSE | FIN, sizeof(octets));
    outq_copy(&ws->out, str_make(octets, sizeof(octets)));
    loop_at_turn_end(&ws->flush);
    begin_closing(ws);
    (void)lws_rx_flow_control(ws->wsi, 1);
}

static void ws_pause(struct peer *peer)
{
    struct ws *ws = of_peer(peer);
    ws->paused = true;
    (void)lws_rx_flow_control(ws->wsi, 0);
}

static void ws_resume(struct peer *peer)
{
    struct ws *ws = of_peer(peer);
    ws->paused = false;
    ws->heard_ms = worker_now_ms();
    (void)lws_rx_flow_control(ws->wsi, 1);
    /* What was read before the pause lies in libwebsockets: it looks there when woken. */
    lws_cancel_service(ws->context->lws);
}

static const struct peer_ops peer_ops = {
    .transport = "websocket",
    .send = ws_send,
    .share = ws_share,
    .queued = ws_queued,
    .finish = ws_finish,
    .pause = ws_pause,
    .resume = ws_resume,
};

static void next_ping(struct ws *ws)
{
    uint64_t interval = options_of(ws)->ping_interval_ms;
    uint64_t silent = worker_now_ms() - ws->heard_ms;
    if (interval == 0) {
        return;
    }
    if (silent < interval) {
        timer_start(&ws->timer, interval - silent);
        return;
    }
    ws->pinged_ms = worker_now_ms();
    /* Not empty: libwebsockets keeps an empty pong to itself. */
    put_header(ws, OPCODE_PING | FIN, 4);
    outq_copy(&ws->out, STR("ping"));
    loop_at_turn_end(&ws->flush);
    timer_start(&ws->timer, options_of(ws)->ping_timeout_ms);
}

/* A closing peer that still takes what was queued before is not cut off. */
static bool still_taking(const struct ws *ws)
{
    uint64_t timeout = options_of(ws)->ping_timeout_ms;
    uint64_t stall = timeout != 0 ? timeout : STALL_MS;
    return ws->out.bytes > 0 && worker_now_ms() - ws->heard_ms < stall;
}

static void on_timer(struct timer *timer)
{
    struct ws *ws = CONTAINER_OF(timer, struct ws, timer);
    bool deaf = ws->paused && !ws->blocked; /* whose pong we could not hear anyway */
    if (ws->state == WS_OPEN && deaf) {
        timer_start(timer, options_of(ws)->ping_interval_ms);
    } else if (ws->state == WS_OPEN && ws->heard_ms >= ws->pinged_ms) {
        next_ping(ws);
    } else if (ws->state == WS_CLOSING && still_taking(ws)) {
        timer_start(timer, CLOSE_MS);
    } else {
        ws_kill(ws);
    }
}

/* Within a callback; the result is the callback's. */
static int fail(struct ws *ws, enum lws_close_status status)
{
    lws_close_reason(ws->wsi, status, NULL, 0);
    begin_closing(ws);
    return -1;
}

static int deliver(struct ws *ws, struct str message)
{
    traffic_in(traffic_of(ws), message.len);
    session_receive(ws->session, message);
    return 0;
}

static int on_receive(struct ws *ws, struct str piece)
{
    if (ws->state != WS_OPEN) {
        return 0;
    }
    ws->heard_ms = worker_now_ms();
    bool text = lws_frame_is_binary(ws->wsi) == 0;
    bool final = lws_is_final_fragment(ws->wsi) != 0;
    if (text != (ws->peer.serializer == SERIALIZER_JSON)) {
        return fail(ws, LWS_CLOSE_STATUS_UNACCEPTABLE_OPCODE);
    }
    /* What this frame still announces counts as there. */
    size_t expected = ws->partial.len + piece.len + lws_remaining_packet_payload(ws->wsi);
    if (expected > options_of(ws)->message_max) {
        return fail(ws, LWS_CLOSE_STATUS_MESSAGE_TOO_LARGE);
    }
    if (final && ws->partial.len == 0) {
        return deliver(ws, piece);
    }
    (void)buf_append(&ws->partial, piece);
    if (!final) {
        return 0;
    }
    struct buf whole = ws->partial;
    buf_init(&ws->partial, options_of(ws)->message_max);
    int result = deliver(ws, buf_str(&whole));
    buf_done(&whole);
    return result;
}

static int ws_begin(struct lws *wsi)
{
    struct ws_context *context = lws_context_user(lws_get_context(wsi));
    if (context->adopting == NULL) {
        return -1;
    }
    struct ws *ws = NEW(struct ws);
    ws->context = context;
    ws->wsi = wsi;
    ws->peer.ops = &peer_ops;
    ws->peer.info = *context->adopting;
    context->adopting = NULL;
    list_push(&context->sockets, &ws->link);
    traffic_opened(traffic_of(ws));
    outq_init(&ws->out);
    buf_init(&ws->partial, options_of(ws)->message_max);
    ws->flush.fn = on_turn_end;
    timer_init(&ws->timer, on_timer);
    timer_start(&ws->timer, options_of(ws)->handshake_timeout_ms);
    lws_set_opaque_user_data(wsi, ws);
    return 0;
}

static int ws_opened(struct ws *ws)
{
    unsigned id = lws_get_protocol(ws->wsi)->id;
    if (id == SERIALIZER_NONE) {
        return -1;
    }
    ws->peer.serializer = (enum serializer)id;
    ws->peer.message_max = options_of(ws)->message_max;
    ws->state = WS_OPEN;
    ws->heard_ms = worker_now_ms();
    ws->session = session_open(options_of(ws)->router, &ws->peer);
    timer_stop(&ws->timer);
    next_ping(ws);
    return 0;
}

static int on_writeable(struct ws *ws)
{
    size_t before = ws->out.bytes;
    if (ws->state == WS_KILLED || !ws_write(ws)) {
        return -1;
    }
    if (ws->out.bytes < before) {
        /* Room again behind a full socket: the peer reads, if slowly. */
        ws->heard_ms = worker_now_ms();
    }
    tell_drained(ws);
    return 0;
}

static void ws_lost(struct ws *ws)
{
    ws->state = WS_KILLED;
    struct session *session = ws->session;
    ws->session = NULL;
    if (session != NULL) {
        session_lost(session);
    }
}

static void ws_free(struct ws *ws)
{
    lws_set_opaque_user_data(ws->wsi, NULL);
    ws_lost(ws);
    loop_turn_task_cancel(&ws->flush);
    timer_stop(&ws->timer);
    list_remove(&ws->link);
    outq_clear(&ws->out);
    buf_done(&ws->partial);
    traffic_closed(traffic_of(ws));
    net_release(&ws->peer.info);
    mem_free(ws);
}

/* The peer closes. Its half of the handshake after ours ends the matter; else libwebsockets
 * answers, and the deadline is ours. */
static int on_peer_close(struct ws *ws)
{
    if (ws->state != WS_OPEN) {
        return -1;
    }
    begin_closing(ws);
    return 0;
}

static int on_ws_event(struct ws *ws, enum lws_callback_reasons reason, struct str in)
{
    switch (reason) {
    case LWS_CALLBACK_ESTABLISHED:
        return ws_opened(ws);
    case LWS_CALLBACK_RECEIVE:
        return on_receive(ws, in);
    case LWS_CALLBACK_RECEIVE_PONG:
        ws->heard_ms = ws->state == WS_OPEN ? worker_now_ms() : ws->heard_ms;
        return 0;
    case LWS_CALLBACK_SERVER_WRITEABLE:
        return on_writeable(ws);
    case LWS_CALLBACK_WS_PEER_INITIATED_CLOSE:
        return on_peer_close(ws);
    case LWS_CALLBACK_CLOSED:
        ws_lost(ws);
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        ws_free(ws);
        return 0;
    default:
        return 0;
    }
}

int ws_callback(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    (void)user;
    if (reason == LWS_CALLBACK_SERVER_NEW_CLIENT_INSTANTIATED) {
        return ws_begin(wsi);
    }
    if (reason == LWS_CALLBACK_HTTP) {
        /* What is no upgrade has been refused before it came here. */
        (void)lws_return_http_status(wsi, UPGRADE_REQUIRED, NULL);
        return -1;
    }
    struct ws *ws = wsi == NULL ? NULL : lws_get_opaque_user_data(wsi);
    return ws == NULL ? 0 : on_ws_event(ws, reason, str_make(in, len));
}
