/* links: jwt openssl_crypto */
/* test_token.c - what is minted verifies, here and by libjwt; what is forged does not. */
#include "token_helper.h"

#include <jwt.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#define TYPE "at+jwt"

static const struct str realms[] = {STR_INIT("com.example.app")};

static struct token_wanted wanted(void)
{
    return (struct token_wanted){.realms = realms,
                                 .realm_count = 1,
                                 .type = TYPE,
                                 .audience = STR("api"),
                                 .now_s = NOW_S,
                                 .leeway_s = TOKEN_LEEWAY_S};
}

static json_t *claims_from(uint64_t issued_s, uint64_t expires_s)
{
    return json_pack("{s:s, s:s, s:s, s:I, s:I, s:I}", "iss", "com.example.app", "aud", "api",
                     "sub", "ann", "iat", (json_int_t)issued_s, "nbf", (json_int_t)issued_s, "exp",
                     (json_int_t)expires_s);
}

static char *minted(const struct token_key *key, uint64_t issued_s, uint64_t expires_s)
{
    json_t *claims = claims_from(issued_s, expires_s);
    char *text = token_mint(key, TYPE, claims);
    json_decref(claims);
    assert_non_null(text);
    return text;
}

static const char *verdict_of(const struct tokens *tokens,
                              struct token_cache *cache,
                              struct str text,
                              const struct token_wanted *want)
{
    struct token token;
    const char *why = NULL;
    if (token_verify(tokens, cache, text, want, &token, &why)) {
        token_done(&token);
        return "good";
    }
    assert_null(token.claims);
    assert_null(token.key);
    assert_non_null(why);
    return why;
}

static void a_minted_token_of_each_algorithm_verifies(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIGN_ALGORITHMS; i++) {
        struct token_key *key = make_key(REALM, (enum sign_algorithm)i);
        struct tokens *tokens = tokens_with(&key, 1);
        char *text = minted(key, NOW_S, NOW_S + 60);
        struct token token;
        const char *why = NULL;
        const struct token_wanted want = wanted();
        assert_true(token_verify(tokens, NULL, str_of(text), &want, &token, &why));
        assert_string_equal(json_string_value(json_object_get(token.claims, "sub")), "ann");
        assert_true(str_eq(token.key->realm, REALM));
        token_done(&token);
        mem_free(text);
        drop(tokens);
        token_key_unref(key);
    }
}

/* What anybody may look up: the public half, from the JWK alone. */
static struct sign_key *from_jwk(const struct token_key *key)
{
    static const char *const members[SIGN_ALGORITHMS][2] = {{"x", "y"}, {"n", "e"}, {"x", "-"}};
    enum sign_algorithm algorithm = sign_key_algorithm(key->sign);
    json_t *jwk = token_key_jwk(key);
    struct buf parts[2];
    assert_string_equal(json_string_value(json_object_get(jwk, "use")), "sig");
    assert_string_equal(json_string_value(json_object_get(jwk, "kid")), key->id);
    assert_string_equal(json_string_value(json_object_get(jwk, "alg")),
                        sign_algorithm_name(algorithm));
    static const char *const secret[] = {"d", "p", "q", "dp", "dq", "qi", "k"};
    for (size_t i = 0; i < COUNT_OF(secret); i++) {
        assert_null(json_object_get(jwk, secret[i]));
    }
    for (size_t i = 0; i < 2; i++) {
        buf_init(&parts[i], 4096);
        const char *text = json_string_value(json_object_get(jwk, members[algorithm][i]));
        assert_true(base64_decode(BASE64_URL, str_of(text), &parts[i]));
    }
    struct sign_key *public = sign_key_public(algorithm, buf_str(&parts[0]), buf_str(&parts[1]));
    buf_done(&parts[0]);
    buf_done(&parts[1]);
    json_decref(jwk);
    return public;
}

static void a_minted_token_verifies_by_its_jwk_alone(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIGN_ALGORITHMS; i++) {
        struct token_key *key = make_key(REALM, (enum sign_algorithm)i);
        char *text = minted(key, NOW_S, NOW_S + 60);
        struct sign_key *public = from_jwk(key);
        struct buf signature;
        char *dot = strrchr(text, '.');
        buf_init(&signature, SIGN_SIGNATURE_MAX);
        assert_true(base64_decode(BASE64_URL, str_of(dot + 1), &signature));
        assert_true(sign_verify(public, str_make(text, (size_t)(dot - text)), buf_str(&signature)));
        buf_done(&signature);
        sign_key_unref(public);
        mem_free(text);
        token_key_unref(key);
    }
}

