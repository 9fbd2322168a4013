/* link.h - the transport below a client: RawSocket or WebSocket, one interface. Inside only.
 *
 * A link tells its client of what happens by the three client_link_ functions
 * below, from the loop or the end of a turn, never from inside a call
 * of its ops. After client_link_lost it waits for `free`.
 */
#ifndef POSTERN_CLIENT_LINK_H
#define POSTERN_CLIENT_LINK_H

#include "base/err.h"
#include "base/str.h"
#include "payload/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct client;
struct link;

struct link_ops {
    void (*send)(struct link *link, struct str message);
    size_t (*queued)(struct link *link); /* bytes that wait to be written */
    /* Writes what is queued and closes; client_link_lost follows. */
    void (*finish)(struct link *link);
    /* At any time, no more callbacks. */
    void (*free)(struct link *link);
};

struct link {
    const struct link_ops *ops;
    struct client *client;
};

struct link_target {
    bool websocket;
    bool tls;
    bool unix_socket;
    struct str host; /* or the path of the unix socket */
    uint16_t port;
    struct str path; /* of the WebSocket */
};

struct link_options {
    struct link_target target;
    enum serializer serializer; /* decided */
    const char *ca_file;
    bool insecure;
    uint64_t timeout_ms; /* to connect */
    size_t message_max;
};

bool link_target_parse(struct str url, struct link_target *out, struct err *err);

/* The strings of `options` are borrowed for the call. */
struct link *raw_link_new(struct client *client, const struct link_options *options);
struct link *ws_link_new(struct client *client, const struct link_options *options);

/* Ready for HELLO; the other end takes messages up to `message_max`. */
void client_link_opened(struct client *client, size_t message_max);
/* One whole message, borrowed for the call. */
void client_link_message(struct client *client, struct str message);
/* Never opened, or gone: once. The client may free the link in it. */
void client_link_lost(struct client *client, const struct err *err);

#endif
