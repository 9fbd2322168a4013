/* links: token */
/* private_key_jwt: a client that signs that it is itself, and those that only look like it. */
#include "base/clock.h"
#include "base/encode.h"
#include "flow_world.h"

#define ISSUER "http://127.0.0.1:18080/realms/com.x"
#define TYPE   "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"

enum { TEXT_MAX = 8192 };

/* A world with a client `signer` of two keys, and their private halves. */
struct signers {
    struct world *world;
    struct sign_key *first;
    struct sign_key *second;
    struct sign_key *foreign;
};

static json_t *part_of(struct str bytes)
{
    struct buf text;
    buf_init(&text, 1 << 12);
    assert_true(base64_encode(BASE64_URL, bytes, &text));
    json_t *value = json_stringn(text.ptr, text.len);
    buf_done(&text);
    return value;
}

static json_t *jwk_of(const struct sign_key *key, const char *kid)
{
    bool rsa = sign_key_algorithm(key) == SIGN_RS256;
    json_t *jwk = rsa ? json_pack("{s:s, s:s}", "kty", "RSA", "kid", kid)
                      : json_pack("{s:s, s:s, s:s}", "kty", "EC", "crv", "P-256", "kid", kid);
    (void)json_object_set_new(jwk, rsa ? "n" : "x", part_of(sign_key_part(key, 0)));
    (void)json_object_set_new(jwk, rsa ? "e" : "y", part_of(sign_key_part(key, 1)));
    return jwk;
}

static void register_signer(struct signers *signers)
{
    json_t *user = json_pack("{s:s, s:[s, s], s:{s:s, s:s, s:[s], s:{s:[o, o]}}}", "username",
                             "signer", "groups", "api_clients", "staff", "client", "type",
                             "confidential", "token_endpoint_auth_method", "private_key_jwt",
                             "grant_types", "client_credentials", "jwks", "keys",
                             jwk_of(signers->first, "1"), jwk_of(signers->second, "2"));
    char *text = json_dumps(user, JSON_COMPACT);
    assert_true(rbac_builder_apply(signers->world->rbac_builder,
                                   &(struct store_record){.kind = STR("user"),
                                                          .realm = WORLD_REALM,
                                                          .key = STR("signer"),
                                                          .value = str_of(text),
                                                          .version = 1}));
    free(text);
    json_decref(user);
    world_rebuild(signers->world);
}

static int setup(void **state)
{
    struct signers *signers = NEW(struct signers);
    void *world = NULL;
    assert_int_equal(world_setup(&world), 0);
    *signers = (struct signers){.world = world,
                                .first = sign_key_generate(SIGN_ES256),
                                .second = sign_key_generate(SIGN_RS256),
                                .foreign = sign_key_generate(SIGN_ES256)};
    register_signer(signers);
    *state = signers;
    return 0;
}

static int teardown(void **state)
{
    struct signers *signers = *state;
    void *world = signers->world;
    sign_key_unref(signers->first);
    sign_key_unref(signers->second);
    sign_key_unref(signers->foreign);
    mem_free(signers);
    return world_teardown(&world);
}

static void put_part(struct buf *text, json_t *json)
{
    char *plain = json_dumps(json, JSON_COMPACT);
    assert_true(base64_encode(BASE64_URL, str_of(plain), text));
    free(plain);
}

/* header.claims.signature; the header and the claims as they are given. */
static void sign(const struct sign_key *key, json_t *header, json_t *claims, char out[TEXT_MAX])
{
    unsigned char signature[SIGN_SIGNATURE_MAX];
    struct buf text;
    buf_init(&text, TEXT_MAX - 1);
    put_part(&text, header);
    (void)buf_byte(&text, '.');
    put_part(&text, claims);
    size_t len = sign_make(key, buf_str(&text), signature);
    (void)buf_byte(&text, '.');
    assert_true(base64_encode(BASE64_URL, str_make((char *)signature, len), &text));
    memcpy(out, text.ptr, text.len);
    out[text.len] = '\0';
    buf_done(&text);
    json_decref(header);
    json_decref(claims);
}

static json_t *good_header(void)
{
    return json_pack("{s:s, s:s, s:s}", "alg", "ES256", "typ", "JWT", "kid", "1");
}

