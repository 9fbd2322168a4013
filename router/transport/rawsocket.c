/* rawsocket.c - WAMP RawSocket, the router's side: a handshake of four octets, then frames.
 *
 * One struct per connection, on its worker. Every whole frame of an input is
 * taken where it lies; what is incomplete stays with the connection. Several clients
 * in use cannot read a ping, so we ping those alone that have pinged us, or all by a
 * setting; a host that died is found by TCP keep-alive.
 */
#include "base/log.h"
#include "base/mem.h"
#include "net/conn.h"
#include "realm/peer.h"
#include "realm/session.h"
#include "transport/heartbeat.h"
#include "transport/transport_inside.h"
#include "wamp/framing.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

struct rawsocket {
    struct conn conn;
    struct peer peer;
    struct transport_worker *worker;
    struct session *session; /* NULL before the handshake */
    struct timer timer;      /* the deadline of the handshake; then the next ping or pong */
    struct heartbeat heartbeat;
    struct list link;    /* in worker->rawsockets */
    uint32_t length_max; /* the largest frame that we accept: what the handshake announced */
    uint32_t pongs;      /* bytes of pongs written since the output was last empty */
    bool pinging;        /* it understands pings */
    bool paused;
    bool finished; /* nothing that still comes is looked at */
};

static struct rawsocket *of_conn(struct conn *conn)
{
    return CONTAINER_OF(conn, struct rawsocket, conn);
}

static struct rawsocket *of_peer(struct peer *peer)
{
    return CONTAINER_OF(peer, struct rawsocket, peer);
}

static const struct traffic *traffic_of(const struct rawsocket *raw)
{
    return &raw->worker->transport->traffic[TRAFFIC_RAWSOCKET];
}

static void abort_now(struct rawsocket *raw, const char *why)
{
    raw->finished = true;
    conn_abort(&raw->conn, why);
}

/* False when the other end does not accept a frame so long. The realm asks for the size before it
 * sends, so this is the last door, and an end is better than a message silently lost. */
static bool accepted(struct rawsocket *raw, size_t length)
{
    if (length > raw->peer.message_max) {
        abort_now(raw, "a message is longer than the peer accepts");
        return false;
    }
    return true;
}

/* Writes the header of a frame, if that may be sent. */
static bool begin_frame(struct rawsocket *raw, enum frame_type type, size_t length)
{
    char header[FRAME_HEADER_SIZE];
    if (!accepted(raw, length)) {
        return false;
    }
    frame_header(type, length, header);
    conn_write(&raw->conn, str_make(header, sizeof(header)));
    return true;
}

static void rawsocket_send(struct peer *peer, struct str message)
{
    struct rawsocket *raw = of_peer(peer);
    if (begin_frame(raw, FRAME_MESSAGE, message.len)) {
        conn_write(&raw->conn, message);
        traffic_out(traffic_of(raw), message.len);
    }
}

static void rawsocket_share(struct peer *peer, struct block *block, struct str message)
{
    struct rawsocket *raw = of_peer(peer);
    char header[FRAME_HEADER_SIZE];
    if (accepted(raw, message.len)) {
        frame_header(FRAME_MESSAGE, message.len, header);
        conn_share(&raw->conn, str_make(header, sizeof(header)), block, message);
        traffic_out(traffic_of(raw), message.len);
    }
}

static size_t rawsocket_queued(const struct peer *peer)
{
    const char *raw = (const char *)peer - offsetof(struct rawsocket, peer);
    return conn_queued(&((const struct rawsocket *)(const void *)raw)->conn);
}

static bool rawsocket_gone(const struct peer *peer)
{
    const char *raw = (const char *)peer - offsetof(struct rawsocket, peer);
    return conn_hung_up(&((const struct rawsocket *)(const void *)raw)->conn);
}

static void rawsocket_finish(struct peer *peer)
{
    struct rawsocket *raw = of_peer(peer);
    raw->finished = true;
    conn_finish(&raw->conn);
}

static void rawsocket_pause(struct peer *peer)
{
    struct rawsocket *raw = of_peer(peer);
    raw->paused = true;
    conn_pause(&raw->conn);
}

static void rawsocket_resume(struct peer *peer)
{
    struct rawsocket *raw = of_peer(peer);
    raw->paused = false;
    raw->heartbeat.heard_ms = worker_now_ms();
    conn_resume(&raw->conn);
}

