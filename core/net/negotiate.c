/* negotiate.c - what happens between accept and hand-over: PROXY header, TLS, the first bytes.
 *
 * One small object a connection, on its worker, under a deadline; freed before a
 * protocol takes the connection. Bytes are peeked, so that the protocol finds
 * them all. The kernel is asked to wake us only for more than we have seen.
 */
#include "base/log.h"
#include "base/mem.h"
#include "net/net_inside.h"
#include "net/proxy_protocol.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { FIRST_MAX = 8, RETRY_MS = 5 };

enum stage { STAGE_PROXY, STAGE_TLS, STAGE_SNIFF };

/* How a stage came out. DROP has set `why`. */
enum outcome { OUTCOME_WAIT, OUTCOME_NEXT, OUTCOME_DROP };

struct negotiation {
    struct list link;
    struct acceptor *acceptor;
    struct tls_stream *tls;
    struct peer_info peer;
    struct watch watch;
    struct timer deadline;
    struct timer retry; /* unix sockets have no low-water mark to wait for */
    const struct net_protocol *protocol;
    const char *why;
    enum stage stage;
    int fd;
    int low_water;
    bool counted; /* has a place among its address' connections */
    bool full;    /* there was none */
};

static struct net *net_of(const struct negotiation *n)
{
    return n->acceptor->listener->net;
}

static void set_low_water(struct negotiation *n, int bytes)
{
    if (n->low_water != bytes && !n->peer.unix_socket) {
        (void)setsockopt(n->fd, SOL_SOCKET, SO_RCVLOWAT, &bytes, sizeof(bytes));
        n->low_water = bytes;
    }
}

static void unhook(struct negotiation *n)
{
    watch_set(&n->watch, 0);
    timer_stop(&n->deadline);
    timer_stop(&n->retry);
    list_remove(&n->link);
}

static void drop(struct negotiation *n)
{
    char text[PEER_TEXT_SIZE];
    log_debug("connection closed before its first message",
              KV_STR("listener", n->acceptor->listener->options.name),
              KV_STR("peer", peer_info_text(&n->peer, text)), KV_CSTR("reason", n->why));
    unhook(n);
    tls_free(n->tls);
    if (n->full) {
        refuse_full(n->acceptor->listener, n->fd);
    } else {
        (void)close(n->fd);
    }
    if (n->counted) {
        net_release(&n->peer);
    } else {
        limits_leave(net_of(n)->limits);
    }
    mem_free(n);
}

static void hand_over(struct negotiation *n)
{
    set_low_water(n, 1);
    unhook(n);
    const struct net_protocol *protocol = n->protocol;
    struct tls_stream *tls = n->tls;
    struct peer_info peer = n->peer;
    int fd = n->fd;
    mem_free(n);
    protocol->take(protocol->ctx, fd, tls, &peer);
}

static enum outcome dropped(struct negotiation *n, const char *why)
{
    n->why = why;
    return OUTCOME_DROP;
}

static void warn(struct negotiation *n, const char *event)
{
    char text[PEER_TEXT_SIZE];
    if (acceptor_may_warn(n->acceptor)) {
        log_warn(event, KV_STR("listener", n->acceptor->listener->options.name),
                 KV_STR("peer", peer_info_text(&n->peer, text)));
    }
}

/* A place among the connections of the peer's address, now that it is known for good. */
static bool count_address(struct negotiation *n)
{
    if (!peer_info_loopback(&n->peer) &&
        !limits_enter_address(net_of(n)->limits, &n->peer.address)) {
        warn(n, "connection refused: too many from one address");
        return false;
    }
    n->counted = true;
    return true;
}

static bool hung_up(const struct negotiation *n)
{
    struct pollfd state = {.fd = n->fd, .events = POLLRDHUP};
    return poll(&state, 1, 0) != 0;
}

