/* traffic.h - what a transport counts: connections, messages, bytes. Any thread.
 *
 * For all transports of WAMP, those over HTTP too: their families are the same. */
#ifndef POSTERN_TRANSPORT_TRAFFIC_H
#define POSTERN_TRANSPORT_TRAFFIC_H

#include "metrics/metrics.h"

/* The cells of one transport. */
struct traffic {
    struct metric_cell *connections; /* open now */
    struct metric_cell *accepted;
    struct metric_cell *refused; /* in the handshake */
    struct metric_cell *messages_in;
    struct metric_cell *messages_out;
    struct metric_cell *bytes_in; /* of messages, without framing */
    struct metric_cell *bytes_out;
};

/* `transport`: how it is called among them. */
void traffic_init(struct traffic *traffic, struct str transport);

static inline void traffic_in(const struct traffic *traffic, size_t bytes)
{
    metric_add(traffic->messages_in, 1);
    metric_add(traffic->bytes_in, bytes);
}

static inline void traffic_out(const struct traffic *traffic, size_t bytes)
{
    metric_add(traffic->messages_out, 1);
    metric_add(traffic->bytes_out, bytes);
}

static inline void traffic_opened(const struct traffic *traffic)
{
    metric_add(traffic->accepted, 1);
    metric_gauge_add(traffic->connections, 1);
}

static inline void traffic_closed(const struct traffic *traffic)
{
    metric_gauge_add(traffic->connections, -1);
}

#endif
