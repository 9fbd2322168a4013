/* realm_merge.c - realm objects beside what the store has: what is new, what comes out. */
#include "base/mem.h"
#include "rbac/realm_record.h"
#include "rbac/record_inside.h"

#include <stddef.h>

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
        } else if (str_eq(write->kind, STR("realm"))) {
            (void)json_object_update_missing(new, old);
        }
        text = record_canonical(new);
    }
    json_decref(old);
    json_decref(new);
    return text;
}

/* Kinds have keys of their own shape: the URI of a realm has no blanks, sources begin with a
 * method, grants with a match. */
static const struct store_record *find_present(const struct map *index,
                                               const struct store_write *write)
{
    const struct store_record *record = map_get(index, write->key);
    return record != NULL && str_eq(record->kind, write->kind) ? record : NULL;
}

/* False: no room. `*out_needed`: whether the write is still to be done. */
static bool merge_one(struct store_write *write,
                      const struct store_record *present,
                      struct arena *arena,
                      bool *out_needed)
{
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
    map_init(&index);
    for (size_t i = 0; i < count; i++) {
        if (!present[i].deleted) {
            (void)map_put(&index, present[i].key, (void *)(uintptr_t)&present[i]);
        }
    }
    size_t kept = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < writes->count; i++) {
        struct store_write write = writes->writes[i];
        bool needed = false;
        ok = merge_one(&write, find_present(&index, &write), arena, &needed);
        if (ok && needed) {
            writes->writes[kept++] = write;
        }
    }
    map_done(&index);
    if (!ok) {
        return err_set(err, ERR_LIMIT, "the realm is too large");
    }
    writes->count = kept;
    return true;
}

/* All that the store has of one realm. */
struct present {
    struct arena arena;
    struct store_record *records;
    size_t count;
};

static bool read_kind(
    struct store *store, struct present *present, struct str kind, struct str uri, struct err *err)
{
    bool is_realm = str_eq(kind, STR("realm"));
    struct store_request request = {.op = is_realm ? STORE_GET : STORE_LIST,
                                    .arena = present->arena,
                                    .kind = kind,
                                    .realm = is_realm ? STR_EMPTY : uri,
                                    .key = is_realm ? uri : STR_EMPTY};
    store_run(store, &request);
    present->arena = request.arena;
    if (!request.ok) {
        if (is_realm && request.err.code == ERR_NOT_FOUND) {
            return true;
        }
        *err = request.err;
        return false;
    }
    size_t total = present->count + request.record_count;
    present->records = mem_realloc(present->records, (total + 1) * sizeof(struct store_record));
    for (size_t i = 0; i < request.record_count; i++) {
        present->records[present->count++] = request.records[i];
    }
    return true;
}

static bool
commit(struct store *store, const struct realm_writes *writes, struct str author, struct err *err)
{
    struct store_request request = {.op = STORE_COMMIT,
                                    .author = author,
                                    .writes = writes->writes,
                                    .write_count = writes->count};
    arena_init(&request.arena, SIZE_MAX / 2);
    store_run(store, &request);
    bool ok = request.ok;
    if (!ok) {
        *err = request.err;
    }
    arena_done(&request.arena);
    return ok;
}

bool realm_record_apply(struct store *store,
                        const json_t *realm,
                        bool allow_anonymous_admin,
                        struct str author,
                        bool *out_changed,
                        struct realm_mistake *mistake,
                        struct err *err)
{
    struct present present = {0};
    arena_init(&present.arena, SIZE_MAX / 2);
    struct arena arena;
    arena_init(&arena, SIZE_MAX / 2);
    struct realm_writes writes = {0};
    struct err why = {0};
    bool ok = realm_record_parse(realm, allow_anonymous_admin, &arena, &writes, mistake) ||
              err_set(&why, ERR_INVALID, "%s", mistake->text);
    struct str uri = ok ? writes.writes[0].key : STR_EMPTY;
    ok = ok && read_kind(store, &present, STR("realm"), uri, &why) &&
         read_kind(store, &present, STR("source"), uri, &why) &&
         read_kind(store, &present, STR("grant"), uri, &why) &&
         realm_writes_merge(&writes, present.records, present.count, &arena, &why) &&
         (writes.count == 0 || commit(store, &writes, author, &why));
    if (ok && out_changed != NULL) {
        *out_changed = writes.count > 0;
    }
    if (!ok && err != NULL) {
        *err = why;
    }
    mem_free(present.records);
    arena_done(&present.arena);
    arena_done(&arena);
    return ok;
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
