/* seed.c - what files and the first start put into the store, before the threads run. */
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/random.h"
#include "crypto/password.h"
#include "crypto/secret.h"
#include "document/document.h"
#include "node/node_inside.h"
#include "rbac/realm_record.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern const char demo_spec[];
extern const size_t demo_spec_size;

enum { ARENA_MAX = 64 << 20, SPEC_MAX = 8 << 20, SECRET_BYTES = 15 };

/* ---- the administrator ------------------------------------------------------ */

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

/* From the environment or admin.password_file; false with ERR_NONE when neither is given. */
static bool given_password(const struct node *node, struct buf *out, struct err *err)
{
    const char *file = node->conf->admin.password_file;
    const char *env = getenv("POSTERN_ADMIN_PASSWORD"); /* NOLINT(concurrency-mt-unsafe) */
    char bytes[PASSWORD_MAX];
    if (env != NULL && env[0] != '\0') {
        return buf_append(out, str_of(env));
    }
    if (file[0] == '\0') {
        return false;
    }
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));
    if (fd >= 0) {
        (void)close(fd);
    }
    struct str password = str_trim(str_make(bytes, got > 0 ? (size_t)got : 0));
    if (password.len == 0) {
        return err_set(err, ERR_INVALID, "admin.password_file: %s cannot be read or is empty",
                       file);
    }
    bool kept = buf_append(out, password);
    crypto_wipe(bytes, sizeof(bytes));
    return kept;
}

