/* retained.h - the events that publishers asked to keep, by topic: one realm's table.
 *
 * Behind the realm's lock (realm.c takes it), under which nothing is parsed or
 * freed: what is displaced is handed out. A topic keeps the last event that is for
 * everybody, and above it a few later ones for some (WAMP, Event Retention). What
 * all realms of a node keep is counted together; beyond a limit nothing more is
 * kept.
 */
#ifndef POSTERN_REALM_RETAINED_H
#define POSTERN_REALM_RETAINED_H

#include "realm/event_copy.h"
#include "realm/prefixes.h"
#include "wamp/uri.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct retained_limits {
    size_t events;   /* of the node; 0: nothing is retained */
    size_t bytes;    /* of the node */
    size_t message;  /* largest event that is retained: its payload */
    uint64_t ttl_ms; /* where the publisher says nothing; 0: for ever */
};

/* What a node keeps, in all its realms. */
struct retained_usage {
    atomic_size_t events;
    atomic_size_t bytes;
};

struct retained {
    struct prefixes topics; /* struct retained_topic */
    const struct retained_limits *limits;
    struct retained_usage *usage;
    uint64_t swept_ms;
    uint64_t number; /* of the last event put: 1, 2, 3 ... */
};

/* Events handed out, each with a reference; `topic_first` begins the events of one topic,
 * newest first. */
struct retained_hit {
    struct event_copy *copy;
    bool topic_first;
};

struct retained_hits {
    struct retained_hit *items;
    size_t count;
    size_t cap;
    size_t bytes;
    size_t bytes_max; /* no more are looked for beyond */
    uint64_t number;  /* of the last event that there was */
};

void retained_init(struct retained *retained,
                   const struct retained_limits *limits,
                   struct retained_usage *usage);
void retained_done(struct retained *retained);

struct retained_order {
    struct event_copy *copy; /* a reference is taken when it is kept */
    bool open;               /* for everybody */
    uint64_t expires_ms;     /* wall clock; 0: never */
};
/* False: a limit has been reached; an older event that this one replaces goes all the same, since
 * it is no longer true. What was displaced is added to `out`. */
bool retained_put(struct retained *retained,
                  const struct retained_order *order,
                  uint64_t now_ms,
                  struct retained_hits *out);
/* What is kept of all topics that fit, without what has expired. */
void retained_find(const struct retained *retained,
                   struct str uri,
                   enum match_policy match,
                   uint64_t now_ms,
                   struct retained_hits *out);
/* Drops the references and the list. */
void retained_hits_done(struct retained_hits *hits);

#endif
