/* test_history.c - wamp.subscription.get_events: what is kept, for whom, and its filters. */
#include "near_far_world.h"
#include "realm/event_query.h"

static struct router_options limits;

static int set_up_small(void **state)
{
    (void)state;
    far = 0;
    limits = world_limits();
    limits.history = (struct history_limits){.events = 5, .bytes = 16384, .message = 1000};
    world_start(&world, 1, &limits);
    return 0;
}

static int set_up_none(void **state)
{
    (void)state;
    far = 0;
    limits = world_limits();
    limits.history.events = 0;
    world_start(&world, 1, &limits);
    return 0;
}

static struct actor *publisher_new(void)
{
    return actor_join(&world, 0, SERIALIZER_JSON, "com.test");
}

static struct actor *reader_new(void)
{
    return actor_join(&world, far, SERIALIZER_MSGPACK, "com.test");
}

static unsigned long long publish(struct actor *publisher, unsigned request, const char *topic)
{
    say(publisher, "[16,%u,{\"acknowledge\":true},\"%s\",[%u]]", request, topic, request);
    (void)expect(publisher, "[17,%u,\"*\"]", request);
    return number_at(publisher, 2);
}

/* Asks, and checks that the events are those of these requests, in this order. */
static void history_is(struct actor *reader,
                       unsigned request,
                       unsigned long long subscription,
                       const char *kwargs,
                       const char *wanted)
{
    char got[512] = "";
    say(reader, "[48,%u,{},\"wamp.subscription.get_events\",[%llu],{%s}]", request, subscription,
        kwargs);
    const json_t *result = expect(reader, "[50,%u,{},\"*\"]", request);
    const json_t *events = json_array_get(result, 3);
    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        size_t len = strlen(got);
        assert_true(json_integer_value(json_object_get(event, "subscription")) ==
                    (json_int_t)subscription);
        (void)snprintf(
            got + len, sizeof(got) - len, "%s%lld", len > 0 ? " " : "",
            (long long)json_integer_value(json_array_get(json_object_get(event, "args"), 0)));
    }
    assert_string_equal(got, wanted);
}

static void each_subscription_remembers_what_it_was_sent(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *reader = reader_new();
    unsigned long long auth = actor_subscribe(reader, 1, "com.log.auth", "");
    unsigned long long basket = actor_subscribe(reader, 2, "com.log.basket", "");
    unsigned long long all = actor_subscribe(reader, 3, "com.log", "\"match\":\"prefix\"");
    unsigned long long third = actor_subscribe(reader, 4, "com..auth", "\"match\":\"wildcard\"");
    (void)publish(publisher, 1, "com.log.auth");
    (void)publish(publisher, 2, "com.log.basket");
    (void)publish(publisher, 3, "com.log.basket");
    (void)publish(publisher, 4, "com.log.checkout");
    (void)publish(publisher, 5, "com.elsewhere");
    while (unheard(reader) > 0) {
        (void)expect(reader, "[36,\"*\",\"*\",\"*\",\"*\"]");
    }
    history_is(reader, 5, auth, "", "1");
    history_is(reader, 6, basket, "", "2 3");
    history_is(reader, 7, all, "", "1 2 3 4");
    history_is(reader, 8, third, "", "1");
    actor_free(publisher);
    actor_free(reader);
}

static void an_event_is_told_with_all_that_it_was_sent_with(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *reader = reader_new();
    unsigned long long id = actor_subscribe(reader, 1, "com.topic", "");
    say(publisher, "[16,1,{\"acknowledge\":true,\"disclose_me\":false},\"com.topic\",[],"
                   "{\"k\":[1,\"\\u0000AAE=\"]}]");
    (void)expect(publisher, "[17,1,\"*\"]");
    unsigned long long publication = number_at(publisher, 2);
    say(publisher, "[16,2,{\"disclose_me\":false},\"com.topic\"]");
    (void)expect(reader, "[36,\"*\",\"*\",\"*\",\"*\",\"*\"]");
    (void)expect(reader, "[36,\"*\",\"*\",\"*\"]");
    say(publisher, "[48,3,{},\"wamp.subscription.get_events\",[%llu]]", id);
    (void)expect(publisher,
                 "[50,3,{},[{\"timestamp\":\"*\",\"subscription\":%llu,\"publication\":%llu,"
                 "\"details\":{\"topic\":\"com.topic\"},\"args\":[],"
                 "\"kwargs\":{\"k\":[1,\"\\u0000AAE=\"]}},"
                 "{\"timestamp\":\"*\",\"subscription\":%llu,\"publication\":\"*\","
                 "\"details\":{\"topic\":\"com.topic\"}}]]",
                 id, publication, id);
    const json_t *event = json_array_get(json_array_get(publisher->last, 3), 0);
    uint64_t ms = 0;
    assert_true(
        timestamp_parse(str_of(json_string_value(json_object_get(event, "timestamp"))), &ms));
    assert_true(ms > 1500000000000);
    actor_free(publisher);
    actor_free(reader);
}

