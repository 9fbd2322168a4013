/* client_answers.c - the methods of a client, one row each. */
#include "base/encode.h"
#include "base/mem.h"
#include "client/client_auth_inside.h"
#include "crypto/secret.h"
#include "wamp/options.h"

#include <string.h>

/* What a router may ask of us, so that a false one can neither weaken nor stop us. */
enum {
    ITERATIONS_MIN = 4096,
    ITERATIONS_MAX = 2000000,
    PASSES_MAX = 16,
    MEMORY_KIB_MAX = 256 * 1024,
    KEY_SIZE = 32,
    MESSAGE_MAX = 8192,
};

static bool bad_challenge(struct err *err)
{
    return err_set(err, ERR_INVALID, "the router's challenge is not one that can be answered");
}

static bool answer_secret(struct client_auth *auth,
                          const struct client_challenge *challenge,
                          const struct client_answer *answer,
                          struct err *err)
{
    (void)challenge;
    emit_map(answer->extra, 0);
    return buf_append(answer->signature, client_secret(auth)) ||
           err_set(err, ERR_LIMIT, "the secret is too long");
}

struct cra_extra {
    struct str challenge;
    struct str salt;
    uint64_t iterations;
    uint64_t keylen;
};

static bool answer_cra(struct client_auth *auth,
                       const struct client_challenge *challenge,
                       const struct client_answer *answer,
                       struct err *err)
{
    static const struct option_row rows[] = {
        {"challenge", OPTION_STR, offsetof(struct cra_extra, challenge)},
        {"salt", OPTION_STR, offsetof(struct cra_extra, salt)},
        {"iterations", OPTION_U64, offsetof(struct cra_extra, iterations)},
        {"keylen", OPTION_U64, offsetof(struct cra_extra, keylen)},
    };
    struct cra_extra asked = {.iterations = 1000, .keylen = KEY_SIZE};
    char key[CREDENTIAL_KEY_TEXT_SIZE];
    char text[CREDENTIAL_KEY_TEXT_SIZE];
    struct str with = client_secret(auth);
    if (!options_read(challenge->extra, rows, COUNT_OF(rows), challenge->scratch, &asked, NULL)) {
        return bad_challenge(err);
    }
    if (asked.salt.len > 0) {
        if (asked.iterations > ITERATIONS_MAX || asked.keylen != KEY_SIZE ||
            !cra_derive(with, asked.salt, (uint32_t)asked.iterations, key)) {
            return bad_challenge(err);
        }
        with = str_make(key, sizeof(key));
    }
    cra_sign(with, asked.challenge, text);
    crypto_wipe(key, sizeof(key));
    emit_map(answer->extra, 0);
    return buf_append(answer->signature, str_make(text, sizeof(text)));
}

struct scram_extra {
    struct str nonce;
    struct str salt;
    struct str kdf;
    uint64_t iterations;
    uint64_t memory;
};

/* `memory` is null with PBKDF2, so it is asked for only where it counts. */
static bool read_scram(const struct client_challenge *challenge, struct scram_extra *out)
{
    static const struct option_row rows[] = {
        {"nonce", OPTION_STR, offsetof(struct scram_extra, nonce)},
        {"salt", OPTION_STR, offsetof(struct scram_extra, salt)},
        {"kdf", OPTION_STR, offsetof(struct scram_extra, kdf)},
        {"iterations", OPTION_U64, offsetof(struct scram_extra, iterations)},
        {"memory", OPTION_U64, offsetof(struct scram_extra, memory)},
    };
    size_t all = COUNT_OF(rows);
    return options_read(challenge->extra, rows, all - 1, challenge->scratch, out, NULL) &&
           (str_eq(out->kdf, STR("pbkdf2")) ||
            options_read(challenge->extra, rows + all - 1, 1, challenge->scratch, out, NULL));
}

static bool take_scram(const struct scram_extra *asked, struct credential_scram *out)
{
    *out = (struct credential_scram){.kdf = CREDENTIAL_PBKDF2};
    if (asked->salt.len == 0 || asked->salt.len > sizeof(out->salt) ||
        asked->iterations > ITERATIONS_MAX || asked->memory > MEMORY_KIB_MAX) {
        return false;
    }
    memcpy(out->salt, asked->salt.ptr, asked->salt.len);
    out->salt_len = asked->salt.len;
    out->iterations = (uint32_t)asked->iterations;
    if (str_eq(asked->kdf, credential_kdf_name(CREDENTIAL_PBKDF2))) {
        return asked->iterations >= ITERATIONS_MIN;
    }
    out->kdf = CREDENTIAL_ARGON2ID13;
    out->memory_kib = (uint32_t)asked->memory;
    return str_eq(asked->kdf, credential_kdf_name(CREDENTIAL_ARGON2ID13)) &&
           asked->iterations >= 1 && asked->iterations <= PASSES_MAX;
}

