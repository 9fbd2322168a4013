/* meta_registration.c - wamp.registration.*: what is registered, and by whom. */
#include "realm/meta_inside.h"
#include "realm/revocation.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"

static void
look_list(const struct registry *registry, const struct subscriptions *subscriptions, void *ctx)
{
    struct meta_look *look = ctx;
    (void)subscriptions;
    registry_list(registry, look->ids);
}

static void run_list(const struct builtin_call *call)
{
    struct meta_look look = {0};
    struct meta_args args;
    if (meta_args_read(call, 0, 0, &args)) {
        realm_look(call->seat->realm, look_list, &look);
        meta_answer_lists(call, look.ids);
    }
}

static void
look_lookup(const struct registry *registry, const struct subscriptions *subscriptions, void *ctx)
{
    struct meta_look *look = ctx;
    (void)subscriptions;
    look->id = registry_lookup(registry, look->uri, look->match);
}

static void run_lookup(const struct builtin_call *call)
{
    struct meta_look look = {0};
    struct meta_args args;
    if (meta_args_read(call, 1, 2, &args) && meta_arg_str(call, &args, 0, &look.uri) &&
        meta_arg_match(call, &args, 1, &look.match)) {
        realm_look(call->seat->realm, look_lookup, &look);
        meta_answer_id(call->router, call->handle, look.id);
    }
}

static void
look_match(const struct registry *registry, const struct subscriptions *subscriptions, void *ctx)
{
    struct meta_look *look = ctx;
    (void)subscriptions;
    look->id = registry_match(registry, look->uri);
}

static void run_match(const struct builtin_call *call)
{
    struct meta_look look = {0};
    struct meta_args args;
    if (meta_args_read(call, 1, 1, &args) && meta_arg_str(call, &args, 0, &look.uri)) {
        realm_look(call->seat->realm, look_match, &look);
        meta_answer_id(call->router, call->handle, look.id);
    }
}

static void no_such_registration(const struct builtin_call *call)
{
    meta_refuse(call->router, call->handle, FAULT_NO_SUCH_REGISTRATION,
                "there is no such registration in this realm");
}

static void
look_get(const struct registry *registry, const struct subscriptions *subscriptions, void *ctx)
{
    struct meta_look *look = ctx;
    struct registry_facts facts;
    (void)subscriptions;
    look->found = registry_facts(registry, look->id, &facts);
    if (look->found) {
        look->entry = (struct meta_entry){.id = facts.id,
                                          .created_ms = facts.created_ms,
                                          .uri = meta_look_keep(look, facts.uri),
                                          .match = facts.match,
                                          .invoke = invoke_policy_name(facts.invoke)};
    }
}

static void run_get(const struct builtin_call *call)
{
    struct meta_look look = {0};
    struct meta_args args;
    if (!meta_args_read(call, 1, 1, &args) || !meta_arg_id(call, &args, 0, &look.id)) {
        return;
    }
    realm_look(call->seat->realm, look_get, &look);
    if (look.found) {
        meta_answer_entry(call, &look.entry);
    } else {
        no_such_registration(call);
    }
}

static void
look_callees(const struct registry *registry, const struct subscriptions *subscriptions, void *ctx)
{
    struct meta_look *look = ctx;
    (void)subscriptions;
    look->found = registry_callees(registry, look->id, &look->ids[0]);
}

/* The callees in the look's first list, or the call is refused. */
static bool find_callees(const struct builtin_call *call, struct meta_look *look)
{
    struct meta_args args;
    if (!meta_args_read(call, 1, 1, &args) || !meta_arg_id(call, &args, 0, &look->id)) {
        return false;
    }
    realm_look(call->seat->realm, look_callees, look);
    if (!look->found) {
        no_such_registration(call);
    }
    return look->found;
}

static void run_list_callees(const struct builtin_call *call)
{
    struct meta_look look = {0};
    if (find_callees(call, &look)) {
        meta_answer_ids(call, &look.ids[0]);
    }
}

static void run_count_callees(const struct builtin_call *call)
{
    struct meta_look look = {0};
    if (find_callees(call, &look)) {
        meta_answer_u64(call->router, call->handle, look.ids[0].count);
        id_list_done(&look.ids[0]);
    }
}

static void run_remove_callee(const struct builtin_call *call)
{
    uint64_t registration = 0;
    uint64_t session = 0;
    struct str reason = STR_EMPTY;
    struct meta_args args;
    static const struct option_row rows[] = {{"reason", OPTION_STR, 0}};
    if (!meta_args_read(call, 2, 3, &args) || !meta_arg_id(call, &args, 0, &registration) ||
        !meta_arg_id(call, &args, 1, &session) ||
        (args.count > 2 && !meta_arg_str(call, &args, 2, &reason)) ||
        !meta_kwargs(call, rows, COUNT_OF(rows), &reason)) {
        return;
    }
    switch (procedures_revoke(call->router, call->seat->realm, registration, session, reason)) {
    case REVOKE_OK:
        meta_answer_nothing(call->router, call->handle);
        break;
    case REVOKE_NO_REGISTRATION:
        no_such_registration(call);
        break;
    case REVOKE_NO_CALLEE:
        meta_refuse(call->router, call->handle, FAULT_NO_SUCH_SESSION,
                    "that session is no callee of this registration");
        break;
    }
}

const struct builtin meta_registration_procedures[] = {
    {STR_INIT("wamp.registration.list"), run_list, NULL},
    {STR_INIT("wamp.registration.lookup"), run_lookup, NULL},
    {STR_INIT("wamp.registration.match"), run_match, NULL},
    {STR_INIT("wamp.registration.get"), run_get, NULL},
    {STR_INIT("wamp.registration.list_callees"), run_list_callees, NULL},
    {STR_INIT("wamp.registration.count_callees"), run_count_callees, NULL},
    {STR_INIT("wamp.registration.remove_callee"), run_remove_callee, NULL},
    {STR_INIT(""), NULL, NULL},
};
