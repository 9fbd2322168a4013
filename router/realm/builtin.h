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

struct builtin;
struct router;
struct seat;
struct session;

/* Everything is borrowed for the call, `handle` excepted. */
struct builtin_call {
    struct router *router;
    const struct builtin *builtin; /* as which it was called */
    struct str realm;              /* that it is about */
    struct str home;               /* whose user the caller is */
    struct seat *seat;             /* the realm as this worker has it */
    struct session *session;       /* the caller, or NULL: in-process */
    uint64_t caller;               /* its session id, or 0 */
    const struct principal *principal;
    struct slice options; /* of the CALL; may be none */
    const struct payload *payload;
    uint64_t handle; /* for the answer; stays good on this worker until answered */
};

struct builtin {
    struct str procedure; /* of a reserved namespace */
    void (*run)(const struct builtin_call *call);
    void *ctx; /* its owner's */
};

/* On the worker the call came to. A caller that has gone meanwhile is no error. */
void builtin_answer(struct router *router, uint64_t handle, const struct payload *result);
void builtin_fail(struct router *router,
                  uint64_t handle,
                  struct str error,
                  const struct payload *details);
/* While it runs: `gone` is called, once, when the call ends before it has been answered: its caller
 * has left, or canceled, or its time is up. Not after an answer, and not when the router ends. */
void builtin_on_gone(struct router *router, uint64_t handle, void (*gone)(void *ctx), void *ctx);
/* The router itself publishes in a realm: nobody is asked whether it may. `topic` is static and
 * of a reserved namespace. Any worker. A realm that is not there has nobody who listens. */
void builtin_announce(struct router *router,
                      struct str realm,
                      struct str topic,
                      const struct payload *payload);

#endif
