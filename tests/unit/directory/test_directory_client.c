/* links: rbac */
/* bondy.oauth2.client.* and resource_owner.*: programs as users, with secrets that are said once.
 */
#include "base/clock.h"
#include "credential/credential.h"
#include "directory_helper.h"

#define ADD    "bondy.oauth2.client.add"
#define GET    "bondy.oauth2.client.get"
#define LIST   "bondy.oauth2.client.list"
#define UPDATE "bondy.oauth2.client.update"
#define DELETE "bondy.oauth2.client.delete"
#define ROTATE "bondy.oauth2.client.rotate_secret"
#define OWNER  "bondy.oauth2.resource_owner"

enum { SECRET_ROOM = 64 };

static void keep_secret(const json_t *result, char out[SECRET_ROOM])
{
    const char *secret = json_string_value(json_object_get(result, "client_secret"));
    assert_non_null(secret);
    (void)snprintf(out, SECRET_ROOM, "%s", secret);
}

static char *credential_of(struct world *world, const char *name)
{
    json_t *value = stored(world, "user", REALM, name);
    const char *text = json_string_value(json_object_get(value, "credential"));
    char *copy = text == NULL ? NULL : str_dup(str_of(text));
    json_decref(value);
    return copy;
}

static bool proves(struct world *world, const char *name, const char *secret)
{
    char *record = credential_of(world, name);
    bool right = record != NULL && credential_verify(str_of(record), str_of(secret));
    mem_free(record);
    return right;
}

static void a_client_of_bondys_is_a_user_in_api_clients_with_his_secret_as_password(void **state)
{
    struct world *world = *state;
    people(world);
    const json_t *result = done(world, ADD,
                                "[{'client_id': 'Machine', 'client_secret': 'not so secret',"
                                " 'groups': ['staff'], 'meta': {'a': 1}}]");
    assert_member(result, "client_id", "'machine'");
    assert_member(result, "groups", "['staff', 'api_clients']");
    assert_member(result, "type", "'confidential'");
    assert_member(result, "has_secret", "true");
    assert_member(result, "secrets", "[]");
    assert_null(json_object_get(result, "client_secret"));
    ASSERT_EVENTS(world, REALM " bondy.user.added [\"machine\"]",
                  REALM " bondy.oauth2.client.added [\"" REALM "\",\"machine\"]");
    assert_true(proves(world, "machine", "not so secret"));
    json_t *value = stored(world, "user", REALM, "machine");
    assert_null(json_object_get(value, "client"));
    json_decref(value);
}

static void a_client_without_name_and_secret_gets_both_and_the_secret_is_said_once(void **state)
{
    struct world *world = *state;
    char secret[SECRET_ROOM];
    char name[128];
    people(world);
    const json_t *result = done(world, ADD, "[{'client_id': null}]");
    keep_secret(result, secret);
    (void)snprintf(name, sizeof(name), "%s",
                   json_string_value(json_object_get(result, "client_id")));
    assert_int_equal(strlen(secret), 46);
    assert_memory_equal(secret, "cs_", 3);
    assert_int_equal(json_array_size(json_object_get(result, "secrets")), 1);
    assert_true(proves(world, name, secret));
    char *dump = world_dump(world);
    assert_null(strstr(dump, secret));
    mem_free(dump);
    char args[160];
    (void)snprintf(args, sizeof(args), "['%s']", name);
    char *shown = json_dumps(done(world, GET, args), 0);
    assert_null(strstr(shown, secret));
    assert_null(strstr(shown, "sha256"));
    assert_null(strstr(shown, "client_secret"));
    free(shown);
}

static void a_public_client_has_no_secret_and_says_what_it_may(void **state)
{
    struct world *world = *state;
    people(world);
    const json_t *result = done(world, ADD,
                                "[{'client_id': 'app', 'type': 'public', 'name': 'An App',"
                                " 'redirect_uris': ['https://a/cb']}]");
    assert_null(json_object_get(result, "client_secret"));
    assert_member(result, "has_secret", "false");
    assert_member(result, "grant_types", "['authorization_code', 'refresh_token']");
    assert_member(result, "redirect_uris", "['https://a/cb']");
    json_t *value = stored(world, "user", REALM, "app");
    assert_null(json_object_get(value, "credential"));
    assert_member(value, "client",
                  "{'type': 'public', 'name': 'An App', 'redirect_uris': ['https://a/cb'],"
                  " 'grant_types': ['authorization_code', 'refresh_token']}");
    json_decref(value);
    refused(world, ROTATE, "['app']", "bondy.error.inconsistency_error");
    refused(world, UPDATE, "['app', {'client_secret': 'a password'}]",
            "wamp.error.invalid_argument");
}

