/* token_endpoint.c - the token endpoint: a row a grant (RFC 6749, 3.2). */
#include "base/mem.h"
#include "flow/flow_inside.h"

static const struct row {
    enum flow_grant grant;
    enum flow_step (*run)(struct flow_call *call);
} rows[] = {
    {FLOW_GRANT_CLIENT_CREDENTIALS, flow_grant_client_credentials},
    {FLOW_GRANT_PASSWORD, flow_grant_password},
    {FLOW_GRANT_REFRESH, flow_grant_refresh},
    {FLOW_GRANT_CODE, flow_grant_code},
    {FLOW_GRANT_DEVICE, flow_grant_device},
};

static const struct row *find_row(struct str name)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (str_eq(name, str_of(flow_grant_name(rows[i].grant)))) {
            return &rows[i];
        }
    }
    return NULL;
}

bool flow_grant_serves(enum flow_grant grant)
{
    return find_row(str_of(flow_grant_name(grant))) != NULL;
}

static enum flow_step run_grant(struct flow_call *call)
{
    const struct row *row = find_row(form_value(call->request.form, STR("grant_type")));
    if ((call->client->grants & 1U << row->grant) == 0) {
        return flow_refuse(call, FLOW_UNAUTHORIZED_CLIENT, "the client may not use this grant");
    }
    return row->run(call);
}

enum flow_step flow_token(struct flow_call *call)
{
    struct str grant = form_value(call->request.form, STR("grant_type"));
    if (grant.len == 0) {
        return flow_refuse(call, FLOW_INVALID_REQUEST, "grant_type is missing");
    }
    if (find_row(grant) == NULL || (str_eq(grant, str_of(flow_grant_name(FLOW_GRANT_PASSWORD))) &&
                                    !call->request.password_grant)) {
        return flow_refuse(call, FLOW_UNSUPPORTED_GRANT, "this grant is not to be had here");
    }
    return flow_client_prove(call, run_grant);
}
