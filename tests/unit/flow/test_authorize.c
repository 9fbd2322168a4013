/* test_authorize.c - from the request in a browser to a code, and from the code to tokens. */
#include "base/clock.h"
#include "base/encode.h"
#include "flow_world.h"

/* RFC 7636, appendix B. */
#define VERIFIER  "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"
#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

#define REQUEST                                                                      \
    "response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fa%2Fcb&state=s%20t" \
    "&code_challenge_method=S256&code_challenge=" CHALLENGE

enum { CODE_MAX = 128 };

static struct asked *get(struct world *world, const char *query, const char *cookie)
{
    return ask_with(
        world,
        &(struct sent){.endpoint = FLOW_AUTHORIZE, .get = true, .form = query, .cookie = cookie});
}

static void expect_location(const struct asked *asked, const char *start)
{
    const struct flow_answer *answer = &asked->call.answer;
    if (answer->kind != FLOW_REDIRECT || answer->status != 303 ||
        !str_starts(answer->location, str_of(start))) {
        fail_msg("%u " PRISTR, answer->status, STRARG(answer->location));
    }
}

/* Submits our page's form. */
static struct asked *
submit(struct world *world, const char *query, const char *fields, const char *cookies)
{
    char form[1024];
    (void)snprintf(form, sizeof(form), "%s&%s", query, fields);
    return submit_to(world, FLOW_AUTHORIZE, form, cookies);
}

/* Logs ann in and lets her consent; the code, and the cookies that she then has. */
static void
get_code(struct world *world, const char *query, char code[CODE_MAX], char cookies[COOKIES_MAX])
{
    cookies[0] = '\0';
    struct asked *asked = get(world, query, NULL);
    assert_int_equal(asked->call.answer.page, PAGE_LOGIN);
    keep_cookies(asked, cookies);
    end(asked);
    asked = submit(world, query, "username=ann&password=secret", cookies);
    assert_int_equal(asked->call.answer.kind, FLOW_PAGE);
    assert_int_equal(asked->call.answer.page, PAGE_CONSENT);
    assert_string_equal(said(asked, "client"), "The <App>");
    keep_cookies(asked, cookies);
    end(asked);
    asked = submit(world, query, "consent=allow", cookies);
    expect_location(asked, "https://a/cb?code=");
    struct str location = asked->call.answer.location;
    struct str value = STR_EMPTY;
    struct str rest = STR_EMPTY;
    (void)str_cut(str_from(location, strlen("https://a/cb?code=")), '&', &value, &rest);
    assert_true(str_eq(rest, STR("state=s%20t&iss=http%3A%2F%2F127.0.0.1%3A18080%2Frealms%2F"
                                 "com.x")));
    (void)snprintf(code, CODE_MAX, PRISTR, STRARG(value));
    end(asked);
}

static const char *redemption(const char *code, const char *more, char out[512])
{
    (void)snprintf(out, 512,
                   "grant_type=authorization_code&client_id=app&redirect_uri=https://a/cb"
                   "&code=%s&%s",
                   code, more);
    return out;
}

static void a_login_and_a_consent_give_a_code_and_it_gives_tokens(void **state)
{
    char code[CODE_MAX];
    char cookies[COOKIES_MAX];
    char form[512];
    get_code(*state, REQUEST "&scope=openid%20staff&nonce=n1", code, cookies);
    struct asked *asked =
        ask(*state, FLOW_TOKEN, NULL, redemption(code, "code_verifier=" VERIFIER, form));
    assert_int_equal(asked->call.answer.status, 200);
    assert_string_equal(said(asked, "scope"), "openid staff");
    assert_true(str_starts(str_of(said(asked, "refresh_token")), STR("rt_")));
    assert_true(str_of(said(asked, "id_token")).len > 0);
    end(asked);
}

