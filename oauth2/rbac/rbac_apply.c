/* rbac_apply.c - a record becomes what the builder keeps of it. */
#include "base/log.h"
#include "base/mem.h"
#include "rbac/builder_inside.h"

#include <stddef.h>

void builder_held_free(struct held *held)
{
    if (held != NULL) {
        json_decref(held->group);
        json_decref(held->named);
        mem_free(held);
    }
}

static void log_unreadable(const struct store_record *record, const struct err *err)
{
    log_error("record cannot be read and grants nothing", KV_STR("kind", record->kind),
              KV_STR("realm", record->realm), KV_STR("key", record->key),
              KV_U64("version", record->version), KV_ERR(err));
}

static json_t *read_value(const struct store_record *record, struct err *err)
{
    json_t *value = record_read(record->value, err);
    if (value != NULL && !json_is_object(value)) {
        (void)err_set(err, ERR_INVALID, "not an object");
        json_decref(value);
        return NULL;
    }
    return value;
}

static struct str put_text(char **at, struct str text)
{
    struct str copy = str_make(*at, text.len);
    for (size_t i = 0; i < text.len; i++) {
        *(*at)++ = text.ptr[i];
    }
    return copy;
}

static struct held *held_grant(const json_t *value, struct str key, struct err *err)
{
    struct grant_line line;
    if (!grant_line_read(value, &line, err)) {
        return NULL;
    }
    struct held *held = mem_alloc(sizeof(*held) + key.len + line.role.len + line.uri.len);
    *held = (struct held){.grant = line, .named = json_incref((json_t *)(uintptr_t)line.named)};
    held->grant.named = held->named;
    char *at = held->text + key.len;
    held->grant.role = put_text(&at, line.role);
    held->grant.uri = put_text(&at, line.uri);
    return held;
}

static struct held *held_source(const json_t *value, struct str key, struct err *err)
{
    struct source_line line;
    if (!source_line_read(value, &line, err)) {
        return NULL;
    }
    struct held *held =
        mem_alloc(sizeof(*held) + key.len + line.username.len + line.authmethod.len);
    *held = (struct held){.source = line};
    char *at = held->text + key.len;
    held->source.username = put_text(&at, line.username);
    held->source.authmethod = put_text(&at, line.authmethod);
    return held;
}

static struct held *held_group(const json_t *value, struct str key, struct err *err)
{
    struct str name;
    if (!record_member(value, "name", &name) || !record_name_valid(name)) {
        (void)err_set(err, ERR_INVALID, "\"name\" is no name");
        return NULL;
    }
    struct held *held = mem_alloc(sizeof(*held) + key.len);
    *held = (struct held){.group = json_incref((json_t *)(uintptr_t)value)};
    return held;
}

/* The kinds that are lines of a realm's rights. */
static const struct line_kind {
    struct str kind;
    size_t lines; /* offset of their map in a realm_state */
    struct held *(*read)(const json_t *value, struct str key, struct err *err);
} line_kinds[] = {
    {STR_INIT("grant"), offsetof(struct realm_state, grants), held_grant},
    {STR_INIT("source"), offsetof(struct realm_state, sources), held_source},
    {STR_INIT("group"), offsetof(struct realm_state, groups), held_group},
};

static const struct line_kind *find_kind(struct str kind)
{
    for (size_t i = 0; i < COUNT_OF(line_kinds); i++) {
        if (str_eq(line_kinds[i].kind, kind)) {
            return &line_kinds[i];
        }
    }
    return NULL;
}

static void apply_line(struct realm_state *state,
                       const struct line_kind *kind,
                       const struct store_record *record)
{
    struct map *lines = (struct map *)(void *)((char *)state + kind->lines);
    rbac_rights_unref(state->rights);
    state->rights = NULL;
    builder_held_free(map_remove(lines, record->key));
    if (record->deleted) {
        return;
    }
    struct err err = {0};
    json_t *value = read_value(record, &err);
    struct held *held = value == NULL ? NULL : kind->read(value, record->key, &err);
    json_decref(value);
    if (held == NULL) {
        log_unreadable(record, &err);
        return;
    }
    char *at = held->text;
    struct str key = put_text(&at, record->key);
    (void)map_put(lines, key, held);
}

static void alias_free(struct hamt_entry *entry)
{
    mem_free(CONTAINER_OF(entry, struct alias_entry, entry));
}

static void put_alias(struct realm_state *state, struct str alias, struct str username)
{
    struct alias_entry *entry = mem_alloc(sizeof(*entry) + alias.len + username.len);
    char *at = (char *)(entry + 1);
    struct str key = put_text(&at, alias);
    entry->username = put_text(&at, username);
    hamt_entry_init(&entry->entry, key, alias_free);
    hamt_put(&state->aliases, &entry->entry);
}

