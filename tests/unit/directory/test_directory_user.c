#include "credential/credential.h"
#include "directory_helper.h"

#define KEY "'1498b5467a63dffa2dc9d9e069caf075d16fc33fdd4c3b01bfadae6433767d93'"

static json_t *user_record(struct world *world, const char *name)
{
    return stored(world, "user", REALM, name);
}

static bool password_is(struct world *world, const char *realm, const char *name, const char *guess)
{
    json_t *user = stored(world, "user", realm, name);
    bool right = credential_verify(str_of(json_string_value(json_object_get(user, "credential"))),
                                   str_of(guess));
    json_decref(user);
    return right;
}

static void a_user_is_shown_without_what_he_proves_himself_with(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, "bondy.user.add",
         "[{'username': 'Ann', 'password': 'the first word', 'groups': ['STAFF'],"
         " 'authorized_keys': [" KEY "], 'meta': {'floor': 3}, 'aliases': ['annie']}]");
    static const char shown[] =
        "{'type': 'user', 'version': '1.1', 'username': 'ann', 'groups': ['staff'],"
        " 'authorized_keys': [" KEY "], 'has_password': true, 'has_authorized_keys': true,"
        " 'meta': {'floor': 3}, 'enabled': true, 'aliases': ['annie']}";
    assert_result(world, shown);
    ASSERT_EVENTS(world, REALM " bondy.user.added [\"ann\"]");
    assert_member(world->call.details, "version", "1");
    done(world, "bondy.user.get", "['ANN']");
    assert_result(world, shown);
    done(world, "bondy.user.get", "['Annie']");
    assert_result(world, shown);
    json_t *record = user_record(world, "ann");
    assert_null(json_object_get(record, "password"));
    json_decref(record);
    assert_true(password_is(world, REALM, "ann", "the first word"));
}

static void the_least_user_has_a_name(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, "bondy.user.add", "[{'username': 'bob'}]");
    assert_result(world, "{'type': 'user', 'version': '1.1', 'username': 'bob', 'groups': [],"
                         " 'authorized_keys': [], 'has_password': false,"
                         " 'has_authorized_keys': false, 'meta': {}, 'enabled': true,"
                         " 'aliases': []}");
}

static void an_update_says_what_is_so_from_now_on_and_the_rest_stays(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, "bondy.user.add",
         "[{'username': 'ann', 'password': 'the first word', 'groups': ['staff'],"
         " 'meta': {'floor': 3}, 'aliases': ['annie']}]");
    const json_t *user =
        done(world, "bondy.user.update", "['ann', {'meta': {'room': 7}, 'groups': ['chiefs']}]");
    assert_member(user, "meta", "{'room': 7}");
    assert_member(user, "groups", "['chiefs']");
    assert_member(user, "aliases", "['annie']");
    assert_member(user, "has_password", "true");
    assert_member(world->call.details, "version", "2");
    ASSERT_EVENTS(world, REALM " bondy.user.updated [\"" REALM "\",\"ann\"]");
}

static void what_was_read_can_be_written_back_and_changes_nothing(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, "bondy.user.add",
         "[{'username': 'ann', 'password': 'the first word', 'groups': ['staff'],"
         " 'authorized_keys': [" KEY "], 'aliases': ['annie']}]");
    json_t *user = json_deep_copy(world->call.result);
    char *before = world_dump(world);
    assert_true(
        world_run(world, "bondy.user.update", REALM, json_pack("[s, o]", "ann", user), NULL));
    assert_int_equal(world->written, 0);
    assert_int_equal(world->call.event_count, 0);
    char *after = world_dump(world);
    assert_string_equal(before, after);
    mem_free(before);
    mem_free(after);
}

static void a_new_password_is_told(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, "bondy.user.add", "[{'username': 'ann', 'password': 'the first word'}]");
    done(world, "bondy.user.update", "['ann', {'password': 'the second word'}]");
    ASSERT_EVENTS(world, REALM " bondy.user.credentials_changed [\"" REALM "\",\"ann\"]",
                  REALM " bondy.user.updated [\"" REALM "\",\"ann\"]");
    assert_true(password_is(world, REALM, "ann", "the second word"));
    done(world, "bondy.user.change_password", "['ann', 'the third word']");
    assert_null(world->call.result);
    assert_true(password_is(world, REALM, "ann", "the third word"));
    assert_false(password_is(world, REALM, "ann", "the second word"));
}

