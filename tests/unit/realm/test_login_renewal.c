/* links: credential crypto */
/* test_login_renewal.c - what comes after a login: old records are renewed by it, and who has
 * changed, is disabled or is gone is no longer treated as he was. */
#include "auth/auth.h"
#include "login_world.h"

struct renewed {
    atomic_uint count;
    char record[CREDENTIAL_RECORD_MAX];
};
static struct renewed renewed;

static void note_renewal(void *ctx, const struct auth_renewal *renewal)
{
    struct renewed *out = ctx;
    assert_true(str_eq(renewal->username, STR("old")));
    assert_true(str_eq(renewal->realm, STR("com.users")));
    (void)snprintf(out->record, sizeof(out->record), PRISTR, STRARG(renewal->record));
    (void)atomic_fetch_add(&out->count, 1);
}

/* PBKDF2-HMAC-SHA256("the password", "c2FsdHNhbHRzYWx0c2FsdA==", 10000, 32), as Bondy keeps it. */
static const char old_user[] =
    "{\"username\":\"old\",\"credential\":\"{\\\"version\\\":\\\"1.1\\\",\\\"protocol\\\":"
    "\\\"cra\\\",\\\"params\\\":{\\\"kdf\\\":\\\"pbkdf2\\\",\\\"iterations\\\":10000},\\\"data\\\":"
    "{\\\"salt\\\":\\\"c2FsdHNhbHRzYWx0c2FsdA==\\\",\\\"salted_password\\\":"
    "\\\"3dlR8IIxiViOqKzB0P9LmqVNX5wcPr0C7L40ErOBJfA=\\\"}}\"}";

static const char old_scram_user[] =
    "{\"username\":\"old\",\"credential\":\"{\\\"version\\\":\\\"1.1\\\",\\\"protocol\\\":"
    "\\\"scram\\\",\\\"params\\\":{\\\"kdf\\\":\\\"pbkdf2\\\",\\\"iterations\\\":4096},"
    "\\\"data\\\":{\\\"salt\\\":\\\"AAECAwQFBgcICQoLDA0ODw==\\\",\\\"stored_key\\\":"
    "\\\"zAkAPiOissCPle9jB+7lnJNnKCAZcjWjEST1lqLSb00=\\\",\\\"server_key\\\":"
    "\\\"Uz1LcJhvIPJQVuAWUi+Ze2+32n92v6YDBvzKQPvQ9cw=\\\"}}\"}";

static void a_record_of_bondys_lets_in_and_is_renewed(void **state)
{
    (void)state;
    world_record(&world, "user", "com.users", "old", old_user);
    publish_users();
    struct actor *actor = hello("\"authmethods\":[\"wampcra\"],\"authid\":\"old\"");
    (void)expect(actor, "[4,\"wampcra\",{\"challenge\":\"*\",\"salt\":\"c2FsdHNhbHRzYWx0c2FsdA==\","
                        "\"keylen\":32,\"iterations\":10000}]");
    actor_free(actor);
    actor = password_said("old", "the password");
    welcome(actor, "old", "password");
    actor_free(actor);
    assert_int_equal(atomic_load(&renewed.count), 1);
    assert_false(credential_is_outdated(str_of(renewed.record)));
    assert_true(credential_verify(str_of(renewed.record), STR("the password")));
}

static void a_renewed_record_is_for_the_method_that_the_old_one_was_for(void **state)
{
    (void)state;
    struct credential_scram scram;
    world_record(&world, "user", "com.users", "old", old_scram_user);
    publish_users();
    struct actor *actor = scram_challenge("old", "abc");
    (void)scram_answer(actor, "old", "abc", "the password");
    welcome(actor, "old", "wamp-scram");
    actor_free(actor);
    actor = password_said("old", "the password");
    welcome(actor, "old", "password");
    actor_free(actor);
    assert_int_equal(atomic_load(&renewed.count), 1);
    assert_true(credential_scram(str_of(renewed.record), &scram));
}

