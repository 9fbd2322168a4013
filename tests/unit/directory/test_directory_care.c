/* links: directory token rbac credential store */
/* test_directory_care.c - the last way into the master realm, and what is too much for one call. */
#include "seed.h"

#define INVALID      "wamp.error.invalid_argument"
#define INCONSISTENT "bondy.error.inconsistency_error"
#define TOO_LARGE    "wamp.error.payload_size_exceeded"
#define MASTER       "com.leapsight.bondy"
#define KEY_A        "'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"
#define KEY_B        "'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'"

static bool in_master(struct world *world, const char *procedure, const char *args)
{
    return world_call(world, procedure, MASTER, args, NULL);
}

static void assert_kept(struct world *world, const char *procedure, const char *args)
{
    if (in_master(world, procedure, args)) {
        fail_msg("%s %s was done", procedure, args);
    }
    assert_true(str_eq(world->error, STR(INCONSISTENT)));
    assert_non_null(strstr(world->call.error.text, "open another way first"));
}

static void seed_master(struct world *world)
{
    seed(world, "{'uri': '" MASTER "', 'authmethods': ['cryptosign', 'api_key', 'ticket'],"
                " 'users': [{'username': 'root', 'groups': ['bondy.administrators'],"
                "            'authorized_keys': [" KEY_A "]},"
                "           {'username': 'guest', 'authorized_keys': [" KEY_B "]}],"
                " 'sources': [{'usernames': ['root', 'guest'], 'authmethod': 'cryptosign'},"
                "             {'usernames': ['root'], 'authmethod': 'ticket'},"
                "             {'usernames': ['root'], 'authmethod': 'wampcra'}]}");
}

static void the_last_way_into_the_master_realm_stays_open(void **state)
{
    struct world *world = *state;
    seed_master(world);
    /* He has no password, and a ticket is had by coming in. */
    assert_kept(world, "bondy.source.delete", "['root', '0.0.0.0/0']");
    assert_kept(world, "bondy.source.delete", "['root', '0.0.0.0/0', 'cryptosign']");
    assert_kept(world, "bondy.user.update", "['root', {'authorized_keys': []}]");
    assert_true(in_master(world, "bondy.source.delete", "['root', '0.0.0.0/0', 'wampcra']"));
    assert_true(in_master(world, "bondy.source.delete", "['guest', '0.0.0.0/0']"));
    assert_true(in_master(world, "bondy.source.add",
                          "[{'usernames': ['root'], 'authmethod': 'cryptosign', 'cidr':"
                          " '10.0.0.0/8'}]"));
    assert_true(in_master(world, "bondy.source.delete", "['root', '0.0.0.0/0']"));
    assert_kept(world, "bondy.source.delete", "['root', '10.0.0.0/8']");
}

static void an_api_key_is_a_way_in_and_its_last_one_stays(void **state)
{
    struct world *world = *state;
    seed_master(world);
    assert_true(
        in_master(world, "bondy.source.add", "[{'usernames': ['root'], 'authmethod': 'api_key'}]"));
    assert_kept(world, "bondy.source.delete", "['root', '0.0.0.0/0', 'cryptosign']");
    assert_true(in_master(world, "bondy.api_key.add", "['root']"));
    char id[64];
    (void)snprintf(id, sizeof(id), "['root', '%s']",
                   json_string_value(json_object_get(world->call.result, "id")));
    assert_true(in_master(world, "bondy.source.delete", "['root', '0.0.0.0/0', 'cryptosign']"));
    assert_kept(world, "bondy.api_key.delete", id);
    assert_true(in_master(world, "bondy.source.add",
                          "[{'usernames': ['root'], 'authmethod': 'cryptosign'}]"));
    assert_true(in_master(world, "bondy.api_key.delete", id));
}

static void another_administrator_who_can_come_in_is_enough(void **state)
{
    struct world *world = *state;
    seed_master(world);
    seed(world, "{'uri': '" MASTER "', 'groups': [{'name': 'ops', 'groups':"
                " ['bondy.administrators']}], 'users': [{'username': 'other', 'groups': ['ops'],"
                " 'authorized_keys': [" KEY_B "]}], 'sources': [{'usernames': ['other'],"
                " 'authmethod': 'cryptosign', 'cidr': '192.0.2.0/24'}]}");
    assert_true(in_master(world, "bondy.source.delete", "['root', '0.0.0.0/0']"));
    assert_kept(world, "bondy.user.disable", "['other']");
    assert_kept(world, "bondy.group.delete", "['ops']");
}

