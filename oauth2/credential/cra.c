/* cra.c - the verifier of WAMP-CRA: a key derived by PBKDF2 from the salt's text.
 *
 * What signs a challenge is the key's base64, as clients compute it: so the record
 * is as good as the password for this method, and for nothing else.
 */
#include "base/random.h"
#include "credential/credential_inside.h"
#include "crypto/secret.h"

#include <string.h>

static bool derive(struct str password, struct credential_cra *cra)
{
    unsigned char key[KDF_KEY_SIZE];
    bool done = kdf_pbkdf2(password, str_make(cra->salt, cra->salt_len), cra->iterations, key);
    (void)base64_put(key, sizeof(key), cra->key, sizeof(cra->key));
    crypto_wipe(key, sizeof(key));
    return done;
}

static bool salt_take(struct str salt, struct credential_cra *out)
{
    if (salt.len == 0 || salt.len > sizeof(out->salt)) {
        return false;
    }
    memcpy(out->salt, salt.ptr, salt.len);
    out->salt_len = salt.len;
    return true;
}

static bool key_take(struct str key, struct credential_cra *out)
{
    unsigned char bytes[KDF_KEY_SIZE];
    if (key.len != sizeof(out->key) || !base64_take(key, bytes, sizeof(bytes))) {
        return false;
    }
    crypto_wipe(bytes, sizeof(bytes));
    memcpy(out->key, key.ptr, key.len);
    return true;
}

bool cra_read(const json_t *record, struct credential_cra *out)
{
    *out = (struct credential_cra){0};
    if (!record_is_bondys(record)) {
        const json_t *cra = json_object_get(record, "cra");
        return salt_take(member_str(cra, "salt"), out) &&
               member_u32(cra, "iterations", PBKDF2_ITERATIONS_MIN, PBKDF2_ITERATIONS_MAX,
                          &out->iterations) &&
               key_take(member_str(cra, "key"), out);
    }
    const json_t *params = json_object_get(record, "params");
    const json_t *data = json_object_get(record, "data");
    return str_eq(member_str(record, "protocol"), STR("cra")) &&
           str_eq(member_str(params, "kdf"), STR("pbkdf2")) &&
           member_u32(params, "iterations", PBKDF2_ITERATIONS_MIN, PBKDF2_ITERATIONS_MAX,
                      &out->iterations) &&
           salt_take(member_str(data, "salt"), out) &&
           key_take(member_str(data, "salted_password"), out);
}

json_t *cra_make(struct str password, const struct credential_options *options)
{
    struct credential_cra cra = {.iterations = options->iterations};
    unsigned char salt[CREDENTIAL_SALT_SIZE];
    random_bytes(salt, sizeof(salt));
    cra.salt_len = base64_put(salt, sizeof(salt), cra.salt, sizeof(cra.salt));
    json_t *made = NULL;
    if (derive(password, &cra)) {
        made = json_pack("{s:s%, s:I, s:s%}", "salt", cra.salt, cra.salt_len, "iterations",
                         (json_int_t)cra.iterations, "key", cra.key, sizeof(cra.key));
    }
    crypto_wipe(&cra, sizeof(cra));
    return made;
}

bool cra_verify(const struct credential_cra *cra, struct str password)
{
    struct credential_cra derived = *cra;
    bool same = derive(password, &derived) && crypto_equal(str_make(cra->key, sizeof(cra->key)),
                                                           str_make(derived.key, sizeof(cra->key)));
    crypto_wipe(&derived, sizeof(derived));
    return same;
}
