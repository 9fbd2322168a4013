/* transport_helper.h - a listener with both transports, above it a session that echoes.
 *
 * The session_ functions of the realm are defined here, so the transports are
 * tested alone: each message comes back, but for a few that are orders.
 */
#ifndef POSTERN_TESTS_TRANSPORT_HELPER_H
#define POSTERN_TESTS_TRANSPORT_HELPER_H

#include "base/block.h"
#include "base/clock.h"
#include "base/mem.h"
#include "loop/timer.h"
#include "metrics/metrics.h"
#include "net/listener.h"
#include "realm/peer.h"
#include "realm/session.h"
#include "transport/transport.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

enum { MESSAGE_MAX = 1 << 20, WAIT_MS = 10000, PAUSE_MS = 100 };

static atomic_int sessions_open;
static atomic_int sessions_opened;
static atomic_size_t queued_most;

struct session {
    struct peer *peer;
    struct timer resume;
};

static void resume_now(struct timer *timer)
{
    struct session *session = CONTAINER_OF(timer, struct session, resume);
    session->peer->ops->resume(session->peer);
}

struct session *session_open(struct router *router, struct peer *peer)
{
    (void)router;
    struct session *session = NEW(struct session);
    session->peer = peer;
    timer_init(&session->resume, resume_now);
    (void)atomic_fetch_add(&sessions_open, 1);
    (void)atomic_fetch_add(&sessions_opened, 1);
    return session;
}

static void send_many(struct peer *peer, struct str message)
{
    size_t size = strtoul(message.ptr + 5, NULL, 10);
    struct block *block = block_new(size);
    memset(block->data, 'x', size);
    block->len = size;
    if (message.ptr[0] == 's') {
        peer->ops->share(peer, block, block_str(block));
    } else {
        peer->ops->send(peer, block_str(block));
    }
    block_unref(block);
}

/* "finish", "pause", "secrets" (what came with the upgrade), "send:SIZE ", "fend:SIZE " (copied),
 * "flood:SIZE ": everything else is echoed. */
void session_receive(struct session *session, struct str message)
{
    struct peer *peer = session->peer;
    if (str_eq(message, STR("finish"))) {
        peer->ops->send(peer, STR("bye"));
        peer->ops->finish(peer);
    } else if (str_eq(message, STR("secrets"))) {
        peer->ops->send(peer, peer->bearer);
        peer->ops->send(peer, peer->cookie);
    } else if (str_eq(message, STR("pause"))) {
        peer->ops->pause(peer);
        timer_start(&session->resume, PAUSE_MS);
    } else if (str_starts(message, STR("send:")) || str_starts(message, STR("fend:"))) {
        send_many(peer, message);
    } else if (str_eq(message, STR("flood"))) {
        /* More than any socket buffer takes: what a realm does to a slow reader. */
        for (int i = 0; i < 64; i++) {
            send_many(peer, STR("send:1000000 "));
        }
        atomic_store(&queued_most, peer->ops->queued(peer));
        peer->ops->finish(peer);
    } else {
        peer->ops->send(peer, message);
    }
}

void session_lost(struct session *session)
{
    timer_stop(&session->resume);
    (void)atomic_fetch_sub(&sessions_open, 1);
    mem_free(session);
}

void session_drained(struct session *session)
{
    assert_non_null(session->peer);
}

struct fixture {
    struct workers *workers;
    struct transport *transport;
    struct net *net;
    struct net_listener *listener;
    struct net_protocol protocols[2];
    struct transport_options options;
    bool own_origin;
    bool front; /* an HTTP front has read what has come, and gives it away */
};

enum { FRONT_READ = 65536 };

static void take_as_a_front(void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer)
{
    static _Thread_local char bytes[FRONT_READ];
    ssize_t got = recv(fd, bytes, sizeof(bytes), 0);
    assert_true(got > 0);
    websocket_take(ctx, fd, tls, peer, str_make(bytes, (size_t)got));
}

static void fixture_start(struct fixture *fixture)
{
    struct err err;
    fixture->workers = workers_new(2, 1 << 20, &err);
    assert_non_null(fixture->workers);
    struct transport_options *options = &fixture->options;
    options->workers = fixture->workers;
    options->message_max = options->message_max != 0 ? options->message_max : MESSAGE_MAX;
    options->handshake_timeout_ms =
        options->handshake_timeout_ms != 0 ? options->handshake_timeout_ms : WAIT_MS;
    fixture->transport = transport_new(options);
    static const struct net_limits limits = {.connections = 1000,
                                             .first_byte_timeout_ms = WAIT_MS,
                                             .tls_handshake_timeout_ms = WAIT_MS,
                                             .backlog = 64};
    fixture->net = net_new(fixture->workers, &limits);
    fixture->protocols[0] = rawsocket_protocol(fixture->transport);
    fixture->protocols[1] = fixture->own_origin ? websocket_own_origin_protocol(fixture->transport)
                                                : websocket_protocol(fixture->transport);
    if (fixture->front) {
        fixture->protocols[1].take = take_as_a_front;
    }
    struct net_listener_options listen = {.name = STR("test"),
                                          .address = STR("127.0.0.1:0"),
                                          .protocols = fixture->protocols,
                                          .protocol_count = 2};
    fixture->listener = net_listen(fixture->net, &listen, &err);
    assert_non_null(fixture->listener);
    assert_true(workers_start(fixture->workers, &err));
    net_start(fixture->net);
}

static void fixture_stop(struct fixture *fixture)
{
    workers_stop(fixture->workers);
    assert_int_equal(atomic_load(&sessions_open), 0);
    net_free(fixture->net);
    transport_free(fixture->transport);
    workers_free(fixture->workers);
    metrics_free();
}

/* Blocking, with a time-out on reading. */
static int dial(const struct fixture *fixture)
{
    struct str address = net_listener_address(fixture->listener);
    struct str host;
    struct str port;
    uint64_t number = 0;
    assert_true(str_cut(address, ':', &host, &port) && str_to_u64(port, &number));
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)number)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    struct timeval wait = {.tv_sec = WAIT_MS / 1000};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
    return fd;
}

static void put(int fd, const void *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = send(fd, (const char *)bytes + done, size - done, MSG_NOSIGNAL);
        assert_true(n > 0);
        done += (size_t)n;
    }
}

static void get(int fd, void *bytes, size_t size)
{
    size_t done = 0;
    while (done < size) {
        ssize_t n = recv(fd, (char *)bytes + done, size - done, 0);
        if (n <= 0) {
            print_error("read %zu of %zu bytes, then %zd (%d)\n", done, size, n, errno);
        }
        assert_true(n > 0);
        done += (size_t)n;
    }
}

/* The other end has closed, or reset. */
static void assert_closed(int fd)
{
    char byte;
    ssize_t n = recv(fd, &byte, 1, 0);
    assert_true(n == 0 || (n < 0 && errno == ECONNRESET));
    (void)close(fd);
}

/* Until what the workers do has shown. */
#define AWAIT(condition)                                    \
    do {                                                    \
        uint64_t give_up = clock_mono_ms() + WAIT_MS;       \
        while (!(condition) && clock_mono_ms() < give_up) { \
            (void)poll(NULL, 0, 5);                         \
        }                                                   \
        assert_true(condition);                             \
    } while (0)

#endif
