/* directory_realm.c - bondy.realm.*: realms, whole objects of them and their one switch. */
#include "base/mem.h"
#include "directory/directory_realm_inside.h"

#define REALM_CREATED STR("bondy.realm.created")
#define REALM_UPDATED STR("bondy.realm.updated")

/* "security_status" and "public_keys" are what a realm is shown with: what was read can be written
 * back. */
static const char *const realm_keys[] = {"uri",
                                         "description",
                                         "is_prototype",
                                         "prototype_uri",
                                         "is_sso_realm",
                                         "sso_realm_uri",
                                         "allow_connections",
                                         "authmethods",
                                         "security_enabled",
                                         "password_opts",
                                         "info",
                                         "users",
                                         "groups",
                                         "sources",
                                         "grants",
                                         "private_keys",
                                         "encryption_keys",
                                         "security_status",
                                         "public_keys",
                                         NULL};
static const char *const user_keys[] = {"username", "password", "password_opts", "authorized_keys",
                                        "groups",   "enabled",  "sso_realm_uri", "meta",
                                        "aliases",  NULL};
static const char *const group_keys[] = {"name", "groups", "meta", NULL};
static const char *const source_keys[] = {"usernames", "authmethod", "cidr", "meta", NULL};
static const char *const grant_keys[] = {"permissions", "roles", "uri", "match",
                                         "resources",   "meta",  NULL};

static const struct element_list {
    const char *list;
    const char *const *keys;
} lists[] = {
    {"users", user_keys}, {"groups", group_keys}, {"sources", source_keys}, {"grants", grant_keys}};

/* A file may have keys that mean nothing here; who writes one by one is told. */
static bool check_keys(struct directory_call *call, const json_t *object)
{
    if (!directory_only_keys(call, object, realm_keys)) {
        return false;
    }
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const json_t *list = json_object_get(object, lists[i].list);
        for (size_t at = 0; at < json_array_size(list); at++) {
            if (!directory_only_keys(call, json_array_get(list, at), lists[i].keys)) {
                return false;
            }
        }
    }
    return true;
}

static bool security_is_enabled(struct directory_call *call, const json_t *stored)
{
    const json_t *own = json_object_get(stored, "security_enabled");
    struct str prototype = directory_member(stored, "prototype_uri");
    if (!json_is_boolean(own) && prototype.len > 0) {
        own = json_object_get(
            directory_get_in(call, STR_EMPTY, DIRECTORY_REALM_KIND, prototype, NULL),
            "security_enabled");
    }
    return !json_is_false(own);
}

/* How a realm is shown, as what it is given; what it is already is not said anew. */
static bool read_status(struct directory_call *call, const json_t *before, json_t *object)
{
    const json_t *status = json_object_get(object, "security_status");
    bool enabled = str_eq(directory_member(object, "security_status"), STR("enabled"));
    if (status == NULL || json_is_null(status) ||
        json_object_get(object, "security_enabled") != NULL) {
        return true;
    }
    if (!enabled && !str_eq(directory_member(object, "security_status"), STR("disabled"))) {
        return directory_refuse_at(call, DIRECTORY_INVALID, object, "security_status",
                                   "security_status is \"enabled\" or \"disabled\"");
    }
    if (before == NULL || security_is_enabled(call, before) != enabled) {
        (void)json_object_set_new(object, "security_enabled", json_boolean(enabled));
    }
    return true;
}

/* The object at argument 0, prepared or as it came, as a copy; `before`: the realm as it is, or
 * NULL. NULL: refused. */
static json_t *realm_data(struct directory_call *call, const json_t *before)
{
    const json_t *given = NULL;
    if (!directory_arg_object(call, 0, &given) || !check_keys(call, given)) {
        return NULL;
    }
    const json_t *data = call->prepared == NULL ? given : call->prepared;
    json_t *object = directory_keep(call, json_deep_copy(data));
    return read_status(call, before, object) ? object : NULL;
}

static json_t *external(struct directory_call *call, const json_t *stored)
{
    json_t *shown = realm_record_external(stored);
    (void)json_object_set_new(
        shown, "security_status",
        json_string(security_is_enabled(call, stored) ? "enabled" : "disabled"));
    (void)json_object_set_new(shown, "public_keys",
                              directory_public_keys(call, directory_member(stored, "uri")));
    return shown;
}

/* The call's realm. */
static json_t *stored_realm(struct directory_call *call, const struct store_record **out_record)
{
    return directory_get_in(call, STR_EMPTY, DIRECTORY_REALM_KIND, call->realm, out_record);
}

static bool answer_realm(struct directory_call *call)
{
    const struct store_record *record = NULL;
    const json_t *stored = stored_realm(call, &record);
    return stored != NULL && directory_answer(call, external(call, stored), record->version);
}

