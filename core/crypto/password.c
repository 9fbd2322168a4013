/* password.c - libsodium's argon2id with the parameters that OWASP recommends. */
#include "crypto/password.h"

#include <sodium.h>
#include <string.h>

#define MEMORY_BYTES ((size_t)19 * 1024 * 1024)

enum { PASSES = 2, MEMORY_KIB_MAX = 256 * 1024, PASSES_MAX = 16 };

_Static_assert((int)PASSWORD_RECORD_SIZE >= (int)crypto_pwhash_STRBYTES, "a record must fit");

/* Of a random password that was thrown away. */
static const char nobody[] = "$argon2id$v=19$m=19456,t=2,p=1$Hk+HaYEeNkqNBpLK+mHwSg$"
                             "OVV5c6K80vuU4vh1bD04tOMvMhLpaPiFZ9xsZwO7QAw";

/* sodium_init may be called again and from any thread. */
static bool ready(void)
{
    return sodium_init() >= 0;
}

bool password_hash(struct str password, char out[PASSWORD_RECORD_SIZE], struct err *err)
{
    if (password.len > PASSWORD_MAX) {
        return err_set(err, ERR_LIMIT, "the password is longer than %d bytes", (int)PASSWORD_MAX);
    }
    char record[crypto_pwhash_STRBYTES];
    const char *text = password.len > 0 ? password.ptr : "";
    if (!ready() || crypto_pwhash_str_alg(record, text, password.len, PASSES, MEMORY_BYTES,
                                          crypto_pwhash_ALG_ARGON2ID13) != 0) {
        return err_set(err, ERR_UNAVAILABLE, "no memory to hash a password");
    }
    memcpy(out, record, sizeof(record));
    return true;
}

/* "m=" or another letter, a number, at most `max`; then what follows the comma. */
static bool cut_cost(struct str *rest, struct str letter, uint64_t max)
{
    struct str cost;
    uint64_t value = 0;
    (void)str_cut(*rest, ',', &cost, rest);
    return str_starts(cost, letter) && str_to_u64(str_from(cost, letter.len), &value) &&
           value >= 1 && value <= max;
}

/* Copies a record whose cost is within bounds, with a NUL behind it. */
static bool take_record(struct str record, char out[PASSWORD_RECORD_SIZE])
{
    struct str head = STR("$argon2id$v=19$");
    struct str costs;
    struct str rest;
    if (record.len >= PASSWORD_RECORD_SIZE || str_find(record, '\0') >= 0 ||
        !str_starts(record, head) || !str_cut(str_from(record, head.len), '$', &costs, &rest) ||
        !cut_cost(&costs, STR("m="), MEMORY_KIB_MAX) || !cut_cost(&costs, STR("t="), PASSES_MAX) ||
        !cut_cost(&costs, STR("p="), 1) || costs.len > 0) {
        return false;
    }
    memset(out, 0, PASSWORD_RECORD_SIZE);
    memcpy(out, record.ptr, record.len);
    return true;
}

bool password_verify(struct str record, struct str password)
{
    char text[PASSWORD_RECORD_SIZE];
    if (password.len > PASSWORD_MAX || !take_record(record, text) || !ready()) {
        return false;
    }
    return crypto_pwhash_str_verify(text, password.len > 0 ? password.ptr : "", password.len) == 0;
}

bool password_verify_nobody(struct str password)
{
    (void)password_verify(str_of(nobody), password);
    return false;
}

bool password_needs_rehash(struct str record)
{
    char text[PASSWORD_RECORD_SIZE];
    return !take_record(record, text) ||
           crypto_pwhash_str_needs_rehash(text, PASSES, MEMORY_BYTES) != 0;
}
