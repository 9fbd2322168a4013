/* user_line.c - a stored user as the snapshot has him. */
#include "base/mem.h"
#include "rbac/record_inside.h"

/* Where the strings of an entry go: first counted, then put. */
struct packing {
    char *at; /* NULL: only count */
    size_t bytes;
};

static struct str pack(struct packing *packing, struct str text)
{
    struct str copy = {packing->at, text.len};
    packing->bytes += text.len;
    if (packing->at != NULL) {
        for (size_t i = 0; i < text.len; i++) {
            *packing->at++ = text.ptr[i];
        }
    }
    return copy;
}

static size_t pack_list(struct packing *packing, const json_t *list, struct str *out)
{
    size_t count = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        if (json_is_string(element)) {
            struct str copy = pack(packing, record_str(element));
            if (out != NULL) {
                out[count] = copy;
            }
            count++;
        }
    }
    return count;
}

static void entry_free(struct hamt_entry *entry)
{
    mem_free(CONTAINER_OF(entry, struct user_entry, entry));
}

static struct str text_member(const json_t *value, const char *key)
{
    struct str text;
    (void)record_member(value, key, &text);
    return text;
}

static size_t
count_all(const json_t *value, struct str meta, struct str client, struct packing *packing)
{
    static const char *const texts[] = {"username", "credential", "sso_realm_uri"};
    static const char *const lists[] = {"groups", "authorized_keys", "aliases"};
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        (void)pack(packing, text_member(value, texts[i]));
        count += pack_list(packing, json_object_get(value, lists[i]), NULL);
    }
    (void)pack(packing, meta);
    (void)pack(packing, client);
    return count;
}

/* NULL when it says nothing. */
static char *object_text(const json_t *object)
{
    return json_object_size(object) == 0 ? NULL : record_canonical(object);
}

struct user_entry *user_entry_read(const json_t *value, struct err *err)
{
    if (!record_username_valid(text_member(value, "username"))) {
        (void)err_set(err, ERR_INVALID, "\"username\" is no name");
        return NULL;
    }
    char *meta = object_text(json_object_get(value, "meta"));
    char *client = object_text(json_object_get(value, "client"));
    struct packing packing = {0};
    size_t count = count_all(value, str_of(meta), str_of(client), &packing);
    struct user_entry *entry =
        mem_calloc(1, sizeof(*entry) + count * sizeof(struct str) + packing.bytes);
    struct str *lists = (struct str *)(void *)(entry + 1);
    packing = (struct packing){.at = (char *)(lists + count)};
    struct rbac_user *user = &entry->user;
    user->username = pack(&packing, text_member(value, "username"));
    user->credential = pack(&packing, text_member(value, "credential"));
    user->sso_realm_uri = pack(&packing, text_member(value, "sso_realm_uri"));
    user->meta = pack(&packing, str_of(meta));
    user->client = pack(&packing, str_of(client));
    user->groups = lists;
    user->group_count = pack_list(&packing, json_object_get(value, "groups"), lists);
    lists += user->group_count;
    user->authorized_keys = lists;
    user->authorized_key_count =
        pack_list(&packing, json_object_get(value, "authorized_keys"), lists);
    lists += user->authorized_key_count;
    user->aliases = lists;
    user->alias_count = pack_list(&packing, json_object_get(value, "aliases"), lists);
    const json_t *enabled = json_object_get(value, "enabled");
    user->enabled = enabled == NULL || json_is_true(enabled);
    hamt_entry_init(&entry->entry, user->username, entry_free);
    mem_free(meta);
    mem_free(client);
    return entry;
}
