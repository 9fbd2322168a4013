/* hamt.c - nodes of up to 32 slots, five bits of the hash a level.
 *
 * A slot holds an entry or a node. Below the last bits of the hash stands a node that is a plain
 * list: keys with one hash. A path of removed entries is pulled together again, so that equal
 * contents cost equal memory. */
#include "base/hamt.h"

#include "base/mem.h"

#include <string.h>

enum { BITS = 5, HASH_BITS = 64, MASK = (1 << BITS) - 1 };

struct hamt_node {
    atomic_uint refs;
    uint32_t used;   /* which of the 32 have a slot; of a list: how many there are */
    uint32_t nested; /* which of them are nodes */
    void *slots[];
};

void hamt_entry_init(struct hamt_entry *entry, struct str key, void (*free)(struct hamt_entry *))
{
    atomic_init(&entry->refs, 1);
    entry->key = key;
    entry->free = free;
}

static struct hamt_entry *entry_ref(struct hamt_entry *entry)
{
    (void)atomic_fetch_add_explicit(&entry->refs, 1, memory_order_relaxed);
    return entry;
}

static void entry_unref(struct hamt_entry *entry)
{
    if (atomic_fetch_sub_explicit(&entry->refs, 1, memory_order_acq_rel) == 1) {
        entry->free(entry);
    }
}

static uint64_t hash_of(const struct hamt *hamt, struct str key)
{
    return hamt->hash == NULL ? str_hash(key) : hamt->hash(key);
}

static bool is_list(unsigned shift)
{
    return shift >= HASH_BITS;
}

static size_t slot_count(const struct hamt_node *node, unsigned shift)
{
    return is_list(shift) ? node->used : (size_t)__builtin_popcount(node->used);
}

static struct hamt_node *node_new(size_t slots)
{
    struct hamt_node *node = mem_alloc(sizeof(*node) + slots * sizeof(void *));
    atomic_init(&node->refs, 1);
    node->used = 0;
    node->nested = 0;
    return node;
}

/* The place of a digit among the slots. */
static size_t place_of(const struct hamt_node *node, uint32_t bit)
{
    return (size_t)__builtin_popcount(node->used & (bit - 1));
}

static uint32_t bit_of(uint64_t hash, unsigned shift)
{
    return (uint32_t)1 << (hash >> shift & MASK);
}

