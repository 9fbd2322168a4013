#include "transport/traffic.h"

void traffic_init(struct traffic *traffic, enum traffic_kind kind)
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
    struct str name = kind == TRAFFIC_RAWSOCKET ? STR("rawsocket") : STR("websocket");
    *traffic = (struct traffic){
        .connections = METRIC_CELL(connections, name),
        .accepted = METRIC_CELL(accepted, name),
        .refused = METRIC_CELL(refused, name),
        .messages_in = METRIC_CELL(messages, name, STR("in")),
        .messages_out = METRIC_CELL(messages, name, STR("out")),
        .bytes_in = METRIC_CELL(bytes, name, STR("in")),
        .bytes_out = METRIC_CELL(bytes, name, STR("out")),
    };
}
