/* rbac_realm.c - one realm of a snapshot: its properties, its rights, who may come in. */
#include "base/buf.h"
#include "base/mem.h"
#include "rbac/rbac_inside.h"

struct rbac_rights *rbac_rights_new(void)
{
    struct rbac_rights *rights = NEW(struct rbac_rights);
    atomic_init(&rights->refs, 1);
    arena_init(&rights->arena, SIZE_MAX / 2); /* the store has bounded what is in here */
    return rights;
}

struct rbac_rights *rbac_rights_ref(struct rbac_rights *rights)
{
    if (rights != NULL) {
        (void)atomic_fetch_add_explicit(&rights->refs, 1, memory_order_relaxed);
    }
    return rights;
}

void rbac_rights_unref(struct rbac_rights *rights)
{
    if (rights == NULL || atomic_fetch_sub_explicit(&rights->refs, 1, memory_order_acq_rel) > 1) {
        return;
    }
    map_done(&rights->sources);
    map_done(&rights->groups);
    for (size_t i = 0; i < ROLE_KINDS; i++) {
        map_done(&rights->roles[i]);
        map_done(&rights->named[i]);
    }
    arena_done(&rights->arena);
    mem_free(rights);
}

void rbac_rights_add_source(struct rbac_rights *rights, const struct rbac_source *source)
{
    struct rbac_source *copy = ARENA_NEW(&rights->arena, struct rbac_source);
    *copy = (struct rbac_source){
        .next = map_get(&rights->sources, source->username),
        .username = arena_str(&rights->arena, source->username),
        .authmethod = arena_str(&rights->arena, source->authmethod),
        .cidr = source->cidr,
    };
    (void)map_put(&rights->sources, copy->username, copy);
}

void rbac_rights_add_grant(struct rbac_rights *rights,
                           enum role_kind kind,
                           struct str role,
                           struct str uri,
                           enum grant_match match,
                           unsigned permissions)
{
    struct grant_index *index = map_get(&rights->roles[kind], role);
    if (index == NULL) {
        index = grant_index_new(&rights->arena);
        (void)map_put(&rights->roles[kind], arena_str(&rights->arena, role), index);
    }
    grant_index_add(index, &rights->arena, arena_str(&rights->arena, uri), match, permissions);
}

/* A permission has no blanks. */
enum { NAMED_KEY_MAX = 2048 };

static bool named_key(struct str permission, struct str role, struct buf *out)
{
    return buf_append(out, permission) && buf_byte(out, ' ') && buf_append(out, role);
}

void rbac_rights_add_named(struct rbac_rights *rights,
                           enum role_kind kind,
                           struct str role,
                           struct str permission,
                           struct str uri,
                           enum grant_match match)
{
    struct buf key;
    buf_init(&key, NAMED_KEY_MAX);
    if (named_key(permission, role, &key)) {
        struct grant_index *index = map_get(&rights->named[kind], buf_str(&key));
        if (index == NULL) {
            index = grant_index_new(&rights->arena);
            (void)map_put(&rights->named[kind], arena_str(&rights->arena, buf_str(&key)), index);
        }
        grant_index_add(index, &rights->arena, arena_str(&rights->arena, uri), match, NAMED_BIT);
    }
    buf_done(&key);
}

const struct grant_index *rbac_rights_named(const struct rbac_rights *rights,
                                            enum role_kind kind,
                                            struct str role,
                                            struct str permission)
{
    const struct grant_index *index = NULL;
    struct buf key;
    buf_init(&key, NAMED_KEY_MAX);
    if (rights->named[kind].count > 0 && named_key(permission, role, &key)) {
        index = map_get(&rights->named[kind], buf_str(&key));
    }
    buf_done(&key);
    return index;
}

void rbac_rights_add_group(struct rbac_rights *rights,
                           struct str name,
                           const struct str *groups,
                           size_t count)
{
    struct rbac_group *group = ARENA_NEW(&rights->arena, struct rbac_group);
    group->name = arena_str(&rights->arena, name);
    group->groups = ARENA_ARRAY(&rights->arena, struct str, count);
    group->group_count = count;
    for (size_t i = 0; i < count; i++) {
        group->groups[i] = arena_str(&rights->arena, groups[i]);
    }
    (void)map_put(&rights->groups, group->name, group);
}

