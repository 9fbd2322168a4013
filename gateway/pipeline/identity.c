/* identity.c - a realm as this worker last saw it, and the principal of who did not say who he is.
 *
 * One a realm and worker. What the access snapshot says is kept until there is another one, so
 * that requests of one realm, which mostly follow each other, do not look it up again. */
#include "base/mem.h"
#include "pipeline/exchange.h"

#include <string.h>

struct identity {
    struct principal principal;
    struct str uri; /* its own copy */
    const struct rbac *rbac;
    uint64_t rbac_version;
    const struct rbac_realm *realm;
    bool let_in; /* `address` may come in anonymously */
    struct in6_addr address;
};

static struct identity *identity_new(struct pipeline_worker *mine, struct str uri)
{
    struct identity *identity = NEW(struct identity);
    identity->uri = str_make(str_dup(uri), uri.len);
    identity->principal = (struct principal){
        .authid = RBAC_ROLE_ANONYMOUS,
        .roles = &RBAC_ROLE_ANONYMOUS,
        .role_count = 1,
        .authmethod = RBAC_METHOD_ANONYMOUS,
        .memo = rbac_memo_new(),
    };
    (void)map_put(&mine->identities, identity->uri, identity);
    return identity;
}

static bool is_current(const struct identity *identity, const struct rbac *rbac)
{
    return identity->rbac == rbac && identity->rbac_version == rbac_version(rbac);
}

struct identity *identity_of(struct pipeline_worker *mine, const struct rbac *rbac, struct str uri)
{
    struct identity *last = mine->identity;
    if (last != NULL && is_current(last, rbac) && str_eq(last->uri, uri)) {
        return last;
    }
    const struct rbac_realm *realm = rbac_realm_find(rbac, uri);
    if (realm == NULL) {
        return NULL;
    }
    struct identity *found = map_get(&mine->identities, uri);
    found = found != NULL ? found : identity_new(mine, uri);
    if (!is_current(found, rbac)) {
        found->rbac = rbac;
        found->rbac_version = rbac_version(rbac);
        found->let_in = false;
    }
    found->realm = realm;
    mine->identity = found;
    return found;
}

const struct principal *identity_anonymous(struct identity *identity,
                                           const struct in6_addr *address)
{
    if (!identity->let_in || memcmp(&identity->address, address, sizeof(*address)) != 0) {
        if (!rbac_source_allows(identity->realm, RBAC_ROLE_ANONYMOUS, RBAC_METHOD_ANONYMOUS,
                                address)) {
            return NULL;
        }
        identity->let_in = true;
        identity->address = *address;
    }
    return &identity->principal;
}

void identity_done(struct pipeline_worker *mine)
{
    size_t cursor = 0;
    const struct map_slot *slot = NULL;
    while ((slot = map_next(&mine->identities, &cursor)) != NULL) {
        struct identity *one = slot->value;
        rbac_memo_free(one->principal.memo);
        mem_free((void *)(uintptr_t)one->uri.ptr);
        mem_free(one);
    }
    map_done(&mine->identities);
    mine->identity = NULL;
}
