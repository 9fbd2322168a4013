/* links: rbac store */
/* test_directory_group.c - groups: what is nested in them, who is in them, what goes with them. */
#include "seed.h"

#define INVALID "wamp.error.invalid_argument"

static const char crowd[] =
    "{'uri': '" REALM "', 'groups': [{'name': 'a', 'groups': ['b']}, {'name': 'b'}, {'name': 'c'}],"
    " 'users': [{'username': 'ann', 'groups': ['a', 'c']}, {'username': 'ben', 'groups': ['b']},"
    "           {'username': 'cid'}],"
    " 'grants': [{'permissions': ['wamp.call'], 'uri': 'x', 'roles': ['a', 'b', 'user/ann']},"
    "            {'permissions': ['wamp.call'], 'uri': 'y', 'roles': 'all'}]}";

static int set_up(void **state)
{
    (void)world_setup(state);
    seed(*state, crowd);
    return 0;
}

static void a_group_is_added_read_changed_and_deleted(void **state)
{
    struct world *world = *state;
    (void)done(world, "bondy.group.add", "[{'name': 'Staff', 'groups': ['A'], 'meta': {'k': 1}}]");
    assert_result(world, "{'type': 'group', 'version': '1.1', 'name': 'staff', 'groups': ['a'],"
                         " 'meta': {'k': 1}}");
    ASSERT_EVENTS(world, REALM " bondy.group.added [\"" REALM "\",\"staff\"]");
    (void)done(world, "bondy.group.update", "['STAFF', {'meta': {}}]");
    assert_result(world, "{'type': 'group', 'version': '1.1', 'name': 'staff', 'groups': ['a'],"
                         " 'meta': {}}");
    ASSERT_EVENTS(world, REALM " bondy.group.updated [\"" REALM "\",\"staff\"]");
    const json_t *shown = done(world, "bondy.group.get", "['staff']");
    json_t *args = json_pack("[s, O]", "staff", shown);
    assert_true(world_run(world, "bondy.group.update", REALM, args, NULL)); /* as it is shown */
    assert_null(done(world, "bondy.group.delete", "['staff']"));
    ASSERT_EVENTS(world, REALM " bondy.group.deleted [\"" REALM "\",\"staff\"]");
    refused(world, "bondy.group.get", "['staff']", "bondy.error.not_found");
    refused(world, "bondy.group.delete", "['staff']", "bondy.error.not_found");
}

static void nesting_is_added_and_taken_away(void **state)
{
    struct world *world = *state;
    (void)done(world, "bondy.group.add_group", "['b', 'C']");
    assert_member(world->call.result, "groups", "['c']");
    assert_int_equal(world->written, 1);
    (void)done(world, "bondy.group.add_group", "['b', 'c']");
    assert_int_equal(world->written, 0); /* it was there */
    assert_int_equal(world->call.event_count, 0);
    (void)done(world, "bondy.group.add_groups", "['b', ['c', 'api_clients', 'API_clients']]");
    assert_member(world->call.result, "groups", "['c', 'api_clients']");
    (void)done(world, "bondy.group.remove_group", "['b', 'c']");
    assert_member(world->call.result, "groups", "['api_clients']");
    assert_null(done(world, "bondy.group.remove_groups", "['b', ['api_clients', 'unheard of']]"));
    (void)done(world, "bondy.group.get", "['b']");
    assert_member(world->call.result, "groups", "[]");
    (void)done(world, "bondy.group.add_groups", "['b', []]");
    assert_int_equal(world->written, 0);
}

static void groups_are_nested_in_no_circle(void **state)
{
    struct world *world = *state;
    static const struct bad rows[] = {
        {"['b', 'a']", "bondy.error.inconsistency_error"},
        {"['b', 'b']", "bondy.error.inconsistency_error"},
        {"['a', 'a']", "bondy.error.inconsistency_error"},
    };
    assert_bad(world, "bondy.group.add_group", rows, COUNT_OF(rows));
    (void)done(world, "bondy.group.add_group", "['c', 'a']");
    refused(world, "bondy.group.update", "['b', {'groups': ['c']}]",
            "bondy.error.inconsistency_error");
    refused(world, "bondy.group.add", "[{'name': 'z', 'groups': ['z']}]",
            "bondy.error.inconsistency_error");
}

