/* store_missed.h - which records watchers have been told of while the replica could not be written.
 * Inside core/store only, on the store's thread.
 *
 * Addresses alone: by them a later comparison tells of what is gone, or is another one, although
 * the replica has never had it.
 */
#ifndef POSTERN_STORE_STORE_MISSED_H
#define POSTERN_STORE_STORE_MISSED_H

#include "base/arena.h"
#include "base/map.h"
#include "store/store.h"

struct store_missed {
    struct map by_address;
};

void store_missed_init(struct store_missed *self);
void store_missed_done(struct store_missed *self);
void store_missed_add(struct store_missed *self, const struct store_record *records, size_t count);
/* Merges them into what is in the order of addresses, in the place of what it says of them: as
 * records like no other. In `arena`, with their strings. */
void store_missed_merge(const struct store_missed *self,
                        struct arena *arena,
                        struct store_record **records,
                        size_t *count);
int store_by_address(const void *a, const void *b); /* of two records, for qsort too */

#endif
