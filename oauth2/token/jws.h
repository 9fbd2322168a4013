/* jws.h - a signed token taken apart (RFC 7515, compact form). What it says is nobody's word before
 * jws_holds, and then that of whose key it is. Any thread. */
#ifndef POSTERN_TOKEN_JWS_H
#define POSTERN_TOKEN_JWS_H

#include "base/str.h"
#include "crypto/sign.h"

#include <jansson.h>
#include <stdbool.h>

struct jws_parts {
    struct str header;
    struct str claims;
    struct str signature;
    struct str signed_text; /* the first two and the dot between them */
};

/* At most TOKEN_TEXT_MAX. */
bool jws_split(struct str text, struct jws_parts *out);
/* The JSON object that a part is, no member of it twice; NULL: it is none. The caller's. */
json_t *jws_object(struct str part);
/* What asks us to believe in a key, or in rules, that we do not have. */
bool jws_asks_for_more(const json_t *header);
/* With or without "application/", in any case of letters (RFC 7515, 4.1.9). */
bool jws_type_is(const json_t *header, const char *type);
/* By the key's own algorithm; what the header says of it is the caller's to compare. */
bool jws_holds(const struct sign_key *key, const struct jws_parts *parts);

#endif
