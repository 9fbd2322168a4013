/* token.c - three parts, a header that says no more than it may, a signature, claims. */
#include "token/token.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "token/jws.h"
#include "token/token_cache.h"
#include "token/token_inside.h"

#include <string.h>

enum { CACHED_TEXT_MAX = 4 * 1024 };

static const struct token_key *
key_for(const struct tokens *tokens, const struct token_wanted *wanted, struct str id)
{
    const struct token_key *key = NULL;
    for (size_t i = 0; i < wanted->realm_count && key == NULL; i++) {
        key = tokens_key(tokens, wanted->realms[i], id, wanted->now_s);
    }
    return key;
}

/* The key that the header may mean; NULL: `*out_why`. */
static const struct token_key *read_header(const struct tokens *tokens,
                                           const struct token_wanted *wanted,
                                           const json_t *header,
                                           const char **out_why)
{
    const struct token_key *key = key_for(tokens, wanted, json_member_str(header, "kid"));
    if (jws_asks_for_more(header)) {
        *out_why = "its header asks for more than we give";
    } else if (!jws_type_is(header, wanted->type)) {
        *out_why = "it is a token of another type";
    } else if (key == NULL) {
        *out_why = "it is by no key that verifies here";
    } else if (!str_eq(json_member_str(header, "alg"),
                       str_of(sign_algorithm_name(sign_key_algorithm(key->sign))))) {
        *out_why = "its algorithm is not its key's";
    } else {
        return key;
    }
    return NULL;
}

static bool audience_has(const json_t *audience, struct str wanted)
{
    if (json_is_string(audience)) {
        return str_eq(str_make(json_string_value(audience), json_string_length(audience)), wanted);
    }
    for (size_t i = 0; i < json_array_size(audience); i++) {
        const json_t *one = json_array_get(audience, i);
        if (json_is_string(one) &&
            str_eq(str_make(json_string_value(one), json_string_length(one)), wanted)) {
            return true;
        }
    }
    return false;
}

/* A claim that is absent is in order where it may be. */
static bool
time_claim(const json_t *claims, const char *name, bool needed, uint64_t absent, uint64_t *out)
{
    *out = absent;
    return json_object_get(claims, name) == NULL ? !needed : json_member_time(claims, name, out);
}

static const char *
wrong_claim(const json_t *claims, const struct token_key *key, const struct token_wanted *wanted)
{
    uint64_t expires_s = 0;
    uint64_t begins_s = 0;
    uint64_t issued_s = 0;
    struct str issuer = wanted->issuer.len == 0 ? key->realm : wanted->issuer;
    if (!time_claim(claims, "exp", true, 0, &expires_s) ||
        !time_claim(claims, "nbf", false, 0, &begins_s) ||
        !time_claim(claims, "iat", false, 0, &issued_s)) {
        return "its times are none";
    }
    if (!wanted->past && expires_s + wanted->leeway_s <= wanted->now_s) {
        return "it has expired";
    }
    if (begins_s > wanted->now_s + wanted->leeway_s ||
        issued_s > wanted->now_s + wanted->leeway_s) {
        return "it is of the future";
    }
    if (!str_eq(json_member_str(claims, "iss"), issuer)) {
        return "its issuer is another";
    }
    return wanted->audience.len == 0 ||
                   audience_has(json_object_get(claims, "aud"), wanted->audience)
               ? NULL
               : "it is for another audience";
}

/* Everything but the claims' meaning. */
static bool open_token(const struct tokens *tokens,
                       struct str text,
                       const struct token_wanted *wanted,
                       struct token *out,
                       const char **out_why)
{
    struct jws_parts parts;
    *out_why = "it is no token";
    if (!jws_split(text, &parts)) {
        return false;
    }
    json_t *header = jws_object(parts.header);
    const struct token_key *key =
        header == NULL ? NULL : read_header(tokens, wanted, header, out_why);
    json_decref(header);
    if (key == NULL) {
        return false;
    }
    if (!jws_holds(key->sign, &parts)) {
        *out_why = "its signature is wrong";
        return false;
    }
    out->claims = jws_object(parts.claims);
    if (out->claims == NULL) {
        *out_why = "its claims are no JSON object, or name one twice";
        return false;
    }
    out->key = token_key_ref(key);
    return true;
}

/* Whether a key that was good once is so now. */
static bool key_stays(const struct tokens *tokens,
                      const struct token_wanted *wanted,
                      const struct token_key *key)
{
    return key_for(tokens, wanted, str_of(key->id)) == key;
}

static bool find_or_open(const struct tokens *tokens,
                         struct token_cache *cache,
                         struct str text,
                         const struct token_wanted *wanted,
                         struct token *out,
                         const char **out_why)
{
    struct hash_sha256 digest;
    if (cache == NULL || text.len > CACHED_TEXT_MAX) {
        return open_token(tokens, text, wanted, out, out_why);
    }
    digest = hash_sha256(text);
    if (token_cache_find(cache, &digest, wanted->type, out)) {
        if (key_stays(tokens, wanted, out->key)) {
            return true;
        }
        token_done(out);
    }
    if (!open_token(tokens, text, wanted, out, out_why)) {
        return false;
    }
    token_cache_keep(cache, &digest, wanted->type, out);
    return true;
}

bool token_verify(const struct tokens *tokens,
                  struct token_cache *cache,
                  struct str text,
                  const struct token_wanted *wanted,
                  struct token *out,
                  const char **out_why)
{
    *out = (struct token){0};
    if (!find_or_open(tokens, cache, text, wanted, out, out_why)) {
        return false;
    }
    const char *wrong = wrong_claim(out->claims, out->key, wanted);
    if (wrong != NULL) {
        *out_why = wrong;
        token_done(out);
        return false;
    }
    return true;
}

void token_done(struct token *token)
{
    json_decref(token->claims);
    token_key_unref(token->key);
    *token = (struct token){0};
}
