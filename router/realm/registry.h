/* registry.h - who answers which procedure: the registrations of one realm.
 *
 * Shared by all workers behind the realm's lock (realm.c takes it). A callee is added
 * by the worker that owns its session, and removed by that or, when its registration
 * is revoked, by any; the owner hears of it then (revocation.c). Looking up copies out
 * what is needed, so that nothing of this is used without the lock.
 */
#ifndef POSTERN_REALM_REGISTRY_H
#define POSTERN_REALM_REGISTRY_H

#include "base/map.h"
#include "base/str.h"
#include "realm/id_list.h"
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
    INVOKE_LEAST_LOADED,        /* fewest calls open, of all */
    INVOKE_LEAST_LOADED_SAMPLE, /* the same, of two drawn at random */
    INVOKE_JUMP_HASH,           /* by the caller's routing key */
    INVOKE_POLICIES
};

/* False for a name that is none. */
bool invoke_policy_parse(struct str name, enum invoke_policy *out);
struct str invoke_policy_name(enum invoke_policy policy);

struct registry {
    struct patterns patterns;
    struct idmap by_id;
};

struct registry_offer {
    struct str uri;
    enum match_policy match;
    enum invoke_policy invoke;
    struct handle session;
    uint64_t session_id;
    unsigned features;    /* of the callee: enum peer_feature */
    unsigned concurrency; /* calls that it takes at a time; 0: any number */
    bool forward_timeout; /* it times calls out itself */
    bool disclose_caller; /* it is always told who calls */
    bool force;           /* whoever offers it now does so no more */
};

enum registry_result {
    REGISTRY_OK,
    REGISTRY_MINE,         /* this session offers it already */
    REGISTRY_TAKEN,        /* another one does, and it is not to be shared */
    REGISTRY_OTHER_POLICY, /* it is offered with another invocation policy */
};

/* A session that had to go. */
struct registry_evicted {
    struct handle session;
    uint64_t session_id;
};

enum registry_removal { REGISTRY_REMOVED, REGISTRY_NO_CALLEE, REGISTRY_NO_REGISTRATION };

struct registry_added {
    uint64_t id;
    uint64_t created_ms;
    bool created;                     /* it is new, not shared */
    uint64_t replaced_id;             /* the registration that had to go, with all of these; or 0 */
    struct registry_evicted *evicted; /* the caller's to free; NULL: none */
    size_t evicted_count;
    struct handle rival; /* when refused: the callee that is in the way, if it is one alone */
};

/* The calls open at one callee. Counted only where somebody asks: by a limit or a policy. */
struct callee_load;
void callee_load_release(struct callee_load *load);

/* What a call wants. */
struct registry_ask {
    struct str uri;
    bool keyed;
    uint64_t key;               /* for INVOKE_JUMP_HASH: the hash of a routing key */
    const struct handle *tried; /* not these again */
    size_t tried_count;
};

enum registry_answer {
    REGISTRY_NOBODY, /* no such procedure */
    REGISTRY_BUSY,   /* all have as many calls as they take, or have been tried */
    REGISTRY_FOUND,
};

/* What there is to say of a registration; texts are borrowed from it. */
struct registry_facts {
    uint64_t id;
    uint64_t created_ms;
    struct str uri;
    enum match_policy match;
    enum invoke_policy invoke;
    size_t callees;
};

/* Where a call goes. */
struct registry_pick {
    uint64_t registration;
    struct handle session;
    unsigned features;
    bool forward_timeout;
    bool disclose_caller;
    bool others;              /* it is not the only one */
    struct callee_load *load; /* to be released when the call is over; NULL: not counted */
};

void registry_init(struct registry *registry);
void registry_done(struct registry *registry);

enum registry_result registry_add(struct registry *registry,
                                  const struct registry_offer *offer,
                                  struct registry_added *out);
/* False when that session does not offer it. With the last one the registration goes. */
bool registry_remove(struct registry *registry, uint64_t id, uint64_t session_id);
/* The session with this id, if it is one of the callees. */
bool registry_callee(const struct registry *registry,
                     uint64_t id,
                     uint64_t session_id,
                     struct handle *out);
bool registry_facts(const struct registry *registry, uint64_t id, struct registry_facts *out);
/* Safe for several readers at once. */
enum registry_answer registry_find(const struct registry *registry,
                                   const struct registry_ask *ask,
                                   struct registry_pick *out);

/* registry_view.c: for the meta API. All ids by match policy; the id of that very registration, or
 * of the one that a call goes to, or 0; the session ids of its callees, false when it is none. */
void registry_list(const struct registry *registry, struct id_list out[MATCH_POLICIES]);
uint64_t registry_lookup(const struct registry *registry, struct str uri, enum match_policy match);
uint64_t registry_match(const struct registry *registry, struct str uri);
bool registry_callees(const struct registry *registry, uint64_t id, struct id_list *out);

#endif
