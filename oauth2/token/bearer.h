/* bearer.h - access tokens (RFC 9068): whether one is good at a realm's door, and what it says.
 *
 * A token is good while its key verifies, its time is not up and nothing that it
 * belongs to has been revoked (revocation.h). Whether its user is still there,
 * enabled, and in the groups that it names, is asked of rbac. A struct bearer is
 * counted, by the one worker that it belongs to.
 */
#ifndef POSTERN_TOKEN_BEARER_H
#define POSTERN_TOKEN_BEARER_H

#include "base/str.h"
#include "token/token.h"
#include "token/tokens.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BEARER_TYPE         "at+jwt"
#define BEARER_SESSION_TYPE "session+jwt" /* session.h */

/* Where it is shown. */
struct bearer_door {
    struct str realm;
    struct str issuer; /* of the realm, as it is configured; "": the realm's URI */
    uint64_t now_s;
    bool session; /* a session is shown, and nothing else is taken; else no session is */
};

struct bearer {
    unsigned refs;
    struct token token; /* the strings are in its claims */
    struct str realm;
    struct str authid;
    struct str client; /* "": of a session, which is nobody's client */
    struct str id;
    struct str family; /* "": none */
    struct str scope;
    uint64_t issued_s;
    uint64_t expires_s;
    uint64_t revision;   /* of the snapshot by which it was issued */
    uint64_t began_s;    /* a session's login; 0: it is none */
    bool session;        /* it stands for its user, whatever groups he is in */
    bool whole;          /* no scope narrows it: what its user may by his own name it may too */
    const json_t *roles; /* a list */
};

/* NULL: it is none, and `*out_why` is a constant for the log. One reference, the caller's. */
struct bearer *bearer_read(const struct tokens *tokens,
                           struct str text,
                           const struct bearer_door *door,
                           const char **out_why);
/* The same of one that may be over or revoked: who it was issued to, at any time. */
struct bearer *bearer_read_past(const struct tokens *tokens,
                                struct str text,
                                const struct bearer_door *door,
                                const char **out_why);
struct bearer *bearer_ref(struct bearer *bearer);
void bearer_unref(struct bearer *bearer);

/* NULL: it is good now. */
const char *bearer_fault(const struct bearer *bearer, const struct tokens *tokens, uint64_t now_s);

/* Keeps of a user's roles those that the token names. */
void bearer_narrow(const struct bearer *bearer, struct str *roles, size_t *count);
bool bearer_has_role(const struct bearer *bearer, struct str role);

#endif