struct rbac_realm *
rbac_realm_new(struct str uri, struct rbac_rights *rights, struct rbac_rights *inherited)
{
    struct rbac_realm *realm = NEW(struct rbac_realm);
    atomic_init(&realm->refs, 1);
    arena_init(&realm->arena, SIZE_MAX / 2);
    realm->uri = arena_str(&realm->arena, uri);
    realm->prototype_uri = STR_EMPTY;
    realm->sso_realm_uri = STR_EMPTY;
    realm->password_opts = STR_EMPTY;
    realm->info = STR_EMPTY;
    realm->rights = rights;
    realm->inherited = inherited;
    return realm;
}

struct rbac_realm *rbac_realm_ref(struct rbac_realm *realm)
{
    (void)atomic_fetch_add_explicit(&realm->refs, 1, memory_order_relaxed);
    return realm;
}

void rbac_realm_unref(struct rbac_realm *realm)
{
    if (realm == NULL || atomic_fetch_sub_explicit(&realm->refs, 1, memory_order_acq_rel) > 1) {
        return;
    }
    hamt_done(&realm->users);
    hamt_done(&realm->aliases);
    hamt_done(&realm->keys);
    hamt_done(&realm->api_keys);
    hamt_done(&realm->origins);
    rbac_rights_unref(realm->rights);
    rbac_rights_unref(realm->inherited);
    arena_done(&realm->arena);
    mem_free(realm->authmethods);
    mem_free(realm);
}

static bool has_authmethod(const struct rbac_realm *realm, struct str authmethod)
{
    for (size_t i = 0; i < realm->authmethod_count; i++) {
        if (str_eq(realm->authmethods[i], authmethod)) {
            return true;
        }
    }
    return false;
}

void rbac_realm_add_authmethod(struct rbac_realm *realm, struct str authmethod)
{
    if (has_authmethod(realm, authmethod)) {
        return;
    }
    size_t size = (realm->authmethod_count + 1) * sizeof(struct str);
    realm->authmethods = mem_realloc(realm->authmethods, size);
    realm->authmethods[realm->authmethod_count++] = arena_str(&realm->arena, authmethod);
}

const struct rbac_group *rbac_group_builtin(struct str name)
{
    static const struct rbac_group groups[] = {{.name = STR_INIT("api_clients")},
                                               {.name = STR_INIT("resource_owners")}};
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        if (str_eq(groups[i].name, name)) {
            return &groups[i];
        }
    }
    return NULL;
}

const struct rbac_group *rbac_group_find(const struct rbac_realm *realm, struct str name)
{
    const struct rbac_group *group = map_get(&realm->rights->groups, name);
    if (group == NULL && realm->inherited != NULL) {
        group = map_get(&realm->inherited->groups, name);
    }
    return group == NULL ? rbac_group_builtin(name) : group;
}

bool rbac_realm_is_prototype(const struct rbac_realm *realm)
{
    return realm->is_prototype;
}

bool rbac_realm_is_sso_realm(const struct rbac_realm *realm)
{
    return realm->is_sso_realm;
}

struct str rbac_realm_prototype_uri(const struct rbac_realm *realm)
{
    return realm->prototype_uri;
}

struct str rbac_realm_sso_realm_uri(const struct rbac_realm *realm)
{
    return realm->sso_realm_uri;
}

const struct str *rbac_realm_authmethods(const struct rbac_realm *realm, size_t *out_count)
{
    *out_count = realm->authmethod_count;
    return realm->authmethods;
}

struct str rbac_realm_password_opts(const struct rbac_realm *realm)
{
    return realm->password_opts;
}

struct str rbac_realm_info(const struct rbac_realm *realm)
{
    return realm->info;
}

struct str rbac_realm_uri(const struct rbac_realm *realm)
{
    return realm->uri;
}

bool rbac_realm_allows_connections(const struct rbac_realm *realm)
{
    return realm->allow_connections;
}

bool rbac_realm_security_enabled(const struct rbac_realm *realm)
{
    return realm->security_enabled;
}

/* With security off nobody is asked who he is, and nobody can say so. */
bool rbac_realm_has_method(const struct rbac_realm *realm, struct str authmethod)
{
    if (realm->refuses_anonymous && str_eq(authmethod, RBAC_METHOD_ANONYMOUS)) {
        return false;
    }
    if (!realm->security_enabled) {
        return str_eq(authmethod, RBAC_METHOD_ANONYMOUS);
    }
    return has_authmethod(realm, authmethod);
}