static void a_code_is_good_once_and_a_second_use_ends_what_came_of_it(void **state)
{
    struct world *world = *state;
    char code[CODE_MAX];
    char cookies[COOKIES_MAX];
    char form[512];
    char refresh[512];
    get_code(world, REQUEST, code, cookies);
    struct asked *asked =
        ask(world, FLOW_TOKEN, NULL, redemption(code, "code_verifier=" VERIFIER, form));
    (void)snprintf(refresh, sizeof(refresh),
                   "grant_type=refresh_token&client_id=app&refresh_token=%s",
                   said(asked, "refresh_token"));
    end(asked);
    expect(world, FLOW_TOKEN, NULL, form, 400, "invalid_grant");
    expect(world, FLOW_TOKEN, NULL, refresh, 400, "invalid_grant");
}

static void a_code_is_bound_to_verifier_redirect_client_and_time(void **state)
{
    struct world *world = *state;
    char code[CODE_MAX];
    char cookies[COOKIES_MAX];
    char form[512];
    get_code(world, REQUEST, code, cookies);
    static const char more_than_one[] = "code_verifier=" VERIFIER "%20";
    static const char *const verifiers[] = {
        "", "code_verifier=", "code_verifier=short",
        "code_verifier=dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXX", more_than_one};
    for (size_t i = 0; i < COUNT_OF(verifiers); i++) {
        expect(world, FLOW_TOKEN, NULL, redemption(code, verifiers[i], form), 400, "invalid_grant");
    }
    (void)snprintf(form, sizeof(form),
                   "grant_type=authorization_code&client_id=app&code=%s&code_verifier=" VERIFIER,
                   code);
    expect(world, FLOW_TOKEN, NULL, form, 400, "invalid_grant"); /* no redirect_uri */
    world_client(world, "{'username': 'other', 'groups': ['api_clients'], 'client': {'type':"
                        " 'public', 'grant_types': ['authorization_code']}}");
    world_rebuild(world);
    (void)snprintf(form, sizeof(form),
                   "grant_type=authorization_code&client_id=other&redirect_uri=https://a/cb"
                   "&code=%s&code_verifier=" VERIFIER,
                   code);
    expect(world, FLOW_TOKEN, NULL, form, 400, "invalid_grant");
    world->now_s += world->options.code_s + 1;
    expect(world, FLOW_TOKEN, NULL, redemption(code, "code_verifier=" VERIFIER, form), 400,
           "invalid_grant");
    world->now_s -= world->options.code_s + 1;
    expect(world, FLOW_TOKEN, NULL, form, 200, ""); /* none of that has used it up */
}

static void nobody_is_sent_to_an_address_that_is_not_registered(void **state)
{
    static const char *const queries[] = {
        "",
        "client_id=nobody&redirect_uri=https://a/cb",
        "client_id=ann&redirect_uri=https://a/cb",
        "client_id=app&redirect_uri=https://evil/cb",
        "client_id=app&redirect_uri=https://a/cb/",
        "client_id=machine",
    };
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct asked *asked = get(*state, queries[i], NULL);
        assert_int_equal(asked->call.answer.kind, FLOW_PAGE);
        assert_int_equal(asked->call.answer.page, PAGE_ERROR);
        assert_int_equal(asked->call.answer.status, 400);
        end(asked);
    }
}