static void tickets_of(struct world *world, const char *name)
{
    char keys[2][64];
    struct store_request request = {.op = STORE_COMMIT};
    (void)snprintf(keys[0], sizeof(keys[0]), "%s 1", name);
    (void)snprintf(keys[1], sizeof(keys[1]), "%sx 1", name);
    const struct store_write writes[] = {{.kind = STR("ticket"),
                                          .realm = STR(REALM),
                                          .key = str_of(keys[0]),
                                          .value = STR("{\"id\":\"one\"}")},
                                         {.kind = STR("ticket"),
                                          .realm = STR(REALM),
                                          .key = str_of(keys[1]),
                                          .value = STR("{\"id\":\"two\"}")}};
    request.writes = writes;
    request.write_count = COUNT_OF(writes);
    arena_init(&request.arena, 1 << 20);
    store_run(world->store, &request);
    assert_true(request.ok);
    arena_done(&request.arena);
}

static bool begin_family(struct store_view *view, struct store_request *request)
{
    (void)request;
    return store_view_lease_put(view, &(struct store_lease){.kind = STR("refresh"),
                                                            .key = STR("digest"),
                                                            .realm = STR(REALM),
                                                            .owner = STR("ann"),
                                                            .family = STR("family"),
                                                            .value = STR("{}"),
                                                            .expires_ms = UINT64_C(1) << 42});
}

static bool family_is_over(struct store_view *view, struct store_request *request)
{
    (void)request;
    return store_view_lease(view, STR("refresh"), STR("digest")) == NULL;
}

static bool run_work(struct world *world, store_work_fn work)
{
    struct store_request request = {.op = STORE_WORK, .work = work};
    arena_init(&request.arena, 1 << 20);
    store_run(world->store, &request);
    bool ok = request.ok;
    arena_done(&request.arena);
    return ok;
}

static void tokens_end_with_the_password_and_with_the_user(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, "bondy.user.add", "[{'username': 'ann', 'password': 'the first word'}]");
    tickets_of(world, "ann");
    assert_true(run_work(world, begin_family));
    done(world, "bondy.user.update", "['ann', {'meta': {'a': 1}}]");
    assert_false(run_work(world, family_is_over));
    done(world, "bondy.user.change_password", "['ann', 'the second word']");
    assert_true(run_work(world, family_is_over));
    json_t *ticket = stored(world, "ticket", REALM, "ann 1");
    assert_member(ticket, "revoked", "true");
    json_decref(ticket);
    ticket = stored(world, "ticket", REALM, "annx 1");
    assert_null(json_object_get(ticket, "revoked"));
    json_decref(ticket);
    assert_true(is_stored(world, "revocation", REALM, "family"));
    assert_true(is_stored(world, "revocation", REALM, "user/0//ann"));
    assert_true(run_work(world, begin_family));
    done(world, "bondy.user.update", "['ann', {'enabled': false}]");
    assert_true(run_work(world, family_is_over));
    done(world, "bondy.user.update", "['ann', {'enabled': true}]");
    assert_true(run_work(world, begin_family));
    done(world, "bondy.user.delete", "['ann']");
    assert_true(run_work(world, family_is_over));
    assert_false(is_stored(world, "ticket", REALM, "ann 1"));
    assert_true(is_stored(world, "ticket", REALM, "annx 1"));
}

static void a_password_of_null_is_none(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, "bondy.user.add", "[{'username': 'ann', 'password': 'the first word'}]");
    assert_member(done(world, "bondy.user.update", "['ann', {'password': null}]"), "has_password",
                  "false");
    assert_false(password_is(world, REALM, "ann", "the first word"));
    assert_int_equal(world->call.event_count, 2);
    assert_member(done(world, "bondy.user.add", "[{'username': 'bob', 'password': null}]"),
                  "has_password", "false");
}

static void the_old_password_is_asked_for_if_it_is_given(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, "bondy.user.add", "[{'username': 'ann', 'password': 'the first word'}]");
    done(world, "bondy.user.add", "[{'username': 'key', 'authorized_keys': [" KEY "]}]");
    static const char bad[] = "bondy.error.bad_signature";
    refused(world, "bondy.user.change_password", "['ann', 'the second word', 'a guess']", bad);
    refused(world, "bondy.user.change_password", "['ann', 'the second word', '']", bad);
    refused(world, "bondy.user.change_password", "['ann', 'the second word', 7]", bad);
    refused(world, "bondy.user.change_password", "['key', 'the second word', 'a guess']", bad);
    refused(world, "bondy.user.change_password", "['nob', 'the second word', 'a guess']", bad);
    assert_true(password_is(world, REALM, "ann", "the first word"));
    done(world, "bondy.user.change_password", "['ann', 'the second word', 'the first word']");
    assert_true(password_is(world, REALM, "ann", "the second word"));
}

