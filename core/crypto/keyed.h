/* keyed.h - a digest that nobody makes without the key (HChaCha20 of the Poly1305, RFC 8439): what
 * tables of credentials are looked up by. Any thread; asks for no memory. */
#ifndef POSTERN_CRYPTO_KEYED_H
#define POSTERN_CRYPTO_KEYED_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum { KEYED_KEY_SIZE = 64, KEYED_DIGEST_SIZE = 32 };

struct keyed_digest {
    unsigned char bytes[KEYED_DIGEST_SIZE];
};

/* Of all parts and of where each ends. */
struct keyed_digest
keyed_digest(const char key[KEYED_KEY_SIZE], const struct str *parts, size_t count);
/* In constant time. */
bool keyed_equal(const struct keyed_digest *a, const struct keyed_digest *b);

#endif
