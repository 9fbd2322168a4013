/* ws_inside.h - one WebSocket, as ws.c (its life), ws_opening.c (the request that opens it) and
 * ws_input.c (frames to messages) share it. On its worker. */
#ifndef POSTERN_TRANSPORT_WS_INSIDE_H
#define POSTERN_TRANSPORT_WS_INSIDE_H

#include "base/buf.h"
#include "base/utf8.h"
#include "net/conn.h"
#include "realm/peer.h"
#include "transport/heartbeat.h"
#include "transport/transport_inside.h"
#include "transport/ws_head.h"

/* Close codes (RFC 6455, 7.4.1). */
enum {
    CLOSE_NORMAL = 1000,
    CLOSE_GOING_AWAY = 1001,
    CLOSE_PROTOCOL_ERROR = 1002,
    CLOSE_WRONG_KIND = 1003,
    CLOSE_NOT_UTF8 = 1007,
    CLOSE_POLICY = 1008,
    CLOSE_TOO_BIG = 1009,
};

enum ws_state {
    WS_OPENING,
    WS_OPEN,
    WS_CLOSING, /* our close frame is on its way: of what still comes only the peer's counts */
    WS_ENDED,   /* nothing that still comes is looked at */
};

struct ws {
    struct conn conn;
    struct peer peer;
    struct transport_worker *worker;
    struct list link;        /* in worker->websockets */
    struct session *session; /* from WS_OPEN on, until it is lost */
    struct timer timer;      /* by state: the opening's deadline; next ping or pong; closing */
    struct buf partial;      /* a message that comes in pieces */
    struct ws_head frame;    /* the data frame whose payload is coming */
    uint64_t left;           /* of that payload; 0: a header is next */
    char *secrets;           /* what peer.bearer and peer.cookie point into */
    struct heartbeat heartbeat;
    size_t searched;         /* of the opening's head, for its end */
    struct utf8_reader text; /* how far `partial` has been read */
    uint32_t pongs;          /* bytes of pongs written since the output was last empty */
    uint8_t kind;            /* opcode of the message that comes in pieces; 0: none */
    uint8_t state;           /* enum ws_state */
    bool own_origin;
    bool paused;
};

static inline const struct transport_options *ws_options(const struct ws *ws)
{
    return &ws->worker->transport->options;
}

static inline const struct traffic *ws_traffic(const struct ws *ws)
{
    return &ws->worker->transport->traffic[TRAFFIC_WEBSOCKET];
}

/* ws.c */
void ws_opened(struct ws *ws);
void ws_put_frame(struct ws *ws, unsigned opcode, struct str payload);
/* Ends it from this side at once: a close frame with `code`, and nobody waits for the peer's. */
void ws_fail(struct ws *ws, unsigned code, const char *why);
/* The peer's close frame has come; `payload` is what is answered. */
void ws_closed_by_peer(struct ws *ws, struct str payload);

/* ws_opening.c: how much of `input` was taken, 0 while the head is not whole. */
size_t ws_take_opening(struct ws *ws, struct str input);
void ws_refuse(struct ws *ws, unsigned status, const char *detail);

/* ws_input.c: likewise. */
size_t ws_take_frames(struct ws *ws, struct str input);

#endif