#define EC_KEY                                                                          \
    "{'kty': 'EC', 'crv': 'P-256', 'x': 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU'," \
    " 'y': 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0'"

#define TWICE EC_KEY ", 'kid': 'a'}, " EC_KEY ", 'kid': 'a'}"

static void what_is_wrong_with_a_client_is_refused(void **state)
{
    /* NOLINTBEGIN(bugprone-suspicious-missing-comma): long ones are in two pieces */
    static const char *const data[] = {
        "{'client_id': 'xyz', 'client_secret': 'abc'}",
        "{'client_id': 'xyz', 'username': 'zyx'}",
        "{'client_id': 1}",
        "{'client_id': 'all'}",
        "{'client_id': 'xyz', 'redirect_url': 'https://a/cb'}",
        "{'client_id': 'xyz', 'type': 'secret'}",
        "{'client_id': 'xyz', 'name': ''}",
        "{'client_id': 'xyz', 'name': 'a\\nb'}",
        "{'client_id': 'xyz', 'redirect_uris': 'https://a/cb'}",
        "{'client_id': 'xyz', 'redirect_uris': ['http://a/cb']}",
        "{'client_id': 'xyz', 'redirect_uris': ['javascript:alert(1)']}",
        "{'client_id': 'xyz', 'redirect_uris': ['data:text/html,x']}",
        "{'client_id': 'xyz', 'redirect_uris': ['app:/cb']}",
        "{'client_id': 'xyz', 'redirect_uris': ['https://a/cb#f']}",
        "{'client_id': 'xyz', 'redirect_uris': ['https://u@a/cb']}",
        "{'client_id': 'xyz', 'post_logout_redirect_uris': ['http://a/']}",
        "{'client_id': 'xyz', 'grant_types': ['implicit']}",
        "{'client_id': 'xyz', 'grant_types': [1]}",
        "{'client_id': 'xyz', 'grant_types': ['authorization_code']}",
        "{'client_id': 'xyz', 'type': 'public', 'grant_types': ['client_credentials']}",
        "{'client_id': 'xyz', 'type': 'public', 'client_secret': 'a password',"
        " 'redirect_uris': ['https://a/cb']}",
        "{'client_id': 'xyz', 'type': 'public'}",
        "{'client_id': 'xyz', 'scopes': ['two words']}",
        "{'client_id': 'xyz', 'scopes': ['']}",
        "{'client_id': 'xyz', 'origins': ['https://a/']}",
        "{'client_id': 'xyz', 'origins': ['*']}",
        "{'client_id': 'xyz', 'origins': ['null']}",
        "{'client_id': 'xyz', 'token_endpoint_auth_method': 'none'}",
        "{'client_id': 'xyz', 'token_endpoint_auth_method': 'client_secret_jwt'}",
        "{'client_id': 'xyz', 'token_endpoint_auth_method': 'private_key_jwt'}",
        "{'client_id': 'xyz', 'jwks': {'keys': []}}",
        "{'client_id': 'xyz', 'jwks': [" EC_KEY "}]}",
        "{'client_id': 'xyz', 'jwks': {'keys': [" EC_KEY ", 'd': 'AAAA'}]}}",
        "{'client_id': 'xyz', 'jwks': {'keys': [" EC_KEY ", 'alg': 'RS256'}]}}",
        "{'client_id': 'xyz', 'jwks': {'keys': [" EC_KEY ", 'use': 'enc'}]}}",
        "{'client_id': 'xyz', 'jwks': {'keys': [{'kty': 'oct', 'k': 'AAAA'}]}}",
        "{'client_id': 'xyz', 'jwks': {'keys': [{'kty': 'RSA', 'n': 'AQAB', 'e': 'AQAB'}]}}",
        "{'client_id': 'xyz', 'jwks': {'keys': [" TWICE "]}}",
        "{'client_id': 'xyz', 'token_endpoint_auth_method': 'private_key_jwt',"
        " 'client_secret': 'a password', 'jwks': {'keys': [" EC_KEY "}]}}",
        "{'client_id': 'xyz', 'consent': 'yes'}",
    };
    /* NOLINTEND(bugprone-suspicious-missing-comma) */
    struct world *world = *state;
    people(world);
    for (size_t i = 0; i < COUNT_OF(data); i++) {
        char args[1024];
        (void)snprintf(args, sizeof(args), "[%s]", data[i]);
        refused(world, ADD, args, "wamp.error.invalid_argument");
    }
    assert_false(is_stored(world, "user", REALM, "xyz"));
    refused(world, ADD, "[{'client_id': 'xyz', 'groups': ['nobody']}]",
            "bondy.error.no_such_groups");
}

