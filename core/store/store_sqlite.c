/* store_sqlite.c - the store in one file, for one process.
 *
 * The lock is exclusive and kept: a second process would change records that this one holds in
 * memory. WAL with synchronous=FULL: a commit that was answered survives kill -9 and power loss. */
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "store/store_backend.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    APPLICATION_ID = 0x50535452, /* "PSTR", at a fixed place in the file's header */
    BUSY_TIMEOUT_MS = 2000,      /* a predecessor that is still closing */
    WAL_KEPT_BYTES = 64 * 1024 * 1024,
    SQL_MAX = 256,
};

struct sqlite_backend {
    struct store_backend backend;
    sqlite3 *db;
    char *path;
    struct idmap prepared; /* address of the SQL -> sqlite3_stmt */
};

static bool fail(struct sqlite_backend *self, int code, struct err *err)
{
    int kind = code & 0xff;
    self->backend.broken = self->backend.broken || kind == SQLITE_CORRUPT ||
                           kind == SQLITE_NOTADB || kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN;
    switch (kind) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_set(err, ERR_UNAVAILABLE,
                       "%s is in use by another process: stop that one, or give this one another"
                       " --data directory",
                       self->path);
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
        return err_set(err, ERR_INTERNAL, "%s is damaged or no database (%s): restore a backup",
                       self->path, sqlite3_errmsg(self->db));
    case SQLITE_FULL:
    case SQLITE_IOERR:
    case SQLITE_NOMEM:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return err_set(err, ERR_UNAVAILABLE, "%s: %s", self->path, sqlite3_errmsg(self->db));
    default:
        return err_set(err, ERR_INTERNAL, "%s: %s", self->path, sqlite3_errmsg(self->db));
    }
}

static sqlite3_stmt *prepared(struct sqlite_backend *self, const char *sql, struct err *err)
{
    sqlite3_stmt *stmt = idmap_get(&self->prepared, (uint64_t)(uintptr_t)sql);
    if (stmt != NULL) {
        return stmt;
    }
    int rc = sqlite3_prepare_v3(self->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL);
    if (rc != SQLITE_OK) {
        (void)fail(self, rc, err);
        return NULL;
    }
    for (int i = 1; i <= sqlite3_bind_parameter_count(stmt); i++) {
        /* SQLite numbers $n by first appearance, whatever n says. */
        char name[8];
        (void)snprintf(name, sizeof(name), "$%d", i);
        assert(str_eq(str_of(sqlite3_bind_parameter_name(stmt, i)), str_of(name)));
    }
    (void)idmap_put(&self->prepared, (uint64_t)(uintptr_t)sql, stmt);
    return stmt;
}

static int bind_params(sqlite3_stmt *stmt, const struct store_query *query)
{
    assert(sqlite3_bind_parameter_count(stmt) == (int)query->param_count);
    for (size_t i = 0; i < query->param_count; i++) {
        const struct store_value *param = &query->params[i];
        struct str text = param->text.ptr == NULL ? STR_EMPTY : param->text;
        int rc = param->is_text ? sqlite3_bind_text64(stmt, (int)i + 1, text.ptr, text.len,
                                                      SQLITE_STATIC, SQLITE_UTF8)
                                : sqlite3_bind_int64(stmt, (int)i + 1, param->number);
        if (rc != SQLITE_OK) {
            return rc;
        }
    }
    return SQLITE_OK;
}

static void read_columns(sqlite3_stmt *stmt, struct store_value columns[STORE_COLUMNS_MAX])
{
    int count = sqlite3_column_count(stmt);
    for (int i = 0; i < count && i < STORE_COLUMNS_MAX; i++) {
        if (sqlite3_column_type(stmt, i) == SQLITE_INTEGER) {
            columns[i] = STORE_NUMBER(sqlite3_column_int64(stmt, i));
        } else {
            const char *text = (const char *)sqlite3_column_text(stmt, i);
            size_t len = (size_t)sqlite3_column_bytes(stmt, i);
            columns[i] = STORE_TEXT(text == NULL ? STR_EMPTY : str_make(text, len));
        }
    }
}

