/* echo_node.h - a node whose protocols greet with their name and the peer's, then echo. */
#ifndef POSTERN_TESTS_NET_ECHO_NODE_H
#define POSTERN_TESTS_NET_ECHO_NODE_H

#include "harness.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>

struct echo_node {
    struct workers *workers;
    struct net *net;
    struct net_listener *listener;
    atomic_int taken;
    atomic_int nodelay; /* connections whose TCP_NODELAY was set */
    atomic_int low_water;
    atomic_int worker_mask;
};

struct echo_peer {
    struct conn conn;
    struct peer_info peer;
};

static inline size_t echo_input(struct conn *conn, struct str input)
{
    if (str_ends(input, STR("quit"))) {
        conn_write(conn, STR("bye"));
        conn_finish(conn);
        return 0;
    }
    conn_write(conn, input);
    return input.len;
}

static inline void echo_closed(struct conn *conn, const char *why)
{
    struct echo_peer *peer = CONTAINER_OF(conn, struct echo_peer, conn);
    (void)why;
    conn_done(conn);
    net_release(&peer->peer);
    mem_free(peer);
}

static inline int socket_option(int fd, int level, int option)
{
    int value = -1;
    socklen_t len = sizeof(value);
    (void)getsockopt(fd, level, option, &value, &len);
    return value;
}

static inline void echo_take(struct echo_node *node,
                             const char *name,
                             int fd,
                             struct tls_stream *tls,
                             const struct peer_info *peer)
{
    static const struct conn_ops ops = {.on_input = echo_input, .on_closed = echo_closed};
    (void)atomic_fetch_add(&node->nodelay, socket_option(fd, IPPROTO_TCP, TCP_NODELAY) == 1);
    atomic_store(&node->low_water, socket_option(fd, SOL_SOCKET, SO_RCVLOWAT));
    (void)atomic_fetch_or(&node->worker_mask, 1 << worker_index(worker_self()));
    struct echo_peer *echo = NEW(struct echo_peer);
    echo->peer = *peer;
    conn_init(&echo->conn, &ops, fd, tls, peer, 1 << 16);
    char text[PEER_TEXT_SIZE];
    conn_write(&echo->conn, str_of(name));
    conn_write(&echo->conn, STR(" "));
    conn_write(&echo->conn, peer->port == 0 ? STR("0") : peer_info_text(peer, text));
    conn_write(&echo->conn, STR("\n"));
    conn_start(&echo->conn, STR_EMPTY);
    (void)atomic_fetch_add(&node->taken, 1);
}

static inline void take_raw(void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer)
{
    echo_take(ctx, "raw", fd, tls, peer);
}

static inline void
take_word(void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer)
{
    echo_take(ctx, "word", fd, tls, peer);
}

static inline void
take_other(void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer)
{
    echo_take(ctx, "other", fd, tls, peer);
}

static inline enum probe probe_raw(struct str first)
{
    return first.ptr[0] == 0x7f ? PROBE_YES : PROBE_NO;
}

static inline enum probe probe_word(struct str first)
{
    struct str word = STR("WORD");
    if (first.len >= word.len) {
        return str_starts(first, word) ? PROBE_YES : PROBE_NO;
    }
    return str_starts(word, first) ? PROBE_MORE : PROBE_NO;
}

static const struct net_limits usual_limits = {.connections = 1000,
                                               .first_byte_timeout_ms = 30000,
                                               .tls_handshake_timeout_ms = 30000,
                                               .backlog = 128};

static inline struct echo_node *
node_new(unsigned workers, struct net_limits limits, struct net_listener_options options)
{
    struct echo_node *node = NEW(struct echo_node);
    struct net_protocol protocols[] = {{"raw", probe_raw, take_raw, node, STR_EMPTY},
                                       {"word", probe_word, take_word, node, STR_EMPTY},
                                       {"other", NULL, take_other, node, STR_EMPTY}};
    node->workers = start_workers(workers);
    node->net = net_new(node->workers, &limits);
    options.name = STR("test");
    if (options.address.len == 0) {
        options.address = STR("127.0.0.1:0");
    }
    options.protocols = protocols;
    options.protocol_count = COUNT_OF(protocols);
    struct err err = {0};
    node->listener = net_listen(node->net, &options, &err);
    assert_string_equal(err.text, "");
    assert_true(workers_start(node->workers, NULL));
    net_start(node->net);
    return node;
}

static inline bool node_empties(struct echo_node *node)
{
    uint64_t until = clock_mono_ms() + PATIENCE_MS;
    while (net_connections(node->net) > 0 && clock_mono_ms() < until) {
        (void)usleep(1000);
    }
    return net_connections(node->net) == 0;
}

static inline void node_free(struct echo_node *node)
{
    assert_true(node_empties(node));
    workers_stop(node->workers);
    net_free(node->net);
    workers_free(node->workers);
    mem_free(node);
}

static inline uint16_t node_port(const struct echo_node *node)
{
    struct str host;
    struct str port;
    uint64_t number = 0;
    assert_true(str_cut(net_listener_address(node->listener), ':', &host, &port));
    assert_true(str_to_u64(port, &number));
    return (uint16_t)number;
}

static inline int connect_port(uint16_t port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    int on = 1;
    assert_int_equal(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)), 0);
    set_patience(fd);
    return fd;
}

static inline int connect_node(const struct echo_node *node)
{
    return connect_port(node_port(node));
}

/* "name address:port\n"; the port of a client that is not proxied is its socket's. */
static inline void expect_greeting(int fd, const char *name, const char *peer)
{
    char text[PEER_TEXT_SIZE + 16];
    char own[PEER_TEXT_SIZE];
    if (peer == NULL) {
        struct sockaddr_in from = {0};
        socklen_t len = sizeof(from);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&from, &len), 0);
        (void)snprintf(own, sizeof(own), "127.0.0.1:%u", ntohs(from.sin_port));
        peer = own;
    }
    (void)snprintf(text, sizeof(text), "%s %s\n", name, peer);
    expect_bytes(fd, str_of(text));
}

#endif
