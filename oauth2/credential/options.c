/* options.c - password_opts: which verifiers, and at what cost. */
#include "credential/credential_inside.h"

/* What OWASP recommends for each function. */
static const struct credential_options pbkdf2_defaults = {.kdf = CREDENTIAL_PBKDF2,
                                                          .iterations = 600000};
static const struct credential_options argon2id_defaults = {
    .kdf = CREDENTIAL_ARGON2ID13, .iterations = 2, .memory_kib = 19 * 1024};

struct str credential_kdf_name(enum credential_kdf kdf)
{
    return kdf == CREDENTIAL_PBKDF2 ? STR("pbkdf2") : STR("argon2id13");
}

static bool read_kdf(const json_t *params, struct credential_options *out, struct err *err)
{
    const json_t *kdf = json_object_get(params, "kdf");
    struct str name = member_str(params, "kdf");
    if (kdf == NULL || str_eq(name, credential_kdf_name(CREDENTIAL_PBKDF2))) {
        *out = pbkdf2_defaults;
        return true;
    }
    if (str_eq(name, credential_kdf_name(CREDENTIAL_ARGON2ID13))) {
        *out = argon2id_defaults;
        return true;
    }
    return err_set(err, ERR_INVALID, "kdf is \"pbkdf2\" or \"argon2id13\"");
}

static bool read_costs(const json_t *params, struct credential_options *out, struct err *err)
{
    bool argon = out->kdf == CREDENTIAL_ARGON2ID13;
    uint32_t least = argon ? 1 : PBKDF2_ITERATIONS_MIN;
    uint32_t most = argon ? ARGON2ID_PASSES_MAX : PBKDF2_ITERATIONS_MAX;
    if (json_object_get(params, "iterations") != NULL &&
        !member_u32(params, "iterations", least, most, &out->iterations)) {
        return err_set(err, ERR_INVALID, "iterations is a number from %u to %u", least, most);
    }
    const json_t *memory = json_object_get(params, "memory");
    if (argon && memory != NULL && !json_is_null(memory) &&
        !member_u32(params, "memory", KDF_ARGON2ID_MEMORY_KIB_MIN, ARGON2ID_MEMORY_KIB_MAX,
                    &out->memory_kib)) {
        return err_set(err, ERR_INVALID, "memory is a number of KiB from %u to %u",
                       (unsigned)KDF_ARGON2ID_MEMORY_KIB_MIN, (unsigned)ARGON2ID_MEMORY_KIB_MAX);
    }
    return true;
}

bool credential_options_read(const json_t *password_opts,
                             struct credential_options *out,
                             struct err *err)
{
    *out = pbkdf2_defaults;
    if (password_opts == NULL || json_is_null(password_opts)) {
        return true;
    }
    if (!json_is_object(password_opts)) {
        return err_set(err, ERR_INVALID, "password_opts is an object");
    }
    const json_t *params = json_object_get(password_opts, "params");
    if (params != NULL && !json_is_object(params)) {
        return err_set(err, ERR_INVALID, "params is an object");
    }
    const json_t *protocol = json_object_get(password_opts, "protocol");
    bool scram = str_eq(member_str(password_opts, "protocol"), STR("scram"));
    if (protocol != NULL && !scram && !str_eq(member_str(password_opts, "protocol"), STR("cra"))) {
        return err_set(err, ERR_INVALID, "protocol is \"cra\" or \"scram\"");
    }
    if (!read_kdf(params, out, err) || !read_costs(params, out, err)) {
        return false;
    }
    out->protocol = scram ? CREDENTIAL_SCRAM : CREDENTIAL_CRA;
    if (!scram && out->kdf != CREDENTIAL_PBKDF2) {
        return err_set(err, ERR_INVALID, "protocol cra derives its key by pbkdf2 alone");
    }
    return true;
}
