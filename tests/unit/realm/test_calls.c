/* test_calls.c - what calls can do beyond being answered: pieces, other callees, limits, trust,
 * passthru payloads. On one worker and across two: each test runs in both ways. */
#include "../../support/realm_world.h"
#include "base/clock.h"
#include "realm/revocation.h"
#include "realm/router_inside.h"

static struct world world;
static unsigned far; /* the worker of those who answer */

static int set_up_near(void **state)
{
    (void)state;
    far = 0;
    world_start(&world, 1, NULL);
    return 0;
}

static int set_up_far(void **state)
{
    (void)state;
    far = 1;
    world_start(&world, 2, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_stop(&world);
    return 0;
}

static void restart(const struct router_options *limits)
{
    world_stop(&world);
    world_start(&world, far + 1, limits);
}

/* With features announced: of the caller, and of the callee. */
static struct actor *
join_with(unsigned worker, enum serializer serializer, const char *caller, const char *callee)
{
    struct actor *actor = actor_new(&world, worker, serializer);
    say(actor,
        "[1,\"com.test\",{\"roles\":{\"caller\":{\"features\":{%s}},"
        "\"callee\":{\"features\":{%s}}}}]",
        caller, callee);
    (void)expect(actor, "[2,\"*\",\"*\"]");
    return actor;
}

#define PIECES   "\"progressive_call_invocations\":true"
#define CANCEL   "\"call_canceling\":true"
#define PASSTHRU "\"payload_passthru_mode\":true"
#define REROUTE  "\"call_reroute\":true"
#define REVOKED  "\"registration_revocation\":true"

static struct actor *caller_new(void)
{
    return join_with(0, SERIALIZER_JSON, PIECES "," PASSTHRU, "");
}

static struct actor *callee_new(void)
{
    return join_with(far, SERIALIZER_MSGPACK, "", PIECES "," CANCEL "," PASSTHRU "," REROUTE);
}

static struct actor *plain_callee_new(void)
{
    return join_with(far, SERIALIZER_JSON, "", "");
}

static void wait_for(struct actor *actor)
{
    for (unsigned i = 0; i < 2000 && unheard(actor) == 0; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        settle(&world);
    }
}

static void the_pieces_of_a_call_reach_one_callee_under_one_id(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *first = callee_new();
    struct actor *second = callee_new();
    unsigned long long id = actor_register(first, 1, "com.up", "\"invoke\":\"roundrobin\"");
    (void)actor_register(second, 1, "com.up", "\"invoke\":\"roundrobin\"");
    say(caller, "[48,1,{\"progress\":true,\"disclose_me\":false},\"com.up\",[1]]");
    (void)expect(first, "[68,1,%llu,{\"procedure\":\"com.up\",\"progress\":true},[1]]", id);
    say(caller, "[48,1,{\"progress\":true,\"disclose_me\":true,\"timeout\":1},\"com.up\",[2]]");
    (void)expect(first, "[68,1,%llu,{\"procedure\":\"com.up\",\"progress\":true},[2]]", id);
    say(caller, "[48,2,{},\"com.up\",[\"other\"]]");
    (void)expect(second, "[68,1,%llu,\"*\",[\"other\"]]", id);
    say(caller, "[48,1,{},\"com.up\",[3],{\"k\":4}]");
    (void)expect(first, "[68,1,%llu,{\"procedure\":\"com.up\"},[3],{\"k\":4}]", id);
    expect_silence(second);
    say(first, "[70,1,{},[6]]");
    (void)expect(caller, "[50,1,{},[6]]");
    actor_free(caller);
    actor_free(first);
    actor_free(second);
}

static void pieces_and_progressive_results_go_both_ways(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.up", "");
    say(caller, "[48,1,{\"progress\":true,\"receive_progress\":true},\"com.up\",[1]]");
    (void)expect(callee,
                 "[68,1,\"*\",{\"procedure\":\"*\",\"caller\":\"*\",\"caller_authid\":\"*\","
                 "\"caller_authrole\":\"*\",\"receive_progress\":true,\"progress\":true},[1]]");
    say(callee, "[70,1,{\"progress\":true},[\"a\"]]");
    (void)expect(caller, "[50,1,{\"progress\":true},[\"a\"]]");
    say(caller, "[48,1,{\"progress\":false},\"com.up\",[2]]");
    (void)expect(callee,
                 "[68,1,\"*\",{\"procedure\":\"*\",\"caller\":\"*\",\"caller_authid\":\"*\","
                 "\"caller_authrole\":\"*\",\"receive_progress\":true},[2]]");
    say(callee, "[70,1,{\"progress\":true},[\"b\"]]");
    (void)expect(caller, "[50,1,{\"progress\":true},[\"b\"]]");
    say(callee, "[70,1,{},[\"c\"]]");
    (void)expect(caller, "[50,1,{},[\"c\"]]");
    actor_free(caller);
    actor_free(callee);
}

static void count_requests(void)
{
    struct router_options limits = world_limits();
    limits.any_request_ids = false;
    restart(&limits);
}

static void a_piece_for_a_call_that_is_over_is_dropped(void **state)
{
    (void)state;
    count_requests();
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.up", "");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[1]]");
    (void)expect(callee, "[68,1,\"*\",\"*\",[1]]");
    say(callee, "[8,68,1,{},\"com.enough\"]");
    (void)expect(caller, "[8,48,1,{},\"com.enough\"]");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[2]]");
    say(caller, "[48,1,{},\"com.up\",[3]]");
    expect_silence(caller);
    expect_silence(callee);
    say(caller, "[48,2,{},\"com.up\",[4]]");
    (void)expect(callee, "[68,2,\"*\",\"*\",[4]]");
    actor_free(caller);
    actor_free(callee);
}

