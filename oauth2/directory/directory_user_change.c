/* directory_user_change.c - bondy.user.*: one property of a user at a time. */
#include "base/mem.h"
#include "directory/directory_user_inside.h"

/* Puts one member into the user's record. `value` is stolen. */
static bool
change_member(struct directory_call *call, struct str username, const char *key, json_t *value)
{
    json_t *element = json_pack("{s:s%}", "username", username.ptr, username.len);
    (void)json_object_set_new(element, key, value);
    return directory_user_write(call, &(struct directory_user_change){.element = element});
}

static bool set_enabled(struct directory_call *call, bool enabled)
{
    struct directory_user user = {0};
    return directory_user_of(call, DIRECTORY_NO_PRINCIPAL, &user) &&
           change_member(call, user.name, "enabled", json_boolean(enabled));
}

static bool user_enable(struct directory_call *call)
{
    return set_enabled(call, true);
}

static bool user_disable(struct directory_call *call)
{
    return set_enabled(call, false);
}

static bool user_is_enabled(struct directory_call *call)
{
    struct directory_user user = {0};
    return directory_user_of(call, DIRECTORY_NOT_FOUND, &user) &&
           directory_answer(call, json_boolean(directory_user_enabled(&user)), 0);
}

static bool user_change_password(struct directory_call *call)
{
    const struct directory_new_password *prepared = call->prepared;
    struct directory_user user = {0};
    if (!directory_user_of(call, DIRECTORY_NO_PRINCIPAL, &user)) {
        return false;
    }
    bool proved = prepared->proved.len > 0;
    if (proved && !str_eq(prepared->proved, directory_member(user.holder, "credential"))) {
        return directory_refuse(call, DIRECTORY_BAD_SIGNATURE,
                                "the old password has been changed meanwhile");
    }
    return directory_user_write(
        call, &(struct directory_user_change){
                  .element = json_pack("{s:s%, s:O}", "username", user.name.ptr, user.name.len,
                                       "password", prepared->credential),
                  .proved = proved});
}

/* The member as a list of its own, without `gone`, which may be NULL. */
static json_t *list_without(const json_t *value, const char *key, const json_t *gone)
{
    const json_t *list = json_object_get(value, key);
    json_t *copy = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        if (!json_equal(json_array_get(list, i), gone)) {
            (void)json_array_append(copy, json_array_get(list, i));
        }
    }
    return copy;
}

/* The name at argument `at`, or in a list there, folded, as JSON; NULL: nobody has it. */
static json_t *folded_name(struct directory_call *call, const json_t *name)
{
    char bytes[RBAC_NAME_MAX];
    struct str folded;
    if (!json_is_string(name) ||
        !rbac_name_fold(str_make(json_string_value(name), json_string_length(name)), bytes,
                        &folded)) {
        return NULL;
    }
    return directory_keep(call, json_stringn(folded.ptr, folded.len));
}

/* A text, or {"alias": text}, which is what a body may be. */
static const json_t *alias_argument(struct directory_call *call)
{
    static const char *const keys[] = {"alias", NULL};
    const json_t *arg = json_array_get(call->args, 1);
    if (json_is_object(arg)) {
        if (!directory_only_keys(call, arg, keys)) {
            return NULL;
        }
        arg = json_object_get(arg, "alias");
    }
    if (!json_is_string(arg) || json_string_length(arg) == 0) {
        (void)directory_refuse(call, DIRECTORY_INVALID, "argument 2 must be an alias, a text");
        return NULL;
    }
    return arg;
}

static bool user_add_alias(struct directory_call *call)
{
    struct directory_user user = {0};
    const json_t *alias = alias_argument(call);
    if (alias == NULL || !directory_user_of(call, DIRECTORY_NO_PRINCIPAL, &user)) {
        return false;
    }
    json_t *aliases = list_without(user.value, "aliases", folded_name(call, alias));
    (void)json_array_append(aliases, (json_t *)(uintptr_t)alias);
    return change_member(call, user.name, "aliases", aliases);
}

static bool user_remove_alias(struct directory_call *call)
{
    struct directory_user user = {0};
    const json_t *alias = alias_argument(call);
    if (alias == NULL || !directory_user_of(call, DIRECTORY_NO_PRINCIPAL, &user)) {
        return false;
    }
    return change_member(call, user.name, "aliases",
                         list_without(user.value, "aliases", folded_name(call, alias)));
}

