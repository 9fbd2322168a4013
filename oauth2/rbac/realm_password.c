/* realm_password.c - the passwords of a realm object become credentials; the same password keeps
 * the one it has, so that a file applied again changes nothing. */
#include "base/mem.h"
#include "rbac/record_inside.h"

/* Does the record prove what the options ask for? */
static bool serves(struct str record, const struct credential_options *options)
{
    struct credential_cra cra;
    struct credential_scram scram;
    return options->protocol == CREDENTIAL_SCRAM ? credential_scram(record, &scram)
                                                 : credential_cra(record, &cra);
}

static struct str present_credential(const struct rbac *present, const struct store_write *write)
{
    const struct rbac_realm *realm =
        present == NULL ? NULL : rbac_realm_find(present, write->realm);
    const struct rbac_user *user = realm == NULL ? NULL : rbac_user_find(realm, write->key);
    return user == NULL ? STR_EMPTY : user->credential;
}

static bool put_credential(struct store_write *write,
                           struct str credential,
                           struct arena *arena,
                           struct err *err)
{
    json_t *value = record_read(write->value, err);
    if (value == NULL) {
        return false;
    }
    (void)json_object_set_new(value, "credential", json_stringn(credential.ptr, credential.len));
    char *text = record_canonical(value);
    json_decref(value);
    bool room = arena_room(arena, str_of(text).len + 2 * sizeof(max_align_t));
    if (room) {
        write->value = arena_str(arena, str_of(text));
    }
    mem_free(text);
    return room || err_set(err, ERR_LIMIT, "the realm is too large");
}

static bool hash_one(struct store_write *write,
                     const struct realm_password *password,
                     const struct rbac *present,
                     struct arena *arena,
                     struct err *err)
{
    struct str credential = present_credential(present, write);
    if (credential.len > 0 && serves(credential, &password->options) &&
        credential_verify(credential, password->password)) {
        return put_credential(write, credential, arena, err);
    }
    char *fresh = credential_make(password->password, &password->options, err);
    bool ok = fresh != NULL && put_credential(write, str_of(fresh), arena, err);
    mem_free(fresh);
    return ok;
}

bool realm_writes_hash(struct realm_writes *writes,
                       const struct rbac *present,
                       struct arena *arena,
                       struct err *err)
{
    for (size_t i = 0; i < writes->password_count; i++) {
        const struct realm_password *password = &writes->passwords[i];
        if (!hash_one(&writes->writes[password->write], password, present, arena, err)) {
            return false;
        }
    }
    writes->password_count = 0;
    return true;
}

static bool wanted_options(const struct realm_password_wanted *wanted,
                           const struct rbac *present,
                           struct credential_options *out,
                           struct err *err)
{
    struct realm_mistake mistake = {0};
    struct str prototype = STR_EMPTY;
    struct realm_parse parse = {.object = wanted->realm,
                                .uri = wanted->uri,
                                .present = present,
                                .mistake = &mistake,
                                .old = rbac_realm_find(present, wanted->uri)};
    if (record_member(wanted->realm, "prototype_uri", &prototype)) {
        parse.prototype = rbac_realm_find(present, prototype);
    }
    return realm_password_options(&parse, wanted->user, out) ||
           err_set(err, ERR_INVALID, "password_opts: %s", mistake.text);
}

/* A user who logs in by SCRAM does so with his next password too. */
static void keep_protocol(struct str record, struct credential_options *options)
{
    struct credential_scram scram;
    if (options->protocol == CREDENTIAL_CRA && credential_scram(record, &scram)) {
        options->protocol = CREDENTIAL_SCRAM;
        options->kdf = scram.kdf;
        options->iterations = scram.iterations;
        options->memory_kib = scram.memory_kib;
    }
}

char *realm_credential_make(const struct realm_password_wanted *wanted,
                            const struct rbac *present,
                            struct err *err)
{
    struct credential_options options = {0};
    struct str record = wanted->present_credential;
    if (!wanted_options(wanted, present, &options, err)) {
        return NULL;
    }
    if (wanted->keep && record.len > 0 && serves(record, &options) &&
        credential_verify(record, wanted->password)) {
        return str_dup(record);
    }
    if (record.len > 0 && json_object_get(wanted->user, "password_opts") == NULL) {
        keep_protocol(record, &options);
    }
    return credential_make(wanted->password, &options, err);
}
