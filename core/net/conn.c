#include "net/conn.h"

#include "base/mem.h"
#include "net/conn_inside.h"
#include "net/tls.h"

#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_BUFFER = 65536,
    /* A longer rest is no longer copied before each read: it is read behind on the heap. */
    SMALL_REST = READ_BUFFER / 2,
    TLS_RECORD = 16384,
};

static _Thread_local char read_buffer[READ_BUFFER];
/* Whose events are being handled; callbacks do not nest. NULL once it has gone. */
static _Thread_local const struct conn *running;

bool conn_gone(const struct conn *conn)
{
    return running != conn;
}

void conn_rewatch(struct conn *conn)
{
    unsigned events = 0;
    if (conn->lingering) {
        events = WATCH_READ;
    } else {
        if (conn->reading && !conn->closing) {
            events |= conn->read_want;
        }
        if (conn->blocked) {
            events |= conn->write_want;
        }
    }
    if (conn->closed) {
        events = 0;
    }
    if (watch_events(&conn->watch) != events) {
        watch_set(&conn->watch, events);
    }
}

static void forget_rest(struct conn *conn)
{
    mem_free(conn->rest);
    conn->rest = NULL;
    conn->rest_len = conn->rest_cap = 0;
}

void conn_close(struct conn *conn, const char *why)
{
    if (conn->closed) {
        return;
    }
    conn->closed = true;
    conn->why = why;
    conn_rewatch(conn);
    timer_stop(&conn->stall);
    outq_clear(&conn->out);
    forget_rest(conn);
    loop_at_turn_end(&conn->flush);
}

/* Makes `left` the rest. It lies in `memory` (of size `cap`), which was the rest before, or in
 * the shared buffer. */
static void keep_rest(struct conn *conn, char *memory, size_t cap, struct str left)
{
    if (left.len == 0 || conn->closed || conn->closing) {
        mem_free(memory);
        return;
    }
    if (cap < left.len || cap / 4 > left.len) {
        char *fresh = mem_alloc(left.len);
        memcpy(fresh, left.ptr, left.len);
        mem_free(memory);
        memory = fresh;
        cap = left.len;
    } else if (left.ptr != memory) {
        memmove(memory, left.ptr, left.len);
    }
    conn->rest = memory;
    conn->rest_len = left.len;
    conn->rest_cap = cap;
}

/* False when the owner has gone. */
static bool offer(struct conn *conn, struct str input)
{
    char *memory = conn->rest; /* `input` may lie in it, and stays valid whatever the owner does */
    size_t cap = conn->rest_cap;
    conn->rest = NULL;
    conn->rest_len = conn->rest_cap = 0;

    size_t used = conn->ops->on_input(conn, input);
    if (conn_gone(conn)) {
        mem_free(memory);
        return false;
    }
    assert(conn->closed || conn->closing || used <= input.len);
    keep_rest(conn, memory, cap, str_from(input, used));
    if (conn->rest_len > conn->input_max && conn->reading) {
        conn_close(conn, "input too large");
    }
    return true;
}

/* As read(2); -1 with nothing in `why` when there is nothing to read yet. */
static ssize_t read_plain(struct conn *conn, char *out, size_t size, const char **why)
{
    ssize_t got = recv(conn->fd, out, size, 0);
    if (got == 0) {
        *why = "end of stream";
    } else if (got < 0 && errno != EAGAIN && errno != EINTR) {
        *why = errno == ECONNRESET ? "connection reset" : "read error";
    }
    return got;
}

/* Reads until a whole further record might not fit, so that nothing decrypted stays behind
 * in the stream, where the loop cannot see it. */
static ssize_t read_tls(struct conn *conn, char *out, size_t size, const char **why)
{
    size_t total = 0;
    conn->read_want = WATCH_READ;
    while (size - total >= TLS_RECORD || tls_has_pending(conn->tls)) {
        unsigned want = 0;
        ssize_t got = tls_read(conn->tls, out + total, size - total, &want);
        if (got > 0) {
            total += (size_t)got;
            continue;
        }
        if (got < 0 && want != 0) {
            conn->read_want = (uint8_t)want;
        } else {
            *why = got == 0 ? "end of stream" : "TLS error";
        }
        break;
    }
    return total > 0 ? (ssize_t)total : -1;
}

/* One read an event, so that one busy connection does not keep the others waiting. */
static bool read_input(struct conn *conn)
{
    char *into = read_buffer;
    size_t have = conn->rest_len;
    if (have <= SMALL_REST) {
        if (have > 0) {
            memcpy(read_buffer, conn->rest, have);
        }
    } else {
        if (conn->rest_cap < have + READ_BUFFER) {
            conn->rest_cap = have * 2 > have + READ_BUFFER ? have * 2 : have + READ_BUFFER;
            conn->rest = mem_realloc(conn->rest, conn->rest_cap);
        }
        into = conn->rest;
    }
    size_t room = into == read_buffer ? READ_BUFFER - have : READ_BUFFER;
    const char *why = NULL;
    ssize_t got = conn->tls == NULL ? read_plain(conn, into + have, room, &why)
                                    : read_tls(conn, into + have, room, &why);
    if (got > 0 && !offer(conn, str_make(into, have + (size_t)got))) {
        return false;
    }
    if (why != NULL && !conn->closing) {
        /* What was queued just now is still worth a try; a finishing connection flushes anyway. */
        if (conn->out.bytes > 0 && !conn_flush(conn)) {
            return false;
        }
        conn_close(conn, why);
    }
    conn_rewatch(conn);
    return true;
}

