#include "transport/traffic.h"

void traffic_init(struct traffic *traffic, struct str transport)
{
    struct metric *connections =
        metric_gauge("postern_transport_connections", "WAMP connections open", "transport", NULL);
    struct metric *accepted = metric_counter("postern_transport_connections_total",
                                             "WAMP connections taken", "transport", NULL);
    struct metric *refused =
        metric_counter("postern_transport_refused_total", "handshakes refused", "transport", NULL);
    struct metric *messages = metric_counter("postern_transport_messages_total", "WAMP messages",
                                             "transport", "direction", NULL);
    struct metric *bytes =
        metric_counter("postern_transport_bytes_total", "bytes of WAMP messages, without framing",
                       "transport", "direction", NULL);
    *traffic = (struct traffic){
        .connections = METRIC_CELL(connections, transport),
        .accepted = METRIC_CELL(accepted, transport),
        .refused = METRIC_CELL(refused, transport),
        .messages_in = METRIC_CELL(messages, transport, STR("in")),
        .messages_out = METRIC_CELL(messages, transport, STR("out")),
        .bytes_in = METRIC_CELL(bytes, transport, STR("in")),
        .bytes_out = METRIC_CELL(bytes, transport, STR("out")),
    };
}
