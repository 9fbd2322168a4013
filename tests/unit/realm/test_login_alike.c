/* links: credential crypto openssl_crypto sodium */
/* test_login_alike.c - who does not exist, is disabled, or cannot prove it by that method takes the
 * same steps as who has the secret wrong: the same exchange, and the same work. */
#include "../../support/realm_world.h"
#include "credential/credential.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <stdio.h>

/* What is expensive, and what is not: counted on its way into the libraries. */
enum work { WORK_ARGON2ID, WORK_PBKDF2, WORK_ED25519, WORK_HMAC, WORKS };
static atomic_uint works[WORKS];

int crypto_pwhash_argon2id_str_verify(const char *record, const char *password, unsigned long long);
int crypto_pwhash_str_verify(const char *record, const char *password, unsigned long long len);
int crypto_pwhash_str_verify(const char *record, const char *password, unsigned long long len)
{
    (void)atomic_fetch_add(&works[WORK_ARGON2ID], 1);
    return crypto_pwhash_argon2id_str_verify(record, password, len);
}

int crypto_sign_ed25519_verify_detached(const unsigned char *signature,
                                        const unsigned char *message,
                                        unsigned long long len,
                                        const unsigned char *key);
int crypto_sign_verify_detached(const unsigned char *signature,
                                const unsigned char *message,
                                unsigned long long len,
                                const unsigned char *key);
int crypto_sign_verify_detached(const unsigned char *signature,
                                const unsigned char *message,
                                unsigned long long len,
                                const unsigned char *key)
{
    (void)atomic_fetch_add(&works[WORK_ED25519], 1);
    return crypto_sign_ed25519_verify_detached(signature, message, len, key);
}

static unsigned char *hmac(const void *key,
                           size_t key_len,
                           const unsigned char *data,
                           size_t len,
                           unsigned char *out,
                           size_t *out_len)
{
    char digest[] = "SHA256";
    OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                           OSSL_PARAM_construct_end()};
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = EVP_MAC_CTX_new(mac);
    bool done = EVP_MAC_init(context, key, key_len, params) == 1 &&
                EVP_MAC_update(context, data, len) == 1 &&
                EVP_MAC_final(context, out, out_len, HASH_SHA256_SIZE) == 1;
    EVP_MAC_CTX_free(context);
    EVP_MAC_free(mac);
    return done ? out : NULL;
}

/* NOLINTBEGIN(readability-identifier-naming, readability-function-size): OpenSSL's */
unsigned char *EVP_Q_mac(OSSL_LIB_CTX *libctx,
                         const char *name,
                         const char *propq,
                         const char *subalg,
                         const OSSL_PARAM *params,
                         const void *key,
                         size_t keylen,
                         const unsigned char *data,
                         size_t datalen,
                         unsigned char *out,
                         size_t outsize,
                         size_t *outlen)
{
    (void)libctx;
    (void)name;
    (void)propq;
    (void)subalg;
    (void)params;
    (void)outsize;
    (void)atomic_fetch_add(&works[WORK_HMAC], 1);
    return hmac(key, keylen, data, datalen, out, outlen);
}

/* Nobody may cause it, so that it need not work. */
int PKCS5_PBKDF2_HMAC(const char *pass,
                      int passlen,
                      const unsigned char *salt,
                      int saltlen,
                      int iter,
                      const EVP_MD *digest,
                      int keylen,
                      unsigned char *out)
{
    (void)pass;
    (void)passlen;
    (void)salt;
    (void)saltlen;
    (void)iter;
    (void)digest;
    (void)atomic_fetch_add(&works[WORK_PBKDF2], 1);
    memset(out, 0x5a, (size_t)keylen);
    return 1;
}
/* NOLINTEND(readability-identifier-naming, readability-function-size) */

static struct world world;

static const char key[] = "abababababababababababababababababababababababababababababababab";

static void user(const char *name, enum credential_protocol protocol, bool enabled, bool has_key)
{
    const struct credential_policy policy = {.pbkdf2_iterations = 4096};
    struct credential_options options;
    credential_options_usual(&policy, protocol, &options);
    char *record = credential_make(STR("the password"), &options, NULL);
    assert_non_null(record);
    json_t *value = json_pack("{s:s, s:s, s:b, s:[]}", "username", name, "credential", record,
                              "enabled", enabled, "authorized_keys");
    if (has_key) {
        (void)json_array_append_new(json_object_get(value, "authorized_keys"), json_string(key));
    }
    char *text = json_dumps(value, JSON_COMPACT);
    world_record(&world, "user", "com.users", name, text);
    free(text);
    json_decref(value);
    mem_free(record);
}

static int setup(void **state)
{
    (void)state;
    static const char *const methods[] = {"password", "wampcra", "wamp-scram", "cryptosign"};
    struct router_options limits = world_limits();
    const struct rbac_settings settings = {.passwords = {.pbkdf2_iterations = 4096}};
    world_start(&world, 1, &limits);
    rbac_builder_set(world.builder, &settings);
    world_record(&world, "realm", "", "com.users",
                 "{\"uri\":\"com.users\",\"authmethods\":[\"password\",\"wampcra\",\"wamp-scram\","
                 "\"cryptosign\"]}");
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        char line[64];
        char value[128];
        (void)snprintf(line, sizeof(line), "%s 0.0.0.0/0 all", methods[i]);
        (void)snprintf(value, sizeof(value),
                       "{\"username\":\"all\",\"authmethod\":\"%s\",\"cidr\":\"0.0.0.0/0\"}",
                       methods[i]);
        world_record(&world, "source", "com.users", line, value);
    }
    user("has-cra", CREDENTIAL_CRA, true, true);
    user("has-scram", CREDENTIAL_SCRAM, true, true);
    user("disabled-cra", CREDENTIAL_CRA, false, true);
    user("disabled-scram", CREDENTIAL_SCRAM, false, true);
    user("keyless", CREDENTIAL_CRA, true, false);
    world_record(&world, "user", "com.users", "without", "{\"username\":\"without\"}");
    world_publish_rbac(&world);
    settle(&world);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    jobs_stop(world.jobs);
    world_stop(&world);
    return 0;
}