static unsigned guessed_wrong;
static unsigned guessed_right;

static bool three_are_free(void *ctx, const struct directory_call *call, struct str username)
{
    (void)ctx;
    assert_true(str_eq(call->realm, STR(REALM)) && str_eq(username, STR("ann")));
    return guessed_wrong < 3;
}

static void
count_guess(void *ctx, const struct directory_call *call, struct str username, bool right)
{
    (void)ctx;
    assert_true(str_eq(call->realm, STR(REALM)) && str_eq(username, STR("ann")));
    guessed_right += right ? 1 : 0;
    guessed_wrong += right ? 0 : 1;
}

static void guesses_at_the_old_password_are_counted_and_slowed_down(void **state)
{
    struct world *world = *state;
    const struct directory_guesses counted = {NULL, three_are_free, count_guess};
    people(world);
    done(world, "bondy.user.add",
         "[{'username': 'ann', 'password': 'the first word', 'aliases': ['annie']}]");
    world->guesses = &counted;
    guessed_wrong = guessed_right = 0;
    done(world, "bondy.user.change_password", "['ANN', 'the second word', 'the first word']");
    done(world, "bondy.user.change_password", "['ann', 'the first word']");
    assert_int_equal(guessed_right, 1);
    for (unsigned i = 0; i < 3; i++) {
        refused(world, "bondy.user.change_password", "['annie', 'the second word', 'a guess']",
                "bondy.error.bad_signature");
    }
    assert_int_equal(guessed_wrong, 3);
    refused(world, "bondy.user.change_password", "['ann', 'the second word', 'the first word']",
            "bondy.error.too_many_requests");
    assert_int_equal(guessed_wrong, 3);
    assert_int_equal(guessed_right, 1);
    assert_true(password_is(world, REALM, "ann", "the first word"));
    done(world, "bondy.user.change_password", "['ann', 'the third word']");
    world->guesses = NULL;
}

static void an_old_password_that_was_changed_meanwhile_is_wrong(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, "bondy.user.add", "[{'username': 'ann', 'password': 'the first word'}]");
    world_refresh(world);
    world->stale = true;
    done(world, "bondy.user.change_password", "['ann', 'the second word', 'the first word']");
    refused(world, "bondy.user.change_password", "['ann', 'the third word', 'the first word']",
            "bondy.error.bad_signature");
}

static void a_password_is_hashed_as_its_user_or_realm_says(void **state)
{
    struct world *world = *state;
    struct credential_scram scram;
    struct credential_cra cra;
    people(world);
    done(world, "bondy.user.add",
         "[{'username': 'ann', 'password': 'the first word',"
         " 'password_opts': {'protocol': 'scram', 'params': {'iterations': 4097}}}]");
    for (unsigned round = 0; round < 2; round++) {
        json_t *user = user_record(world, "ann");
        struct str record = str_of(json_string_value(json_object_get(user, "credential")));
        assert_true(credential_scram(record, &scram));
        assert_int_equal(scram.iterations, 4097);
        json_decref(user);
        done(world, "bondy.user.change_password", "['ann', 'the second word']");
    }
    done(world, "bondy.user.add", "[{'username': 'bob', 'password': 'the first word'}]");
    json_t *user = user_record(world, "bob");
    assert_true(
        credential_cra(str_of(json_string_value(json_object_get(user, "credential"))), &cra));
    assert_int_equal(cra.iterations, 4096);
    json_decref(user);
}

static void users_are_enabled_and_disabled(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, "bondy.user.add", "[{'username': 'ann'}]");
    done(world, "bondy.user.is_enabled", "['ann']");
    assert_result(world, "true");
    done(world, "bondy.user.disable", "['ann']");
    assert_null(world->call.result);
    ASSERT_EVENTS(world, REALM " bondy.user.updated [\"" REALM "\",\"ann\"]");
    done(world, "bondy.user.is_enabled", "['ann']");
    assert_result(world, "false");
    done(world, "bondy.user.disable", "['ann']");
    assert_int_equal(world->written, 0);
    done(world, "bondy.user.enable", "['ann']");
    done(world, "bondy.user.is_enabled", "['ann']");
    assert_result(world, "true");
}

