/* test_store_away.c - a store that cannot be written to: what needs no row goes on, everything else
 * is to be tried again, and nobody gets a token or a page that rests on what has not been kept. */
#include "base/clock.h"
#include "base/encode.h"
#include "flow_world.h"

#define CHALLENGE "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
#define REQUEST                                                                    \
    "response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fa%2Fcb&state=st&" \
    "code_challenge_method=S256&code_challenge=" CHALLENGE

static void expect_away(const struct asked *asked)
{
    assert_int_equal(asked->call.answer.status, 503);
    assert_int_equal(asked->call.answer.retry_after_s, 1);
    assert_int_equal(asked->call.answer.set_cookies[0].len, 0);
    assert_int_equal(asked->call.answer.location.len, 0);
    assert_null(asked->call.note.action);
}

static void what_needs_no_row_goes_on(void **state)
{
    struct world *world = *state;
    world->store_away = true;
    expect(world, FLOW_TOKEN, "machine:secret", "grant_type=client_credentials", 200, "");
    struct asked *asked =
        ask_with(world, &(struct sent){.endpoint = FLOW_JWKS, .get = true, .form = ""});
    assert_int_equal(asked->call.answer.status, 200);
    end(asked);
}

static void a_grant_that_needs_a_row_is_to_be_tried_again(void **state)
{
    struct world *world = *state;
    world->store_away = true;
    struct asked *asked = ask(world, FLOW_TOKEN, "machine:secret",
                              "grant_type=password&username=ann&password=secret");
    expect_away(asked);
    assert_null(json_object_get(asked->call.answer.json, "access_token"));
    end(asked);
}

static void a_refresh_gives_nothing_that_the_store_does_not_know(void **state)
{
    struct world *world = *state;
    char form[512];
    struct asked *first = ask(world, FLOW_TOKEN, "machine:secret",
                              "grant_type=password&username=ann&password=secret");
    (void)snprintf(form, sizeof(form), "grant_type=refresh_token&refresh_token=%s",
                   said(first, "refresh_token"));
    end(first);
    world->store_away = true;
    struct asked *asked = ask(world, FLOW_TOKEN, "machine:secret", form);
    expect_away(asked);
    assert_string_equal(said(asked, "error"), "temporarily_unavailable");
    assert_null(json_object_get(asked->call.answer.json, "refresh_token"));
    end(asked);
}

static void people_see_a_page_and_are_not_logged_in(void **state)
{
    struct world *world = *state;
    char cookies[COOKIES_MAX] = "";
    struct asked *page =
        ask_with(world, &(struct sent){.endpoint = FLOW_AUTHORIZE, .get = true, .form = REQUEST});
    assert_int_equal(page->call.answer.status, 200);
    keep_cookies(page, cookies);
    end(page);
    world->store_away = true;
    struct asked *asked =
        submit_to(world, FLOW_AUTHORIZE, REQUEST "&username=ann&password=secret", cookies);
    expect_away(asked);
    assert_int_equal(asked->call.answer.kind, FLOW_PAGE);
    end(asked);
}

static void a_device_is_not_said_to_be_allowed(void **state)
{
    struct world *world = *state;
    char cookies[COOKIES_MAX] = "";
    char form[256];
    struct asked *begun = ask(world, FLOW_DEVICE_AUTHORIZATION, NULL, "client_id=app");
    (void)snprintf(form, sizeof(form), "user_code=%s", said(begun, "user_code"));
    end(begun);
    struct asked *page =
        ask_with(world, &(struct sent){.endpoint = FLOW_DEVICE, .get = true, .form = form});
    keep_cookies(page, cookies);
    end(page);
    char login[512];
    (void)snprintf(login, sizeof(login), "%s&username=ann&password=secret", form);
    struct asked *logged_in = submit_to(world, FLOW_DEVICE, login, cookies);
    assert_int_equal(logged_in->call.answer.page, PAGE_CONSENT);
    keep_cookies(logged_in, cookies);
    end(logged_in);
    world->store_away = true;
    (void)snprintf(login, sizeof(login), "%s&consent=allow", form);
    struct asked *asked = submit_to(world, FLOW_DEVICE, login, cookies);
    expect_away(asked);
    assert_int_equal(asked->call.answer.page, PAGE_ERROR);
    end(asked);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(what_needs_no_row_goes_on),
        FLOW_TEST(a_grant_that_needs_a_row_is_to_be_tried_again),
        FLOW_TEST(a_refresh_gives_nothing_that_the_store_does_not_know),
        FLOW_TEST(people_see_a_page_and_are_not_logged_in),
        FLOW_TEST(a_device_is_not_said_to_be_allowed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
