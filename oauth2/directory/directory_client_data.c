/* directory_client_data.c - a client as it is given and as it is shown: one flat object of what its
 * user has and what is registered of it. */
#include "application/application.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/uuid.h"
#include "credential/credential.h"
#include "directory/directory_client_inside.h"

#include <string.h>

enum { KEYS_MAX = 32 };

/* Beside what is registered; the last ones are shown only, and may be written back. */
static const char *const user_keys[] = {"client_id", "username", "client_secret", "password",
                                        "groups",    "meta",     "enabled",       "has_secret",
                                        "secrets",   "type",     "password_opts"};

static bool check_keys(struct directory_call *call, const json_t *data)
{
    const char *keys[KEYS_MAX];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(user_keys); i++) {
        keys[count++] = user_keys[i];
    }
    for (size_t i = 0; application_keys[i] != NULL; i++) {
        keys[count++] = application_keys[i];
    }
    keys[count] = NULL;
    return directory_only_keys(call, data, keys);
}

/* One of two names for the same; NULL: neither, or null. */
static bool one_of(struct directory_call *call,
                   const json_t *data,
                   const char *ours,
                   const char *theirs,
                   const json_t **out)
{
    const json_t *first = json_object_get(data, ours);
    const json_t *second = json_object_get(data, theirs);
    first = json_is_null(first) ? NULL : first;
    second = json_is_null(second) ? NULL : second;
    *out = first == NULL ? second : first;
    if (first != NULL && second != NULL && !json_equal(first, second)) {
        return directory_refuse_at(call, DIRECTORY_INVALID, data, theirs,
                                   "\"%s\" and \"%s\" are the same: give one of them", ours,
                                   theirs);
    }
    return *out == NULL || json_is_string(*out) ||
           directory_refuse_at(call, DIRECTORY_INVALID, data, ours, "\"%s\" must be a text", ours);
}

static json_t *new_name(void)
{
    char text[UUID_SIZE];
    uuid_v7(clock_wall_ms(), text);
    return json_string(text);
}

static json_t *members_of(struct directory_call *call, const json_t *data, const char *const *keys)
{
    json_t *members = directory_keep(call, json_object());
    for (size_t i = 0; keys[i] != NULL; i++) {
        json_t *value = json_object_get(data, keys[i]);
        if (value != NULL) {
            (void)json_object_set(members, keys[i], value);
        }
    }
    return members;
}

bool directory_client_read(struct directory_call *call, size_t at, bool added)
{
    static const char *const copied[] = {"groups", "meta", "enabled", "password_opts", NULL};
    struct directory_client *client = ARENA_NEW(call->arena, struct directory_client);
    const json_t *data = NULL;
    const json_t *name = NULL;
    const json_t *secret = NULL;
    if (!directory_arg_object(call, at, &data) || !check_keys(call, data) ||
        !one_of(call, data, "client_id", "username", &name) ||
        !one_of(call, data, "client_secret", "password", &secret)) {
        return false;
    }
    *client = (struct directory_client){.element = members_of(call, data, copied),
                                        .changes = members_of(call, data, application_keys)};
    if (added && name == NULL) {
        (void)json_object_set_new(client->element, "username", new_name());
    } else if (name != NULL) {
        (void)json_object_set(client->element, "username", (json_t *)(uintptr_t)name);
    }
    if (secret != NULL) {
        (void)json_object_set(client->element, "password", (json_t *)(uintptr_t)secret);
    }
    client->name = directory_member(client->element, "username");
    call->prepared = client;
    return directory_hash_password(call, client->element,
                                   added ? NULL : json_array_get(call->args, 0));
}

bool directory_client_merge(struct directory_call *call,
                            const json_t *present,
                            const json_t *changes,
                            json_t **out)
{
    struct err err = {0};
    const char *at = NULL;
    const char *key;
    json_t *value;
    *out = NULL;
    if (present == NULL && json_object_size(changes) == 0) {
        return true;
    }
    json_t *client = directory_keep(
        call, present == NULL ? json_object() : json_copy((json_t *)(uintptr_t)present));
    json_object_foreach((json_t *)(uintptr_t)changes, key, value)
    {
        (void)(json_is_null(value) ? json_object_del(client, key)
                                   : json_object_set(client, key, value));
    }
    application_complete(client);
    *out = client;
    return application_check(client, &at, &err) ||
           directory_refuse_at(call, DIRECTORY_INVALID, changes, at, "\"%s\": %s",
                               at == NULL ? "client" : at, err.text);
}

