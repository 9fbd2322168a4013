/* registry.c - registrations by pattern and by id. Whose turn it is: registry_pick.c. */
#include "realm/registry.h"

#include "base/clock.h"
#include "base/mem.h"
#include "realm/registry_inside.h"
#include "wamp/message.h"

#include <string.h>

static const struct str policy_names[INVOKE_POLICIES] = {
    [INVOKE_SINGLE] = STR_INIT("single"),
    [INVOKE_ROUNDROBIN] = STR_INIT("roundrobin"),
    [INVOKE_RANDOM] = STR_INIT("random"),
    [INVOKE_FIRST] = STR_INIT("first"),
    [INVOKE_LAST] = STR_INIT("last"),
    [INVOKE_LEAST_LOADED] = STR_INIT("queue_least_loaded"),
    [INVOKE_LEAST_LOADED_SAMPLE] = STR_INIT("queue_least_loaded_sample"),
    [INVOKE_JUMP_HASH] = STR_INIT("jump_consistent_hash"),
};

static const struct {
    struct str name;
    enum invoke_policy policy;
} policy_aliases[] = {
    {STR_INIT("qll"), INVOKE_LEAST_LOADED},
    {STR_INIT("qlls"), INVOKE_LEAST_LOADED_SAMPLE},
    {STR_INIT("jch"), INVOKE_JUMP_HASH},
};

bool invoke_policy_parse(struct str name, enum invoke_policy *out)
{
    for (unsigned i = 0; i < INVOKE_POLICIES; i++) {
        if (str_eq(name, policy_names[i])) {
            *out = (enum invoke_policy)i;
            return true;
        }
    }
    for (unsigned i = 0; i < COUNT_OF(policy_aliases); i++) {
        if (str_eq(name, policy_aliases[i].name)) {
            *out = policy_aliases[i].policy;
            return true;
        }
    }
    return false;
}

struct str invoke_policy_name(enum invoke_policy policy)
{
    return policy_names[policy];
}

void callee_load_unref(struct callee_load *load)
{
    if (load != NULL && atomic_fetch_sub_explicit(&load->refs, 1, memory_order_acq_rel) == 1) {
        mem_free(load);
    }
}

void callee_load_release(struct callee_load *load)
{
    (void)atomic_fetch_sub_explicit(&load->open, 1, memory_order_relaxed);
    callee_load_unref(load);
}

static struct callee_load *load_new(const struct registry_offer *offer)
{
    bool counted = offer->concurrency > 0 || offer->invoke == INVOKE_LEAST_LOADED ||
                   offer->invoke == INVOKE_LEAST_LOADED_SAMPLE;
    if (!counted) {
        return NULL;
    }
    struct callee_load *load = NEW(struct callee_load);
    atomic_init(&load->refs, 1);
    return load;
}

static struct str registration_uri(const struct registration *registration)
{
    return str_make(registration->uri, registration->uri_len);
}

static void registration_free(struct registration *registration)
{
    for (unsigned i = 0; i < registration->count; i++) {
        callee_load_unref(registration->callees[i].load);
    }
    if (registration->callees != &registration->only) {
        mem_free(registration->callees);
    }
    mem_free(registration);
}

void registry_init(struct registry *registry)
{
    patterns_init(&registry->patterns);
    idmap_init(&registry->by_id);
}

void registry_done(struct registry *registry)
{
    size_t cursor = 0;
    const struct idmap_slot *slot = NULL;
    while ((slot = idmap_next(&registry->by_id, &cursor)) != NULL) {
        registration_free(slot->value);
    }
    patterns_done(&registry->patterns);
    idmap_done(&registry->by_id);
}

static struct registration *registration_new(struct registry *registry,
                                             const struct registry_offer *offer)
{
    struct registration *registration = mem_calloc(1, sizeof(*registration) + offer->uri.len);
    do {
        registration->id = wamp_id_random();
    } while (idmap_get(&registry->by_id, registration->id) != NULL);
    registration->created_ms = clock_wall_ms();
    registration->callees = &registration->only;
    registration->uri_len = offer->uri.len;
    if (offer->uri.len > 0) {
        memcpy(registration->uri, offer->uri.ptr, offer->uri.len);
    }
    registration->match = offer->match;
    registration->invoke = offer->invoke;
    patterns_put(&registry->patterns, registration_uri(registration), offer->match, registration);
    (void)idmap_put(&registry->by_id, registration->id, registration);
    return registration;
}

static void registration_drop(struct registry *registry, struct registration *registration)
{
    patterns_remove(&registry->patterns, registration_uri(registration), registration->match);
    (void)idmap_remove(&registry->by_id, registration->id);
    registration_free(registration);
}

