/* rbac_origins.c - the origins from which browsers may use a realm's clients, counted by how many
 * clients name them. */
#include "base/mem.h"
#include "rbac/builder_inside.h"

#include <string.h>

/* Never changed once it is in a trie, which snapshots share. */
struct origin_entry {
    struct hamt_entry entry;
    size_t count;
};

static void origin_free(struct hamt_entry *entry)
{
    mem_free(CONTAINER_OF(entry, struct origin_entry, entry));
}

static void count(struct hamt *origins, struct str origin, bool more)
{
    struct hamt_entry *had = hamt_get(origins, origin);
    size_t present = had == NULL ? 0 : CONTAINER_OF(had, struct origin_entry, entry)->count;
    size_t wanted = more ? present + 1 : present - (present > 0 ? 1 : 0);
    if (wanted == 0) {
        (void)hamt_remove(origins, origin);
        return;
    }
    struct origin_entry *entry = mem_alloc(sizeof(*entry) + origin.len);
    char *at = (char *)(entry + 1);
    memcpy(at, origin.ptr, origin.len);
    entry->count = wanted;
    hamt_entry_init(&entry->entry, str_make(at, origin.len), origin_free);
    hamt_put(origins, &entry->entry);
}

void builder_origins_count(struct realm_state *state, const struct rbac_user *user, bool more)
{
    if (user->client.len == 0) {
        return;
    }
    json_t *client = record_read(user->client, NULL);
    const json_t *origins = json_object_get(client, "origins");
    for (size_t i = 0; i < json_array_size(origins); i++) {
        const json_t *origin = json_array_get(origins, i);
        if (json_is_string(origin)) {
            count(&state->origins, record_str(origin), more);
        }
    }
    json_decref(client);
}

bool rbac_realm_has_origin(const struct rbac_realm *realm, struct str origin)
{
    return origin.len > 0 && hamt_get(&realm->origins, origin) != NULL;
}
