/* credential_inside.h - what the files of oauth2/credential share. Inside this folder only. */
#ifndef POSTERN_CREDENTIAL_CREDENTIAL_INSIDE_H
#define POSTERN_CREDENTIAL_CREDENTIAL_INSIDE_H

#include "credential/credential.h"
#include "crypto/kdf.h"

/* What a record, which may be imported, may cost at most; below the least it is worth nothing. */
enum {
    PBKDF2_ITERATIONS_MIN = 4096,
    PBKDF2_ITERATIONS_MAX = 2000000,
    ARGON2ID_PASSES_MAX = 16,
    ARGON2ID_MEMORY_KIB_MAX = 256 * 1024,
};

/* A record's JSON without what is over, or NULL; json_decref. */
json_t *record_load(struct str record);
/* Does the record have Bondy's layout? */
bool record_is_bondys(const json_t *record);

/* secrets.c */
void record_drop_ended(json_t *record);
bool record_has_secrets(const json_t *record);
bool secrets_verify(const json_t *record, struct str secret);

bool cra_read(const json_t *record, struct credential_cra *out);
bool scram_read(const json_t *record, struct credential_scram *out);
/* A new object, or NULL: no memory. */
json_t *cra_make(struct str password, const struct credential_options *options);
json_t *scram_make(struct str password, const struct credential_options *options);
/* Against a record of Bondy's, which has nothing else for it. Both block. */
bool cra_verify(const struct credential_cra *cra, struct str password);
bool scram_verify(const struct credential_scram *scram, struct str password);

/* Fills the two keys of `scram`, whose costs and salt are set, from the prepared password. Blocks.
 * False: it cannot be prepared, or there is no memory. */
bool scram_derive(struct str password,
                  struct credential_scram *scram,
                  struct hash_sha256 *out_client_key);

/* Base64 of `size` bytes; `out` has room for it. Returns its length. */
size_t base64_put(const void *bytes, size_t size, char *out, size_t room);
/* Exactly `size` bytes. */
bool base64_take(struct str text, void *out, size_t size);
struct str member_str(const json_t *object, const char *key);
/* Within [least, most]. */
bool member_u32(
    const json_t *object, const char *key, uint32_t least, uint32_t most, uint32_t *out);

#endif
