#include "token/key.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "crypto/hash.h"
#include "crypto/secret.h"
#include "token/token_inside.h"

#include <stdlib.h>
#include <string.h>

enum { PART_TEXT_MAX = 2 * SIGN_SIGNATURE_MAX };

static const char *const status_names[] = {
    [KEY_ACTIVE] = "active",
    [KEY_RETIRING] = "retiring",
    [KEY_RETIRED] = "retired",
};

const char *key_status_name(enum key_status status)
{
    return status_names[status];
}

static bool status_find(struct str name, enum key_status *out)
{
    for (size_t i = 0; i < COUNT_OF(status_names); i++) {
        if (str_eq(name, str_of(status_names[i]))) {
            *out = (enum key_status)i;
            return true;
        }
    }
    return false;
}

/* The members of a JWK that say what the key is. */
static const struct jwk_form {
    const char *kty;
    const char *crv;
    const char *names[2]; /* of sign_key_part */
} forms[SIGN_ALGORITHMS] = {
    [SIGN_ES256] = {"EC", "P-256", {"x", "y"}},
    [SIGN_RS256] = {"RSA", NULL, {"n", "e"}},
    [SIGN_EDDSA] = {"OKP", "Ed25519", {"x", NULL}},
};

static json_t *part_text(const struct sign_key *sign, size_t at)
{
    struct buf text;
    buf_init(&text, PART_TEXT_MAX);
    (void)base64_encode(BASE64_URL, sign_key_part(sign, at), &text);
    json_t *value = json_str(buf_str(&text));
    buf_done(&text);
    return value;
}

static json_t *jwk_of(const struct sign_key *sign)
{
    const struct jwk_form *form = &forms[sign_key_algorithm(sign)];
    json_t *jwk = json_pack("{s:s}", "kty", form->kty);
    if (form->crv != NULL) {
        (void)json_object_set_new(jwk, "crv", json_string(form->crv));
    }
    for (size_t i = 0; i < COUNT_OF(form->names); i++) {
        if (form->names[i] != NULL) {
            (void)json_object_set_new(jwk, form->names[i], part_text(sign, i));
        }
    }
    return jwk;
}

/* Sorted, without blanks: what RFC 7638 hashes. */
void token_key_id(const struct sign_key *sign, char out[KEY_ID_SIZE])
{
    json_t *jwk = jwk_of(sign);
    char *canonical = json_dumps(jwk, JSON_COMPACT | JSON_SORT_KEYS);
    struct hash_sha256 digest = hash_sha256(str_of(canonical));
    struct buf text;
    buf_init(&text, KEY_ID_SIZE - 1);
    (void)base64_encode(BASE64_URL, hash_str(&digest), &text);
    memcpy(out, text.ptr, KEY_ID_SIZE - 1);
    out[KEY_ID_SIZE - 1] = '\0';
    buf_done(&text);
    free(canonical); /* jansson's */
    json_decref(jwk);
}

json_t *token_key_jwk(const struct token_key *key)
{
    json_t *jwk = jwk_of(key->sign);
    (void)json_object_set_new(jwk, "kid", json_string(key->id));
    (void)json_object_set_new(jwk, "use", json_string("sig"));
    (void)json_object_set_new(jwk, "alg",
                              json_string(sign_algorithm_name(sign_key_algorithm(key->sign))));
    return jwk;
}

static struct token_key *key_of(struct str realm, struct sign_key *sign)
{
    struct token_key *key = mem_calloc(1, sizeof(*key) + realm.len);
    atomic_init(&key->refs, 1);
    memcpy(key + 1, realm.ptr, realm.len);
    key->realm = str_make((const char *)(key + 1), realm.len);
    key->sign = sign;
    token_key_id(sign, key->id);
    return key;
}

struct token_key *
token_key_new(struct str realm, struct sign_key *sign, uint64_t now_s, uint64_t activated_s)
{
    struct token_key *key = key_of(realm, sign);
    key->created_s = now_s;
    key->activated_s = activated_s;
    return key;
}

