/* prove.c - credentials that are not remembered: verified, each scheme in its way.
 *
 * A password is a login as over WAMP, whose challenge is answered before it is made. Keys and
 * tokens are long enough that nobody guesses them, and cheap to verify. */
#include "access/access_inside.h"
#include "audit/audit.h"
#include "auth/throttle.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "credential/credential.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "wamp/fault.h"

#include <string.h>

enum { SCRATCH_MAX = 64 };

static void proof_free(struct access_proof *proof)
{
    list_remove(&proof->link);
    login_free(proof->login);
    mem_free(proof);
}

void proof_leave(struct access_visit *visit)
{
    struct access_proof *proof = visit->proof;
    if (proof != NULL) {
        visit->proof = NULL;
        list_remove(&visit->link);
        if (list_empty(&proof->visits) && !proof->over) {
            proof_free(proof);
        }
    }
}

static enum access_step refused_login(const struct access_visit *visit,
                                      const struct auth_verdict *verdict,
                                      struct access_answer *answer)
{
    if (verdict->wait_ms > 0) {
        return refuse_for_now(visit, verdict->wait_ms, answer);
    }
    if (str_eq(verdict->reason, FAULT_UNAVAILABLE)) {
        return refuse_busy(visit, answer);
    }
    if (str_eq(verdict->reason, FAULT_NOT_AUTH_METHOD)) {
        return refuse_source(visit, ACCESS_BASIC, answer);
    }
    access_count(visit->access, ACCESS_FAILED);
    return refuse_alike(visit, answer);
}

/* The snapshot as it is now, which may be another one than at the beginning. */
static bool
look_again(struct access_proof *proof, struct access_visit *visit, struct access_look *out)
{
    out->access = proof->access;
    out->visit = visit;
    out->rbac = (const struct rbac *)(const void *)snapshot_peek(proof->access->options.rbac);
    out->realm = rbac_realm_find(out->rbac, visit->request.realm);
    out->digest = proof->digest;
    return out->realm != NULL;
}

/* What was proved is remembered under the record that it was proved with. */
static struct access_entry *
remember(struct access_proof *proof, struct access_look *look, struct auth_identity *identity)
{
    struct access_entry *entry = cache_find(&access_here(proof->access)->cache, &proof->digest);
    if (entry != NULL) {
        return entry;
    }
    entry = entry_new(look, &(struct access_proved){.authmethod = scheme_method(ACCESS_BASIC),
                                                    .username = identity->authid,
                                                    .expires_ms = proof->expires_ms,
                                                    .record = proof->record});
    if (entry != NULL) {
        entry->version = proof->version;
    }
    return entry;
}

static enum access_step settle(struct access_proof *proof,
                               struct access_visit *visit,
                               struct auth_identity *identity,
                               struct access_answer *answer)
{
    struct access_look look;
    if (identity == NULL) {
        return refused_login(visit, login_verdict(proof->login), answer);
    }
    struct access_entry *entry =
        look_again(proof, visit, &look) ? remember(proof, &look, identity) : NULL;
    entry = entry == NULL ? NULL : entry_of_now(&look, entry);
    if (entry == NULL) {
        access_count(proof->access, ACCESS_FAILED);
        return refuse_alike(visit, answer); /* all has changed while it was verified */
    }
    access_count(proof->access, ACCESS_PASSED);
    return access_grant(visit, entry, answer);
}

static void on_login(struct login *login, enum auth_step step, void *ctx)
{
    struct access_proof *proof = ctx;
    struct auth_identity *identity = step == AUTH_ADMITTED ? login_take_identity(login) : NULL;
    list_remove(&proof->link); /* nobody joins any more */
    proof->over = true;
    while (!list_empty(&proof->visits)) {
        struct access_visit *visit = LIST_ENTRY(proof->visits.next, struct access_visit, link);
        struct access_answer answer = {.bearer = NULL};
        list_remove(&visit->link);
        visit->proof = NULL;
        enum access_step settled = settle(proof, visit, identity, &answer);
        visit->done(visit->ctx, settled, &answer);
    }
    auth_identity_free(identity);
    proof_free(proof);
}