static char *public_pem(const struct token_key *key)
{
    char *pem = sign_key_pem(key->sign);
    BIO *in = BIO_new_mem_buf(pem, -1);
    BIO *out = BIO_new(BIO_s_mem());
    EVP_PKEY *pkey = PEM_read_bio_PrivateKey(in, NULL, NULL, NULL);
    char *bytes = NULL;
    assert_int_equal(PEM_write_bio_PUBKEY(out, pkey), 1);
    size_t len = (size_t)BIO_get_mem_data(out, &bytes);
    char *text = str_dup(str_make(bytes, len));
    EVP_PKEY_free(pkey);
    BIO_free(in);
    BIO_free(out);
    mem_free(pem);
    return text;
}

/* It knows no type but "JWT" and no EdDSA. */
static void libjwt_verifies_what_is_minted(void **state)
{
    (void)state;
    static const enum sign_algorithm known[] = {SIGN_ES256, SIGN_RS256};
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        struct token_key *key = make_key(REALM, known[i]);
        json_t *claims = claims_from(NOW_S, NOW_S + 60);
        char *text = token_mint(key, "JWT", claims);
        char *pem = public_pem(key);
        jwt_t *jwt = NULL;
        assert_int_equal(jwt_decode(&jwt, text, (const unsigned char *)pem, (int)strlen(pem)), 0);
        assert_string_equal(jwt_get_grant(jwt, "sub"), "ann");
        assert_string_equal(jwt_get_header(jwt, "kid"), key->id);
        assert_string_equal(jwt_get_header(jwt, "alg"), sign_algorithm_name(known[i]));
        jwt_free(jwt);
        mem_free(pem);
        mem_free(text);
        json_decref(claims);
        token_key_unref(key);
    }
}

