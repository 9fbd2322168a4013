/* route_trie.h - paths of one host, segment by segment. For gateway/spec alone.
 *
 * Every node is reached by one path only, so a look-up visits a node at most once,
 * however much it has to go back. Built by one thread, then read-only.
 */
#ifndef POSTERN_SPEC_ROUTE_TRIE_H
#define POSTERN_SPEC_ROUTE_TRIE_H

#include "base/arena.h"
#include "base/map.h"
#include "spec/path_pattern.h"
#include "spec/route.h"

struct trie_leaf {
    struct trie_leaf *next; /* of other schemes */
    unsigned schemes;
    const struct route *route;
    const struct str *names; /* of the parameters, in the order of the path */
    size_t name_count;
};

struct trie_edge { /* a parameter */
    struct trie_edge *next;
    const struct constraint *constraint; /* NULL: anything, and then the last */
    struct trie_node *node;
};

struct trie_node {
    struct map literals;
    struct trie_edge *params;
    struct trie_leaf *here;
    struct trie_leaf *rest;
};

/* Nodes live in the arena, which also frees what they hold. */
struct trie_node *trie_new(struct arena *arena);
/* The route that has this pattern for one of these schemes already, or NULL when it was added.
 * A route may be added with the same pattern twice. */
const struct route *trie_add(struct trie_node *root,
                             struct arena *arena,
                             const struct pattern *pattern,
                             unsigned schemes,
                             const struct route *route);
/* Appends to out->params. */
bool trie_find(const struct trie_node *root,
               unsigned scheme,
               struct str path,
               struct route_match *out);

#endif
