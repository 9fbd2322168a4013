/* authorize.c - the authorization endpoint: from a request to a login, a consent and a code.
 *
 * RFC 6749, 4.1; RFC 7636; RFC 9207; RFC 9700; OpenID Connect Core 3.1.2. A request comes whole
 * each time: its parameters stand in our forms as hidden fields and are checked anew, so nothing
 * is kept for who has not logged in. Until client and redirect URI are known to belong together
 * nobody is sent anywhere. */
#include "application/redirect.h"
#include "base/mem.h"
#include "flow/flow_inside.h"

#include <stdlib.h>

#define CONSENT        STR("consent")
#define WRONG_PASSWORD "Name or password is wrong."

enum {
    CHALLENGE_LEN = 43,
    STATE_MAX = 4096,
    NONCE_MAX = 1024,
    CONSENT_S = 365 * 24 * 3600,
    URI_MAX = 8 * 1024
};

/* What has been found out in the transaction. */
enum decision { DECIDED_LOGIN, DECIDED_CONSENT, DECIDED_CODE };

struct authorize {
    const struct form *form; /* the parameters, of the query or of our page */
    struct flow_client *client;
    struct str redirect_uri;
    bool redirect_given;
    struct str state;
    struct str prompt;
    uint64_t max_age_s; /* UINT64_MAX: not said */
    const char *wrong;  /* said on the login page */

    bool proved; /* the password, just now */
    const struct rbac_user *user;
    uint64_t auth_time_s;
    struct flow_scope scope;
    enum decision decision;
    struct str code;
};

static struct str param(const struct authorize *request, const char *name)
{
    return form_value(request->form, str_of(name));
}

static enum flow_step error_page(struct flow_call *call, const char *text)
{
    return flow_page(
        call, 400, PAGE_ERROR,
        json_pack("{s:s, s:s}", "title", "This request cannot be served", "text", text));
}

static enum flow_step send_back(struct flow_call *call,
                                const struct authorize *request,
                                struct str name,
                                struct str value)
{
    struct buf uri;
    buf_init(&uri, URI_MAX + 4 * (REDIRECT_MAX + STATE_MAX));
    (void)buf_append(&uri, request->redirect_uri);
    (void)redirect_add(&uri, name, value);
    if (request->state.len > 0) {
        (void)redirect_add(&uri, STR("state"), request->state);
    }
    (void)redirect_add(&uri, STR("iss"), call->request.issuer);
    struct str location = arena_str(call->arena, buf_str(&uri));
    buf_done(&uri);
    return flow_redirect(call, location);
}

static enum flow_step
send_error(struct flow_call *call, const struct authorize *request, const char *error)
{
    return send_back(call, request, STR("error"), str_of(error));
}

/* The request's parameters, to be sent again with a form of ours. */
static json_t *hidden_fields(const struct authorize *request, bool answered)
{
    static const char *const ours[] = {"username", "password", "consent", "form_mark",
                                       "consent_mark"};
    static const char *const once[] = {"prompt", "max_age"}; /* done with after a login */
    json_t *fields = json_object();
    for (size_t i = 0; i < request->form->count; i++) {
        const struct form_field *field = &request->form->fields[i];
        bool skip = false;
        for (size_t n = 0; n < COUNT_OF(ours); n++) {
            skip = skip || str_eq(field->name, str_of(ours[n]));
        }
        for (size_t n = 0; answered && n < COUNT_OF(once); n++) {
            skip = skip || str_eq(field->name, str_of(once[n]));
        }
        if (!skip) {
            char *name = str_dup(field->name);
            (void)json_object_set_new(fields, name,
                                      json_stringn(field->value.ptr, field->value.len));
            mem_free(name);
        }
    }
    return fields;
}

static struct str consent_mark(struct flow_call *call, const struct authorize *request)
{
    return flow_consent_mark(call, request->user, request->client->id, request->scope.text);
}

static enum flow_step show(struct flow_call *call,
                           const struct authorize *request,
                           enum flow_page page,
                           const char *title)
{
    struct str mark = flow_form_mark(call);
    struct str name = flow_client_name(request->client);
    struct str hint = param(request, "login_hint");
    struct str typed = call->request.post ? param(request, "username") : hint;
    json_t *hidden = hidden_fields(request, page == PAGE_CONSENT);
    if (page == PAGE_CONSENT) {
        struct str consent = consent_mark(call, request);
        (void)json_object_set_new(hidden, "consent_mark", json_stringn(consent.ptr, consent.len));
    }
    json_t *fields = json_pack(
        "{s:s, s:s, s:s%, s:s%, s:s%, s:s%, s:s, s:s%, s:o}", "title", title, "action", "authorize",
        "username", typed.ptr == NULL ? "" : typed.ptr, typed.len, "client", name.ptr, name.len,
        "form_mark", mark.ptr, mark.len, "scope",
        request->scope.text.ptr == NULL ? "" : request->scope.text.ptr, request->scope.text.len,
        "wrong", request->wrong == NULL ? "" : request->wrong, "user",
        request->user == NULL ? "" : request->user->username.ptr,
        request->user == NULL ? (size_t)0 : request->user->username.len, "hidden", hidden);
    call->answer.set_cookies[1] = flow_form_cookie(call, mark);
    return flow_page(call, request->wrong == NULL ? 200 : 401, page, fields);
}