/* Argument 1: a name, or a list of them. Borrowed or kept by the call; NULL: refused. */
static const json_t *group_names(struct directory_call *call, bool list)
{
    json_t *arg = json_array_get(call->args, 1);
    if (list ? !json_is_array(arg) : !json_is_string(arg)) {
        (void)directory_refuse(call, DIRECTORY_INVALID,
                               list ? "argument 2 must be a list of groups' names"
                                    : "argument 2 must be a group's name");
        return NULL;
    }
    if (json_array_size(arg) > DIRECTORY_NAMES_MAX) {
        (void)directory_refuse(call, DIRECTORY_INVALID, "at most %d names at once",
                               DIRECTORY_NAMES_MAX);
        return NULL;
    }
    for (size_t i = 0; list && i < json_array_size(arg); i++) {
        if (!json_is_string(json_array_get(arg, i))) {
            (void)directory_refuse(call, DIRECTORY_INVALID, "group %zu is not a name", i + 1);
            return NULL;
        }
    }
    return list ? arg : directory_keep(call, json_pack("[O]", arg));
}

/* The user's groups without those of `names`, or with those that he is not in. A new list. */
static json_t *changed_groups(struct directory_call *call,
                              const struct directory_user *user,
                              const json_t *names,
                              bool add)
{
    json_t *groups = list_without(user->value, "groups", NULL);
    for (size_t i = 0; i < json_array_size(names); i++) {
        json_t *name = json_array_get(names, i);
        json_t *folded = folded_name(call, name);
        size_t at = 0;
        while (at < json_array_size(groups) && !json_equal(json_array_get(groups, at), folded)) {
            at++;
        }
        (void)json_array_remove(groups, at); /* none is behind the last */
        if (add) {
            (void)json_array_append(groups, folded == NULL ? name : folded);
        }
    }
    return groups;
}

static bool change_groups(struct directory_call *call, bool list, bool add)
{
    struct directory_user user = {0};
    const json_t *names = group_names(call, list);
    if (names == NULL || !directory_user_of(call, DIRECTORY_NO_PRINCIPAL, &user)) {
        return false;
    }
    if (!change_member(call, user.name, "groups", changed_groups(call, &user, names, add))) {
        return false;
    }
    return add || list || !directory_user_find(call, user.name, &user) ||
           directory_answer(call, directory_user_external(call, user.value), user.record->version);
}

static bool user_add_group(struct directory_call *call)
{
    return change_groups(call, false, true);
}

static bool user_remove_group(struct directory_call *call)
{
    return change_groups(call, false, false);
}

static bool user_add_groups(struct directory_call *call)
{
    return change_groups(call, true, true);
}

static bool user_remove_groups(struct directory_call *call)
{
    return change_groups(call, true, false);
}

const struct directory_operation directory_user_change_operations[] = {
    {STR_INIT("bondy.user.enable"), DIRECTORY_REALM, 1, 1, NULL, user_enable},
    {STR_INIT("bondy.user.disable"), DIRECTORY_REALM, 1, 1, NULL, user_disable},
    {STR_INIT("bondy.user.is_enabled"), DIRECTORY_REALM | DIRECTORY_READ, 1, 1, NULL,
     user_is_enabled},
    {STR_INIT("bondy.user.change_password"), DIRECTORY_REALM, 2, 3, directory_prepare_password,
     user_change_password},
    {STR_INIT("bondy.user.add_alias"), DIRECTORY_REALM, 2, 2, NULL, user_add_alias},
    {STR_INIT("bondy.user.remove_alias"), DIRECTORY_REALM, 2, 2, NULL, user_remove_alias},
    {STR_INIT("bondy.user.add_group"), DIRECTORY_REALM, 2, 2, NULL, user_add_group},
    {STR_INIT("bondy.user.remove_group"), DIRECTORY_REALM, 2, 2, NULL, user_remove_group},
    {STR_INIT("bondy.user.add_groups"), DIRECTORY_REALM, 2, 2, NULL, user_add_groups},
    {STR_INIT("bondy.user.remove_groups"), DIRECTORY_REALM, 2, 2, NULL, user_remove_groups},
    {.run = NULL},
};
