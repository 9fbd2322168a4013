/* test_refresh.c - families of refresh tokens: rotated, tolerant for a while, ended by reuse. */
#include "base/clock.h"
#include "base/encode.h"
#include "flow_world.h"

#define OWNER "grant_type=password&username=ann&password=secret"

enum { TEXT_MAX = 512 };

/* A request whose answer has a refresh token; it goes to `out`. */
static void take(struct world *world, const char *basic, const char *form, char out[TEXT_MAX])
{
    struct asked *asked = ask(world, FLOW_TOKEN, basic, form);
    if (asked->call.answer.status != 200) {
        fail_msg("%s: %s", form, said(asked, "error_description"));
    }
    (void)snprintf(out, TEXT_MAX, "%s", said(asked, "refresh_token"));
    assert_true(str_starts(str_of(out), STR("rt_")));
    end(asked);
}

static const char *refresh_with(const char *token, char out[TEXT_MAX])
{
    (void)snprintf(out, TEXT_MAX, "grant_type=refresh_token&refresh_token=%s", token);
    return out;
}

static void refresh(struct world *world, const char *token, char out[TEXT_MAX])
{
    char form[TEXT_MAX];
    take(world, "machine:secret", refresh_with(token, form), out);
}

static void refuse(struct world *world, const char *token, unsigned status, const char *error)
{
    char form[TEXT_MAX];
    expect(world, FLOW_TOKEN, "machine:secret", refresh_with(token, form), status, error);
}

static void each_use_gives_another_token(void **state)
{
    struct world *world = *state;
    char first[TEXT_MAX];
    char second[TEXT_MAX];
    char third[TEXT_MAX];
    take(world, "machine:secret", OWNER, first);
    refresh(world, first, second);
    refresh(world, second, third);
    assert_string_not_equal(first, second);
    assert_string_not_equal(second, third);
}

static void a_lost_answer_may_be_asked_for_again_within_the_grace(void **state)
{
    struct world *world = *state;
    char first[TEXT_MAX];
    char again[4][TEXT_MAX];
    take(world, "machine:secret", OWNER, first);
    for (size_t i = 0; i < COUNT_OF(again); i++) { /* the first use and three more */
        refresh(world, first, again[i]);
    }
    refuse(world, first, 503, "temporarily_unavailable");
    char next[TEXT_MAX];
    refresh(world, again[3], next); /* the family lives on, with any of them */
}

static void reuse_after_the_grace_ends_the_family(void **state)
{
    struct world *world = *state;
    char first[TEXT_MAX];
    char second[TEXT_MAX];
    take(world, "machine:secret", OWNER, first);
    refresh(world, first, second);
    world->now_s += world->options.refresh_grace_s + 1;
    char form[TEXT_MAX];
    struct asked *asked = ask(world, FLOW_TOKEN, "machine:secret", refresh_with(first, form));
    assert_int_equal(asked->call.answer.status, 400);
    assert_string_equal(asked->call.note.action, "token.reuse_detected");
    assert_int_equal(asked->store.record_count, 1); /* of access tokens too */
    assert_true(str_eq(asked->store.records[0].kind, STR("revocation")));
    end(asked);
    refuse(world, second, 400, "invalid_grant");
}

static void an_older_generation_ends_the_family_at_once(void **state)
{
    struct world *world = *state;
    char first[TEXT_MAX];
    char second[TEXT_MAX];
    char third[TEXT_MAX];
    take(world, "machine:secret", OWNER, first);
    refresh(world, first, second);
    refresh(world, second, third);
    refuse(world, first, 400, "invalid_grant");
    refuse(world, third, 400, "invalid_grant");
}

static void a_wrong_secret_is_refused_and_harms_nobody(void **state)
{
    struct world *world = *state;
    char first[TEXT_MAX];
    char forged[TEXT_MAX];
    char next[TEXT_MAX];
    take(world, "machine:secret", OWNER, first);
    (void)snprintf(forged, sizeof(forged), "%s", first);
    char *last = &forged[strlen(forged) - 1];
    *last = *last == 'A' ? 'B' : 'A';
    refuse(world, forged, 400, "invalid_grant");
    refuse(world, "rt_", 400, "invalid_grant");
    refuse(world, "rt_a.0.b", 400, "invalid_grant");
    refuse(world, "rt_a.99999999999999999999.b", 400, "invalid_grant");
    refresh(world, first, next);
}