static void aliases_are_five_and_nobody_elses_name(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, "bondy.user.add", "[{'username': 'ann'}]");
    done(world, "bondy.user.add", "[{'username': 'bob'}]");
    for (unsigned i = 1; i <= 5; i++) {
        char args[32];
        (void)snprintf(args, sizeof(args), "['ann', 'ann%u']", i);
        done(world, "bondy.user.add_alias", args);
        assert_null(world->call.result);
    }
    refused(world, "bondy.user.add_alias", "['ann', 'ann6']", "bondy.error.property_range_limit");
    done(world, "bondy.user.add_alias", "['ann', 'ANN5']");
    assert_int_equal(world->written, 0);
    done(world, "bondy.user.remove_alias", "['ann', 'ANN5']");
    done(world, "bondy.user.remove_alias", "['ann', 'ann5']");
    assert_int_equal(world->written, 0);
    done(world, "bondy.user.add_alias", "['ann', {'alias': 'ann6'}]");
    static const char exists[] = "bondy.error.already_exists";
    refused(world, "bondy.user.add_alias", "['bob', 'ann1']", exists);
    refused(world, "bondy.user.add_alias", "['bob', 'ann']", exists);
    refused(world, "bondy.user.add_alias", "['bob', 'bob']", exists);
    refused(world, "bondy.user.add", "[{'username': 'ann2'}]", exists);
    refused(world, "bondy.user.add", "[{'username': 'eve', 'aliases': ['ann3']}]", exists);
    done(world, "bondy.user.get", "['ann6']");
    assert_member(world->call.result, "aliases", "['ann1', 'ann2', 'ann3', 'ann4', 'ann6']");
    done(world, "bondy.user.add", "[{'username': 'ann5'}]");
}

static void names_are_taken_before_the_workers_know_of_it(void **state)
{
    struct world *world = *state;
    people(world);
    world_refresh(world);
    world->stale = true;
    done(world, "bondy.group.add", "[{'name': 'new'}]");
    done(world, "bondy.user.add", "[{'username': 'ann', 'groups': ['new']}]");
    done(world, "bondy.user.add", "[{'username': 'bob', 'meta': {'a': 1}}]");
    done(world, "bondy.user.add_alias", "['ann', 'annie']");
    refused(world, "bondy.user.add_alias", "['bob', 'annie']", "bondy.error.already_exists");
    refused(world, "bondy.user.add", "[{'username': 'annie'}]", "bondy.error.already_exists");
    refused(world, "bondy.user.add", "[{'username': 'ann'}]", "bondy.error.already_exists");
    done(world, "bondy.user.update", "['bob', {'groups': ['new']}]");
    assert_member(world->call.result, "meta", "{'a': 1}");
    done(world, "bondy.user.remove_alias", "['ann', 'annie']");
    done(world, "bondy.user.add_alias", "['bob', 'annie']");
    done(world, "bondy.user.delete", "['bob']");
    done(world, "bondy.user.add", "[{'username': 'annie'}]");
}

static void an_alias_from_a_file_is_taken_too(void **state)
{
    struct world *world = *state;
    struct store_request request = {.op = STORE_COMMIT};
    people(world);
    done(world, "bondy.user.add", "[{'username': 'bob'}]");
    const struct store_write write = {.kind = STR("user"),
                                      .realm = STR(REALM),
                                      .key = STR("ann"),
                                      .value =
                                          STR("{\"aliases\":[\"annie\"],\"username\":\"ann\"}")};
    request.writes = &write;
    request.write_count = 1;
    arena_init(&request.arena, 1 << 20);
    store_run(world->store, &request);
    assert_true(request.ok);
    arena_done(&request.arena);
    refused(world, "bondy.user.add_alias", "['bob', 'annie']", "bondy.error.already_exists");
    assert_member(done(world, "bondy.user.get", "['annie']"), "username", "'ann'");
    done(world, "bondy.user.remove_alias", "['ann', 'annie']");
    done(world, "bondy.user.add_alias", "['bob', 'annie']");
}

