/* model.h - what a dealer and a broker have to do, as plainly as it can be said.
 *
 * For test_model.c: arrays and linear search, no cleverness. Nothing here speaks to a router.
 */
#ifndef POSTERN_TESTS_MODEL_H
#define POSTERN_TESTS_MODEL_H

#include "model_rig.h"
#include "realm/dealer.h"
#include "realm/peer_features.h"
#include "realm/session_inside.h"

enum {
    MODEL_REGISTRATIONS = 64,
    MODEL_CALLS = 64,
    MODEL_SUBSCRIPTIONS = 64,
    PER_SESSION_REGISTRATIONS = 4,
    PER_SESSION_SUBSCRIPTIONS = 4,
    PER_SESSION_CALLS = 4,
    TOPICS = 4,
    EVENTS_FOR_SOME = 8, /* retained of one topic above the one for everybody */
};

struct model_session {
    bool joined;
    bool connected;
    uint64_t serial; /* of its connection */
    uint64_t id;
    uint64_t last_request;
    uint64_t last_invocation;
    uint64_t last_call; /* request id, perhaps of a call that has ended */
    unsigned features;
};

struct model_callee {
    unsigned player;
    uint64_t serial; /* of this very offer */
    unsigned concurrency;
    bool forward;
    bool disclose;
};

struct model_registration {
    uint64_t id;
    const char *uri;
    unsigned match;
    unsigned invoke;
    unsigned turn;
    unsigned count;
    struct model_callee callees[PLAYERS];
};

struct model_call {
    uint64_t tag; /* its first argument */
    unsigned caller;
    uint64_t request;
    const char *uri;
    bool disclosed;
    bool timed;
    bool progress;
    bool chunked;
    bool more;
    bool kept; /* it can be given to another */
    bool killed;
    bool progressed;
    unsigned callee;
    uint64_t offer; /* serial of the callee's offer */
    uint64_t registration;
    uint64_t invocation;
    bool forward;
    bool told; /* the callee knows who calls */
    uint64_t tried[PLAYERS * 8];
    unsigned tried_count;
};

struct model_subscription {
    uint64_t id;
    const char *uri;
    unsigned match;
    bool members[PLAYERS];
};

struct model_event {
    uint64_t publication;
    uint64_t tag;
    bool open; /* for everybody */
    bool disclosed;
    uint64_t publisher; /* session id */
    uint64_t except;    /* session id, or 0 */
    uint64_t for_ids[PLAYERS];
    bool has_eligible;
    uint64_t not_ids[PLAYERS];
};

struct model_retained {
    unsigned count; /* newest first */
    struct model_event events[EVENTS_FOR_SOME + 2];
};

struct model {
    struct rig *rig;
    struct model_session sessions[PLAYERS];
    struct model_registration registrations[MODEL_REGISTRATIONS];
    unsigned registration_count;
    struct model_call calls[MODEL_CALLS];
    unsigned call_count;
    struct model_subscription subscriptions[MODEL_SUBSCRIPTIONS];
    unsigned subscription_count;
    struct model_retained retained[TOPICS];
    uint64_t serials;
    uint64_t tags;
    uint64_t known_ids[256]; /* of registrations and subscriptions, also of the past */
    unsigned known_count;
};

static const char *const match_names[] = {"exact", "prefix", "wildcard"};
static const char *const policies[] = {"single",
                                       "roundrobin",
                                       "random",
                                       "first",
                                       "last",
                                       "queue_least_loaded",
                                       "queue_least_loaded_sample",
                                       "jump_consistent_hash"};

/* By player: who understands what. */
static inline unsigned model_features(unsigned player)
{
    unsigned features = CALLER_PROGRESSIVE_CALLS;
    features |= player % 4 != 3 ? (unsigned)CALLEE_CANCELING : 0u;
    features |= player % 2 == 0 ? (unsigned)CALLEE_PROGRESSIVE_CALLS : 0u;
    features |= player % 3 == 0 ? (unsigned)(CALLEE_REVOCATION | SUBSCRIBER_REVOCATION) : 0u;
    features |= player == 5 ? (unsigned)CALLEE_REROUTE : 0u;
    return features;
}

/* URIs */

static inline bool part_fits(const char *pattern, size_t pattern_len, const char *uri, size_t len)
{
    return pattern_len == 0 || (pattern_len == len && memcmp(pattern, uri, len) == 0);
}

static inline bool wildcard_fits(const char *pattern, const char *uri)
{
    for (;;) {
        size_t pattern_len = strcspn(pattern, ".");
        size_t len = strcspn(uri, ".");
        if (!part_fits(pattern, pattern_len, uri, len)) {
            return false;
        }
        pattern += pattern_len;
        uri += len;
        if (*pattern == '\0' || *uri == '\0') {
            return *pattern == *uri;
        }
        pattern++;
        uri++;
    }
}

