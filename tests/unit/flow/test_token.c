/* test_token.c - the token endpoint: who asks, for what, and with which scope. */
#include "base/clock.h"
#include "base/encode.h"
#include "flow_world.h"

#define MACHINE     "machine:secret"
#define CREDENTIALS "grant_type=client_credentials"

static const struct {
    const char *basic;
    const char *form;
    unsigned status;
    const char *error;
} rows[] = {
    {MACHINE, CREDENTIALS, 200, ""},
    {MACHINE, "", 400, "invalid_request"},
    {MACHINE, "grant_type=", 400, "invalid_request"},
    {MACHINE, "grant_type=magic", 400, "unsupported_grant_type"},
    {MACHINE, "grant_type=implicit", 400, "unsupported_grant_type"},
    {MACHINE, CREDENTIALS "&scope=", 200, ""},
    {MACHINE, CREDENTIALS "&colour=red", 200, ""},
    {MACHINE, CREDENTIALS "&scope=staff", 200, ""},
    {MACHINE, CREDENTIALS "&scope=all", 200, ""},
    {MACHINE, CREDENTIALS "&scope=ops", 400, "invalid_scope"},
    {MACHINE, CREDENTIALS "&scope=nobody", 400, "invalid_scope"},
    {MACHINE, CREDENTIALS "&scope=st%22aff", 400, "invalid_scope"},
    {MACHINE, CREDENTIALS "&scope=st%5Caff", 400, "invalid_scope"},
    {"machine:wrong", CREDENTIALS, 401, "invalid_client"},
    {"nobody:secret", CREDENTIALS, 401, "invalid_client"},
    {"ann:secret", CREDENTIALS, 401, "invalid_client"},
    {NULL, CREDENTIALS, 401, "invalid_client"},
    {NULL, CREDENTIALS "&client_id=machine", 401, "invalid_client"},
    {NULL, CREDENTIALS "&client_id=machine&client_secret=secret", 200, ""},
    {NULL, CREDENTIALS "&client_id=machine&client_secret=wrong", 401, "invalid_client"},
    {MACHINE, CREDENTIALS "&client_id=machine&client_secret=secret", 400, "invalid_request"},
    {MACHINE, CREDENTIALS "&client_id=other", 400, "invalid_request"},
    {MACHINE, CREDENTIALS "&client_id=machine", 200, ""},
    {"m%61chine:secret", CREDENTIALS, 200, ""},
    {NULL, CREDENTIALS "&client_id=app", 400, "unauthorized_client"},
    {"app:secret", CREDENTIALS, 401, "invalid_client"},
    {"narrow:secret", CREDENTIALS, 200, ""},
    {"narrow:secret", CREDENTIALS "&scope=ops", 400, "invalid_scope"},
    {"narrow:secret", "grant_type=refresh_token&refresh_token=x", 400, "unauthorized_client"},
    {MACHINE, "grant_type=refresh_token", 400, "invalid_request"},
    {MACHINE, "grant_type=password&username=ann&password=secret", 200, ""},
    {MACHINE, "grant_type=password&username=ann&password=wrong", 400, "invalid_grant"},
    {MACHINE, "grant_type=password&username=nobody&password=secret", 400, "invalid_grant"},
    {MACHINE, "grant_type=password&username=bob&password=secret", 400, "invalid_grant"},
    {MACHINE, "grant_type=password&username=ann", 400, "invalid_request"},
    {MACHINE, "grant_type=password&username=ann&password=secret&scope=machine", 400,
     "invalid_scope"},
    {NULL, "grant_type=password&username=ann&password=secret&client_id=app", 200, ""},
};

static void each_request_has_the_answer_of_its_row(void **state)
{
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        expect(*state, FLOW_TOKEN, rows[i].basic, rows[i].form, rows[i].status, rows[i].error);
    }
}

static void who_cannot_prove_it_hears_one_thing(void **state)
{
    struct asked *unknown = ask(*state, FLOW_TOKEN, "nobody:secret", CREDENTIALS);
    struct asked *wrong = ask(*state, FLOW_TOKEN, "machine:wrong", CREDENTIALS);
    assert_true(json_equal(unknown->call.answer.json, wrong->call.answer.json));
    assert_true(str_eq(unknown->call.answer.challenge, wrong->call.answer.challenge));
    assert_true(str_starts(wrong->call.answer.challenge, STR("Basic realm=")));
    end(unknown);
    end(wrong);
}

