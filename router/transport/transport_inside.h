/* transport_inside.h - what the transports of this folder share.
 *
 * A `transport_worker` belongs to its worker's thread: made by the start hook,
 * destroyed with all its connections by the stop hook.
 */
#ifndef POSTERN_TRANSPORT_TRANSPORT_INSIDE_H
#define POSTERN_TRANSPORT_TRANSPORT_INSIDE_H

#include "base/list.h"
#include "loop/timer.h"
#include "transport/traffic.h"
#include "transport/transport.h"

#include <stddef.h>
#include <stdint.h>

enum { UNMASKED_MAX = 65536 };

enum traffic_kind { TRAFFIC_RAWSOCKET, TRAFFIC_WEBSOCKET, TRAFFIC_KINDS };

struct transport_worker {
    struct transport *transport;
    struct list rawsockets;
    struct list websockets;
    char *unmasked; /* UNMASKED_MAX bytes: the WebSocket message that is being handed on */
};

struct transport {
    struct transport_options options;
    struct str *origins; /* our copy of options.origins */
    struct traffic traffic[TRAFFIC_KINDS];
    struct transport_worker *workers[WORKERS_MAX];
};

/* The calling worker's. */
struct transport_worker *transport_here(struct transport *transport);

/* For the stop hook. */
void rawsocket_close_all(struct transport_worker *worker);
void websocket_close_all(struct transport_worker *worker);

#endif
