/* test_sign.c - keys of tokens: the published vectors, what OpenSSL and others write, and what is
 * refused. */
#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/sign.h"

#include <openssl/core_names.h>
#include <openssl/encoder.h>
#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct bytes {
    struct buf buf;
};

static struct str decoded(struct bytes *bytes, const char *text)
{
    buf_init(&bytes->buf, 4096);
    assert_true(base64_decode(BASE64_URL, str_of(text), &bytes->buf));
    return buf_str(&bytes->buf);
}

static struct sign_key *
public_key(enum sign_algorithm algorithm, const char *first, const char *second)
{
    struct bytes a;
    struct bytes b;
    struct sign_key *key = sign_key_public(algorithm, decoded(&a, first), decoded(&b, second));
    buf_done(&a.buf);
    buf_done(&b.buf);
    return key;
}

/* The payload of RFC 7515, A.2 and A.3. */
#define PAYLOAD                                                                  \
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS" \
    "9pc19yb290Ijp0cnVlfQ"

static const struct vector {
    enum sign_algorithm algorithm;
    const char *first;
    const char *second;
    const char *message;
    const char *signature;
} vectors[] = {
    {SIGN_ES256, "f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",
     "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0", "eyJhbGciOiJFUzI1NiJ9." PAYLOAD,
     "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q"},
    {SIGN_RS256,
     "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4"
     "d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5re"
     "xMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxX"
     "FvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ",
     "AQAB", "eyJhbGciOiJSUzI1NiJ9." PAYLOAD,
     "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5"
     "jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb"
     "1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QO"
     "YEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw"},
    {SIGN_EDDSA, "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", "",
     "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc",
     "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg"},
};

static void the_signatures_of_rfc_7515_and_8037_verify_and_no_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        const struct vector *vector = &vectors[i];
        struct sign_key *key = public_key(vector->algorithm, vector->first, vector->second);
        struct bytes bytes;
        struct str signature = decoded(&bytes, vector->signature);
        assert_non_null(key);
        assert_int_equal(sign_key_algorithm(key), vector->algorithm);
        assert_true(sign_verify(key, str_of(vector->message), signature));
        assert_false(sign_verify(key, STR("another"), signature));
        assert_false(sign_verify(key, str_of(vector->message), STR_EMPTY));
        assert_false(
            sign_verify(key, str_of(vector->message), str_sub(signature, 0, signature.len - 1)));
        bytes.buf.ptr[signature.len / 2] ^= 1;
        assert_false(sign_verify(key, str_of(vector->message), buf_str(&bytes.buf)));
        /* The numbers 0 and 0 are the oldest trick of them all. */
        memset(bytes.buf.ptr, 0, signature.len);
        assert_false(sign_verify(key, str_of(vector->message), buf_str(&bytes.buf)));
        buf_done(&bytes.buf);
        sign_key_unref(key);
    }
}

static void a_public_key_signs_nothing_and_shows_nothing(void **state)
{
    (void)state;
    unsigned char out[SIGN_SIGNATURE_MAX];
    struct sign_key *key = public_key(SIGN_EDDSA, vectors[2].first, "");
    assert_int_equal(sign_make(key, STR("message"), out), 0);
    assert_null(sign_key_pem(key));
    sign_key_unref(key);
}

static void parts_that_are_no_key_are_refused(void **state)
{
    (void)state;
    char zeroes[64] = "";
    assert_null(sign_key_public(SIGN_ES256, str_make(zeroes, 32), str_make(zeroes, 32)));
    assert_null(sign_key_public(SIGN_ES256, str_make(zeroes, 31), str_make(zeroes, 32)));
    assert_null(sign_key_public(SIGN_EDDSA, str_make(zeroes, 31), STR_EMPTY));
    assert_null(sign_key_public(SIGN_RS256, str_make(zeroes, 64), STR("\1\0\1")));
    assert_null(sign_key_public(SIGN_RS256, STR_EMPTY, STR_EMPTY));
}

