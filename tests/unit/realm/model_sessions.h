/* model_sessions.h - steps of sessions that come and go, and of those who look: the meta API. */
#ifndef POSTERN_TESTS_MODEL_SESSIONS_H
#define POSTERN_TESTS_MODEL_SESSIONS_H

#include "model_topics.h"

static inline const char *flag(unsigned features, unsigned bit)
{
    return (features & bit) != 0 ? "true" : "false";
}

static inline void model_connect(struct model *model, unsigned player)
{
    rig_connect(model->rig, player);
    model->sessions[player] = (struct model_session){
        .connected = true, .serial = ++model->serials, .features = model_features(player)};
}

static inline void step_join(struct model *model, const struct step *step)
{
    struct model_session *session = &model->sessions[step->player];
    unsigned features = session->features;
    rig_say(model->rig, step->player,
            "[1,\"com.test\",{\"roles\":{\"caller\":{\"features\":{"
            "\"progressive_call_invocations\":%s}},\"callee\":{\"features\":{"
            "\"call_canceling\":%s,\"progressive_call_invocations\":%s,\"call_reroute\":%s,"
            "\"registration_revocation\":%s}},\"publisher\":{},\"subscriber\":{\"features\":{"
            "\"subscription_revocation\":%s}}}}]",
            flag(features, CALLER_PROGRESSIVE_CALLS), flag(features, CALLEE_CANCELING),
            flag(features, CALLEE_PROGRESSIVE_CALLS), flag(features, CALLEE_REROUTE),
            flag(features, CALLEE_REVOCATION), flag(features, SUBSCRIBER_REVOCATION));
    model_pump(model);
    rig_expect(model->rig, step->player, 0, "[2,\"*\",\"*\"]");
    const struct mouth *mouth = &model->rig->mouths[step->player];
    session->joined = true;
    session->id = mouth->heard_count == 0 ? 0 : number_in(mouth->heard[0], 1);
    session->last_request = 0;
    session->last_invocation = 0;
    session->last_call = 0;
}

/* What everybody else hears when a session is gone. `hears`: so does it itself. */
static inline void model_leaves(struct model *model, unsigned player, bool hears)
{
    for (unsigned i = model->registration_count; i > 0; i--) {
        if (model_callee(&model->registrations[i - 1], player) != NULL) {
            model_withdraw(model, &model->registrations[i - 1], player);
        }
    }
    for (unsigned i = model->subscription_count; i > 0; i--) {
        if (model->subscriptions[i - 1].members[player]) {
            model_unsubscribe(model, &model->subscriptions[i - 1], player);
        }
    }
    for (unsigned i = model->call_count; i > 0; i--) {
        struct model_call *call = &model->calls[i - 1];
        if (call->callee == player && (call->caller != player || hears)) {
            model_answer_error(model, call, "canceled");
        } else if (call->callee == player) {
            model_call_drop(model, call);
        }
    }
    for (unsigned i = model->call_count; i > 0; i--) {
        if (model->calls[i - 1].caller == player) {
            model_interrupt(model, &model->calls[i - 1], "\"mode\":\"killnowait\"");
            model_call_drop(model, &model->calls[i - 1]);
        }
    }
    model->sessions[player].joined = false;
}

static inline void step_leave(struct model *model, const struct step *step)
{
    rig_say(model->rig, step->player, "[6,{},\"wamp.close.normal\"]");
    model_pump(model);
    model_leaves(model, step->player, true);
    rig_expect(model->rig, step->player, 1, "[6,\"*\",\"wamp.close.goodbye_and_out\"]");
}

static inline void model_disconnected(struct model *model, unsigned player)
{
    rig_forget(model->rig, player);
    model->sessions[player].connected = false;
}

static inline void step_lose(struct model *model, const struct step *step)
{
    if (model->rig->aloud) {
        (void)fprintf(stderr, "    p%u is lost\n", step->player);
    }
    rig_lose(model->rig, step->player);
    model_pump(model);
    if (model->sessions[step->player].joined) {
        model_leaves(model, step->player, false);
    }
    model_disconnected(model, step->player);
}

/* The router has ended it; now its connection goes. */
static inline void model_ended(struct model *model, unsigned player)
{
    if (model->rig->mouths[player].actor->finished != 1) {
        rig_fail(model->rig, "the connection of p%u is not to be closed", player);
    }
    rig_lose(model->rig, player);
    model_pump(model);
    model_disconnected(model, player);
}

/* An answer to what was never asked. */
static inline void step_violate(struct model *model, const struct step *step)
{
    uint64_t never = model->sessions[step->player].last_invocation + 1;
    rig_say(model->rig, step->player, "[70,%llu,{},[]]", (unsigned long long)never);
    model_pump(model);
    model_leaves(model, step->player, false);
    rig_expect(model->rig, step->player, 1, "[3,\"*\",\"wamp.error.protocol_violation\"]");
    model_ended(model, step->player);
}

