/* device.c - the device authorization grant (RFC 8628): a device without a keyboard shows a code,
 * a person types it in elsewhere and allows, the device asks now and then. */
#include "base/mem.h"
#include "base/random.h"
#include "flow/flow_inside.h"

#include <stdlib.h>

#define DEVICE    STR("device")
#define USER_CODE STR("user_code")
#define TRIES     STR("device_tries")
#define BEGINS    STR("device_begins")
#define WRONG     "Name or password is wrong."

enum {
    SECRET_BYTES = 32,
    CODE_LEN = 8,
    INTERVAL_S = 5,
    TRIES_MAX = 5,
    BEGINS_MAX = 300,
    BEGINS_WAIT_S = 60
};

struct device {
    struct str key; /* the device code's digest */
    struct str device_code;
    struct str user_code;
    struct flow_scope scope;
    struct flow_grantee grantee;
    struct str refresh_token;
    const char *error; /* of the grant; NULL: none */

    /* of the page */
    bool proved;
    bool outdated; /* by a password that has changed meanwhile */
    const char *wrong;
    const struct rbac_user *user;
    uint64_t auth_time_s; /* of his login */
    json_t *row;
    struct str client_name;
    bool too_many;
};

static bool
put_device(struct flow_call *call, struct store_view *view, struct str key, const json_t *row)
{
    char *text = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS);
    const struct store_lease lease = {.kind = DEVICE,
                                      .key = key,
                                      .realm = call->request.realm,
                                      .owner = flow_text(row, "authid"),
                                      .value = arena_str(call->arena, str_of(text)),
                                      .expires_ms = 1000 * flow_number(row, "until")};
    free(text);
    return store_view_lease_put(view, &lease);
}

static json_t *get_device(struct flow_call *call, struct store_view *view, struct str key)
{
    return flow_lease_row(call, flow_lease_find(call, view, DEVICE, key));
}

static void set(json_t *row, const char *key, struct str value)
{
    (void)json_object_set_new(row, key, json_stringn(value.ptr, value.len));
}

static void set_number(json_t *row, const char *key, uint64_t value)
{
    (void)json_object_set_new(row, key, json_integer((json_int_t)value));
}

/* Letters that are not taken for each other and make no words: 20^8 codes (RFC 8628, 6.1). */
static struct str new_user_code(struct flow_call *call)
{
    static const char letters[] = "BCDFGHJKLMNPQRSTVWXZ";
    char code[CODE_LEN];
    for (size_t i = 0; i < CODE_LEN; i++) {
        code[i] = letters[random_below(sizeof(letters) - 1)];
    }
    return arena_str(call->arena, str_make(code, CODE_LEN));
}

/* As it was typed: in any case, with dashes and blanks between. "": it can be none. */
static struct str typed_code(struct flow_call *call, struct str typed)
{
    char code[CODE_LEN];
    size_t len = 0;
    for (size_t i = 0; i < typed.len; i++) {
        char c = typed.ptr[i];
        if (c == '-' || c == ' ') {
            continue;
        }
        c = c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
        if (len == CODE_LEN || c < 'A' || c > 'Z') {
            return STR_EMPTY;
        }
        code[len++] = c;
    }
    return len == CODE_LEN ? arena_str(call->arena, str_make(code, len)) : STR_EMPTY;
}

static struct str code_key(struct flow_call *call, struct str code)
{
    return arena_printf(call->arena, PRISTR " " PRISTR, STRARG(call->request.realm), STRARG(code));
}

/* Anybody can name a public client: what he makes us keep is bounded, in a minute, by address. */
static bool may_begin(struct flow_call *call, struct store_view *view)
{
    const struct flow_count begins = {.kind = BEGINS,
                                      .key = code_key(call, flow_address_prefix(call))};
    if (flow_counted(view, &begins) < BEGINS_MAX) {
        return flow_count(call, view, &begins);
    }
    call->answer.retry_after_s = BEGINS_WAIT_S;
    (void)flow_refuse(call, FLOW_TEMPORARILY, "too many devices begin at once, try again later");
    return false;
}

static bool begin_work(struct flow_call *call, struct store_view *view)
{
    struct device *device = call->state;
    if (!may_begin(call, view)) {
        return false;
    }
    uint64_t until_s = call->now_s + call->options->device_s;
    json_t *row =
        flow_keep(call, json_pack("{s:s, s:s, s:I, s:I}", "status", "pending", "authid", "",
                                  "interval", (json_int_t)INTERVAL_S, "polled", (json_int_t)0));
    set(row, "client", call->client->id);
    set(row, "scope", form_value(call->request.form, STR("scope")));
    set_number(row, "until", until_s);
    const struct store_lease code = {.kind = USER_CODE,
                                     .key = code_key(call, device->user_code),
                                     .realm = call->request.realm,
                                     .value = device->key,
                                     .expires_ms = 1000 * until_s};
    return put_device(call, view, device->key, row) && store_view_lease_put(view, &code);
}

