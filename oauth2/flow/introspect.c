/* introspect.c - token introspection (RFC 7662): what a token gives now, told to who may know.
 *
 * A client may ask about tokens that were issued to it. About access tokens of others it needs a
 * grant of `wamp.call` on "bondy.oauth2.token.introspect"; refresh tokens of others are not talked
 * about. A public client, which proves nothing, may ask nothing. */
#include "flow/flow_inside.h"
#include "token/bearer.h"

#define PROCEDURE STR("bondy.oauth2.token.introspect")

static enum flow_step inactive(struct flow_call *call)
{
    return flow_json(call, 200, json_pack("{s:b}", "active", 0));
}

static bool may_ask(struct flow_call *call)
{
    struct principal client = {0};
    if (!rbac_principal_of(call->realm, call->client->id, call->arena, &client)) {
        return false;
    }
    client.authmethod = STR("oauth2");
    return rbac_may(call->rbac, call->realm, &client, PERMISSION_CALL, PROCEDURE);
}

static json_t *text(struct str value)
{
    return json_stringn(value.ptr, value.len);
}

static json_t *names(const struct rbac_roles *roles)
{
    json_t *list = json_array();
    for (size_t i = 0; i < roles->count; i++) {
        (void)json_array_append_new(list, text(roles->names[i]));
    }
    return list;
}

static enum flow_step tell_access(struct flow_call *call, const struct flow_bearer *shown)
{
    const struct bearer *bearer = shown->bearer;
    json_t *answer =
        json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:I, s:I, s:o, s:s, s:o}", "active", 1,
                  "scope", text(bearer->scope), "client_id", text(bearer->client), "sub",
                  text(bearer->authid), "username", text(bearer->authid), "aud",
                  text(call->request.realm), "iss", text(call->request.issuer), "exp",
                  (json_int_t)bearer->expires_s, "iat", (json_int_t)bearer->issued_s, "jti",
                  text(bearer->id), "token_type", "Bearer", "groups", names(&shown->roles));
    if (bearer->family.len > 0) {
        (void)json_object_set_new(answer, "sid", text(bearer->family));
    }
    return flow_json(call, 200, answer);
}

static enum flow_step ask_access(struct flow_call *call, struct str token)
{
    struct flow_bearer shown;
    const struct bearer *past = flow_bearer_parse(call, token, true);
    if (past == NULL) {
        return inactive(call);
    }
    if (!str_eq(past->client, call->client->id) && !may_ask(call)) {
        call->answer.challenge = STR_EMPTY;
        return flow_json(
            call, 403,
            json_pack("{s:s, s:s, s:s, s:s, s:s}", "error", "access_denied", "error_description",
                      "the client may ask about its own tokens alone", "code", "access_denied",
                      "message", "the client may ask about its own tokens alone", "description",
                      "grant it wamp.call on bondy.oauth2.token.introspect"));
    }
    return flow_bearer_of(call, token, &shown) ? tell_access(call, &shown) : inactive(call);
}

static bool find_family(struct flow_call *call, struct store_view *view)
{
    struct flow_family *family = ARENA_NEW(call->arena, struct flow_family);
    call->state = flow_family_find(call, view, form_value(call->request.form, STR("token")), family)
                      ? family
                      : NULL;
    return true;
}

/* Of a user and a client as they are now, as a refresh would find them. */
static enum flow_step tell_family(struct flow_call *call)
{
    const struct flow_family *family = call->state;
    if (family == NULL || !family->present ||
        !str_eq(flow_text(family->row, "client"), call->client->id)) {
        return inactive(call);
    }
    struct rbac_account account;
    struct str authid = flow_text(family->row, "authid");
    if (!rbac_account_find(call->rbac, call->realm, authid, &account) || !account.enabled) {
        return inactive(call);
    }
    return flow_json(call, 200,
                     json_pack("{s:b, s:o, s:o, s:o, s:o, s:o, s:I, s:s}", "active", 1, "scope",
                               text(flow_text(family->row, "scope")), "client_id",
                               text(call->client->id), "sub", text(authid), "username",
                               text(authid), "iss", text(call->request.issuer), "exp",
                               (json_int_t)family->expires_s, "token_type", "refresh_token"));
}

static enum flow_step run(struct flow_call *call)
{
    struct str token = form_value(call->request.form, STR("token"));
    if (call->client->is_public) {
        return flow_refuse(call, FLOW_INVALID_CLIENT, "a client without a secret may not ask");
    }
    if (!str_starts(token, STR("rt_"))) {
        return ask_access(call, token);
    }
    call->work = find_family;
    call->then = tell_family;
    return FLOW_STORE;
}

enum flow_step flow_introspect(struct flow_call *call)
{
    if (form_value(call->request.form, STR("token")).len == 0) {
        return flow_refuse(call, FLOW_INVALID_REQUEST, "token is missing");
    }
    return flow_client_prove(call, run);
}
