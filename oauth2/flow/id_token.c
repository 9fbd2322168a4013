/* id_token.c - ID tokens (OpenID Connect Core 2 and 3.1.3.6). */
#include "base/encode.h"
#include "crypto/hash.h"
#include "flow/flow_inside.h"
#include "token/token.h"

static json_t *str_json(struct str text)
{
    return json_stringn(text.ptr, text.len);
}

/* The left half of the digest; all our algorithms go with SHA-256, but EdDSA, which leaves it to
 * its user. */
static json_t *left_half(struct str token)
{
    struct hash_sha256 hash = hash_sha256(token);
    struct buf text;
    buf_init(&text, 2 * (size_t)HASH_SHA256_SIZE);
    (void)base64_encode(BASE64_URL, str_sub(hash_str(&hash), 0, HASH_SHA256_SIZE / 2), &text);
    json_t *out = str_json(buf_str(&text));
    buf_done(&text);
    return out;
}

char *
flow_id_token(struct flow_call *call, const struct flow_grantee *grantee, struct str access_token)
{
    const struct token_key *key =
        tokens_signing_key(call->tokens, call->request.realm, call->now_s);
    uint64_t end_s = call->now_s + call->options->access_s;
    json_t *claims = json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:I, s:I, s:o, s:o}", "iss", str_json(call->request.issuer),
        "sub", str_json(grantee->user->username), "aud", str_json(grantee->client), "azp",
        str_json(grantee->client), "iat", (json_int_t)call->now_s, "exp", (json_int_t)end_s,
        "auth_time", (json_int_t)grantee->auth_time_s, "sid", str_json(grantee->family), "at_hash",
        left_half(access_token));
    if (grantee->nonce.len > 0) {
        (void)json_object_set_new(claims, "nonce", str_json(grantee->nonce));
    }
    char *token = key == NULL ? NULL : token_mint(key, "JWT", claims);
    json_decref(claims);
    if (token == NULL) {
        (void)flow_refuse(call, FLOW_SERVER_ERROR, "the ID token cannot be signed");
    }
    return token;
}
