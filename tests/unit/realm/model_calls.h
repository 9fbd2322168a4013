/* model_calls.h - steps of callers and callees: what is said, and what must follow. */
#ifndef POSTERN_TESTS_MODEL_CALLS_H
#define POSTERN_TESTS_MODEL_CALLS_H

#include "model.h"

enum { PROCEDURES = 6, PATTERNS = 4 };

static const char *const procedure_uris[PROCEDURES] = {"a.b.c", "a.b.d",  "a.x.c",
                                                       "a.b",   "a.b.cc", "z.z"};
static const char *const pattern_uris[3][PATTERNS] = {{"a.b.c", "a.b.d", "a.x.c", "a.b"},
                                                      {"a.b", "a.", "a.b.c", "a"},
                                                      {"a..c", "a.b.", "a..", ".b.c"}};

static inline void model_pump(struct model *model)
{
    rig_pump(model->rig);
    rig_listen(model->rig);
}

static inline uint64_t model_request(struct model *model, unsigned player)
{
    return ++model->sessions[player].last_request;
}

static inline void model_error(
    struct model *model, unsigned player, unsigned type, uint64_t request, const char *error)
{
    rig_expect(model->rig, player, 0, "[8,%u,%llu,{},\"wamp.error.%s\",\"*\"]", type,
               (unsigned long long)request, error);
}

/* An id that there was never before. */
static inline void model_new_id(struct model *model, uint64_t id)
{
    for (unsigned i = 0; i < model->known_count; i++) {
        if (model->known_ids[i] == id) {
            rig_fail(model->rig, "id %llu has been used before", (unsigned long long)id);
        }
    }
    if (id == 0) {
        rig_fail(model->rig, "there is no id");
    }
    model->known_ids[model->known_count % COUNT_OF(model->known_ids)] = id;
    model->known_count = model->known_count == COUNT_OF(model->known_ids) ? model->known_count
                                                                          : model->known_count + 1;
}

/* REGISTER */

static inline void model_evict(struct model *model, struct model_registration *registration)
{
    for (unsigned i = 0; i < registration->count; i++) {
        unsigned player = registration->callees[i].player;
        if ((model->sessions[player].features & CALLEE_REVOCATION) != 0) {
            rig_expect(model->rig, player, 1, "[67,0,{\"registration\":%llu,\"reason\":\"*\"}]",
                       (unsigned long long)registration->id);
        }
    }
    model_registration_drop(model, registration);
}

/* The error of a REGISTER, or NULL. */
static inline const char *model_refuses(struct model *model,
                                        const struct step *step,
                                        struct model_registration *registration,
                                        bool force)
{
    if (model_offers(model, step->player) >= PER_SESSION_REGISTRATIONS) {
        return "unavailable";
    }
    if (registration == NULL || force) {
        return NULL;
    }
    if (model_callee(registration, step->player) != NULL) {
        return "procedure_already_exists";
    }
    if (registration->invoke != step->c % INVOKE_POLICIES) {
        return "procedure_exists_with_different_invocation_policy";
    }
    return registration->invoke == INVOKE_SINGLE ? "procedure_already_exists" : NULL;
}

static inline void model_registered(struct model *model,
                                    const struct step *step,
                                    struct model_registration *registration,
                                    uint64_t request)
{
    struct rig *rig = model->rig;
    const json_t *said = rig_find(rig, step->player, MESSAGE_REGISTERED, 1, request);
    uint64_t id = said == NULL ? 0 : number_in(said, 2);
    if (registration == NULL) {
        registration = &model->registrations[model->registration_count++];
        *registration =
            (struct model_registration){.id = id,
                                        .uri = pattern_uris[step->a % 3][step->b % PATTERNS],
                                        .match = step->a % 3,
                                        .invoke = step->c % INVOKE_POLICIES};
        model_new_id(model, id);
    }
    registration->callees[registration->count++] =
        (struct model_callee){.player = step->player,
                              .serial = ++model->serials,
                              .concurrency = step->c / 8 % 3,
                              .forward = step->c / 32 % 4 == 0,
                              .disclose = step->c / 128 % 4 == 0};
    rig_expect(rig, step->player, 0, "[65,%llu,%llu]", (unsigned long long)request,
               (unsigned long long)registration->id);
}

