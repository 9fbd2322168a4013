/* test_meta_session.c - wamp.session.*: on one worker and on two. */
#include "meta_world.h"

static unsigned long long id_of(const struct actor *actor)
{
    return number_at(actor, 1); /* its WELCOME is the last it heard */
}

static void sessions_are_counted_and_listed(void **state)
{
    (void)state;
    struct actor *first = join(0);
    struct actor *second = join(1);
    unsigned long long one = id_of(first);
    unsigned long long two = id_of(second);
    struct actor *elsewhere = actor_new(&world, 0, SERIALIZER_JSON);
    struct actor *closed = join(1);
    say(elsewhere, "[1,\"com.tight\",{}]");
    actor_lose(closed);
    say(first, "[48,1,{},\"wamp.session.count\"]");
    (void)expect(first, "[50,1,{},[2]]");
    say(first, "[48,2,{},\"wamp.session.list\"]");
    const json_t *answer = expect(first, "[50,2,{},[[\"*\",\"*\"]]]");
    const json_t *ids = json_array_get(json_array_get(answer, 3), 0);
    unsigned long long sum = (unsigned long long)json_integer_value(json_array_get(ids, 0)) +
                             (unsigned long long)json_integer_value(json_array_get(ids, 1));
    assert_true(sum == one + two);
    say(second, "[48,1,{},\"wamp.session.count\",[[\"anonymous\",\"x\"]]]");
    (void)expect(second, "[50,1,{},[2]]");
    say(second, "[48,2,{},\"wamp.session.count\",[[\"x\"]]]");
    (void)expect(second, "[50,2,{},[0]]");
    say(second, "[48,3,{},\"wamp.session.list\",[[]]]");
    (void)expect(second, "[50,3,{},[[]]]");
    say(second, "[48,4,{},\"wamp.session.count\",[null]]");
    (void)expect(second, "[50,4,{},[2]]");
    say(second, "[48,5,{},\"wamp.session.count\",[\"com.test\"]]");
    (void)expect(second, "[50,5,{},[2]]");
    actor_free(first);
    actor_free(second);
    actor_free(elsewhere);
    actor_free(closed);
}

static void arguments_of_a_wrong_type_or_number_are_refused(void **state)
{
    (void)state;
    static const char *const calls[] = {
        "\"wamp.session.count\",[7]",
        "\"wamp.session.count\",[[7]]",
        "\"wamp.session.count\",[[],[]]",
        "\"wamp.session.list\",[{}]",
        "\"wamp.session.get\"",
        "\"wamp.session.get\",[]",
        "\"wamp.session.get\",[\"x\"]",
        "\"wamp.session.get\",[0]",
        "\"wamp.session.get\",[-1]",
        "\"wamp.session.get\",[1.5]",
        "\"wamp.session.get\",[9007199254740993]",
        "\"wamp.session.get\",[1,2]",
        "\"wamp.session.get\",[\"com.tight\",1]",
        "\"wamp.session.kill\",[]",
        "\"wamp.session.kill\",[1],{\"reason\":7}",
        "\"wamp.session.kill\",[1],{\"message\":7}",
        "\"wamp.session.kill_by_authid\",[]",
        "\"wamp.session.kill_by_authid\",[7]",
        "\"wamp.session.kill_by_authrole\",[null]",
        "\"wamp.session.kill_all\",[1]",
    };
    struct actor *actor = join(0);
    for (unsigned i = 0; i < COUNT_OF(calls); i++) {
        say(actor, "[48,%u,{},%s]", i + 1, calls[i]);
        (void)expect(actor, "[8,48,%u,{},\"wamp.error.invalid_argument\",\"*\"]", i + 1);
    }
    actor_free(actor);
}

static void a_session_is_shown_as_it_was_welcomed(void **state)
{
    (void)state;
    struct actor *first = join(0);
    struct actor *second = join(1);
    unsigned long long id = id_of(second);
    say(first, "[48,1,{},\"wamp.session.get\",[%llu]]", id);
    (void)expect(first,
                 "[50,1,{},[{\"session\":%llu,\"realm\":\"com.test\",\"authid\":\"anonymous\","
                 "\"authrole\":\"anonymous\",\"authmethod\":\"anonymous\",\"authprovider\":"
                 "\"com.leapsight.bondy\",\"authextra\":{\"node\":\"test\"},\"transport\":"
                 "{\"type\":\"test\",\"peername\":\"127.0.0.1:0\"}}]]",
                 id);
    say(first, "[48,2,{},\"wamp.session.get\",[\"com.test\",%llu]]", id);
    (void)expect(first, "[50,2,{},[\"*\"]]");
    actor_lose(second);
    say(first, "[48,3,{},\"wamp.session.get\",[%llu]]", id);
    (void)expect(first, "[8,48,3,{},\"wamp.error.no_such_session\",\"*\"]");
    actor_free(first);
    actor_free(second);
}

