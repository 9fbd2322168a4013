/* conn.h - a byte stream, plain or TLS, on one worker.
 *
 * Embedded by value in its owner (a RawSocket peer, an HTTP/1 connection). Input
 * is offered in the worker's shared read buffer: what the owner does not consume
 * is kept and offered again with more behind it, so an idle connection holds no
 * buffer. Output is queued, and written once at the end of the turn, or by conn_push.
 *
 * No callback is ever made from inside a conn_ function: they come from the loop
 * or the end of the turn. Each of the three may call conn_done and free the owner.
 */
#ifndef POSTERN_NET_CONN_H
#define POSTERN_NET_CONN_H

#include "base/err.h"
#include "base/str.h"
#include "loop/timer.h"
#include "loop/watch.h"
#include "net/outq.h"
#include "net/peer_info.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn;
struct tls_stream; /* OpenSSL's SSL, seen only in core/net */

struct conn_ops {
    /* Bytes have come. Returns how many were consumed; the rest is offered again when
     * more has come, or after conn_resume. `input` is borrowed for the call. May close
     * the connection; the result does not matter then. */
    size_t (*on_input)(struct conn *conn, struct str input);
    /* A write brought the queue down to conn_set_low_water's mark, or emptied it. May be NULL. */
    void (*on_drained)(struct conn *conn);
    /* The stream has ended (EOF, reset, write time-out, conn_finish, conn_abort): called once,
     * at the end of a turn. The owner calls conn_done and frees itself. `why` is static. */
    void (*on_closed)(struct conn *conn, const char *why);
};

struct conn {
    const struct conn_ops *ops;
    struct peer_info peer;
    struct watch watch;
    struct turn_task flush;
    struct timer stall; /* no progress in writing; or the end of lingering */
    struct tls_stream *tls;
    struct outq out;
    size_t low_water;
    char *rest; /* unconsumed input between events */
    size_t rest_len;
    size_t rest_cap;
    size_t input_max; /* an owner that leaves more than this unconsumed is closed */
    uint64_t stall_ms;
    const char *why; /* it was closed */
    int fd;
    uint8_t read_want; /* WATCH_ bits; TLS may need to write in order to read */
    uint8_t write_want;
    bool reading;
    bool kick;      /* offer at the end of the turn what is there already */
    bool blocked;   /* the socket takes no more output at present */
    bool closing;   /* close once the queue is empty */
    bool lingering; /* all is written: waiting for the peer's end */
    bool closed;
    bool told; /* on_closed has been called */
};

enum { CONN_STALL_MS = 30000 };

/* Takes over the descriptor and `tls` (NULL: plain). `early` are bytes already read. */
void conn_init(struct conn *conn,
               const struct conn_ops *ops,
               int fd,
               struct tls_stream *tls,
               const struct peer_info *peer,
               size_t input_max);
void conn_start(struct conn *conn, struct str early);

/* Both do nothing on a connection that is closed or finishing. */
void conn_write(struct conn *conn, struct str bytes);
/* `head` is copied, `bytes` of the block are referred to where that costs less. */
void conn_share(struct conn *conn, struct str head, struct block *block, struct str bytes);
/* Writes what is queued now rather than at the end of the turn, for an owner that has no more to
 * say at present; on_drained does not follow. Inside this connection's own callbacks, where more
 * may come, it waits for the end of the turn all the same. */
void conn_push(struct conn *conn);
size_t conn_queued(const struct conn *conn);
/* Asks the socket whether the other end has ended the stream, be there input before it or not. */
bool conn_hung_up(const struct conn *conn);
void conn_set_low_water(struct conn *conn, size_t bytes); /* at first 0 */
void conn_set_stall(struct conn *conn, uint64_t ms);      /* at first CONN_STALL_MS */

/* Stops reading: back-pressure. input_max does not hold meanwhile, and a hang-up is not seen. */
void conn_pause(struct conn *conn);
void conn_resume(struct conn *conn);

/* Offers what was left unconsumed once more, at the end of this turn: for an owner that can go
 * on now. */
void conn_again(struct conn *conn);

/* Writes what is queued, ends the stream, waits a second at most for the peer to do the same
 * (a socket closed with input unread would reset the last output), then on_closed. */
void conn_finish(struct conn *conn);
void conn_abort(struct conn *conn, const char *why); /* on_closed at the end of the turn */
void conn_done(struct conn *conn);                   /* releases everything; no more callbacks */

/* As conn_done, but the connection lives on, for another protocol: returns its descriptor, and in
 * `*out_tls` its stream (NULL: plain). Nothing may be queued; unconsumed input is not kept, so
 * the place for this is on_input. */
int conn_detach(struct conn *conn, struct tls_stream **out_tls);

/* Connects (non-blocking); `done` gets the descriptor, or -1 and the reason. One worker. */
typedef void (*conn_dialed_fn)(void *ctx, int fd, struct tls_stream *tls, const struct err *err);
struct conn_target {
    struct str host; /* name or address; or the path of a unix socket */
    uint16_t port;
    bool unix_socket;
    bool tls;
    const char *ca_file; /* NULL: the system's */
    bool insecure;       /* do not verify: for tests on loopback */
    uint64_t timeout_ms;
};
/* Name look-ups block: for clients (cli, demo), not for the data path. */
void conn_dial(const struct conn_target *target, conn_dialed_fn done, void *ctx);

#endif
