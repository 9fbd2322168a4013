/* keyed.c - on libsodium, whose state lives on the stack. */
#include "crypto/keyed.h"

#include <sodium.h>
#include <stdint.h>

struct keyed_digest
keyed_digest(const char key[KEYED_KEY_SIZE], const struct str *parts, size_t count)
{
    crypto_generichash_state state;
    struct keyed_digest digest;
    (void)crypto_generichash_init(&state, (const unsigned char *)key, KEYED_KEY_SIZE,
                                  KEYED_DIGEST_SIZE);
    for (size_t i = 0; i < count; i++) {
        uint64_t len = parts[i].len;
        (void)crypto_generichash_update(&state, (const unsigned char *)&len, sizeof(len));
        (void)crypto_generichash_update(&state, (const unsigned char *)parts[i].ptr, len);
    }
    (void)crypto_generichash_final(&state, digest.bytes, KEYED_DIGEST_SIZE);
    return digest;
}

bool keyed_equal(const struct keyed_digest *a, const struct keyed_digest *b)
{
    return sodium_memcmp(a->bytes, b->bytes, KEYED_DIGEST_SIZE) == 0;
}
