/* idtable.h - objects by number, linked through themselves: no allocation per entry.
 *
 * For what comes and goes with every message (calls in flight, invocations). An
 * object is in as many tables as it has links. One thread. Small, for an idle session has several.
 */
#ifndef POSTERN_REALM_IDTABLE_H
#define POSTERN_REALM_IDTABLE_H

#include <stddef.h>
#include <stdint.h>

struct idlink {
    struct idlink *next;
    uint64_t id;
};

struct idtable {
    struct idlink **buckets;
    uint32_t cap; /* a power of two, or 0 */
    uint32_t count;
    uint32_t low; /* buckets below are empty */
};

void idtable_init(struct idtable *table);
void idtable_done(struct idtable *table); /* the objects are their owner's */

struct idlink *idtable_find(const struct idtable *table, uint64_t id);
/* `link->id` must not be in the table. */
void idtable_add(struct idtable *table, struct idlink *link);
void idtable_remove(struct idtable *table, struct idlink *link);
/* All entries, in no order: `*cursor` and `last` begin as 0 and NULL; nothing may be added or
 * removed meanwhile. */
struct idlink *idtable_next(const struct idtable *table, size_t *cursor, const struct idlink *last);
/* Some entry, or NULL when empty: to take everything out. */
struct idlink *idtable_any(struct idtable *table);

#endif
