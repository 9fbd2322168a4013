/* links: credential crypto */
/* test_login.c - logins as a client sees them: passwords, the order of methods, roles, and each
 * refusal. Challenges are test_login_challenge.c, what comes later is test_login_renewal.c. */
#include "login_world.h"

static void a_password_lets_its_user_in(void **state)
{
    (void)state;
    struct actor *actor = password_said("joe", "the password");
    welcome(actor, "joe", "password");
    actor_free(actor);
}

static void wrong_passwords_unknown_names_and_disabled_accounts_look_alike(void **state)
{
    (void)state;
    static const char *const who[] = {"ann", "off", "nobody", ""};
    char *last = NULL;
    for (size_t i = 0; i < COUNT_OF(who) - 1; i++) {
        struct actor *actor = password_said(who[i], i == 1 ? "the password" : "not the password");
        wait_answer(actor);
        (void)expect(actor, "[3,\"*\",\"wamp.error.authentication_failed\"]");
        char *heard = json_dumps(actor->last, JSON_COMPACT);
        if (last != NULL) {
            assert_string_equal(heard, last);
        }
        free(last);
        last = heard;
        assert_int_equal(actor->finished, 1);
        actor_free(actor);
    }
    free(last);
}

static void an_answer_to_a_challenge_is_wiped(void **state)
{
    (void)state;
    char answers[][64] = {"[5,\"the password\",{}]", "[5,\"the pass\\u0077ord\",{}]",
                          "[5,\"the pass", "[32,1,{},\"the password\"]"};
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct actor *actor = password_asked("joe");
        size_t len = strlen(answers[i]);
        say_raw(actor, str_make(answers[i], len));
        for (size_t at = 0; at < len; at++) {
            assert_int_equal(answers[i][at], 0);
        }
        wait_answer(actor);
        if (i < 2) {
            (void)expect(actor, "[2,\"*\",\"*\"]");
        } else {
            (void)expect(actor, "[3,\"*\",\"wamp.error.protocol_violation\"]");
        }
        actor_free(actor);
    }
}

static void methods_are_tried_in_the_clients_order(void **state)
{
    (void)state;
    struct actor *actor = hello(
        "\"authmethods\":[\"oauth2\",\"ticket\",\"wampcra\",\"password\"],\"authid\":\"joe\"");
    (void)expect(actor, "[4,\"ticket\",{}]");
    actor_free(actor);
    actor = hello("\"authmethods\":[\"password\",\"wampcra\"],\"authid\":\"joe\"");
    (void)expect(actor, "[4,\"password\",{}]");
    actor_free(actor);
    /* ann has no verifier for the first. */
    actor = hello("\"authmethods\":[\"wampcra\",\"password\"],\"authid\":\"ann\"");
    (void)expect(actor, "[4,\"password\",{}]");
    actor_free(actor);
}

static void methods_that_are_not_to_be_had_are_said_to_be_so(void **state)
{
    (void)state;
    static const char *const offers[] = {
        "\"authmethods\":[\"ticket\"]",
        "\"authmethods\":[\"oauth2\"],\"authid\":\"joe\"",
        "\"authmethods\":[\"tls\"],\"authid\":\"joe\"",
        "\"authmethods\":[\"trust\"],\"authid\":\"joe\"", /* not from here */
        "\"authmethods\":[\"magic\"],\"authid\":\"joe\"",
        "\"authmethods\":[\"wampcra\"]",
        "\"authmethods\":[\"anonymous\"]",
        "\"authmethods\":[\"cryptosign\"],\"authid\":\"joe\"",
        "\"authmethods\":[\"cryptosign\"],\"authid\":\"joe\",\"authextra\":{\"pubkey\":\"00\"}",
        "",
    };
    for (size_t i = 0; i < COUNT_OF(offers); i++) {
        expect_abort(hello(offers[i]), "wamp.error.not_auth_method");
    }
}

static void where_there_are_no_tickets_none_lets_anybody_in(void **state)
{
    (void)state;
    struct actor *actor = hello("\"authmethods\":[\"ticket\"],\"authid\":\"joe\"");
    (void)expect(actor, "[4,\"ticket\",{}]");
    say(actor, "[5,\"e30.e30.e30\",{}]");
    expect_abort(actor, "wamp.error.authentication_failed");
}

static void trust_asks_where_somebody_comes_from(void **state)
{
    (void)state;
    struct actor *actor = newcomer();
    actor->peer.info.address.s6_addr[12] = 10;
    say(actor, "[1,\"com.users\",{\"authmethods\":[\"trust\"],\"authid\":\"joe\"}]");
    welcome(actor, "joe", "trust");
    actor_free(actor);
    actor = newcomer();
    actor->peer.info.address.s6_addr[12] = 10;
    say(actor, "[1,\"com.users\",{\"authmethods\":[\"trust\"],\"authid\":\"nobody3\"}]");
    expect_abort(actor, "wamp.error.authentication_failed");
}

static void a_role_is_chosen_among_the_users_own(void **state)
{
    (void)state;
    struct actor *actor = hello("\"authmethods\":[\"wampcra\"],\"authid\":\"joe\","
                                "\"authrole\":\"chiefs\"");
    (void)expect(actor, "[4,\"wampcra\",\"*\"]");
    cra_answer(actor, "the password");
    expect_abort(actor, "wamp.error.no_such_role");
    actor = hello("\"authmethods\":[\"wampcra\"],\"authid\":\"joe\",\"authrole\":\"staff\"");
    (void)expect(actor, "[4,\"wampcra\",\"*\"]");
    cra_answer(actor, "the password");
    welcome(actor, "joe", "wampcra");
    actor_free(actor);
    /* Who cannot prove it is not told about roles. */
    actor = hello("\"authmethods\":[\"wampcra\"],\"authid\":\"joe\",\"authrole\":\"chiefs\"");
    (void)expect(actor, "[4,\"wampcra\",\"*\"]");
    cra_answer(actor, "not it");
    expect_abort(actor, "wamp.error.authentication_failed");
}