static enum flow_step begun(struct flow_call *call)
{
    const struct device *device = call->state;
    struct str first = str_sub(device->user_code, 0, CODE_LEN / 2);
    struct str second = str_from(device->user_code, CODE_LEN / 2);
    struct str base = call->request.base;
    return flow_json(call, 200,
                     json_pack("{s:s%, s:o, s:o, s:o, s:I, s:i}", "device_code",
                               device->device_code.ptr, device->device_code.len, "user_code",
                               json_sprintf(PRISTR "-" PRISTR, STRARG(first), STRARG(second)),
                               "verification_uri", json_sprintf(PRISTR "/device", STRARG(base)),
                               "verification_uri_complete",
                               json_sprintf(PRISTR "/device?user_code=" PRISTR "-" PRISTR,
                                            STRARG(base), STRARG(first), STRARG(second)),
                               "expires_in", (json_int_t)call->options->device_s, "interval",
                               INTERVAL_S));
}

static enum flow_step begin_device(struct flow_call *call)
{
    struct device *device = ARENA_NEW(call->arena, struct device);
    if ((call->client->grants & 1U << FLOW_GRANT_DEVICE) == 0) {
        return flow_refuse(call, FLOW_UNAUTHORIZED_CLIENT, "the client may not use this grant");
    }
    if (!flow_scope_may_be(form_value(call->request.form, STR("scope")))) {
        return flow_refuse(call, FLOW_INVALID_SCOPE, "the scope is too long, or is none");
    }
    device->device_code = flow_random_text(call, SECRET_BYTES);
    device->key = flow_digest(call, device->device_code);
    device->user_code = new_user_code(call);
    call->state = device;
    call->work = begin_work;
    call->then = begun;
    return FLOW_STORE;
}

enum flow_step flow_device_authorization(struct flow_call *call)
{
    return flow_client_prove(call, begin_device);
}

static bool wait_longer(struct flow_call *call, struct store_view *view, json_t *row)
{
    struct device *device = call->state;
    device->error = "slow_down";
    set_number(row, "interval", flow_number(row, "interval") + INTERVAL_S);
    set_number(row, "polled", call->now_s);
    return put_device(call, view, device->key, row);
}

static bool give(struct flow_call *call, struct store_view *view, json_t *row)
{
    struct device *device = call->state;
    const struct rbac_user *user = flow_user_find(call, flow_text(row, "authid"));
    if (user == NULL) {
        device->error = "access_denied";
        return store_view_lease_drop(view, DEVICE, device->key);
    }
    device->grantee = (struct flow_grantee){
        .client = call->client->id, .user = user, .auth_time_s = flow_number(row, "auth_time")};
    struct str ceiling = arena_str(call->arena, flow_text(row, "scope"));
    if (!flow_scope_read(call, call->client, user, STR_EMPTY, &ceiling, &device->grantee.scope)) {
        device->error = FLOW_INVALID_SCOPE;
        return store_view_lease_drop(view, DEVICE, device->key);
    }
    bool refreshes = (call->client->grants & 1U << FLOW_GRANT_REFRESH) != 0;
    return store_view_lease_drop(view, DEVICE, device->key) &&
           (!refreshes ||
            flow_family_begin(call, view, &device->grantee, STR_EMPTY, &device->refresh_token));
}

static bool poll_work(struct flow_call *call, struct store_view *view)
{
    struct device *device = call->state;
    json_t *row = get_device(call, view, device->key);
    if (row == NULL) {
        device->error = "expired_token";
        return true;
    }
    struct str status = flow_text(row, "status");
    if (!str_eq(flow_text(row, "client"), call->client->id)) {
        device->error = FLOW_INVALID_GRANT;
        return true;
    }
    if (call->now_s < flow_number(row, "polled") + flow_number(row, "interval")) {
        return wait_longer(call, view, row);
    }
    if (str_eq(status, STR("allowed"))) {
        return give(call, view, row);
    }
    if (str_eq(status, STR("denied"))) {
        device->error = "access_denied";
        return store_view_lease_drop(view, DEVICE, device->key);
    }
    device->error = "authorization_pending";
    set_number(row, "polled", call->now_s);
    return put_device(call, view, device->key, row);
}

