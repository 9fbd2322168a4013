/* rbac_source.c - by which methods somebody may come in from where he is.
 *
 * Sources only open doors: those of the user, those of `all` and those that the prototype has for
 * `all` are united, in this order, the narrowest block first. */
#include "base/mem.h"
#include "credential/credential.h"
#include "rbac/rbac_inside.h"

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

/* Whose sources count, in order. */
struct source_walk {
    const struct rbac_source *first[3];
};

static struct source_walk walk_for(const struct rbac_realm *realm, struct str user)
{
    struct source_walk walk = {{map_get(&realm->rights->sources, user),
                                map_get(&realm->rights->sources, STR("all")), NULL}};
    if (realm->inherited != NULL) {
        walk.first[2] = map_get(&realm->inherited->sources, STR("all"));
    }
    if (walk.first[0] == walk.first[1]) {
        walk.first[0] = NULL;
    }
    return walk;
}

bool rbac_source_allows(const struct rbac_realm *realm,
                        struct str user,
                        struct str authmethod,
                        const struct in6_addr *address)
{
    if (!rbac_realm_has_method(realm, authmethod)) {
        return false;
    }
    if (!realm->security_enabled) {
        return true;
    }
    const struct source_walk walk = walk_for(realm, user);
    for (size_t i = 0; i < COUNT_OF(walk.first); i++) {
        for (const struct rbac_source *at = walk.first[i]; at != NULL; at = at->next) {
            if (str_eq(at->authmethod, authmethod) && source_holds(&at->cidr, address)) {
                return true;
            }
        }
    }
    return false;
}

/* What somebody must have to prove himself by a method. */
enum proof { PROOF_NONE, PROOF_PASSWORD, PROOF_CRA, PROOF_SCRAM, PROOF_KEY, PROOF_ANONYMITY };

static enum proof proof_of(struct str method)
{
    static const struct {
        struct str method;
        enum proof proof;
    } rows[] = {
        {STR_INIT("anonymous"), PROOF_ANONYMITY}, {STR_INIT("password"), PROOF_PASSWORD},
        {STR_INIT("wampcra"), PROOF_CRA},         {STR_INIT("wamp-scram"), PROOF_SCRAM},
        {STR_INIT("cryptosign"), PROOF_KEY},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (str_eq(rows[i].method, method)) {
            return rows[i].proof;
        }
    }
    return PROOF_NONE;
}

static bool can_prove(const struct rbac_account *account, enum proof proof)
{
    if (proof == PROOF_ANONYMITY) {
        return false;
    }
    if (account == NULL || proof == PROOF_NONE) {
        return true; /* of nobody: as if he had everything */
    }
    const struct rbac_user *holder = account->holder;
    struct credential_cra cra;
    struct credential_scram scram;
    if (holder == NULL) {
        return false;
    }
    switch (proof) {
    case PROOF_PASSWORD:
        return credential_has_password(holder->credential);
    case PROOF_CRA:
        return credential_cra(holder->credential, &cra);
    case PROOF_SCRAM:
        return credential_scram(holder->credential, &scram);
    default:
        return holder->authorized_key_count > 0;
    }
}

static bool listed(const struct str *methods, size_t count, struct str method)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(methods[i], method)) {
            return true;
        }
    }
    return false;
}

static size_t methods_of(const struct rbac_realm *realm,
                         const struct rbac_account *account,
                         struct str name,
                         const struct in6_addr *address,
                         struct str out[RBAC_METHODS_MAX])
{
    size_t count = 0;
    const struct source_walk walk = walk_for(realm, name);
    for (size_t i = 0; i < COUNT_OF(walk.first); i++) {
        for (const struct rbac_source *at = walk.first[i]; at != NULL; at = at->next) {
            if (count < RBAC_METHODS_MAX && rbac_realm_has_method(realm, at->authmethod) &&
                source_holds(&at->cidr, address) && !listed(out, count, at->authmethod) &&
                can_prove(account, proof_of(at->authmethod))) {
                out[count++] = at->authmethod;
            }
        }
    }
    return count;
}

size_t rbac_methods(const struct rbac_realm *realm,
                    const struct rbac_account *account,
                    const struct in6_addr *address,
                    struct str out[RBAC_METHODS_MAX])
{
    if (account != NULL) {
        return methods_of(realm, account, account->user->username, address, out);
    }
    if (!rbac_source_allows(realm, RBAC_ROLE_ANONYMOUS, RBAC_METHOD_ANONYMOUS, address)) {
        return 0;
    }
    out[0] = RBAC_METHOD_ANONYMOUS;
    return 1;
}

size_t rbac_methods_of_nobody(const struct rbac_realm *realm,
                              struct str name,
                              const struct in6_addr *address,
                              struct str out[RBAC_METHODS_MAX])
{
    return methods_of(realm, NULL, name, address, out);
}