static void sessions_of_other_realms_are_neither_seen_nor_killed(void **state)
{
    (void)state;
    struct actor *here = join(0);
    struct actor *there = actor_new(&world, 0, SERIALIZER_JSON);
    say(there, "[1,\"com.tight\",{}]");
    (void)expect(there, "[2,\"*\",\"*\"]");
    unsigned long long id = id_of(there);
    say(here, "[48,1,{},\"wamp.session.get\",[%llu]]", id);
    (void)expect(here, "[8,48,1,{},\"wamp.error.no_such_session\",\"*\"]");
    say(here, "[48,2,{},\"wamp.session.kill\",[%llu]]", id);
    (void)expect(here, "[8,48,2,{},\"wamp.error.no_such_session\",\"*\"]");
    say(here, "[48,3,{},\"wamp.session.kill_all\"]");
    (void)expect(here, "[50,3,{},[0]]");
    expect_silence(there);
    say(there, "[48,1,{},\"wamp.session.count\"]");
    (void)expect(there, "[8,48,1,{},\"wamp.error.not_authorized\",\"*\"]");
    actor_free(here);
    actor_free(there);
}

static void a_session_can_be_killed_with_reason_and_message(void **state)
{
    (void)state;
    struct actor *killer = join(0);
    unsigned long long own = id_of(killer);
    struct actor *first = join(1);
    struct actor *second = join(1);
    unsigned long long one = id_of(first);
    unsigned long long two = id_of(second);
    (void)actor_register(first, 1, "com.a", "");
    say(killer, "[48,1,{},\"wamp.session.kill\",[%llu]]", one);
    (void)expect(killer, "[50,1,{}]");
    (void)expect(first, "[6,{},\"wamp.close.killed\"]");
    assert_int_equal(first->finished, 1);
    say(killer, "[48,2,{},\"com.a\"]");
    (void)expect(killer, "[8,48,2,{},\"wamp.error.no_such_procedure\",\"*\"]");
    say(killer,
        "[48,3,{},\"wamp.session.kill\",[%llu],{\"reason\":\"com.reason\",\"message\":\"go\"}]",
        two);
    (void)expect(killer, "[50,3,{}]");
    (void)expect(second, "[6,{\"message\":\"go\"},\"com.reason\"]");
    say(killer, "[48,4,{},\"wamp.session.kill\",[%llu]]", two);
    (void)expect(killer, "[8,48,4,{},\"wamp.error.no_such_session\",\"*\"]");
    say(killer, "[48,5,{},\"wamp.session.kill\",[%llu]]", own);
    (void)expect(killer, "[8,48,5,{},\"wamp.error.no_such_session\",\"*\"]");
    say(killer, "[48,6,{},\"wamp.session.kill\",[1],{\"reason\":\"a b\"}]");
    (void)expect(killer, "[8,48,6,{},\"wamp.error.invalid_uri\",\"*\"]");
    say(killer, "[48,7,{},\"wamp.session.kill_all\",[],{\"reason\":\"\"}]");
    (void)expect(killer, "[8,48,7,{},\"wamp.error.invalid_uri\",\"*\"]");
    assert_int_equal(killer->finished, 0);
    actor_free(killer);
    actor_free(first);
    actor_free(second);
}

static void killing_by_authid_lists_and_by_authrole_counts_and_spares_the_caller(void **state)
{
    (void)state;
    struct actor *killer = join(0);
    struct actor *others[4];
    for (unsigned round = 0; round < 3; round++) {
        static const char *const calls[] = {
            "\"wamp.session.kill_by_authid\",[\"anonymous\"]",
            "\"wamp.session.kill_by_authrole\",[\"anonymous\"]",
            "\"wamp.session.kill_all\"",
        };
        for (unsigned i = 0; i < 4; i++) {
            others[i] = join(i);
        }
        say(killer, "[48,%u,{},\"wamp.session.kill_by_authid\",[\"x\"]]", 3 * round + 1);
        (void)expect(killer, "[50,%u,{},[[]]]", 3 * round + 1);
        say(killer, "[48,%u,{},\"wamp.session.kill_by_authrole\",[\"x\"]]", 3 * round + 2);
        (void)expect(killer, "[50,%u,{},[0]]", 3 * round + 2);
        say(killer, "[48,%u,{},%s]", 3 * round + 3, calls[round]);
        (void)expect(killer, "[50,%u,{},[%s]]", 3 * round + 3,
                     round == 0 ? "[\"*\",\"*\",\"*\",\"*\"]" : "4");
        for (unsigned i = 0; i < 4; i++) {
            (void)expect(others[i], "[6,{},\"wamp.close.killed\"]");
            assert_int_equal(others[i]->finished, 1);
            actor_free(others[i]);
        }
    }
    assert_int_equal(killer->finished, 0);
    actor_free(killer);
}