/* The examples of RFC 7638, 3.1, and RFC 8037, A.3. */
static void a_keys_id_is_its_thumbprint(void **state)
{
    (void)state;
    static const struct {
        enum sign_algorithm algorithm;
        const char *parts[2];
        const char *id;
    } rows[] = {
        {SIGN_RS256,
         {"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_B"
          "JECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_F"
          "DW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4"
          "vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
          "AQAB"},
         "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"},
        {SIGN_EDDSA,
         {"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", ""},
         "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char id[KEY_ID_SIZE];
        struct buf parts[2];
        for (size_t j = 0; j < 2; j++) {
            buf_init(&parts[j], 4096);
            assert_true(base64_decode(BASE64_URL, str_of(rows[i].parts[j]), &parts[j]));
        }
        struct sign_key *key =
            sign_key_public(rows[i].algorithm, buf_str(&parts[0]), buf_str(&parts[1]));
        token_key_id(key, id);
        assert_string_equal(id, rows[i].id);
        sign_key_unref(key);
        buf_done(&parts[0]);
        buf_done(&parts[1]);
    }
}

static char *with_id(const char *format, const char *id)
{
    struct buf text;
    buf_init(&text, 4096);
    for (const char *at = format; *at != '\0'; at++) {
        (void)(*at == '@' ? buf_append(&text, str_of(id)) : buf_byte(&text, *at));
    }
    return buf_take(&text, NULL);
}

#define GOOD_HEADER "{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\"}"
#define GOOD_CLAIMS "{\"iss\":\"com.example.app\",\"aud\":\"api\",\"exp\":1800000060}"

/* All signed by the realm's own ES256 key, so that the signature is never what fails. */
static const struct forgery {
    const char *header; /* @: the key's id */
    const char *claims;
    const char *why; /* a part of it */
} forgeries[] = {
    {GOOD_HEADER, GOOD_CLAIMS, "good"},
    {"{\"alg\":\"ES256\",\"typ\":\"application/AT+JWT\",\"kid\":\"@\"}", GOOD_CLAIMS, "good"},
    /* algorithms */
    {"{\"alg\":\"none\",\"typ\":\"at+jwt\",\"kid\":\"@\"}", GOOD_CLAIMS, "algorithm"},
    {"{\"alg\":\"nOnE\",\"typ\":\"at+jwt\",\"kid\":\"@\"}", GOOD_CLAIMS, "algorithm"},
    {"{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"@\"}", GOOD_CLAIMS, "algorithm"},
    {"{\"alg\":\"RS256\",\"typ\":\"at+jwt\",\"kid\":\"@\"}", GOOD_CLAIMS, "algorithm"},
    {"{\"alg\":\"ES384\",\"typ\":\"at+jwt\",\"kid\":\"@\"}", GOOD_CLAIMS, "algorithm"},
    {"{\"alg\":\"es256\",\"typ\":\"at+jwt\",\"kid\":\"@\"}", GOOD_CLAIMS, "algorithm"},
    {"{\"alg\":\"\",\"typ\":\"at+jwt\",\"kid\":\"@\"}", GOOD_CLAIMS, "algorithm"},
    {"{\"alg\":[\"ES256\"],\"typ\":\"at+jwt\",\"kid\":\"@\"}", GOOD_CLAIMS, "algorithm"},
    {"{\"typ\":\"at+jwt\",\"kid\":\"@\"}", GOOD_CLAIMS, "algorithm"},
    {"{\"alg\":\"ES256\",\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\"}", GOOD_CLAIMS,
     "no token"},
    /* keys */
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\"}", GOOD_CLAIMS, "no key"},
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"\"}", GOOD_CLAIMS, "no key"},
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"../../dev/null\"}", GOOD_CLAIMS, "no key"},
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@x\"}", GOOD_CLAIMS, "no key"},
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":1}", GOOD_CLAIMS, "no key"},
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\",\"jku\":\"http://127.0.0.1/\"}",
     GOOD_CLAIMS, "asks for more"},
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\",\"x5u\":\"http://127.0.0.1/\"}",
     GOOD_CLAIMS, "asks for more"},
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\",\"jwk\":{\"kty\":\"EC\"}}", GOOD_CLAIMS,
     "asks for more"},
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\",\"x5c\":[]}", GOOD_CLAIMS,
     "asks for more"},
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\",\"crit\":[]}", GOOD_CLAIMS,
     "asks for more"},
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\",\"crit\":[\"exp\"],\"exp\":1}",
     GOOD_CLAIMS, "asks for more"},
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\",\"b64\":false}", GOOD_CLAIMS,
     "asks for more"},
    /* types */
    {"{\"alg\":\"ES256\",\"kid\":\"@\"}", GOOD_CLAIMS, "type"},
    {"{\"alg\":\"ES256\",\"typ\":\"JWT\",\"kid\":\"@\"}", GOOD_CLAIMS, "type"},
    {"{\"alg\":\"ES256\",\"typ\":\"dpop+jwt\",\"kid\":\"@\"}", GOOD_CLAIMS, "type"},
    {"{\"alg\":\"ES256\",\"typ\":\"logout+jwt\",\"kid\":\"@\"}", GOOD_CLAIMS, "type"},
    {"{\"alg\":\"ES256\",\"typ\":\"ticket+jwt\",\"kid\":\"@\"}", GOOD_CLAIMS, "type"},
    {"{\"alg\":\"ES256\",\"typ\":\"application/\",\"kid\":\"@\"}", GOOD_CLAIMS, "type"},
    /* what is no header */
    {"[]", GOOD_CLAIMS, "no token"},
    {"null", GOOD_CLAIMS, "no token"},
    {"", GOOD_CLAIMS, "no token"},
    {"{", GOOD_CLAIMS, "no token"},
    {GOOD_HEADER "x", GOOD_CLAIMS, "no token"},
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\",\"\xff\":1}", GOOD_CLAIMS, "no token"},
    {"{\"alg\":\"ES256\",\"typ\":\"at+jwt\",\"kid\":\"@\",\"x\":\"\\u0000\"}", GOOD_CLAIMS,
     "no token"},
    /* claims */
    {GOOD_HEADER, "[]", "JSON object"},
    {GOOD_HEADER, "x", "JSON object"},
    {GOOD_HEADER, "{\"exp\":1800000060,\"exp\":1800000060}", "JSON object"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":\"api\"}", "times"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":\"api\",\"exp\":\"1800000060\"}", "times"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":\"api\",\"exp\":1800000060.5}", "times"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":\"api\",\"exp\":1e308}", "times"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":\"api\",\"exp\":-1}", "times"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":\"api\",\"exp\":9223372036854775807}",
     "times"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":\"api\",\"exp\":99999999999999999999}",
     "JSON object"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":\"api\",\"exp\":null}", "times"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":\"api\",\"exp\":900}", "expired"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":\"api\",\"exp\":1800000060,\"nbf\":\"1\"}",
     "times"},
    {GOOD_HEADER,
     "{\"iss\":\"com.example.app\",\"aud\":\"api\",\"exp\":1800000060,\"nbf\":1800000040}",
     "future"},
    {GOOD_HEADER,
     "{\"iss\":\"com.example.app\",\"aud\":\"api\",\"exp\":1800000060,\"iat\":1800000040}",
     "future"},
    {GOOD_HEADER, "{\"aud\":\"api\",\"exp\":1800000060}", "issuer"},
    {GOOD_HEADER, "{\"iss\":\"com.example.other\",\"aud\":\"api\",\"exp\":1800000060}", "issuer"},
    {GOOD_HEADER, "{\"iss\":[\"com.example.app\"],\"aud\":\"api\",\"exp\":1800000060}", "issuer"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"exp\":1800000060}", "audience"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":\"apis\",\"exp\":1800000060}", "audience"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":[],\"exp\":1800000060}", "audience"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":[\"x\",1],\"exp\":1800000060}", "audience"},
    {GOOD_HEADER, "{\"iss\":\"com.example.app\",\"aud\":[\"x\",\"api\"],\"exp\":1800000060}",
     "good"},
};

