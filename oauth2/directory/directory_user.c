/* directory_user.c - bondy.user.*: users of a realm, as others see them. Changes of one property
 * are in directory_user_change.c. */
#include "base/mem.h"
#include "directory/directory_user_inside.h"

#define USER_DELETED STR("bondy.user.deleted")

/* What a user may be given; the second half is what he is shown with, so that what was read can be
 * written back. */
static const char *const keys[] = {"username",
                                   "password",
                                   "password_opts",
                                   "authorized_keys",
                                   "groups",
                                   "sso_realm_uri",
                                   "enabled",
                                   "meta",
                                   "aliases",
                                   "type",
                                   "version",
                                   "has_password",
                                   "has_authorized_keys",
                                   NULL};

static void read_holder(struct directory_call *call, struct directory_user *user)
{
    user->sso_realm = directory_member(user->value, "sso_realm_uri");
    user->holder =
        user->sso_realm.len == 0
            ? user->value
            : directory_get_in(call, user->sso_realm, DIRECTORY_USER_KIND, user->name, NULL);
}

bool directory_user_find(struct directory_call *call, struct str name, struct directory_user *out)
{
    *out = (struct directory_user){.name = name};
    out->value = directory_get(call, DIRECTORY_USER_KIND, name, &out->record);
    if (out->value == NULL) {
        out->name = directory_alias_owner(call, name);
        out->value = out->name.len == 0
                         ? NULL
                         : directory_get(call, DIRECTORY_USER_KIND, out->name, &out->record);
    }
    if (out->value == NULL) {
        return false;
    }
    read_holder(call, out);
    return true;
}

static bool no_user(struct directory_call *call, const char *uri, struct str name)
{
    return directory_refuse(call, uri, "no user \"" PRISTR "\" in realm " PRISTR, STRARG(name),
                            STRARG(call->realm));
}

bool directory_user_of(struct directory_call *call, const char *uri, struct directory_user *out)
{
    char *bytes = arena_alloc(call->arena, RBAC_NAME_MAX);
    struct str text;
    struct str name;
    if (!directory_arg_text(call, 0, &text)) {
        return false;
    }
    if (!rbac_name_fold(text, bytes, &name)) {
        return no_user(call, uri, text);
    }
    return directory_user_find(call, name, out) ? directory_expected(call, out->record)
                                                : no_user(call, uri, name);
}

bool directory_user_enabled(const struct directory_user *user)
{
    return user->holder != NULL && !json_is_false(json_object_get(user->value, "enabled")) &&
           !json_is_false(json_object_get(user->holder, "enabled"));
}

static json_t *or_empty(const json_t *object, const char *key, json_t *empty)
{
    json_t *value = json_object_get(object, key);
    if (value == NULL) {
        return empty;
    }
    json_decref(empty);
    return json_incref(value);
}

json_t *directory_user_external(struct directory_call *call, const json_t *value)
{
    struct directory_user user = {.name = directory_member(value, "username"),
                                  .value = (json_t *)(uintptr_t)value};
    read_holder(call, &user);
    json_t *authorized_keys = or_empty(user.holder, "authorized_keys", json_array());
    json_t *external = json_pack(
        "{s:s, s:s, s:s%, s:o, s:b, s:b, s:o, s:b, s:o}", "type", "user", "version", "1.1",
        "username", user.name.ptr, user.name.len, "groups", or_empty(value, "groups", json_array()),
        "has_password", directory_member(user.holder, "credential").len > 0, "has_authorized_keys",
        json_array_size(authorized_keys) > 0, "meta", or_empty(value, "meta", json_object()),
        "enabled", directory_user_enabled(&user), "aliases",
        or_empty(value, "aliases", json_array()));
    (void)json_object_set_new(external, "authorized_keys", authorized_keys);
    if (user.sso_realm.len > 0) {
        (void)json_object_set_new(external, "sso_realm_uri",
                                  json_stringn(user.sso_realm.ptr, user.sso_realm.len));
    }
    return external;
}

bool directory_user_data(struct directory_call *call, size_t at, const json_t **out)
{
    if (!directory_arg_object(call, at, out) || !directory_only_keys(call, *out, keys)) {
        return false;
    }
    *out = call->prepared == NULL ? *out : call->prepared;
    return true;
}

bool directory_user_answer(struct directory_call *call, struct str name)
{
    struct directory_user user = {0};
    return !store_view_failed(call->view) && directory_user_find(call, name, &user) &&
           directory_answer(call, directory_user_external(call, user.value), user.record->version);
}

