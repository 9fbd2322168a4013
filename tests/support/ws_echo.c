/* ws_echo.c - our WebSocket transport, answering each message with itself.
 *
 * For conformance suites: `ws-echo [HOST:PORT [MESSAGE_MAX]]` serves /ws (with a subprotocol of
 * WAMP or with none, text and binary) until SIGTERM. Prints "ready HOST:PORT". The realm's session_
 * functions, which the transport calls, are defined here. One worker.
 */
#include "base/log.h"
#include "base/mem.h"
#include "metrics/metrics.h"
#include "net/listener.h"
#include "realm/peer.h"
#include "realm/session.h"
#include "transport/transport.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

enum { WAIT_MS = 10000, HIGH_WATER = 1 << 20 };

struct session {
    struct peer *peer;
    bool paused;
};

struct session *session_open(struct router *router, struct peer *peer)
{
    (void)router;
    struct session *session = NEW(struct session);
    session->peer = peer;
    return session;
}

/* What its sender does not read back is not read from him either. */
void session_receive(struct session *session, struct str message)
{
    struct peer *peer = session->peer;
    peer->ops->send(peer, message);
    if (!session->paused && peer->ops->queued(peer) > HIGH_WATER) {
        session->paused = true;
        peer->ops->pause(peer);
    }
}

void session_drained(struct session *session)
{
    if (session->paused) {
        session->paused = false;
        session->peer->ops->resume(session->peer);
    }
}

void session_lost(struct session *session)
{
    mem_free(session);
}

static struct net_listener *
listen_at(struct net *net, struct transport *transport, const char *address, struct err *err)
{
    struct net_protocol protocols[] = {websocket_protocol(transport)};
    struct net_listener_options options = {.name = STR("ws-echo"),
                                           .address = str_of(address),
                                           .protocols = protocols,
                                           .protocol_count = 1};
    return net_listen(net, &options, err);
}

static bool serve(const char *address, size_t message_max, const sigset_t *ends, struct err *err)
{
    static const struct net_limits limits = {.connections = 1000,
                                             .first_byte_timeout_ms = WAIT_MS,
                                             .tls_handshake_timeout_ms = WAIT_MS,
                                             .backlog = 64};
    struct workers *workers = workers_new(1, 1 << 20, err);
    struct transport_options options = {.workers = workers,
                                        .message_max = message_max,
                                        .handshake_timeout_ms = WAIT_MS,
                                        .any_kind = true};
    struct transport *transport = transport_new(&options);
    struct net *net = net_new(workers, &limits);
    const struct net_listener *listener = listen_at(net, transport, address, err);
    bool served = listener != NULL && workers_start(workers, err);
    if (served) {
        int which;
        net_start(net);
        (void)printf("ready " PRISTR "\n", STRARG(net_listener_address(listener)));
        (void)fflush(stdout);
        (void)sigwait(ends, &which);
        workers_stop(workers);
    }
    net_free(net);
    transport_free(transport);
    workers_free(workers);
    metrics_free();
    return served;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    sigset_t ends;
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigaddset(&ends, SIGINT);
    (void)pthread_sigmask(SIG_BLOCK, &ends, NULL); /* before the first thread, which inherits it */
    const char *address = argc > 1 ? argv[1] : "127.0.0.1:9001";
    size_t message_max = argc > 2 ? strtoul(argv[2], NULL, 10) : 1 << 24;
    if (!serve(address, message_max, &ends, &err)) {
        (void)fprintf(stderr, "ws-echo: %s\n", err.text);
        return 1;
    }
    return 0;
}