static void judge(const struct forgery *forgery, const char *verdict)
{
    if (strstr(verdict, forgery->why) == NULL) {
        fail_msg("%s %s: \"%s\" does not say \"%s\"", forgery->header, forgery->claims, verdict,
                 forgery->why);
    }
}

static void what_is_forged_is_refused_and_the_reason_is_known(void **state)
{
    (void)state;
    struct token_key *key = make_key(REALM, SIGN_ES256);
    struct tokens *tokens = tokens_with(&key, 1);
    struct token_cache *cache = token_cache_new();
    const struct token_wanted want = wanted();
    for (size_t i = 0; i < COUNT_OF(forgeries); i++) {
        char *header = with_id(forgeries[i].header, key->id);
        char *text = forge(key->sign, header, forgeries[i].claims);
        for (unsigned again = 0; again < 2; again++) {
            judge(&forgeries[i], verdict_of(tokens, cache, str_of(text), &want));
        }
        mem_free(text);
        mem_free(header);
    }
    token_cache_free(cache);
    drop(tokens);
    token_key_unref(key);
}

/* The public key as the secret of an HMAC, in the two forms that libraries have fallen for. */
static void a_public_key_is_no_shared_secret(void **state)
{
    (void)state;
    struct token_key *key = make_key(REALM, SIGN_RS256);
    struct tokens *tokens = tokens_with(&key, 1);
    char *header = with_id("{\"alg\":\"HS256\",\"typ\":\"at+jwt\",\"kid\":\"@\"}", key->id);
    json_t *jwk = token_key_jwk(key);
    char *secret = json_dumps(jwk, JSON_COMPACT);
    struct buf text;
    unsigned char mac[32];
    size_t mac_len = 0;
    buf_init(&text, 8192);
    (void)base64_encode(BASE64_URL, str_of(header), &text);
    (void)buf_byte(&text, '.');
    (void)base64_encode(BASE64_URL, STR(GOOD_CLAIMS), &text);
    assert_non_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, secret, strlen(secret),
                              (const unsigned char *)text.ptr, text.len, mac, sizeof(mac),
                              &mac_len));
    (void)buf_byte(&text, '.');
    (void)base64_encode(BASE64_URL, str_make((const char *)mac, mac_len), &text);
    const struct token_wanted want = wanted();
    assert_non_null(strstr(verdict_of(tokens, NULL, buf_str(&text), &want), "algorithm"));
    buf_done(&text);
    free(secret);
    json_decref(jwk);
    mem_free(header);
    drop(tokens);
    token_key_unref(key);
}

