/* ws_inside.h - what ws_context.c (libwebsockets' context) and ws.c (one WebSocket) share. */
#ifndef POSTERN_TRANSPORT_WS_INSIDE_H
#define POSTERN_TRANSPORT_WS_INSIDE_H

#include "transport/transport_inside.h"

#include <libwebsockets.h>

enum {
    WS_FRAME_HEADER_MAX = 10,
    /* Longer messages go out in fragments, so that what libwebsockets is given in one piece
     * is always whole frames: it may put a pong of its own in between. */
    WS_FRAGMENT_MAX = 32768,
    WS_WRITE_MAX = 65536,
};

struct ws_context {
    struct transport_worker *worker;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    const struct peer_info *adopting; /* during lws_adopt_*: whose socket it is; taken once */
    struct list sockets;
    struct timer tick;
    unsigned char *output; /* LWS_PRE + WS_WRITE_MAX bytes: frames on their way to lws_write */
};

/* The callback of every row of the protocol table. */
int ws_callback(
    struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len);

#endif
