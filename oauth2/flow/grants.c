/* grants.c - grants that a name and a secret are enough for: client_credentials (RFC 6749, 4.4)
 * and password (4.3, which RFC 9700 advises against: off unless somebody asks for it). */
#include "base/mem.h"
#include "flow/flow_inside.h"

enum flow_step flow_grant_client_credentials(struct flow_call *call)
{
    struct flow_grantee grantee = {.client = call->client->id, .user = call->client->user};
    if (call->client->is_public) {
        return flow_refuse(call, FLOW_UNAUTHORIZED_CLIENT,
                           "a public client cannot prove that it is itself");
    }
    if (!flow_scope_read(call, call->client, grantee.user,
                         form_value(call->request.form, STR("scope")), NULL, &grantee.scope)) {
        return flow_refuse(call, FLOW_INVALID_SCOPE, "the scope is none that the client has");
    }
    json_t *answer = flow_token_answer(call, &grantee);
    return answer == NULL ? FLOW_ANSWERED : flow_json(call, 200, json_incref(answer));
}

enum { DEVICE_MAX = 256 };

struct password_state {
    struct flow_grantee grantee;
    struct str token;
};

static enum flow_step refuse_owner(struct flow_call *call)
{
    return flow_refuse(call, FLOW_INVALID_GRANT, "the user is unknown, or the password is not his");
}

static bool password_work(struct flow_call *call, struct store_view *view)
{
    struct password_state *state = call->state;
    if (!flow_proof_holds(call, view, state->grantee.user)) {
        (void)refuse_owner(call);
        return false;
    }
    struct str device = form_value(call->request.form, STR("client_device_id"));
    return flow_family_begin(call, view, &state->grantee,
                             str_eq(device, STR("all")) ? STR_EMPTY : device, &state->token);
}

static enum flow_step password_kept(struct flow_call *call)
{
    const struct password_state *state = call->state;
    json_t *answer = flow_token_answer(call, &state->grantee);
    if (answer == NULL) {
        return FLOW_ANSWERED;
    }
    if (state->token.len > 0) {
        (void)json_object_set_new(answer, "refresh_token",
                                  json_stringn(state->token.ptr, state->token.len));
    }
    return flow_json(call, 200, json_incref(answer));
}

static bool is_owner(struct flow_call *call, const struct rbac_user *user)
{
    struct rbac_roles roles = rbac_roles_of(call->realm, user, call->arena);
    for (size_t i = 0; i < roles.count; i++) {
        if (str_eq(roles.names[i], STR("resource_owners"))) {
            return true;
        }
    }
    return false;
}

static enum flow_step password_proved(struct flow_call *call)
{
    const struct rbac_user *user = flow_user_find(call, call->login.name);
    struct password_state *state = ARENA_NEW(call->arena, struct password_state);
    if (call->login.outcome == FLOW_LOGIN_LATER) {
        call->answer.retry_after_s = call->login.wait_s;
        return flow_refuse(call, FLOW_TEMPORARILY, "too many attempts, try again later");
    }
    if (call->login.outcome != FLOW_LOGIN_PASSED || user == NULL || !is_owner(call, user)) {
        return refuse_owner(call);
    }
    state->grantee =
        (struct flow_grantee){.client = call->client->id, .user = user, .auth_time_s = call->now_s};
    if (!flow_scope_read(call, call->client, user, form_value(call->request.form, STR("scope")),
                         NULL, &state->grantee.scope)) {
        return flow_refuse(call, FLOW_INVALID_SCOPE, "the scope is none that the user has");
    }
    call->state = state;
    if ((call->client->grants & 1U << FLOW_GRANT_REFRESH) == 0) {
        return password_kept(call);
    }
    call->work = password_work;
    call->then = password_kept;
    return FLOW_STORE;
}

enum flow_step flow_grant_password(struct flow_call *call)
{
    struct str name = form_value(call->request.form, STR("username"));
    struct str password = form_value(call->request.form, STR("password"));
    if (name.len == 0 || password.len == 0) {
        return flow_refuse(call, FLOW_INVALID_REQUEST, "username or password is missing");
    }
    if (form_value(call->request.form, STR("client_device_id")).len > DEVICE_MAX) {
        return flow_refuse(call, FLOW_INVALID_REQUEST, "client_device_id is too long");
    }
    call->login = (struct flow_login){.name = name, .password = password};
    call->then = password_proved;
    return FLOW_LOGIN;
}
