#include "spec/route_table.h"

#include "base/mem.h"
#include "spec/route_trie.h"
#include "spec/spec_inside.h"

#include <string.h>

enum { HOST_MAX = 255 };

struct host_entry {
    struct host_entry *next; /* of hosts with parameters, the more specific first */
    struct pattern pattern;
    struct str name; /* of hosts without */
    struct trie_node *paths;
};

struct route_table {
    struct snapshot snapshot;
    struct arena arena;
    struct map exact; /* host -> struct host_entry */
    struct host_entry *patterns;
    struct trie_node *any;
    struct spec **specs;
    size_t spec_count;
    size_t route_count;
};

static void table_free(struct snapshot *snapshot)
{
    struct route_table *table = CONTAINER_OF(snapshot, struct route_table, snapshot);
    for (size_t i = 0; i < table->spec_count; i++) {
        spec_unref(table->specs[i]);
    }
    map_done(&table->exact);
    arena_done(&table->arena);
    mem_free(table->specs);
    mem_free(table);
}

static struct route_table *table_new(uint64_t version)
{
    struct route_table *table = NEW(struct route_table);
    snapshot_init(&table->snapshot, version, table_free);
    arena_init(&table->arena, SIZE_MAX / 2); /* as large as its specs make it */
    map_init(&table->exact);
    table->any = trie_new(&table->arena);
    return table;
}

static size_t param_count(const struct pattern *pattern)
{
    size_t count = 0;
    for (size_t i = 0; i < pattern->count; i++) {
        count += pattern->segments[i].param;
    }
    return count;
}

/* Negative: `a` says more than `b`. Zero only for patterns that match the same hosts. */
static int host_order(const struct pattern *a, const struct pattern *b)
{
    if (a->rest != b->rest) {
        return a->rest ? 1 : -1;
    }
    if (a->count != b->count) {
        return a->count > b->count ? -1 : 1;
    }
    size_t params_a = param_count(a);
    size_t params_b = param_count(b);
    if (params_a != params_b) {
        return params_a < params_b ? -1 : 1;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (a->segments[i].param != b->segments[i].param) {
            return a->segments[i].param ? 1 : -1;
        }
        int order = a->segments[i].param ? 0 : str_cmp(a->segments[i].text, b->segments[i].text);
        if (order != 0) {
            return order;
        }
    }
    return 0;
}

static struct host_entry *host_new(struct route_table *table, const struct pattern *pattern)
{
    struct host_entry *entry = ARENA_NEW(&table->arena, struct host_entry);
    entry->pattern = *pattern;
    entry->paths = trie_new(&table->arena);
    return entry;
}

static struct str plain_name(struct arena *arena, const struct pattern *pattern)
{
    struct buf name;
    buf_init(&name, (size_t)PATTERN_LEN_MAX * 4);
    for (size_t i = pattern->count; i > 0; i--) {
        (void)buf_append(&name, pattern->segments[i - 1].text);
        (void)(i > 1 && buf_byte(&name, '.'));
    }
    struct str out = arena_str(arena, buf_str(&name));
    buf_done(&name);
    return out;
}

/* Parameters of equal host patterns may have different names, so the names are the first one's;
 * two specs that differ in them share the entry only when the names are equal. */
static bool same_host(const struct pattern *a, const struct pattern *b)
{
    if (host_order(a, b) != 0) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (!str_eq(a->segments[i].text, b->segments[i].text)) {
            return false;
        }
    }
    return true;
}

static struct trie_node *host_paths(struct route_table *table, const struct pattern *pattern)
{
    if (!pattern->rest && param_count(pattern) == 0) {
        struct str name = plain_name(&table->arena, pattern);
        struct host_entry *entry = map_get(&table->exact, name);
        if (entry == NULL) {
            entry = host_new(table, pattern);
            entry->name = name;
            (void)map_put(&table->exact, entry->name, entry);
        }
        return entry->paths;
    }
    struct host_entry **at = &table->patterns;
    while (*at != NULL && host_order(&(*at)->pattern, pattern) < 0) {
        at = &(*at)->next;
    }
    for (struct host_entry *same = *at; same != NULL; same = same->next) {
        if (same_host(&same->pattern, pattern)) {
            return same->paths;
        }
    }
    struct host_entry *entry = host_new(table, pattern);
    entry->next = *at;
    *at = entry;
    return entry->paths;
}

static const struct route *
add_paths(struct route_table *table, struct trie_node *node, const struct spec_route *route)
{
    for (size_t i = 0; i < route->paths.count; i++) {
        const struct route *other = trie_add(node, &table->arena, &route->paths.items[i],
                                             route->route.schemes, &route->route);
        if (other != NULL) {
            return other;
        }
    }
    return NULL;
}

static const struct route *add_route(struct route_table *table, const struct spec_route *route)
{
    table->route_count++;
    if (route->hosts.count == 0) {
        return add_paths(table, table->any, route);
    }
    for (size_t i = 0; i < route->hosts.count; i++) {
        struct trie_node *node = host_paths(table, &route->hosts.items[i]);
        const struct route *other = add_paths(table, node, route);
        if (other != NULL) {
            return other;
        }
    }
    return NULL;
}

