/* login.c - from HELLO to who it is: which method, whose account, and the ends. */
#include "audit/audit.h"
#include "auth/auth_inside.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/secret.h"
#include "net/tls.h"
#include "wamp/fault.h"

#include <string.h>

struct login *login_new(struct auth *auth, login_done_fn done, void *ctx)
{
    struct login *login = NEW(struct login);
    login->auth = auth;
    login->done = done;
    login->ctx = ctx;
    arena_init(&login->arena, LOGIN_ARENA_MAX);
    return login;
}

void login_free(struct login *login)
{
    if (login == NULL) {
        return;
    }
    if (login->job != NULL) {
        password_job_abandon(login->job);
    }
    if (login->record.len > 0) {
        crypto_wipe((void *)(uintptr_t)login->record.ptr, login->record.len);
    }
    auth_identity_free(login->identity);
    arena_done(&login->arena);
    crypto_wipe(login, sizeof(*login));
    mem_free(login);
}

const struct auth_verdict *login_verdict(const struct login *login)
{
    return &login->verdict;
}

struct auth_identity *login_take_identity(struct login *login)
{
    struct auth_identity *identity = login->identity;
    login->identity = NULL;
    return identity;
}

static void count(const struct login *login, enum auth_outcome outcome)
{
    metric_add(login->auth->outcomes[outcome], 1);
}

static void note(const struct login *login, const char *event, const char *why)
{
    char peer[PEER_TEXT_SIZE];
    log_warn(event, KV_STR("realm", login->realm), KV_STR("authid", login->name),
             KV_STR("authmethod", login->method == NULL ? STR_EMPTY : login->method->name),
             KV_STR("peer", peer_info_text(&login->info, peer)), KV_CSTR("why", why));
}

/* For the audit. */
static void tell(const struct login *login, struct str error, const char *why, bool throttled)
{
    audit_note(login->auth->audit, &(struct audit_failure){
                                       .action = STR("login.failed"),
                                       .realm = login->realm,
                                       .actor = login->name,
                                       .authmethod = login->verdict.method,
                                       .address = &login->info.address,
                                       .error = error,
                                       .detail = str_of(why),
                                       .throttled = throttled,
                                   });
}

/* The same before anything of HELLO has been kept. */
static void tell_early(const struct login *login,
                       const struct auth_hello *hello,
                       struct str error,
                       const char *why)
{
    audit_note(login->auth->audit,
               &(struct audit_failure){
                   .action = STR("login.failed"),
                   .realm = rbac_realm_uri(hello->realm),
                   .actor = hello->authid,
                   .authmethod = hello->method_count == 1 ? hello->methods[0] : STR_EMPTY,
                   .address = &hello->info->address,
                   .error = error,
                   .detail = str_of(why),
               });
}

enum auth_step login_refuse(struct login *login, struct str reason, struct str text)
{
    login->verdict.reason = reason;
    login->verdict.text = text;
    return AUTH_REFUSED;
}

static enum auth_step fail_alike(struct login *login)
{
    return login_refuse(login, FAULT_AUTHENTICATION_FAILED, STR("authentication failed"));
}

enum auth_step login_fail(struct login *login, const char *why)
{
    throttle_failed(login->auth->throttle, &login->key, clock_mono_ms());
    return login_fail_counted(login, why);
}

enum auth_step login_fail_counted(struct login *login, const char *why)
{
    count(login, OUTCOME_FAILED);
    note(login, "login failed", login->real ? why : login->why);
    tell(login, FAULT_AUTHENTICATION_FAILED, login->real ? why : login->why, false);
    return fail_alike(login);
}

enum auth_step login_slow_down(struct login *login)
{
    uint64_t wait_ms = throttle_wait_ms(login->auth->throttle, &login->key, clock_mono_ms());
    login->verdict.wait_ms = wait_ms == 0 ? 1 : wait_ms;
    count(login, OUTCOME_THROTTLED);
    note(login, "login not looked at", "too many have failed");
    tell(login, FAULT_AUTHENTICATION_FAILED, "too many have failed", true);
    return login_refuse(login, FAULT_AUTHENTICATION_FAILED,
                        STR("too many attempts have failed: try again later"));
}

enum auth_step login_busy(struct login *login)
{
    count(login, OUTCOME_BUSY);
    note(login, "login not looked at", "too many passwords wait to be verified");
    return login_refuse(login, FAULT_UNAVAILABLE, STR("too many are logging in: try again later"));
}

enum auth_step login_admit(struct login *login)
{
    throttle_passed(login->auth->throttle, &login->key, clock_mono_ms());
    count(login, OUTCOME_PASSED);
    if (login->roles_refused) {
        tell(login, FAULT_NO_SUCH_ROLE, "a role that is none of the user's groups", false);
        return login_refuse(login, FAULT_NO_SUCH_ROLE,
                            STR("a role that HELLO asks for is none of the user's groups"));
    }
    login->identity = auth_identity_new(login->username, login->method->name, login->roles.names,
                                        login->roles.count, login->wanted, login->wanted_count);
    return AUTH_ADMITTED;
}

