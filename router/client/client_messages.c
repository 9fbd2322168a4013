/* client_messages.c - what a client does with each message that comes. */
#include "base/mem.h"
#include "client/client_inside.h"
#include "crypto/secret.h"
#include "wamp/fault.h"
#include "wamp/options.h"

#include <stddef.h>

enum { AUTHENTICATE_MAX = 1 << 16 };

/* Why a router said ABORT, as a code; what is not named is UNAVAILABLE. */
static const struct {
    struct str uri;
    enum err_code code;
} reasons[] = {
    {STR_INIT("wamp.error.not_authorized"), ERR_DENIED},
    {STR_INIT("wamp.error.authorization_failed"), ERR_DENIED},
    {STR_INIT("wamp.error.authentication_failed"), ERR_DENIED},
    {STR_INIT("wamp.error.authentication_denied"), ERR_DENIED},
    {STR_INIT("wamp.error.not_auth_method"), ERR_DENIED},
    {STR_INIT("wamp.error.no_matching_auth_method"), ERR_DENIED},
    {STR_INIT("wamp.error.no_such_realm"), ERR_NOT_FOUND},
    {STR_INIT("wamp.error.protocol_violation"), ERR_INVALID},
};

struct taken_away {
    uint64_t registration;
    uint64_t subscription;
    struct str reason;
};

static enum err_code code_of(struct str uri)
{
    for (size_t i = 0; i < COUNT_OF(reasons); i++) {
        if (str_eq(uri, reasons[i].uri)) {
            return reasons[i].code;
        }
    }
    return ERR_UNAVAILABLE;
}

static struct slice details_of(const struct message *message)
{
    struct slice none = {SERIALIZER_NONE, STR_EMPTY};
    struct slice details = {message->payload.serializer, message->details};
    return message->details.len > 0 ? details : none;
}

/* "<uri>: <message>", where the router gave one. */
static void refused(struct client *client, const struct message *message)
{
    struct str text = STR_EMPTY;
    static const struct option_row rows[] = {{"message", OPTION_STR, 0}};
    struct err ignored;
    if (message->details.len > 0) {
        (void)options_read(details_of(message), rows, COUNT_OF(rows), &client->scratch, &text,
                           &ignored);
    }
    (void)err_set(&client->err, code_of(message->uri), PRISTR "%s" PRISTR, STRARG(message->uri),
                  text.len > 0 ? ": " : "", STRARG(text));
}

static void violation(struct client *client, const struct message *message)
{
    (void)err_set(&client->err, ERR_INVALID, "the router sent %s at the wrong time",
                  message_name(message->type));
    client_end(client);
}

static void on_goodbye(struct client *client, const struct message *message)
{
    refused(client, message);
    struct message answer = {.type = MESSAGE_GOODBYE,
                             .uri = CLOSE_GOODBYE_AND_OUT,
                             .payload.serializer = client->serializer};
    struct str why;
    (void)client_transmit(client, &answer, &why);
    client_end(client);
}

static void on_challenge(struct client *client, const struct message *message)
{
    struct buf signature;
    struct buf extra;
    struct str why;
    struct emit emit;
    buf_init(&signature, AUTHENTICATE_MAX);
    buf_init(&extra, AUTHENTICATE_MAX);
    emit_init(&emit, client->serializer, &extra);
    struct client_challenge challenge = {.method = message->uri,
                                         .extra = details_of(message),
                                         .authid = str_of(client->authid),
                                         .scratch = &client->scratch};
    bool answered = client_auth_answer(client->auth, &challenge, &signature, &emit, &client->err);
    struct message answer = {.type = answered ? MESSAGE_AUTHENTICATE : MESSAGE_ABORT,
                             .uri = answered ? buf_str(&signature) : FAULT_NOT_AUTH_METHOD,
                             .details = answered ? buf_str(&extra) : STR_EMPTY,
                             .payload.serializer = client->serializer};
    bool sent = client_transmit(client, &answer, &why);
    if (signature.ptr != NULL) {
        crypto_wipe(signature.ptr, signature.cap);
    }
    buf_done(&signature);
    buf_done(&extra);
    if (!answered || !sent) {
        client_end(client);
    }
}

static void on_welcome(struct client *client, const struct message *message)
{
    if (!client_auth_welcomed(client->auth, details_of(message), &client->scratch, &client->err)) {
        client_end(client);
        return;
    }
    timer_stop(&client->deadline);
    client->state = CLIENT_JOINED;
    client->ops.on_joined(client, client->ctx);
}

static void receive_joining(struct client *client, const struct message *message)
{
    switch (message->type) {
    case MESSAGE_WELCOME:
        on_welcome(client, message);
        break;
    case MESSAGE_ABORT:
        refused(client, message);
        client_end(client);
        break;
    case MESSAGE_CHALLENGE:
        on_challenge(client, message);
        break;
    default:
        violation(client, message);
        break;
    }
}

