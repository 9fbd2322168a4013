/* registry.h - who answers which procedure: the registrations of one realm.
 *
 * Shared by all workers behind the realm's lock (realm.c takes it). An entry's
 * callee is added and removed only by the worker that owns its session. Looking
 * up copies out what is needed, so that nothing of this is used without the lock.
 */
#ifndef POSTERN_REALM_REGISTRY_H
#define POSTERN_REALM_REGISTRY_H

#include "base/map.h"
#include "base/str.h"
#include "realm/patterns.h"
#include "realm/slots.h"
#include "wamp/uri.h"

#include <stdbool.h>
#include <stdint.h>

enum invoke_policy {
    INVOKE_SINGLE,
    INVOKE_ROUNDROBIN,
    INVOKE_RANDOM,
    INVOKE_FIRST,
    INVOKE_LAST,
    INVOKE_POLICIES
};

/* False for a name that is none. */
bool invoke_policy_parse(struct str name, enum invoke_policy *out);

struct registry {
    struct patterns patterns;
    struct idmap by_id;
};

struct registry_offer {
    struct str uri;
    enum match_policy match;
    enum invoke_policy invoke;
    struct handle session;
    bool cancels; /* the callee understands INTERRUPT */
};

enum registry_result {
    REGISTRY_OK,
    REGISTRY_MINE,         /* this session offers it already */
    REGISTRY_TAKEN,        /* another one does, and it is not to be shared */
    REGISTRY_OTHER_POLICY, /* it is offered with another invocation policy */
};

/* Where a call goes. */
struct registry_pick {
    uint64_t registration;
    struct handle session;
    bool cancels;
};

void registry_init(struct registry *registry);
void registry_done(struct registry *registry);

enum registry_result
registry_add(struct registry *registry, const struct registry_offer *offer, uint64_t *out_id);
/* False when that session does not offer it. */
bool registry_remove(struct registry *registry, uint64_t id, struct handle session);
/* Safe for several readers at once. */
bool registry_find(const struct registry *registry, struct str uri, struct registry_pick *out);

#endif
