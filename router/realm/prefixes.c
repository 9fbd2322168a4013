/* prefixes.c - a radix tree: each node a piece of label, no node without purpose. */
#include "realm/prefixes.h"

#include "base/mem.h"

#include <assert.h>
#include <string.h>

/* The first bytes of the children's labels stand together: looking for one touches no child. */
struct prefix_node {
    void *value;
    struct prefix_node **children; /* by first byte of the label; then those bytes */
    unsigned count;
    unsigned cap;
    size_t len;
    char label[]; /* never empty but at the root */
};

static struct prefix_node *node_new(struct str label, void *value)
{
    struct prefix_node *node = mem_calloc(1, sizeof(*node) + label.len);
    if (label.len > 0) {
        memcpy(node->label, label.ptr, label.len);
    }
    node->len = label.len;
    node->value = value;
    return node;
}

static void node_free(struct prefix_node *node)
{
    mem_free(node->children);
    mem_free(node);
}

void prefixes_init(struct prefixes *prefixes)
{
    prefixes->root = NULL;
}

/* Depth is at most URI_LEN_MAX, because every level takes a byte of a URI. */
static void node_free_all(struct prefix_node *node)
{
    for (size_t i = 0; i < node->count; i++) {
        node_free_all(node->children[i]);
    }
    node_free(node);
}

void prefixes_done(struct prefixes *prefixes)
{
    if (prefixes->root != NULL) {
        node_free_all(prefixes->root);
    }
    prefixes->root = NULL;
}

static unsigned char *first_bytes(const struct prefix_node *node)
{
    return (unsigned char *)(node->children + node->cap);
}

/* Where a child that begins with `byte` is or belongs; true when it is there. */
static bool child_at(const struct prefix_node *node, char byte, size_t *out)
{
    const unsigned char *firsts = first_bytes(node);
    size_t low = 0;
    size_t high = node->count;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (firsts[middle] < (unsigned char)byte) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    *out = low;
    return low < node->count && firsts[low] == (unsigned char)byte;
}

static void children_grow(struct prefix_node *node)
{
    if (node->count < node->cap) {
        return;
    }
    unsigned cap = node->cap == 0 ? 1 : node->cap * 2;
    struct prefix_node **children = mem_alloc(cap * (sizeof(struct prefix_node *) + 1));
    if (node->count > 0) {
        memcpy(children, node->children, node->count * sizeof(struct prefix_node *));
        memcpy(children + cap, first_bytes(node), node->count);
    }
    mem_free(node->children);
    node->children = children;
    node->cap = cap;
}

static void child_insert(struct prefix_node *node, size_t at, struct prefix_node *child)
{
    children_grow(node);
    unsigned char *firsts = first_bytes(node);
    memmove(&node->children[at + 1], &node->children[at],
            (node->count - at) * sizeof(struct prefix_node *));
    memmove(&firsts[at + 1], &firsts[at], node->count - at);
    node->children[at] = child;
    firsts[at] = (unsigned char)child->label[0];
    node->count++;
}

static void child_drop(struct prefix_node *node, size_t at)
{
    unsigned char *firsts = first_bytes(node);
    node->count--;
    memmove(&node->children[at], &node->children[at + 1],
            (node->count - at) * sizeof(struct prefix_node *));
    memmove(&firsts[at], &firsts[at + 1], node->count - at);
}

static size_t common_length(const struct prefix_node *node, struct str rest)
{
    size_t max = node->len < rest.len ? node->len : rest.len;
    size_t i = 0;
    while (i < max && node->label[i] == rest.ptr[i]) {
        i++;
    }
    return i;
}

/* The child of `node` whose whole label `rest` begins with. */
static struct prefix_node *child_step(const struct prefix_node *node, struct str rest)
{
    size_t at = 0;
    if (rest.len == 0 || !child_at(node, rest.ptr[0], &at)) {
        return NULL;
    }
    struct prefix_node *child = node->children[at];
    return common_length(child, rest) == child->len ? child : NULL;
}

void *prefixes_get(const struct prefixes *prefixes, struct str prefix)
{
    const struct prefix_node *node = prefixes->root;
    while (node != NULL && prefix.len > 0) {
        node = child_step(node, prefix);
        prefix = node == NULL ? prefix : str_from(prefix, node->len);
    }
    return node == NULL ? NULL : node->value;
}

