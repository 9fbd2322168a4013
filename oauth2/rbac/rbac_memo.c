/* rbac_memo.c - a principal's last decisions, so that the next message costs one look.
 *
 * An entry stands in one of four places; where these are taken the table grows, up to its bound,
 * and then a newcomer takes the place of one of them. It belongs to one session or to one worker,
 * and to one realm of one snapshot: it forgets everything when either is another one. The URI is
 * compared in full; a hash alone would be a way to be taken for somebody else. */
#include "base/mem.h"
#include "rbac/rbac_inside.h"

#include <string.h>

enum { FIRST_ENTRIES = 8, ENTRIES_MAX = 256, PLACES = 4, URI_MAX = 256 };

struct entry {
    uint64_t hash; /* of uri and permission */
    char *uri;     /* NULL: free */
    uint32_t len;
    uint8_t permission;
    bool allowed;
};

struct rbac_memo {
    uint64_t version;
    const struct rbac_realm *realm;
    struct entry *entries;
    size_t cap;
};

struct rbac_memo *rbac_memo_new(void)
{
    return NEW(struct rbac_memo);
}

static void forget(struct rbac_memo *memo)
{
    for (size_t i = 0; i < memo->cap; i++) {
        mem_free(memo->entries[i].uri);
    }
    mem_free(memo->entries);
    memo->entries = NULL;
    memo->cap = 0;
}

void rbac_memo_free(struct rbac_memo *memo)
{
    if (memo != NULL) {
        forget(memo);
        mem_free(memo);
    }
}

/* Quick rather than keyed: colliding URIs only cost the one who sends them. */
static uint64_t hash_of(enum permission permission, struct str uri)
{
    const uint64_t odd = 0x9e3779b97f4a7c15U;
    uint64_t hash = (uri.len + ((uint64_t)permission << 32)) * odd;
    size_t at = 0;
    uint64_t word;
    for (; at + sizeof(word) <= uri.len; at += sizeof(word)) {
        memcpy(&word, uri.ptr + at, sizeof(word));
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32;
    }
    word = 0;
    if (at < uri.len) {
        memcpy(&word, uri.ptr + at, uri.len - at);
    }
    hash = (hash ^ word) * odd;
    return hash ^ hash >> 32;
}

static bool
is_entry(const struct entry *entry, uint64_t hash, enum permission permission, struct str uri)
{
    return entry->uri != NULL && entry->hash == hash && entry->permission == (uint8_t)permission &&
           entry->len == uri.len && memcmp(entry->uri, uri.ptr, uri.len) == 0;
}

bool rbac_memo_find(struct rbac_memo *memo,
                    uint64_t version,
                    const struct rbac_realm *realm,
                    enum permission permission,
                    struct str uri,
                    bool *out_allowed)
{
    if (memo->version != version || memo->realm != realm) {
        forget(memo);
        memo->version = version;
        memo->realm = realm;
    }
    if (memo->cap == 0 || uri.len > URI_MAX || uri.len == 0) {
        return false;
    }
    uint64_t hash = hash_of(permission, uri);
    for (size_t i = 0; i < PLACES; i++) {
        const struct entry *entry = &memo->entries[(hash + i) & (memo->cap - 1)];
        if (is_entry(entry, hash, permission, uri)) {
            *out_allowed = entry->allowed;
            return true;
        }
    }
    return false;
}

static struct entry *free_place(struct entry *entries, size_t cap, uint64_t hash)
{
    for (size_t i = 0; cap > 0 && i < PLACES; i++) {
        struct entry *entry = &entries[(hash + i) & (cap - 1)];
        if (entry->uri == NULL) {
            return entry;
        }
    }
    return NULL;
}

static void grow(struct rbac_memo *memo)
{
    size_t cap = memo->cap == 0 ? FIRST_ENTRIES : memo->cap * 2;
    struct entry *entries = NEW_ARRAY(struct entry, cap);
    for (size_t i = 0; i < memo->cap; i++) {
        const struct entry *old = &memo->entries[i];
        struct entry *place = old->uri == NULL ? NULL : free_place(entries, cap, old->hash);
        if (place != NULL) {
            *place = *old;
        } else {
            mem_free(old->uri);
        }
    }
    mem_free(memo->entries);
    memo->entries = entries;
    memo->cap = cap;
}

void rbac_memo_keep(struct rbac_memo *memo,
                    enum permission permission,
                    struct str uri,
                    bool allowed)
{
    if (uri.len > URI_MAX || uri.len == 0) {
        return;
    }
    uint64_t hash = hash_of(permission, uri);
    struct entry *entry = free_place(memo->entries, memo->cap, hash);
    while (entry == NULL && memo->cap < ENTRIES_MAX) {
        grow(memo);
        entry = free_place(memo->entries, memo->cap, hash);
    }
    if (entry == NULL) {
        entry = &memo->entries[(hash + (hash >> 32) % PLACES) & (memo->cap - 1)];
    }
    mem_free(entry->uri);
    *entry = (struct entry){.hash = hash,
                            .uri = str_dup(uri),
                            .len = (uint32_t)uri.len,
                            .permission = (uint8_t)permission,
                            .allowed = allowed};
}
