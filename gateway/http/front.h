/* front.h - HTTP as the gateway sees it: requests in, answers out, nothing of a library.
 *
 * A front turns connections into streams, one a request. Two implementations are
 * meant: mhd (libmicrohttpd) and our own h1; nothing above knows which one it is.
 * A stream lives on its connection's worker, from `on_request` to `on_gone` or to
 * stream_end's completion, whichever comes first.
 *
 * Answering: stream_begin, any number of stream_write, stream_end. stream_abort
 * instead of stream_end breaks the connection off, so that a half answer is not
 * taken for a whole one. Body: on_body pieces until `last`; stream_pause holds them.
 * A front calls no callback from inside a stream_ function: what the handler does to a
 * stream takes effect after the handler has returned.
 */
#ifndef POSTERN_HTTP_FRONT_H
#define POSTERN_HTTP_FRONT_H

#include "base/arena.h"
#include "base/str.h"
#include "loop/worker.h"
#include "net/listener.h"
#include "net/peer_info.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct front;
struct stream;

struct header {
    struct str name; /* lower case */
    struct str value;
};

enum { LENGTH_STREAM = -1 };

/* Checked already: framing, method token, target and header characters, one Host. */
struct request_head {
    struct str method;
    struct str path;  /* as sent, without the query; begins with '/' */
    struct str query; /* without '?', as sent */
    struct str host; /* without port, trailing dot removed, case as sent; may be empty (HTTP/1.0) */
    uint16_t port;   /* 0: none given */
    const struct header *headers;
    size_t header_count;
    int64_t content_length; /* 0: no body; LENGTH_STREAM: chunked */
    const struct peer_info *peer;
};

/* The value of the first such header, or an empty string with a NULL pointer. */
struct str request_header(const struct request_head *head, struct str name);

struct stream_ops {
    void (*begin)(struct stream *stream,
                  unsigned status,
                  const struct header *headers,
                  size_t count,
                  int64_t length);
    bool (*write)(struct stream *stream, struct str bytes); /* true: full, wait for on_writable */
    void (*end)(struct stream *stream);
    void (*abort)(struct stream *stream);
    void (*pause)(struct stream *stream, bool paused);
};

/* The front's part; `user` is the handler's. */
struct stream {
    const struct stream_ops *ops;
    struct request_head head; /* valid as long as the stream */
    struct arena arena;       /* of the whole exchange; released after on_gone */
    void *user;
    const struct front_handler *taker; /* whom the handler has handed it on to; NULL: nobody */
    const struct header *added;        /* by whoever handed it on: in the answer, whatever it is */
    size_t added_count;
};

/* What sits on top. Every callback on the stream's worker. */
struct front_handler {
    /* The head is complete. May answer at once, also before a body has come. */
    void (*on_request)(void *ctx, struct stream *stream);
    void (*on_body)(struct stream *stream, struct str bytes, bool last);
    void (*on_writable)(struct stream *stream);
    /* The stream is over: answered, aborted, or the client left. Last callback, exactly once. */
    void (*on_gone)(struct stream *stream, bool answered);
};

struct front_limits {
    size_t uri_max;
    size_t headers_max; /* bytes of all header lines */
    size_t header_count_max;
    size_t response_max; /* bytes of an unsent answer */
    uint64_t idle_timeout_ms;
    uint64_t header_timeout_ms; /* from the first byte of a request to the end of its head */
};

/* A protocol that begins as a GET of one path ("/ws"), whether or not it is a proper upgrade. It
 * ends HTTP on its connection: once the answers before are written, `take` gets the connection on
 * its worker, with all that was read, from the first byte of the head on. */
struct front_upgrade {
    struct str path;
    void (*take)(
        void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer, struct str bytes);
    void *ctx;
};

struct front_options {
    const char *name; /* "gateway", "admin" */
    struct workers *workers;
    const struct front_handler *handler;
    void *ctx;
    struct front_limits limits;
    struct front_upgrade upgrade; /* `take` NULL: none. Of h1 only: mhd cannot give a socket away */
};

/* libmicrohttpd behind the interface. Before the workers start; hooks make the daemons. */
struct front *mhd_front_new(const struct front_options *options);
/* Our own HTTP/1.1 behind the interface. Before the workers start. */
struct front *h1_front_new(const struct front_options *options);
/* The row for a listener's protocol table: takes whatever no other protocol claimed. */
struct net_protocol front_protocol(struct front *front);
/* From now on answers say Connection: close. Any thread. */
void front_drain(struct front *front);
void front_free(struct front *front); /* after the workers are joined */

/* stream_begin of an answer to which headers are added. */
void stream_begin_added(struct stream *stream,
                        unsigned status,
                        const struct header *headers,
                        size_t count,
                        int64_t length);
/* `headers` are copied. `length`: bytes to come, or LENGTH_STREAM. */
static inline void stream_begin(struct stream *stream,
                                unsigned status,
                                const struct header *headers,
                                size_t count,
                                int64_t length)
{
    if (stream->added_count == 0) {
        stream->ops->begin(stream, status, headers, count, length);
    } else {
        stream_begin_added(stream, status, headers, count, length);
    }
}
static inline bool stream_write(struct stream *stream, struct str bytes)
{
    return stream->ops->write(stream, bytes);
}
static inline void stream_end(struct stream *stream)
{
    stream->ops->end(stream);
}
static inline void stream_abort(struct stream *stream)
{
    stream->ops->abort(stream);
}
static inline void stream_pause(struct stream *stream, bool paused)
{
    stream->ops->pause(stream, paused);
}

#endif