static enum flow_step polled(struct flow_call *call)
{
    const struct device *device = call->state;
    if (device->error != NULL) {
        return flow_refuse(call, device->error, "the person has not allowed it, or not yet");
    }
    json_t *answer = flow_token_answer(call, &device->grantee);
    if (answer == NULL) {
        return FLOW_ANSWERED;
    }
    if (device->refresh_token.len > 0) {
        set(answer, "refresh_token", device->refresh_token);
    }
    return flow_json(call, 200, json_incref(answer));
}

enum flow_step flow_grant_device(struct flow_call *call)
{
    struct device *device = ARENA_NEW(call->arena, struct device);
    struct str code = form_value(call->request.form, STR("device_code"));
    if (code.len == 0) {
        return flow_refuse(call, FLOW_INVALID_REQUEST, "device_code is missing");
    }
    device->key = flow_digest(call, code);
    call->state = device;
    call->work = poll_work;
    call->then = polled;
    return FLOW_STORE;
}

static const struct form *page_form(const struct flow_call *call)
{
    return call->request.post ? call->request.form : call->request.query;
}

/* To be compared with what the device shows (RFC 8628, 5.4). */
static json_t *shown_code(struct flow_call *call)
{
    struct str code = typed_code(call, form_value(page_form(call), STR("user_code")));
    return code.len == 0 ? json_string("")
                         : json_sprintf(PRISTR "-" PRISTR, STRARG(str_sub(code, 0, CODE_LEN / 2)),
                                        STRARG(str_from(code, CODE_LEN / 2)));
}

static struct str consent_mark(struct flow_call *call)
{
    const struct device *device = call->state;
    return flow_consent_mark(call, device->user, flow_text(device->row, "client"),
                             device->scope.text);
}

static enum flow_step show(struct flow_call *call, enum flow_page page, const char *title)
{
    struct device *device = call->state;
    struct str mark = flow_form_mark(call);
    struct str code = form_value(page_form(call), STR("user_code"));
    struct str client = device->client_name;
    struct str user = device->user == NULL ? STR_EMPTY : device->user->username;
    json_t *hidden = json_object();
    if (code.len > 0 && page != PAGE_DEVICE) { /* which has a field of that name */
        set(hidden, "user_code", code);
    }
    if (page == PAGE_CONSENT) {
        set(hidden, "consent_mark", consent_mark(call));
    }
    json_t *fields =
        json_pack("{s:s, s:s, s:o, s:s%, s:s%, s:s%, s:s%, s:s, s:o}", "title", title, "action",
                  "device", "code", shown_code(call), "client",
                  client.ptr == NULL ? "" : client.ptr, client.len, "user", user.ptr, user.len,
                  "scope", device->scope.text.len > 0 ? device->scope.text.ptr : "",
                  device->scope.text.len, "form_mark", mark.ptr, mark.len, "wrong",
                  device->wrong == NULL ? "" : device->wrong, "hidden", hidden);
    call->answer.set_cookies[1] = flow_form_cookie(call, mark);
    return flow_page(call, device->too_many ? 429 : 200, page, fields);
}

/* Wrong codes of one person, in one minute (RFC 8628, 5.1): of addresses he may have many. */
static struct flow_count tries_of(struct flow_call *call)
{
    const struct device *device = call->state;
    return (struct flow_count){.kind = TRIES,
                               .key = code_key(call, device->user->username),
                               .owner = device->user->username};
}

static bool count_try(struct flow_call *call, struct store_view *view)
{
    struct device *device = call->state;
    struct flow_count tries = tries_of(call);
    device->too_many = flow_counted(view, &tries) >= TRIES_MAX;
    return flow_count(call, view, &tries);
}

static bool is_shut_out(struct flow_call *call, struct store_view *view)
{
    struct flow_count tries = tries_of(call);
    return flow_counted(view, &tries) >= TRIES_MAX;
}

/* The row that the typed code leads to, if it still waits. */
static bool find_row(struct flow_call *call, struct store_view *view)
{
    struct device *device = call->state;
    struct str typed = form_value(page_form(call), STR("user_code"));
    struct str code = typed_code(call, typed);
    device->too_many = is_shut_out(call, view);
    if (typed.len == 0 || device->too_many) {
        return true;
    }
    const struct store_lease *lease =
        code.len == 0 ? NULL : store_view_lease(view, USER_CODE, code_key(call, code));
    if (lease != NULL) {
        device->key = lease->value;
        device->row = get_device(call, view, lease->value);
    }
    if (device->row != NULL && str_eq(flow_text(device->row, "status"), STR("pending"))) {
        return true;
    }
    device->row = NULL;
    device->wrong = "No device waits for this code. Look at its screen again.";
    return count_try(call, view);
}