static void another_client_is_refused_and_the_family_stays(void **state)
{
    struct world *world = *state;
    char first[TEXT_MAX];
    char form[TEXT_MAX];
    char next[TEXT_MAX];
    take(world, "machine:secret", OWNER, first);
    expect(world, FLOW_TOKEN, "other:secret", refresh_with(first, form), 400, "invalid_grant");
    refresh(world, first, next);
}

static void a_scope_may_be_narrowed_and_never_widened(void **state)
{
    struct world *world = *state;
    char first[TEXT_MAX];
    char form[TEXT_MAX];
    take(world, "machine:secret", OWNER "&scope=staff", first);
    (void)snprintf(form, sizeof(form), "grant_type=refresh_token&refresh_token=%s&scope=ops",
                   first);
    expect(world, FLOW_TOKEN, "machine:secret", form, 400, "invalid_scope");
    char second[TEXT_MAX];
    refresh(world, first, second); /* what was refused has used nothing up */
    char third[TEXT_MAX];
    take(world, "machine:secret", OWNER, third);
    (void)snprintf(form, sizeof(form), "grant_type=refresh_token&refresh_token=%s&scope=staff",
                   third);
    struct asked *asked = ask(world, FLOW_TOKEN, "machine:secret", form);
    assert_string_equal(said(asked, "scope"), "staff");
    (void)snprintf(third, sizeof(third), "%s", said(asked, "refresh_token"));
    end(asked);
    asked = ask(world, FLOW_TOKEN, "machine:secret", refresh_with(third, form));
    assert_non_null(strstr(said(asked, "scope"), "ops")); /* back to what was granted */
    end(asked);
}

static void who_is_gone_or_disabled_refreshes_nothing(void **state)
{
    struct world *world = *state;
    char first[TEXT_MAX];
    char form[TEXT_MAX];
    take(world, "machine:secret", OWNER, first);
    world_client(world, "{'username': 'ann', 'groups': ['resource_owners'], 'enabled': false}");
    world_rebuild(world);
    expect(world, FLOW_TOKEN, "machine:secret", refresh_with(first, form), 400, "invalid_grant");
}

/* His record is in a realm of same sign-on that is gone, or that he is gone from. */
static void who_is_gone_from_his_sso_realm_refreshes_nothing(void **state)
{
    struct world *world = *state;
    char first[TEXT_MAX];
    take(world, "machine:secret", OWNER, first);
    world_client(world, "{'username': 'ann', 'groups': ['resource_owners', 'staff'],"
                        " 'sso_realm_uri': 'com.sso'}");
    world_rebuild(world);
    refuse(world, first, 400, "invalid_grant");
}

/* What is granted is granted: neither does a client that was narrowed since keep more than it may
 * have, nor does somebody who had nothing to give give what he has got since. */
static void a_scope_follows_what_client_and_user_have_lost_and_not_what_they_got(void **state)
{
    struct world *world = *state;
    char token[TEXT_MAX];
    char form[TEXT_MAX];
    take(world, "machine:secret", OWNER "&scope=staff+ops", token);
    world_client(world, "{'username': 'machine', 'groups': ['api_clients'], 'client': {'type':"
                        " 'confidential', 'scopes': ['ops'], 'grant_types': ['refresh_token']}}");
    world_rebuild(world);
    struct asked *asked = ask(world, FLOW_TOKEN, "machine:secret", refresh_with(token, form));
    assert_string_equal(said(asked, "scope"), "ops");
    end(asked);
    world_client(world, "{'username': 'machine', 'groups': ['api_clients'], 'client': {'type':"
                        " 'confidential', 'scopes': ['ops']}}");
    world_client(world, "{'username': 'ann', 'groups': ['resource_owners']}");
    world_rebuild(world);
    take(world, "machine:secret", OWNER, token); /* nothing of what the client may have */
    world_client(world, "{'username': 'ann', 'groups': ['resource_owners', 'ops']}");
    world_rebuild(world);
    asked = ask(world, FLOW_TOKEN, "machine:secret", refresh_with(token, form));
    assert_int_equal(asked->call.answer.status, 200);
    assert_string_equal(said(asked, "scope"), "");
    end(asked);
}