/* Waits for more than the `seen` bytes that are there; that will not come from one who hung up. */
static enum outcome wait_beyond(struct negotiation *n, size_t seen)
{
    if (seen > 0 && hung_up(n)) {
        return dropped(n, "hung up");
    }
    if (n->peer.unix_socket && seen > 0) {
        watch_set(&n->watch, 0);
        timer_start(&n->retry, RETRY_MS);
        return OUTCOME_WAIT;
    }
    set_low_water(n, (int)seen + 1);
    watch_set(&n->watch, WATCH_READ);
    return OUTCOME_WAIT;
}

/* As recv(2) with MSG_PEEK: > 0; else `*out` is what to do. */
static ssize_t peek(struct negotiation *n, char *bytes, size_t size, enum outcome *out)
{
    ssize_t got = recv(n->fd, bytes, size, MSG_PEEK);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
        *out = wait_beyond(n, 0);
    } else if (got <= 0) {
        *out = dropped(n, "hung up");
    }
    return got;
}

static bool trusted(const struct negotiation *n)
{
    const struct net_listener_options *options = &n->acceptor->listener->options;
    for (size_t i = 0; i < options->trusted_count; i++) {
        if (cidr_contains(&options->trusted[i], &n->peer.address)) {
            return true;
        }
    }
    return n->peer.unix_socket; /* whose file's mode says who may */
}

static enum outcome read_proxy_header(struct negotiation *n)
{
    char bytes[PROXY_MAX];
    enum outcome otherwise;
    ssize_t got = peek(n, bytes, sizeof(bytes), &otherwise);
    if (got <= 0) {
        return otherwise;
    }
    struct proxy_header header;
    switch (proxy_parse(str_make(bytes, (size_t)got), &header)) {
    case PROXY_MORE:
        return wait_beyond(n, (size_t)got);
    case PROXY_BAD:
        warn(n, "connection refused: no valid PROXY header");
        return dropped(n, "no valid PROXY header");
    case PROXY_OK:
        break;
    }
    set_low_water(n, 1);
    if (recv(n->fd, bytes, header.len, 0) != (ssize_t)header.len) {
        return dropped(n, "read error");
    }
    if (header.has_address) {
        n->peer.address = header.address;
        n->peer.port = header.port;
        n->peer.unix_socket = false;
    }
    return count_address(n) ? OUTCOME_NEXT : dropped(n, "too many from one address");
}

static enum outcome shake_hands(struct negotiation *n)
{
    unsigned want;
    if (tls_handshake(n->tls, &want)) {
        return OUTCOME_NEXT;
    }
    if (want == 0) {
        struct err err;
        (void)tls_explain(n->tls, &err);
        char text[PEER_TEXT_SIZE];
        log_debug("TLS handshake failed", KV_STR("peer", peer_info_text(&n->peer, text)),
                  KV_ERR(&err));
        return dropped(n, "TLS handshake failed");
    }
    watch_set(&n->watch, want);
    return OUTCOME_WAIT;
}

/* The protocol that these bytes belong to, or NULL when more of them are needed. */
static const struct net_protocol *choose(const struct net_listener_options *options,
                                         struct str first)
{
    for (size_t i = 0; i + 1 < options->protocol_count; i++) {
        enum probe answer = options->protocols[i].probe(first);
        if (answer == PROBE_YES) {
            return &options->protocols[i];
        }
        if (answer == PROBE_MORE && first.len < FIRST_MAX) {
            return NULL;
        }
    }
    return &options->protocols[options->protocol_count - 1];
}

static enum outcome sniff_plain(struct negotiation *n)
{
    char bytes[FIRST_MAX];
    enum outcome otherwise;
    ssize_t got = peek(n, bytes, sizeof(bytes), &otherwise);
    if (got <= 0) {
        return otherwise;
    }
    n->protocol = choose(&n->acceptor->listener->options, str_make(bytes, (size_t)got));
    return n->protocol != NULL ? OUTCOME_NEXT : wait_beyond(n, (size_t)got);
}

