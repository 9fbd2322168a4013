/* links: rbac store */
/* test_directory_source.c - sources: who may come in by which method from where. */
#include "seed.h"

#define INVALID  "wamp.error.invalid_argument"
#define NO_USERS "bondy.error.no_such_users"

static int set_up(void **state)
{
    (void)world_setup(state);
    seed(*state, "{'uri': '" REALM "', 'authmethods': ['password', 'anonymous', 'cryptosign'],"
                 " 'groups': [{'name': 'crew'}],"
                 " 'users': [{'username': 'ann', 'aliases': ['annie']}, {'username': 'ben'},"
                 "           {'username': 'annabel'}]}");
    return 0;
}

static void a_source_is_kept_in_its_one_spelling(void **state)
{
    struct world *world = *state;
    (void)done(world, "bondy.source.add",
               "[{'usernames': ['Ann', 'ben'], 'authmethod': 'password',"
               "  'cidr': '10.1.2.3/8', 'meta': {'k': 1}}]");
    assert_result(world, "{'type': 'source', 'version': '1.1', 'usernames': ['ann', 'ben'],"
                         " 'authmethod': 'password', 'cidr': '10.0.0.0/8', 'meta': {'k': 1}}");
    assert_int_equal(world->written, 2);
    ASSERT_EVENTS(world, REALM " bondy.source.added [\"" REALM
                               "\",[\"ann\",\"ben\"],\"10.0.0.0/8\",[\"password\"]]");
    assert_true(is_stored(world, "source", REALM, "password 10.0.0.0/8 ann"));
    /* The same again, as another would write it, is nothing new. */
    (void)done(world, "bondy.source.add",
               "[{'usernames': ['ann'], 'authmethod': 'password', 'cidr': '10.9.9.9/8',"
               "  'meta': {'k': 1}}]");
    assert_int_equal(world->written, 0);
    assert_int_equal(world->call.event_count, 0);
    (void)done(world, "bondy.source.add",
               "[{'usernames': 'all', 'authmethod': 'cryptosign', 'cidr': '2001:DB8::1/32'}]");
    assert_member(world->call.result, "cidr", "'2001:db8::/32'");
    (void)done(world, "bondy.source.add",
               "[{'usernames': ['anonymous', 'all'],"
               "  'authmethod': 'anonymous'}]");
    assert_member(world->call.result, "cidr", "'0.0.0.0/0'");
    (void)done(world, "bondy.source.list", "[]");
    assert_int_equal(json_array_size(world->call.result), 5);
    assert_int_equal(json_integer_value(json_object_get(world->call.details, "total")), 5);
}

static void one_is_read_and_added_as_it_is_shown(void **state)
{
    struct world *world = *state;
    (void)done(world, "bondy.source.add",
               "[{'usernames': ['ann'], 'authmethod': 'password', 'cidr': '10.0.0.1'}]");
    const json_t *shown = done(world, "bondy.source.get", "['ANN', '10.0.0.1/32', 'password']");
    assert_result(world, "{'type': 'source', 'version': '1.1', 'username': 'ann',"
                         " 'authmethod': 'password', 'cidr': '10.0.0.1/32', 'meta': {}}");
    assert_int_equal(json_integer_value(json_object_get(world->call.details, "version")), 1);
    json_t *args = json_pack("[O]", shown);
    assert_true(world_run(world, "bondy.source.add", REALM, args, NULL));
    assert_int_equal(world->written, 0);
    refused(world, "bondy.source.get", "['ann', '10.0.0.1', 'cryptosign']",
            "bondy.error.not_found");
    refused(world, "bondy.source.get", "['ann', '10.0.0.1', '%']", "bondy.error.not_found");
    refused(world, "bondy.source.get", "['ben', '10.0.0.1', 'password']", "bondy.error.not_found");
}

static void what_somebody_has_in_a_block_goes_by_all_methods_or_by_one(void **state)
{
    struct world *world = *state;
    static const char *const methods[] = {"password", "cryptosign", "wampcra"};
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        char args[200];
        (void)snprintf(args, sizeof(args),
                       "[{'usernames': ['ann', 'annabel'], 'authmethod': '%s', 'cidr': '::1'}]",
                       methods[i]);
        (void)done(world, "bondy.source.add", args);
    }
    assert_null(done(world, "bondy.source.delete", "['ann', '::1/128', 'wampcra']"));
    ASSERT_EVENTS(world, REALM " bondy.source.deleted [\"" REALM
                               "\",[\"ann\"],\"::1/128\",[\"wampcra\"]]");
    assert_null(done(world, "bondy.source.delete", "['Ann', '0::1']"));
    ASSERT_EVENTS(world, REALM " bondy.source.deleted [\"" REALM
                               "\",[\"ann\"],\"::1/128\",[\"cryptosign\",\"password\"]]");
    (void)done(world, "bondy.source.list", "[]");
    assert_int_equal(json_array_size(world->call.result), 3); /* annabel's */
    /* As often as one likes. */
    (void)done(world, "bondy.source.delete", "['ann', '::1']");
    (void)done(world, "bondy.source.delete", "['nobody', '10.0.0.0/8']");
    assert_int_equal(world->written, 0);
    assert_int_equal(world->call.event_count, 0);
}

