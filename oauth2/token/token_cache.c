/* token_cache.c - a table of fixed size; each digest has one place. */
#include "token/token_cache.h"

#include "base/mem.h"

#include <string.h>

enum { PLACES = 2048 };

struct place {
    struct hash_sha256 digest;
    const char *type; /* a constant; NULL: free */
    struct token token;
};

struct token_cache {
    struct place places[PLACES];
};

struct token_cache *token_cache_new(void)
{
    return NEW(struct token_cache);
}

void token_cache_free(struct token_cache *cache)
{
    for (size_t i = 0; cache != NULL && i < PLACES; i++) {
        token_done(&cache->places[i].token);
    }
    mem_free(cache);
}

static struct place *place_of(struct token_cache *cache, const struct hash_sha256 *digest)
{
    uint32_t at = 0;
    memcpy(&at, digest->bytes, sizeof(at));
    return &cache->places[at % PLACES];
}

bool token_cache_find(struct token_cache *cache,
                      const struct hash_sha256 *digest,
                      const char *type,
                      struct token *out)
{
    const struct place *place = place_of(cache, digest);
    if (place->type == NULL || strcmp(place->type, type) != 0 ||
        memcmp(&place->digest, digest, sizeof(*digest)) != 0) {
        return false;
    }
    out->claims = json_incref(place->token.claims);
    out->key = token_key_ref(place->token.key);
    return true;
}

void token_cache_keep(struct token_cache *cache,
                      const struct hash_sha256 *digest,
                      const char *type,
                      const struct token *token)
{
    struct place *place = place_of(cache, digest);
    token_done(&place->token);
    *place = (struct place){.digest = *digest,
                            .type = type,
                            .token = {json_incref(token->claims), token_key_ref(token->key)}};
}
