/* kdf.c - PBKDF2 by OpenSSL, whose SHA-256 is the fastest here; argon2id by libsodium. */
#include "crypto/kdf.h"

#include <limits.h>
#include <openssl/evp.h>
#include <sodium.h>

_Static_assert((int)KDF_ARGON2ID_SALT_SIZE == (int)crypto_pwhash_SALTBYTES, "libsodium's salt");

bool kdf_pbkdf2(struct str password,
                struct str salt,
                uint32_t iterations,
                unsigned char out[KDF_KEY_SIZE])
{
    if (iterations == 0 || iterations > INT_MAX || password.len > INT_MAX || salt.len > INT_MAX) {
        return false;
    }
    const char *text = password.len > 0 ? password.ptr : "";
    return PKCS5_PBKDF2_HMAC(text, (int)password.len, (const unsigned char *)salt.ptr,
                             (int)salt.len, (int)iterations, EVP_sha256(), KDF_KEY_SIZE, out) == 1;
}

bool kdf_argon2id(struct str password,
                  struct str salt,
                  uint32_t passes,
                  uint32_t memory_kib,
                  unsigned char out[KDF_KEY_SIZE])
{
    if (salt.len != KDF_ARGON2ID_SALT_SIZE || sodium_init() < 0) {
        return false;
    }
    const char *text = password.len > 0 ? password.ptr : "";
    return crypto_pwhash(out, KDF_KEY_SIZE, text, password.len, (const unsigned char *)salt.ptr,
                         passes, (size_t)memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0;
}