/* Cuts a child's label in two at `common`; what is new stands in the child's place. */
static struct prefix_node *child_split(struct prefix_node *node, size_t at, size_t common)
{
    struct prefix_node *child = node->children[at];
    struct prefix_node *upper = node_new(str_make(child->label, common), NULL);
    child->len -= common;
    memmove(child->label, child->label + common, child->len); /* its first byte is new */
    child_insert(upper, 0, child);
    node->children[at] = upper;
    return upper;
}

void prefixes_put(struct prefixes *prefixes, struct str prefix, void *value)
{
    if (prefixes->root == NULL) {
        prefixes->root = node_new(STR_EMPTY, NULL);
    }
    struct prefix_node *node = prefixes->root;
    while (prefix.len > 0) {
        size_t at = 0;
        if (!child_at(node, prefix.ptr[0], &at)) {
            child_insert(node, at, node_new(prefix, value));
            return;
        }
        size_t common = common_length(node->children[at], prefix);
        node =
            common == node->children[at]->len ? node->children[at] : child_split(node, at, common);
        prefix = str_from(prefix, common);
    }
    node->value = value;
}

/* A node without a value and with one child is only a longer label. */
static void child_tidy(struct prefix_node *node, size_t at)
{
    struct prefix_node *child = node->children[at];
    if (child->value != NULL || child->count > 1) {
        return;
    }
    if (child->count == 0) {
        child_drop(node, at);
        node_free(child);
        return;
    }
    struct prefix_node *lower = child->children[0];
    lower = mem_realloc(lower, sizeof(*lower) + lower->len + child->len);
    memmove(lower->label + child->len, lower->label, lower->len);
    memcpy(lower->label, child->label, child->len);
    lower->len += child->len;
    node->children[at] = lower; /* beginning with the same byte as the one it stands for */
    node_free(child);
}

void *prefixes_remove(struct prefixes *prefixes, struct str prefix)
{
    struct prefix_node *above = NULL;
    struct prefix_node *parent = NULL;
    struct prefix_node *node = prefixes->root;
    size_t above_at = 0;
    size_t at = 0;
    while (node != NULL && prefix.len > 0) {
        struct prefix_node *child = child_step(node, prefix);
        if (child == NULL) {
            return NULL;
        }
        above = parent;
        above_at = at;
        (void)child_at(node, prefix.ptr[0], &at);
        parent = node;
        node = child;
        prefix = str_from(prefix, node->len);
    }
    if (node == NULL || node->value == NULL) {
        return NULL;
    }
    void *value = node->value;
    node->value = NULL;
    if (parent != NULL) {
        child_tidy(parent, at);
    }
    if (above != NULL) {
        child_tidy(above, above_at);
    }
    return value;
}

static void keep_last(void *ctx, void *value)
{
    *(void **)ctx = value;
}

void *prefixes_longest(const struct prefixes *prefixes, struct str uri)
{
    void *longest = NULL;
    prefixes_each(prefixes, uri, keep_last, (void *)&longest);
    return longest;
}

void prefixes_each(const struct prefixes *prefixes,
                   struct str uri,
                   pattern_visit_fn visit,
                   void *ctx)
{
    const struct prefix_node *node = prefixes->root;
    while (node != NULL) {
        if (node->value != NULL) {
            visit(ctx, node->value);
        }
        node = child_step(node, uri);
        uri = node == NULL ? uri : str_from(uri, node->len);
    }
}

/* The highest node that all with this start are at or below. */
static const struct prefix_node *node_under(const struct prefixes *prefixes, struct str start)
{
    const struct prefix_node *node = prefixes->root;
    while (node != NULL && start.len > 0) {
        size_t at = 0;
        if (!child_at(node, start.ptr[0], &at)) {
            return NULL;
        }
        const struct prefix_node *child = node->children[at];
        size_t common = common_length(child, start);
        if (common == start.len) {
            return child;
        }
        node = common == child->len ? child : NULL;
        start = str_from(start, common);
    }
    return node;
}

static void visit_all(const struct prefix_node *node, pattern_visit_fn visit, void *ctx)
{
    if (node->value != NULL) {
        visit(ctx, node->value);
    }
    for (size_t i = 0; i < node->count; i++) {
        visit_all(node->children[i], visit, ctx);
    }
}

void prefixes_under(const struct prefixes *prefixes,
                    struct str start,
                    pattern_visit_fn visit,
                    void *ctx)
{
    const struct prefix_node *node = node_under(prefixes, start);
    if (node != NULL) {
        visit_all(node, visit, ctx);
    }
}
