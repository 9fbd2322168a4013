/* cra.c - WAMP-CRA: the challenge is signed by a key derived from the password. */
#include "auth/auth_inside.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/random.h"
#include "credential/proof.h"
#include "crypto/secret.h"

enum { CHALLENGE_MAX = 4096, NONCE_BYTES = 16 };

static bool has_name(const struct auth_hello *hello)
{
    return hello->authid.len > 0;
}

static void emit_pair(struct emit *emit, struct str key, struct str value)
{
    emit_key(emit, key);
    emit_str(emit, value);
}

/* The name is HELLO's and the role a word, so that nothing tells whether there is such a user. */
static struct str make_challenge(struct login *login)
{
    struct buf text;
    struct buf nonce;
    struct emit emit;
    char bytes[NONCE_BYTES];
    char iso[CLOCK_ISO_SIZE];
    random_bytes(bytes, sizeof(bytes));
    buf_init(&nonce, 2 * sizeof(bytes));
    (void)hex_encode(str_make(bytes, sizeof(bytes)), &nonce);
    clock_iso(clock_wall_ms(), iso);
    buf_init(&text, CHALLENGE_MAX);
    emit_init(&emit, SERIALIZER_JSON, &text);
    emit_map(&emit, 7);
    emit_pair(&emit, STR("authid"), login->name);
    emit_pair(&emit, STR("authrole"), STR("user"));
    emit_pair(&emit, STR("authmethod"), auth_method_cra.name);
    emit_pair(&emit, STR("authprovider"), STR("com.leapsight.bondy.rbac"));
    emit_pair(&emit, STR("nonce"), buf_str(&nonce));
    emit_pair(&emit, STR("timestamp"), str_of(iso));
    emit_key(&emit, STR("session"));
    emit_u64(&emit, login->session);
    struct str challenge = arena_str(&login->arena, buf_str(&text));
    buf_done(&nonce);
    buf_done(&text);
    return challenge;
}

static enum auth_step begin(struct login *login, const struct auth_hello *hello, struct emit *extra)
{
    struct credential_cra *cra = &login->cra.cra;
    (void)hello;
    struct credential_cra own;
    /* Made for everybody, so that it takes everybody as long. */
    credential_cra_pretend(str_make(login->auth->secret, sizeof(login->auth->secret)),
                           login->account, &login->options, cra);
    login->real = login->real && credential_cra(login->record, &own);
    if (login->real) {
        *cra = own;
        crypto_wipe(&own, sizeof(own));
    }
    login->cra.challenge = make_challenge(login);
    emit_map(extra, 4);
    emit_pair(extra, STR("challenge"), login->cra.challenge);
    emit_pair(extra, STR("salt"), str_make(cra->salt, cra->salt_len));
    emit_key(extra, STR("keylen"));
    emit_u64(extra, HASH_SHA256_SIZE);
    emit_key(extra, STR("iterations"));
    emit_u64(extra, cra->iterations);
    return AUTH_CHALLENGED;
}

static enum auth_step check(struct login *login, const struct auth_response *response)
{
    char wanted[CREDENTIAL_KEY_TEXT_SIZE];
    const struct credential_cra *cra = &login->cra.cra;
    cra_sign(str_make(cra->key, sizeof(cra->key)), login->cra.challenge, wanted);
    bool same = crypto_equal(response->signature, str_make(wanted, sizeof(wanted)));
    crypto_wipe(wanted, sizeof(wanted));
    return login_prove(login, same);
}

const struct auth_method auth_method_cra = {
    .name = STR_INIT("wampcra"), .begin = begin, .check = check, .fits = has_name};
