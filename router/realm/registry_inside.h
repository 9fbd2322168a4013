/* registry_inside.h - a registration and its callees. Only for registry*.c. */
#ifndef POSTERN_REALM_REGISTRY_INSIDE_H
#define POSTERN_REALM_REGISTRY_INSIDE_H

#include "realm/registry.h"

#include <stdatomic.h>

/* Outlives its callee while calls are open: each holds a reference, the callee another one. */
struct callee_load {
    atomic_uint refs;
    atomic_uint open;
};

struct callee {
    struct handle session;
    uint64_t session_id;
    unsigned features;
    unsigned concurrency;
    bool forward_timeout;
    bool disclose_caller;
    struct callee_load *load; /* NULL: nobody asks */
};

/* Most have one callee; it and the URI stand in the same block, because each call comes here and
 * would wait for memory once for each of them. */
struct registration {
    uint64_t id;
    struct callee *callees; /* in order of arrival; `only` until there is a second */
    unsigned count;
    atomic_uint turn;
    enum match_policy match;
    enum invoke_policy invoke;
    struct callee only;
    uint64_t created_ms;
    size_t uri_len;
    char uri[];
};

void callee_load_unref(struct callee_load *load);
/* The callee whose turn it is, counted, or NULL. registry_pick.c */
const struct callee *registration_pick(struct registration *registration,
                                       const struct registry_ask *ask);

static inline bool handle_eq(struct handle a, struct handle b)
{
    return a.worker == b.worker && a.slot == b.slot && a.generation == b.generation;
}

#endif