bool directory_user_new(struct directory_call *call, const json_t **out_data, struct str *out_name)
{
    char *bytes = arena_alloc(call->arena, RBAC_NAME_MAX);
    *out_name = STR_EMPTY;
    if (!directory_user_data(call, 0, out_data)) {
        return false;
    }
    (void)rbac_name_fold(directory_member(*out_data, "username"), bytes, out_name);
    if (out_name->len > 0 && directory_get(call, DIRECTORY_USER_KIND, *out_name, NULL) != NULL) {
        return directory_refuse_at(call, DIRECTORY_EXISTS, *out_data, "username",
                                   "there is a user \"" PRISTR "\" in realm " PRISTR " already",
                                   STRARG(*out_name), STRARG(call->realm));
    }
    return true;
}

static bool user_add(struct directory_call *call)
{
    const json_t *data = NULL;
    struct str name = STR_EMPTY;
    return directory_user_new(call, &data, &name) &&
           directory_user_write(
               call,
               &(struct directory_user_change){.element = json_deep_copy(data), .added = true}) &&
           directory_user_answer(call, name);
}

static bool user_get(struct directory_call *call)
{
    struct directory_user user = {0};
    return directory_user_of(call, DIRECTORY_NOT_FOUND, &user) &&
           directory_user_answer(call, user.name);
}

static bool user_list(struct directory_call *call)
{
    return directory_answer_list_of(call, DIRECTORY_USER_KIND, directory_user_external);
}

bool directory_user_keeps_identity(struct directory_call *call,
                                   const struct directory_user *user,
                                   const json_t *data)
{
    char bytes[RBAC_NAME_MAX];
    struct str name = user->name;
    const json_t *username = json_object_get(data, "username");
    const json_t *sso_realm = json_object_get(data, "sso_realm_uri");
    if (username != NULL && (!json_is_string(username) ||
                             !rbac_name_fold(directory_member(data, "username"), bytes, &name) ||
                             !str_eq(name, user->name))) {
        return directory_refuse_at(call, DIRECTORY_INVALID, data, "username",
                                   "a username cannot be changed: add another user, or an alias");
    }
    if (json_is_string(sso_realm) &&
        !str_eq(directory_folded(call, directory_member(data, "sso_realm_uri")), user->sso_realm)) {
        return directory_refuse_at(call, DIRECTORY_INCONSISTENT, data, "sso_realm_uri",
                                   "cannot be changed: delete the user and add him again");
    }
    return true;
}

/* What the data say is so from now on; the rest stays. */
static bool user_update(struct directory_call *call)
{
    struct directory_user user = {0};
    const json_t *data = NULL;
    if (!directory_user_of(call, DIRECTORY_NO_PRINCIPAL, &user) ||
        !directory_user_data(call, 1, &data) || !directory_user_keeps_identity(call, &user, data)) {
        return false;
    }
    json_t *element = json_deep_copy(data);
    (void)json_object_set_new(element, "username", json_stringn(user.name.ptr, user.name.len));
    return directory_user_write(
               call, &(struct directory_user_change){.element = element,
                                                     .clear_password = json_is_null(
                                                         json_object_get(data, "password"))}) &&
           directory_user_answer(call, user.name);
}

bool directory_user_delete(struct directory_call *call)
{
    struct directory_user user = {0};
    enum directory_care before = directory_care(call);
    if (!directory_user_of(call, DIRECTORY_NO_PRINCIPAL, &user) ||
        !directory_remove(call, DIRECTORY_USER_KIND, user.name) ||
        !directory_user_forget(call, user.name) || !directory_keeps_care(call, before)) {
        return false;
    }
    directory_tell(
        call, USER_DELETED,
        json_pack("[s%, s%]", call->realm.ptr, call->realm.len, user.name.ptr, user.name.len));
    return true;
}

static bool user_grants(struct directory_call *call)
{
    struct directory_user user = {0};
    return directory_user_of(call, DIRECTORY_NOT_FOUND, &user) &&
           directory_grants_of(call, DIRECTORY_USER, user.name);
}

const struct directory_operation directory_user_operations[] = {
    {STR_INIT("bondy.user.add"), DIRECTORY_REALM, 1, 1, directory_prepare_add, user_add},
    {STR_INIT("bondy.user.get"), DIRECTORY_REALM | DIRECTORY_READ, 1, 1, NULL, user_get},
    {STR_INIT("bondy.user.list"), DIRECTORY_REALM | DIRECTORY_READ | DIRECTORY_LIST, 0, 0, NULL,
     user_list},
    {STR_INIT("bondy.user.update"), DIRECTORY_REALM, 2, 2, directory_prepare_update, user_update},
    {STR_INIT("bondy.user.delete"), DIRECTORY_REALM, 1, 1, NULL, directory_user_delete},
    {STR_INIT("bondy.user.grants"), DIRECTORY_REALM | DIRECTORY_READ, 1, 1, NULL, user_grants},
    {.run = NULL},
};