/* Calls a procedure of the router; 0 when there are too many calls already. */
__attribute__((format(printf, 4, 5))) static inline uint64_t
model_meta(struct model *model, unsigned player, const char *procedure, const char *format, ...)
{
    char args[256];
    va_list list;
    va_start(list, format);
    (void)vsnprintf(args, sizeof(args), format, list);
    va_end(list);
    uint64_t request = model_request(model, player);
    rig_say(model->rig, player, "[48,%llu,{},\"wamp.%s\",[%s]]", (unsigned long long)request,
            procedure, args);
    model_pump(model);
    if (model_calls_of(model, player) >= PER_SESSION_CALLS) {
        model_error(model, player, MESSAGE_CALL, request, "unavailable");
        return 0;
    }
    return request;
}

static inline void model_done(struct model *model, unsigned player, uint64_t request)
{
    const json_t *said = rig_find(model->rig, player, MESSAGE_RESULT, 1, request);
    bool bare = said != NULL && json_array_size(said) == 3;
    rig_expect(model->rig, player, 0, bare ? "[50,%llu,{}]" : "[50,%llu,{},[]]",
               (unsigned long long)request);
}

static inline void step_kill(struct model *model, const struct step *step)
{
    unsigned victim = step->a % PLAYERS;
    struct model_session *session = &model->sessions[victim];
    uint64_t id = session->joined ? session->id : 1;
    uint64_t request =
        model_meta(model, step->player, "session.kill", "%llu", (unsigned long long)id);
    if (request == 0) {
        return;
    }
    if (!session->joined || victim == step->player) {
        model_error(model, step->player, MESSAGE_CALL, request, "no_such_session");
        return;
    }
    model_leaves(model, victim, false);
    model_done(model, step->player, request);
    rig_expect(model->rig, victim, 1, "[6,\"*\",\"wamp.close.killed\"]");
    model_ended(model, victim);
}

/* A callee, or a subscriber, is told that it is one no more. */
static inline void step_revoke(struct model *model, const struct step *step)
{
    unsigned victim = step->b % PLAYERS;
    bool there = model->sessions[victim].joined;
    uint64_t session = there ? model->sessions[victim].id : 1;
    if (model->registration_count == 0) {
        return;
    }
    uint64_t id = model->registrations[step->a % model->registration_count].id;
    uint64_t request = model_meta(model, step->player, "registration.remove_callee", "%llu,%llu",
                                  (unsigned long long)id, (unsigned long long)session);
    if (request == 0) {
        return;
    }
    struct model_registration *registration = model_registration_by_id(model, id);
    if (model_callee(registration, victim) == NULL) {
        model_error(model, step->player, MESSAGE_CALL, request, "no_such_session");
        return;
    }
    model_withdraw(model, registration, victim);
    model_done(model, step->player, request);
    if ((model->sessions[victim].features & CALLEE_REVOCATION) != 0) {
        rig_expect(model->rig, victim, 0, "[67,0,{\"registration\":%llu}]", (unsigned long long)id);
    }
}

static inline void step_banish(struct model *model, const struct step *step)
{
    unsigned victim = step->b % PLAYERS;
    uint64_t session = model->sessions[victim].joined ? model->sessions[victim].id : 1;
    if (model->subscription_count == 0) {
        return;
    }
    uint64_t id = model->subscriptions[step->a % model->subscription_count].id;
    uint64_t request = model_meta(model, step->player, "subscription.remove_subscriber",
                                  "%llu,%llu", (unsigned long long)id, (unsigned long long)session);
    if (request == 0) {
        return;
    }
    struct model_subscription *subscription = model_subscription_by_id(model, id);
    if (!subscription->members[victim]) {
        model_error(model, step->player, MESSAGE_CALL, request, "no_such_subscription");
        return;
    }
    model_unsubscribe(model, subscription, victim);
    model_done(model, step->player, request);
    if ((model->sessions[victim].features & SUBSCRIBER_REVOCATION) != 0) {
        rig_expect(model->rig, victim, 0, "[35,0,{\"subscription\":%llu}]", (unsigned long long)id);
    }
}

/* LOOKING */

/* Exactly these, in any order. */
static inline void
model_same(struct model *model, const json_t *said, const uint64_t *ids, unsigned count)
{
    bool same = json_array_size(said) == count;
    for (unsigned i = 0; i < count; i++) {
        bool found = false;
        for (size_t k = 0; k < json_array_size(said); k++) {
            found = found || number_in(said, k) == ids[i];
        }
        same = same && found;
    }
    if (!same) {
        char *text = json_dumps(said, JSON_COMPACT);
        rig_fail(model->rig, "%s was told, of %u", text, count);
    }
}