static void groups_come_and_go(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, "bondy.user.add", "[{'username': 'ann'}]");
    done(world, "bondy.user.add_group", "['ann', 'Staff']");
    assert_null(world->call.result);
    done(world, "bondy.user.add_groups", "['ann', ['chiefs', 'staff']]");
    assert_null(world->call.result);
    assert_member(done(world, "bondy.user.get", "['ann']"), "groups", "['chiefs', 'staff']");
    assert_member(done(world, "bondy.user.remove_group", "['ann', 'CHIEFS']"), "groups",
                  "['staff']");
    assert_member(done(world, "bondy.user.remove_group", "['ann', 'chiefs']"), "groups",
                  "['staff']");
    done(world, "bondy.user.remove_groups", "['ann', ['staff', 'unheard of']]");
    assert_null(world->call.result);
    assert_member(done(world, "bondy.user.get", "['ann']"), "groups", "[]");
    refused(world, "bondy.user.add_group", "['ann', 'unheard']", "bondy.error.no_such_groups");
}

static void groups_of_the_prototype_count(void **state)
{
    struct world *world = *state;
    create_realm(world, "[{'uri': 'com.example.proto', 'is_prototype': true,"
                        " 'groups': [{'name': 'heirs'}]}]");
    create_realm(world, "[{'uri': '" REALM "', 'prototype_uri': 'com.example.proto'}]");
    done(world, "bondy.user.add", "[{'username': 'ann', 'groups': ['heirs', 'api_clients']}]");
}

static void what_hangs_on_a_user_goes_with_him(void **state)
{
    struct world *world = *state;
    create_realm(world,
                 "[{'uri': '" REALM "', 'groups': [{'name': 'ann'}],"
                 " 'users': [{'username': 'ann', 'aliases': ['annie']}, {'username': 'anna'}],"
                 " 'grants': [{'permissions': ['wamp.call'], 'uri': 'a.b', 'roles': ['user/ann',"
                 " 'group/ann', 'anna']}],"
                 " 'sources': [{'usernames': ['ann', 'anna'], 'authmethod': 'password'}]}]");
    done(world, "bondy.user.add_alias", "['ann', 'nan']");
    done(world, "bondy.api_key.add", "['ann']");
    done(world, "bondy.user.delete", "['ann']");
    assert_null(world->call.result);
    ASSERT_EVENTS(world, REALM " bondy.user.deleted [\"" REALM "\",\"ann\"]");
    assert_false(is_stored(world, "user", REALM, "ann"));
    assert_false(is_stored(world, "alias", REALM, "annie"));
    assert_false(is_stored(world, "alias", REALM, "nan"));
    assert_false(is_stored(world, "grant", REALM, "exact a.b user/ann"));
    assert_true(is_stored(world, "grant", REALM, "exact a.b group/ann"));
    assert_true(is_stored(world, "grant", REALM, "exact a.b user/anna"));
    assert_false(is_stored(world, "source", REALM, "password 0.0.0.0/0 ann"));
    assert_true(is_stored(world, "source", REALM, "password 0.0.0.0/0 anna"));
    char *dump = world_dump(world);
    assert_null(strstr(dump, "api_key"));
    mem_free(dump);
    refused(world, "bondy.user.delete", "['ann']", "wamp.error.no_such_principal");
    done(world, "bondy.user.add", "[{'username': 'annie'}]");
}

static void a_version_that_is_not_there_any_more_is_no_match(void **state)
{
    struct world *world = *state;
    people(world);
    done(world, "bondy.user.add", "[{'username': 'ann'}]");
    static const struct {
        const char *kwargs;
        bool done;
    } rows[] = {{"{'if_match': '\\\"2\\\"'}", false},
                {"{'if_match': 2}", false},
                {"{'if_match': '\\\"1\\\"'}", true},
                {"{'if_match': 'W/\\\"2\\\"'}", true},
                {"{'if_match': '*'}", true},
                {"{'if_match': null}", true},
                {"{'if_match': ''}", true}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char args[64];
        (void)snprintf(args, sizeof(args), "['ann', {'meta': {'round': %zu}}]", i);
        bool ok = world_call(world, "bondy.user.update", REALM, args, rows[i].kwargs);
        if (ok != rows[i].done) {
            fail_msg("%s: %s", rows[i].kwargs, world->call.error.text);
        }
        assert_true(ok || str_eq(world->error, STR("bondy.error.precondition_failed")));
    }
    assert_false(
        world_call(world, "bondy.user.delete", REALM, "['ann']", "{'if_match': '\\\"1\\\"'}"));
    assert_true(
        world_call(world, "bondy.user.delete", REALM, "['ann']", "{'if_match': '\\\"6\\\"'}"));
}