static const struct peer_ops peer_ops = {
    .transport = "rawsocket",
    .send = rawsocket_send,
    .share = rawsocket_share,
    .queued = rawsocket_queued,
    .finish = rawsocket_finish,
    .pause = rawsocket_pause,
    .resume = rawsocket_resume,
    .gone = rawsocket_gone,
};

static void refuse(struct rawsocket *raw, enum handshake_fault fault)
{
    char reply[FRAMING_HANDSHAKE_SIZE];
    handshake_refuse(fault, reply);
    metric_add(traffic_of(raw)->refused, 1);
    conn_write(&raw->conn, str_make(reply, sizeof(reply)));
    raw->finished = true;
    conn_finish(&raw->conn);
}

static void next_ping(struct rawsocket *raw)
{
    bool deaf = raw->paused || raw->conn.blocked;
    uint64_t wait_ms = 0;
    switch (heartbeat_next(&raw->heartbeat, &raw->worker->transport->options, deaf, &wait_ms)) {
    case PULSE_DEAD:
        abort_now(raw, "no answer to pings");
        return;
    case PULSE_PING:
        (void)begin_frame(raw, FRAME_PING, 0);
        break;
    case PULSE_WAIT:
        break;
    }
    if (wait_ms > 0) {
        timer_start(&raw->timer, wait_ms);
    }
}

static void begin_pinging(struct rawsocket *raw)
{
    if (!raw->pinging) {
        raw->pinging = true;
        next_ping(raw);
    }
}

/* Whoever pings and does not read the answers is not waited for. */
static void take_ping(struct rawsocket *raw, struct str payload)
{
    enum { PONGS_MAX = 65536 };
    if (raw->pongs > PONGS_MAX) {
        abort_now(raw, "pings, and no pong is read");
        return;
    }
    if (begin_frame(raw, FRAME_PONG, payload.len)) {
        raw->pongs += FRAME_HEADER_SIZE + (uint32_t)payload.len;
        conn_write(&raw->conn, payload);
        begin_pinging(raw);
    }
}

static bool serializer_known(unsigned serializer)
{
    return serializer > SERIALIZER_NONE && serializer < SERIALIZERS;
}

/* The first four octets. */
static void take_handshake(struct rawsocket *raw, const char *octets)
{
    struct handshake client;
    timer_stop(&raw->timer);
    if (!handshake_read(octets, &client)) {
        abort_now(raw, "not RawSocket");
    } else if (client.reserved) {
        refuse(raw, HANDSHAKE_RESERVED_BITS);
    } else if (!serializer_known(client.serializer)) {
        refuse(raw, HANDSHAKE_SERIALIZER_UNSUPPORTED);
    } else {
        raw->peer.serializer = (enum serializer)client.serializer;
        raw->peer.message_max = client.length_max;
        struct handshake ours = {.length_max = raw->length_max, .serializer = client.serializer};
        char reply[FRAMING_HANDSHAKE_SIZE];
        handshake_write(&ours, reply);
        conn_write(&raw->conn, str_make(reply, sizeof(reply)));
        raw->session = session_open(raw->worker->transport->options.router, &raw->peer);
        if (raw->worker->transport->options.rawsocket_pings) {
            begin_pinging(raw);
        }
    }
}

static void take_frame(struct rawsocket *raw, const struct frame *frame)
{
    switch (frame->type) {
    case FRAME_MESSAGE:
        traffic_in(traffic_of(raw), frame->payload.len);
        session_receive(raw->session, frame->payload);
        break;
    case FRAME_PING:
        take_ping(raw, frame->payload);
        break;
    case FRAME_PONG:
        break;
    }
}

/* Every whole frame; returns how much of `input` they took. */
static size_t take_frames(struct rawsocket *raw, struct str input)
{
    size_t used = 0;
    while (!raw->finished && !raw->paused) {
        struct frame frame;
        switch (frame_read(str_from(input, used), raw->length_max, &frame)) {
        case FRAME_MORE:
            return used;
        case FRAME_RESERVED:
            abort_now(raw, "reserved bits in a frame");
            break;
        case FRAME_TOO_LONG:
            abort_now(raw, "frame too long");
            break;
        case FRAME_WHOLE:
            used += FRAME_HEADER_SIZE + frame.payload.len;
            take_frame(raw, &frame);
            break;
        }
    }
    return raw->finished ? input.len : used;
}