static void filters_choose_among_the_events(void **state)
{
    (void)state;
    char kwargs[256];
    unsigned long long ids[7];
    struct actor *publisher = publisher_new();
    struct actor *reader = publisher_new();
    unsigned long long all = actor_subscribe(reader, 1, "com", "\"match\":\"prefix\"");
    for (unsigned i = 1; i <= 6; i++) {
        ids[i] = publish(publisher, i, i % 2 == 0 ? "com.even" : "com.odd");
        (void)expect(reader, "[36,\"*\",\"*\",\"*\",\"*\"]");
    }
    history_is(reader, 2, all, "\"limit\":2", "1 2");
    history_is(reader, 3, all, "\"reverse\":true", "6 5 4 3 2 1");
    history_is(reader, 4, all, "\"reverse\":true,\"limit\":2", "6 5");
    history_is(reader, 5, all, "\"topic\":\"com.even\"", "2 4 6");
    history_is(reader, 6, all, "\"topic\":\"com\"", "");
    (void)snprintf(kwargs, sizeof(kwargs), "\"from_publication\":%llu", ids[4]);
    history_is(reader, 7, all, kwargs, "4 5 6");
    (void)snprintf(kwargs, sizeof(kwargs), "\"after_publication\":%llu", ids[4]);
    history_is(reader, 8, all, kwargs, "5 6");
    (void)snprintf(kwargs, sizeof(kwargs), "\"before_publication\":%llu", ids[3]);
    history_is(reader, 9, all, kwargs, "1 2");
    (void)snprintf(kwargs, sizeof(kwargs), "\"until_publication\":%llu", ids[3]);
    history_is(reader, 10, all, kwargs, "1 2 3");
    (void)snprintf(kwargs, sizeof(kwargs),
                   "\"before_publication\":%llu,\"after_publication\":%llu,\"reverse\":true,"
                   "\"limit\":1",
                   ids[5], ids[1]);
    history_is(reader, 11, all, kwargs, "4");
    (void)snprintf(kwargs, sizeof(kwargs), "\"before_publication\":%llu,\"after_publication\":%llu",
                   ids[1], ids[5]);
    history_is(reader, 12, all, kwargs, "");
    history_is(reader, 13, all, "\"from_publication\":1", "");
    history_is(reader, 14, all, "\"until_publication\":1", "");
    history_is(reader, 15, all, "\"from_time\":\"2020-01-01T00:00:00Z\"", "1 2 3 4 5 6");
    history_is(reader, 16, all, "\"before_time\":\"2020-01-01T00:00:00+01:00\"", "");
    history_is(
        reader, 17, all,
        "\"after_time\":\"2020-01-01T00:00:00.000Z\",\"until_time\":\"9000-01-01T00:00:00Z\","
        "\"topic\":\"com.odd\",\"limit\":10,\"reverse\":true",
        "5 3 1");
    actor_free(publisher);
    actor_free(reader);
}

static void wrong_questions_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\"limit\":0",
        "\"limit\":-1",
        "\"limit\":\"2\"",
        "\"reverse\":1",
        "\"from_time\":\"yesterday\"",
        "\"until_time\":\"2020-13-01T00:00:00Z\"",
        "\"after_time\":\"2020-01-01\"",
        "\"before_time\":17",
        "\"topic\":1",
        "\"from_publication\":\"x\"",
    };
    struct actor *reader = reader_new();
    unsigned long long id = actor_subscribe(reader, 1, "com.topic", "");
    unsigned request = 2;
    for (size_t i = 0; i < COUNT_OF(bad); i++, request++) {
        say(reader, "[48,%u,{},\"wamp.subscription.get_events\",[%llu],{%s}]", request, id, bad[i]);
        (void)expect(reader, "[8,48,%u,{},\"wamp.error.invalid_argument\",[\"*\"]]", request);
    }
    say(reader, "[48,%u,{},\"wamp.subscription.get_events\",[\"x\"]]", request);
    (void)expect(reader, "[8,48,%u,{},\"wamp.error.invalid_argument\",[\"*\"]]", request);
    request++;
    say(reader, "[48,%u,{},\"wamp.subscription.get_events\"]", request);
    (void)expect(reader, "[8,48,%u,{},\"wamp.error.invalid_argument\",[\"*\"]]", request);
    request++;
    say(reader, "[48,%u,{},\"wamp.subscription.get_events\",[7]]", request);
    (void)expect(reader, "[8,48,%u,{},\"wamp.error.no_such_subscription\",[\"*\"]]", request);
    actor_free(reader);
}

