/* keyed.c - on libsodium, whose state lives on the stack.
 *
 * All parts, behind how many they are and how long, go through a polynomial at a secret point
 * (Poly1305): two of at most 64 KiB have the same tag by a chance below 2^-90, for whoever sees
 * none. Nobody does, since a tag leaves here only through a pseudo-random function of it
 * (HChaCha20) under a key of its own. Alone a tag would be no digest: with the key it can be solved
 * for what it was made of, and as a MAC it would need another key for each message. */
#include "crypto/keyed.h"

#include <sodium.h>
#include <stdint.h>
#include <string.h>

enum { HALF = KEYED_KEY_SIZE / 2, ROOM = 256 };

_Static_assert((size_t)HALF == crypto_onetimeauth_KEYBYTES, "a key for each of the two");
_Static_assert((size_t)HALF == crypto_core_hchacha20_KEYBYTES, "a key for each of the two");
_Static_assert(crypto_onetimeauth_BYTES == crypto_core_hchacha20_INPUTBYTES, "a tag goes in whole");
_Static_assert((size_t)KEYED_DIGEST_SIZE == crypto_core_hchacha20_OUTPUTBYTES, "and comes out");

/* What is short goes together: a call for each costs more than they do. */
struct writer {
    crypto_onetimeauth_state state;
    size_t used;
    unsigned char room[ROOM];
};

static void put(struct writer *writer, const void *bytes, size_t len)
{
    if (len > ROOM - writer->used) {
        (void)crypto_onetimeauth_update(&writer->state, writer->room, writer->used);
        writer->used = 0;
    }
    if (len > ROOM) {
        (void)crypto_onetimeauth_update(&writer->state, bytes, len);
    } else if (len > 0) {
        memcpy(writer->room + writer->used, bytes, len);
        writer->used += len;
    }
}

static void put_number(struct writer *writer, uint64_t number)
{
    put(writer, &number, sizeof(number));
}

struct keyed_digest
keyed_digest(const char key[KEYED_KEY_SIZE], const struct str *parts, size_t count)
{
    const unsigned char *secret = (const unsigned char *)key;
    unsigned char tag[crypto_onetimeauth_BYTES];
    struct keyed_digest digest;
    struct writer writer;
    writer.used = 0;
    (void)crypto_onetimeauth_init(&writer.state, secret + HALF);
    put_number(&writer, count);
    for (size_t i = 0; i < count; i++) {
        put_number(&writer, parts[i].len);
    }
    for (size_t i = 0; i < count; i++) {
        put(&writer, parts[i].ptr, parts[i].len);
    }
    (void)crypto_onetimeauth_update(&writer.state, writer.room, writer.used);
    (void)crypto_onetimeauth_final(&writer.state, tag);
    (void)crypto_core_hchacha20(digest.bytes, tag, secret, NULL);
    return digest;
}

bool keyed_equal(const struct keyed_digest *a, const struct keyed_digest *b)
{
    return sodium_memcmp(a->bytes, b->bytes, KEYED_DIGEST_SIZE) == 0;
}
