/* test_meta_registration.c - wamp.registration.*: on one worker and on two. */
#include "meta_world.h"

static void registrations_are_listed_by_policy(void **state)
{
    (void)state;
    struct actor *first = join(0);
    struct actor *second = join(1);
    unsigned long long exact = actor_register(first, 1, "com.a", "");
    unsigned long long prefix = actor_register(second, 1, "com.", "\"match\":\"prefix\"");
    unsigned long long wild = actor_register(second, 2, "com..b", "\"match\":\"wildcard\"");
    say(first, "[48,2,{},\"wamp.registration.list\"]");
    (void)expect(first, "[50,2,{},[{\"exact\":[%llu],\"prefix\":[%llu],\"wildcard\":[%llu]}]]",
                 exact, prefix, wild);
    actor_lose(second);
    say(first, "[48,3,{},\"wamp.registration.list\",[\"com.test\"]]");
    (void)expect(first, "[50,3,{},[{\"exact\":[%llu],\"prefix\":[],\"wildcard\":[]}]]", exact);
    actor_free(first);
    actor_free(second);
}

static void a_registration_is_looked_up_by_uri_and_policy_or_matched(void **state)
{
    (void)state;
    struct actor *actor = join(0);
    unsigned long long exact = actor_register(actor, 1, "com.a", "");
    unsigned long long prefix = actor_register(actor, 2, "com.a", "\"match\":\"prefix\"");
    say(actor, "[48,3,{},\"wamp.registration.lookup\",[\"com.a\"]]");
    (void)expect(actor, "[50,3,{},[%llu]]", exact);
    say(actor, "[48,4,{},\"wamp.registration.lookup\",[\"com.a\",{\"match\":\"prefix\"}]]");
    (void)expect(actor, "[50,4,{},[%llu]]", prefix);
    say(actor, "[48,5,{},\"wamp.registration.lookup\",[\"com.test\",\"com.a\"]]");
    (void)expect(actor, "[50,5,{},[%llu]]", exact);
    say(actor, "[48,6,{},\"wamp.registration.lookup\",[\"com.a.b\",null]]");
    (void)expect(actor, "[50,6,{},[null]]");
    say(actor, "[48,7,{},\"wamp.registration.match\",[\"com.a.b\"]]");
    (void)expect(actor, "[50,7,{},[%llu]]", prefix);
    say(actor, "[48,8,{},\"wamp.registration.match\",[\"com.a\"]]");
    (void)expect(actor, "[50,8,{},[%llu]]", exact);
    say(actor, "[48,9,{},\"wamp.registration.match\",[\"x\"]]");
    (void)expect(actor, "[50,9,{},[null]]");
    say(actor, "[48,10,{},\"wamp.registration.lookup\",[\"com.a\",7]]");
    (void)expect(actor, "[8,48,10,{},\"wamp.error.invalid_argument\",\"*\"]");
    actor_free(actor);
}

static void a_registration_and_its_callees_are_shown(void **state)
{
    (void)state;
    struct actor *first = join(0);
    struct actor *second = join(1);
    unsigned long long one = number_at(first, 1);
    unsigned long long two = number_at(second, 1);
    unsigned long long id = actor_register(first, 1, "com.a", "\"invoke\":\"roundrobin\"");
    (void)actor_register(second, 1, "com.a", "\"invoke\":\"roundrobin\"");
    say(second, "[48,2,{},\"wamp.registration.get\",[%llu]]", id);
    (void)expect(second,
                 "[50,2,{},[{\"id\":%llu,\"created\":\"*\",\"uri\":\"com.a\","
                 "\"match\":\"exact\",\"invoke\":\"roundrobin\"}]]",
                 id);
    say(second, "[48,3,{},\"wamp.registration.count_callees\",[%llu]]", id);
    (void)expect(second, "[50,3,{},[2]]");
    say(second, "[48,4,{},\"wamp.registration.list_callees\",[%llu]]", id);
    (void)expect(second, "[50,4,{},[[%llu,%llu]]]", one, two);
    static const char *const names[] = {"get", "list_callees", "count_callees"};
    for (unsigned i = 0; i < COUNT_OF(names); i++) {
        say(second, "[48,%u,{},\"wamp.registration.%s\",[7]]", 5 + i, names[i]);
        (void)expect(second, "[8,48,%u,{},\"wamp.error.no_such_registration\",\"*\"]", 5 + i);
    }
    actor_free(first);
    actor_free(second);
}

