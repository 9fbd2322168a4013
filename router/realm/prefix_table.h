/* prefix_table.h - values by URI prefix, for when there are very many: which does a URI begin with?
 *
 * A hash table, asked once for each length that any prefix in it has. All lengths are
 * hashed in one pass over the URI and asked of memory at once, where a tree would wait for one
 * node after the other. Keys are borrowed from the values. Locking is the user's.
 */
#ifndef POSTERN_REALM_PREFIX_TABLE_H
#define POSTERN_REALM_PREFIX_TABLE_H

#include "base/map.h"
#include "realm/prefixes.h"

struct prefix_lengths;

struct prefix_table {
    struct map map;
    struct prefix_lengths *lengths; /* NULL: there has been no prefix yet */
};

void prefix_table_init(struct prefix_table *table);
void prefix_table_done(struct prefix_table *table); /* values are not owned */

void *prefix_table_get(const struct prefix_table *table, struct str prefix);
void prefix_table_put(struct prefix_table *table, struct str prefix, void *value);
void *prefix_table_remove(struct prefix_table *table, struct str prefix);

/* The value of the longest prefix of `uri`, or NULL. */
void *prefix_table_longest(const struct prefix_table *table, struct str uri);
/* Shorter ones first. */
void prefix_table_each(const struct prefix_table *table,
                       struct str uri,
                       pattern_visit_fn visit,
                       void *ctx);

#endif