static void an_unknown_key_is_told_with_the_one_that_was_meant(void **state)
{
    struct world *world = *state;
    people(world);
    refused(world, ADD, "[{'client_id': 'xyz', 'redirect_uri': []}]",
            "wamp.error.invalid_argument");
    assert_non_null(strstr(world->call.error.text, "\"redirect_uris\" meant?"));
}

static void what_is_not_said_of_a_client_stays(void **state)
{
    struct world *world = *state;
    people(world);
    (void)done(world, ADD,
               "[{'client_id': 'app', 'redirect_uris': ['https://a/cb'], 'scopes': ['staff'],"
               " 'consent': false, 'client_secret': 'a password'}]");
    const json_t *result = done(world, UPDATE, "['app', {'name': 'New', 'scopes': null}]");
    assert_member(result, "name", "'New'");
    assert_member(result, "redirect_uris", "['https://a/cb']");
    assert_member(result, "consent", "false");
    assert_null(json_object_get(result, "scopes"));
    assert_null(json_object_get(result, "client_secret"));
    assert_true(proves(world, "app", "a password"));
    /* Nor does a change as a user take it away. */
    (void)done(world, "bondy.user.update", "['app', {'meta': {'a': 1}}]");
    assert_member(done(world, GET, "['app']"), "redirect_uris", "['https://a/cb']");
}

static void what_was_read_of_a_client_can_be_written_back(void **state)
{
    struct world *world = *state;
    people(world);
    (void)done(world, ADD, "[{'client_id': 'app', 'redirect_uris': ['https://a/cb']}]");
    json_t *read = json_deep_copy(done(world, GET, "['app']"));
    assert_true(world_run(world, UPDATE, REALM, json_pack("[s, O]", "app", read), NULL));
    assert_true(json_equal(read, world->call.result));
    json_decref(read);
}

static void a_client_stays_in_its_group_and_keeps_its_name(void **state)
{
    struct world *world = *state;
    people(world);
    (void)done(world, ADD, "[{'client_id': 'app'}]");
    assert_member(done(world, UPDATE, "['app', {'groups': ['staff']}]"), "groups",
                  "['staff', 'api_clients']");
    refused(world, UPDATE, "['app', {'client_id': 'other'}]", "wamp.error.invalid_argument");
    refused(world, ADD, "[{'client_id': 'APP'}]", "bondy.error.already_exists");
}

static void a_rotated_secret_holds_beside_the_one_before_until_that_ends(void **state)
{
    struct world *world = *state;
    char first[SECRET_ROOM];
    char second[SECRET_ROOM];
    uint64_t now_s = clock_wall_ms() / 1000;
    people(world);
    keep_secret(done(world, ADD, "[{'client_id': 'app'}]"), first);
    const json_t *result = done(world, ROTATE, "['app', {'overlap_secs': 3600}]");
    keep_secret(result, second);
    const json_t *secrets = json_object_get(result, "secrets");
    assert_int_equal(json_array_size(secrets), 2);
    json_int_t end = json_integer_value(json_object_get(json_array_get(secrets, 0), "expires"));
    assert_in_range(end, now_s + 3600, now_s + 3660);
    assert_null(json_object_get(json_array_get(secrets, 1), "expires"));
    /* Nothing of what it has ends by that. */
    ASSERT_EVENTS(world, REALM " bondy.user.updated [\"" REALM "\",\"app\"]",
                  REALM " bondy.oauth2.client.updated [\"" REALM "\",\"app\"]");
    assert_true(proves(world, "app", first) && proves(world, "app", second));
    assert_false(proves(world, "app", "cs_"));
}

static void a_rotation_without_overlap_ends_what_was_before_at_once(void **state)
{
    struct world *world = *state;
    char first[SECRET_ROOM];
    char second[SECRET_ROOM];
    people(world);
    keep_secret(done(world, ADD, "[{'client_id': 'app'}]"), first);
    keep_secret(done(world, ROTATE, "['app', {'overlap_secs': 0}]"), second);
    assert_int_equal(world->call.event_count, 3);
    assert_false(proves(world, "app", first));
    assert_true(proves(world, "app", second));
}

