/* invocation.h - the callee's half of a call: from INVOCATION until YIELD or ERROR.
 *
 * On the callee's worker, which gives the wire id, sequential per callee session.
 */
#ifndef POSTERN_REALM_INVOCATION_H
#define POSTERN_REALM_INVOCATION_H

#include "realm/dealer.h"
#include "realm/session_inside.h"

struct invocation {
    struct idlink link;    /* session->invocations, by request id */
    struct idlink by_call; /* shard->invocations, by invocation_key */
    struct session *session;
    struct call_ref ref;
    bool progress; /* progressive results are wanted */
};

struct invocation_order {
    struct handle callee;
    struct call_ref ref;
    bool progress;
};

/* Sends INVOCATION: `message` has registration id, details and payload. */
enum delivery invocation_start(struct shard *shard,
                               const struct invocation_order *order,
                               struct message *message);
/* Sends the next piece under the same id; DELIVERY_GONE when it has been answered. */
enum delivery
invocation_continue(struct shard *shard, struct call_ref ref, struct message *message);
/* Nothing, when it has been answered meanwhile. */
void invocation_cancel(struct shard *shard, struct call_ref ref, enum cancel_mode mode);
void invocations_done(struct shard *shard);

#endif
