/* ed25519.h - signatures by Ed25519 (RFC 8032). Any thread. */
#ifndef POSTERN_CRYPTO_ED25519_H
#define POSTERN_CRYPTO_ED25519_H

#include "base/str.h"

#include <stdbool.h>

enum { ED25519_KEY_SIZE = 32, ED25519_SEED_SIZE = 32, ED25519_SIGNATURE_SIZE = 64 };

/* False also for a key or signature of another size, or one that is none (small order). */
bool ed25519_verify(struct str public_key, struct str message, struct str signature);

/* By the private key's seed: what key files hold. */
bool ed25519_public_key(struct str seed, unsigned char out[ED25519_KEY_SIZE]);
bool ed25519_sign(struct str seed, struct str message, unsigned char out[ED25519_SIGNATURE_SIZE]);

#endif
