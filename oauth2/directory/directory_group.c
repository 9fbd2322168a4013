/* directory_group.c - bondy.group.*: groups of a realm and what is nested in them. */
#include "directory/directory_inside.h"

#define GROUP         STR("group")
#define GROUP_ADDED   STR("bondy.group.added")
#define GROUP_UPDATED STR("bondy.group.updated")

static const char *const keys[] = {"name", "groups", "meta", "type", "version", NULL};

static json_t *external(struct directory_call *call, const json_t *value)
{
    json_t *groups = json_object_get(value, "groups");
    json_t *meta = json_object_get(value, "meta");
    (void)call;
    return json_pack("{s:s, s:s, s:O, s:o, s:o}", "type", "group", "version", "1.1", "name",
                     json_object_get(value, "name"), "groups",
                     groups == NULL ? json_array() : json_incref(groups), "meta",
                     meta == NULL ? json_object() : json_incref(meta));
}

static json_t *realm_and_name(const struct directory_call *call, struct str name)
{
    return json_pack("[s%, s%]", call->realm.ptr, call->realm.len, name.ptr, name.len);
}

/* Writes the group that `element` (stolen) says, and answers it. */
static bool
group_write(struct directory_call *call, json_t *element, uint64_t expect, struct str topic)
{
    struct realm_writes writes;
    enum directory_care before = directory_care(call); /* by what is nested, too */
    if (!directory_parse(call, "groups", element, &writes)) {
        return false;
    }
    const struct store_write *write = directory_write_of(&writes, GROUP);
    json_t *value = directory_keep(call, json_loadb(write->value.ptr, write->value.len, 0, NULL));
    const struct store_record *record = NULL;
    if (!directory_put(call, GROUP, write->key, value, expect) ||
        !directory_keeps_care(call, before)) {
        return false;
    }
    (void)directory_get(call, GROUP, write->key, &record);
    directory_tell(call, topic, realm_and_name(call, write->key));
    return directory_answer(call, external(call, value), record == NULL ? 0 : record->version);
}

static bool group_add(struct directory_call *call)
{
    const json_t *group = NULL;
    char folded[RBAC_NAME_MAX];
    struct str name;
    if (!directory_arg_object(call, 0, &group) || !directory_only_keys(call, group, keys)) {
        return false;
    }
    const char *text = json_string_value(json_object_get(group, "name"));
    if (text != NULL && rbac_name_fold(str_of(text), folded, &name) &&
        directory_get(call, GROUP, name, NULL) != NULL) {
        return directory_refuse_at(call, DIRECTORY_EXISTS, group, "name",
                                   "there is a group \"%.*s\" in realm %.*s already", (int)name.len,
                                   name.ptr, (int)call->realm.len, call->realm.ptr);
    }
    return directory_expected(call, NULL) &&
           group_write(call, json_deep_copy(group), 0, GROUP_ADDED);
}

/* The group that argument 0 names, or refused. One that every realm has, and of which nothing is
 * written, is an empty one without a record. */
static json_t *group_find(struct directory_call *call,
                          struct str *out_name,
                          const struct store_record **out_record)
{
    if (!directory_arg_name(call, 0, out_name)) {
        return NULL;
    }
    json_t *group = directory_get(call, GROUP, *out_name, out_record);
    bool administrators =
        str_eq(call->realm, MASTER_REALM) && str_eq(*out_name, RBAC_ROLE_ADMINISTRATORS);
    if (group == NULL && (administrators || directory_group_builtin(*out_name))) {
        return directory_keep(call, json_pack("{s:s%}", "name", out_name->ptr, out_name->len));
    }
    if (group == NULL) {
        (void)directory_refuse(call, DIRECTORY_NOT_FOUND, "no group \"%.*s\" in realm %.*s",
                               (int)out_name->len, out_name->ptr, (int)call->realm.len,
                               call->realm.ptr);
    }
    return group;
}

static bool group_get(struct directory_call *call)
{
    struct str name;
    const struct store_record *record = NULL;
    const json_t *group = group_find(call, &name, &record);
    return group != NULL &&
           directory_answer(call, external(call, group), record == NULL ? 0 : record->version);
}

static bool group_list(struct directory_call *call)
{
    return directory_answer_list_of(call, GROUP, external);
}

/* A group keeps its name. */
static bool same_name(struct directory_call *call, const json_t *data, struct str name)
{
    char folded[RBAC_NAME_MAX];
    struct str said;
    const json_t *value = json_object_get(data, "name");
    if (value == NULL || json_is_null(value)) {
        return true;
    }
    return (json_is_string(value) &&
            rbac_name_fold(str_make(json_string_value(value), json_string_length(value)), folded,
                           &said) &&
            str_eq(said, name)) ||
           directory_refuse_at(call, DIRECTORY_INVALID, data, "name",
                               "a group keeps its name: add another and delete this one");
}

/* What the data say is so from now on; the rest stays. */
static bool group_update(struct directory_call *call)
{
    struct str name;
    const json_t *data = NULL;
    const struct store_record *record = NULL;
    json_t *group = group_find(call, &name, &record);
    if (group == NULL || !directory_arg_object(call, 1, &data) ||
        !directory_only_keys(call, data, keys) || !same_name(call, data, name) ||
        !directory_expected(call, record)) {
        return false;
    }
    (void)json_object_update(group, (json_t *)(uintptr_t)data);
    (void)json_object_set_new(group, "name", json_stringn(name.ptr, name.len));
    return group_write(call, json_incref(group), record == NULL ? 0 : record->version,
                       GROUP_UPDATED);
}

