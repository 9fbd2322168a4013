/* builtin.h - procedures of the house (bondy.*, wamp.*): one table row each.
 *
 * The dealer looks here before the registry. A function runs on the caller's
 * worker, after the permission check, and answers at once or later, once.
 */
#ifndef POSTERN_REALM_BUILTIN_H
#define POSTERN_REALM_BUILTIN_H

#include "base/str.h"
#include "payload/payload.h"
#include "rbac/rbac.h"

#include <stdint.h>

struct router;
struct session;

struct builtin_call {
    struct router *router;
    struct str realm;
    const struct principal *principal;
    const struct payload *payload;
    uint64_t handle; /* for the answer; stays good on this worker until answered */
};

struct builtin {
    struct str procedure;
    void (*run)(const struct builtin_call *call);
};

/* On the worker the call came to. A caller that has gone meanwhile is no error. */
void builtin_answer(struct router *router, uint64_t handle, const struct payload *result);
void builtin_fail(struct router *router,
                  uint64_t handle,
                  struct str error,
                  const struct payload *details);

#endif
