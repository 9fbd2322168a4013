/* client.c - the life of a client: dialing, joining, leaving. What it sends is client_requests.c,
 * what it receives client_messages.c. */
#include "client/client.h"

#include "base/mem.h"
#include "client/client_inside.h"
#include "crypto/secret.h"
#include "wamp/fault.h"

#include <inttypes.h>

enum {
    TIMEOUT_DEFAULT_MS = 10000,
    LEAVE_MS = 3000, /* for the router's GOODBYE and the closing of the transport */
    MESSAGE_MAX = 1 << 24,
    SCRATCH_MAX = 1 << 25,
    KEEP_OUT = 1 << 16, /* an encoding buffer that grew beyond is given back */
};

static void client_free(struct client *client)
{
    if (client->link != NULL) {
        client->link->ops->free(client->link);
    }
    const struct idmap_slot *slot;
    for (size_t i = 0; (slot = idmap_next(&client->replies, &i)) != NULL;) {
        mem_free(slot->value);
    }
    idmap_done(&client->replies);
    LIST_FOREACH_SAFE (node, &client->refused) {
        mem_free(LIST_ENTRY(node, struct pending, link));
    }
    timer_stop(&client->deadline);
    loop_turn_task_cancel(&client->end);
    loop_turn_task_cancel(&client->refusals);
    arena_done(&client->scratch);
    buf_done(&client->out);
    mem_free(client->realm);
    mem_free(client->authid);
    client_auth_free(client->auth);
    mem_free(client);
}

static void tell_closed(struct client *client)
{
    client->ops.on_closed(client, client->ctx, &client->err);
    client_free(client);
}

static void on_end(struct turn_task *task)
{
    tell_closed(CONTAINER_OF(task, struct client, end));
}

void client_link_lost(struct client *client, const struct err *err)
{
    if (client->err.code == ERR_NONE && !client->closing) {
        client->err = *err;
    }
    tell_closed(client);
}

void client_end(struct client *client)
{
    bool connecting = client->state == CLIENT_CONNECTING;
    client->state = CLIENT_LEAVING;
    if (connecting) {
        loop_at_turn_end(&client->end);
        return;
    }
    timer_start(&client->deadline, LEAVE_MS);
    client->link->ops->finish(client->link);
}

static void on_deadline(struct timer *timer)
{
    struct client *client = CONTAINER_OF(timer, struct client, deadline);
    if (client->state != CLIENT_LEAVING) {
        (void)err_set(&client->err, ERR_TIMEOUT, "the router did not %s within %" PRIu64 " ms",
                      client->state == CLIENT_JOINING ? "answer" : "accept a connection",
                      client->timeout_ms);
    }
    tell_closed(client);
}

bool client_transmit(struct client *client, const struct message *message, struct str *why)
{
    struct buf *out = &client->out;
    buf_clear(out);
    bool fine = message_encode(message, client->serializer, out);
    bool fits = !out->full && out->len <= client->message_max;
    if (fine && fits) {
        client->link->ops->send(client->link, buf_str(out));
    } else {
        *why = fits ? FAULT_INVALID_ARGUMENT : FAULT_PAYLOAD_SIZE_EXCEEDED;
    }
    if (message->type == MESSAGE_AUTHENTICATE && out->ptr != NULL) {
        crypto_wipe(out->ptr, out->cap);
    }
    if (out->cap > KEEP_OUT) {
        buf_done(out);
    }
    return fine && fits;
}

void client_settle(struct pending *pending, const struct client_reply *reply)
{
    if (pending->done != NULL) {
        pending->done(pending->ctx, reply);
    }
    mem_free(pending);
}

static void on_refusals(struct turn_task *task)
{
    struct client *client = CONTAINER_OF(task, struct client, refusals);
    while (!list_empty(&client->refused)) {
        struct pending *pending = LIST_ENTRY(client->refused.next, struct pending, link);
        list_remove(&pending->link);
        struct client_reply reply = {.error = pending->error, .payload = payload_none()};
        client_settle(pending, &reply);
    }
}

