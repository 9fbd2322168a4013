/* test_broker.c - subscriptions and publications, on one worker and across two. */
#include "near_far_world.h"

static unsigned long long last_id; /* of the session that joined last */

static struct actor *join(unsigned worker, enum serializer serializer)
{
    struct actor *actor = actor_join(&world, worker, serializer, "com.test");
    last_id = number_at(actor, 1);
    return actor;
}

static struct actor *publisher_new(void)
{
    return join(0, SERIALIZER_JSON);
}

static struct actor *subscriber_new(void)
{
    return join(far, SERIALIZER_MSGPACK);
}

static void a_publication_reaches_the_subscriber_and_is_acknowledged(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    unsigned long long me = last_id;
    struct actor *subscriber = subscriber_new();
    unsigned long long id = actor_subscribe(subscriber, 1, "com.topic", "");
    say(publisher, "[16,5,{\"acknowledge\":true},\"com.topic\",[1,\"x\"],{\"k\":2.5}]");
    (void)expect(publisher, "[17,5,\"*\"]");
    (void)expect(subscriber,
                 "[36,%llu,%llu,{\"topic\":\"com.topic\",\"publisher\":%llu,"
                 "\"publisher_authid\":\"anonymous\",\"publisher_authrole\":\"anonymous\"},"
                 "[1,\"x\"],{\"k\":2.5}]",
                 id, number_at(publisher, 2), me);
    say(publisher, "[16,6,{\"disclose_me\":false},\"com.topic\"]");
    expect_silence(publisher);
    (void)expect(subscriber, "[36,%llu,\"*\",{\"topic\":\"com.topic\"}]", id);
    actor_free(publisher);
    actor_free(subscriber);
}

static void subscribers_of_one_topic_share_its_id(void **state)
{
    (void)state;
    struct actor *first = publisher_new();
    struct actor *second = subscriber_new();
    unsigned long long id = actor_subscribe(first, 1, "com.topic", "");
    assert_true(actor_subscribe(second, 1, "com.topic", "") == id);
    assert_true(actor_subscribe(second, 2, "com.topic", "\"match\":\"prefix\"") != id);
    actor_free(first);
    actor_free(second);
}

static void subscribing_twice_gives_the_same_id_and_one_event(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    unsigned long long id = actor_subscribe(subscriber, 1, "com.topic", "");
    assert_true(actor_subscribe(subscriber, 2, "com.topic", "") == id);
    say(publisher, "[16,5,{},\"com.topic\"]");
    (void)expect(subscriber, "[36,%llu,\"*\",\"*\"]", id);
    expect_silence(subscriber);
    say(subscriber, "[34,3,%llu]", id);
    (void)expect(subscriber, "[35,3]");
    say(publisher, "[16,6,{},\"com.topic\"]");
    expect_silence(subscriber);
    actor_free(publisher);
    actor_free(subscriber);
}

static void each_matching_subscription_gets_one_event_of_the_same_publication(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    unsigned long long ids[3];
    bool seen[3] = {false};
    ids[0] = actor_subscribe(subscriber, 1, "com.a.topic", "");
    ids[1] = actor_subscribe(subscriber, 2, "com.a", "\"match\":\"prefix\"");
    ids[2] = actor_subscribe(subscriber, 3, "com..topic", "\"match\":\"wildcard\"");
    (void)actor_subscribe(subscriber, 4, "com..other", "\"match\":\"wildcard\"");
    say(publisher, "[16,5,{\"acknowledge\":true},\"com.a.topic\"]");
    (void)expect(publisher, "[17,5,\"*\"]");
    for (unsigned i = 0; i < 3; i++) {
        (void)expect(subscriber,
                     "[36,\"*\",%llu,{\"topic\":\"com.a.topic\",\"publisher\":\"*\","
                     "\"publisher_authid\":\"*\",\"publisher_authrole\":\"*\"}]",
                     number_at(publisher, 2));
        for (unsigned k = 0; k < 3; k++) {
            seen[k] = seen[k] || number_at(subscriber, 1) == ids[k];
        }
    }
    assert_true(seen[0] && seen[1] && seen[2]);
    expect_silence(subscriber);
    actor_free(publisher);
    actor_free(subscriber);
}

static void the_publisher_is_excluded_unless_he_wants_it(void **state)
{
    (void)state;
    struct actor *actor = publisher_new();
    (void)actor_subscribe(actor, 1, "com.topic", "");
    say(actor, "[16,5,{},\"com.topic\"]");
    expect_silence(actor);
    say(actor, "[16,6,{\"exclude_me\":false},\"com.topic\"]");
    (void)expect(actor, "[36,\"*\",\"*\",\"*\"]");
    actor_free(actor);
}