#define SSO   "com.example.sso"
#define OTHER "com.example.other"

static void same_sign_on(struct world *world)
{
    create_realm(world, "[{'uri': '" SSO "', 'is_sso_realm': true, " FEW "}]");
    create_realm(world, "[{'uri': '" REALM "', 'sso_realm_uri': '" SSO "', " FEW "}]");
    create_realm(world, "[{'uri': '" OTHER "', 'sso_realm_uri': '" SSO "', " FEW "}]");
    done(world, "bondy.user.add",
         "[{'username': 'ann', 'sso_realm_uri': '" SSO "', 'password': 'the first word',"
         " 'authorized_keys': [" KEY "], 'meta': {'here': true}}]");
}

static void with_same_sign_on_the_password_is_in_the_other_realm(void **state)
{
    struct world *world = *state;
    same_sign_on(world);
    assert_member(world->call.result, "sso_realm_uri", "'" SSO "'");
    assert_member(world->call.result, "has_password", "true");
    assert_member(world->call.result, "authorized_keys", "[" KEY "]");
    json_t *here = user_record(world, "ann");
    assert_null(json_object_get(here, "credential"));
    assert_null(json_object_get(here, "authorized_keys"));
    json_decref(here);
    assert_true(password_is(world, SSO, "ann", "the first word"));
    assert_true(world_call(world, "bondy.user.add", OTHER,
                           "[{'username': 'ann', 'sso_realm_uri': '" SSO "'}]", NULL));
    assert_member(world->call.result, "has_password", "true");
    assert_true(password_is(world, SSO, "ann", "the first word"));
    done(world, "bondy.user.change_password", "['ann', 'the second word']");
    ASSERT_EVENTS(world, SSO " bondy.user.credentials_changed [\"" SSO "\",\"ann\"]",
                  OTHER " bondy.user.credentials_changed [\"" OTHER "\",\"ann\"]",
                  REALM " bondy.user.credentials_changed [\"" REALM "\",\"ann\"]");
    assert_true(password_is(world, SSO, "ann", "the second word"));
}

static void with_same_sign_on_enabled_means_in_both(void **state)
{
    struct world *world = *state;
    same_sign_on(world);
    assert_true(world_call(world, "bondy.user.disable", SSO, "['ann']", NULL));
    done(world, "bondy.user.is_enabled", "['ann']");
    assert_result(world, "false");
    assert_member(done(world, "bondy.user.get", "['ann']"), "enabled", "false");
    done(world, "bondy.user.enable", "['ann']");
    done(world, "bondy.user.is_enabled", "['ann']");
    assert_result(world, "false");
    assert_true(world_call(world, "bondy.user.delete", SSO, "['ann']", NULL));
    assert_member(done(world, "bondy.user.get", "['ann']"), "enabled", "false");
}

static void who_administers_one_realm_becomes_nobody_in_another(void **state)
{
    struct world *world = *state;
    same_sign_on(world);
    world->caller_realm = STR(OTHER);
    static const char denied[] = "wamp.error.not_authorized";
    static const char *const adds[] = {
        "[{'username': 'ann', 'sso_realm_uri': '" SSO "', 'password': 'mine from now on'}]",
        "[{'username': 'ann', 'sso_realm_uri': '" SSO "', 'authorized_keys': []}]"};
    for (size_t i = 0; i < COUNT_OF(adds); i++) {
        assert_false(world_call(world, "bondy.user.add", OTHER, adds[i], NULL));
        assert_true(str_eq(world->error, str_of(denied)));
    }
    assert_true(world_call(world, "bondy.user.add", OTHER,
                           "[{'username': 'ann', 'sso_realm_uri': '" SSO "'}]", NULL));
    assert_false(world_call(world, "bondy.user.change_password", OTHER,
                            "['ann', 'mine from now on']", NULL));
    assert_true(str_eq(world->error, str_of(denied)));
    assert_false(
        world_call(world, "bondy.user.update", OTHER, "['ann', {'password': null}]", NULL));
    assert_true(str_eq(world->error, str_of(denied)));
    assert_true(password_is(world, SSO, "ann", "the first word"));
    assert_true(world_call(world, "bondy.user.change_password", OTHER,
                           "['ann', 'the second word', 'the first word']", NULL));
    assert_true(password_is(world, SSO, "ann", "the second word"));
}