static enum outcome sniff_tls(struct negotiation *n)
{
    char bytes[FIRST_MAX];
    unsigned want;
    ssize_t got = tls_peek(n->tls, bytes, sizeof(bytes), &want);
    if (got > 0) {
        n->protocol = choose(&n->acceptor->listener->options, str_make(bytes, (size_t)got));
        if (n->protocol != NULL) {
            return OUTCOME_NEXT;
        }
    }
    if (want == 0) {
        return dropped(n, "hung up");
    }
    watch_set(&n->watch, want);
    return OUTCOME_WAIT;
}

static enum outcome run_stage(struct negotiation *n)
{
    switch (n->stage) {
    case STAGE_PROXY:
        return read_proxy_header(n);
    case STAGE_TLS:
        return shake_hands(n);
    case STAGE_SNIFF:
        break;
    }
    return n->tls != NULL ? sniff_tls(n) : sniff_plain(n);
}

static bool enter_tls(struct negotiation *n)
{
    struct tls_context *context = listener_tls(n->acceptor->listener);
    n->tls = tls_server_new(context, n->fd);
    tls_context_unref(context);
    n->stage = STAGE_TLS;
    timer_start(&n->deadline, net_of(n)->options.tls_handshake_timeout_ms);
    return n->tls != NULL;
}

static bool enter_next_stage(struct negotiation *n)
{
    if (n->stage == STAGE_PROXY && n->acceptor->listener->options.tls) {
        return enter_tls(n);
    }
    if (n->stage == STAGE_TLS) {
        timer_start(&n->deadline, net_of(n)->options.first_byte_timeout_ms);
    }
    n->stage = STAGE_SNIFF;
    return true;
}

static void proceed(struct negotiation *n)
{
    for (;;) {
        enum outcome outcome = run_stage(n);
        if (outcome == OUTCOME_WAIT) {
            return;
        }
        if (outcome == OUTCOME_NEXT && n->stage == STAGE_SNIFF) {
            hand_over(n);
            return;
        }
        if (outcome == OUTCOME_DROP || !enter_next_stage(n)) {
            drop(n);
            return;
        }
    }
}

static void on_event(struct watch *watch, unsigned events)
{
    (void)events;
    proceed(CONTAINER_OF(watch, struct negotiation, watch));
}

static void on_retry(struct timer *timer)
{
    proceed(CONTAINER_OF(timer, struct negotiation, retry));
}

static void on_deadline(struct timer *timer)
{
    struct negotiation *n = CONTAINER_OF(timer, struct negotiation, deadline);
    n->why = "nothing came in time";
    drop(n);
}

/* Whether the connection may go on, and with which stage. */
static bool admit(struct negotiation *n)
{
    const struct net_listener_options *options = &n->acceptor->listener->options;
    if (options->proxy_protocol) {
        n->stage = STAGE_PROXY;
        n->why = "not trusted";
        if (!trusted(n)) {
            warn(n, "connection refused: not a trusted proxy");
            return false;
        }
        return true;
    }
    n->why = "too many from one address";
    if (!count_address(n)) {
        n->full = true;
        return false;
    }
    n->stage = STAGE_SNIFF;
    return !options->tls || enter_tls(n);
}

void negotiate_begin(struct acceptor *acceptor, int fd, const struct peer_info *peer)
{
    struct negotiation *n = NEW(struct negotiation);
    n->acceptor = acceptor;
    n->fd = fd;
    n->low_water = 1;
    n->peer = *peer;
    watch_init(&n->watch, fd, on_event);
    timer_init(&n->deadline, on_deadline);
    timer_init(&n->retry, on_retry);
    list_push(&acceptor->negotiations, &n->link);
    timer_start(&n->deadline, net_of(n)->options.first_byte_timeout_ms);
    if (admit(n)) {
        proceed(n);
    } else {
        drop(n);
    }
}

void negotiate_end_all(struct acceptor *acceptor)
{
    LIST_FOREACH_SAFE (link, &acceptor->negotiations) {
        struct negotiation *n = LIST_ENTRY(link, struct negotiation, link);
        n->why = "stopping";
        drop(n);
    }
}