/* All that an outsider sees and we spend. */
struct course {
    char challenge[2048]; /* its members, each with the kind and length of its value */
    char abort[512];
    unsigned works[WORKS];
};

static void describe(const json_t *extra, char *out, size_t size)
{
    const char *member;
    json_t *value;
    size_t at = 0;
    out[0] = '\0';
    json_object_foreach((json_t *)(uintptr_t)extra, member, value)
    {
        /* What is the name's own is as long as the name. */
        size_t len = json_is_string(value) && strcmp(member, "challenge") != 0
                         ? json_string_length(value)
                         : (size_t)json_integer_value(value);
        at += (size_t)snprintf(out + at, size - at, "%s:%d:%zu ", member, (int)json_typeof(value),
                               len);
        assert_true(at < size);
    }
}

static void wait_answer(struct actor *actor)
{
    for (unsigned i = 0; i < 60000 && unheard(actor) == 0; i++) {
        const struct timespec one_ms = {.tv_nsec = 1000000};
        (void)nanosleep(&one_ms, NULL);
    }
    settle(&world);
}

static void answer_wrongly(struct actor *actor, const char *method)
{
    const json_t *extra = json_array_get(actor->last, 2);
    if (strcmp(method, "cryptosign") == 0) {
        const char *challenge = json_string_value(json_object_get(extra, "challenge"));
        say(actor, "[5,\"%0128d%s\",{}]", 0, challenge);
    } else if (strcmp(method, "wamp-scram") == 0) {
        const char *nonce = json_string_value(json_object_get(extra, "nonce"));
        say(actor, "[5,\"dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=\",{\"nonce\":\"%s\"}]",
            nonce);
    } else {
        say(actor, "[5,\"dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=\",{}]");
    }
}

static void run(const char *method, const char *name, struct course *out)
{
    struct actor *actor = actor_new(&world, 0, SERIALIZER_JSON);
    memset(out, 0, sizeof(*out));
    for (size_t i = 0; i < WORKS; i++) {
        atomic_store(&works[i], 0);
    }
    say(actor,
        "[1,\"com.users\",{\"authmethods\":[\"%s\"],\"authid\":\"%s\",\"authextra\":{\"nonce\":"
        "\"abcdefgh\",\"pubkey\":\"%s\"}}]",
        method, name, key);
    const json_t *challenge = expect(actor, "[4,\"%s\",\"*\"]", method);
    describe(json_array_get(challenge, 2), out->challenge, sizeof(out->challenge));
    answer_wrongly(actor, method);
    wait_answer(actor);
    char *text = json_dumps(expect(actor, "[3,\"*\",\"*\"]"), JSON_COMPACT | JSON_SORT_KEYS);
    (void)snprintf(out->abort, sizeof(out->abort), "%s", text);
    free(text);
    for (size_t i = 0; i < WORKS; i++) {
        out->works[i] = atomic_load(&works[i]);
    }
    actor_free(actor);
}

static void check_method(const char *method, const char *real, const char *const *others)
{
    struct course wrong;
    run(method, real, &wrong);
    assert_non_null(strstr(wrong.abort, "authentication_failed"));
    for (size_t i = 0; others[i] != NULL; i++) {
        struct course other;
        run(method, others[i], &other);
        if (strcmp(other.challenge, wrong.challenge) != 0 ||
            strcmp(other.abort, wrong.abort) != 0 ||
            memcmp(other.works, wrong.works, sizeof(wrong.works)) != 0) {
            fail_msg("%s, %s: %s%s %u %u %u %u, not %s%s %u %u %u %u", method, others[i],
                     other.challenge, other.abort, other.works[0], other.works[1], other.works[2],
                     other.works[3], wrong.challenge, wrong.abort, wrong.works[0], wrong.works[1],
                     wrong.works[2], wrong.works[3]);
        }
    }
}

static void whoever_fails_fails_alike(void **state)
{
    (void)state;
    static const char *const for_password[] = {"nobody", "disabled-cra", "without", NULL};
    static const char *const for_cra[] = {"nobody", "disabled-cra", "has-scram", "without", NULL};
    static const char *const for_scram[] = {"nobody", "disabled-scram", "has-cra", "without", NULL};
    static const char *const for_key[] = {"nobody", "disabled-cra", "keyless", "without", NULL};
    check_method("password", "has-cra", for_password);
    check_method("password", "has-scram", for_password);
    check_method("wampcra", "has-cra", for_cra);
    check_method("wamp-scram", "has-scram", for_scram);
    check_method("cryptosign", "has-cra", for_key);
}

static void what_is_counted_is_counted(void **state)
{
    (void)state;
    struct course course;
    run("password", "has-cra", &course);
    assert_int_equal(course.works[WORK_ARGON2ID], 1);
    assert_int_equal(course.works[WORK_PBKDF2], 0);
    run("cryptosign", "has-scram", &course);
    assert_int_equal(course.works[WORK_ED25519], 1);
    run("wampcra", "has-cra", &course);
    assert_true(course.works[WORK_HMAC] > 0);
    assert_int_equal(course.works[WORK_PBKDF2], 0);
}

#define IT(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IT(whoever_fails_fails_alike),
        IT(what_is_counted_is_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
