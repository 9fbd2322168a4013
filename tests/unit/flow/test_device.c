/* test_device.c - a device asks, a person allows, the device gets its tokens (RFC 8628). */
#include "base/clock.h"
#include "base/encode.h"
#include "flow_world.h"

#define GRANT "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=app&device_code="

enum { TEXT_MAX = 512 };

struct codes {
    char poll[TEXT_MAX]; /* the form that asks for the tokens */
    char user[TEXT_MAX];
};

static struct codes begin(struct world *world)
{
    struct codes codes;
    struct asked *asked = ask(world, FLOW_DEVICE_AUTHORIZATION, NULL, "client_id=app&scope=staff");
    assert_int_equal(asked->call.answer.status, 200);
    (void)snprintf(codes.poll, sizeof(codes.poll), GRANT "%s", said(asked, "device_code"));
    (void)snprintf(codes.user, sizeof(codes.user), "%s", said(asked, "user_code"));
    assert_string_equal(said(asked, "verification_uri"),
                        "http://127.0.0.1:18080/realms/com.x/oauth/device");
    assert_int_equal(strlen(codes.user), 9);
    end(asked);
    return codes;
}

/* ann logs in; the cookies that she then has. */
static void log_in(struct world *world, char cookies[COOKIES_MAX])
{
    struct asked *asked =
        ask_with(world, &(struct sent){.endpoint = FLOW_DEVICE, .get = true, .form = ""});
    assert_int_equal(asked->call.answer.page, PAGE_LOGIN);
    keep_cookies(asked, cookies);
    end(asked);
    asked = submit_to(world, FLOW_DEVICE, "username=ann&password=secret", cookies);
    assert_int_equal(asked->call.answer.page, PAGE_DEVICE);
    keep_cookies(asked, cookies);
    end(asked);
}

static void expect_page(struct world *world,
                        const char *fields,
                        const char *cookies,
                        enum flow_page page,
                        unsigned status)
{
    struct asked *asked = submit_to(world, FLOW_DEVICE, fields, cookies);
    assert_int_equal(asked->call.answer.kind, FLOW_PAGE);
    assert_int_equal(asked->call.answer.page, page);
    assert_int_equal(asked->call.answer.status, status);
    end(asked);
}

static void what_a_person_allows_a_device_gets_once(void **state)
{
    struct world *world = *state;
    char cookies[COOKIES_MAX];
    char form[TEXT_MAX + 64];
    struct codes codes = begin(world);
    expect(world, FLOW_TOKEN, NULL, codes.poll, 400, "authorization_pending");
    log_in(world, cookies);
    (void)snprintf(form, sizeof(form), "user_code=%s", codes.user);
    expect_page(world, form, cookies, PAGE_CONSENT, 200);
    (void)snprintf(form, sizeof(form), "user_code=%s&consent=allow", codes.user);
    expect_page(world, form, cookies, PAGE_DONE, 200);
    world->now_s += 10;
    struct asked *asked = ask(world, FLOW_TOKEN, NULL, codes.poll);
    assert_int_equal(asked->call.answer.status, 200);
    assert_string_equal(said(asked, "scope"), "staff");
    end(asked);
    world->now_s += 10;
    expect(world, FLOW_TOKEN, NULL, codes.poll, 400, "expired_token");
}

static void what_a_person_denies_stays_denied(void **state)
{
    struct world *world = *state;
    char cookies[COOKIES_MAX];
    char form[TEXT_MAX + 64];
    struct codes codes = begin(world);
    log_in(world, cookies);
    (void)snprintf(form, sizeof(form), "user_code=%s&consent=deny", codes.user);
    expect_page(world, form, cookies, PAGE_DONE, 200);
    expect(world, FLOW_TOKEN, NULL, codes.poll, 400, "access_denied");
    world->now_s += 10;
    expect(world, FLOW_TOKEN, NULL, codes.poll, 400, "expired_token");
}

