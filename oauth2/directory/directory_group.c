/* directory_group.c - bondy.group.*: groups of a realm and what is nested in them. */
#include "directory/directory_inside.h"

#define GROUP         STR("group")
#define GROUP_ADDED   STR("bondy.group.added")
#define GROUP_UPDATED STR("bondy.group.updated")
#define GROUP_DELETED STR("bondy.group.deleted")

/* Has the realm such a group: its own, its prototype's, or one that every realm has? */
static bool group_exists(struct directory_call *call, struct str name)
{
    bool master = str_eq(call->realm, MASTER_REALM) && str_eq(name, RBAC_ROLE_ADMINISTRATORS);
    if (master || str_eq(name, STR("api_clients")) || str_eq(name, STR("resource_owners")) ||
        store_view_get(call->view, GROUP, call->realm, name) != NULL) {
        return true;
    }
    struct str prototype = directory_prototype(call);
    return prototype.len > 0 && store_view_get(call->view, GROUP, prototype, name) != NULL;
}

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
    if (!directory_parse(call, "groups", element, &writes)) {
        return false;
    }
    const struct store_write *write = directory_write_of(&writes, GROUP);
    json_t *value = directory_keep(call, json_loadb(write->value.ptr, write->value.len, 0, NULL));
    const struct store_record *record = NULL;
    if (!directory_put(call, GROUP, write->key, value, expect)) {
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
    return group_write(call, json_deep_copy(group), 0, GROUP_ADDED);
}

/* The group that argument 0 names, or refused. */
static json_t *group_find(struct directory_call *call,
                          struct str *out_name,
                          const struct store_record **out_record)
{
    if (!directory_arg_name(call, 0, out_name)) {
        return NULL;
    }
    json_t *group = directory_get(call, GROUP, *out_name, out_record);
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
    return group != NULL && directory_answer(call, external(call, group), record->version);
}

static bool group_list(struct directory_call *call)
{
    return directory_answer_list(call, GROUP, external);
}

/* What the data say is so from now on; the rest stays. */
static bool group_update(struct directory_call *call)
{
    struct str name;
    const json_t *data = NULL;
    const struct store_record *record = NULL;
    json_t *group = group_find(call, &name, &record);
    if (group == NULL || !directory_arg_object(call, 1, &data) ||
        !directory_only_keys(call, data, keys) || !directory_expected(call, record)) {
        return false;
    }
    (void)json_object_update(group, (json_t *)(uintptr_t)data);
    (void)json_object_set_new(group, "name", json_stringn(name.ptr, name.len));
    return group_write(call, json_incref(group), record->version, GROUP_UPDATED);
}

/* Those of `all` and `anonymous` are asked for as if these were groups. */
static bool group_grants(struct directory_call *call)
{
    struct str name;
    if (!directory_arg_name(call, 0, &name)) {
        return false;
    }
    bool anybody = str_eq(name, STR("all")) || str_eq(name, RBAC_ROLE_ANONYMOUS);
    if (!anybody && !group_exists(call, name)) {
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
    {.run = NULL},
};
