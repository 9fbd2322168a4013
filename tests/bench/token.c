/* token.c - tokens in process: bench_token SECONDS.
 *
 * Prints a line of JSON a figure: to sign, to verify one that is remembered and one that is not,
 * beside what OpenSSL alone takes for the same signature. */
#include "token/token.h"

#include "base/encode.h"
#include "base/mem.h"
#include "base/str.h"
#include "piece.h"
#include "token/tokens_builder.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <stdlib.h>
#include <string.h>

enum { NOW_S = 1800000000, SLOW_BATCH = 50, DER_MAX = 80 };

#define REALM STR("com.example.bench")

struct bench {
    struct tokens *tokens;
    struct token_cache *cache;
    struct token_key *key;
    struct token_wanted wanted;
    json_t *claims;
    char *text;
    struct str signed_text;
    EVP_PKEY *pkey;
    EVP_MD *sha256;
    unsigned char der[DER_MAX];
    size_t der_len;
};

static void fail(const char *what)
{
    (void)fprintf(stderr, "bench_token: %s\n", what);
    exit(1);
}

static void verify_cached(void *ctx, size_t number)
{
    struct bench *bench = ctx;
    struct token token;
    const char *why = NULL;
    (void)number;
    if (!token_verify(bench->tokens, bench->cache, str_of(bench->text), &bench->wanted, &token,
                      &why)) {
        fail(why);
    }
    token_done(&token);
}

static void verify_uncached(void *ctx, size_t number)
{
    struct bench *bench = ctx;
    struct token token;
    const char *why = NULL;
    (void)number;
    if (!token_verify(bench->tokens, NULL, str_of(bench->text), &bench->wanted, &token, &why)) {
        fail(why);
    }
    token_done(&token);
}

static void verify_bare(void *ctx, size_t number)
{
    struct bench *bench = ctx;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    (void)number;
    if (EVP_DigestVerifyInit(md, NULL, bench->sha256, NULL, bench->pkey) != 1 ||
        EVP_DigestVerify(md, bench->der, bench->der_len,
                         (const unsigned char *)bench->signed_text.ptr,
                         bench->signed_text.len) != 1) {
        fail("OpenSSL does not verify it");
    }
    EVP_MD_CTX_free(md);
}

static void mint(void *ctx, size_t number)
{
    struct bench *bench = ctx;
    (void)number;
    mem_free(token_mint(bench->key, "at+jwt", bench->claims));
}

/* The public key, as whoever has only the JWK makes it. */
static EVP_PKEY *public_key(const struct sign_key *sign)
{
    struct str x = sign_key_part(sign, 0);
    struct str y = sign_key_part(sign, 1);
    unsigned char point[65] = {4};
    EVP_PKEY *pkey = NULL;
    memcpy(point + 1, x.ptr, 32);
    memcpy(point + 33, y.ptr, 32);
    OSSL_PARAM_BLD *params = OSSL_PARAM_BLD_new();
    (void)OSSL_PARAM_BLD_push_utf8_string(params, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    (void)OSSL_PARAM_BLD_push_octet_string(params, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
    OSSL_PARAM *list = OSSL_PARAM_BLD_to_param(params);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    if (EVP_PKEY_fromdata_init(ctx) != 1 ||
        EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, list) != 1) {
        fail("no public key");
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(list);
    OSSL_PARAM_BLD_free(params);
    return pkey;
}

static void prepare_bare(struct bench *bench)
{
    struct buf raw;
    const char *dot = strrchr(bench->text, '.');
    buf_init(&raw, SIGN_SIGNATURE_MAX);
    if (!base64_decode(BASE64_URL, str_of(dot + 1), &raw) || raw.len != 64) {
        fail("no signature");
    }
    ECDSA_SIG *pair = ECDSA_SIG_new();
    (void)ECDSA_SIG_set0(pair, BN_bin2bn((unsigned char *)raw.ptr, 32, NULL),
                         BN_bin2bn((unsigned char *)raw.ptr + 32, 32, NULL));
    unsigned char *at = bench->der;
    bench->der_len = (size_t)i2d_ECDSA_SIG(pair, &at);
    ECDSA_SIG_free(pair);
    buf_done(&raw);
    bench->signed_text = str_make(bench->text, (size_t)(dot - bench->text));
    bench->pkey = public_key(bench->key->sign);
    bench->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static void prepare(struct bench *bench)
{
    static const struct str realm = STR_INIT("com.example.bench");
    struct tokens_builder *builder = tokens_builder_new();
    bench->key = token_key_new(REALM, sign_key_generate(SIGN_ES256), NOW_S, 0);
    json_t *record = token_key_write(bench->key);
    char *text = json_dumps(record, JSON_COMPACT);
    (void)tokens_builder_apply(builder, &(struct store_record){.kind = STR("key"),
                                                               .realm = REALM,
                                                               .key = str_of(bench->key->id),
                                                               .value = str_of(text)});
    bench->tokens = tokens_builder_build(builder, 1);
    tokens_builder_free(builder);
    free(text);
    json_decref(record);
    bench->cache = token_cache_new();
    bench->claims =
        json_pack("{s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:s, s:[s, s]}", "iss",
                  "https://api.example.com/realms/com.example.bench", "aud", "com.example.bench",
                  "sub", "machine", "client_id", "machine", "iat", (json_int_t)NOW_S, "exp",
                  (json_int_t)NOW_S + 900, "jti", "Zm9vYmFyYmF6cXV4eHl6eg", "scope",
                  "staff api_clients", "groups", "staff", "api_clients");
    bench->text = token_mint(bench->key, "at+jwt", bench->claims);
    bench->wanted = (struct token_wanted){.realms = &realm,
                                          .realm_count = 1,
                                          .type = "at+jwt",
                                          .issuer = STR("https://api.example.com/realms/"
                                                        "com.example.bench"),
                                          .audience = REALM,
                                          .now_s = NOW_S + 1,
                                          .leeway_s = TOKEN_LEEWAY_S};
    prepare_bare(bench);
}

static void print(const char *name, double ns)
{
    (void)printf("{\"name\": \"%s\", \"ns\": %.1f}\n", name, ns);
}

int main(int argc, char **argv)
{
    struct bench bench = {0};
    double seconds = argc == 2 ? strtod(argv[1], NULL) : 0;
    if (seconds <= 0) {
        (void)fputs("usage: bench_token SECONDS\n", stderr);
        return 64;
    }
    prepare(&bench);
    time_piece("verify, remembered", seconds, verify_cached, &bench);
    print("verify", piece_ns(seconds, verify_uncached, &bench, SLOW_BATCH));
    print("OpenSSL verifies", piece_ns(seconds, verify_bare, &bench, SLOW_BATCH));
    print("mint", piece_ns(seconds, mint, &bench, SLOW_BATCH));
    EVP_PKEY_free(bench.pkey);
    EVP_MD_free(bench.sha256);
    mem_free(bench.text);
    json_decref(bench.claims);
    token_cache_free(bench.cache);
    snapshot_unref((struct snapshot *)(void *)bench.tokens);
    token_key_unref(bench.key);
    return 0;
}
