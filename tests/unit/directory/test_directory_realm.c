#include "credential/credential.h"
#include "directory_helper.h"

#define PROTO  "com.example.proto"
#define SSO    "com.example.sso"
#define MASTER "com.leapsight.bondy"

static const char invalid[] = "wamp.error.invalid_argument";
static const char inconsistent[] = "bondy.error.inconsistency_error";
static const char no_realm[] = "wamp.error.no_such_realm";

static json_t *realm_record(struct world *world)
{
    return stored(world, "realm", "", REALM);
}

static void a_realm_is_created_with_all_that_is_in_it(void **state)
{
    struct world *world = *state;
    create_realm(world,
                 "[{'uri': 'COM.Example.People', 'description': 'all of us', 'authmethods': "
                 "['password'], " FEW ", 'info': {'owner': 'ann'}, 'groups': [{'name': 'staff'}],"
                 " 'users': [{'username': 'ann', 'password': 'the first word', 'groups': ['staff'],"
                 " 'aliases': ['annie']}],"
                 " 'sources': [{'usernames': 'all', 'authmethod': 'password'}],"
                 " 'grants': [{'permissions': ['wamp.call'], 'uri': '', 'roles': ['staff']}]}]");
    assert_member(world->call.result, "uri", "'" REALM "'");
    assert_member(world->call.result, "description", "'all of us'");
    assert_member(world->call.result, "authmethods", "['password']");
    assert_member(world->call.result, "password_opts", "{'params': {'iterations': 4096}}");
    assert_member(world->call.result, "security_status", "'enabled'");
    assert_int_equal(json_array_size(json_object_get(world->call.result, "public_keys")), 1);
    assert_int_equal(json_object_size(world->call.result), 6);
    assert_member(world->call.details, "version", "1");
    ASSERT_EVENTS(world, MASTER " bondy.realm.created [\"" REALM "\"]");
    assert_true(is_stored(world, "group", REALM, "staff"));
    assert_true(is_stored(world, "alias", REALM, "annie"));
    assert_true(is_stored(world, "source", REALM, "password 0.0.0.0/0 all"));
    assert_true(is_stored(world, "grant", REALM, "prefix * group/staff"));
    json_t *user = stored(world, "user", REALM, "ann");
    assert_true(credential_verify(str_of(json_string_value(json_object_get(user, "credential"))),
                                  STR("the first word")));
    json_decref(user);
    done(world, "bondy.realm.get", "[]");
    assert_member(world->call.result, "description", "'all of us'");
    assert_true(world_call(world, "bondy.realm.list", NULL, "[]", "{'limit': 1}"));
    assert_int_equal(json_array_size(world->call.result), 1);
    assert_null(json_object_get(world->call.details, "next"));
}

static void a_realm_is_created_once(void **state)
{
    struct world *world = *state;
    create_realm(world, "[{'uri': '" REALM "'}]");
    assert_false(
        world_call(world, "bondy.realm.create", NULL, "[{'uri': 'com.Example.people'}]", NULL));
    assert_true(str_eq(world->error, STR("bondy.error.already_exists")));
}

static void an_update_adds_to_what_is_there(void **state)
{
    struct world *world = *state;
    create_realm(world, "[{'uri': '" REALM "', 'description': 'one', " FEW ", 'users':"
                        " [{'username': 'ann', 'password': 'the first word', 'meta': {'a': 1}}],"
                        " 'grants': [{'permissions': ['wamp.call'], 'uri': 'a.b', 'roles': 'all'}]"
                        "}]");
    done(world, "bondy.realm.update",
         "[{'authmethods': ['wampcra'], 'groups': [{'name': 'staff'}],"
         " 'users': [{'username': 'ann', 'groups': ['staff']}],"
         " 'grants': [{'permissions': ['wamp.publish'], 'uri': 'a.b', 'roles': 'all'}]}]");
    assert_member(world->call.result, "description", "'one'");
    assert_member(world->call.result, "authmethods", "['wampcra']");
    ASSERT_EVENTS(world, MASTER " bondy.realm.updated [\"" REALM "\"]");
    json_t *user = stored(world, "user", REALM, "ann");
    assert_member(user, "meta", "{'a': 1}");
    assert_member(user, "groups", "['staff']");
    assert_non_null(json_object_get(user, "credential"));
    json_decref(user);
    json_t *grant = stored(world, "grant", REALM, "exact a.b all");
    assert_member(grant, "permissions", "['wamp.call', 'wamp.publish']");
    json_decref(grant);
}

