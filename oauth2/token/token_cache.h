/* token_cache.h - the cache as token.c sees it. Inside oauth2/token only. */
#ifndef POSTERN_TOKEN_TOKEN_CACHE_H
#define POSTERN_TOKEN_TOKEN_CACHE_H

#include "crypto/hash.h"
#include "token/token.h"

/* The claims and key of a token that was verified, counted for the caller; false: it is not there,
 * or its type is another. */
bool token_cache_find(struct token_cache *cache,
                      const struct hash_sha256 *digest,
                      const char *type,
                      struct token *out);
void token_cache_keep(struct token_cache *cache,
                      const struct hash_sha256 *digest,
                      const char *type,
                      const struct token *token);

#endif
