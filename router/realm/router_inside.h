/* router_inside.h - the router and its part on each worker. Only for this folder.
 *
 * A shard is touched by its worker alone. What several workers touch is the map
 * of live realms (under `lock`), each realm's tables (realm.h) and the counter.
 */
#ifndef POSTERN_REALM_ROUTER_INSIDE_H
#define POSTERN_REALM_ROUTER_INSIDE_H

#include "auth/auth.h"
#include "base/arena.h"
#include "base/buf.h"
#include "base/list.h"
#include "base/map.h"
#include "loop/timer.h"
#include "loop/worker.h"
#include "metrics/metrics.h"
#include "payload/payload.h"
#include "realm/idtable.h"
#include "realm/naming.h"
#include "realm/realm.h"
#include "realm/router.h"
#include "realm/slots.h"
#include "realm/trust.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct shard {
    struct router *router;
    struct worker *worker;
    unsigned index;
    unsigned depth; /* entries not yet left: scratch and the doomed are for the outermost */
    bool stopping;
    struct arena scratch;    /* emptied after each message */
    struct buf out;          /* one encoded message, until it is handed to its peer */
    struct buf details;      /* details under construction */
    struct naming caller;    /* of the last call that told it */
    struct naming publisher; /* of the last publication */
    struct buf words;        /* a payload of our own under construction */
    struct slots sessions;
    struct slots calls;
    struct idtable invocations; /* of callees here, by invocation_key */
    struct idlink *spare_invocations;
    uint64_t calls_made; /* numbers calls, never twice */
    struct map seats;    /* realm URI -> struct seat */
    struct seat *seat;   /* that was found last, or NULL */
    struct list open;    /* all sessions */
    struct timer review; /* whether they may stay: runs while there are any */
    uint64_t reviewed;   /* the version of the access snapshot that they were reviewed by */
    uint64_t reviewed_tokens;
    uint64_t token_end_s; /* when the first access token of theirs ends; 0: there is none */
    struct list doomed;   /* sessions to be ended when the outermost entry is left */
    struct reach_list reached;
};

/* What is counted; names and meanings are in router_metrics.c. */
enum router_count {
    COUNT_CALLS,
    COUNT_RESULTS,
    COUNT_ERRORS,
    COUNT_PUBLICATIONS,
    COUNT_EVENTS,
    COUNT_EVENTS_DROPPED,
    COUNT_OVERFLOWS,
    COUNT_RETAINED_REFUSED,
    ROUTER_COUNTS
};

struct router {
    struct router_options options;
    struct metric_cell *counts[ROUTER_COUNTS];
    struct metric_cell *sessions_gauge;
    struct metric_cell *registrations_gauge;
    struct metric_cell *subscriptions_gauge;
    struct metric_cell *calls_gauge;
    struct metric_cell *invocations_gauge;
    struct shard *shards;
    unsigned shard_count;
    pthread_mutex_t lock;
    struct map realms;
    struct map builtins;
    struct trust trust;
    struct auth *auth;
    struct history history;
    struct retained_usage retained_usage; /* all realms */
    atomic_size_t sessions;               /* joined, on all workers */
};

void router_metrics_init(struct router *router);
static inline void router_count(struct router *router, enum router_count what, uint64_t by)
{
    metric_add(router->counts[what], by);
}

/* The part of the calling worker. */
struct shard *router_here(struct router *router);
/* Made when first asked for. Any thread. */
struct realm *router_realm(struct router *router, struct str uri);
const struct builtin *router_builtin(const struct router *router, struct str procedure);

/* Around everything that comes from outside: a message, a post, a timer. */
void shard_enter(struct shard *shard);
void shard_leave(struct shard *shard);

/* [text] in shard->words, good until the next. */
struct payload shard_words(struct shard *shard, enum serializer serializer, struct str text);
/* {key: text} in shard->details. */
struct str
shard_detail(struct shard *shard, enum serializer serializer, struct str key, struct str text);

#endif
