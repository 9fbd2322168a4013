/* metadata.c - what the server says of itself: keys (RFC 7517) and metadata (RFC 8414, OpenID
 * Connect Discovery). What is advertised is what the table of endpoints serves, and no more. */
#include "base/mem.h"
#include "crypto/sign.h"
#include "flow/flow_inside.h"

enum { CACHE_S = 300 };

enum flow_step flow_jwks(struct flow_call *call)
{
    call->answer.max_age_s = CACHE_S;
    return flow_json(call, 200,
                     json_pack("{s:o}", "keys",
                               tokens_public_keys(call->tokens, call->request.realm, call->now_s)));
}

static void add_endpoints(const struct flow_call *call, json_t *metadata)
{
    static const struct {
        enum flow_endpoint endpoint;
        const char *key;
    } rows[] = {
        {FLOW_TOKEN, "token_endpoint"},
        {FLOW_REVOKE, "revocation_endpoint"},
        {FLOW_INTROSPECT, "introspection_endpoint"},
        {FLOW_AUTHORIZE, "authorization_endpoint"},
        {FLOW_DEVICE_AUTHORIZATION, "device_authorization_endpoint"},
        {FLOW_USERINFO, "userinfo_endpoint"},
        {FLOW_JWKS, "jwks_uri"},
        {FLOW_LOGOUT, "end_session_endpoint"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str name = flow_endpoint_name(rows[i].endpoint);
        if (flow_endpoint_serves(rows[i].endpoint)) {
            (void)json_object_set_new(
                metadata, rows[i].key,
                json_sprintf(PRISTR "/" PRISTR, STRARG(call->request.base), STRARG(name)));
        }
    }
}

static json_t *grant_types(const struct flow_call *call)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < FLOW_GRANTS; i++) {
        bool password = i == FLOW_GRANT_PASSWORD;
        if (flow_grant_serves((enum flow_grant)i) && (!password || call->request.password_grant)) {
            (void)json_array_append_new(list, json_string(flow_grant_name((enum flow_grant)i)));
        }
    }
    return list;
}

/* What a client may sign its assertions with. */
static json_t *sign_algorithms(void)
{
    json_t *list = json_array();
    for (unsigned i = 0; i < SIGN_ALGORITHMS; i++) {
        (void)json_array_append_new(list, json_string(sign_algorithm_name((enum sign_algorithm)i)));
    }
    return list;
}

enum flow_step flow_metadata(struct flow_call *call)
{
    json_t *metadata =
        json_pack("{s:s%, s:o, s:[s, s, s, s], s:o, s:[s, s, s], s:b, s:b, s:b}", "issuer",
                  call->request.issuer.ptr, call->request.issuer.len, "grant_types_supported",
                  grant_types(call), "token_endpoint_auth_methods_supported", APPLICATION_BASIC,
                  APPLICATION_POST, APPLICATION_SIGNED, APPLICATION_NONE,
                  "token_endpoint_auth_signing_alg_values_supported", sign_algorithms(),
                  "id_token_signing_alg_values_supported", "ES256", "RS256", "EdDSA",
                  "authorization_response_iss_parameter_supported", 1,
                  "request_parameter_supported", 0, "request_uri_parameter_supported", 0);
    add_endpoints(call, metadata);
    if (flow_endpoint_serves(FLOW_AUTHORIZE)) {
        (void)json_object_set_new(metadata, "response_types_supported", json_pack("[s]", "code"));
        (void)json_object_set_new(metadata, "response_modes_supported", json_pack("[s]", "query"));
        (void)json_object_set_new(metadata, "code_challenge_methods_supported",
                                  json_pack("[s]", "S256"));
        (void)json_object_set_new(metadata, "subject_types_supported", json_pack("[s]", "public"));
        (void)json_object_set_new(
            metadata, "scopes_supported",
            json_pack("[s, s, s, s]", "openid", "profile", "email", "offline_access"));
    } else {
        (void)json_object_set_new(metadata, "response_types_supported", json_array());
    }
    call->answer.max_age_s = CACHE_S;
    return flow_json(call, 200, metadata);
}
