#include "node/admin_account.h"

#include "base/log.h"
#include "base/mem.h"
#include "node/node_inside.h"
#include "rbac/rbac.h"
#include "rbac/security_file.h"

#include <stdlib.h>

#define ADMIN        "admin"
#define AUTHOR       STR("postern")
#define USER         STR("user")
/* Of versions that had no such user. */
#define OLD_KIND     STR("setting")
#define OLD_KEY      STR("admin_password")
/* What `postern login` is to a realm: a public client. */
#define LOGIN_CLIENT "postern-cli"

enum { ARENA_MAX = 1 << 20 };

/* By which a user of the master realm may come in, from anywhere. */
static const char *const methods[] = {"password", "cryptosign", "wampcra", "wamp-scram",
                                      "api_key",  "oauth2",     "ticket"};
static const char *const blocks[] = {"0.0.0.0/0", "::/0"};

/* NULL: there is none, or `err` has a code. */
static json_t *read_value(
    const struct node *node, struct str kind, struct str realm, struct str key, struct err *err)
{
    struct store_request get = {.op = STORE_GET, .kind = kind, .realm = realm, .key = key};
    json_t *value = NULL;
    arena_init(&get.arena, ARENA_MAX);
    store_run(node->store, &get);
    if (get.ok && get.record_count == 1 && !get.records[0].deleted) {
        value = json_loadb(get.records[0].value.ptr, get.records[0].value.len, 0, NULL);
    } else if (!get.ok && get.err.code != ERR_NOT_FOUND) {
        *err = get.err;
    }
    arena_done(&get.arena);
    return value;
}

static bool
write_all(const struct node *node, const struct store_write *writes, size_t count, struct err *err)
{
    struct store_request put = {
        .op = STORE_COMMIT, .author = AUTHOR, .writes = writes, .write_count = count};
    arena_init(&put.arena, ARENA_MAX);
    store_run(node->store, &put);
    bool ok = put.ok;
    if (!ok) {
        *err = put.err;
    }
    arena_done(&put.arena);
    return ok;
}

static bool put_user(const struct node *node, const json_t *user, struct err *err)
{
    char *text = json_dumps(user, JSON_COMPACT | JSON_SORT_KEYS);
    const struct store_write write = {.kind = USER,
                                      .realm = MASTER_REALM,
                                      .key = STR(ADMIN),
                                      .value = str_of(text),
                                      .expect = STORE_ANY_VERSION};
    bool ok = write_all(node, &write, 1, err);
    free(text);
    return ok;
}

static bool apply(const struct node *node, json_t *realm /* stolen */, struct err *err)
{
    struct realm_mistake mistake = {0};
    struct rbac_settings settings = node->access_settings;
    settings.allow_anonymous_admin = true; /* ours are no open doors */
    bool ok = security_file_apply(node->store, realm, &settings, AUTHOR, NULL, &mistake, err);
    json_decref(realm);
    return ok || err_wrap(err, "the administrator");
}

static json_t *names(const char *const *list, size_t count)
{
    json_t *names = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(names, json_string(list[i]));
    }
    return names;
}

static json_t *sources(const char *who, const char *const *by, size_t count)
{
    json_t *sources = json_array();
    for (size_t i = 0; i < count; i++) {
        for (size_t j = 0; j < COUNT_OF(blocks); j++) {
            (void)json_array_append_new(sources, json_pack("{s:s, s:s, s:s}", "usernames", who,
                                                           "authmethod", by[i], "cidr", blocks[j]));
        }
    }
    return sources;
}

static json_t *user_object(void)
{
    return json_pack("{s:s, s:[s%]}", "username", ADMIN, "groups", RBAC_ROLE_ADMINISTRATORS.ptr,
                     RBAC_ROLE_ADMINISTRATORS.len);
}

static json_t *master_realm(void)
{
    static const char *const permissions[] = {"wamp.call", "wamp.cancel", "wamp.subscribe",
                                              "wamp.unsubscribe"};
    struct str group = RBAC_ROLE_ADMINISTRATORS;
    return json_pack(
        "{s:s%, s:s, s:o, s:[{s:s%}], s:[o], s:[{s:o, s:s, s:s, s:[s%]}], s:o}", "uri",
        MASTER_REALM.ptr, MASTER_REALM.len, "description", "Those who administer this node",
        "authmethods", names(methods, COUNT_OF(methods)), "groups", "name", group.ptr, group.len,
        "users", user_object(), "grants", "permissions", names(permissions, COUNT_OF(permissions)),
        "uri", "", "match", "prefix", "roles", group.ptr, group.len, "sources",
        sources("all", methods, COUNT_OF(methods)));
}

json_t *admin_account_read(const struct node *node, struct err *err)
{
    return read_value(node, USER, MASTER_REALM, STR(ADMIN), err);
}

/* An older version had the password's hash alone. */
static bool move_old_password(const struct node *node, struct err *err)
{
    struct err none = {0};
    json_t *old = read_value(node, OLD_KIND, STR_EMPTY, OLD_KEY, &none);
    json_t *user = old == NULL ? NULL : admin_account_read(node, &none);
    bool ok = none.code == ERR_NONE || (*err = none, false);
    if (ok && user != NULL) {
        json_t *credential =
            json_pack("{s:s, s:O}", "version", "1.0", "password", json_object_get(old, "argon2id"));
        char *record = json_dumps(credential, JSON_COMPACT);
        const struct store_write removal = {
            .kind = OLD_KIND, .key = OLD_KEY, .remove = true, .expect = STORE_ANY_VERSION};
        (void)json_object_set_new(user, "credential", json_string(record));
        ok = put_user(node, user, err) && write_all(node, &removal, 1, err);
        free(record);
        json_decref(credential);
    }
    json_decref(user);
    json_decref(old);
    return ok;
}

