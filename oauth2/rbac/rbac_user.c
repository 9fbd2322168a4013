/* rbac_user.c - users of a snapshot: by name or alias, with same sign-on, and their groups. */
#include "base/mem.h"
#include "rbac/rbac_inside.h"

static const struct rbac_user *user_named(const struct rbac_realm *realm, struct str username)
{
    struct hamt_entry *entry = hamt_get(&realm->users, username);
    return entry == NULL ? NULL : &CONTAINER_OF(entry, struct user_entry, entry)->user;
}

const struct rbac_user *rbac_user_find(const struct rbac_realm *realm, struct str name)
{
    char bytes[RBAC_NAME_MAX];
    struct str folded;
    if (!rbac_name_fold(name, bytes, &folded)) {
        return NULL;
    }
    const struct rbac_user *user = user_named(realm, folded);
    struct hamt_entry *alias = user == NULL ? hamt_get(&realm->aliases, folded) : NULL;
    return alias == NULL
               ? user
               : user_named(realm, CONTAINER_OF(alias, struct alias_entry, entry)->username);
}

const struct rbac_api_key *rbac_api_key_find(const struct rbac_realm *realm, struct str id)
{
    struct hamt_entry *entry = hamt_get(&realm->api_keys, id);
    return entry == NULL ? NULL : &CONTAINER_OF(entry, struct api_key_entry, entry)->key;
}

size_t rbac_user_count(const struct rbac_realm *realm)
{
    return realm->users.count;
}

bool rbac_group_exists(const struct rbac_realm *realm, struct str name)
{
    return rbac_group_find(realm, name) != NULL;
}

bool rbac_account_find(const struct rbac *rbac,
                       const struct rbac_realm *realm,
                       struct str name,
                       struct rbac_account *out)
{
    const struct rbac_user *user = rbac_user_find(realm, name);
    if (user == NULL) {
        return false;
    }
    *out = (struct rbac_account){
        .user = user, .holder = user, .holder_realm = realm, .enabled = user->enabled};
    if (user->sso_realm_uri.len > 0) {
        out->holder_realm = rbac_realm_find(rbac, user->sso_realm_uri);
        bool sso = out->holder_realm != NULL && out->holder_realm->is_sso_realm;
        out->holder = sso ? user_named(out->holder_realm, user->username) : NULL;
        out->enabled = user->enabled && out->holder != NULL && out->holder->enabled;
    }
    return true;
}

/* Groups yet to be looked into are those behind `at`: a group that is there already is not put in
 * again, so that a cycle, which a store may hold, ends. */
static void
add_role(struct rbac_roles *roles, struct map *seen, struct arena *arena, struct str name)
{
    if (map_get(seen, name) != NULL) {
        return;
    }
    struct str copy = arena_str(arena, name);
    (void)map_put(seen, copy, roles);
    if ((roles->count & (roles->count - 1)) == 0) { /* full at each power of two */
        struct str *wider =
            ARENA_ARRAY(arena, struct str, roles->count == 0 ? 1 : roles->count * 2);
        for (size_t i = 0; i < roles->count; i++) {
            wider[i] = roles->names[i];
        }
        roles->names = wider;
    }
    roles->names[roles->count++] = copy;
}

static struct rbac_roles
closure(const struct rbac_realm *realm, const struct str *groups, size_t count, struct arena *arena)
{
    struct rbac_roles roles = {0};
    struct map seen;
    map_init(&seen);
    for (size_t i = 0; i < count; i++) {
        if (rbac_group_exists(realm, groups[i])) {
            add_role(&roles, &seen, arena, groups[i]);
        }
    }
    for (size_t at = 0; at < roles.count; at++) {
        const struct rbac_group *group = rbac_group_find(realm, roles.names[at]);
        for (size_t i = 0; i < group->group_count; i++) {
            if (rbac_group_exists(realm, group->groups[i])) {
                add_role(&roles, &seen, arena, group->groups[i]);
            }
        }
    }
    map_done(&seen);
    return roles;
}

struct rbac_roles
rbac_roles_of(const struct rbac_realm *realm, const struct rbac_user *user, struct arena *arena)
{
    return closure(realm, user->groups, user->group_count, arena);
}

bool rbac_principal_of(const struct rbac_realm *realm,
                       struct str authid,
                       struct arena *arena,
                       struct principal *out)
{
    char bytes[RBAC_NAME_MAX];
    struct str name = STR_EMPTY;
    if (rbac_name_fold(authid, bytes, &name) && str_eq(name, RBAC_ROLE_ANONYMOUS)) {
        *out = (struct principal){.authid = RBAC_ROLE_ANONYMOUS,
                                  .roles = &RBAC_ROLE_ANONYMOUS,
                                  .role_count = 1,
                                  .authmethod = RBAC_METHOD_ANONYMOUS};
        return true;
    }
    const struct rbac_user *user = rbac_user_find(realm, authid);
    if (user == NULL) {
        return false;
    }
    struct rbac_roles roles = rbac_roles_of(realm, user, arena);
    *out = (struct principal){.authid = user->username,
                              .roles = roles.names,
                              .role_count = roles.count,
                              .authmethod = STR("trust")};
    return true;
}

bool rbac_principal_of_group(const struct rbac_realm *realm,
                             struct str group,
                             struct arena *arena,
                             struct principal *out)
{
    char bytes[RBAC_NAME_MAX];
    struct str name = STR_EMPTY;
    if (!rbac_name_fold(group, bytes, &name) || !rbac_group_exists(realm, name)) {
        return false;
    }
    struct rbac_roles roles = closure(realm, &name, 1, arena);
    *out = (struct principal){.authid = STR_EMPTY,
                              .roles = roles.names,
                              .role_count = roles.count,
                              .authmethod = STR("trust"),
                              .groups_alone = true};
    return true;
}

static bool is_every_group(struct str name)
{
    return name.len == 0 || str_eq(name, STR("default")) || str_eq(name, STR("all"));
}

static const struct str *find_role(const struct rbac_roles *roles, struct str name)
{
    char bytes[RBAC_NAME_MAX];
    struct str folded;
    if (rbac_name_fold(name, bytes, &folded)) {
        for (size_t i = 0; i < roles->count; i++) {
            if (str_eq(roles->names[i], folded)) {
                return &roles->names[i];
            }
        }
    }
    return NULL;
}

bool rbac_roles_select(const struct rbac_realm *realm,
                       const struct rbac_user *user,
                       const struct str *wanted,
                       size_t count,
                       struct arena *arena,
                       struct rbac_roles *out)
{
    struct rbac_roles every = rbac_roles_of(realm, user, arena);
    struct str *chosen = NEW_ARRAY(struct str, count + 1);
    size_t chosen_count = 0;
    bool all = count == 0;
    bool ok = true;
    for (size_t i = 0; ok && i < count; i++) {
        const struct str *role = find_role(&every, wanted[i]);
        all = all || (role == NULL && is_every_group(wanted[i]));
        ok = role != NULL || is_every_group(wanted[i]);
        if (role != NULL) {
            chosen[chosen_count++] = *role;
        }
    }
    if (ok) {
        *out = all ? every : closure(realm, chosen, chosen_count, arena);
    }
    mem_free(chosen);
    return ok;
}
