/* test_retained.c - retained events, for subscribers on the publisher's worker and on another. */
#include "near_far_world.h"

static struct router_options limits;

static int set_up_tight(void **state)
{
    (void)state;
    far = 0;
    limits = world_limits();
    limits.retained = (struct retained_limits){.events = 3, .bytes = 4096, .message = 100};
    world_start(&world, 1, &limits);
    return 0;
}

static struct actor *publisher_new(void)
{
    return actor_join(&world, 0, SERIALIZER_JSON, "com.test");
}

static struct actor *subscriber_new(void)
{
    return actor_join(&world, far, SERIALIZER_MSGPACK, "com.test");
}

static void a_late_subscriber_that_asks_gets_the_last_retained_event_after_subscribed(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    say(publisher, "[16,1,{\"retain\":true,\"disclose_me\":false},\"com.topic\",[1]]");
    say(publisher, "[16,2,{\"retain\":true,\"disclose_me\":false,\"acknowledge\":true},"
                   "\"com.topic\",[2],{\"k\":\"v\"}]");
    (void)expect(publisher, "[17,2,\"*\"]");
    unsigned long long publication = number_at(publisher, 2);
    say(publisher, "[16,3,{},\"com.topic\",[3]]");
    struct actor *subscriber = subscriber_new();
    unsigned long long id = actor_subscribe(subscriber, 1, "com.topic", "\"get_retained\":true");
    (void)expect(subscriber,
                 "[36,%llu,%llu,{\"topic\":\"com.topic\",\"retained\":true},[2],{\"k\":\"v\"}]", id,
                 publication);
    say(publisher, "[16,4,{\"disclose_me\":false},\"com.topic\",[4]]");
    (void)expect(subscriber, "[36,%llu,\"*\",{\"topic\":\"com.topic\"},[4]]", id);
    expect_silence(subscriber);
    actor_free(publisher);
    actor_free(subscriber);
}

static void who_does_not_ask_gets_nothing_retained(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    say(publisher, "[16,1,{\"retain\":true},\"com.topic\",[1]]");
    say(publisher, "[16,2,{\"retain\":false},\"com.other\",[1]]");
    (void)actor_subscribe(subscriber, 1, "com.topic", "");
    (void)actor_subscribe(subscriber, 2, "com.other", "\"get_retained\":true");
    expect_silence(subscriber);
    actor_free(publisher);
    actor_free(subscriber);
}

static void a_present_subscriber_gets_a_retained_event_as_any_other(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    (void)actor_subscribe(subscriber, 1, "com.topic", "\"get_retained\":true");
    say(publisher, "[16,1,{\"retain\":true,\"disclose_me\":false},\"com.topic\",[1]]");
    (void)expect(subscriber, "[36,\"*\",\"*\",{\"topic\":\"com.topic\"},[1]]");
    expect_silence(subscriber);
    actor_free(publisher);
    actor_free(subscriber);
}

static void patterns_get_what_is_retained_of_every_topic_that_fits(void **state)
{
    (void)state;
    static const char *const topics[] = {"com.a.x", "com.ab.x", "com.b.x", "org.a.x", "com.a"};
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    for (unsigned i = 0; i < COUNT_OF(topics); i++) {
        say(publisher, "[16,%u,{\"retain\":true,\"disclose_me\":false},\"%s\",[%u]]", i + 1,
            topics[i], i);
    }
    unsigned long long id =
        actor_subscribe(subscriber, 1, "com.a", "\"match\":\"prefix\",\"get_retained\":true");
    (void)expect(subscriber, "[36,%llu,\"*\",{\"topic\":\"com.a\",\"retained\":true},[4]]", id);
    (void)expect(subscriber, "[36,%llu,\"*\",{\"topic\":\"com.a.x\",\"retained\":true},[0]]", id);
    (void)expect(subscriber, "[36,%llu,\"*\",{\"topic\":\"com.ab.x\",\"retained\":true},[1]]", id);
    expect_silence(subscriber);
    id = actor_subscribe(subscriber, 2, "com..x", "\"match\":\"wildcard\",\"get_retained\":true");
    for (unsigned i = 0; i < 3; i++) {
        (void)expect(subscriber, "[36,%llu,\"*\",{\"topic\":\"*\",\"retained\":true},[%u]]", id, i);
    }
    expect_silence(subscriber);
    id = actor_subscribe(subscriber, 3, ".a.", "\"match\":\"wildcard\",\"get_retained\":true");
    (void)expect(subscriber, "[36,%llu,\"*\",\"*\",[0]]", id);
    (void)expect(subscriber, "[36,%llu,\"*\",\"*\",[3]]", id);
    expect_silence(subscriber);
    id = actor_subscribe(subscriber, 4, "o", "\"match\":\"prefix\",\"get_retained\":true");
    (void)expect(subscriber, "[36,%llu,\"*\",\"*\",[3]]", id);
    expect_silence(subscriber);
    actor_free(publisher);
    actor_free(subscriber);
}