static void show(json_t *external, const char *key, const json_t *value, json_t *otherwise)
{
    if (value == NULL) {
        (void)json_object_set_new(external, key, otherwise);
        return;
    }
    json_decref(otherwise);
    (void)json_object_set(external, key, (json_t *)(uintptr_t)value);
}

json_t *directory_client_external(struct directory_call *call, const json_t *value)
{
    struct directory_user user = {0};
    json_t *client = json_object_get(value, "client");
    json_t *external = client == NULL ? json_object() : json_copy(client);
    struct str credential = STR_EMPTY;
    if (directory_user_find(call, directory_member(value, "username"), &user)) {
        credential = directory_member(user.holder, "credential");
    }
    application_complete(external);
    (void)json_object_set(external, "client_id", json_object_get(value, "username"));
    show(external, "groups", json_object_get(value, "groups"), json_array());
    show(external, "meta", json_object_get(value, "meta"), json_object());
    show(external, "enabled", json_object_get(value, "enabled"), json_true());
    (void)json_object_set_new(external, "has_secret",
                              json_boolean(credential_has_password(credential)));
    (void)json_object_set_new(external, "secrets", credential_secrets(credential));
    return external;
}

bool directory_in_group(const json_t *value, const char *group)
{
    const json_t *groups = json_object_get(value, "groups");
    for (size_t i = 0; i < json_array_size(groups); i++) {
        const json_t *name = json_array_get(groups, i);
        if (json_is_string(name) && str_eq_nocase(str_of(json_string_value(name)), str_of(group))) {
            return true;
        }
    }
    return false;
}

void directory_join_group(json_t *element, const json_t *present, const char *group)
{
    const json_t *given = json_object_get(element, "groups");
    const json_t *from = given == NULL || json_is_null(given) ? present : element;
    json_t *groups = json_object_get(from, "groups");
    if (given != NULL && !json_is_null(given) && !json_is_array(given)) {
        return; /* what is wrong with it is said by who reads it */
    }
    json_t *joined = groups == NULL ? json_array() : json_copy(groups);
    if (!directory_in_group(from, group)) {
        (void)json_array_append_new(joined, json_string(group));
    }
    (void)json_object_set_new(element, "groups", joined);
}

static bool has_text(void *ctx, struct str key, struct str value)
{
    const struct str *text = ctx;
    (void)key;
    return memmem(value.ptr, value.len, text->ptr, text->len) != NULL;
}

static bool name_contains(struct directory_call *call, struct str name)
{
    struct str wanted = directory_folded(call, call->page.contains);
    struct str folded = directory_folded(call, name);
    return wanted.len == 0 || memmem(folded.ptr, folded.len, wanted.ptr, wanted.len) != NULL;
}

static bool is_after(const struct directory_call *call, struct str name)
{
    int order = call->page.after.len == 0 ? 1 : str_cmp(name, call->page.after);
    return call->page.after.len == 0 || (call->page.descending ? order < 0 : order > 0);
}

bool directory_answer_users(struct directory_call *call,
                            struct str text,
                            directory_fits_fn fits,
                            directory_external_fn external)
{
    const struct store_record *records = NULL;
    size_t count =
        store_view_select(call->view, DIRECTORY_USER_KIND, call->realm, has_text, &text, &records);
    json_t *list = directory_keep(call, json_array());
    struct str last = STR_EMPTY;
    size_t total = 0;
    bool more = false;
    for (size_t i = 0; i < count; i++) {
        const struct store_record *record = &records[call->page.descending ? count - 1 - i : i];
        json_t *value = json_loadb(record->value.ptr, record->value.len, 0, NULL);
        bool wanted = fits(value) && name_contains(call, record->key);
        bool full = call->page.limit > 0 && json_array_size(list) == call->page.limit;
        total += wanted ? 1 : 0;
        if (wanted && is_after(call, record->key)) {
            more = more || full;
            if (!full) {
                (void)json_array_append_new(list, external(call, value));
                last = record->key;
            }
        }
        json_decref(value);
    }
    call->result = list;
    call->details = directory_keep(call, json_pack("{s:I}", "total", (json_int_t)total));
    if (more) {
        (void)json_object_set_new(call->details, "next", json_stringn(last.ptr, last.len));
    }
    return true;
}