static enum registry_result registration_refuses(const struct registration *registration,
                                                 const struct registry_offer *offer)
{
    for (unsigned i = 0; i < registration->count; i++) {
        if (handle_eq(registration->callees[i].session, offer->session)) {
            return REGISTRY_MINE;
        }
    }
    if (registration->invoke != offer->invoke) {
        return REGISTRY_OTHER_POLICY;
    }
    return offer->invoke == INVOKE_SINGLE ? REGISTRY_TAKEN : REGISTRY_OK;
}

static void registration_evict(struct registry *registry,
                               struct registration *registration,
                               struct registry_added *out)
{
    out->replaced_id = registration->id;
    out->evicted = NEW_ARRAY(struct registry_evicted, registration->count);
    out->evicted_count = registration->count;
    for (unsigned i = 0; i < registration->count; i++) {
        out->evicted[i] =
            (struct registry_evicted){.session = registration->callees[i].session,
                                      .session_id = registration->callees[i].session_id};
    }
    registration_drop(registry, registration);
}

/* Room for one more, in powers of two. */
static void callees_grow(struct registration *registration)
{
    unsigned count = registration->count;
    if (count == 0 || (count & (count - 1)) != 0) {
        return;
    }
    bool first = registration->callees == &registration->only;
    struct callee *callees =
        mem_realloc(first ? NULL : registration->callees, 2 * (size_t)count * sizeof(*callees));
    if (first) {
        callees[0] = registration->only;
    }
    registration->callees = callees;
}

enum registry_result registry_add(struct registry *registry,
                                  const struct registry_offer *offer,
                                  struct registry_added *out)
{
    struct registration *registration = patterns_get(&registry->patterns, offer->uri, offer->match);
    struct registry_added added = {0};
    if (registration != NULL && offer->force) {
        registration_evict(registry, registration, &added);
        registration = NULL;
    } else if (registration != NULL) {
        enum registry_result refused = registration_refuses(registration, offer);
        if (refused != REGISTRY_OK) {
            out->rival =
                registration->count == 1 ? registration->callees[0].session : (struct handle){0};
            return refused;
        }
    }
    if (registration == NULL) {
        registration = registration_new(registry, offer);
        added.created = true;
    }
    unsigned count = registration->count;
    callees_grow(registration);
    registration->callees[count] = (struct callee){.session = offer->session,
                                                   .session_id = offer->session_id,
                                                   .features = offer->features,
                                                   .concurrency = offer->concurrency,
                                                   .forward_timeout = offer->forward_timeout,
                                                   .disclose_caller = offer->disclose_caller,
                                                   .load = load_new(offer)};
    registration->count = count + 1;
    added.id = registration->id;
    added.created_ms = registration->created_ms;
    *out = added;
    return REGISTRY_OK;
}

bool registry_remove(struct registry *registry, uint64_t id, uint64_t session_id)
{
    struct registration *registration = idmap_get(&registry->by_id, id);
    if (registration == NULL) {
        return false;
    }
    unsigned at = 0;
    while (at < registration->count && registration->callees[at].session_id != session_id) {
        at++;
    }
    if (at == registration->count) {
        return false;
    }
    callee_load_unref(registration->callees[at].load);
    registration->count--;
    memmove(&registration->callees[at], &registration->callees[at + 1],
            (registration->count - at) * sizeof(registration->callees[0]));
    if (registration->count == 0) {
        registration_drop(registry, registration);
    }
    return true;
}

bool registry_facts(const struct registry *registry, uint64_t id, struct registry_facts *out)
{
    const struct registration *registration = idmap_get(&registry->by_id, id);
    if (registration == NULL) {
        return false;
    }
    *out = (struct registry_facts){.id = id,
                                   .created_ms = registration->created_ms,
                                   .uri = registration_uri(registration),
                                   .match = registration->match,
                                   .invoke = registration->invoke,
                                   .callees = registration->count};
    return true;
}

bool registry_callee(const struct registry *registry,
                     uint64_t id,
                     uint64_t session_id,
                     struct handle *out)
{
    const struct registration *registration = idmap_get(&registry->by_id, id);
    for (unsigned i = 0; registration != NULL && i < registration->count; i++) {
        if (registration->callees[i].session_id == session_id) {
            *out = registration->callees[i].session;
            return true;
        }
    }
    return false;
}

enum registry_answer registry_find(const struct registry *registry,
                                   const struct registry_ask *ask,
                                   struct registry_pick *out)
{
    struct registration *registration = patterns_best(&registry->patterns, ask->uri);
    if (registration == NULL) {
        return REGISTRY_NOBODY;
    }
    const struct callee *callee = registration_pick(registration, ask);
    if (callee == NULL) {
        return REGISTRY_BUSY;
    }
    *out = (struct registry_pick){
        .registration = registration->id,
        .session = callee->session,
        .features = callee->features,
        .forward_timeout = callee->forward_timeout,
        .disclose_caller = callee->disclose_caller,
        .others = registration->count > 1,
        .load = callee->load,
    };
    return REGISTRY_FOUND;
}
