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
    struct str authmethods; /* with commas between, in the order of preference; empty: anonymous */
    struct str secret;      /* password, ticket, or a private key's seed as 64 hex digits */
    const char *ca_file;
    bool insecure;
    uint64_t timeout_ms; /* to connect and join; 0: 10 s */
};

struct client_reply {
    bool ok;
    bool more;        /* a progressive result: others follow */
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

/* Taken away by the router, or by who registered by force. */
struct client_revocation {
    bool registration; /* else a subscription */
    uint64_t id;
    struct str reason; /* may be empty */
};

/* What the owner of a client does beyond what is asked of everybody; it is announced then. That
 * there is an on_interrupt or an on_revoked is announced as well. */
enum client_promise {
    CLIENT_TAKES_PIECES = 1,   /* on_invocation comes once a piece: details.progress says if more */
    CLIENT_KEEPS_TIMEOUTS = 2, /* details.timeout of an invocation */
    CLIENT_TAKES_PASSTHRU = 4, /* details.ppt_...: payloads that are not for us to read */
};

struct client_ops {
    unsigned promises; /* CLIENT_ bits */
    void (*on_joined)(struct client *client, void *ctx);
    /* Not connected, refused, or ended: `err->text` says why (ABORT reason included; code DENIED
     * for authorization and authentication). The client is freed after this. Once. */
    void (*on_closed)(struct client *client, void *ctx, const struct err *err);
    void (*on_invocation)(struct client *client, void *ctx, const struct client_invocation *in);
    void (*on_interrupt)(struct client *client,
                         void *ctx,
                         uint64_t request,
                         struct str reason); /* as an error URI; may be empty */
    void (*on_revoked)(struct client *client,
                       void *ctx,
                       const struct client_revocation *revocation);
    void (*on_event)(struct client *client, void *ctx, const struct client_event *event);
};

typedef void (*client_reply_fn)(void *ctx, const struct client_reply *reply);

/* Whether client_open can use them at all. */
bool client_options_valid(const struct client_options *options, struct err *err);
struct client *
client_open(const struct client_options *options, const struct client_ops *ops, void *ctx);
void client_close(struct client *client); /* GOODBYE, then on_closed */

/* `options` may be none. `done` is called once unless the client closes first; that of a call
 * also for each progressive result. */

/* Its id, for the two below; 0 when it could not be sent: `done` tells why. */
uint64_t client_call(struct client *client,
                     struct str uri,
                     struct slice options,
                     const struct payload *payload,
                     client_reply_fn done,
                     void *ctx);
/* One more piece of a call whose options said `progress`; `options` of the last one do not. False
 * when it could not be sent, or the call has ended. */
bool client_call_piece(struct client *client,
                       uint64_t call,
                       struct str uri,
                       struct slice options,
                       const struct payload *payload);
/* `mode`: skip, kill or killnowait; the answer still comes to `done`. */
void client_cancel(struct client *client, uint64_t call, struct str mode);
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
/* Before the client_yield that ends it; for callers who want it alone (details.receive_progress).
 */
void client_yield_progress(struct client *client, uint64_t request, const struct payload *payload);
void client_fail(struct client *client,
                 uint64_t request,
                 struct str error,
                 const struct payload *payload);

/* Bytes that the network has not taken yet: who sends on and on waits for less. */
size_t client_queued(const struct client *client);

#endif
