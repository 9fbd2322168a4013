/* tls_pump.c - carries bytes between a TLS stream and a socket pair, for a library that
 * insists on a plain socket.
 *
 * Lives on one worker and frees itself. What was read goes straight on to the other
 * side; a buffer exists only for what that side did not take, and until it has taken
 * it nothing more is read.
 */
#include "base/list.h"
#include "base/mem.h"
#include "loop/timer.h"
#include "loop/watch.h"
#include "net/tls_inside.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    CHUNK = 16384,
    LINGER_MS = 1000,
    LINGER_READS = 16,
    LOOK_MS = 1000,  /* a library that half-closed first may close for good unseen */
    STALL_LOOKS = 5, /* for a client that takes nothing of what a closed library has said */
};

/* What one side has sent and the other has not taken yet. */
struct backlog {
    char *bytes;
    size_t from;
    size_t len;
};

struct pump {
    struct list link;
    struct tls_stream *tls;
    int net_fd;
    int local_fd;
    struct watch net;
    struct watch local;
    struct timer timer;
    struct backlog inward;  /* network to library */
    struct backlog outward; /* library to network */
    unsigned read_want;
    unsigned write_want;
    bool net_ended;
    bool local_ended;
    bool local_gone;  /* closed, not just half */
    unsigned stalled; /* looks since the client last took something */
    bool lingering;   /* all is said, close_notify too: waiting for the client's end */
};

enum flow { FLOW_MORE, FLOW_BLOCKED, FLOW_BROKEN };

static _Thread_local char chunk[CHUNK];
static _Thread_local struct list pumps;

static void pump_free(struct pump *pump)
{
    watch_set(&pump->net, 0);
    watch_set(&pump->local, 0);
    timer_stop(&pump->timer);
    list_remove(&pump->link);
    tls_free(pump->tls);
    (void)close(pump->net_fd);
    (void)close(pump->local_fd);
    mem_free(pump->inward.bytes);
    mem_free(pump->outward.bytes);
    mem_free(pump);
}

static void keep(struct backlog *backlog, const char *bytes, size_t len)
{
    backlog->bytes = mem_alloc(len);
    memcpy(backlog->bytes, bytes, len);
    backlog->from = 0;
    backlog->len = len;
}

static void taken(struct backlog *backlog, size_t len)
{
    backlog->from += len;
    backlog->len -= len;
    if (backlog->len == 0) {
        mem_free(backlog->bytes);
        *backlog = (struct backlog){0};
    }
}

/* Both: bytes taken, 0 when the side is full now, -1 when it is broken. */
static ssize_t put_local(struct pump *pump, const char *bytes, size_t len)
{
    ssize_t put = send(pump->local_fd, bytes, len, MSG_NOSIGNAL);
    return put < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : put;
}

static ssize_t put_net(struct pump *pump, const char *bytes, size_t len)
{
    unsigned want = 0;
    ssize_t put = tls_write(pump->tls, str_make(bytes, len), &want);
    pump->write_want = want != 0 ? want : WATCH_WRITE;
    if (put > 0) {
        pump->stalled = 0;
        return put;
    }
    return want != 0 ? 0 : -1;
}

/* As read(2), for the TLS side; -1 with `*flow` broken or blocked. */
static ssize_t get_net(struct pump *pump, enum flow *flow)
{
    unsigned want = 0;
    ssize_t got = tls_read(pump->tls, chunk, sizeof(chunk), &want);
    pump->read_want = want != 0 ? want : WATCH_READ;
    *flow = got < 0 && want == 0 ? FLOW_BROKEN : FLOW_BLOCKED;
    return got;
}

static ssize_t get_local(struct pump *pump, enum flow *flow)
{
    ssize_t got = recv(pump->local_fd, chunk, sizeof(chunk), 0);
    bool later = got < 0 && (errno == EAGAIN || errno == EINTR);
    *flow = got < 0 && !later ? FLOW_BROKEN : FLOW_BLOCKED;
    return got;
}

typedef ssize_t (*put_fn)(struct pump *pump, const char *bytes, size_t len);

static enum flow drain(struct pump *pump, struct backlog *backlog, put_fn put)
{
    while (backlog->len > 0) {
        ssize_t len = put(pump, backlog->bytes + backlog->from, backlog->len);
        if (len <= 0) {
            return len == 0 ? FLOW_BLOCKED : FLOW_BROKEN;
        }
        taken(backlog, (size_t)len);
    }
    return FLOW_MORE;
}

/* Passes what is in `chunk` on and keeps the remainder. */
static enum flow pass(struct pump *pump, struct backlog *backlog, size_t len, put_fn put)
{
    size_t done = 0;
    while (done < len) {
        ssize_t more = put(pump, chunk + done, len - done);
        if (more < 0) {
            return FLOW_BROKEN;
        }
        if (more == 0) {
            keep(backlog, chunk + done, len - done);
            return FLOW_BLOCKED;
        }
        done += (size_t)more;
    }
    return FLOW_MORE;
}

/* Nobody takes what the client says; what the library has said before is still there. */
static enum flow library_gone(struct pump *pump)
{
    pump->local_gone = true;
    mem_free(pump->inward.bytes);
    pump->inward = (struct backlog){0};
    return FLOW_BLOCKED;
}

static enum flow step_inward(struct pump *pump)
{
    enum flow flow = drain(pump, &pump->inward, put_local);
    if (flow == FLOW_BROKEN) {
        return library_gone(pump);
    }
    if (flow != FLOW_MORE || pump->net_ended) {
        return FLOW_BLOCKED;
    }
    ssize_t got = get_net(pump, &flow);
    if (got < 0) {
        return flow;
    }
    if (got == 0) {
        pump->net_ended = true;
        (void)shutdown(pump->local_fd, SHUT_WR);
        return FLOW_BLOCKED;
    }
    flow = pass(pump, &pump->inward, (size_t)got, put_local);
    return flow == FLOW_BROKEN ? library_gone(pump) : flow;
}

