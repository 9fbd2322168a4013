/* sign.c - on EVP. A key's algorithm follows from what the key is, once, when it is made.
 *
 * What EVP needs for each operation is looked up by name under a lock, so a digest is fetched
 * once. JOSE has the two numbers of an ECDSA signature side by side, EVP in DER. */
#include "crypto/sign.h"

#include "base/mem.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/decoder.h>
#include <openssl/ec.h>
#include <openssl/encoder.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/params.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { HALF = 32, POINT_SIZE = 1 + 2 * HALF, ED25519_SIZE = 32, DER_MAX = 80, PARTS = 2 };

struct sign_key {
    atomic_uint refs;
    enum sign_algorithm algorithm;
    bool private;
    EVP_PKEY *pkey;
    char *bytes; /* of the parts */
    struct str parts[PARTS];
};

static EVP_MD *sha256;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void fetch(void)
{
    sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
}

static void must(bool done)
{
    if (!done) {
        (void)fprintf(stderr, "postern: OpenSSL cannot do what tokens need\n");
        abort();
    }
}

static const char *const names[SIGN_ALGORITHMS] = {
#define SIGN_TEXT(name, text) [SIGN_##name] = (text),
    SIGN_MAP(SIGN_TEXT)
#undef SIGN_TEXT
};

const char *sign_algorithm_name(enum sign_algorithm algorithm)
{
    return names[algorithm];
}

bool sign_algorithm_find(struct str name, enum sign_algorithm *out)
{
    for (unsigned i = 0; i < SIGN_ALGORITHMS; i++) {
        if (str_eq(name, str_of(names[i]))) {
            *out = (enum sign_algorithm)i;
            return true;
        }
    }
    return false;
}

/* Both numbers into one allocation. */
static void keep_parts(struct sign_key *key,
                       const unsigned char *first,
                       size_t first_len,
                       const unsigned char *second,
                       size_t second_len)
{
    key->bytes = mem_alloc(first_len + second_len + 1);
    memcpy(key->bytes, first, first_len);
    if (second_len > 0) {
        memcpy(key->bytes + first_len, second, second_len);
    }
    key->parts[0] = str_make(key->bytes, first_len);
    key->parts[1] = str_make(key->bytes + first_len, second_len);
}

static bool read_ec(struct sign_key *key, struct err *err)
{
    char group[32] = "";
    unsigned char point[POINT_SIZE];
    size_t len = 0;
    if (EVP_PKEY_get_group_name(key->pkey, group, sizeof(group), &len) != 1 ||
        strcmp(group, "prime256v1") != 0) {
        return err_set(err, ERR_INVALID, "an EC key must be on P-256");
    }
    EVP_PKEY_set_utf8_string_param(key->pkey, OSSL_PKEY_PARAM_EC_POINT_CONVERSION_FORMAT,
                                   "uncompressed");
    if (EVP_PKEY_get_octet_string_param(key->pkey, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, point,
                                        sizeof(point), &len) != 1 ||
        len != POINT_SIZE) {
        return err_set(err, ERR_INVALID, "the EC key has no public point");
    }
    key->algorithm = SIGN_ES256;
    keep_parts(key, point + 1, HALF, point + 1 + HALF, HALF);
    return true;
}

static bool read_rsa(struct sign_key *key, struct err *err)
{
    int bits = EVP_PKEY_get_bits(key->pkey);
    if (bits < SIGN_RSA_BITS_MIN || bits > SIGN_RSA_BITS_MAX) {
        return err_set(err, ERR_INVALID, "an RSA key must have %d to %d bits, this one has %d",
                       SIGN_RSA_BITS_MIN, SIGN_RSA_BITS_MAX, bits);
    }
    unsigned char n[SIGN_RSA_BITS_MAX / 8];
    unsigned char e[SIGN_RSA_BITS_MAX / 8];
    BIGNUM *modulus = NULL;
    BIGNUM *exponent = NULL;
    bool ok = EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_N, &modulus) == 1 &&
              EVP_PKEY_get_bn_param(key->pkey, OSSL_PKEY_PARAM_RSA_E, &exponent) == 1 &&
              BN_num_bytes(modulus) <= (int)sizeof(n) && BN_num_bytes(exponent) <= (int)sizeof(e);
    if (ok) {
        key->algorithm = SIGN_RS256;
        keep_parts(key, n, (size_t)BN_bn2bin(modulus, n), e, (size_t)BN_bn2bin(exponent, e));
    }
    BN_free(modulus);
    BN_free(exponent);
    return ok || err_set(err, ERR_INVALID, "the RSA key has no modulus");
}

