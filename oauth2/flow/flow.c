/* flow.c - the table of endpoints, and what leads from one step to the next. */
#include "base/mem.h"
#include "flow/flow_inside.h"

static const struct row {
    struct str name;
    bool get;
    bool post;
    enum flow_step (*begin)(struct flow_call *call); /* NULL: not to be had */
} rows[FLOW_ENDPOINTS] = {
    [FLOW_TOKEN] = {STR_INIT("token"), false, true, flow_token},
    [FLOW_REVOKE] = {STR_INIT("revoke"), false, true, flow_revoke},
    [FLOW_INTROSPECT] = {STR_INIT("introspect"), false, true, flow_introspect},
    [FLOW_AUTHORIZE] = {STR_INIT("authorize"), true, true, flow_authorize},
    [FLOW_DEVICE_AUTHORIZATION] = {STR_INIT("device_authorization"), false, true,
                                   flow_device_authorization},
    [FLOW_DEVICE] = {STR_INIT("device"), true, true, flow_device},
    [FLOW_USERINFO] = {STR_INIT("userinfo"), true, true, flow_userinfo},
    [FLOW_JWKS] = {STR_INIT("jwks"), true, false, flow_jwks},
    [FLOW_LOGOUT] = {STR_INIT("logout"), true, true, flow_logout},
    [FLOW_VERIFY] = {STR_INIT("verify"), true, false, flow_verify},
    [FLOW_METADATA] = {STR_INIT(""), true, false, flow_metadata},
};

bool flow_endpoint_find(struct str name, enum flow_endpoint *out)
{
    for (size_t i = 0; i < FLOW_ENDPOINTS; i++) {
        if (rows[i].begin != NULL && rows[i].name.len > 0 && str_eq(rows[i].name, name)) {
            *out = (enum flow_endpoint)i;
            return true;
        }
    }
    return false;
}

bool flow_endpoint_serves(enum flow_endpoint endpoint)
{
    return rows[endpoint].begin != NULL;
}

struct str flow_endpoint_name(enum flow_endpoint endpoint)
{
    return rows[endpoint].name;
}

struct str flow_endpoint_methods(enum flow_endpoint endpoint)
{
    const struct row *row = &rows[endpoint];
    return !row->get ? STR("POST") : row->post ? STR("GET, HEAD, POST") : STR("GET, HEAD");
}

bool flow_endpoint_shares(enum flow_endpoint endpoint)
{
    switch (endpoint) {
    case FLOW_TOKEN:
    case FLOW_REVOKE:
    case FLOW_USERINFO:
    case FLOW_JWKS:
    case FLOW_METADATA:
        return true;
    default:
        return false;
    }
}

/* Who is known by then may be used from its own origins; who is not, from those of any client, so
 * that a page can read why it was refused. */
static enum flow_step share(struct flow_call *call, enum flow_step step)
{
    struct str origin = call->request.origin;
    if (step == FLOW_ANSWERED && origin.len > 0 && flow_endpoint_shares(call->request.endpoint) &&
        (call->client == NULL ? rbac_realm_has_origin(call->realm, origin)
                              : flow_client_lists(call->client, "origins", origin))) {
        call->answer.allow_origin = origin;
    }
    return step;
}

enum flow_step flow_begin(struct flow_call *call)
{
    return share(call, rows[call->request.endpoint].begin(call));
}

static enum flow_step store_is_away(struct flow_call *call)
{
    enum flow_endpoint endpoint = call->request.endpoint;
    bool for_people =
        endpoint == FLOW_AUTHORIZE || endpoint == FLOW_DEVICE || endpoint == FLOW_LOGOUT;
    call->answer = (struct flow_answer){.retry_after_s = 1};
    call->note = (struct flow_note){0};
    return for_people
               ? flow_page(call, 503, PAGE_ERROR,
                           json_pack("{s:s, s:s}", "title", "This does not work now", "text",
                                     "Try again in a moment."))
               : flow_refuse(call, FLOW_TEMPORARILY, "what this needs cannot be read or kept now");
}

enum flow_step flow_continue(struct flow_call *call, const struct err *err)
{
    /* A refusal stands, if it was not made of rows that could not be read: a token that is said to
     * be unknown is thrown away. Whatever else was to be said rests on what has not been kept. */
    if (err != NULL && (err->code != ERR_NONE || call->answer.status < 400)) {
        return share(call, store_is_away(call));
    }
    return share(call, call->answer.status != 0 ? FLOW_ANSWERED : call->then(call));
}
