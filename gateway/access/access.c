#include "access/access.h"

#include "access/access_inside.h"
#include "auth/throttle.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/random.h"
#include "crypto/secret.h"

static void make_metrics(struct access *access)
{
    static const struct str names[ACCESS_OUTCOMES] = {
        [ACCESS_KNOWN] = STR_INIT("known"),         [ACCESS_PASSED] = STR_INIT("passed"),
        [ACCESS_FAILED] = STR_INIT("failed"),       [ACCESS_DENIED] = STR_INIT("denied"),
        [ACCESS_THROTTLED] = STR_INIT("throttled"), [ACCESS_BUSY] = STR_INIT("busy"),
    };
    struct metric *checks =
        metric_counter("postern_http_credentials_total",
                       "requests with credentials, by what became of them", "outcome", NULL);
    for (size_t i = 0; i < ACCESS_OUTCOMES; i++) {
        access->outcomes[i] = METRIC_CELL(checks, names[i]);
    }
}

struct access *access_new(const struct access_options *options)
{
    struct access *access = NEW(struct access);
    unsigned count = workers_count(options->workers);
    access->options = *options;
    random_bytes(access->key, sizeof(access->key));
    access->workers = NEW_ARRAY(struct access_worker, count);
    for (unsigned i = 0; i < count; i++) {
        cache_init(&access->workers[i].cache, ACCESS_ENTRIES_MAX);
        list_init(&access->workers[i].proofs);
    }
    make_metrics(access);
    return access;
}

void access_free(struct access *access)
{
    if (access == NULL) {
        return;
    }
    for (unsigned i = 0; i < workers_count(access->options.workers); i++) {
        cache_done(&access->workers[i].cache);
    }
    mem_free(access->workers);
    crypto_wipe(access->key, sizeof(access->key));
    mem_free(access);
}

struct access_worker *access_here(struct access *access)
{
    return &access->workers[worker_index(worker_self())];
}

void access_count(const struct access *access, enum access_outcome outcome)
{
    metric_add(access->outcomes[outcome], 1);
}

/* A password is; keys, tokens and sessions are too long. */
static bool is_guessable(const struct access_entry *entry)
{
    return entry->identity->bearer == NULL &&
           str_eq(entry->principal.authmethod, scheme_method(ACCESS_BASIC));
}

/* What is remembered must not tell a guesser faster than a login would. */
static uint64_t wait_of(const struct access_look *look, const struct access_entry *entry)
{
    struct throttle *throttle = auth_throttle(look->access->options.auth);
    uint64_t now_ms = clock_mono_ms();
    if (!is_guessable(entry) || throttle_is_idle(throttle, now_ms)) {
        return 0;
    }
    struct throttle_key key = throttle_key(look->visit->request.realm, entry->principal.authid,
                                           look->visit->request.head->peer);
    key.prefix = 0; /* his neighbours' failures are not his */
    return throttle_wait_ms(throttle, &key, now_ms);
}

static enum access_step
prove(struct access_look *look, const struct credentials *shown, struct access_answer *answer)
{
    const struct access_request *request = &look->visit->request;
    switch (shown->scheme) {
    case ACCESS_BASIC:
        return request->password.len > 0
                   ? prove_password(look, request->user, request->password, answer)
                   : prove_basic(look, shown->text, answer);
    case ACCESS_API_KEY:
        return prove_key(look, shown->text, answer);
    case ACCESS_SESSION:
        return prove_token(look, ACCESS_SESSION, shown->text, answer);
    default: /* what is known is well formed */
        return credentials_token(shown->text)
                   ? prove_token(look, ACCESS_BEARER, shown->text, answer)
                   : refuse_ill(look->visit, answer);
    }
}

static enum access_step
check(struct access_look *look, const struct credentials *shown, struct access_answer *answer)
{
    char scheme = (char)shown->scheme;
    const struct access_request *request = &look->visit->request;
    const struct str parts[] = {str_make(&scheme, 1), request->realm, shown->text, request->user,
                                request->password};
    struct access_cache *cache = &access_here(look->access)->cache;
    look->digest = keyed_digest(look->access->key, parts, COUNT_OF(parts));
    struct access_entry *found = cache_find(cache, &look->digest);
    if (found == NULL) {
        return prove(look, shown, answer);
    }
    struct access_entry *entry = entry_of_now(look, found);
    if (entry == NULL) {
        cache_drop(cache, found);
        return prove(look, shown, answer);
    }
    uint64_t wait_ms = wait_of(look, entry);
    if (wait_ms > 0) {
        return refuse_for_now(look->visit, wait_ms, answer);
    }
    access_count(look->access, ACCESS_KNOWN);
    return access_grant(look->visit, entry, answer);
}

/* The realm has the method behind the scheme, or behind one of them when none was shown. */
static bool has_method(const struct access_look *look, unsigned schemes, enum access_scheme *first)
{
    static const enum access_scheme all[] = {ACCESS_BASIC, ACCESS_API_KEY, ACCESS_BEARER,
                                             ACCESS_SESSION};
    *first = 0;
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        if ((schemes & all[i]) != 0) {
            *first = *first == 0 ? all[i] : *first;
            if (rbac_realm_has_method(look->realm, scheme_method(all[i]))) {
                return true;
            }
        }
    }
    return false;
}

enum access_step access_check(struct access *access,
                              struct access_visit *visit,
                              const struct access_request *request,
                              struct access_answer *out)
{
    struct access_look look = {.access = access, .visit = visit};
    out->challenge[0] = '\0';
    out->bearer = NULL;
    visit->access = access;
    visit->request = *request;
    list_init(&visit->link);
    look.rbac = (const struct rbac *)(const void *)snapshot_peek(access->options.rbac);
    look.realm = rbac_realm_find(look.rbac, request->realm);
    if (look.realm == NULL || !rbac_realm_allows_connections(look.realm) ||
        !rbac_realm_security_enabled(look.realm)) {
        return refuse_alike(visit, out);
    }
    struct credentials shown = request->password.len > 0
                                   ? (struct credentials){CREDENTIALS_ONE, ACCESS_BASIC, STR_EMPTY}
                                   : credentials_read(request);
    if (shown.kind == CREDENTIALS_MANY) {
        return refuse_many(visit, out);
    }
    bool one = shown.kind == CREDENTIALS_ONE;
    enum access_scheme missing = 0;
    if (!has_method(&look, one ? (unsigned)shown.scheme : request->schemes, &missing)) {
        return refuse_method(visit, missing, out);
    }
    const char *why = NULL;
    if (one && shown.scheme == ACCESS_SESSION && session_forged(request->head, &why)) {
        return refuse_forged(why, out);
    }
    return one ? check(&look, &shown, out) : refuse_alike(visit, out);
}

void access_leave(struct access_visit *visit)
{
    proof_leave(visit);
    if (visit->entry != NULL) {
        entry_unref(visit->entry);
        visit->entry = NULL;
    }
}
