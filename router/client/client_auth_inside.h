/* client_auth_inside.h - the answers of a client to each challenge. Inside this folder only. */
#ifndef POSTERN_CLIENT_CLIENT_AUTH_INSIDE_H
#define POSTERN_CLIENT_CLIENT_AUTH_INSIDE_H

#include "client/client_auth.h"
#include "credential/proof.h"
#include "crypto/ed25519.h"

enum {
    CLIENT_NONCE_TEXT = 24, /* 16 bytes in base64 */
    CLIENT_METHODS_MAX = 8,
};

struct client_method;

struct client_auth {
    const struct client_method *methods[CLIENT_METHODS_MAX];
    size_t method_count;
    char *secret;
    size_t secret_len;
    char nonce[CLIENT_NONCE_TEXT]; /* of SCRAM */
    unsigned char public_key[ED25519_KEY_SIZE];
    bool signs;   /* it has a private key */
    bool expects; /* a proof of the router's */
    struct hash_sha256 expected;
};

struct client_answer {
    struct buf *signature;
    struct emit *extra;
};

typedef bool (*client_answer_fn)(struct client_auth *auth,
                                 const struct client_challenge *challenge,
                                 const struct client_answer *answer,
                                 struct err *err);

struct client_method {
    struct str name;
    client_answer_fn answer; /* NULL: nobody challenges */
};

const struct client_method *client_method_find(struct str name);
static inline struct str client_secret(const struct client_auth *auth)
{
    return str_make(auth->secret, auth->secret_len);
}
/* Does it sign with a private key? Then the secret is one. */
bool client_method_signs(const struct client_method *method);
bool client_key_take(struct client_auth *auth, struct err *err);

#endif
