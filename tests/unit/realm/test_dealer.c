/* test_dealer.c - calls, on one worker and across two: each test runs in both ways. */
#include "near_far_world.h"

static struct actor *caller_new(void)
{
    return actor_join(&world, 0, SERIALIZER_JSON, "com.test");
}

static struct actor *callee_new(void)
{
    return actor_join(&world, far, SERIALIZER_MSGPACK, "com.test");
}

/* One that does not announce call_canceling. */
static struct actor *plain_callee_new(void)
{
    struct actor *actor = actor_new(&world, far, SERIALIZER_JSON);
    say(actor, "[1,\"com.test\",{\"roles\":{\"callee\":{}}}]");
    (void)expect(actor, "[2,\"*\",\"*\"]");
    return actor;
}

static void a_call_is_answered_by_the_callee(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    unsigned long long caller_id = number_at(caller, 1);
    struct actor *callee = callee_new();
    unsigned long long id = actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{},\"com.add\",[1,2.5,\"x\"],{\"k\":null}]");
    (void)expect(callee,
                 "[68,1,%llu,{\"procedure\":\"com.add\",\"caller\":%llu,"
                 "\"caller_authid\":\"anonymous\",\"caller_authrole\":\"anonymous\"},"
                 "[1,2.5,\"x\"],{\"k\":null}]",
                 id, caller_id);
    say(callee, "[70,1,{},[3],{\"r\":true}]");
    (void)expect(caller, "[50,7,{},[3],{\"r\":true}]");
    expect_silence(caller);
    expect_silence(callee);
    actor_free(caller);
    actor_free(callee);
}

static void an_error_of_the_callee_reaches_the_caller(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(callee, "[8,68,1,{},\"com.error.sum\",[\"no\"],{\"a\":1}]");
    (void)expect(caller, "[8,48,7,{},\"com.error.sum\",[\"no\"],{\"a\":1}]");
    actor_free(caller);
    actor_free(callee);
}

