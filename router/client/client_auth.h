/* client_auth.h - how a client proves who it is: the other end of router/auth.
 *
 * What derives a key from a password takes as long as the router's parameters say, on the
 * client's worker: a worker with other things to do needs cryptosign.
 */
#ifndef POSTERN_CLIENT_CLIENT_AUTH_H
#define POSTERN_CLIENT_CLIENT_AUTH_H

#include "base/arena.h"
#include "base/err.h"
#include "client/client.h"
#include "payload/emit.h"

#include <stdbool.h>

struct client_auth;

/* From the options; `*out` is NULL for somebody anonymous. False: they cannot work; `*out` is then
 * still to be freed. */
bool client_auth_new(const struct client_options *options,
                     struct client_auth **out,
                     struct err *err);
void client_auth_free(struct client_auth *auth);

/* Two pairs of HELLO's details: authmethods and authextra. */
void client_auth_emit(const struct client_auth *auth, struct emit *emit);

struct client_challenge {
    struct str method;
    struct slice extra;
    struct str authid;
    struct arena *scratch;
};

/* The two parts of AUTHENTICATE. */
bool client_auth_answer(struct client_auth *auth,
                        const struct client_challenge *challenge,
                        struct buf *signature,
                        struct emit *extra,
                        struct err *err);
/* Does WELCOME prove that the router knows what it must? */
bool client_auth_welcomed(const struct client_auth *auth,
                          struct slice details,
                          struct arena *scratch,
                          struct err *err);

#endif
