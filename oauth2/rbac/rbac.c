/* rbac.c - the snapshot and its one question. */
#include "base/mem.h"
#include "rbac/rbac_inside.h"

#include <stdlib.h>

const struct str RBAC_ROLE_ANONYMOUS = STR_INIT("anonymous");
const struct str RBAC_ROLE_ADMINISTRATORS = STR_INIT("bondy.administrators");
const struct str RBAC_METHOD_ANONYMOUS = STR_INIT("anonymous");

enum { REALM_URI_MAX = 1024 };

const char *permission_name(enum permission permission)
{
    static const char *const names[PERMISSIONS] = {
#define PERMISSION_TEXT(name, text) [PERMISSION_##name] = (text),
        PERMISSION_MAP(PERMISSION_TEXT)
#undef PERMISSION_TEXT
    };
    return names[permission];
}

bool permission_find(struct str name, enum permission *out)
{
    for (unsigned i = 0; i < PERMISSIONS; i++) {
        if (str_eq(name, str_of(permission_name((enum permission)i)))) {
            *out = (enum permission)i;
            return true;
        }
    }
    return false;
}

static void rbac_free(struct snapshot *snapshot)
{
    struct rbac *rbac = CONTAINER_OF(snapshot, struct rbac, snapshot);
    size_t cursor = 0;
    for (const struct map_slot *slot; (slot = map_next(&rbac->realms, &cursor)) != NULL;) {
        rbac_realm_unref(slot->value);
    }
    map_done(&rbac->realms);
    mem_free(rbac->uris);
    mem_free(rbac);
}

struct rbac *rbac_new(uint64_t version)
{
    struct rbac *rbac = NEW(struct rbac);
    snapshot_init(&rbac->snapshot, version, rbac_free);
    map_init(&rbac->realms);
    return rbac;
}

static int by_text(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

void rbac_set_realms(struct rbac *rbac, struct rbac_realm **realms, size_t count)
{
    rbac->uris = NEW_ARRAY(struct str, count + 1);
    for (size_t i = 0; i < count; i++) {
        rbac->uris[i] = realms[i]->uri;
        (void)map_put(&rbac->realms, realms[i]->uri, realms[i]);
    }
    qsort(rbac->uris, count, sizeof(struct str), by_text);
}

/* Realm URIs are kept in lower case, as Bondy does; a client may spell his otherwise. */
const struct rbac_realm *rbac_realm_find(const struct rbac *rbac, struct str uri)
{
    const struct rbac_realm *realm = map_get(&rbac->realms, uri);
    if (realm != NULL || uri.len > REALM_URI_MAX) {
        return realm;
    }
    char folded[REALM_URI_MAX];
    bool changed = false;
    for (size_t i = 0; i < uri.len; i++) {
        bool upper = uri.ptr[i] >= 'A' && uri.ptr[i] <= 'Z';
        folded[i] = upper ? (char)(uri.ptr[i] | 0x20) : uri.ptr[i];
        changed = changed || upper;
    }
    return changed ? map_get(&rbac->realms, str_make(folded, uri.len)) : NULL;
}

size_t rbac_realm_count(const struct rbac *rbac)
{
    return rbac->realms.count;
}

uint64_t rbac_version(const struct rbac *rbac)
{
    return rbac->snapshot.version;
}

const struct credential_policy *rbac_password_policy(const struct rbac *rbac)
{
    return &rbac->passwords;
}

const struct str *rbac_realm_uris(const struct rbac *rbac, size_t *out_count)
{
    *out_count = rbac->realms.count;
    return rbac->uris;
}

struct question {
    const struct rbac_realm *realm;
    unsigned wanted;
    struct grant_path path;
};

/* A role's name, hashed once for all the maps it is looked for in. */
struct role {
    struct str name;
    uint32_t hash;
};

static struct role role_of(struct str name)
{
    return (struct role){name, map_hash(name)};
}

static bool rights_may(struct question *question,
                       const struct rbac_rights *rights,
                       enum role_kind kind,
                       const struct role *role)
{
    const struct grant_index *index = map_get_hashed(&rights->roles[kind], role->name, role->hash);
    return index != NULL && grant_index_covers(index, question->wanted, &question->path);
}

/* Here or in the prototype, whose word counts for a group unless the realm has one of that name. */
static bool group_may(struct question *question, struct str name)
{
    const struct rbac_realm *realm = question->realm;
    const struct role group = role_of(name);
    if (rights_may(question, realm->rights, ROLE_EITHER, &group) ||
        rights_may(question, realm->rights, ROLE_GROUP, &group)) {
        return true;
    }
    const struct rbac_rights *inherited = realm->inherited;
    return inherited != NULL &&
           map_get_hashed(&realm->rights->groups, group.name, group.hash) == NULL &&
           (rights_may(question, inherited, ROLE_EITHER, &group) ||
            rights_may(question, inherited, ROLE_GROUP, &group));
}

/* The authid of somebody anonymous is a name that nobody has checked. */
bool principal_is_named(const struct principal *principal)
{
    return principal->authid.len > 0 && principal->authmethod.len > 0 &&
           !str_eq(principal->authmethod, RBAC_METHOD_ANONYMOUS);
}

static bool decide(struct question *question, const struct principal *principal)
{
    if (group_may(question, STR("all"))) {
        return true;
    }
    for (size_t i = 0; i < principal->role_count; i++) {
        if (group_may(question, principal->roles[i])) {
            return true;
        }
    }
    if (!principal_is_named(principal) || principal->groups_alone) {
        return false;
    }
    const struct rbac_rights *rights = question->realm->rights;
    const struct role user = role_of(principal->authid);
    return rights_may(question, rights, ROLE_USER, &user) ||
           rights_may(question, rights, ROLE_EITHER, &user);
}

static bool ask(const struct rbac_realm *realm,
                const struct principal *principal,
                enum permission permission,
                struct str pattern,
                enum grant_match match)
{
    struct question question;
    question.realm = realm;
    question.wanted = PERMISSION_BIT(permission);
    grant_path_init(&question.path, pattern, match);
    return decide(&question, principal);
}

bool rbac_may(const struct rbac *rbac,
              const struct rbac_realm *realm,
              const struct principal *principal,
              enum permission permission,
              struct str uri)
{
    if (!realm->security_enabled) {
        return true;
    }
    bool allowed = false;
    struct rbac_memo *memo = principal->memo;
    if (memo != NULL &&
        rbac_memo_find(memo, rbac->snapshot.version, realm, permission, uri, &allowed)) {
        return allowed;
    }
    allowed = ask(realm, principal, permission, uri, GRANT_EXACT);
    if (memo != NULL) {
        rbac_memo_keep(memo, permission, uri, allowed);
    }
    return allowed;
}

bool rbac_may_pattern(const struct rbac *rbac,
                      const struct rbac_realm *realm,
                      const struct principal *principal,
                      enum permission permission,
                      struct str pattern,
                      enum grant_match match)
{
    if (match == GRANT_EXACT) {
        return rbac_may(rbac, realm, principal, permission, pattern);
    }
    return !realm->security_enabled || ask(realm, principal, permission, pattern, match);
}
