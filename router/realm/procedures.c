/* procedures.c - REGISTER and UNREGISTER of sessions, and what a session offers. */
#include "base/mem.h"
#include "realm/peer_features.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"
#include "wamp/options.h"

#include <stdio.h>
#include <string.h>

/* What this session offers: its own note of an entry in the realm's registry. */
struct offer {
    struct idlink link; /* session->registrations, by registration id */
    enum match_policy match;
    size_t uri_len;
    char uri[];
};

struct register_options {
    enum match_policy match;
    struct str invoke;
};

static const struct option_row register_rows[] = {
    {"match", OPTION_MATCH, offsetof(struct register_options, match)},
    {"invoke", OPTION_STR, offsetof(struct register_options, invoke)},
};

/* An ERROR's URI and text. */
struct refusal {
    struct str error;
    struct err err;
};

static bool refuse(struct refusal *refusal, struct str error, enum err_code code, const char *text)
{
    refusal->error = error;
    return err_set(&refusal->err, code, "%s", text);
}

static bool refuse_reserved(struct refusal *refusal, struct str uri)
{
    struct str space = uri_reserved_space(uri);
    refusal->error = FAULT_NOT_AUTHORIZED;
    return err_set(&refusal->err, ERR_DENIED, "Use of reserved namespace '" PRISTR "'.",
                   STRARG(space));
}

static bool register_check(struct session *session,
                           const struct message *message,
                           struct registry_offer *offer,
                           struct refusal *refusal)
{
    struct register_options options = {.match = MATCH_EXACT, .invoke = STR("single")};
    struct slice bytes = {session->peer->serializer, message->details};
    refusal->error = FAULT_INVALID_ARGUMENT;
    if (!options_read(bytes, register_rows, COUNT_OF(register_rows), &session->shard->scratch,
                      &options, &refusal->err)) {
        return false;
    }
    if (!invoke_policy_parse(options.invoke, &offer->invoke)) {
        return refuse(refusal, FAULT_INVALID_ARGUMENT, ERR_INVALID,
                      "invoke: expected single, roundrobin, random, first or last");
    }
    offer->uri = message->uri;
    offer->match = options.match;
    if (!uri_valid(message->uri, options.match)) {
        return refuse(refusal, FAULT_INVALID_URI, ERR_INVALID, "this is no procedure URI");
    }
    if (uri_reserved(message->uri)) {
        return refuse_reserved(refusal, message->uri);
    }
    size_t max = session->shard->router->options.registrations_max;
    if (max != 0 && session->registrations.count >= max) {
        return refuse(refusal, FAULT_UNAVAILABLE, ERR_LIMIT,
                      "this session has as many registrations as it may");
    }
    refusal->error = FAULT_NOT_AUTHORIZED;
    return session_permits(session, PERMISSION_REGISTER, message->uri, options.match,
                           &refusal->err);
}

static void register_conflict(struct session *session,
                              uint64_t request,
                              const struct registry_offer *offer,
                              enum registry_result result)
{
    char text[128];
    (void)snprintf(text, sizeof(text),
                   "The procedure is already registered by %s session with policy '%s'.",
                   result == REGISTRY_MINE ? "this" : "another", match_policy_name(offer->match));
    session_error(session, MESSAGE_REGISTER, request,
                  result == REGISTRY_OTHER_POLICY ? FAULT_PROCEDURE_OTHER_POLICY
                                                  : FAULT_PROCEDURE_EXISTS,
                  str_of(text));
}

void session_register(struct session *session, struct message *message)
{
    struct registry_offer wanted = {.session = session_handle(session),
                                    .cancels = (session->features & CALLEE_CANCELING) != 0};
    struct refusal refusal = {0};
    if (!register_check(session, message, &wanted, &refusal)) {
        session_error(session, MESSAGE_REGISTER, message->request, refusal.error,
                      str_of(refusal.err.text));
        return;
    }
    uint64_t id = 0;
    enum registry_result result = realm_register(session->seat->realm, &wanted, &id);
    if (result != REGISTRY_OK) {
        register_conflict(session, message->request, &wanted, result);
        return;
    }
    struct offer *offer = mem_alloc(sizeof(*offer) + wanted.uri.len);
    *offer = (struct offer){.link = {.id = id}, .match = wanted.match, .uri_len = wanted.uri.len};
    if (wanted.uri.len > 0) {
        memcpy(offer->uri, wanted.uri.ptr, wanted.uri.len);
    }
    idtable_add(&session->registrations, &offer->link);
    /* A call that another worker sends here already is a post that runs after this. */
    struct message registered = {.type = MESSAGE_REGISTERED,
                                 .request = message->request,
                                 .id = id,
                                 .payload = {.serializer = session->peer->serializer}};
    (void)session_reply(session, &registered);
}

static void offer_withdraw(struct session *session, struct offer *offer)
{
    idtable_remove(&session->registrations, &offer->link);
    (void)realm_unregister(session->seat->realm, offer->link.id, session_handle(session));
    mem_free(offer);
}

void session_unregister(struct session *session, struct message *message)
{
    struct err err = {0};
    struct idlink *link = idtable_find(&session->registrations, message->id);
    if (link == NULL) {
        session_error(session, MESSAGE_UNREGISTER, message->request, FAULT_NO_SUCH_REGISTRATION,
                      STR("this session has no such registration"));
        return;
    }
    struct offer *offer = CONTAINER_OF(link, struct offer, link);
    struct str uri = str_make(offer->uri, offer->uri_len);
    if (!session_permits(session, PERMISSION_UNREGISTER, uri, offer->match, &err)) {
        session_error(session, MESSAGE_UNREGISTER, message->request, FAULT_NOT_AUTHORIZED,
                      str_of(err.text));
        return;
    }
    offer_withdraw(session, offer);
    struct message unregistered = {.type = MESSAGE_UNREGISTERED,
                                   .request = message->request,
                                   .payload = {.serializer = session->peer->serializer}};
    (void)session_reply(session, &unregistered);
}

void procedures_leave(struct session *session)
{
    struct idlink *link = NULL;
    while ((link = idtable_any(&session->registrations)) != NULL) {
        offer_withdraw(session, CONTAINER_OF(link, struct offer, link));
    }
}
