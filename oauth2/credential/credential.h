/* credential.h - what is kept of a user's password: one verifier for each way to prove it.
 *
 * A record is JSON text, written once and read at each login; none holds the
 * password itself:
 *
 *     {"version": "1.0",
 *      "password": "$argon2id$...",                                        always
 *      "cra":   {"salt", "iterations", "key"},                             protocol cra
 *      "scram": {"kdf", "salt", "iterations", "memory", "stored_key", "server_key"}}   scram
 *
 * A record as Bondy makes it is read as well, and is due for an upgrade:
 *
 *     {"version": "1.1", "protocol": "cra", "params": {"kdf": "pbkdf2", "iterations", ...},
 *      "data": {"salt", "salted_password"}}       scram: data {"salt", "stored_key", "server_key"}
 *
 * Beside a password, or instead of one, a record may have secrets that were generated (a client's),
 * each with its end; a password has one once a secret is to take its place:
 *
 *     {"secrets": [{"id", "sha256", "created", "expires"}], "password_expires"}
 *
 * What is over counts as absent.
 *
 * What derives a key blocks (credential_make, credential_verify*): on the jobs
 * pool, or at start-up. The rest is cheap. Any thread. Nothing here logs.
 */
#ifndef POSTERN_CREDENTIAL_CREDENTIAL_H
#define POSTERN_CREDENTIAL_CREDENTIAL_H

#include "base/err.h"
#include "base/str.h"
#include "crypto/hash.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CREDENTIAL_PASSWORD_MIN = 6,
    CREDENTIAL_PASSWORD_MAX = 254,
    CREDENTIAL_SALT_SIZE = 16,
    CREDENTIAL_SALT_TEXT_MAX = 64, /* as it is in a record: base64 */
    CREDENTIAL_KEY_TEXT_SIZE = 44, /* base64 of 32 bytes */
    CREDENTIAL_RECORD_MAX = 4096,
    CREDENTIAL_SECRETS_MAX = 8,
    CREDENTIAL_SECRET_SIZE = 3 + 43 + 1, /* "cs_", 258 random bits, NUL */
};

enum credential_protocol { CREDENTIAL_CRA, CREDENTIAL_SCRAM };
enum credential_kdf { CREDENTIAL_PBKDF2, CREDENTIAL_ARGON2ID13 };

/* What holds for the whole installation; all zero is the usual. */
struct credential_policy {
    uint32_t length_min; /* of passwords; 0: CREDENTIAL_PASSWORD_MIN */
    uint32_t length_max; /* 0, or more than that: CREDENTIAL_PASSWORD_MAX */
    enum credential_protocol protocol;
    enum credential_kdf scram_kdf;
    uint32_t pbkdf2_iterations; /* 0: what OWASP recommends */
    bool upgrade; /* records of another protocol than the realm's are made again at a login */
};

/* How the verifiers of a password are made: a user's or a realm's `password_opts`. */
struct credential_options {
    enum credential_protocol protocol;
    enum credential_kdf kdf;
    uint32_t iterations; /* of PBKDF2, or passes of argon2id */
    uint32_t memory_kib; /* argon2id alone */
    uint32_t length_min; /* of the password */
    uint32_t length_max;
};

/* {protocol: cra|scram, params: {kdf, iterations, memory}}; NULL: the defaults. */
bool credential_options_read(const json_t *password_opts,
                             struct credential_options *out,
                             struct err *err);
/* The same; what they leave open is the policy's. */
bool credential_options_by(const struct credential_policy *policy,
                           const json_t *password_opts,
                           struct credential_options *out,
                           struct err *err);
/* Of a realm that has no password_opts, for records of that protocol. */
void credential_options_usual(const struct credential_policy *policy,
                              enum credential_protocol protocol,
                              struct credential_options *out);
/* Which protocol is the record for? CREDENTIAL_CRA also for what is none. */
enum credential_protocol credential_protocol_of(struct str record);

/* A new record, owned by the caller (mem_free). Blocks. NULL: the password is too short or too
 * long or (SCRAM's alone, saslprep.h) has characters that may not be, or there is no memory to hash
 * it. */
char *
credential_make(struct str password, const struct credential_options *options, struct err *err);

/* Blocks. False for a wrong password, and for a record that is none. */
bool credential_verify(struct str record, struct str password);
/* For an account that does not exist, or has no password: costs what credential_verify costs and
 * is false. */
bool credential_verify_nobody(struct str password);

/* To be made again, from the password, at the next successful login by `password`. */
bool credential_is_outdated(struct str record);
/* Could anybody log in with it? For records that come from outside. */
bool credential_is_readable(struct str record);

struct credential_cra {
    char salt[CREDENTIAL_SALT_TEXT_MAX];
    size_t salt_len;
    uint32_t iterations;
    char key[CREDENTIAL_KEY_TEXT_SIZE]; /* what signs challenges: the derived key in base64 */
};

struct credential_scram {
    enum credential_kdf kdf;
    char salt[CREDENTIAL_SALT_TEXT_MAX];
    size_t salt_len;
    uint32_t iterations;
    uint32_t memory_kib; /* 0 for PBKDF2 */
    struct hash_sha256 stored_key;
    struct hash_sha256 server_key;
};

/* False: this record has no such verifier. */
bool credential_cra(struct str record, struct credential_cra *out);
bool credential_scram(struct str record, struct credential_scram *out);
bool credential_has_password(struct str record);

/* For names without an account: the same for each name as long as `secret` is, parameters as in
 * the records of `options`, and a key that nobody knows. Cheap. */
void credential_cra_pretend(struct str secret,
                            struct str name,
                            const struct credential_options *options,
                            struct credential_cra *out);
void credential_scram_pretend(struct str secret,
                              struct str name,
                              const struct credential_options *options,
                              struct credential_scram *out);

/* The record ("": none yet) with one more secret, which is said this once: crypto_wipe it. Whatever
 * it had besides ends in `overlap_s`, at once when that is 0. The caller's (mem_free); NULL: there
 * are too many. Cheap. */
char *credential_secret_add(struct str record,
                            uint64_t overlap_s,
                            char out_secret[CREDENTIAL_SECRET_SIZE],
                            struct err *err);
/* [{id, created, expires}], of those that hold, without what they could be known by; the caller's.
 */
json_t *credential_secrets(struct str record);
bool credential_has_secrets(struct str record);
/* When something of it ends next, in seconds of the wall clock; 0: nothing does. */
uint64_t credential_ends_s(struct str record);

/* "pbkdf2", "argon2id13". */
struct str credential_kdf_name(enum credential_kdf kdf);

#endif