static inline bool model_fits(const char *pattern, unsigned match, const char *uri)
{
    switch (match) {
    case MATCH_EXACT:
        return strcmp(pattern, uri) == 0;
    case MATCH_PREFIX:
        return strncmp(pattern, uri, strlen(pattern)) == 0;
    default:
        return wildcard_fits(pattern, uri);
    }
}

/* Of two wildcard patterns that fit: the one that names the first component where they differ. */
static inline bool wildcard_better(const char *one, const char *other)
{
    while (*one == *other && *one != '\0') {
        one++;
        other++;
    }
    return *one != '.' && *one != '\0';
}

static inline bool model_better(const struct model_registration *one,
                                const struct model_registration *other)
{
    if (other == NULL || one->match != other->match) {
        return other == NULL || one->match < other->match;
    }
    return one->match == MATCH_PREFIX ? strlen(one->uri) > strlen(other->uri)
                                      : wildcard_better(one->uri, other->uri);
}

static inline struct model_registration *model_best(struct model *model, const char *uri)
{
    struct model_registration *best = NULL;
    for (unsigned i = 0; i < model->registration_count; i++) {
        struct model_registration *at = &model->registrations[i];
        if (model_fits(at->uri, at->match, uri) && model_better(at, best)) {
            best = at;
        }
    }
    return best;
}

/* Registrations */

static inline struct model_registration *
model_registration(struct model *model, const char *uri, unsigned match)
{
    for (unsigned i = 0; i < model->registration_count; i++) {
        struct model_registration *at = &model->registrations[i];
        if (at->match == match && strcmp(at->uri, uri) == 0) {
            return at;
        }
    }
    return NULL;
}

static inline struct model_registration *model_registration_by_id(struct model *model, uint64_t id)
{
    for (unsigned i = 0; i < model->registration_count; i++) {
        if (model->registrations[i].id == id) {
            return &model->registrations[i];
        }
    }
    return NULL;
}

static inline struct model_callee *model_callee(struct model_registration *registration,
                                                unsigned player)
{
    for (unsigned i = 0; i < registration->count; i++) {
        if (registration->callees[i].player == player) {
            return &registration->callees[i];
        }
    }
    return NULL;
}

static inline unsigned model_offers(struct model *model, unsigned player)
{
    unsigned count = 0;
    for (unsigned i = 0; i < model->registration_count; i++) {
        count += model_callee(&model->registrations[i], player) != NULL ? 1 : 0;
    }
    return count;
}

static inline void model_registration_drop(struct model *model,
                                           struct model_registration *registration)
{
    model->registration_count--;
    *registration = model->registrations[model->registration_count];
}

static inline void
model_withdraw(struct model *model, struct model_registration *registration, unsigned player)
{
    struct model_callee *callee = model_callee(registration, player);
    size_t at = (size_t)(callee - registration->callees);
    registration->count--;
    memmove(callee, callee + 1, (registration->count - at) * sizeof(*callee));
    if (registration->count == 0) {
        model_registration_drop(model, registration);
    }
}

/* Calls */

static inline unsigned model_open_at(const struct model *model, uint64_t offer)
{
    unsigned open = 0;
    for (unsigned i = 0; i < model->call_count; i++) {
        open += model->calls[i].offer == offer ? 1 : 0;
    }
    return open;
}

static inline unsigned model_calls_of(const struct model *model, unsigned player)
{
    unsigned count = 0;
    for (unsigned i = 0; i < model->call_count; i++) {
        count += model->calls[i].caller == player ? 1 : 0;
    }
    return count;
}

static inline void model_call_drop(struct model *model, struct model_call *call)
{
    model->call_count--;
    *call = model->calls[model->call_count];
}

static inline struct model_call *
model_invocation(struct model *model, unsigned player, uint64_t invocation)
{
    for (unsigned i = 0; i < model->call_count; i++) {
        if (model->calls[i].callee == player && model->calls[i].invocation == invocation) {
            return &model->calls[i];
        }
    }
    return NULL;
}

/* Whether this callee can take that call now. */
static inline bool model_takes(const struct model *model,
                               const struct model_call *call,
                               const struct model_callee *callee)
{
    for (unsigned i = 0; i < call->tried_count; i++) {
        if (call->tried[i] == model->sessions[callee->player].serial) {
            return false;
        }
    }
    return callee->concurrency == 0 || model_open_at(model, callee->serial) < callee->concurrency;
}