static bool slot_is_node(const struct hamt_node *node, unsigned shift, size_t place)
{
    if (is_list(shift)) {
        return false;
    }
    uint32_t used = node->used;
    for (size_t i = 0; i < place; i++) {
        used &= used - 1;
    }
    return (node->nested & used & -used) != 0;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as a hash has digits */
static void node_unref(struct hamt_node *node, unsigned shift)
{
    if (node == NULL || atomic_fetch_sub_explicit(&node->refs, 1, memory_order_acq_rel) > 1) {
        return;
    }
    for (size_t i = 0; i < slot_count(node, shift); i++) {
        if (slot_is_node(node, shift, i)) {
            node_unref(node->slots[i], shift + BITS);
        } else {
            entry_unref(node->slots[i]);
        }
    }
    mem_free(node);
}

/* A copy with room for one slot more, in place of `node` if nobody else has it. Takes over the
 * reference. */
static struct hamt_node *own(struct hamt_node *node, unsigned shift, size_t more)
{
    size_t count = slot_count(node, shift);
    size_t size = sizeof(*node) + (count + more) * sizeof(void *);
    if (atomic_load_explicit(&node->refs, memory_order_acquire) == 1) {
        return more == 0 ? node : mem_realloc(node, size);
    }
    struct hamt_node *copy = node_new(count + more);
    copy->used = node->used;
    copy->nested = node->nested;
    for (size_t i = 0; i < count; i++) {
        copy->slots[i] = node->slots[i];
        if (slot_is_node(node, shift, i)) {
            struct hamt_node *child = node->slots[i];
            (void)atomic_fetch_add_explicit(&child->refs, 1, memory_order_relaxed);
        } else {
            (void)entry_ref(node->slots[i]);
        }
    }
    node_unref(node, shift);
    return copy;
}

static void open_slot(struct hamt_node *node, size_t count, size_t place)
{
    memmove(&node->slots[place + 1], &node->slots[place], (count - place) * sizeof(void *));
}

struct edit {
    const struct hamt *hamt;
    uint64_t hash;
    struct hamt_entry *entry; /* put */
    struct str key;           /* remove */
    bool found;
};

static struct hamt_node *list_put(struct hamt_node *node, unsigned shift, struct edit *edit)
{
    for (size_t i = 0; i < node->used; i++) {
        struct hamt_entry *old = node->slots[i];
        if (str_eq(old->key, edit->entry->key)) {
            node = own(node, shift, 0);
            node->slots[i] = edit->entry;
            entry_unref(old);
            edit->found = true;
            return node;
        }
    }
    node = own(node, shift, 1);
    node->slots[node->used++] = edit->entry;
    return node;
}

static struct hamt_node *node_put(struct hamt_node *node, unsigned shift, struct edit *edit);

/* Two entries whose hashes agree so far go one level deeper. */
static struct hamt_node *split(struct hamt_entry *old, unsigned shift, struct edit *edit)
{
    struct hamt_node *node = node_new(1);
    node->slots[0] = old;
    node->used = is_list(shift) ? 1 : bit_of(hash_of(edit->hamt, old->key), shift);
    return node_put(node, shift, edit);
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as a hash has digits */
static struct hamt_node *node_put(struct hamt_node *node, unsigned shift, struct edit *edit)
{
    if (is_list(shift)) {
        return list_put(node, shift, edit);
    }
    uint32_t bit = bit_of(edit->hash, shift);
    size_t place = place_of(node, bit);
    if ((node->used & bit) == 0) {
        size_t count = slot_count(node, shift);
        node = own(node, shift, 1);
        open_slot(node, count, place);
        node->slots[place] = edit->entry;
        node->used |= bit;
        return node;
    }
    node = own(node, shift, 0);
    if ((node->nested & bit) != 0) {
        node->slots[place] = node_put(node->slots[place], shift + BITS, edit);
        return node;
    }
    struct hamt_entry *old = node->slots[place];
    if (str_eq(old->key, edit->entry->key)) {
        node->slots[place] = edit->entry;
        entry_unref(old);
        edit->found = true;
        return node;
    }
    node->slots[place] = split(old, shift + BITS, edit);
    node->nested |= bit;
    return node;
}

void hamt_put(struct hamt *hamt, struct hamt_entry *entry)
{
    struct edit edit = {.hamt = hamt, .hash = hash_of(hamt, entry->key), .entry = entry};
    if (hamt->root == NULL) {
        hamt->root = node_new(0);
    }
    hamt->root = node_put(hamt->root, 0, &edit);
    hamt->count += edit.found ? 0 : 1;
}

static struct hamt_node *
close_slot(struct hamt_node *node, unsigned shift, size_t place, uint32_t bit)
{
    size_t count = slot_count(node, shift);
    memmove(&node->slots[place], &node->slots[place + 1], (count - place - 1) * sizeof(void *));
    if (is_list(shift)) {
        node->used--;
    } else {
        node->used &= ~bit;
        node->nested &= ~bit;
    }
    if (count == 1) {
        mem_free(node);
        return NULL;
    }
    return node;
}

static struct hamt_node *list_remove(struct hamt_node *node, unsigned shift, struct edit *edit)
{
    for (size_t i = 0; i < node->used; i++) {
        struct hamt_entry *old = node->slots[i];
        if (str_eq(old->key, edit->key)) {
            node = own(node, shift, 0);
            entry_unref(old);
            edit->found = true;
            return close_slot(node, shift, i, 0);
        }
    }
    return node;
}

/* A child with a single entry is that entry. */
static void pull_up(struct hamt_node *node, size_t place, uint32_t bit, unsigned shift)
{
    struct hamt_node *child = node->slots[place];
    if (slot_count(child, shift + BITS) == 1 && !slot_is_node(child, shift + BITS, 0)) {
        node->slots[place] = entry_ref(child->slots[0]);
        node->nested &= ~bit;
        node_unref(child, shift + BITS);
    }
}

/* Only for a key that is there, so that what is copied is needed.
 * NOLINTNEXTLINE(misc-no-recursion): as deep as a hash has digits */
static struct hamt_node *node_remove(struct hamt_node *node, unsigned shift, struct edit *edit)
{
    if (is_list(shift)) {
        return list_remove(node, shift, edit);
    }
    uint32_t bit = bit_of(edit->hash, shift);
    size_t place = place_of(node, bit);
    node = own(node, shift, 0);
    if ((node->nested & bit) == 0) {
        entry_unref(node->slots[place]);
        return close_slot(node, shift, place, bit);
    }
    struct hamt_node *child = node_remove(node->slots[place], shift + BITS, edit);
    if (child == NULL) {
        return close_slot(node, shift, place, bit);
    }
    node->slots[place] = child;
    pull_up(node, place, bit, shift);
    return node;
}

bool hamt_remove(struct hamt *hamt, struct str key)
{
    if (hamt_get(hamt, key) == NULL) {
        return false;
    }
    struct edit edit = {.hamt = hamt, .hash = hash_of(hamt, key), .key = key};
    hamt->root = node_remove(hamt->root, 0, &edit);
    hamt->count--;
    return true;
}

struct hamt_entry *hamt_get(const struct hamt *hamt, struct str key)
{
    if (hamt->root == NULL) {
        return NULL;
    }
    uint64_t hash = hash_of(hamt, key);
    const struct hamt_node *node = hamt->root;
    for (unsigned shift = 0; !is_list(shift); shift += BITS) {
        uint32_t bit = bit_of(hash, shift);
        if ((node->used & bit) == 0) {
            return NULL;
        }
        void *slot = node->slots[place_of(node, bit)];
        if ((node->nested & bit) == 0) {
            struct hamt_entry *entry = slot;
            return str_eq(entry->key, key) ? entry : NULL;
        }
        node = slot;
    }
    for (size_t i = 0; i < node->used; i++) {
        struct hamt_entry *entry = node->slots[i];
        if (str_eq(entry->key, key)) {
            return entry;
        }
    }
    return NULL;
}

void hamt_done(struct hamt *hamt)
{
    node_unref(hamt->root, 0);
    hamt->root = NULL;
    hamt->count = 0;
}

struct hamt hamt_share(const struct hamt *hamt)
{
    if (hamt->root != NULL) {
        (void)atomic_fetch_add_explicit(&hamt->root->refs, 1, memory_order_relaxed);
    }
    return *hamt;
}

/* NOLINTNEXTLINE(misc-no-recursion): as deep as a hash has digits */
static void node_each(const struct hamt_node *node,
                      unsigned shift,
                      void (*visit)(void *ctx, struct hamt_entry *entry),
                      void *ctx)
{
    for (size_t i = 0; i < slot_count(node, shift); i++) {
        if (slot_is_node(node, shift, i)) {
            node_each(node->slots[i], shift + BITS, visit, ctx);
        } else {
            visit(ctx, node->slots[i]);
        }
    }
}

void hamt_each(const struct hamt *hamt,
               void (*visit)(void *ctx, struct hamt_entry *entry),
               void *ctx)
{
    if (hamt->root != NULL) {
        node_each(hamt->root, 0, visit, ctx);
    }
}