static bool read_ed25519(struct sign_key *key, struct err *err)
{
    unsigned char x[ED25519_SIZE];
    size_t len = sizeof(x);
    if (EVP_PKEY_get_raw_public_key(key->pkey, x, &len) != 1 || len != sizeof(x)) {
        return err_set(err, ERR_INVALID, "the Ed25519 key has no public half");
    }
    key->algorithm = SIGN_EDDSA;
    keep_parts(key, x, sizeof(x), NULL, 0);
    return true;
}

static bool read_kind(struct sign_key *key, struct err *err)
{
    if (EVP_PKEY_is_a(key->pkey, "EC")) {
        return read_ec(key, err);
    }
    if (EVP_PKEY_is_a(key->pkey, "RSA")) {
        return read_rsa(key, err);
    }
    if (EVP_PKEY_is_a(key->pkey, "ED25519")) {
        return read_ed25519(key, err);
    }
    const char *type = EVP_PKEY_get0_type_name(key->pkey);
    return err_set(err, ERR_INVALID, "a key of type %.40s: it must be EC (P-256), RSA or Ed25519",
                   type == NULL ? "unknown" : type);
}

/* Takes over `pkey`. */
static struct sign_key *key_of(EVP_PKEY *pkey, bool private, struct err *err)
{
    struct sign_key *key = NEW(struct sign_key);
    (void)pthread_once(&once, fetch);
    must(sha256 != NULL);
    atomic_init(&key->refs, 1);
    key->pkey = pkey;
    key->private = private;
    if (!read_kind(key, err)) {
        sign_key_unref(key);
        return NULL;
    }
    return key;
}

struct sign_key *sign_key_ref(struct sign_key *key)
{
    (void)atomic_fetch_add_explicit(&key->refs, 1, memory_order_relaxed);
    return key;
}

void sign_key_unref(struct sign_key *key)
{
    if (key != NULL && atomic_fetch_sub_explicit(&key->refs, 1, memory_order_acq_rel) == 1) {
        EVP_PKEY_free(key->pkey);
        mem_free(key->bytes);
        mem_free(key);
    }
}

struct sign_key *sign_key_generate(enum sign_algorithm algorithm)
{
    EVP_PKEY *pkey = NULL;
    switch (algorithm) {
    case SIGN_RS256:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)SIGN_RSA_BITS_MIN);
        break;
    case SIGN_EDDSA:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
        break;
    default:
        pkey = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
        break;
    }
    must(pkey != NULL);
    struct sign_key *key = key_of(pkey, true, NULL);
    must(key != NULL);
    return key;
}

/* Two halves of a pair that do not belong together would sign what nobody can verify. */
static bool is_pair(const struct sign_key *key)
{
    unsigned char signature[SIGN_SIGNATURE_MAX];
    size_t len = sign_make(key, STR("pair"), signature);
    return len > 0 && sign_verify(key, STR("pair"), str_make((const char *)signature, len));
}

/* From the first private key on: files of EC keys may begin with the curve's parameters. */
static struct str private_part(struct str pem)
{
    static const struct str wanted = STR_INIT("PRIVATE KEY-----");
    for (size_t i = 0; i < pem.len; i++) {
        struct str line;
        struct str rest;
        (void)str_cut(str_from(pem, i), '\n', &line, &rest);
        if (str_starts(line, STR("-----BEGIN ")) && str_ends(str_trim(line), wanted)) {
            return str_from(pem, i);
        }
        i += line.len;
    }
    return STR_EMPTY;
}

