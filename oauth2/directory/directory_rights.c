/* directory_rights.c - grants as they are shown: those of a realm, and those that a role holds.
 *
 * Who holds what is decided by the rules of rbac.h, here read from the store: so that a list says
 * what is written, a moment before the snapshot has it. */
#include "base/map.h"
#include "base/mem.h"
#include "directory/directory_inside.h"

#define GRANT STR("grant")
#define GROUP STR("group")

/* One group that the role is in. */
struct membership {
    struct membership *next;
    struct str name;
    bool own; /* the realm has it, and so hides the prototype's */
    const json_t *nested;
};

struct holder {
    struct directory_call *call;
    struct str user; /* "": it is a group */
    struct str prototype;
    struct map groups; /* name -> struct membership */
    struct membership *first;
    struct membership *last;
};

json_t *directory_grant_external(struct directory_call *call, const json_t *value)
{
    const char *uri = json_string_value(json_object_get(value, "uri"));
    (void)call;
    return json_pack("{s:{s:s, s:O}, s:O, s:[O]}", "resource", "uri",
                     uri == NULL || uri[0] == '\0' ? "any" : uri, "match",
                     json_object_get(value, "match"), "permissions",
                     json_object_get(value, "permissions"), "roles",
                     json_object_get(value, "role"));
}

struct str directory_grant_role(struct str key)
{
    struct str head;
    struct str rest = STR_EMPTY;
    struct str role = STR_EMPTY;
    return str_cut(key, ' ', &head, &rest) && str_cut(rest, ' ', &head, &role) ? role : STR_EMPTY;
}

struct str directory_prototype(struct directory_call *call)
{
    const struct store_record *record =
        store_view_get(call->view, STR("realm"), STR_EMPTY, call->realm);
    json_t *realm =
        record == NULL
            ? NULL
            : directory_keep(call, json_loadb(record->value.ptr, record->value.len, 0, NULL));
    const json_t *uri = json_object_get(realm, "prototype_uri");
    return json_is_string(uri) ? str_make(json_string_value(uri), json_string_length(uri))
                               : STR_EMPTY;
}

static json_t *read_value(struct directory_call *call, const struct store_record *record)
{
    return record == NULL
               ? NULL
               : directory_keep(call, json_loadb(record->value.ptr, record->value.len, 0, NULL));
}

static void join(struct holder *holder, struct str name)
{
    struct directory_call *call = holder->call;
    if (map_get(&holder->groups, name) != NULL || !arena_room(call->arena, 256)) {
        return;
    }
    struct membership *member = ARENA_NEW(call->arena, struct membership);
    const struct store_record *record = store_view_get(call->view, GROUP, call->realm, name);
    member->name = name;
    member->own = record != NULL;
    if (!member->own && holder->prototype.len > 0) {
        record = store_view_get(call->view, GROUP, holder->prototype, name);
    }
    member->nested = json_object_get(read_value(call, record), "groups");
    (void)map_put(&holder->groups, name, member);
    if (holder->first == NULL) {
        holder->first = member;
    } else {
        holder->last->next = member;
    }
    holder->last = member;
}

static void join_all(struct holder *holder, const json_t *names)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const json_t *name = json_array_get(names, i);
        if (json_is_string(name)) {
            join(holder, str_make(json_string_value(name), json_string_length(name)));
        }
    }
}

/* Is a grant to `role`, of the realm's own or of its prototype, one of his? */
static bool holds(const struct holder *holder, struct str role, bool own)
{
    struct str kind = STR_EMPTY;
    struct str name = role;
    if (str_eq(role, STR("all"))) {
        return true;
    }
    if (str_starts(role, STR("user/")) || str_starts(role, STR("group/"))) {
        (void)str_cut(role, '/', &kind, &name);
    }
    if (own && holder->user.len > 0 && !str_eq(kind, STR("group")) && str_eq(name, holder->user)) {
        return true;
    }
    const struct membership *member =
        str_eq(kind, STR("user")) ? NULL : map_get(&holder->groups, name);
    return member != NULL && (own || !member->own);
}

struct holding {
    const struct holder *holder;
    bool own;
};

static bool is_held(void *ctx, struct str key, struct str value)
{
    const struct holding *holding = ctx;
    (void)value;
    return holds(holding->holder, directory_grant_role(key), holding->own);
}

static void list_grants(const struct holder *holder, struct str realm, json_t *out)
{
    struct directory_call *call = holder->call;
    struct holding holding = {holder, str_eq(realm, call->realm)};
    const struct store_record *records = NULL;
    size_t count = store_view_select(call->view, GRANT, realm, is_held, &holding, &records);
    for (size_t i = 0; i < count; i++) {
        json_t *value = json_loadb(records[i].value.ptr, records[i].value.len, 0, NULL);
        (void)json_array_append_new(out, directory_grant_external(call, value));
        json_decref(value);
    }
}

bool directory_grants_of(struct directory_call *call, enum directory_role kind, struct str name)
{
    struct holder holder = {.call = call, .user = STR_EMPTY};
    if (kind == DIRECTORY_ANYBODY) {
        return directory_answer_list(call, GRANT, directory_grant_external);
    }
    map_init(&holder.groups);
    holder.prototype = directory_prototype(call);
    if (kind == DIRECTORY_USER) {
        holder.user = name;
        join_all(&holder, json_object_get(directory_get(call, STR("user"), name, NULL), "groups"));
    } else {
        join(&holder, name);
    }
    for (const struct membership *at = holder.first; at != NULL; at = at->next) {
        join_all(&holder, at->nested);
    }
    json_t *list = json_array();
    list_grants(&holder, call->realm, list);
    if (holder.prototype.len > 0) {
        list_grants(&holder, holder.prototype, list);
    }
    map_done(&holder.groups);
    return directory_answer(call, list, 0);
}