static void exclude_and_eligible_choose_among_the_members(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *near = join(0, SERIALIZER_JSON);
    unsigned long long near_id = last_id;
    struct actor *distant = subscriber_new();
    unsigned long long distant_id = last_id;
    (void)actor_subscribe(near, 1, "com.topic", "");
    (void)actor_subscribe(distant, 1, "com.topic", "");
    say(publisher, "[16,1,{\"exclude\":[%llu,1]},\"com.topic\",[1]]", near_id);
    say(publisher, "[16,2,{\"exclude\":[%llu]},\"com.topic\",[2]]", distant_id);
    say(publisher, "[16,3,{\"eligible\":[1,%llu]},\"com.topic\",[3]]", near_id);
    say(publisher, "[16,4,{\"eligible\":[%llu]},\"com.topic\",[4]]", distant_id);
    say(publisher, "[16,5,{\"eligible\":[%llu,%llu],\"exclude\":[%llu]},\"com.topic\",[5]]",
        near_id, distant_id, distant_id);
    say(publisher, "[16,6,{\"exclude_authid\":[\"anonymous\"]},\"com.topic\",[6]]");
    say(publisher, "[16,7,{\"exclude_authrole\":[\"x\",\"anonymous\"]},\"com.topic\",[7]]");
    say(publisher, "[16,8,{\"eligible_authid\":[\"joe\"]},\"com.topic\",[8]]");
    say(publisher, "[16,9,{\"eligible_authrole\":[\"anonymous\"]},\"com.topic\",[9]]");
    (void)expect(near, "[36,\"*\",\"*\",\"*\",[2]]");
    (void)expect(near, "[36,\"*\",\"*\",\"*\",[3]]");
    (void)expect(near, "[36,\"*\",\"*\",\"*\",[5]]");
    (void)expect(near, "[36,\"*\",\"*\",\"*\",[9]]");
    (void)expect(distant, "[36,\"*\",\"*\",\"*\",[1]]");
    (void)expect(distant, "[36,\"*\",\"*\",\"*\",[4]]");
    (void)expect(distant, "[36,\"*\",\"*\",\"*\",[9]]");
    expect_silence(near);
    expect_silence(distant);
    actor_free(publisher);
    actor_free(near);
    actor_free(distant);
}

static void an_empty_eligible_list_reaches_nobody(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    (void)actor_subscribe(subscriber, 1, "com.topic", "");
    say(publisher, "[16,1,{\"eligible\":[],\"acknowledge\":true},\"com.topic\"]");
    (void)expect(publisher, "[17,1,\"*\"]");
    expect_silence(subscriber);
    actor_free(publisher);
    actor_free(subscriber);
}

static void an_unacknowledged_publication_is_never_answered(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "[16,5,{},\"com..x\"]",
        "[16,5,{},\"wamp.session.on_join\"]",
        "[16,5,{\"eligible\":7},\"com.topic\"]",
        "[16,5,{\"exclude\":[-1]},\"com.topic\"]",
    };
    struct actor *publisher = publisher_new();
    struct actor *tight = actor_join(&world, 0, SERIALIZER_JSON, "com.tight");
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        say(publisher, "%s", bad[i]);
    }
    say(tight, "[16,5,{},\"com.elsewhere\"]");
    expect_silence(publisher);
    expect_silence(tight);
    assert_int_equal(publisher->finished, 0);
    actor_free(publisher);
    actor_free(tight);
}

static void an_acknowledged_publication_that_fails_says_why(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *tight = actor_join(&world, 0, SERIALIZER_JSON, "com.tight");
    say(publisher, "[16,1,{\"acknowledge\":true},\"com..x\"]");
    (void)expect(publisher, "[8,16,1,{},\"wamp.error.invalid_uri\",[\"*\"]]");
    say(publisher, "[16,2,{\"acknowledge\":true},\"wamp.session.on_join\"]");
    (void)expect(publisher, "[8,16,2,{},\"wamp.error.not_authorized\","
                            "[\"Use of reserved namespace 'wamp'.\"]]");
    say(publisher, "[16,3,{\"acknowledge\":true},\"bondy.x\"]");
    (void)expect(publisher, "[8,16,3,{},\"wamp.error.not_authorized\",[\"*\"]]");
    say(publisher, "[16,4,{\"acknowledge\":true,\"eligible\":7},\"com.x\"]");
    (void)expect(publisher, "[8,16,4,{},\"wamp.error.invalid_argument\",[\"*\"]]");
    say(tight, "[16,5,{\"acknowledge\":true},\"com.elsewhere\"]");
    (void)expect(tight,
                 "[8,16,5,{},\"wamp.error.not_authorized\",[\"Permission denied. Anonymous user "
                 "does not have permission 'wamp.publish' on 'com.elsewhere'\"]]");
    actor_free(publisher);
    actor_free(tight);
}