static void a_password_gives_way_to_a_secret_by_the_same_overlap(void **state)
{
    struct world *world = *state;
    char secret[SECRET_ROOM];
    people(world);
    (void)done(world, ADD, "[{'client_id': 'app', 'client_secret': 'a password'}]");
    keep_secret(done(world, ROTATE, "['app']"), secret);
    assert_true(proves(world, "app", "a password") && proves(world, "app", secret));
    char *record = credential_of(world, "app");
    uint64_t ends_s = credential_ends_s(str_of(record));
    uint64_t now_s = clock_wall_ms() / 1000;
    assert_in_range(ends_s, now_s + 86000, now_s + 86400);
    mem_free(record);
}

static void secrets_that_hold_at_once_are_bounded(void **state)
{
    struct world *world = *state;
    people(world);
    (void)done(world, ADD, "[{'client_id': 'app'}]");
    for (int i = 1; i < CREDENTIAL_SECRETS_MAX; i++) {
        (void)done(world, ROTATE, "['app']");
    }
    refused(world, ROTATE, "['app']", "bondy.error.inconsistency_error");
    (void)done(world, ROTATE, "['app', {'overlap_secs': '0'}]");
    refused(world, ROTATE, "['app', {'overlap_secs': -1}]", "wamp.error.invalid_argument");
    refused(world, ROTATE, "['app', {'overlap': 1}]", "wamp.error.invalid_argument");
    refused(world, ROTATE, "['app', 3]", "wamp.error.invalid_argument");
    refused(world, ROTATE, "['nobody']", "bondy.error.not_found");
}

static void
a_client_that_turns_public_loses_its_secret_and_gets_one_when_it_turns_back(void **state)
{
    struct world *world = *state;
    char secret[SECRET_ROOM];
    people(world);
    keep_secret(done(world, ADD, "[{'client_id': 'app', 'redirect_uris': ['https://a/cb']}]"),
                secret);
    assert_member(done(world, UPDATE, "['app', {'type': 'public'}]"), "has_secret", "false");
    assert_false(proves(world, "app", secret));
    keep_secret(done(world, UPDATE, "['app', {'type': 'confidential'}]"), secret);
    assert_true(proves(world, "app", secret));
}

static void a_client_with_keys_of_its_own_has_no_secret(void **state)
{
    struct world *world = *state;
    people(world);
    const json_t *result =
        done(world, ADD,
             "[{'client_id': 'app', 'token_endpoint_auth_method': 'private_key_jwt',"
             " 'jwks': {'keys': [" EC_KEY ", 'kid': '1', 'alg': 'ES256', 'use': 'sig'}]}}]");
    assert_null(json_object_get(result, "client_secret"));
    assert_member(result, "has_secret", "false");
}

static void clients_are_listed_by_pages_and_plain_users_are_not(void **state)
{
    struct world *world = *state;
    people(world);
    (void)done(world, ADD, "[{'client_id': 'bbb', 'client_secret': 'a password'}]");
    (void)done(world, ADD,
               "[{'client_id': 'aaa', 'type': 'public', 'redirect_uris': ['https://a/']}]");
    (void)done(world, ADD, "[{'client_id': 'ccc'}]");
    (void)done(world, "bondy.user.add", "[{'username': 'ann', 'meta': {'x': 'api_clients'}}]");
    assert_true(world_call(world, LIST, REALM, "[]", "{'limit': 2}"));
    assert_int_equal(json_array_size(world->call.result), 2);
    assert_member(json_array_get(world->call.result, 0), "client_id", "'aaa'");
    assert_member(world->call.details, "total", "3");
    assert_member(world->call.details, "next", "'bbb'");
    assert_true(world_call(world, LIST, REALM, "[]", "{'limit': 2, 'cursor': 'bbb'}"));
    assert_int_equal(json_array_size(world->call.result), 1);
    assert_null(json_object_get(world->call.details, "next"));
    assert_true(world_call(world, LIST, REALM, "[]", "{'sort': '-name', 'filter': 'C'}"));
    assert_member(json_array_get(world->call.result, 0), "client_id", "'ccc'");
}

