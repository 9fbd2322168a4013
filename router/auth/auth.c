/* auth.c - what all logins of a node share. */
#include "auth/auth_inside.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "crypto/secret.h"

#include <string.h>

static void make_metrics(struct auth *auth)
{
    static const struct str names[OUTCOMES] = {
        [OUTCOME_PASSED] = STR_INIT("passed"),
        [OUTCOME_FAILED] = STR_INIT("failed"),
        [OUTCOME_THROTTLED] = STR_INIT("throttled"),
        [OUTCOME_BUSY] = STR_INIT("busy"),
    };
    struct metric *attempts =
        metric_counter("postern_wamp_logins_total",
                       "attempts of named users to log in over WAMP, and with a "
                       "password over HTTP",
                       "outcome", NULL);
    for (size_t i = 0; i < OUTCOMES; i++) {
        auth->outcomes[i] = METRIC_CELL(attempts, names[i]);
    }
}

struct auth *auth_new(const struct auth_options *options)
{
    struct auth *auth = NEW(struct auth);
    auth->jobs = options->jobs;
    auth->renew = options->renew;
    auth->renew_ctx = options->renew_ctx;
    auth->audit = options->audit;
    auth->tokens = options->tokens;
    auth->rbac = options->rbac;
    auth->issuer_url = str_dup(STR_EMPTY);
    auth->tickets_unrecorded = options->tickets_unrecorded;
    auth->throttle = throttle_new();
    if (options->secret.len == sizeof(auth->secret)) {
        memcpy(auth->secret, options->secret.ptr, sizeof(auth->secret));
    } else {
        random_bytes(auth->secret, sizeof(auth->secret));
    }
    make_metrics(auth);
    return auth;
}

struct audit *auth_audit(struct auth *auth)
{
    return auth->audit;
}

struct throttle *auth_throttle(struct auth *auth)
{
    return auth->throttle;
}

void auth_free(struct auth *auth)
{
    if (auth != NULL) {
        throttle_free(auth->throttle);
        mem_free(auth->issuer_url);
        crypto_wipe(auth->secret, sizeof(auth->secret));
        mem_free(auth);
    }
}

/* A ticket is as good as what its user proved himself with when it was issued. */
static bool ticket_is_good(const struct ticket_stub *stub,
                           const struct tokens *tokens,
                           const struct rbac_account *account)
{
    char proof[TICKET_PROOF_SIZE];
    const struct rbac_user *holder = account->holder;
    if (holder == NULL || !str_eq(rbac_realm_uri(account->holder_realm), stub->authrealm) ||
        !ticket_stub_stands(stub, tokens, clock_wall_ms() / 1000)) {
        return false;
    }
    ticket_proof(holder->credential, holder->authorized_keys, holder->authorized_key_count, proof);
    return str_eq(stub->proof, str_of(proof));
}

bool auth_review(const struct rbac *rbac,
                 const struct tokens *tokens,
                 const struct rbac_realm *realm,
                 const struct peer_info *info,
                 struct auth_identity **identity)
{
    struct auth_identity *had = *identity;
    struct rbac_account account;
    if (!rbac_account_find(rbac, realm, had->authid, &account) || !account.enabled ||
        !str_eq(account.user->username, had->authid) ||
        !rbac_source_allows(realm, had->authid, had->authmethod, &info->address) ||
        (had->ticket != NULL && !ticket_is_good(had->ticket, tokens, &account)) ||
        (had->bearer != NULL && auth_bearer_fault(realm, tokens, had->bearer) != NULL)) {
        return false;
    }
    struct arena arena;
    struct rbac_roles roles;
    arena_init(&arena, LOGIN_ARENA_MAX);
    bool stays =
        rbac_roles_select(realm, account.user, had->wanted, had->wanted_count, &arena, &roles);
    if (stays && had->bearer != NULL) {
        bearer_narrow(had->bearer, roles.names, &roles.count);
    }
    if (stays && !auth_identity_has_roles(had, roles.names, roles.count)) {
        *identity = auth_identity_new(had->authid, had->authmethod, roles.names, roles.count,
                                      had->wanted, had->wanted_count);
        (*identity)->ticket = had->ticket;
        had->ticket = NULL;
        (*identity)->bearer = had->bearer;
        had->bearer = NULL;
        (*identity)->rbac_version = had->rbac_version;
        (*identity)->tokens_version = had->tokens_version;
        auth_identity_free(had);
    }
    arena_done(&arena);
    return stays;
}
