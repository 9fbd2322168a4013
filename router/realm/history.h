/* history.h - the last events of each subscription: one store for all realms of a node.
 *
 * Behind a lock of its own, taken once a publication and for as long as it takes to
 * put a few pointers down. Bounded by events for a subscription and by bytes for the
 * node; the oldest go first. In memory only.
 */
#ifndef POSTERN_REALM_HISTORY_H
#define POSTERN_REALM_HISTORY_H

#include "base/list.h"
#include "base/map.h"
#include "realm/event_copy.h"
#include "realm/subscriptions.h"

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct realm;

struct history_limits {
    size_t events;  /* of a subscription; 0: there is no history */
    size_t bytes;   /* of the node */
    size_t message; /* largest payload that is kept */
};

struct history {
    pthread_mutex_t lock;
    struct history_limits limits;
    struct idmap rings;  /* struct ring by subscription */
    struct list records; /* oldest first */
    size_t bytes;
};

void history_init(struct history *history, const struct history_limits *limits);
void history_done(struct history *history);

/* Whether such a publication is to be added. What is for certain sessions is not: sessions are
 * others tomorrow. */
static inline bool history_wants(const struct history *history,
                                 const struct audience_filter *filter,
                                 size_t payload_size)
{
    return history->limits.events > 0 && payload_size <= history->limits.message &&
           !audience_filter_by_session(filter);
}
/* To the history of each subscription reached. Takes a reference. */
void history_add(struct history *history,
                 const struct realm *realm,
                 struct event_copy *copy,
                 const struct reach_list *reached);
/* A subscription has ended. */
void history_forget(struct history *history, uint64_t subscription);

/* What there is of a subscription, oldest first, each with a reference: history_events_done. */
struct history_events {
    struct event_copy **items;
    size_t count;
};
void history_get(struct history *history,
                 const struct realm *realm,
                 uint64_t subscription,
                 struct history_events *out);
void history_events_done(struct history_events *events);

#endif