/* What is null is as it was never said: then the prototype's word counts, or the default. */
static void forget_nulls(json_t *value, const json_t *object)
{
    static const char *const keys[] = {"description",      "allow_connections", "authmethods",
                                       "security_enabled", "password_opts",     "info"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        if (json_is_null(json_object_get(object, keys[i]))) {
            (void)json_object_del(value, keys[i]);
        }
    }
}

static bool put_realm(struct directory_call *call,
                      const struct store_write *write,
                      const json_t *object,
                      bool *out_changed)
{
    const struct store_record *record = NULL;
    const json_t *before = stored_realm(call, &record);
    json_t *value = directory_keep(call, json_loadb(write->value.ptr, write->value.len, 0, NULL));
    if (before != NULL) {
        (void)json_object_update_missing(value, (json_t *)(uintptr_t)before);
    }
    forget_nulls(value, object);
    if (before != NULL && json_equal(before, value)) {
        return true;
    }
    struct store_write merged = {.kind = DIRECTORY_REALM_KIND,
                                 .realm = STR_EMPTY,
                                 .key = call->realm,
                                 .expect = record == NULL ? 0 : record->version};
    *out_changed = true;
    return directory_dump(call, value, &merged.value) && store_view_put(call->view, &merged);
}

/* Beside what is there: an equal record is left alone, permissions are added. */
static bool merge(struct directory_call *call, struct realm_writes *writes)
{
    struct store_record *present = NEW_ARRAY(struct store_record, writes->count + 1);
    struct err err = {0};
    size_t count = 0;
    for (size_t i = 0; i < writes->count; i++) {
        const struct store_write *write = &writes->writes[i];
        const struct store_record *record =
            store_view_get(call->view, write->kind, write->realm, write->key);
        if (record != NULL) {
            present[count++] = *record;
        }
    }
    bool ok = !store_view_failed(call->view) &&
              (realm_writes_merge(writes, present, count, call->arena, &err) ||
               directory_refuse(call, DIRECTORY_TOO_LARGE, "%s", err.text));
    mem_free(present);
    return ok;
}

static bool put_one(struct directory_call *call, const struct store_write *write, bool *out_changed)
{
    bool changed = false;
    bool ok = true;
    if (str_eq(write->kind, DIRECTORY_REALM_KIND)) {
        return true; /* by itself, since null means something in it */
    }
    if (str_eq(write->kind, STR("user"))) {
        ok = directory_user_put(call, write->realm, write->key, write->value, &changed);
    } else {
        ok = store_view_put(call->view, write);
        changed = true;
    }
    *out_changed = *out_changed || changed;
    return ok;
}

/* Checked whole. The master realm opens nothing to anybody, and that is said, not passed over. */
static bool parse(struct directory_call *call, const json_t *object, struct realm_writes *out)
{
    bool allowed = call->allow_anonymous_admin;
    call->allow_anonymous_admin = true;
    bool ok = directory_parse_realm(call, object, out);
    call->allow_anonymous_admin = allowed;
    for (size_t i = 0; ok && i < out->count; i++) {
        const struct store_write *write = &out->writes[i];
        bool line = str_eq(write->kind, STR("grant")) || str_eq(write->kind, STR("source"));
        /* The name is the third word of both. */
        ok = !line || directory_anybody_allowed(call, directory_grant_role(write->key));
    }
    return ok;
}

/* Writes all that the object says, and answers with the realm. */
static bool realm_write(struct directory_call *call, const json_t *object, struct str topic)
{
    struct realm_writes writes;
    enum directory_care before = directory_care(call);
    bool changed = false;
    if (!parse(call, object, &writes)) {
        return false;
    }
    if (writes.password_count > 0) {
        return directory_refuse(call, "wamp.error.unavailable",
                                "the passwords were not hashed: try again");
    }
    const struct store_write *realm = directory_write_of(&writes, DIRECTORY_REALM_KIND);
    if (!put_realm(call, realm, object, &changed) || !merge(call, &writes)) {
        return false;
    }
    for (size_t i = 0; i < writes.count; i++) {
        if (!put_one(call, &writes.writes[i], &changed)) {
            return false;
        }
    }
    if (!directory_keys_ensure(call)) {
        return false;
    }
    if (changed) {
        directory_tell_in(call, MASTER_REALM, topic,
                          json_pack("[s%]", call->realm.ptr, call->realm.len));
    }
    return directory_keeps_care(call, before) && answer_realm(call);
}

