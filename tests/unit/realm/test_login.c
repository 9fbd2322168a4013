/* links: credential crypto */
/* test_login.c - logins as a client sees them: each method, each refusal, and what comes later. */
#include "../../support/realm_world.h"
#include "auth/auth.h"
#include "base/encode.h"
#include "credential/proof.h"
#include "crypto/ed25519.h"

#include <stdio.h>

static struct world world;

#define CRA_OPTS   "{\"protocol\":\"cra\",\"params\":{\"iterations\":4096}}"
#define SCRAM_OPTS "{\"protocol\":\"scram\",\"params\":{\"iterations\":4096}}"
#define ARGON_OPTS                                                                       \
    "{\"protocol\":\"scram\",\"params\":{\"kdf\":\"argon2id13\",\"iterations\":1,\"memo" \
    "ry\":64}}"

static const char seed[ED25519_SEED_SIZE + 1] = "an unremarkable seed of 32 bytes";

static char *hex_text(const void *bytes, size_t size)
{
    struct buf hex;
    buf_init(&hex, 2 * size);
    assert_true(hex_encode(str_make(bytes, size), &hex));
    return buf_take(&hex, NULL);
}

static char *public_key(void)
{
    unsigned char key[ED25519_KEY_SIZE];
    assert_true(ed25519_public_key(str_make(seed, ED25519_SEED_SIZE), key));
    return hex_text(key, sizeof(key));
}

static void user(const char *name, const char *opts, const char *more)
{
    struct credential_options options;
    json_t *json = json_loads(opts, 0, NULL);
    assert_true(credential_options_read(json, &options, NULL));
    json_decref(json);
    char *record = credential_make(STR("the password"), &options, NULL);
    json_t *value = json_loads(more, 0, NULL);
    assert_non_null(value);
    (void)json_object_set_new(value, "username", json_string(name));
    (void)json_object_set_new(value, "credential", json_string(record));
    char *text = json_dumps(value, JSON_COMPACT);
    world_record(&world, "user", "com.users", name, text);
    free(text);
    json_decref(value);
    mem_free(record);
}

static void source(const char *method, const char *cidr)
{
    char key[128];
    char value[256];
    (void)snprintf(key, sizeof(key), "%s %s all", method, cidr);
    (void)snprintf(value, sizeof(value),
                   "{\"username\":\"all\",\"authmethod\":\"%s\",\"cidr\":\"%s\"}", method, cidr);
    world_record(&world, "source", "com.users", key, value);
}

static void grant(const char *role, const char *uri)
{
    char key[128];
    char value[512];
    (void)snprintf(key, sizeof(key), "prefix %s %s", uri, role);
    (void)snprintf(value, sizeof(value),
                   "{\"uri\":\"%s\",\"match\":\"prefix\",\"role\":\"%s\",\"permissions\":"
                   "[" ALL_PERMISSIONS "]}",
                   uri, role);
    world_record(&world, "grant", "com.users", key, value);
}

static void people(void)
{
    char more[512];
    char *key = public_key();
    (void)snprintf(more, sizeof(more),
                   "{\"groups\":[\"staff\"],\"authorized_keys\":[\"%s\"],\"aliases\":[\"j@x\"]}",
                   key);
    mem_free(key);
    user("joe", CRA_OPTS, more);
    user("ann", SCRAM_OPTS, "{\"groups\":[\"staff\",\"chiefs\"]}");
    user("eve", ARGON_OPTS, "{}");
    user("off", CRA_OPTS, "{\"enabled\":false,\"groups\":[\"staff\"]}");
}

static void add_users(void)
{
    static const char *const methods[] = {"password", "wampcra", "wamp-scram", "cryptosign",
                                          "tls",      "ticket",  "trust",      "anonymous"};
    world_record(&world, "realm", "", "com.users",
                 "{\"uri\":\"com.users\",\"authmethods\":[\"password\",\"wampcra\",\"wamp-scram\","
                 "\"cryptosign\",\"tls\",\"ticket\",\"trust\"],"
                 "\"password_opts\":{\"params\":{\"iterations\":4096}}}");
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        bool trust = strcmp(methods[i], "trust") == 0;
        source(methods[i], trust ? "10.0.0.0/8" : "0.0.0.0/0");
    }
    world_record(&world, "group", "com.users", "staff", "{\"name\":\"staff\",\"groups\":[]}");
    world_record(&world, "group", "com.users", "chiefs", "{\"name\":\"chiefs\",\"groups\":[]}");
    grant("staff", "com.staff.");
    people();
    world_publish_rbac(&world);
    settle(&world);
}