static void who_asks_too_often_is_slowed_down(void **state)
{
    struct world *world = *state;
    struct codes codes = begin(world);
    expect(world, FLOW_TOKEN, NULL, codes.poll, 400, "authorization_pending");
    expect(world, FLOW_TOKEN, NULL, codes.poll, 400, "slow_down");
    world->now_s += 6; /* enough before, not any more */
    expect(world, FLOW_TOKEN, NULL, codes.poll, 400, "slow_down");
    world->now_s += 16;
    expect(world, FLOW_TOKEN, NULL, codes.poll, 400, "authorization_pending");
}

static void codes_cannot_be_guessed(void **state)
{
    struct world *world = *state;
    char cookies[COOKIES_MAX];
    char form[TEXT_MAX + 64];
    struct codes codes = begin(world);
    log_in(world, cookies);
    for (unsigned i = 0; i < 4; i++) {
        expect_page(world, "user_code=AAAA-AAAA", cookies, PAGE_DEVICE, 200);
    }
    expect_page(world, "user_code=x", cookies, PAGE_DEVICE, 200);
    (void)snprintf(form, sizeof(form), "user_code=%s", codes.user);
    expect_page(world, form, cookies, PAGE_DEVICE, 429); /* not even the right one */
}

/* What is no letter is no code: no page breaks on the halves of a character. */
static void what_is_typed_may_be_anything(void **state)
{
    static const char *const typed[] = {
        "abc%E2%82%ACxy", "%C3%A4%C3%A4%C3%A4%C3%A4", "BCDF1234", "BCDF-GHJKL", "---",
        "%3Cscript%3E"};
    struct world *world = *state;
    char cookies[COOKIES_MAX];
    char form[TEXT_MAX + 64];
    log_in(world, cookies);
    for (size_t i = 0; i < COUNT_OF(typed); i++) {
        (void)snprintf(form, sizeof(form), "user_code=%s", typed[i]);
        struct asked *asked = submit_to(world, FLOW_DEVICE, form, cookies);
        assert_int_equal(asked->call.answer.page, PAGE_DEVICE);
        assert_string_not_equal(said(asked, "wrong"), "");
        end(asked);
    }
}

static void what_was_not_shown_is_not_allowed(void **state)
{
    struct world *world = *state;
    char cookies[COOKIES_MAX];
    char form[TEXT_MAX + 64];
    struct codes codes = begin(world);
    log_in(world, cookies);
    (void)snprintf(form, sizeof(form), "user_code=%s&consent=allow", codes.user);
    expect_page(world, form, cookies, PAGE_CONSENT, 200);
    world_client(world, "{'username': 'ann', 'groups': ['ops']}");
    world_rebuild(world);
    expect_page(world, form, cookies, PAGE_DEVICE, 200); /* the scope is not hers any more */
    expect(world, FLOW_TOKEN, NULL, codes.poll, 400, "authorization_pending");
}

/* As long as the person's consent lasts, whatever groups he is put in until the device asks. */
static void a_device_gets_what_was_shown_and_no_more(void **state)
{
    struct world *world = *state;
    char cookies[COOKIES_MAX];
    char form[TEXT_MAX + 64];
    struct codes codes;
    struct asked *asked = ask(world, FLOW_DEVICE_AUTHORIZATION, NULL, "client_id=app");
    (void)snprintf(codes.poll, sizeof(codes.poll), GRANT "%s", said(asked, "device_code"));
    (void)snprintf(codes.user, sizeof(codes.user), "%s", said(asked, "user_code"));
    end(asked);
    world_client(world, "{'username': 'ann', 'groups': ['staff']}");
    world_rebuild(world);
    log_in(world, cookies);
    (void)snprintf(form, sizeof(form), "user_code=%s", codes.user);
    expect_page(world, form, cookies, PAGE_CONSENT, 200);
    (void)snprintf(form, sizeof(form), "user_code=%s&consent=allow", codes.user);
    expect_page(world, form, cookies, PAGE_DONE, 200);
    world_client(world, "{'username': 'ann', 'groups': ['staff', 'ops']}");
    world_rebuild(world);
    asked = ask(world, FLOW_TOKEN, NULL, codes.poll);
    assert_string_equal(said(asked, "scope"), "staff");
    end(asked);
}