static void
conflict(const struct spec_route *route, const struct route *other, struct problems *problems)
{
    struct arena scratch;
    arena_init(&scratch, 1 << 20);
    bool same = other->spec == route->route.spec;
    struct problem problem = {
        .line = route->line,
        .column = route->column,
        .pointer = route->pointer,
        .text = arena_printf(&scratch,
                             "the path '" PRISTR "' of host '" PRISTR "' is taken by '" PRISTR
                             "' of %s'" PRISTR "', version " PRISTR,
                             STRARG(route->route.pattern), STRARG(route->route.host),
                             STRARG(other->pattern), same ? "this API, " : "the API ",
                             STRARG(other->api), STRARG(other->version)),
    };
    problems_add(problems, &problem);
    arena_done(&scratch);
}

/* `problems` may be NULL: nobody asks which. */
static bool add_spec(struct route_table *table, struct spec *spec, struct problems *problems)
{
    bool good = true;
    for (const struct spec_route *route = spec->routes; route != NULL; route = route->next) {
        const struct route *other = add_route(table, route);
        if (other != NULL && problems != NULL) {
            conflict(route, other, problems);
        }
        good = good && other == NULL;
    }
    return good;
}

void route_table_check(struct spec *spec, struct problems *problems)
{
    struct route_table *table = table_new(0);
    (void)add_spec(table, spec, problems);
    table_free(&table->snapshot);
}

struct route_table *route_table_build(struct spec *const *specs,
                                      size_t count,
                                      uint64_t version,
                                      struct problems *problems)
{
    struct route_table *table = table_new(version);
    table->specs = NEW_ARRAY(struct spec *, count + 1);
    bool good = true;
    for (size_t i = 0; i < count; i++) {
        table->specs[table->spec_count++] = spec_ref(specs[i]);
        good = add_spec(table, specs[i], problems) && good;
    }
    if (!good) {
        table_free(&table->snapshot);
        return NULL;
    }
    return table;
}

/* The routes of `specs`, which agree. */
static struct route_table *agreed(struct spec *const *specs, size_t count)
{
    struct route_table *table = table_new(0);
    for (size_t i = 0; i < count; i++) {
        (void)add_spec(table, specs[i], NULL);
    }
    return table;
}

size_t route_table_agreeing(struct spec **specs, size_t count)
{
    struct route_table *table = table_new(0);
    struct spec **others = NEW_ARRAY(struct spec *, count + 1);
    size_t kept = 0;
    size_t left = 0;
    for (size_t i = 0; i < count; i++) {
        if (add_spec(table, specs[i], NULL)) {
            specs[kept++] = specs[i];
            continue;
        }
        others[left++] = specs[i];
        table_free(&table->snapshot); /* some of its routes are in it */
        table = agreed(specs, kept);
    }
    for (size_t i = 0; i < left; i++) {
        specs[kept + i] = others[i];
    }
    table_free(&table->snapshot);
    mem_free(others);
    return kept;
}

size_t route_table_count(const struct route_table *table)
{
    return table->route_count;
}

/* Labels from the last to the first; parameters, as they stand in `given`, are put into `out`. */
static bool host_match(const struct pattern *pattern,
                       struct str host,
                       const char *given,
                       struct route_match *out)
{
    const char *lower = host.ptr;
    for (size_t i = 0; i < pattern->count; i++) {
        if (host.len == 0) {
            return false;
        }
        size_t start = host.len;
        while (start > 0 && host.ptr[start - 1] != '.') {
            start--;
        }
        struct str label = str_from(host, start);
        const struct pattern_segment *segment = &pattern->segments[i];
        if (segment->param && label.len > 0 && out->param_count < ROUTE_PARAMS_MAX) {
            out->params[out->param_count++] = (struct route_param){
                .name = segment->text,
                .value = str_make(given + (label.ptr - lower), label.len),
            };
        } else if (!str_eq(label, segment->text)) {
            return false;
        }
        host = str_sub(host, 0, start == 0 ? 0 : start - 1);
    }
    return host.len == 0 || pattern->rest;
}

static struct str lower_host(struct str host, char out[HOST_MAX])
{
    size_t len = host.len < HOST_MAX ? host.len : 0;
    for (size_t i = 0; i < len; i++) {
        char c = host.ptr[i];
        out[i] = (char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    }
    return str_make(out, len > 0 && out[len - 1] == '.' ? len - 1 : len);
}

/* A host's own rules first, then those of patterns, then those of any host. */
static bool find_by_host(const struct route_table *table,
                         struct str host,
                         const char *given,
                         unsigned scheme,
                         struct str path,
                         struct route_match *out)
{
    const struct host_entry *entry = map_get(&table->exact, host);
    if (entry != NULL && trie_find(entry->paths, scheme, path, out)) {
        return true;
    }
    for (entry = table->patterns; entry != NULL; entry = entry->next) {
        out->param_count = 0;
        if (host_match(&entry->pattern, host, given, out) &&
            trie_find(entry->paths, scheme, path, out)) {
            return true;
        }
    }
    return false;
}

bool route_find(const struct route_table *table,
                struct str host,
                unsigned scheme,
                struct str path,
                struct route_match *out)
{
    out->route = NULL;
    out->param_count = 0;
    if (table->exact.count > 0 || table->patterns != NULL) {
        char lower[HOST_MAX];
        struct str name = lower_host(host, lower);
        if (name.len > 0 && find_by_host(table, name, host.ptr, scheme, path, out)) {
            return true;
        }
        out->param_count = 0;
    }
    return trie_find(table->any, scheme, path, out);
}