static size_t on_input(struct conn *conn, struct str input)
{
    struct rawsocket *raw = of_conn(conn);
    size_t used = 0;
    raw->heartbeat.heard_ms = worker_now_ms();
    if (raw->session == NULL && !raw->finished) {
        if (input.len < FRAMING_HANDSHAKE_SIZE) {
            return 0;
        }
        take_handshake(raw, input.ptr);
        used = FRAMING_HANDSHAKE_SIZE;
    }
    return used + take_frames(raw, str_from(input, used));
}

static void on_drained(struct conn *conn)
{
    struct rawsocket *raw = of_conn(conn);
    raw->pongs = 0;
    if (raw->session != NULL) {
        session_drained(raw->session);
    }
}

static void rawsocket_free(struct rawsocket *raw)
{
    if (raw->session != NULL) {
        session_lost(raw->session);
    }
    timer_stop(&raw->timer);
    list_remove(&raw->link);
    conn_done(&raw->conn);
    traffic_closed(traffic_of(raw));
    net_release(&raw->peer.info);
    mem_free(raw);
}

static void on_closed(struct conn *conn, const char *why)
{
    struct rawsocket *raw = of_conn(conn);
    char text[PEER_TEXT_SIZE];
    log_debug("rawsocket closed", KV_STR("peer", peer_info_text(&raw->peer.info, text)),
              KV_CSTR("reason", why));
    rawsocket_free(raw);
}

static const struct conn_ops conn_ops = {
    .on_input = on_input,
    .on_drained = on_drained,
    .on_closed = on_closed,
};

static void on_timer(struct timer *timer)
{
    struct rawsocket *raw = CONTAINER_OF(timer, struct rawsocket, timer);
    if (raw->session == NULL) {
        abort_now(raw, "handshake time-out");
    } else if (!raw->finished) {
        next_ping(raw);
    }
}

static void keep_alive(int fd, const struct transport_options *options)
{
    enum { PROBES = 3 };
    int idle = (int)(options->ping_interval_ms / 1000);
    int interval = (int)(options->ping_timeout_ms / 1000 / PROBES);
    if (idle < 1) {
        return;
    }
    interval = interval < 1 ? 1 : interval;
    int count = PROBES;
    int on = 1;
    /* A unix socket has none of these, and needs none. */
    (void)setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof(idle));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof(interval));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &count, sizeof(count));
    /* The same for one that vanished with output on its way, where no probe is sent. Not below
     * what a slow reader is allowed. */
    uint64_t patience = options->ping_interval_ms + options->ping_timeout_ms;
    unsigned unacknowledged = (unsigned)(patience < CONN_STALL_MS ? CONN_STALL_MS : patience);
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged, sizeof(unacknowledged));
}

static void take(void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer)
{
    struct transport *transport = ctx;
    struct transport_worker *worker = transport_here(transport);
    struct rawsocket *raw = NEW(struct rawsocket);
    raw->worker = worker;
    raw->length_max = (uint32_t)handshake_length(transport->options.message_max);
    raw->peer.ops = &peer_ops;
    raw->peer.info = *peer;
    raw->peer.tls = tls;
    list_push(&worker->rawsockets, &raw->link);
    traffic_opened(traffic_of(raw));
    keep_alive(fd, &transport->options);
    conn_init(&raw->conn, &conn_ops, fd, tls, peer, FRAME_HEADER_SIZE + raw->length_max);
    timer_init(&raw->timer, on_timer);
    timer_start(&raw->timer, transport->options.handshake_timeout_ms);
    conn_start(&raw->conn, STR_EMPTY);
}

static enum probe probe(struct str first)
{
    return first.ptr[0] == FRAMING_MAGIC ? PROBE_YES : PROBE_NO;
}

struct net_protocol rawsocket_protocol(struct transport *transport)
{
    return (struct net_protocol){
        .name = "rawsocket",
        .probe = probe,
        .take = take,
        .ctx = transport,
        .full = STR("\x7f\x40\0\0"), /* HANDSHAKE_CONNECTIONS_MAX */
    };
}

void rawsocket_close_all(struct transport_worker *worker)
{
    LIST_FOREACH_SAFE (node, &worker->rawsockets) {
        rawsocket_free(LIST_ENTRY(node, struct rawsocket, link));
    }
}
