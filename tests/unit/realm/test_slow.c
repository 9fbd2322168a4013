/* test_slow.c - subscribers that do not keep up: who waits, what is dropped, who is closed. */
#include "near_far_world.h"

static int set_up_drop(void **state)
{
    (void)state;
    struct router_options limits = world_limits();
    limits.queue_drops = true;
    limits.queue_max = 4000;
    far = 0;
    world_start(&world, 1, &limits);
    return 0;
}

static struct actor *publisher_new(void)
{
    return actor_join(&world, 0, SERIALIZER_JSON, "com.test");
}

static struct actor *subscriber_new(void)
{
    return actor_join(&world, far, SERIALIZER_JSON, "com.test");
}

static void drain_here(void *ctx)
{
    struct actor *actor = ctx;
    session_drained(actor->session);
}

/* The peer has written until so much is left. */
static void drain_to(struct actor *actor, size_t left)
{
    actor->queued = left;
    on_worker(&world, actor->worker, drain_here, actor);
    settle(&world);
}

/* Counted on another thread: asked for there. */
struct count {
    const unsigned *counter;
    unsigned value;
};

static void read_count(void *ctx)
{
    struct count *count = ctx;
    count->value = *count->counter;
}

static unsigned pauses_of(struct actor *actor, const unsigned *counter)
{
    struct count count = {.counter = counter};
    on_worker(&world, actor->worker, read_count, &count);
    return count.value;
}

static bool resumed_within_seconds(struct actor *actor, unsigned resumes, unsigned seconds)
{
    struct timespec moment = {.tv_nsec = 20000000};
    for (unsigned i = 0; i < seconds * 50; i++) {
        if (pauses_of(actor, &actor->resumes) >= resumes) {
            return true;
        }
        (void)nanosleep(&moment, NULL);
    }
    return false;
}

static void a_publisher_waits_for_a_subscriber_whose_queue_is_half_full(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *bystander = publisher_new();
    struct actor *slow = subscriber_new();
    (void)actor_subscribe(slow, 1, "com.topic", "");
    say(publisher, "[16,1,{},\"com.topic\"]");
    assert_int_equal(pauses_of(publisher, &publisher->pauses), 0);
    slow->queued = 600000;
    say(publisher, "[16,2,{},\"com.topic\"]");
    say(publisher, "[16,3,{},\"com.topic\"]");
    say(bystander, "[16,1,{},\"com.other\"]");
    assert_int_equal(pauses_of(publisher, &publisher->pauses), 1);
    assert_int_equal(pauses_of(bystander, &bystander->pauses), 0);
    for (unsigned i = 0; i < 3; i++) {
        (void)expect(slow, "[36,\"*\",\"*\",\"*\"]");
    }
    drain_to(slow, 400000);
    assert_int_equal(pauses_of(publisher, &publisher->resumes), 0);
    drain_to(slow, 200000);
    assert_int_equal(pauses_of(publisher, &publisher->resumes), 1);
    actor_free(publisher);
    actor_free(bystander);
    actor_free(slow);
}

static void nobody_waits_long_for_a_subscriber_that_does_not_read(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *dead = subscriber_new();
    (void)actor_subscribe(dead, 1, "com.topic", "");
    dead->queued = 600000;
    say(publisher, "[16,1,{},\"com.topic\"]");
    assert_int_equal(pauses_of(publisher, &publisher->pauses), 1);
    assert_true(resumed_within_seconds(publisher, 1, 10));
    say(publisher, "[16,2,{},\"com.topic\"]");
    assert_int_equal(pauses_of(publisher, &publisher->pauses), 1);
    drain_to(dead, 0);
    dead->queued = 600000;
    say(publisher, "[16,3,{},\"com.topic\"]");
    assert_int_equal(pauses_of(publisher, &publisher->pauses), 2);
    actor_free(publisher);
    actor_free(dead);
}

