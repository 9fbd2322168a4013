/* session.h - the session of somebody who has logged in by password: a token of the realm's own,
 * for a browser to keep in a cookie.
 *
 * Of another type than access tokens, so that neither is taken for the other. It
 * names no client and no groups: it stands for its user as he is now. Read by
 * bearer.h, dead as any token is (revocation.h), by its id or with all of its user's.
 */
#ifndef POSTERN_TOKEN_SESSION_H
#define POSTERN_TOKEN_SESSION_H

#include "base/str.h"
#include "token/tokens.h"

#include <stdint.h>

enum { SESSION_ID_SIZE = 24 };

struct session_grant {
    struct str realm;
    struct str authid;
    struct str id;    /* stays the same while the session is prolonged */
    uint64_t began_s; /* the login */
    uint64_t now_s;
    uint64_t expires_s;
};

/* A new id, in `out`. */
struct str session_id(char out[SESSION_ID_SIZE]);
/* mem_free; NULL: the realm has no key to sign with. `tokens` is what it is issued by: what is
 * revoked after it counts. */
char *session_mint(const struct tokens *tokens, const struct session_grant *grant);

#endif
