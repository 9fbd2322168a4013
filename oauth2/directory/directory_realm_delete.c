/* directory_realm_delete.c - bondy.realm.delete: the realm and everything in it, in one
 * transaction. Its sessions are closed when the snapshot without it is looked at. */
#include "base/mem.h"
#include "directory/directory_realm_inside.h"

#define REALM_DELETED STR("bondy.realm.deleted")

/* All that belongs to a realm. Specifications are the node's: they stay, and answer 404 until the
 * realm is there again. */
static const struct str kinds[] = {
    STR_INIT("user"),    STR_INIT("group"),  STR_INIT("grant"),
    STR_INIT("source"),  STR_INIT("alias"),  STR_INIT("key"),
    STR_INIT("api_key"), STR_INIT("ticket"), STR_INIT("revocation"),
};

static bool is_forced(const struct directory_call *call)
{
    const json_t *force = json_object_get(call->kwargs, "force");
    return json_is_true(force) || str_eq(directory_member(call->kwargs, "force"), STR("true"));
}

/* Another realm that has this one above it. */
static bool is_used_by(struct directory_call *call, const json_t *other)
{
    return str_eq(directory_member(other, "prototype_uri"), call->realm) ||
           str_eq(directory_member(other, "sso_realm_uri"), call->realm);
}

static bool is_free(struct directory_call *call)
{
    const struct store_record *records = NULL;
    struct str names = STR_EMPTY;
    size_t users = 0;
    size_t count = store_view_list(call->view, DIRECTORY_REALM_KIND, STR_EMPTY, NULL, &records);
    for (size_t i = 0; i < count; i++) {
        json_t *other = json_loadb(records[i].value.ptr, records[i].value.len, 0, NULL);
        if (is_used_by(call, other) && users++ < 3) {
            names = arena_printf(call->arena, PRISTR "%s%.80s", STRARG(names),
                                 names.len > 0 ? ", " : "", records[i].key.ptr);
        }
        json_decref(other);
    }
    return users == 0 || directory_refuse(call, DIRECTORY_INCONSISTENT,
                                          "%zu realms have it as prototype or SSO realm (" PRISTR
                                          "%s): delete them first",
                                          users, STRARG(names), users > 3 ? ", ..." : "");
}

static bool remove_all(struct directory_call *call, struct str kind)
{
    const struct store_record *records = NULL;
    size_t count = store_view_list(call->view, kind, call->realm, NULL, &records);
    for (size_t i = 0; i < count; i++) {
        if (!directory_remove(call, kind, records[i].key)) {
            return false;
        }
    }
    return true;
}

bool directory_realm_delete(struct directory_call *call)
{
    const struct store_record *record =
        store_view_get(call->view, DIRECTORY_REALM_KIND, STR_EMPTY, call->realm);
    if (str_eq(call->realm, MASTER_REALM)) {
        return directory_refuse(call, DIRECTORY_INCONSISTENT, "the master realm cannot be deleted");
    }
    if (!directory_expected(call, record) || !is_free(call)) {
        return false;
    }
    size_t users = store_view_count(call->view, STR("user"), call->realm, NULL);
    if (users > 0 && !is_forced(call)) {
        return directory_refuse(call, "bondy.error.active_users",
                                "realm %.200s has %zu users: delete it with force: true",
                                call->realm.ptr, users);
    }
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (!remove_all(call, kinds[i])) {
            return false;
        }
    }
    if (!store_view_lease_drop_owner(call->view, call->realm, STR_EMPTY)) {
        return false;
    }
    directory_tell_in(call, MASTER_REALM, REALM_DELETED,
                      json_pack("[s%]", call->realm.ptr, call->realm.len));
    return directory_remove_in(call, STR_EMPTY, DIRECTORY_REALM_KIND, call->realm);
}