static void a_caller_who_does_not_disclose_himself_is_not_named(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{\"disclose_me\":false},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",{\"procedure\":\"com.add\"}]");
    actor_free(caller);
    actor_free(callee);
}

static void a_call_without_a_callee_is_answered_no_such_procedure(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    say(caller, "[48,7,{},\"com.add\"]");
    (void)expect(
        caller, "[8,48,7,{},\"wamp.error.no_such_procedure\",[\"no service registered com.add\"]]");
    actor_free(caller);
}

static void bad_calls_are_refused_and_the_session_goes_on(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    say(caller, "[48,1,{},\"com..add\"]");
    (void)expect(caller, "[8,48,1,{},\"wamp.error.invalid_uri\",[\"*\"]]");
    say(caller, "[48,2,{\"timeout\":\"soon\"},\"com.add\"]");
    (void)expect(caller, "[8,48,2,{},\"wamp.error.invalid_argument\",[\"*\"]]");
    say(caller, "[48,3,{\"unknown\":[]},\"com.add\"]");
    (void)expect(caller, "[8,48,3,{},\"wamp.error.no_such_procedure\",[\"*\"]]");
    actor_free(caller);
}

static void what_is_not_granted_is_denied(void **state)
{
    (void)state;
    struct actor *caller = actor_join(&world, 0, SERIALIZER_JSON, "com.tight");
    struct actor *callee = actor_join(&world, far, SERIALIZER_JSON, "com.tight");
    say(caller, "[48,1,{},\"com.add\"]");
    (void)expect(caller,
                 "[8,48,1,{},\"wamp.error.not_authorized\",[\"Permission denied. Anonymous user "
                 "does not have permission 'wamp.call' on 'com.add'\"]]");
    say(callee, "[64,1,{},\"com.add\"]");
    (void)expect(callee,
                 "[8,64,1,{},\"wamp.error.not_authorized\",[\"Permission denied. Anonymous user "
                 "does not have permission 'wamp.register' on 'com.add'\"]]");
    say(callee, "[64,2,{\"match\":\"prefix\"},\"com.tight\"]");
    (void)expect(callee, "[8,64,2,{},\"wamp.error.not_authorized\",[\"*\"]]");
    (void)actor_register(callee, 3, "com.tight.ok.", "\"match\":\"prefix\"");
    say(caller, "[48,2,{},\"com.tight.ok.x\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    actor_free(caller);
    actor_free(callee);
}

static void request_ids_towards_the_callee_count_from_one(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    for (unsigned i = 1; i <= 100; i++) {
        say(caller, "[48,%u,{},\"com.add\"]", 1000 + i);
        (void)expect(callee, "[68,%u,\"*\",\"*\"]", i);
        say(callee, "[70,%u,{},[%u]]", i, i);
        (void)expect(caller, "[50,%u,{},[%u]]", 1000 + i, i);
    }
    actor_free(caller);
    actor_free(callee);
}

static void many_calls_in_flight_are_told_apart(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    for (unsigned i = 1; i <= 90; i++) {
        say(caller, "[48,%u,{},\"com.add\"]", i);
        (void)expect(callee, "[68,%u,\"*\",\"*\"]", i);
    }
    for (unsigned i = 90; i >= 1; i--) {
        say(callee, "[70,%u,{},[%u]]", i, i);
        (void)expect(caller, "[50,%u,{},[%u]]", i, i);
    }
    actor_free(caller);
    actor_free(callee);
}

static void the_id_of_a_call_in_flight_may_not_be_used_again(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,5,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(callee, "[70,1,{}]");
    (void)expect(caller, "[50,5,{}]");
    say(caller, "[48,5,{},\"com.add\"]");
    (void)expect(callee, "[68,2,\"*\",\"*\"]");
    say(caller, "[48,5,{},\"com.add\"]");
    (void)expect(caller, "[3,\"*\",\"wamp.error.protocol_violation\"]");
    (void)expect(callee, "[69,2,{\"mode\":\"killnowait\"}]");
    actor_free(caller);
    actor_free(callee);
}

static void a_yield_that_was_never_asked_for_is_a_violation(void **state)
{
    (void)state;
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(callee, "[70,1,{}]");
    (void)expect(callee, "[3,\"*\",\"wamp.error.protocol_violation\"]");
    actor_free(callee);
}

static void a_second_yield_is_late_and_dropped(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(callee, "[70,1,{}]");
    say(callee, "[70,1,{}]");
    say(callee, "[8,68,1,{},\"a.b\"]");
    (void)expect(caller, "[50,7,{}]");
    expect_silence(caller);
    expect_silence(callee);
    actor_free(caller);
    actor_free(callee);
}

static void a_lost_callee_is_canceled_at_once(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{},\"com.add\"]");
    say(caller, "[48,8,{},\"com.add\"]");
    actor_free(callee);
    for (unsigned i = 0; i < 2; i++) {
        (void)expect(caller, "[8,48,\"*\",{},\"wamp.error.canceled\",[\"*\"]]");
    }
    say(caller, "[48,9,{},\"com.add\"]");
    (void)expect(caller, "[8,48,9,{},\"wamp.error.no_such_procedure\",[\"*\"]]");
    actor_free(caller);
}

static void a_callee_that_says_goodbye_is_canceled_too(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(callee, "[6,{},\"wamp.close.normal\"]");
    (void)expect(callee, "[6,{},\"wamp.close.goodbye_and_out\"]");
    (void)expect(caller, "[8,48,7,{},\"wamp.error.canceled\",[\"*\"]]");
    actor_free(caller);
    actor_free(callee);
}

static void a_caller_that_leaves_interrupts_its_callee(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    actor_free(caller);
    (void)expect(callee, "[69,1,{\"mode\":\"killnowait\"}]");
    say(callee, "[70,1,{}]");
    say(callee, "[8,68,1,{},\"wamp.error.canceled\"]");
    expect_silence(callee);
    actor_free(callee);
}

static void a_callee_without_canceling_is_never_interrupted(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = plain_callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    for (unsigned i = 1; i <= 3; i++) {
        static const char *const modes[] = {"skip", "kill", "killnowait"};
        say(caller, "[48,%u,{},\"com.add\"]", i);
        (void)expect(callee, "[68,%u,\"*\",\"*\"]", i);
        say(caller, "[49,%u,{\"mode\":\"%s\"}]", i, modes[i - 1]);
        (void)expect(caller, "[8,48,%u,{},\"wamp.error.canceled\",[\"*\"]]", i);
        say(callee, "[70,%u,{}]", i);
    }
    say(caller, "[48,4,{},\"com.add\"]");
    (void)expect(callee, "[68,4,\"*\",\"*\"]");
    actor_free(caller);
    expect_silence(callee);
    actor_free(callee);
}

static void cancel_skips_unless_it_says_otherwise(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(caller, "[49,7,{}]");
    (void)expect(caller, "[8,48,7,{},\"wamp.error.canceled\",[\"*\"]]");
    expect_silence(callee);
    say(callee, "[70,1,{},[1]]");
    expect_silence(caller);
    expect_silence(callee);
    actor_free(caller);
    actor_free(callee);
}

static void kill_waits_for_the_callee(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(caller, "[49,7,{\"mode\":\"kill\"}]");
    (void)expect(callee, "[69,1,{\"mode\":\"kill\"}]");
    expect_silence(caller);
    say(callee, "[8,68,1,{},\"wamp.error.canceled\",[\"done\"]]");
    (void)expect(caller, "[8,48,7,{},\"wamp.error.canceled\",[\"done\"]]");
    say(caller, "[48,8,{},\"com.add\"]");
    (void)expect(callee, "[68,2,\"*\",\"*\"]");
    say(caller, "[49,8,{\"mode\":\"kill\"}]");
    (void)expect(callee, "[69,2,{\"mode\":\"kill\"}]");
    say(callee, "[70,2,{},[\"too late\"]]");
    (void)expect(caller, "[50,8,{},[\"too late\"]]");
    actor_free(caller);
    actor_free(callee);
}

static void killnowait_answers_at_once_and_interrupts(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(caller, "[49,7,{\"mode\":\"killnowait\"}]");
    (void)expect(caller, "[8,48,7,{},\"wamp.error.canceled\",[\"*\"]]");
    (void)expect(callee, "[69,1,{\"mode\":\"killnowait\"}]");
    say(callee, "[70,1,{}]");
    say(callee, "[8,68,1,{},\"wamp.error.canceled\"]");
    expect_silence(caller);
    expect_silence(callee);
    actor_free(caller);
    actor_free(callee);
}

static void cancel_of_what_is_answered_is_ignored(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(callee, "[70,1,{}]");
    (void)expect(caller, "[50,7,{}]");
    say(caller, "[49,7,{}]");
    say(caller, "[49,99,{\"mode\":\"kill\"}]");
    expect_silence(caller);
    expect_silence(callee);
    actor_free(caller);
    actor_free(callee);
}

static void a_cancel_mode_that_is_none_is_a_violation(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{},\"com.add\"]");
    say(caller, "[49,7,{\"mode\":\"maybe\"}]");
    (void)expect(caller, "[3,\"*\",\"wamp.error.protocol_violation\"]");
    actor_free(caller);
    actor_free(callee);
}

