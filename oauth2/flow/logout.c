/* logout.c - OpenID Connect RP-Initiated Logout 1.0: a client sends the browser here to end the
 * login. Without an ID token that says whose login it is, the person is asked first; nobody is
 * sent to an address that the client has not registered. */
#include "application/redirect.h"
#include "base/mem.h"
#include "flow/flow_inside.h"
#include "token/token.h"

enum { HINT_AGE_S = 365 * 24 * 3600, STATE_MAX = 4096, URI_MAX = 16 * 1024 };

struct logout {
    const struct form *form;
    struct flow_client *client; /* NULL: not known */
    struct str authid;          /* of the hint, or "" */
    struct str family;          /* the same */
    struct str redirect_uri;    /* registered, or "" */
    bool confirmed;
};

static struct str param(const struct logout *logout, const char *name)
{
    return form_value(logout->form, str_of(name));
}

/* Ours and about somebody; how old it is does not matter (Core 2, RP-Initiated Logout 2). */
static bool read_hint(struct flow_call *call, struct logout *logout)
{
    struct str realm = call->request.realm;
    const struct token_wanted wanted = {.realms = &realm,
                                        .realm_count = 1,
                                        .type = "JWT",
                                        .issuer = call->request.issuer,
                                        .now_s = call->now_s,
                                        .leeway_s = HINT_AGE_S};
    struct token token;
    const char *why = NULL;
    struct str hint = param(logout, "id_token_hint");
    if (hint.len == 0 || !token_verify(call->tokens, NULL, hint, &wanted, &token, &why)) {
        return hint.len == 0;
    }
    logout->authid = arena_str(call->arena, flow_text(token.claims, "sub"));
    logout->family = arena_str(call->arena, flow_text(token.claims, "sid"));
    logout->client = flow_client_find(call, flow_text(token.claims, "azp"));
    token_done(&token);
    return true;
}

static bool find_redirect(const struct logout *logout, struct str given)
{
    const json_t *list = json_object_get(logout->client == NULL ? NULL : logout->client->record,
                                         "post_logout_redirect_uris");
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *each = json_array_get(list, i);
        struct str uri = str_make(json_string_value(each), json_string_length(each));
        if (redirect_matches(uri, given)) {
            return true;
        }
    }
    return false;
}

static enum flow_step done(struct flow_call *call)
{
    const struct logout *logout = call->state;
    if (logout->redirect_uri.len == 0) {
        return flow_page(call, 200, PAGE_DONE,
                         json_pack("{s:s, s:s}", "title", "You are logged out", "text",
                                   "You may close this page."));
    }
    struct buf uri;
    buf_init(&uri, URI_MAX);
    (void)buf_append(&uri, logout->redirect_uri);
    if (param(logout, "state").len > 0) {
        (void)redirect_add(&uri, STR("state"), param(logout, "state"));
    }
    struct str location = arena_str(call->arena, buf_str(&uri));
    buf_done(&uri);
    return flow_redirect(call, location);
}

/* A hint about somebody else than who is logged in here ends nothing without being asked. */
static bool logout_work(struct flow_call *call, struct store_view *view)
{
    struct logout *logout = call->state;
    uint64_t auth_time_s = 0;
    const struct rbac_user *user = flow_login_read(call, view, &auth_time_s);
    bool his = logout->authid.len > 0 && user != NULL && str_eq(user->username, logout->authid);
    if (user != NULL && !his && !logout->confirmed) {
        struct str mark = flow_form_mark(call);
        json_t *hidden = json_object();
        for (size_t i = 0; i < logout->form->count; i++) {
            const struct form_field *field = &logout->form->fields[i];
            if (!str_eq(field->name, STR("form_mark")) && !str_eq(field->name, STR("confirm"))) {
                (void)json_object_setn_new(hidden, field->name.ptr, field->name.len,
                                           json_stringn(field->value.ptr, field->value.len));
            }
        }
        call->answer.set_cookies[1] = flow_form_cookie(call, mark);
        (void)flow_page(call, 200, PAGE_LOGOUT,
                        json_pack("{s:s, s:s, s:s%, s:s%, s:o}", "title", "Log out?", "action",
                                  "logout", "user", user->username.ptr, user->username.len,
                                  "form_mark", mark.ptr, mark.len, "hidden", hidden));
        return true;
    }
    bool family = his && logout->family.len > 0;
    return flow_login_drop(call, view) &&
           (!family || flow_family_revoke(call, view, logout->family));
}

static enum flow_step error_page(struct flow_call *call, const char *text)
{
    return flow_page(
        call, 400, PAGE_ERROR,
        json_pack("{s:s, s:s}", "title", "This request cannot be served", "text", text));
}

enum flow_step flow_logout(struct flow_call *call)
{
    struct logout *logout = ARENA_NEW(call->arena, struct logout);
    logout->form = call->request.post ? call->request.form : call->request.query;
    struct str given = param(logout, "post_logout_redirect_uri");
    if (!read_hint(call, logout)) {
        return error_page(call, "The ID token that was sent along is none of ours.");
    }
    struct str named = param(logout, "client_id");
    if (logout->authid.len > 0 && named.len > 0 &&
        (logout->client == NULL || !str_eq(logout->client->id, named))) {
        return error_page(call, "The ID token that was sent along is another application's.");
    }
    if (logout->authid.len == 0 && named.len > 0) {
        logout->client = flow_client_find(call, named);
    }
    if (given.len > 0 && !find_redirect(logout, given)) {
        return error_page(call, "The application wants to be answered at an address that it has "
                                "not registered.");
    }
    if (param(logout, "state").len > STATE_MAX) {
        return error_page(call, "The application's state is longer than 4096 bytes.");
    }
    logout->confirmed =
        call->request.post && param(logout, "confirm").len > 0 && flow_form_is_ours(call);
    logout->redirect_uri = given;
    call->state = logout;
    call->work = logout_work;
    call->then = done;
    return FLOW_STORE;
}
