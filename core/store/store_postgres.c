/* store_postgres.c - the store in a PostgreSQL database, over one connection.
 *
 * The calling thread waits for each answer, but never for ever: libpq runs nonblocking, and a
 * server that says nothing for POSTGRES_WAIT_MS is given up. What was not committed then never
 * happened; only of a COMMIT that was sent and not answered nobody knows, and that is told. A
 * connection that is lost is made anew by who needs it next, at most once in a while. */
#include "store/store_postgres.h"

#include "base/clock.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "store/store_sql.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    MIGRATION_WAIT_MS = 60 * 1000,
    RETRY_FIRST_MS = 50,
    RETRY_LAST_MS = 800,
    NAME_MAX_LEN = 32,
    NUMBER_MAX_LEN = 24,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
};

/* One writer at a time, from before its first read; also of a session that is lost and not over.
 * For each schema its own, as for SQLite's files. */
static const char begin_sql[] = "BEGIN; SELECT pg_advisory_xact_lock(hashtext('postern store'),"
                                " hashtext(current_schema()))";

/* Who writes it alone: so it is for rows that nobody else writes. */
static const char begin_apart_sql[] = "BEGIN; SET LOCAL synchronous_commit = off";

static struct postgres *postgres_of(struct store_backend *backend)
{
    return CONTAINER_OF(backend, struct postgres, backend);
}

void postgres_drop(struct postgres *self)
{
    PQfinish(self->conn);
    self->conn = NULL;
    self->wait_ms = POSTGRES_WAIT_MS;
    idmap_done(&self->prepared);
    idmap_init(&self->prepared);
}

static bool lost(struct postgres *self, struct err *err)
{
    (void)postgres_fail("",
                        PQerrorMessage(self->conn)[0] == '\0' ? "the connection was lost"
                                                              : PQerrorMessage(self->conn),
                        err);
    postgres_drop(self);
    return false;
}

static void note_loss(struct postgres *self, const struct err *err);

void postgres_lost(struct postgres *self)
{
    struct err problem = {0};
    (void)lost(self, &problem);
    note_loss(self, &problem);
}

static bool too_late(struct postgres *self, struct err *err)
{
    self->late = true;
    postgres_drop(self);
    return err_set(err, ERR_UNAVAILABLE, "PostgreSQL does not answer");
}

enum answer { ANSWER_RESULT, ANSWER_END, ANSWER_LOST, ANSWER_LATE };

/* The time runs anew with whatever comes or goes. */
static enum answer next_answer(struct postgres *self, PGresult **out)
{
    uint64_t deadline_ms = clock_mono_ms() + self->wait_ms;
    for (;;) {
        int unsent = PQflush(self->conn);
        if (unsent < 0) {
            return ANSWER_LOST;
        }
        if (!PQisBusy(self->conn)) {
            *out = PQgetResult(self->conn);
            return *out == NULL ? ANSWER_END : ANSWER_RESULT;
        }
        if (!postgres_wait(self->conn, unsent > 0, deadline_ms)) {
            return ANSWER_LATE;
        }
        if (PQconsumeInput(self->conn) == 0) {
            return ANSWER_LOST;
        }
    }
}

static struct store_value read_column(const PGresult *result, int column)
{
    const char *text = PQgetvalue(result, 0, column);
    Oid type = PQftype(result, column);
    if (type == OID_INT8 || type == OID_INT4 || type == OID_INT2) {
        return STORE_NUMBER(strtoll(text, NULL, 10));
    }
    return STORE_TEXT(str_make(text, (size_t)PQgetlength(result, 0, column)));
}

/* What comes of a statement. */
struct outcome {
    bool failed; /* `err` is set; what else comes is passed over */
    bool read_only;
    bool rows;
};

static bool read_row(const struct store_query *query, const PGresult *result, struct err *err)
{
    struct store_value columns[STORE_COLUMNS_MAX] = {0};
    int count = PQnfields(result);
    assert(count <= STORE_COLUMNS_MAX);
    for (int i = 0; i < count && i < STORE_COLUMNS_MAX; i++) {
        columns[i] = read_column(result, i);
    }
    return query->row(query->ctx, columns, err);
}