/* A slot whose call has been answered is used again at once: what comes for the old call must
 * not reach the new one. */
static void a_late_answer_never_reaches_the_next_call_of_its_slot(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    for (unsigned i = 1; i <= 40; i++) {
        say(caller, "[48,%u,{},\"com.add\"]", 2 * i);
        (void)expect(callee, "[68,%u,\"*\",\"*\"]", 2 * i - 1);
        say(caller, "[49,%u,{}]", 2 * i);
        (void)expect(caller, "[8,48,%u,{},\"wamp.error.canceled\",[\"*\"]]", 2 * i);
        say(caller, "[48,%u,{},\"com.add\"]", 2 * i + 1);
        (void)expect(callee, "[68,%u,\"*\",\"*\"]", 2 * i);
        say(callee, "[70,%u,{},[\"old\"]]", 2 * i - 1);
        expect_silence(caller);
        say(callee, "[70,%u,{},[\"new\"]]", 2 * i);
        (void)expect(caller, "[50,%u,{},[\"new\"]]", 2 * i + 1);
    }
    actor_free(caller);
    actor_free(callee);
}

static void wait_for(struct actor *actor)
{
    for (unsigned i = 0; i < 2000 && unheard(actor) == 0; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        settle(&world);
    }
}

static void a_call_times_out_and_interrupts(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{\"timeout\":20},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    wait_for(caller);
    (void)expect(caller, "[8,48,7,{},\"wamp.error.timeout\",[\"no answer within 20 ms\"]]");
    (void)expect(callee, "[69,1,{\"mode\":\"killnowait\",\"reason\":\"wamp.error.timeout\"}]");
    say(callee, "[70,1,{}]");
    expect_silence(caller);
    actor_free(caller);
    actor_free(callee);
}

static void the_default_timeout_and_the_cap_hold(void **state)
{
    (void)state;
    struct router_options limits = world_limits();
    limits.call_timeout_ms = 15;
    limits.call_timeout_max_ms = 25;
    restart(&limits);
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{},\"com.add\"]");
    wait_for(caller);
    (void)expect(caller, "[8,48,7,{},\"wamp.error.timeout\",[\"no answer within 15 ms\"]]");
    say(caller, "[48,8,{\"timeout\":0},\"com.add\"]");
    wait_for(caller);
    (void)expect(caller, "[8,48,8,{},\"wamp.error.timeout\",[\"no answer within 25 ms\"]]");
    say(caller, "[48,9,{\"timeout\":900000},\"com.add\"]");
    wait_for(caller);
    (void)expect(caller, "[8,48,9,{},\"wamp.error.timeout\",[\"no answer within 25 ms\"]]");
    actor_free(caller);
    actor_free(callee);
}

