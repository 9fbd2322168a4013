/* test_meta_subscription.c - wamp.subscription.*: on one worker and on two. */
#include "meta_world.h"

static void subscriptions_are_listed_by_policy(void **state)
{
    (void)state;
    struct actor *first = join(0);
    struct actor *second = join(1);
    unsigned long long exact = actor_subscribe(first, 1, "com.a", "");
    unsigned long long prefix = actor_subscribe(second, 1, "com.", "\"match\":\"prefix\"");
    unsigned long long wild = actor_subscribe(second, 2, "com..b", "\"match\":\"wildcard\"");
    say(first, "[48,2,{},\"wamp.subscription.list\"]");
    (void)expect(first, "[50,2,{},[{\"exact\":[%llu],\"prefix\":[%llu],\"wildcard\":[%llu]}]]",
                 exact, prefix, wild);
    actor_lose(second);
    say(first, "[48,3,{},\"wamp.subscription.list\",[\"com.test\"]]");
    (void)expect(first, "[50,3,{},[{\"exact\":[%llu],\"prefix\":[],\"wildcard\":[]}]]", exact);
    actor_free(first);
    actor_free(second);
}

static void a_subscription_is_looked_up_by_uri_and_policy(void **state)
{
    (void)state;
    struct actor *actor = join(0);
    unsigned long long exact = actor_subscribe(actor, 1, "com.a", "");
    unsigned long long prefix = actor_subscribe(actor, 2, "com.a", "\"match\":\"prefix\"");
    say(actor, "[48,3,{},\"wamp.subscription.lookup\",[\"com.a\"]]");
    (void)expect(actor, "[50,3,{},[%llu]]", exact);
    say(actor, "[48,4,{},\"wamp.subscription.lookup\",[\"com.a\",{\"match\":\"prefix\"}]]");
    (void)expect(actor, "[50,4,{},[%llu]]", prefix);
    say(actor, "[48,5,{},\"wamp.subscription.lookup\",[\"com.a\",{\"match\":\"wildcard\"}]]");
    (void)expect(actor, "[50,5,{},[null]]");
    say(actor, "[48,6,{},\"wamp.subscription.lookup\",[\"com.a.b\"]]");
    (void)expect(actor, "[50,6,{},[null]]");
    say(actor, "[48,7,{},\"wamp.subscription.match\",[\"com.a.b\"]]");
    (void)expect(actor, "[50,7,{},[[%llu]]]", prefix);
    say(actor, "[48,8,{},\"wamp.subscription.match\",[\"com.a\"]]");
    (void)expect(actor, "[50,8,{},[[%llu,%llu]]]", exact, prefix);
    say(actor, "[48,9,{},\"wamp.subscription.match\",[\"x\"]]");
    (void)expect(actor, "[50,9,{},[null]]");
    say(actor, "[48,10,{},\"wamp.subscription.lookup\",[\"com.a\",{\"match\":\"x\"}]]");
    (void)expect(actor, "[8,48,10,{},\"wamp.error.invalid_argument\",\"*\"]");
    say(actor, "[48,11,{},\"wamp.subscription.lookup\",[7]]");
    (void)expect(actor, "[8,48,11,{},\"wamp.error.invalid_argument\",\"*\"]");
    actor_free(actor);
}

static void a_subscription_and_its_members_are_shown(void **state)
{
    (void)state;
    struct actor *first = join(0);
    struct actor *second = join(1);
    unsigned long long one = number_at(first, 1);
    unsigned long long two = number_at(second, 1);
    unsigned long long id = actor_subscribe(first, 1, "com.a", "");
    (void)actor_subscribe(first, 2, "com.a", "");
    (void)actor_subscribe(second, 1, "com.a", "");
    say(second, "[48,2,{},\"wamp.subscription.get\",[%llu]]", id);
    (void)expect(second,
                 "[50,2,{},[{\"id\":%llu,\"created\":\"*\",\"uri\":\"com.a\","
                 "\"match\":\"exact\"}]]",
                 id);
    say(second, "[48,3,{},\"wamp.subscription.count_subscribers\",[%llu]]", id);
    (void)expect(second, "[50,3,{},[2]]");
    say(second, "[48,4,{},\"wamp.subscription.list_subscribers\",[%llu]]", id);
    (void)expect(second, "[50,4,{},[[%llu,%llu]]]", one, two);
    static const char *const names[] = {"get", "list_subscribers", "count_subscribers"};
    for (unsigned i = 0; i < COUNT_OF(names); i++) {
        say(second, "[48,%u,{},\"wamp.subscription.%s\",[7]]", 5 + i, names[i]);
        (void)expect(second, "[8,48,%u,{},\"wamp.error.no_such_subscription\",\"*\"]", 5 + i);
    }
    actor_free(first);
    actor_free(second);
}

static void expect_event(struct actor *watcher, const char *topic, const char *args)
{
    (void)expect(watcher, "[36,\"*\",\"*\",{\"topic\":\"wamp.subscription.%s\"},%s,%s]", topic,
                 args, "{\"topic\":\"com.a\"}");
}