static void what_is_wrong_is_told_to_the_application(void **state)
{
    static const struct {
        const char *query;
        const char *error;
    } rows[] = {
        {"client_id=app&state=s", "invalid_request"},
        {"client_id=app&response_type=token", "unsupported_response_type"},
        {"client_id=app&response_type=code", "invalid_request"},
        {"client_id=app&response_type=code&code_challenge=" CHALLENGE, "invalid_request"},
        {"client_id=app&response_type=code&code_challenge_method=plain&code_challenge=" CHALLENGE,
         "invalid_request"},
        {"client_id=app&response_type=code&code_challenge_method=S256&code_challenge=short",
         "invalid_request"},
        {REQUEST "&request=x", "request_not_supported"},
        {REQUEST "&request_uri=x", "request_uri_not_supported"},
        {REQUEST "&response_mode=fragment", "invalid_request"},
        {REQUEST "&prompt=dance", "invalid_request"},
        {REQUEST "&max_age=-1", "invalid_request"},
        {REQUEST "&prompt=none", "login_required"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char start[128];
        (void)snprintf(start, sizeof(start), "https://a/cb?error=%s&", rows[i].error);
        struct asked *asked = get(*state, rows[i].query, NULL);
        expect_location(asked, start);
        assert_non_null(strstr(asked->call.answer.location.ptr, "iss=http"));
        end(asked);
    }
}

static void a_login_and_a_consent_are_remembered(void **state)
{
    struct world *world = *state;
    char code[CODE_MAX];
    char cookies[COOKIES_MAX];
    get_code(world, REQUEST, code, cookies);
    struct asked *asked = get(world, REQUEST, cookies);
    expect_location(asked, "https://a/cb?code=");
    end(asked);
    asked = get(world, REQUEST "&prompt=none", cookies);
    expect_location(asked, "https://a/cb?code=");
    end(asked);
    asked = get(world, REQUEST "&prompt=none&scope=ops", cookies);
    expect_location(asked, "https://a/cb?error=consent_required");
    end(asked);
    static const char *const again[] = {REQUEST "&prompt=login", REQUEST "&max_age=0"};
    for (size_t i = 0; i < COUNT_OF(again); i++) {
        asked = get(world, again[i], cookies);
        assert_int_equal(asked->call.answer.page, PAGE_LOGIN);
        assert_int_equal(asked->call.answer.kind, FLOW_PAGE);
        end(asked);
    }
    world->now_s += 100;
    static const char *const stale[] = {REQUEST "&max_age=50", REQUEST "&prompt=select_account"};
    for (size_t i = 0; i < COUNT_OF(stale); i++) {
        asked = get(world, stale[i], cookies);
        assert_int_equal(asked->call.answer.kind, FLOW_PAGE);
        end(asked);
    }
    asked = get(world, REQUEST "&max_age=18446744073709551614", cookies);
    expect_location(asked, "https://a/cb?code=");
    end(asked);
}

/* Whatever runs on the person's machine can listen there, or take the scheme for its own, and say
 * that it is the application (RFC 8252, 8.6). */
static void who_cannot_be_told_from_others_is_consented_to_each_time(void **state)
{
    static const char *const places[] = {"http%3A%2F%2F127.0.0.1%3A4711%2Fcb",
                                         "com.example.app%3A%2Fcb"};
    struct world *world = *state;
    char code[CODE_MAX];
    char cookies[COOKIES_MAX];
    world_client(world, "{'username': 'app', 'groups': ['api_clients'], 'enabled': true,"
                        " 'client': {'type': 'public', 'name': 'The <App>',"
                        " 'grant_types': ['authorization_code'], 'redirect_uris':"
                        " ['https://a/cb', 'http://127.0.0.1/cb', 'com.example.app:/cb']}}");
    world_rebuild(world);
    get_code(world, REQUEST, code, cookies);
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        char query[512];
        (void)snprintf(query, sizeof(query),
                       "response_type=code&client_id=app&redirect_uri=%s&code_challenge_method="
                       "S256&code_challenge=" CHALLENGE,
                       places[i]);
        struct asked *asked = get(world, query, cookies);
        assert_int_equal(asked->call.answer.kind, FLOW_PAGE);
        assert_int_equal(asked->call.answer.page, PAGE_CONSENT);
        end(asked);
        asked = submit(world, query, "consent=allow", cookies);
        assert_int_equal(asked->call.answer.kind, FLOW_REDIRECT);
        assert_true(str_find(asked->call.answer.location, '?') > 0);
        end(asked);
        (void)snprintf(query + strlen(query), sizeof(query) - strlen(query), "&prompt=none");
        asked = get(world, query, cookies);
        assert_int_equal(asked->call.answer.kind, FLOW_REDIRECT);
        assert_non_null(
            strstr(arena_cstr(asked->call.arena, asked->call.answer.location), "consent_required"));
        end(asked);
    }
    struct asked *asked = get(world, REQUEST, cookies);
    expect_location(asked, "https://a/cb?code=");
    end(asked);
}