static void
rules_about_persons_hold_for_the_reader_and_rules_about_sessions_keep_it_out(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *reader = reader_new();
    unsigned long long id = actor_subscribe(reader, 1, "com.topic", "");
    say(publisher, "[16,1,{\"exclude\":[5]},\"com.topic\",[1]]");
    say(publisher, "[16,2,{\"eligible\":[5]},\"com.topic\",[2]]");
    say(publisher, "[16,3,{\"exclude\":[]},\"com.topic\",[3]]");
    say(publisher, "[16,4,{\"eligible_authid\":[\"joe\"]},\"com.topic\",[4]]");
    say(publisher, "[16,5,{\"exclude_authrole\":[\"anonymous\"]},\"com.topic\",[5]]");
    say(publisher, "[16,6,{\"eligible_authrole\":[\"anonymous\"]},\"com.topic\",[6]]");
    say(publisher, "[16,7,{},\"com.topic\",[7]]");
    while (unheard(reader) > 0) {
        (void)expect(reader, "[36,\"*\",\"*\",\"*\",\"*\"]");
    }
    history_is(reader, 2, id, "", "6 7");
    history_is(publisher, 8, id, "", "6 7");
    actor_free(publisher);
    actor_free(reader);
}

static void history_is_for_those_who_may_subscribe(void **state)
{
    (void)state;
    struct actor *test = publisher_new();
    struct actor *tight = actor_join(&world, far, SERIALIZER_JSON, "com.tight");
    unsigned long long id = actor_subscribe(tight, 1, "com.tight.ok", "");
    say(test, "[48,1,{},\"wamp.subscription.get_events\",[%llu]]", id);
    (void)expect(test, "[8,48,1,{},\"wamp.error.no_such_subscription\",[\"*\"]]");
    say(tight, "[48,2,{},\"wamp.subscription.get_events\",[%llu]]", id);
    (void)expect(tight, "[8,48,2,{},\"wamp.error.not_authorized\",[\"*\"]]");
    actor_free(test);
    actor_free(tight);
}

static void history_goes_with_its_subscription(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *reader = reader_new();
    unsigned long long id = actor_subscribe(reader, 1, "com.topic", "");
    unsigned long long other = actor_subscribe(reader, 2, "com", "\"match\":\"prefix\"");
    (void)publish(publisher, 1, "com.topic");
    (void)expect(reader, "[36,\"*\",\"*\",\"*\",\"*\"]");
    (void)expect(reader, "[36,\"*\",\"*\",\"*\",\"*\"]");
    say(reader, "[34,3,%llu]", id);
    (void)expect(reader, "[35,3]");
    say(reader, "[48,4,{},\"wamp.subscription.get_events\",[%llu]]", id);
    (void)expect(reader, "[8,48,4,{},\"wamp.error.no_such_subscription\",[\"*\"]]");
    history_is(reader, 5, other, "", "1");
    actor_free(publisher);
    actor_free(reader);
}

static void a_subscription_keeps_only_its_latest_events(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *reader = reader_new();
    unsigned long long id = actor_subscribe(reader, 1, "com.topic", "");
    unsigned long long quiet = actor_subscribe(reader, 2, "com.quiet", "");
    (void)publish(publisher, 1, "com.quiet");
    for (unsigned i = 2; i <= 20; i++) {
        (void)publish(publisher, i, "com.topic");
    }
    while (unheard(reader) > 0) {
        (void)expect(reader, "[36,\"*\",\"*\",\"*\",\"*\"]");
    }
    history_is(reader, 3, id, "", "16 17 18 19 20");
    history_is(reader, 4, quiet, "", "1");
    actor_free(publisher);
    actor_free(reader);
}