static void what_happens_to_a_subscription_is_told_in_order(void **state)
{
    (void)state;
    struct actor *watchers[2] = {join(0), join(1)};
    for (unsigned i = 0; i < 2; i++) {
        (void)actor_subscribe(watchers[i], 1, "wamp.subscription", "\"match\":\"prefix\"");
        /* Not about itself, and of the other one neither. */
        expect_silence(watchers[i]);
    }
    struct actor *first = join(0);
    struct actor *second = join(1);
    unsigned long long one = number_at(first, 1);
    unsigned long long two = number_at(second, 1);
    unsigned long long id = actor_subscribe(first, 1, "com.a", "");
    (void)actor_subscribe(second, 1, "com.a", "");
    (void)actor_subscribe(second, 2, "com.a", "");
    say(first, "[34,2,%llu]", id);
    actor_lose(second);
    settle(&world);
    for (unsigned i = 0; i < 2; i++) {
        char args[256];
        (void)snprintf(args, sizeof(args),
                       "[%llu,{\"id\":%llu,\"created\":\"*\",\"uri\":\"com.a\",\"match\":"
                       "\"exact\"}]",
                       one, id);
        expect_event(watchers[i], "on_create", args);
        (void)snprintf(args, sizeof(args), "[%llu,%llu]", one, id);
        expect_event(watchers[i], "on_subscribe", args);
        (void)snprintf(args, sizeof(args), "[%llu,%llu]", two, id);
        expect_event(watchers[i], "on_subscribe", args);
        (void)snprintf(args, sizeof(args), "[%llu,%llu]", one, id);
        expect_event(watchers[i], "on_unsubscribe", args);
        (void)snprintf(args, sizeof(args), "[%llu,%llu]", two, id);
        expect_event(watchers[i], "on_unsubscribe", args);
        expect_event(watchers[i], "on_delete", args);
        expect_silence(watchers[i]);
        actor_free(watchers[i]);
    }
    actor_free(first);
    actor_free(second);
}

enum { ROUNDS = 200 };

/* Subscribes and unsubscribes many times, all in one go on its worker. */
static void come_and_go_here(void *ctx)
{
    struct actor *actor = ctx;
    for (unsigned i = 0; i < ROUNDS; i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "[32,%u,{},\"com.a\"]", 2 * i + 1);
        session_receive(actor->session, str_of(text));
        (void)expect(actor, "[33,%u,\"*\"]", 2 * i + 1);
        (void)snprintf(text, sizeof(text), "[34,%u,%llu]", 2 * i + 2, number_at(actor, 2));
        session_receive(actor->session, str_of(text));
        (void)expect(actor, "[35,%u]", 2 * i + 2);
    }
}

static void *come_and_go(void *ctx)
{
    struct actor *actor = ctx;
    on_worker(&world, actor->worker, come_and_go_here, actor);
    return NULL;
}

/* What a watcher makes of the events: the subscription that there is, and its members. */
static void follow(struct actor *watcher, long long *alive, unsigned *members)
{
    const json_t *event = expect(watcher, "[36,\"*\",\"*\",\"*\",\"*\",\"*\"]");
    const char *topic = json_string_value(json_object_get(json_array_get(event, 3), "topic")) + 18;
    const json_t *subject = json_array_get(json_array_get(event, 4), 1);
    if (strcmp(topic, "on_create") == 0) {
        assert_true(*alive == 0 && *members == 0);
        *alive = json_integer_value(json_object_get(subject, "id"));
        return;
    }
    assert_true(*alive != 0 && json_integer_value(subject) == *alive);
    if (strcmp(topic, "on_subscribe") == 0) {
        ++*members;
    } else if (strcmp(topic, "on_unsubscribe") == 0) {
        assert_true(*members > 0);
        --*members;
    } else {
        assert_string_equal(topic, "on_delete");
        assert_int_equal(*members, 0);
        *alive = 0;
    }
}

static void workers_that_race_are_told_of_in_one_order(void **state)
{
    (void)state;
    struct actor *watchers[2] = {join(0), join(1)};
    struct actor *racers[2];
    pthread_t threads[2];
    for (unsigned i = 0; i < 2; i++) {
        (void)actor_subscribe(watchers[i], 1, "wamp.subscription.", "\"match\":\"prefix\"");
        racers[i] = actor_join(&world, i % workers, SERIALIZER_JSON, "com.test");
    }
    for (unsigned i = 0; i < 2; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, come_and_go, racers[i]), 0);
    }
    for (unsigned i = 0; i < 2; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    settle(&world);
    for (unsigned i = 0; i < 2; i++) {
        long long alive = 0;
        unsigned members = 0;
        size_t events = unheard(watchers[i]);
        assert_true(events >= (size_t)2 * 2 * ROUNDS + 2);
        for (size_t k = 0; k < events; k++) {
            follow(watchers[i], &alive, &members);
        }
        assert_true(alive == 0 && members == 0);
        actor_free(watchers[i]);
        actor_free(racers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(subscriptions_are_listed_by_policy),
        CASE(a_subscription_is_looked_up_by_uri_and_policy),
        CASE(a_subscription_and_its_members_are_shown),
        CASE(what_happens_to_a_subscription_is_told_in_order),
        CASE(workers_that_race_are_told_of_in_one_order),
    };
    int failed = 0;
    for (workers = 1; workers <= 2; workers++) {
        failed += cmocka_run_group_tests(tests, NULL, NULL);
    }
    return failed;
}
