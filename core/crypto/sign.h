/* sign.h - keys that sign tokens: ES256, RS256 and EdDSA (RFC 7518, RFC 8037). Any thread.
 *
 * A key is immutable, counted, and good for one algorithm alone, which it knows
 * itself: nobody else can name one. Signatures have the form that JOSE gives
 * them. A private key is shown by sign_key_pem and by nothing else.
 */
#ifndef POSTERN_CRYPTO_SIGN_H
#define POSTERN_CRYPTO_SIGN_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

#define SIGN_MAP(X)                                    \
    X(ES256, "ES256") /* ECDSA on P-256, SHA-256 */    \
    X(RS256, "RS256") /* RSASSA-PKCS1-v1_5, SHA-256 */ \
    X(EDDSA, "EdDSA") /* Ed25519 */

enum sign_algorithm {
#define SIGN_ENUM(name, text) SIGN_##name,
    SIGN_MAP(SIGN_ENUM)
#undef SIGN_ENUM
        SIGN_ALGORITHMS
};

enum {
    SIGN_RSA_BITS_MIN = 2048,
    SIGN_RSA_BITS_MAX = 8192,
    SIGN_SIGNATURE_MAX = SIGN_RSA_BITS_MAX / 8,
    SIGN_PEM_MAX = 16 * 1024,
};

const char *sign_algorithm_name(enum sign_algorithm algorithm);
bool sign_algorithm_find(struct str name, enum sign_algorithm *out);

struct sign_key;

/* A new pair. Takes long for RSA: on the jobs pool. */
struct sign_key *sign_key_generate(enum sign_algorithm algorithm);
/* A private key in PEM (PKCS#8, or the older forms of EC and RSA): P-256, RSA of at least 2048
 * bits, Ed25519. NULL: `err` says what is wrong, and nothing of the key. */
struct sign_key *sign_key_read(struct str pem, struct err *err);
/* A public key from the parts of its JWK: verifies only. NULL: they are none. */
struct sign_key *
sign_key_public(enum sign_algorithm algorithm, struct str first, struct str second);
struct sign_key *sign_key_ref(struct sign_key *key);
void sign_key_unref(struct sign_key *key);

enum sign_algorithm sign_key_algorithm(const struct sign_key *key);

/* `out` has room for SIGN_SIGNATURE_MAX; the signature's length, or 0. */
size_t sign_make(const struct sign_key *key, struct str message, unsigned char *out);
bool sign_verify(const struct sign_key *key, struct str message, struct str signature);

/* PKCS#8, NUL-terminated: crypto_wipe and mem_free. NULL of a public key. */
char *sign_key_pem(const struct sign_key *key);

/* What a JWK says of the public key: x and y of P-256, x of Ed25519 (the second is empty), n and e
 * of RSA. Valid as long as the key. */
struct str sign_key_part(const struct sign_key *key, size_t at);

#endif
