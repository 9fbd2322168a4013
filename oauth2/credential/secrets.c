/* secrets.c - generated secrets: several at once, each with an end, so that one can take the place
 * of another without a moment in which neither holds.
 *
 * They are long and random: a quick hash keeps them, and nobody can search for what it is of. */
#include "base/clock.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/random.h"
#include "credential/credential_inside.h"
#include "crypto/secret.h"

#include <string.h>

#define SECRET_HEAD STR("cs_")

enum { SECRET_BYTES = 32, ID_BYTES = 6 };

/* What the record has for its password, under whatever layout. */
static const char *const password_members[] = {"password", "cra",  "scram",           "protocol",
                                               "params",   "data", "password_expires"};

static uint64_t end_of(const json_t *object, const char *key)
{
    json_int_t end = json_integer_value(json_object_get(object, key));
    return end > 0 ? (uint64_t)end : 0;
}

static bool is_over(const json_t *object, const char *key, uint64_t now_s)
{
    uint64_t end = end_of(object, key);
    return end > 0 && end <= now_s;
}

void record_drop_ended(json_t *record)
{
    uint64_t now_s = clock_wall_ms() / 1000;
    json_t *secrets = json_object_get(record, "secrets");
    if (is_over(record, "password_expires", now_s)) {
        for (size_t i = 0; i < COUNT_OF(password_members); i++) {
            (void)json_object_del(record, password_members[i]);
        }
    }
    for (size_t i = json_array_size(secrets); i > 0; i--) {
        if (is_over(json_array_get(secrets, i - 1), "expires", now_s)) {
            (void)json_array_remove(secrets, i - 1);
        }
    }
}

bool record_has_secrets(const json_t *record)
{
    const json_t *secrets = json_object_get(record, "secrets");
    for (size_t i = 0; i < json_array_size(secrets); i++) {
        if (member_str(json_array_get(secrets, i), "sha256").len == (size_t)2 * HASH_SHA256_SIZE) {
            return true;
        }
    }
    return false;
}

/* All of them are looked at, whichever it is. */
bool secrets_verify(const json_t *record, struct str secret)
{
    const json_t *secrets = json_object_get(record, "secrets");
    struct hash_sha256 hash = hash_sha256(secret);
    struct hex shown = hex_of(hash_str(&hash));
    bool same = false;
    for (size_t i = 0; i < json_array_size(secrets); i++) {
        struct str kept = member_str(json_array_get(secrets, i), "sha256");
        bool this = crypto_equal(kept, str_make(shown.text, shown.len));
        same = same || this;
    }
    return same;
}

/* What there was goes on until `end_s`, or until its own end, if that comes first. */
static void end_present(json_t *record, uint64_t end_s)
{
    json_t *secrets = json_object_get(record, "secrets");
    for (size_t i = 0; i < json_array_size(secrets); i++) {
        json_t *secret = json_array_get(secrets, i);
        uint64_t own = end_of(secret, "expires");
        if (own == 0 || own > end_s) {
            (void)json_object_set_new(secret, "expires", json_integer((json_int_t)end_s));
        }
    }
    uint64_t own = end_of(record, "password_expires");
    if ((json_object_get(record, "password") != NULL || record_is_bondys(record)) &&
        (own == 0 || own > end_s)) {
        (void)json_object_set_new(record, "password_expires", json_integer((json_int_t)end_s));
    }
}

static json_t *secret_make(uint64_t now_s, char out[CREDENTIAL_SECRET_SIZE])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    unsigned char bytes[CREDENTIAL_SECRET_SIZE];
    char id_bytes[ID_BYTES];
    random_bytes(bytes, sizeof(bytes));
    random_bytes(id_bytes, sizeof(id_bytes));
    memcpy(out, SECRET_HEAD.ptr, SECRET_HEAD.len);
    for (size_t i = SECRET_HEAD.len; i + 1 < CREDENTIAL_SECRET_SIZE; i++) {
        out[i] = digits[bytes[i] & 63]; /* 6 bits each */
    }
    out[CREDENTIAL_SECRET_SIZE - 1] = '\0';
    crypto_wipe(bytes, sizeof(bytes));
    struct hex id = hex_of(str_make(id_bytes, sizeof(id_bytes)));
    struct hash_sha256 hash = hash_sha256(str_make(out, CREDENTIAL_SECRET_SIZE - 1));
    struct hex sha256 = hex_of(hash_str(&hash));
    return json_pack("{s:s%, s:s%, s:I}", "id", id.text, id.len, "sha256", sha256.text, sha256.len,
                     "created", (json_int_t)now_s);
}

char *credential_secret_add(struct str record,
                            uint64_t overlap_s,
                            char out_secret[CREDENTIAL_SECRET_SIZE],
                            struct err *err)
{
    uint64_t now_s = clock_wall_ms() / 1000;
    json_t *loaded = overlap_s == 0 ? NULL : record_load(record);
    if (loaded == NULL) {
        loaded = json_pack("{s:s}", "version", "1.0");
    }
    json_t *secrets = json_object_get(loaded, "secrets");
    if (json_array_size(secrets) >= CREDENTIAL_SECRETS_MAX) {
        json_decref(loaded);
        (void)err_set(err, ERR_LIMIT,
                      "there are %d secrets that still hold: wait for their ends, or let them end "
                      "at once with an overlap of 0",
                      CREDENTIAL_SECRETS_MAX);
        return NULL;
    }
    end_present(loaded, now_s + overlap_s);
    if (secrets == NULL) {
        secrets = json_array();
        (void)json_object_set_new(loaded, "secrets", secrets);
    }
    (void)json_array_append_new(secrets, secret_make(now_s, out_secret));
    char *text = json_dumps(loaded, JSON_COMPACT | JSON_SORT_KEYS);
    json_decref(loaded);
    return text;
}

json_t *credential_secrets(struct str record)
{
    json_t *loaded = record_load(record);
    const json_t *secrets = json_object_get(loaded, "secrets");
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(secrets); i++) {
        json_t *shown = json_copy(json_array_get(secrets, i));
        (void)json_object_del(shown, "sha256");
        (void)json_array_append_new(list, shown);
    }
    json_decref(loaded);
    return list;
}

bool credential_has_secrets(struct str record)
{
    json_t *loaded = record_load(record);
    bool has = record_has_secrets(loaded);
    json_decref(loaded);
    return has;
}

uint64_t credential_ends_s(struct str record)
{
    json_t *loaded = record_load(record);
    const json_t *secrets = json_object_get(loaded, "secrets");
    uint64_t first = end_of(loaded, "password_expires");
    for (size_t i = 0; i < json_array_size(secrets); i++) {
        uint64_t end = end_of(json_array_get(secrets, i), "expires");
        first = end > 0 && (first == 0 || end < first) ? end : first;
    }
    json_decref(loaded);
    return first;
}
