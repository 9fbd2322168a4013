/* pretend.c - verifiers for names without an account: who asks twice is told the same twice. */
#include "base/buf.h"
#include "credential/credential_inside.h"

#include <string.h>

static struct hash_sha256 hash_of(struct str secret, struct str purpose, struct str name)
{
    struct buf text;
    buf_init(&text, purpose.len + name.len);
    (void)buf_append(&text, purpose);
    (void)buf_append(&text, name);
    struct hash_sha256 hash = hash_hmac_sha256(secret, buf_str(&text));
    buf_done(&text);
    return hash;
}

static size_t salt_put(struct str secret, struct str purpose, struct str name, char *out)
{
    struct hash_sha256 hash = hash_of(secret, purpose, name);
    return base64_put(hash.bytes, CREDENTIAL_SALT_SIZE, out, CREDENTIAL_SALT_TEXT_MAX);
}

void credential_cra_pretend(struct str secret,
                            struct str name,
                            const struct credential_options *options,
                            struct credential_cra *out)
{
    const struct credential_policy policy = {0};
    struct credential_options cra = *options;
    if (cra.kdf != CREDENTIAL_PBKDF2) { /* of SCRAM: CRA has none of that */
        credential_options_usual(&policy, CREDENTIAL_CRA, &cra);
    }
    *out = (struct credential_cra){.iterations = cra.iterations};
    out->salt_len = salt_put(secret, STR("cra salt of "), name, out->salt);
    struct hash_sha256 key = hash_of(secret, STR("cra key of "), name);
    (void)base64_put(key.bytes, sizeof(key.bytes), out->key, sizeof(out->key));
}

void credential_scram_pretend(struct str secret,
                              struct str name,
                              const struct credential_options *options,
                              struct credential_scram *out)
{
    *out = (struct credential_scram){
        .kdf = options->kdf, .iterations = options->iterations, .memory_kib = options->memory_kib};
    out->salt_len = salt_put(secret, STR("scram salt of "), name, out->salt);
    out->stored_key = hash_of(secret, STR("scram stored key of "), name);
    out->server_key = hash_of(secret, STR("scram server key of "), name);
}
