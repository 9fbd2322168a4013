/* directory_administrator.c - somebody must always be able to administer the node: the last one is
 * kept. */
#include "directory/directory_user_inside.h"

static bool is_administrator(struct directory_call *call,
                             const struct rbac_realm *master,
                             const struct rbac_user *user)
{
    struct rbac_roles roles = {0};
    if (user != NULL && user->enabled) {
        roles = rbac_roles_of(master, user, call->arena);
    }
    for (size_t i = 0; i < roles.count; i++) {
        if (str_eq(roles.names[i], RBAC_ROLE_ADMINISTRATORS)) {
            return true;
        }
    }
    return false;
}

size_t directory_administrators(struct directory_call *call)
{
    if (!str_eq(call->realm, MASTER_REALM)) {
        return 0;
    }
    const struct rbac_realm *master = directory_master(call);
    const struct store_record *records = NULL;
    size_t count = store_view_list(call->view, DIRECTORY_USER_KIND, MASTER_REALM, NULL, &records);
    size_t administrators = 0;
    for (size_t i = 0; i < count; i++) {
        administrators +=
            is_administrator(call, master, rbac_user_find(master, records[i].key)) ? 1 : 0;
    }
    return administrators;
}

bool directory_keeps_administrator(struct directory_call *call, size_t before)
{
    return before == 0 || directory_administrators(call) > 0 ||
           directory_refuse(call, DIRECTORY_INCONSISTENT,
                            "nobody enabled would be left in bondy.administrators of the master "
                            "realm: put another user into the group first");
}
