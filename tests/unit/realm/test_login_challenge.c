/* links: credential crypto */
/* test_login_challenge.c - logins that prove a secret without showing it: WAMP-CRA, WAMP-SCRAM and
 * cryptosign. */
#include "login_world.h"

static void a_challenge_is_answered_with_the_derived_key(void **state)
{
    (void)state;
    struct actor *actor = joe_by_cra();
    actor_free(actor);
    actor = cra_challenge("joe");
    cra_answer(actor, "another password");
    expect_abort(actor, "wamp.error.authentication_failed");
}

static void who_does_not_exist_is_challenged_alike_each_time(void **state)
{
    (void)state;
    struct actor *one = cra_challenge("ghost");
    char *salt = str_dup(str_of(challenge_text(one, "salt")));
    assert_int_equal(strlen(salt), 24);
    assert_non_null(strstr(challenge_text(one, "challenge"), "\"authid\":\"ghost\""));
    struct actor *two = cra_challenge("ghost");
    assert_string_equal(challenge_text(two, "salt"), salt);
    cra_answer(one, "the password");
    expect_abort(one, "wamp.error.authentication_failed");
    actor_free(two);
    /* Nor is who has no such verifier, or is disabled, told apart. */
    two = cra_challenge("ann");
    actor_free(two);
    two = cra_challenge("off");
    actor_free(two);
    mem_free(salt);
}

static void an_alias_is_a_name_and_the_session_is_the_users(void **state)
{
    (void)state;
    struct actor *actor = cra_challenge("J@X");
    cra_answer(actor, "the password");
    welcome(actor, "joe", "wampcra");
    actor_free(actor);
}

/* A challenge and its answer belong to one connection. */
static void a_signature_of_another_session_is_worth_nothing(void **state)
{
    (void)state;
    struct actor *one = cra_challenge("joe");
    struct actor *two = cra_challenge("joe");
    char key[CREDENTIAL_KEY_TEXT_SIZE];
    char signature[CREDENTIAL_KEY_TEXT_SIZE];
    assert_true(cra_derive(STR("the password"), str_of(challenge_text(one, "salt")), 4096, key));
    cra_sign(str_make(key, sizeof(key)), str_of(challenge_text(one, "challenge")), signature);
    say(two, "[5,\"%.44s\",{}]", signature);
    expect_abort(two, "wamp.error.authentication_failed");
    say(one, "[5,\"%.44s\",{}]", signature);
    welcome(one, "joe", "wampcra");
    actor_free(one);
}

static void scram_proves_both_ends_to_each_other(void **state)
{
    (void)state;
    static const char *const who[] = {"ann", "eve"};
    for (size_t i = 0; i < COUNT_OF(who); i++) {
        struct actor *actor = scram_challenge(who[i], "egVDf3DMJh0=");
        assert_string_equal(challenge_text(actor, "kdf"), i == 0 ? "pbkdf2" : "argon2id13");
        struct hash_sha256 expected = scram_answer(actor, who[i], "egVDf3DMJh0=", "the password");
        welcome(actor, who[i], "wamp-scram");
        struct buf text;
        buf_init(&text, 64);
        (void)buf_append(&text, STR("v="));
        (void)base64_encode(BASE64_STANDARD, hash_str(&expected), &text);
        (void)buf_byte(&text, '\0');
        const json_t *extra = json_object_get(json_array_get(actor->last, 2), "authextra");
        assert_string_equal(json_string_value(json_object_get(extra, "verifier")), text.ptr);
        buf_done(&text);
        actor_free(actor);
    }
}

static void scram_refuses_wrong_passwords_nonces_and_bindings(void **state)
{
    (void)state;
    struct actor *actor = scram_challenge("eve", "abc");
    (void)scram_answer(actor, "eve", "abc", "not the password");
    expect_abort(actor, "wamp.error.authentication_failed");
    actor = scram_challenge("ghost", "abc");
    (void)scram_answer(actor, "ghost", "abc", "the password");
    expect_abort(actor, "wamp.error.authentication_failed");
    actor = scram_challenge("ann", "abc");
    say(actor, "[5,\"dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=\",{\"nonce\":\"abc\"}]");
    expect_abort(actor, "wamp.error.authentication_failed");
    actor = hello("\"authmethods\":[\"wamp-scram\"],\"authid\":\"ann\",\"authextra\":{\"nonce\":"
                  "\"abc\",\"channel_binding\":\"tls-unique\"}");
    expect_abort(actor, "wamp.error.not_auth_method");
    static const char *const nonces[] = {"", "a,b", "a b", "\\u0007"};
    for (size_t i = 0; i < COUNT_OF(nonces); i++) {
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "\"authmethods\":[\"wamp-scram\"],\"authid\":\"ann\",\"authextra\":{"
                       "\"nonce\":\"%s\"}",
                       nonces[i]);
        actor = hello(text);
        expect_abort(actor, "wamp.error.not_auth_method");
    }
}