static void a_record_for_another_protocol_is_upgraded_where_that_is_wanted(void **state)
{
    (void)state;
    struct credential_cra cra;
    const struct rbac_settings settings = {.passwords = {.upgrade = true}};
    rbac_builder_set(world.builder, &settings);
    world_record(&world, "user", "com.users", "old", old_scram_user);
    publish_users();
    struct actor *actor = password_said("old", "the password");
    welcome(actor, "old", "password");
    actor_free(actor);
    assert_int_equal(atomic_load(&renewed.count), 1);
    assert_true(credential_cra(str_of(renewed.record), &cra));
    assert_int_equal(cra.iterations, 4096);
}

static void a_record_that_is_as_it_should_be_is_not_renewed(void **state)
{
    (void)state;
    struct actor *actor = password_said("joe", "the password");
    welcome(actor, "joe", "password");
    actor_free(actor);
    assert_int_equal(atomic_load(&renewed.count), 0);
}

static void changed_groups_count_from_the_next_message_on(void **state)
{
    (void)state;
    struct actor *actor = joe_by_cra();
    (void)actor_register(actor, 1, "com.staff.x", "");
    user("joe", CRA_OPTS, "{\"groups\":[]}");
    publish_users();
    say(actor, "[64,2,{},\"com.staff.y\"]");
    (void)expect(actor, "[8,64,2,{},\"wamp.error.not_authorized\",\"*\"]");
    people();
    publish_users();
    (void)actor_register(actor, 3, "com.staff.y", "");
    actor_free(actor);
}

static void sessions_of_who_is_disabled_or_gone_end(void **state)
{
    (void)state;
    struct actor *speaking = joe_by_cra();
    struct actor *silent = joe_by_cra();
    user("joe", CRA_OPTS, "{\"groups\":[\"staff\"],\"enabled\":false}");
    publish_users();
    say(speaking, "[64,1,{},\"com.staff.x\"]");
    wait_answer(speaking);
    (void)expect(speaking, "[6,\"*\",\"wamp.close.logout\"]");
    wait_answer(silent);
    (void)expect(silent, "[6,\"*\",\"wamp.close.logout\"]");
    actor_free(speaking);
    actor_free(silent);
    people();
    publish_users();
}

static void methods_are(const char *methods)
{
    char realm[256];
    (void)snprintf(realm, sizeof(realm), "{\"uri\":\"com.users\",\"authmethods\":[%s]}", methods);
    world_record(&world, "realm", "", "com.users", realm);
    publish_users();
}

static void sessions_of_who_is_anonymous_end_when_none_may_come_in_any_more(void **state)
{
    (void)state;
    methods_are("\"anonymous\",\"wampcra\"");
    struct actor *speaking = hello("\"authmethods\":[\"anonymous\"]");
    struct actor *silent = hello("\"authmethods\":[\"anonymous\"]");
    welcome(speaking, "anonymous", "anonymous");
    welcome(silent, "anonymous", "anonymous");
    grant("staff", "com.other.");
    publish_users();
    say(speaking, "[64,1,{},\"com.staff.x\"]");
    (void)expect(speaking, "[8,64,1,{},\"wamp.error.not_authorized\",\"*\"]");
    methods_are("\"wampcra\"");
    say(speaking, "[64,2,{},\"com.staff.x\"]");
    wait_answer(speaking);
    (void)expect(speaking, "[6,\"*\",\"wamp.close.logout\"]");
    wait_answer(silent);
    (void)expect(silent, "[6,\"*\",\"wamp.close.logout\"]");
    actor_free(speaking);
    actor_free(silent);
}

static int setup(void **state)
{
    (void)state;
    struct router_options limits = world_limits();
    atomic_store(&renewed.count, 0);
    limits.auth_renew = note_renewal;
    limits.auth_renew_ctx = &renewed;
    login_start(&limits);
    return 0;
}

#define IT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT(a_record_of_bondys_lets_in_and_is_renewed),
        IT(a_renewed_record_is_for_the_method_that_the_old_one_was_for),
        IT(a_record_for_another_protocol_is_upgraded_where_that_is_wanted),
        IT(a_record_that_is_as_it_should_be_is_not_renewed),
        IT(changed_groups_count_from_the_next_message_on),
        IT(sessions_of_who_is_disabled_or_gone_end),
        IT(sessions_of_who_is_anonymous_end_when_none_may_come_in_any_more),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
