/* patterns.c - one table for each match policy. */
#include "realm/patterns.h"

void patterns_init(struct patterns *patterns)
{
    map_init(&patterns->exact);
    prefix_table_init(&patterns->prefix);
    wildcards_init(&patterns->wildcard);
}

void patterns_done(struct patterns *patterns)
{
    map_done(&patterns->exact);
    prefix_table_done(&patterns->prefix);
    wildcards_done(&patterns->wildcard);
}

void *patterns_get(const struct patterns *patterns, struct str uri, enum match_policy match)
{
    switch (match) {
    case MATCH_PREFIX:
        return prefix_table_get(&patterns->prefix, uri);
    case MATCH_WILDCARD:
        return wildcards_get(&patterns->wildcard, uri);
    case MATCH_EXACT:
        break;
    }
    return map_get(&patterns->exact, uri);
}

void patterns_put(struct patterns *patterns, struct str uri, enum match_policy match, void *value)
{
    switch (match) {
    case MATCH_PREFIX:
        prefix_table_put(&patterns->prefix, uri, value);
        break;
    case MATCH_WILDCARD:
        wildcards_put(&patterns->wildcard, uri, value);
        break;
    case MATCH_EXACT:
        (void)map_put(&patterns->exact, uri, value);
        break;
    }
}

void patterns_remove(struct patterns *patterns, struct str uri, enum match_policy match)
{
    switch (match) {
    case MATCH_PREFIX:
        (void)prefix_table_remove(&patterns->prefix, uri);
        break;
    case MATCH_WILDCARD:
        (void)wildcards_remove(&patterns->wildcard, uri);
        break;
    case MATCH_EXACT:
        (void)map_remove(&patterns->exact, uri);
        break;
    }
}

void *patterns_best(const struct patterns *patterns, struct str uri)
{
    void *found = map_get(&patterns->exact, uri);
    if (found == NULL) {
        found = prefix_table_longest(&patterns->prefix, uri);
    }
    if (found == NULL) {
        found = wildcards_best(&patterns->wildcard, uri);
    }
    return found;
}

void patterns_each(const struct patterns *patterns,
                   struct str uri,
                   pattern_visit_fn visit,
                   void *ctx)
{
    void *exact = map_get(&patterns->exact, uri);
    if (exact != NULL) {
        visit(ctx, exact);
    }
    prefix_table_each(&patterns->prefix, uri, visit, ctx);
    wildcards_each(&patterns->wildcard, uri, visit, ctx);
}