static void subscribing_is_refused_where_it_is_not_granted(void **state)
{
    (void)state;
    struct actor *tight = actor_join(&world, far, SERIALIZER_JSON, "com.tight");
    say(tight, "[32,1,{},\"com.elsewhere\"]");
    (void)expect(tight, "[8,32,1,{},\"wamp.error.not_authorized\",[\"*\"]]");
    say(tight, "[32,2,{\"match\":\"prefix\"},\"com.tight.o\"]");
    (void)expect(tight, "[8,32,2,{},\"wamp.error.not_authorized\",[\"*\"]]");
    say(tight, "[32,3,{\"match\":\"fuzzy\"},\"com.tight.ok\"]");
    (void)expect(tight, "[8,32,3,{},\"wamp.error.invalid_argument\",[\"*\"]]");
    say(tight, "[32,4,{},\"com tight\"]");
    (void)expect(tight, "[8,32,4,{},\"wamp.error.invalid_uri\",[\"*\"]]");
    (void)actor_subscribe(tight, 5, "com.tight.ok", "");
    actor_free(tight);
}

static void nobody_ends_the_subscription_of_another(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    unsigned long long id = actor_subscribe(subscriber, 1, "com.topic", "");
    say(publisher, "[34,1,%llu]", id);
    (void)expect(publisher, "[8,34,1,{},\"wamp.error.no_such_subscription\",[\"*\"]]");
    say(publisher, "[16,2,{},\"com.topic\"]");
    (void)expect(subscriber, "[36,\"*\",\"*\",\"*\"]");
    actor_free(publisher);
    actor_free(subscriber);
}

static void subscriptions_are_bounded(void **state)
{
    (void)state;
    struct actor *subscriber = subscriber_new();
    for (unsigned i = 1; i <= 100; i++) {
        char topic[32];
        (void)snprintf(topic, sizeof(topic), "com.topic%u", i);
        (void)actor_subscribe(subscriber, i, topic, "");
    }
    say(subscriber, "[32,101,{},\"com.more\"]");
    (void)expect(subscriber, "[8,32,101,{},\"wamp.error.unavailable\",[\"*\"]]");
    actor_free(subscriber);
}

static void realms_do_not_hear_each_other(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *other = actor_join(&world, far, SERIALIZER_JSON, "com.tight");
    (void)actor_subscribe(other, 1, "com.tight.ok", "");
    say(publisher, "[16,1,{},\"com.tight.ok\"]");
    expect_silence(other);
    actor_free(publisher);
    actor_free(other);
}

static void a_subscriber_that_does_not_read_is_closed_for_overflow(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *slow = subscriber_new();
    struct actor *quick = subscriber_new();
    (void)actor_subscribe(slow, 1, "com.topic", "");
    (void)actor_subscribe(quick, 1, "com.topic", "");
    slow->queued = 1 << 20;
    say(publisher, "[16,1,{},\"com.topic\"]");
    (void)expect(slow, "[6,{},\"wamp.close.overflow\"]");
    assert_int_equal(slow->finished, 1);
    (void)expect(quick, "[36,\"*\",\"*\",\"*\"]");
    say(publisher, "[16,2,{},\"com.topic\"]");
    expect_silence(slow);
    (void)expect(quick, "[36,\"*\",\"*\",\"*\"]");
    actor_free(publisher);
    actor_free(slow);
    actor_free(quick);
}

static void an_event_larger_than_a_peer_accepts_is_dropped_for_it_alone(void **state)
{
    (void)state;
    char big[600];
    struct actor *publisher = publisher_new();
    struct actor *small = subscriber_new();
    struct actor *large = subscriber_new();
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    (void)actor_subscribe(small, 1, "com.topic", "");
    (void)actor_subscribe(large, 1, "com.topic", "");
    small->peer.message_max = 512;
    say(publisher, "[16,1,{},\"com.topic\",[\"%s\"]]", big);
    expect_silence(small);
    (void)expect(large, "[36,\"*\",\"*\",\"*\",[\"*\"]]");
    say(publisher, "[16,2,{},\"com.topic\",[1]]");
    (void)expect(small, "[36,\"*\",\"*\",\"*\",[1]]");
    assert_int_equal(small->finished, 0);
    actor_free(publisher);
    actor_free(small);
    actor_free(large);
}

