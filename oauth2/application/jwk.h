/* jwk.h - the public keys that a client proves itself with (RFC 7517, 7518, 8037). Any thread.
 *
 * P-256, RSA and Ed25519; each good for one algorithm, which the key itself says.
 */
#ifndef POSTERN_APPLICATION_JWK_H
#define POSTERN_APPLICATION_JWK_H

#include "base/err.h"
#include "crypto/sign.h"

#include <jansson.h>
#include <stdbool.h>

enum { JWKS_KEYS_MAX = 8 };

/* NULL: `err` says why, and nothing of the key. A private key is refused: it is nobody's business
 * but its owner's. sign_key_unref. */
struct sign_key *jwk_read(const json_t *jwk, struct err *err);

/* {"keys": [...]}, of one to JWKS_KEYS_MAX keys; each `kid` once. */
bool jwks_check(const json_t *jwks, struct err *err);

#endif