static void too_many_logins_are_told_to_wait(void **state)
{
    struct world *world = *state;
    world->busy_logins = true;
    struct asked *asked = ask(world, FLOW_TOKEN, MACHINE, CREDENTIALS);
    assert_int_equal(asked->call.answer.status, 503);
    assert_int_equal(asked->call.answer.retry_after_s, 7);
    end(asked);
}

static void an_access_token_is_what_rfc_9068_says(void **state)
{
    struct world *world = *state;
    struct asked *asked = ask(world, FLOW_TOKEN, MACHINE, CREDENTIALS);
    assert_string_equal(said(asked, "token_type"), "Bearer");
    assert_string_equal(said(asked, "refresh_token"), "");
    assert_string_equal(said(asked, "scope"), "api_clients staff"); /* no name with a blank */
    assert_int_equal(json_integer_value(json_object_get(asked->call.answer.json, "expires_in")),
                     900);
    const struct str realms[] = {WORLD_REALM};
    const struct token_wanted wanted = {.realms = realms,
                                        .realm_count = 1,
                                        .type = "at+jwt",
                                        .issuer = WORLD_ISSUER,
                                        .audience = WORLD_REALM,
                                        .now_s = world->now_s};
    struct token token;
    const char *why = NULL;
    if (!token_verify(world->tokens, NULL, str_of(said(asked, "access_token")), &wanted, &token,
                      &why)) {
        fail_msg("%s", why);
    }
    static const char *const claims[] = {"iss", "exp",       "aud", "sub",
                                         "iat", "client_id", "jti", "scope"};
    for (size_t i = 0; i < COUNT_OF(claims); i++) {
        assert_non_null(json_object_get(token.claims, claims[i]));
    }
    assert_string_equal(json_string_value(json_object_get(token.claims, "sub")), "machine");
    token_done(&token);
    end(asked);
}

static void the_password_grant_is_off_unless_it_is_asked_for(void **state)
{
    struct world *world = *state;
    struct asked *asked = ask(world, FLOW_TOKEN, MACHINE, "grant_type=x");
    asked->call.request.password_grant = false;
    const char *why = NULL;
    assert_true(form_read(STR("grant_type=password&username=ann&password=secret"),
                          asked->call.arena, &asked->form, &why));
    assert_int_equal(flow_begin(&asked->call), FLOW_ANSWERED);
    assert_string_equal(said(asked, "error"), "unsupported_grant_type");
    end(asked);
}

static void metadata_names_what_is_served(void **state)
{
    struct asked *asked = ask(*state, FLOW_METADATA, NULL, "");
    assert_int_equal(asked->call.answer.status, 200);
    assert_string_equal(said(asked, "issuer"), WORLD_ISSUER.ptr);
    assert_string_equal(said(asked, "token_endpoint"),
                        "http://127.0.0.1:18080/realms/com.x/oauth/token");
    end(asked);
    asked = ask(*state, FLOW_JWKS, NULL, "");
    const json_t *key = json_array_get(json_object_get(asked->call.answer.json, "keys"), 0);
    static const char *const members[] = {"kid", "use", "alg", "kty"};
    static const char *const secrets[] = {"d", "p", "q", "dp", "dq", "qi", "k"};
    for (size_t i = 0; i < COUNT_OF(members); i++) {
        assert_non_null(json_object_get(key, members[i]));
    }
    for (size_t i = 0; i < COUNT_OF(secrets); i++) {
        assert_null(json_object_get(key, secrets[i]));
    }
    end(asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(each_request_has_the_answer_of_its_row),
        FLOW_TEST(who_cannot_prove_it_hears_one_thing),
        FLOW_TEST(too_many_logins_are_told_to_wait),
        FLOW_TEST(an_access_token_is_what_rfc_9068_says),
        FLOW_TEST(the_password_grant_is_off_unless_it_is_asked_for),
        FLOW_TEST(metadata_names_what_is_served),
    };
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
