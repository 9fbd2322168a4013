/* directory_present.c - what a realm object has to be checked against, as the transaction sees it.
 *
 * The snapshot that is in force may be a commit behind. So a small one is made of the records
 * that the object can refer to: its realm and those above it, the groups and users that it names.
 */
#include "base/map.h"
#include "base/mem.h"
#include "directory/directory_inside.h"
#include "rbac/rbac_builder.h"

struct fresh {
    struct directory_call *call;
    struct rbac_builder *builder;
    struct map seen; /* kind, realm and key */
    const json_t *object;
    struct str prototype; /* "": none */
    struct str sso_realm;
    bool full; /* it names more than there is room for */
};

/* What one name may take, beside the records, for which the store looks itself; and how many may
 * stand in one list, since each is looked up while others wait. */
enum { NAME_ROOM = 4 << 10, NAMES_MAX = 10 * 1000 };

static bool has_room(struct fresh *fresh)
{
    fresh->full = fresh->full || !arena_room(fresh->call->arena, NAME_ROOM);
    return !fresh->full;
}

static bool see(struct fresh *fresh, struct str kind, struct str realm, struct str key)
{
    if (!arena_room(fresh->call->arena, realm.len + key.len + NAME_ROOM)) {
        fresh->full = true;
        return false;
    }
    struct str name = arena_printf(fresh->call->arena, PRISTR " " PRISTR " " PRISTR, STRARG(kind),
                                   STRARG(realm), STRARG(key));
    return map_put(&fresh->seen, name, fresh) == NULL;
}

/* The record, applied once; its value lives as long as the call. NULL: there is none, or it has
 * been applied. */
static const struct store_record *
apply(struct fresh *fresh, struct str kind, struct str realm, struct str key)
{
    const struct store_record *record =
        see(fresh, kind, realm, key) ? store_view_get(fresh->call->view, kind, realm, key) : NULL;
    if (record != NULL) {
        (void)rbac_builder_apply(fresh->builder, record);
    }
    return record;
}

static json_t *value_of(struct directory_call *call, const struct store_record *record)
{
    return record == NULL
               ? NULL
               : directory_keep(call, json_loadb(record->value.ptr, record->value.len, 0, NULL));
}

/* The member in lower case, or `otherwise`. */
static struct str folded_member(struct directory_call *call,
                                const json_t *object,
                                const char *key,
                                struct str otherwise)
{
    struct str text = directory_member(object, key);
    return text.len == 0 ? otherwise : directory_folded(call, text);
}

/* A realm by its URI, and which those above it are. */
static void apply_realms(struct fresh *fresh, struct str uri)
{
    struct directory_call *call = fresh->call;
    const json_t *own = value_of(call, apply(fresh, STR("realm"), STR_EMPTY, uri));
    fresh->prototype =
        folded_member(call, fresh->object, "prototype_uri", directory_member(own, "prototype_uri"));
    const json_t *above = value_of(call, apply(fresh, STR("realm"), STR_EMPTY, fresh->prototype));
    struct str inherited = directory_member(above, "sso_realm_uri");
    struct str sso_realm = directory_member(own, "sso_realm_uri");
    fresh->sso_realm = folded_member(call, fresh->object, "sso_realm_uri",
                                     sso_realm.len > 0 ? sso_realm : inherited);
    (void)apply(fresh, STR("realm"), STR_EMPTY, fresh->sso_realm);
}

static void apply_group(struct fresh *fresh, struct str folded)
{
    (void)apply(fresh, STR("group"), fresh->call->realm, folded);
    if (fresh->prototype.len > 0) {
        (void)apply(fresh, STR("group"), fresh->prototype, folded);
    }
}