/* Two at the same time: the second has a snapshot without the first's change. */
static void a_circle_that_the_snapshot_does_not_show_is_refused_too(void **state)
{
    struct world *world = *state;
    world_refresh(world);
    world->stale = true;
    (void)done(world, "bondy.group.add_group", "['b', 'c']");
    refused(world, "bondy.group.add_group", "['c', 'a']", "bondy.error.inconsistency_error");
    refused(world, "bondy.group.add_group", "['c', 'b']", "bondy.error.inconsistency_error");
    (void)done(world, "bondy.group.remove_group", "['b', 'c']");
    (void)done(world, "bondy.group.delete", "['c']");
    refused(world, "bondy.group.add_group", "['a', 'c']", "bondy.error.no_such_groups");
    refused(world, "bondy.grant.create",
            "[{'permissions': ['wamp.call'], 'uri': 'q', 'roles': ['c']}]",
            "bondy.error.unknown_roles");
}

static void a_deleted_group_leaves_nothing_of_itself(void **state)
{
    struct world *world = *state;
    (void)done(world, "bondy.group.delete", "['b']");
    char *text = world_dump(world);
    assert_null(strstr(text, "\"b\""));
    assert_null(strstr(text, "group/b"));
    assert_non_null(strstr(text, "group/a"));
    assert_non_null(strstr(text, "user/ann"));
    mem_free(text);
    (void)done(world, "bondy.group.get", "['a']");
    assert_member(world->call.result, "groups", "[]");
    json_t *ann = stored(world, "user", REALM, "ann");
    assert_member(ann, "groups", "['a', 'c']");
    json_decref(ann);
    /* Another of that name begins with nothing. */
    (void)done(world, "bondy.group.add", "[{'name': 'b'}]");
    (void)done(world, "bondy.group.grants", "['b']");
    assert_int_equal(json_array_size(world->call.result), 1); /* that of all */
}

static void a_name_is_found_as_records_spell_it(void **state)
{
    struct world *world = *state;
    static const char *const names[] = {"tab or \\\"quote\\\"", "back\\\\slash", "caf\xc3\xa9",
                                        "100% _under_", "; DROP TABLE records; --"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char args[200];
        (void)snprintf(args, sizeof(args), "[{'name': '%s'}]", names[i]);
        (void)done(world, "bondy.group.add", args);
        (void)snprintf(args, sizeof(args), "['a', '%s']", names[i]);
        (void)done(world, "bondy.group.add_group", args);
        (void)snprintf(args, sizeof(args), "['%s']", names[i]);
        (void)done(world, "bondy.group.delete", args);
        (void)done(world, "bondy.group.get", "['a']");
        assert_member(world->call.result, "groups", "['b']");
    }
}

static void a_prototypes_group_goes_in_all_realms_that_have_it(void **state)
{
    struct world *world = *state;
    static const char proto[] = "com.example.form";
    seed(world, "{'uri': 'com.example.form', 'is_prototype': true,"
                " 'groups': [{'name': 'p'}, {'name': 'q'}]}");
    seed(world, "{'uri': 'com.example.heir', 'prototype_uri': 'com.example.form',"
                " 'groups': [{'name': 'own', 'groups': ['p']}],"
                " 'users': [{'username': 'eve', 'groups': ['p', 'q']}],"
                " 'grants': [{'permissions': ['wamp.call'], 'uri': 'x', 'roles': ['p']}]}");
    seed(world, "{'uri': 'com.example.hiding', 'prototype_uri': 'com.example.form',"
                " 'groups': [{'name': 'p'}], 'users': [{'username': 'eve', 'groups': ['p']}]}");
    assert_true(world_call(world, "bondy.group.delete", proto, "['p']", NULL));
    json_t *eve = stored(world, "user", "com.example.heir", "eve");
    assert_member(eve, "groups", "['q']");
    json_decref(eve);
    json_t *own = stored(world, "group", "com.example.heir", "own");
    assert_member(own, "groups", "[]");
    json_decref(own);
    assert_false(is_stored(world, "grant", "com.example.heir", "exact x group/p"));
    json_t *hidden = stored(world, "user", "com.example.hiding", "eve");
    assert_member(hidden, "groups", "['p']");
    json_decref(hidden);
    /* Those of the prototype are groups of the heir's, though not its to delete. */
    assert_true(
        world_call(world, "bondy.group.add_group", "com.example.heir", "['own', 'q']", NULL));
    assert_false(world_call(world, "bondy.group.delete", "com.example.heir", "['q']", NULL));
    assert_true(str_eq(world->error, STR("bondy.error.not_found")));
}

