#include "credential/proof.h"

#include "base/encode.h"
#include "credential/credential_inside.h"
#include "credential/saslprep.h"
#include "crypto/secret.h"

#include <inttypes.h>

void cra_sign(struct str key, struct str challenge, char out[CREDENTIAL_KEY_TEXT_SIZE])
{
    struct hash_sha256 signature = hash_hmac_sha256(key, challenge);
    (void)base64_put(signature.bytes, sizeof(signature.bytes), out, CREDENTIAL_KEY_TEXT_SIZE);
}

bool cra_derive(struct str password,
                struct str salt,
                uint32_t iterations,
                char out[CREDENTIAL_KEY_TEXT_SIZE])
{
    unsigned char key[KDF_KEY_SIZE];
    bool done = iterations <= PBKDF2_ITERATIONS_MAX && kdf_pbkdf2(password, salt, iterations, key);
    if (done) {
        (void)base64_put(key, sizeof(key), out, CREDENTIAL_KEY_TEXT_SIZE);
    }
    crypto_wipe(key, sizeof(key));
    return done;
}

static struct hash_sha256 xor_of(const struct hash_sha256 *a, const struct hash_sha256 *b)
{
    struct hash_sha256 out;
    for (size_t i = 0; i < sizeof(out.bytes); i++) {
        out.bytes[i] = a->bytes[i] ^ b->bytes[i];
    }
    return out;
}

bool scram_auth_message(const struct credential_scram *scram,
                        struct str name,
                        struct str client_nonce,
                        struct str nonces,
                        struct str binding,
                        struct buf *out)
{
    char room[SASLPREP_MAX];
    struct str prepared = name;
    (void)saslprep(name, SASLPREP_COMPARED, room, &prepared, NULL); /* else as it is */
    (void)buf_append(out, STR("n="));
    for (size_t i = 0; i < prepared.len; i++) {
        char c = prepared.ptr[i];
        (void)(c == ',' || c == '=' ? buf_append(out, c == ',' ? STR("=2C") : STR("=3D"))
                                    : buf_byte(out, c));
    }
    (void)buf_printf(
        out, ",r=" PRISTR ",r=" PRISTR ",s=" PRISTR ",i=%" PRIu32 ",c=", STRARG(client_nonce),
        STRARG(nonces), STRARG(str_make(scram->salt, scram->salt_len)), scram->iterations);
    (void)base64_encode(BASE64_STANDARD, binding, out);
    return buf_printf(out, ",r=" PRISTR, STRARG(nonces)) && !out->full;
}

bool scram_check(const struct credential_scram *scram,
                 struct str auth_message,
                 const struct hash_sha256 *proof,
                 struct hash_sha256 *out_signature)
{
    struct hash_sha256 client_signature =
        hash_hmac_sha256(hash_str(&scram->stored_key), auth_message);
    struct hash_sha256 client_key = xor_of(&client_signature, proof);
    struct hash_sha256 stored_key = hash_sha256(hash_str(&client_key));
    crypto_wipe(&client_key, sizeof(client_key));
    *out_signature = hash_hmac_sha256(hash_str(&scram->server_key), auth_message);
    return crypto_equal(hash_str(&stored_key), hash_str(&scram->stored_key));
}

bool scram_client_proof(struct str password,
                        struct credential_scram *scram,
                        struct str auth_message,
                        struct hash_sha256 *out_proof,
                        struct hash_sha256 *out_signature)
{
    struct hash_sha256 client_key;
    if (!scram_derive(password, scram, &client_key)) {
        return false;
    }
    struct hash_sha256 client_signature =
        hash_hmac_sha256(hash_str(&scram->stored_key), auth_message);
    *out_proof = xor_of(&client_key, &client_signature);
    *out_signature = hash_hmac_sha256(hash_str(&scram->server_key), auth_message);
    crypto_wipe(&client_key, sizeof(client_key));
    return true;
}