struct sign_key *sign_key_read(struct str pem, struct err *err)
{
    static const unsigned char no_passphrase[1];
    EVP_PKEY *pkey = NULL;
    struct str part = pem.len <= SIGN_PEM_MAX ? private_part(pem) : STR_EMPTY;
    const unsigned char *at = (const unsigned char *)part.ptr;
    size_t left = part.len;
    struct sign_key *key = NULL;
    if (part.len == 0) {
        (void)err_set(err, ERR_INVALID, "no private key in PEM of at most %d bytes", SIGN_PEM_MAX);
        return NULL;
    }
    OSSL_DECODER_CTX *decoder = OSSL_DECODER_CTX_new_for_pkey(&pkey, "PEM", NULL, NULL,
                                                              OSSL_KEYMGMT_SELECT_ALL, NULL, NULL);
    must(decoder != NULL);
    /* Nobody is asked on the terminal. */
    (void)OSSL_DECODER_CTX_set_passphrase(decoder, no_passphrase, 0);
    bool ok = OSSL_DECODER_from_data(decoder, &at, &left) == 1;
    OSSL_DECODER_CTX_free(decoder);
    if (!ok || pkey == NULL) {
        (void)err_set(err, ERR_INVALID,
                      "no private key in PEM that can be read without a passphrase");
    } else {
        key = key_of(pkey, true, err);
        if (key != NULL && !is_pair(key)) {
            (void)err_set(err, ERR_INVALID, "the two halves of the key do not belong together");
            sign_key_unref(key);
            key = NULL;
        }
    }
    ERR_clear_error();
    return key;
}

static EVP_PKEY *from_parameters(const char *type, OSSL_PARAM_BLD *build)
{
    EVP_PKEY *pkey = NULL;
    OSSL_PARAM *parameters = OSSL_PARAM_BLD_to_param(build);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    must(parameters != NULL && ctx != NULL && EVP_PKEY_fromdata_init(ctx) == 1);
    if (EVP_PKEY_fromdata(ctx, &pkey, EVP_PKEY_PUBLIC_KEY, parameters) != 1) {
        pkey = NULL;
    }
    EVP_PKEY_CTX_free(ctx);
    OSSL_PARAM_free(parameters);
    return pkey;
}

static EVP_PKEY *public_ec(struct str x, struct str y)
{
    unsigned char point[POINT_SIZE] = {POINT_CONVERSION_UNCOMPRESSED};
    if (x.len != HALF || y.len != HALF) {
        return NULL;
    }
    memcpy(point + 1, x.ptr, HALF);
    memcpy(point + 1 + HALF, y.ptr, HALF);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    must(build != NULL);
    (void)OSSL_PARAM_BLD_push_utf8_string(build, OSSL_PKEY_PARAM_GROUP_NAME, "P-256", 0);
    (void)OSSL_PARAM_BLD_push_octet_string(build, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point));
    EVP_PKEY *pkey = from_parameters("EC", build);
    OSSL_PARAM_BLD_free(build);
    return pkey;
}

static EVP_PKEY *public_rsa(struct str n, struct str e)
{
    if (n.len == 0 || n.len > SIGN_RSA_BITS_MAX / 8 || e.len == 0 || e.len > n.len) {
        return NULL;
    }
    BIGNUM *modulus = BN_bin2bn((const unsigned char *)n.ptr, (int)n.len, NULL);
    BIGNUM *exponent = BN_bin2bn((const unsigned char *)e.ptr, (int)e.len, NULL);
    OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
    must(modulus != NULL && exponent != NULL && build != NULL);
    (void)OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus);
    (void)OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent);
    EVP_PKEY *pkey = from_parameters("RSA", build);
    OSSL_PARAM_BLD_free(build);
    BN_free(modulus);
    BN_free(exponent);
    return pkey;
}