/* The event is under way to the subscriber's worker when he unsubscribes. */
struct hold {
    struct post post;
    pthread_mutex_t lock;
};

static void held(struct post *post)
{
    struct hold *hold = CONTAINER_OF(post, struct hold, post);
    (void)pthread_mutex_lock(&hold->lock);
    (void)pthread_mutex_unlock(&hold->lock);
}

struct spoken {
    struct post post;
    struct saying saying;
};

static void spoken_run(struct post *post)
{
    say_here(&CONTAINER_OF(post, struct spoken, post)->saying);
}

static void no_event_follows_unsubscribed(void **state)
{
    (void)state;
    char text[64];
    struct actor *publisher = publisher_new();
    struct actor *subscriber = join(far, SERIALIZER_JSON);
    unsigned long long id = actor_subscribe(subscriber, 1, "com.topic", "");
    struct hold hold = {.post = {.fn = held}};
    struct spoken unsubscribe = {.post = {.fn = spoken_run}};
    (void)snprintf(text, sizeof(text), "[34,2,%llu]", id);
    unsubscribe.saying = (struct saying){subscriber, str_of(text)};
    (void)pthread_mutex_init(&hold.lock, NULL);
    (void)pthread_mutex_lock(&hold.lock);
    worker_post(workers_get(world.workers, far), &hold.post);
    worker_post(workers_get(world.workers, far), &unsubscribe.post);
    struct saying publish = {publisher, STR("[16,1,{},\"com.topic\"]")};
    if (far != 0) { /* the worker that publishes is free */
        on_worker(&world, 0, say_here, &publish);
    }
    (void)pthread_mutex_unlock(&hold.lock);
    settle(&world);
    (void)expect(subscriber, "[35,2]");
    say_raw(publisher, publish.bytes);
    expect_silence(subscriber);
    (void)pthread_mutex_destroy(&hold.lock);
    actor_free(publisher);
    actor_free(subscriber);
}

static void events_of_one_publisher_arrive_in_order(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    (void)actor_subscribe(subscriber, 1, "com.topic", "");
    for (unsigned i = 1; i <= 50; i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "[16,%u,{},\"com.topic\",[%u]]", i, i);
        struct saying publish = {publisher, str_of(text)};
        on_worker(&world, 0, say_here, &publish);
    }
    settle(&world);
    for (unsigned i = 1; i <= 50; i++) {
        (void)expect(subscriber, "[36,\"*\",\"*\",\"*\",[%u]]", i);
    }
    actor_free(publisher);
    actor_free(subscriber);
}

static void passthru_attributes_go_from_publish_to_event(void **state)
{
    (void)state;
    struct actor *publisher = actor_new(&world, 0, SERIALIZER_JSON);
    struct actor *subscriber = subscriber_new();
    say(publisher, "[1,\"com.test\",{\"roles\":{\"publisher\":{\"features\":"
                   "{\"payload_passthru_mode\":true}}}}]");
    (void)expect(publisher, "[2,\"*\",\"*\"]");
    (void)actor_subscribe(subscriber, 1, "com.topic", "");
    say(publisher, "[16,1,{\"disclose_me\":false,\"ppt_scheme\":\"wamp\",\"ppt_keyid\":\"k\","
                   "\"ppt_cipher\":\"xsalsa20poly1305\",\"ppt_serializer\":\"cbor\"},"
                   "\"com.topic\",[\"\\u0000AAE=\"]]");
    (void)expect(subscriber, "[36,\"*\",\"*\",{\"topic\":\"com.topic\",\"ppt_scheme\":\"wamp\","
                             "\"ppt_serializer\":\"cbor\",\"ppt_cipher\":\"xsalsa20poly1305\","
                             "\"ppt_keyid\":\"k\"},[\"\\u0000AAE=\"]]");
    say(publisher, "[16,2,{\"disclose_me\":false,\"ppt_scheme\":\"mqtt\"},\"com.topic\",[5]]");
    (void)expect(subscriber,
                 "[36,\"*\",\"*\",{\"topic\":\"com.topic\",\"ppt_scheme\":\"mqtt\"},[5]]");
    say(publisher, "[16,3,{\"disclose_me\":false,\"ppt_cipher\":\"x\"},\"com.topic\"]");
    (void)expect(subscriber, "[36,\"*\",\"*\",{\"topic\":\"com.topic\"}]");
    say(publisher, "[16,4,{\"acknowledge\":true,\"ppt_scheme\":\"wamp\"},\"com.topic\",[1]]");
    (void)expect(publisher, "[8,16,4,{},\"wamp.error.invalid_argument\",[\"*\"]]");
    actor_free(publisher);
    actor_free(subscriber);
}