static void groups_that_are_always_there_stay(void **state)
{
    struct world *world = *state;
    static const struct bad rows[] = {{"['api_clients']", "bondy.error.inconsistency_error"},
                                      {"['Resource_Owners']", "bondy.error.inconsistency_error"}};
    seed(world, "{'uri': 'com.leapsight.bondy'}");
    assert_bad(world, "bondy.group.delete", rows, COUNT_OF(rows));
    (void)done(world, "bondy.group.get", "['api_clients']");
    assert_member(world->call.result, "name", "'api_clients'");
    (void)done(world, "bondy.group.update", "['api_clients', {'meta': {'a': 1}}]");
    (void)done(world, "bondy.group.update", "['api_clients', {'meta': {'a': 2}}]");
    assert_bad(world, "bondy.group.delete", rows, COUNT_OF(rows));
    assert_false(world_call(world, "bondy.group.delete", "com.leapsight.bondy",
                            "['bondy.administrators']", NULL));
    assert_true(str_eq(world->error, STR("bondy.error.inconsistency_error")));
    /* Elsewhere it is a name like another. */
    (void)done(world, "bondy.group.add", "[{'name': 'bondy.administrators'}]");
    (void)done(world, "bondy.group.delete", "['bondy.administrators']");
}

static void the_last_administrator_is_not_lost_with_a_group(void **state)
{
    struct world *world = *state;
    static const char master[] = "com.leapsight.bondy";
    static const struct {
        const char *procedure;
        const char *args;
    } rows[] = {
        {"bondy.group.delete", "['chiefs']"},
        {"bondy.group.remove_group", "['chiefs', 'bondy.administrators']"},
        {"bondy.group.update", "['chiefs', {'groups': []}]"},
    };
    seed(world,
         "{'uri': 'com.leapsight.bondy', 'groups': [{'name': 'chiefs', 'groups':"
         " ['bondy.administrators']}], 'users': [{'username': 'root', 'groups': ['chiefs']}]}");
    char *then = before(world);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_false(world_call(world, rows[i].procedure, master, rows[i].args, NULL));
        assert_true(str_eq(world->error, STR("bondy.error.inconsistency_error")));
        assert_unchanged(world, then, rows[i].procedure);
    }
    mem_free(then);
    seed(world, "{'uri': 'com.leapsight.bondy',"
                " 'users': [{'username': 'other', 'groups': ['bondy.administrators']}]}");
    assert_true(world_call(world, "bondy.group.delete", master, "['chiefs']", NULL));
}

static void what_is_no_group_is_refused_and_changes_nothing(void **state)
{
    struct world *world = *state;
    static const struct bad add[] = {
        {"[{}]", INVALID},
        {"[[]]", INVALID},
        {"['a']", INVALID},
        {"[null]", INVALID},
        {"[{'name': null}]", INVALID},
        {"[{'name': 7}]", INVALID},
        {"[{'name': ''}]", INVALID},
        {"[{'name': 'any'}]", INVALID},
        {"[{'name': 'all'}]", INVALID},
        {"[{'name': 'Anonymous'}]", INVALID},
        {"[{'name': 'user/x'}]", INVALID},
        {"[{'name': 'group/x'}]", INVALID},
        {"[{'name': 'a\\u0001b'}]", INVALID},
        {"[{'name': 'x', 'nam': 1}]", INVALID},
        {"[{'name': 'x', 'meta': []}]", INVALID},
        {"[{'name': 'x', 'groups': 'a'}]", INVALID},
        {"[{'name': 'x', 'groups': [7]}]", "bondy.error.no_such_groups"},
        {"[{'name': 'x', 'groups': ['nobody']}]", "bondy.error.no_such_groups"},
        {"[{'name': 'x', 'groups': ['all']}]", "bondy.error.no_such_groups"},
        {"[{'name': 'A'}]", "bondy.error.already_exists"},
    };
    static const struct bad update[] = {
        {"['nobody', {}]", "bondy.error.not_found"},
        {"[7, {}]", INVALID},
        {"['', {}]", INVALID},
        {"['a', []]", INVALID},
        {"['a', {'name': 'b'}]", INVALID},
        {"['a', {'name': 1}]", INVALID},
        {"['a', {'colour': 1}]", INVALID},
        {"['a', {'groups': ['nobody']}]", "bondy.error.no_such_groups"},
        {"['a', {'meta': 'x'}]", INVALID},
        {"['a\\u0027 OR \\u00271\\u0027=\\u00271', {}]", "bondy.error.not_found"},
    };
    static const struct bad nest[] = {
        {"['nobody', 'a']", "bondy.error.not_found"},
        {"['a', 7]", INVALID},
        {"['a', ['b']]", INVALID},
        {"['a', '']", INVALID},
        {"['a', 'nobody']", "bondy.error.no_such_groups"},
        {"['a', 'all']", "bondy.error.no_such_groups"},
    };
    static const struct bad nest_many[] = {
        {"['a', 'b']", INVALID},
        {"['a', [7]]", INVALID},
        {"['a', ['']]", INVALID},
        {"['a', {'b': 1}]", INVALID},
        {"['a', ['c', 'nobody']]", "bondy.error.no_such_groups"},
    };
    static const struct bad unnest[] = {{"['nobody', 'a']", "bondy.error.not_found"},
                                        {"['a', null]", INVALID}};
    static const struct bad delete[] = {
        {"['nobody']", "bondy.error.not_found"},
        {"[7]", INVALID},
        {"[{}]", INVALID},
        {"['%']", "bondy.error.not_found"},
        {"['all']", "bondy.error.not_found"},
    };
    assert_bad(world, "bondy.group.add", add, COUNT_OF(add));
    assert_bad(world, "bondy.group.update", update, COUNT_OF(update));
    assert_bad(world, "bondy.group.add_group", nest, COUNT_OF(nest));
    assert_bad(world, "bondy.group.add_groups", nest_many, COUNT_OF(nest_many));
    assert_bad(world, "bondy.group.remove_group", unnest, COUNT_OF(unnest));
    assert_bad(world, "bondy.group.delete", delete, COUNT_OF(delete));
    assert_bad(world, "bondy.group.grants", delete, 3);
    assert_bad(world, "bondy.group.get", delete, COUNT_OF(delete));
}

