/* session.h - the protocol state of one peer: HELLO to GOODBYE, and dispatch of its messages.
 *
 * For transports. Lives on the peer's worker. After GOODBYE the connection accepts
 * a new HELLO. A protocol error is ABORT wamp.error.protocol_violation and an end.
 */
#ifndef POSTERN_REALM_SESSION_H
#define POSTERN_REALM_SESSION_H

#include "base/str.h"
#include "realm/peer.h"

struct router;
struct session;

/* `peer` must outlive session_lost. */
struct session *session_open(struct router *router, struct peer *peer);
/* One whole message; borrowed for the call, and writable: what may hold a secret is wiped. May end
 * in peer->ops->finish. */
void session_receive(struct session *session, struct str message);
/* The transport is gone, for whatever reason; frees the session. Called exactly once. */
void session_lost(struct session *session);
/* The transport's time is up: GOODBYE `reason` (which lives for ever) if a session is open, then
 * peer->ops->finish. Also from within the peer's functions. */
void session_close(struct session *session, struct str reason);
/* The transport's queue has drained: reading that was paused for it goes on. */
void session_drained(struct session *session);

#endif
