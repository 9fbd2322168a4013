/* rbac_realm.c - one realm of a snapshot. */
#include "base/mem.h"
#include "rbac/rbac_inside.h"

struct rbac_realm *rbac_realm_new(struct str uri)
{
    struct rbac_realm *realm = NEW(struct rbac_realm);
    atomic_init(&realm->refs, 1);
    arena_init(&realm->arena, SIZE_MAX / 2); /* the store has bounded what is in here */
    realm->uri = arena_str(&realm->arena, uri);
    map_init(&realm->sources);
    for (size_t i = 0; i < ROLE_KINDS; i++) {
        map_init(&realm->roles[i]);
    }
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
    map_done(&realm->sources);
    for (size_t i = 0; i < ROLE_KINDS; i++) {
        map_done(&realm->roles[i]);
    }
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

void rbac_realm_add_source(struct rbac_realm *realm, const struct rbac_source *source)
{
    struct rbac_source *copy = ARENA_NEW(&realm->arena, struct rbac_source);
    *copy = (struct rbac_source){
        .next = map_get(&realm->sources, source->username),
        .username = arena_str(&realm->arena, source->username),
        .authmethod = arena_str(&realm->arena, source->authmethod),
        .cidr = source->cidr,
    };
    (void)map_put(&realm->sources, copy->username, copy);
}

void rbac_realm_add_grant(struct rbac_realm *realm,
                          enum role_kind kind,
                          struct str role,
                          struct str uri,
                          enum grant_match match,
                          unsigned permissions)
{
    struct grant_index *index = map_get(&realm->roles[kind], role);
    if (index == NULL) {
        index = grant_index_new(&realm->arena);
        (void)map_put(&realm->roles[kind], arena_str(&realm->arena, role), index);
    }
    grant_index_add(index, &realm->arena, arena_str(&realm->arena, uri), match, permissions);
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
    if (!realm->security_enabled) {
        return str_eq(authmethod, RBAC_METHOD_ANONYMOUS);
    }
    return has_authmethod(realm, authmethod);
}

static bool source_holds(const struct cidr *cidr, const struct in6_addr *address)
{
    if (!IN6_IS_ADDR_UNSPECIFIED(address)) {
        return cidr_contains(cidr, address);
    }
    /* A unix socket: this host, by either of its names. */
    static const struct in6_addr loopback_v4 = {
        {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 127, 0, 0, 1}}};
    return cidr_contains(cidr, &loopback_v4) || cidr_contains(cidr, &in6addr_loopback);
}

static bool user_has_source(const struct rbac_realm *realm,
                            struct str user,
                            struct str authmethod,
                            const struct in6_addr *address)
{
    const struct rbac_source *source = map_get(&realm->sources, user);
    for (; source != NULL; source = source->next) {
        if (str_eq(source->authmethod, authmethod) && source_holds(&source->cidr, address)) {
            return true;
        }
    }
    return false;
}

bool rbac_source_allows(const struct rbac_realm *realm,
                        struct str user,
                        struct str authmethod,
                        const struct in6_addr *address)
{
    if (!rbac_realm_has_method(realm, authmethod)) {
        return false;
    }
    return !realm->security_enabled || user_has_source(realm, user, authmethod, address) ||
           user_has_source(realm, STR("all"), authmethod, address);
}
