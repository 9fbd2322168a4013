/* keyed.c - on libsodium, whose state lives on the stack.
 *
 * A long part goes in as its Poly1305 tag: a polynomial at a secret point costs a third of BLAKE2b,
 * two texts have the same one by a chance of 2^-90, and it leaves here only digested. (As a MAC
 * it would need another key for each message, because its tags would be seen.) */
#include "crypto/keyed.h"

#include <sodium.h>
#include <stdint.h>

enum { HALF = KEYED_KEY_SIZE / 2, LONG = 192 };

_Static_assert((size_t)HALF == crypto_onetimeauth_KEYBYTES, "a key for each of the two");

static void add(crypto_generichash_state *state, const void *bytes, size_t len)
{
    (void)crypto_generichash_update(state, bytes, len);
}

struct keyed_digest
keyed_digest(const char key[KEYED_KEY_SIZE], const struct str *parts, size_t count)
{
    const unsigned char *secret = (const unsigned char *)key;
    crypto_generichash_state state;
    struct keyed_digest digest;
    (void)crypto_generichash_init(&state, secret, HALF, KEYED_DIGEST_SIZE);
    for (size_t i = 0; i < count; i++) {
        uint64_t len = parts[i].len;
        add(&state, &len, sizeof(len));
        if (len > LONG) {
            unsigned char tag[crypto_onetimeauth_BYTES];
            (void)crypto_onetimeauth(tag, (const unsigned char *)parts[i].ptr, len, secret + HALF);
            add(&state, tag, sizeof(tag));
        } else {
            add(&state, parts[i].ptr, len);
        }
    }
    (void)crypto_generichash_final(&state, digest.bytes, KEYED_DIGEST_SIZE);
    return digest;
}

bool keyed_equal(const struct keyed_digest *a, const struct keyed_digest *b)
{
    return sodium_memcmp(a->bytes, b->bytes, KEYED_DIGEST_SIZE) == 0;
}
