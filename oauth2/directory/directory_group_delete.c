/* directory_group_delete.c - a group goes, and with it what says its name: memberships, nesting,
 * grants; in the realm, and in those that have it from this one as their prototype.
 *
 * Of a realm's users only those are read that have the name's text in their record, so that one
 * of 100,000 costs little more than looking at it. */
#include "base/mem.h"
#include "directory/directory_inside.h"

#include <string.h>

#define GROUP STR("group")

struct departure {
    struct directory_call *call;
    struct str name;
    struct str quoted; /* as a record has it */
    struct str role;   /* "group/NAME" */
};

static json_t *value_of(struct directory_call *call, const struct store_record *record)
{
    return directory_keep(call, json_loadb(record->value.ptr, record->value.len, 0, NULL));
}

static bool has_text(void *ctx, struct str key, struct str value)
{
    const struct str *text = ctx;
    (void)key;
    return memmem(value.ptr, value.len, text->ptr, text->len) != NULL;
}

static bool has_role(void *ctx, struct str key, struct str value)
{
    (void)value;
    return str_eq(directory_grant_role(key), *(const struct str *)ctx);
}

/* Takes the name off the record's groups; true: it was there. */
static bool leave(json_t *record, struct str name)
{
    json_t *groups = json_object_get(record, "groups");
    bool left = false;
    for (size_t i = json_array_size(groups); i > 0; i--) {
        const json_t *element = json_array_get(groups, i - 1);
        if (json_is_string(element) &&
            str_eq(str_make(json_string_value(element), json_string_length(element)), name)) {
            (void)json_array_remove(groups, i - 1);
            left = true;
        }
    }
    return left;
}

static bool put(struct directory_call *call, const struct store_record *record, const json_t *value)
{
    struct store_write write = {.kind = record->kind,
                                .realm = record->realm,
                                .key = record->key,
                                .expect = record->version};
    return directory_dump(call, value, &write.value) && store_view_put(call->view, &write);
}

/* Members of one kind: users, or groups that it is nested in. */
static bool members_leave(struct departure *departure, struct str kind, struct str realm)
{
    struct directory_call *call = departure->call;
    const struct store_record *records = NULL;
    size_t count =
        store_view_select(call->view, kind, realm, has_text, &departure->quoted, &records);
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_loadb(records[i].value.ptr, records[i].value.len, 0, NULL);
        bool ok = !leave(value, departure->name) || put(call, &records[i], value);
        json_decref(value);
        if (!ok) {
            return false;
        }
    }
    return !store_view_failed(call->view);
}

static bool grants_go(struct departure *departure, struct str realm)
{
    struct directory_call *call = departure->call;
    const struct store_record *records = NULL;
    size_t count =
        store_view_select(call->view, STR("grant"), realm, has_role, &departure->role, &records);
    for (size_t i = 0; i < count; i++) {
        const struct store_write write = {.kind = records[i].kind,
                                          .realm = realm,
                                          .key = records[i].key,
                                          .remove = true,
                                          .expect = records[i].version};
        if (!store_view_put(call->view, &write)) {
            return false;
        }
    }
    return true;
}

static bool leave_realm(struct departure *departure, struct str realm)
{
    return members_leave(departure, STR("user"), realm) && members_leave(departure, GROUP, realm) &&
           grants_go(departure, realm);
}

/* The realms whose prototype it is, but for those that have a group of their own by that name. */
static bool leave_heirs(struct departure *departure)
{
    struct directory_call *call = departure->call;
    const struct store_record *records = NULL;
    struct str uri = call->realm;
    size_t count = store_view_select(call->view, STR("realm"), STR_EMPTY, has_text, &uri, &records);
    for (size_t i = 0; i < count; i++) {
        const json_t *prototype = json_object_get(value_of(call, &records[i]), "prototype_uri");
        bool heir = json_is_string(prototype) &&
                    str_eq(str_of(json_string_value(prototype)), call->realm) &&
                    store_view_get(call->view, GROUP, records[i].key, departure->name) == NULL;
        if (heir && !leave_realm(departure, records[i].key)) {
            return false;
        }
    }
    return true;
}

static bool may_go(struct directory_call *call, struct str name)
{
    bool administrators =
        str_eq(call->realm, MASTER_REALM) && str_eq(name, RBAC_ROLE_ADMINISTRATORS);
    return (!administrators && !directory_group_builtin(name)) ||
           directory_refuse(call, DIRECTORY_INCONSISTENT,
                            "the group \"%.*s\" is always there: take its members out instead",
                            (int)name.len, name.ptr);
}

bool directory_group_delete(struct directory_call *call)
{
    struct departure departure = {.call = call};
    const struct store_record *record = NULL;
    enum directory_care before = directory_care(call);
    if (!directory_arg_name(call, 0, &departure.name) || !may_go(call, departure.name)) {
        return false;
    }
    struct str name = departure.name;
    if (directory_get(call, GROUP, name, &record) == NULL) {
        return directory_refuse(call, DIRECTORY_NOT_FOUND, "no group \"%.*s\" in realm %.*s",
                                (int)name.len, name.ptr, (int)call->realm.len, call->realm.ptr);
    }
    if (!directory_expected(call, record)) {
        return false;
    }
    departure.quoted = directory_quoted(call, name);
    departure.role = arena_printf(call->arena, "group/" PRISTR, STRARG(name));
    if (!directory_remove(call, GROUP, name) || !leave_realm(&departure, call->realm) ||
        !leave_heirs(&departure) || !directory_keeps_care(call, before)) {
        return false;
    }
    directory_tell(call, STR("bondy.group.deleted"),
                   json_pack("[s%, s%]", call->realm.ptr, call->realm.len, name.ptr, name.len));
    return true;
}
