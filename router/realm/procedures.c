/* procedures.c - REGISTER and UNREGISTER of sessions, and what a session offers. */
#include "base/mem.h"
#include "realm/claim.h"
#include "realm/revocation.h"
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
    uint64_t concurrency;
    bool disclose_caller;
    bool forward_timeout;
    bool force_reregister;
};

static const struct option_row register_rows[] = {
    {"match", OPTION_MATCH, offsetof(struct register_options, match)},
    {"invoke", OPTION_STR, offsetof(struct register_options, invoke)},
    {"concurrency", OPTION_U64, offsetof(struct register_options, concurrency)},
    {"disclose_caller", OPTION_BOOL, offsetof(struct register_options, disclose_caller)},
    {"forward_timeout", OPTION_BOOL, offsetof(struct register_options, forward_timeout)},
    {"force_reregister", OPTION_BOOL, offsetof(struct register_options, force_reregister)},
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

static bool register_options_apply(struct session *session,
                                   const struct register_options *options,
                                   struct registry_offer *offer,
                                   struct refusal *refusal)
{
    if (!invoke_policy_parse(options->invoke, &offer->invoke)) {
        return refuse(refusal, FAULT_INVALID_ARGUMENT, ERR_INVALID,
                      "invoke: expected single, roundrobin, random, first, last, "
                      "queue_least_loaded, queue_least_loaded_sample or jump_consistent_hash");
    }
    if (options->disclose_caller && session->shard->router->options.disclosure == DISCLOSURE_OFF) {
        return refuse(refusal, FAULT_OPTION_NOT_ALLOWED, ERR_DENIED,
                      "disclose_caller: callers are not disclosed here");
    }
    offer->match = options->match;
    offer->concurrency =
        options->concurrency > UINT32_MAX ? UINT32_MAX : (unsigned)options->concurrency;
    offer->disclose_caller = options->disclose_caller;
    offer->forward_timeout = options->forward_timeout;
    offer->force = options->force_reregister;
    return true;
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
    if (!register_options_apply(session, &options, offer, refusal)) {
        return false;
    }
    offer->uri = message->uri;
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

static void offer_note(struct session *session, const struct registry_offer *wanted, uint64_t id)
{
    struct offer *offer = mem_alloc(sizeof(*offer) + wanted->uri.len);
    *offer = (struct offer){.link = {.id = id}, .match = wanted->match, .uri_len = wanted->uri.len};
    if (wanted->uri.len > 0) {
        memcpy(offer->uri, wanted->uri.ptr, wanted->uri.len);
    }
    idtable_add(&session->registrations, &offer->link);
}

/* `last`: who is in the way has been asked already whether it is still there. */
static void register_try(struct session *session, struct message *message, bool last)
{
    struct registry_offer wanted = {.session = session_handle(session),
                                    .session_id = session->id,
                                    .features = session->features};
    struct refusal refusal = {0};
    struct registry_added added = {0};
    if (!register_check(session, message, &wanted, &refusal)) {
        session_error(session, MESSAGE_REGISTER, message->request, refusal.error,
                      str_of(refusal.err.text));
        return;
    }
    enum registry_result result = realm_register(session->seat->realm, &wanted, &added);
    if (result != REGISTRY_OK) {
        if (result != REGISTRY_MINE && !last && added.rival.generation != 0) {
            claim_post(session, message, added.rival);
        } else {
            register_conflict(session, message->request, &wanted, result);
        }
        return;
    }
    for (size_t i = 0; i < added.evicted_count; i++) {
        revocation_post(session->shard->router, added.evicted[i].session, added.replaced_id,
                        STR("the procedure has been registered by another session"));
    }
    mem_free(added.evicted);
    offer_note(session, &wanted, added.id);
    /* A call that another worker sends here already is a post that runs after this. */
    struct message registered = {.type = MESSAGE_REGISTERED,
                                 .request = message->request,
                                 .id = added.id,
                                 .payload = {.serializer = session->peer->serializer}};
    (void)session_reply(session, &registered);
}

void session_register(struct session *session, struct message *message)
{
    register_try(session, message, false);
}

void register_finally(struct session *session, struct message *message)
{
    register_try(session, message, true);
}

static void offer_forget(struct session *session, struct offer *offer)
{
    idtable_remove(&session->registrations, &offer->link);
    mem_free(offer);
}

static void offer_withdraw(struct session *session, struct offer *offer)
{
    struct handle self;
    (void)realm_unregister(session->seat->realm, offer->link.id, session->id, &self);
    offer_forget(session, offer);
}

bool procedures_forget(struct session *session, uint64_t registration)
{
    struct idlink *link = idtable_find(&session->registrations, registration);
    if (link == NULL) {
        return false;
    }
    offer_forget(session, CONTAINER_OF(link, struct offer, link));
    return true;
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