enum auth_step login_prove(struct login *login, bool proved)
{
    return login->real && proved ? login_admit(login) : login_fail(login, "wrong proof");
}

/* The first name in the client's certificate that an account has. */
static struct str name_by_certificate(const struct auth_hello *hello, char room[TLS_NAME_MAX])
{
    struct str name = STR_EMPTY;
    for (size_t i = 0; name.len == 0 && hello->tls != NULL; i++) {
        struct str found = tls_client_name(hello->tls, i, room);
        if (found.ptr == NULL) {
            return STR_EMPTY;
        }
        name = rbac_user_find(hello->realm, found) != NULL ? found : STR_EMPTY;
    }
    return name;
}

static struct str name_by_key(const struct auth_hello *hello)
{
    const struct rbac_user *user = rbac_user_by_key(hello->rbac, hello->realm, hello->pubkey);
    return user == NULL ? STR_EMPTY : user->username;
}

/* Without an authid what else says who it is, in the client's order. */
static struct str name_of(const struct auth_hello *hello, char room[TLS_NAME_MAX])
{
    struct str name = hello->authid;
    for (size_t i = 0; name.len == 0 && i < hello->method_count; i++) {
        if (str_eq(hello->methods[i], auth_method_cryptosign.name)) {
            name = name_by_key(hello);
        } else if (str_eq(hello->methods[i], auth_method_tls.name)) {
            name = name_by_certificate(hello, room);
        }
    }
    return name;
}

static const struct str *copies(struct arena *arena, const struct str *strs, size_t count)
{
    struct str *copy = ARENA_ARRAY(arena, struct str, count + 1);
    for (size_t i = 0; i < count; i++) {
        copy[i] = arena_str(arena, strs[i]);
    }
    return copy;
}

/* All that is needed of the snapshot, which may be another when the client answers. */
void login_take_account(struct login *login,
                        const struct rbac_realm *realm,
                        const struct rbac_account *account)
{
    struct arena *arena = &login->arena;
    login->username = arena_str(arena, account->user->username);
    login->why =
        account->enabled ? "the account lacks what this method needs" : "the account is disabled";
    if (account->holder != NULL) {
        login->record = arena_str(arena, account->holder->credential);
        login->holder = arena_str(arena, account->holder->username);
        login->holder_realm = arena_str(arena, rbac_realm_uri(account->holder_realm));
        login->keys =
            copies(arena, account->holder->authorized_keys, account->holder->authorized_key_count);
        login->key_count = account->holder->authorized_key_count;
    }
    login->roles_refused = !rbac_roles_select(realm, account->user, login->wanted,
                                              login->wanted_count, arena, &login->roles);
}

static bool listed(const struct str *names, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++) {
        if (str_eq(names[i], name)) {
            return true;
        }
    }
    return false;
}

/* The first of the client's own order that is to be had. */
static const struct auth_method *
first_of(const struct auth_hello *hello, const struct str *open, size_t count, bool anonymous)
{
    for (size_t i = 0; i < hello->method_count; i++) {
        const struct auth_method *method = auth_method_find(hello->methods[i]);
        if (method == NULL || (method->fits != NULL && !method->fits(hello))) {
            continue;
        }
        if (method == &auth_method_anonymous ? anonymous : listed(open, count, method->name)) {
            return method;
        }
    }
    return NULL;
}

/* A user gets a method of his own. Otherwise it is what a user would get of whom only the name is
 * known: so an account that lacks something looks like none, and who does not exist does not
 * come in as anonymous where somebody else would be challenged. */
static void
choose(struct login *login, const struct auth_hello *hello, const struct rbac_account *account)
{
    struct str open[RBAC_METHODS_MAX];
    const struct in6_addr *from = &hello->info->address;
    bool anonymous = rbac_methods(hello->realm, NULL, from, open) > 0;
    if (account != NULL && account->enabled) {
        size_t count = rbac_methods(hello->realm, account, from, open);
        login->method = first_of(hello, open, count, anonymous);
        login->real = login->method != NULL && login->method != &auth_method_anonymous;
    }
    if (!login->real) {
        size_t count = rbac_methods_of_nobody(hello->realm, login->name, from, open);
        login->method = first_of(hello, open, count, anonymous);
    }
}

