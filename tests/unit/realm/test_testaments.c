/* test_testaments.c - testaments, and subscriptions that are taken away. */
#include "near_far_world.h"

static unsigned long long last_id;

static struct actor *join(unsigned worker, enum serializer serializer)
{
    struct actor *actor = actor_join(&world, worker, serializer, "com.test");
    last_id = number_at(actor, 1);
    return actor;
}

static struct actor *testator_new(void)
{
    return join(0, SERIALIZER_JSON);
}

static struct actor *heir_new(void)
{
    return join(far, SERIALIZER_MSGPACK);
}

static void add(struct actor *actor, unsigned request, const char *payload)
{
    say(actor, "[48,%u,{},\"wamp.session.add_testament\",%s]", request, payload);
    (void)expect(actor, "[50,%u,{}]", request);
}

static void a_lost_session_leaves_its_testaments_detached_ones_first(void **state)
{
    (void)state;
    struct actor *testator = testator_new();
    unsigned long long id = last_id;
    struct actor *heir = heir_new();
    (void)actor_subscribe(heir, 1, "com.will", "\"match\":\"prefix\"");
    add(testator, 1, "[\"com.will.a\",[1,\"x\"],{\"k\":\"v\"}]");
    add(testator, 2, "[\"com.will.b\",[2],{}],{\"scope\":\"destroyed\"}");
    add(testator, 3, "[\"com.will.c\",[3],{}],{\"scope\":\"detached\"}");
    add(testator, 4,
        "[\"com.will.d\",[4]],{\"publish_options\":{\"disclose_me\":false},"
        "\"scope\":\"detached\"}");
    expect_silence(heir);
    actor_lose(testator);
    (void)expect(heir,
                 "[36,\"*\",\"*\",{\"topic\":\"com.will.c\",\"publisher\":%llu,"
                 "\"publisher_authid\":\"anonymous\",\"publisher_authrole\":\"anonymous\"},[3],{}]",
                 id);
    (void)expect(heir, "[36,\"*\",\"*\",{\"topic\":\"com.will.d\"},[4]]");
    (void)expect(heir, "[36,\"*\",\"*\",\"*\",[1,\"x\"],{\"k\":\"v\"}]");
    (void)expect(heir, "[36,\"*\",\"*\",\"*\",[2],{}]");
    expect_silence(heir);
    actor_free(testator);
    actor_free(heir);
}

static void goodbye_leaves_them_too_and_only_once(void **state)
{
    (void)state;
    struct actor *testator = testator_new();
    struct actor *heir = heir_new();
    (void)actor_subscribe(heir, 1, "com.will", "");
    add(testator, 1, "[\"com.will\"]");
    say(testator, "[6,{},\"wamp.close.normal\"]");
    (void)expect(testator, "[6,{},\"wamp.close.goodbye_and_out\"]");
    (void)expect(heir, "[36,\"*\",\"*\",\"*\"]");
    actor_free(testator);
    settle(&world);
    expect_silence(heir);
    actor_free(heir);
}

static void what_was_flushed_is_not_published(void **state)
{
    (void)state;
    struct actor *testator = testator_new();
    struct actor *heir = heir_new();
    (void)actor_subscribe(heir, 1, "com.will", "");
    add(testator, 1, "[\"com.will\",[1]]");
    add(testator, 2, "[\"com.will\",[2]],{\"scope\":\"detached\"}");
    say(testator, "[48,3,{},\"wamp.session.flush_testaments\"]");
    (void)expect(testator, "[50,3,{}]");
    add(testator, 4, "[\"com.will\",[3]]");
    actor_lose(testator);
    (void)expect(heir, "[36,\"*\",\"*\",\"*\",[2]]");
    (void)expect(heir, "[36,\"*\",\"*\",\"*\",[3]]");
    expect_silence(heir);
    actor_free(testator);
    testator = testator_new();
    add(testator, 1, "[\"com.will\",[2]],{\"scope\":\"detached\"}");
    say(testator, "[48,2,{},\"wamp.session.flush_testaments\",[],{\"scope\":\"detached\"}]");
    (void)expect(testator, "[50,2,{}]");
    actor_free(testator);
    expect_silence(heir);
    actor_free(heir);
}

static void publish_options_hold_for_testaments(void **state)
{
    (void)state;
    struct actor *testator = testator_new();
    struct actor *heir = heir_new();
    unsigned long long id = last_id;
    char payload[256];
    (void)actor_subscribe(heir, 1, "com.will", "");
    (void)snprintf(payload, sizeof(payload),
                   "[\"com.will\",[1]],{\"publish_options\":{\"exclude\":[%llu]}}", id);
    add(testator, 1, payload);
    add(testator, 2, "[\"com.will\",[2]],{\"publish_options\":{\"retain\":true}}");
    actor_free(testator);
    (void)expect(heir, "[36,\"*\",\"*\",\"*\",[2]]");
    struct actor *late = heir_new();
    (void)actor_subscribe(late, 1, "com.will", "\"get_retained\":true");
    (void)expect(late, "[36,\"*\",\"*\",\"*\",[2]]");
    actor_free(heir);
    actor_free(late);
}