static bool is_commit(const struct store_query *query)
{
    return query->sql == store_sql(SQL_COMMIT);
}

static void read_result(const struct store_query *query,
                        const PGresult *result,
                        struct outcome *outcome,
                        struct err *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        outcome->rows = true;
        outcome->failed = query->row != NULL && !read_row(query, result, err);
        return;
    case PGRES_TUPLES_OK:
        return;
    case PGRES_COMMAND_OK:
        /* The server answers the COMMIT of a transaction that has failed with a ROLLBACK. */
        if (is_commit(query) &&
            strcmp(PQcmdStatus((PGresult *)(uintptr_t)result), "ROLLBACK") == 0) {
            outcome->failed = true;
            (void)err_set(err, ERR_INTERNAL, "PostgreSQL: the transaction had failed before");
        }
        return;
    default:
        outcome->failed = true;
        outcome->read_only = state != NULL && strcmp(state, "25006") == 0;
        (void)postgres_fail(state == NULL ? "" : state,
                            text == NULL ? PQresultErrorMessage(result) : text, err);
    }
}

static bool
collect(struct postgres *self, const struct store_query *query, bool *out_rows, struct err *err)
{
    struct outcome outcome = {0};
    for (;;) {
        PGresult *result = NULL;
        enum answer answer = next_answer(self, &result);
        if (answer == ANSWER_RESULT) {
            if (!outcome.failed) {
                read_result(query, result, &outcome, err);
            }
            PQclear(result);
            *out_rows = outcome.rows;
            continue;
        }
        if (answer == ANSWER_LATE) {
            return too_late(self, err);
        }
        if (answer == ANSWER_LOST || PQstatus(self->conn) == CONNECTION_BAD) {
            struct err told = {0};
            return lost(self, outcome.failed ? &told : err);
        }
        if (outcome.read_only) {
            postgres_drop(self); /* another host may be the one that takes writes now */
        }
        return !outcome.failed;
    }
}

static bool prepare(struct postgres *self,
                    const struct store_query *query,
                    char name[NAME_MAX_LEN],
                    struct err *err)
{
    const struct store_query nothing = {.sql = NULL};
    bool rows = false;
    uint64_t address = (uint64_t)(uintptr_t)query->sql;
    (void)snprintf(name, NAME_MAX_LEN, "s%llx", (unsigned long long)address);
    if (idmap_get(&self->prepared, address) != NULL) {
        return true;
    }
    if (PQsendPrepare(self->conn, name, query->sql, 0, NULL) == 0) {
        return lost(self, err);
    }
    if (!collect(self, &nothing, &rows, err)) {
        return false;
    }
    (void)idmap_put(&self->prepared, address, (void *)(uintptr_t)query->sql);
    return true;
}

/* Texts go as they are, which needs no NUL behind them; numbers as text, which fits any width. */
static bool send_prepared(struct postgres *self, const char *name, const struct store_query *query)
{
    const char *values[STORE_PARAMS_MAX] = {0};
    int lengths[STORE_PARAMS_MAX] = {0};
    int formats[STORE_PARAMS_MAX] = {0};
    char numbers[STORE_PARAMS_MAX][NUMBER_MAX_LEN];
    assert(query->param_count <= STORE_PARAMS_MAX);
    for (size_t i = 0; i < query->param_count; i++) {
        const struct store_value *param = &query->params[i];
        formats[i] = param->is_text;
        if (param->is_text) {
            values[i] = param->text.len == 0 ? "" : param->text.ptr;
            lengths[i] = (int)param->text.len;
        } else {
            (void)snprintf(numbers[i], NUMBER_MAX_LEN, "%lld", (long long)param->number);
            values[i] = numbers[i];
        }
    }
    return PQsendQueryPrepared(self->conn, name, (int)query->param_count, values, lengths, formats,
                               0) != 0 &&
           PQsetSingleRowMode(self->conn) != 0;
}