static void a_key_survives_its_pem_and_signs_what_the_other_verifies(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIGN_ALGORITHMS; i++) {
        unsigned char out[SIGN_SIGNATURE_MAX];
        struct sign_key *made = sign_key_generate((enum sign_algorithm)i);
        char *pem = sign_key_pem(made);
        struct err err = {0};
        struct sign_key *read = sign_key_read(str_of(pem), &err);
        assert_non_null(read);
        assert_int_equal(sign_key_algorithm(read), i);
        assert_true(str_eq(sign_key_part(made, 0), sign_key_part(read, 0)));
        assert_true(str_eq(sign_key_part(made, 1), sign_key_part(read, 1)));
        size_t len = sign_make(made, STR("message"), out);
        assert_true(len > 0);
        struct str signature = str_make((const char *)out, len);
        assert_true(sign_verify(read, STR("message"), signature));
        struct sign_key *public =
            sign_key_public((enum sign_algorithm)i, sign_key_part(read, 0), sign_key_part(read, 1));
        assert_non_null(public);
        assert_true(sign_verify(public, STR("message"), signature));
        assert_false(sign_verify(public, STR("massage"), signature));
        sign_key_unref(public);
        sign_key_unref(read);
        sign_key_unref(made);
        mem_free(pem);
    }
}

/* Halves of an ECDSA signature that begin with zero bytes keep them. */
static void every_es256_signature_has_64_bytes(void **state)
{
    (void)state;
    struct sign_key *key = sign_key_generate(SIGN_ES256);
    for (unsigned i = 0; i < 600; i++) {
        unsigned char out[SIGN_SIGNATURE_MAX];
        struct str message = str_make((const char *)&i, sizeof(i));
        assert_int_equal(sign_make(key, message, out), 64);
        assert_true(sign_verify(key, message, str_make((const char *)out, 64)));
    }
    sign_key_unref(key);
}

static char *written(EVP_PKEY *pkey, const char *structure, const char *cipher)
{
    unsigned char *data = NULL;
    size_t len = 0;
    int selection = strcmp(structure, "SubjectPublicKeyInfo") == 0 ? EVP_PKEY_PUBLIC_KEY
                                                                   : OSSL_KEYMGMT_SELECT_ALL;
    OSSL_ENCODER_CTX *encoder =
        OSSL_ENCODER_CTX_new_for_pkey(pkey, selection, "PEM", structure, NULL);
    assert_non_null(encoder);
    if (cipher != NULL) {
        assert_int_equal(OSSL_ENCODER_CTX_set_cipher(encoder, cipher, NULL), 1);
        assert_int_equal(
            OSSL_ENCODER_CTX_set_passphrase(encoder, (const unsigned char *)"secret", 6), 1);
    }
    assert_int_equal(OSSL_ENCODER_to_data(encoder, &data, &len), 1);
    OSSL_ENCODER_CTX_free(encoder);
    char *pem = str_dup(str_make((const char *)data, len));
    OPENSSL_free(data);
    EVP_PKEY_free(pkey);
    return pem;
}

static void refused(char *pem, const char *why)
{
    struct err err = {0};
    assert_null(sign_key_read(str_of(pem), &err));
    assert_int_equal(err.code, ERR_INVALID);
    if (strstr(err.text, why) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, why);
    }
    assert_null(strstr(err.text, "BEGIN"));
    mem_free(pem);
}

static void the_older_forms_of_ec_and_rsa_keys_are_read(void **state)
{
    (void)state;
    static const char *const forms[] = {"EC PRIVATE KEY", "RSA PRIVATE KEY"};
    char *pems[] = {
        written(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), "type-specific", NULL),
        written(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048), "type-specific", NULL),
    };
    for (size_t i = 0; i < COUNT_OF(pems); i++) {
        struct err err = {0};
        assert_non_null(strstr(pems[i], forms[i]));
        struct sign_key *key = sign_key_read(str_of(pems[i]), &err);
        assert_non_null(key);
        sign_key_unref(key);
    }
    /* As `openssl ecparam -genkey` writes it. */
    struct buf both;
    buf_init(&both, SIGN_PEM_MAX);
    (void)buf_printf(&both,
                     "-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n"
                     "-----END EC PARAMETERS-----\n%s",
                     pems[0]);
    struct sign_key *key = sign_key_read(buf_str(&both), NULL);
    assert_non_null(key);
    sign_key_unref(key);
    buf_done(&both);
    mem_free(pems[0]);
    mem_free(pems[1]);
}

