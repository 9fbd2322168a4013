/* identity.c - the principal of who did not say who he is, one a realm and worker. */
#include "base/mem.h"
#include "pipeline/exchange.h"

struct anonymous {
    struct principal principal;
    char *realm;
};

const struct principal *identity_anonymous(struct pipeline_worker *mine, struct str realm)
{
    struct anonymous *found = map_get(&mine->anonymous, realm);
    if (found == NULL) {
        found = NEW(struct anonymous);
        found->realm = str_dup(realm);
        found->principal = (struct principal){
            .authid = RBAC_ROLE_ANONYMOUS,
            .roles = &RBAC_ROLE_ANONYMOUS,
            .role_count = 1,
            .authmethod = RBAC_METHOD_ANONYMOUS,
            .memo = rbac_memo_new(),
        };
        (void)map_put(&mine->anonymous, str_make(found->realm, realm.len), found);
    }
    return &found->principal;
}

void identity_done(struct pipeline_worker *mine)
{
    size_t cursor = 0;
    const struct map_slot *slot = NULL;
    while ((slot = map_next(&mine->anonymous, &cursor)) != NULL) {
        struct anonymous *one = slot->value;
        rbac_memo_free(one->principal.memo);
        mem_free(one->realm);
        mem_free(one);
    }
    map_done(&mine->anonymous);
}