/* JSON of a list of `count` names. */
static json_t *names(size_t count)
{
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++) {
        (void)json_array_append_new(list, json_sprintf("name%zu", i));
    }
    return list;
}

static void too_much(struct world *world, const char *procedure, json_t *args, const char *uri)
{
    assert_false(world_run(world, procedure, REALM, args, NULL));
    if (!str_eq(world->error, str_of(uri))) {
        fail_msg("%s: %.*s: %s", procedure, (int)world->error.len, world->error.ptr,
                 world->call.error.text);
    }
}

static void too_many_names_are_refused_before_they_are_looked_up(void **state)
{
    struct world *world = *state;
    people(world);
    (void)done(world, "bondy.user.add", "[{'username': 'ann'}]");
    char *then = before(world);
    too_much(world, "bondy.user.add",
             json_pack("[{s:s, s:o}]", "username", "ben", "groups", names(20000)), TOO_LARGE);
    too_much(world, "bondy.user.update", json_pack("[s, {s:o}]", "ann", "groups", names(20000)),
             TOO_LARGE);
    too_much(world, "bondy.user.add_groups", json_pack("[s, o]", "ann", names(1001)), INVALID);
    too_much(world, "bondy.group.add_groups", json_pack("[s, o]", "staff", names(1001)), INVALID);
    too_much(world, "bondy.source.add",
             json_pack("[{s:o, s:s}]", "usernames", names(10001), "authmethod", "password"),
             INVALID);
    json_t *resources = json_array();
    for (size_t i = 0; i < 2000; i++) {
        (void)json_array_append_new(resources, json_pack("{s:s}", "uri", "com.example"));
    }
    too_much(world, "bondy.grant.create",
             json_pack("[{s:[s], s:o, s:o}]", "permissions", "wamp.call", "roles", names(2000),
                       "resources", resources),
             INVALID);
    assert_unchanged(world, then, "too much");
    mem_free(then);
}

static void what_cannot_be_read_is_not_what_is_not_there(void **state)
{
    struct world *world = *state;
    char meta[64 * 1024];
    memset(meta, 'x', sizeof(meta) - 1);
    meta[sizeof(meta) - 1] = '\0';
    people(world);
    json_t *args = json_pack("[{s:s, s:{s:s}}]", "username", "ann", "meta", "x", meta);
    assert_true(world_run(world, "bondy.user.add", REALM, args, NULL));
    world->room = 48 << 10;
    assert_false(world_call(world, "bondy.user.get", REALM, "['ann']", NULL));
    assert_int_equal(world->error.len, 0);
    assert_int_equal(world->request.err.code, ERR_LIMIT);
}

static void every_event_of_an_operation_is_told(void **state)
{
    enum { USERS = 40 };
    struct world *world = *state;
    json_t *objects[2];
    const char *const keys[] = {KEY_A, KEY_B};
    for (size_t o = 0; o < COUNT_OF(objects); o++) {
        json_t *users = json_array();
        for (size_t i = 0; i < USERS; i++) {
            json_t *key = json_of(keys[o]);
            json_t *name = json_sprintf("user%zu", i);
            (void)json_array_append_new(
                users, json_pack("{s:o, s:[o]}", "username", name, "authorized_keys", key));
        }
        objects[o] = json_pack("[{s:s, s:o}]", "uri", REALM, "users", users);
    }
    assert_true(world_run(world, "bondy.realm.create", NULL, objects[0], NULL));
    assert_true(world_run(world, "bondy.realm.update", REALM, objects[1], NULL));
    assert_int_equal(world->call.event_count, USERS + 1);
}

static void a_group_with_a_slash_comes_by_a_file_alone(void **state)
{
    struct world *world = *state;
    people(world);
    refused(world, "bondy.group.add", "[{'name': 'a/b'}]", INVALID);
    refused(world, "bondy.realm.update", "[{'groups': [{'name': 'a/b'}]}]", INVALID);
    seed(world, "{'uri': '" REALM "', 'groups': [{'name': 'a/b'}]}");
    (void)done(world, "bondy.group.update", "['a/b', {'meta': {'k': 1}}]");
    (void)done(world, "bondy.group.delete", "['a/b']");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_last_way_into_the_master_realm_stays_open),
        TEST(an_api_key_is_a_way_in_and_its_last_one_stays),
        TEST(another_administrator_who_can_come_in_is_enough),
        TEST(too_many_names_are_refused_before_they_are_looked_up),
        TEST(what_cannot_be_read_is_not_what_is_not_there),
        TEST(every_event_of_an_operation_is_told),
        TEST(a_group_with_a_slash_comes_by_a_file_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
