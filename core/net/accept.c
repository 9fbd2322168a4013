/* accept.c - one worker's listening socket: accepts, counts, starts the negotiation. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/net_inside.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    ACCEPTS_AN_EVENT = 64,
    PAUSE_MS = 100, /* without file descriptors accept fails at once, again and again */
    WARN_EVERY_MS = 1000,
};

/* A connection of a unix socket on its way to the worker that will own it. */
struct dealt {
    struct post post;
    struct acceptor *to;
    struct peer_info peer;
    int fd;
};

bool acceptor_may_warn(struct acceptor *acceptor)
{
    uint64_t now = clock_mono_ms();
    if (acceptor->warned_ms != 0 && now - acceptor->warned_ms < WARN_EVERY_MS) {
        return false;
    }
    acceptor->warned_ms = now;
    return true;
}

static void peer_of(const struct sockaddr_storage *from, struct peer_info *peer)
{
    if (from->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;
        peer->address = v6->sin6_addr;
        peer->port = ntohs(v6->sin6_port);
    } else if (from->ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
        peer->address.s6_addr[10] = peer->address.s6_addr[11] = 0xff;
        memcpy(peer->address.s6_addr + 12, &v4->sin_addr, 4);
        peer->port = ntohs(v4->sin_port);
    } else {
        peer->unix_socket = true;
    }
}

static void receive_dealt(struct post *post)
{
    struct dealt *dealt = CONTAINER_OF(post, struct dealt, post);
    struct acceptor *to = dealt->to;
    if (to->ended) {
        limits_leave(to->listener->net->limits);
        (void)close(dealt->fd);
    } else {
        negotiate_begin(to, dealt->fd, &dealt->peer);
    }
    mem_free(dealt);
}

static void deal(struct net_listener *listener, int fd, const struct peer_info *peer)
{
    unsigned index = listener->next_worker++ % listener->workers;
    struct acceptor *to = &listener->acceptors[index];
    if (index == 0) {
        negotiate_begin(to, fd, peer);
        return;
    }
    struct dealt *dealt = NEW(struct dealt);
    *dealt = (struct dealt){.post = {.fn = receive_dealt}, .to = to, .peer = *peer, .fd = fd};
    worker_post(to->worker, &dealt->post);
}

void refuse_full(const struct net_listener *listener, int fd)
{
    const struct net_listener_options *options = &listener->options;
    struct str words = options->protocols[0].full;
    char request[64];
    if (options->protocol_count == 1 && !options->tls && !options->proxy_protocol &&
        words.len > 0) {
        /* What has come is taken, or close would reset what we say. */
        (void)recv(fd, request, sizeof(request), MSG_DONTWAIT);
        (void)send(fd, words.ptr, words.len, MSG_DONTWAIT | MSG_NOSIGNAL);
        (void)shutdown(fd, SHUT_WR);
    }
    (void)close(fd);
}

static void accepted(struct acceptor *acceptor, int fd, const struct sockaddr_storage *from)
{
    struct net_listener *listener = acceptor->listener;
    struct peer_info peer = {.listener = listener, .tls = listener->options.tls};
    peer_of(from, &peer);
    if (!limits_enter(listener->net->limits)) {
        refuse_full(listener, fd);
        if (acceptor_may_warn(acceptor)) {
            log_warn("connection refused: too many connections",
                     KV_STR("listener", listener->options.name),
                     KV_U64("limit", listener->net->options.connections));
        }
    } else if (peer.unix_socket) {
        deal(listener, fd, &peer);
    } else {
        negotiate_begin(acceptor, fd, &peer);
    }
}

static void end_pause(struct timer *timer)
{
    struct acceptor *acceptor = CONTAINER_OF(timer, struct acceptor, pause);
    watch_set(&acceptor->watch, WATCH_READ);
}

static void accept_failed(struct acceptor *acceptor, int code)
{
    char reason[128];
    if (code == EAGAIN || code == EINTR || code == ECONNABORTED) {
        return;
    }
    if (!acceptor->out_of_files) {
        acceptor->out_of_files = true;
        log_error("cannot accept connections", KV_STR("listener", acceptor->listener->options.name),
                  KV_CSTR("reason", strerror_r(code, reason, sizeof(reason))));
    }
    watch_set(&acceptor->watch, 0);
    timer_start(&acceptor->pause, PAUSE_MS);
}

static void accept_some(struct acceptor *acceptor)
{
    for (int i = 0; i < ACCEPTS_AN_EVENT; i++) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof(from);
        int fd =
            accept4(acceptor->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
            accept_failed(acceptor, errno);
            return;
        }
        acceptor->out_of_files = false;
        accepted(acceptor, fd, &from);
    }
}

static void on_event(struct watch *watch, unsigned events)
{
    (void)events;
    accept_some(CONTAINER_OF(watch, struct acceptor, watch));
}

void acceptor_start(struct acceptor *acceptor)
{
    if (acceptor->fd < 0 || acceptor->started) {
        return;
    }
    acceptor->started = true;
    watch_init(&acceptor->watch, acceptor->fd, on_event);
    timer_init(&acceptor->pause, end_pause);
    watch_set(&acceptor->watch, WATCH_READ);
}

void acceptor_stop(struct acceptor *acceptor)
{
    if (acceptor->fd < 0) {
        return;
    }
    if (acceptor->started) {
        if (!acceptor->ended) {
            accept_some(acceptor); /* who stood in the queue would be reset by close */
        }
        watch_set(&acceptor->watch, 0);
        timer_stop(&acceptor->pause);
    }
    acceptor_close(acceptor);
}

void acceptor_close(struct acceptor *acceptor)
{
    (void)close(acceptor->fd);
    acceptor->fd = -1;
    if (bind_is_unix(&acceptor->listener->address)) {
        (void)unlink(acceptor->listener->address.sock.local.sun_path);
    }
}

void acceptor_end(struct acceptor *acceptor)
{
    acceptor->ended = true;
    acceptor_stop(acceptor);
    negotiate_end_all(acceptor);
}