static bool step_all(struct sqlite_backend *self,
                     sqlite3_stmt *stmt,
                     const struct store_query *query,
                     struct err *err)
{
    for (;;) {
        int rc = sqlite3_step(stmt);
        if (rc == SQLITE_DONE) {
            return true;
        }
        if (rc != SQLITE_ROW) {
            return fail(self, rc, err);
        }
        struct store_value columns[STORE_COLUMNS_MAX] = {0};
        read_columns(stmt, columns);
        if (query->row != NULL && !query->row(query->ctx, columns, err)) {
            return false;
        }
    }
}

static bool
sqlite_query(struct store_backend *backend, const struct store_query *query, struct err *err)
{
    struct sqlite_backend *self = CONTAINER_OF(backend, struct sqlite_backend, backend);
    sqlite3_stmt *stmt = prepared(self, query->sql, err);
    if (stmt == NULL) {
        return false;
    }
    int rc = bind_params(stmt, query);
    bool ok = rc == SQLITE_OK ? step_all(self, stmt, query, err) : fail(self, rc, err);
    (void)sqlite3_reset(stmt);
    (void)sqlite3_clear_bindings(stmt);
    return ok;
}

static bool sqlite_begin(struct store_backend *backend, struct err *err)
{
    const struct store_query query = {.sql = "BEGIN IMMEDIATE"};
    return sqlite_query(backend, &query, err);
}

static bool sqlite_in_transaction(struct store_backend *backend)
{
    struct sqlite_backend *self = CONTAINER_OF(backend, struct sqlite_backend, backend);
    return sqlite3_get_autocommit(self->db) == 0;
}

static void sqlite_close(struct store_backend *backend)
{
    struct sqlite_backend *self = CONTAINER_OF(backend, struct sqlite_backend, backend);
    size_t cursor = 0;
    for (const struct idmap_slot *slot; (slot = idmap_next(&self->prepared, &cursor)) != NULL;) {
        (void)sqlite3_finalize(slot->value);
    }
    idmap_done(&self->prepared);
    (void)sqlite3_close(self->db);
    mem_free(self->path);
    mem_free(self);
}

/* It is for one process alone. */
static int sqlite_fd(struct store_backend *backend)
{
    (void)backend;
    return -1;
}

static bool sqlite_noticed(struct store_backend *backend)
{
    (void)backend;
    return false;
}

static bool sqlite_take_turn(struct store_backend *backend, struct err *err)
{
    (void)backend;
    (void)err;
    return true;
}

static void sqlite_end_turn(struct store_backend *backend)
{
    (void)backend;
}

static bool sqlite_settle(struct store_backend *backend, struct err *err)
{
    (void)backend;
    (void)err;
    return true;
}

static const struct store_backend_ops ops = {
    .begin = sqlite_begin,
    .begin_apart = sqlite_begin,
    .query = sqlite_query,
    .settle = sqlite_settle,
    .in_transaction = sqlite_in_transaction,
    .fd = sqlite_fd,
    .noticed = sqlite_noticed,
    .take_turn = sqlite_take_turn,
    .end_turn = sqlite_end_turn,
    .close = sqlite_close,
};

/* SQLite gives its side files the mode of the main one, so it is enough to make that one. An
 * existing file is not opened here: closing it would drop the locks this process may hold. */
static bool make_file(const char *path, struct err *err)
{
    struct stat status;
    if (stat(path, &status) == 0) {
        if ((status.st_mode & 077) != 0) {
            log_warn("database can be read by other users", KV_CSTR("path", path));
        }
        return true;
    }
    int fd = open(path, O_CREAT | O_EXCL | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        char reason[128];
        return err_set(err, ERR_UNAVAILABLE, "cannot create %s: %s", path,
                       strerror_r(errno, reason, sizeof(reason)));
    }
    (void)close(fd);
    return true;
}