static struct actor *sign_challenge(const char *authid, const char *pubkey)
{
    char text[512];
    (void)snprintf(text, sizeof(text),
                   "\"authmethods\":[\"cryptosign\"],\"authid\":\"%s\",\"authextra\":{\"pubkey\":"
                   "\"%s\",\"trustroot\":null,\"challenge\":null,\"channel_binding\":null}",
                   authid, pubkey);
    struct actor *actor = hello(text);
    (void)expect(actor, "[4,\"cryptosign\",{\"challenge\":\"*\",\"channel_binding\":null}]");
    return actor;
}

static void sign_answer(struct actor *actor, bool with_message)
{
    struct buf challenge;
    unsigned char signature[ED25519_SIGNATURE_SIZE];
    buf_init(&challenge, 64);
    assert_true(hex_decode(str_of(challenge_text(actor, "challenge")), &challenge));
    assert_int_equal(challenge.len, 32);
    assert_true(ed25519_sign(str_make(seed, ED25519_SEED_SIZE), buf_str(&challenge), signature));
    char *hex = hex_text(signature, sizeof(signature));
    char *message = hex_text(challenge.ptr, challenge.len);
    say(actor, "[5,\"%s%s\",{}]", hex, with_message ? message : "");
    mem_free(hex);
    mem_free(message);
    buf_done(&challenge);
}

static void a_private_key_lets_its_user_in_with_either_form_of_answer(void **state)
{
    (void)state;
    char *key = public_key();
    for (unsigned form = 0; form < 2; form++) {
        struct actor *actor = sign_challenge("joe", key);
        sign_answer(actor, form == 0);
        welcome(actor, "joe", "cryptosign");
        actor_free(actor);
    }
    /* The key is his, the name is not. */
    struct actor *actor = sign_challenge("nobody2", key);
    sign_answer(actor, true);
    expect_abort(actor, "wamp.error.authentication_failed");
    actor = sign_challenge("joe", key);
    say(actor, "[5,\"%0192d\",{}]", 0);
    expect_abort(actor, "wamp.error.authentication_failed");
    mem_free(key);
}

static struct actor *sign_unnamed(const char *pubkey)
{
    char text[256];
    (void)snprintf(text, sizeof(text),
                   "\"authmethods\":[\"cryptosign\"],\"authextra\":{\"pubkey\":\"%s\"}", pubkey);
    struct actor *actor = hello(text);
    (void)expect(actor, "[4,\"cryptosign\",{\"challenge\":\"*\",\"channel_binding\":null}]");
    return actor;
}

static void a_key_says_whose_it_is_when_nothing_else_does(void **state)
{
    (void)state;
    char more[256];
    char *key = public_key();
    struct actor *actor = sign_unnamed(key);
    sign_answer(actor, true);
    welcome(actor, "joe", "cryptosign");
    actor_free(actor);
    for (size_t i = 0; key[i] != '\0'; i++) {
        key[i] = key[i] >= 'a' ? (char)(key[i] & ~0x20) : key[i];
    }
    actor = sign_unnamed(key);
    sign_answer(actor, false);
    welcome(actor, "joe", "cryptosign");
    actor_free(actor);
    /* Somebody else has the same: then it says nothing, and nobody can tell. */
    (void)snprintf(more, sizeof(more), "{\"authorized_keys\":[\"%s\"]}", key);
    for (char *at = more + strlen("{\"authorized_keys"); *at != '\0'; at++) {
        *at = *at >= 'A' && *at <= 'F' ? (char)(*at | 0x20) : *at;
    }
    user("twin", CRA_OPTS, more);
    publish_users();
    actor = sign_unnamed(key);
    sign_answer(actor, true);
    expect_abort(actor, "wamp.error.authentication_failed");
    actor = sign_challenge("twin", key);
    sign_answer(actor, true);
    welcome(actor, "twin", "cryptosign");
    actor_free(actor);
    memset(key, 'a', 64);
    actor = sign_unnamed(key);
    sign_answer(actor, true);
    expect_abort(actor, "wamp.error.authentication_failed");
    mem_free(key);
}

#define IT(name) cmocka_unit_test_setup_teardown(name, setup_as_usual, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT(a_challenge_is_answered_with_the_derived_key),
        IT(who_does_not_exist_is_challenged_alike_each_time),
        IT(an_alias_is_a_name_and_the_session_is_the_users),
        IT(a_signature_of_another_session_is_worth_nothing),
        IT(scram_proves_both_ends_to_each_other),
        IT(scram_refuses_wrong_passwords_nonces_and_bindings),
        IT(a_private_key_lets_its_user_in_with_either_form_of_answer),
        IT(a_key_says_whose_it_is_when_nothing_else_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