static void other_keys_are_refused_and_said_clearly(void **state)
{
    (void)state;
    refused(written(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384"), "PrivateKeyInfo", NULL), "P-256");
    refused(written(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "secp256k1"), "PrivateKeyInfo", NULL),
            "P-256");
    refused(written(EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024), "PrivateKeyInfo", NULL),
            "2048");
    refused(written(EVP_PKEY_Q_keygen(NULL, NULL, "X25519"), "PrivateKeyInfo", NULL), "Ed25519");
    refused(written(EVP_PKEY_Q_keygen(NULL, NULL, "ED448"), "PrivateKeyInfo", NULL), "Ed25519");
    refused(written(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), "PrivateKeyInfo", "AES-256-CBC"),
            "passphrase");
    refused(written(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), "SubjectPublicKeyInfo", NULL),
            "no private key");
    refused(str_dup(STR("")), "no private key");
    refused(str_dup(STR("secret")), "no private key");
    refused(str_dup(STR("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n")),
            "no private key");
    refused(str_dup(STR("-----BEGIN PRIVATE KEY-----")), "no private key");
    char *long_one = mem_alloc(SIGN_PEM_MAX + 2);
    memset(long_one, 'A', SIGN_PEM_MAX + 1);
    long_one[SIGN_PEM_MAX + 1] = '\0';
    refused(long_one, "at most");
}

/* The private half of one key and the public half of another, in the older form of EC keys, which
 * has both side by side. */
static void halves_of_two_keys_are_no_key(void **state)
{
    (void)state;
    char *pems[2];
    struct buf ders[2];
    struct buf mixed;
    struct buf pem;
    for (size_t i = 0; i < 2; i++) {
        pems[i] = written(EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256"), "type-specific", NULL);
        struct buf base64;
        buf_init(&ders[i], 1024);
        buf_init(&base64, 1024);
        struct str rest = str_of(pems[i]);
        for (bool more = true; more;) {
            struct str line;
            more = str_cut(rest, '\n', &line, &rest);
            (void)(str_starts(line, STR("-----")) || buf_append(&base64, line));
        }
        assert_true(base64_decode(BASE64_STANDARD, buf_str(&base64), &ders[i]));
        buf_done(&base64);
    }
    assert_int_equal(ders[0].len, ders[1].len);
    memcpy(ders[0].ptr + ders[0].len - 64, ders[1].ptr + ders[1].len - 64, 64);
    buf_init(&mixed, 1024);
    buf_init(&pem, 2048);
    (void)base64_encode(BASE64_STANDARD, buf_str(&ders[0]), &mixed);
    (void)buf_printf(&pem, "-----BEGIN EC PRIVATE KEY-----\n");
    for (size_t i = 0; i < mixed.len; i += 64) {
        (void)buf_append(&pem, str_sub(buf_str(&mixed), i, 64));
        (void)buf_byte(&pem, '\n');
    }
    (void)buf_printf(&pem, "-----END EC PRIVATE KEY-----\n");
    refused(buf_take(&pem, NULL), "belong together");
    for (size_t i = 0; i < 2; i++) {
        buf_done(&ders[i]);
        mem_free(pems[i]);
    }
    buf_done(&mixed);
}

static void algorithms_have_the_names_of_jose(void **state)
{
    (void)state;
    enum sign_algorithm found = SIGN_ES256;
    assert_true(sign_algorithm_find(STR("EdDSA"), &found));
    assert_int_equal(found, SIGN_EDDSA);
    assert_string_equal(sign_algorithm_name(SIGN_RS256), "RS256");
    assert_false(sign_algorithm_find(STR("none"), &found));
    assert_false(sign_algorithm_find(STR("HS256"), &found));
    assert_false(sign_algorithm_find(STR("es256"), &found));
    assert_false(sign_algorithm_find(STR_EMPTY, &found));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_signatures_of_rfc_7515_and_8037_verify_and_no_other),
        cmocka_unit_test(a_public_key_signs_nothing_and_shows_nothing),
        cmocka_unit_test(parts_that_are_no_key_are_refused),
        cmocka_unit_test(a_key_survives_its_pem_and_signs_what_the_other_verifies),
        cmocka_unit_test(every_es256_signature_has_64_bytes),
        cmocka_unit_test(the_older_forms_of_ec_and_rsa_keys_are_read),
        cmocka_unit_test(other_keys_are_refused_and_said_clearly),
        cmocka_unit_test(halves_of_two_keys_are_no_key),
        cmocka_unit_test(algorithms_have_the_names_of_jose),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