static bool run_sql(struct sqlite_backend *self, const char *sql, struct err *err)
{
    int rc = sqlite3_exec(self->db, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || fail(self, rc, err);
}

/* The first column of the first row. */
static bool
read_pragma(struct sqlite_backend *self, const char *sql, char out[SQL_MAX], struct err *err)
{
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(self->db, sql, -1, &stmt, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(stmt);
    }
    if (rc != SQLITE_ROW) {
        (void)sqlite3_finalize(stmt);
        return fail(self, rc, err);
    }
    (void)snprintf(out, SQL_MAX, "%s", (const char *)sqlite3_column_text(stmt, 0));
    (void)sqlite3_finalize(stmt);
    return true;
}

/* A file of another program is refused, not filled with our tables. */
static bool claim_file(struct sqlite_backend *self, struct err *err)
{
    char id[SQL_MAX];
    char tables[SQL_MAX];
    if (!read_pragma(self, "PRAGMA application_id", id, err) ||
        !read_pragma(self, "SELECT count(*) FROM sqlite_master", tables, err)) {
        return false;
    }
    char ours[16];
    (void)snprintf(ours, sizeof(ours), "%d", APPLICATION_ID);
    if (strcmp(id, ours) == 0) {
        return true;
    }
    if (strcmp(tables, "0") != 0 || strcmp(id, "0") != 0) {
        return err_set(err, ERR_INVALID, "%s is a database of another program", self->path);
    }
    char sql[64];
    (void)snprintf(sql, sizeof(sql), "PRAGMA application_id = %d", APPLICATION_ID);
    return run_sql(self, sql, err);
}

static bool check_file(struct sqlite_backend *self, struct err *err)
{
    char answer[SQL_MAX];
    if (!read_pragma(self, "PRAGMA quick_check(1)", answer, err)) {
        return false;
    }
    return strcmp(answer, "ok") == 0 ||
           err_set(err, ERR_INTERNAL, "%s is damaged (%.100s): restore a backup", self->path,
                   answer);
}

static bool prepare_file(struct sqlite_backend *self, struct err *err)
{
    (void)sqlite3_extended_result_codes(self->db, 1);
    (void)sqlite3_busy_timeout(self->db, BUSY_TIMEOUT_MS);
    (void)sqlite3_db_config(self->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    (void)sqlite3_db_config(self->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    (void)sqlite3_db_config(self->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);

    char mode[SQL_MAX];
    char wal_kept[64];
    (void)snprintf(wal_kept, sizeof(wal_kept), "PRAGMA journal_size_limit = %d", WAL_KEPT_BYTES);
    if (!run_sql(self, "PRAGMA locking_mode = EXCLUSIVE", err) ||
        !read_pragma(self, "PRAGMA journal_mode = WAL", mode, err)) {
        return false;
    }
    if (strcmp(mode, "wal") != 0) {
        return err_set(err, ERR_UNAVAILABLE, "%s: its file system cannot carry a write-ahead log",
                       self->path);
    }
    return run_sql(self,
                   "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON;"
                   "PRAGMA trusted_schema = OFF; PRAGMA temp_store = MEMORY;"
                   "PRAGMA secure_delete = ON", /* what is forgotten is overwritten */
                   err) &&
           run_sql(self, wal_kept, err) && claim_file(self, err) && check_file(self, err);
}

struct store_backend *store_sqlite_open(struct str path, struct err *err)
{
    struct sqlite_backend *self = NEW(struct sqlite_backend);
    self->backend.ops = &ops;
    self->path = str_dup(path);
    idmap_init(&self->prepared);
    if (!make_file(self->path, err)) {
        sqlite_close(&self->backend);
        return NULL;
    }
    int rc =
        sqlite3_open_v2(self->path, &self->db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    if (rc != SQLITE_OK ? !fail(self, rc, err) : !prepare_file(self, err)) {
        sqlite_close(&self->backend);
        return NULL;
    }
    return &self->backend;
}
