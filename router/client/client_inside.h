/* client_inside.h - what client.c (life), client_requests.c (sending), client_messages.c
 * (receiving) and client_features.c share. */
#ifndef POSTERN_CLIENT_CLIENT_INSIDE_H
#define POSTERN_CLIENT_CLIENT_INSIDE_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "client/client.h"
#include "client/client_auth.h"
#include "client/link.h"
#include "loop/timer.h"
#include "loop/watch.h"
#include "wamp/message.h"

enum client_state {
    CLIENT_CONNECTING,
    CLIENT_JOINING, /* HELLO sent */
    CLIENT_JOINED,
    CLIENT_LEAVING, /* GOODBYE sent or answered: nothing is called back but on_closed */
};

/* A request that waits for its answer. */
struct pending {
    struct list link; /* in client->refused, when it could not be sent */
    uint64_t request;
    struct str error; /* why not: a constant */
    client_reply_fn done;
    void *ctx;
};

struct client {
    struct client_ops ops;
    void *ctx;
    struct link *link;
    enum client_state state;
    enum serializer serializer;
    size_t message_max; /* what the router accepts */
    char *realm;
    char *authid;
    struct client_auth *auth; /* or NULL: anonymous */
    uint64_t timeout_ms;
    struct timer deadline; /* to join, then to leave */
    struct turn_task end;  /* closes and frees, when there is no link to wait for */
    struct turn_task refusals;
    struct list refused;
    struct idmap replies; /* request -> struct pending */
    uint64_t last_request;
    struct arena scratch; /* of one message */
    struct buf out;       /* a message being encoded */
    struct err err;       /* the first reason for the end */
    bool closing;         /* the user wants it */
};

/* Encodes and sends; false with a constant error URI in `why` when it cannot be. */
bool client_transmit(struct client *client, const struct message *message, struct str *why);
/* The end begins: `err` has the reason. Writes what is queued; on_closed comes later. */
void client_end(struct client *client);
/* Answers a pending request and forgets it. */
void client_settle(struct pending *pending, const struct client_reply *reply);

/* The value of HELLO's `roles`: the features of such a client. */
void client_emit_roles(const struct client_ops *ops, struct emit *emit);

/* One message that came, while the state is JOINING or beyond. */
void client_receive(struct client *client, const struct message *message);

#endif
