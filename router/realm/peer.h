/* peer.h - the other end of a session, as the realm sees it. Transports implement it.
 *
 * Kept by its user: the realm defines it, WebSocket and RawSocket are peers. A
 * peer and its session live on one worker.
 */
#ifndef POSTERN_REALM_PEER_H
#define POSTERN_REALM_PEER_H

#include "base/block.h"
#include "base/str.h"
#include "net/peer_info.h"
#include "payload/scan.h"

#include <stdbool.h>
#include <stddef.h>

struct peer;

struct peer_ops {
    const char *transport; /* "websocket", "rawsocket": WELCOME and logs */
    /* Queue one whole encoded message; written at the end of the turn. The peer frames it. */
    void (*send)(struct peer *peer, struct str message);
    /* The same for bytes that several receivers share. */
    void (*share)(struct peer *peer, struct block *block, struct str message);
    /* Bytes queued and not yet written. */
    size_t (*queued)(const struct peer *peer);
    /* Write what is queued, then close; the transport then calls session_lost. */
    void (*finish)(struct peer *peer);
    /* Stop and resume reading: back-pressure. */
    void (*pause)(struct peer *peer);
    void (*resume)(struct peer *peer);
    /* The other end has gone, although its end has not been read yet. NULL: nobody can tell. */
    bool (*gone)(const struct peer *peer);
};

/* Why a session ends: set before `finish`, for transports that can say it (WebSocket's code). */
enum peer_end {
    PEER_END_NORMAL,
    PEER_END_SHUTDOWN,  /* the node stops */
    PEER_END_VIOLATION, /* the other end broke the protocol */
    PEER_END_OVERFLOW,  /* it does not take what is meant for it */
};

struct peer {
    const struct peer_ops *ops;
    enum serializer serializer;
    enum peer_end end;
    bool unordered;     /* its messages may overtake each other: request ids come in any order */
    size_t message_max; /* the largest message that the other end accepts */
    struct peer_info info;
    struct tls_stream *tls; /* its TLS connection; NULL: none, or none of this peer's own */
    /* What came with a WebSocket's upgrade: the token of "Authorization: Bearer", and the Cookie
     * header. Secrets of the transport's, as long as the peer lives; empty where there was none. */
    struct str bearer;
    struct str cookie;
};

#endif