static void passthru_that_was_not_announced_is_a_violation(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    (void)actor_subscribe(subscriber, 1, "com.topic", "");
    say(publisher, "[16,1,{\"ppt_scheme\":\"wamp\"},\"com.topic\"]");
    (void)expect(publisher, "[3,\"*\",\"wamp.error.protocol_violation\"]");
    expect_silence(subscriber);
    actor_free(publisher);
    actor_free(subscriber);
}

static void disclose(enum disclosure disclosure)
{
    struct router_options limits = world_limits();
    limits.disclosure = disclosure;
    far = 0;
    world_start(&world, 1, &limits);
}

static void where_publishers_are_told_when_they_ask_silence_is_no(void **state)
{
    (void)state;
    disclose(DISCLOSURE_ASKED);
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    (void)actor_subscribe(subscriber, 1, "com.topic", "");
    say(publisher, "[16,1,{},\"com.topic\"]");
    (void)expect(subscriber, "[36,\"*\",\"*\",{\"topic\":\"com.topic\"}]");
    say(publisher, "[16,2,{\"disclose_me\":true},\"com.topic\"]");
    (void)expect(subscriber, "[36,\"*\",\"*\",{\"topic\":\"com.topic\",\"publisher\":\"*\","
                             "\"publisher_authid\":\"*\",\"publisher_authrole\":\"*\"}]");
    actor_free(publisher);
    actor_free(subscriber);
    world_stop(&world);
}

static void where_publishers_are_never_told_asking_is_an_error(void **state)
{
    (void)state;
    disclose(DISCLOSURE_OFF);
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    (void)actor_subscribe(subscriber, 1, "com.topic", "");
    say(publisher, "[16,1,{\"disclose_me\":true,\"acknowledge\":true},\"com.topic\"]");
    (void)expect(publisher, "[8,16,1,{},\"wamp.error.option_disallowed.disclose_me\",[\"*\"]]");
    say(publisher, "[16,2,{},\"com.topic\"]");
    (void)expect(subscriber, "[36,\"*\",\"*\",{\"topic\":\"com.topic\"}]");
    actor_free(publisher);
    actor_free(subscriber);
    world_stop(&world);
}

static void trust_is_told_where_there_are_rules(void **state)
{
    (void)state;
    static const struct str rules[] = {STR_INIT("anonymous=3")};
    struct router_options limits = world_limits();
    limits.trust_rules = rules;
    limits.trust_rule_count = COUNT_OF(rules);
    far = 0;
    world_start(&world, 1, &limits);
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    (void)actor_subscribe(subscriber, 1, "com.topic", "");
    say(publisher, "[16,1,{\"disclose_me\":false},\"com.topic\"]");
    (void)expect(subscriber, "[36,\"*\",\"*\",{\"topic\":\"com.topic\",\"trustlevel\":3}]");
    actor_free(publisher);
    actor_free(subscriber);
    world_stop(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_publication_reaches_the_subscriber_and_is_acknowledged),
        BOTH(subscribers_of_one_topic_share_its_id),
        BOTH(subscribing_twice_gives_the_same_id_and_one_event),
        BOTH(each_matching_subscription_gets_one_event_of_the_same_publication),
        BOTH(the_publisher_is_excluded_unless_he_wants_it),
        BOTH(exclude_and_eligible_choose_among_the_members),
        BOTH(an_empty_eligible_list_reaches_nobody),
        BOTH(an_unacknowledged_publication_is_never_answered),
        BOTH(an_acknowledged_publication_that_fails_says_why),
        BOTH(subscribing_is_refused_where_it_is_not_granted),
        BOTH(nobody_ends_the_subscription_of_another),
        BOTH(subscriptions_are_bounded),
        BOTH(realms_do_not_hear_each_other),
        BOTH(a_subscriber_that_does_not_read_is_closed_for_overflow),
        BOTH(an_event_larger_than_a_peer_accepts_is_dropped_for_it_alone),
        BOTH(no_event_follows_unsubscribed),
        BOTH(events_of_one_publisher_arrive_in_order),
        BOTH(passthru_attributes_go_from_publish_to_event),
        BOTH(passthru_that_was_not_announced_is_a_violation),
        cmocka_unit_test(where_publishers_are_told_when_they_ask_silence_is_no),
        cmocka_unit_test(where_publishers_are_never_told_asking_is_an_error),
        cmocka_unit_test(trust_is_told_where_there_are_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