static void who_is_no_client_is_not_found_as_one(void **state)
{
    static const char *const calls[][2] = {
        {GET, "['ann']"}, {UPDATE, "['ann', {}]"}, {DELETE, "['ann']"}, {ROTATE, "['ann']"},
        {GET, "['no']"},  {UPDATE, "['no', {}]"},  {DELETE, "['no']"},
    };
    struct world *world = *state;
    people(world);
    (void)done(world, "bondy.user.add", "[{'username': 'ann'}]");
    for (size_t i = 0; i < COUNT_OF(calls); i++) {
        refused(world, calls[i][0], calls[i][1], "bondy.error.not_found");
    }
}

static void a_deleted_client_is_gone_as_a_user_too(void **state)
{
    struct world *world = *state;
    people(world);
    (void)done(world, ADD, "[{'client_id': 'app'}]");
    (void)done(world, DELETE, "['app']");
    ASSERT_EVENTS(world, REALM " bondy.user.deleted [\"" REALM "\",\"app\"]",
                  REALM " bondy.oauth2.client.deleted [\"" REALM "\",\"app\"]");
    assert_false(is_stored(world, "user", REALM, "app"));
}

static void a_change_against_another_version_is_refused(void **state)
{
    struct world *world = *state;
    people(world);
    (void)done(world, ADD, "[{'client_id': 'app'}]");
    assert_false(world_call(world, UPDATE, REALM, "['app', {'name': 'x'}]", "{'if_match': 77777}"));
    assert_true(str_eq(world->error, STR("bondy.error.precondition_failed")));
}

static void a_resource_owner_is_a_user_in_the_group_of_that_name(void **state)
{
    struct world *world = *state;
    people(world);
    const json_t *result =
        done(world, OWNER ".add", "[{'username': 'Ann', 'password': 'a password'}]");
    assert_member(result, "groups", "['resource_owners']");
    assert_member(result, "has_password", "true");
    ASSERT_EVENTS(world, REALM " bondy.user.added [\"ann\"]",
                  REALM " bondy.oauth2.resource_owner.added [\"" REALM "\",\"ann\"]");
    assert_member(done(world, OWNER ".update", "['ann', {'groups': ['staff']}]"), "groups",
                  "['staff', 'resource_owners']");
    assert_member(done(world, OWNER ".get", "['ann']"), "username", "'ann'");
    assert_int_equal(json_array_size(done(world, "bondy.oauth2.resource_owners.list", "[]")), 1);
    (void)done(world, "bondy.user.add", "[{'username': 'bob'}]");
    refused(world, OWNER ".get", "['bob']", "bondy.error.not_found");
    refused(world, OWNER ".update", "['bob', {}]", "bondy.error.not_found");
    refused(world, OWNER ".delete", "['bob']", "bondy.error.not_found");
    refused(world, OWNER ".add", "[{'username': 'bob'}]", "bondy.error.already_exists");
    refused(world, OWNER ".add", "[{'username': 'xyz', 'grants': []}]",
            "wamp.error.invalid_argument");
    (void)done(world, OWNER ".delete", "['ann']");
    assert_false(is_stored(world, "user", REALM, "ann"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_client_of_bondys_is_a_user_in_api_clients_with_his_secret_as_password),
        TEST(a_client_without_name_and_secret_gets_both_and_the_secret_is_said_once),
        TEST(a_public_client_has_no_secret_and_says_what_it_may),
        TEST(what_is_wrong_with_a_client_is_refused),
        TEST(an_unknown_key_is_told_with_the_one_that_was_meant),
        TEST(what_is_not_said_of_a_client_stays),
        TEST(what_was_read_of_a_client_can_be_written_back),
        TEST(a_client_stays_in_its_group_and_keeps_its_name),
        TEST(a_rotated_secret_holds_beside_the_one_before_until_that_ends),
        TEST(a_rotation_without_overlap_ends_what_was_before_at_once),
        TEST(a_password_gives_way_to_a_secret_by_the_same_overlap),
        TEST(secrets_that_hold_at_once_are_bounded),
        TEST(a_client_that_turns_public_loses_its_secret_and_gets_one_when_it_turns_back),
        TEST(a_client_with_keys_of_its_own_has_no_secret),
        TEST(clients_are_listed_by_pages_and_plain_users_are_not),
        TEST(who_is_no_client_is_not_found_as_one),
        TEST(a_deleted_client_is_gone_as_a_user_too),
        TEST(a_change_against_another_version_is_refused),
        TEST(a_resource_owner_is_a_user_in_the_group_of_that_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
