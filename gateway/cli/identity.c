#include "cli/identity.h"

#include "base/file.h"
#include "base/mem.h"
#include "crypto/secret.h"

#include <stdlib.h>

enum { SECRET_MAX = 16 * 1024 };

/* Where the secret of a method is; what is not here needs none. */
static const struct {
    struct str method;
    const char *variable; /* NULL: --key */
} sources[] = {
    {STR_INIT("password"), "POSTERN_PASSWORD"},   {STR_INIT("wampcra"), "POSTERN_PASSWORD"},
    {STR_INIT("wamp-scram"), "POSTERN_PASSWORD"}, {STR_INIT("ticket"), "POSTERN_TICKET"},
    {STR_INIT("oauth2"), "POSTERN_TOKEN"},        {STR_INIT("cryptosign"), NULL},
};

static bool take_file(const char *path, struct identity *out, struct err *err)
{
    struct buf bytes;
    buf_init(&bytes, SECRET_MAX);
    bool read = file_read(path, &bytes, err) || err_wrap(err, "--key");
    if (read) {
        (void)buf_append(&out->secret, str_trim(buf_str(&bytes)));
    }
    if (bytes.ptr != NULL) {
        crypto_wipe(bytes.ptr, bytes.cap);
    }
    buf_done(&bytes);
    return read;
}

static bool take_variable(const char *name, struct identity *out, struct err *err)
{
    const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe): one thread */
    if (value == NULL || value[0] == '\0') {
        return err_set(err, ERR_INVALID, "%s is not set: authentication by " PRISTR " needs it",
                       name, STRARG(out->methods));
    }
    return buf_append(&out->secret, str_of(value)) ||
           err_set(err, ERR_INVALID, "%s is too long", name);
}

/* Methods that are offered together share their secret. */
static bool take_secret(const struct command *command, struct identity *out, struct err *err)
{
    struct str first;
    struct str rest;
    (void)str_cut(out->methods, ',', &first, &rest);
    for (size_t i = 0; i < COUNT_OF(sources); i++) {
        if (!str_eq(sources[i].method, str_trim(first))) {
            continue;
        }
        if (sources[i].variable != NULL) {
            return take_variable(sources[i].variable, out, err);
        }
        return command->key != NULL
                   ? take_file(command->key, out, err)
                   : err_set(err, ERR_INVALID, "--key FILE is missing: the private key");
    }
    return true;
}

bool identity_read(const struct command *command, struct identity *out, struct err *err)
{
    *out = (struct identity){.methods = STR_EMPTY};
    buf_init(&out->secret, SECRET_MAX);
    if (command->authmethod != NULL) {
        out->methods = str_of(command->authmethod);
    } else if (command->authid != NULL) {
        out->methods = command->key != NULL ? STR("cryptosign") : STR("wamp-scram,wampcra");
    }
    return take_secret(command, out, err);
}

void identity_forget(struct identity *identity)
{
    if (identity->secret.ptr != NULL) {
        crypto_wipe(identity->secret.ptr, identity->secret.cap);
    }
    buf_done(&identity->secret);
}
