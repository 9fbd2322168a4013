/* router.h - the realms of this node and everything that lives in them.
 *
 * One per node. Live realms are made when first joined, if the rbac snapshot
 * knows the URI. Made before the workers start, freed after they are joined.
 */
#ifndef POSTERN_REALM_ROUTER_H
#define POSTERN_REALM_ROUTER_H

#include "base/str.h"
#include "loop/jobs.h"
#include "loop/snapshot.h"
#include "loop/worker.h"
#include "realm/builtin.h"
#include "realm/history.h"
#include "realm/retained.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct audit;
struct router;
struct auth_renewal;

/* Who called or published is told: unless disclose_me is false; only when it is true; never, and
 * asking for it is refused. The same numbers as enum conf_disclosure. */
enum disclosure { DISCLOSURE_ON, DISCLOSURE_ASKED, DISCLOSURE_OFF };

struct router_options {
    struct workers *workers;
    struct snapshot_slot *rbac;
    struct jobs *jobs;      /* where passwords are verified; NULL: none is */
    struct str auth_secret; /* 32 bytes: auth.h; else random ones */
    void (*auth_renew)(void *ctx, const struct auth_renewal *renewal); /* auth.h; or NULL */
    void *auth_renew_ctx;
    struct audit *audit;            /* gets logins that fail; may be NULL */
    struct snapshot_slot *tokens;   /* where tickets are found; NULL: there are none */
    bool tickets_unrecorded;        /* auth.h */
    const struct builtin *builtins; /* ends with a row without a function */
    struct str node_name;
    size_t queue_max;         /* bytes queued to one session: wamp.queue_max */
    bool queue_drops;         /* beyond it the oldest events go, else the session is closed */
    size_t message_max;       /* largest message accepted or sent */
    size_t sessions_max;      /* 0: unlimited */
    size_t registrations_max; /* per session */
    size_t subscriptions_max; /* per session */
    size_t calls_max;         /* per session, in flight */
    uint64_t call_timeout_ms; /* when the caller gives none */
    uint64_t call_timeout_max_ms;
    uint64_t hello_timeout_ms;
    bool any_request_ids; /* wamp.request_ids=lenient: clients number requests as they like */
    enum disclosure disclosure;
    struct retained_limits retained;
    struct history_limits history;
    size_t testaments_max;         /* per session */
    size_t testaments_bytes_max;   /* per session */
    const struct str *trust_rules; /* trust.h; copied */
    size_t trust_rule_count;
};

struct auth;
struct router *router_new(const struct router_options *options);
/* Of all logins of the node; as long as the router. */
struct auth *router_auth(struct router *router);
/* On every worker: GOODBYE wamp.close.system_shutdown to its sessions, new HELLOs aborted with
 * the same. Any thread. */
void router_shutdown(struct router *router);
void router_free(struct router *router);

#endif