static void progressive_results_come_in_order_to_who_wants_them(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,7,{\"receive_progress\":true},\"com.add\"]");
    (void)expect(callee,
                 "[68,1,\"*\",{\"procedure\":\"*\",\"caller\":\"*\",\"caller_authid\":\"*\","
                 "\"caller_authrole\":\"*\",\"receive_progress\":true}]");
    say(callee, "[70,1,{\"progress\":true},[1]]");
    say(callee, "[70,1,{\"progress\":true},[2]]");
    say(callee, "[70,1,{},[3]]");
    (void)expect(caller, "[50,7,{\"progress\":true},[1]]");
    (void)expect(caller, "[50,7,{\"progress\":true},[2]]");
    (void)expect(caller, "[50,7,{},[3]]");
    say(caller, "[48,8,{},\"com.add\"]");
    (void)expect(callee, "[68,2,\"*\",\"*\"]");
    say(callee, "[70,2,{\"progress\":true},[1]]");
    expect_silence(caller);
    say(callee, "[70,2,{},[3]]");
    (void)expect(caller, "[50,8,{},[3]]");
    actor_free(caller);
    actor_free(callee);
}

static void calls_in_flight_are_bounded(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    for (unsigned i = 1; i <= 100; i++) {
        say(caller, "[48,%u,{},\"com.add\"]", i);
    }
    say(caller, "[48,101,{},\"com.add\"]");
    (void)expect(caller, "[8,48,101,{},\"wamp.error.unavailable\",[\"*\"]]");
    actor_free(caller);
    actor_free(callee);
}

