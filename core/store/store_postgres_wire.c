/* store_postgres_wire.c - a statement on its way to the server, and what comes back. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/store_postgres.h"
#include "store/store_sql.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    NUMBER_MAX_LEN = 24,
    OID_INT8 = 20,
    OID_INT2 = 21,
    OID_INT4 = 23,
};

void postgres_drop(struct postgres *self)
{
    PQfinish(self->conn);
    self->conn = NULL;
    self->wait_ms = POSTGRES_WAIT_MS;
    self->queued = 0;
    self->queued_bytes = 0;
    idmap_done(&self->prepared);
    idmap_init(&self->prepared);
}

bool postgres_give_up(struct postgres *self, struct err *err)
{
    if (self->late) {
        postgres_drop(self);
        return err_set(err, ERR_UNAVAILABLE, "PostgreSQL does not answer");
    }
    (void)postgres_fail("",
                        PQerrorMessage(self->conn)[0] == '\0' ? "the connection was lost"
                                                              : PQerrorMessage(self->conn),
                        err);
    postgres_drop(self);
    return false;
}

/* The time runs anew with whatever comes or goes. */
enum postgres_answer postgres_next(struct postgres *self, PGresult **out)
{
    uint64_t deadline_ms = clock_mono_ms() + self->wait_ms;
    for (;;) {
        int unsent = PQflush(self->conn);
        if (unsent < 0) {
            return POSTGRES_LOST;
        }
        if (!PQisBusy(self->conn)) {
            *out = PQgetResult(self->conn);
            return *out == NULL ? POSTGRES_END : POSTGRES_RESULT;
        }
        if (!postgres_wait(self->conn, unsent > 0, deadline_ms)) {
            self->late = true;
            return POSTGRES_LOST;
        }
        deadline_ms = clock_mono_ms() + self->wait_ms;
        if (PQconsumeInput(self->conn) == 0) {
            return POSTGRES_LOST;
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

bool postgres_is_commit(const struct store_query *query)
{
    return query->sql == store_sql(SQL_COMMIT);
}

/* Whatever a server refuses, it says by which rule. Without one it is libpq that does not know how
 * to go on, or something that nobody has asked for. */
static void read_error(const PGresult *result, struct postgres_outcome *outcome, struct err *err)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    outcome->failed = true;
    outcome->odd = state == NULL;
    outcome->read_only = state != NULL && strcmp(state, "25006") == 0;
    text = text == NULL ? PQresultErrorMessage(result) : text;
    (void)postgres_fail(state == NULL ? "" : state, *text == '\0' ? "what came is no answer" : text,
                        err);
}

/* Of each call for the next one the same comes again. */
static bool has_no_end(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);
    return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

void postgres_read(const struct store_query *query,
                   const PGresult *result,
                   struct postgres_outcome *outcome,
                   struct err *err)
{
    if (outcome->failed) {
        outcome->odd = outcome->odd || has_no_end(result);
        return;
    }
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        outcome->rows = true;
        outcome->failed = query->row != NULL && !read_row(query, result, err);
        return;
    case PGRES_TUPLES_OK:
        return;
    case PGRES_COMMAND_OK:
        /* The server answers the COMMIT of a transaction that has failed with a ROLLBACK. */
        if (postgres_is_commit(query) &&
            strcmp(PQcmdStatus((PGresult *)(uintptr_t)result), "ROLLBACK") == 0) {
            outcome->failed = true;
            (void)err_set(err, ERR_INTERNAL, "PostgreSQL: the transaction had failed before");
        }
        return;
    default:
        read_error(result, outcome, err);
    }
}

static bool
collect(struct postgres *self, const struct store_query *query, bool *out_rows, struct err *err)
{
    struct postgres_outcome outcome = {0};
    self->trips++;
    for (;;) {
        PGresult *result = NULL;
        enum postgres_answer answer = postgres_next(self, &result);
        if (answer == POSTGRES_RESULT) {
            postgres_read(query, result, &outcome, err);
            PQclear(result);
            *out_rows = outcome.rows;
        }
        if (answer == POSTGRES_RESULT && !outcome.odd) {
            continue;
        }
        if (answer != POSTGRES_END || PQstatus(self->conn) == CONNECTION_BAD) {
            struct err told = {0};
            return postgres_give_up(self, outcome.failed ? &told : err);
        }
        if (outcome.read_only) {
            postgres_drop(self); /* another host may be the one that takes writes now */
        }
        return !outcome.failed;
    }
}

void postgres_name(const char *sql, char out[POSTGRES_NAME_SIZE])
{
    (void)snprintf(out, POSTGRES_NAME_SIZE, "s%llx", (unsigned long long)(uintptr_t)sql);
}

static bool prepare(struct postgres *self,
                    const struct store_query *query,
                    char name[POSTGRES_NAME_SIZE],
                    struct err *err)
{
    const struct store_query nothing = {.sql = NULL};
    bool rows = false;
    uint64_t address = (uint64_t)(uintptr_t)query->sql;
    postgres_name(query->sql, name);
    if (idmap_get(&self->prepared, address) != NULL) {
        return true;
    }
    if (PQsendPrepare(self->conn, name, query->sql, 0, NULL) == 0) {
        return postgres_give_up(self, err);
    }
    if (!collect(self, &nothing, &rows, err)) {
        return false;
    }
    (void)idmap_put(&self->prepared, address, (void *)(uintptr_t)query->sql);
    return true;
}

/* Texts go as they are, which needs no NUL behind them; numbers as text, which fits any width. */
bool postgres_send(struct postgres *self, const char *name, const struct store_query *query)
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
                               0) != 0;
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

static bool send_simple(struct postgres *self, const char *sql)
{
    if (strncmp(sql, "CREATE TABLE", strlen("CREATE TABLE")) != 0) {
        return PQsendQuery(self->conn, sql) != 0;
    }
    char *ordered = with_collation(sql);
    bool ok = PQsendQuery(self->conn, ordered) != 0;
    mem_free(ordered);
    return ok;
}

static bool send_alone(struct postgres *self, const char *name, const struct store_query *query)
{
    return postgres_send(self, name, query) && PQsetSingleRowMode(self->conn) != 0;
}

bool postgres_run_rows(struct postgres *self,
                       const struct store_query *query,
                       bool *out_rows,
                       struct err *err)
{
    char name[POSTGRES_NAME_SIZE];
    bool simple = query->param_count == 0 && query->row == NULL;
    *out_rows = false;
    if (!simple && !prepare(self, query, name, err)) {
        return false;
    }
    if (simple ? !send_simple(self, query->sql) : !send_alone(self, name, query)) {
        return postgres_give_up(self, err);
    }
    return collect(self, query, out_rows, err);
}

bool postgres_run(struct postgres *self, const struct store_query *query, struct err *err)
{
    bool rows = false;
    return postgres_run_rows(self, query, &rows, err);
}