static void memory_for_history_is_bounded_and_the_oldest_goes_first(void **state)
{
    (void)state;
    char big[900];
    char topic[32];
    unsigned long long ids[50];
    unsigned kept = 0;
    bool gap = false;
    struct actor *publisher = publisher_new();
    struct actor *reader = reader_new();
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    for (unsigned i = 0; i < 50; i++) {
        (void)snprintf(topic, sizeof(topic), "com.topic%u", i);
        ids[i] = actor_subscribe(reader, i + 1, topic, "");
        say(publisher, "[16,%u,{},\"%s\",[\"%s\"]]", i + 1, topic, big);
        (void)expect(reader, "[36,\"*\",\"*\",\"*\",\"*\"]");
    }
    for (unsigned i = 0; i < 50; i++) {
        say(reader, "[48,%u,{},\"wamp.subscription.get_events\",[%llu]]", 51 + i, ids[i]);
        bool there = json_array_size(json_array_get(expect(reader, "\"*\""), 3)) == 1;
        gap = gap || (kept > 0 && !there);
        kept += there ? 1 : 0;
    }
    assert_false(gap);
    assert_in_range(kept, 8, 20);
    say(publisher, "[16,51,{},\"com.topic0\",[\"%s%s\"]]", big, big); /* too large to be kept */
    (void)expect(reader, "[36,\"*\",\"*\",\"*\",\"*\"]");
    history_is(reader, 101, ids[0], "", "");
    actor_free(publisher);
    actor_free(reader);
}

static void where_there_is_no_history_nothing_is_told(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *reader = reader_new();
    unsigned long long id = actor_subscribe(reader, 1, "com.topic", "");
    (void)publish(publisher, 1, "com.topic");
    (void)expect(reader, "[36,\"*\",\"*\",\"*\",\"*\"]");
    history_is(reader, 2, id, "", "");
    actor_free(publisher);
    actor_free(reader);
}

static void what_is_more_than_an_answer_may_be_is_cut(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *reader = reader_new();
    unsigned long long id = actor_subscribe(reader, 1, "com.topic", "");
    for (unsigned i = 1; i <= 50; i++) {
        (void)publish(publisher, i, "com.topic");
        (void)expect(reader, "[36,\"*\",\"*\",\"*\",\"*\"]");
    }
    reader->peer.message_max = 4096;
    say(reader, "[48,2,{},\"wamp.subscription.get_events\",[%llu]]", id);
    (void)expect(reader, "[50,2,{},\"*\",{\"truncated\":true}]");
    assert_in_range(json_array_size(json_array_get(reader->last, 3)), 5, 40);
    actor_free(publisher);
    actor_free(reader);
}

static void timestamps_are_read_as_rfc_3339_says(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t ms;
    } good[] = {
        {"1970-01-01T00:00:00Z", 0},
        {"1970-01-01T00:00:00.123456789Z", 123},
        {"2000-02-29t12:00:00z", 951825600000},
        {"2000-03-01T00:00:00Z", 951868800000},
        {"2026-11-22T16:34:24.5+01:30", 1795359864500},
        {"1970-01-01T01:00:00+02:00", 0},
        {"2100-03-01 00:00:00-00:01", 4107542460000},
    };
    static const char *const bad[] = {
        "",
        "2020",
        "2020-01-01",
        "2020-01-01T00:00:00",
        "2020-01-01T00:00Z",
        "2020-00-01T00:00:00Z",
        "2020-01-32T00:00:00Z",
        "2020-01-01T24:00:00Z",
        "2020-01-01T00:60:00Z",
        "2020-01-01T00:00:00.Z",
        "2020-01-01T00:00:00+1:00",
        "2020-01-01T00:00:00Zx",
        "-020-01-01T00:00:00Z",
    };
    uint64_t ms = 0;
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        assert_true(timestamp_parse(str_of(good[i].text), &ms));
        assert_true(ms == good[i].ms);
    }
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(timestamp_parse(str_of(bad[i]), &ms));
    }
}

#define SMALL(name) cmocka_unit_test_setup_teardown(name, set_up_small, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(each_subscription_remembers_what_it_was_sent),
        BOTH(an_event_is_told_with_all_that_it_was_sent_with),
        BOTH(filters_choose_among_the_events),
        BOTH(wrong_questions_are_refused),
        BOTH(rules_about_persons_hold_for_the_reader_and_rules_about_sessions_keep_it_out),
        BOTH(history_is_for_those_who_may_subscribe),
        BOTH(history_goes_with_its_subscription),
        SMALL(a_subscription_keeps_only_its_latest_events),
        SMALL(memory_for_history_is_bounded_and_the_oldest_goes_first),
        cmocka_unit_test_setup_teardown(where_there_is_no_history_nothing_is_told, set_up_none,
                                        tear_down),
        BOTH(what_is_more_than_an_answer_may_be_is_cut),
        cmocka_unit_test(timestamps_are_read_as_rfc_3339_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