static void emit_scram(struct emit *extra, struct str nonce)
{
    emit_map(extra, 3);
    emit_key(extra, STR("nonce"));
    emit_str(extra, nonce);
    emit_key(extra, STR("channel_binding"));
    emit_null(extra);
    emit_key(extra, STR("cbind_data"));
    emit_null(extra);
}

static bool answer_scram(struct client_auth *auth,
                         const struct client_challenge *challenge,
                         const struct client_answer *answer,
                         struct err *err)
{
    struct scram_extra asked = {0};
    struct credential_scram scram;
    struct str own = str_make(auth->nonce, sizeof(auth->nonce));
    struct hash_sha256 proof = {0};
    struct buf text;
    if (!read_scram(challenge, &asked) || !str_starts(asked.nonce, own) ||
        asked.nonce.len == own.len || !take_scram(&asked, &scram)) {
        return bad_challenge(err);
    }
    buf_init(&text, MESSAGE_MAX);
    auth->expects =
        scram_auth_message(&scram, challenge->authid, own, asked.nonce, STR("n,,"), &text) &&
        scram_client_proof(client_secret(auth), &scram, buf_str(&text), &proof, &auth->expected);
    buf_done(&text);
    crypto_wipe(&scram, sizeof(scram));
    emit_scram(answer->extra, asked.nonce);
    return (auth->expects && base64_encode(BASE64_STANDARD, hash_str(&proof), answer->signature)) ||
           bad_challenge(err);
}

static bool seed_of(const struct client_auth *auth, struct buf *out)
{
    buf_init(out, ED25519_SEED_SIZE);
    return hex_decode(client_secret(auth), out) && out->len == ED25519_SEED_SIZE;
}

static void forget(struct buf *bytes)
{
    if (bytes->ptr != NULL) {
        crypto_wipe(bytes->ptr, bytes->cap);
    }
    buf_done(bytes);
}

bool client_key_take(struct client_auth *auth, struct err *err)
{
    struct buf seed;
    auth->signs = seed_of(auth, &seed) && ed25519_public_key(buf_str(&seed), auth->public_key);
    forget(&seed);
    return auth->signs || err_set(err, ERR_INVALID, "a private key is 32 bytes in 64 hex digits");
}

static bool answer_sign(struct client_auth *auth,
                        const struct client_challenge *challenge,
                        const struct client_answer *answer,
                        struct err *err)
{
    static const struct option_row rows[] = {{"challenge", OPTION_STR, 0}};
    struct str hex = STR_EMPTY;
    struct buf seed;
    struct buf message;
    unsigned char bytes[ED25519_SIGNATURE_SIZE];
    if (!options_read(challenge->extra, rows, COUNT_OF(rows), challenge->scratch, &hex, NULL)) {
        return bad_challenge(err);
    }
    buf_init(&message, KEY_SIZE);
    bool done = seed_of(auth, &seed) && hex_decode(hex, &message) && message.len == KEY_SIZE &&
                ed25519_sign(buf_str(&seed), buf_str(&message), bytes) &&
                hex_encode(str_make((const char *)bytes, sizeof(bytes)), answer->signature) &&
                hex_encode(buf_str(&message), answer->signature);
    forget(&seed);
    buf_done(&message);
    emit_map(answer->extra, 0);
    return done || bad_challenge(err);
}

static const struct client_method methods[] = {
    {STR_INIT("anonymous"), NULL},
    {STR_INIT("trust"), NULL},
    {STR_INIT("tls"), NULL},
    {STR_INIT("password"), answer_secret},
    {STR_INIT("ticket"), answer_secret},
    {STR_INIT("oauth2"), answer_secret},
    {STR_INIT("wampcra"), answer_cra},
    {STR_INIT("wamp-scram"), answer_scram},
    {STR_INIT("cryptosign"), answer_sign},
};

const struct client_method *client_method_find(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        if (str_eq(methods[i].name, name)) {
            return &methods[i];
        }
    }
    return NULL;
}

bool client_method_signs(const struct client_method *method)
{
    return method->answer == answer_sign;
}
