/* test_bearer_endpoints.c - revocation, introspection, userinfo and verification: what each answers
 * to whom. */
#include "base/clock.h"
#include "base/encode.h"
#include "flow_world.h"

#define MACHINE "machine:secret"

static json_t *tokens_of(struct world *world, const char *form)
{
    struct asked *asked = ask(world, FLOW_TOKEN, MACHINE, form);
    assert_int_equal(asked->call.answer.status, 200);
    json_t *answer = json_deep_copy(asked->call.answer.json);
    end(asked);
    return answer;
}

static const char *text_of(const json_t *answer, const char *key)
{
    return json_string_value(json_object_get(answer, key));
}

/* What is asked of a token, in a form that the test has until it is answered. */
static struct asked *
about(struct world *world, enum flow_endpoint endpoint, const char *basic, const char *token)
{
    char form[8192];
    (void)snprintf(form, sizeof(form), "token=%s", token);
    return ask(world, endpoint, basic, form);
}

static bool active(struct world *world, const char *basic, const char *token)
{
    struct asked *asked = about(world, FLOW_INTROSPECT, basic, token);
    assert_int_equal(asked->call.answer.status, 200);
    bool is = json_is_true(json_object_get(asked->call.answer.json, "active"));
    assert_int_equal(json_object_size(asked->call.answer.json) == 1, !is);
    end(asked);
    return is;
}

/* As the builder would do it: the revocations of the store in the next snapshot. */
static void take_revocations(struct world *world)
{
    struct store_request request = {
        .op = STORE_LIST, .kind = STR("revocation"), .realm = WORLD_REALM};
    arena_init(&request.arena, WORLD_ARENA_MAX);
    store_run(world->store, &request);
    assert_true(request.ok);
    for (size_t i = 0; i < request.record_count; i++) {
        assert_true(tokens_builder_apply(world->tokens_builder, &request.records[i]));
    }
    arena_done(&request.arena);
    snapshot_unref((struct snapshot *)(void *)world->tokens);
    world->tokens = tokens_builder_build(world->tokens_builder, 2);
}

static void status_is(struct asked *asked, unsigned status, const char *error)
{
    const char *said = text_of(asked->call.answer.json, "error");
    assert_int_equal(asked->call.answer.status, status);
    assert_string_equal(said == NULL ? "" : said, error);
    end(asked);
}

static void an_access_token_is_active_until_its_client_revokes_it(void **state)
{
    struct world *world = *state;
    json_t *mine = tokens_of(world, "grant_type=client_credentials");
    const char *token = text_of(mine, "access_token");
    assert_true(active(world, MACHINE, token));
    status_is(about(world, FLOW_REVOKE, "other:secret", token), 400, "unauthorized_client");
    status_is(about(world, FLOW_REVOKE, MACHINE, token), 200, "");
    take_revocations(world);
    assert_false(active(world, MACHINE, token));
    status_is(about(world, FLOW_REVOKE, MACHINE, token), 200, "");
    json_decref(mine);
}

static void a_refresh_token_ends_with_its_family(void **state)
{
    struct world *world = *state;
    json_t *mine = tokens_of(world, "grant_type=password&username=ann&password=secret");
    const char *refresh = text_of(mine, "refresh_token");
    assert_true(active(world, MACHINE, refresh));
    assert_false(active(world, "other:secret", refresh));
    status_is(about(world, FLOW_REVOKE, "other:secret", refresh), 400, "unauthorized_client");
    assert_true(active(world, MACHINE, refresh));
    status_is(about(world, FLOW_REVOKE, MACHINE, refresh), 200, "");
    take_revocations(world);
    assert_false(active(world, MACHINE, refresh));
    assert_false(active(world, MACHINE, text_of(mine, "access_token")));
    json_decref(mine);
}

static void a_refresh_token_with_another_secret_is_not_told_about(void **state)
{
    struct world *world = *state;
    char changed[256];
    json_t *mine = tokens_of(world, "grant_type=password&username=ann&password=secret");
    (void)snprintf(changed, sizeof(changed), "%sx", text_of(mine, "refresh_token"));
    assert_false(active(world, MACHINE, changed));
    json_decref(mine);
}

static void others_need_a_grant_to_ask(void **state)
{
    struct world *world = *state;
    json_t *mine = tokens_of(world, "grant_type=client_credentials");
    status_is(about(world, FLOW_INTROSPECT, "other:secret", text_of(mine, "access_token")), 403,
              "access_denied");
    json_decref(mine);
}

static void who_asks_must_be_a_client_and_ask_something(void **state)
{
    static const enum flow_endpoint endpoints[] = {FLOW_REVOKE, FLOW_INTROSPECT};
    for (size_t i = 0; i < COUNT_OF(endpoints); i++) {
        status_is(ask(*state, endpoints[i], MACHINE, ""), 400, "invalid_request");
        status_is(about(*state, endpoints[i], NULL, "x"), 401, "invalid_client");
        status_is(about(*state, endpoints[i], "machine:wrong", "x"), 401, "invalid_client");
        status_is(about(*state, endpoints[i], MACHINE, "x"), 200, "");
        status_is(about(*state, endpoints[i], MACHINE, "a.b.c"), 200, "");
        status_is(about(*state, endpoints[i], MACHINE, "rt_a.0.b"), 200, "");
    }
    /* A public client says of itself who it is: enough to give something up, not to ask. */
    status_is(ask(*state, FLOW_INTROSPECT, NULL, "client_id=app&token=x"), 401, "invalid_client");
    status_is(ask(*state, FLOW_REVOKE, NULL, "client_id=app&token=x"), 200, "");
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)
    const struct CMUnitTest tests[] = {
        T(an_access_token_is_active_until_its_client_revokes_it),
        T(a_refresh_token_ends_with_its_family),
        T(a_refresh_token_with_another_secret_is_not_told_about),
        T(others_need_a_grant_to_ask),
        T(who_asks_must_be_a_client_and_ask_something),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
