/* key.h - the keys that a realm signs its tokens with, as they are stored and as they are used.
 *
 * A record of kind `key`: realm, key = the key's id (its thumbprint by RFC 7638),
 *
 *     {alg, status, created, activated, retired, public_key (a JWK), private_key (PEM)}
 *
 * with times in seconds. An active key signs from `activated` on, the newest of
 * several; a retiring one verifies until `retired`, a retired one nothing, and its
 * private half is gone from the record. Private keys leave this module only as
 * the value of a record. A struct token_key is immutable and counted; any thread.
 */
#ifndef POSTERN_TOKEN_KEY_H
#define POSTERN_TOKEN_KEY_H

#include "base/err.h"
#include "base/str.h"
#include "crypto/sign.h"

#include <jansson.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum key_status { KEY_ACTIVE, KEY_RETIRING, KEY_RETIRED };

enum {
    KEY_ID_SIZE = 44,         /* 43 characters and a NUL */
    KEY_ANNOUNCE_S = 10 * 60, /* twice as long as others may keep our JWKs */
};

struct token_key {
    atomic_uint refs;
    struct str realm;
    char id[KEY_ID_SIZE];
    enum key_status status;
    uint64_t created_s;
    uint64_t activated_s;
    uint64_t retired_s; /* 0: no end is set */
    struct sign_key *sign;
};

/* Takes over `sign`, which has a private half. */
struct token_key *
token_key_new(struct str realm, struct sign_key *sign, uint64_t now_s, uint64_t activated_s);
struct token_key *token_key_ref(const struct token_key *key);
void token_key_unref(struct token_key *key);

/* A record's value, private key included: for the store and nobody else. */
json_t *token_key_write(const struct token_key *key);
/* NULL: it is retired (`err` is not set), or cannot be used (it is). */
struct token_key *
token_key_read(struct str realm, struct str id, const json_t *value, struct err *err);

/* What may be shown of a stored value: no private key. */
json_t *token_key_external(struct str id, const json_t *value);
/* The public key as a JWK, with kid, alg and use. */
json_t *token_key_jwk(const struct token_key *key);

bool token_key_verifies(const struct token_key *key, uint64_t now_s);

/* An active key that has signed for so long that its successor is to be announced. */
bool token_key_is_old(const struct token_key *key, uint64_t now_s, uint64_t period_s);

const char *key_status_name(enum key_status status);

/* The id of a public key: the thumbprint of its JWK. */
void token_key_id(const struct sign_key *sign, char out[KEY_ID_SIZE]);

#endif
