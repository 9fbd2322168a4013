/* realm_users.c - the users of a realm object. With same sign-on a user becomes two records: what
 * he proves himself with, in the SSO realm, and everything else here. */
#include "application/application.h"
#include "base/encode.h"
#include "base/mem.h"
#include "rbac/record_inside.h"

enum { ALIASES_MAX = 5, KEYS_MAX = 64, KEY_HEX = 64 };

/* One user on his way into one or two records. */
struct user_parse {
    struct realm_parse *parse;
    const json_t *node;
    struct str username;
    const struct rbac_user *old;    /* his record here, as it is */
    const struct rbac_user *holder; /* the one with his credential, as it is */
    struct str sso_realm_uri;
    json_t *here;
    json_t *there; /* NULL without same sign-on */
};

static json_t *proof_of(struct user_parse *user)
{
    return user->there == NULL ? user->here : user->there;
}

static void set_list(json_t *value, const char *key, const struct str *list, size_t count)
{
    if (count > 0) {
        json_t *names = json_array();
        for (size_t i = 0; i < count; i++) {
            (void)json_array_append_new(names, json_stringn(list[i].ptr, list[i].len));
        }
        (void)json_object_set_new(value, key, names);
    }
}

/* The value of a record, as it is in the snapshot. */
static json_t *value_of(struct str username, const struct rbac_user *old)
{
    json_t *value = json_pack("{s:s%}", "username", username.ptr, username.len);
    if (old == NULL) {
        return value;
    }
    set_list(value, "groups", old->groups, old->group_count);
    set_list(value, "authorized_keys", old->authorized_keys, old->authorized_key_count);
    set_list(value, "aliases", old->aliases, old->alias_count);
    if (old->credential.len > 0) {
        (void)json_object_set_new(value, "credential",
                                  json_stringn(old->credential.ptr, old->credential.len));
    }
    if (old->meta.len > 0) {
        (void)json_object_set_new(value, "meta", record_read(old->meta, NULL));
    }
    if (old->client.len > 0) {
        (void)json_object_set_new(value, "client", record_read(old->client, NULL));
    }
    if (!old->enabled) {
        (void)json_object_set_new(value, "enabled", json_false());
    }
    return value;
}

static bool read_sso(struct user_parse *user)
{
    struct realm_parse *parse = user->parse;
    const json_t *given = json_object_get(user->node, "sso_realm_uri");
    user->sso_realm_uri = user->old == NULL ? STR_EMPTY : user->old->sso_realm_uri;
    if (given == NULL || json_is_null(given)) {
        return true;
    }
    if (!json_is_string(given)) {
        return realm_mistaken(parse, user->node, "sso_realm_uri", "must be the URI of a realm");
    }
    user->sso_realm_uri = realm_folded(parse, record_str(given));
    if (user->sso_realm_uri.ptr == NULL) {
        return false;
    }
    if (parse->sso_realm_uri.len == 0 || !str_eq(user->sso_realm_uri, parse->sso_realm_uri)) {
        return realm_mistaken_as(parse, ERROR_INCONSISTENT, user->node, "sso_realm_uri",
                                 "must be the realm's own \"sso_realm_uri\"%s%.100s",
                                 parse->sso_realm_uri.len == 0 ? ", and it has none" : ": ",
                                 parse->sso_realm_uri.len == 0 ? "" : parse->sso_realm_uri.ptr);
    }
    return true;
}

static bool read_keys(struct user_parse *user)
{
    const json_t *list = json_object_get(user->node, "authorized_keys");
    if (list == NULL || json_is_null(list)) {
        return true;
    }
    if (!json_is_array(list) || json_array_size(list) > KEYS_MAX) {
        return realm_mistaken(user->parse, user->node, "authorized_keys",
                              "must be a list of at most %d keys", KEYS_MAX);
    }
    json_t *keys = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        struct str key =
            json_is_string(element) ? realm_folded(user->parse, record_str(element)) : STR_EMPTY;
        size_t digits = 0;
        while (key.ptr != NULL && digits < key.len && hex_digit(key.ptr[digits]) >= 0) {
            digits++;
        }
        if (digits != KEY_HEX || key.len != KEY_HEX) {
            json_decref(keys);
            return realm_mistaken(user->parse, list, NULL,
                                  "key %zu is not an Ed25519 public key of 64 hex digits", i + 1);
        }
        (void)json_array_append_new(keys, json_stringn(key.ptr, key.len));
    }
    (void)json_object_set_new(proof_of(user), "authorized_keys", keys);
    return true;
}