static bool make_realm(const struct node *node, struct err *err)
{
    return apply(node, master_realm(), err) && move_old_password(node, err);
}

/* Who is called so already stays as he is. */
static bool make_login_client(const struct node *node, struct err *err)
{
    struct err none = {0};
    json_t *user = read_value(node, USER, MASTER_REALM, STR(LOGIN_CLIENT), &none);
    bool there = user != NULL;
    json_decref(user);
    if (there || none.code != ERR_NONE) {
        *err = none;
        return there;
    }
    return apply(node,
                 json_pack("{s:s%, s:[{s:s, s:[s], s:{s:s, s:s, s:[s, s]}}]}", "uri",
                           MASTER_REALM.ptr, MASTER_REALM.len, "users", "username", LOGIN_CLIENT,
                           "groups", "api_clients", "client", "type", "public", "name",
                           "The command line: postern login", "grant_types",
                           "urn:ietf:params:oauth:grant-type:device_code", "refresh_token"),
                 err);
}

/* With the mark that says so, in the store. */
static bool make_once(const struct node *node,
                      struct str key,
                      bool (*make)(const struct node *node, struct err *err),
                      struct err *err)
{
    struct err none = {0};
    json_t *made = read_value(node, OLD_KIND, STR_EMPTY, key, &none);
    bool already = made != NULL;
    json_decref(made);
    if (already || none.code != ERR_NONE) {
        *err = none;
        return already;
    }
    const struct store_write mark = {
        .kind = OLD_KIND, .key = key, .value = STR("{\"made\":true}"), .expect = STORE_ANY_VERSION};
    return make(node, err) && write_all(node, &mark, 1, err);
}

bool admin_account_make(const struct node *node, struct err *err)
{
    return make_once(node, STR("administrator"), make_realm, err) &&
           make_once(node, STR("login_client"), make_login_client, err);
}

bool admin_account_set_password(const struct node *node, struct str password, struct err *err)
{
    struct err none = {0};
    json_t *user = admin_account_read(node, &none);
    bool there = user != NULL;
    json_decref(user);
    if (none.code != ERR_NONE) {
        *err = none;
        return false;
    }
    json_t *object = there ? json_pack("{s:s}", "username", ADMIN) : user_object();
    (void)json_object_set_new(object, "password_opts", json_pack("{s:s}", "protocol", "cra"));
    (void)json_object_set_new(object, "password", json_stringn(password.ptr, password.len));
    return apply(
        node,
        json_pack("{s:s%, s:[o]}", "uri", MASTER_REALM.ptr, MASTER_REALM.len, "users", object),
        err);
}

static bool is_administrator(const json_t *user)
{
    const json_t *groups = json_object_get(user, "groups");
    const json_t *enabled = json_object_get(user, "enabled");
    bool in_group = false;
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *name = json_array_get(groups, i);
        in_group = in_group || (json_is_string(name) &&
                                str_eq(str_of(json_string_value(name)), RBAC_ROLE_ADMINISTRATORS));
    }
    return in_group && (enabled == NULL || json_is_true(enabled));
}

/* Changes `user`. */
static void make_administrator(json_t *user)
{
    json_t *groups = json_object_get(user, "groups");
    if (!is_administrator(user)) {
        if (!json_is_array(groups)) {
            groups = json_array();
            (void)json_object_set_new(user, "groups", groups);
        }
        (void)json_object_set_new(user, "enabled", json_true());
        if (!is_administrator(user)) {
            (void)json_array_append_new(
                groups, json_stringn(RBAC_ROLE_ADMINISTRATORS.ptr, RBAC_ROLE_ADMINISTRATORS.len));
        }
    }
}

bool admin_account_open(const struct node *node, struct err *err)
{
    static const char *const password[] = {"password"};
    struct err none = {0};
    json_t *user = admin_account_read(node, &none);
    if (user == NULL) {
        user = user_object();
    }
    make_administrator(user);
    bool ok = none.code == ERR_NONE || (*err = none, false);
    ok = ok && put_user(node, user, err) &&
         apply(node,
               json_pack("{s:s%, s:o}", "uri", MASTER_REALM.ptr, MASTER_REALM.len, "sources",
                         sources(ADMIN, password, COUNT_OF(password))),
               err);
    json_decref(user);
    return ok;
}

bool admin_account_keep(const struct node *node, const json_t *before, struct err *err)
{
    struct err none = {0};
    json_t *user = admin_account_read(node, &none);
    bool ok = none.code == ERR_NONE || (*err = none, false);
    const json_t *credential = json_object_get(before, "credential");
    if (ok && user != NULL && is_administrator(before)) {
        bool had_access = is_administrator(user);
        bool had_password =
            credential == NULL || json_equal(credential, json_object_get(user, "credential"));
        if (!had_access || !had_password) {
            log_warn("the security file would lock the administrator out, or give him another "
                     "password: what it says of user admin is left out",
                     KV_STR("realm", MASTER_REALM));
            make_administrator(user);
            (void)json_object_set(user, "credential", (json_t *)(uintptr_t)credential);
            ok = put_user(node, user, err);
        }
    }
    json_decref(user);
    return ok;
}
