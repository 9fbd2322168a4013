/* test_session.c - HELLO to GOODBYE, and what is a protocol violation. */
#include "../../support/realm_world.h"

static struct world world;

static int set_up(void **state)
{
    (void)state;
    world_start(&world, 1, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_stop(&world);
    return 0;
}

static struct actor *newcomer(void)
{
    return actor_new(&world, 0, SERIALIZER_JSON);
}

static void expect_abort(struct actor *actor, const char *reason)
{
    (void)expect(actor, "[3,{\"message\":\"*\"},\"%s\"]", reason);
    expect_silence(actor);
    assert_int_equal(actor->finished, 1);
    actor_free(actor);
}

static void a_hello_without_methods_and_authid_is_anonymous(void **state)
{
    (void)state;
    struct actor *actor = newcomer();
    say(actor, "[1,\"com.test\",{}]");
    (void)expect(actor,
                 "[2,\"*\",{\"session\":\"*\",\"authid\":\"anonymous\",\"authrole\":\"anonymous\","
                 "\"authmethod\":\"anonymous\",\"authprovider\":\"com.leapsight.bondy\","
                 "\"authextra\":{\"node\":\"test\"},\"realm\":\"com.test\",\"agent\":\"*\","
                 "\"transport\":{\"type\":\"test\",\"peername\":\"127.0.0.1:0\"},"
                 "\"roles\":{\"broker\":\"*\",\"dealer\":\"*\"}}]");
    assert_true(number_at(actor, 1) >= 1 && number_at(actor, 1) <= 1ULL << 53);
    assert_int_equal(actor->finished, 0);
    actor_free(actor);
}

static void a_hello_that_offers_anonymous_among_others_is_welcome(void **state)
{
    (void)state;
    struct actor *actor = newcomer();
    say(actor, "[1,\"com.test\",{\"authmethods\":[\"wampcra\",\"anonymous\"],\"authid\":\"x\"}]");
    (void)expect(actor, "[2,\"*\",\"*\"]");
    actor_free(actor);
}

static void msgpack_peers_are_welcome_too(void **state)
{
    (void)state;
    struct actor *actor = actor_join(&world, 0, SERIALIZER_MSGPACK, "com.test");
    actor_free(actor);
}

static void a_peer_that_takes_only_short_messages_gets_a_short_welcome(void **state)
{
    (void)state;
    struct actor *actor = newcomer();
    actor->peer.message_max = 512;
    say(actor, "[1,\"com.test\",{}]");
    (void)expect(actor, "[2,\"*\",\"*\"]");
    actor_free(actor);
    actor = newcomer();
    actor->peer.message_max = 200;
    say(actor, "[1,\"com.test\",{}]");
    (void)expect(actor, "[2,\"*\",{\"authid\":\"*\",\"authrole\":\"*\",\"authmethod\":\"*\","
                        "\"roles\":{\"broker\":{},\"dealer\":{}}}]");
    actor_free(actor);
}

static void an_unknown_realm_is_aborted_with_its_remedy(void **state)
{
    (void)state;
    struct actor *actor = newcomer();
    say(actor, "[1,\"com.x\",{}]");
    (void)expect(actor, "[3,{\"message\":\"no realm com.x: postern realm create com.x --open\"},"
                        "\"wamp.error.no_such_realm\"]");
    assert_int_equal(actor->finished, 1);
    actor_free(actor);
}

static void a_realm_without_a_source_for_anonymous_refuses_the_method(void **state)
{
    (void)state;
    struct actor *actor = newcomer();
    say(actor, "[1,\"com.closed\",{}]");
    expect_abort(actor, "wamp.error.not_auth_method");
}

static void methods_that_do_not_work_here_are_refused(void **state)
{
    (void)state;
    struct actor *actor = newcomer();
    say(actor, "[1,\"com.test\",{\"authmethods\":[\"wampcra\"],\"authid\":\"joe\"}]");
    expect_abort(actor, "wamp.error.not_auth_method");
}

static void an_authid_that_proves_nothing_fails(void **state)
{
    (void)state;
    struct actor *actor = newcomer();
    say(actor, "[1,\"com.test\",{\"authid\":\"joe\"}]");
    expect_abort(actor, "wamp.error.authentication_failed");
}

static void a_second_hello_is_a_protocol_violation(void **state)
{
    (void)state;
    struct actor *actor = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
    say(actor, "[1,\"com.test\",{}]");
    (void)expect(
        actor, "[3,{\"message\":\"HELLO in an open session\"},\"wamp.error.protocol_violation\"]");
    say(actor, "[1,\"com.test\",{}]");
    expect_silence(actor);
    assert_int_equal(actor->finished, 1);
    actor_free(actor);
}

static void violations_are_aborted_and_finished(void **state)
{
    (void)state;
    static const char *const before[] = {
        "[48,1,{},\"com.a\"]",
        "[6,{},\"wamp.close.normal\"]",
        "[5,\"x\",{}]",
        "[2,1,{}]",
        "[1,\"com.test\"]",
        "[1,\"com.test\",{},1]",
        "[1,7,{}]",
        "[1,\"com.test\",{\"authid\":7}]",
        "[]",
        "{}",
        "[99]",
        "[\"x\"]",
    };
    static const char *const within[] = {
        "[36,1,1,{}]",         "[48,1,{}]",
        "[48,0,{},\"com.a\"]", "[48,9007199254740993,{},\"com.a\"]",
        "[48,1,[],\"com.a\"]", "[48,1,{},\"com.a\",{}]",
        "[70,1,{}]",           "[8,48,1,{},\"a.b\"]",
        "[8,68,1,{},\"a.b\"]", "[5,\"x\",{}]",
        "[50,1,{}]",
    };
    for (size_t i = 0; i < COUNT_OF(before); i++) {
        struct actor *actor = newcomer();
        say(actor, "%s", before[i]);
        expect_abort(actor, "wamp.error.protocol_violation");
    }
    for (size_t i = 0; i < COUNT_OF(within); i++) {
        struct actor *actor = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
        say(actor, "%s", within[i]);
        expect_abort(actor, "wamp.error.protocol_violation");
    }
}

static void bytes_that_are_no_message_are_a_protocol_violation(void **state)
{
    (void)state;
    static const struct str bytes[] = {STR_INIT(""), STR_INIT("\xff\xff"), STR_INIT("[1,")};
    for (size_t i = 0; i < COUNT_OF(bytes); i++) {
        struct actor *actor = newcomer();
        say_raw(actor, bytes[i]);
        expect_abort(actor, "wamp.error.protocol_violation");
    }
}

static void after_goodbye_the_connection_takes_a_new_hello(void **state)
{
    (void)state;
    struct actor *actor = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
    unsigned long long first = number_at(actor, 1);
    (void)actor_register(actor, 1, "com.a", "");
    say(actor, "[6,{},\"wamp.close.normal\"]");
    (void)expect(actor, "[6,{},\"wamp.close.goodbye_and_out\"]");
    assert_int_equal(actor->finished, 0);
    say(actor, "[1,\"com.test\",{}]");
    (void)expect(actor, "[2,\"*\",\"*\"]");
    assert_true(number_at(actor, 1) != first);
    say(actor, "[48,1,{},\"com.a\"]");
    (void)expect(actor,
                 "[8,48,1,{},\"wamp.error.no_such_procedure\",[\"no service registered com.a\"]]");
    actor_free(actor);
}

static void an_abort_from_the_peer_ends_it_quietly(void **state)
{
    (void)state;
    struct actor *actor = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
    say(actor, "[3,{},\"wamp.close.normal\"]");
    expect_silence(actor);
    assert_int_equal(actor->finished, 1);
    actor_free(actor);
}

static void shutdown_here(void *ctx)
{
    router_shutdown(ctx);
}

static void a_shutdown_says_goodbye_to_sessions_and_aborts_new_ones(void **state)
{
    (void)state;
    struct actor *waiting = newcomer();
    struct actor *joined = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
    on_worker(&world, 0, shutdown_here, world.router);
    settle(&world);
    (void)expect(joined, "[6,{},\"wamp.close.system_shutdown\"]");
    assert_int_equal(joined->finished, 1);
    assert_int_equal(waiting->finished, 1);
    struct actor *late = newcomer();
    say(late, "[1,\"com.test\",{}]");
    (void)expect(late, "[3,\"*\",\"wamp.close.system_shutdown\"]");
    actor_free(waiting);
    actor_free(joined);
    actor_free(late);
}

static void a_node_that_is_full_refuses_sessions(void **state)
{
    (void)state;
    struct router_options limits = world_limits();
    limits.sessions_max = 1;
    world_stop(&world);
    world_start(&world, 1, &limits);
    struct actor *first = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
    struct actor *second = newcomer();
    say(second, "[1,\"com.test\",{}]");
    expect_abort(second, "wamp.error.unavailable");
    actor_free(first);
    actor_free(actor_join(&world, 0, SERIALIZER_JSON, "com.test"));
}

static void who_says_no_hello_in_time_is_sent_away(void **state)
{
    (void)state;
    struct router_options limits = world_limits();
    limits.hello_timeout_ms = 2500;
    world_stop(&world);
    world_start(&world, 1, &limits);
    struct actor *slow = newcomer();
    struct actor *quick = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
    for (unsigned i = 0; i < 2000 && unheard(slow) == 0; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        settle(&world);
    }
    expect_abort(slow, "wamp.error.timeout");
    assert_int_equal(quick->finished, 0);
    actor_free(quick);
}

static void drained_here(void *ctx)
{
    session_drained(((struct actor *)ctx)->session);
}

static void a_peer_that_does_not_read_is_not_read_until_it_does(void **state)
{
    (void)state;
    struct actor *actor = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
    actor->queued = 600000;
    say(actor, "[48,1,{},\"com.a\"]");
    say(actor, "[48,2,{},\"com.a\"]");
    assert_int_equal(actor->pauses, 1);
    actor->queued = 0;
    on_worker(&world, 0, drained_here, actor);
    assert_int_equal(actor->resumes, 1);
    on_worker(&world, 0, drained_here, actor);
    assert_int_equal(actor->resumes, 1);
    actor_free(actor);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_hello_without_methods_and_authid_is_anonymous),
        CASE(a_hello_that_offers_anonymous_among_others_is_welcome),
        CASE(msgpack_peers_are_welcome_too),
        CASE(a_peer_that_takes_only_short_messages_gets_a_short_welcome),
        CASE(an_unknown_realm_is_aborted_with_its_remedy),
        CASE(a_realm_without_a_source_for_anonymous_refuses_the_method),
        CASE(methods_that_do_not_work_here_are_refused),
        CASE(an_authid_that_proves_nothing_fails),
        CASE(a_second_hello_is_a_protocol_violation),
        CASE(violations_are_aborted_and_finished),
        CASE(bytes_that_are_no_message_are_a_protocol_violation),
        CASE(after_goodbye_the_connection_takes_a_new_hello),
        CASE(an_abort_from_the_peer_ends_it_quietly),
        CASE(a_shutdown_says_goodbye_to_sessions_and_aborts_new_ones),
        CASE(a_node_that_is_full_refuses_sessions),
        CASE(who_says_no_hello_in_time_is_sent_away),
        CASE(a_peer_that_does_not_read_is_not_read_until_it_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
