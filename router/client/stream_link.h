/* stream_link.h - what both links have in common: a connection that is dialed, used and ended.
 *
 * Inside only. The protocol on it is a table; `connected`, `input` and the two of
 * struct link_ops that it brings do not care how the connection came about.
 */
#ifndef POSTERN_CLIENT_STREAM_LINK_H
#define POSTERN_CLIENT_STREAM_LINK_H

#include "client/link.h"
#include "net/conn.h"

struct stream_link;

struct stream_protocol {
    /* The connection is there: say the first word. */
    void (*connected)(struct stream_link *stream);
    /* As conn_ops.on_input. */
    size_t (*input)(struct stream_link *stream, struct str input);
    void (*send)(struct stream_link *stream, struct str message);
    /* A last word before the end; may be NULL. */
    void (*farewell)(struct stream_link *stream);
    /* Releases what the protocol keeps; the struct itself is the stream's to free. May be NULL. */
    void (*done)(struct stream_link *stream);
};

enum stream_state {
    STREAM_DIALING,
    STREAM_OPENING, /* the protocol's handshake */
    STREAM_OPEN,
    STREAM_ENDING, /* nothing that still comes is looked at */
};

/* First member of raw_link and ws_link. */
struct stream_link {
    struct link link;
    struct conn conn; /* since STREAM_OPENING */
    const struct stream_protocol *protocol;
    enum stream_state state;
    enum serializer serializer;
    size_t message_max; /* the largest message that is taken */
    size_t input_max;
    bool connected;
    bool dialing;
    bool abandoned; /* freed while dialing: the end of that frees it */
    struct err err; /* why it ended, when we know better than the connection */
};

/* On a zeroed struct from the heap. */
void stream_link_dial(struct stream_link *stream,
                      const struct stream_protocol *protocol,
                      struct client *client,
                      const struct link_options *options);
/* The handshake has succeeded. */
void stream_link_opened(struct stream_link *stream, size_t message_max);
/* The end, and why. */
void stream_link_fail(struct stream_link *stream, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Writes what is queued, then ends. */
void stream_link_end(struct stream_link *stream);

#endif
