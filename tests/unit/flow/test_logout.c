/* test_logout.c - the end of a browser's login, at a client's wish or a person's. */
#include "base/clock.h"
#include "base/encode.h"
#include "flow_world.h"

static struct asked *get(struct world *world, const char *query, const char *cookies)
{
    return ask_with(
        world,
        &(struct sent){.endpoint = FLOW_LOGOUT, .get = true, .form = query, .cookie = cookies});
}

static void log_in(struct world *world, char cookies[COOKIES_MAX])
{
    struct asked *asked =
        ask_with(world, &(struct sent){.endpoint = FLOW_DEVICE, .get = true, .form = ""});
    keep_cookies(asked, cookies);
    end(asked);
    asked = submit_to(world, FLOW_DEVICE, "username=ann&password=secret", cookies);
    keep_cookies(asked, cookies);
    end(asked);
}

static bool is_logged_in(struct world *world, const char *cookies)
{
    struct asked *asked = ask_with(
        world, &(struct sent){.endpoint = FLOW_DEVICE, .get = true, .form = "", .cookie = cookies});
    bool in = asked->call.answer.page == PAGE_DEVICE;
    end(asked);
    return in;
}

/* An ID token that this issuer, or somebody else's key, has signed about `sub`. */
static char *hint_of(struct world *world, const char *sub)
{
    json_t *claims = json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s}", "iss", WORLD_ISSUER.ptr,
                               "sub", sub, "aud", "app", "azp", "app", "sid", "a-family", "iat",
                               (json_int_t)world->now_s - 7200, "exp",
                               (json_int_t)world->now_s - 3600, "jti", "x");
    char *token =
        token_mint(tokens_signing_key(world->tokens, WORLD_REALM, world->now_s), "JWT", claims);
    json_decref(claims);
    assert_non_null(token);
    return token;
}

static void without_a_hint_the_person_is_asked(void **state)
{
    struct world *world = *state;
    char cookies[COOKIES_MAX];
    char fresh[COOKIES_MAX];
    log_in(world, cookies);
    struct asked *asked = get(world, "", cookies);
    assert_int_equal(asked->call.answer.page, PAGE_LOGOUT);
    keep_cookies(asked, fresh);
    end(asked);
    assert_true(is_logged_in(world, cookies));
    asked = submit_to(world, FLOW_LOGOUT, "confirm=yes", cookies);
    assert_int_equal(asked->call.answer.page, PAGE_DONE);
    end(asked);
    assert_false(is_logged_in(world, cookies));
}

static void a_hint_even_an_old_one_ends_the_login_and_leads_back(void **state)
{
    struct world *world = *state;
    char cookies[COOKIES_MAX];
    char query[4096];
    log_in(world, cookies);
    char *hint = hint_of(world, "ann");
    (void)snprintf(query, sizeof(query),
                   "id_token_hint=%s&post_logout_redirect_uri=https://a/bye&state=a%%20b", hint);
    mem_free(hint);
    struct asked *asked = get(world, query, cookies);
    assert_int_equal(asked->call.answer.status, 303);
    assert_true(str_eq(asked->call.answer.location, STR("https://a/bye?state=a%20b")));
    end(asked);
    assert_false(is_logged_in(world, cookies));
}

static void a_hint_about_somebody_else_ends_nothing(void **state)
{
    struct world *world = *state;
    char cookies[COOKIES_MAX];
    char query[4096];
    log_in(world, cookies);
    char *hint = hint_of(world, "bob");
    (void)snprintf(query, sizeof(query), "id_token_hint=%s", hint);
    mem_free(hint);
    struct asked *asked = get(world, query, cookies);
    assert_int_equal(asked->call.answer.page, PAGE_LOGOUT);
    end(asked);
    assert_true(is_logged_in(world, cookies));
}

static void a_hint_of_another_application_is_refused(void **state)
{
    struct world *world = *state;
    char cookies[COOKIES_MAX];
    char query[4096];
    log_in(world, cookies);
    char *hint = hint_of(world, "ann");
    (void)snprintf(query, sizeof(query), "id_token_hint=%s&client_id=other", hint);
    struct asked *asked = get(world, query, cookies);
    assert_int_equal(asked->call.answer.page, PAGE_ERROR);
    end(asked);
    assert_true(is_logged_in(world, cookies));
    (void)snprintf(query, sizeof(query), "id_token_hint=%s&client_id=app", hint);
    asked = get(world, query, cookies);
    assert_int_equal(asked->call.answer.page, PAGE_DONE);
    end(asked);
    mem_free(hint);
}

static void nobody_is_sent_to_an_address_that_is_not_registered(void **state)
{
    static const char *const queries[] = {
        "post_logout_redirect_uri=https://a/bye",
        "client_id=app&post_logout_redirect_uri=https://a/cb",
        "client_id=app&post_logout_redirect_uri=https://evil/",
        "client_id=nobody&post_logout_redirect_uri=https://a/bye",
        "id_token_hint=x.y.z",
    };
    for (size_t i = 0; i < COUNT_OF(queries); i++) {
        struct asked *asked = get(*state, queries[i], NULL);
        assert_int_equal(asked->call.answer.status, 400);
        assert_int_equal(asked->call.answer.page, PAGE_ERROR);
        end(asked);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(without_a_hint_the_person_is_asked),
        FLOW_TEST(a_hint_even_an_old_one_ends_the_login_and_leads_back),
        FLOW_TEST(a_hint_about_somebody_else_ends_nothing),
        FLOW_TEST(a_hint_of_another_application_is_refused),
        FLOW_TEST(nobody_is_sent_to_an_address_that_is_not_registered),
    };
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