static bool login_is_enough(const struct flow_call *call, const struct authorize *request)
{
    bool again = flow_has_word(request->prompt, STR("login")) ||
                 flow_has_word(request->prompt, STR("select_account"));
    bool stale = call->now_s > request->auth_time_s &&
                 call->now_s - request->auth_time_s > request->max_age_s;
    return request->user != NULL &&
           (request->proved || (!again && !stale && request->max_age_s != 0));
}

/* One row a user and client, with the scope that was consented to. */
static struct str consent_key(struct flow_call *call, const struct authorize *request)
{
    return flow_digest(
        call, arena_printf(call->arena, PRISTR "\n" PRISTR "\n" PRISTR, STRARG(call->request.realm),
                           STRARG(request->user->username), STRARG(request->client->id)));
}

static bool keep_consent(struct flow_call *call, struct store_view *view, struct authorize *request)
{
    struct str scope = request->scope.text;
    const struct store_lease lease = {
        .kind = CONSENT,
        .key = consent_key(call, request),
        .realm = call->request.realm,
        .owner = request->user->username,
        .value = scope,
        .expires_ms = 1000 * (call->now_s + CONSENT_S),
    };
    return store_view_lease_put(view, &lease);
}

/* Who has no secret is known by where the answer goes, and that is his only if it is https:
 * whatever runs on the same machine can listen on loopback or take a scheme for its own (RFC
 * 8252, 8.6). */
static bool is_known_by_its_place(const struct authorize *request)
{
    return !request->client->is_public || str_starts(request->redirect_uri, STR("https://"));
}

static bool
has_consented(struct flow_call *call, struct store_view *view, const struct authorize *request)
{
    if (json_is_false(json_object_get(request->client->record, "consent"))) {
        return true; /* of the house */
    }
    if (!is_known_by_its_place(request)) {
        return false;
    }
    const struct store_lease *lease = store_view_lease(view, CONSENT, consent_key(call, request));
    return lease != NULL && str_eq(lease->value, request->scope.text) &&
           !flow_has_word(request->prompt, STR("consent"));
}

static bool issue(struct flow_call *call, struct store_view *view, struct authorize *request)
{
    request->decision = DECIDED_CODE;
    return flow_code_issue(call, view,
                           &(struct flow_code){.client = request->client->id,
                                               .authid = request->user->username,
                                               .redirect_uri = request->redirect_uri,
                                               .redirect_given = request->redirect_given,
                                               .scope = request->scope.text,
                                               .challenge = param(request, "code_challenge"),
                                               .nonce = param(request, "nonce"),
                                               .auth_time_s = request->auth_time_s},
                           &request->code);
}

static bool authorize_work(struct flow_call *call, struct store_view *view)
{
    struct authorize *request = call->state;
    request->decision = DECIDED_LOGIN;
    if (request->proved && !flow_proof_holds(call, view, request->user)) {
        request->wrong = WRONG_PASSWORD;
        return true;
    }
    if (!request->proved) {
        request->user = flow_login_read(call, view, &request->auth_time_s);
    } else if (!flow_login_keep(call, view, request->user)) {
        return false;
    } else {
        request->auth_time_s = call->now_s;
    }
    if (!login_is_enough(call, request)) {
        return true;
    }
    if (!flow_scope_read(call, request->client, request->user, param(request, "scope"), NULL,
                         &request->scope)) {
        (void)send_error(call, request, FLOW_INVALID_SCOPE);
        return true;
    }
    bool allowed = call->request.post && !request->proved &&
                   str_eq(param(request, "consent"), STR("allow")) &&
                   str_eq(param(request, "consent_mark"), consent_mark(call, request));
    if (allowed && !keep_consent(call, view, request)) {
        return false;
    }
    request->decision = DECIDED_CONSENT;
    return !allowed && !has_consented(call, view, request) ? true : issue(call, view, request);
}

static enum flow_step authorize_decided(struct flow_call *call)
{
    struct authorize *request = call->state;
    bool silent = str_eq(request->prompt, STR("none"));
    switch (request->decision) {
    case DECIDED_LOGIN:
        return silent ? send_error(call, request, "login_required")
                      : show(call, request, PAGE_LOGIN, "Log in");
    case DECIDED_CONSENT:
        return silent ? send_error(call, request, "consent_required")
                      : show(call, request, PAGE_CONSENT, "Allow access?");
    case DECIDED_CODE:
        break;
    }
    return send_back(call, request, STR("code"), request->code);
}

static enum flow_step decide(struct flow_call *call)
{
    call->work = authorize_work;
    call->then = authorize_decided;
    return FLOW_STORE;
}