static void a_store_that_fails_is_no_reason_to_throw_a_token_away(void **state)
{
    struct world *world = *state;
    char first[TEXT_MAX];
    char second[TEXT_MAX];
    take(world, "machine:secret", OWNER, first);
    world->store_fails = true;
    refuse(world, first, 503, "temporarily_unavailable");
    world->store_fails = false;
    refresh(world, first, second);
}

static void who_may_not_refresh_gets_nothing_to_refresh_with(void **state)
{
    struct world *world = *state;
    world_client(world, "{'username': 'machine', 'groups': ['api_clients'], 'client': {'type':"
                        " 'confidential', 'grant_types': ['password']}}");
    world_rebuild(world);
    struct asked *asked = ask(world, FLOW_TOKEN, "machine:secret", OWNER);
    assert_int_equal(asked->call.answer.status, 200);
    assert_null(json_object_get(asked->call.answer.json, "refresh_token"));
    end(asked);
}

/* When the one family of ann ends: from the store, into the request's `version`. */
static bool read_end(struct store_view *view, struct store_request *request)
{
    const struct store_lease *leases = NULL;
    if (store_view_leases(view, STR("refresh"), WORLD_REALM, STR("ann"), &leases) != 1) {
        return false;
    }
    request->version = leases[0].expires_ms / 1000;
    return true;
}

static uint64_t end_of_family(struct world *world)
{
    struct store_request request = {.op = STORE_WORK, .work = read_end};
    arena_init(&request.arena, WORLD_ARENA_MAX);
    store_run(world->store, &request);
    assert_true(request.ok);
    arena_done(&request.arena);
    return request.version;
}

static void the_end_of_a_family_is_not_put_off(void **state)
{
    struct world *world = *state;
    char first[TEXT_MAX];
    char next[TEXT_MAX];
    uint64_t begun_s = world->now_s;
    world->options.refresh_idle_s = 1000;
    world->options.refresh_s = 1500;
    take(world, "machine:secret", OWNER, first);
    assert_int_equal(end_of_family(world), begun_s + 1000);
    world->now_s += 900;
    refresh(world, first, next);
    assert_int_equal(end_of_family(world), begun_s + 1500);
}

static void a_user_has_so_many_families_with_one_client(void **state)
{
    struct world *world = *state;
    char tokens[5][TEXT_MAX];
    for (size_t i = 0; i < COUNT_OF(tokens); i++) {
        take(world, "machine:secret", OWNER, tokens[i]);
        world->now_s++; /* which one is older must be plain */
    }
    char next[TEXT_MAX];
    refuse(world, tokens[0], 400, "invalid_grant");
    refuse(world, tokens[1], 400, "invalid_grant");
    refresh(world, tokens[2], next);
    refresh(world, tokens[4], next);
}

static void a_device_has_one_family(void **state)
{
    struct world *world = *state;
    char first[TEXT_MAX];
    char second[TEXT_MAX];
    char next[TEXT_MAX];
    take(world, "machine:secret", OWNER "&client_device_id=phone", first);
    take(world, "machine:secret", OWNER "&client_device_id=phone", second);
    refuse(world, first, 400, "invalid_grant");
    refresh(world, second, next);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        FLOW_TEST(each_use_gives_another_token),
        FLOW_TEST(a_lost_answer_may_be_asked_for_again_within_the_grace),
        FLOW_TEST(reuse_after_the_grace_ends_the_family),
        FLOW_TEST(an_older_generation_ends_the_family_at_once),
        FLOW_TEST(a_wrong_secret_is_refused_and_harms_nobody),
        FLOW_TEST(another_client_is_refused_and_the_family_stays),
        FLOW_TEST(a_scope_may_be_narrowed_and_never_widened),
        FLOW_TEST(who_is_gone_or_disabled_refreshes_nothing),
        FLOW_TEST(who_is_gone_from_his_sso_realm_refreshes_nothing),
        FLOW_TEST(a_scope_follows_what_client_and_user_have_lost_and_not_what_they_got),
        FLOW_TEST(a_store_that_fails_is_no_reason_to_throw_a_token_away),
        FLOW_TEST(who_may_not_refresh_gets_nothing_to_refresh_with),
        FLOW_TEST(the_end_of_a_family_is_not_put_off),
        FLOW_TEST(a_user_has_so_many_families_with_one_client),
        FLOW_TEST(a_device_has_one_family),
    };
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