static void assert_matches(struct world *world, const char *args, const char *expected)
{
    char text[500] = "";
    const json_t *list = done(world, "bondy.source.match", args);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        size_t len = strlen(text);
        (void)snprintf(text + len, sizeof(text) - len, "%s%s %s", i == 0 ? "" : ", ",
                       json_string_value(json_object_get(one, "username")),
                       json_string_value(json_object_get(one, "cidr")));
    }
    if (strcmp(text, expected) != 0) {
        fail_msg("%s: %s instead of %s", args, text, expected);
    }
}

static void the_narrowest_block_comes_first_and_ones_own_before_that_of_all(void **state)
{
    struct world *world = *state;
    static const char *const added[] = {
        "[{'usernames': 'all', 'authmethod': 'password', 'cidr': '10.0.0.0/8'}]",
        "[{'usernames': ['ann'], 'authmethod': 'password', 'cidr': '10.0.0.0/8'}]",
        "[{'usernames': 'all', 'authmethod': 'password', 'cidr': '10.1.0.0/16'}]",
        "[{'usernames': ['ann'], 'authmethod': 'password', 'cidr': '192.168.0.0/16'}]",
        "[{'usernames': ['annabel'], 'authmethod': 'password', 'cidr': '10.1.1.0/24'}]",
        "[{'usernames': 'all', 'authmethod': 'password', 'cidr': '::/0'}]",
        "[{'usernames': ['anonymous'], 'authmethod': 'anonymous', 'cidr': '127.0.0.1'}]",
    };
    for (size_t i = 0; i < COUNT_OF(added); i++) {
        (void)done(world, "bondy.source.add", added[i]);
    }
    assert_matches(world, "['ann', '10.1.1.1']",
                   "all 10.1.0.0/16, ann 10.0.0.0/8, all 10.0.0.0/8, all ::/0");
    assert_matches(world, "['ann', '10.2.1.1']", "ann 10.0.0.0/8, all 10.0.0.0/8, all ::/0");
    assert_matches(world, "['annabel', '10.1.1.1']",
                   "annabel 10.1.1.0/24, all 10.1.0.0/16, all 10.0.0.0/8, all ::/0");
    assert_matches(world, "['ann', '2001:db8::7']", "all ::/0");
    assert_matches(world, "['Ann']",
                   "ann 192.168.0.0/16, all 10.1.0.0/16, ann 10.0.0.0/8,"
                   " all 10.0.0.0/8, all ::/0");
    assert_matches(world, "['all', '10.1.1.1']", "all 10.1.0.0/16, all 10.0.0.0/8, all ::/0");
    assert_matches(world, "['anonymous', '127.0.0.1']", "anonymous 127.0.0.1/32, all ::/0");
    assert_matches(world, "['nobody', '10.9.0.1']", "all 10.0.0.0/8, all ::/0");
    assert_matches(world, "['an_', '10.1.1.1']",
                   "all 10.1.0.0/16, all 10.0.0.0/8, all ::/0"); /* no pattern of SQL */
}

static void a_prototypes_sources_of_all_come_last(void **state)
{
    struct world *world = *state;
    seed(world, "{'uri': 'com.example.form', 'is_prototype': true, 'users': [{'username': 'eve'}],"
                " 'sources': [{'usernames': 'all', 'authmethod': 'password', 'cidr': '10.0.0.0/8'},"
                "             {'usernames': ['eve'], 'authmethod': 'password'}]}");
    seed(world,
         "{'uri': 'com.example.heir', 'prototype_uri': 'com.example.form',"
         " 'users': [{'username': 'eve'}],"
         " 'sources': [{'usernames': 'all', 'authmethod': 'wampcra', 'cidr': '10.0.0.0/8'}]}");
    assert_true(
        world_call(world, "bondy.source.match", "com.example.heir", "['eve', '10.1.1.1']", NULL));
    assert_int_equal(json_array_size(world->call.result), 2);
    assert_member(json_array_get(world->call.result, 0), "authmethod", "'wampcra'");
    assert_member(json_array_get(world->call.result, 1), "authmethod", "'password'");
}