static inline const json_t *model_told(struct model *model, unsigned player, uint64_t request)
{
    const json_t *said = rig_find(model->rig, player, MESSAGE_RESULT, 1, request);
    rig_expect(model->rig, player, 0, "[50,%llu,{},\"*\"]", (unsigned long long)request);
    return json_array_get(json_array_get(said, 3), 0);
}

static inline void look_sessions(struct model *model, const struct step *step, bool count_only)
{
    uint64_t ids[PLAYERS];
    unsigned count = 0;
    uint64_t request =
        model_meta(model, step->player, count_only ? "session.count" : "session.list", "%s", "");
    for (unsigned i = 0; i < PLAYERS; i++) {
        if (model->sessions[i].joined) {
            ids[count++] = model->sessions[i].id;
        }
    }
    if (request == 0) {
        return;
    }
    const json_t *told = model_told(model, step->player, request);
    if (count_only && (uint64_t)json_integer_value(told) != count) {
        rig_fail(model->rig, "session.count is %lld, not %u", json_integer_value(told), count);
    } else if (!count_only) {
        model_same(model, told, ids, count);
    }
}

static inline void look_registrations(struct model *model, const struct step *step)
{
    uint64_t request = model_meta(model, step->player, "registration.list", "%s", "");
    for (unsigned match = 0; request != 0 && match < 3; match++) {
        uint64_t ids[MODEL_REGISTRATIONS];
        unsigned count = 0;
        const json_t *said = rig_find(model->rig, step->player, MESSAGE_RESULT, 1, request);
        for (unsigned i = 0; i < model->registration_count; i++) {
            if (model->registrations[i].match == match) {
                ids[count++] = model->registrations[i].id;
            }
        }
        model_same(model,
                   json_object_get(json_array_get(json_array_get(said, 3), 0), match_names[match]),
                   ids, count);
    }
    if (request != 0) {
        (void)model_told(model, step->player, request);
    }
}

static inline void look_subscriptions(struct model *model, const struct step *step)
{
    uint64_t request = model_meta(model, step->player, "subscription.list", "%s", "");
    for (unsigned match = 0; request != 0 && match < 3; match++) {
        uint64_t ids[MODEL_SUBSCRIPTIONS];
        unsigned count = 0;
        const json_t *said = rig_find(model->rig, step->player, MESSAGE_RESULT, 1, request);
        for (unsigned i = 0; i < model->subscription_count; i++) {
            if (model->subscriptions[i].match == match) {
                ids[count++] = model->subscriptions[i].id;
            }
        }
        model_same(model,
                   json_object_get(json_array_get(json_array_get(said, 3), 0), match_names[match]),
                   ids, count);
    }
    if (request != 0) {
        (void)model_told(model, step->player, request);
    }
}

static inline void look_callees(struct model *model, const struct step *step)
{
    uint64_t ids[PLAYERS];
    if (model->registration_count == 0) {
        return;
    }
    const struct model_registration *at =
        &model->registrations[step->b % model->registration_count];
    for (unsigned i = 0; i < at->count; i++) {
        ids[i] = model->sessions[at->callees[i].player].id;
    }
    uint64_t request = model_meta(model, step->player, "registration.list_callees", "%llu",
                                  (unsigned long long)at->id);
    if (request != 0) {
        model_same(model, model_told(model, step->player, request), ids, at->count);
    }
}

static inline void look_subscribers(struct model *model, const struct step *step)
{
    uint64_t ids[PLAYERS];
    unsigned count = 0;
    if (model->subscription_count == 0) {
        return;
    }
    const struct model_subscription *at =
        &model->subscriptions[step->b % model->subscription_count];
    for (unsigned i = 0; i < PLAYERS; i++) {
        if (at->members[i]) {
            ids[count++] = model->sessions[i].id;
        }
    }
    uint64_t request = model_meta(model, step->player, "subscription.list_subscribers", "%llu",
                                  (unsigned long long)at->id);
    if (request != 0) {
        model_same(model, model_told(model, step->player, request), ids, count);
    }
}

static inline void step_look(struct model *model, const struct step *step)
{
    switch (step->a % 6) {
    case 0:
    case 1:
        look_sessions(model, step, step->a % 6 == 0);
        break;
    case 2:
        look_registrations(model, step);
        break;
    case 3:
        look_subscriptions(model, step);
        break;
    case 4:
        look_callees(model, step);
        break;
    default:
        look_subscribers(model, step);
        break;
    }
}

#endif