static bool local_closed(const struct pump *pump)
{
    struct pollfd state = {.fd = pump->local_fd, .events = 0};
    return poll(&state, 1, 0) > 0 && (state.revents & (POLLHUP | POLLERR)) != 0;
}

static enum flow step_outward(struct pump *pump)
{
    enum flow flow = drain(pump, &pump->outward, put_net);
    if (flow != FLOW_MORE || pump->local_ended) {
        return flow == FLOW_MORE ? FLOW_BLOCKED : flow;
    }
    ssize_t got = get_local(pump, &flow);
    if (got < 0 && flow == FLOW_BLOCKED) {
        return flow;
    }
    if (got <= 0) { /* below 0: closed with input unread */
        pump->local_ended = true;
        pump->local_gone = pump->local_gone || local_closed(pump);
        tls_shutdown(pump->tls);
        (void)shutdown(pump->net_fd, SHUT_WR);
        timer_start(&pump->timer, LOOK_MS);
        return FLOW_BLOCKED;
    }
    return pass(pump, &pump->outward, (size_t)got, put_net);
}

static void rewatch(struct pump *pump)
{
    unsigned net = 0;
    unsigned local = 0;
    if (!pump->net_ended && !pump->local_gone && pump->inward.len == 0) {
        net |= pump->read_want;
    }
    if (pump->outward.len > 0) {
        net |= pump->write_want;
        if (!timer_active(&pump->timer)) {
            timer_start(&pump->timer, LOOK_MS);
        }
    }
    if (!pump->local_ended && pump->outward.len == 0) {
        local |= WATCH_READ;
    }
    if (pump->inward.len > 0) {
        local |= WATCH_WRITE;
    }
    watch_set(&pump->net, net);
    watch_set(&pump->local, local);
}

/* The library has closed its end: nobody reads what the client still sends, but a socket
 * closed with input unread would reset the last answer. */
static void begin_linger(struct pump *pump)
{
    pump->lingering = true;
    watch_set(&pump->local, 0);
    watch_set(&pump->net, WATCH_READ);
    timer_start(&pump->timer, LINGER_MS);
}

static void linger(struct pump *pump)
{
    for (int i = 0; i < LINGER_READS; i++) {
        ssize_t got = recv(pump->net_fd, chunk, sizeof(chunk), 0);
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            pump_free(pump);
            return;
        }
        if (got < 0) {
            return;
        }
    }
}

/* Goes on until both directions wait. That ends: on this thread nobody empties or fills the
 * library's side meanwhile. */
static void run(struct pump *pump)
{
    enum flow inward = FLOW_MORE;
    enum flow outward = FLOW_MORE;
    while (inward == FLOW_MORE || outward == FLOW_MORE) {
        if (!pump->local_gone) {
            inward = step_inward(pump);
        } else {
            inward = FLOW_BLOCKED;
        }
        outward = step_outward(pump);
        if (inward == FLOW_BROKEN || outward == FLOW_BROKEN) {
            pump_free(pump);
            return;
        }
    }
    if (pump->net_ended && pump->local_ended && pump->inward.len == 0) {
        pump_free(pump);
    } else if (pump->local_gone && pump->local_ended && !pump->net_ended) {
        begin_linger(pump);
    } else {
        rewatch(pump);
    }
}

static void on_net(struct watch *watch, unsigned events)
{
    struct pump *pump = CONTAINER_OF(watch, struct pump, net);
    (void)events;
    if (pump->lingering) {
        linger(pump);
    } else {
        run(pump);
    }
}

static void on_local(struct watch *watch, unsigned events)
{
    (void)events;
    run(CONTAINER_OF(watch, struct pump, local));
}

/* Not waited for in the kernel either. */
static void give_up(struct pump *pump)
{
    struct linger reset = {.l_onoff = 1};
    (void)setsockopt(pump->net_fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
    pump_free(pump);
}

static void on_timer(struct timer *timer)
{
    struct pump *pump = CONTAINER_OF(timer, struct pump, timer);
    bool closed = !pump->lingering && local_closed(pump);
    if (pump->lingering) {
        pump_free(pump);
    } else if (closed && pump->local_ended) {
        begin_linger(pump);
    } else if (closed && ++pump->stalled > STALL_LOOKS) {
        give_up(pump);
    } else if (pump->local_ended || pump->outward.len > 0) {
        timer_start(&pump->timer, LOOK_MS);
    }
}

int tls_pump(int fd, struct tls_stream *tls)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) != 0) {
        tls_free(tls);
        (void)close(fd);
        return -1;
    }
    if (pumps.next == NULL) {
        list_init(&pumps);
    }
    struct pump *pump = NEW(struct pump);
    pump->tls = tls;
    pump->net_fd = fd;
    pump->local_fd = ends[0];
    pump->read_want = WATCH_READ;
    pump->write_want = WATCH_WRITE;
    watch_init(&pump->net, fd, on_net);
    watch_init(&pump->local, ends[0], on_local);
    timer_init(&pump->timer, on_timer);
    list_push(&pumps, &pump->link);
    run(pump);
    return ends[1];
}

void tls_pump_end_all(void)
{
    if (pumps.next == NULL) {
        return;
    }
    LIST_FOREACH_SAFE (link, &pumps) {
        pump_free(LIST_ENTRY(link, struct pump, link));
    }
}
