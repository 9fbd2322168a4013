/* tunnels.h - WAMP over plain HTTP requests: the long-poll and the SSE transport, under /wamp/.
 *
 * A tunnel is one such transport, a peer of the realm on the worker where it was
 * opened. Its requests come on any connection: each is a visit, made by the worker
 * of its connection and carried to the tunnel's worker and back by posts. Sits on
 * a front as the handler of the reserved prefix. docs/wamp-http.md is what the
 * outside may rely on.
 */
#ifndef POSTERN_TUNNEL_TUNNELS_H
#define POSTERN_TUNNEL_TUNNELS_H

#include "base/str.h"
#include "http/front.h"
#include "loop/worker.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct router;
struct tunnels;

struct tunnels_options {
    struct workers *workers;
    struct router *router;
    size_t message_max;  /* largest message accepted or sent */
    size_t response_max; /* of the front */
    size_t tunnels_max;  /* open at once, over all workers */
    size_t queue_messages;
    size_t queue_bytes;
    uint64_t message_ttl_ms; /* 0: none */
    uint64_t tunnel_ttl_ms;  /* 0: none */
    uint64_t idle_timeout_ms;
    uint64_t poll_timeout_ms;
    uint64_t keepalive_ms; /* of SSE streams; 0: none */
    uint64_t sweep_ms;
    const struct str *origins; /* allowed Origin values, kept by the caller; count 0: any */
    size_t origin_count;
};

/* Before workers_start, after router_new and before the front, so that the front stops first. */
struct tunnels *tunnels_new(const struct tunnels_options *options);
/* For requests whose path tunnels_serve; its ctx is the tunnels. */
const struct front_handler *tunnels_handler(void);
bool tunnels_serve(struct str path);
void tunnels_free(struct tunnels *tunnels); /* after the workers are joined */

#endif