static inline const struct model_callee *model_from(const struct model *model,
                                                    const struct model_call *call,
                                                    const struct model_registration *registration,
                                                    unsigned start)
{
    for (unsigned i = 0; i < registration->count; i++) {
        const struct model_callee *callee =
            &registration->callees[(start + i) % registration->count];
        if (model_takes(model, call, callee)) {
            return callee;
        }
    }
    return NULL;
}

static inline const struct model_callee *model_last(const struct model *model,
                                                    const struct model_call *call,
                                                    const struct model_registration *registration)
{
    for (unsigned i = registration->count; i > 0; i--) {
        if (model_takes(model, call, &registration->callees[i - 1])) {
            return &registration->callees[i - 1];
        }
    }
    return NULL;
}

static inline const struct model_callee *model_idlest(const struct model *model,
                                                      const struct model_call *call,
                                                      const struct model_registration *registration,
                                                      unsigned start)
{
    const struct model_callee *best = NULL;
    for (unsigned i = 0; i < registration->count; i++) {
        const struct model_callee *callee =
            &registration->callees[(start + i) % registration->count];
        if (model_takes(model, call, callee) &&
            (best == NULL ||
             model_open_at(model, callee->serial) < model_open_at(model, best->serial))) {
            best = callee;
        }
    }
    return best;
}

/* Has it announced what the call needs? */
static inline bool
model_able(const struct model *model, const struct model_call *call, unsigned player)
{
    unsigned needs = call->chunked ? (unsigned)(CALLEE_PROGRESSIVE_CALLS | CALLEE_CANCELING) : 0u;
    return (model->sessions[player].features & needs) == needs;
}

/* The one that got it, for policies that leave it to chance. */
static inline const struct model_callee *model_seen(const struct model *model,
                                                    const struct model_call *call,
                                                    const struct model_registration *registration)
{
    for (unsigned i = 0; i < registration->count; i++) {
        const struct model_callee *callee = &registration->callees[i];
        const json_t *seen = rig_find(model->rig, callee->player, MESSAGE_INVOCATION, 1,
                                      model->sessions[callee->player].last_invocation + 1);
        if (seen != NULL && model_takes(model, call, callee) &&
            number_in(json_array_get(seen, 4), 0) == call->tag) {
            return callee;
        }
    }
    for (unsigned i = 0; i < registration->count; i++) { /* or it was not fit for it */
        const struct model_callee *callee = &registration->callees[i];
        if (model_takes(model, call, callee) && !model_able(model, call, callee->player)) {
            return callee;
        }
    }
    return model_from(model, call, registration, 0);
}

static inline const struct model_callee *model_pick(const struct model *model,
                                                    const struct model_call *call,
                                                    struct model_registration *registration)
{
    if (registration->count == 1) {
        return model_from(model, call, registration, 0);
    }
    switch (registration->invoke) {
    case INVOKE_ROUNDROBIN:
        return model_from(model, call, registration, registration->turn++ % registration->count);
    case INVOKE_LEAST_LOADED:
        return model_idlest(model, call, registration, registration->turn++ % registration->count);
    case INVOKE_LAST:
        return model_last(model, call, registration);
    case INVOKE_FIRST:
    case INVOKE_SINGLE:
        return model_from(model, call, registration, 0);
    default:
        return model_seen(model, call, registration);
    }
}

/* Subscriptions */

static inline struct model_subscription *
model_subscription(struct model *model, const char *uri, unsigned match)
{
    for (unsigned i = 0; i < model->subscription_count; i++) {
        struct model_subscription *at = &model->subscriptions[i];
        if (at->match == match && strcmp(at->uri, uri) == 0) {
            return at;
        }
    }
    return NULL;
}

static inline struct model_subscription *model_subscription_by_id(struct model *model, uint64_t id)
{
    for (unsigned i = 0; i < model->subscription_count; i++) {
        if (model->subscriptions[i].id == id) {
            return &model->subscriptions[i];
        }
    }
    return NULL;
}

static inline unsigned model_memberships(const struct model *model, unsigned player)
{
    unsigned count = 0;
    for (unsigned i = 0; i < model->subscription_count; i++) {
        count += model->subscriptions[i].members[player] ? 1 : 0;
    }
    return count;
}

static inline void
model_unsubscribe(struct model *model, struct model_subscription *subscription, unsigned player)
{
    subscription->members[player] = false;
    for (unsigned i = 0; i < PLAYERS; i++) {
        if (subscription->members[i]) {
            return;
        }
    }
    model->subscription_count--;
    *subscription = model->subscriptions[model->subscription_count];
}

#endif
