/* test_request_ids.c - ids count 1, 2, 3 ... in both directions of a session. */
#include "../../support/realm_world.h"
#include "realm/session_inside.h"

static struct world world;

static void start(bool any)
{
    struct router_options limits = world_limits();
    limits.any_request_ids = any;
    world_start(&world, 2, &limits);
}

static int set_up(void **state)
{
    (void)state;
    start(false);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_stop(&world);
    return 0;
}

static struct actor *join(void)
{
    return actor_join(&world, 0, SERIALIZER_JSON, "com.test");
}

static void expect_refused(struct actor *actor, const char *what, unsigned id, unsigned next)
{
    (void)expect(actor,
                 "[3,{\"message\":\"%s: request %u where %u is next (wamp.request_ids=lenient "
                 "takes any)\"},\"wamp.error.protocol_violation\"]",
                 what, id, next);
    expect_silence(actor);
    assert_int_equal(actor->finished, 1);
    actor_free(actor);
}

static void all_requests_of_a_session_share_one_count(void **state)
{
    (void)state;
    struct actor *actor = join();
    unsigned long long registration = actor_register(actor, 1, "com.a", "");
    unsigned long long subscription = actor_subscribe(actor, 2, "com.a", "");
    say(actor, "[16,3,{\"acknowledge\":true},\"com.a\"]");
    (void)expect(actor, "[17,3,\"*\"]");
    say(actor, "[16,4,{},\"com.a\"]");
    say(actor, "[48,5,{},\"com.none\"]");
    (void)expect(actor, "[8,48,5,\"*\",\"*\",\"*\"]");
    say(actor, "[49,5,{}]");
    say(actor, "[34,6,%llu]", subscription);
    (void)expect(actor, "[35,6]");
    say(actor, "[34,7,%llu]", subscription);
    (void)expect(actor, "[8,34,7,\"*\",\"wamp.error.no_such_subscription\",\"*\"]");
    say(actor, "[66,8,%llu]", registration);
    (void)expect(actor, "[67,8]");
    say(actor, "[48,9,{},\"com.none\"]");
    (void)expect(actor, "[8,48,9,\"*\",\"*\",\"*\"]");
    actor_free(actor);
}

static void an_id_that_is_not_next_ends_the_session(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        unsigned type;
        const char *rest;
        bool again; /* also with an id that has been */
    } cases[] = {
        {"PUBLISH", MESSAGE_PUBLISH, "{},\"com.a\"", true},
        {"SUBSCRIBE", MESSAGE_SUBSCRIBE, "{},\"com.a\"", true},
        {"UNSUBSCRIBE", MESSAGE_UNSUBSCRIBE, "7", true},
        {"CALL", MESSAGE_CALL, "{},\"com.a\"", false},
        {"REGISTER", MESSAGE_REGISTER, "{},\"com.b\"", true},
        {"UNREGISTER", MESSAGE_UNREGISTER, "7", true},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        const char *name = cases[i].name;
        unsigned wrong = cases[i].again ? 2 : 9;
        struct actor *actor = join();
        say(actor, "[%u,2,%s]", cases[i].type, cases[i].rest);
        expect_refused(actor, name, 2, 1);
        actor = join();
        (void)actor_register(actor, 1, "com.a", "");
        (void)actor_register(actor, 2, "com.c", "");
        say(actor, "[%u,%u,%s]", cases[i].type, wrong, cases[i].rest);
        expect_refused(actor, name, wrong, 3);
        /* What it offered is gone with it. */
        actor = join();
        (void)actor_register(actor, 1, "com.a", "");
        actor_free(actor);
    }
}

