/* client.c - the life of a client and what it sends; what it receives is client_messages.c. */
#include "client/client.h"

#include "base/mem.h"
#include "client/client_inside.h"
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

/* A key of HELLO's roles: its features, all true. */
struct role {
    struct str name;
    struct str features[4]; /* up to the first empty one */
};

static const struct role roles[] = {
    {STR_INIT("caller"), {STR_INIT("caller_identification"), STR_INIT("call_timeout")}},
    {STR_INIT("callee"),
     {STR_INIT("caller_identification"), STR_INIT("pattern_based_registration"),
      STR_INIT("shared_registration"), STR_INIT("call_canceling")}},
    {STR_INIT("publisher"),
     {STR_INIT("publisher_exclusion"), STR_INIT("subscriber_blackwhite_listing"),
      STR_INIT("publisher_identification")}},
    {STR_INIT("subscriber"),
     {STR_INIT("pattern_based_subscription"), STR_INIT("publisher_identification")}},
};

static uint32_t features_of(const struct client *client, const struct role *role)
{
    uint32_t count = 0;
    while (count < COUNT_OF(role->features) && role->features[count].len > 0) {
        count++;
    }
    /* The last one of the callee's is call_canceling: ours if somebody listens to it. */
    return role == &roles[1] && client->ops.on_interrupt == NULL ? count - 1 : count;
}

static void emit_roles(const struct client *client, struct emit *emit)
{
    emit_key(emit, STR("roles"));
    emit_map(emit, COUNT_OF(roles));
    for (size_t i = 0; i < COUNT_OF(roles); i++) {
        uint32_t count = features_of(client, &roles[i]);
        emit_key(emit, roles[i].name);
        emit_map(emit, 1);
        emit_key(emit, STR("features"));
        emit_map(emit, count);
        for (uint32_t j = 0; j < count; j++) {
            emit_key(emit, roles[i].features[j]);
            emit_bool(emit, true);
        }
    }
}

