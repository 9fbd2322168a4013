/* dial.c - conn_dial: looks a name up, connects to its addresses in turn, shakes hands. */
#include "base/mem.h"
#include "net/conn.h"
#include "net/tls_inside.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct dial {
    conn_dialed_fn done;
    void *ctx;
    char *host;
    char *ca_file;
    bool use_tls;
    bool insecure;
    bool connected;
    struct addrinfo *found;
    const struct addrinfo *next;
    struct sockaddr_un local; /* instead of `found` */
    struct addrinfo local_info;
    struct tls_stream *tls;
    struct watch watch;
    struct timer deadline;
    struct turn_task failed; /* so that `done` is never called from inside conn_dial */
    struct err err;
    int fd;
};

static void close_socket(struct dial *dial)
{
    if (dial->fd >= 0) {
        watch_set(&dial->watch, 0);
        (void)close(dial->fd);
        dial->fd = -1;
    }
}

static void finish(struct dial *dial)
{
    watch_set(&dial->watch, 0);
    timer_stop(&dial->deadline);
    if (dial->found != NULL) {
        freeaddrinfo(dial->found);
    }
    mem_free(dial->host);
    mem_free(dial->ca_file);
    dial->done(dial->ctx, dial->fd, dial->tls, dial->fd >= 0 ? NULL : &dial->err);
    mem_free(dial);
}

static void give_up(struct dial *dial)
{
    tls_free(dial->tls);
    dial->tls = NULL;
    close_socket(dial);
    timer_stop(&dial->deadline);
    loop_at_turn_end(&dial->failed);
}

static void on_failed(struct turn_task *task)
{
    finish(CONTAINER_OF(task, struct dial, failed));
}

static void on_deadline(struct timer *timer)
{
    struct dial *dial = CONTAINER_OF(timer, struct dial, deadline);
    (void)err_set(&dial->err, ERR_TIMEOUT, "%s did not answer in time", dial->host);
    give_up(dial);
}

static void refused(struct dial *dial, int code)
{
    char reason[128];
    (void)err_set(&dial->err, ERR_UNAVAILABLE, "cannot connect to %s: %s", dial->host,
                  strerror_r(code, reason, sizeof(reason)));
    close_socket(dial);
}

static void on_event(struct watch *watch, unsigned events);

static bool try_one(struct dial *dial, const struct addrinfo *to)
{
    int on = 1;
    dial->fd = socket(to->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (dial->fd < 0) {
        refused(dial, errno);
        return false;
    }
    if (to->ai_family != AF_UNIX) {
        (void)setsockopt(dial->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    }
    watch_init(&dial->watch, dial->fd, on_event);
    if (connect(dial->fd, to->ai_addr, to->ai_addrlen) != 0 && errno != EINPROGRESS) {
        refused(dial, errno);
        return false;
    }
    watch_set(&dial->watch, WATCH_WRITE);
    return true;
}

static void try_next(struct dial *dial)
{
    while (dial->next != NULL) {
        const struct addrinfo *to = dial->next;
        dial->next = to->ai_next;
        if (try_one(dial, to)) {
            return;
        }
    }
    give_up(dial);
}

static void shake_hands(struct dial *dial)
{
    unsigned want;
    if (tls_handshake(dial->tls, &want)) {
        finish(dial);
    } else if (want != 0) {
        watch_set(&dial->watch, want);
    } else {
        (void)tls_explain(dial->tls, &dial->err);
        (void)err_wrap(&dial->err, "cannot connect to %s", dial->host);
        give_up(dial);
    }
}

static void on_connected(struct dial *dial)
{
    dial->connected = true;
    if (!dial->use_tls) {
        finish(dial);
        return;
    }
    const char *ca_file = dial->ca_file;
    dial->tls = tls_client_new(dial->fd, dial->host, ca_file, dial->insecure, &dial->err);
    if (dial->tls == NULL) {
        give_up(dial);
        return;
    }
    shake_hands(dial);
}

static void on_event(struct watch *watch, unsigned events)
{
    struct dial *dial = CONTAINER_OF(watch, struct dial, watch);
    (void)events;
    if (dial->connected) {
        shake_hands(dial);
        return;
    }
    int code = 0;
    socklen_t len = sizeof(code);
    if (getsockopt(dial->fd, SOL_SOCKET, SO_ERROR, &code, &len) != 0) {
        code = errno;
    }
    if (code != 0) {
        refused(dial, code);
        try_next(dial);
        return;
    }
    on_connected(dial);
}

static bool look_up(struct dial *dial, const struct conn_target *target)
{
    if (target->unix_socket) {
        if (target->host.len >= sizeof(dial->local.sun_path)) {
            return err_set(&dial->err, ERR_INVALID, "the path of a unix socket is too long");
        }
        dial->local.sun_family = AF_UNIX;
        memcpy(dial->local.sun_path, target->host.ptr, target->host.len);
        dial->local_info = (struct addrinfo){.ai_family = AF_UNIX,
                                             .ai_addr = (struct sockaddr *)&dial->local,
                                             .ai_addrlen = sizeof(dial->local)};
        dial->next = &dial->local_info;
        return true;
    }
    char port[8];
    (void)snprintf(port, sizeof(port), "%u", target->port);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
    int code = getaddrinfo(dial->host, port, &hints, &dial->found);
    if (code != 0) {
        dial->found = NULL;
        return err_set(&dial->err, ERR_UNAVAILABLE, "cannot look up %s: %s", dial->host,
                       gai_strerror(code));
    }
    dial->next = dial->found;
    return true;
}

void conn_dial(const struct conn_target *target, conn_dialed_fn done, void *ctx)
{
    struct dial *dial = NEW(struct dial);
    dial->done = done;
    dial->ctx = ctx;
    dial->host = str_dup(target->host);
    dial->ca_file = target->ca_file != NULL ? str_dup(str_of(target->ca_file)) : NULL;
    dial->use_tls = target->tls;
    dial->insecure = target->insecure;
    dial->fd = -1;
    dial->failed.fn = on_failed;
    watch_init(&dial->watch, -1, on_event);
    timer_init(&dial->deadline, on_deadline);
    if (!look_up(dial, target)) {
        give_up(dial);
        return;
    }
    timer_start(&dial->deadline, target->timeout_ms);
    try_next(dial);
}