static void the_same_object_again_changes_nothing(void **state)
{
    struct world *world = *state;
    static const char object[] =
        "[{'uri': '" REALM "', " FEW ", 'groups': [{'name': 'staff'}], 'users': [{'username':"
        " 'ann', 'password': 'the first word', 'groups': ['staff'], 'aliases': ['annie']}],"
        " 'grants': [{'permissions': ['wamp.call'], 'uri': 'a.b', 'roles': 'all'}]}]";
    create_realm(world, object);
    char *before = world_dump(world);
    done(world, "bondy.realm.update", object);
    assert_int_equal(world->written, 0);
    assert_int_equal(world->call.event_count, 0);
    done(world, "bondy.realm.get", "[]");
    assert_true(world_run(world, "bondy.realm.update", REALM,
                          json_pack("[o]", json_deep_copy(world->call.result)), NULL));
    assert_int_equal(world->written, 0);
    char *after = world_dump(world);
    assert_string_equal(before, after);
    mem_free(before);
    mem_free(after);
}

static void what_is_null_was_never_said(void **state)
{
    struct world *world = *state;
    create_realm(world, "[{'uri': '" PROTO "', 'is_prototype': true, 'security_enabled': false}]");
    create_realm(world, "[{'uri': '" REALM "', 'prototype_uri': '" PROTO "', 'description': 'x',"
                        " 'security_enabled': true}]");
    assert_member(world->call.result, "security_status", "'enabled'");
    done(world, "bondy.realm.update", "[{'security_enabled': null, 'description': null}]");
    assert_member(world->call.result, "security_status", "'disabled'");
    json_t *record = realm_record(world);
    assert_null(json_object_get(record, "description"));
    assert_null(json_object_get(record, "security_enabled"));
    assert_member(record, "prototype_uri", "'" PROTO "'");
    json_decref(record);
}

static void security_is_switched_off_and_on(void **state)
{
    struct world *world = *state;
    create_realm(world, "[{'uri': '" REALM "'}]");
    done(world, "bondy.realm.security.status", "[]");
    assert_result(world, "'enabled'");
    done(world, "bondy.realm.security.disable", "[]");
    assert_null(world->call.result);
    ASSERT_EVENTS(world, MASTER " bondy.realm.updated [\"" REALM "\"]");
    done(world, "bondy.realm.security.status", "[]");
    assert_result(world, "'disabled'");
    done(world, "bondy.realm.security.is_enabled", "[]");
    assert_result(world, "false");
    assert_member(done(world, "bondy.realm.get", "[]"), "security_status", "'disabled'");
    done(world, "bondy.realm.update", "[{'security_status': 'enabled'}]");
    done(world, "bondy.realm.security.is_enabled", "[]");
    assert_result(world, "true");
    done(world, "bondy.realm.security.disable", "[]");
    done(world, "bondy.realm.security.enable", "[]");
    done(world, "bondy.realm.security.is_enabled", "[]");
    assert_result(world, "true");
}

static void the_grants_of_a_realm_are_listed(void **state)
{
    struct world *world = *state;
    create_realm(world, "[{'uri': '" REALM "', 'grants': [{'permissions': ['wamp.call'],"
                        " 'uri': 'a.b', 'roles': 'all'}]}]");
    done(world, "bondy.realm.grants", "[]");
    assert_int_equal(json_array_size(world->call.result), 1);
}

