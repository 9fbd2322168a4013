/* registry.c - registrations by pattern and by id, and whose turn it is. */
#include "realm/registry.h"

#include "base/mem.h"
#include "base/random.h"
#include "wamp/message.h"

#include <stdatomic.h>
#include <string.h>

struct callee {
    struct handle session;
    bool cancels;
};

struct registration {
    uint64_t id;
    char *uri;
    size_t uri_len;
    enum match_policy match;
    enum invoke_policy invoke;
    struct callee *callees; /* in order of arrival */
    unsigned count;
    atomic_uint turn;
};

static const struct str policy_names[INVOKE_POLICIES] = {
    [INVOKE_SINGLE] = STR_INIT("single"), [INVOKE_ROUNDROBIN] = STR_INIT("roundrobin"),
    [INVOKE_RANDOM] = STR_INIT("random"), [INVOKE_FIRST] = STR_INIT("first"),
    [INVOKE_LAST] = STR_INIT("last"),
};

bool invoke_policy_parse(struct str name, enum invoke_policy *out)
{
    for (unsigned i = 0; i < INVOKE_POLICIES; i++) {
        if (str_eq(name, policy_names[i])) {
            *out = (enum invoke_policy)i;
            return true;
        }
    }
    return false;
}

static bool handle_eq(struct handle a, struct handle b)
{
    return a.worker == b.worker && a.slot == b.slot && a.generation == b.generation;
}

static struct str registration_uri(const struct registration *registration)
{
    return str_make(registration->uri, registration->uri_len);
}

static void registration_free(struct registration *registration)
{
    mem_free(registration->callees);
    mem_free(registration->uri);
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
    struct registration *registration = NEW(struct registration);
    do {
        registration->id = wamp_id_random();
    } while (idmap_get(&registry->by_id, registration->id) != NULL);
    registration->uri = str_dup(offer->uri);
    registration->uri_len = offer->uri.len;
    registration->match = offer->match;
    registration->invoke = offer->invoke;
    patterns_put(&registry->patterns, registration_uri(registration), offer->match, registration);
    (void)idmap_put(&registry->by_id, registration->id, registration);
    return registration;
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

enum registry_result
registry_add(struct registry *registry, const struct registry_offer *offer, uint64_t *out_id)
{
    struct registration *registration = patterns_get(&registry->patterns, offer->uri, offer->match);
    if (registration != NULL) {
        enum registry_result refused = registration_refuses(registration, offer);
        if (refused != REGISTRY_OK) {
            return refused;
        }
    } else {
        registration = registration_new(registry, offer);
    }
    unsigned count = registration->count;
    if ((count & (count - 1)) == 0) { /* room for the next power of two */
        size_t cap = count == 0 ? 1 : (size_t)count * 2;
        registration->callees =
            mem_realloc(registration->callees, cap * sizeof(registration->callees[0]));
    }
    registration->callees[count] =
        (struct callee){.session = offer->session, .cancels = offer->cancels};
    registration->count = count + 1;
    *out_id = registration->id;
    return REGISTRY_OK;
}

bool registry_remove(struct registry *registry, uint64_t id, struct handle session)
{
    struct registration *registration = idmap_get(&registry->by_id, id);
    if (registration == NULL) {
        return false;
    }
    unsigned at = 0;
    while (at < registration->count && !handle_eq(registration->callees[at].session, session)) {
        at++;
    }
    if (at == registration->count) {
        return false;
    }
    registration->count--;
    memmove(&registration->callees[at], &registration->callees[at + 1],
            (registration->count - at) * sizeof(registration->callees[0]));
    if (registration->count == 0) {
        patterns_remove(&registry->patterns, registration_uri(registration), registration->match);
        (void)idmap_remove(&registry->by_id, id);
        registration_free(registration);
    }
    return true;
}

static unsigned choose(struct registration *registration)
{
    switch (registration->invoke) {
    case INVOKE_ROUNDROBIN:
        return atomic_fetch_add_explicit(&registration->turn, 1, memory_order_relaxed) %
               registration->count;
    case INVOKE_RANDOM:
        return (unsigned)random_below(registration->count);
    case INVOKE_LAST:
        return registration->count - 1;
    default:
        return 0;
    }
}

bool registry_find(const struct registry *registry, struct str uri, struct registry_pick *out)
{
    struct registration *registration = patterns_best(&registry->patterns, uri);
    if (registration == NULL) {
        return false;
    }
    const struct callee *callee = &registration->callees[choose(registration)];
    *out = (struct registry_pick){
        .registration = registration->id, .session = callee->session, .cancels = callee->cancels};
    return true;
}
