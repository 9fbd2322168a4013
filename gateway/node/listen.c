/* listen.c - which protocols are spoken on which port. */
#include "base/mem.h"
#include "node/node_inside.h"

static const char *or_null(const char *text)
{
    return text[0] == '\0' ? NULL : text;
}

static struct net_listener *listen_on(struct node *node,
                                      const char *name,
                                      const char *address,
                                      const struct conf_tls *tls,
                                      const struct net_protocol *protocols,
                                      size_t protocol_count,
                                      struct err *err)
{
    bool proxied = node->conf->gateway.proxy_protocol && protocols == node->gateway_protocols;
    struct net_listener_options options = {
        .name = str_of(name),
        .address = str_of(address),
        .proxy_protocol = proxied,
        .trusted = node->trusted,
        .trusted_count = node->trusted_count,
        .protocols = protocols,
        .protocol_count = protocol_count,
    };
    if (tls != NULL) {
        options.tls = true;
        options.certificate = or_null(tls->certificate);
        options.key = or_null(tls->key);
        options.client_ca = or_null(tls->client_ca);
        options.sni_dir = or_null(tls->sni_dir);
    }
    struct net_listener *listener = net_listen(node->net, &options, err);
    if (listener == NULL) {
        (void)err_wrap(err, "%s", name);
    }
    return listener;
}

static bool read_trusted(struct node *node, struct err *err)
{
    const struct conf_list *list = &node->conf->gateway.trusted_proxies;
    node->trusted = NEW_ARRAY(struct cidr, list->count + 1);
    for (size_t i = 0; i < list->count; i++) {
        if (!cidr_parse(list->items[i], &node->trusted[i])) {
            return err_set(err, ERR_INVALID,
                           "gateway.trusted_proxies: " PRISTR " is no address block",
                           STRARG(list->items[i]));
        }
        node->trusted_count++;
    }
    return true;
}

/* h1 gives a connection away when it meets an upgrade; for mhd it must be known before. */
static size_t add_http(struct net_protocol *rows,
                       size_t count,
                       int kind,
                       struct net_protocol websocket,
                       struct front *front)
{
    if (kind != CONF_FRONT_H1) {
        rows[count++] = websocket;
    }
    rows[count++] = front_protocol(front);
    return count;
}

static void make_protocols(struct node *node)
{
    const struct conf *conf = node->conf;
    node->rawsocket_protocols[0] = rawsocket_protocol(node->transport);
    node->gateway_protocols[0] = rawsocket_protocol(node->transport);
    node->gateway_protocol_count =
        add_http(node->gateway_protocols, 1, conf->gateway.front,
                 websocket_protocol(node->transport), node->gateway_front);
    node->admin_protocol_count =
        add_http(node->admin_protocols, 0, conf->admin.front,
                 websocket_own_origin_protocol(node->transport), node->admin_front);
}

bool node_listen(struct node *node, struct err *err)
{
    const struct conf *conf = node->conf;
    struct net_limits limits = {
        .connections = conf->limits.connections,
        .connections_per_address = conf->net.max_connections_per_address,
        .first_byte_timeout_ms = conf->net.first_byte_timeout_ms,
        .tls_handshake_timeout_ms = conf->net.tls_handshake_timeout_ms,
        .backlog = (int)conf->net.backlog,
    };
    node->net = net_new(node->workers, &limits);
    if (!read_trusted(node, err)) {
        return false;
    }
    make_protocols(node);
    const struct {
        const char *name;
        const char *address;
        const struct conf_tls *tls;
        const struct net_protocol *protocols;
        size_t count;
        struct net_listener **out;
    } rows[NODE_LISTENERS_MAX] = {
        {"gateway", conf->gateway.listen, NULL, node->gateway_protocols,
         node->gateway_protocol_count, &node->gateway},
        {"gateway-tls", conf->gateway.tls.listen, &conf->gateway.tls, node->gateway_protocols,
         node->gateway_protocol_count, &node->gateway_tls},
        {"admin", conf->admin.listen, NULL, node->admin_protocols, node->admin_protocol_count,
         &node->admin},
        {"admin-tls", conf->admin.tls.listen, &conf->admin.tls, node->admin_protocols,
         node->admin_protocol_count, NULL},
        {"rawsocket", conf->rawsocket.listen, NULL, node->rawsocket_protocols, 1, &node->rawsocket},
        {"rawsocket-tls", conf->rawsocket.tls.listen, &conf->rawsocket.tls,
         node->rawsocket_protocols, 1, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct net_listener *listener = NULL;
        if (rows[i].address[0] == '\0') {
            continue;
        }
        listener = listen_on(node, rows[i].name, rows[i].address, rows[i].tls, rows[i].protocols,
                             rows[i].count, err);
        if (listener == NULL) {
            return false;
        }
        if (rows[i].out != NULL) {
            *rows[i].out = listener;
        }
    }
    return true;
}

bool node_gateway(void *ctx, struct str scheme, struct procs_gateway *out)
{
    const struct node *node = ctx;
    bool tls = str_eq(scheme, STR("https")) || (scheme.len == 0 && node->gateway == NULL);
    const struct net_listener *listener = tls ? node->gateway_tls : node->gateway;
    if (listener == NULL) {
        return false;
    }
    *out = (struct procs_gateway){
        .address = net_listener_address(listener),
        .tls = tls,
        .proxied = node->conf->gateway.proxy_protocol,
    };
    return true;
}
