#include "spec/route_trie.h"

#include "spec/constraint.h"

static void release(void *ptr)
{
    map_done(ptr);
}

struct trie_node *trie_new(struct arena *arena)
{
    struct trie_node *node = ARENA_NEW(arena, struct trie_node);
    map_init(&node->literals);
    arena_defer(arena, release, &node->literals);
    return node;
}

/* Constrained ones first, in the order of their text, so that no order of a file matters. */
static bool comes_before(const struct constraint *a, const struct constraint *b)
{
    if (a == NULL || b == NULL) {
        return a != NULL;
    }
    return str_cmp(constraint_pattern(a), constraint_pattern(b)) < 0;
}

static bool same_constraint(const struct constraint *a, const struct constraint *b)
{
    if (a == NULL || b == NULL) {
        return a == b;
    }
    return str_eq(constraint_pattern(a), constraint_pattern(b));
}

static struct trie_node *
param_node(struct trie_node *node, struct arena *arena, const struct constraint *constraint)
{
    struct trie_edge **at = &node->params;
    while (*at != NULL && comes_before((*at)->constraint, constraint)) {
        at = &(*at)->next;
    }
    if (*at != NULL && same_constraint((*at)->constraint, constraint)) {
        return (*at)->node;
    }
    struct trie_edge *edge = ARENA_NEW(arena, struct trie_edge);
    *edge = (struct trie_edge){.next = *at, .constraint = constraint, .node = trie_new(arena)};
    *at = edge;
    return edge->node;
}

static struct trie_node *
child(struct trie_node *node, struct arena *arena, const struct pattern_segment *segment)
{
    if (segment->param) {
        return param_node(node, arena, segment->constraint);
    }
    struct trie_node *next = map_get(&node->literals, segment->text);
    if (next == NULL) {
        next = trie_new(arena);
        (void)map_put(&node->literals, segment->text, next);
    }
    return next;
}

const struct route *trie_add(struct trie_node *root,
                             struct arena *arena,
                             const struct pattern *pattern,
                             unsigned schemes,
                             const struct route *route)
{
    struct trie_node *node = root;
    struct str names[PATTERN_SEGMENTS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < pattern->count; i++) {
        if (pattern->segments[i].param) {
            names[count++] = pattern->segments[i].text;
        }
        node = child(node, arena, &pattern->segments[i]);
    }
    struct trie_leaf **leaf = pattern->rest ? &node->rest : &node->here;
    for (; *leaf != NULL; leaf = &(*leaf)->next) {
        if (((*leaf)->schemes & schemes) != 0) {
            return (*leaf)->route == route ? NULL : (*leaf)->route;
        }
    }
    struct str *kept = ARENA_ARRAY(arena, struct str, count + 1);
    for (size_t i = 0; i < count; i++) {
        kept[i] = names[i];
    }
    *leaf = ARENA_NEW(arena, struct trie_leaf);
    **leaf =
        (struct trie_leaf){.schemes = schemes, .route = route, .names = kept, .name_count = count};
    return NULL;
}

struct lookup {
    unsigned scheme;
    struct route_match *out;
    size_t base; /* parameters that were there before: the host's */
};

static bool arrive(struct lookup *lookup, const struct trie_leaf *leaf)
{
    for (; leaf != NULL; leaf = leaf->next) {
        if ((leaf->schemes & lookup->scheme) == 0) {
            continue;
        }
        lookup->out->route = leaf->route;
        lookup->out->param_count = lookup->base + leaf->name_count;
        for (size_t i = 0; i < leaf->name_count; i++) {
            lookup->out->params[lookup->base + i].name = leaf->names[i];
        }
        return true;
    }
    return false;
}

/* Depth is that of the patterns, not of the path. */
static bool
walk(struct lookup *lookup, const struct trie_node *node, struct str path, size_t params)
{
    while (path.len > 0 && path.ptr[0] == '/') {
        path = str_from(path, 1);
    }
    if (path.len == 0) {
        return arrive(lookup, node->here) || arrive(lookup, node->rest);
    }
    struct str segment;
    struct str rest;
    (void)str_cut(path, '/', &segment, &rest);
    const struct trie_node *next = map_get(&node->literals, segment);
    if (next != NULL && walk(lookup, next, rest, params)) {
        return true;
    }
    for (const struct trie_edge *edge = node->params; edge != NULL; edge = edge->next) {
        if (params >= ROUTE_PARAMS_MAX ||
            (edge->constraint != NULL && !constraint_match(edge->constraint, segment))) {
            continue;
        }
        lookup->out->params[params].value = segment;
        if (walk(lookup, edge->node, rest, params + 1)) {
            return true;
        }
    }
    return arrive(lookup, node->rest);
}

bool trie_find(const struct trie_node *root,
               unsigned scheme,
               struct str path,
               struct route_match *out)
{
    struct lookup lookup = {.scheme = scheme, .out = out, .base = out->param_count};
    return walk(&lookup, root, path, lookup.base);
}