static enum flow_step on_login(struct flow_call *call)
{
    struct authorize *request = call->state;
    const struct rbac_user *user = flow_user_find(call, call->login.name);
    if (call->login.outcome == FLOW_LOGIN_PASSED && user != NULL) {
        request->proved = true;
        request->user = user;
        return decide(call);
    }
    request->wrong = call->login.outcome == FLOW_LOGIN_LATER
                         ? "Too many attempts. Wait a while, then try again."
                         : WRONG_PASSWORD;
    return show(call, request, PAGE_LOGIN, "Log in");
}

static enum flow_step take_form(struct flow_call *call, const struct authorize *request)
{
    struct str name = param(request, "username");
    if (!flow_form_is_ours(call)) {
        return error_page(call, "The page was open for too long, or it was not ours. Go back to "
                                "the application and begin again.");
    }
    if (str_eq(param(request, "consent"), STR("deny"))) {
        return send_error(call, request, "access_denied");
    }
    if (name.len > 0) {
        call->login = (struct flow_login){.name = name, .password = param(request, "password")};
        call->then = on_login;
        return FLOW_LOGIN;
    }
    return decide(call);
}

static bool find_redirect(const struct authorize *request, struct str given, struct str *out)
{
    const json_t *list = json_object_get(request->client->record, "redirect_uris");
    if (given.len == 0 && json_array_size(list) == 1) {
        const json_t *only = json_array_get(list, 0);
        *out = str_make(json_string_value(only), json_string_length(only));
        return true;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *each = json_array_get(list, i);
        struct str registered = str_make(json_string_value(each), json_string_length(each));
        if (given.len > 0 && redirect_matches(registered, given)) {
            *out = given;
            return true;
        }
    }
    return false;
}

static bool is_challenge(struct str challenge)
{
    for (size_t i = 0; i < challenge.len; i++) {
        char c = challenge.ptr[i];
        if (!((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
              c == '-' || c == '_')) {
            return false;
        }
    }
    return challenge.len == CHALLENGE_LEN;
}

/* Names, once each or more; "none" only alone (OpenID Connect Core 3.1.2.1). */
static bool prompt_is_known(struct str prompt)
{
    static const struct str names[] = {STR_INIT("login"), STR_INIT("consent"),
                                       STR_INIT("select_account")};
    struct str word = STR_EMPTY;
    if (str_eq(prompt, STR("none"))) {
        return true;
    }
    while (prompt.len > 0) {
        bool known = false;
        (void)str_cut(prompt, ' ', &word, &prompt);
        for (size_t i = 0; i < COUNT_OF(names); i++) {
            known = known || str_eq(word, names[i]);
        }
        if (!known) {
            return false;
        }
    }
    return true;
}

/* NULL, or the error that the client is told. */
static const char *check(struct authorize *request)
{
    struct str type = param(request, "response_type");
    struct str mode = param(request, "response_mode");
    struct str age = param(request, "max_age");
    if (param(request, "request").len > 0) {
        return "request_not_supported";
    }
    if (param(request, "request_uri").len > 0) {
        return "request_uri_not_supported";
    }
    if (type.len > 0 && !str_eq(type, STR("code"))) {
        return "unsupported_response_type";
    }
    if ((request->client->grants & 1U << FLOW_GRANT_CODE) == 0) {
        return FLOW_UNAUTHORIZED_CLIENT;
    }
    request->max_age_s = UINT64_MAX;
    bool good = type.len > 0 && prompt_is_known(request->prompt) &&
                param(request, "nonce").len <= NONCE_MAX &&
                (mode.len == 0 || str_eq(mode, STR("query"))) &&
                str_eq(param(request, "code_challenge_method"), STR("S256")) &&
                is_challenge(param(request, "code_challenge")) &&
                (age.len == 0 || str_to_u64(age, &request->max_age_s));
    return good ? NULL : FLOW_INVALID_REQUEST;
}

enum flow_step flow_authorize(struct flow_call *call)
{
    struct authorize *request = ARENA_NEW(call->arena, struct authorize);
    request->form = call->request.post ? call->request.form : call->request.query;
    request->client = flow_client_find(call, param(request, "client_id"));
    struct str given = param(request, "redirect_uri");
    if (request->client == NULL || !find_redirect(request, given, &request->redirect_uri)) {
        return error_page(call, "The application is not known here, or it wants to be answered at "
                                "an address that it has not registered.");
    }
    request->redirect_given = given.len > 0;
    request->state = param(request, "state");
    request->prompt = param(request, "prompt");
    if (request->state.len > STATE_MAX) {
        return error_page(call, "The application's state is longer than 4096 bytes.");
    }
    const char *error = check(request);
    if (error != NULL) {
        return send_error(call, request, error);
    }
    call->state = request;
    bool from_us = param(request, "username").len > 0 || param(request, "consent").len > 0;
    return call->request.post && from_us ? take_form(call, request) : decide(call);
}