static bool answer_row(struct flow_call *call, struct store_view *view, bool allowed)
{
    struct device *device = call->state;
    set(device->row, "status", allowed ? STR("allowed") : STR("denied"));
    set(device->row, "authid", device->user->username);
    set(device->row, "scope", device->scope.text); /* what he was shown */
    set_number(device->row, "auth_time", device->auth_time_s);
    (void)flow_page(call, 200, PAGE_DONE,
                    json_pack("{s:s, s:s}", "title", allowed ? "Allowed" : "Denied", "text",
                              "You may close this page and go back to your device."));
    struct str code = typed_code(call, form_value(call->request.form, STR("user_code")));
    return put_device(call, view, device->key, device->row) &&
           store_view_lease_drop(view, USER_CODE, code_key(call, code));
}

/* What the device gets of its user; no row where it can get nothing. */
static bool read_scope(struct flow_call *call)
{
    struct device *device = call->state;
    const struct flow_client *client = flow_client_find(call, flow_text(device->row, "client"));
    if (client != NULL && flow_scope_read(call, client, device->user,
                                          arena_str(call->arena, flow_text(device->row, "scope")),
                                          NULL, &device->scope)) {
        device->client_name = flow_client_name(client);
        return true;
    }
    device->row = NULL;
    device->wrong = "The device asks for what you cannot give it.";
    return false;
}

static bool page_work(struct flow_call *call, struct store_view *view)
{
    struct device *device = call->state;
    struct str consent = form_value(call->request.form, STR("consent"));
    device->outdated = device->proved && !flow_proof_holds(call, view, device->user);
    if (device->outdated) {
        device->wrong = WRONG;
        return true;
    }
    if (!device->proved) {
        device->user = flow_login_read(call, view, &device->auth_time_s);
    } else if (!flow_login_keep(call, view, device->user)) {
        return false;
    }
    if (device->user == NULL || !find_row(call, view)) {
        return device->user == NULL;
    }
    if (device->row == NULL || !read_scope(call)) {
        return true;
    }
    bool shown = str_eq(form_value(call->request.form, STR("consent_mark")), consent_mark(call));
    bool allowed = str_eq(consent, STR("allow"));
    return !call->request.post || device->proved || consent.len == 0 || (allowed && !shown)
               ? true
               : answer_row(call, view, allowed);
}

static enum flow_step page_shown(struct flow_call *call)
{
    struct device *device = call->state;
    if (device->user == NULL || device->outdated) {
        return show(call, PAGE_LOGIN, "Log in");
    }
    if (device->too_many) {
        device->wrong = "Too many wrong codes. Wait a minute.";
    }
    return device->row == NULL ? show(call, PAGE_DEVICE, "Connect a device")
                               : show(call, PAGE_CONSENT, "Allow this device?");
}

static enum flow_step page_next(struct flow_call *call)
{
    call->work = page_work;
    call->then = page_shown;
    return FLOW_STORE;
}

static enum flow_step on_login(struct flow_call *call)
{
    struct device *device = call->state;
    const struct rbac_user *user = flow_user_find(call, call->login.name);
    if (call->login.outcome == FLOW_LOGIN_PASSED && user != NULL) {
        device->proved = true;
        device->user = user;
        return page_next(call);
    }
    device->wrong = call->login.outcome == FLOW_LOGIN_LATER
                        ? "Too many attempts. Wait a while, then try again."
                        : WRONG;
    return show(call, PAGE_LOGIN, "Log in");
}

enum flow_step flow_device(struct flow_call *call)
{
    struct device *device = ARENA_NEW(call->arena, struct device);
    const struct form *form = call->request.form;
    struct str name = form_value(form, STR("username"));
    call->state = device;
    if (call->request.post && !flow_form_is_ours(call)) {
        return flow_page(call, 400, PAGE_ERROR,
                         json_pack("{s:s, s:s}", "title", "This request cannot be served", "text",
                                   "The page was open for too long, or it was not ours."));
    }
    if (call->request.post && name.len > 0) {
        call->login =
            (struct flow_login){.name = name, .password = form_value(form, STR("password"))};
        call->then = on_login;
        return FLOW_LOGIN;
    }
    return page_next(call);
}