/* Argument 1: one name, or with `many` a list of them; NULL: refused. */
static json_t *arg_groups(struct directory_call *call, bool many)
{
    json_t *argument = json_array_get(call->args, 1);
    if (!many) {
        struct str name;
        return directory_arg_text(call, 1, &name)
                   ? directory_keep(call, json_pack("[s%]", name.ptr, name.len))
                   : NULL;
    }
    bool ok = json_is_array(argument);
    for (size_t i = 0; ok && i < json_array_size(argument) && i < DIRECTORY_NAMES_MAX; i++) {
        ok = json_string_length(json_array_get(argument, i)) > 0;
    }
    if (!ok || json_array_size(argument) > DIRECTORY_NAMES_MAX) {
        (void)directory_refuse(call, DIRECTORY_INVALID,
                               "argument 2 must be a list of at most %d names",
                               DIRECTORY_NAMES_MAX);
        return NULL;
    }
    return argument;
}

static bool listed(const json_t *list, struct str name)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *element = json_array_get(list, i);
        if (str_eq(str_make(json_string_value(element), json_string_length(element)), name)) {
            return true;
        }
    }
    return false;
}

/* `list` with those of `names` that it lacks, or without those that it has. A new list. */
static json_t *changed_list(const json_t *list, const json_t *names, bool add)
{
    json_t *folded = json_array();
    json_t *out = json_array();
    for (size_t i = 0; i < json_array_size(names); i++) {
        char buffer[RBAC_NAME_MAX];
        json_t *element = json_array_get(names, i);
        struct str name = str_make(json_string_value(element), json_string_length(element));
        if (rbac_name_fold(name, buffer, &name)) {
            (void)json_array_append_new(folded, json_stringn(name.ptr, name.len));
        } else if (add) {
            (void)json_array_append(folded, element); /* refused later, in words */
        }
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *element = json_array_get(list, i);
        if (add || !listed(folded, str_of(json_string_value(element)))) {
            (void)json_array_append(out, element);
        }
    }
    for (size_t i = 0; add && i < json_array_size(folded); i++) {
        json_t *element = json_array_get(folded, i);
        if (!listed(out, str_make(json_string_value(element), json_string_length(element)))) {
            (void)json_array_append(out, element);
        }
    }
    json_decref(folded);
    return out;
}

static bool group_nest(struct directory_call *call, bool many, bool add)
{
    struct str name;
    const struct store_record *record = NULL;
    json_t *group = group_find(call, &name, &record);
    const json_t *names = group == NULL ? NULL : arg_groups(call, many);
    if (names == NULL || !directory_expected(call, record)) {
        return false;
    }
    const json_t *before = json_object_get(group, "groups");
    json_t *after = changed_list(before, names, add);
    bool same = json_array_size(before) == json_array_size(after);
    (void)json_object_set_new(group, "groups", after);
    if (same) {
        return directory_answer(call, external(call, group), record == NULL ? 0 : record->version);
    }
    return group_write(call, json_incref(group), record == NULL ? 0 : record->version,
                       GROUP_UPDATED);
}

static bool group_add_group(struct directory_call *call)
{
    return group_nest(call, false, true);
}

static bool group_add_groups(struct directory_call *call)
{
    return group_nest(call, true, true);
}

static bool group_remove_group(struct directory_call *call)
{
    return group_nest(call, false, false);
}

/* Bondy answers nothing here. */
static bool group_remove_groups(struct directory_call *call)
{
    bool ok = group_nest(call, true, false);
    call->result = NULL;
    return ok;
}

/* Those of `all` and `anonymous` are asked for as if these were groups. */
static bool group_grants(struct directory_call *call)
{
    struct str name;
    if (!directory_arg_name(call, 0, &name)) {
        return false;
    }
    if (!directory_is_anybody(name) && !directory_group_exists(call, name)) {
        return directory_refuse(call, DIRECTORY_NOT_FOUND, "no group \"%.*s\" in realm %.*s",
                                (int)name.len, name.ptr, (int)call->realm.len, call->realm.ptr);
    }
    return directory_grants_of(call, DIRECTORY_GROUP, name);
}

const struct directory_operation directory_group_operations[] = {
    {STR_INIT("bondy.group.add"), DIRECTORY_REALM, 1, 1, NULL, group_add},
    {STR_INIT("bondy.group.get"), DIRECTORY_REALM | DIRECTORY_READ, 1, 1, NULL, group_get},
    {STR_INIT("bondy.group.list"), DIRECTORY_REALM | DIRECTORY_READ | DIRECTORY_LIST, 0, 0, NULL,
     group_list},
    {STR_INIT("bondy.group.update"), DIRECTORY_REALM, 2, 2, NULL, group_update},
    {STR_INIT("bondy.group.grants"), DIRECTORY_REALM | DIRECTORY_READ, 1, 1, NULL, group_grants},
    {STR_INIT("bondy.group.delete"), DIRECTORY_REALM, 1, 1, NULL, directory_group_delete},
    {STR_INIT("bondy.group.add_group"), DIRECTORY_REALM, 2, 2, NULL, group_add_group},
    {STR_INIT("bondy.group.add_groups"), DIRECTORY_REALM, 2, 2, NULL, group_add_groups},
    {STR_INIT("bondy.group.remove_group"), DIRECTORY_REALM, 2, 2, NULL, group_remove_group},
    {STR_INIT("bondy.group.remove_groups"), DIRECTORY_REALM, 2, 2, NULL, group_remove_groups},
    {.run = NULL},
};
