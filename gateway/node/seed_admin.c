/* seed_admin.c - the administrator's password: given, kept from before, or made at first start. */
#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "crypto/password.h"
#include "crypto/secret.h"
#include "node/node_inside.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ARENA_MAX = 1 << 20, SECRET_BYTES = 15, PATH_BYTES = 4096 };

static void forget(struct buf *secret)
{
    if (secret->ptr != NULL) {
        crypto_wipe(secret->ptr, secret->cap);
    }
    buf_done(secret);
}

static void finish_nothing(struct store_request *request)
{
    (void)request; /* store_run: the caller looks at the outcome himself */
}

/* The stored argon2id record of the administrator's password, in `arena`; empty if none. */
static bool stored_admin(struct node *node, struct arena *arena, struct str *out, struct err *err)
{
    struct store_request get = {.op = STORE_GET,
                                .finish = finish_nothing,
                                .kind = STR("setting"),
                                .key = STR("admin_password")};
    arena_init(&get.arena, ARENA_MAX);
    store_run(node->store, &get);
    bool found = get.ok && get.record_count == 1 && !get.records[0].deleted;
    *out = STR_EMPTY;
    if (found) {
        json_t *record = json_loadb(get.records[0].value.ptr, get.records[0].value.len, 0, NULL);
        const char *phc = json_string_value(json_object_get(record, "argon2id"));
        *out = arena_str(arena, str_of(phc));
        json_decref(record);
    }
    bool ok = get.ok || get.err.code == ERR_NOT_FOUND;
    if (!ok && err != NULL) {
        *err = get.err;
    }
    arena_done(&get.arena);
    return ok;
}

static bool store_admin(struct node *node, const char *phc, struct err *err)
{
    struct store_request put = {.op = STORE_COMMIT, .finish = finish_nothing};
    arena_init(&put.arena, ARENA_MAX);
    struct store_write write = {
        .kind = STR("setting"),
        .key = STR("admin_password"),
        .value = arena_printf(&put.arena, "{\"argon2id\":\"%s\"}", phc),
        .expect = STORE_ANY_VERSION,
    };
    put.writes = &write;
    put.write_count = 1;
    put.author = STR("postern");
    store_run(node->store, &put);
    if (!put.ok && err != NULL) {
        *err = put.err;
    }
    arena_done(&put.arena);
    return put.ok;
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

static bool keep_password(struct node *node, struct str password, struct err *err)
{
    char phc[PASSWORD_RECORD_SIZE];
    if (!password_hash(password, phc, err) || !store_admin(node, phc, err)) {
        return false;
    }
    api_set_admin(node->api, str_of(phc));
    return true;
}

static bool generate_password(struct node *node, struct err *err)
{
    char bytes[SECRET_BYTES];
    struct buf password;
    random_bytes(bytes, sizeof(bytes));
    buf_init(&password, PASSWORD_MAX);
    (void)base64_encode(BASE64_URL, str_make(bytes, sizeof(bytes)), &password);
    /* In this order: what is stored and not handed over, nobody knows. */
    bool ok =
        hand_over(node, buf_str(&password), err) && keep_password(node, buf_str(&password), err);
    crypto_wipe(bytes, sizeof(bytes));
    forget(&password);
    return ok;
}

bool seed_admin(struct node *node, struct err *err)
{
    struct arena arena;
    struct buf given;
    struct str stored = STR_EMPTY;
    arena_init(&arena, ARENA_MAX);
    buf_init(&given, PASSWORD_MAX);
    bool ok = given_password(node, &given, err) && stored_admin(node, &arena, &stored, err);
    if (ok && given.len > 0 && !password_verify(stored, buf_str(&given))) {
        ok = keep_password(node, buf_str(&given), err);
    } else if (ok && stored.len == 0) {
        ok = generate_password(node, err);
    } else if (ok) {
        api_set_admin(node->api, stored);
    }
    forget(&given);
    arena_done(&arena);
    return ok;
}
