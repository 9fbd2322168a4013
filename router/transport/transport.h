/* transport.h - how bytes become WAMP messages: WebSocket and RawSocket.
 *
 * Offers rows for a listener's protocol table. What a worker needs is made when the
 * workers start (hooks registered by transport_new); when they stop, it goes with
 * every connection of theirs.
 */
#ifndef POSTERN_TRANSPORT_TRANSPORT_H
#define POSTERN_TRANSPORT_TRANSPORT_H

#include "base/str.h"
#include "loop/worker.h"
#include "net/listener.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct router;
struct tls_stream;
struct transport;

struct transport_options {
    struct workers *workers;
    struct router *router;
    size_t message_max; /* largest message accepted; announced in the RawSocket handshake */
    uint64_t handshake_timeout_ms;
    /* Silence after which a ping is sent, and for its pong; 0: none. RawSocket has TCP keep-alive
     * with the same times; only who has pinged us is pinged, or with rawsocket_pings everybody. */
    uint64_t ping_interval_ms;
    uint64_t ping_timeout_ms;
    unsigned ping_attempts; /* pings without an answer before the end; 0: one */
    bool rawsocket_pings;
    const struct str *origins; /* allowed Origin values; count 0: any */
    size_t origin_count;
    /* For conformance suites: no subprotocol is asked for, text and binary are both taken, and
     * each message sets its peer's serializer (JSON: text). */
    bool any_kind;
};

/* Before workers_start and after router_new, so that its stop hooks run before the router's. */
struct transport *transport_new(const struct transport_options *options);
void transport_free(struct transport *transport); /* after the workers are joined */

/* First byte 0x7f. */
struct net_protocol rawsocket_protocol(struct transport *transport);
/* "GET /ws" followed by a blank or '?': for a listener whose HTTP front cannot give a connection
 * away. */
struct net_protocol websocket_protocol(struct transport *transport);
/* The same for a listener that takes its own origin only (the admin port): an Origin, where
 * there is one, must be the request's Host. */
struct net_protocol websocket_own_origin_protocol(struct transport *transport);

/* Both for a front that can: a connection, with all that was read from it since the head of a GET
 * of /ws began. On its worker; takes over fd and tls. */
void websocket_take(void *transport,
                    int fd,
                    struct tls_stream *tls,
                    const struct peer_info *peer,
                    struct str bytes);
void websocket_take_own_origin(void *transport,
                               int fd,
                               struct tls_stream *tls,
                               const struct peer_info *peer,
                               struct str bytes);

#endif
