#include "application/jwk.h"

#include "application/member.h"
#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"

enum { PART_MAX = SIGN_RSA_BITS_MAX / 8, KID_MAX = 256 };

static const struct form {
    const char *kty;
    const char *crv; /* NULL: it has none */
    const char *parts[2];
    enum sign_algorithm algorithm;
} forms[] = {
    {"EC", "P-256", {"x", "y"}, SIGN_ES256},
    {"RSA", NULL, {"n", "e"}, SIGN_RS256},
    {"OKP", "Ed25519", {"x", NULL}, SIGN_EDDSA},
};

static const struct form *form_of(const json_t *jwk)
{
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        struct str crv = str_of(forms[i].crv == NULL ? "" : forms[i].crv);
        if (str_eq(member_text(jwk, "kty"), str_of(forms[i].kty)) &&
            str_eq(member_text(jwk, "crv"), crv)) {
            return &forms[i];
        }
    }
    return NULL;
}

static bool has_private_part(const json_t *jwk)
{
    static const char *const names[] = {"d", "p", "q", "dp", "dq", "qi", "oth", "k"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (json_object_get(jwk, names[i]) != NULL) {
            return true;
        }
    }
    return false;
}

static bool is_or_absent(const json_t *jwk, const char *key, const char *wanted)
{
    return json_object_get(jwk, key) == NULL || str_eq(member_text(jwk, key), str_of(wanted));
}

static struct sign_key *read_parts(const json_t *jwk, const struct form *form)
{
    struct buf parts[2];
    struct sign_key *key = NULL;
    bool good = true;
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        buf_init(&parts[i], PART_MAX);
        if (form->parts[i] != NULL) {
            struct str text = member_text(jwk, form->parts[i]);
            good = good && text.len > 0 && base64_decode(BASE64_URL, text, &parts[i]);
        }
    }
    if (good) {
        key = sign_key_public(form->algorithm, buf_str(&parts[0]), buf_str(&parts[1]));
    }
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        buf_done(&parts[i]);
    }
    return key;
}

struct sign_key *jwk_read(const json_t *jwk, struct err *err)
{
    const struct form *form = form_of(jwk);
    const json_t *kid = json_object_get(jwk, "kid");
    if (has_private_part(jwk)) {
        (void)err_set(err, ERR_INVALID,
                      "is a private key, or a shared one: give the public half, and make a new "
                      "pair, since this one has been shown");
        return NULL;
    }
    if (form == NULL) {
        (void)err_set(err, ERR_INVALID, "must be EC on P-256, RSA, or OKP on Ed25519");
        return NULL;
    }
    if (!is_or_absent(jwk, "alg", sign_algorithm_name(form->algorithm)) ||
        !is_or_absent(jwk, "use", "sig")) {
        (void)err_set(err, ERR_INVALID, "is for another algorithm than %s, or not for signatures",
                      sign_algorithm_name(form->algorithm));
        return NULL;
    }
    if (kid != NULL && (!json_is_string(kid) || json_string_length(kid) > KID_MAX)) {
        (void)err_set(err, ERR_INVALID, "has a \"kid\" that is no text of at most %d bytes",
                      KID_MAX);
        return NULL;
    }
    struct sign_key *key = read_parts(jwk, form);
    if (key == NULL) {
        (void)err_set(err, ERR_INVALID,
                      "is no key: its parts are base64url, RSA has at least %d "
                      "bits",
                      SIGN_RSA_BITS_MIN);
    }
    return key;
}

static bool kid_is_new(const json_t *keys, size_t at)
{
    struct str kid = member_text(json_array_get(keys, at), "kid");
    for (size_t i = 0; kid.len > 0 && i < at; i++) {
        if (str_eq(kid, member_text(json_array_get(keys, i), "kid"))) {
            return false;
        }
    }
    return true;
}

bool jwks_check(const json_t *jwks, struct err *err)
{
    const json_t *keys = json_object_get(jwks, "keys");
    size_t count = json_array_size(keys);
    if (json_object_size(jwks) != 1 || count == 0 || count > JWKS_KEYS_MAX) {
        return err_set(err, ERR_INVALID, "must be {\"keys\": [...]} with one to %d public keys",
                       JWKS_KEYS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        struct err why = {0};
        struct sign_key *key = jwk_read(json_array_get(keys, i), &why);
        if (key == NULL) {
            return err_set(err, ERR_INVALID, "key %zu %s", i + 1, why.text);
        }
        sign_key_unref(key);
        if (!kid_is_new(keys, i)) {
            return err_set(err, ERR_INVALID, "key %zu has the \"kid\" of another", i + 1);
        }
    }
    return true;
}