static void drop_user(struct realm_state *state, struct str username)
{
    struct hamt_entry *old = hamt_get(&state->users, username);
    if (old == NULL) {
        return;
    }
    const struct rbac_user *user = &CONTAINER_OF(old, struct user_entry, entry)->user;
    for (size_t i = 0; i < user->alias_count; i++) {
        struct hamt_entry *alias = hamt_get(&state->aliases, user->aliases[i]);
        if (alias != NULL &&
            str_eq(CONTAINER_OF(alias, struct alias_entry, entry)->username, username)) {
            (void)hamt_remove(&state->aliases, user->aliases[i]);
        }
    }
    builder_keys_drop(state, user);
    builder_origins_count(state, user, false);
    (void)hamt_remove(&state->users, username);
}

static void apply_user(struct realm_state *state, const struct store_record *record)
{
    drop_user(state, record->key);
    if (record->deleted) {
        return;
    }
    struct err err = {0};
    json_t *value = read_value(record, &err);
    struct user_entry *entry = value == NULL ? NULL : user_entry_read(value, &err);
    json_decref(value);
    if (entry != NULL && !str_eq(entry->user.username, record->key)) {
        (void)err_set(&err, ERR_INVALID, "the record of another user");
        entry->entry.free(&entry->entry);
        entry = NULL;
    }
    if (entry == NULL) {
        log_unreadable(record, &err);
        return;
    }
    for (size_t i = 0; i < entry->user.alias_count; i++) {
        put_alias(state, entry->user.aliases[i], entry->user.username);
    }
    hamt_put(&state->users, &entry->entry);
    builder_keys_put(state, &entry->user);
    builder_origins_count(state, &entry->user, true);
}

/* The key is USERNAME ID, so that all of a user's stand together. */
static bool is_key_of(struct str key, const struct rbac_api_key *api_key)
{
    struct str username = STR_EMPTY;
    struct str id = STR_EMPTY;
    return str_cut(key, ' ', &username, &id) && str_eq(username, api_key->username) &&
           str_eq(id, api_key->id);
}

static void apply_api_key(struct realm_state *state, const struct store_record *record)
{
    struct str username = STR_EMPTY;
    struct str id = STR_EMPTY;
    (void)str_cut(record->key, ' ', &username, &id);
    (void)hamt_remove(&state->api_keys, id);
    if (record->deleted) {
        return;
    }
    struct err err = {0};
    json_t *value = read_value(record, &err);
    struct api_key_entry *entry = value == NULL ? NULL : api_key_entry_read(value, &err);
    json_decref(value);
    if (entry != NULL && !is_key_of(record->key, &entry->key)) {
        (void)err_set(&err, ERR_INVALID, "the record of another key");
        entry->entry.free(&entry->entry);
        entry = NULL;
    }
    if (entry == NULL) {
        log_unreadable(record, &err);
        return;
    }
    hamt_put(&state->api_keys, &entry->entry);
}

static void apply_realm(struct rbac_builder *builder, const struct store_record *record)
{
    struct realm_state *state = builder_state(builder, record->key);
    json_decref(state->object);
    state->object = NULL;
    if (builder_is_master(record->key)) { /* which has other rights without one */
        rbac_rights_unref(state->rights);
        state->rights = NULL;
    }
    if (!record->deleted) {
        struct err err = {0};
        state->object = read_value(record, &err);
        if (state->object == NULL) {
            log_unreadable(record, &err);
        }
    }
    if (state->object == NULL && builder_is_master(record->key)) {
        state->object = json_object();
    }
}

bool rbac_builder_apply(struct rbac_builder *builder, const struct store_record *record)
{
    bool is_realm = str_eq(record->kind, STR("realm"));
    bool is_user = str_eq(record->kind, STR("user"));
    bool is_key = str_eq(record->kind, STR("api_key"));
    const struct line_kind *kind = find_kind(record->kind);
    if (!is_realm && !is_user && !is_key && kind == NULL) {
        return false;
    }
    struct realm_state *state = builder_state(builder, is_realm ? record->key : record->realm);
    rbac_realm_unref(state->built);
    state->built = NULL;
    if (is_user) {
        apply_user(state, record);
        return true;
    }
    if (is_key) {
        apply_api_key(state, record);
        return true;
    }
    state->touched = true;
    if (is_realm) {
        apply_realm(builder, record);
    } else {
        apply_line(state, kind, record);
    }
    return true;
}
