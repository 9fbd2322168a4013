/* registry_view.c - what there is in a registry, for the meta API. Under the realm's lock. */
#include "realm/registry_inside.h"

void registry_list(const struct registry *registry, struct id_list out[MATCH_POLICIES])
{
    size_t cursor = 0;
    const struct idmap_slot *slot = NULL;
    while ((slot = idmap_next(&registry->by_id, &cursor)) != NULL) {
        const struct registration *registration = slot->value;
        id_list_push(&out[registration->match], registration->id);
    }
}

uint64_t registry_lookup(const struct registry *registry, struct str uri, enum match_policy match)
{
    const struct registration *registration = patterns_get(&registry->patterns, uri, match);
    return registration == NULL ? 0 : registration->id;
}

uint64_t registry_match(const struct registry *registry, struct str uri)
{
    const struct registration *registration = patterns_best(&registry->patterns, uri);
    return registration == NULL ? 0 : registration->id;
}

bool registry_callees(const struct registry *registry, uint64_t id, struct id_list *out)
{
    const struct registration *registration = idmap_get(&registry->by_id, id);
    for (unsigned i = 0; registration != NULL && i < registration->count; i++) {
        id_list_push(out, registration->callees[i].session_id);
    }
    return registration != NULL;
}
