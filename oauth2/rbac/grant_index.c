/* grant_index.c - one role's grants, found by walking the components of a URI.
 *
 * An exact grant covers its URI. A prefix covers on component borders: "a.b" covers a.b and
 * everything below it, "a.b." only what is below. A wildcard has empty components, which match
 * any one component. So a URI of k components costs k + 1 look-ups and a walk through the trie of
 * wildcards, however many grants there are. */
#include "rbac/rbac_inside.h"

/* What exact and prefix grants say about one place. */
struct place {
    unsigned self;
    unsigned below;
};

/* A component of wildcard grants. */
struct branch {
    unsigned here;         /* granted to patterns that end in this component */
    struct map named;      /* component -> struct branch */
    struct branch *anyhow; /* the empty component */
};

struct grant_index {
    unsigned everywhere;
    struct map places; /* URI without a dot at the end -> struct place */
    struct branch wildcards;
};

static void free_map(void *map)
{
    map_done(map);
}

static void init_map(struct map *map, struct arena *arena)
{
    map_init(map);
    arena_defer(arena, free_map, map);
}

struct grant_index *grant_index_new(struct arena *arena)
{
    struct grant_index *index = ARENA_NEW(arena, struct grant_index);
    init_map(&index->places, arena);
    init_map(&index->wildcards.named, arena);
    return index;
}

static bool has_empty_component(struct str uri)
{
    bool empty = true;
    for (size_t i = 0; i < uri.len; i++) {
        if (uri.ptr[i] == '.' && empty) {
            return true;
        }
        empty = uri.ptr[i] == '.';
    }
    return empty;
}

static struct place *place_for(struct grant_index *index, struct arena *arena, struct str uri)
{
    struct place *place = map_get(&index->places, uri);
    if (place == NULL) {
        place = ARENA_NEW(arena, struct place);
        (void)map_put(&index->places, uri, place);
    }
    return place;
}

static struct branch *branch_for(struct branch *branch, struct arena *arena, struct str component)
{
    struct branch *next = component.len == 0 ? branch->anyhow : map_get(&branch->named, component);
    if (next != NULL) {
        return next;
    }
    next = ARENA_NEW(arena, struct branch);
    init_map(&next->named, arena);
    if (component.len == 0) {
        branch->anyhow = next;
    } else {
        (void)map_put(&branch->named, component, next);
    }
    return next;
}

static void
add_wildcard(struct grant_index *index, struct arena *arena, struct str uri, unsigned permissions)
{
    struct branch *branch = &index->wildcards;
    struct str rest = uri;
    for (bool more = true; more;) {
        struct str component;
        more = str_cut(rest, '.', &component, &rest);
        branch = branch_for(branch, arena, component);
    }
    branch->here |= permissions;
}

void grant_index_add(struct grant_index *index,
                     struct arena *arena,
                     struct str uri,
                     enum grant_match match,
                     unsigned permissions)
{
    if (uri.len == 0) {
        index->everywhere |= permissions;
    } else if (match == GRANT_WILDCARD && has_empty_component(uri)) {
        add_wildcard(index, arena, uri, permissions);
    } else if (match != GRANT_PREFIX) {
        place_for(index, arena, uri)->self |= permissions;
    } else if (str_ends(uri, STR("."))) {
        place_for(index, arena, str_sub(uri, 0, uri.len - 1))->below |= permissions;
    } else {
        struct place *place = place_for(index, arena, uri);
        place->self |= permissions;
        place->below |= permissions;
    }
}

/* A prefix grant covers the pattern if the pattern spells all of the prefix's components out, each
 * with a dot behind it: without the dot, "a.b" as a prefix pattern would reach "a.bc" too. From an
 * empty component on anything may stand there. */
void grant_path_init(struct grant_path *path, struct str pattern, enum grant_match match)
{
    bool spelled = true;
    size_t count = 0;
    size_t begin = 0;
    path->pattern = pattern;
    path->match = match;
    path->prefix_count = 0;
    path->has_components = false;
    for (size_t i = 0; i <= pattern.len && count <= GRANT_COMPONENTS_MAX; i++) {
        bool end = i == pattern.len;
        if (!end && pattern.ptr[i] != '.') {
            continue;
        }
        spelled = spelled && i > begin;
        if (!end && spelled && count < GRANT_COMPONENTS_MAX) {
            path->prefixes[path->prefix_count++] = map_hash(str_make(pattern.ptr, i));
        }
        path->ends[count] = (uint32_t)i;
        count++;
        begin = i + 1;
    }
    path->component_count = count > GRANT_COMPONENTS_MAX ? 0 : count;
    path->one_uri = match == GRANT_EXACT || (match == GRANT_WILDCARD && spelled);
    path->whole = path->one_uri ? map_hash(pattern) : 0;
}

static struct str component_of(const struct grant_path *path, size_t at)
{
    size_t begin = at == 0 ? 0 : (size_t)path->ends[at - 1] + 1;
    return str_make(path->pattern.ptr + begin, path->ends[at] - begin);
}

static void hash_components(struct grant_path *path)
{
    for (size_t i = 0; i < path->component_count; i++) {
        path->components[i] = map_hash(component_of(path, i));
    }
    path->has_components = true;
}