static void a_scope_that_is_kept_is_bounded(void **state)
{
    struct buf form;
    buf_init(&form, 1 << 16);
    (void)buf_append(&form, STR("client_id=app&scope="));
    for (unsigned i = 0; i < 4097; i++) {
        (void)buf_byte(&form, 'a');
    }
    (void)buf_byte(&form, '\0');
    expect(*state, FLOW_DEVICE_AUTHORIZATION, NULL, form.ptr, 400, "invalid_scope");
    expect(*state, FLOW_DEVICE_AUTHORIZATION, NULL, "client_id=app&scope=%22", 400,
           "invalid_scope");
    buf_done(&form);
}

static void a_code_may_be_typed_as_people_type(void **state)
{
    struct world *world = *state;
    char cookies[COOKIES_MAX];
    char form[TEXT_MAX + 64];
    struct codes codes = begin(world);
    log_in(world, cookies);
    for (char *c = codes.user; *c != '\0'; c++) {
        *c = *c == '-' ? ' ' : (char)(*c | 0x20);
    }
    (void)snprintf(form, sizeof(form), "user_code=%.4s+%s", codes.user, codes.user + 5);
    expect_page(world, form, cookies, PAGE_CONSENT, 200);
}

static void another_client_gets_nothing(void **state)
{
    struct world *world = *state;
    char form[TEXT_MAX + 64];
    struct codes codes = begin(world);
    world_client(world, "{'username': 'other', 'groups': ['api_clients'], 'client': {'type':"
                        " 'public', 'grant_types': ['urn:ietf:params:oauth:grant-type:device_code'"
                        "]}}");
    world_rebuild(world);
    (void)snprintf(form, sizeof(form), "%s", codes.poll);
    char *app = strstr(form, "client_id=app");
    assert_non_null(app);
    struct asked *asked = NULL;
    (void)snprintf(form, sizeof(form),
                   "grant_type=urn:ietf:params:oauth:grant-type:device_code&client_id=other&%s",
                   strstr(codes.poll, "device_code="));
    asked = ask(world, FLOW_TOKEN, NULL, form);
    assert_int_equal(asked->call.answer.status, 400);
    end(asked);
    expect(world, FLOW_TOKEN, "machine:secret",
           "grant_type=urn:ietf:params:oauth:grant-type:"
           "device_code&device_code=x",
           400, "unauthorized_client");
    expect(world, FLOW_TOKEN, NULL, GRANT "x", 400, "expired_token");
    expect(world, FLOW_DEVICE_AUTHORIZATION, "machine:secret", "", 400, "unauthorized_client");
}

/* Whoever can name a public client could fill the store. */
static void who_begins_without_end_is_stopped(void **state)
{
    struct world *world = *state;
    world->now_s += 500; /* the minute is not over by the clock, however slow the machine is */
    struct codes codes = begin(world);
    for (int i = 1; i < 300; i++) {
        expect(world, FLOW_DEVICE_AUTHORIZATION, NULL, "client_id=app", 200, "");
    }
    struct asked *asked = ask(world, FLOW_DEVICE_AUTHORIZATION, NULL, "client_id=app");
    assert_int_equal(asked->call.answer.status, 503);
    assert_string_equal(said(asked, "error"), "temporarily_unavailable");
    assert_int_equal(asked->call.answer.retry_after_s, 60);
    end(asked);
    expect(world, FLOW_TOKEN, NULL, codes.poll, 400, "authorization_pending");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(what_a_person_allows_a_device_gets_once),
        FLOW_TEST(what_a_person_denies_stays_denied),
        FLOW_TEST(who_asks_too_often_is_slowed_down),
        FLOW_TEST(codes_cannot_be_guessed),
        FLOW_TEST(who_begins_without_end_is_stopped),
        FLOW_TEST(what_is_typed_may_be_anything),
        FLOW_TEST(what_was_not_shown_is_not_allowed),
        FLOW_TEST(a_device_gets_what_was_shown_and_no_more),
        FLOW_TEST(a_scope_that_is_kept_is_bounded),
        FLOW_TEST(a_code_may_be_typed_as_people_type),
        FLOW_TEST(another_client_gets_nothing),
    };
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
