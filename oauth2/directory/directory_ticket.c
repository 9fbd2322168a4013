/* directory_ticket.c - bondy.ticket.*: issued to who asks for one himself; verified and revoked.
 *
 * A ticket is made on the jobs pool and kept on the store thread. It stands from when every worker
 * has it, which is when it is answered. Not in Bondy: verify and revoke. */
#include "base/clock.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "crypto/secret.h"
#include "directory/directory_inside.h"
#include "token/key_store.h"
#include "token/ticket_store.h"

#include <string.h>

#define NOT_AUTHORIZED "wamp.error.not_authorized"
#define METHOD_TICKET  STR("ticket")

/* From prepare to run. */
struct issue {
    struct ticket ticket;
    struct str text; /* empty: no key was there yet */
    char proof[TICKET_PROOF_SIZE];
    char id[UUID_SIZE];
};

struct caller {
    const struct rbac_realm *realm;
    struct rbac_account account;
    struct str authrealm;
    char proof[TICKET_PROOF_SIZE];
};

static bool not_authorized(struct directory_call *call, const char *text)
{
    return directory_refuse(call, NOT_AUTHORIZED, "%s", text);
}

/* A user of the realm, as tickets have him; false: there is none who may come in. */
static bool
user_of(const struct directory_call *call, struct str realm, struct str name, struct caller *out)
{
    out->realm = rbac_realm_find(call->present, realm);
    if (out->realm == NULL || !rbac_account_find(call->present, out->realm, name, &out->account) ||
        !out->account.enabled || out->account.holder == NULL) {
        return false;
    }
    const struct rbac_user *holder = out->account.holder;
    out->authrealm = rbac_realm_uri(out->account.holder_realm);
    ticket_proof(holder->credential, holder->authorized_keys, holder->authorized_key_count,
                 out->proof);
    return true;
}

static struct ticket_door door_of(const struct directory_call *call, const struct rbac_realm *realm)
{
    return (struct ticket_door){.realm = rbac_realm_uri(realm),
                                .sso_realm = rbac_realm_sso_realm_uri(realm),
                                .now_s = clock_wall_ms() / 1000,
                                .allow_not_found = call->tickets->allow_not_found};
}

/* A ticket that would let its user in now. */
static bool ticket_good(const struct directory_call *call,
                        struct str realm_uri,
                        struct str text,
                        struct ticket *out)
{
    struct caller user;
    const char *why = NULL;
    const struct rbac_realm *realm = rbac_realm_find(call->present, realm_uri);
    if (realm == NULL || call->tickets == NULL || !arena_room(call->arena, TICKET_ROOM)) {
        return false;
    }
    const struct ticket_door door = door_of(call, realm);
    return ticket_verify(call->tokens, text, &door, call->arena, out, &why) &&
           user_of(call, realm_uri, out->authid, &user) &&
           ticket_is_of(out, user.authrealm, user.account.holder->username, str_of(user.proof));
}

static bool method_allowed(const struct directory_call *call)
{
    const struct ticket_settings *settings = call->tickets;
    for (size_t i = 0; i < settings->authmethod_count; i++) {
        if (str_eq(settings->authmethods[i], call->caller.authmethod)) {
            return true;
        }
    }
    return false;
}

static bool read_expiry(struct directory_call *call, uint64_t *out_s)
{
    const struct ticket_settings *settings = call->tickets;
    const json_t *value = json_object_get(call->kwargs, "expiry_time_secs");
    *out_s = settings->expiry_s;
    if (value != NULL && !json_is_null(value)) {
        if (!json_is_integer(value) || json_integer_value(value) <= 0) {
            return directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, "expiry_time_secs",
                                       "expiry_time_secs is a number of seconds above 0");
        }
        *out_s = (uint64_t)json_integer_value(value);
    }
    *out_s = *out_s < settings->expiry_max_s ? *out_s : settings->expiry_max_s;
    return true;
}

static bool is_plain(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        unsigned char c = (unsigned char)name.ptr[i];
        if (c <= 0x20 || c == 0x7f) {
            return false;
        }
    }
    return name.len > 0 && name.len <= TICKET_NAME_MAX;
}

static bool read_name(struct directory_call *call, const char *key, struct str *out)
{
    const json_t *value = json_object_get(call->kwargs, key);
    if (value == NULL || json_is_null(value)) {
        return true;
    }
    if (json_is_string(value)) {
        *out = str_make(json_string_value(value), json_string_length(value));
    }
    return (json_is_string(value) && is_plain(*out)) ||
           directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, key,
                               "%s is a name of at most %d bytes without blanks", key,
                               TICKET_NAME_MAX);
}

/* Who shows the ticket of a client is bound to that client; who names one without it only says so
 * of himself. */