static void the_key_of_another_realm_or_of_nobody_signs_nothing_here(void **state)
{
    (void)state;
    struct token_key *keys[] = {make_key(REALM, SIGN_ES256),
                                make_key(STR("com.example.other"), SIGN_ES256)};
    struct tokens *tokens = tokens_with(keys, 2);
    const struct token_wanted want = wanted();
    char *foreign = minted(keys[1], NOW_S, NOW_S + 60);
    assert_non_null(strstr(verdict_of(tokens, NULL, str_of(foreign), &want), "no key"));
    /* In the name of ours. */
    char *header = with_id(GOOD_HEADER, keys[0]->id);
    char *text = forge(keys[1]->sign, header, GOOD_CLAIMS);
    assert_non_null(strstr(verdict_of(tokens, NULL, str_of(text), &want), "signature"));
    /* Both realms' keys count: then the issuer is still the realm whose key it is. */
    const struct str both[] = {REALM, STR("com.example.other")};
    struct token_wanted either = wanted();
    either.realms = both;
    either.realm_count = 2;
    assert_non_null(strstr(verdict_of(tokens, NULL, str_of(foreign), &either), "issuer"));
    mem_free(text);
    mem_free(header);
    mem_free(foreign);
    drop(tokens);
    token_key_unref(keys[0]);
    token_key_unref(keys[1]);
}

static void what_is_not_three_parts_of_base64url_is_no_token(void **state)
{
    (void)state;
    struct token_key *key = make_key(REALM, SIGN_ES256);
    struct tokens *tokens = tokens_with(&key, 1);
    char *good = minted(key, NOW_S, NOW_S + 60);
    const struct token_wanted want = wanted();
    struct str text = str_of(good);
    assert_string_equal(verdict_of(tokens, NULL, text, &want), "good");
    /* Cut anywhere, and with every single character changed to its neighbours. */
    for (size_t i = 0; i < text.len; i++) {
        assert_string_not_equal(verdict_of(tokens, NULL, str_sub(text, 0, i), &want), "good");
        assert_string_not_equal(verdict_of(tokens, NULL, str_from(text, i + 1), &want), "good");
        static const char others[] = "A_-=. +/\n\0\xc3";
        for (size_t j = 0; j < sizeof(others) - 1; j += i % 7 == 0 ? 1 : 5) {
            char old = good[i];
            if (old != others[j]) {
                good[i] = others[j];
                assert_string_not_equal(verdict_of(tokens, NULL, text, &want), "good");
                good[i] = old;
            }
        }
    }
    static const char *const none[] = {"",         ".",     "..",       "...",
                                       "a",        "a.b",   "a.b.c",    "a.b.c.d",
                                       "e30.e30.", "e30..", ".e30.e30", "e30.e30.e30.e30.e30"};
    for (size_t i = 0; i < COUNT_OF(none); i++) {
        assert_string_not_equal(verdict_of(tokens, NULL, str_of(none[i]), &want), "good");
    }
    struct buf longer;
    buf_init(&longer, (size_t)4 * TOKEN_TEXT_MAX);
    (void)buf_append(&longer, text);
    (void)buf_byte(&longer, '=');
    assert_string_not_equal(verdict_of(tokens, NULL, buf_str(&longer), &want), "good");
    buf_clear(&longer);
    while (longer.len <= TOKEN_TEXT_MAX) {
        (void)buf_append(&longer, STR("AAAA."));
    }
    assert_string_not_equal(verdict_of(tokens, NULL, buf_str(&longer), &want), "good");
    buf_done(&longer);
    mem_free(good);
    drop(tokens);
    token_key_unref(key);
}

/* 82 digits hold 2 bits too many: one of four spellings is right. */
static void a_signature_has_one_spelling(void **state)
{
    (void)state;
    struct token_key *key = make_key(REALM, SIGN_ES256);
    struct tokens *tokens = tokens_with(&key, 1);
    char *good = minted(key, NOW_S, NOW_S + 60);
    const struct token_wanted want = wanted();
    size_t last = strlen(good) - 1;
    unsigned taken = 0;
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    for (const char *at = digits; *at != '\0'; at++) {
        good[last] = *at;
        taken += strcmp(verdict_of(tokens, NULL, str_of(good), &want), "good") == 0;
    }
    assert_int_equal(taken, 1);
    mem_free(good);
    drop(tokens);
    token_key_unref(key);
}