static void a_call_with_an_id_that_has_been_is_late_and_goes_nowhere(void **state)
{
    (void)state;
    struct actor *callee = join();
    struct actor *caller = join();
    (void)actor_register(callee, 1, "com.a", "");
    say(caller, "[48,1,{},\"com.a\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(callee, "[70,1,{}]");
    (void)expect(caller, "[50,1,{}]");
    say(caller, "[48,1,{},\"com.a\"]");
    expect_silence(callee);
    expect_silence(caller);
    say(caller, "[48,2,{},\"com.a\"]");
    (void)expect(callee, "[68,2,\"*\",\"*\"]");
    assert_int_equal(caller->finished, 0);
    actor_free(callee);
    actor_free(caller);
}

static void the_count_wraps_at_the_largest_id(void **state)
{
    (void)state;
    struct actor *actor = join();
    actor->session->last_request = WAMP_ID_MAX - 1;
    say(actor, "[48,9007199254740992,{},\"com.a\"]");
    (void)expect(actor, "[8,48,9007199254740992,\"*\",\"*\",\"*\"]");
    say(actor, "[48,1,{},\"com.a\"]");
    (void)expect(actor, "[8,48,1,\"*\",\"*\",\"*\"]");
    say(actor, "[48,9007199254740992,{},\"com.a\"]");
    expect_silence(actor);
    assert_int_equal(actor->finished, 0);
    actor_free(actor);
}

static void a_new_session_on_the_connection_counts_from_one_or_on(void **state)
{
    (void)state;
    for (unsigned first = 1; first <= 4; first++) {
        struct actor *actor = join();
        (void)actor_register(actor, 1, "com.a", "");
        (void)actor_register(actor, 2, "com.b", "");
        say(actor, "[6,{},\"wamp.close.normal\"]");
        (void)expect(actor, "[6,{},\"wamp.close.goodbye_and_out\"]");
        say(actor, "[1,\"com.test\",{}]");
        (void)expect(actor, "[2,\"*\",\"*\"]");
        say(actor, "[48,%u,{},\"com.a\"]", first);
        if (first == 1 || first == 3) {
            (void)expect(actor, "[8,48,%u,\"*\",\"*\",\"*\"]", first);
            say(actor, "[48,%u,{},\"com.a\"]", first + 1);
            (void)expect(actor, "[8,48,%u,\"*\",\"*\",\"*\"]", first + 1);
            actor_free(actor);
        } else {
            expect_refused(actor, "CALL", first, 1);
        }
    }
}

static void the_lenient_setting_takes_any_id_but_that_of_a_call_in_flight(void **state)
{
    (void)state;
    world_stop(&world);
    start(true);
    struct actor *actor = join();
    (void)actor_register(actor, 77, "com.a", "");
    (void)actor_register(actor, 3, "com.b", "");
    say(actor, "[48,9,{},\"com.none\"]");
    (void)expect(actor, "[8,48,9,\"*\",\"*\",\"*\"]");
    say(actor, "[48,9,{},\"com.none\"]");
    (void)expect(actor, "[8,48,9,\"*\",\"*\",\"*\"]");
    actor_free(actor);
}

static void invocations_are_counted_for_each_callee_and_session(void **state)
{
    (void)state;
    struct actor *first = join();
    struct actor *second = actor_join(&world, 1, SERIALIZER_MSGPACK, "com.test");
    struct actor *caller = join();
    (void)actor_register(first, 1, "com.first", "");
    (void)actor_register(second, 1, "com.second", "");
    for (unsigned i = 1; i <= 3; i++) {
        say(caller, "[48,%u,{},\"com.first\"]", 2 * i - 1);
        (void)expect(first, "[68,%u,\"*\",\"*\"]", i);
        say(caller, "[48,%u,{},\"com.second\"]", 2 * i);
        (void)expect(second, "[68,%u,\"*\",\"*\"]", i);
    }
    say(first, "[6,{},\"wamp.close.normal\"]");
    (void)expect(first, "[6,{},\"wamp.close.goodbye_and_out\"]");
    for (unsigned i = 0; i < 3; i++) {
        (void)expect(caller, "[8,48,\"*\",{},\"wamp.error.canceled\",\"*\"]");
    }
    say(first, "[1,\"com.test\",{}]");
    (void)expect(first, "[2,\"*\",\"*\"]");
    (void)actor_register(first, 1, "com.first", "");
    say(caller, "[48,7,{},\"com.first\"]");
    (void)expect(first, "[68,1,\"*\",\"*\"]");
    actor_free(first);
    actor_free(second);
    actor_free(caller);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(all_requests_of_a_session_share_one_count),
        CASE(an_id_that_is_not_next_ends_the_session),
        CASE(a_call_with_an_id_that_has_been_is_late_and_goes_nowhere),
        CASE(the_count_wraps_at_the_largest_id),
        CASE(a_new_session_on_the_connection_counts_from_one_or_on),
        CASE(the_lenient_setting_takes_any_id_but_that_of_a_call_in_flight),
        CASE(invocations_are_counted_for_each_callee_and_session),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