/* The callee has answered, and the caller goes on before it has heard. */
static void a_piece_that_crosses_the_answer_is_dropped(void **state)
{
    (void)state;
    count_requests();
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.up", "");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[1]]");
    (void)expect(callee, "[68,1,\"*\",\"*\",[1]]");
    struct saying piece = {caller, STR("[48,1,{\"progress\":true},\"com.up\",[2]]")};
    on_worker(&world, 0, say_here, &piece);
    say(callee, "[70,1,{},[\"done\"]]");
    on_worker(&world, 0, say_here, &piece);
    settle(&world);
    (void)expect(callee, "[68,1,\"*\",\"*\",[2]]");
    (void)expect(caller, "[50,1,{},[\"done\"]]");
    expect_silence(caller);
    expect_silence(callee);
    actor_free(caller);
    actor_free(callee);
}

static void pieces_need_both_ends_to_know_of_them(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *plain = plain_callee_new();
    struct actor *deaf = join_with(far, SERIALIZER_JSON, "", PIECES); /* cannot be interrupted */
    (void)actor_register(plain, 1, "com.plain", "");
    (void)actor_register(deaf, 1, "com.deaf", "");
    say(caller, "[48,1,{\"progress\":true},\"com.plain\",[1]]");
    (void)expect(caller, "[8,48,1,{},\"wamp.error.feature_not_supported\",[\"*\"]]");
    say(caller, "[48,2,{\"progress\":true},\"com.deaf\",[1]]");
    (void)expect(caller, "[8,48,2,{},\"wamp.error.feature_not_supported\",[\"*\"]]");
    expect_silence(plain);
    expect_silence(deaf);
    say(plain, "[48,1,{\"progress\":true},\"com.deaf\",[1]]");
    (void)expect(plain, "[3,\"*\",\"wamp.error.protocol_violation\"]");
    actor_free(caller);
    actor_free(plain);
    actor_free(deaf);
}

static void after_the_last_piece_the_id_is_used(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.up", "");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[1]]");
    say(caller, "[48,1,{},\"com.up\",[2]]");
    (void)expect(callee, "[68,1,\"*\",\"*\",[1]]");
    (void)expect(callee, "[68,1,\"*\",\"*\",[2]]");
    say(caller, "[48,1,{},\"com.up\",[3]]");
    (void)expect(caller, "[3,\"*\",\"wamp.error.protocol_violation\"]");
    (void)expect(callee, "[69,1,{\"mode\":\"killnowait\"}]");
    actor_free(caller);
    actor_free(callee);
}

static void a_piece_that_does_not_fit_ends_the_call(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.up", "");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[1]]");
    (void)expect(callee, "[68,1,\"*\",\"*\",[1]]");
    callee->queued = (1 << 20) - 64; /* room for an INTERRUPT */
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[\"%0200d\"]]", 1);
    (void)expect(caller, "[8,48,1,{},\"wamp.error.unavailable\",[\"*\"]]");
    (void)expect(callee, "[69,1,{\"mode\":\"killnowait\"}]");
    assert_int_equal(callee->finished, 0);
    actor_free(caller);
    actor_free(callee);
}

static void a_callee_that_leaves_between_pieces_is_canceled(void **state)
{
    (void)state;
    count_requests();
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.up", "");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[1]]");
    (void)expect(callee, "[68,1,\"*\",\"*\",[1]]");
    actor_free(callee);
    (void)expect(caller, "[8,48,1,{},\"wamp.error.canceled\",[\"*\"]]");
    say(caller, "[48,1,{\"progress\":true},\"com.up\",[2]]");
    expect_silence(caller);
    actor_free(caller);
}

enum { SHARERS = 3 };

/* The one that has been called. */
static unsigned who_is_called(struct actor **callees, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        if (unheard(callees[i]) > 0) {
            return i;
        }
    }
    fail_msg("nobody has been called");
    return 0;
}

static unsigned who_answers(struct actor **callees, unsigned count, const char *args)
{
    unsigned at = who_is_called(callees, count);
    (void)expect(callees[at], "[68,\"*\",\"*\",\"*\"%s]", args);
    say(callees[at], "[70,%llu,{}]", number_at(callees[at], 1));
    return at;
}

static unsigned who_passes_on(struct actor **callees, const char *args)
{
    unsigned at = who_is_called(callees, SHARERS);
    (void)expect(callees[at],
                 "[68,\"*\",\"*\",{\"procedure\":\"com.add\",\"caller\":\"*\","
                 "\"caller_authid\":\"anonymous\",\"caller_authrole\":\"anonymous\"}%s]",
                 args);
    say(callees[at], "[8,68,%llu,{},\"wamp.error.unavailable\"]", number_at(callees[at], 1));
    return at;
}

