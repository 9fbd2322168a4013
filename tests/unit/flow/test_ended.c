/* test_ended.c - a password is proved, and changes before what begins on it is kept: that would
 * outlive the change, and begins no more. */
#include "base/clock.h"
#include "base/encode.h"
#include "flow_world.h"
#include "token/revocation.h"

#define OWNER "grant_type=password&username=ann&password=secret"
#define LOGIN "username=ann&password=secret"
#define REQUEST                                                                  \
    "response_type=code&client_id=app&redirect_uri=https%3A%2F%2Fa%2Fcb&state=s" \
    "&code_challenge_method=S256&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"

static bool end_ann(struct store_view *view, struct store_request *store)
{
    char room[REVOCATION_KEY_MAX];
    (void)store;
    return revocation_put(view, WORLD_REALM, revocation_of_user(STR("ann"), STR_EMPTY, room),
                          world_time_s());
}

/* As a change of ann's password does; the world's snapshot is of before. */
static void end_all_of_ann(struct world *world)
{
    for (uint64_t seq = 0; seq <= tokens_version(world->tokens);) {
        struct store_request store = {.op = STORE_WORK, .work = end_ann};
        arena_init(&store.arena, WORLD_ARENA_MAX);
        store_run(world->store, &store);
        assert_true(store.ok);
        seq = store.seq;
        arena_done(&store.arena);
    }
}

/* The snapshot is of now. */
static void catch_up(struct world *world)
{
    snapshot_unref((struct snapshot *)(void *)world->tokens);
    world->tokens = tokens_builder_build(world->tokens_builder, 9);
}

static void a_changed_password_begins_no_family(void **state)
{
    struct world *world = *state;
    end_all_of_ann(world);
    expect(world, FLOW_TOKEN, "machine:secret", OWNER, 400, "invalid_grant");
    catch_up(world);
    expect(world, FLOW_TOKEN, "machine:secret", OWNER, 200, "");
}

/* Logs ann in on a page of that endpoint, which shows `page` then, and keeps the login if `kept`.
 */
static void log_in(struct world *world,
                   enum flow_endpoint endpoint,
                   const char *query,
                   enum flow_page page,
                   bool kept)
{
    char cookies[COOKIES_MAX] = "";
    char form[1024];
    struct asked *asked =
        ask_with(world, &(struct sent){.endpoint = endpoint, .get = true, .form = query});
    assert_int_equal(asked->call.answer.page, PAGE_LOGIN);
    keep_cookies(asked, cookies);
    end(asked);
    (void)snprintf(form, sizeof(form), "%s&%s", query, LOGIN);
    asked = submit_to(world, endpoint, form, cookies);
    assert_int_equal(asked->call.answer.page, page);
    assert_int_equal(asked->call.answer.set_cookies[0].len > 0, kept);
    assert_string_equal(said(asked, "wrong"), kept ? "" : "Name or password is wrong.");
    end(asked);
}

static void a_changed_password_logs_no_browser_in(void **state)
{
    struct world *world = *state;
    end_all_of_ann(world);
    log_in(world, FLOW_AUTHORIZE, REQUEST, PAGE_LOGIN, false);
    log_in(world, FLOW_DEVICE, "", PAGE_LOGIN, false);
    catch_up(world);
    log_in(world, FLOW_AUTHORIZE, REQUEST, PAGE_CONSENT, true);
    log_in(world, FLOW_DEVICE, "", PAGE_DEVICE, true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(a_changed_password_begins_no_family),
        FLOW_TEST(a_changed_password_logs_no_browser_in),
    };
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
