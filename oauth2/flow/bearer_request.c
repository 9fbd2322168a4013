/* bearer_request.c - who shows an access token to one of our own endpoints (RFC 6750): the header
 * alone, never a parameter. */
#include "base/mem.h"
#include "flow/flow_inside.h"
#include "token/bearer.h"

static void release(void *bearer)
{
    bearer_unref(bearer);
}

struct bearer *flow_bearer_parse(struct flow_call *call, struct str text, bool past)
{
    const char *why = NULL;
    const struct bearer_door door = {
        .realm = call->request.realm, .issuer = call->request.issuer, .now_s = call->now_s};
    struct bearer *bearer = past ? bearer_read_past(call->tokens, text, &door, &why)
                                 : bearer_read(call->tokens, text, &door, &why);
    if (bearer != NULL) {
        arena_defer(call->arena, release, bearer);
    }
    return bearer;
}

bool flow_bearer_of(struct flow_call *call, struct str text, struct flow_bearer *out)
{
    struct rbac_account account;
    struct bearer *bearer = flow_bearer_parse(call, text, false);
    if (bearer == NULL || !rbac_account_find(call->rbac, call->realm, bearer->authid, &account) ||
        !account.enabled || !str_eq(account.user->username, bearer->authid)) {
        return false;
    }
    const struct rbac_user *client = rbac_user_find(call->realm, bearer->client);
    if (client == NULL || !client->enabled) {
        return false;
    }
    *out = (struct flow_bearer){.bearer = bearer,
                                .user = account.user,
                                .roles = rbac_roles_of(call->realm, account.user, call->arena)};
    bearer_narrow(bearer, out->roles.names, &out->roles.count);
    return true;
}

/* A realm's URI may have what would end a quoted string. */
static struct str quotable(struct flow_call *call, struct str text)
{
    char *copy = arena_cstr(call->arena, text);
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)copy[i];
        copy[i] = c >= 0x20 && c < 0x7f && c != '"' && c != '\\' ? copy[i] : '_';
    }
    return str_make(copy, text.len);
}

static struct str challenge(struct flow_call *call)
{
    return arena_printf(call->arena, "Bearer realm=\"" PRISTR "\"",
                        STRARG(quotable(call, call->request.realm)));
}

enum flow_step flow_bearer_refuse(struct flow_call *call,
                                  const char *error,
                                  const char *description,
                                  struct str scope)
{
    struct str plain = challenge(call);
    call->answer.challenge =
        arena_printf(call->arena, PRISTR ", error=\"%s\", error_description=\"%s\"", STRARG(plain),
                     error, description);
    if (scope.len > 0) {
        call->answer.challenge =
            arena_printf(call->arena, PRISTR ", scope=\"" PRISTR "\"",
                         STRARG(call->answer.challenge), STRARG(quotable(call, scope)));
    }
    return flow_refuse(call, error, description);
}

/* Who shows nothing is told no error (RFC 6750, 3.1). */
static void refuse_nobody(struct flow_call *call)
{
    call->answer.challenge = challenge(call);
    (void)flow_json(call, 401,
                    json_pack("{s:s, s:s, s:s}", "code", "unauthorized", "message",
                              "an access token is needed", "description",
                              "send it as Authorization: Bearer"));
}

/* RFC 6750, 2.1: b64token. */
static bool is_token(struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c <= 0x20 || c >= 0x7f || c == ',' || c == '"') {
            return false;
        }
    }
    return text.len > 0;
}

bool flow_bearer_read(struct flow_call *call, struct flow_bearer *out)
{
    struct str scheme = STR_EMPTY;
    struct str text = STR_EMPTY;
    (void)str_cut(call->request.authorization, ' ', &scheme, &text);
    text = str_trim(text);
    if (!str_eq_nocase(scheme, STR("Bearer"))) {
        refuse_nobody(call);
        return false;
    }
    if (!is_token(text) || form_value(call->request.form, STR("access_token")).len > 0) {
        (void)flow_bearer_refuse(call, FLOW_INVALID_REQUEST,
                                 "one token, in the Authorization header alone", STR_EMPTY);
        return false;
    }
    if (!flow_bearer_of(call, text, out)) {
        (void)flow_bearer_refuse(call, "invalid_token",
                                 "the token is not good here, has expired or was revoked",
                                 STR_EMPTY);
        return false;
    }
    return true;
}
