/* store_missed.c - what the replica has missed, by address. */
#include "store/store_missed.h"

#include "base/mem.h"

#include <stdlib.h>
#include <string.h>

struct missed {
    size_t kind_len;
    size_t realm_len;
    size_t len;
    char address[]; /* kind, realm and key, a NUL behind each of the first two */
};

void store_missed_init(struct store_missed *self)
{
    map_init(&self->by_address);
}

void store_missed_done(struct store_missed *self)
{
    size_t cursor = 0;
    for (const struct map_slot *slot; (slot = map_next(&self->by_address, &cursor)) != NULL;) {
        mem_free(slot->value);
    }
    map_done(&self->by_address);
}

static char *append(char *to, struct str text)
{
    if (text.len > 0) {
        memcpy(to, text.ptr, text.len);
    }
    to[text.len] = '\0';
    return to + text.len + 1;
}

static void add(struct store_missed *self, const struct store_record *record)
{
    size_t len = record->kind.len + 1 + record->realm.len + 1 + record->key.len;
    struct missed *missed = mem_alloc(sizeof(struct missed) + len + 1);
    missed->kind_len = record->kind.len;
    missed->realm_len = record->realm.len;
    missed->len = len;
    (void)append(append(append(missed->address, record->kind), record->realm), record->key);
    mem_free(map_remove(&self->by_address, str_make(missed->address, len)));
    (void)map_put(&self->by_address, str_make(missed->address, len), missed);
}

void store_missed_add(struct store_missed *self, const struct store_record *records, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        add(self, &records[i]);
    }
}

int store_by_address(const void *a, const void *b)
{
    const struct store_record *left = a;
    const struct store_record *right = b;
    int order = str_cmp(left->kind, right->kind);
    order = order == 0 ? str_cmp(left->realm, right->realm) : order;
    return order == 0 ? str_cmp(left->key, right->key) : order;
}

/* A version and a place that no record has. */
static struct store_record record_of(const struct missed *missed, struct arena *arena)
{
    size_t realm_at = missed->kind_len + 1;
    size_t key_at = realm_at + missed->realm_len + 1;
    return (struct store_record){
        .kind = arena_str(arena, str_make(missed->address, missed->kind_len)),
        .realm = arena_str(arena, str_make(missed->address + realm_at, missed->realm_len)),
        .key = arena_str(arena, str_make(missed->address + key_at, missed->len - key_at)),
    };
}

void store_missed_merge(const struct store_missed *self,
                        struct arena *arena,
                        struct store_record **records,
                        size_t *count)
{
    size_t cursor = 0;
    size_t missed_count = 0;
    size_t found = 0;
    size_t total = self->by_address.count;
    struct store_record *missed = ARENA_ARRAY(arena, struct store_record, total + 1);
    struct store_record *out = ARENA_ARRAY(arena, struct store_record, *count + total + 1);
    for (const struct map_slot *slot; (slot = map_next(&self->by_address, &cursor)) != NULL;) {
        missed[missed_count++] = record_of(slot->value, arena);
    }
    qsort(missed, missed_count, sizeof(struct store_record), store_by_address);
    for (size_t i = 0, j = 0; i < *count || j < missed_count;) {
        int order = i == *count         ? 1
                    : j == missed_count ? -1
                                        : store_by_address(&(*records)[i], &missed[j]);
        out[found++] = order < 0 ? (*records)[i] : missed[j];
        i += order <= 0;
        j += order >= 0;
    }
    *records = out;
    *count = found;
}