static void the_master_realm_stays_as_it_must(void **state)
{
    struct world *world = *state;
    create_realm(world, "[{'uri': '" MASTER "'}]");
    char *before = world_dump(world);
    static const struct {
        const char *procedure;
        const char *args;
    } rows[] = {{"bondy.realm.delete", "[]"},
                {"bondy.realm.security.disable", "[]"},
                {"bondy.realm.update", "[{'security_enabled': false}]"},
                {"bondy.realm.update", "[{'is_prototype': true}]"},
                {"bondy.realm.update", "[{'is_sso_realm': true}]"},
                {"bondy.realm.update", "[{'grants': [{'permissions': ['wamp.call'], 'uri': 'any',"
                                       " 'roles': 'all'}]}]"},
                {"bondy.realm.update", "[{'sources': [{'usernames': ['anonymous'], 'authmethod':"
                                       " 'anonymous'}]}]"},
                {"bondy.realm.update", "[{'prototype_uri': '" MASTER "'}]"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_false(world_call(world, rows[i].procedure, MASTER, rows[i].args, "{'force': true}"));
        assert_int_not_equal(world->error.len, 0);
    }
    char *after = world_dump(world);
    assert_string_equal(before, after);
    mem_free(before);
    mem_free(after);
}

static void a_realm_with_users_is_deleted_by_force_alone(void **state)
{
    struct world *world = *state;
    create_realm(
        world, "[{'uri': '" REALM "', 'groups': [{'name': 'staff'}], 'users': [{'username': 'ann',"
               " 'aliases': ['annie']}], 'sources': [{'usernames': 'all', 'authmethod':"
               " 'password'}], 'grants': [{'permissions': ['wamp.call'], 'uri': '', 'roles':"
               " 'all'}]}]");
    done(world, "bondy.api_key.add", "['ann']");
    refused(world, "bondy.realm.delete", "[]", "bondy.error.active_users");
    assert_non_null(strstr(world->call.error.text, "force"));
    assert_false(world_call(world, "bondy.realm.delete", REALM, "[]", "{'force': false}"));
    assert_false(world_call(world, "bondy.realm.delete", REALM, "[]", "{'force': 'false'}"));
    assert_true(world_call(world, "bondy.realm.delete", REALM, "[]", "{'force': true}"));
    assert_null(world->call.result);
    ASSERT_EVENTS(world, MASTER " bondy.realm.deleted [\"" REALM "\"]");
    char *dump = world_dump(world);
    assert_string_equal(dump, "");
    mem_free(dump);
    refused(world, "bondy.realm.delete", "[]", no_realm);
    create_realm(world, "[{'uri': '" REALM "'}]");
    assert_false(is_stored(world, "user", REALM, "ann"));
    assert_true(world_call(world, "bondy.realm.delete", REALM, "[]", "{'if_match': '\\\"3\\\"'}"));
}

static void a_realm_that_others_stand_on_stays(void **state)
{
    struct world *world = *state;
    create_realm(world, "[{'uri': '" PROTO "', 'is_prototype': true}]");
    create_realm(world, "[{'uri': '" SSO "', 'is_sso_realm': true}]");
    create_realm(world, "[{'uri': '" REALM "', 'prototype_uri': '" PROTO "', 'sso_realm_uri': '" SSO
                        "'}]");
    static const char *const uris[] = {PROTO, SSO};
    for (size_t i = 0; i < COUNT_OF(uris); i++) {
        assert_false(world_call(world, "bondy.realm.delete", uris[i], "[]", "{'force': true}"));
        assert_true(str_eq(world->error, str_of(inconsistent)));
        assert_non_null(strstr(world->call.error.text, REALM));
    }
    done(world, "bondy.realm.delete", "[]");
    for (size_t i = 0; i < COUNT_OF(uris); i++) {
        assert_true(world_call(world, "bondy.realm.delete", uris[i], "[]", NULL));
    }
}

/* A new realm's user is in the SSO realm already, and was changed a moment ago: nothing of that
 * is lost, though the snapshot does not know it yet. */
static void a_user_of_an_sso_realm_is_taken_as_he_is_now(void **state)
{
    struct world *world = *state;
    create_realm(world, "[{'uri': '" SSO "', 'is_sso_realm': true, " FEW "}]");
    assert_true(world_call(world, "bondy.user.add", SSO,
                           "[{'username': 'ann', 'password': 'the first word'}]", NULL));
    world_refresh(world);
    world->stale = true;
    assert_true(
        world_call(world, "bondy.user.change_password", SSO, "['ann', 'the second word']", NULL));
    assert_true(world_call(world, "bondy.user.update", SSO, "['ann', {'meta': {'a': 1}}]", NULL));
    create_realm(world,
                 "[{'uri': '" REALM "', 'sso_realm_uri': '" SSO "', 'users': [{'username': 'ann',"
                 " 'sso_realm_uri': '" SSO "', 'authorized_keys': ['1498b5467a63dffa2dc9d9e069caf0"
                 "75d16fc33fdd4c3b01bfadae6433767d93']}]}]");
    json_t *user = stored(world, "user", SSO, "ann");
    assert_member(user, "meta", "{'a': 1}");
    assert_int_equal(json_array_size(json_object_get(user, "authorized_keys")), 1);
    assert_true(credential_verify(str_of(json_string_value(json_object_get(user, "credential"))),
                                  STR("the second word")));
    json_decref(user);
}

static void relations_are_set_once(void **state)
{
    struct world *world = *state;
    create_realm(world, "[{'uri': '" PROTO "', 'is_prototype': true}]");
    create_realm(world, "[{'uri': 'com.example.proto2', 'is_prototype': true}]");
    create_realm(world, "[{'uri': '" SSO "', 'is_sso_realm': true}]");
    create_realm(world, "[{'uri': 'com.example.sso2', 'is_sso_realm': true}]");
    create_realm(world, "[{'uri': '" REALM "'}]");
    done(world, "bondy.realm.update",
         "[{'prototype_uri': '" PROTO "', 'sso_realm_uri': '" SSO "'}]");
    static const char *const bad[] = {"[{'prototype_uri': 'com.example.proto2'}]",
                                      "[{'prototype_uri': null}]",
                                      "[{'sso_realm_uri': 'com.example.sso2'}]",
                                      "[{'sso_realm_uri': null}]",
                                      "[{'is_prototype': true}]",
                                      "[{'is_sso_realm': true}]"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        refused(world, "bondy.realm.update", bad[i], inconsistent);
    }
    static const char *const kept[][2] = {{PROTO, "[{'is_prototype': false}]"},
                                          {SSO, "[{'is_sso_realm': false}]"}};
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        assert_false(world_call(world, "bondy.realm.update", kept[i][0], kept[i][1], NULL));
        assert_true(str_eq(world->error, str_of(inconsistent)));
    }
}