/* Nobody else's name, nor alias. */
static bool alias_is_free(const struct user_parse *user, struct str alias)
{
    const struct realm_parse *parse = user->parse;
    const struct rbac_user *other = parse->old == NULL ? NULL : rbac_user_find(parse->old, alias);
    const json_t *in_object = map_get(&parse->aliases, alias);
    return map_get(&parse->users, alias) == NULL &&
           (in_object == NULL || in_object == user->node) &&
           (other == NULL ||
            (str_eq(other->username, user->username) && !str_eq(other->username, alias)));
}

static bool read_aliases(struct user_parse *user)
{
    struct realm_parse *parse = user->parse;
    const json_t *list = json_object_get(user->node, "aliases");
    if (list == NULL || json_is_null(list)) {
        return true;
    }
    if (!json_is_array(list)) {
        return realm_mistaken(parse, user->node, "aliases", "must be a list of names");
    }
    if (json_array_size(list) > ALIASES_MAX) {
        return realm_mistaken_as(parse, "bondy.error.property_range_limit", user->node, "aliases",
                                 "a user has at most %d", ALIASES_MAX);
    }
    json_t *aliases = json_array();
    (void)json_object_set_new(user->here, "aliases", aliases);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        struct str alias = json_is_string(element)
                               ? realm_name(parse, list, NULL, record_str(element))
                               : STR_EMPTY;
        if (alias.ptr == NULL) {
            return false;
        }
        if (!record_username_valid(alias)) {
            return realm_mistaken(parse, list, NULL, "alias %zu must be " USERNAME_RULE, i + 1);
        }
        if (!alias_is_free(user, alias)) {
            return realm_mistaken_as(parse, "bondy.error.already_exists", list, NULL,
                                     "alias %zu is the name of somebody", i + 1);
        }
        if (map_put(&parse->aliases, alias, (void *)(uintptr_t)user->node) == NULL) {
            (void)json_array_append_new(aliases, json_stringn(alias.ptr, alias.len));
        }
    }
    return true;
}

static bool read_groups(struct user_parse *user)
{
    json_t *groups = NULL;
    if (!realm_group_list(user->parse, user->node, &groups)) {
        return false;
    }
    if (groups != NULL) {
        (void)json_object_set_new(user->here, "groups", groups);
    }
    return true;
}

static bool read_enabled(struct user_parse *user)
{
    json_t *enabled = json_object_get(user->node, "enabled");
    if (enabled == NULL || json_is_null(enabled)) {
        return true;
    }
    (void)json_object_set(user->here, "enabled", enabled);
    return json_is_boolean(enabled) ||
           realm_mistaken(user->parse, user->node, "enabled", "must be true or false");
}

/* Of OAuth clients. null: it is a plain user again. */
static bool read_client(struct user_parse *user)
{
    json_t *client = json_object_get(user->node, "client");
    const char *key = NULL;
    struct err err = {0};
    if (client == NULL) {
        return true;
    }
    if (json_is_null(client)) {
        (void)json_object_del(user->here, "client");
        return true;
    }
    (void)json_object_set(user->here, "client", client);
    return application_check(client, &key, &err) ||
           realm_mistaken(user->parse, key == NULL ? user->node : client,
                          key == NULL ? "client" : key, "%s", err.text);
}

/* A record as Bondy, or we, made it. */
static bool read_credential(struct user_parse *user, const json_t *record)
{
    char *text = record_canonical(record);
    bool ok = str_of(text).len <= CREDENTIAL_RECORD_MAX && credential_is_readable(str_of(text));
    if (ok) {
        (void)json_object_set_new(proof_of(user), "credential", json_string(text));
    }
    mem_free(text);
    return ok || realm_mistaken(user->parse, user->node, "password",
                                "is neither a string nor the record of a password");
}