static void a_reader_gets_the_latest_that_he_would_have_received(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    say(publisher, "[16,1,{\"retain\":true},\"com.topic\",[1]]");
    say(publisher,
        "[16,2,{\"retain\":true,\"eligible_authid\":[\"anonymous\"]},\"com.topic\",[2]]");
    say(publisher, "[16,3,{\"retain\":true,\"eligible_authrole\":[\"boss\"]},\"com.topic\",[3]]");
    say(publisher, "[16,4,{\"retain\":true,\"exclude_authid\":[\"anonymous\"]},\"com.topic\",[4]]");
    say(publisher, "[16,5,{\"retain\":true,\"eligible\":[1]},\"com.topic\",[5]]");
    say(publisher, "[16,6,{\"retain\":true,\"eligible\":[]},\"com.topic\",[6]]");
    (void)actor_subscribe(subscriber, 1, "com.topic", "\"get_retained\":true");
    (void)expect(subscriber, "[36,\"*\",\"*\",\"*\",[2]]");
    expect_silence(subscriber);
    actor_free(publisher);
    actor_free(subscriber);
}

static void the_publisher_gets_his_own_only_when_he_did_not_exclude_himself(void **state)
{
    (void)state;
    struct actor *actor = publisher_new();
    say(actor, "[16,1,{\"retain\":true},\"com.a\",[1]]");
    say(actor, "[16,2,{\"retain\":true,\"exclude_me\":false},\"com.b\",[2]]");
    (void)actor_subscribe(actor, 3, "com.a", "\"get_retained\":true");
    expect_silence(actor);
    (void)actor_subscribe(actor, 4, "com.b", "\"get_retained\":true");
    (void)expect(actor, "[36,\"*\",\"*\",\"*\",[2]]");
    actor_free(actor);
}

static void many_events_for_some_leave_the_one_for_all(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    say(publisher, "[16,1,{\"retain\":true},\"com.topic\",[1]]");
    for (unsigned i = 2; i < 40; i++) {
        say(publisher, "[16,%u,{\"retain\":true,\"eligible_authid\":[\"joe\"]},\"com.topic\",[%u]]",
            i, i);
    }
    (void)actor_subscribe(subscriber, 1, "com.topic", "\"get_retained\":true");
    (void)expect(subscriber, "[36,\"*\",\"*\",\"*\",[1]]");
    actor_free(publisher);
    actor_free(subscriber);
}

static void realms_retain_for_themselves(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *other = actor_join(&world, far, SERIALIZER_JSON, "com.tight");
    say(publisher, "[16,1,{\"retain\":true},\"com.tight.ok\",[1]]");
    (void)actor_subscribe(other, 1, "com.tight.ok", "\"get_retained\":true");
    expect_silence(other);
    actor_free(publisher);
    actor_free(other);
}

static void what_has_expired_is_not_told(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    struct timespec pause = {.tv_sec = 1, .tv_nsec = 100000000};
    say(publisher, "[16,1,{\"retain\":true,\"_retained_ttl\":1},\"com.short\",[1]]");
    say(publisher, "[16,2,{\"retain\":true,\"_retained_ttl\":1000},\"com.long\",[2]]");
    (void)actor_subscribe(subscriber, 1, "com.long", "\"get_retained\":true");
    (void)expect(subscriber, "[36,\"*\",\"*\",\"*\",[2]]");
    (void)nanosleep(&pause, NULL);
    (void)actor_subscribe(subscriber, 2, "com.short", "\"get_retained\":true");
    expect_silence(subscriber);
    actor_free(publisher);
    actor_free(subscriber);
}

static unsigned retained_topics(struct actor *subscriber, unsigned request)
{
    unsigned count = 0;
    (void)actor_subscribe(subscriber, request, "com.",
                          "\"match\":\"prefix\",\"get_retained\":true");
    while (unheard(subscriber) > 0) {
        (void)expect(subscriber, "[36,\"*\",\"*\",\"*\",\"*\"]");
        count++;
    }
    return count;
}

