/* bulletin.h - what has happened in a realm and is still to be told: its meta events.
 *
 * Any worker adds a notice, at the moment of the change (under the realm's lock
 * where the order among workers matters); the realm's home worker publishes them,
 * so all who watch hear of everything in one order. While nobody watches nothing is
 * noted.
 */
#ifndef POSTERN_REALM_BULLETIN_H
#define POSTERN_REALM_BULLETIN_H

#include "base/list.h"
#include "base/str.h"
#include "loop/mailbox.h"
#include "payload/payload.h"
#include "wamp/uri.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct realm;
struct router;

enum notice_topic {
    NOTICE_REGISTRATION_CREATE,
    NOTICE_REGISTRATION_REGISTER,
    NOTICE_REGISTRATION_UNREGISTER,
    NOTICE_REGISTRATION_DELETE,
    NOTICE_SUBSCRIPTION_CREATE,
    NOTICE_SUBSCRIPTION_SUBSCRIBE,
    NOTICE_SUBSCRIPTION_UNSUBSCRIBE,
    NOTICE_SUBSCRIPTION_DELETE,
    NOTICE_OTHER, /* `topic` and `payload` say it */
};

/* About a registration or a subscription; `session` has done it. */
struct notice {
    struct list node;
    enum notice_topic kind;
    uint64_t session;
    uint64_t entry;
    uint64_t created_ms;
    enum match_policy match;
    struct str invoke; /* static; empty for a subscription */
    struct str uri;
    struct str topic; /* static */
    struct payload payload;
};

struct bulletin {
    pthread_mutex_t lock;
    struct list notices;
    size_t count;
    bool posted;
    struct post post; /* to `home`, while there are notices */
    struct worker *home;
    struct router *router;
    struct realm *realm;
    atomic_uint watchers; /* subscriptions that a meta event could reach */
};

/* `publish` runs on `home` with `post`, when there are notices. */
void bulletin_init(struct bulletin *bulletin, struct worker *home, post_fn publish);
void bulletin_done(struct bulletin *bulletin);

/* The table of subscriptions has got, or lost, one with this URI. */
void bulletin_watcher(struct bulletin *bulletin, struct str uri, enum match_policy match, int by);
static inline bool bulletin_watched(const struct bulletin *bulletin)
{
    return atomic_load_explicit(&bulletin->watchers, memory_order_relaxed) > 0;
}

/* Copies the notice, if anybody watches. */
void bulletin_add(struct bulletin *bulletin, const struct notice *notice);
/* Moves everything there is to `out`, a list of notices to be freed. */
void bulletin_take(struct bulletin *bulletin, struct list *out);

#endif
