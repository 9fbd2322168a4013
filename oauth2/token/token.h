/* token.h - signed tokens in compact form (RFC 7515, 7519): read strictly, verified by our keys
 * alone.
 *
 * A token says by `kid` which key it is signed by; what the key is, and so which
 * algorithm there is, says the key's record and never the token. Keys that a token
 * brings along or points to are not looked at: such a token is refused. Any
 * thread; a cache belongs to one.
 */
#ifndef POSTERN_TOKEN_TOKEN_H
#define POSTERN_TOKEN_TOKEN_H

#include "base/str.h"
#include "token/tokens.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TOKEN_TEXT_MAX = 8 * 1024, TOKEN_LEEWAY_S = 30 };

/* What a token must be to be taken. */
struct token_wanted {
    const struct str *realms; /* whose keys */
    size_t realm_count;
    const char *type;    /* of the header's typ: "at+jwt" */
    struct str issuer;   /* ""; the URI of the key's realm */
    struct str audience; /* one that `aud` must have; "": the caller looks himself */
    uint64_t now_s;
    unsigned leeway_s;
    bool past; /* one that has expired is taken too */
};

struct token {
    json_t *claims;
    struct token_key *key;
};

/* False: `*out_why` is a constant for the log. True: token_done gives back what is in `out`.
 * `cache` may be NULL. */
struct token_cache;
bool token_verify(const struct tokens *tokens,
                  struct token_cache *cache,
                  struct str text,
                  const struct token_wanted *wanted,
                  struct token *out,
                  const char **out_why);
void token_done(struct token *token);

/* Tokens whose signature has been verified, by their digest: bounded, newer ones take the place of
 * older. A hit counts only while its key is in the present snapshot and verifies; time, issuer and
 * audience are looked at each time. */
struct token_cache *token_cache_new(void);
void token_cache_free(struct token_cache *cache);

/* Signs. The claims say everything but the key. mem_free; NULL: they do not fit. */
char *token_mint(const struct token_key *key, const char *type, const json_t *claims);

#endif