static json_t *good_claims(const struct signers *signers, const char *jti)
{
    json_int_t now_s = (json_int_t)signers->world->now_s;
    return json_pack("{s:s, s:s, s:s, s:s, s:I, s:I}", "iss", "signer", "sub", "signer", "aud",
                     ISSUER, "jti", jti, "iat", now_s, "exp", now_s + 300);
}

static void present(const struct signers *signers,
                    const char *assertion,
                    const char *more,
                    unsigned status,
                    const char *error)
{
    char form[TEXT_MAX + 512];
    (void)snprintf(form, sizeof(form),
                   "grant_type=client_credentials&client_assertion_type=" TYPE
                   "&client_assertion=%s%s",
                   assertion, more);
    expect(signers->world, FLOW_TOKEN, NULL, form, status, error);
}

static void a_signed_client_gets_its_token(void **state)
{
    const struct signers *signers = *state;
    char assertion[TEXT_MAX];
    sign(signers->first, good_header(), good_claims(signers, "a"), assertion);
    present(signers, assertion, "&client_id=signer", 200, "");
    sign(signers->second, json_pack("{s:s}", "alg", "RS256"), good_claims(signers, "b"), assertion);
    present(signers, assertion, "", 200, "");
}

static void the_audience_is_the_issuer_or_the_token_endpoint_also_among_others(void **state)
{
    const struct signers *signers = *state;
    json_t *audiences[] = {json_string(ISSUER "/oauth/token"),
                           json_pack("[s, s]", "https://other", ISSUER)};
    char assertion[TEXT_MAX];
    char jti[8];
    for (size_t i = 0; i < COUNT_OF(audiences); i++) {
        (void)snprintf(jti, sizeof(jti), "%zu", i);
        json_t *claims = good_claims(signers, jti);
        (void)json_object_set_new(claims, "aud", audiences[i]);
        sign(signers->first, good_header(), claims, assertion);
        present(signers, assertion, "", 200, "");
    }
}

static void an_assertion_is_good_once(void **state)
{
    const struct signers *signers = *state;
    char assertion[TEXT_MAX];
    sign(signers->first, good_header(), good_claims(signers, "once"), assertion);
    present(signers, assertion, "", 200, "");
    present(signers, assertion, "", 401, "invalid_client");
    /* Nor does its name serve another one. */
    json_t *claims = good_claims(signers, "once");
    (void)json_object_set_new(claims, "more", json_true());
    sign(signers->first, good_header(), claims, assertion);
    present(signers, assertion, "", 401, "invalid_client");
}

/* `value` is stolen; NULL takes the member away. */
static void change(json_t *object, const char *key, json_t *value)
{
    (void)(value == NULL ? json_object_del(object, key) : json_object_set_new(object, key, value));
}

static void claims_that_are_not_as_they_must_be_prove_nothing(void **state)
{
    const struct signers *signers = *state;
    json_int_t now_s = (json_int_t)signers->world->now_s;
    const struct {
        const char *key;
        json_t *value;
    } cases[] = {
        {"aud", NULL},
        {"aud", json_string("https://other")},
        {"aud", json_string(ISSUER "/")},
        {"aud", json_string(ISSUER "/oauth/revoke")},
        {"aud", json_array()},
        {"aud", json_pack("{s:s}", "a", ISSUER)},
        {"iss", NULL},
        {"iss", json_string("machine")},
        {"iss", json_string(ISSUER)},
        {"sub", NULL},
        {"sub", json_string("machine")},
        {"sub", json_string("nobody")},
        {"exp", NULL},
        {"exp", json_integer(now_s - 60)},
        {"exp", json_integer(now_s + 700)},
        {"exp", json_integer(-1)},
        {"exp", json_string("9999999999")},
        {"exp", json_real(1e308)},
        {"exp", json_real((double)now_s + 60.5)},
        {"nbf", json_integer(now_s + 120)},
        {"iat", json_integer(now_s + 120)},
        {"iat", json_string("now")},
        {"jti", NULL},
        {"jti", json_string("")},
        {"jti", json_integer(7)},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char assertion[TEXT_MAX];
        char jti[16];
        (void)snprintf(jti, sizeof(jti), "case %zu", i);
        json_t *claims = good_claims(signers, jti);
        change(claims, cases[i].key, cases[i].value);
        sign(signers->first, good_header(), claims, assertion);
        present(signers, assertion, "", 401, "invalid_client");
    }
}

