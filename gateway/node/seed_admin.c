/* seed_admin.c - the administrator's password: given, kept from before, or made at first start. */
#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "crypto/secret.h"
#include "node/admin_account.h"
#include "node/node_inside.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SECRET_BYTES = 15, PATH_BYTES = 4096, PASSWORD_MAX = 254 };

static void forget(struct buf *secret)
{
    if (secret->ptr != NULL) {
        crypto_wipe(secret->ptr, secret->cap);
    }
    buf_done(secret);
}

/* From the environment or admin.password_file; empty when neither is given. */
static bool given_password(const struct node *node, struct buf *out, struct err *err)
{
    const char *file = node->conf->admin.password_file;
    const char *env = getenv("POSTERN_ADMIN_PASSWORD"); /* NOLINT(concurrency-mt-unsafe) */
    struct buf bytes;
    if (env != NULL && env[0] != '\0') {
        return buf_append(out, str_of(env)) ||
               err_set(err, ERR_INVALID, "POSTERN_ADMIN_PASSWORD is longer than %d bytes",
                       PASSWORD_MAX);
    }
    if (file[0] == '\0') {
        return true;
    }
    buf_init(&bytes, PASSWORD_MAX);
    bool ok = file_read(file, &bytes, err) || err_wrap(err, "admin.password_file");
    if (ok) {
        (void)buf_append(out, str_trim(buf_str(&bytes)));
        ok = out->len > 0 || err_set(err, ERR_INVALID, "admin.password_file: %s is empty", file);
    }
    forget(&bytes);
    return ok;
}

/* Written where its owner alone can read it; said once on stderr. */
static bool hand_over(const struct node *node, struct str password, struct err *err)
{
    struct buf path;
    struct buf line;
    buf_init(&path, PATH_BYTES);
    buf_init(&line, PASSWORD_MAX + 1);
    (void)buf_printf(&path, "%s/admin-password%c", node->conf->data.dir, '\0');
    (void)buf_printf(&line, PRISTR "\n", STRARG(password));
    bool ok = file_write_private(path.ptr, buf_str(&line), err);
    if (ok) {
        (void)dprintf(STDERR_FILENO, "admin password: " PRISTR " (user admin; also in %s)\n",
                      STRARG(password), path.ptr);
    }
    forget(&line);
    buf_done(&path);
    return ok;
}

static bool generate_password(const struct node *node, struct err *err)
{
    char bytes[SECRET_BYTES];
    struct buf password;
    random_bytes(bytes, sizeof(bytes));
    buf_init(&password, PASSWORD_MAX);
    (void)base64_encode(BASE64_URL, str_make(bytes, sizeof(bytes)), &password);
    /* In this order: what is stored and not handed over, nobody knows. */
    bool ok = hand_over(node, buf_str(&password), err) &&
              admin_account_set_password(node, buf_str(&password), err);
    crypto_wipe(bytes, sizeof(bytes));
    forget(&password);
    return ok;
}

/* A password that is given is his also when he has been deleted: then he is made again. */
bool admin_seed_password(const struct node *node, bool wanted, struct err *err)
{
    struct buf given;
    buf_init(&given, PASSWORD_MAX);
    bool ok = given_password(node, &given, err);
    if (ok && given.len > 0) {
        ok = admin_account_set_password(node, buf_str(&given), err);
    } else if (ok && wanted) {
        ok = generate_password(node, err);
    }
    forget(&given);
    return ok;
}

bool seed_admin(struct node *node, struct err *err)
{
    struct err none = {0};
    if (!admin_account_make(node, &none)) {
        *err = none;
        return false;
    }
    json_t *user = admin_account_read(node, &none);
    bool wanted = user != NULL && json_object_get(user, "credential") == NULL;
    json_decref(user);
    if (none.code != ERR_NONE || !admin_seed_password(node, wanted, &none)) {
        *err = none;
        return false;
    }
    return true;
}