static void who_waits_goes_on_when_the_subscriber_is_gone(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *lost = subscriber_new();
    struct actor *full = subscriber_new();
    (void)actor_subscribe(lost, 1, "com.topic", "");
    (void)actor_subscribe(full, 1, "com.topic", "");
    lost->queued = 600000;
    full->queued = 700000;
    say(publisher, "[16,1,{},\"com.topic\"]");
    assert_int_equal(pauses_of(publisher, &publisher->pauses), 1);
    actor_lose(lost);
    assert_int_equal(pauses_of(publisher, &publisher->resumes), 0);
    full->queued = 1 << 20;
    say(publisher, "[16,2,{},\"com.topic\"]");
    (void)expect(full, "[36,\"*\",\"*\",\"*\"]");
    (void)expect(full, "[6,{},\"wamp.close.overflow\"]");
    assert_int_equal(pauses_of(publisher, &publisher->resumes), 1);
    actor_free(publisher);
    actor_free(lost);
    actor_free(full);
}

static void a_publisher_may_leave_while_it_waits(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *slow = subscriber_new();
    (void)actor_subscribe(slow, 1, "com.topic", "");
    slow->queued = 600000;
    say(publisher, "[16,1,{},\"com.topic\"]");
    actor_free(publisher);
    drain_to(slow, 0);
    actor_free(slow);
}

static void the_oldest_events_are_dropped_where_that_is_the_policy(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *slow = subscriber_new();
    (void)actor_subscribe(slow, 1, "com.topic", "");
    slow->queued = 2000;
    for (unsigned i = 1; i <= 90; i++) {
        say(publisher, "[16,%u,{\"disclose_me\":false},\"com.topic\",[%u]]", i, 100 + i);
    }
    expect_silence(slow);
    assert_int_equal(slow->finished, 0);
    drain_to(slow, 0);
    unsigned first = 0;
    unsigned count = 0;
    while (unheard(slow) > 0) {
        const json_t *event = expect(slow, "[36,\"*\",\"*\",\"*\",\"*\"]");
        unsigned number = (unsigned)json_integer_value(json_array_get(json_array_get(event, 4), 0));
        first = count == 0 ? number : first;
        assert_int_equal(number, first + count);
        count++;
    }
    assert_int_equal(first + count, 191);
    assert_in_range(count, 20, 35); /* 2000 bytes of them */
    say(publisher, "[16,91,{\"disclose_me\":false},\"com.topic\",[7]]");
    (void)expect(slow, "[36,\"*\",\"*\",\"*\",[7]]");
    actor_free(publisher);
    actor_free(slow);
}

static void answers_are_never_dropped(void **state)
{
    (void)state;
    struct actor *publisher = publisher_new();
    struct actor *slow = subscriber_new();
    unsigned long long id = actor_subscribe(slow, 1, "com.topic", "");
    slow->queued = 2000;
    say(publisher, "[16,1,{},\"com.topic\",[1]]");
    say(slow, "[48,2,{},\"com.nobody\"]");
    (void)expect(slow, "[8,48,2,{},\"wamp.error.no_such_procedure\",[\"*\"]]");
    say(slow, "[34,3,%llu]", id);
    (void)expect(slow, "[35,3]");
    drain_to(slow, 0);
    expect_silence(slow); /* no event follows UNSUBSCRIBED */
    slow->queued = 4000;
    say(slow, "[48,4,{},\"com.nobody\"]");
    (void)expect(slow, "[6,{},\"wamp.close.overflow\"]");
    actor_free(publisher);
    actor_free(slow);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_publisher_waits_for_a_subscriber_whose_queue_is_half_full),
        BOTH(nobody_waits_long_for_a_subscriber_that_does_not_read),
        BOTH(who_waits_goes_on_when_the_subscriber_is_gone),
        BOTH(a_publisher_may_leave_while_it_waits),
        cmocka_unit_test_setup_teardown(the_oldest_events_are_dropped_where_that_is_the_policy,
                                        set_up_drop, tear_down),
        cmocka_unit_test_setup_teardown(answers_are_never_dropped, set_up_drop, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