/* Names are compared by their bytes, whatever the database's collation is. */
static char *with_collation(const char *sql)
{
    static const char type[] = " TEXT NOT NULL";
    static const char ordered[] = " TEXT COLLATE \"C\" NOT NULL";
    size_t size = strlen(sql) + 1;
    for (const char *at = sql; (at = strstr(at, type)) != NULL; at++) {
        size += sizeof(ordered) - sizeof(type);
    }
    char *out = mem_alloc(size);
    char *to = out;
    for (const char *at; (at = strstr(sql, type)) != NULL; sql = at + sizeof(type) - 1) {
        to += snprintf(to, size - (size_t)(to - out), "%.*s%s", (int)(at - sql), sql, ordered);
    }
    (void)snprintf(to, size - (size_t)(to - out), "%s", sql);
    return out;
}

static bool send_commit(struct postgres *self)
{
    char first[POSTGRES_NOTIFY_SIZE];
    char sql[POSTGRES_NOTIFY_SIZE + 16];
    postgres_notify_sql(self, first);
    (void)snprintf(sql, sizeof(sql), "%s%s", first, store_sql(SQL_COMMIT));
    return PQsendQuery(self->conn, sql) != 0;
}

static bool send_simple(struct postgres *self, const char *sql)
{
    if (sql == store_sql(SQL_COMMIT)) {
        return send_commit(self);
    }
    if (strncmp(sql, "CREATE TABLE", strlen("CREATE TABLE")) != 0) {
        return PQsendQuery(self->conn, sql) != 0;
    }
    char *ordered = with_collation(sql);
    bool ok = PQsendQuery(self->conn, ordered) != 0;
    mem_free(ordered);
    return ok;
}

static bool
run(struct postgres *self, const struct store_query *query, bool *out_rows, struct err *err)
{
    char name[NAME_MAX_LEN];
    bool simple = query->param_count == 0 && query->row == NULL;
    *out_rows = false;
    if (!simple && !prepare(self, query, name, err)) {
        return false;
    }
    if (simple ? !send_simple(self, query->sql) : !send_prepared(self, name, query)) {
        return lost(self, err);
    }
    return collect(self, query, out_rows, err);
}

bool postgres_run(struct postgres *self, const struct store_query *query, struct err *err)
{
    bool rows = false;
    return run(self, query, &rows, err);
}

static bool in_transaction(const struct postgres *self)
{
    return self->conn != NULL && PQtransactionStatus(self->conn) != PQTRANS_IDLE;
}

static bool postgres_in_transaction(struct store_backend *backend)
{
    return in_transaction(postgres_of(backend));
}

/* Longer after an attempt that took long: who was kept waiting by it is answered meanwhile. */
static uint64_t pause_after(unsigned failures, uint64_t took_ms)
{
    uint64_t pause_ms = RETRY_FIRST_MS * (UINT64_C(1) << (failures < 4 ? failures : 4));
    pause_ms = pause_ms < took_ms / 4 ? took_ms / 4 : pause_ms;
    return pause_ms < RETRY_LAST_MS ? pause_ms : RETRY_LAST_MS;
}

/* Who comes too early after an attempt gets its error: nobody waits in a row for others' attempts.
 */
static bool reconnect(struct postgres *self, struct err *err)
{
    if (self->conn != NULL) {
        return true;
    }
    if (clock_mono_ms() < self->retry_ms) {
        return err_set(err, ERR_UNAVAILABLE, "%s", self->why.text);
    }
    uint64_t began_ms = clock_mono_ms();
    if (postgres_connect(self, &self->why)) {
        self->failures = 0;
        return true;
    }
    uint64_t now_ms = clock_mono_ms();
    self->retry_ms = now_ms + pause_after(self->failures++, now_ms - began_ms);
    return err_set(err, ERR_UNAVAILABLE, "%s", self->why.text);
}

static void note_loss(struct postgres *self, const struct err *err)
{
    self->why = *err;
    self->retry_ms = self->late ? clock_mono_ms() + pause_after(0, POSTGRES_WAIT_MS) : 0;
    self->failures = 1;
    self->late = false;
}

