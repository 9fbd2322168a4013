/* access_token.c - access tokens as JWTs (RFC 9068), and the answer that they come in (RFC 6749,
 * 5.1). */
#include "base/encode.h"
#include "base/mem.h"
#include "base/random.h"
#include "flow/flow_inside.h"
#include "token/token.h"

enum { ID_BYTES = 16 };

struct str flow_random_text(struct flow_call *call, size_t bytes)
{
    char raw[64];
    struct buf text;
    random_bytes(raw, bytes < sizeof(raw) ? bytes : sizeof(raw));
    buf_init(&text, 2 * sizeof(raw));
    (void)base64_encode(BASE64_URL, str_make(raw, bytes < sizeof(raw) ? bytes : sizeof(raw)),
                        &text);
    struct str out = arena_str(call->arena, buf_str(&text));
    buf_done(&text);
    return out;
}

static json_t *str_json(struct str text)
{
    return json_stringn(text.ptr, text.len);
}

static json_t *claims_of(struct flow_call *call, const struct flow_grantee *grantee)
{
    struct str id = flow_random_text(call, ID_BYTES);
    json_t *groups = json_array();
    for (size_t i = 0; i < grantee->scope.roles.count; i++) {
        (void)json_array_append_new(groups, str_json(grantee->scope.roles.names[i]));
    }
    uint64_t end_s = call->now_s + call->options->access_s;
    json_t *claims = json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:o}", "iss", str_json(call->request.issuer),
        "aud", str_json(call->request.realm), "sub", str_json(grantee->user->username), "client_id",
        str_json(grantee->client), "iat", (json_int_t)call->now_s, "exp", (json_int_t)end_s, "jti",
        str_json(id), "scope", str_json(grantee->scope.text), "groups", groups);
    (void)json_object_set_new(claims, "rev",
                              json_integer((json_int_t)tokens_version(call->tokens)));
    if (grantee->scope.whole) {
        (void)json_object_set_new(claims, "whole", json_true());
    }
    if (grantee->family.len > 0) {
        (void)json_object_set_new(claims, "sid", str_json(grantee->family));
    }
    if (grantee->auth_time_s > 0) {
        (void)json_object_set_new(claims, "auth_time",
                                  json_integer((json_int_t)grantee->auth_time_s));
    }
    return claims;
}

json_t *flow_token_answer(struct flow_call *call, const struct flow_grantee *grantee)
{
    const struct token_key *key =
        tokens_signing_key(call->tokens, call->request.realm, call->now_s);
    if (key == NULL) {
        (void)flow_refuse(call, FLOW_SERVER_ERROR,
                          "the realm has no key to sign with: postern key rotate");
        return NULL;
    }
    json_t *claims = claims_of(call, grantee);
    char *token = token_mint(key, "at+jwt", claims);
    json_decref(claims);
    if (token == NULL) {
        (void)flow_refuse(call, FLOW_SERVER_ERROR, "the token cannot be signed");
        return NULL;
    }
    json_t *answer =
        flow_keep(call, json_pack("{s:s, s:s, s:I, s:o}", "access_token", token, "token_type",
                                  "Bearer", "expires_in", (json_int_t)call->options->access_s,
                                  "scope", str_json(grantee->scope.text)));
    mem_free(token);
    return answer;
}