static void a_callee_can_be_removed(void **state)
{
    (void)state;
    struct actor *admin = join(0);
    struct actor *callee = actor_new(&world, 1 % workers, SERIALIZER_MSGPACK);
    say(callee, "[1,\"com.test\",{\"roles\":{\"callee\":{\"features\":{"
                "\"registration_revocation\":true}}}}]");
    (void)expect(callee, "[2,\"*\",\"*\"]");
    unsigned long long session = number_at(callee, 1);
    unsigned long long id = actor_register(callee, 1, "com.a", "");
    say(admin, "[48,1,{},\"wamp.registration.remove_callee\",[%llu,%llu],{\"reason\":\"why\"}]", id,
        session);
    (void)expect(admin, "[50,1,{}]");
    (void)expect(callee, "[67,0,{\"registration\":%llu,\"reason\":\"why\"}]", id);
    say(admin, "[48,2,{},\"com.a\"]");
    (void)expect(admin, "[8,48,2,{},\"wamp.error.no_such_procedure\",\"*\"]");
    say(admin, "[48,3,{},\"wamp.registration.remove_callee\",[%llu,%llu]]", id, session);
    (void)expect(admin, "[8,48,3,{},\"wamp.error.no_such_registration\",\"*\"]");
    id = actor_register(callee, 2, "com.a", "");
    say(admin, "[48,4,{},\"wamp.registration.remove_callee\",[%llu,7]]", id);
    (void)expect(admin, "[8,48,4,{},\"wamp.error.no_such_session\",\"*\"]");
    say(admin, "[48,5,{},\"wamp.registration.remove_callee\",[%llu]]", id);
    (void)expect(admin, "[8,48,5,{},\"wamp.error.invalid_argument\",\"*\"]");
    expect_silence(callee);
    actor_free(admin);
    actor_free(callee);
}

static void expect_event(struct actor *watcher, const char *topic, const char *args)
{
    (void)expect(watcher, "[36,\"*\",\"*\",{\"topic\":\"wamp.registration.%s\"},%s,%s]", topic,
                 args, "{\"procedure\":\"com.a\"}");
}

static void what_happens_to_a_registration_is_told_in_order(void **state)
{
    (void)state;
    struct actor *watchers[2] = {join(0), join(1)};
    for (unsigned i = 0; i < 2; i++) {
        (void)actor_subscribe(watchers[i], 1, "wamp.registration.", "\"match\":\"prefix\"");
    }
    struct actor *first = join(0);
    struct actor *second = join(1);
    unsigned long long one = number_at(first, 1);
    unsigned long long two = number_at(second, 1);
    unsigned long long id = actor_register(first, 1, "com.a", "\"invoke\":\"random\"");
    (void)actor_register(second, 1, "com.a", "\"invoke\":\"random\"");
    say(first, "[66,2,%llu]", id);
    actor_lose(second);
    settle(&world);
    for (unsigned i = 0; i < 2; i++) {
        char args[256];
        (void)snprintf(args, sizeof(args),
                       "[%llu,{\"id\":%llu,\"created\":\"*\",\"uri\":\"com.a\",\"match\":"
                       "\"exact\",\"invoke\":\"random\"}]",
                       one, id);
        expect_event(watchers[i], "on_create", args);
        (void)snprintf(args, sizeof(args), "[%llu,%llu]", one, id);
        expect_event(watchers[i], "on_register", args);
        (void)snprintf(args, sizeof(args), "[%llu,%llu]", two, id);
        expect_event(watchers[i], "on_register", args);
        (void)snprintf(args, sizeof(args), "[%llu,%llu]", one, id);
        expect_event(watchers[i], "on_unregister", args);
        (void)snprintf(args, sizeof(args), "[%llu,%llu]", two, id);
        expect_event(watchers[i], "on_unregister", args);
        expect_event(watchers[i], "on_delete", args);
        expect_silence(watchers[i]);
        actor_free(watchers[i]);
    }
    actor_free(first);
    actor_free(second);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(registrations_are_listed_by_policy),
        CASE(a_registration_is_looked_up_by_uri_and_policy_or_matched),
        CASE(a_registration_and_its_callees_are_shown),
        CASE(a_callee_can_be_removed),
        CASE(what_happens_to_a_registration_is_told_in_order),
    };
    int failed = 0;
    for (workers = 1; workers <= 2; workers++) {
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
