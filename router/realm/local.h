/* local.h - the in-process peer: how the gateway calls and publishes.
 *
 * One peer per (worker, realm), not counted and not shown; what is authorized,
 * timed and limited is the principal that each call carries. Everything on the
 * calling worker. A reply never comes from inside local_call: it comes while the
 * callee's answer is read, or through the turn queue, exactly once, also after
 * local_cancel (then as wamp.error.canceled).
 */
#ifndef POSTERN_REALM_LOCAL_H
#define POSTERN_REALM_LOCAL_H

#include "base/str.h"
#include "payload/payload.h"
#include "rbac/rbac.h"

#include <stdbool.h>
#include <stdint.h>

struct router;

struct local_request {
    struct str realm;
    const struct principal *principal; /* borrowed for the call */
    struct str uri;
    struct slice options;   /* an encoded map, or none: timeout, disclose_me, acknowledge ... */
    struct payload payload; /* borrowed for the call */
    uint64_t timeout_ms;    /* 0: the router's default; options.timeout wins when it is shorter */
};

struct local_reply {
    bool ok;
    uint64_t request;       /* call: its id; publish: the publication id */
    struct str error;       /* URI, when not ok */
    struct slice details;   /* encoded map, or none */
    struct payload payload; /* borrowed for the callback */
};

typedef void (*local_reply_fn)(void *ctx, const struct local_reply *reply);

struct local_handle {
    uint32_t slot;
    uint32_t generation; /* 0: none */
};

struct local_handle local_call(struct router *router,
                               const struct local_request *request,
                               local_reply_fn done,
                               void *ctx);
/* Mode killnowait. A handle whose call has been answered is ignored. */
void local_cancel(struct router *router, struct local_handle handle);

void local_publish(struct router *router,
                   const struct local_request *request,
                   local_reply_fn done,
                   void *ctx);

#endif
