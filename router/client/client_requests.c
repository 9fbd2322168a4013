/* client_requests.c - what a client asks for and how it answers: CALL, CANCEL, PUBLISH, REGISTER,
 * SUBSCRIBE, YIELD, ERROR. */
#include "base/mem.h"
#include "client/client_inside.h"
#include "wamp/fault.h"

enum { OPTIONS_MAX = 1 << 24, SCRATCH_MAX = 1 << 25, DETAILS_MAX = 1024 };

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

/* `done` gets the answer; with `expect` false there is none. The id, or 0 when it was not sent. */
static uint64_t request(struct client *client,
                        struct message *message,
                        struct slice options,
                        bool expect,
                        client_reply_fn done,
                        void *ctx)
{
    struct buf room;
    buf_init(&room, OPTIONS_MAX);
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
        return message->request;
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
    return pending->request;
}

uint64_t client_call(struct client *client,
                     struct str uri,
                     struct slice options,
                     const struct payload *payload,
                     client_reply_fn done,
                     void *ctx)
{
    struct message message = {.type = MESSAGE_CALL, .uri = uri, .payload = *payload};
    return request(client, &message, options, true, done, ctx);
}

bool client_call_piece(struct client *client,
                       uint64_t call,
                       struct str uri,
                       struct slice options,
                       const struct payload *payload)
{
    struct message message = {
        .type = MESSAGE_CALL, .request = call, .uri = uri, .payload = *payload};
    struct buf room;
    struct str why;
    if (client->state != CLIENT_JOINED || idmap_get(&client->replies, call) == NULL) {
        return false;
    }
    buf_init(&room, OPTIONS_MAX);
    message.details = match_options(options, &message.payload, &room);
    bool sent = client_transmit(client, &message, &why);
    buf_done(&room);
    return sent;
}

/* {key: value}, in the serializer of the connection. */
static struct str one_detail(const struct client *client,
                             struct str key,
                             struct str text, /* empty: true */
                             struct buf *room)
{
    struct emit emit;
    buf_init(room, DETAILS_MAX);
    emit_init(&emit, client->serializer, room);
    emit_map(&emit, 1);
    emit_key(&emit, key);
    if (text.len > 0) {
        emit_str(&emit, text);
    } else {
        emit_bool(&emit, true);
    }
    return buf_str(room);
}

void client_cancel(struct client *client, uint64_t call, struct str mode)
{
    struct buf room;
    struct str why;
    if (client->state != CLIENT_JOINED || idmap_get(&client->replies, call) == NULL) {
        return;
    }
    struct message message = {.type = MESSAGE_CANCEL,
                              .request = call,
                              .details = one_detail(client, STR("mode"), mode, &room),
                              .payload.serializer = client->serializer};
    (void)client_transmit(client, &message, &why);
    buf_done(&room);
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
    buf_init(&room, OPTIONS_MAX);
    struct message message = {.type = MESSAGE_PUBLISH, .uri = uri, .payload = *payload};
    if (done != NULL) {
        options = acknowledged(options, &room);
    }
    (void)request(client, &message, options, done != NULL, done, ctx);
    buf_done(&room);
}

void client_register(
    struct client *client, struct str uri, struct slice options, client_reply_fn done, void *ctx)
{
    struct message message = {.type = MESSAGE_REGISTER, .uri = uri, .payload = payload_none()};
    (void)request(client, &message, options, true, done, ctx);
}

void client_subscribe(
    struct client *client, struct str uri, struct slice options, client_reply_fn done, void *ctx)
{
    struct message message = {.type = MESSAGE_SUBSCRIBE, .uri = uri, .payload = payload_none()};
    (void)request(client, &message, options, true, done, ctx);
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

void client_yield_progress(struct client *client, uint64_t request, const struct payload *payload)
{
    struct buf options;
    struct buf room;
    if (client->state != CLIENT_JOINED) {
        return;
    }
    struct message message = {.type = MESSAGE_YIELD, .request = request, .payload = *payload};
    struct slice progress = {client->serializer,
                             one_detail(client, STR("progress"), STR_EMPTY, &options)};
    struct str why;
    buf_init(&room, DETAILS_MAX);
    message.details = match_options(progress, &message.payload, &room);
    if (!client_transmit(client, &message, &why)) {
        struct payload none = payload_none();
        client_fail(client, request, why, &none);
    }
    buf_done(&room);
    buf_done(&options);
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
