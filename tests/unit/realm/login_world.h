/* login_world.h - the world of the tests of logins: a realm of a few users with every method, and
 * clients that say hello to it and answer what they are asked.
 */
#ifndef POSTERN_TESTS_LOGIN_WORLD_H
#define POSTERN_TESTS_LOGIN_WORLD_H

#include "../../support/realm_world.h"
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

static inline char *hex_text(const void *bytes, size_t size)
{
    struct buf hex;
    buf_init(&hex, 2 * size);
    assert_true(hex_encode(str_make(bytes, size), &hex));
    return buf_take(&hex, NULL);
}

static inline char *public_key(void)
{
    unsigned char key[ED25519_KEY_SIZE];
    assert_true(ed25519_public_key(str_make(seed, ED25519_SEED_SIZE), key));
    return hex_text(key, sizeof(key));
}

static inline void user(const char *name, const char *opts, const char *more)
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

static inline void source(const char *method, const char *cidr)
{
    char key[128];
    char value[256];
    (void)snprintf(key, sizeof(key), "%s %s all", method, cidr);
    (void)snprintf(value, sizeof(value),
                   "{\"username\":\"all\",\"authmethod\":\"%s\",\"cidr\":\"%s\"}", method, cidr);
    world_record(&world, "source", "com.users", key, value);
}

static inline void grant(const char *role, const char *uri)
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

/* What was written counts from here on. */
static inline void publish_users(void)
{
    world_publish_rbac(&world);
    settle(&world);
}

static inline void people(void)
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

static inline void add_users(void)
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
    publish_users();
}

static inline struct actor *newcomer(void)
{
    return actor_new(&world, 0, SERIALIZER_JSON);
}

/* Passwords are verified elsewhere: until there is an answer, and its worker is through with it. */
static inline void wait_answer(struct actor *actor)
{
    for (unsigned i = 0; i < 60000 && unheard(actor) == 0; i++) {
        const struct timespec one_ms = {.tv_nsec = 1000000};
        (void)nanosleep(&one_ms, NULL);
    }
    settle(&world);
}

static inline void expect_abort(struct actor *actor, const char *uri)
{
    wait_answer(actor);
    (void)expect(actor, "[3,\"*\",\"%s\"]", uri);
    assert_int_equal(actor->finished, 1);
    actor_free(actor);
}

static inline struct actor *hello(const char *details)
{
    struct actor *actor = newcomer();
    say(actor, "[1,\"com.users\",{%s}]", details);
    return actor;
}

static inline const char *challenge_text(struct actor *actor, const char *key)
{
    return json_string_value(json_object_get(json_array_get(actor->last, 2), key));
}

static inline void welcome(struct actor *actor, const char *authid, const char *method)
{
    wait_answer(actor);
    const json_t *heard = expect(actor, "[2,\"*\",\"*\"]");
    const json_t *details = json_array_get(heard, 2);
    assert_string_equal(json_string_value(json_object_get(details, "authid")), authid);
    assert_string_equal(json_string_value(json_object_get(details, "authmethod")), method);
}

/* Who is asked for his password. */
static inline struct actor *password_asked(const char *authid)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "\"authmethods\":[\"password\"],\"authid\":\"%s\"", authid);
    struct actor *actor = hello(text);
    (void)expect(actor, "[4,\"password\",{}]");
    return actor;
}

/* Who has said it, and does not wait for what comes of it. */
static inline struct actor *password_said(const char *authid, const char *password)
{
    struct actor *actor = password_asked(authid);
    say(actor, "[5,\"%s\",{}]", password);
    return actor;
}

static inline struct actor *cra_challenge(const char *authid)
{
    char text[256];
    (void)snprintf(text, sizeof(text), "\"authmethods\":[\"wampcra\"],\"authid\":\"%s\"", authid);
    struct actor *actor = hello(text);
    (void)expect(actor, "[4,\"wampcra\",{\"challenge\":\"*\",\"salt\":\"*\",\"keylen\":32,"
                        "\"iterations\":4096}]");
    return actor;
}

static inline void cra_answer(struct actor *actor, const char *password)
{
    char key[CREDENTIAL_KEY_TEXT_SIZE];
    char signature[CREDENTIAL_KEY_TEXT_SIZE];
    assert_true(cra_derive(str_of(password), str_of(challenge_text(actor, "salt")), 4096, key));
    cra_sign(str_make(key, sizeof(key)), str_of(challenge_text(actor, "challenge")), signature);
    say(actor, "[5,\"%.44s\",{}]", signature);
}

static inline struct actor *joe_by_cra(void)
{
    struct actor *actor = cra_challenge("joe");
    cra_answer(actor, "the password");
    welcome(actor, "joe", "wampcra");
    return actor;
}

static inline struct actor *scram_challenge(const char *authid, const char *nonce)
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
static inline struct hash_sha256
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

static inline void login_start(const struct router_options *limits)
{
    world_start(&world, 2, limits);
    add_users();
}

static inline int setup_as_usual(void **state)
{
    (void)state;
    const struct router_options limits = world_limits();
    login_start(&limits);
    return 0;
}

static inline int teardown(void **state)
{
    (void)state;
    jobs_stop(world.jobs);
    world_stop(&world);
    return 0;
}

#endif