static bool read_client(struct directory_call *call, struct ticket_scope *scope)
{
    const json_t *shown = json_object_get(call->kwargs, "client_ticket");
    struct ticket client = {0};
    if (!read_name(call, "client_id", &scope->client_id) ||
        !read_name(call, "device_id", &scope->device_id)) {
        return false;
    }
    if (shown != NULL && !json_is_null(shown)) {
        struct str text = json_is_string(shown)
                              ? str_make(json_string_value(shown), json_string_length(shown))
                              : STR_EMPTY;
        if (!ticket_good(call, call->caller_realm, text, &client) ||
            client.scope.client_id.len > 0) {
            return directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, "client_ticket",
                                       "client_ticket is no ticket of a client that is good here");
        }
        if (scope->client_id.len > 0 && !str_eq(scope->client_id, client.authid)) {
            return directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, "client_id",
                                       "client_id is not the client of client_ticket");
        }
        scope->client_id = client.authid;
    }
    return scope->device_id.len == 0 || scope->client_id.len > 0 ||
           directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, "device_id",
                               "device_id is a device of a client: say client_id too");
}

/* Has he shown what the SSO realm keeps of him? By all other methods it was this realm's word: a
 * source by `trust`, an alias in a certificate, a ticket for here alone. */
static bool proved_by_credential(const struct directory_call *call)
{
    static const struct str methods[] = {STR_INIT("password"), STR_INIT("wampcra"),
                                         STR_INIT("wamp-scram"), STR_INIT("cryptosign")};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (str_eq(call->caller.authmethod, methods[i])) {
            return true;
        }
    }
    return false;
}

/* For the whole SSO realm if the user is of one and has proved himself there, unless he asks for
 * less. */
static bool
read_scope(struct directory_call *call, const struct caller *caller, struct ticket_scope *scope)
{
    const json_t *allow = json_object_get(call->kwargs, "allow_sso");
    bool sso =
        !str_eq(caller->authrealm, rbac_realm_uri(caller->realm)) && proved_by_credential(call);
    if (allow != NULL && !json_is_null(allow)) {
        if (!json_is_boolean(allow)) {
            return directory_refuse_at(call, DIRECTORY_INVALID, call->kwargs, "allow_sso",
                                       "allow_sso is true or false");
        }
        sso = sso && json_is_true(allow);
    }
    scope->realm = sso ? STR_EMPTY : rbac_realm_uri(caller->realm);
    return read_client(call, scope);
}

static bool may(struct directory_call *call,
                const struct rbac_realm *realm,
                enum permission permission,
                const struct ticket_scope *scope)
{
    struct str resource =
        arena_printf(call->arena, "bondy.ticket.scope.%s", ticket_scope_name(scope));
    return rbac_may(call->present, realm, &call->caller, permission, resource) ||
           directory_refuse(call, NOT_AUTHORIZED,
                            "Permission denied. User '%.*s' does not have permission '%s' on "
                            "'%.*s'",
                            (int)call->caller.authid.len, call->caller.authid.ptr,
                            permission_name(permission), (int)resource.len, resource.ptr);
}

static void wipe(void *text)
{
    crypto_wipe(text, strlen(text));
    mem_free(text);
}

static bool mint(struct directory_call *call, struct issue *issue, const struct token_key *key)
{
    char *text = ticket_mint(key, &issue->ticket, call->tickets->node);
    if (text == NULL) {
        return directory_refuse(call, DIRECTORY_INVALID, "the ticket would be too long");
    }
    arena_defer(call->arena, wipe, text);
    issue->text = str_of(text);
    return true;
}

static bool issue_prepare(struct directory_call *call)
{
    static const char *const keys[] = {
        "expiry_time_secs", "allow_sso", "client_ticket", "client_id", "device_id",
        "details",          NULL};
    struct caller caller;
    struct issue *issue = ARENA_NEW(call->arena, struct issue);
    struct ticket *ticket = &issue->ticket;
    uint64_t expiry_s = 0;
    if (call->tickets == NULL || !method_allowed(call)) {
        return not_authorized(call, "who came in by this method may not have tickets: "
                                    "security.ticket.authmethods");
    }
    if (!user_of(call, call->caller_realm, call->caller.authid, &caller)) {
        return not_authorized(call, "tickets are for users of the realm");
    }
    if ((call->kwargs != NULL && !directory_only_keys(call, call->kwargs, keys)) ||
        !read_expiry(call, &expiry_s) || !read_scope(call, &caller, &ticket->scope) ||
        !may(call, caller.realm, PERMISSION_ISSUE, &ticket->scope)) {
        return false;
    }
    uint64_t now_ms = clock_wall_ms();
    uuid_v7(now_ms, issue->id);
    memcpy(issue->proof, caller.proof, sizeof(issue->proof));
    ticket->id = str_of(issue->id);
    ticket->authrealm = caller.authrealm;
    ticket->authid = caller.account.holder->username;
    ticket->authmethod = call->caller.authmethod;
    ticket->proof = str_of(issue->proof);
    ticket->issued_s = now_ms / 1000;
    ticket->expires_s = ticket->issued_s + expiry_s;
    call->realm = ticket->authrealm;
    call->prepared = issue;
    const struct token_key *key =
        tokens_signing_key(call->tokens, ticket->authrealm, ticket->issued_s);
    return key == NULL || mint(call, issue, key);
}