static void a_testament_that_may_not_be_published_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *payload;
        const char *error;
    } rows[] = {
        {"[]", "wamp.error.invalid_argument"},
        {"[1]", "wamp.error.invalid_argument"},
        {"[\"com.will\",{}]", "wamp.error.invalid_argument"},
        {"[\"com.will\",[],[]]", "wamp.error.invalid_argument"},
        {"[\"com.will\",[],{},1]", "wamp.error.invalid_argument"},
        {"[\"com.will\"],{\"scope\":\"never\"}", "wamp.error.invalid_argument"},
        {"[\"com.will\"],{\"publish_options\":[]}", "wamp.error.invalid_argument"},
        {"[\"com.will\"],{\"publish_options\":{\"eligible\":1}}", "wamp.error.invalid_argument"},
        {"[\"com..will\"]", "wamp.error.invalid_uri"},
        {"[\"wamp.session.on_join\"]", "wamp.error.not_authorized"},
    };
    struct actor *testator = testator_new();
    unsigned request = 1;
    for (size_t i = 0; i < COUNT_OF(rows); i++, request++) {
        say(testator, "[48,%u,{},\"wamp.session.add_testament\",%s]", request, rows[i].payload);
        (void)expect(testator, "[8,48,%u,{},\"%s\",[\"*\"]]", request, rows[i].error);
    }
    say(testator, "[48,%u,{},\"wamp.session.flush_testaments\",[],{\"scope\":7}]", request);
    (void)expect(testator, "[8,48,%u,{},\"wamp.error.invalid_argument\",[\"*\"]]", request);
    actor_free(testator);
}

static void a_session_leaves_only_so_much(void **state)
{
    (void)state;
    struct actor *testator = testator_new();
    struct actor *heir = heir_new();
    static char big[70000];
    (void)actor_subscribe(heir, 1, "com.will", "");
    memset(big, 'x', sizeof(big) - 1);
    for (unsigned i = 1; i <= 10; i++) {
        add(testator, i, "[\"com.will\"]");
    }
    say(testator, "[48,11,{},\"wamp.session.add_testament\",[\"com.will\"]]");
    (void)expect(testator, "[8,48,11,{},\"wamp.error.unavailable\",[\"*\"]]");
    say(testator, "[48,12,{},\"wamp.session.flush_testaments\"]");
    (void)expect(testator, "[50,12,{}]");
    say(testator, "[48,13,{},\"wamp.session.add_testament\",[\"com.will\",[\"%s\"]]]", big);
    (void)expect(testator, "[8,48,13,{},\"wamp.error.unavailable\",[\"*\"]]");
    add(testator, 14, "[\"com.will\"]");
    actor_free(testator);
    (void)expect(heir, "[36,\"*\",\"*\",\"*\"]");
    expect_silence(heir);
    actor_free(heir);
}

static struct actor *join_with(const char *features)
{
    struct actor *actor = actor_new(&world, far, SERIALIZER_MSGPACK);
    say(actor, "[1,\"com.test\",{\"roles\":{\"subscriber\":{\"features\":{%s}}}}]", features);
    (void)expect(actor, "[2,\"*\",\"*\"]");
    last_id = number_at(actor, 1);
    return actor;
}

static void a_revoked_subscription_is_told_to_those_who_understand_it(void **state)
{
    (void)state;
    struct actor *admin = testator_new();
    struct actor *told = join_with("\"subscription_revocation\":true");
    unsigned long long told_id = last_id;
    struct actor *plain = join_with("");
    unsigned long long plain_id = last_id;
    unsigned long long id = actor_subscribe(told, 1, "com.topic", "");
    (void)actor_subscribe(plain, 1, "com.topic", "");
    say(admin,
        "[48,1,{},\"wamp.subscription.remove_subscriber\",[%llu,%llu],"
        "{\"reason\":\"com.too.loud\"}]",
        id, told_id);
    (void)expect(admin, "[50,1,{}]");
    (void)expect(told, "[35,0,{\"subscription\":%llu,\"reason\":\"com.too.loud\"}]", id);
    say(admin, "[16,2,{},\"com.topic\"]");
    expect_silence(told);
    (void)expect(plain, "[36,%llu,\"*\",\"*\"]", id);
    say(admin, "[48,3,{},\"wamp.subscription.remove_subscriber\",[%llu,%llu]]", id, plain_id);
    (void)expect(admin, "[50,3,{}]");
    expect_silence(plain);
    say(admin, "[16,4,{},\"com.topic\"]");
    expect_silence(plain);
    say(plain, "[34,2,%llu]", id);
    (void)expect(plain, "[8,34,2,{},\"wamp.error.no_such_subscription\",[\"*\"]]");
    (void)actor_subscribe(told, 2, "com.topic", "");
    actor_free(admin);
    actor_free(told);
    actor_free(plain);
}

static void what_is_no_subscription_of_a_session_cannot_be_taken(void **state)
{
    (void)state;
    struct actor *admin = testator_new();
    struct actor *other = heir_new();
    unsigned long long other_id = last_id;
    unsigned long long id = actor_subscribe(admin, 1, "com.topic", "");
    say(admin, "[48,2,{},\"wamp.subscription.remove_subscriber\",[%llu,%llu]]", id, other_id);
    (void)expect(admin, "[8,48,2,{},\"wamp.error.no_such_subscription\",[\"*\"]]");
    say(admin, "[48,3,{},\"wamp.subscription.remove_subscriber\",[%llu,5]]", id);
    (void)expect(admin, "[8,48,3,{},\"wamp.error.no_such_subscription\",[\"*\"]]");
    say(admin, "[48,4,{},\"wamp.subscription.remove_subscriber\",[%llu]]", id);
    (void)expect(admin, "[8,48,4,{},\"wamp.error.invalid_argument\",[\"*\"]]");
    actor_free(admin);
    actor_free(other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_lost_session_leaves_its_testaments_detached_ones_first),
        BOTH(goodbye_leaves_them_too_and_only_once),
        BOTH(what_was_flushed_is_not_published),
        BOTH(publish_options_hold_for_testaments),
        BOTH(a_testament_that_may_not_be_published_is_refused),
        BOTH(a_session_leaves_only_so_much),
        BOTH(a_revoked_subscription_is_told_to_those_who_understand_it),
        BOTH(what_is_no_subscription_of_a_session_cannot_be_taken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