static inline void step_register(struct model *model, const struct step *step)
{
    unsigned match = step->a % 3;
    const char *uri = pattern_uris[match][step->b % PATTERNS];
    bool force = step->c / 512 % 8 == 0;
    uint64_t request = model_request(model, step->player);
    rig_say(model->rig, step->player,
            "[64,%llu,{\"match\":\"%s\",\"invoke\":\"%s\",\"concurrency\":%u,"
            "\"forward_timeout\":%s,\"disclose_caller\":%s,\"force_reregister\":%s},\"%s\"]",
            (unsigned long long)request, match_names[match], policies[step->c % INVOKE_POLICIES],
            step->c / 8 % 3, step->c / 32 % 4 == 0 ? "true" : "false",
            step->c / 128 % 4 == 0 ? "true" : "false", force ? "true" : "false", uri);
    model_pump(model);
    struct model_registration *registration = model_registration(model, uri, match);
    const char *error = model_refuses(model, step, registration, force);
    if (error != NULL) {
        model_error(model, step->player, MESSAGE_REGISTER, request, error);
        return;
    }
    if (registration != NULL && force) {
        model_evict(model, registration);
        registration = NULL;
    }
    model_registered(model, step, registration, request);
}

static inline void step_unregister(struct model *model, const struct step *step)
{
    uint64_t request = model_request(model, step->player);
    uint64_t id = step->a % 8 == 0 || model->registration_count == 0
                      ? model->known_ids[step->b % COUNT_OF(model->known_ids)]
                      : model->registrations[step->b % model->registration_count].id;
    id = id == 0 ? 1 : id;
    rig_say(model->rig, step->player, "[66,%llu,%llu]", (unsigned long long)request,
            (unsigned long long)id);
    model_pump(model);
    struct model_registration *registration = model_registration_by_id(model, id);
    if (registration == NULL || model_callee(registration, step->player) == NULL) {
        model_error(model, step->player, MESSAGE_UNREGISTER, request, "no_such_registration");
        return;
    }
    model_withdraw(model, registration, step->player);
    rig_expect(model->rig, step->player, 0, "[67,%llu]", (unsigned long long)request);
}

/* CALL */

static inline void
model_answer_error(struct model *model, struct model_call *call, const char *error)
{
    model_error(model, call->caller, MESSAGE_CALL, call->request, error);
    model_call_drop(model, call);
}

static inline void model_expect_invocation(struct model *model, const struct model_call *call)
{
    char caller[160] = "";
    if (call->told) {
        (void)snprintf(caller, sizeof(caller),
                       ",\"caller\":%llu,\"caller_authid\":\"anonymous\","
                       "\"caller_authrole\":\"anonymous\"",
                       (unsigned long long)model->sessions[call->caller].id);
    }
    rig_expect(model->rig, call->callee, 0, "[68,%llu,%llu,{\"procedure\":\"%s\"%s%s%s%s},[%llu]]",
               (unsigned long long)call->invocation, (unsigned long long)call->registration,
               call->uri, caller, call->progress ? ",\"receive_progress\":true" : "",
               call->more ? ",\"progress\":true" : "",
               call->forward && call->timed ? ",\"timeout\":50000" : "",
               (unsigned long long)call->tag);
}

/* To whom it goes now, or why to nobody. */
static inline void model_route(struct model *model, struct model_call *call)
{
    struct model_registration *registration = model_best(model, call->uri);
    call->offer = 0;
    const struct model_callee *callee =
        registration == NULL ? NULL : model_pick(model, call, registration);
    if (callee == NULL) {
        model_answer_error(model, call,
                           call->tried_count > 0  ? "no_available_callee"
                           : registration == NULL ? "no_such_procedure"
                                                  : "unavailable");
        return;
    }
    if (!model_able(model, call, callee->player)) {
        model_answer_error(model, call, "feature_not_supported");
        return;
    }
    call->kept = call->kept || registration->count > 1;
    call->callee = callee->player;
    call->offer = callee->serial;
    call->registration = registration->id;
    call->forward = callee->forward;
    call->told = call->disclosed || callee->disclose;
    call->invocation = ++model->sessions[callee->player].last_invocation;
    model_expect_invocation(model, call);
}