static void what_is_no_source_is_refused_and_changes_nothing(void **state)
{
    struct world *world = *state;
    static const struct bad add[] = {
        {"[null]", INVALID},
        {"['ann']", INVALID},
        {"[[]]", INVALID},
        {"[{}]", INVALID},
        {"[{'usernames': 'all'}]", INVALID},
        {"[{'authmethod': 'password'}]", INVALID},
        {"[{'usernames': [], 'authmethod': 'password'}]", INVALID},
        {"[{'usernames': 7, 'authmethod': 'password'}]", INVALID},
        {"[{'usernames': [7], 'authmethod': 'password'}]", INVALID},
        {"[{'usernames': ['on'], 'authmethod': 'password'}]", INVALID},
        {"[{'usernames': ['a\\u0001b'], 'authmethod': 'password'}]", INVALID},
        {"[{'usernames': ['nobody'], 'authmethod': 'password'}]", NO_USERS},
        {"[{'usernames': ['ann', 'nobody'], 'authmethod': 'password'}]", NO_USERS},
        {"[{'usernames': ['crew'], 'authmethod': 'password'}]", NO_USERS},
        {"[{'usernames': ['annie'], 'authmethod': 'password'}]", NO_USERS},
        {"[{'usernames': ['%'], 'authmethod': 'password'}]", NO_USERS},
        {"[{'usernames': 'all', 'authmethod': 7}]", INVALID},
        {"[{'usernames': 'all', 'authmethod': 'passwort'}]", INVALID},
        {"[{'usernames': 'all', 'authmethod': 'password', 'cidr': 7}]", INVALID},
        {"[{'usernames': 'all', 'authmethod': 'password', 'cidr': ''}]", INVALID},
        {"[{'usernames': 'all', 'authmethod': 'password', 'cidr': '10.0.0.0/33'}]", INVALID},
        {"[{'usernames': 'all', 'authmethod': 'password', 'cidr': '::/129'}]", INVALID},
        {"[{'usernames': 'all', 'authmethod': 'password', 'cidr': '10.0.0/8'}]", INVALID},
        {"[{'usernames': 'all', 'authmethod': 'password', 'meta': 7}]", INVALID},
        {"[{'usernames': 'all', 'authmethod': 'password', 'user': 'ann'}]", INVALID},
    };
    static const struct bad delete[] = {
        {"['ann', '10.0.0.0/99']", INVALID}, {"['ann', '']", INVALID},      {"['ann', 7]", INVALID},
        {"[7, '10.0.0.0/8']", INVALID},      {"['ann', '::', 7]", INVALID},
    };
    static const struct bad match[] = {
        {"[7]", INVALID},
        {"['']", INVALID},
        {"['ann', 'here']", INVALID},
        {"['ann', '10.0.0.0/8']", INVALID},
        {"['ann', 7]", INVALID},
    };
    (void)done(world, "bondy.source.add", "[{'usernames': ['ann'], 'authmethod': 'password'}]");
    assert_bad(world, "bondy.source.add", add, COUNT_OF(add));
    assert_bad(world, "bondy.source.delete", delete, COUNT_OF(delete));
    assert_bad(world, "bondy.source.match", match, COUNT_OF(match));
}

static void the_master_realm_lets_nobody_in_particular_in(void **state)
{
    struct world *world = *state;
    static const char master[] = "com.leapsight.bondy";
    static const char *const sources[] = {
        "[{'usernames': 'all', 'authmethod': 'password'}]",
        "[{'usernames': ['anonymous'], 'authmethod': 'anonymous'}]",
        "[{'usernames': ['root', 'anonymous'], 'authmethod': 'password'}]",
    };
    seed(world, "{'uri': 'com.leapsight.bondy', 'users': [{'username': 'root'}]}");
    char *then = before(world);
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        assert_false(world_call(world, "bondy.source.add", master, sources[i], NULL));
        assert_true(str_eq(world->error, STR("bondy.error.inconsistency_error")));
        assert_unchanged(world, then, sources[i]);
    }
    mem_free(then);
    assert_true(world_call(world, "bondy.source.add", master,
                           "[{'usernames': ['root'], 'authmethod': 'password'}]", NULL));
}

static void versions_and_pages(void **state)
{
    struct world *world = *state;
    (void)done(world, "bondy.source.add",
               "[{'usernames': ['ann', 'ben', 'annabel'], 'authmethod': 'password'}]");
    assert_false(
        world_call(world, "bondy.source.delete", REALM, "['ann', '0.0.0.0/0']", "{'if_match': 4}"));
    assert_true(str_eq(world->error, STR("bondy.error.precondition_failed")));
    assert_true(is_stored(world, "source", REALM, "password 0.0.0.0/0 ann"));
    assert_true(world_call(world, "bondy.source.list", REALM, "[]", "{'limit': 2}"));
    assert_int_equal(json_array_size(world->call.result), 2);
    char kwargs[200];
    (void)snprintf(kwargs, sizeof(kwargs), "{'limit': 2, 'cursor': '%s'}",
                   json_string_value(json_object_get(world->call.details, "next")));
    assert_true(world_call(world, "bondy.source.list", REALM, "[]", kwargs));
    assert_int_equal(json_array_size(world->call.result), 1);
    assert_null(json_object_get(world->call.details, "next"));
    assert_true(
        world_call(world, "bondy.source.delete", REALM, "['ann', '0.0.0.0/0']", "{'if_match': 1}"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_teardown)
        TEST(a_source_is_kept_in_its_one_spelling),
        TEST(one_is_read_and_added_as_it_is_shown),
        TEST(what_somebody_has_in_a_block_goes_by_all_methods_or_by_one),
        TEST(the_narrowest_block_comes_first_and_ones_own_before_that_of_all),
        TEST(a_prototypes_sources_of_all_come_last),
        TEST(what_is_no_source_is_refused_and_changes_nothing),
        TEST(the_master_realm_lets_nobody_in_particular_in),
        TEST(versions_and_pages),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
