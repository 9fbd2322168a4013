/* store_postgres_pipeline.c - what is written within a transaction is sent without waiting for each
 * answer: the answers come with that of the next statement that reads, and of the COMMIT.
 *
 * So an error may be one of an earlier statement; the backend says so. Behind it the server passes
 * over everything until the next sync, and the transaction stands as failed until it is rolled
 * back, as ever. */
#include "base/mem.h"
#include "store/store_postgres.h"
#include "store/store_sql.h"

/* What is queued waits in memory here, and its answers in the server: neither may grow. */
enum { QUEUE_BYTES_MAX = 256 * 1024 };

static bool enqueue(struct postgres *self, const char *prepares, bool sent)
{
    self->queue[self->queued++] = prepares;
    return sent;
}

static bool queue_prepare(struct postgres *self, const char *sql)
{
    char name[POSTGRES_NAME_SIZE];
    uint64_t address = (uint64_t)(uintptr_t)sql;
    if (idmap_get(&self->prepared, address) != NULL) {
        return true;
    }
    postgres_name(sql, name);
    (void)idmap_put(&self->prepared, address, (void *)(uintptr_t)sql);
    return enqueue(self, sql, PQsendPrepare(self->conn, name, sql, 0, NULL) != 0);
}

static bool queue_text(struct postgres *self, const char *sql)
{
    return enqueue(self, NULL,
                   PQsendQueryParams(self->conn, sql, 0, NULL, NULL, NULL, NULL, 0) != 0);
}

static bool queue_commit(struct postgres *self)
{
    char notify[POSTGRES_NOTIFY_SIZE];
    return (!postgres_notify_sql(self, notify) || queue_text(self, notify)) &&
           queue_text(self, store_sql(SQL_COMMIT));
}

static bool queue_statement(struct postgres *self, const struct store_query *query)
{
    char name[POSTGRES_NAME_SIZE];
    if (self->queued == 0 && PQenterPipelineMode(self->conn) == 0) {
        return false;
    }
    if (postgres_is_commit(query)) {
        return queue_commit(self);
    }
    if (query->param_count == 0 && query->row == NULL) {
        return queue_text(self, query->sql);
    }
    for (size_t i = 0; i < query->param_count; i++) {
        self->queued_bytes += query->params[i].is_text ? query->params[i].text.len : 0;
    }
    postgres_name(query->sql, name);
    return queue_prepare(self, query->sql) && enqueue(self, NULL, postgres_send(self, name, query));
}

/* Of one that was queued, to its end. False: the connection is lost. */
static bool collect_one(struct postgres *self,
                        const struct store_query *query,
                        struct postgres_outcome *outcome,
                        struct err *err)
{
    if (query->row != NULL && !outcome->failed && PQsetSingleRowMode(self->conn) == 0) {
        outcome->failed = true;
        (void)err_set(err, ERR_INTERNAL, "libpq gives no rows");
    }
    for (;;) {
        PGresult *result = NULL;
        enum postgres_answer answer = postgres_next(self, &result);
        if (answer != POSTGRES_RESULT) {
            return answer == POSTGRES_END && PQstatus(self->conn) != CONNECTION_BAD;
        }
        if (PQresultStatus(result) == PGRES_PIPELINE_ABORTED) {
            outcome->skipped = true;
        } else {
            postgres_read(query, result, outcome, err);
        }
        PQclear(result);
        if (outcome->odd || PQstatus(self->conn) == CONNECTION_BAD) {
            return false;
        }
    }
}

static bool collect_sync(struct postgres *self)
{
    PGresult *result = NULL;
    bool ok = postgres_next(self, &result) == POSTGRES_RESULT &&
              PQresultStatus(result) == PGRES_PIPELINE_SYNC;
    PQclear(result);
    return ok && PQexitPipelineMode(self->conn) != 0;
}

/* `last`: whose statement is the last one that was queued. */
static bool collect_all(struct postgres *self, const struct store_query *last, struct err *err)
{
    const struct store_query nothing = {.sql = NULL};
    struct postgres_outcome outcome = {0};
    size_t count = self->queued;
    bool there = PQpipelineSync(self->conn) != 0;
    self->trips++;
    self->queued = 0;
    self->queued_bytes = 0;
    for (size_t i = 0; there && i < count; i++) {
        bool is_last = i + 1 == count && last != NULL;
        bool stood = !outcome.failed;
        outcome.skipped = false;
        there = collect_one(self, is_last ? last : &nothing, &outcome, err);
        if (self->queue[i] != NULL && (outcome.skipped || (stood && outcome.failed))) {
            (void)idmap_remove(&self->prepared, (uint64_t)(uintptr_t)self->queue[i]);
        }
        if (stood && outcome.failed && !outcome.odd) {
            self->backend.earlier = !is_last;
        }
    }
    if (!there || !collect_sync(self)) {
        struct err told = {0};
        return postgres_give_up(self, outcome.failed ? &told : err);
    }
    if (outcome.read_only) {
        postgres_drop(self); /* another host may be the one that takes writes now */
    }
    return !outcome.failed;
}

bool postgres_settle(struct postgres *self, struct err *err)
{
    return self->queued == 0 || collect_all(self, NULL, err);
}

bool postgres_queue(struct postgres *self, const struct store_query *query, struct err *err)
{
    if (!queue_statement(self, query)) {
        return postgres_give_up(self, err);
    }
    if (query->row != NULL || postgres_is_commit(query)) {
        return collect_all(self, query, err);
    }
    bool full = self->queued + 4 > POSTGRES_QUEUE_MAX || self->queued_bytes > QUEUE_BYTES_MAX;
    return !full || collect_all(self, NULL, err);
}
