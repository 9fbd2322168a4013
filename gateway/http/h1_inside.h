/* h1_inside.h - what the files of our own HTTP/1.1 front share. Not for outside.
 *
 * h1.c owns connections and streams on each worker; h1_conn.c is a connection's
 * input and its time-outs; h1_stream.c what a handler does to a stream;
 * h1_answer.c how an answer begins. h1_head and h1_chunked are pure.
 *
 * A connection has at most one stream. A stream that is over is taken off its
 * connection at once and waits among the worker's finished ones until the end of
 * the turn, where the handler hears of it; so no callback comes from inside a
 * stream_ function, and the next request can be read meanwhile.
 */
#ifndef POSTERN_HTTP_H1_INSIDE_H
#define POSTERN_HTTP_H1_INSIDE_H

#include "base/buf.h"
#include "base/list.h"
#include "http/front_inside.h"
#include "http/h1_chunked.h"
#include "http/h1_head.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "loop/watch.h"
#include "net/conn.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    H1_HIGH_WATER = 256 << 10, /* unsent output, above which a handler waits */
    H1_LOW_WATER = 64 << 10,   /* and at which it goes on */
    H1_SKIP_MAX = 64 << 10,    /* of a body that nobody wants, to keep its connection */
};

struct h1_worker {
    struct h1_front *front;
    struct list connections;
    struct list finished; /* streams that are over and of which the handler has not heard */
    struct list spare;    /* streams for the next requests */
    unsigned spare_count;
    struct turn_task reap;
    struct post drain;
    struct buf scratch; /* an answer's head */
    struct buf date;    /* its Date line */
    uint64_t date_until_ms;
    bool stopped;
};

struct h1_front {
    struct front front;
    struct h1_worker *workers;
};

enum h1_state {
    H1_IDLE,    /* nothing of a next request has come */
    H1_HEAD,    /* a part of its head has */
    H1_BODY,    /* the stream's body is coming */
    H1_ANSWER,  /* all has come, the answer has not ended */
    H1_SKIP,    /* answered early; the rest of the body is thrown away */
    H1_UPGRADE, /* the head of an upgrade has come; answers before it are not all written */
    H1_CLOSING,
};

struct h1_conn {
    struct conn conn;
    struct list link; /* worker->connections */
    struct h1_worker *worker;
    struct h1_stream *stream; /* the present one, or NULL */
    struct timer timer;
    uint64_t deadline_ms; /* 0: none; the timer may be early for it */
    struct h1_scan scan;
    uint64_t body_left; /* of a known length */
    uint8_t state;      /* enum h1_state */
    bool close;         /* after the present answer */
    bool held;          /* conn_pause was called: too much of what is not yet its turn */
};

/* How the end of an answer's body is known. */
enum h1_framing { H1_NO_BODY, H1_LENGTH, H1_CHUNKED, H1_UNTIL_CLOSE };

struct h1_stream {
    struct stream stream;
    struct list link;     /* worker->finished, worker->spare */
    struct h1_conn *conn; /* NULL: it is over */
    struct h1_worker *worker;
    struct h1_chunked body; /* the request's, when it is chunked */
    uint64_t left;          /* of the answer's declared length */
    uint64_t body_seen;     /* since the progress was last looked at */
    uint8_t framing;        /* enum h1_framing */
    bool http10;
    bool keep_alive;
    bool head_only;      /* HEAD: the answer has no body */
    bool wants_continue; /* the client waits for 100 before it sends the body */
    bool paused;
    bool begun;
    bool full; /* the handler was told so, and waits */
    bool answered;
};

/* h1.c */
struct h1_stream *h1_stream_new(struct h1_conn *c);
/* The stream is over: off its connection, on_gone at the end of the turn. */
void h1_stream_over(struct h1_stream *s, bool answered);
void h1_reap(struct h1_worker *worker);
void h1_conn_free(struct h1_conn *c);
/* To the taker of options.upgrade, with `bytes`; the struct is freed. */
void h1_conn_give_away(struct h1_conn *c, struct str bytes);

/* h1_conn.c */
struct h1_conn *
h1_conn_new(struct h1_worker *worker, int fd, struct tls_stream *tls, const struct peer_info *peer);
void h1_conn_start(struct h1_conn *c);
/* The present answer has ended: on to the next request, or to the end. */
void h1_conn_answered(struct h1_conn *c);
/* The end, once all is written. */
void h1_conn_finish(struct h1_conn *c);
/* What is left of the request's body is little, of known length, and on its way. */
bool h1_conn_can_skip(const struct h1_conn *c);
void h1_conn_drain(struct h1_conn *c);

/* h1_stream.c */
extern const struct stream_ops h1_stream_ops;

/* h1_answer.c */
struct h1_answer {
    unsigned status;
    const struct header *headers;
    size_t count;
    enum h1_framing framing;
    int64_t length; /* -1: do not say */
    bool close;
    bool http10;
};
/* In worker->scratch. A handler's `connection: close` has set answer->close before. */
struct str h1_answer_head(struct h1_worker *worker, const struct h1_answer *answer);
bool h1_answer_asks_close(const struct header *headers, size_t count);
/* A whole answer about a request that is refused; the connection ends after it. */
void h1_answer_refusal(struct h1_conn *c, const struct refusal *why);

#endif
