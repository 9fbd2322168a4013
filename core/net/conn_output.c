/* conn_output.c - the writing half of conn.h: one flush a turn, stalls, the end of the stream. */
#include "base/mem.h"
#include "net/conn.h"
#include "net/conn_inside.h"
#include "net/tls.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    IOV_COUNT = 64,
    TLS_RECORD = 16384,
    FLUSH_MAX = 1 << 20, /* a reader as fast as we are still leaves a turn to the others */
    LINGER_MS = 1000,
    LINGER_READS = 16,
};

static _Thread_local char scratch[TLS_RECORD];

/* One piece, which is the rule, costs the kernel less to take than a list of one. */
static ssize_t send_pieces(int fd, struct iovec *pieces, size_t count)
{
    struct msghdr message = {.msg_iov = pieces, .msg_iovlen = count};
    ssize_t written;
    do {
        written = count == 1 ? send(fd, pieces->iov_base, pieces->iov_len, MSG_NOSIGNAL)
                             : sendmsg(fd, &message, MSG_NOSIGNAL);
    } while (written < 0 && errno == EINTR);
    return written;
}

/* Both: how much was taken, setting `*all` unless the socket is full now; -1 for a broken one. */
static ssize_t write_plain(struct conn *conn, bool *all)
{
    struct iovec pieces[IOV_COUNT];
    size_t count = (size_t)outq_peek(&conn->out, pieces, IOV_COUNT);
    size_t offered = 0;
    for (size_t i = 0; i < count; i++) {
        offered += pieces[i].iov_len;
    }
    ssize_t written = send_pieces(conn->fd, pieces, count);
    if (written < 0 && errno != EAGAIN) {
        return -1;
    }
    conn->write_want = WATCH_WRITE;
    *all = written == (ssize_t)offered;
    return written < 0 ? 0 : written;
}

/* Small pieces are put together into whole records. */
static ssize_t write_tls(struct conn *conn, bool *all)
{
    struct iovec first;
    (void)outq_peek(&conn->out, &first, 1);
    struct str record = str_make(first.iov_base, first.iov_len);
    if (record.len < TLS_RECORD && record.len < conn->out.bytes) {
        record = str_make(scratch, outq_read(&conn->out, scratch, sizeof(scratch)));
    }
    record = str_sub(record, 0, TLS_RECORD);
    unsigned want = 0;
    ssize_t written = tls_write(conn->tls, record, &want);
    *all = written > 0;
    conn->write_want = want != 0 ? (uint8_t)want : WATCH_WRITE;
    return written <= 0 && want != 0 ? 0 : written;
}

static void end_output(struct conn *conn)
{
    if (conn->tls != NULL) {
        tls_shutdown(conn->tls);
    }
    if (shutdown(conn->fd, SHUT_WR) != 0) {
        conn_close(conn, "finished");
        return;
    }
    conn->lingering = true;
    conn_rewatch(conn);
    timer_start(&conn->stall, LINGER_MS);
}

static void settle(struct conn *conn, bool progress)
{
    conn->blocked = conn->out.bytes > 0;
    if (conn->blocked) {
        if (progress || !timer_active(&conn->stall)) {
            timer_start(&conn->stall, conn->stall_ms);
        }
    } else {
        timer_stop(&conn->stall);
        if (conn->closing) {
            end_output(conn);
        }
    }
    conn_rewatch(conn);
}

/* How much the socket took. A broken connection is closed. */
static size_t write_out(struct conn *conn)
{
    size_t flushed = 0;
    bool all = true;
    while (conn->out.bytes > 0 && all && flushed < FLUSH_MAX) {
        ssize_t written = conn->tls == NULL ? write_plain(conn, &all) : write_tls(conn, &all);
        if (written < 0 || (written == 0 && all)) {
            conn_close(conn, "write error");
            return 0;
        }
        outq_drop(&conn->out, (size_t)written);
        flushed += (size_t)written;
    }
    settle(conn, flushed > 0);
    return flushed;
}

bool conn_flush(struct conn *conn)
{
    if (conn->lingering) {
        return true;
    }
    size_t before = conn->out.bytes;
    size_t flushed = write_out(conn);
    size_t left = conn->out.bytes;
    bool drained =
        flushed > 0 && (left == 0 || (before > conn->low_water && left <= conn->low_water));
    if (drained && !conn->closing && !conn->closed && conn->ops->on_drained != NULL) {
        conn->ops->on_drained(conn);
        return !conn_gone(conn);
    }
    return true;
}

void conn_stalled(struct timer *timer)
{
    struct conn *conn = CONTAINER_OF(timer, struct conn, stall);
    conn_close(conn, conn->lingering ? "finished" : "write time-out");
}

void conn_linger(struct conn *conn)
{
    /* A peer that goes on sending is cut off by the timer, not by an amount. */
    for (int i = 0; i < LINGER_READS; i++) {
        ssize_t got = read(conn->fd, scratch, sizeof(scratch));
        if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) {
            conn_close(conn, "finished");
            return;
        }
        if (got < 0) {
            return;
        }
    }
}

static bool writable(const struct conn *conn)
{
    return !conn->closed && !conn->closing;
}

/* Behind a full socket the loop calls when there is room again. */
static void flush_later(struct conn *conn)
{
    if (!conn->blocked) {
        loop_at_turn_end(&conn->flush);
    }
}

void conn_write(struct conn *conn, struct str bytes)
{
    if (writable(conn)) {
        outq_copy(&conn->out, bytes);
        flush_later(conn);
    }
}

void conn_share(struct conn *conn, struct str head, struct block *block, struct str bytes)
{
    if (writable(conn)) {
        outq_share(&conn->out, head, block, bytes);
        flush_later(conn);
    }
}

void conn_push(struct conn *conn)
{
    if (!writable(conn) || conn->blocked || conn->out.bytes == 0 || !conn_gone(conn)) {
        return;
    }
    (void)write_out(conn);
    if (conn->out.bytes == 0 && !conn->kick && !conn->closed) {
        loop_turn_task_cancel(&conn->flush);
    }
}

bool conn_hung_up(const struct conn *conn)
{
    struct pollfd socket = {.fd = conn->fd, .events = POLLRDHUP};
    return poll(&socket, 1, 0) == 1;
}

size_t conn_queued(const struct conn *conn)
{
    return conn->out.bytes;
}

void conn_set_low_water(struct conn *conn, size_t bytes)
{
    conn->low_water = bytes;
}

void conn_set_stall(struct conn *conn, uint64_t ms)
{
    conn->stall_ms = ms;
}