static void take_hello(struct login *login, const struct auth_hello *hello, struct str name)
{
    struct arena *arena = &login->arena;
    login->realm = arena_str(arena, rbac_realm_uri(hello->realm));
    login->name = arena_str(arena, name);
    login->username = login->name;
    login->why = "no such account";
    login->info = *hello->info;
    login->session = hello->session;
    login->wanted = copies(arena, hello->roles, hello->role_count);
    login->wanted_count = hello->role_count;
    struct str text = rbac_realm_password_opts(hello->realm);
    json_t *opts = text.len > 0 ? json_loadb(text.ptr, text.len, 0, NULL) : NULL;
    const struct credential_policy *policy = rbac_password_policy(hello->rbac);
    if (opts == NULL && rbac_realm_has_method(hello->realm, auth_method_scram.name)) {
        credential_options_usual(policy, CREDENTIAL_SCRAM, &login->options);
    } else if (!credential_options_by(policy, opts, &login->options, NULL)) {
        credential_options_usual(policy, policy->protocol, &login->options);
    }
    login->upgrade = policy->upgrade;
    json_decref(opts);
}

/* An account is one under all of its names and spellings; nobody is one by his key. */
static struct str
account_name(struct login *login, const struct rbac_account *account, struct str pubkey)
{
    if (account != NULL) {
        return account->user->username;
    }
    char bytes[RBAC_NAME_MAX];
    struct str folded = STR_EMPTY;
    (void)rbac_name_fold(login->name, bytes, &folded); /* HELLO was looked at for that */
    return arena_str(&login->arena, folded.len > 0 ? folded : pubkey);
}

/* A name that nobody can have is not worth a challenge. */
static bool name_possible(struct str name)
{
    char bytes[RBAC_NAME_MAX];
    struct str folded;
    return rbac_name_fold(name, bytes, &folded);
}

static enum auth_step no_method(struct login *login, const struct auth_hello *hello)
{
    tell_early(login, hello, FAULT_NOT_AUTH_METHOD, "none of the offered methods is available");
    if (listed(hello->methods, hello->method_count, RBAC_METHOD_ANONYMOUS)) {
        return login_refuse(login, FAULT_NOT_AUTH_METHOD,
                            STR("anonymous is not allowed here: add a source for it to the realm"));
    }
    return login_refuse(login, FAULT_NOT_AUTH_METHOD,
                        STR("none of the offered methods is available here"));
}

static enum auth_step begin(struct login *login, const struct auth_hello *hello, struct emit *extra)
{
    char room[TLS_NAME_MAX];
    struct rbac_account account;
    struct str name = name_of(hello, room);
    if (!name_possible(name) || hello->role_count > AUTH_ROLES_MAX) {
        tell_early(login, hello, FAULT_AUTHENTICATION_FAILED, "nobody can have that name");
        return fail_alike(login);
    }
    take_hello(login, hello, name);
    bool found = name.len > 0 && rbac_account_find(hello->rbac, hello->realm, name, &account);
    if (found) {
        login_take_account(login, hello->realm, &account);
    }
    choose(login, hello, found ? &account : NULL);
    if (login->method == NULL) {
        return no_method(login, hello);
    }
    login->verdict.method = login->method->name;
    if (login->method != &auth_method_anonymous) {
        struct str account_is = account_name(login, found ? &account : NULL, hello->pubkey);
        login->account = arena_printf(&login->arena, PRISTR " " PRISTR, STRARG(login->realm),
                                      STRARG(account_is));
        login->key = throttle_key(login->realm, account_is, hello->info);
        if (throttle_wait_ms(login->auth->throttle, &login->key, clock_mono_ms()) > 0) {
            return login_slow_down(login);
        }
    }
    return login->method->begin(login, hello, extra);
}

enum auth_step login_begin(struct login *login, const struct auth_hello *hello, struct emit *extra)
{
    static const struct str anonymous[] = {STR_INIT("anonymous")};
    bool named = hello->authid.len > 0 && !str_eq(hello->authid, RBAC_ROLE_ANONYMOUS);
    if (!rbac_realm_allows_connections(hello->realm)) {
        tell_early(login, hello, FAULT_AUTHENTICATION_FAILED, "the realm allows no connections");
        return login_refuse(login, FAULT_AUTHENTICATION_FAILED,
                            STR("this realm does not allow connections"));
    }
    if (named && (!hello->offered || !rbac_realm_security_enabled(hello->realm))) {
        tell_early(login, hello, FAULT_AUTHENTICATION_FAILED, "a name, and no way to prove it");
        return fail_alike(login);
    }
    if (hello->offered) {
        return begin(login, hello, extra);
    }
    struct auth_hello silent = *hello;
    silent.authid = STR_EMPTY;
    silent.methods = anonymous;
    silent.method_count = 1;
    return begin(login, &silent, extra);
}

enum auth_step login_answer(struct login *login, const struct auth_response *response)
{
    if (throttle_wait_ms(login->auth->throttle, &login->key, clock_mono_ms()) > 0) {
        return login_slow_down(login);
    }
    return login->method->check(login, response);
}
