/* client_auth.c - what HELLO offers, and whose row answers. */
#include "client/client_auth.h"

#include "base/encode.h"
#include "base/mem.h"
#include "base/random.h"
#include "client/client_auth_inside.h"
#include "crypto/secret.h"
#include "wamp/options.h"

#include <string.h>

enum { NONCE_BYTES = 16 };

static bool add_method(struct client_auth *auth, struct str name, struct err *err)
{
    const struct client_method *method = client_method_find(name);
    if (method == NULL || auth->method_count == CLIENT_METHODS_MAX) {
        return err_set(err, ERR_INVALID,
                       "authentication method " PRISTR
                       " is not supported: anonymous, trust, tls, password, ticket, oauth2, "
                       "wampcra, wamp-scram or cryptosign",
                       STRARG(str_sub(name, 0, 64)));
    }
    if (method->answer != NULL && auth->secret_len == 0) {
        return err_set(err, ERR_INVALID, "authentication by " PRISTR " needs a secret",
                       STRARG(method->name));
    }
    if (client_method_signs(method) && !client_key_take(auth, err)) {
        return false;
    }
    auth->methods[auth->method_count++] = method;
    return true;
}

static void make_nonce(struct client_auth *auth)
{
    char bytes[NONCE_BYTES];
    struct buf text;
    random_bytes(bytes, sizeof(bytes));
    buf_init(&text, sizeof(auth->nonce));
    (void)base64_encode(BASE64_STANDARD, str_make(bytes, sizeof(bytes)), &text);
    memcpy(auth->nonce, text.ptr, sizeof(auth->nonce));
    buf_done(&text);
}

bool client_auth_new(const struct client_options *options,
                     struct client_auth **out,
                     struct err *err)
{
    *out = NULL;
    if (options->authmethods.len == 0) {
        return true;
    }
    struct client_auth *auth = NEW(struct client_auth);
    struct str rest = options->authmethods;
    struct str name;
    bool fine = true;
    auth->secret = str_dup(options->secret);
    auth->secret_len = options->secret.len;
    make_nonce(auth);
    while (fine && rest.len > 0) {
        (void)str_cut(rest, ',', &name, &rest);
        fine = add_method(auth, str_trim(name), err);
    }
    *out = auth;
    return fine;
}

void client_auth_free(struct client_auth *auth)
{
    if (auth != NULL) {
        crypto_wipe(auth->secret, auth->secret_len);
        mem_free(auth->secret);
        mem_free(auth);
    }
}

static void emit_public_key(const struct client_auth *auth, struct emit *emit)
{
    struct buf hex;
    buf_init(&hex, (size_t)2 * ED25519_KEY_SIZE);
    (void)hex_encode(str_make((const char *)auth->public_key, ED25519_KEY_SIZE), &hex);
    emit_key(emit, STR("pubkey"));
    emit_str(emit, buf_str(&hex));
    buf_done(&hex);
}

void client_auth_emit(const struct client_auth *auth, struct emit *emit)
{
    static const struct str anonymous = STR_INIT("anonymous");
    size_t count = auth == NULL ? 1 : auth->method_count;
    emit_key(emit, STR("authmethods"));
    emit_list(emit, (uint32_t)count);
    for (size_t i = 0; i < count; i++) {
        emit_str(emit, auth == NULL ? anonymous : auth->methods[i]->name);
    }
    emit_key(emit, STR("authextra"));
    if (auth == NULL) {
        emit_map(emit, 0);
        return;
    }
    emit_map(emit, auth->signs ? 2 : 1);
    emit_key(emit, STR("nonce"));
    emit_str(emit, str_make(auth->nonce, sizeof(auth->nonce)));
    if (auth->signs) {
        emit_public_key(auth, emit);
    }
}

bool client_auth_answer(struct client_auth *auth,
                        const struct client_challenge *challenge,
                        struct buf *signature,
                        struct emit *extra,
                        struct err *err)
{
    const struct client_answer answer = {signature, extra};
    for (size_t i = 0; auth != NULL && i < auth->method_count; i++) {
        const struct client_method *method = auth->methods[i];
        if (method->answer != NULL && str_eq(method->name, challenge->method)) {
            return method->answer(auth, challenge, &answer, err);
        }
    }
    return err_set(err, ERR_DENIED, "the router demands authentication by " PRISTR,
                   STRARG(str_sub(challenge->method, 0, 64)));
}

bool client_auth_welcomed(const struct client_auth *auth,
                          struct slice details,
                          struct arena *scratch,
                          struct err *err)
{
    static const struct option_row rows[] = {{"verifier", OPTION_STR, 0}};
    struct str verifier = STR_EMPTY;
    struct buf wanted;
    if (auth == NULL || !auth->expects) {
        return true;
    }
    buf_init(&wanted, 64);
    (void)buf_append(&wanted, STR("v="));
    (void)base64_encode(BASE64_STANDARD, hash_str(&auth->expected), &wanted);
    struct slice extra = slice_get(details, STR("authextra"));
    bool same = slice_kind(extra) == SCAN_MAP &&
                options_read(extra, rows, COUNT_OF(rows), scratch, &verifier, NULL) &&
                crypto_equal(verifier, buf_str(&wanted));
    buf_done(&wanted);
    return same || err_set(err, ERR_DENIED, "the router does not prove that it knows the account");
}
