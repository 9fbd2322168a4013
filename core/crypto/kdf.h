/* kdf.h - keys derived from passwords: PBKDF2-HMAC-SHA256 (RFC 8018) and argon2id 1.3 (RFC 9106).
 *
 * They block for as long as their cost says: on the jobs pool, never on a worker.
 * Any thread. Nothing here logs. Records of passwords are password.h's.
 */
#ifndef POSTERN_CRYPTO_KDF_H
#define POSTERN_CRYPTO_KDF_H

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    KDF_KEY_SIZE = 32,
    KDF_ARGON2ID_SALT_SIZE = 16, /* exactly */
    KDF_ARGON2ID_MEMORY_KIB_MIN = 8,
};

/* False only for parameters that make no sense (no iterations), or without memory. */
bool kdf_pbkdf2(struct str password,
                struct str salt,
                uint32_t iterations,
                unsigned char out[KDF_KEY_SIZE]);
/* Parallelism 1. */
bool kdf_argon2id(struct str password,
                  struct str salt,
                  uint32_t passes,
                  uint32_t memory_kib,
                  unsigned char out[KDF_KEY_SIZE]);

#endif