struct sign_key *sign_key_public(enum sign_algorithm algorithm, struct str first, struct str second)
{
    EVP_PKEY *pkey = NULL;
    switch (algorithm) {
    case SIGN_RS256:
        pkey = public_rsa(first, second);
        break;
    case SIGN_EDDSA:
        pkey = EVP_PKEY_new_raw_public_key_ex(NULL, "ED25519", NULL,
                                              (const unsigned char *)first.ptr, first.len);
        break;
    default:
        pkey = public_ec(first, second);
        break;
    }
    struct sign_key *key = pkey == NULL ? NULL : key_of(pkey, false, NULL);
    ERR_clear_error();
    return key;
}

enum sign_algorithm sign_key_algorithm(const struct sign_key *key)
{
    return key->algorithm;
}

struct str sign_key_part(const struct sign_key *key, size_t at)
{
    return key->parts[at];
}

char *sign_key_pem(const struct sign_key *key)
{
    unsigned char *data = NULL;
    size_t len = 0;
    if (!key->private) {
        return NULL;
    }
    OSSL_ENCODER_CTX *encoder = OSSL_ENCODER_CTX_new_for_pkey(key->pkey, OSSL_KEYMGMT_SELECT_ALL,
                                                              "PEM", "PrivateKeyInfo", NULL);
    must(encoder != NULL && OSSL_ENCODER_to_data(encoder, &data, &len) == 1);
    OSSL_ENCODER_CTX_free(encoder);
    char *pem = str_dup(str_make((const char *)data, len));
    OPENSSL_clear_free(data, len);
    return pem;
}

static size_t halves_of(const unsigned char *der, size_t len, unsigned char *out)
{
    ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &der, (long)len);
    bool ok = signature != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(signature), out, HALF) == HALF &&
              BN_bn2binpad(ECDSA_SIG_get0_s(signature), out + HALF, HALF) == HALF;
    ECDSA_SIG_free(signature);
    return ok ? (size_t)2 * HALF : 0;
}

static size_t der_of(struct str halves, unsigned char out[DER_MAX])
{
    const unsigned char *bytes = (const unsigned char *)halves.ptr;
    ECDSA_SIG *signature = ECDSA_SIG_new();
    must(signature != NULL && ECDSA_SIG_set0(signature, BN_bin2bn(bytes, HALF, NULL),
                                             BN_bin2bn(bytes + HALF, HALF, NULL)) == 1);
    int len = i2d_ECDSA_SIG(signature, &out);
    ECDSA_SIG_free(signature);
    must(len > 0 && len <= DER_MAX);
    return (size_t)len;
}

static const EVP_MD *digest_of(const struct sign_key *key)
{
    return key->algorithm == SIGN_EDDSA ? NULL : sha256;
}

size_t sign_make(const struct sign_key *key, struct str message, unsigned char *out)
{
    unsigned char der[DER_MAX];
    bool ec = key->algorithm == SIGN_ES256;
    size_t len = ec ? sizeof(der) : SIGN_SIGNATURE_MAX;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    must(ctx != NULL);
    bool ok = key->private && EVP_DigestSignInit(ctx, NULL, digest_of(key), NULL, key->pkey) == 1 &&
              EVP_DigestSign(ctx, ec ? der : out, &len, (const unsigned char *)message.ptr,
                             message.len) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    if (!ok) {
        return 0;
    }
    return ec ? halves_of(der, len, out) : len;
}

bool sign_verify(const struct sign_key *key, struct str message, struct str signature)
{
    unsigned char der[DER_MAX];
    const unsigned char *bytes = (const unsigned char *)signature.ptr;
    size_t len = signature.len;
    if (key->algorithm == SIGN_ES256) {
        if (len != (size_t)2 * HALF) {
            return false;
        }
        len = der_of(signature, der);
        bytes = der;
    }
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    must(ctx != NULL);
    bool ok =
        EVP_DigestVerifyInit(ctx, NULL, digest_of(key), NULL, key->pkey) == 1 &&
        EVP_DigestVerify(ctx, bytes, len, (const unsigned char *)message.ptr, message.len) == 1;
    EVP_MD_CTX_free(ctx);
    ERR_clear_error();
    return ok;
}