static void a_version_that_is_not_there_any_more_is_no_match(void **state)
{
    struct world *world = *state;
    create_realm(world, "[{'uri': '" REALM "'}]");
    static const char *const procedures[] = {"bondy.realm.update", "bondy.realm.delete",
                                             "bondy.realm.security.disable"};
    for (size_t i = 0; i < COUNT_OF(procedures); i++) {
        assert_false(world_call(world, procedures[i], REALM, i == 0 ? "[{}]" : "[]",
                                "{'if_match': '\\\"2\\\"'}"));
        assert_true(str_eq(world->error, STR("bondy.error.precondition_failed")));
    }
    assert_true(world_call(world, "bondy.realm.update", REALM, "[{'description': 'x'}]",
                           "{'if_match': '\\\"1\\\"'}"));
    assert_member(world->call.details, "version", "2");
}

#define CREATE "bondy.realm.create"
#define UPDATE "bondy.realm.update"

static const struct bad {
    const char *procedure;
    const char *args;
    const char *error;
} bads[] = {
    {CREATE, "[7]", invalid},
    {CREATE, "[null]", invalid},
    {CREATE, "['com.example.x']", invalid},
    {CREATE, "[{}]", invalid},
    {CREATE, "[{'uri': null}]", invalid},
    {CREATE, "[{'uri': 7}]", invalid},
    {CREATE, "[{'uri': ''}]", invalid},
    {CREATE, "[{'uri': 'com..x'}]", invalid},
    {CREATE, "[{'uri': 'com.a b'}]", invalid},
    {CREATE, "[{'uri': 'com.x\\u0007'}]", invalid},
    {CREATE, "[{'uri': 'com.leapsight.bondy.mine'}]", invalid},
    {CREATE, "[{'uri': 'COM.leapsight.bondy.internal'}]", invalid},
    {CREATE, "[{'uri': '" REALM "'}]", "bondy.error.already_exists"},
    {CREATE, "[{'uri': 'com.example.x', 'authmethod': []}]", invalid},
    {CREATE, "[{'uri': 'com.example.x', 'description': 7}]", invalid},
    {CREATE, "[{'uri': 'com.example.x', 'is_prototype': 'yes'}]", invalid},
    {CREATE, "[{'uri': 'com.example.x', 'authmethods': ['pasword']}]", invalid},
    {CREATE, "[{'uri': 'com.example.x', 'authmethods': 'password'}]", invalid},
    {CREATE, "[{'uri': 'com.example.x', 'password_opts': {'protocol': 'x'}}]", invalid},
    {CREATE, "[{'uri': 'com.example.x', 'info': []}]", invalid},
    {CREATE, "[{'uri': 'com.example.x', 'prototype_uri': 'com.example.none'}]", no_realm},
    {CREATE, "[{'uri': 'com.example.x', 'prototype_uri': 'com.example.x'}]", inconsistent},
    {CREATE, "[{'uri': 'com.example.x', 'prototype_uri': '" REALM "'}]", inconsistent},
    {CREATE, "[{'uri': 'com.example.x', 'sso_realm_uri': '" REALM "'}]", inconsistent},
    {CREATE, "[{'uri': 'com.example.x', 'users': {}}]", invalid},
    {CREATE, "[{'uri': 'com.example.x', 'users': [7]}]", invalid},
    {CREATE, "[{'uri': 'com.example.x', 'users': [{}]}]", invalid},
    {CREATE, "[{'uri': 'com.example.x', 'users': [{'username': 'ann', 'pass': 'x'}]}]", invalid},
    {CREATE, "[{'uri': 'com.example.x', 'users': [{'username': 'ann', 'password': 'x'}]}]",
     invalid},
    {CREATE, "[{'uri': 'com.example.x', 'users': [{'username': 'ann', 'groups': ['staff']}]}]",
     "bondy.error.no_such_groups"},
    {CREATE, "[{'uri': 'com.example.x', 'groups': [{'name': 'aaa', 'members': []}]}]", invalid},
    {CREATE,
     "[{'uri': 'com.example.x', 'groups': [{'name': 'aaa', 'groups': ['bbb']}, {'name': 'bbb',"
     " 'groups': ['aaa']}]}]",
     inconsistent},
    {CREATE, "[{'uri': 'com.example.x', 'sources': [{'usernames': 'all', 'authmethod': 'x'}]}]",
     invalid},
    {CREATE,
     "[{'uri': 'com.example.x', 'sources': [{'usernames': ['ann'], 'authmethod': 'password'}]}]",
     "bondy.error.no_such_users"},
    {CREATE,
     "[{'uri': 'com.example.x', 'grants': [{'permissions': ['wamp.call'], 'uri': 'a',"
     " 'roles': ['nobody']}]}]",
     "bondy.error.unknown_roles"},
    {CREATE, "[{'uri': 'com.example.x', 'grants': [{'permission': 'wamp.call'}]}]", invalid},
    {UPDATE, "[7]", invalid},
    {UPDATE, "[{'uri': 'com.example.x'}]", invalid},
    {UPDATE, "[{'uri': 7}]", invalid},
    {UPDATE, "[{'descripton': 'x'}]", invalid},
    {UPDATE, "[{'security_enabled': 'no'}]", invalid},
    {UPDATE, "[{'security_status': 'no'}]", invalid},
    {UPDATE, "[{'security_status': 7}]", invalid},
    {UPDATE, "[{'users': [{'username': 'ann', 'groups': ['unheard']}]}]",
     "bondy.error.no_such_groups"},
};

