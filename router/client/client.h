/* client.h - a WAMP peer that dials: for the command line, the demo, tests, later the bridge.
 *
 * RawSocket and WebSocket, both over core/net. Lives on one
 * worker; every callback runs there. Payloads given to callbacks are borrowed
 * for the call.
 */
#ifndef POSTERN_CLIENT_CLIENT_H
#define POSTERN_CLIENT_CLIENT_H

#include "base/err.h"
#include "base/str.h"
#include "payload/payload.h"

#include <stdbool.h>
#include <stdint.h>

struct client;

struct client_options {
    /* ws://host:port/ws, wss://, tcp://host:port, tls://host:port, unix:/path, ws+unix:/path */
    struct str url;
    struct str realm;
    enum serializer serializer; /* NONE: MsgPack on RawSocket, JSON on WebSocket */
    struct str authid;
    struct str authmethod; /* empty: anonymous */
    const char *ca_file;
    bool insecure;
    uint64_t timeout_ms; /* to connect and join; 0: 10 s */
};

struct client_reply {
    bool ok;
    uint64_t id;      /* registration, subscription or publication */
    struct str error; /* URI when not ok */
    struct slice details;
    struct payload payload;
};

struct client_invocation {
    uint64_t request;
    uint64_t registration;
    struct slice details;
    struct payload payload;
};

struct client_event {
    uint64_t subscription;
    uint64_t publication;
    struct slice details;
    struct payload payload;
};

struct client_ops {
    void (*on_joined)(struct client *client, void *ctx);
    /* Not connected, refused, or ended: `err->text` says why (ABORT reason included; code DENIED
     * for authorization and authentication). The client is freed after this. Once. */
    void (*on_closed)(struct client *client, void *ctx, const struct err *err);
    void (*on_invocation)(struct client *client, void *ctx, const struct client_invocation *in);
    void (*on_interrupt)(struct client *client, void *ctx, uint64_t request);
    void (*on_event)(struct client *client, void *ctx, const struct client_event *event);
};

typedef void (*client_reply_fn)(void *ctx, const struct client_reply *reply);

struct client *
client_open(const struct client_options *options, const struct client_ops *ops, void *ctx);
void client_close(struct client *client); /* GOODBYE, then on_closed */

/* `options` may be none. `done` is called once unless the client closes first. */
void client_call(struct client *client,
                 struct str uri,
                 struct slice options,
                 const struct payload *payload,
                 client_reply_fn done,
                 void *ctx);
void client_publish(struct client *client,
                    struct str uri,
                    struct slice options,
                    const struct payload *payload,
                    client_reply_fn done, /* NULL: unacknowledged */
                    void *ctx);
void client_register(
    struct client *client, struct str uri, struct slice options, client_reply_fn done, void *ctx);
void client_subscribe(
    struct client *client, struct str uri, struct slice options, client_reply_fn done, void *ctx);
void client_yield(struct client *client, uint64_t request, const struct payload *payload);
void client_fail(struct client *client,
                 uint64_t request,
                 struct str error,
                 const struct payload *payload);

#endif