static void words_at_the_wrong_time_are_violations(void **state)
{
    (void)state;
    struct actor *actor = newcomer();
    say(actor, "[5,\"early\",{}]");
    expect_abort(actor, "wamp.error.protocol_violation");
    actor = password_asked("joe");
    say(actor, "[1,\"com.users\",{}]");
    expect_abort(actor, "wamp.error.protocol_violation");
    actor = password_asked("joe");
    say(actor, "[48,1,{},\"com.staff.x\"]");
    expect_abort(actor, "wamp.error.protocol_violation");
    actor = joe_by_cra();
    say(actor, "[5,\"again\",{}]");
    expect_abort(actor, "wamp.error.protocol_violation");
    actor = cra_challenge("joe");
    say(actor, "[5,7,{}]");
    expect_abort(actor, "wamp.error.protocol_violation");
}

static void who_leaves_while_his_password_is_verified_is_not_missed(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 4; i++) {
        struct actor *actor = password_said("ann", "the password");
        actor_free(actor);
    }
}

/* One thread verifies and sixteen may wait. */
static void passwords_beyond_what_may_wait_are_sent_away(void **state)
{
    (void)state;
    enum { CROWD = 40 };
    struct actor *crowd[CROWD];
    unsigned in = 0;
    unsigned away = 0;
    for (size_t i = 0; i < CROWD; i++) {
        crowd[i] = password_asked("joe");
    }
    for (size_t i = 0; i < CROWD; i++) {
        say(crowd[i], "[5,\"the password\",{}]");
    }
    for (size_t i = 0; i < CROWD; i++) {
        wait_answer(crowd[i]);
        const json_t *heard = expect(crowd[i], "\"*\"");
        bool welcomed = json_integer_value(json_array_get(heard, 0)) == 2;
        in += welcomed;
        away += !welcomed;
        if (!welcomed) {
            assert_string_equal(text_at(crowd[i], 2), "wamp.error.unavailable");
        }
        actor_free(crowd[i]);
    }
    assert_true(in >= 16);
    assert_true(away > 0);
}

static void huge_and_odd_answers_fail_like_wrong_ones(void **state)
{
    (void)state;
    char *big = mem_alloc(300001);
    memset(big, 'A', 300000);
    big[300000] = '\0';
    struct actor *actor = cra_challenge("ann");
    say(actor, "[5,\"%s\",{}]", big);
    expect_abort(actor, "wamp.error.authentication_failed");
    actor = password_asked("eve");
    say(actor, "[5,\"%s\",{\"nonce\":[],\"channel_binding\":{}}]", big);
    expect_abort(actor, "wamp.error.authentication_failed");
    mem_free(big);
    char name[400];
    memset(name, 'n', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    actor = newcomer();
    say(actor, "[1,\"com.users\",{\"authmethods\":[\"password\"],\"authid\":\"%s\"}]", name);
    expect_abort(actor, "wamp.error.authentication_failed");
}

static void authextra_may_be_anything(void **state)
{
    (void)state;
    static const char *const extras[] = {"null",
                                         "7",
                                         "[]",
                                         "\"text\"",
                                         "{\"nonce\":7,\"pubkey\":[],\"channel_binding\":{}}",
                                         "{\"x_authroles\":\"staff\"}",
                                         "{\"x_authroles\":[]}",
                                         "{\"x_authroles\":[\"default\"]}"};
    for (size_t i = 0; i < COUNT_OF(extras); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "\"authmethods\":[\"wampcra\"],\"authid\":\"joe\",\"authrole\":null,"
                       "\"authextra\":%s",
                       extras[i]);
        struct actor *actor = hello(text);
        (void)expect(actor, "[4,\"wampcra\",\"*\"]");
        cra_answer(actor, "the password");
        welcome(actor, "joe", "wampcra");
        actor_free(actor);
    }
}

static void the_sixth_attempt_is_not_looked_at(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        struct actor *actor = cra_challenge("victim");
        cra_answer(actor, "a guess");
        expect_abort(actor, "wamp.error.authentication_failed");
    }
    struct actor *actor = hello("\"authmethods\":[\"wampcra\"],\"authid\":\"victim\"");
    expect_abort(actor, "wamp.error.authentication_failed");
    /* Others are not in its way. */
    actor_free(joe_by_cra());
}

#define IT(name) cmocka_unit_test_setup_teardown(name, setup_as_usual, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT(a_password_lets_its_user_in),
        IT(wrong_passwords_unknown_names_and_disabled_accounts_look_alike),
        IT(an_answer_to_a_challenge_is_wiped),
        IT(methods_are_tried_in_the_clients_order),
        IT(methods_that_are_not_to_be_had_are_said_to_be_so),
        IT(where_there_are_no_tickets_none_lets_anybody_in),
        IT(trust_asks_where_somebody_comes_from),
        IT(a_role_is_chosen_among_the_users_own),
        IT(words_at_the_wrong_time_are_violations),
        IT(who_leaves_while_his_password_is_verified_is_not_missed),
        IT(passwords_beyond_what_may_wait_are_sent_away),
        IT(huge_and_odd_answers_fail_like_wrong_ones),
        IT(authextra_may_be_anything),
        IT(the_sixth_attempt_is_not_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