static void what_is_wrong_is_refused_and_changes_nothing(void **state)
{
    struct world *world = *state;
    create_realm(world, "[{'uri': '" REALM "', 'users': [{'username': 'ann'}]}]");
    char *before = world_dump(world);
    for (size_t i = 0; i < COUNT_OF(bads); i++) {
        const char *realm = strcmp(bads[i].procedure, CREATE) == 0 ? NULL : REALM;
        if (world_call(world, bads[i].procedure, realm, bads[i].args, NULL) ||
            !str_eq(world->error, str_of(bads[i].error))) {
            fail_msg("%s %s: " PRISTR ": %s", bads[i].procedure, bads[i].args, STRARG(world->error),
                     world->call.error.text);
        }
        char *after = world_dump(world);
        if (strcmp(before, after) != 0) {
            fail_msg("%s %s has changed something", bads[i].procedure, bads[i].args);
        }
        mem_free(after);
    }
    mem_free(before);
    static const char *const procedures[] = {
        "bondy.realm.get",
        "bondy.realm.delete",
        "bondy.realm.grants",
        "bondy.realm.security.enable",
        "bondy.realm.security.disable",
        "bondy.realm.security.status",
        "bondy.realm.security.is_enabled",
    };
    static const char *const uris[] = {"com.example.none", "", "x' OR '1'='1", "%", "a\x07"};
    for (size_t i = 0; i < COUNT_OF(procedures); i++) {
        for (size_t j = 0; j < COUNT_OF(uris); j++) {
            assert_false(world_call(world, procedures[i], uris[j], "[]", NULL));
            assert_true(str_eq(world->error, str_of(no_realm)));
        }
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_realm_is_created_with_all_that_is_in_it),
        TEST(a_realm_is_created_once),
        TEST(an_update_adds_to_what_is_there),
        TEST(the_same_object_again_changes_nothing),
        TEST(what_is_null_was_never_said),
        TEST(security_is_switched_off_and_on),
        TEST(the_grants_of_a_realm_are_listed),
        TEST(the_master_realm_stays_as_it_must),
        TEST(a_realm_with_users_is_deleted_by_force_alone),
        TEST(a_realm_that_others_stand_on_stays),
        TEST(a_user_of_an_sso_realm_is_taken_as_he_is_now),
        TEST(relations_are_set_once),
        TEST(a_version_that_is_not_there_any_more_is_no_match),
        TEST(what_is_wrong_is_refused_and_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
