/* test_registration.c - REGISTER and UNREGISTER: conflicts, sharing, patterns, bounds. */
#include "../../support/realm_world.h"

static struct world world;

static int set_up(void **state)
{
    (void)state;
    world_start(&world, 2, NULL);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    world_stop(&world);
    return 0;
}

static struct actor *join(unsigned worker)
{
    return actor_join(&world, worker, SERIALIZER_JSON, "com.test");
}

static void a_procedure_is_registered_once(void **state)
{
    (void)state;
    struct actor *first = join(0);
    struct actor *second = join(1);
    (void)actor_register(first, 1, "com.a", "");
    say(first, "[64,2,{},\"com.a\"]");
    (void)expect(first,
                 "[8,64,2,{},\"wamp.error.procedure_already_exists\",[\"The procedure is already "
                 "registered by this session with policy 'exact'.\"]]");
    say(second, "[64,2,{},\"com.a\"]");
    (void)expect(second,
                 "[8,64,2,{},\"wamp.error.procedure_already_exists\",[\"The procedure is already "
                 "registered by another session with policy 'exact'.\"]]");
    (void)actor_register(second, 3, "com.a", "\"match\":\"prefix\"");
    actor_free(first);
    (void)actor_register(second, 4, "com.a", "");
    actor_free(second);
}

static void who_has_hung_up_is_not_in_the_way(void **state)
{
    (void)state;
    for (unsigned worker = 0; worker < 2; worker++) {
        struct actor *dead = join(0);
        struct actor *heir = join(worker);
        (void)actor_register(dead, 1, "com.a", "");
        dead->gone = true;
        (void)actor_register(heir, 1, "com.a", "");
        assert_int_equal(dead->finished, 1);
        actor_free(dead);
        actor_free(heir);
    }
}

static void another_invocation_policy_is_its_own_error(void **state)
{
    (void)state;
    struct actor *first = join(0);
    struct actor *second = join(1);
    (void)actor_register(first, 1, "com.a", "\"invoke\":\"roundrobin\"");
    say(second, "[64,2,{\"invoke\":\"random\"},\"com.a\"]");
    (void)expect(second,
                 "[8,64,2,{},\"wamp.error.procedure_exists_with_different_invocation_policy\","
                 "[\"*\"]]");
    say(second, "[64,3,{},\"com.a\"]");
    (void)expect(second,
                 "[8,64,3,{},\"wamp.error.procedure_exists_with_different_invocation_policy\","
                 "[\"*\"]]");
    say(second, "[64,4,{\"invoke\":\"best\"},\"com.b\"]");
    (void)expect(second, "[8,64,4,{},\"wamp.error.invalid_argument\",[\"*\"]]");
    actor_free(first);
    actor_free(second);
}

static void who_is_called(const char *policy, unsigned calls, unsigned counts[3])
{
    char options[64];
    struct actor *callees[3];
    struct actor *caller = join(0);
    (void)snprintf(options, sizeof(options), "\"invoke\":\"%s\"", policy);
    unsigned long long id = 0;
    for (unsigned i = 0; i < 3; i++) {
        callees[i] = join(i % 2);
        unsigned long long got = actor_register(callees[i], 1, "com.a", options);
        assert_true(i == 0 || got == id);
        id = got;
        counts[i] = 0;
    }
    for (unsigned c = 1; c <= calls; c++) {
        say(caller, "[48,%u,{},\"com.a\"]", c);
        for (unsigned i = 0; i < 3; i++) {
            if (unheard(callees[i]) > 0) {
                counts[i]++;
                (void)expect(callees[i], "[68,%u,\"*\",\"*\"]", counts[i]);
                say(callees[i], "[70,%u,{}]", counts[i]);
            }
        }
        (void)expect(caller, "[50,%u,{}]", c);
    }
    for (unsigned i = 0; i < 3; i++) {
        actor_free(callees[i]);
    }
    actor_free(caller);
}

static void shared_registrations_are_called_by_their_policy(void **state)
{
    (void)state;
    unsigned counts[3];
    who_is_called("roundrobin", 9, counts);
    assert_true(counts[0] == 3 && counts[1] == 3 && counts[2] == 3);
    who_is_called("first", 5, counts);
    assert_true(counts[0] == 5);
    who_is_called("last", 5, counts);
    assert_true(counts[2] == 5);
    who_is_called("random", 60, counts);
    assert_true(counts[0] > 0 && counts[1] > 0 && counts[2] > 0);
}

static void a_shared_registration_lives_until_its_last_callee_leaves(void **state)
{
    (void)state;
    struct actor *caller = join(0);
    struct actor *first = join(0);
    struct actor *second = join(1);
    unsigned long long id = actor_register(first, 1, "com.a", "\"invoke\":\"first\"");
    (void)actor_register(second, 1, "com.a", "\"invoke\":\"first\"");
    say(first, "[66,2,%llu]", id);
    (void)expect(first, "[67,2]");
    say(caller, "[48,1,{},\"com.a\"]");
    (void)expect(second, "[68,1,%llu,\"*\"]", id);
    say(second, "[66,2,%llu]", id);
    (void)expect(second, "[67,2]");
    say(caller, "[48,2,{},\"com.a\"]");
    (void)expect(caller, "[8,48,2,{},\"wamp.error.no_such_procedure\",[\"*\"]]");
    say(second, "[70,1,{},[1]]"); /* what was called before it left is answered */
    (void)expect(caller, "[50,1,{},[1]]");
    actor_free(caller);
    actor_free(first);
    actor_free(second);
}

