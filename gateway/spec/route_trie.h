/* route_trie.h - paths of one host, segment by segment. For gateway/spec alone.
 *
 * Every node is reached by one path only, so a look-up visits a node at most once,
 * however much it has to go back. What one path needs lies together in memory, as
 * a look-up among many routes waits for memory and for little else. Built by one
 * thread, then read-only.
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
    size_t name_count; /* parameters, in the order of the path */
    struct str names[];
};

struct trie_node {
    struct str text;                     /* of a literal */
    const struct constraint *constraint; /* of a parameter; NULL: anything, and then the last */
    struct trie_node *next;              /* beside it */
    struct trie_node *literals;
    struct map *many; /* the literals by text, once they are many */
    struct trie_node *params;
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
