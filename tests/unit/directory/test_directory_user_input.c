#include "directory_helper.h"

static void add_many(struct world *world, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        char args[64];
        (void)snprintf(args, sizeof(args), "[{'username': 'user%02u'}]", i);
        done(world, "bondy.user.add", args);
    }
}

static void a_list_comes_in_pages_and_the_last_one_has_no_next(void **state)
{
    struct world *world = *state;
    people(world);
    add_many(world, 6);
    static const struct {
        const char *kwargs;
        const char *first;
        const char *details;
        size_t count;
    } rows[] = {
        {"{}", "'user00'", "{'total': 6}", 6},
        {"{'limit': 3}", "'user00'", "{'total': 6, 'next': 'user02'}", 3},
        {"{'limit': '3', 'cursor': 'user02'}", "'user03'", "{'total': 6}", 3},
        {"{'limit': 6}", "'user00'", "{'total': 6}", 6},
        {"{'limit': 4, 'cursor': 'user03'}", "'user04'", "{'total': 6}", 2},
        {"{'limit': 2, 'sort': '-name'}", "'user05'", "{'total': 6, 'next': 'user04'}", 2},
        {"{'limit': 2, 'sort': '-name', 'cursor': 'user02'}", "'user01'", "{'total': 6}", 2},
        {"{'filter': 'ER03'}", "'user03'", "{'total': 1}", 1},
        {"{'filter': '', 'cursor': null}", "'user00'", "{'total': 6}", 6},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_true(world_call(world, "bondy.user.list", REALM, "[]", rows[i].kwargs));
        assert_int_equal(json_array_size(world->call.result), rows[i].count);
        assert_member(json_array_get(world->call.result, 0), "username", rows[i].first);
        json_t *details = json_of(rows[i].details);
        if (!json_equal(details, world->call.details)) {
            fail_msg("%s", rows[i].kwargs);
        }
        json_decref(details);
    }
    assert_true(world_call(world, "bondy.user.list", REALM, "[]", "{'cursor': 'zzz', 'limit': 1}"));
    assert_int_equal(json_array_size(world->call.result), 0);
    static const char *const bad[] = {"{'limit': 0}",      "{'limit': -1}",     "{'limit': 10001}",
                                      "{'limit': 'many'}", "{'limit': 1.5}",    "{'cursor': 7}",
                                      "{'filter': []}",    "{'sort': 'groups'}"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        assert_false(world_call(world, "bondy.user.list", REALM, "[]", bad[i]));
        assert_true(str_eq(world->error, STR("wamp.error.invalid_argument")));
    }
}

