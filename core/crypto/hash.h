/* hash.h - SHA-256 and HMAC over it (FIPS 180-4, RFC 2104). Any thread.
 *
 * Not for passwords: password.h. Compare digests of secrets by crypto_equal.
 */
#ifndef POSTERN_CRYPTO_HASH_H
#define POSTERN_CRYPTO_HASH_H

#include "base/str.h"

#include <stddef.h>

enum { HASH_SHA256_SIZE = 32 };

struct hash_sha256 {
    unsigned char bytes[HASH_SHA256_SIZE];
};

struct hash_sha256 hash_sha256(struct str bytes);
struct hash_sha256 hash_hmac_sha256(struct str key, struct str bytes);

/* SHA-256 over what comes in pieces. The last call frees it; NULL is nothing to free. */
struct hash_stream;
struct hash_stream *hash_stream_new(void);
void hash_stream_add(struct hash_stream *stream, struct str bytes);
struct hash_sha256 hash_stream_end(struct hash_stream *stream);

/* Valid as long as the digest. */
struct str hash_str(const struct hash_sha256 *digest);

#endif