static struct actor *newcomer(void)
{
    return actor_new(&world, 0, SERIALIZER_JSON);
}

/* Passwords are verified elsewhere: until there is an answer, and its worker is through with it. */
static void wait_answer(struct actor *actor)
{
    for (unsigned i = 0; i < 60000 && unheard(actor) == 0; i++) {
        const struct timespec one_ms = {.tv_nsec = 1000000};
        (void)nanosleep(&one_ms, NULL);
    }
    settle(&world);
}

static void expect_abort(struct actor *actor, const char *uri)
{
    wait_answer(actor);
    (void)expect(actor, "[3,\"*\",\"%s\"]", uri);
    assert_int_equal(actor->finished, 1);
    actor_free(actor);
}

static struct actor *hello(const char *details)
{
    struct actor *actor = newcomer();
    say(actor, "[1,\"com.users\",{%s}]", details);
    return actor;
}

static const char *challenge_text(struct actor *actor, const char *key)
{
    return json_string_value(json_object_get(json_array_get(actor->last, 2), key));
}

static void welcome(struct actor *actor, const char *authid, const char *method)
{
    wait_answer(actor);
    const json_t *heard = expect(actor, "[2,\"*\",\"*\"]");
    const json_t *details = json_array_get(heard, 2);
    assert_string_equal(json_string_value(json_object_get(details, "authid")), authid);
    assert_string_equal(json_string_value(json_object_get(details, "authmethod")), method);
}

static struct actor *cra_challenge(const char *authid)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "\"authmethods\":[\"wampcra\"],\"authid\":\"%s\"", authid);
    struct actor *actor = hello(text);
    (void)expect(actor, "[4,\"wampcra\",{\"challenge\":\"*\",\"salt\":\"*\",\"keylen\":32,"
                        "\"iterations\":4096}]");
    return actor;
}

static void cra_answer(struct actor *actor, const char *password)
{
    char key[CREDENTIAL_KEY_TEXT_SIZE];
    char signature[CREDENTIAL_KEY_TEXT_SIZE];
    assert_true(cra_derive(str_of(password), str_of(challenge_text(actor, "salt")), 4096, key));
    cra_sign(str_make(key, sizeof(key)), str_of(challenge_text(actor, "challenge")), signature);
    say(actor, "[5,\"%.44s\",{}]", signature);
}

static struct actor *joe_by_cra(void)
{
    struct actor *actor = cra_challenge("joe");
    cra_answer(actor, "the password");
    welcome(actor, "joe", "wampcra");
    return actor;
}

static void a_password_lets_its_user_in(void **state)
{
    (void)state;
    struct actor *actor = hello("\"authmethods\":[\"password\"],\"authid\":\"joe\"");
    (void)expect(actor, "[4,\"password\",{}]");
    say(actor, "[5,\"the password\",{}]");
    welcome(actor, "joe", "password");
    actor_free(actor);
}

