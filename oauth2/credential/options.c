/* options.c - password_opts: which verifiers, and at what cost. */
#include "base/mem.h"
#include "credential/credential_inside.h"

/* What OWASP recommends for each function. */
enum { ITERATIONS_USUAL = 600000, PASSES_USUAL = 2, MEMORY_KIB_USUAL = 19 * 1024 };

static const struct credential_policy usual = {0};

static void by_kdf(const struct credential_policy *policy,
                   enum credential_kdf kdf,
                   struct credential_options *out)
{
    bool argon = kdf == CREDENTIAL_ARGON2ID13;
    uint32_t iterations =
        policy->pbkdf2_iterations > 0 ? policy->pbkdf2_iterations : ITERATIONS_USUAL;
    out->kdf = kdf;
    out->iterations = argon ? PASSES_USUAL : iterations;
    out->memory_kib = argon ? MEMORY_KIB_USUAL : 0;
}

void credential_options_usual(const struct credential_policy *policy,
                              enum credential_protocol protocol,
                              struct credential_options *out)
{
    uint32_t max = policy->length_max;
    bool bounded = max > 0 && max < CREDENTIAL_PASSWORD_MAX;
    *out = (struct credential_options){
        .protocol = protocol,
        .length_min = policy->length_min > 0 ? policy->length_min : CREDENTIAL_PASSWORD_MIN,
        .length_max = bounded ? max : CREDENTIAL_PASSWORD_MAX,
    };
    by_kdf(policy, protocol == CREDENTIAL_SCRAM ? policy->scram_kdf : CREDENTIAL_PBKDF2, out);
}

struct str credential_kdf_name(enum credential_kdf kdf)
{
    return kdf == CREDENTIAL_PBKDF2 ? STR("pbkdf2") : STR("argon2id13");
}

static bool read_kdf(const struct credential_policy *policy,
                     const json_t *params,
                     struct credential_options *out,
                     struct err *err)
{
    static const enum credential_kdf all[] = {CREDENTIAL_PBKDF2, CREDENTIAL_ARGON2ID13};
    struct str name = member_str(params, "kdf");
    if (json_object_get(params, "kdf") == NULL) {
        return true;
    }
    for (size_t i = 0; i < COUNT_OF(all); i++) {
        if (str_eq(name, credential_kdf_name(all[i]))) {
            by_kdf(policy, all[i], out);
            return true;
        }
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

static bool read_protocol(const json_t *opts, enum credential_protocol *out, struct err *err)
{
    const json_t *protocol = json_object_get(opts, "protocol");
    bool scram = str_eq(member_str(opts, "protocol"), STR("scram"));
    if (protocol == NULL) {
        return true;
    }
    if (!scram && !str_eq(member_str(opts, "protocol"), STR("cra"))) {
        return err_set(err, ERR_INVALID, "protocol is \"cra\" or \"scram\"");
    }
    *out = scram ? CREDENTIAL_SCRAM : CREDENTIAL_CRA;
    return true;
}

bool credential_options_by(const struct credential_policy *policy,
                           const json_t *password_opts,
                           struct credential_options *out,
                           struct err *err)
{
    enum credential_protocol protocol = policy->protocol;
    credential_options_usual(policy, protocol, out);
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
    if (!read_protocol(password_opts, &protocol, err)) {
        return false;
    }
    credential_options_usual(policy, protocol, out);
    if (!read_kdf(policy, params, out, err) || !read_costs(params, out, err)) {
        return false;
    }
    return protocol == CREDENTIAL_SCRAM || out->kdf == CREDENTIAL_PBKDF2 ||
           err_set(err, ERR_INVALID, "protocol cra derives its key by pbkdf2 alone");
}

bool credential_options_read(const json_t *password_opts,
                             struct credential_options *out,
                             struct err *err)
{
    return credential_options_by(&usual, password_opts, out, err);
}