static bool same_address(const struct in6_addr *a, const struct in6_addr *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

/* Many connections of one client come at once when it starts: they wait for one proof. */
static bool join(struct access_look *look)
{
    LIST_FOREACH (link, &access_here(look->access)->proofs) {
        struct access_proof *proof = LIST_ENTRY(link, struct access_proof, link);
        if (keyed_equal(&proof->digest, &look->digest) &&
            proof->version == rbac_version(look->rbac) &&
            same_address(&proof->address, &look->visit->request.head->peer->address)) {
            look->visit->proof = proof;
            list_push(&proof->visits, &look->visit->link);
            return true;
        }
    }
    return false;
}

static struct access_proof *proof_new(struct access_look *look, struct str user)
{
    struct access_proof *proof = NEW(struct access_proof);
    struct rbac_account account = {0};
    (void)rbac_account_find(look->rbac, look->realm, user, &account);
    proof->access = look->access;
    proof->digest = look->digest;
    proof->record = record_of_account(look->access, &account);
    proof->expires_ms =
        account.holder == NULL ? 0 : 1000 * credential_ends_s(account.holder->credential);
    proof->version = rbac_version(look->rbac);
    proof->address = look->visit->request.head->peer->address;
    proof->login = login_new(look->access->options.auth, on_login, proof);
    list_init(&proof->visits);
    list_init(&proof->link);
    return proof;
}

static enum auth_step
ask_login(struct access_look *look, struct login *login, struct str user, struct str password)
{
    static const struct str methods[] = {STR_INIT("password")};
    struct buf scratch;
    struct emit extra;
    struct auth_hello hello = {.rbac = look->rbac,
                               .realm = look->realm,
                               .info = look->visit->request.head->peer,
                               .authid = user,
                               .offered = true,
                               .methods = methods,
                               .method_count = COUNT_OF(methods)};
    buf_init(&scratch, SCRATCH_MAX);
    emit_init(&extra, SERIALIZER_MSGPACK, &scratch);
    enum auth_step step = login_begin(login, &hello, &extra);
    buf_done(&scratch);
    if (step == AUTH_CHALLENGED) {
        step = login_answer(login, &(struct auth_response){.signature = password});
    }
    return step;
}

static enum access_step
start(struct access_look *look, struct str user, struct str password, struct access_answer *answer)
{
    struct access_proof *proof = proof_new(look, user);
    if (ask_login(look, proof->login, user, password) == AUTH_LATER) {
        look->visit->proof = proof;
        list_push(&proof->visits, &look->visit->link);
        list_push(&access_here(look->access)->proofs, &proof->link);
        return ACCESS_LATER;
    }
    enum access_step step = refused_login(look->visit, login_verdict(proof->login), answer);
    proof_free(proof);
    return step;
}

enum access_step prove_password(struct access_look *look,
                                struct str user,
                                struct str password,
                                struct access_answer *answer)
{
    return join(look) ? ACCESS_LATER : start(look, user, password, answer);
}

enum access_step
prove_basic(struct access_look *look, struct str text, struct access_answer *answer)
{
    char room[BASIC_ROOM];
    struct str user = STR_EMPTY;
    struct str password = STR_EMPTY;
    enum access_step step = ACCESS_REFUSED;
    if (credentials_basic(text, room, &user, &password)) {
        step = prove_password(look, user, password, answer);
    } else {
        (void)refuse_alike(look->visit, answer);
    }
    crypto_wipe(room, sizeof(room));
    return step;
}

static void
note(const struct access_look *look, enum access_scheme scheme, const char *why, bool throttled)
{
    audit_note(auth_audit(look->access->options.auth),
               &(struct audit_failure){.action = STR("login.failed"),
                                       .realm = look->visit->request.realm,
                                       .authmethod = scheme_method(scheme),
                                       .address = &look->visit->request.head->peer->address,
                                       .error = FAULT_AUTHENTICATION_FAILED,
                                       .detail = str_of(why),
                                       .throttled = throttled});
}

/* Whose failure it is can only be told by the address; who shows a good one is not held up by
 * those who do not. */
static enum access_step fail(struct access_look *look,
                             enum access_scheme scheme,
                             const char *why,
                             struct access_answer *answer)
{
    char peer[PEER_TEXT_SIZE];
    const struct peer_info *info = look->visit->request.head->peer;
    struct throttle *throttle = auth_throttle(look->access->options.auth);
    struct throttle_key key = throttle_key(look->visit->request.realm, STR_EMPTY, info);
    key.account = 0;
    key.both = 0;
    uint64_t now_ms = clock_mono_ms();
    uint64_t wait_ms = throttle_wait_ms(throttle, &key, now_ms);
    note(look, scheme, why, wait_ms > 0);
    if (wait_ms > 0) {
        return refuse_for_now(look->visit, wait_ms, answer);
    }
    throttle_failed(throttle, &key, now_ms);
    access_count(look->access, ACCESS_FAILED);
    log_warn("login failed", KV_STR("realm", look->visit->request.realm),
             KV_STR("peer", peer_info_text(info, peer)), KV_CSTR("why", why));
    return refuse_alike(look->visit, answer);
}

static enum access_step admit(struct access_look *look,
                              enum access_scheme scheme,
                              const struct access_proved *proved,
                              struct access_answer *answer)
{
    const struct in6_addr *address = &look->visit->request.head->peer->address;
    struct rbac_account account;
    if (!rbac_account_find(look->rbac, look->realm, proved->username, &account) ||
        !account.enabled) {
        return fail(look, scheme, "no such account, or it is disabled", answer);
    }
    if (!rbac_source_allows(look->realm, account.user->username, proved->authmethod, address)) {
        return refuse_source(look->visit, scheme, answer);
    }
    access_count(look->access, ACCESS_PASSED);
    return access_grant(look->visit, entry_new(look, proved), answer);
}

/* The digests are compared in constant time, also with nobody's. */
static bool key_fits(const struct rbac_api_key *key, struct str secret)
{
    struct hash_sha256 shown = hash_sha256(secret);
    struct buf kept;
    buf_init(&kept, sizeof(shown));
    bool readable = key != NULL && hex_decode(key->sha256, &kept);
    bool fits = crypto_equal(hash_str(&shown), buf_str(&kept)) && readable;
    buf_done(&kept);
    return fits && (key->expires_ms == 0 || clock_wall_ms() < key->expires_ms);
}

enum access_step prove_key(struct access_look *look, struct str text, struct access_answer *answer)
{
    struct str id = STR_EMPTY;
    struct str secret = STR_EMPTY;
    if (!credentials_key(text, &id, &secret)) {
        return fail(look, ACCESS_API_KEY, "no API key", answer);
    }
    const struct rbac_api_key *key = rbac_api_key_find(look->realm, id);
    if (!key_fits(key, secret)) {
        return fail(look, ACCESS_API_KEY, "the API key is unknown, wrong or over", answer);
    }
    return admit(look, ACCESS_API_KEY,
                 &(struct access_proved){.authmethod = scheme_method(ACCESS_API_KEY),
                                         .username = key->username,
                                         .key_id = key->id,
                                         .expires_ms = key->expires_ms,
                                         .record = record_of_key(look->access, key)},
                 answer);
}

/* Nobody guesses a token, and everybody has one that has expired: it is noted, and slows nobody
 * down. */
enum access_step prove_token(struct access_look *look,
                             enum access_scheme scheme,
                             struct str text,
                             struct access_answer *answer)
{
    char peer[PEER_TEXT_SIZE];
    const char *why = NULL;
    const struct auth *auth = look->access->options.auth;
    bool session = scheme == ACCESS_SESSION;
    struct bearer *bearer = session ? auth_session(auth, look->rbac, look->realm, text, &why)
                                    : auth_bearer(auth, look->rbac, look->realm, text, &why);
    if (bearer == NULL) {
        note(look, scheme, why, false);
        access_count(look->access, ACCESS_FAILED);
        log_info(session ? "session refused" : "token refused",
                 KV_STR("realm", look->visit->request.realm),
                 KV_STR("peer", peer_info_text(look->visit->request.head->peer, peer)),
                 KV_CSTR("why", why));
        return session ? refuse_session(look->visit, answer) : refuse_token(look->visit, answer);
    }
    enum access_step step = admit(look, scheme,
                                  &(struct access_proved){.authmethod = scheme_method(scheme),
                                                          .username = bearer->authid,
                                                          .expires_ms = bearer->expires_s * 1000,
                                                          .bearer = bearer},
                                  answer);
    bearer_unref(bearer);
    return step;
}