static void nobody_ends_the_registration_of_another(void **state)
{
    (void)state;
    struct actor *owner = join(0);
    struct actor *other = join(1);
    unsigned long long id = actor_register(owner, 1, "com.a", "");
    say(other, "[66,1,%llu]", id);
    (void)expect(other, "[8,66,1,{},\"wamp.error.no_such_registration\",[\"*\"]]");
    say(owner, "[66,2,12345]");
    (void)expect(owner, "[8,66,2,{},\"wamp.error.no_such_registration\",[\"*\"]]");
    say(other, "[48,2,{},\"com.a\"]");
    (void)expect(owner, "[68,1,%llu,\"*\"]", id);
    actor_free(owner);
    actor_free(other);
}

static void the_house_keeps_its_own_names(void **state)
{
    (void)state;
    struct actor *actor = join(0);
    say(actor, "[64,1,{},\"wamp.session.count\"]");
    (void)expect(
        actor, "[8,64,1,{},\"wamp.error.not_authorized\",[\"Use of reserved namespace 'wamp'.\"]]");
    say(actor, "[64,2,{\"match\":\"prefix\"},\"bondy.\"]");
    (void)expect(
        actor,
        "[8,64,2,{},\"wamp.error.not_authorized\",[\"Use of reserved namespace 'bondy'.\"]]");
    (void)actor_register(actor, 3, "wampum.x", "");
    (void)actor_register(actor, 4, "w", "\"match\":\"prefix\"");
    say(actor, "[48,5,{},\"wamp.session.x\"]");
    (void)expect(actor, "[8,48,5,{},\"wamp.error.no_such_procedure\",[\"*\"]]");
    actor_free(actor);
}

static void a_call_prefers_exact_then_the_longest_prefix_then_the_best_wildcard(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        const char *options;
    } offers[] = {
        {"a1.b2.c3.d4.e55", ""},
        {"a1.b2.c3", "\"match\":\"prefix\""},
        {"a1.b2.c3.d4", "\"match\":\"prefix\""},
        {"a1.b2..d4.e5", "\"match\":\"wildcard\""},
        {"a1.b2.c33..e5", "\"match\":\"wildcard\""},
        {"a1.b2..d4.e5..g7", "\"match\":\"wildcard\""},
        {"a1.b2..d4..f6.g7", "\"match\":\"wildcard\""},
    };
    static const struct {
        const char *uri;
        int offer;
    } calls[] = {
        {"a1.b2.c3.d4.e55", 0},       {"a1.b2.c3.d98.e74", 1}, {"a1.b2.c3.d4.e325", 2},
        {"a1.b2.c55.d4.e5", 3},       {"a1.b2.c33.d4.e5", 1}, /* by string: c33 begins with c3 */
        {"a1.b2.c88.d4.e5.f6.g7", 5}, {"a2.b2.c2.d2.e2", -1},
    };
    unsigned long long ids[COUNT_OF(offers)];
    struct actor *actor = join(0);
    for (unsigned i = 0; i < COUNT_OF(offers); i++) {
        ids[i] = actor_register(actor, i + 1, offers[i].uri, offers[i].options);
    }
    unsigned invocations = 0;
    for (unsigned i = 0; i < COUNT_OF(calls); i++) {
        say(actor, "[48,%u,{\"disclose_me\":false},\"%s\"]", 100 + i, calls[i].uri);
        if (calls[i].offer < 0) {
            (void)expect(actor, "[8,48,%u,{},\"wamp.error.no_such_procedure\",[\"*\"]]", 100 + i);
            continue;
        }
        (void)expect(actor, "[68,%u,%llu,{\"procedure\":\"%s\"}]", ++invocations,
                     ids[calls[i].offer], calls[i].uri);
    }
    actor_free(actor);
}

static void registrations_are_bounded(void **state)
{
    (void)state;
    struct actor *actor = join(0);
    for (unsigned i = 1; i <= 100; i++) {
        char uri[32];
        (void)snprintf(uri, sizeof(uri), "com.a%u", i);
        (void)actor_register(actor, i, uri, "");
    }
    say(actor, "[64,101,{},\"com.more\"]");
    (void)expect(actor, "[8,64,101,{},\"wamp.error.unavailable\",[\"*\"]]");
    actor_free(actor);
}

static void bad_uris_are_refused(void **state)
{
    (void)state;
    struct actor *actor = join(0);
    static const char *const uris[] = {"", "a..b", "a b", "a.#", "a."};
    for (unsigned i = 0; i < COUNT_OF(uris); i++) {
        say(actor, "[64,%u,{},\"%s\"]", i + 1, uris[i]);
        (void)expect(actor, "[8,64,%u,{},\"wamp.error.invalid_uri\",[\"*\"]]", i + 1);
    }
    actor_free(actor);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(a_procedure_is_registered_once),
        CASE(who_has_hung_up_is_not_in_the_way),
        CASE(another_invocation_policy_is_its_own_error),
        CASE(shared_registrations_are_called_by_their_policy),
        CASE(a_shared_registration_lives_until_its_last_callee_leaves),
        CASE(nobody_ends_the_registration_of_another),
        CASE(the_house_keeps_its_own_names),
        CASE(a_call_prefers_exact_then_the_longest_prefix_then_the_best_wildcard),
        CASE(registrations_are_bounded),
        CASE(bad_uris_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
