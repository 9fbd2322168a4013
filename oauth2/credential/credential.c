/* credential.c - records as a whole: made, read and asked about a password. */
#include "credential/credential.h"

#include "base/encode.h"
#include "credential/credential_inside.h"
#include "credential/saslprep.h"
#include "crypto/password.h"
#include "crypto/secret.h"

#include <string.h>

size_t base64_put(const void *bytes, size_t size, char *out, size_t room)
{
    struct buf text;
    buf_init(&text, room);
    size_t len = 0;
    if (base64_encode(BASE64_STANDARD, str_make(bytes, size), &text)) {
        len = text.len;
        memcpy(out, text.ptr, len);
        crypto_wipe(text.ptr, len);
    }
    buf_done(&text);
    return len;
}

bool base64_take(struct str text, void *out, size_t size)
{
    struct buf bytes;
    buf_init(&bytes, size);
    bool whole =
        text.len <= size * 2 && base64_decode(BASE64_STANDARD, text, &bytes) && bytes.len == size;
    if (whole) {
        memcpy(out, bytes.ptr, size);
        crypto_wipe(bytes.ptr, size);
    }
    buf_done(&bytes);
    return whole;
}

struct str member_str(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? str_make(json_string_value(value), json_string_length(value))
                                 : STR_EMPTY;
}

bool member_u32(const json_t *object, const char *key, uint32_t least, uint32_t most, uint32_t *out)
{
    const json_t *value = json_object_get(object, key);
    json_int_t number = json_integer_value(value);
    if (!json_is_integer(value) || number < (json_int_t)least || number > (json_int_t)most) {
        return false;
    }
    *out = (uint32_t)number;
    return true;
}

json_t *record_load(struct str record)
{
    json_t *loaded =
        record.len > CREDENTIAL_RECORD_MAX ? NULL : json_loadb(record.ptr, record.len, 0, NULL);
    if (loaded != NULL) {
        record_drop_ended(loaded);
    }
    return loaded;
}

bool record_is_bondys(const json_t *record)
{
    return json_object_get(record, "data") != NULL;
}

/* A password that no client could prepare as we do could never prove itself. */
static bool scram_can_keep(struct str password, struct err *err)
{
    char room[SASLPREP_MAX];
    struct str prepared;
    struct err why = {0};
    bool can = saslprep(password, SASLPREP_KEPT, room, &prepared, &why) ||
               err_set(err, ERR_INVALID, "a password for SCRAM %.200s", why.text);
    if (can && prepared.len == 0) {
        can = err_set(err, ERR_INVALID, "a password for SCRAM has no character that counts");
    }
    crypto_wipe(room, sizeof(room));
    return can;
}

char *
credential_make(struct str password, const struct credential_options *options, struct err *err)
{
    if (password.len < options->length_min || password.len > options->length_max ||
        password.len > CREDENTIAL_PASSWORD_MAX) {
        (void)err_set(err, ERR_INVALID, "a password has %u to %u bytes", options->length_min,
                      options->length_max);
        return NULL;
    }
    bool scram = options->protocol == CREDENTIAL_SCRAM;
    if (scram && !scram_can_keep(password, err)) {
        return NULL;
    }
    char phc[PASSWORD_RECORD_SIZE];
    if (!password_hash(password, phc, err)) {
        return NULL;
    }
    json_t *verifier = scram ? scram_make(password, options) : cra_make(password, options);
    char *text = NULL;
    if (verifier != NULL) {
        json_t *record = json_pack("{s:s, s:s, s:o}", "version", "1.0", "password", phc,
                                   scram ? "scram" : "cra", verifier);
        text = json_dumps(record, JSON_COMPACT | JSON_SORT_KEYS);
        json_decref(record);
    } else {
        (void)err_set(err, ERR_UNAVAILABLE, "no memory to hash a password");
    }
    crypto_wipe(phc, sizeof(phc));
    return text;
}

static bool bondys_verify(const json_t *record, struct str password)
{
    struct credential_cra cra;
    struct credential_scram scram;
    bool same = false;
    /* Theirs is cheaper, and whose account is not upgraded yet is nobody's business. */
    (void)password_verify_nobody(password);
    if (cra_read(record, &cra)) {
        same = cra_verify(&cra, password);
        crypto_wipe(&cra, sizeof(cra));
    } else if (scram_read(record, &scram)) {
        same = scram_verify(&scram, password);
        crypto_wipe(&scram, sizeof(scram));
    }
    return same;
}

/* A wrong one costs the same whether there is a password, or secrets alone. */
static bool record_verify(const json_t *record, struct str password)
{
    if (secrets_verify(record, password)) {
        return true;
    }
    if (record_is_bondys(record)) {
        return bondys_verify(record, password);
    }
    struct str phc = member_str(record, "password");
    return phc.len > 0 ? password_verify(phc, password) : password_verify_nobody(password);
}

bool credential_verify(struct str record, struct str password)
{
    json_t *loaded = record_load(record);
    bool same = loaded != NULL && password.len <= CREDENTIAL_PASSWORD_MAX &&
                record_verify(loaded, password);
    json_decref(loaded);
    return same;
}

bool credential_verify_nobody(struct str password)
{
    return password_verify_nobody(password);
}

bool credential_is_outdated(struct str record)
{
    json_t *loaded = record_load(record);
    /* Which of several was shown, nobody knows: made again, the others would be lost. */
    bool outdated =
        loaded == NULL ||
        (!record_has_secrets(loaded) &&
         (record_is_bondys(loaded) || password_needs_rehash(member_str(loaded, "password"))));
    json_decref(loaded);
    return outdated;
}

static bool has_password(const json_t *record)
{
    struct credential_cra cra;
    struct credential_scram scram;
    if (record_has_secrets(record)) {
        return true;
    }
    return record_is_bondys(record) ? cra_read(record, &cra) || scram_read(record, &scram)
                                    : str_starts(member_str(record, "password"), STR("$argon2id$"));
}

bool credential_has_password(struct str record)
{
    json_t *loaded = record_load(record);
    bool has = loaded != NULL && has_password(loaded);
    json_decref(loaded);
    return has;
}

bool credential_is_readable(struct str record)
{
    return credential_has_password(record);
}

bool credential_cra(struct str record, struct credential_cra *out)
{
    json_t *loaded = record_load(record);
    bool has = loaded != NULL && cra_read(loaded, out);
    json_decref(loaded);
    return has;
}

enum credential_protocol credential_protocol_of(struct str record)
{
    struct credential_scram scram;
    bool is_scram = credential_scram(record, &scram);
    crypto_wipe(&scram, sizeof(scram));
    return is_scram ? CREDENTIAL_SCRAM : CREDENTIAL_CRA;
}

bool credential_scram(struct str record, struct credential_scram *out)
{
    json_t *loaded = record_load(record);
    bool has = loaded != NULL && scram_read(loaded, out);
    json_decref(loaded);
    return has;
}
