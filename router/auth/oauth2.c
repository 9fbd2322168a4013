/* oauth2.c - an access token in place of a password (RFC 9068): shown to AUTHENTICATE, or with the
 * connection's upgrade, when there is nothing to ask for.
 *
 * It is looked at in full whoever is named. Who names nobody is whom the token is about. */
#include "auth/auth_inside.h"
#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"

enum { ISSUER_MAX = 4096 };

void auth_set_issuer(struct auth *auth, struct str url)
{
    mem_free(auth->issuer_url);
    while (url.len > 0 && url.ptr[url.len - 1] == '/') {
        url.len--;
    }
    auth->issuer_url = str_dup(url);
}

const struct tokens *auth_tokens(const struct auth *auth)
{
    return auth->tokens == NULL ? NULL
                                : (const struct tokens *)(const void *)snapshot_peek(auth->tokens);
}

/* A client that has gone, or has been disabled, has nothing to show any more. */
static bool client_stands(const struct rbac_realm *realm, const struct bearer *bearer)
{
    const struct rbac_user *client = bearer->session ? NULL : rbac_user_find(realm, bearer->client);
    return bearer->session || (client != NULL && client->enabled);
}

const char *auth_bearer_fault(const struct rbac_realm *realm,
                              const struct tokens *tokens,
                              const struct bearer *bearer)
{
    const char *fault = bearer_fault(bearer, tokens, clock_wall_ms() / 1000);
    return fault != NULL || client_stands(realm, bearer) ? fault
                                                         : "the token's client may do nothing now";
}

static struct bearer *
read(const struct auth *auth, const struct rbac_realm *realm, struct str text, const char **out_why)
{
    struct buf issuer;
    struct str uri = rbac_realm_uri(realm);
    buf_init(&issuer, ISSUER_MAX);
    (void)(buf_append(&issuer, str_of(auth->issuer_url)) && buf_append(&issuer, STR("/realms/")) &&
           buf_append(&issuer, uri));
    const struct bearer_door door = {
        .realm = uri, .issuer = buf_str(&issuer), .now_s = clock_wall_ms() / 1000};
    struct bearer *bearer = bearer_read(auth_tokens(auth), text, &door, out_why);
    buf_done(&issuer);
    return bearer;
}

/* NULL as well: its user or its client is not there. Takes over the token. */
static struct bearer *if_it_stands(const struct rbac *rbac,
                                   const struct rbac_realm *realm,
                                   struct bearer *bearer,
                                   const char **out_why)
{
    struct rbac_account account;
    if (bearer == NULL) {
        return NULL;
    }
    *out_why = client_stands(realm, bearer) ? NULL : "the token's client may do nothing now";
    if (!rbac_account_find(rbac, realm, bearer->authid, &account) || !account.enabled ||
        !str_eq(account.user->username, bearer->authid)) {
        *out_why = "no such account, or it is disabled";
    }
    if (*out_why != NULL) {
        bearer_unref(bearer);
        return NULL;
    }
    return bearer;
}

struct bearer *auth_bearer(const struct auth *auth,
                           const struct rbac *rbac,
                           const struct rbac_realm *realm,
                           struct str text,
                           const char **out_why)
{
    return if_it_stands(rbac, realm, read(auth, realm, text, out_why), out_why);
}

struct bearer *auth_session(const struct auth *auth,
                            const struct rbac *rbac,
                            const struct rbac_realm *realm,
                            struct str text,
                            const char **out_why)
{
    const struct bearer_door door = {
        .realm = rbac_realm_uri(realm), .now_s = clock_wall_ms() / 1000, .session = true};
    return if_it_stands(rbac, realm, bearer_read(auth_tokens(auth), text, &door, out_why), out_why);
}

/* Who is it, if HELLO did not say? */
static bool name_him(struct login *login,
                     const struct rbac *rbac,
                     const struct rbac_realm *realm,
                     struct str authid)
{
    struct rbac_account account;
    if (!rbac_account_find(rbac, realm, authid, &account) ||
        !rbac_source_allows(realm, account.user->username, auth_method_oauth2.name,
                            &login->info.address)) {
        return false;
    }
    login_take_account(login, realm, &account);
    login->name = login->username;
    login->real = true;
    return true;
}

/* Of what the token gives; a role that HELLO asks for must be among it. */
static void narrow(struct login *login, const struct bearer *bearer)
{
    bearer_narrow(bearer, login->roles.names, &login->roles.count);
    for (size_t i = 0; i < login->wanted_count; i++) {
        struct str role = login->wanted[i];
        if (!str_eq(role, STR("all")) && !str_eq(role, STR("default")) &&
            !bearer_has_role(bearer, role)) {
            login->roles_refused = true;
        }
    }
}

static enum auth_step admit(struct login *login, struct bearer *bearer)
{
    narrow(login, bearer);
    enum auth_step step = login_admit(login);
    if (step == AUTH_ADMITTED) {
        login->identity->bearer = bearer_ref(bearer);
    }
    return step;
}

static enum auth_step
prove(struct login *login, const struct rbac *rbac, const struct rbac_realm *realm, struct str text)
{
    const char *why = "the token is about somebody else";
    struct bearer *bearer = auth_bearer(login->auth, rbac, realm, text, &why);
    if (bearer == NULL) {
        return login_fail_counted(login, why); /* a token is not guessed */
    }
    bool his = login->name.len > 0 ? login->real && str_eq(login->username, bearer->authid)
                                   : name_him(login, rbac, realm, bearer->authid);
    enum auth_step step = his ? admit(login, bearer)
                              : login_fail_counted(login, "the token is about somebody else, or "
                                                          "not good from there");
    bearer_unref(bearer);
    return step;
}

static enum auth_step begin(struct login *login, const struct auth_hello *hello, struct emit *extra)
{
    if (hello->bearer.len > 0) {
        return prove(login, hello->rbac, hello->realm, hello->bearer);
    }
    emit_map(extra, 0);
    return AUTH_CHALLENGED;
}

static enum auth_step check(struct login *login, const struct auth_response *response)
{
    const struct rbac *rbac =
        login->auth->rbac == NULL
            ? NULL
            : (const struct rbac *)(const void *)snapshot_peek(login->auth->rbac);
    const struct rbac_realm *realm = rbac == NULL ? NULL : rbac_realm_find(rbac, login->realm);
    if (realm == NULL) {
        return login_fail_counted(login, "there are no access tokens here");
    }
    return prove(login, rbac, realm, response->signature);
}

const struct auth_method auth_method_oauth2 = {
    .name = STR_INIT("oauth2"), .begin = begin, .check = check};