static void the_unavailable_are_passed_over(const char *policy)
{
    char options[64];
    struct actor *callees[SHARERS];
    struct actor *caller = caller_new();
    unsigned asked = 0;
    (void)snprintf(options, sizeof(options), "\"invoke\":\"%s\"", policy);
    for (unsigned i = 0; i < SHARERS; i++) {
        callees[i] = callee_new();
        (void)actor_register(callees[i], 1, "com.add", options);
    }
    say(caller, "[48,1,{},\"com.add\",[\"x\"],{\"k\":1}]");
    for (unsigned i = 0; i < SHARERS; i++) {
        expect_silence(caller);
        asked |= 1u << who_passes_on(callees, ",[\"x\"],{\"k\":1}");
    }
    assert_int_equal(asked, (1u << SHARERS) - 1); /* each of them, once */
    (void)expect(caller, "[8,48,1,{},\"wamp.error.no_available_callee\",[\"*\"]]");
    say(caller, "[48,2,{},\"com.add\",[\"y\"]]");
    unsigned first = who_passes_on(callees, ",[\"y\"]");
    assert_true(first != who_answers(callees, SHARERS, ",[\"y\"]"));
    (void)expect(caller, "[50,2,{}]");
    actor_free(caller);
    for (unsigned i = 0; i < SHARERS; i++) {
        actor_free(callees[i]);
    }
}

static void a_callee_that_is_not_available_is_passed_over(void **state)
{
    (void)state;
    static const char *const policies[] = {"first",
                                           "last",
                                           "roundrobin",
                                           "random",
                                           "queue_least_loaded",
                                           "queue_least_loaded_sample",
                                           "jump_consistent_hash"};
    for (unsigned i = 0; i < COUNT_OF(policies); i++) {
        the_unavailable_are_passed_over(policies[i]);
    }
}

