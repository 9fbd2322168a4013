/* meta_subscription.c - wamp.subscription.*: what is subscribed to, and by whom. */
#include "realm/meta_inside.h"
#include "realm/session_inside.h"
#include "realm/survey.h"
#include "wamp/fault.h"

static void
look_list(const struct registry *registry, const struct subscriptions *subscriptions, void *ctx)
{
    struct meta_look *look = ctx;
    (void)registry;
    subscriptions_list(subscriptions, look->ids);
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
    (void)registry;
    look->id = subscriptions_lookup(subscriptions, look->uri, look->match);
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

static void run_match(const struct builtin_call *call)
{
    struct shard *shard = call->seat->shard;
    struct id_list ids = {0};
    struct str topic;
    struct meta_args args;
    if (!meta_args_read(call, 1, 1, &args) || !meta_arg_str(call, &args, 0, &topic)) {
        return;
    }
    realm_find_subscribers(call->seat->realm, topic, &shard->reached);
    for (size_t i = 0; i < shard->reached.count; i++) {
        id_list_push(&ids, shard->reached.items[i].subscription);
    }
    if (ids.count == 0) {
        meta_answer_id(call->router, call->handle, 0);
    } else {
        meta_answer_ids(call, &ids);
    }
}

static void
look_get(const struct registry *registry, const struct subscriptions *subscriptions, void *ctx)
{
    struct meta_look *look = ctx;
    struct subscription_facts facts;
    (void)registry;
    look->found = subscriptions_get(subscriptions, look->id, &facts);
    if (look->found) {
        look->entry = (struct meta_entry){.id = facts.id,
                                          .created_ms = facts.created_ms,
                                          .uri = meta_look_keep(look, facts.uri),
                                          .match = facts.match};
    }
}

static void no_such_subscription(struct router *router, uint64_t handle)
{
    meta_refuse(router, handle, FAULT_NO_SUCH_SUBSCRIPTION,
                "there is no such subscription in this realm");
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
        no_such_subscription(call->router, call->handle);
    }
}

/* Members are known to their own workers alone. */
static void
ask_members(struct seat *seat, const struct survey_question *question, struct survey_part *out)
{
    struct idlink *link = idtable_find(&seat->audiences, question->id);
    if (link == NULL) {
        return;
    }
    LIST_FOREACH (node, &CONTAINER_OF(link, struct audience, link)->members) {
        id_list_push(&out->ids, LIST_ENTRY(node, struct membership, node)->session->id);
    }
}

static void tell_members(struct survey *survey)
{
    struct meta_result result;
    if (survey_count(survey) == 0) {
        no_such_subscription(survey_router(survey), survey_call(survey));
        return;
    }
    survey_emit_ids(survey, meta_result_begin(&result, survey_router(survey), survey_call(survey)));
    meta_result_send(&result);
}

static void tell_count(struct survey *survey)
{
    size_t count = survey_count(survey);
    if (count == 0) {
        no_such_subscription(survey_router(survey), survey_call(survey));
    } else {
        meta_answer_u64(survey_router(survey), survey_call(survey), count);
    }
}

static void run_members(const struct builtin_call *call, const struct survey_kind *kind)
{
    struct survey_question question = {0};
    struct meta_args args;
    if (meta_args_read(call, 1, 1, &args) && meta_arg_id(call, &args, 0, &question.id)) {
        survey_start(call, kind, &question);
    }
}

static void run_list_subscribers(const struct builtin_call *call)
{
    static const struct survey_kind kind = {ask_members, tell_members};
    run_members(call, &kind);
}

static void run_count_subscribers(const struct builtin_call *call)
{
    static const struct survey_kind kind = {ask_members, tell_count};
    run_members(call, &kind);
}

const struct builtin meta_subscription_procedures[] = {
    {STR_INIT("wamp.subscription.list"), run_list, NULL},
    {STR_INIT("wamp.subscription.lookup"), run_lookup, NULL},
    {STR_INIT("wamp.subscription.match"), run_match, NULL},
    {STR_INIT("wamp.subscription.get"), run_get, NULL},
    {STR_INIT("wamp.subscription.list_subscribers"), run_list_subscribers, NULL},
    {STR_INIT("wamp.subscription.count_subscribers"), run_count_subscribers, NULL},
    {STR_INIT(""), NULL, NULL},
};