/* The cookies of a browser that has logged in, and is shown what it would consent to. */
static void
log_in(struct world *world, const char *query, const char *name, char cookies[COOKIES_MAX])
{
    char fields[128];
    cookies[0] = '\0';
    struct asked *asked = get(world, query, NULL);
    keep_cookies(asked, cookies);
    end(asked);
    (void)snprintf(fields, sizeof(fields), "username=%s&password=secret", name);
    asked = submit(world, query, fields, cookies);
    assert_int_equal(asked->call.answer.kind, FLOW_PAGE);
    assert_int_equal(asked->call.answer.page, PAGE_CONSENT);
    keep_cookies(asked, cookies);
    end(asked);
}

static void expect_consent_page(struct asked *asked)
{
    assert_int_equal(asked->call.answer.kind, FLOW_PAGE);
    assert_int_equal(asked->call.answer.page, PAGE_CONSENT);
    end(asked);
}

static void what_was_not_shown_is_not_consented_to(void **state)
{
    struct world *world = *state;
    char ann[COOKIES_MAX];
    char bob[COOKIES_MAX];
    log_in(world, REQUEST "&scope=staff", "bob", bob);
    log_in(world, REQUEST "&scope=staff", "ann", ann); /* whose page is the last */
    expect_consent_page(submit(world, REQUEST "&scope=staff", "consent=allow", bob));
    log_in(world, REQUEST "&scope=staff", "ann", ann);
    expect_consent_page(submit(world, REQUEST "&scope=ops", "consent=allow", ann));
    struct asked *asked = get(world, REQUEST "&scope=staff&prompt=none", ann);
    expect_location(asked, "https://a/cb?error=consent_required"); /* nothing has been kept */
    end(asked);
    log_in(world, REQUEST "&scope=staff", "ann", ann);
    asked = submit(world, REQUEST "&scope=staff", "consent=allow", ann);
    expect_location(asked, "https://a/cb?code=");
    end(asked);
}

static void a_new_login_ends_the_browsers_old_one(void **state)
{
    struct world *world = *state;
    char first[COOKIES_MAX];
    char code[CODE_MAX];
    get_code(world, REQUEST, code, first);
    struct asked *asked = submit(world, REQUEST, "username=bob&password=secret", first);
    assert_int_equal(asked->call.answer.kind, FLOW_PAGE);
    end(asked);
    asked = get(world, REQUEST "&prompt=none", first);
    expect_location(asked, "https://a/cb?error=login_required");
    end(asked);
}

/* Whatever comes as the cookie of a form: it is neither shown nor set again. */
static void a_mark_that_is_none_of_ours_is_replaced(void **state)
{
    static const char *const values[] = {"", "short",
                                         "\"><script>alert(1)</script>........................",
                                         "0123456789012345678901234567890123456789012\xff",
                                         "01234567890123456789012345678901234567890123456789"};
    char name[COOKIES_MAX] = "";
    char cookie[COOKIES_MAX + 128];
    struct asked *asked = get(*state, REQUEST, NULL);
    keep_cookies(asked, name);
    end(asked);
    name[strcspn(name, "=")] = '\0';
    for (size_t i = 0; i < COUNT_OF(values); i++) {
        (void)snprintf(cookie, sizeof(cookie), "%s=%s", name, values[i]);
        asked = get(*state, REQUEST, cookie);
        assert_int_equal(strlen(said(asked, "form_mark")), 43);
        assert_string_not_equal(said(asked, "form_mark"), values[i]);
        end(asked);
    }
}

