/* prefixes.h - values by URI prefix: which prefixes does a URI begin with?
 *
 * A radix tree over bytes, because prefix matching is by string, and which of the values
 * begin with something can be asked too. Looking up costs the length of the URI, whatever is
 * in the tree. Locking is the user's.
 */
#ifndef POSTERN_REALM_PREFIXES_H
#define POSTERN_REALM_PREFIXES_H

#include "base/str.h"

#include <stddef.h>

struct prefix_node;

struct prefixes {
    struct prefix_node *root;
};

typedef void (*pattern_visit_fn)(void *ctx, void *value);

void prefixes_init(struct prefixes *prefixes);
void prefixes_done(struct prefixes *prefixes); /* values are not owned */

void *prefixes_get(const struct prefixes *prefixes, struct str prefix);
void prefixes_put(struct prefixes *prefixes, struct str prefix, void *value);
void *prefixes_remove(struct prefixes *prefixes, struct str prefix);

/* The value of the longest prefix of `uri`, or NULL. */
void *prefixes_longest(const struct prefixes *prefixes, struct str uri);
void prefixes_each(const struct prefixes *prefixes,
                   struct str uri,
                   pattern_visit_fn visit,
                   void *ctx);
/* The other way round: the values of all that begin with `start`. Nothing may be put or removed
 * meanwhile. */
void prefixes_under(const struct prefixes *prefixes,
                    struct str start,
                    pattern_visit_fn visit,
                    void *ctx);

#endif