/* His record here, the one with his credential, and whose alias the name is. */
static void apply_user(struct fresh *fresh, struct str folded)
{
    struct directory_call *call = fresh->call;
    const struct store_record *record = apply(fresh, STR("user"), call->realm, folded);
    struct str sso_realm = directory_member(value_of(call, record), "sso_realm_uri");
    if (fresh->sso_realm.len > 0) {
        (void)apply(fresh, STR("user"), fresh->sso_realm, folded);
    }
    if (sso_realm.len > 0) {
        (void)apply(fresh, STR("realm"), STR_EMPTY, sso_realm);
        (void)apply(fresh, STR("user"), sso_realm, folded);
    }
    struct str owner = directory_alias_owner(call, folded);
    if (owner.len > 0) {
        (void)apply(fresh, STR("user"), call->realm, owner);
    }
}

typedef void (*name_fn)(struct fresh *fresh, struct str folded);

static void apply_name(struct fresh *fresh, const json_t *name, name_fn fn)
{
    struct str folded;
    if (!has_room(fresh)) {
        return;
    }
    char *bytes = arena_alloc(fresh->call->arena, RBAC_NAME_MAX);
    if (json_is_string(name) &&
        rbac_name_fold(str_make(json_string_value(name), json_string_length(name)), bytes,
                       &folded)) {
        fn(fresh, folded);
    }
}

/* One name or a list of them. */
static void apply_names(struct fresh *fresh, const json_t *names, name_fn fn)
{
    size_t count = json_array_size(names);
    apply_name(fresh, names, fn);
    fresh->full = fresh->full || count > NAMES_MAX;
    for (size_t i = 0; i < count && !fresh->full; i++) {
        apply_name(fresh, json_array_get(names, i), fn);
    }
}

/* "x", "user/x", "group/x". */
static void apply_role(struct fresh *fresh, struct str role)
{
    struct str head = STR_EMPTY;
    struct str name = STR_EMPTY;
    apply_group(fresh, role);
    apply_user(fresh, role);
    if (str_cut(role, '/', &head, &name)) {
        apply_group(fresh, name);
        apply_user(fresh, name);
    }
}

static void apply_all_groups(struct fresh *fresh, struct str realm)
{
    const struct store_record *records = NULL;
    size_t count = store_view_list(fresh->call->view, STR("group"), realm, NULL, &records);
    for (size_t i = 0; i < count; i++) {
        if (see(fresh, STR("group"), realm, records[i].key)) {
            (void)rbac_builder_apply(fresh->builder, &records[i]);
        }
    }
}

static const struct mention {
    const char *list;
    const char *member;
    name_fn fn;
} mentions[] = {
    {"users", "username", apply_user}, {"users", "aliases", apply_user},
    {"users", "groups", apply_group},  {"sources", "usernames", apply_user},
    {"grants", "roles", apply_role},
};

static void apply_mentioned(struct fresh *fresh)
{
    for (size_t i = 0; i < COUNT_OF(mentions); i++) {
        const json_t *list = json_object_get(fresh->object, mentions[i].list);
        for (size_t at = 0; at < json_array_size(list); at++) {
            apply_names(fresh, json_object_get(json_array_get(list, at), mentions[i].member),
                        mentions[i].fn);
        }
    }
    /* Circles are looked for among all of them. */
    if (json_array_size(json_object_get(fresh->object, "groups")) > 0) {
        apply_all_groups(fresh, fresh->call->realm);
        if (fresh->prototype.len > 0) {
            apply_all_groups(fresh, fresh->prototype);
        }
    }
}

static void release(void *rbac)
{
    snapshot_unref(rbac);
}

const struct rbac *directory_fresh(struct directory_call *call, const json_t *object)
{
    struct fresh fresh = {.call = call, .builder = rbac_builder_new(), .object = object};
    map_init(&fresh.seen);
    apply_realms(&fresh, call->realm);
    apply_mentioned(&fresh);
    struct rbac *rbac = rbac_builder_build(fresh.builder, 0);
    arena_defer(call->arena, release, rbac);
    map_done(&fresh.seen);
    rbac_builder_free(fresh.builder);
    if (fresh.full) {
        (void)directory_refuse(call, DIRECTORY_TOO_LARGE,
                               "it names more than there is room for: send it in parts");
        return NULL;
    }
    return rbac;
}