/* Written where its owner alone can read it; said once on stderr. */
static bool hand_over(const struct node *node, struct str password, struct err *err)
{
    struct buf path;
    buf_init(&path, 4096);
    (void)buf_printf(&path, "%s/admin-password%c", node->conf->data.dir, '\0');
    int fd = open(path.ptr, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && write(fd, password.ptr, password.len) == (ssize_t)password.len &&
              write(fd, "\n", 1) == 1 && fsync(fd) == 0;
    if (fd >= 0) {
        (void)close(fd);
    }
    if (ok) {
        (void)dprintf(STDERR_FILENO, "admin password: " PRISTR " (user admin; also in %s)\n",
                      STRARG(password), path.ptr);
    } else {
        (void)err_set(err, ERR_UNAVAILABLE, "cannot write %s", path.ptr);
    }
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
    bool ok =
        keep_password(node, buf_str(&password), err) && hand_over(node, buf_str(&password), err);
    crypto_wipe(password.ptr, password.len);
    buf_done(&password);
    return ok;
}

bool seed_admin(struct node *node, struct err *err)
{
    struct arena arena;
    struct buf given;
    struct str stored = STR_EMPTY;
    struct err read_err = {0};
    arena_init(&arena, ARENA_MAX);
    buf_init(&given, PASSWORD_MAX);
    bool has_given = given_password(node, &given, &read_err);
    bool ok = stored_admin(node, &arena, &stored, err);
    if (read_err.code != ERR_NONE) {
        *err = read_err;
        ok = false;
    } else if (ok && has_given && !password_verify(stored, buf_str(&given))) {
        ok = keep_password(node, buf_str(&given), err);
    } else if (ok && stored.len == 0) {
        ok = generate_password(node, err);
    } else if (ok) {
        api_set_admin(node->api, stored);
    }
    if (given.ptr != NULL) {
        crypto_wipe(given.ptr, given.len);
    }
    buf_done(&given);
    arena_done(&arena);
    return ok;
}

/* ---- realms ----------------------------------------------------------------- */

static bool apply_realm(struct node *node,
                        const struct document *document,
                        const json_t *realm,
                        const char *file,
                        struct err *err)
{
    struct realm_mistake mistake = {0};
    unsigned line = 0;
    unsigned column = 0;
    if (realm_record_apply(node->store, realm, node->conf->admin.allow_anonymous, STR("file"), NULL,
                           &mistake, err)) {
        return true;
    }
    if (err->code == ERR_INVALID && mistake.node != NULL) {
        if (mistake.key == NULL ||
            !document_at(document, mistake.node, mistake.key, 0, &line, &column)) {
            (void)document_position(document, mistake.node, &line, &column);
        }
        return err_set(err, ERR_INVALID, "%s:%u:%u: %s", file, line, column, mistake.text);
    }
    return err_wrap(err, "%s", file);
}

bool seed_security(struct node *node, struct err *err)
{
    const char *file = node->conf->security.config_file;
    struct document_problem problem = {0};
    if (file[0] == '\0') {
        return true;
    }
    struct document *document = document_load(file, NULL, &problem);
    if (document == NULL) {
        return err_set(err, ERR_INVALID, "%s:%u:%u: %s", file, problem.line, problem.column,
                       problem.text);
    }
    json_t *root = document_root(document);
    bool ok = true;
    if (json_is_array(root)) {
        for (size_t i = 0; ok && i < json_array_size(root); i++) {
            ok = apply_realm(node, document, json_array_get(root, i), file, err);
        }
    } else {
        ok = apply_realm(node, document, root, file, err);
    }
    document_free(document);
    return ok;
}

/* ---- specifications --------------------------------------------------------- */

struct seed_publish {
    struct publish_request request;
    bool done;
};

static void on_published(struct publish_request *request)
{
    CONTAINER_OF(request, struct seed_publish, request)->done = true;
}

static void log_spec_problems(const char *file, const struct problems *problems)
{
    for (size_t i = 0; i < problems->count; i++) {
        const struct problem *p = &problems->items[i];
        struct str where = str_of(file);
        if (p->warning) {
            log_warn("specification", KV_STR("file", where), KV_U64("line", p->line),
                     KV_U64("column", p->column), KV_STR("warning", p->text));
        } else {
            log_error("specification", KV_STR("file", where), KV_U64("line", p->line),
                      KV_U64("column", p->column), KV_STR("error", p->text));
        }
    }
}

static bool publish_text(struct node *node, const char *file, struct str text, struct err *err)
{
    struct seed_publish *seed = NEW(struct seed_publish);
    struct publish_request *request = &seed->request;
    arena_init(&request->arena, ARENA_MAX);
    request->text = text;
    request->author = STR("file");
    request->comment = str_of(file);
    request->expect = STORE_ANY_VERSION;
    request->finish = on_published;
    builder_publish_now(node->builder, request);
    log_spec_problems(file, &request->problems);
    bool ok = seed->done && request->ok;
    if (!ok) {
        (void)err_set(err, request->err.code, "%s: %s", file, request->err.text);
    }
    problems_done(&request->problems);
    arena_done(&request->arena);
    mem_free(seed);
    return ok;
}

static bool read_file(const char *file, struct buf *out, struct err *err)
{
    char reason[128];
    int fd = open(file, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : 1;
    while (got > 0) {
        char *room = buf_reserve(out, 65536);
        got = room == NULL ? -1 : read(fd, room, 65536);
        buf_commit(out, got > 0 ? (size_t)got : 0);
    }
    if (fd >= 0) {
        (void)close(fd);
    }
    return got == 0 || err_set(err, ERR_INVALID, "%s cannot be read: %s", file,
                               strerror_r(errno, reason, sizeof(reason)));
}

/* A file with a mistake does not keep the node from starting: what was published stays. */
bool seed_specs(struct node *node, struct err *err)
{
    const struct conf_list *files = &node->conf->gateway.specs;
    for (size_t i = 0; i < files->count; i++) {
        struct buf text;
        buf_init(&text, SPEC_MAX);
        if (!read_file(files->items[i].ptr, &text, err) ||
            !publish_text(node, files->items[i].ptr, buf_str(&text), err)) {
            log_error("specification not published", KV_ERR(err));
        }
        buf_done(&text);
    }
    return true;
}

bool seed_demo(struct node *node, struct err *err)
{
    struct realm_mistake mistake = {0};
    json_t *realm = realm_record_open(STR("com.example.demo"));
    bool ok = realm_record_apply(node->store, realm, false, STR("demo"), NULL, &mistake, err);
    json_decref(realm);
    return ok && publish_text(node, "specs/demo.json", str_make(demo_spec, demo_spec_size), err);
}