static void joining_and_leaving_are_told_to_all_who_watch(void **state)
{
    (void)state;
    struct actor *watchers[3];
    unsigned long long joins[3];
    unsigned long long leaves[3];
    for (unsigned i = 0; i < 3; i++) {
        watchers[i] = join(i);
    }
    for (unsigned i = 0; i < 3; i++) {
        joins[i] = actor_subscribe(watchers[i], 1, "wamp.session.on_join", "");
        leaves[i] = actor_subscribe(watchers[i], 2, "wamp.session",
                                    i == 0 ? "\"match\":\"prefix\"" : "\"match\":\"wildcard\"");
        if (i > 0) {
            leaves[i] = actor_subscribe(watchers[i], 3, "wamp..on_leave", "\"match\":\"wildcard\"");
        }
    }
    struct actor *guest = join(1);
    unsigned long long id = id_of(guest);
    actor_lose(guest);
    for (unsigned i = 0; i < 3; i++) {
        (void)expect(watchers[i],
                     "[36,%llu,\"*\",{\"topic\":\"wamp.session.on_join\"},[{\"session\":%llu,"
                     "\"realm\":\"*\",\"authid\":\"anonymous\",\"authrole\":\"anonymous\","
                     "\"authmethod\":\"*\",\"authprovider\":\"*\",\"authextra\":\"*\","
                     "\"transport\":\"*\"}]]",
                     joins[i], id);
        if (i == 0) {
            (void)expect(watchers[i], "[36,%llu,\"*\",{\"topic\":\"wamp.session.on_join\"},\"*\"]",
                         leaves[i]);
        }
        (void)expect(watchers[i],
                     "[36,%llu,\"*\",{\"topic\":\"wamp.session.on_leave\"},"
                     "[%llu,\"anonymous\",\"anonymous\"]]",
                     leaves[i], id);
        expect_silence(watchers[i]);
    }
    for (unsigned i = 0; i < 3; i++) {
        actor_free(watchers[i]);
    }
    actor_free(guest);
}

static void clients_cannot_forge_what_the_router_tells(void **state)
{
    (void)state;
    static const char *const topics[] = {"wamp.session.on_join", "wamp.x", "wamp", "bondy.x",
                                         "com.leapsight.bondy.x"};
    struct actor *actor = join(0);
    (void)actor_subscribe(actor, 1, "wamp", "\"match\":\"prefix\"");
    for (unsigned i = 0; i < COUNT_OF(topics); i++) {
        say(actor, "[16,%u,{\"acknowledge\":true,\"exclude_me\":false},\"%s\"]", 2 * i + 2,
            topics[i]);
        (void)expect(actor, "[8,16,%u,{},\"wamp.error.not_authorized\",\"*\"]", 2 * i + 2);
        say(actor, "[64,%u,{},\"%s\"]", 2 * i + 3, topics[i]);
        (void)expect(actor, "[8,64,%u,{},\"wamp.error.not_authorized\",\"*\"]", 2 * i + 3);
    }
    say(actor, "[16,12,{\"exclude_me\":false},\"wampum.x\"]");
    (void)expect(actor, "[36,\"*\",\"*\",{\"topic\":\"wampum.x\"%s}]",
                 ",\"publisher\":\"*\",\"publisher_authid\":\"*\",\"publisher_authrole\":\"*\"");
    expect_silence(actor);
    actor_free(actor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(sessions_are_counted_and_listed),
        CASE(arguments_of_a_wrong_type_or_number_are_refused),
        CASE(a_session_is_shown_as_it_was_welcomed),
        CASE(sessions_of_other_realms_are_neither_seen_nor_killed),
        CASE(a_session_can_be_killed_with_reason_and_message),
        CASE(killing_by_authid_lists_and_by_authrole_counts_and_spares_the_caller),
        CASE(joining_and_leaving_are_told_to_all_who_watch),
        CASE(clients_cannot_forge_what_the_router_tells),
    };
    int failed = 0;
    for (workers = 1; workers <= 2; workers++) {
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
