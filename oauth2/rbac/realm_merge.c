/* realm_merge.c - realm objects beside what the store has: what is new, what comes out. */
#include "base/mem.h"
#include "rbac/realm_record.h"
#include "rbac/record_inside.h"

#include <stddef.h>

/* What a user with same sign-on proves himself with is not here. */
static void without_proof(json_t *user)
{
    if (json_is_string(json_object_get(user, "sso_realm_uri"))) {
        (void)json_object_del(user, "credential");
        (void)json_object_del(user, "authorized_keys");
    }
}

/* The value that `write` should have beside `present`; NULL when `present` cannot be read, and
 * then the new value stands. */
static char *merged_value(const struct store_write *write, const struct store_record *present)
{
    json_t *old = record_read(present->value, NULL);
    json_t *new = record_read(write->value, NULL);
    char *text = NULL;
    if (json_is_object(old) && json_is_object(new)) {
        if (str_eq(write->kind, STR("grant"))) {
            grant_unite(new, old);
        } else if (!str_eq(write->kind, STR("source"))) {
            (void)json_object_update_missing(new, old);
        }
        if (str_eq(write->kind, STR("user"))) {
            without_proof(new);
        }
        text = record_canonical(new);
    }
    json_decref(old);
    json_decref(new);
    return text;
}

static struct str line_of(struct arena *arena, struct str kind, struct str realm, struct str key)
{
    return arena_printf(arena, PRISTR " " PRISTR " " PRISTR, STRARG(kind), STRARG(realm),
                        STRARG(key));
}

/* False: no room. `*out_needed`: whether the write is still to be done. */
static bool merge_one(struct store_write *write,
                      const struct store_record *present,
                      struct arena *arena,
                      bool *out_needed)
{
    /* What has become of a key since is not undone by the file that brought it. */
    if (present != NULL && str_eq(write->kind, STR("key"))) {
        *out_needed = false;
        return true;
    }
    *out_needed = true;
    write->expect = present == NULL ? 0 : present->version;
    char *text = present == NULL ? NULL : merged_value(write, present);
    if (text == NULL) {
        return true;
    }
    struct str value = str_of(text);
    bool room = arena_room(arena, value.len + 2 * sizeof(max_align_t));
    *out_needed = !str_eq(value, present->value);
    if (*out_needed && room) {
        write->value = arena_str(arena, value);
    }
    mem_free(text);
    return room || !*out_needed;
}

bool realm_writes_merge(struct realm_writes *writes,
                        const struct store_record *present,
                        size_t count,
                        struct arena *arena,
                        struct err *err)
{
    struct map index;
    struct arena names;
    map_init(&index);
    arena_init(&names, SIZE_MAX / 2);
    for (size_t i = 0; i < count; i++) {
        const struct store_record *record = &present[i];
        if (!record->deleted) {
            (void)map_put(&index, line_of(&names, record->kind, record->realm, record->key),
                          (void *)(uintptr_t)record);
        }
    }
    size_t kept = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < writes->count; i++) {
        struct store_write write = writes->writes[i];
        bool needed = false;
        ok = merge_one(&write, map_get(&index, line_of(&names, write.kind, write.realm, write.key)),
                       arena, &needed);
        if (ok && needed) {
            writes->writes[kept++] = write;
        }
    }
    map_done(&index);
    arena_done(&names);
    if (!ok) {
        return err_set(err, ERR_LIMIT, "the realm is too large");
    }
    writes->count = kept;
    return true;
}

json_t *realm_record_open(struct str uri)
{
    json_t *permissions = json_array();
    for (unsigned i = 0; i < PERMISSIONS; i++) {
        (void)json_array_append_new(permissions, json_string(permission_name((enum permission)i)));
    }
    return json_pack("{s:s%, s:[s], s:[{s:[s], s:s, s:s}, {s:[s], s:s, s:s}],"
                     " s:[{s:o, s:s, s:s, s:[s]}]}",
                     "uri", uri.ptr, uri.len, "authmethods", "anonymous", "sources", "usernames",
                     "anonymous", "authmethod", "anonymous", "cidr", "0.0.0.0/0", "usernames",
                     "anonymous", "authmethod", "anonymous", "cidr", "::/0", "grants",
                     "permissions", permissions, "uri", "", "match", "prefix", "roles",
                     "anonymous");
}

json_t *realm_record_external(const json_t *stored)
{
    static const char *const shown[] = {
        "uri",           "description",       "is_prototype", "prototype_uri", "is_sso_realm",
        "sso_realm_uri", "allow_connections", "authmethods",  "password_opts"};
    json_t *external = json_object();
    for (size_t i = 0; i < COUNT_OF(shown); i++) {
        json_t *value = json_object_get(stored, shown[i]);
        if (value != NULL) {
            (void)json_object_set(external, shown[i], value);
        }
    }
    bool disabled = json_is_false(json_object_get(stored, "security_enabled"));
    (void)json_object_set_new(external, "security_status",
                              json_string(disabled ? "disabled" : "enabled"));
    (void)json_object_set_new(external, "public_keys", json_array());
    return external;
}
