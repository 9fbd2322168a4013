/* scram.c - the verifier of WAMP-SCRAM: StoredKey and ServerKey (RFC 5802, 3), by PBKDF2 or
 * argon2id. Who has stolen it cannot log in by it. */
#include "base/buf.h"
#include "base/encode.h"
#include "base/random.h"
#include "credential/credential_inside.h"
#include "credential/saslprep.h"
#include "crypto/secret.h"

#include <string.h>

static bool salt_bytes(const struct credential_scram *scram,
                       unsigned char out[CREDENTIAL_SALT_TEXT_MAX],
                       size_t *out_len)
{
    struct buf bytes;
    buf_init(&bytes, CREDENTIAL_SALT_TEXT_MAX);
    bool done = base64_decode(BASE64_STANDARD, str_make(scram->salt, scram->salt_len), &bytes) &&
                bytes.len > 0;
    if (done) {
        memcpy(out, bytes.ptr, bytes.len);
        *out_len = bytes.len;
    }
    buf_done(&bytes);
    return done;
}

static bool
derive(struct str password, struct credential_scram *scram, struct hash_sha256 *out_client_key)
{
    unsigned char salt[CREDENTIAL_SALT_TEXT_MAX];
    size_t salt_len = 0;
    unsigned char salted[KDF_KEY_SIZE];
    if (!salt_bytes(scram, salt, &salt_len)) {
        return false;
    }
    struct str salt_str = str_make((const char *)salt, salt_len);
    bool done =
        scram->kdf == CREDENTIAL_PBKDF2
            ? kdf_pbkdf2(password, salt_str, scram->iterations, salted)
            : kdf_argon2id(password, salt_str, scram->iterations, scram->memory_kib, salted);
    if (done) {
        struct str key = str_make((const char *)salted, sizeof(salted));
        *out_client_key = hash_hmac_sha256(key, STR("Client Key"));
        scram->stored_key = hash_sha256(hash_str(out_client_key));
        scram->server_key = hash_hmac_sha256(key, STR("Server Key"));
    }
    crypto_wipe(salted, sizeof(salted));
    return done;
}

/* Bondy's records are of RESOURCEPREP, which makes the same of all but a few. */
bool scram_derive(struct str password,
                  struct credential_scram *scram,
                  struct hash_sha256 *out_client_key)
{
    char room[SASLPREP_MAX];
    struct str prepared;
    bool done = saslprep(password, SASLPREP_COMPARED, room, &prepared, NULL) &&
                derive(prepared, scram, out_client_key);
    crypto_wipe(room, sizeof(room));
    return done;
}

static bool kdf_take(struct str name, enum credential_kdf *out)
{
    *out = str_eq(name, STR("argon2id13")) ? CREDENTIAL_ARGON2ID13 : CREDENTIAL_PBKDF2;
    return str_eq(name, credential_kdf_name(*out));
}

static bool costs_take(const json_t *params, struct credential_scram *out)
{
    if (!kdf_take(member_str(params, "kdf"), &out->kdf)) {
        return false;
    }
    if (out->kdf == CREDENTIAL_PBKDF2) {
        return member_u32(params, "iterations", PBKDF2_ITERATIONS_MIN, PBKDF2_ITERATIONS_MAX,
                          &out->iterations);
    }
    return member_u32(params, "iterations", 1, ARGON2ID_PASSES_MAX, &out->iterations) &&
           member_u32(params, "memory", KDF_ARGON2ID_MEMORY_KIB_MIN, ARGON2ID_MEMORY_KIB_MAX,
                      &out->memory_kib);
}

static bool salt_take(struct str salt, struct credential_scram *out)
{
    unsigned char bytes[CREDENTIAL_SALT_TEXT_MAX];
    size_t len = 0;
    if (salt.len == 0 || salt.len > sizeof(out->salt)) {
        return false;
    }
    memcpy(out->salt, salt.ptr, salt.len);
    out->salt_len = salt.len;
    return salt_bytes(out, bytes, &len) &&
           (out->kdf == CREDENTIAL_PBKDF2 || len == KDF_ARGON2ID_SALT_SIZE);
}

bool scram_read(const json_t *record, struct credential_scram *out)
{
    *out = (struct credential_scram){0};
    bool bondys = record_is_bondys(record);
    const json_t *scram = json_object_get(record, bondys ? "data" : "scram");
    const json_t *params = bondys ? json_object_get(record, "params") : scram;
    if (bondys && !str_eq(member_str(record, "protocol"), STR("scram"))) {
        return false;
    }
    return costs_take(params, out) && salt_take(member_str(scram, "salt"), out) &&
           base64_take(member_str(scram, "stored_key"), out->stored_key.bytes, HASH_SHA256_SIZE) &&
           base64_take(member_str(scram, "server_key"), out->server_key.bytes, HASH_SHA256_SIZE);
}

static json_t *scram_json(const struct credential_scram *scram)
{
    char stored[CREDENTIAL_KEY_TEXT_SIZE];
    char server[CREDENTIAL_KEY_TEXT_SIZE];
    struct str kdf = credential_kdf_name(scram->kdf);
    size_t stored_len =
        base64_put(scram->stored_key.bytes, HASH_SHA256_SIZE, stored, sizeof(stored));
    size_t server_len =
        base64_put(scram->server_key.bytes, HASH_SHA256_SIZE, server, sizeof(server));
    json_t *made =
        json_pack("{s:s%, s:s%, s:I, s:s%, s:s%}", "kdf", kdf.ptr, kdf.len, "salt", scram->salt,
                  scram->salt_len, "iterations", (json_int_t)scram->iterations, "stored_key",
                  stored, stored_len, "server_key", server, server_len);
    if (made != NULL && scram->kdf == CREDENTIAL_ARGON2ID13) {
        (void)json_object_set_new(made, "memory", json_integer(scram->memory_kib));
    }
    return made;
}

json_t *scram_make(struct str password, const struct credential_options *options)
{
    struct credential_scram scram = {
        .kdf = options->kdf,
        .iterations = options->iterations,
        .memory_kib = options->kdf == CREDENTIAL_ARGON2ID13 ? options->memory_kib : 0};
    unsigned char salt[CREDENTIAL_SALT_SIZE];
    random_bytes(salt, sizeof(salt));
    scram.salt_len = base64_put(salt, sizeof(salt), scram.salt, sizeof(scram.salt));
    struct hash_sha256 client_key = {0};
    json_t *made = scram_derive(password, &scram, &client_key) ? scram_json(&scram) : NULL;
    crypto_wipe(&client_key, sizeof(client_key));
    crypto_wipe(&scram, sizeof(scram));
    return made;
}

bool scram_verify(const struct credential_scram *scram, struct str password)
{
    struct credential_scram derived = *scram;
    struct hash_sha256 client_key = {0};
    bool same = scram_derive(password, &derived, &client_key) &&
                crypto_equal(hash_str(&scram->stored_key), hash_str(&derived.stored_key));
    crypto_wipe(&client_key, sizeof(client_key));
    crypto_wipe(&derived, sizeof(derived));
    return same;
}
