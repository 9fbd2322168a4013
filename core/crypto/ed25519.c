/* ed25519.c - by libsodium, which refuses malleable signatures and keys of small order. */
#include "crypto/ed25519.h"

#include "crypto/secret.h"

#include <sodium.h>

_Static_assert((int)ED25519_KEY_SIZE == (int)crypto_sign_PUBLICKEYBYTES, "libsodium's key");
_Static_assert((int)ED25519_SIGNATURE_SIZE == (int)crypto_sign_BYTES, "libsodium's signature");

static const unsigned char *bytes_of(struct str text)
{
    return (const unsigned char *)text.ptr;
}

bool ed25519_verify(struct str public_key, struct str message, struct str signature)
{
    return public_key.len == ED25519_KEY_SIZE && signature.len == ED25519_SIGNATURE_SIZE &&
           sodium_init() >= 0 &&
           crypto_sign_verify_detached(bytes_of(signature), bytes_of(message), message.len,
                                       bytes_of(public_key)) == 0;
}

static bool pair_of(struct str seed,
                    unsigned char public_key[crypto_sign_PUBLICKEYBYTES],
                    unsigned char secret_key[crypto_sign_SECRETKEYBYTES])
{
    return seed.len == ED25519_SEED_SIZE && sodium_init() >= 0 &&
           crypto_sign_seed_keypair(public_key, secret_key, bytes_of(seed)) == 0;
}

bool ed25519_public_key(struct str seed, unsigned char out[ED25519_KEY_SIZE])
{
    unsigned char secret_key[crypto_sign_SECRETKEYBYTES];
    bool done = pair_of(seed, out, secret_key);
    crypto_wipe(secret_key, sizeof(secret_key));
    return done;
}

bool ed25519_sign(struct str seed, struct str message, unsigned char out[ED25519_SIGNATURE_SIZE])
{
    unsigned char public_key[crypto_sign_PUBLICKEYBYTES];
    unsigned char secret_key[crypto_sign_SECRETKEYBYTES];
    bool done = pair_of(seed, public_key, secret_key) &&
                crypto_sign_detached(out, NULL, bytes_of(message), message.len, secret_key) == 0;
    crypto_wipe(secret_key, sizeof(secret_key));
    return done;
}
