/* hamt.h - a persistent hash trie by string: a changed copy shares all but one path with the old.
 *
 * A handle is edited by one thread; hamt_share gives another handle to the same
 * entries, which no later edit touches and which any thread may read and drop.
 * Nodes that no other handle shares are edited in place, so that the first
 * filling costs no copies. Entries are counted and belong to the tries they are in.
 */
#ifndef POSTERN_BASE_HAMT_H
#define POSTERN_BASE_HAMT_H

#include "base/str.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Embedded in what is kept. The key must live as long as the entry. */
struct hamt_entry {
    atomic_uint refs;
    struct str key;
    void (*free)(struct hamt_entry *entry);
};

void hamt_entry_init(struct hamt_entry *entry, struct str key, void (*free)(struct hamt_entry *));

struct hamt_node;
struct hamt {
    struct hamt_node *root;
    size_t count;
    uint64_t (*hash)(struct str key); /* NULL: str_hash */
};

/* An empty trie is all zeroes. */
void hamt_done(struct hamt *hamt);
struct hamt hamt_share(const struct hamt *hamt);

struct hamt_entry *hamt_get(const struct hamt *hamt, struct str key);
/* Takes over one reference; the entry of the same key, if any, makes room. */
void hamt_put(struct hamt *hamt, struct hamt_entry *entry);
/* Whether it was there. */
bool hamt_remove(struct hamt *hamt, struct str key);

/* Every entry, in no order. */
void hamt_each(const struct hamt *hamt,
               void (*visit)(void *ctx, struct hamt_entry *entry),
               void *ctx);

#endif