static bool is_progress(struct client *client, const struct message *message)
{
    static const struct option_row rows[] = {{"progress", OPTION_BOOL, 0}};
    struct err ignored;
    bool progress = false;
    return message->type == MESSAGE_RESULT && message->details.len > 0 &&
           options_read(details_of(message), rows, COUNT_OF(rows), &client->scratch, &progress,
                        &ignored) &&
           progress;
}

static void on_answer(struct client *client, const struct message *message)
{
    bool more = is_progress(client, message);
    struct pending *pending = more ? idmap_get(&client->replies, message->request)
                                   : idmap_remove(&client->replies, message->request);
    if (pending == NULL) {
        return; /* an answer to an unacknowledged PUBLISH, or a second one */
    }
    struct client_reply reply = {.ok = message->type != MESSAGE_ERROR,
                                 .more = more,
                                 .id = message->id,
                                 .error = STR_EMPTY,
                                 .details = details_of(message),
                                 .payload = message->payload};
    if (!reply.ok) {
        reply.error = message->uri;
    }
    if (!more) {
        client_settle(pending, &reply);
    } else if (pending->done != NULL) {
        pending->done(pending->ctx, &reply);
    }
}

static void on_invocation(struct client *client, const struct message *message)
{
    if (client->ops.on_invocation == NULL) {
        struct payload none = payload_none();
        client_fail(client, message->request, FAULT_NO_SUCH_PROCEDURE, &none);
        return;
    }
    struct client_invocation in = {.request = message->request,
                                   .registration = message->id,
                                   .details = details_of(message),
                                   .payload = message->payload};
    client->ops.on_invocation(client, client->ctx, &in);
}

static void on_event(struct client *client, const struct message *message)
{
    if (client->ops.on_event == NULL) {
        return;
    }
    struct client_event event = {.subscription = message->id,
                                 .publication = message->request,
                                 .details = details_of(message),
                                 .payload = message->payload};
    client->ops.on_event(client, client->ctx, &event);
}

static void on_interrupt(struct client *client, const struct message *message)
{
    static const struct option_row rows[] = {{"reason", OPTION_STR, 0}};
    struct str reason = STR_EMPTY;
    struct err ignored;
    if (client->ops.on_interrupt == NULL) {
        return;
    }
    if (message->details.len > 0) {
        (void)options_read(details_of(message), rows, COUNT_OF(rows), &client->scratch, &reason,
                           &ignored);
    }
    client->ops.on_interrupt(client, client->ctx, message->request, reason);
}

/* UNREGISTERED and UNSUBSCRIBED without a request: the router's own will. */
static void on_taken_away(struct client *client, const struct message *message)
{
    static const struct option_row rows[] = {
        {"registration", OPTION_U64, offsetof(struct taken_away, registration)},
        {"subscription", OPTION_U64, offsetof(struct taken_away, subscription)},
        {"reason", OPTION_STR, offsetof(struct taken_away, reason)}};
    struct taken_away taken = {.reason = STR_EMPTY};
    struct err ignored;
    if (client->ops.on_revoked == NULL || message->details.len == 0 ||
        !options_read(details_of(message), rows, COUNT_OF(rows), &client->scratch, &taken,
                      &ignored)) {
        return;
    }
    bool registration = message->type == MESSAGE_UNREGISTERED;
    struct client_revocation revocation = {.registration = registration,
                                           .id = registration ? taken.registration
                                                              : taken.subscription,
                                           .reason = taken.reason};
    client->ops.on_revoked(client, client->ctx, &revocation);
}

static void receive_joined(struct client *client, const struct message *message)
{
    switch (message->type) {
    case MESSAGE_RESULT:
    case MESSAGE_ERROR:
    case MESSAGE_PUBLISHED:
    case MESSAGE_SUBSCRIBED:
    case MESSAGE_REGISTERED:
        on_answer(client, message);
        break;
    case MESSAGE_INVOCATION:
        on_invocation(client, message);
        break;
    case MESSAGE_INTERRUPT:
        on_interrupt(client, message);
        break;
    case MESSAGE_EVENT:
        on_event(client, message);
        break;
    case MESSAGE_UNREGISTERED:
    case MESSAGE_UNSUBSCRIBED:
        on_taken_away(client, message);
        break;
    case MESSAGE_GOODBYE:
        on_goodbye(client, message);
        break;
    case MESSAGE_ABORT:
        refused(client, message);
        client_end(client);
        break;
    default:
        violation(client, message);
        break;
    }
}

void client_receive(struct client *client, const struct message *message)
{
    switch (client->state) {
    case CLIENT_CONNECTING:
        break;
    case CLIENT_JOINING:
        receive_joining(client, message);
        break;
    case CLIENT_JOINED:
        receive_joined(client, message);
        break;
    case CLIENT_LEAVING:
        if (message->type == MESSAGE_GOODBYE && client->closing) {
            client->link->ops->finish(client->link);
        }
        break;
    }
}