static void wrong_passwords_unknown_names_and_disabled_accounts_look_alike(void **state)
{
    (void)state;
    static const char *const who[] = {"ann", "off", "nobody", ""};
    char *last = NULL;
    for (size_t i = 0; i < COUNT_OF(who) - 1; i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "\"authmethods\":[\"password\"],\"authid\":\"%s\"",
                       who[i]);
        struct actor *actor = hello(text);
        (void)expect(actor, "[4,\"password\",{}]");
        say(actor, "[5,\"%s\",{}]", i == 1 ? "the password" : "not the password");
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

static struct actor *scram_challenge(const char *authid, const char *nonce)
{
    char text[256];
    (void)snprintf(text, sizeof(text),
                   "\"authmethods\":[\"wamp-scram\"],\"authid\":\"%s\",\"authextra\":{\"nonce\":"
                   "\"%s\",\"channel_binding\":null}",
                   authid, nonce);
    struct actor *actor = hello(text);
    (void)expect(actor, "[4,\"wamp-scram\",{\"nonce\":\"*\",\"salt\":\"*\",\"kdf\":\"*\","
                        "\"iterations\":\"*\",\"memory\":\"*\"}]");
    return actor;
}

/* The client's half, written from the specification. Returns what WELCOME must prove. */
static struct hash_sha256
scram_answer(struct actor *actor, const char *authid, const char *nonce, const char *password)
{
    const json_t *extra = json_array_get(actor->last, 2);
    struct credential_scram scram = {0};
    struct str salt = str_of(challenge_text(actor, "salt"));
    bool argon = strcmp(challenge_text(actor, "kdf"), "argon2id13") == 0;
    scram.kdf = argon ? CREDENTIAL_ARGON2ID13 : CREDENTIAL_PBKDF2;
    scram.iterations = (uint32_t)json_integer_value(json_object_get(extra, "iterations"));
    scram.memory_kib = (uint32_t)json_integer_value(json_object_get(extra, "memory"));
    memcpy(scram.salt, salt.ptr, salt.len);
    scram.salt_len = salt.len;
    char message[1024];
    char *both = str_dup(str_of(challenge_text(actor, "nonce")));
    assert_memory_equal(both, nonce, strlen(nonce));
    assert_true(strlen(both) > strlen(nonce) + 16);
    (void)snprintf(message, sizeof(message), "n=%s,r=%s,r=%s,s=%.*s,i=%u,c=biws,r=%s", authid,
                   nonce, both, (int)salt.len, salt.ptr, scram.iterations, both);
    struct hash_sha256 proof;
    struct hash_sha256 expected;
    assert_true(scram_client_proof(str_of(password), &scram, str_of(message), &proof, &expected));
    struct buf text;
    buf_init(&text, 64);
    (void)base64_encode(BASE64_STANDARD, hash_str(&proof), &text);
    say(actor, "[5,\"%.*s\",{\"nonce\":\"%s\",\"channel_binding\":null,\"cbind_data\":null}]",
        (int)text.len, text.ptr, both);
    buf_done(&text);
    mem_free(both);
    return expected;
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
    world_publish_rbac(&world);
    settle(&world);
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

static void an_answer_to_a_challenge_is_wiped(void **state)
{
    (void)state;
    char answers[][64] = {"[5,\"the password\",{}]", "[5,\"the pass\\u0077ord\",{}]",
                          "[5,\"the pass", "[32,1,{},\"the password\"]"};
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct actor *actor = hello("\"authmethods\":[\"password\"],\"authid\":\"joe\"");
        (void)expect(actor, "[4,\"password\",{}]");
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
    actor = hello("\"authmethods\":[\"password\"],\"authid\":\"joe\"");
    (void)expect(actor, "[4,\"password\",{}]");
    say(actor, "[1,\"com.users\",{}]");
    expect_abort(actor, "wamp.error.protocol_violation");
    actor = hello("\"authmethods\":[\"password\"],\"authid\":\"joe\"");
    (void)expect(actor, "[4,\"password\",{}]");
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
        struct actor *actor = hello("\"authmethods\":[\"password\"],\"authid\":\"ann\"");
        (void)expect(actor, "[4,\"password\",{}]");
        say(actor, "[5,\"the password\",{}]");
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
        crowd[i] = hello("\"authmethods\":[\"password\"],\"authid\":\"joe\"");
        (void)expect(crowd[i], "[4,\"password\",{}]");
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

static void a_renewed_record_is_for_the_method_that_the_old_one_was_for(void **state)
{
    (void)state;
    struct credential_scram scram;
    world_record(&world, "user", "com.users", "old", old_scram_user);
    world_publish_rbac(&world);
    settle(&world);
    struct actor *actor = scram_challenge("old", "abc");
    (void)scram_answer(actor, "old", "abc", "the password");
    welcome(actor, "old", "wamp-scram");
    actor_free(actor);
    actor = hello("\"authmethods\":[\"password\"],\"authid\":\"old\"");
    (void)expect(actor, "[4,\"password\",{}]");
    say(actor, "[5,\"the password\",{}]");
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
    world_publish_rbac(&world);
    settle(&world);
    struct actor *actor = hello("\"authmethods\":[\"password\"],\"authid\":\"old\"");
    (void)expect(actor, "[4,\"password\",{}]");
    say(actor, "[5,\"the password\",{}]");
    welcome(actor, "old", "password");
    actor_free(actor);
    assert_int_equal(atomic_load(&renewed.count), 1);
    assert_true(credential_cra(str_of(renewed.record), &cra));
    assert_int_equal(cra.iterations, 4096);
}

static void a_record_of_bondys_lets_in_and_is_renewed(void **state)
{
    (void)state;
    world_record(&world, "user", "com.users", "old", old_user);
    world_publish_rbac(&world);
    settle(&world);
    struct actor *actor = hello("\"authmethods\":[\"wampcra\"],\"authid\":\"old\"");
    (void)expect(actor, "[4,\"wampcra\",{\"challenge\":\"*\",\"salt\":\"c2FsdHNhbHRzYWx0c2FsdA==\","
                        "\"keylen\":32,\"iterations\":10000}]");
    actor_free(actor);
    actor = hello("\"authmethods\":[\"password\"],\"authid\":\"old\"");
    (void)expect(actor, "[4,\"password\",{}]");
    say(actor, "[5,\"the password\",{}]");
    welcome(actor, "old", "password");
    actor_free(actor);
    assert_int_equal(atomic_load(&renewed.count), 1);
    assert_false(credential_is_outdated(str_of(renewed.record)));
    assert_true(credential_verify(str_of(renewed.record), STR("the password")));
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
    actor = hello("\"authmethods\":[\"password\"],\"authid\":\"eve\"");
    (void)expect(actor, "[4,\"password\",{}]");
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

static void changed_groups_count_from_the_next_message_on(void **state)
{
    (void)state;
    struct actor *actor = joe_by_cra();
    (void)actor_register(actor, 1, "com.staff.x", "");
    user("joe", CRA_OPTS, "{\"groups\":[]}");
    world_publish_rbac(&world);
    settle(&world);
    say(actor, "[64,2,{},\"com.staff.y\"]");
    (void)expect(actor, "[8,64,2,{},\"wamp.error.not_authorized\",\"*\"]");
    people();
    world_publish_rbac(&world);
    settle(&world);
    (void)actor_register(actor, 3, "com.staff.y", "");
    actor_free(actor);
}

static void sessions_of_who_is_disabled_or_gone_end(void **state)
{
    (void)state;
    struct actor *speaking = joe_by_cra();
    struct actor *silent = joe_by_cra();
    user("joe", CRA_OPTS, "{\"groups\":[\"staff\"],\"enabled\":false}");
    world_publish_rbac(&world);
    settle(&world);
    say(speaking, "[64,1,{},\"com.staff.x\"]");
    wait_answer(speaking);
    (void)expect(speaking, "[6,\"*\",\"wamp.close.logout\"]");
    wait_answer(silent);
    (void)expect(silent, "[6,\"*\",\"wamp.close.logout\"]");
    actor_free(speaking);
    actor_free(silent);
    people();
    world_publish_rbac(&world);
    settle(&world);
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

static int setup(void **state)
{
    (void)state;
    struct router_options limits = world_limits();
    atomic_store(&renewed.count, 0);
    limits.auth_renew = note_renewal;
    limits.auth_renew_ctx = &renewed;
    world_start(&world, 2, &limits);
    add_users();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jobs_stop(world.jobs);
    world_stop(&world);
    return 0;
}

#define IT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT(a_password_lets_its_user_in),
        IT(wrong_passwords_unknown_names_and_disabled_accounts_look_alike),
        IT(a_challenge_is_answered_with_the_derived_key),
        IT(who_does_not_exist_is_challenged_alike_each_time),
        IT(an_alias_is_a_name_and_the_session_is_the_users),
        IT(a_signature_of_another_session_is_worth_nothing),
        IT(scram_proves_both_ends_to_each_other),
        IT(scram_refuses_wrong_passwords_nonces_and_bindings),
        IT(a_private_key_lets_its_user_in_with_either_form_of_answer),
        IT(a_key_says_whose_it_is_when_nothing_else_does),
        IT(an_answer_to_a_challenge_is_wiped),
        IT(methods_are_tried_in_the_clients_order),
        IT(methods_that_are_not_to_be_had_are_said_to_be_so),
        IT(where_there_are_no_tickets_none_lets_anybody_in),
        IT(trust_asks_where_somebody_comes_from),
        IT(a_role_is_chosen_among_the_users_own),
        IT(words_at_the_wrong_time_are_violations),
        IT(who_leaves_while_his_password_is_verified_is_not_missed),
        IT(passwords_beyond_what_may_wait_are_sent_away),
        IT(a_record_of_bondys_lets_in_and_is_renewed),
        IT(a_renewed_record_is_for_the_method_that_the_old_one_was_for),
        IT(a_record_for_another_protocol_is_upgraded_where_that_is_wanted),
        IT(huge_and_odd_answers_fail_like_wrong_ones),
        IT(authextra_may_be_anything),
        IT(changed_groups_count_from_the_next_message_on),
        IT(sessions_of_who_is_disabled_or_gone_end),
        IT(the_sixth_attempt_is_not_looked_at),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
