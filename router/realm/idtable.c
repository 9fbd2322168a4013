/* idtable.c - chained hashing through links that the objects bring. */
#include "realm/idtable.h"

#include "base/mem.h"

#include <assert.h>

enum { FIRST_CAP = 8 };

void idtable_init(struct idtable *table)
{
    *table = (struct idtable){0};
}

void idtable_done(struct idtable *table)
{
    mem_free(table->buckets);
    idtable_init(table);
}

/* Fibonacci hashing: our ids are random or sequential, both spread well. */
static struct idlink **bucket_of(const struct idtable *table, uint64_t id)
{
    return &table->buckets[((id * 0x9e3779b97f4a7c15u) >> 32) & (table->cap - 1)];
}

struct idlink *idtable_find(const struct idtable *table, uint64_t id)
{
    if (table->count == 0) {
        return NULL;
    }
    struct idlink *link = *bucket_of(table, id);
    while (link != NULL && link->id != id) {
        link = link->next;
    }
    return link;
}

static void idtable_grow(struct idtable *table)
{
    struct idtable old = *table;
    table->cap = old.cap == 0 ? FIRST_CAP : old.cap * 2;
    table->low = 0;
    table->buckets = NEW_ARRAY(struct idlink *, table->cap);
    for (size_t i = 0; i < old.cap; i++) {
        struct idlink *next = NULL;
        for (struct idlink *link = old.buckets[i]; link != NULL; link = next) {
            next = link->next;
            struct idlink **bucket = bucket_of(table, link->id);
            link->next = *bucket;
            *bucket = link;
        }
    }
    mem_free(old.buckets);
}

void idtable_add(struct idtable *table, struct idlink *link)
{
    if (table->count >= table->cap) {
        assert(table->cap <= UINT32_MAX / 4);
        idtable_grow(table);
    }
    struct idlink **bucket = bucket_of(table, link->id);
    link->next = *bucket;
    *bucket = link;
    table->count++;
    uint32_t at = (uint32_t)(bucket - table->buckets);
    table->low = at < table->low ? at : table->low;
}

void idtable_remove(struct idtable *table, struct idlink *link)
{
    assert(table->cap > 0);
    struct idlink **at = bucket_of(table, link->id);
    while (*at != link) {
        assert(*at != NULL);
        at = &(*at)->next;
    }
    *at = link->next;
    link->next = NULL;
    table->count--;
}

struct idlink *idtable_next(const struct idtable *table, size_t *cursor, const struct idlink *last)
{
    if (last != NULL && last->next != NULL) {
        return last->next;
    }
    while (*cursor < table->cap) {
        struct idlink *first = table->buckets[*cursor];
        ++*cursor;
        if (first != NULL) {
            return first;
        }
    }
    return NULL;
}

struct idlink *idtable_any(struct idtable *table)
{
    if (table->count == 0) {
        return NULL;
    }
    while (table->buckets[table->low] == NULL) {
        table->low++;
    }
    return table->buckets[table->low];
}