static bool check_password(struct user_parse *user,
                           const json_t *password,
                           const struct credential_options *options)
{
    size_t len = json_string_length(password);
    return (len >= options->length_min && len <= options->length_max) ||
           realm_mistaken(user->parse, user->node, "password", "must have %u to %u bytes",
                          options->length_min, options->length_max);
}

static bool
keep_password(struct user_parse *user, const json_t *password, const struct realm_line *line)
{
    struct realm_parse *parse = user->parse;
    struct credential_options options = {0};
    if (!realm_password_options(parse, user->node, &options) ||
        !check_password(user, password, &options) ||
        !realm_has_room(parse, sizeof(struct realm_password))) {
        return false;
    }
    struct realm_password *kept = ARENA_NEW(parse->arena, struct realm_password);
    *kept = (struct realm_password){.next = parse->passwords,
                                    .line = line,
                                    .password = record_str(password),
                                    .options = options};
    parse->passwords = kept;
    parse->password_count++;
    return true;
}

static void read_old(struct user_parse *user)
{
    const struct realm_parse *parse = user->parse;
    user->old = parse->old == NULL ? NULL : rbac_user_find(parse->old, user->username);
}

/* The values that the records have before the object is looked at. */
static void begin_values(struct user_parse *user)
{
    user->here = value_of(user->username, user->old);
    if (user->sso_realm_uri.len == 0) {
        return;
    }
    const struct rbac_realm *sso = rbac_realm_find(user->parse->present, user->sso_realm_uri);
    user->holder = sso == NULL ? NULL : rbac_user_find(sso, user->username);
    if (user->holder != NULL && !str_eq(user->holder->username, user->username)) {
        user->holder = NULL;
    }
    user->there = value_of(user->username, user->holder);
    (void)json_object_del(user->here, "credential");
    (void)json_object_del(user->here, "authorized_keys");
    (void)json_object_set_new(user->here, "sso_realm_uri",
                              json_stringn(user->sso_realm_uri.ptr, user->sso_realm_uri.len));
}

static bool read_values(struct user_parse *user)
{
    const json_t *password = json_object_get(user->node, "password");
    bool is_record = password != NULL && !json_is_null(password) && !json_is_string(password);
    return read_groups(user) && realm_meta_read(user->parse, user->node, user->here) &&
           read_enabled(user) && read_aliases(user) && read_keys(user) && read_client(user) &&
           (!is_record || read_credential(user, password));
}

static bool add_lines(struct user_parse *user)
{
    struct realm_parse *parse = user->parse;
    const json_t *password = json_object_get(user->node, "password");
    const struct realm_line *line =
        realm_line_add_in(parse, STR("user"), parse->uri, user->username, user->here);
    if (line == NULL) {
        json_decref(user->there);
        return false;
    }
    if (user->there != NULL) {
        line =
            realm_line_add_in(parse, STR("user"), user->sso_realm_uri, user->username, user->there);
    }
    return line != NULL && (!json_is_string(password) || keep_password(user, password, line));
}

static bool read_user(struct realm_parse *parse, const json_t *node)
{
    static const char *const keys[] = {"username", "password", "password_opts", "authorized_keys",
                                       "groups",   "enabled",  "sso_realm_uri", "meta",
                                       "aliases",  "client"};
    struct user_parse user = {.parse = parse, .node = node};
    (void)record_member(node, "username", &user.username);
    user.username = realm_name(parse, node, "username", user.username);
    if (user.username.ptr == NULL) {
        return false;
    }
    read_old(&user);
    if (user.old != NULL && !str_eq(user.old->username, user.username)) {
        return realm_mistaken_as(parse, "bondy.error.already_exists", node, "username",
                                 "is the alias of somebody");
    }
    if (!read_sso(&user)) {
        return false;
    }
    begin_values(&user);
    if (!read_values(&user)) {
        json_decref(user.here);
        json_decref(user.there);
        return false;
    }
    realm_warn_unknown(parse, node, "user", keys, COUNT_OF(keys));
    return add_lines(&user);
}

bool realm_users_read(struct realm_parse *parse, const json_t *users)
{
    for (size_t i = 0; i < json_array_size(users); i++) {
        if (!read_user(parse, json_array_get(users, i))) {
            return false;
        }
    }
    return true;
}
