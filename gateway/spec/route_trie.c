#include "spec/route_trie.h"

#include "base/mem.h"
#include "spec/constraint.h"

/* Up to so many literals are compared one by one. */
enum { FEW = 4 };
/* What of one path lies together: a literal and its text, a parameter, a leaf. */
enum { NEAR = 5 * 64 };

struct trie_node *trie_new(struct arena *arena)
{
    return ARENA_NEW(arena, struct trie_node);
}

static void release(void *ptr)
{
    map_done(ptr);
}

/* Constrained ones first, in the order of their text, so that no order of a file matters. */
static bool comes_before(const struct constraint *a, const struct constraint *b)
{
    if (a == NULL || b == NULL) {
        return a != NULL && b == NULL;
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
    struct trie_node **at = &node->params;
    while (*at != NULL && comes_before((*at)->constraint, constraint)) {
        at = &(*at)->next;
    }
    if (*at != NULL && same_constraint((*at)->constraint, constraint)) {
        return *at;
    }
    struct trie_node *param = trie_new(arena);
    param->constraint = constraint;
    param->next = *at;
    *at = param;
    return param;
}

static struct trie_node *literal_node(const struct trie_node *node, struct str text)
{
    if (node->many != NULL) {
        return map_get(node->many, text);
    }
    struct trie_node *at = node->literals;
    while (at != NULL && !str_eq(at->text, text)) {
        at = at->next;
    }
    return at;
}

static void add_literal(struct trie_node *node, struct arena *arena, struct trie_node *literal)
{
    size_t count = 0;
    literal->next = node->literals;
    node->literals = literal;
    if (node->many != NULL) {
        (void)map_put(node->many, literal->text, literal);
        return;
    }
    for (const struct trie_node *at = literal; at != NULL; at = at->next) {
        count++;
    }
    if (count <= FEW) {
        return;
    }
    node->many = ARENA_NEW(arena, struct map);
    map_init(node->many);
    arena_defer(arena, release, node->many);
    for (struct trie_node *at = literal; at != NULL; at = at->next) {
        (void)map_put(node->many, at->text, at);
    }
}

static struct trie_node *
child(struct trie_node *node, struct arena *arena, const struct pattern_segment *segment)
{
    if (segment->param) {
        return param_node(node, arena, segment->constraint);
    }
    struct trie_node *next = literal_node(node, segment->text);
    if (next == NULL) {
        next = trie_new(arena);
        next->text = arena_str(arena, segment->text); /* a copy, to have it near */
        add_literal(node, arena, next);
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
    struct trie_leaf **at = pattern->rest ? &node->rest : &node->here;
    for (; *at != NULL; at = &(*at)->next) {
        if (((*at)->schemes & schemes) != 0) {
            return (*at)->route == route ? NULL : (*at)->route;
        }
    }
    struct trie_leaf *leaf = arena_calloc(arena, sizeof(*leaf) + count * sizeof(names[0]));
    leaf->schemes = schemes;
    leaf->route = route;
    leaf->name_count = count;
    for (size_t i = 0; i < count; i++) {
        leaf->names[i] = names[i];
    }
    *at = leaf;
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
        mem_prefetch(leaf->route, sizeof(*leaf->route));
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
    const struct trie_node *next = literal_node(node, segment);
    if (next != NULL) {
        mem_prefetch(next, NEAR);
    }
    if (next != NULL && walk(lookup, next, rest, params)) {
        return true;
    }
    for (const struct trie_node *param = node->params; param != NULL; param = param->next) {
        if (params >= ROUTE_PARAMS_MAX ||
            (param->constraint != NULL && !constraint_match(param->constraint, segment))) {
            continue;
        }
        lookup->out->params[params].value = segment;
        if (walk(lookup, param, rest, params + 1)) {
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