static void names_have_an_end(void **state)
{
    struct world *world = *state;
    char name[300];
    char *then = before(world);
    memset(name, 'n', sizeof(name));
    json_t *args = json_pack("[{s:s#}]", "name", name, 255);
    assert_false(world_run(world, "bondy.group.add", REALM, args, NULL));
    assert_true(str_eq(world->error, STR(INVALID)));
    assert_unchanged(world, then, "a long name");
    mem_free(then);
    args = json_pack("[{s:s#}]", "name", name, 254);
    assert_true(world_run(world, "bondy.group.add", REALM, args, NULL));
}

static void a_version_that_is_not_there_stops_every_change(void **state)
{
    struct world *world = *state;
    static const struct {
        const char *procedure;
        const char *args;
    } rows[] = {
        {"bondy.group.add", "[{'name': 'new'}]"},
        {"bondy.group.update", "['a', {'meta': {'x': 1}}]"},
        {"bondy.group.delete", "['a']"},
        {"bondy.group.add_group", "['a', 'c']"},
        {"bondy.group.add_groups", "['a', ['c']]"},
        {"bondy.group.remove_group", "['a', 'b']"},
        {"bondy.group.remove_groups", "['a', ['b']]"},
    };
    char *then = before(world);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_false(
            world_call(world, rows[i].procedure, REALM, rows[i].args, "{'if_match': '\\\"7\\\"'}"));
        assert_true(str_eq(world->error, STR("bondy.error.precondition_failed")));
        assert_unchanged(world, then, rows[i].procedure);
    }
    mem_free(then);
    assert_true(world_call(world, "bondy.group.update", REALM, "['a', {'meta': {'x': 1}}]",
                           "{'if_match': '\\\"1\\\"'}"));
    assert_int_equal(json_integer_value(json_object_get(world->call.details, "version")), 2);
}

static void what_a_group_holds_is_listed(void **state)
{
    struct world *world = *state;
    (void)done(world, "bondy.group.grants", "['a']");
    assert_result(world,
                  "[{'resource': {'uri': 'x', 'match': 'exact'}, 'permissions': ['wamp.call'],"
                  "  'roles': ['group/a']},"
                  " {'resource': {'uri': 'x', 'match': 'exact'}, 'permissions': ['wamp.call'],"
                  "  'roles': ['group/b']},"
                  " {'resource': {'uri': 'y', 'match': 'exact'}, 'permissions': ['wamp.call'],"
                  "  'roles': ['all']}]");
    (void)done(world, "bondy.group.grants", "['c']");
    assert_int_equal(json_array_size(world->call.result), 1);
    (void)done(world, "bondy.group.grants", "['anonymous']");
    assert_int_equal(json_array_size(world->call.result), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, world_teardown)
        TEST(a_group_is_added_read_changed_and_deleted),
        TEST(nesting_is_added_and_taken_away),
        TEST(groups_are_nested_in_no_circle),
        TEST(a_circle_that_the_snapshot_does_not_show_is_refused_too),
        TEST(a_deleted_group_leaves_nothing_of_itself),
        TEST(a_name_is_found_as_records_spell_it),
        TEST(a_prototypes_group_goes_in_all_realms_that_have_it),
        TEST(groups_that_are_always_there_stay),
        TEST(the_last_administrator_is_not_lost_with_a_group),
        TEST(what_is_no_group_is_refused_and_changes_nothing),
        TEST(names_have_an_end),
        TEST(a_version_that_is_not_there_stops_every_change),
        TEST(what_a_group_holds_is_listed),
#undef TEST
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