static void an_invocation_that_does_not_fit_is_unavailable(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    callee->queued = 1 << 20;
    say(caller, "[48,7,{},\"com.add\"]");
    (void)expect(caller, "[8,48,7,{},\"wamp.error.unavailable\",[\"*\"]]");
    assert_int_equal(callee->finished, 0);
    callee->queued = 0;
    say(caller, "[48,8,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    actor_free(caller);
    actor_free(callee);
}

static void what_is_larger_than_the_other_end_accepts_is_refused(void **state)
{
    (void)state;
    char big[600];
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    (void)actor_register(callee, 1, "com.add", "");
    callee->peer.message_max = 512;
    say(caller, "[48,7,{},\"com.add\",[\"%s\"]]", big);
    (void)expect(caller, "[8,48,7,{},\"wamp.error.payload_size_exceeded\",[\"*\"]]");
    caller->peer.message_max = 512;
    say(caller, "[48,8,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(callee, "[70,1,{},[\"%s\"]]", big);
    (void)expect(caller, "[8,48,8,{},\"wamp.error.payload_size_exceeded\",[\"*\"]]");
    actor_free(caller);
    actor_free(callee);
}

static void a_session_may_call_itself(void **state)
{
    (void)state;
    struct actor *actor = callee_new();
    (void)actor_register(actor, 1, "com.add", "");
    say(actor, "[48,7,{},\"com.add\"]");
    (void)expect(actor, "[68,1,\"*\",\"*\"]");
    say(actor, "[70,1,{},[1]]");
    (void)expect(actor, "[50,7,{},[1]]");
    say(actor, "[48,8,{},\"com.add\"]");
    (void)expect(actor, "[68,2,\"*\",\"*\"]");
    actor_free(actor);
}

/* The callee is gone when the INVOCATION arrives at its worker: another one gets it. */
struct blocked {
    pthread_mutex_t hold;
    struct actor *callee;
};

static void lose_when_released(void *ctx)
{
    struct blocked *blocked = ctx;
    (void)pthread_mutex_lock(&blocked->hold);
    (void)pthread_mutex_unlock(&blocked->hold);
    session_lost(blocked->callee->session);
    blocked->callee->session = NULL;
}

struct blocked_post {
    struct post post;
    struct blocked *blocked;
};

static void lose_post(struct post *post)
{
    lose_when_released(CONTAINER_OF(post, struct blocked_post, post)->blocked);
}

static void a_call_to_a_callee_that_has_just_gone_goes_to_the_next(void **state)
{
    (void)state;
    if (far == 0) {
        return;
    }
    struct actor *caller = caller_new();
    struct actor *first = callee_new();
    struct actor *second = callee_new();
    (void)actor_register(first, 1, "com.add", "\"invoke\":\"first\"");
    (void)actor_register(second, 1, "com.add", "\"invoke\":\"first\"");
    struct blocked blocked = {.callee = first};
    struct blocked_post post = {.post = {.fn = lose_post}, .blocked = &blocked};
    (void)pthread_mutex_init(&blocked.hold, NULL);
    (void)pthread_mutex_lock(&blocked.hold);
    worker_post(workers_get(world.workers, 1), &post.post);
    struct str call = STR("[48,7,{},\"com.add\",[\"x\"]]");
    struct saying saying = {caller, call};
    on_worker(&world, 0, say_here, &saying);
    (void)pthread_mutex_unlock(&blocked.hold);
    settle(&world);
    expect_silence(first);
    (void)expect(second, "[68,1,\"*\",\"*\",[\"x\"]]");
    say(second, "[70,1,{},[\"y\"]]");
    (void)expect(caller, "[50,7,{},[\"y\"]]");
    (void)pthread_mutex_destroy(&blocked.hold);
    actor_free(caller);
    actor_free(first);
    actor_free(second);
}

/* CALL and CANCEL are on their way together. */
static void a_cancel_that_follows_its_call_finds_it(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    struct saying call = {caller, STR("[48,7,{},\"com.add\"]")};
    struct saying cancel = {caller, STR("[49,7,{\"mode\":\"killnowait\"}]")};
    on_worker(&world, 0, say_here, &call);
    on_worker(&world, 0, say_here, &cancel);
    settle(&world);
    (void)expect(caller, "[8,48,7,{},\"wamp.error.canceled\",[\"*\"]]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    (void)expect(callee, "[69,1,\"*\"]");
    actor_free(caller);
    actor_free(callee);
}

static void wait_until_released(struct post *post)
{
    struct blocked *blocked = CONTAINER_OF(post, struct blocked_post, post)->blocked;
    (void)pthread_mutex_lock(&blocked->hold);
    (void)pthread_mutex_unlock(&blocked->hold);
}

static void a_caller_that_feeds_a_congested_worker_is_not_read_meanwhile(void **state)
{
    (void)state;
    if (far == 0) {
        return;
    }
    world_mailbox_max = 1000;
    restart(NULL);
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    struct blocked blocked = {.callee = callee};
    struct blocked_post post = {.post = {.fn = wait_until_released}, .blocked = &blocked};
    (void)pthread_mutex_init(&blocked.hold, NULL);
    (void)pthread_mutex_lock(&blocked.hold);
    worker_post(workers_get(world.workers, 1), &post.post);
    for (unsigned i = 1; i <= 9; i++) {
        char text[64];
        (void)snprintf(text, sizeof(text), "[48,%u,{},\"com.add\",[%u]]", i, i);
        struct saying saying = {caller, str_of(text)};
        on_worker(&world, 0, say_here, &saying);
    }
    assert_int_equal(caller->pauses, 1);
    assert_int_equal(caller->resumes, 0);
    (void)pthread_mutex_unlock(&blocked.hold);
    settle(&world);
    assert_int_equal(caller->resumes, 1);
    for (unsigned i = 1; i <= 9; i++) {
        (void)expect(callee, "[68,%u,\"*\",\"*\",[%u]]", i, i);
    }
    (void)pthread_mutex_destroy(&blocked.hold);
    actor_free(caller);
    actor_free(callee);
    world_mailbox_max = 64 << 20;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_call_is_answered_by_the_callee),
        BOTH(an_error_of_the_callee_reaches_the_caller),
        BOTH(a_caller_who_does_not_disclose_himself_is_not_named),
        BOTH(a_call_without_a_callee_is_answered_no_such_procedure),
        BOTH(bad_calls_are_refused_and_the_session_goes_on),
        BOTH(what_is_not_granted_is_denied),
        BOTH(request_ids_towards_the_callee_count_from_one),
        BOTH(many_calls_in_flight_are_told_apart),
        BOTH(the_id_of_a_call_in_flight_may_not_be_used_again),
        BOTH(a_yield_that_was_never_asked_for_is_a_violation),
        BOTH(a_second_yield_is_late_and_dropped),
        BOTH(a_lost_callee_is_canceled_at_once),
        BOTH(a_callee_that_says_goodbye_is_canceled_too),
        BOTH(a_caller_that_leaves_interrupts_its_callee),
        BOTH(a_callee_without_canceling_is_never_interrupted),
        BOTH(cancel_skips_unless_it_says_otherwise),
        BOTH(kill_waits_for_the_callee),
        BOTH(killnowait_answers_at_once_and_interrupts),
        BOTH(cancel_of_what_is_answered_is_ignored),
        BOTH(a_cancel_mode_that_is_none_is_a_violation),
        BOTH(a_late_answer_never_reaches_the_next_call_of_its_slot),
        BOTH(a_call_times_out_and_interrupts),
        BOTH(the_default_timeout_and_the_cap_hold),
        BOTH(progressive_results_come_in_order_to_who_wants_them),
        BOTH(calls_in_flight_are_bounded),
        BOTH(an_invocation_that_does_not_fit_is_unavailable),
        BOTH(what_is_larger_than_the_other_end_accepts_is_refused),
        BOTH(a_session_may_call_itself),
        BOTH(a_call_to_a_callee_that_has_just_gone_goes_to_the_next),
        BOTH(a_cancel_that_follows_its_call_finds_it),
        BOTH(a_caller_that_feeds_a_congested_worker_is_not_read_meanwhile),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
