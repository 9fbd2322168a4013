/* subscriptions.h - which workers have members of which subscription: one realm's table.
 *
 * Shared by all workers behind the realm's lock (realm.c takes it). Who the
 * members are each worker knows for itself (seat.h); here is only whether a
 * worker has any, so a publication is posted once to each that does.
 */
#ifndef POSTERN_REALM_SUBSCRIPTIONS_H
#define POSTERN_REALM_SUBSCRIPTIONS_H

#include "base/str.h"
#include "realm/id_list.h"
#include "realm/idtable.h"
#include "realm/patterns.h"
#include "wamp/uri.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One of them, with its URI in one piece: there may be a million. What is in it but the workers
 * stays as it is while it has members. */
struct subscription {
    struct idlink link; /* subscriptions->by_id */
    uint64_t workers;
    uint64_t created_ms;
    uint16_t uri_len;
    uint8_t match; /* enum match_policy */
    char uri[];
};

static inline struct str subscription_uri(const struct subscription *subscription)
{
    return str_make(subscription->uri, subscription->uri_len);
}

struct subscriptions {
    struct patterns patterns;
    struct idtable by_id;
};

/* A subscription that a publication reaches: a bit for each worker with members. */
struct reach {
    uint64_t subscription;
    uint64_t workers;
};

/* What a publication reaches; grows, kept for the next. `moment`, which realm.c sets, is the number
 * of the next retained event, or that of this one: of a subscription that began with retained
 * events up to a later one, or to this one, the publication is none any more. */
struct reach_list {
    uint64_t moment;
    struct reach *items;
    size_t count;
    size_t cap;
};

void subscriptions_init(struct subscriptions *subscriptions);
void subscriptions_done(struct subscriptions *subscriptions);

/* What there is to say about a subscription. `uri` is borrowed from it. */
struct subscription_facts {
    const struct subscription *subscription;
    uint64_t id;
    uint64_t created_ms;
    struct str uri;
    enum match_policy match;
    uint64_t workers;
};

/* True when it did not exist. All subscribers of the same (URI, match) share its id. */
bool subscriptions_join(struct subscriptions *subscriptions,
                        struct str uri,
                        enum match_policy match,
                        unsigned worker,
                        struct subscription_facts *out);
/* The worker's last member has left; true when it was the last of all. */
bool subscriptions_leave(struct subscriptions *subscriptions, uint64_t id, unsigned worker);
/* False when there is none. The URI is the table's. */
bool subscriptions_get(const struct subscriptions *subscriptions,
                       uint64_t id,
                       struct subscription_facts *out);
/* The id of that very subscription, or 0. */
uint64_t subscriptions_lookup(const struct subscriptions *subscriptions,
                              struct str uri,
                              enum match_policy match);
/* All ids, by match policy. */
void subscriptions_list(const struct subscriptions *subscriptions,
                        struct id_list out[MATCH_POLICIES]);
/* Replaces what `out` holds. Safe for several readers at once. */
void subscriptions_match(const struct subscriptions *subscriptions,
                         struct str topic,
                         struct reach_list *out);

#endif