static void members_of_a_group_come_in_pages_and_no_others_with_its_name_somewhere(void **state)
{
    struct world *world = *state;
    people(world);
    add_many(world, 3);
    done(world, "bondy.user.add",
         "[{'username': 'other', 'groups': ['chiefs'], 'meta': {'groups': ['staff']}}]");
    done(world, "bondy.user.add", "[{'username': 'staff'}]");
    static const char *const in[] = {"ann", "bea", "cid", "dan"};
    for (size_t i = 0; i < COUNT_OF(in); i++) {
        char args[96];
        (void)snprintf(args, sizeof(args), "[{'username': '%s', 'groups': ['chiefs','staff']}]",
                       in[i]);
        done(world, "bondy.user.add", args);
    }
    static const struct {
        const char *kwargs;
        const char *first;
        const char *details;
        size_t count;
    } rows[] = {
        {"{'group': 'STAFF'}", "'ann'", "{'total': 4}", 4},
        {"{'group': 'staff', 'limit': 3}", "'ann'", "{'total': 4, 'next': 'cid'}", 3},
        {"{'group': 'staff', 'limit': 4}", "'ann'", "{'total': 4}", 4},
        {"{'group': 'staff', 'limit': 2, 'cursor': 'bea'}", "'cid'", "{'total': 4}", 2},
        {"{'group': 'staff', 'limit': 3, 'sort': '-name'}", "'dan'", "{'total': 4, 'next': 'bea'}",
         3},
        {"{'group': 'staff', 'limit': 3, 'sort': '-name', 'cursor': 'bea'}", "'ann'",
         "{'total': 4}", 1},
        {"{'group': 'staff', 'filter': 'BE'}", "'bea'", "{'total': 1}", 1},
        {"{'group': 'chiefs', 'filter': 'o'}", "'other'", "{'total': 1}", 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_true(world_call(world, "bondy.user.list", REALM, "[]", rows[i].kwargs));
        assert_int_equal(json_array_size(world->call.result), rows[i].count);
        assert_member(json_array_get(world->call.result, 0), "username", rows[i].first);
        json_t *details = json_of(rows[i].details);
        if (!json_equal(details, world->call.details)) {
            fail_msg("%s", rows[i].kwargs);
        }
        json_decref(details);
    }
    static const char *const none[] = {"{'group': 'nobody'}", "{'group': 'a\\u0001'}",
                                       "{'group': 'st'}", "{'group': '\\\"staff\\\"'}"};
    for (size_t i = 0; i < COUNT_OF(none); i++) {
        assert_true(world_call(world, "bondy.user.list", REALM, "[]", none[i]));
        assert_int_equal(json_array_size(world->call.result), 0);
    }
    assert_false(world_call(world, "bondy.user.list", REALM, "[]", "{'group': ['staff']}"));
    assert_true(world_call(world, "bondy.group.list", REALM, "[]", "{'group': 'staff'}"));
    assert_int_equal(json_array_size(world->call.result), 1);
    assert_member(json_array_get(world->call.result, 0), "name", "'chiefs'");
}

static const char invalid[] = "wamp.error.invalid_argument";
static const char no_principal[] = "wamp.error.no_such_principal";
static const char not_found[] = "bondy.error.not_found";
static const char exists[] = "bondy.error.already_exists";
static const char no_groups[] = "bondy.error.no_such_groups";

#define ADD    "bondy.user.add"
#define UPDATE "bondy.user.update"

static const struct bad {
    const char *procedure;
    const char *args;
    const char *error;
} bads[] = {
    {ADD, "[7]", invalid},
    {ADD, "[null]", invalid},
    {ADD, "[[]]", invalid},
    {ADD, "[{}]", invalid},
    {ADD, "[{'username': null}]", invalid},
    {ADD, "[{'username': 7}]", invalid},
    {ADD, "[{'username': ''}]", invalid},
    {ADD, "[{'username': 'ab'}]", invalid},
    {ADD, "[{'username': 'all'}]", invalid},
    {ADD, "[{'username': 'anonymous'}]", invalid},
    {ADD, "[{'username': 'a b c'}]", invalid},
    {ADD, "[{'username': 'a\\u0007bc'}]", invalid},
    {ADD, "[{'username': 'a\\u200bbc'}]", invalid},
    {ADD, "[{'username': 'user/x'}]", invalid},
    {ADD, "[{'username': 'ann'}]", exists},
    {ADD, "[{'username': 'ANN'}]", exists},
    {ADD, "[{'username': 'annie'}]", exists},
    {ADD, "[{'username': 'new', 'nmae': 1}]", invalid},
    {ADD, "[{'username': 'new', 'passwrd': 'the first word'}]", invalid},
    {ADD, "[{'username': 'new', 'password': 7}]", invalid},
    {ADD, "[{'username': 'new', 'password': 'short'}]", invalid},
    {ADD, "[{'username': 'new', 'password': {}}]", invalid},
    {ADD, "[{'username': 'new', 'password': 'the first word', 'password_opts': 7}]", invalid},
    {ADD, "[{'username': 'new', 'password': 'the first word', 'password_opts': {'protocol': 'x'}}]",
     invalid},
    {ADD,
     "[{'username': 'new', 'password': 'the first word', 'password_opts': {'params':"
     " {'iterations': 1}}}]",
     invalid},
    {ADD, "[{'username': 'new', 'groups': 'staff'}]", invalid},
    {ADD, "[{'username': 'new', 'groups': [7]}]", no_groups},
    {ADD, "[{'username': 'new', 'groups': ['unheard']}]", no_groups},
    {ADD, "[{'username': 'new', 'enabled': 'yes'}]", invalid},
    {ADD, "[{'username': 'new', 'meta': []}]", invalid},
    {ADD, "[{'username': 'new', 'authorized_keys': 'x'}]", invalid},
    {ADD, "[{'username': 'new', 'authorized_keys': ['00']}]", invalid},
    {ADD, "[{'username': 'new', 'aliases': 'x'}]", invalid},
    {ADD, "[{'username': 'new', 'aliases': ['x']}]", invalid},
    {ADD, "[{'username': 'new', 'aliases': ['ann']}]", exists},
    {ADD, "[{'username': 'new', 'aliases': ['aa1', 'aa2', 'aa3', 'aa4', 'aa5', 'aa6']}]",
     "bondy.error.property_range_limit"},
    {ADD, "[{'username': 'new', 'sso_realm_uri': 7}]", invalid},
    {ADD, "[{'username': 'new', 'sso_realm_uri': 'com.example.x'}]",
     "bondy.error.inconsistency_error"},
    {UPDATE, "[7, {}]", invalid},
    {UPDATE, "['', {}]", invalid},
    {UPDATE, "['ann', 7]", invalid},
    {UPDATE, "['ann', {'username': 'bob'}]", invalid},
    {UPDATE, "['ann', {'username': 7}]", invalid},
    {UPDATE, "['ann', {'group': []}]", invalid},
    {UPDATE, "['ann', {'groups': ['unheard']}]", no_groups},
    {UPDATE, "['ann', {'password': 'short'}]", invalid},
    {UPDATE, "['nobody', {}]", no_principal},
    {"bondy.user.get", "[7]", invalid},
    {"bondy.user.get", "['nobody']", not_found},
    {"bondy.user.get", "['\\u0007']", not_found},
    {"bondy.user.get", "['ann\\\" OR 1=1 --']", not_found},
    {"bondy.user.get", "['%']", not_found},
    {"bondy.user.grants", "['nobody']", not_found},
    {"bondy.user.is_enabled", "['nobody']", not_found},
    {"bondy.user.delete", "['nobody']", no_principal},
    {"bondy.user.delete", "['a;DROP TABLE records']", no_principal},
    {"bondy.user.delete", "[{}]", invalid},
    {"bondy.user.enable", "['nobody']", no_principal},
    {"bondy.user.disable", "['nobody']", no_principal},
    {"bondy.user.disable", "[null]", invalid},
    {"bondy.user.change_password", "['nobody', 'the first word']", no_principal},
    {"bondy.user.change_password", "['ann', 7]", invalid},
    {"bondy.user.change_password", "['ann', null]", invalid},
    {"bondy.user.change_password", "['ann', '']", invalid},
    {"bondy.user.change_password", "['ann', 'short']", invalid},
    {"bondy.user.change_password", "[7, 'the first word']", invalid},
    {"bondy.user.add_alias", "['nobody', 'alias']", no_principal},
    {"bondy.user.add_alias", "['ann', 7]", invalid},
    {"bondy.user.add_alias", "['ann', '']", invalid},
    {"bondy.user.add_alias", "['ann', 'x']", invalid},
    {"bondy.user.add_alias", "['ann', 'any']", invalid},
    {"bondy.user.add_alias", "['ann', 'a\\u0001b']", invalid},
    {"bondy.user.add_alias", "['ann', {'name': 'x'}]", invalid},
    {"bondy.user.add_alias", "['ann', {}]", invalid},
    {"bondy.user.remove_alias", "['nobody', 'alias']", no_principal},
    {"bondy.user.remove_alias", "['ann', []]", invalid},
    {"bondy.user.add_group", "['nobody', 'staff']", no_principal},
    {"bondy.user.add_group", "['ann', ['staff']]", invalid},
    {"bondy.user.add_group", "['ann', 'unheard']", no_groups},
    {"bondy.user.add_group", "['ann', '']", no_groups},
    {"bondy.user.add_groups", "['ann', 'staff']", invalid},
    {"bondy.user.add_groups", "['ann', ['staff', 'unheard']]", no_groups},
    {"bondy.user.add_groups", "['ann', [7]]", invalid},
    {"bondy.user.remove_group", "['nobody', 'staff']", no_principal},
    {"bondy.user.remove_group", "['ann', 7]", invalid},
    {"bondy.user.remove_groups", "['ann', 'staff']", invalid},
};

static void what_is_wrong_is_refused_and_changes_nothing(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, ADD, "[{'username': 'ann', 'groups': ['staff'], 'aliases': ['annie']}]");
    done(world, ADD, "[{'username': 'bob'}]");
    char *before = world_dump(world);
    for (size_t i = 0; i < COUNT_OF(bads); i++) {
        refused(world, bads[i].procedure, bads[i].args, bads[i].error);
        assert_int_not_equal(world->call.error.text[0], '\0');
        assert_null(strstr(world->call.error.text, "the first word"));
        char *after = world_dump(world);
        if (strcmp(before, after) != 0) {
            fail_msg("%s %s has changed something", bads[i].procedure, bads[i].args);
        }
        mem_free(after);
    }
    mem_free(before);
    refused(world, ADD, "[{'username': 'new', 'passwrd': 'x'}]", invalid);
    assert_non_null(strstr(world->call.error.text, "password"));
}