struct token_key *token_key_ref(const struct token_key *key)
{
    struct token_key *mine = (struct token_key *)(uintptr_t)key;
    (void)atomic_fetch_add_explicit(&mine->refs, 1, memory_order_relaxed);
    return mine;
}

void token_key_unref(struct token_key *key)
{
    if (key != NULL && atomic_fetch_sub_explicit(&key->refs, 1, memory_order_acq_rel) == 1) {
        sign_key_unref(key->sign);
        mem_free(key);
    }
}

json_t *token_key_write(const struct token_key *key)
{
    char *pem = sign_key_pem(key->sign);
    json_t *value = json_pack(
        "{s:s, s:s, s:I, s:I, s:I, s:o, s:s}", "alg",
        sign_algorithm_name(sign_key_algorithm(key->sign)), "status", key_status_name(key->status),
        "created", (json_int_t)key->created_s, "activated", (json_int_t)key->activated_s, "retired",
        (json_int_t)key->retired_s, "public_key", token_key_jwk(key), "private_key", pem);
    crypto_wipe(pem, strlen(pem));
    mem_free(pem);
    return value;
}

static struct sign_key *read_private(struct str id, const json_t *value, struct err *err)
{
    char found[KEY_ID_SIZE];
    enum sign_algorithm algorithm;
    struct sign_key *sign = sign_key_read(json_member_str(value, "private_key"), err);
    if (sign == NULL) {
        return NULL;
    }
    token_key_id(sign, found);
    if (str_eq(str_of(found), id) &&
        sign_algorithm_find(json_member_str(value, "alg"), &algorithm) &&
        algorithm == sign_key_algorithm(sign)) {
        return sign;
    }
    (void)err_set(err, ERR_INVALID, "the record of another key");
    sign_key_unref(sign);
    return NULL;
}

struct token_key *
token_key_read(struct str realm, struct str id, const json_t *value, struct err *err)
{
    enum key_status status;
    uint64_t created_s = 0;
    uint64_t activated_s = 0;
    uint64_t retired_s = 0;
    if (!status_find(json_member_str(value, "status"), &status) ||
        !json_member_time(value, "created", &created_s) ||
        !json_member_time(value, "activated", &activated_s) ||
        !json_member_time(value, "retired", &retired_s)) {
        (void)err_set(err, ERR_INVALID, "not a key's record");
        return NULL;
    }
    struct sign_key *sign = status == KEY_RETIRED ? NULL : read_private(id, value, err);
    if (sign == NULL) {
        return NULL;
    }
    struct token_key *key = key_of(realm, sign);
    key->status = status;
    key->created_s = created_s;
    key->activated_s = activated_s;
    key->retired_s = retired_s;
    return key;
}

json_t *token_key_external(struct str id, const json_t *value)
{
    static const char *const shown[] = {"alg", "status", "created", "activated", "public_key"};
    uint64_t retired_s = 0;
    json_t *external = json_object();
    (void)json_object_set_new(external, "kid", json_str(id));
    for (size_t i = 0; i < COUNT_OF(shown); i++) {
        json_t *member = json_object_get(value, shown[i]);
        if (member != NULL) {
            (void)json_object_set(external, shown[i], member);
        }
    }
    if (json_member_time(value, "retired", &retired_s) && retired_s > 0) {
        (void)json_object_set_new(external, "retired", json_time(retired_s));
    }
    return external;
}

bool token_key_verifies(const struct token_key *key, uint64_t now_s)
{
    return key->status == KEY_ACTIVE ||
           (key->status == KEY_RETIRING && (key->retired_s == 0 || now_s < key->retired_s));
}

bool token_key_is_old(const struct token_key *key, uint64_t now_s, uint64_t period_s)
{
    return period_s > 0 && key->status == KEY_ACTIVE &&
           key->activated_s + period_s <= now_s + KEY_ANNOUNCE_S;
}