static void a_token_lives_from_its_beginning_to_its_end_give_or_take_the_leeway(void **state)
{
    (void)state;
    static const struct {
        uint64_t now_s;
        const char *why;
    } rows[] = {{NOW_S - TOKEN_LEEWAY_S - 1, "future"},
                {NOW_S - TOKEN_LEEWAY_S, "good"},
                {NOW_S, "good"},
                {NOW_S + 60, "good"},
                {NOW_S + 60 + TOKEN_LEEWAY_S - 1, "good"},
                {NOW_S + 60 + TOKEN_LEEWAY_S, "expired"},
                {NOW_S + 60 + TOKEN_LEEWAY_S + 1, "expired"}};
    struct token_key *key = make_key(REALM, SIGN_EDDSA);
    struct tokens *tokens = tokens_with(&key, 1);
    struct token_cache *cache = token_cache_new();
    char *text = minted(key, NOW_S, NOW_S + 60);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct token_wanted want = wanted();
        want.now_s = rows[i].now_s;
        assert_non_null(strstr(verdict_of(tokens, NULL, str_of(text), &want), rows[i].why));
        assert_non_null(strstr(verdict_of(tokens, cache, str_of(text), &want), rows[i].why));
    }
    mem_free(text);
    token_cache_free(cache);
    drop(tokens);
    token_key_unref(key);
}

static void a_cached_token_dies_with_its_key(void **state)
{
    (void)state;
    struct token_key *key = make_key(REALM, SIGN_ES256);
    struct tokens_builder *builder = tokens_builder_new();
    struct token_cache *cache = token_cache_new();
    const struct token_wanted want = wanted();
    char *text = minted(key, NOW_S, NOW_S + 60);
    apply_key_of(builder, key);
    struct tokens *with = tokens_builder_build(builder, 1);
    assert_string_equal(verdict_of(with, cache, str_of(text), &want), "good");
    assert_string_equal(verdict_of(with, cache, str_of(text), &want), "good");
    apply(builder, STR("key"), REALM, str_of(key->id), NULL);
    struct tokens *without = tokens_builder_build(builder, 2);
    assert_non_null(strstr(verdict_of(without, cache, str_of(text), &want), "no key"));
    /* Another type, though the signature is known. */
    struct token_wanted other = wanted();
    other.type = "ticket+jwt";
    assert_non_null(strstr(verdict_of(with, cache, str_of(text), &other), "type"));
    assert_string_equal(verdict_of(with, cache, str_of(text), &want), "good");
    mem_free(text);
    drop(with);
    drop(without);
    tokens_builder_free(builder);
    token_cache_free(cache);
    token_key_unref(key);
}

static void a_full_cache_forgets_and_never_mistakes(void **state)
{
    (void)state;
    struct token_key *key = make_key(REALM, SIGN_EDDSA);
    struct tokens *tokens = tokens_with(&key, 1);
    struct token_cache *cache = token_cache_new();
    const struct token_wanted want = wanted();
    for (unsigned i = 0; i < 3000; i++) {
        char *text = minted(key, NOW_S - 10000 + i, NOW_S + 60 + i);
        struct token token;
        const char *why = NULL;
        assert_true(token_verify(tokens, cache, str_of(text), &want, &token, &why));
        assert_int_equal(json_integer_value(json_object_get(token.claims, "exp")), NOW_S + 60 + i);
        token_done(&token);
        mem_free(text);
    }
    token_cache_free(cache);
    drop(tokens);
    token_key_unref(key);
}

static void claims_that_do_not_fit_are_not_minted(void **state)
{
    (void)state;
    static char padding[TOKEN_TEXT_MAX];
    memset(padding, 'x', sizeof(padding) - 1);
    for (unsigned i = 0; i < SIGN_ALGORITHMS; i++) {
        struct token_key *key = make_key(REALM, (enum sign_algorithm)i);
        json_t *claims = json_pack("{s:s}", "padding", padding);
        assert_null(token_mint(key, TYPE, claims));
        json_decref(claims);
        token_key_unref(key);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_minted_token_of_each_algorithm_verifies),
        cmocka_unit_test(a_minted_token_verifies_by_its_jwk_alone),
        cmocka_unit_test(libjwt_verifies_what_is_minted),
        cmocka_unit_test(a_keys_id_is_its_thumbprint),
        cmocka_unit_test(what_is_forged_is_refused_and_the_reason_is_known),
        cmocka_unit_test(a_public_key_is_no_shared_secret),
        cmocka_unit_test(the_key_of_another_realm_or_of_nobody_signs_nothing_here),
        cmocka_unit_test(what_is_not_three_parts_of_base64url_is_no_token),
        cmocka_unit_test(a_signature_has_one_spelling),
        cmocka_unit_test(a_token_lives_from_its_beginning_to_its_end_give_or_take_the_leeway),
        cmocka_unit_test(a_cached_token_dies_with_its_key),
        cmocka_unit_test(a_full_cache_forgets_and_never_mistakes),
        cmocka_unit_test(claims_that_do_not_fit_are_not_minted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