/* Outside a transaction, where nothing can have been written yet: a connection that turns out to
 * have been cut meanwhile is replaced, unless the caller has waited long enough already. */
static bool run_idle(struct postgres *self, const struct store_query *query, struct err *err)
{
    for (bool first = true;; first = false) {
        struct err problem = {0};
        bool rows = false;
        if (!reconnect(self, err)) {
            return false;
        }
        if (run(self, query, &rows, &problem)) {
            return true;
        }
        bool late = self->late;
        if (self->conn == NULL) {
            note_loss(self, &problem);
        }
        if (self->conn != NULL || late || rows || !first) {
            return err_set(err, problem.code, "%s", problem.text);
        }
    }
}

static bool begin(struct store_backend *backend, const char *sql, struct err *err)
{
    struct postgres *self = postgres_of(backend);
    const struct store_query query = {.sql = sql};
    backend->unsure = false;
    backend->notify = false;
    if (!run_idle(self, &query, err)) {
        return false;
    }
    self->wait_ms = self->migrated ? POSTGRES_WAIT_MS : MIGRATION_WAIT_MS;
    return true;
}

static bool postgres_begin(struct store_backend *backend, struct err *err)
{
    return begin(backend, begin_sql, err);
}

static bool postgres_begin_apart(struct store_backend *backend, struct err *err)
{
    return begin(backend, begin_apart_sql, err);
}

enum fit { FIT, UNFIT };

/* The database takes nothing but UTF-8, and so has nothing else. */
static enum fit fit(const struct store_query *query)
{
    for (size_t i = 0; i < query->param_count; i++) {
        struct str text = query->params[i].text;
        struct utf8_reader reader = {0};
        if (query->params[i].is_text && text.len > 0 &&
            (!utf8_read(&reader, text) || !utf8_reader_between(&reader) ||
             memchr(text.ptr, '\0', text.len) != NULL)) {
            return UNFIT;
        }
    }
    return FIT;
}

static bool
postgres_query(struct store_backend *backend, const struct store_query *query, struct err *err)
{
    struct postgres *self = postgres_of(backend);
    bool writes = query->row == NULL;
    if (fit(query) == UNFIT) {
        return !writes || err_set(err, ERR_INVALID, "a name or value is no UTF-8 text");
    }
    if (!in_transaction(self)) {
        /* The transaction went with its connection: a write would be one by itself. */
        return writes ? err_set(err, ERR_UNAVAILABLE, "%s", self->why.text)
                      : run_idle(self, query, err);
    }
    struct err problem = {0};
    bool rows = false;
    backend->notify = backend->notify || query->sql == store_sql(SQL_HEAD_ADVANCE);
    bool ok = run(self, query, &rows, &problem);
    if (ok) {
        if (is_commit(query)) {
            self->migrated = true;
            self->wait_ms = POSTGRES_WAIT_MS;
        }
        return true;
    }
    if (self->conn == NULL) {
        backend->unsure = is_commit(query);
        note_loss(self, &problem);
    }
    return err_set(err, problem.code, "%s", problem.text);
}

static void postgres_close(struct store_backend *backend)
{
    struct postgres *self = postgres_of(backend);
    PQfinish(self->conn);
    PQconninfoFree(self->options);
    idmap_done(&self->prepared);
    mem_free(self);
}

static const struct store_backend_ops ops = {
    .begin = postgres_begin,
    .begin_apart = postgres_begin_apart,
    .query = postgres_query,
    .in_transaction = postgres_in_transaction,
    .fd = postgres_fd,
    .noticed = postgres_noticed,
    .take_turn = postgres_take_turn,
    .end_turn = postgres_end_turn,
    .close = postgres_close,
};

struct store_backend *store_postgres_open(struct str url, struct err *err)
{
    struct postgres *self = NEW(struct postgres);
    self->backend.ops = &ops;
    self->backend.shared = true;
    self->wait_ms = POSTGRES_WAIT_MS;
    idmap_init(&self->prepared);
    if (!postgres_parse(self, url, err) || !postgres_connect(self, err)) {
        postgres_close(&self->backend);
        return NULL;
    }
    return &self->backend;
}