/* What is there without the socket having become readable: early bytes, records decrypted by
 * the sniff, input left while the owner had paused. */
static bool offer_kept(struct conn *conn)
{
    conn->kick = false;
    if (!conn->reading || conn->closing) {
        return true;
    }
    if (conn->tls != NULL && tls_has_pending(conn->tls)) {
        return read_input(conn);
    }
    return conn->rest_len == 0 || offer(conn, str_make(conn->rest, conn->rest_len));
}

static void tell_closed(struct conn *conn)
{
    if (!conn->told) {
        conn->told = true;
        conn->ops->on_closed(conn, conn->why);
    }
}

static void on_turn_end(struct turn_task *task)
{
    struct conn *conn = CONTAINER_OF(task, struct conn, flush);
    running = conn;
    if (!conn->closed && conn->kick && !offer_kept(conn)) {
        return;
    }
    if (!conn->closed && !conn_flush(conn)) {
        return;
    }
    if (conn->closed) {
        tell_closed(conn);
    }
    running = NULL;
}

static void on_event(struct watch *watch, unsigned events)
{
    struct conn *conn = CONTAINER_OF(watch, struct conn, watch);
    running = conn;
    if (conn->lingering) {
        conn_linger(conn);
    } else {
        if (conn->blocked && (events & conn->write_want) != 0 && !conn_flush(conn)) {
            return;
        }
        if (!conn->closed && conn->reading && !conn->closing && (events & conn->read_want) != 0 &&
            !read_input(conn)) {
            return;
        }
    }
    running = NULL;
}

void conn_init(struct conn *conn,
               const struct conn_ops *ops,
               int fd,
               struct tls_stream *tls,
               const struct peer_info *peer,
               size_t input_max)
{
    *conn = (struct conn){.ops = ops,
                          .peer = *peer,
                          .tls = tls,
                          .input_max = input_max,
                          .stall_ms = CONN_STALL_MS,
                          .fd = fd,
                          .read_want = WATCH_READ,
                          .write_want = WATCH_WRITE};
    outq_init(&conn->out);
    watch_init(&conn->watch, fd, on_event);
    timer_init(&conn->stall, conn_stalled);
    conn->flush.fn = on_turn_end;
}

void conn_start(struct conn *conn, struct str early)
{
    if (early.len > 0) {
        conn->rest = mem_alloc(early.len);
        memcpy(conn->rest, early.ptr, early.len);
        conn->rest_len = conn->rest_cap = early.len;
    }
    conn_resume(conn);
}

void conn_pause(struct conn *conn)
{
    conn->reading = false;
    conn_rewatch(conn);
}

void conn_resume(struct conn *conn)
{
    if (conn->reading || conn->closed || conn->closing) {
        return;
    }
    conn->reading = true;
    conn_rewatch(conn);
    /* Asked for even when there is nothing: inside on_input it is not known yet. */
    conn->kick = true;
    loop_at_turn_end(&conn->flush);
}

void conn_again(struct conn *conn)
{
    if (conn->reading && !conn->closed && !conn->closing) {
        conn->kick = true;
        loop_at_turn_end(&conn->flush);
    }
}

void conn_finish(struct conn *conn)
{
    if (conn->closed || conn->closing) {
        return;
    }
    conn->closing = true;
    forget_rest(conn);
    conn_rewatch(conn);
    loop_at_turn_end(&conn->flush);
}

void conn_abort(struct conn *conn, const char *why)
{
    conn_close(conn, why);
}

int conn_detach(struct conn *conn, struct tls_stream **out_tls)
{
    int fd = conn->fd;
    assert(conn->out.bytes == 0);
    *out_tls = conn->tls;
    conn->tls = NULL;
    watch_set(&conn->watch, 0);
    conn->fd = -1;
    conn_done(conn);
    return fd;
}

void conn_done(struct conn *conn)
{
    if (running == conn) {
        running = NULL;
    }
    conn->closed = conn->told = true;
    watch_set(&conn->watch, 0);
    loop_turn_task_cancel(&conn->flush);
    timer_stop(&conn->stall);
    outq_clear(&conn->out);
    forget_rest(conn);
    if (conn->tls != NULL) {
        tls_shutdown(conn->tls);
        tls_free(conn->tls);
        conn->tls = NULL;
    }
    if (conn->fd >= 0) {
        (void)close(conn->fd);
        conn->fd = -1;
    }
}