static inline void step_call(struct model *model, const struct step *step)
{
    struct model_call *call = &model->calls[model->call_count];
    *call = (struct model_call){.tag = ++model->tags,
                                .caller = step->player,
                                .request = model_request(model, step->player),
                                .uri = procedure_uris[step->a % PROCEDURES],
                                .disclosed = step->b % 4 != 0,
                                .timed = step->b / 4 % 2 == 0,
                                .progress = step->b / 8 % 3 == 0,
                                .chunked = step->b / 32 % 6 == 0,
                                .callee = PLAYERS};
    call->more = call->chunked;
    model->sessions[step->player].last_call = call->request;
    rig_say(model->rig, step->player,
            "[48,%llu,{\"disclose_me\":%s,\"receive_progress\":%s,\"progress\":%s,"
            "\"_routing_key\":%u%s},\"%s\",[%llu]]",
            (unsigned long long)call->request, call->disclosed ? "true" : "false",
            call->progress ? "true" : "false", call->chunked ? "true" : "false", step->c % 5,
            call->timed ? ",\"timeout\":50000" : "", call->uri, (unsigned long long)call->tag);
    model_pump(model);
    if (model_calls_of(model, step->player) >= PER_SESSION_CALLS) {
        model_error(model, step->player, MESSAGE_CALL, call->request, "unavailable");
        return;
    }
    model->call_count++;
    model_route(model, call);
}

/* One of the player's open calls, or NULL. */
static inline struct model_call *model_call_of(struct model *model, unsigned player, unsigned which)
{
    unsigned count = model_calls_of(model, player);
    if (count == 0) {
        return NULL;
    }
    which %= count;
    for (unsigned i = 0; i < model->call_count; i++) {
        if (model->calls[i].caller == player && which-- == 0) {
            return &model->calls[i];
        }
    }
    return NULL;
}

/* The next piece of a call, also of one that is over. */
static inline void step_piece(struct model *model, const struct step *step)
{
    struct model_call *call = model_call_of(model, step->player, step->a);
    bool more = step->b % 3 != 0;
    if (call == NULL) {
        uint64_t late = model->sessions[step->player].last_call;
        if (late != 0) {
            rig_say(model->rig, step->player, "[48,%llu,{\"progress\":true},\"a.b.c\",[0]]",
                    (unsigned long long)late);
            model_pump(model);
        }
        return;
    }
    if (!call->more) {
        return; /* that would be a violation */
    }
    call->more = more;
    call->tag = ++model->tags;
    rig_say(model->rig, step->player, "[48,%llu,{\"progress\":%s},\"%s\",[%llu]]",
            (unsigned long long)call->request, more ? "true" : "false", call->uri,
            (unsigned long long)call->tag);
    model_pump(model);
    model_expect_invocation(model, call);
}

static inline bool model_can_interrupt(const struct model *model, const struct model_call *call)
{
    return (model->sessions[call->callee].features & CALLEE_CANCELING) != 0;
}

static inline void
model_interrupt(struct model *model, const struct model_call *call, const char *details)
{
    if (model_can_interrupt(model, call)) {
        rig_expect(model->rig, call->callee, 0, "[69,%llu,{%s}]",
                   (unsigned long long)call->invocation, details);
    }
}

static inline void step_cancel(struct model *model, const struct step *step)
{
    static const char *const modes[] = {"skip", "kill", "killnowait"};
    struct model_call *call = model_call_of(model, step->player, step->a);
    uint64_t request = call == NULL ? model->sessions[step->player].last_call : call->request;
    if (request == 0) {
        return;
    }
    const char *mode = modes[step->b % 3];
    rig_say(model->rig, step->player, "[49,%llu,{\"mode\":\"%s\"}]", (unsigned long long)request,
            mode);
    model_pump(model);
    if (call == NULL) {
        return;
    }
    if (strcmp(mode, "kill") == 0 && model_can_interrupt(model, call)) {
        model_interrupt(model, call, "\"mode\":\"kill\"");
        call->killed = true;
        return;
    }
    if (strcmp(mode, "killnowait") == 0) {
        model_interrupt(model, call, "\"mode\":\"killnowait\"");
    }
    model_answer_error(model, call, "canceled");
}

