/* patterns.h - values by (URI, match policy), and which of them match a URI.
 *
 * Behind registrations and subscriptions alike. The URI of an exact entry and
 * of a prefix is borrowed from its value. Locking is the user's.
 */
#ifndef POSTERN_REALM_PATTERNS_H
#define POSTERN_REALM_PATTERNS_H

#include "base/map.h"
#include "realm/prefix_table.h"
#include "realm/wildcards.h"
#include "wamp/uri.h"

struct patterns {
    struct map exact;
    struct prefix_table prefix;
    struct wildcards wildcard;
};

void patterns_init(struct patterns *patterns);
void patterns_done(struct patterns *patterns);

void *patterns_get(const struct patterns *patterns, struct str uri, enum match_policy match);
void patterns_put(struct patterns *patterns, struct str uri, enum match_policy match, void *value);
void patterns_remove(struct patterns *patterns, struct str uri, enum match_policy match);

/* For a call: exact, then the longest prefix, then the best wildcard. */
void *patterns_best(const struct patterns *patterns, struct str uri);
/* For a publication: all. */
void patterns_each(const struct patterns *patterns,
                   struct str uri,
                   pattern_visit_fn visit,
                   void *ctx);

#endif