static bool realm_create(struct directory_call *call)
{
    const json_t *object = realm_data(call, NULL);
    if (object == NULL) {
        return false;
    }
    call->realm = directory_folded(call, directory_member(object, "uri"));
    if (stored_realm(call, NULL) != NULL) {
        return directory_refuse_at(call, DIRECTORY_EXISTS, object, "uri",
                                   "there is a realm " PRISTR " already", STRARG(call->realm));
    }
    return realm_write(call, object, REALM_CREATED);
}

static bool realm_get(struct directory_call *call)
{
    return answer_realm(call);
}

static bool realm_list(struct directory_call *call)
{
    call->realm = STR_EMPTY;
    return directory_answer_list(call, DIRECTORY_REALM_KIND, external);
}

/* What others stand on is set once. */
static bool check_relations(struct directory_call *call, const json_t *before, const json_t *object)
{
    static const char *const keys[] = {"prototype_uri", "sso_realm_uri"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct str old = directory_member(before, keys[i]);
        const json_t *new = json_object_get(object, keys[i]);
        if (old.len > 0 && new != NULL &&
            !str_eq(directory_folded(call, directory_member(object, keys[i])), old)) {
            return directory_refuse_at(call, DIRECTORY_INCONSISTENT, object, keys[i],
                                       "%s cannot be changed: it is " PRISTR, keys[i], STRARG(old));
        }
    }
    return true;
}

static bool realm_update(struct directory_call *call)
{
    const struct store_record *record = NULL;
    const json_t *before = stored_realm(call, &record);
    json_t *object = realm_data(call, before);
    if (object == NULL || !directory_expected(call, record) ||
        !check_relations(call, before, object)) {
        return false;
    }
    const json_t *uri = json_object_get(object, "uri");
    if (uri != NULL &&
        !str_eq(directory_folded(call, directory_member(object, "uri")), call->realm)) {
        return directory_refuse_at(call, DIRECTORY_INVALID, object, "uri",
                                   "a realm's URI cannot be changed: create another realm");
    }
    (void)json_object_set_new(object, "uri", json_stringn(call->realm.ptr, call->realm.len));
    return realm_write(call, object, REALM_UPDATED);
}

static bool set_security(struct directory_call *call, bool enabled)
{
    const struct store_record *record = NULL;
    (void)stored_realm(call, &record);
    json_t *object =
        directory_keep(call, json_pack("{s:s%, s:b}", "uri", call->realm.ptr, call->realm.len,
                                       "security_enabled", (int)enabled));
    if (!directory_expected(call, record) || !realm_write(call, object, REALM_UPDATED)) {
        return false;
    }
    call->result = NULL;
    return true;
}

static bool security_enable(struct directory_call *call)
{
    return set_security(call, true);
}

static bool security_disable(struct directory_call *call)
{
    return set_security(call, false);
}

static bool security_enabled(struct directory_call *call)
{
    return directory_answer(call, json_boolean(security_is_enabled(call, stored_realm(call, NULL))),
                            0);
}

static bool security_status(struct directory_call *call)
{
    bool enabled = security_is_enabled(call, stored_realm(call, NULL));
    return directory_answer(call, json_string(enabled ? "enabled" : "disabled"), 0);
}

static bool realm_grants(struct directory_call *call)
{
    return directory_grants_of(call, DIRECTORY_ANYBODY, STR_EMPTY);
}

enum {
    OF_MASTER = DIRECTORY_MASTER | DIRECTORY_REALM,
    READ_OF_MASTER = OF_MASTER | DIRECTORY_READ,
};

const struct directory_operation directory_realm_operations[] = {
    {STR_INIT("bondy.realm.create"), DIRECTORY_MASTER, 1, 1, directory_prepare_create,
     realm_create},
    {STR_INIT("bondy.realm.get"), READ_OF_MASTER, 0, 0, NULL, realm_get},
    {STR_INIT("bondy.realm.list"), DIRECTORY_MASTER | DIRECTORY_READ | DIRECTORY_LIST, 0, 0, NULL,
     realm_list},
    {STR_INIT("bondy.realm.update"), OF_MASTER, 1, 1, directory_prepare_realm_update, realm_update},
    {STR_INIT("bondy.realm.delete"), OF_MASTER, 0, 0, NULL, directory_realm_delete},
    {STR_INIT("bondy.realm.security.enable"), OF_MASTER, 0, 0, NULL, security_enable},
    {STR_INIT("bondy.realm.security.disable"), OF_MASTER, 0, 0, NULL, security_disable},
    {STR_INIT("bondy.realm.security.status"), READ_OF_MASTER, 0, 0, NULL, security_status},
    {STR_INIT("bondy.realm.security.is_enabled"), READ_OF_MASTER, 0, 0, NULL, security_enabled},
    {STR_INIT("bondy.realm.grants"), READ_OF_MASTER | DIRECTORY_LIST, 0, 0, NULL, realm_grants},
    {.run = NULL},
};