/* The wheel brings the call's time forward. */
static inline void step_timeout(struct model *model, const struct step *step)
{
    struct model_call *known = model_call_of(model, step->player, step->a);
    if (known == NULL) {
        return;
    }
    struct session *session = model->rig->mouths[step->player].actor->session;
    rig_be(model->rig, rig_worker(model->rig, step->player));
    struct idlink *link = idtable_find(&session->calls, known->request);
    if (link == NULL) {
        rig_fail(model->rig, "the router has forgotten call %llu of p%u",
                 (unsigned long long)known->request, step->player);
    }
    struct call *call = CONTAINER_OF(link, struct call, link);
    if (!timer_active(&call->timer)) {
        rig_fail(model->rig, "a call has no time limit");
    }
    if (model->rig->aloud) {
        (void)fprintf(stderr, "    p%u: the time of call %llu is up\n", step->player,
                      (unsigned long long)known->request);
    }
    timer_stop(&call->timer);
    call->timer.fn(&call->timer);
    model_pump(model);
    model_interrupt(model, known, "\"mode\":\"killnowait\",\"reason\":\"wamp.error.timeout\"");
    model_answer_error(model, known, "timeout");
}

/* YIELD and ERROR */

/* One of its open invocations, or perhaps one of the past. */
static inline uint64_t model_some_invocation(const struct model *model, const struct step *step)
{
    uint64_t last = model->sessions[step->player].last_invocation;
    uint64_t open[MODEL_CALLS];
    unsigned count = 0;
    for (unsigned i = 0; i < model->call_count; i++) {
        if (model->calls[i].callee == step->player) {
            open[count++] = model->calls[i].invocation;
        }
    }
    if (count > 0 && step->a % 8 != 0) {
        return open[step->b % count];
    }
    return last == 0 ? 0 : 1 + step->b % last;
}

static inline void step_yield(struct model *model, const struct step *step)
{
    bool progress = step->c % 3 == 0;
    uint64_t invocation = model_some_invocation(model, step);
    if (invocation == 0) {
        return;
    }
    rig_say(model->rig, step->player, "[70,%llu,{\"progress\":%s},[%u]]",
            (unsigned long long)invocation, progress ? "true" : "false", step->c);
    model_pump(model);
    struct model_call *call = model_invocation(model, step->player, invocation);
    if (call == NULL || (progress && !call->progress)) {
        return;
    }
    rig_expect(model->rig, call->caller, 0, "[50,%llu,{%s},[%u]]",
               (unsigned long long)call->request, progress ? "\"progress\":true" : "", step->c);
    if (progress) {
        call->progressed = true;
    } else {
        model_call_drop(model, call);
    }
}

/* True when the callee that is not available can be passed over. */
static inline bool model_reroutes(const struct model *model, const struct model_call *call)
{
    return !call->chunked && !call->progressed && !call->killed &&
           (call->kept || (model->sessions[call->callee].features & CALLEE_REROUTE) != 0);
}

static inline void step_error(struct model *model, const struct step *step)
{
    bool unavailable = step->c % 2 == 0;
    const char *error = unavailable ? "wamp.error.unavailable" : "a.error";
    uint64_t invocation = model_some_invocation(model, step);
    if (invocation == 0) {
        return;
    }
    rig_say(model->rig, step->player, "[8,68,%llu,{},\"%s\",[%u]]", (unsigned long long)invocation,
            error, step->c);
    model_pump(model);
    struct model_call *call = model_invocation(model, step->player, invocation);
    if (call == NULL) {
        return;
    }
    if (!unavailable || !model_reroutes(model, call)) {
        rig_expect(model->rig, call->caller, 0, "[8,48,%llu,{},\"%s\",[%u]]",
                   (unsigned long long)call->request, error, step->c);
        model_call_drop(model, call);
        return;
    }
    call->tried[call->tried_count++] = model->sessions[call->callee].serial;
    call->callee = PLAYERS;
    if (call->kept) {
        model_route(model, call);
    } else {
        model_answer_error(model, call, "no_available_callee");
    }
}

#endif
