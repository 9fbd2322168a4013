/* directory_owner.c - bondy.oauth2.resource_owner.*: users who may come in by the password grant,
 * since they are in the group that says so. Otherwise they are users as all the others. */
#include "base/mem.h"
#include "directory/directory_client_inside.h"

#define GROUP         "resource_owners"
#define OWNER_ADDED   STR("bondy.oauth2.resource_owner.added")
#define OWNER_UPDATED STR("bondy.oauth2.resource_owner.updated")
#define OWNER_DELETED STR("bondy.oauth2.resource_owner.deleted")

static bool is_owner(const json_t *value)
{
    return directory_in_group(value, GROUP);
}

static bool owner_of(struct directory_call *call, struct directory_user *out)
{
    if (!directory_user_of(call, DIRECTORY_NOT_FOUND, out)) {
        return false;
    }
    return is_owner(out->value) ||
           directory_refuse(call, DIRECTORY_NOT_FOUND,
                            "the user \"" PRISTR "\" is no resource owner: he is not in the "
                            "group " GROUP,
                            STRARG(out->name));
}

static bool tell(struct directory_call *call, struct str topic, struct str name)
{
    directory_tell(call, topic,
                   json_pack("[s%, s%]", call->realm.ptr, call->realm.len, name.ptr, name.len));
    return true;
}

static bool owner_add(struct directory_call *call)
{
    const json_t *data = NULL;
    struct str name = STR_EMPTY;
    if (!directory_user_new(call, &data, &name)) {
        return false;
    }
    json_t *element = json_deep_copy(data);
    directory_join_group(element, NULL, GROUP);
    return directory_user_write(
               call, &(struct directory_user_change){.element = element, .added = true}) &&
           directory_user_answer(call, name) && tell(call, OWNER_ADDED, name);
}

static bool owner_get(struct directory_call *call)
{
    struct directory_user user = {0};
    return owner_of(call, &user) && directory_user_answer(call, user.name);
}

static bool owner_list(struct directory_call *call)
{
    return directory_answer_users(call, STR("\"" GROUP "\""), is_owner, directory_user_external);
}

static bool owner_update(struct directory_call *call)
{
    struct directory_user user = {0};
    const json_t *data = NULL;
    if (!owner_of(call, &user) || !directory_user_data(call, 1, &data) ||
        !directory_user_keeps_identity(call, &user, data)) {
        return false;
    }
    json_t *element = json_deep_copy(data);
    (void)json_object_set_new(element, "username", json_stringn(user.name.ptr, user.name.len));
    directory_join_group(element, user.value, GROUP);
    bool clear = json_is_null(json_object_get(data, "password"));
    return directory_user_write(call, &(struct directory_user_change){.element = element,
                                                                      .clear_password = clear}) &&
           directory_user_answer(call, user.name) && tell(call, OWNER_UPDATED, user.name);
}

static bool owner_delete(struct directory_call *call)
{
    struct directory_user user = {0};
    return owner_of(call, &user) && directory_user_delete(call) &&
           tell(call, OWNER_DELETED, user.name);
}

const struct directory_operation directory_owner_operations[] = {
    {STR_INIT("bondy.oauth2.resource_owner.add"), DIRECTORY_REALM, 1, 1, directory_prepare_add,
     owner_add},
    {STR_INIT("bondy.oauth2.resource_owner.get"), DIRECTORY_REALM | DIRECTORY_READ, 1, 1, NULL,
     owner_get},
    {STR_INIT("bondy.oauth2.resource_owners.list"),
     DIRECTORY_REALM | DIRECTORY_READ | DIRECTORY_LIST, 0, 0, NULL, owner_list},
    {STR_INIT("bondy.oauth2.resource_owner.update"), DIRECTORY_REALM, 2, 2,
     directory_prepare_update, owner_update},
    {STR_INIT("bondy.oauth2.resource_owner.delete"), DIRECTORY_REALM, 1, 1, NULL, owner_delete},
    {.run = NULL},
};
