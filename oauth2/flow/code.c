/* code.c - authorization codes: given once, redeemed once, bound to their client, its redirect URI
 * and a verifier (RFC 6749, 4.1.3; RFC 7636; RFC 9700, 2.1.1).
 *
 * A code that was redeemed is remembered for a while: who redeems it again has it from somebody
 * else, and what came of it ends. */
#include "base/mem.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "flow/flow_inside.h"

#include <stdlib.h>

#define LEASE STR("code")

enum { CODE_BYTES = 32, REMEMBERED_S = 600, VERIFIER_MIN = 43, VERIFIER_MAX = 128 };

struct code_state {
    struct str key;
    struct flow_grantee grantee;
    struct str refresh_token;
};

static bool put_code(struct flow_call *call, struct store_view *view, struct str key, json_t *row)
{
    char *text = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS);
    const struct store_lease lease = {
        .kind = LEASE,
        .key = key,
        .realm = call->request.realm,
        .owner = flow_text(row, "authid"),
        .family = flow_text(row, "family"),
        .value = arena_str(call->arena, str_of(text)),
        .expires_ms = 1000 * (flow_number(row, "until") + REMEMBERED_S),
    };
    free(text);
    return store_view_lease_put(view, &lease);
}

static json_t *str_json(struct str text)
{
    return json_stringn(text.ptr, text.len);
}

bool flow_code_issue(struct flow_call *call,
                     struct store_view *view,
                     const struct flow_code *code,
                     struct str *out_text)
{
    uint64_t until_s = call->now_s + call->options->code_s;
    *out_text = flow_random_text(call, CODE_BYTES);
    json_t *row = flow_keep(
        call, json_pack("{s:o, s:o, s:o, s:b, s:o, s:o, s:o, s:I, s:I, s:s}", "client",
                        str_json(code->client), "authid", str_json(code->authid), "redirect_uri",
                        str_json(code->redirect_uri), "redirect_given", code->redirect_given,
                        "scope", str_json(code->scope), "challenge", str_json(code->challenge),
                        "nonce", str_json(code->nonce), "auth_time", (json_int_t)code->auth_time_s,
                        "until", (json_int_t)until_s, "family", ""));
    return put_code(call, view, flow_digest(call, *out_text), row);
}

static bool verifier_is_one(struct str verifier)
{
    for (size_t i = 0; i < verifier.len; i++) {
        char c = verifier.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              c == '-' || c == '.' || c == '_' || c == '~')) {
            return false;
        }
    }
    return verifier.len >= VERIFIER_MIN && verifier.len <= VERIFIER_MAX;
}

static bool invalid(struct flow_call *call)
{
    (void)flow_refuse(call, FLOW_INVALID_GRANT,
                      "the code is unknown, expired or used, or it was not given for this client, "
                      "redirect URI and verifier");
    return false;
}

static bool fits(struct flow_call *call, const json_t *row)
{
    struct str redirect = form_value(call->request.form, STR("redirect_uri"));
    struct str verifier = form_value(call->request.form, STR("code_verifier"));
    bool named = json_is_true(json_object_get(row, "redirect_given"));
    bool same_redirect =
        redirect.len == 0 ? !named : str_eq(redirect, flow_text(row, "redirect_uri"));
    return call->now_s <= flow_number(row, "until") && same_redirect && verifier_is_one(verifier) &&
           crypto_equal(flow_digest(call, verifier), flow_text(row, "challenge"));
}

/* What is refused is refused with what it changes: the transaction stands. */
static bool end_used(struct flow_call *call, struct store_view *view, const json_t *row)
{
    call->note = (struct flow_note){.action = "code.reuse_detected",
                                    .client = call->client->id,
                                    .authid = arena_str(call->arena, flow_text(row, "authid"))};
    (void)invalid(call);
    return flow_family_revoke(call, view, flow_text(row, "family"));
}

static bool read_grantee(struct flow_call *call, const json_t *row)
{
    struct code_state *state = call->state;
    const struct rbac_user *user = flow_user_find(call, flow_text(row, "authid"));
    if (user == NULL) {
        return invalid(call);
    }
    state->grantee = (struct flow_grantee){
        .client = call->client->id,
        .user = user,
        .auth_time_s = flow_number(row, "auth_time"),
        .nonce = arena_str(call->arena, flow_text(row, "nonce")),
    };
    struct str ceiling = arena_str(call->arena, flow_text(row, "scope"));
    return flow_scope_read(call, call->client, user, STR_EMPTY, &ceiling, &state->grantee.scope) ||
           invalid(call);
}

static bool redeem(struct flow_call *call, struct store_view *view, json_t *row)
{
    struct code_state *state = call->state;
    bool refreshes = (call->client->grants & 1U << FLOW_GRANT_REFRESH) != 0;
    if (!read_grantee(call, row) ||
        (refreshes &&
         !flow_family_begin(call, view, &state->grantee, STR_EMPTY, &state->refresh_token))) {
        return false;
    }
    if (!refreshes) {
        state->grantee.family = flow_random_text(call, 12);
    }
    (void)json_object_set_new(row, "family", str_json(state->grantee.family));
    return put_code(call, view, state->key, row);
}

static bool code_work(struct flow_call *call, struct store_view *view)
{
    struct code_state *state = call->state;
    json_t *row = flow_lease_row(call, flow_lease_find(call, view, LEASE, state->key));
    if (row == NULL || !str_eq(flow_text(row, "client"), call->client->id)) {
        return invalid(call);
    }
    if (flow_text(row, "family").len > 0) {
        return end_used(call, view, row);
    }
    return fits(call, row) ? redeem(call, view, row) : invalid(call);
}

static enum flow_step redeemed(struct flow_call *call)
{
    const struct code_state *state = call->state;
    json_t *answer = flow_token_answer(call, &state->grantee);
    if (answer == NULL) {
        return FLOW_ANSWERED;
    }
    if (state->refresh_token.len > 0) {
        (void)json_object_set_new(answer, "refresh_token", str_json(state->refresh_token));
    }
    if (state->grantee.scope.openid) {
        char *token = flow_id_token(call, &state->grantee, flow_text(answer, "access_token"));
        if (token == NULL) {
            return FLOW_ANSWERED;
        }
        (void)json_object_set_new(answer, "id_token", json_string(token));
        mem_free(token);
    }
    return flow_json(call, 200, json_incref(answer));
}

enum flow_step flow_grant_code(struct flow_call *call)
{
    struct code_state *state = ARENA_NEW(call->arena, struct code_state);
    struct str code = form_value(call->request.form, STR("code"));
    if (code.len == 0) {
        return flow_refuse(call, FLOW_INVALID_REQUEST, "code is missing");
    }
    state->key = flow_digest(call, code);
    call->state = state;
    call->work = code_work;
    call->then = redeemed;
    return FLOW_STORE;
}