static void no_more_than_so_many_events_are_retained(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    for (unsigned i = 1; i <= 5; i++) {
        say(publisher, "[16,%u,{\"retain\":true},\"com.t%u\",[%u]]", i, i, i);
    }
    assert_int_equal(retained_topics(subscriber, 1), 3);
    say(publisher, "[16,6,{\"retain\":true},\"com.t2\",[20]]"); /* in place of its own */
    (void)expect(subscriber, "[36,\"*\",\"*\",\"*\",[20]]");
    (void)actor_subscribe(subscriber, 2, "com.t2", "\"get_retained\":true");
    (void)expect(subscriber, "[36,\"*\",\"*\",\"*\",[20]]");
    assert_int_equal(retained_topics(subscriber, 3), 3);
    actor_free(publisher);
    actor_free(subscriber);
}

static void an_expired_event_makes_room_for_another(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *subscriber = subscriber_new();
    struct timespec pause = {.tv_sec = 1, .tv_nsec = 100000000};
    for (unsigned i = 1; i <= 3; i++) {
        say(publisher, "[16,%u,{\"retain\":true,\"_retained_ttl\":1},\"com.t%u\",[1]]", i, i);
    }
    (void)nanosleep(&pause, NULL);
    for (unsigned i = 4; i <= 6; i++) {
        say(publisher, "[16,%u,{\"retain\":true},\"com.t%u\",[1]]", i, i);
    }
    assert_int_equal(retained_topics(subscriber, 1), 3);
    actor_free(publisher);
    actor_free(subscriber);
}

static void a_large_payload_is_delivered_and_not_retained(void **state)
{
    (void)state;
    char big[200];
    struct actor *publisher = publisher_new();
    struct actor *present = subscriber_new();
    struct actor *late = subscriber_new();
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    (void)actor_subscribe(present, 1, "com.topic", "");
    say(publisher, "[16,1,{\"retain\":true},\"com.topic\",[\"%s\"]]", big);
    (void)expect(present, "[36,\"*\",\"*\",\"*\",\"*\"]");
    (void)actor_subscribe(late, 1, "com.topic", "\"get_retained\":true");
    expect_silence(late);
    actor_free(publisher);
    actor_free(present);
    actor_free(late);
}

static void wrong_options_are_refused(void **state)
{
    (void)state;
    struct actor *actor = publisher_new();
    say(actor, "[16,1,{\"acknowledge\":true,\"retain\":1},\"com.topic\"]");
    (void)expect(actor, "[8,16,1,{},\"wamp.error.invalid_argument\",[\"*\"]]");
    say(actor, "[16,2,{\"acknowledge\":true,\"retain\":true,\"_retained_ttl\":-1},\"com.topic\"]");
    (void)expect(actor, "[8,16,2,{},\"wamp.error.invalid_argument\",[\"*\"]]");
    say(actor, "[32,3,{\"get_retained\":\"yes\"},\"com.topic\"]");
    (void)expect(actor, "[8,32,3,{},\"wamp.error.invalid_argument\",[\"*\"]]");
    say(actor, "[16,4,{\"acknowledge\":true,\"retain\":true,"
               "\"_retained_ttl\":18446744073709551615},\"com.topic\"]");
    (void)expect(actor, "[17,4,\"*\"]");
    actor_free(actor);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_late_subscriber_that_asks_gets_the_last_retained_event_after_subscribed),
        BOTH(who_does_not_ask_gets_nothing_retained),
        BOTH(a_present_subscriber_gets_a_retained_event_as_any_other),
        BOTH(patterns_get_what_is_retained_of_every_topic_that_fits),
        BOTH(a_reader_gets_the_latest_that_he_would_have_received),
        BOTH(the_publisher_gets_his_own_only_when_he_did_not_exclude_himself),
        BOTH(many_events_for_some_leave_the_one_for_all),
        BOTH(realms_retain_for_themselves),
        BOTH(what_has_expired_is_not_told),
        cmocka_unit_test_setup_teardown(no_more_than_so_many_events_are_retained, set_up_tight,
                                        tear_down),
        cmocka_unit_test_setup_teardown(an_expired_event_makes_room_for_another, set_up_tight,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_large_payload_is_delivered_and_not_retained, set_up_tight,
                                        tear_down),
        BOTH(wrong_options_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
