/* traffic.h - what a transport counts: connections, messages, bytes. Inside only; any thread. */
#ifndef POSTERN_TRANSPORT_TRAFFIC_H
#define POSTERN_TRANSPORT_TRAFFIC_H

#include "metrics/metrics.h"

enum traffic_kind { TRAFFIC_RAWSOCKET, TRAFFIC_WEBSOCKET };
enum { TRAFFIC_KINDS = 2 };

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

void traffic_init(struct traffic *traffic, enum traffic_kind kind);

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
