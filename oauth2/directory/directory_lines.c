/* directory_lines.c - grants and sources: arguments that become many lines, and who they may be
 * for. */
#include "base/mem.h"
#include "directory/directory_inside.h"

bool directory_group_exists(struct directory_call *call, struct str name)
{
    bool administrators =
        str_eq(call->realm, MASTER_REALM) && str_eq(name, RBAC_ROLE_ADMINISTRATORS);
    if (administrators || directory_group_builtin(name) ||
        store_view_get(call->view, STR("group"), call->realm, name) != NULL) {
        return true;
    }
    struct str prototype = directory_prototype(call);
    return prototype.len > 0 && store_view_get(call->view, STR("group"), prototype, name) != NULL;
}

bool directory_group_builtin(struct str name)
{
    return str_eq(name, STR("api_clients")) || str_eq(name, STR("resource_owners"));
}

bool directory_is_anybody(struct str name)
{
    return str_eq(name, STR("all")) || str_eq(name, RBAC_ROLE_ANONYMOUS);
}

bool directory_anybody_allowed(struct directory_call *call, struct str name)
{
    return call->allow_anonymous_admin || !str_eq(call->realm, MASTER_REALM) ||
           !directory_is_anybody(name) ||
           directory_refuse(call, DIRECTORY_INCONSISTENT,
                            "the master realm opens nothing to %.*s while admin.allow_anonymous"
                            " is off",
                            (int)name.len, name.ptr);
}

bool directory_lines(struct directory_call *call,
                     const char *list,
                     json_t *element,
                     struct str kind,
                     struct realm_writes *out)
{
    /* None is passed over in silence: who asks says what becomes of those for anybody. */
    bool allowed = call->allow_anonymous_admin;
    call->allow_anonymous_admin = true;
    bool ok = directory_parse(call, list, element, out);
    call->allow_anonymous_admin = allowed;
    if (!ok) {
        return false;
    }
    size_t count = 0;
    for (size_t i = 0; i < out->count; i++) {
        if (str_eq(out->writes[i].kind, kind)) {
            out->writes[count++] = out->writes[i];
        }
    }
    out->count = count;
    return true;
}

bool directory_merge(struct directory_call *call, struct realm_writes *lines)
{
    struct err err = {0};
    struct store_record *present = NEW_ARRAY(struct store_record, lines->count + 1);
    size_t count = 0;
    bool ok = true;
    for (size_t i = 0; ok && i < lines->count; i++) {
        const struct store_record *record =
            store_view_get(call->view, lines->writes[i].kind, call->realm, lines->writes[i].key);
        ok = directory_expected(call, record);
        if (record != NULL) {
            present[count++] = *record;
        }
    }
    ok = ok && !store_view_failed(call->view);
    if (ok && !realm_writes_merge(lines, present, count, call->arena, &err)) {
        ok = directory_refuse(call, DIRECTORY_INVALID, "%s", err.text);
    }
    mem_free(present);
    for (size_t i = 0; ok && i < lines->count; i++) {
        ok = store_view_put(call->view, &lines->writes[i]);
    }
    return ok;
}
