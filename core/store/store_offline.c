/* store_offline.c - a store is opened, looked at, brought up or copied, and closed. */
#include "store/store_offline.h"

#include "base/buf.h"
#include "base/mem.h"
#include "store/store_copy.h"
#include "store/store_inside.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

enum { URL_MAX = 16 * 1024, BEAT_WAIT_S = 3 };

/* A file that is not there is not made. */
static struct store_backend *open_there(struct str url, struct str data_dir, struct err *err)
{
    struct store_backend *backend = NULL;
    const char *path = NULL;
    struct arena arena;
    arena_init(&arena, SIZE_MAX / 2);
    if (store_url_path(url, data_dir, &arena, &path, err)) {
        if (path != NULL && access(path, F_OK) != 0) {
            (void)err_set(err, ERR_NOT_FOUND,
                          "there is no store %s: name its directory with --data DIR", path);
        } else {
            backend = store_url_open(url, data_dir, err);
        }
    }
    arena_done(&arena);
    return backend;
}

static void close_undone(struct store_backend *backend)
{
    if (backend != NULL && backend->ops->in_transaction(backend)) {
        (void)store_exec(backend, SQL_ROLLBACK, NULL);
    }
    if (backend != NULL) {
        backend->ops->close(backend);
    }
}

/* In a transaction that is undone: so what is not there may be made to look at it. */
static bool look(struct store_backend *backend, struct store_contents *out, struct err *err)
{
    struct store_schema schema;
    if (!backend->ops->begin(backend, err) || !store_exec(backend, SQL_SCHEMA_TABLE, err) ||
        !store_exec(backend, SQL_SCHEMA_VERSION_INSERT, err) ||
        !store_schema_read(backend, &schema, err)) {
        return false;
    }
    *out = (struct store_contents){
        .schema = schema.version, .oldest = schema.oldest, .known = schema.known};
    return store_copy_count(backend, out, err);
}

bool store_look(struct str url, struct str data_dir, struct store_contents *out, struct err *err)
{
    struct store_backend *backend = open_there(url, data_dir, err);
    bool ok = backend != NULL && look(backend, out, err);
    close_undone(backend);
    return ok;
}

bool store_bring_up(struct str url, struct str data_dir, struct err *err)
{
    struct store_backend *backend = open_there(url, data_dir, err);
    bool ok = backend != NULL && store_migrate(backend, err);
    close_undone(backend);
    return ok;
}

/* A newer schema may have columns and tables that would be left behind. */
static bool is_ours(struct store_backend *backend, struct err *err)
{
    struct store_schema schema;
    return store_schema_read(backend, &schema, err) &&
           (schema.version == schema.known ||
            err_set(err, ERR_INVALID,
                    "the data has schema %lld, this program knows schemas up to %lld: copy it with"
                    " the newer postern",
                    (long long)schema.version, (long long)schema.known));
}

static bool read_beat(void *ctx, const struct store_value *columns, struct err *err)
{
    (void)err;
    *(int64_t *)ctx = columns[0].number;
    return true;
}

/* All beats together: every node that lives changes its own. */
static bool beat(struct store_backend *backend, int64_t *out, struct err *err)
{
    static const char sql[] = "SELECT CAST(COALESCE(SUM(beat), 0) AS BIGINT) FROM nodes";
    const struct store_query query = {.sql = sql, .row = read_beat, .ctx = out};
    return backend->ops->query(backend, &query, err);
}

/* What a node writes while it is copied would be lost. One that was killed has left its row. */
static bool nobody_serves(struct store_backend *backend, struct err *err)
{
    const struct timespec pause = {.tv_sec = BEAT_WAIT_S};
    int64_t before = 0;
    int64_t after = 0;
    if (!backend->shared) {
        return true;
    }
    if (!beat(backend, &before, err)) {
        return false;
    }
    if (before == 0) {
        return true;
    }
    (void)nanosleep(&pause, NULL);
    return beat(backend, &after, err) &&
           (before == after ||
            err_set(err, ERR_CONFLICT, "nodes are running on it: stop them all first"));
}

