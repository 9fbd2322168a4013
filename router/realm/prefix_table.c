/* prefix_table.c - a polynomial over the bytes as hash, so that each prefix's follows from the
 * one before. Its base is secret: nobody can choose URIs that collide. */
#include "realm/prefix_table.h"

#include "base/mem.h"
#include "base/random.h"
#include "wamp/uri.h"

enum { WORD_BITS = 64 };

#define PRIME ((uint64_t)0x7fffffff) /* 2^31 - 1 */

struct prefix_lengths {
    uint64_t base;
    uint64_t used[URI_LEN_MAX / WORD_BITS + 1]; /* a bit for each length */
    uint32_t counts[URI_LEN_MAX + 1];
};

/* A length that is in use, and the hash of as much of a URI. */
struct probe {
    uint32_t len;
    uint32_t hash;
};

void prefix_table_init(struct prefix_table *table)
{
    map_init(&table->map);
    table->lengths = NULL;
}

void prefix_table_done(struct prefix_table *table)
{
    map_done(&table->map);
    mem_free(table->lengths);
    table->lengths = NULL;
}

static uint64_t add_byte(uint64_t sum, char byte, uint64_t base)
{
    uint64_t next = sum * base + (unsigned char)byte + 1;
    next = (next & PRIME) + (next >> 31);
    return next >= PRIME ? next - PRIME : next;
}

/* Tables take the low bits. */
static uint32_t hash_of_sum(uint64_t sum)
{
    uint64_t mixed = sum * 0x9e3779b97f4a7c15u;
    return (uint32_t)(mixed >> 32);
}

static uint32_t hash_of(const struct prefix_lengths *lengths, struct str prefix)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < prefix.len; i++) {
        sum = add_byte(sum, prefix.ptr[i], lengths->base);
    }
    return hash_of_sum(sum);
}

static bool used(const struct prefix_lengths *lengths, size_t len)
{
    return (lengths->used[len / WORD_BITS] >> (len % WORD_BITS) & 1) != 0;
}

void *prefix_table_get(const struct prefix_table *table, struct str prefix)
{
    if (table->lengths == NULL || prefix.len > URI_LEN_MAX || !used(table->lengths, prefix.len)) {
        return NULL;
    }
    return map_get_hashed(&table->map, prefix, hash_of(table->lengths, prefix));
}

void prefix_table_put(struct prefix_table *table, struct str prefix, void *value)
{
    if (prefix.len > URI_LEN_MAX) {
        return; /* uri_valid refused it long ago */
    }
    if (table->lengths == NULL) {
        table->lengths = NEW(struct prefix_lengths);
        table->lengths->base = PRIME / 2 + random_below(PRIME / 2);
    }
    struct prefix_lengths *lengths = table->lengths;
    if (map_put_hashed(&table->map, prefix, hash_of(lengths, prefix), value) == NULL) {
        lengths->counts[prefix.len]++;
        lengths->used[prefix.len / WORD_BITS] |= (uint64_t)1 << (prefix.len % WORD_BITS);
    }
}

void *prefix_table_remove(struct prefix_table *table, struct str prefix)
{
    struct prefix_lengths *lengths = table->lengths;
    if (lengths == NULL || prefix.len > URI_LEN_MAX || !used(lengths, prefix.len)) {
        return NULL;
    }
    void *value = map_remove_hashed(&table->map, prefix, hash_of(lengths, prefix));
    if (value != NULL && --lengths->counts[prefix.len] == 0) {
        lengths->used[prefix.len / WORD_BITS] &= ~((uint64_t)1 << (prefix.len % WORD_BITS));
    }
    return value;
}

/* How many; the places where they would be are on their way from memory. */
static size_t
probes_of(const struct prefix_table *table, struct str uri, struct probe out[URI_LEN_MAX + 1])
{
    const struct prefix_lengths *lengths = table->lengths;
    size_t count = 0;
    uint64_t sum = 0;
    for (size_t len = 0; len <= URI_LEN_MAX; len++) {
        if (used(lengths, len)) {
            out[count] = (struct probe){(uint32_t)len, hash_of_sum(sum)};
            mem_prefetch(&table->map.slots[out[count].hash & (table->map.cap - 1)], 1);
            count++;
        }
        if (len == uri.len) {
            break;
        }
        sum = add_byte(sum, uri.ptr[len], lengths->base);
    }
    return count;
}

void prefix_table_each(const struct prefix_table *table,
                       struct str uri,
                       pattern_visit_fn visit,
                       void *ctx)
{
    struct probe probes[URI_LEN_MAX + 1];
    if (table->map.count == 0) {
        return;
    }
    size_t count = probes_of(table, uri, probes);
    for (size_t i = 0; i < count; i++) {
        void *value = map_get_hashed(&table->map, str_sub(uri, 0, probes[i].len), probes[i].hash);
        if (value != NULL) {
            visit(ctx, value);
        }
    }
}

static void keep_last(void *ctx, void *value)
{
    *(void **)ctx = value;
}

void *prefix_table_longest(const struct prefix_table *table, struct str uri)
{
    void *longest = NULL;
    prefix_table_each(table, uri, keep_last, (void *)&longest);
    return longest;
}
