/* revoke.c - token revocation (RFC 7009): before it is answered, the token is dead on this node's
 * every worker, and sessions that were opened with it are on their way out.
 *
 * What kind of token it is says its text; a hint is not needed. Refresh tokens take their family
 * along, which is what was issued with them. What is unknown is as dead as it can be: 200. Another
 * client's token stays as it is, and the client is told so (unauthorized_client). */
#include "flow/flow_inside.h"
#include "token/bearer.h"
#include "token/revocation.h"

static enum flow_step refuse_foreign(struct flow_call *call)
{
    return flow_refuse(call, FLOW_UNAUTHORIZED_CLIENT, "the token was issued to another client");
}

static enum flow_step revoked(struct flow_call *call)
{
    return flow_json(call, 200, json_true());
}

static bool revoke_family(struct flow_call *call, struct store_view *view)
{
    struct flow_family family;
    if (!flow_family_find(call, view, form_value(call->request.form, STR("token")), &family)) {
        return true;
    }
    if (!str_eq(flow_text(family.row, "client"), call->client->id)) {
        (void)refuse_foreign(call);
        return false;
    }
    return flow_family_revoke(call, view, family.id);
}

static bool revoke_access(struct flow_call *call, struct store_view *view)
{
    const struct bearer *bearer = call->state;
    return revocation_put(view, call->request.realm, bearer->id, call->now_s);
}

static enum flow_step run(struct flow_call *call)
{
    struct str token = form_value(call->request.form, STR("token"));
    call->then = revoked;
    if (str_starts(token, STR("rt_"))) {
        call->work = revoke_family;
        return FLOW_STORE;
    }
    struct bearer *bearer = flow_bearer_parse(call, token, true);
    if (bearer == NULL) {
        return revoked(call);
    }
    if (!str_eq(bearer->client, call->client->id)) {
        return refuse_foreign(call);
    }
    if (bearer_fault(bearer, call->tokens, call->now_s) != NULL) {
        return revoked(call);
    }
    call->state = bearer;
    call->work = revoke_access;
    return FLOW_STORE;
}

enum flow_step flow_revoke(struct flow_call *call)
{
    if (form_value(call->request.form, STR("token")).len == 0) {
        return flow_refuse(call, FLOW_INVALID_REQUEST, "token is missing");
    }
    return flow_client_prove(call, run);
}
