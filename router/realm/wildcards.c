/* wildcards.c - a tree of URI components; the nameless child takes any. */
#include "realm/wildcards.h"

#include "base/map.h"
#include "base/mem.h"
#include "wamp/uri.h"

#include <string.h>

struct wildcard_node {
    void *value;
    struct wildcard_node *any;
    struct map named;
    struct wildcard_node *parent;
    size_t name_len; /* 0 for the one that takes any */
    char name[];     /* the map's key */
};

struct parts {
    struct str at[URI_COMPONENTS_MAX];
    size_t count;
};

static struct wildcard_node *node_new(struct wildcard_node *parent, struct str name)
{
    struct wildcard_node *node = mem_calloc(1, sizeof(*node) + name.len);
    node->parent = parent;
    if (name.len > 0) {
        memcpy(node->name, name.ptr, name.len);
    }
    node->name_len = name.len;
    map_init(&node->named);
    return node;
}

static void node_free(struct wildcard_node *node)
{
    map_done(&node->named);
    mem_free(node);
}

void wildcards_init(struct wildcards *wildcards)
{
    wildcards->root = NULL;
}

static void node_free_all(struct wildcard_node *node)
{
    size_t cursor = 0;
    const struct map_slot *slot = NULL;
    while ((slot = map_next(&node->named, &cursor)) != NULL) {
        node_free_all(slot->value);
    }
    if (node->any != NULL) {
        node_free_all(node->any);
    }
    node_free(node);
}

void wildcards_done(struct wildcards *wildcards)
{
    if (wildcards->root != NULL) {
        node_free_all(wildcards->root);
    }
    wildcards->root = NULL;
}

/* False for a URI of more components than a pattern can have. */
static bool split(struct str uri, struct parts *out)
{
    out->count = 0;
    bool more = true;
    while (more) {
        if (out->count == URI_COMPONENTS_MAX) {
            return false;
        }
        struct str rest = STR_EMPTY;
        more = str_cut(uri, '.', &out->at[out->count], &rest);
        out->count++;
        uri = rest;
    }
    return true;
}

static struct wildcard_node *child_of(const struct wildcard_node *node, struct str part)
{
    return part.len == 0 ? node->any : map_get(&node->named, part);
}

static struct wildcard_node *node_find(const struct wildcards *wildcards, struct str pattern)
{
    struct parts parts;
    struct wildcard_node *node = wildcards->root;
    if (!split(pattern, &parts)) {
        return NULL;
    }
    for (size_t i = 0; node != NULL && i < parts.count; i++) {
        node = child_of(node, parts.at[i]);
    }
    return node;
}

void *wildcards_get(const struct wildcards *wildcards, struct str pattern)
{
    const struct wildcard_node *node = node_find(wildcards, pattern);
    return node == NULL ? NULL : node->value;
}

void wildcards_put(struct wildcards *wildcards, struct str pattern, void *value)
{
    struct parts parts;
    if (!split(pattern, &parts)) {
        return; /* uri_valid refused it long ago */
    }
    if (wildcards->root == NULL) {
        wildcards->root = node_new(NULL, STR_EMPTY);
    }
    struct wildcard_node *node = wildcards->root;
    for (size_t i = 0; i < parts.count; i++) {
        struct wildcard_node *child = child_of(node, parts.at[i]);
        if (child == NULL) {
            child = node_new(node, parts.at[i]);
            if (child->name_len == 0) {
                node->any = child;
            } else {
                (void)map_put(&node->named, str_make(child->name, child->name_len), child);
            }
        }
        node = child;
    }
    node->value = value;
}

void *wildcards_remove(struct wildcards *wildcards, struct str pattern)
{
    struct wildcard_node *node = node_find(wildcards, pattern);
    if (node == NULL || node->value == NULL) {
        return NULL;
    }
    void *value = node->value;
    node->value = NULL;
    while (node->parent != NULL && node->value == NULL && node->any == NULL &&
           node->named.count == 0) {
        struct wildcard_node *parent = node->parent;
        if (node->name_len == 0) {
            parent->any = NULL;
        } else {
            (void)map_remove(&parent->named, str_make(node->name, node->name_len));
        }
        node_free(node);
        node = parent;
    }
    return value;
}

/* At most URI_COMPONENTS_MAX deep. */
static void *node_best(const struct wildcard_node *node, const struct parts *parts, size_t depth)
{
    if (depth == parts->count) {
        return node->value;
    }
    const struct wildcard_node *named = map_get(&node->named, parts->at[depth]);
    void *found = named == NULL ? NULL : node_best(named, parts, depth + 1);
    if (found == NULL && node->any != NULL) {
        found = node_best(node->any, parts, depth + 1);
    }
    return found;
}

void *wildcards_best(const struct wildcards *wildcards, struct str uri)
{
    struct parts parts;
    if (wildcards->root == NULL || !split(uri, &parts)) {
        return NULL;
    }
    return node_best(wildcards->root, &parts, 0);
}

static void node_each(const struct wildcard_node *node,
                      const struct parts *parts,
                      size_t depth,
                      pattern_visit_fn visit,
                      void *ctx)
{
    if (depth == parts->count) {
        if (node->value != NULL) {
            visit(ctx, node->value);
        }
        return;
    }
    const struct wildcard_node *named = map_get(&node->named, parts->at[depth]);
    if (named != NULL) {
        node_each(named, parts, depth + 1, visit, ctx);
    }
    if (node->any != NULL) {
        node_each(node->any, parts, depth + 1, visit, ctx);
    }
}

void wildcards_each(const struct wildcards *wildcards,
                    struct str uri,
                    pattern_visit_fn visit,
                    void *ctx)
{
    struct parts parts;
    if (wildcards->root != NULL && split(uri, &parts)) {
        node_each(wildcards->root, &parts, 0, visit, ctx);
    }
}
