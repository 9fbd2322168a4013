#include "base/map.h"

#include "base/mem.h"

#include <assert.h>

enum { FIRST_CAP = 16 };

void map_init(struct map *map)
{
    *map = (struct map){0};
}

void map_done(struct map *map)
{
    mem_free(map->slots);
    map_init(map);
}

uint32_t map_hash(struct str key)
{
    uint64_t hash = str_hash(key);
    return (uint32_t)(hash ^ hash >> 32);
}

static struct map_slot *map_find(const struct map *map, struct str key, uint32_t hash)
{
    if (map->cap == 0) {
        return NULL;
    }
    for (size_t i = hash & (map->cap - 1);; i = (i + 1) & (map->cap - 1)) {
        struct map_slot *slot = &map->slots[i];
        if (slot->value == NULL && slot->hash == 0) {
            return NULL;
        }
        if (slot->value != NULL && slot->hash == hash && str_eq(map_slot_key(slot), key)) {
            return slot;
        }
    }
}

static void map_insert(struct map *map, struct map_slot entry)
{
    size_t i = entry.hash & (map->cap - 1);
    while (map->slots[i].value != NULL) {
        i = (i + 1) & (map->cap - 1);
    }
    map->filled += map->slots[i].hash == 0;
    map->count++;
    map->slots[i] = entry;
}

static void map_grow(struct map *map)
{
    if ((map->filled + 1) * 4 <= map->cap * 3) {
        return;
    }
    struct map old = *map;
    size_t cap = FIRST_CAP;
    while (cap < (old.count + 1) * 2) {
        cap *= 2;
    }
    *map = (struct map){.slots = NEW_ARRAY(struct map_slot, cap), .cap = cap};
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slots[i].value != NULL) {
            map_insert(map, old.slots[i]);
        }
    }
    mem_free(old.slots);
}

void *map_get(const struct map *map, struct str key)
{
    return map->count == 0 ? NULL : map_get_hashed(map, key, map_hash(key));
}

void *map_get_hashed(const struct map *map, struct str key, uint32_t hash)
{
    struct map_slot *slot = map_find(map, key, hash);
    return slot == NULL ? NULL : slot->value;
}

void *map_put(struct map *map, struct str key, void *value)
{
    return map_put_hashed(map, key, map_hash(key), value);
}

void *map_put_hashed(struct map *map, struct str key, uint32_t hash, void *value)
{
    struct map_slot *slot = map_find(map, key, hash);
    if (slot != NULL) {
        void *old = slot->value;
        slot->value = value;
        slot->key_ptr = key.ptr;
        return old;
    }
    map_grow(map);
    assert(key.len <= UINT32_MAX);
    map_insert(map,
               (struct map_slot){
                   .key_ptr = key.ptr, .key_len = (uint32_t)key.len, .hash = hash, .value = value});
    return NULL;
}

void *map_remove(struct map *map, struct str key)
{
    return map->count == 0 ? NULL : map_remove_hashed(map, key, map_hash(key));
}

void *map_remove_hashed(struct map *map, struct str key, uint32_t hash)
{
    struct map_slot *slot = map_find(map, key, hash);
    if (slot == NULL) {
        return NULL;
    }
    void *old = slot->value;
    *slot = (struct map_slot){.hash = 1};
    map->count--;
    return old;
}

const struct map_slot *map_next(const struct map *map, size_t *cursor)
{
    while (*cursor < map->cap) {
        const struct map_slot *slot = &map->slots[(*cursor)++];
        if (slot->value != NULL) {
            return slot;
        }
    }
    return NULL;
}

void idmap_init(struct idmap *map)
{
    *map = (struct idmap){0};
}

void idmap_done(struct idmap *map)
{
    mem_free(map->slots);
    idmap_init(map);
}

/* Fibonacci hashing: our ids are random or sequential, both spread well. */
static size_t id_home(const struct idmap *map, uint64_t key)
{
    return (size_t)((key * 0x9e3779b97f4a7c15u) >> 20) & (map->cap - 1);
}

static struct idmap_slot *idmap_find(const struct idmap *map, uint64_t key)
{
    if (map->cap == 0) {
        return NULL;
    }
    for (size_t i = id_home(map, key);; i = (i + 1) & (map->cap - 1)) {
        struct idmap_slot *slot = &map->slots[i];
        if (slot->value == NULL && slot->key == 0) {
            return NULL;
        }
        if (slot->value != NULL && slot->key == key) {
            return slot;
        }
    }
}

static void idmap_insert(struct idmap *map, uint64_t key, void *value)
{
    size_t i = id_home(map, key);
    while (map->slots[i].value != NULL) {
        i = (i + 1) & (map->cap - 1);
    }
    map->filled += map->slots[i].key == 0;
    map->count++;
    map->slots[i] = (struct idmap_slot){.key = key, .value = value};
}

static void idmap_grow(struct idmap *map)
{
    if ((map->filled + 1) * 4 <= map->cap * 3) {
        return;
    }
    struct idmap old = *map;
    size_t cap = FIRST_CAP;
    while (cap < (old.count + 1) * 2) {
        cap *= 2;
    }
    *map = (struct idmap){.slots = NEW_ARRAY(struct idmap_slot, cap), .cap = cap};
    for (size_t i = 0; i < old.cap; i++) {
        if (old.slots[i].value != NULL) {
            idmap_insert(map, old.slots[i].key, old.slots[i].value);
        }
    }
    mem_free(old.slots);
}

void *idmap_get(const struct idmap *map, uint64_t key)
{
    struct idmap_slot *slot = map->count == 0 ? NULL : idmap_find(map, key);
    return slot == NULL ? NULL : slot->value;
}

void *idmap_put(struct idmap *map, uint64_t key, void *value)
{
    struct idmap_slot *slot = idmap_find(map, key);
    if (slot != NULL) {
        void *old = slot->value;
        slot->value = value;
        return old;
    }
    idmap_grow(map);
    idmap_insert(map, key, value);
    return NULL;
}

void *idmap_remove(struct idmap *map, uint64_t key)
{
    struct idmap_slot *slot = map->count == 0 ? NULL : idmap_find(map, key);
    if (slot == NULL) {
        return NULL;
    }
    void *old = slot->value;
    *slot = (struct idmap_slot){.key = 1};
    map->count--;
    return old;
}

const struct idmap_slot *idmap_next(const struct idmap *map, size_t *cursor)
{
    while (*cursor < map->cap) {
        const struct idmap_slot *slot = &map->slots[(*cursor)++];
        if (slot->value != NULL) {
            return slot;
        }
    }
    return NULL;
}
