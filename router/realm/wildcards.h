/* wildcards.h - values by wildcard pattern: empty components match any one component.
 *
 * A tree over URI components. Locking is the user's.
 */
#ifndef POSTERN_REALM_WILDCARDS_H
#define POSTERN_REALM_WILDCARDS_H

#include "base/str.h"
#include "realm/prefixes.h"

struct wildcard_node;

struct wildcards {
    struct wildcard_node *root;
};

void wildcards_init(struct wildcards *wildcards);
void wildcards_done(struct wildcards *wildcards);

void *wildcards_get(const struct wildcards *wildcards, struct str pattern);
void wildcards_put(struct wildcards *wildcards, struct str pattern, void *value);
void *wildcards_remove(struct wildcards *wildcards, struct str pattern);

/* The value of the pattern that fits best, or NULL. At the first component where two fitting
 * patterns differ, the one that names it wins over the one that takes any: that is the longest
 * leading run of the WAMP specification, 11.8.3, and its tie rule. */
void *wildcards_best(const struct wildcards *wildcards, struct str uri);
void wildcards_each(const struct wildcards *wildcards,
                    struct str uri,
                    pattern_visit_fn visit,
                    void *ctx);

#endif