static void a_user_stays_where_he_proves_himself(void **state)
{
    struct world *world = *state;
    same_sign_on(world);
    done(world, "bondy.user.add", "[{'username': 'bob', 'password': 'the first word'}]");
    static const char no[] = "bondy.error.inconsistency_error";
    refused(world, "bondy.user.update", "['bob', {'sso_realm_uri': '" SSO "'}]", no);
    refused(world, "bondy.user.update", "['ann', {'sso_realm_uri': 'com.example.x'}]", no);
    refused(world, "bondy.user.add", "[{'username': 'eve', 'sso_realm_uri': '" OTHER "'}]", no);
    done(world, "bondy.user.update", "['ann', {'sso_realm_uri': '" SSO "', 'meta': {}}]");
}

#define MASTER "com.leapsight.bondy"

static bool in_master(struct world *world, const char *procedure, const char *args)
{
    return world_call(world, procedure, MASTER, args, NULL);
}

static void the_last_administrator_stays(void **state)
{
    struct world *world = *state;
    create_realm(world, "[{'uri': '" MASTER "', 'groups': [{'name': 'ops', 'groups':"
                        " ['bondy.administrators']}], 'users': [{'username': 'root', 'groups':"
                        " ['ops']}, {'username': 'off', 'enabled': false, 'groups':"
                        " ['bondy.administrators']}, {'username': 'guest'}]}]");
    char *before = world_dump(world);
    static const struct {
        const char *procedure;
        const char *args;
    } rows[] = {{"bondy.user.delete", "['root']"},
                {"bondy.user.disable", "['root']"},
                {"bondy.user.remove_group", "['root', 'ops']"},
                {"bondy.user.remove_groups", "['root', ['ops']]"},
                {"bondy.user.update", "['root', {'groups': []}]"},
                {"bondy.user.update", "['root', {'enabled': false}]"},
                {"bondy.group.delete", "['ops']"},
                {"bondy.group.update", "['ops', {'groups': []}]"},
                {"bondy.group.remove_group", "['ops', 'bondy.administrators']"},
                {"bondy.realm.update", "[{'users': [{'username': 'root', 'enabled': false}]}]"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (in_master(world, rows[i].procedure, rows[i].args)) {
            fail_msg("%s %s was done", rows[i].procedure, rows[i].args);
        }
        assert_true(str_eq(world->error, STR("bondy.error.inconsistency_error")));
        assert_non_null(strstr(world->call.error.text, "another user into the group first"));
    }
    char *after = world_dump(world);
    assert_string_equal(before, after);
    mem_free(before);
    mem_free(after);
    assert_true(in_master(world, "bondy.user.delete", "['guest']"));
    assert_true(in_master(world, "bondy.user.enable", "['off']"));
    assert_true(in_master(world, "bondy.user.delete", "['root']"));
    assert_false(in_master(world, "bondy.user.delete", "['off']"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_user_is_shown_without_what_he_proves_himself_with),
        TEST(the_least_user_has_a_name),
        TEST(an_update_says_what_is_so_from_now_on_and_the_rest_stays),
        TEST(what_was_read_can_be_written_back_and_changes_nothing),
        TEST(a_new_password_is_told),
        TEST(tokens_end_with_the_password_and_with_the_user),
        TEST(a_password_of_null_is_none),
        TEST(the_old_password_is_asked_for_if_it_is_given),
        TEST(guesses_at_the_old_password_are_counted_and_slowed_down),
        TEST(an_old_password_that_was_changed_meanwhile_is_wrong),
        TEST(a_password_is_hashed_as_its_user_or_realm_says),
        TEST(users_are_enabled_and_disabled),
        TEST(aliases_are_five_and_nobody_elses_name),
        TEST(names_are_taken_before_the_workers_know_of_it),
        TEST(an_alias_from_a_file_is_taken_too),
        TEST(groups_come_and_go),
        TEST(groups_of_the_prototype_count),
        TEST(what_hangs_on_a_user_goes_with_him),
        TEST(a_version_that_is_not_there_any_more_is_no_match),
        TEST(with_same_sign_on_the_password_is_in_the_other_realm),
        TEST(with_same_sign_on_enabled_means_in_both),
        TEST(who_administers_one_realm_becomes_nobody_in_another),
        TEST(a_user_stays_where_he_proves_himself),
        TEST(the_last_administrator_stays),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