/* "The code is unknown" would be a lie, and for good. */
static void a_store_that_fails_is_no_reason_to_refuse_a_code(void **state)
{
    struct world *world = *state;
    char code[CODE_MAX];
    char cookies[COOKIES_MAX];
    char form[512];
    get_code(world, REQUEST, code, cookies);
    world->store_fails = true;
    redemption(code, "code_verifier=" VERIFIER, form);
    expect(world, FLOW_TOKEN, NULL, form, 503, "temporarily_unavailable");
    struct asked *asked = submit(world, REQUEST, "username=ann&password=secret", cookies);
    assert_int_equal(asked->call.answer.status, 503);
    assert_int_equal(asked->call.answer.set_cookies[0].len, 0); /* of a login that was not kept */
    end(asked);
    world->store_fails = false;
    expect(world, FLOW_TOKEN, NULL, form, 200, "");
}

static void who_says_no_is_believed(void **state)
{
    char cookies[COOKIES_MAX] = "";
    struct asked *asked = get(*state, REQUEST, NULL);
    keep_cookies(asked, cookies);
    end(asked);
    asked = submit(*state, REQUEST, "consent=deny", cookies);
    expect_location(asked, "https://a/cb?error=access_denied&state=s%20t&");
    end(asked);
}

static void a_form_that_is_not_ours_is_refused(void **state)
{
    struct world *world = *state;
    char cookies[COOKIES_MAX] = "";
    struct asked *asked = get(world, REQUEST, NULL);
    keep_cookies(asked, cookies);
    end(asked);
    const struct sent forged[] = {
        {.form = REQUEST "&username=ann&password=secret"},
        {.form = REQUEST "&username=ann&password=secret", .cookie = cookies},
        {.form = REQUEST "&username=ann&password=secret&form_mark=x", .cookie = cookies},
    };
    for (size_t i = 0; i < COUNT_OF(forged); i++) {
        struct sent sent = forged[i];
        sent.endpoint = FLOW_AUTHORIZE;
        asked = ask_with(world, &sent);
        assert_int_equal(asked->call.answer.page, PAGE_ERROR);
        assert_int_equal(asked->call.answer.status, 400);
        end(asked);
    }
}

static void a_wrong_password_shows_the_page_again(void **state)
{
    char cookies[COOKIES_MAX] = "";
    struct asked *asked = get(*state, REQUEST, NULL);
    keep_cookies(asked, cookies);
    end(asked);
    asked = submit(*state, REQUEST, "username=ann&password=wrong", cookies);
    assert_int_equal(asked->call.answer.status, 401);
    assert_int_equal(asked->call.answer.page, PAGE_LOGIN);
    assert_string_equal(said(asked, "wrong"), "Name or password is wrong.");
    assert_null(json_object_get(json_object_get(asked->call.answer.json, "hidden"), "password"));
    end(asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(a_login_and_a_consent_give_a_code_and_it_gives_tokens),
        FLOW_TEST(a_code_is_good_once_and_a_second_use_ends_what_came_of_it),
        FLOW_TEST(a_code_is_bound_to_verifier_redirect_client_and_time),
        FLOW_TEST(nobody_is_sent_to_an_address_that_is_not_registered),
        FLOW_TEST(what_is_wrong_is_told_to_the_application),
        FLOW_TEST(a_login_and_a_consent_are_remembered),
        FLOW_TEST(who_cannot_be_told_from_others_is_consented_to_each_time),
        FLOW_TEST(what_was_not_shown_is_not_consented_to),
        FLOW_TEST(a_new_login_ends_the_browsers_old_one),
        FLOW_TEST(a_mark_that_is_none_of_ours_is_replaced),
        FLOW_TEST(a_store_that_fails_is_no_reason_to_refuse_a_code),
        FLOW_TEST(who_says_no_is_believed),
        FLOW_TEST(a_form_that_is_not_ours_is_refused),
        FLOW_TEST(a_wrong_password_shows_the_page_again),
    };
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
