/* rbac_keys.c - whose a public key is, for those who say nothing else of themselves.
 *
 * A key that several users have is nobody's. Of these one is remembered and the others counted, so
 * that a key which all of a large realm share costs no more than any other. */
#include "base/mem.h"
#include "rbac/builder_inside.h"

#include <string.h>

enum { KEY_HEX = 64 };

/* Never changed once it is in a trie, which snapshots share. */
struct key_entry {
    struct hamt_entry entry;
    size_t count;
    struct str username; /* empty: one of them, and it is not known which */
};

static void key_free(struct hamt_entry *entry)
{
    mem_free(CONTAINER_OF(entry, struct key_entry, entry));
}

static const struct key_entry *find(const struct hamt *keys, struct str key)
{
    struct hamt_entry *entry = hamt_get(keys, key);
    return entry == NULL ? NULL : CONTAINER_OF(entry, struct key_entry, entry);
}

static void put(struct hamt *keys, struct str key, struct str username, size_t count)
{
    struct key_entry *entry = mem_alloc(sizeof(*entry) + key.len + username.len);
    char *at = (char *)(entry + 1);
    memcpy(at, key.ptr, key.len);
    memcpy(at + key.len, username.ptr, username.len);
    entry->count = count;
    entry->username = str_make(at + key.len, username.len);
    hamt_entry_init(&entry->entry, str_make(at, key.len), key_free);
    hamt_put(keys, &entry->entry);
}

static bool has_key(const struct rbac_user *user, size_t before, struct str key)
{
    for (size_t i = 0; i < before; i++) {
        if (str_eq(user->authorized_keys[i], key)) {
            return true;
        }
    }
    return false;
}

void builder_keys_put(struct realm_state *state, const struct rbac_user *user)
{
    for (size_t i = 0; i < user->authorized_key_count; i++) {
        struct str key = user->authorized_keys[i];
        const struct key_entry *had = find(&state->keys, key);
        if (has_key(user, i, key)) {
            continue; /* he has it twice */
        }
        if (had == NULL) {
            put(&state->keys, key, user->username, 1);
        } else {
            char name[RBAC_NAME_MAX];
            struct str first = str_sub(had->username, 0, sizeof(name));
            memcpy(name, first.ptr, first.len); /* the old entry goes with this */
            put(&state->keys, key, str_make(name, first.len), had->count + 1);
        }
    }
}

/* Who is left of those who had a key. */
struct search {
    const struct rbac_user *leaves;
    struct str key;
    struct str found;
};

static void look(void *ctx, struct hamt_entry *entry)
{
    struct search *search = ctx;
    const struct rbac_user *user = &CONTAINER_OF(entry, struct user_entry, entry)->user;
    if (search->found.len == 0 && user != search->leaves &&
        has_key(user, user->authorized_key_count, search->key)) {
        search->found = user->username;
    }
}

void builder_keys_drop(struct realm_state *state, const struct rbac_user *user)
{
    for (size_t i = 0; i < user->authorized_key_count; i++) {
        struct str key = user->authorized_keys[i];
        const struct key_entry *had = has_key(user, i, key) ? NULL : find(&state->keys, key);
        if (had == NULL) {
            continue;
        }
        if (had->count == 1) {
            (void)hamt_remove(&state->keys, key);
            continue;
        }
        char name[RBAC_NAME_MAX];
        size_t count = had->count - 1;
        struct search search = {.leaves = user, .key = key, .found = STR_EMPTY};
        if (!str_eq(had->username, user->username)) {
            memcpy(name, had->username.ptr, had->username.len);
            search.found = str_make(name, had->username.len);
        }
        if (search.found.len == 0 && count == 1) {
            hamt_each(&state->users, look, &search);
        }
        put(&state->keys, key, search.found, count);
    }
}

static struct str folded_key(struct str key, char out[KEY_HEX])
{
    if (key.len != KEY_HEX) {
        return STR_EMPTY;
    }
    for (size_t i = 0; i < KEY_HEX; i++) {
        char c = key.ptr[i];
        out[i] = c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
    }
    return str_make(out, KEY_HEX);
}

/* With same sign-on the keys are in the SSO realm, with all that realm's users; a user there is
 * meant only if he is one here too, by that realm. */
const struct rbac_user *
rbac_user_by_key(const struct rbac *rbac, const struct rbac_realm *realm, struct str key)
{
    char bytes[KEY_HEX];
    struct str folded = folded_key(key, bytes);
    const struct key_entry *here = find(&realm->keys, folded);
    const struct rbac_realm *sso =
        realm->sso_realm_uri.len == 0 ? NULL : rbac_realm_find(rbac, realm->sso_realm_uri);
    const struct key_entry *there = sso == NULL ? NULL : find(&sso->keys, folded);
    const struct key_entry *only = here == NULL ? there : here;
    if (only == NULL || (here != NULL && there != NULL) || only->count != 1) {
        return NULL;
    }
    const struct rbac_user *user = rbac_user_find(realm, only->username);
    bool by_sso = user != NULL && user->sso_realm_uri.len > 0;
    bool is_he = user != NULL && str_eq(user->username, only->username);
    return is_he && by_sso == (only == there) ? user : NULL;
}