static void the_only_callee_that_is_not_available_is_told_of_by_its_own_name(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    struct actor *plain = plain_callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    (void)actor_register(plain, 1, "com.plain", "");
    say(caller, "[48,1,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(callee, "[8,68,1,{},\"wamp.error.unavailable\"]");
    (void)expect(caller, "[8,48,1,{},\"wamp.error.no_available_callee\",[\"*\"]]");
    say(caller, "[48,2,{},\"com.plain\"]");
    (void)expect(plain, "[68,1,\"*\",\"*\"]");
    say(plain, "[8,68,1,{},\"wamp.error.unavailable\",[\"mine\"]]");
    (void)expect(caller, "[8,48,2,{},\"wamp.error.unavailable\",[\"mine\"]]");
    actor_free(caller);
    actor_free(callee);
    actor_free(plain);
}

static void a_call_that_was_killed_is_not_given_to_another(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *first = callee_new();
    struct actor *second = callee_new();
    (void)actor_register(first, 1, "com.add", "\"invoke\":\"first\"");
    (void)actor_register(second, 1, "com.add", "\"invoke\":\"first\"");
    say(caller, "[48,1,{},\"com.add\"]");
    (void)expect(first, "[68,1,\"*\",\"*\"]");
    say(caller, "[49,1,{\"mode\":\"kill\"}]");
    (void)expect(first, "[69,1,{\"mode\":\"kill\"}]");
    say(first, "[8,68,1,{},\"wamp.error.unavailable\",[\"mine\"]]");
    (void)expect(caller, "[8,48,1,{},\"wamp.error.unavailable\",[\"mine\"]]");
    expect_silence(second);
    actor_free(caller);
    actor_free(first);
    actor_free(second);
}

static void who_has_begun_to_answer_is_not_passed_over(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *first = callee_new();
    struct actor *second = callee_new();
    (void)actor_register(first, 1, "com.add", "\"invoke\":\"first\"");
    (void)actor_register(second, 1, "com.add", "\"invoke\":\"first\"");
    say(caller, "[48,1,{\"receive_progress\":true},\"com.add\"]");
    (void)expect(first, "[68,1,\"*\",\"*\"]");
    say(first, "[70,1,{\"progress\":true},[1]]");
    (void)expect(caller, "[50,1,{\"progress\":true},[1]]");
    say(first, "[8,68,1,{},\"wamp.error.unavailable\"]");
    (void)expect(caller, "[8,48,1,{},\"wamp.error.unavailable\"]");
    expect_silence(second);
    actor_free(caller);
    actor_free(first);
    actor_free(second);
}

static void a_callee_gets_no_more_calls_than_it_takes_at_a_time(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "\"concurrency\":2");
    say(caller, "[48,1,{},\"com.add\"]");
    say(caller, "[48,2,{},\"com.add\"]");
    say(caller, "[48,3,{},\"com.add\"]");
    (void)expect(caller, "[8,48,3,{},\"wamp.error.unavailable\",[\"*\"]]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    (void)expect(callee, "[68,2,\"*\",\"*\"]");
    expect_silence(callee);
    say(callee, "[70,1,{}]");
    (void)expect(caller, "[50,1,{}]");
    say(caller, "[48,4,{},\"com.add\"]");
    (void)expect(callee, "[68,3,\"*\",\"*\"]");
    say(caller, "[49,4,{}]");
    (void)expect(caller, "[8,48,4,{},\"wamp.error.canceled\",[\"*\"]]");
    say(caller, "[48,5,{},\"com.add\"]");
    (void)expect(callee, "[68,4,\"*\",\"*\"]");
    actor_lose(caller);
    (void)expect(callee, "[69,2,\"*\"]");
    (void)expect(callee, "[69,4,\"*\"]");
    struct actor *other = caller_new();
    say(other, "[48,1,{},\"com.add\"]");
    say(other, "[48,2,{},\"com.add\"]");
    (void)expect(callee, "[68,5,\"*\",\"*\"]");
    (void)expect(callee, "[68,6,\"*\",\"*\"]");
    actor_free(other);
    actor_free(caller);
    actor_free(callee);
}

static void a_callee_at_its_limit_is_passed_over(void **state)
{
    (void)state;
    static const char *const policies[] = {"first", "last", "roundrobin", "random",
                                           "qll",   "qlls", "jch"};
    for (unsigned p = 0; p < COUNT_OF(policies); p++) {
        char options[64];
        struct actor *caller = caller_new();
        struct actor *first = callee_new();
        struct actor *second = callee_new();
        (void)snprintf(options, sizeof(options), "\"invoke\":\"%s\",\"concurrency\":1",
                       policies[p]);
        (void)actor_register(first, 1, "com.add", options);
        (void)actor_register(second, 1, "com.add", options);
        say(caller, "[48,1,{},\"com.add\"]");
        say(caller, "[48,2,{},\"com.add\"]");
        (void)expect(first, "[68,1,\"*\",\"*\"]");
        (void)expect(second, "[68,1,\"*\",\"*\"]");
        say(caller, "[48,3,{},\"com.add\"]");
        (void)expect(caller, "[8,48,3,{},\"wamp.error.unavailable\",[\"*\"]]");
        actor_free(first); /* while its call is open: what counts it outlives it */
        (void)expect(caller, "[8,48,\"*\",{},\"wamp.error.canceled\",[\"*\"]]");
        say(second, "[70,1,{}]");
        (void)expect(caller, "[50,\"*\",{}]");
        actor_free(second);
        actor_free(caller);
    }
}

static void the_least_loaded_is_called(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callees[3];
    for (unsigned i = 0; i < 3; i++) {
        callees[i] = callee_new();
        (void)actor_register(callees[i], 1, "com.add", "\"invoke\":\"queue_least_loaded\"");
    }
    for (unsigned i = 1; i <= 9; i++) {
        say(caller, "[48,%u,{},\"com.add\"]", i);
    }
    for (unsigned i = 0; i < 3; i++) {
        assert_int_equal(unheard(callees[i]), 3);
    }
    say(callees[1], "[70,1,{}]");
    say(callees[1], "[70,2,{}]");
    (void)expect(caller, "[50,\"*\",{}]");
    (void)expect(caller, "[50,\"*\",{}]");
    say(caller, "[48,10,{},\"com.add\"]");
    say(caller, "[48,11,{},\"com.add\"]");
    assert_int_equal(unheard(callees[1]), 5);
    actor_free(caller);
    for (unsigned i = 0; i < 3; i++) {
        actor_free(callees[i]);
    }
}

static void the_same_key_finds_the_same_callee(void **state)
{
    (void)state;
    enum { CALLEES = 4 };
    static const char *const forms[] = {"\"runmode\":\"partition\",\"rkey\"", "\"_routing_key\""};
    struct actor *caller = caller_new();
    struct actor *callees[CALLEES];
    unsigned used = 0;
    unsigned request = 0;
    for (unsigned i = 0; i < CALLEES; i++) {
        callees[i] = callee_new();
        (void)actor_register(callees[i], 1, "com.add", "\"invoke\":\"jch\"");
    }
    for (unsigned key = 0; key < 16; key++) {
        unsigned chosen[COUNT_OF(forms)];
        for (unsigned f = 0; f < COUNT_OF(forms); f++) {
            say(caller, "[48,%u,{%s:\"k%u\"},\"com.add\"]", ++request, forms[f], key);
            chosen[f] = who_answers(callees, CALLEES, "");
            (void)expect(caller, "[50,%u,{}]", request);
        }
        assert_int_equal(chosen[0], chosen[1]);
        used |= 1u << chosen[0];
    }
    assert_true((used & (used - 1)) != 0); /* not all to one */
    say(caller, "[48,%u,{\"_routing_key\":[]},\"com.add\"]", ++request);
    (void)expect(caller, "[8,48,%u,{},\"wamp.error.invalid_argument\",[\"*\"]]", request);
    actor_free(caller);
    for (unsigned i = 0; i < CALLEES; i++) {
        actor_free(callees[i]);
    }
}

static void a_callee_that_times_its_calls_out_is_told_the_time(void **state)
{
    (void)state;
    struct router_options limits = world_limits();
    limits.call_timeout_max_ms = 40;
    limits.call_timeout_ms = 20;
    restart(&limits);
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "\"forward_timeout\":true");
    say(caller, "[48,1,{\"timeout\":5,\"disclose_me\":false},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",{\"procedure\":\"com.add\",\"timeout\":5}]");
    wait_for(caller);
    (void)expect(caller, "[8,48,1,{},\"wamp.error.timeout\",[\"no answer within 40 ms\"]]");
    (void)expect(callee, "[69,1,\"*\"]");
    say(caller, "[48,2,{\"timeout\":5,\"disclose_me\":false},\"com.add\"]");
    (void)expect(callee, "[68,2,\"*\",\"*\"]");
    say(callee, "[8,68,2,{},\"wamp.error.timeout\",[\"mine\"]]");
    (void)expect(caller, "[8,48,2,{},\"wamp.error.timeout\",[\"mine\"]]");
    say(caller, "[48,3,{\"disclose_me\":false},\"com.add\"]");
    (void)expect(callee, "[68,3,\"*\",{\"procedure\":\"com.add\"}]");
    wait_for(caller);
    (void)expect(caller, "[8,48,3,{},\"wamp.error.timeout\",[\"no answer within 20 ms\"]]");
    actor_free(caller);
    actor_free(callee);
}

static void each_progressive_result_gives_the_callee_new_time(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,1,{\"timeout\":400,\"receive_progress\":true},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    uint64_t begun = clock_mono_ms();
    while (clock_mono_ms() - begun < 800) { /* twice what the call may take */
        (void)nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
        say(callee, "[70,1,{\"progress\":true}]");
        (void)expect(caller, "[50,1,{\"progress\":true}]");
    }
    say(callee, "[70,1,{}]");
    (void)expect(caller, "[50,1,{}]");
    actor_free(caller);
    actor_free(callee);
}

static void a_callee_may_ask_to_be_told_who_calls(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "\"disclose_caller\":true");
    say(caller, "[48,1,{\"disclose_me\":false},\"com.add\"]");
    (void)expect(callee,
                 "[68,1,\"*\",{\"procedure\":\"*\",\"caller\":\"*\",\"caller_authid\":\"*\","
                 "\"caller_authrole\":\"*\"}]");
    actor_free(caller);
    actor_free(callee);
}

/* The first callee is told, the second is not. */
static void a_call_that_moves_on_tells_no_more_than_the_next_may_know(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *knows = callee_new();
    struct actor *not = callee_new();
    struct actor *again = callee_new();
    (void)actor_register(knows, 1, "com.add",
                         "\"invoke\":\"first\",\"disclose_caller\":true,\"forward_timeout\":true");
    (void)actor_register(not, 1, "com.add", "\"invoke\":\"first\"");
    (void)actor_register(again, 1, "com.add",
                         "\"invoke\":\"first\",\"disclose_caller\":true,\"forward_timeout\":true");
    say(caller, "[48,1,{\"disclose_me\":false,\"timeout\":5000},\"com.add\",[1]]");
    (void)expect(knows, "[68,1,\"*\",{\"procedure\":\"*\",\"caller\":\"*\",\"caller_authid\":\"*\","
                        "\"caller_authrole\":\"*\",\"timeout\":5000},[1]]");
    say(knows, "[8,68,1,{},\"wamp.error.unavailable\"]");
    (void)expect(not, "[68,1,\"*\",{\"procedure\":\"com.add\"},[1]]");
    say(not, "[8,68,1,{},\"wamp.error.unavailable\"]");
    (void)expect(again, "[68,1,\"*\",{\"procedure\":\"*\",\"caller\":\"*\",\"caller_authid\":\"*\","
                        "\"caller_authrole\":\"*\",\"timeout\":5000},[1]]");
    actor_free(caller);
    actor_free(knows);
    actor_free(not );
    actor_free(again);
}

static void nobody_is_disclosed_where_that_is_off(void **state)
{
    (void)state;
    struct router_options limits = world_limits();
    limits.disclosure = DISCLOSURE_OFF;
    restart(&limits);
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    say(callee, "[64,1,{\"disclose_caller\":true},\"com.add\"]");
    (void)expect(callee, "[8,64,1,{},\"wamp.error.option_not_allowed\",[\"*\"]]");
    (void)actor_register(callee, 2, "com.add", "");
    say(caller, "[48,1,{\"disclose_me\":true},\"com.add\"]");
    (void)expect(caller, "[8,48,1,{},\"wamp.error.option_disallowed.disclose_me\",[\"*\"]]");
    say(caller, "[48,2,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",{\"procedure\":\"com.add\"}]");
    actor_free(caller);
    actor_free(callee);
}

static void where_it_must_be_asked_for_nobody_is_disclosed_unasked(void **state)
{
    (void)state;
    struct router_options limits = world_limits();
    limits.disclosure = DISCLOSURE_ASKED;
    restart(&limits);
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,1,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",{\"procedure\":\"com.add\"}]");
    say(caller, "[48,2,{\"disclose_me\":true},\"com.add\"]");
    (void)expect(callee,
                 "[68,2,\"*\",{\"procedure\":\"*\",\"caller\":\"*\",\"caller_authid\":\"*\","
                 "\"caller_authrole\":\"*\"}]");
    actor_free(caller);
    actor_free(callee);
}

static void the_level_of_trust_is_told_where_there_are_rules(void **state)
{
    (void)state;
    static const struct str rules[] = {STR_INIT("staff=5"), STR_INIT("anonymous=2")};
    static const struct str none[] = {STR_INIT("staff=5")};
    for (unsigned i = 0; i < 2; i++) {
        struct router_options limits = world_limits();
        limits.trust_rules = i == 0 ? rules : none;
        limits.trust_rule_count = i == 0 ? COUNT_OF(rules) : COUNT_OF(none);
        restart(&limits);
        struct actor *caller = caller_new();
        struct actor *callee = callee_new();
        (void)actor_register(callee, 1, "com.add", "");
        say(caller, "[48,1,{\"disclose_me\":false},\"com.add\"]");
        (void)expect(callee, "[68,1,\"*\",{\"procedure\":\"com.add\",\"trustlevel\":%d}]",
                     i == 0 ? 2 : 0);
        actor_free(caller);
        actor_free(callee);
    }
}

static void what_is_not_known_is_not_passed_on(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "\"_mine\":1");
    say(caller, "[48,1,{\"_mine\":1,\"x\":{},\"disclose_me\":false},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",{\"procedure\":\"com.add\"}]");
    say(callee, "[70,1,{\"_mine\":1}]");
    (void)expect(caller, "[50,1,{}]");
    say(caller, "[48,2,{},\"com.add\"]");
    (void)expect(callee, "[68,2,\"*\",\"*\"]");
    say(callee, "[8,68,2,{\"_mine\":1,\"progress\":true},\"com.no\"]");
    (void)expect(caller, "[8,48,2,{},\"com.no\"]");
    actor_free(caller);
    actor_free(callee);
}

#define BINARY "[\"\\u0000AAEC\"]" /* 00 01 02 */

static void passthru_attributes_go_along(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    say(caller, "[48,1,{\"disclose_me\":false,\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\","
                "\"ppt_cipher\":\"aes256gcm\",\"ppt_keyid\":\"k\"},\"com.add\"," BINARY "]");
    (void)expect(callee,
                 "[68,1,\"*\",{\"procedure\":\"com.add\",\"ppt_scheme\":\"wamp\","
                 "\"ppt_serializer\":\"cbor\",\"ppt_cipher\":\"aes256gcm\",\"ppt_keyid\":\"k\"}"
                 "," BINARY "]");
    say(callee, "[70,1,{\"ppt_scheme\":\"x_my\",\"ppt_serializer\":\"own\"}," BINARY "]");
    (void)expect(caller, "[50,1,{\"ppt_scheme\":\"x_my\",\"ppt_serializer\":\"own\"}," BINARY "]");
    say(caller, "[48,2,{\"ppt_scheme\":\"mqtt\",\"receive_progress\":true},\"com.add\",[1]]");
    (void)expect(callee, "[68,2,\"*\",\"*\",[1]]");
    say(callee, "[70,2,{\"ppt_scheme\":\"mqtt\",\"progress\":true},[2]]");
    (void)expect(caller, "[50,2,{\"ppt_scheme\":\"mqtt\",\"progress\":true},[2]]");
    say(callee,
        "[8,68,2,{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.no\"," BINARY "]");
    (void)expect(caller,
                 "[8,48,2,{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.no\"," BINARY
                 "]");
    actor_free(caller);
    actor_free(callee);
}

static void a_passthru_payload_is_one_binary_item_of_a_known_scheme(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.add\"",
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.add\",[1]",
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.add\",[\"text\"]",
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.add\"," BINARY ",{\"a\":1}",
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},\"com.add\",[\"\\u0000\",1]",
        "{\"ppt_scheme\":\"wamp\"},\"com.add\"," BINARY,
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"bson\"},\"com.add\"," BINARY,
        "{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\",\"ppt_cipher\":\"rot13\"},"
        "\"com.add\"," BINARY,
        "{\"ppt_scheme\":\"mqtt\",\"ppt_serializer\":\"bson\"},\"com.add\"," BINARY,
        "{\"ppt_scheme\":\"mine\"},\"com.add\"," BINARY,
        "{\"ppt_scheme\":1},\"com.add\"," BINARY,
    };
    struct actor *caller = caller_new();
    struct actor *callee = callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    for (unsigned i = 0; i < COUNT_OF(bad); i++) {
        say(caller, "[48,%u,%s]", i + 1, bad[i]);
        (void)expect(caller, "[8,48,%u,{},\"wamp.error.invalid_argument\",[\"*\"]]", i + 1);
    }
    expect_silence(callee);
    say(caller, "[48,50,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(callee, "[70,1,{\"ppt_scheme\":\"wamp\",\"ppt_serializer\":\"cbor\"},[1]]");
    (void)expect(caller, "[8,48,50,{},\"wamp.error.invalid_argument\",[\"*\"]]");
    actor_free(caller);
    actor_free(callee);
}

static void passthru_needs_both_ends_to_know_of_it(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *unaware = join_with(0, SERIALIZER_JSON, "", "");
    struct actor *callee = callee_new();
    struct actor *plain = plain_callee_new();
    (void)actor_register(callee, 1, "com.add", "");
    (void)actor_register(plain, 1, "com.plain", "");
    say(caller, "[48,1,{\"ppt_scheme\":\"x_a\"},\"com.plain\"," BINARY "]");
    (void)expect(caller, "[8,48,1,{},\"wamp.error.feature_not_supported\",[\"*\"]]");
    expect_silence(plain);
    say(unaware, "[48,1,{},\"com.add\"]");
    (void)expect(callee, "[68,1,\"*\",\"*\"]");
    say(callee, "[70,1,{\"ppt_scheme\":\"x_a\"}," BINARY "]");
    (void)expect(unaware, "[8,48,1,{},\"wamp.error.feature_not_supported\",[\"*\"]]");
    say(unaware, "[48,2,{\"ppt_scheme\":\"nonsense\"},\"com.add\",[1,2]]");
    (void)expect(unaware, "[3,\"*\",\"wamp.error.protocol_violation\"]");
    say(caller, "[48,2,{},\"com.plain\"]");
    (void)expect(plain, "[68,1,\"*\",\"*\"]");
    say(plain, "[70,1,{\"ppt_scheme\":\"x_a\"}," BINARY "]");
    (void)expect(plain, "[3,\"*\",\"wamp.error.protocol_violation\"]");
    (void)expect(caller, "[8,48,2,{},\"wamp.error.canceled\",[\"*\"]]");
    actor_free(caller);
    actor_free(unaware);
    actor_free(callee);
    actor_free(plain);
}

static void who_registers_by_force_takes_it_from_all_others(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *told = join_with(far, SERIALIZER_JSON, "", REVOKED);
    struct actor *untold = join_with(0, SERIALIZER_JSON, "", "");
    struct actor *taker = join_with(0, SERIALIZER_MSGPACK, "", "");
    unsigned long long old = actor_register(told, 1, "com.add", "\"invoke\":\"roundrobin\"");
    (void)actor_register(untold, 1, "com.add", "\"invoke\":\"roundrobin\"");
    say(caller, "[48,1,{},\"com.add\"]");
    (void)expect(told, "[68,1,%llu,\"*\"]", old);
    unsigned long long id = actor_register(taker, 1, "com.add", "\"force_reregister\":true");
    assert_true(id != old);
    (void)expect(told, "[67,0,{\"registration\":%llu,\"reason\":\"*\"}]", old);
    expect_silence(untold);
    say(caller, "[48,2,{},\"com.add\"]");
    (void)expect(taker, "[68,1,%llu,\"*\"]", id);
    say(told, "[70,1,{},[\"still\"]]"); /* what was called before is answered */
    (void)expect(caller, "[50,1,{},[\"still\"]]");
    say(told, "[66,2,%llu]", old);
    (void)expect(told, "[8,66,2,{},\"wamp.error.no_such_registration\",[\"*\"]]");
    say(untold, "[66,2,%llu]", old);
    (void)expect(untold, "[8,66,2,{},\"wamp.error.no_such_registration\",[\"*\"]]");
    say(told, "[64,3,{},\"com.add\"]");
    (void)expect(told, "[8,64,3,{},\"wamp.error.procedure_already_exists\",[\"*\"]]");
    (void)actor_register(told, 4, "com.add", "\"force_reregister\":true");
    say(caller, "[48,3,{},\"com.add\"]");
    (void)expect(told, "[68,2,\"*\",\"*\"]");
    expect_silence(taker);
    actor_free(caller);
    actor_free(told);
    actor_free(untold);
    actor_free(taker);
}

static void who_takes_from_himself_has_the_new_one(void **state)
{
    (void)state;
    struct actor *actor = join_with(far, SERIALIZER_JSON, "", REVOKED);
    unsigned long long old = actor_register(actor, 1, "com.add", "");
    unsigned long long id = actor_register(actor, 2, "com.add", "\"force_reregister\":true");
    (void)expect(actor, "[67,0,{\"registration\":%llu,\"reason\":\"*\"}]", old);
    say(actor, "[48,3,{},\"com.add\"]");
    (void)expect(actor, "[68,1,%llu,\"*\"]", id);
    say(actor, "[66,4,%llu]", id);
    (void)expect(actor, "[67,4]");
    actor_free(actor);
}

struct errand_of_revoking {
    uint64_t registration;
    uint64_t session;
    enum revoke_result result;
};

static void revoke_here(void *ctx)
{
    struct errand_of_revoking *errand = ctx;
    struct realm *realm = router_realm(world.router, STR("com.test"));
    errand->result =
        procedures_revoke(world.router, realm, errand->registration, errand->session, STR("moved"));
}

static enum revoke_result revoke(uint64_t registration, uint64_t session)
{
    struct errand_of_revoking errand = {.registration = registration, .session = session};
    on_worker(&world, 0, revoke_here, &errand);
    settle(&world);
    return errand.result;
}

static void a_registration_can_be_taken_from_one_session(void **state)
{
    (void)state;
    struct actor *caller = caller_new();
    struct actor *told = join_with(far, SERIALIZER_JSON, "", REVOKED);
    unsigned long long told_id = number_at(told, 1);
    struct actor *untold = join_with(far, SERIALIZER_JSON, "", "");
    unsigned long long untold_id = number_at(untold, 1);
    unsigned long long id = actor_register(told, 1, "com.add", "\"invoke\":\"first\"");
    (void)actor_register(untold, 1, "com.add", "\"invoke\":\"first\"");
    assert_int_equal(revoke(id, 12345), REVOKE_NO_CALLEE);
    assert_int_equal(revoke(12345, told_id), REVOKE_NO_REGISTRATION);
    assert_int_equal(revoke(id, told_id), REVOKE_OK);
    (void)expect(told, "[67,0,{\"registration\":%llu,\"reason\":\"moved\"}]", id);
    assert_int_equal(revoke(id, told_id), REVOKE_NO_CALLEE);
    expect_silence(told);
    say(caller, "[48,1,{},\"com.add\"]");
    (void)expect(untold, "[68,1,%llu,\"*\"]", id);
    assert_int_equal(revoke(id, untold_id), REVOKE_OK);
    expect_silence(untold);
    assert_int_equal(revoke(id, untold_id), REVOKE_NO_REGISTRATION);
    say(caller, "[48,2,{},\"com.add\"]");
    (void)expect(caller, "[8,48,2,{},\"wamp.error.no_such_procedure\",[\"*\"]]");
    (void)actor_register(told, 2, "com.add", "");
    actor_free(caller);
    actor_free(told);
    actor_free(untold);
}

/* A prefix, then more of its like: the tree is cut and joined on the way. */
static void pieces_of_patterns_come_and_go(void **state)
{
    (void)state;
    struct actor *actor = join_with(0, SERIALIZER_JSON, "", "");
    static const char *const uris[] = {"com.a", "com.ab", "com.b", "com.", "com.abc.d", "com.abd"};
    unsigned long long ids[COUNT_OF(uris)];
    unsigned request = 0;
    for (unsigned i = 0; i < COUNT_OF(uris); i++) {
        ids[i] = actor_register(actor, ++request, uris[i], "\"match\":\"prefix\"");
    }
    for (unsigned i = 0; i < COUNT_OF(uris); i++) {
        say(actor, "[48,%u,{},\"%sx\"]", ++request, uris[i]);
        (void)expect(actor, "[68,\"*\",%llu,\"*\"]", ids[i]);
    }
    for (unsigned i = 0; i < COUNT_OF(uris); i++) {
        say(actor, "[66,%u,%llu]", ++request, ids[i]);
        (void)expect(actor, "[67,%u]", request);
    }
    say(actor, "[48,%u,{},\"com.abc.d\"]", ++request);
    (void)expect(actor, "[8,48,%u,{},\"wamp.error.no_such_procedure\",[\"*\"]]", request);
    actor_free(actor);
}

#define BOTH(name)                                                \
    {#name " (one worker)", name, set_up_near, tear_down, NULL},  \
    {                                                             \
#        name " (two workers)", name, set_up_far, tear_down, NULL \
    }

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(the_pieces_of_a_call_reach_one_callee_under_one_id),
        BOTH(pieces_and_progressive_results_go_both_ways),
        BOTH(a_piece_for_a_call_that_is_over_is_dropped),
        BOTH(a_piece_that_crosses_the_answer_is_dropped),
        BOTH(pieces_need_both_ends_to_know_of_them),
        BOTH(after_the_last_piece_the_id_is_used),
        BOTH(a_piece_that_does_not_fit_ends_the_call),
        BOTH(a_callee_that_leaves_between_pieces_is_canceled),
        BOTH(a_callee_that_is_not_available_is_passed_over),
        BOTH(the_only_callee_that_is_not_available_is_told_of_by_its_own_name),
        BOTH(a_call_that_was_killed_is_not_given_to_another),
        BOTH(who_has_begun_to_answer_is_not_passed_over),
        BOTH(a_callee_gets_no_more_calls_than_it_takes_at_a_time),
        BOTH(a_callee_at_its_limit_is_passed_over),
        BOTH(the_least_loaded_is_called),
        BOTH(the_same_key_finds_the_same_callee),
        BOTH(a_callee_that_times_its_calls_out_is_told_the_time),
        BOTH(each_progressive_result_gives_the_callee_new_time),
        BOTH(a_callee_may_ask_to_be_told_who_calls),
        BOTH(a_call_that_moves_on_tells_no_more_than_the_next_may_know),
        BOTH(nobody_is_disclosed_where_that_is_off),
        BOTH(where_it_must_be_asked_for_nobody_is_disclosed_unasked),
        BOTH(the_level_of_trust_is_told_where_there_are_rules),
        BOTH(what_is_not_known_is_not_passed_on),
        BOTH(passthru_attributes_go_along),
        BOTH(a_passthru_payload_is_one_binary_item_of_a_known_scheme),
        BOTH(passthru_needs_both_ends_to_know_of_it),
        BOTH(who_registers_by_force_takes_it_from_all_others),
        BOTH(who_takes_from_himself_has_the_new_one),
        BOTH(a_registration_can_be_taken_from_one_session),
        BOTH(pieces_of_patterns_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
