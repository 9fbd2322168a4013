/* conn_inside.h - what conn.c (life, input) and conn_output.c share. */
#ifndef POSTERN_NET_CONN_INSIDE_H
#define POSTERN_NET_CONN_INSIDE_H

#include "net/conn.h"

#include <stdbool.h>

/* Whether the owner has called conn_done in the callback that just returned: `conn` may then
 * be freed memory and is not to be touched. */
bool conn_gone(const struct conn *conn);
/* No more input or output; on_closed follows at the end of the turn. */
void conn_close(struct conn *conn, const char *why);
/* Watches for what the present state needs. */
void conn_rewatch(struct conn *conn);

/* Writes what the socket takes. False when the owner has gone in a callback. */
bool conn_flush(struct conn *conn);
/* Output that waits behind a full socket made no progress, or lingering took too long. */
void conn_stalled(struct timer *timer);
/* Throws away what still comes, until the peer's end. */
void conn_linger(struct conn *conn);

#endif