/* A realm's first ticket may come before its first key. */
static bool mint_here(struct directory_call *call, struct issue *issue)
{
    struct token_key *key =
        token_keys_signing(call->view, issue->ticket.authrealm, issue->ticket.issued_s);
    bool ok = key != NULL && mint(call, issue, key);
    token_key_unref(key);
    return ok;
}

static bool issue_run(struct directory_call *call)
{
    struct issue *issue = call->prepared;
    if (issue->text.len == 0 && !mint_here(call, issue)) {
        return false;
    }
    if (!ticket_store_put(call->view, &issue->ticket)) {
        return false;
    }
    json_t *record = directory_keep(call, ticket_record(&issue->ticket));
    return directory_answer(call,
                            json_pack("{s:s%, s:O, s:O, s:O, s:O, s:O}", "ticket", issue->text.ptr,
                                      issue->text.len, "id", json_object_get(record, "id"),
                                      "issued_at", json_object_get(record, "issued_at"),
                                      "expires_at", json_object_get(record, "expires_at"), "scope",
                                      json_object_get(record, "scope"), "type",
                                      json_object_get(record, "type")),
                            0);
}

static bool verify_prepare(struct directory_call *call)
{
    struct str text;
    struct ticket *ticket = ARENA_NEW(call->arena, struct ticket);
    if (!directory_arg_text(call, 0, &text)) {
        return false;
    }
    call->prepared = ticket_good(call, call->realm, text, ticket) ? ticket : NULL;
    return true;
}

/* Why it is not good is nobody's business, as with tokens of OAuth2. */
static bool verify_run(struct directory_call *call)
{
    const struct ticket *ticket = call->prepared;
    json_t *result = ticket == NULL ? json_object() : ticket_record(ticket);
    (void)json_object_set_new(result, "active", json_boolean(ticket != NULL));
    return directory_answer(call, result, 0);
}

/* His own, or by a grant of bondy.revoke; the procedures of the master realm are for
 * administrators as they are. */
static bool may_revoke(struct directory_call *call, struct str authid)
{
    static const struct ticket_scope local = {.realm = STR_INIT("x")};
    if (str_eq(call->caller_realm, MASTER_REALM) ||
        (str_eq(call->caller_realm, call->realm) && str_eq(call->caller.authid, authid))) {
        return true;
    }
    const struct rbac_realm *realm = rbac_realm_find(call->present, call->caller_realm);
    return realm == NULL ? not_authorized(call, "there is no such realm any more")
                         : may(call, realm, PERMISSION_REVOKE, &local);
}

/* Where a user's tickets are kept. One who has gone left them in his realm. */
static struct str tickets_realm(const struct directory_call *call, struct str authid)
{
    struct caller user;
    const struct rbac_realm *realm = rbac_realm_find(call->present, call->realm);
    bool found = realm != NULL && rbac_account_find(call->present, realm, authid, &user.account) &&
                 user.account.holder != NULL;
    return found ? rbac_realm_uri(user.account.holder_realm) : call->realm;
}

/* By its text, which may have expired, or by its id. */
static bool revoke_run(struct directory_call *call)
{
    struct str named;
    struct str authid = call->caller.authid;
    struct str id;
    size_t count = 0;
    if (!directory_arg_text(call, 0, &named) ||
        (json_array_size(call->args) > 1 && !directory_arg_name(call, 1, &authid))) {
        return false;
    }
    id = named;
    if (str_find(named, '.') >= 0 && !ticket_names(call->arena, named, &authid, &id)) {
        return directory_refuse(call, DIRECTORY_INVALID,
                                "argument 1 is neither a ticket nor an id");
    }
    if (!may_revoke(call, authid)) {
        return false;
    }
    if (!ticket_store_revoke(call->view, tickets_realm(call, authid), authid, id, &count)) {
        return false;
    }
    return count > 0 || directory_refuse(call, DIRECTORY_NOT_FOUND, "no such ticket, or revoked");
}

static bool revoke_all_run(struct directory_call *call)
{
    struct str authid;
    size_t count = 0;
    return directory_arg_name(call, 0, &authid) && may_revoke(call, authid) &&
           ticket_store_revoke(call->view, tickets_realm(call, authid), authid, STR_EMPTY, &count);
}

const struct directory_operation directory_ticket_operations[] = {
    {STR_INIT("bondy.ticket.issue"), 0, 0, 0, issue_prepare, issue_run},
    {STR_INIT("bondy.ticket.verify"), DIRECTORY_REALM | DIRECTORY_READ, 1, 1, verify_prepare,
     verify_run},
    {STR_INIT("bondy.ticket.revoke"), DIRECTORY_REALM, 1, 2, NULL, revoke_run},
    {STR_INIT("bondy.ticket.revoke_all"), DIRECTORY_REALM, 1, 1, NULL, revoke_all_run},
    {.run = NULL},
};
