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

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

struct ws_context;

struct transport_worker {
    struct transport *transport;
    struct list rawsockets;
    struct list upgrades;
    struct ws_context *ws;
};

struct transport {
    struct transport_options options;
    struct str *origins; /* our copy of options.origins */
    struct traffic traffic[TRAFFIC_KINDS];
    struct transport_worker *workers[WORKERS_MAX];
    pthread_mutex_t library_lock; /* libwebsockets has globals: one context is made at a time */
};

/* The calling worker's. */
struct transport_worker *transport_here(struct transport *transport);

/* A file each; `close_all` is for the stop hook. */
void rawsocket_close_all(struct transport_worker *worker);
void upgrade_close_all(struct transport_worker *worker);

/* `bytes`: the head of a request that was accepted, and what was read behind it. Takes over the
 * plain socket `fd`. */
void ws_adopt(struct transport_worker *worker,
              int fd,
              const struct peer_info *peer,
              struct str bytes);
/* Before the first context. */
void ws_library_setup(void);
struct ws_context *ws_context_new(struct transport_worker *worker);
void ws_context_free(struct ws_context *context); /* and every WebSocket on it */

#endif