static void send_hello(struct client *client)
{
    struct buf details;
    struct emit emit;
    buf_init(&details, MESSAGE_MAX);
    emit_init(&emit, client->serializer, &details);
    emit_map(&emit, client->authid != NULL ? 5 : 4);
    emit_key(&emit, STR("agent"));
    emit_str(&emit, STR("Postern-" POSTERN_VERSION));
    emit_key(&emit, STR("roles"));
    client_emit_roles(&client->ops, &emit);
    client_auth_emit(client->auth, &emit);
    if (client->authid != NULL) {
        emit_key(&emit, STR("authid"));
        emit_str(&emit, str_of(client->authid));
    }
    struct message hello = {.type = MESSAGE_HELLO,
                            .uri = str_of(client->realm),
                            .details = buf_str(&details),
                            .payload.serializer = client->serializer};
    struct str why;
    if (!client_transmit(client, &hello, &why)) {
        (void)err_set(&client->err, ERR_INVALID, "HELLO cannot be sent: " PRISTR, STRARG(why));
        client_end(client);
    }
    buf_done(&details);
}

void client_link_opened(struct client *client, size_t message_max)
{
    if (client->state == CLIENT_CONNECTING) {
        client->message_max = message_max;
        client->state = CLIENT_JOINING;
        send_hello(client);
    }
}

void client_link_message(struct client *client, struct str message)
{
    if (client->state == CLIENT_CONNECTING) {
        return;
    }
    struct message decoded;
    struct err err;
    if (message_decode(client->serializer, message, &client->scratch, &decoded, &err)) {
        client_receive(client, &decoded);
    } else if (client->state != CLIENT_LEAVING) {
        client->err = err;
        (void)err_wrap(&client->err, "the router sent what is no message");
        client_end(client);
    }
    arena_reset(&client->scratch);
}

bool client_options_valid(const struct client_options *options, struct err *err)
{
    struct link_target target;
    struct client_auth *auth = NULL;
    bool valid =
        link_target_parse(options->url, &target, err) && client_auth_new(options, &auth, err);
    client_auth_free(auth);
    return valid;
}

static bool client_dial(struct client *client, const struct client_options *options)
{
    struct link_options link = {.ca_file = options->ca_file,
                                .insecure = options->insecure,
                                .timeout_ms = client->timeout_ms,
                                .message_max = MESSAGE_MAX};
    if (!link_target_parse(options->url, &link.target, &client->err) ||
        !client_auth_new(options, &client->auth, &client->err)) {
        return false;
    }
    enum serializer usual = link.target.websocket ? SERIALIZER_JSON : SERIALIZER_MSGPACK;
    client->serializer = options->serializer == SERIALIZER_NONE ? usual : options->serializer;
    link.serializer = client->serializer;
    client->link = link.target.websocket ? ws_link_new(client, &link) : raw_link_new(client, &link);
    return true;
}

struct client *
client_open(const struct client_options *options, const struct client_ops *ops, void *ctx)
{
    struct client *client = NEW(struct client);
    client->ops = *ops;
    client->ctx = ctx;
    client->realm = str_dup(options->realm);
    client->authid = options->authid.len > 0 ? str_dup(options->authid) : NULL;
    client->timeout_ms = options->timeout_ms != 0 ? options->timeout_ms : TIMEOUT_DEFAULT_MS;
    idmap_init(&client->replies);
    list_init(&client->refused);
    arena_init(&client->scratch, SCRATCH_MAX);
    buf_init(&client->out, MESSAGE_MAX);
    client->end.fn = on_end;
    client->refusals.fn = on_refusals;
    timer_init(&client->deadline, on_deadline);
    timer_start(&client->deadline, client->timeout_ms);
    if (!client_dial(client, options)) {
        client_end(client);
    }
    return client;
}

void client_close(struct client *client)
{
    if (client->state == CLIENT_LEAVING) {
        return;
    }
    client->closing = true;
    if (client->state != CLIENT_JOINED) {
        client_end(client);
        return;
    }
    struct message goodbye = {
        .type = MESSAGE_GOODBYE, .uri = CLOSE_NORMAL, .payload.serializer = client->serializer};
    struct str why;
    (void)client_transmit(client, &goodbye, &why);
    client->state = CLIENT_LEAVING;
    timer_start(&client->deadline, LEAVE_MS);
}

size_t client_queued(const struct client *client)
{
    return client->link == NULL ? 0 : client->link->ops->queued(client->link);
}
