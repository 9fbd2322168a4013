/* heartbeat.h - whether the other end still lives: when to ping it, and when to give it up.
 *
 * Embedded by value in a connection, on its worker. After ping_interval of silence a ping; after
 * ping_timeout without a sign of life the next one, up to ping_attempts. The connection owns the
 * timer and writes the pings.
 */
#ifndef POSTERN_TRANSPORT_HEARTBEAT_H
#define POSTERN_TRANSPORT_HEARTBEAT_H

#include "transport/transport.h"

struct heartbeat {
    uint64_t heard_ms;  /* the last sign of life */
    uint64_t pinged_ms; /* our last ping */
    unsigned pings;     /* without an answer */
};

enum pulse {
    PULSE_WAIT,
    PULSE_PING, /* and wait */
    PULSE_DEAD,
};

/* `deaf`: nothing could be heard. `out_wait_ms`: until the next look; 0: never. */
enum pulse heartbeat_next(struct heartbeat *heartbeat,
                          const struct transport_options *options,
                          bool deaf,
                          uint64_t *out_wait_ms);

/* How long a peer may take nothing of what is queued for it. */
uint64_t heartbeat_stall_ms(const struct transport_options *options);

#endif
