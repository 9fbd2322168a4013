/* seed_admin.c - the administrator: user `admin` of the master realm, in the group that may do
 * everything there. His password is given, kept from before, or made at the first start. */
#include "base/encode.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/random.h"
#include "crypto/secret.h"
#include "node/node_inside.h"
#include "rbac/security_file.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ADMIN    "admin"
#define OLD_KIND STR("setting")
#define OLD_KEY  STR("admin_password")

enum { ARENA_MAX = 1 << 20, SECRET_BYTES = 15, PATH_BYTES = 4096, PASSWORD_MAX = 254 };

static void forget(struct buf *secret)
{
    if (secret->ptr != NULL) {
        crypto_wipe(secret->ptr, secret->cap);
    }
    buf_done(secret);
}

/* A record's value, or NULL when there is none; false when the store cannot say. */
static bool stored_value(struct node *node,
                         struct str kind,
                         struct str realm,
                         struct str key,
                         json_t **out,
                         struct err *err)
{
    struct store_request get = {.op = STORE_GET, .kind = kind, .realm = realm, .key = key};
    arena_init(&get.arena, ARENA_MAX);
    store_run(node->store, &get);
    bool found = get.ok && get.record_count == 1 && !get.records[0].deleted;
    *out = found ? json_loadb(get.records[0].value.ptr, get.records[0].value.len, 0, NULL) : NULL;
    bool ok = get.ok || get.err.code == ERR_NOT_FOUND;
    if (!ok && err != NULL) {
        *err = get.err;
    }
    arena_done(&get.arena);
    return ok;
}

static bool apply(struct node *node, json_t *realm /* stolen */, struct err *err)
{
    struct realm_mistake mistake = {0};
    bool ok = security_file_apply(node->store, realm, false, STR("postern"), NULL, &mistake, err);
    json_decref(realm);
    return ok || err_wrap(err, "the administrator");
}

static json_t *master_realm(void)
{
    return json_pack("{s:s%, s:s, s:[{s:s, s:[s%]}]}", "uri", MASTER_REALM.ptr, MASTER_REALM.len,
                     "description", "Those who administer this node", "users", "username", ADMIN,
                     "groups", RBAC_ROLE_ADMINISTRATORS.ptr, RBAC_ROLE_ADMINISTRATORS.len);
}

static bool set_password(struct node *node, struct str password, struct err *err)
{
    return apply(node,
                 json_pack("{s:s%, s:[{s:s, s:s%}]}", "uri", MASTER_REALM.ptr, MASTER_REALM.len,
                           "users", "username", ADMIN, "password", password.ptr, password.len),
                 err);
}

/* A store of an older version has the password's hash alone. */
static bool move_old_record(struct node *node, const json_t *old, json_t *user, struct err *err)
{
    struct store_request put = {.op = STORE_COMMIT, .author = STR("postern")};
    char *text = NULL;
    json_t *credential =
        json_pack("{s:s, s:O}", "version", "1.0", "password", json_object_get(old, "argon2id"));
    char *record = json_dumps(credential, JSON_COMPACT);
    (void)json_object_set_new(user, "credential", json_string(record));
    text = json_dumps(user, JSON_COMPACT | JSON_SORT_KEYS);
    arena_init(&put.arena, ARENA_MAX);
    const struct store_write writes[] = {
        {.kind = STR("user"),
         .realm = MASTER_REALM,
         .key = STR(ADMIN),
         .value = arena_str(&put.arena, str_of(text)),
         .expect = STORE_ANY_VERSION},
        {.kind = OLD_KIND, .key = OLD_KEY, .remove = true, .expect = STORE_ANY_VERSION},
    };
    put.writes = writes;
    put.write_count = COUNT_OF(writes);
    store_run(node->store, &put);
    if (!put.ok && err != NULL) {
        *err = put.err;
    }
    free(text);
    free(record);
    json_decref(credential);
    arena_done(&put.arena);
    return put.ok;
}

/* The user as he is now, made if he is not there. A new reference, or NULL. */
static json_t *find_user(struct node *node, struct err *err)
{
    json_t *user = NULL;
    json_t *old = NULL;
    bool ok = stored_value(node, STR("user"), MASTER_REALM, STR(ADMIN), &user, err);
    if (ok && user == NULL) {
        ok = apply(node, master_realm(), err) &&
             stored_value(node, STR("user"), MASTER_REALM, STR(ADMIN), &user, err) &&
             stored_value(node, OLD_KIND, STR_EMPTY, OLD_KEY, &old, err) && user != NULL &&
             (old == NULL || move_old_record(node, old, user, err));
        json_decref(old);
    }
    if (!ok) {
        json_decref(user);
        user = NULL;
    }
    return user;
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

static bool generate_password(struct node *node, struct err *err)
{
    char bytes[SECRET_BYTES];
    struct buf password;
    random_bytes(bytes, sizeof(bytes));
    buf_init(&password, PASSWORD_MAX);
    (void)base64_encode(BASE64_URL, str_make(bytes, sizeof(bytes)), &password);
    /* In this order: what is stored and not handed over, nobody knows. */
    bool ok =
        hand_over(node, buf_str(&password), err) && set_password(node, buf_str(&password), err);
    crypto_wipe(bytes, sizeof(bytes));
    forget(&password);
    return ok;
}

bool seed_admin(struct node *node, struct err *err)
{
    struct buf given;
    buf_init(&given, PASSWORD_MAX);
    bool ok = given_password(node, &given, err);
    json_t *user = ok ? find_user(node, err) : NULL;
    ok = user != NULL;
    if (ok && given.len > 0) {
        ok = set_password(node, buf_str(&given), err);
    } else if (ok && json_object_get(user, "credential") == NULL) {
        ok = generate_password(node, err);
    }
    json_decref(user);
    forget(&given);
    return ok;
}