/* The source's lock goes when it has been read: to verify is of the target. */
static bool copy(struct store_backend *from,
                 struct store_backend *to,
                 struct store_contents *out,
                 struct err *err)
{
    if (!store_migrate(from, err) || !nobody_serves(from, err) || !from->ops->begin(from, err) ||
        !is_ours(from, err)) {
        return err_wrap(err, "the source");
    }
    if (!to->ops->begin(to, err) || !store_migrate_within(to, err) || !is_ours(to, err) ||
        !store_copy_check_empty(to, err)) {
        return err_wrap(err, "the target");
    }
    struct store_schema schema;
    if (!store_schema_read(to, &schema, err) || !store_copy_tables(from, to, out, err)) {
        return false;
    }
    out->schema = schema.version;
    out->oldest = schema.oldest;
    out->known = schema.known;
    (void)store_exec(from, SQL_ROLLBACK, NULL);
    if (!store_copy_verify(to, out, err)) {
        return false;
    }
    if (store_exec(to, SQL_COMMIT, err)) {
        return true;
    }
    return to->unsure ? err_wrap(err, "no answer says whether all was copied: look with postern"
                                      " migrate status")
                      : false;
}

bool store_copy(struct str from,
                struct str to,
                struct str data_dir,
                struct store_contents *out,
                struct err *err)
{
    if (str_eq(from, to)) {
        return err_set(err, ERR_INVALID, "source and target are the same");
    }
    *out = (struct store_contents){0};
    struct store_backend *source = open_there(from, data_dir, err);
    if (source == NULL) {
        return err_wrap(err, "the source");
    }
    struct store_backend *target = store_url_open(to, data_dir, err);
    bool ok = target == NULL ? err_wrap(err, "the target") : copy(source, target, out, err);
    close_undone(target);
    close_undone(source);
    return ok;
}

/* Of what may be behind the '?'. A password may be there too, under names that are written in
 * several ways. */
static bool is_shown(struct str parameter)
{
    static const struct str shown[] = {
        STR_INIT("host"),     STR_INIT("port"),        STR_INIT("dbname"),  STR_INIT("user"),
        STR_INIT("hostaddr"), STR_INIT("options"),     STR_INIT("sslmode"), STR_INIT("sslcert"),
        STR_INIT("sslkey"),   STR_INIT("sslrootcert"),
    };
    struct str name = STR_EMPTY;
    struct str value = STR_EMPTY;
    (void)str_cut(parameter, '=', &name, &value);
    for (size_t i = 0; i < COUNT_OF(shown); i++) {
        if (str_eq(name, shown[i])) {
            return true;
        }
    }
    return false;
}

static void show_parameters(struct str rest, struct buf *out)
{
    struct str parameter = STR_EMPTY;
    char mark = '?';
    for (bool more = true; more;) {
        more = str_cut(rest, '&', &parameter, &rest);
        if (is_shown(parameter)) {
            (void)buf_byte(out, mark);
            (void)buf_append(out, parameter);
            mark = '&';
        }
    }
}

/* The parts are found as libpq finds them: a user, if '@' comes before any '/'. */
char *store_url_shown(struct str url)
{
    struct buf out;
    struct str rest = STR_EMPTY;
    struct str place = STR_EMPTY;
    buf_init(&out, URL_MAX);
    size_t at = 0;
    const char *slashes = memmem(url.ptr, url.len, "://", 3);
    if (slashes == NULL) {
        (void)buf_append(&out, url);
        return buf_take(&out, NULL);
    }
    struct str scheme = str_make(url.ptr, (size_t)(slashes - url.ptr) + 3);
    rest = str_from(url, scheme.len);
    (void)buf_append(&out, scheme);
    while (at < rest.len && rest.ptr[at] != '@' && rest.ptr[at] != '/') {
        at++;
    }
    if (at < rest.len && rest.ptr[at] == '@') {
        struct str user = STR_EMPTY;
        struct str password = STR_EMPTY;
        (void)str_cut(str_make(rest.ptr, at), ':', &user, &password);
        (void)buf_append(&out, user);
        rest = str_from(rest, at);
    }
    bool more = str_cut(rest, '?', &place, &rest);
    (void)buf_append(&out, place);
    if (more) {
        show_parameters(rest, &out);
    }
    return buf_take(&out, NULL);
}
