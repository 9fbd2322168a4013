/* map.h - hash tables: by string (keys borrowed from the values) and by number.
 *
 * Open addressing, power-of-two sizes, grown at 3/4. A string key must live as
 * long as its entry. Values are not owned. One thread, or read-only.
 */
#ifndef POSTERN_BASE_MAP_H
#define POSTERN_BASE_MAP_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Small, because there are up to four for each entry. */
struct map_slot {
    const char *key_ptr;
    void *value; /* NULL: free, or deleted */
    uint32_t key_len;
    uint32_t hash; /* of a slot without a value: not 0 where one was deleted */
};

static inline struct str map_slot_key(const struct map_slot *slot)
{
    return (struct str){slot->key_ptr, slot->key_len};
}

struct map {
    struct map_slot *slots;
    size_t cap;
    size_t count;
    size_t filled; /* count and tombstones */
};

void map_init(struct map *map);
void map_done(struct map *map);
void *map_get(const struct map *map, struct str key);
/* Returns the value that was there before, or NULL. `value` may not be NULL. */
void *map_put(struct map *map, struct str key, void *value);
void *map_remove(struct map *map, struct str key);

/* What map_get makes of a key: hashed once, it serves in many maps. */
uint32_t map_hash(struct str key);
/* The same for keys that the user hashes in a way of his own: always in these, or never. */
void *map_get_hashed(const struct map *map, struct str key, uint32_t hash);
void *map_put_hashed(struct map *map, struct str key, uint32_t hash, void *value);
void *map_remove_hashed(struct map *map, struct str key, uint32_t hash);

/* for (size_t i = 0; (slot = map_next(map, &i)) != NULL;) ...  (no put or remove meanwhile) */
const struct map_slot *map_next(const struct map *map, size_t *cursor);

struct idmap_slot {
    uint64_t key; /* of a slot without a value: not 0 where one was deleted */
    void *value;
};

struct idmap {
    struct idmap_slot *slots;
    size_t cap;
    size_t count;
    size_t filled;
};

void idmap_init(struct idmap *map);
void idmap_done(struct idmap *map);
void *idmap_get(const struct idmap *map, uint64_t key);
void *idmap_put(struct idmap *map, uint64_t key, void *value);
void *idmap_remove(struct idmap *map, uint64_t key);
const struct idmap_slot *idmap_next(const struct idmap *map, size_t *cursor);

#endif