static void what_is_too_long_is_refused_in_words_that_are_whole(void **state)
{
    struct world *world = *state;
    people(world);
    char name[2000] = "";
    for (size_t i = 0; i + 2 < sizeof(name); i += 2) {
        memcpy(name + i, "\xc3\xa4", 2);
    }
    name[sizeof(name) - 1] = '\0';
    name[sizeof(name) - 2] = '\0';
    assert_false(world_run(world, ADD, REALM, json_pack("[{s:s}]", "username", name), NULL));
    assert_true(str_eq(world->error, str_of(invalid)));
    assert_false(
        world_run(world, ADD, REALM, json_pack("[{s:s, s:i}]", "username", "new", name, 1), NULL));
    assert_true(str_eq(world->error, str_of(invalid)));
    assert_false(world_run(world, "bondy.user.get", REALM, json_pack("[s]", name), NULL));
    assert_true(str_eq(world->error, str_of(not_found)));
    json_t *text = json_string(world->call.error.text);
    assert_non_null(text);
    json_decref(text);
    name[600] = '\0';
    assert_false(world_run(world, ADD, REALM,
                           json_pack("[{s:s, s:s}]", "username", "new", "password", name), NULL));
    assert_true(str_eq(world->error, str_of(invalid)));
}

static void a_realm_that_is_not_there_has_no_users(void **state)
{
    struct world *world = *state;
    people(world);
    assert_false(world_call(world, ADD, "com.example.none", "[{'username': 'ann'}]", NULL));
    assert_true(str_eq(world->error, STR("wamp.error.no_such_realm")));
    assert_false(world_call(world, "bondy.user.list", "com.example.none", "[]", NULL));
    assert_true(str_eq(world->error, STR("wamp.error.no_such_realm")));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_list_comes_in_pages_and_the_last_one_has_no_next),
        TEST(members_of_a_group_come_in_pages_and_no_others_with_its_name_somewhere),
        TEST(what_is_wrong_is_refused_and_changes_nothing),
        TEST(what_is_too_long_is_refused_in_words_that_are_whole),
        TEST(a_realm_that_is_not_there_has_no_users),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
