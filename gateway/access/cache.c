/* cache.c - credentials that were right, by their keyed digest. */
#include "access/access_inside.h"
#include "auth/identity.h"
#include "base/mem.h"

#include <string.h>

/* The digest is keyed: nobody can choose ones that collide. */
static uint64_t place_of(const struct keyed_digest *digest)
{
    uint64_t place = 0;
    memcpy(&place, digest->bytes, sizeof(place));
    return place;
}

void entry_unref(struct access_entry *entry)
{
    if (--entry->refs == 0) {
        rbac_memo_free(entry->principal.memo);
        auth_identity_free(entry->identity);
        mem_free(entry->key_id);
        mem_free(entry);
    }
}

void cache_init(struct access_cache *cache, size_t max)
{
    idmap_init(&cache->entries);
    list_init(&cache->used);
    cache->max = max;
}

void cache_drop(struct access_cache *cache, struct access_entry *entry)
{
    (void)idmap_remove(&cache->entries, place_of(&entry->digest));
    list_remove(&entry->link);
    entry_unref(entry);
}

void cache_done(struct access_cache *cache)
{
    while (!list_empty(&cache->used)) {
        cache_drop(cache, LIST_ENTRY(cache->used.next, struct access_entry, link));
    }
    idmap_done(&cache->entries);
}

struct access_entry *cache_find(struct access_cache *cache, const struct keyed_digest *digest)
{
    struct access_entry *entry = idmap_get(&cache->entries, place_of(digest));
    if (entry == NULL || !keyed_equal(&entry->digest, digest)) {
        return NULL;
    }
    list_remove(&entry->link);
    list_push(&cache->used, &entry->link);
    return entry;
}

void cache_put(struct access_cache *cache, struct access_entry *entry)
{
    struct access_entry *old = idmap_get(&cache->entries, place_of(&entry->digest));
    if (old != NULL) {
        cache_drop(cache, old);
    } else if (cache->entries.count >= cache->max) {
        cache_drop(cache, LIST_ENTRY(cache->used.next, struct access_entry, link));
    }
    (void)idmap_put(&cache->entries, place_of(&entry->digest), entry);
    list_push(&cache->used, &entry->link);
}