static void headers_that_name_another_algorithm_key_or_kind_prove_nothing(void **state)
{
    const struct signers *signers = *state;
    const struct {
        const char *key;
        json_t *value;
    } cases[] = {
        {"alg", NULL},
        {"alg", json_string("none")},
        {"alg", json_string("RS256")},
        {"alg", json_string("HS256")},
        {"alg", json_string("es256")},
        {"kid", json_string("2")},
        {"kid", json_string("3")},
        {"kid", json_integer(1)},
        {"typ", json_string("at+jwt")},
        {"typ", json_string("")},
        {"crit", json_pack("[s]", "b64")},
        {"jwk", json_object()},
        {"jku", json_string("https://evil/keys")},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char assertion[TEXT_MAX];
        char jti[16];
        (void)snprintf(jti, sizeof(jti), "head %zu", i);
        json_t *header = good_header();
        change(header, cases[i].key, cases[i].value);
        sign(signers->first, header, good_claims(signers, jti), assertion);
        present(signers, assertion, "", 401, "invalid_client");
    }
}

static void a_foreign_key_no_signature_and_no_token_at_all_prove_nothing(void **state)
{
    const struct signers *signers = *state;
    char assertion[TEXT_MAX];
    sign(signers->foreign, good_header(), good_claims(signers, "f"), assertion);
    present(signers, assertion, "", 401, "invalid_client");
    sign(signers->first, good_header(), good_claims(signers, "g"), assertion);
    char *dot = strrchr(assertion, '.');
    assert_non_null(dot);
    dot[1] = dot[1] == 'A' ? 'B' : 'A';
    present(signers, assertion, "", 401, "invalid_client");
    dot[1] = '\0';
    present(signers, assertion, "", 401, "invalid_client");
    present(signers, "a.b.c", "", 401, "invalid_client");
    present(signers, "..", "", 401, "invalid_client");
    present(signers, "", "", 401, "invalid_client");
}

static void who_is_named_must_be_who_has_signed(void **state)
{
    const struct signers *signers = *state;
    char assertion[TEXT_MAX];
    sign(signers->first, good_header(), good_claims(signers, "n"), assertion);
    present(signers, assertion, "&client_id=machine", 401, "invalid_client");
    present(signers, assertion, "&client_id=nobody", 401, "invalid_client");
}

static void there_is_one_way_to_prove_oneself_in_a_request(void **state)
{
    const struct signers *signers = *state;
    char assertion[TEXT_MAX];
    char form[TEXT_MAX + 512];
    sign(signers->first, good_header(), good_claims(signers, "w"), assertion);
    present(signers, assertion, "&client_secret=secret", 400, "invalid_request");
    (void)snprintf(form, sizeof(form),
                   "grant_type=client_credentials&client_assertion_type=" TYPE
                   "&client_assertion=%s",
                   assertion);
    expect(signers->world, FLOW_TOKEN, "signer:secret", form, 400, "invalid_request");
    expect(signers->world, FLOW_TOKEN, NULL,
           "grant_type=client_credentials&client_assertion_type=other&client_assertion=x", 401,
           "invalid_client");
}

/* A secret that it has, if only for WAMP, is none here. */
static void a_client_proves_itself_as_it_is_registered(void **state)
{
    const struct signers *signers = *state;
    struct world *world = signers->world;
    expect(world, FLOW_TOKEN, "signer:secret", "grant_type=client_credentials", 401,
           "invalid_client");
    world_client(world, "{'username': 'poster', 'groups': ['api_clients'],"
                        " 'client': {'type': 'confidential', 'grant_types': ['client_credentials'],"
                        " 'token_endpoint_auth_method': 'client_secret_post'}}");
    world_rebuild(world);
    expect(world, FLOW_TOKEN, "poster:secret", "grant_type=client_credentials", 401,
           "invalid_client");
    expect(world, FLOW_TOKEN, NULL,
           "grant_type=client_credentials&client_id=poster&client_secret=secret", 200, "");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_signed_client_gets_its_token),
        TEST(the_audience_is_the_issuer_or_the_token_endpoint_also_among_others),
        TEST(an_assertion_is_good_once),
        TEST(claims_that_are_not_as_they_must_be_prove_nothing),
        TEST(headers_that_name_another_algorithm_key_or_kind_prove_nothing),
        TEST(a_foreign_key_no_signature_and_no_token_at_all_prove_nothing),
        TEST(who_is_named_must_be_who_has_signed),
        TEST(there_is_one_way_to_prove_oneself_in_a_request),
        TEST(a_client_proves_itself_as_it_is_registered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