static void send_hello(struct client *client)
{
    struct buf details;
    struct emit emit;
    buf_init(&details, MESSAGE_MAX);
    emit_init(&emit, client->serializer, &details);
    emit_map(&emit, client->authid != NULL ? 4 : 3);
    emit_key(&emit, STR("agent"));
    emit_str(&emit, STR("Postern-" POSTERN_VERSION));
    emit_roles(client, &emit);
    emit_key(&emit, STR("authmethods"));
    emit_list(&emit, 1);
    emit_str(&emit, STR("anonymous"));
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

static bool options_valid(const struct client_options *options, struct err *err)
{
    bool anonymous = options->authmethod.len == 0 || str_eq(options->authmethod, STR("anonymous"));
    return anonymous || err_set(err, ERR_INVALID,
                                "authentication method " PRISTR
                                " is not supported: leave it out or say anonymous",
                                STRARG(str_sub(options->authmethod, 0, 64)));
}

static bool client_dial(struct client *client, const struct client_options *options)
{
    struct link_options link = {.ca_file = options->ca_file,
                                .insecure = options->insecure,
                                .timeout_ms = client->timeout_ms,
                                .message_max = MESSAGE_MAX};
    if (!options_valid(options, &client->err) ||
        !link_target_parse(options->url, &link.target, &client->err)) {
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

/* Options and payload may come in two serializers; a message has one. */
static struct str match_options(struct slice options, struct payload *payload, struct buf *room)
{
    if (options.bytes.len == 0 || options.serializer == payload->serializer) {
        return options.bytes;
    }
    if (payload_size(payload) == 0) {
        payload->serializer = options.serializer;
        return options.bytes;
    }
    struct emit emit;
    emit_init(&emit, payload->serializer, room);
    emit_slice(&emit, options);
    return emit.failed ? STR_EMPTY : buf_str(room);
}

/* `done` gets the answer; with `expect` false there is none. */
static void request(struct client *client,
                    struct message *message,
                    struct slice options,
                    bool expect,
                    client_reply_fn done,
                    void *ctx)
{
    struct buf room;
    buf_init(&room, MESSAGE_MAX);
    message->details = match_options(options, &message->payload, &room);
    struct str why = FAULT_NETWORK_FAILURE;
    bool sent = false;
    if (client->state == CLIENT_JOINED) {
        message->request = client->last_request + 1;
        sent = client_transmit(client, message, &why);
        client->last_request += sent;
    }
    buf_done(&room);
    if (sent && !expect) {
        return;
    }
    struct pending *pending = NEW(struct pending);
    *pending = (struct pending){.error = why, .done = done, .ctx = ctx};
    list_init(&pending->link);
    if (sent) {
        pending->request = message->request;
        (void)idmap_put(&client->replies, pending->request, pending);
    } else {
        list_push(&client->refused, &pending->link);
        loop_at_turn_end(&client->refusals);
    }
}

void client_call(struct client *client,
                 struct str uri,
                 struct slice options,
                 const struct payload *payload,
                 client_reply_fn done,
                 void *ctx)
{
    struct message message = {.type = MESSAGE_CALL, .uri = uri, .payload = *payload};
    request(client, &message, options, true, done, ctx);
}

/* An acknowledgement is asked for by `done`; the option is added to those that are given. */
static struct slice acknowledged(struct slice options, struct buf *room)
{
    struct slice given = slice_get(options, STR("acknowledge"));
    if (given.serializer != SERIALIZER_NONE) {
        return options;
    }
    enum serializer serializer = options.bytes.len > 0 ? options.serializer : SERIALIZER_MSGPACK;
    struct emit emit;
    emit_init(&emit, serializer, room);
    emit_map(&emit, (uint32_t)(options.bytes.len > 0 ? slice_count(options) : 0) + 1);
    emit_key(&emit, STR("acknowledge"));
    emit_bool(&emit, true);
    if (options.bytes.len > 0) {
        struct arena scratch;
        struct scan scan;
        struct str key;
        struct str value;
        arena_init(&scratch, SCRATCH_MAX);
        scan_init(&scan, serializer, options.bytes, &scratch);
        (void)scan_enter_map(&scan);
        while (scan_key(&scan, &key) && scan_skip(&scan, &value)) {
            emit_key(&emit, key);
            emit_slice(&emit, (struct slice){serializer, value});
        }
        arena_done(&scratch);
    }
    return (struct slice){serializer, buf_str(room)};
}

void client_publish(struct client *client,
                    struct str uri,
                    struct slice options,
                    const struct payload *payload,
                    client_reply_fn done,
                    void *ctx)
{
    struct buf room;
    buf_init(&room, MESSAGE_MAX);
    struct message message = {.type = MESSAGE_PUBLISH, .uri = uri, .payload = *payload};
    if (done != NULL) {
        options = acknowledged(options, &room);
    }
    request(client, &message, options, done != NULL, done, ctx);
    buf_done(&room);
}

void client_register(
    struct client *client, struct str uri, struct slice options, client_reply_fn done, void *ctx)
{
    struct message message = {.type = MESSAGE_REGISTER, .uri = uri, .payload = payload_none()};
    request(client, &message, options, true, done, ctx);
}

void client_subscribe(
    struct client *client, struct str uri, struct slice options, client_reply_fn done, void *ctx)
{
    struct message message = {.type = MESSAGE_SUBSCRIBE, .uri = uri, .payload = payload_none()};
    request(client, &message, options, true, done, ctx);
}

void client_yield(struct client *client, uint64_t request, const struct payload *payload)
{
    if (client->state != CLIENT_JOINED) {
        return;
    }
    struct message message = {.type = MESSAGE_YIELD, .request = request, .payload = *payload};
    struct str why;
    if (!client_transmit(client, &message, &why)) {
        struct payload none = payload_none();
        client_fail(client, request, why, &none);
    }
}

void client_fail(struct client *client,
                 uint64_t request,
                 struct str error,
                 const struct payload *payload)
{
    if (client->state != CLIENT_JOINED) {
        return;
    }
    struct message message = {.type = MESSAGE_ERROR,
                              .request_type = MESSAGE_INVOCATION,
                              .request = request,
                              .uri = error,
                              .payload = *payload};
    struct str why;
    if (!client_transmit(client, &message, &why)) {
        message.uri = why;
        message.payload = payload_none();
        (void)client_transmit(client, &message, &why);
    }
}
