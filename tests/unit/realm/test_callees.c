/* test_callees.c - who gets a call: other callees, limits, policies, registration by force,
 * revocation. */
#include "calls_world.h"
#include "realm/revocation.h"
#include "realm/router_inside.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        BOTH(a_callee_that_is_not_available_is_passed_over),
        BOTH(the_only_callee_that_is_not_available_is_told_of_by_its_own_name),
        BOTH(a_call_that_was_killed_is_not_given_to_another),
        BOTH(who_has_begun_to_answer_is_not_passed_over),
        BOTH(a_callee_gets_no_more_calls_than_it_takes_at_a_time),
        BOTH(a_callee_at_its_limit_is_passed_over),
        BOTH(the_least_loaded_is_called),
        BOTH(the_same_key_finds_the_same_callee),
        BOTH(who_registers_by_force_takes_it_from_all_others),
        BOTH(who_takes_from_himself_has_the_new_one),
        BOTH(a_registration_can_be_taken_from_one_session),
        BOTH(pieces_of_patterns_come_and_go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