static bool
covered_from_above(const struct grant_index *index, unsigned wanted, const struct grant_path *path)
{
    for (size_t i = 0; i < path->prefix_count; i++) {
        const struct place *place = map_get_hashed(
            &index->places, str_make(path->pattern.ptr, path->ends[i]), path->prefixes[i]);
        if (place != NULL && (place->below & wanted) != 0) {
            return true;
        }
    }
    return false;
}

/* An empty component of the pattern is covered by an empty component of a grant alone. The tree
 * is no deeper than the longest grant. */
static bool covered_by_wildcard(const struct branch *branch,
                                unsigned wanted,
                                const struct grant_path *path,
                                size_t at)
{
    struct str component = component_of(path, at);
    bool more = at + 1 < path->component_count;
    const struct branch *const next[] = {
        component.len == 0 ? NULL : map_get_hashed(&branch->named, component, path->components[at]),
        branch->anyhow,
    };
    for (size_t i = 0; i < 2; i++) {
        if (next[i] == NULL) {
            continue;
        }
        if (more ? covered_by_wildcard(next[i], wanted, path, at + 1)
                 : (next[i]->here & wanted) != 0) {
            return true;
        }
    }
    return false;
}

static bool has_wildcards(const struct grant_index *index)
{
    return index->wildcards.anyhow != NULL || index->wildcards.named.count > 0;
}

bool grant_index_covers(const struct grant_index *index, unsigned wanted, struct grant_path *path)
{
    if ((index->everywhere & wanted) != 0) {
        return true;
    }
    if (index->places.count > 0) {
        if (covered_from_above(index, wanted, path)) {
            return true;
        }
        const struct place *place =
            path->one_uri ? map_get_hashed(&index->places, path->pattern, path->whole) : NULL;
        if (place != NULL && (place->self & wanted) != 0) {
            return true;
        }
    }
    if (path->match == GRANT_PREFIX || path->component_count == 0 || !has_wildcards(index)) {
        return false;
    }
    if (!path->has_components) {
        hash_components(path);
    }
    return covered_by_wildcard(&index->wildcards, wanted, path, 0);
}

/* Who found a grant by walking says which it was. */
struct naming {
    char *out;
    size_t size;
    size_t len;
};

static void name_add(struct naming *naming, struct str text)
{
    for (size_t i = 0; i < text.len && naming->len + 1 < naming->size; i++) {
        naming->out[naming->len++] = text.ptr[i];
    }
    naming->out[naming->len] = '\0';
}

/* NOLINTNEXTLINE(misc-no-recursion): no deeper than the longest grant */
static bool name_wildcard(const struct branch *branch,
                          unsigned wanted,
                          struct str pattern,
                          struct naming *naming)
{
    struct str component;
    struct str rest;
    bool more = str_cut(pattern, '.', &component, &rest);
    const size_t len = naming->len;
    for (unsigned any = 0; any < 2; any++) {
        const struct branch *next = branch->anyhow;
        if (any == 0) {
            next = component.len == 0 ? NULL : map_get(&branch->named, component);
        }
        naming->len = len;
        name_add(naming, any == 0 ? component : STR_EMPTY);
        name_add(naming, more ? STR(".") : STR_EMPTY);
        if (next != NULL &&
            (more ? name_wildcard(next, wanted, rest, naming) : (next->here & wanted) != 0)) {
            return true;
        }
    }
    return false;
}

/* The prefix that covers from above; the shortest. */
static bool name_prefix(const struct grant_index *index,
                        unsigned wanted,
                        struct str pattern,
                        struct naming *naming)
{
    for (size_t i = 1; i < pattern.len; i++) {
        if (pattern.ptr[i] != '.') {
            continue;
        }
        if (pattern.ptr[i - 1] == '.') {
            return false;
        }
        const struct place *place = map_get(&index->places, str_make(pattern.ptr, i));
        if (place != NULL && (place->below & wanted) != 0) {
            name_add(naming, str_sub(pattern, 0, (place->self & wanted) != 0 ? i : i + 1));
            return true;
        }
    }
    return false;
}

bool grant_index_find(const struct grant_index *index,
                      unsigned wanted,
                      struct str pattern,
                      enum grant_match match,
                      enum grant_match *out_match,
                      char *out,
                      size_t size)
{
    struct naming naming = {.out = out, .size = size};
    name_add(&naming, STR_EMPTY);
    struct grant_path path;
    grant_path_init(&path, pattern, match);
    if (!grant_index_covers(index, wanted, &path)) {
        return false;
    }
    *out_match = GRANT_PREFIX;
    if ((index->everywhere & wanted) != 0 || (pattern.len > 0 && pattern.ptr[0] != '.' &&
                                              name_prefix(index, wanted, pattern, &naming))) {
        return true;
    }
    const struct place *place = map_get(&index->places, pattern);
    if (match != GRANT_PREFIX && place != NULL && (place->self & wanted) != 0) {
        *out_match = (place->below & wanted) != 0 ? GRANT_PREFIX : GRANT_EXACT;
        name_add(&naming, pattern);
        return true;
    }
    *out_match = GRANT_WILDCARD;
    return name_wildcard(&index->wildcards, wanted, pattern, &naming);
}
