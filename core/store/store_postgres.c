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

#include <string.h>

enum {
    MIGRATION_WAIT_MS = 60 * 1000,
    RETRY_FIRST_MS = 50,
    RETRY_DOUBLINGS = 2, /* a standby that is promoted is written to within half a second */
    RETRY_LAST_MS = 800,
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

static bool in_transaction(const struct postgres *self)
{
    return self->conn != NULL && PQtransactionStatus(self->conn) != PQTRANS_IDLE;
}

static bool postgres_in_transaction(struct store_backend *backend)
{
    return in_transaction(postgres_of(backend));
}

/* At the start somebody has to give the user his rights. Later nobody who asks is to blame. */
static enum err_code blame(const struct postgres *self, enum err_code code)
{
    if (code != ERR_DENIED) {
        return code;
    }
    return self->migrated ? ERR_UNAVAILABLE : ERR_INVALID;
}

/* Longer after an attempt that took long: who was kept waiting by it is answered meanwhile. */
static uint64_t pause_after(unsigned failures, uint64_t took_ms)
{
    unsigned doublings = failures < RETRY_DOUBLINGS ? failures : RETRY_DOUBLINGS;
    uint64_t pause_ms = RETRY_FIRST_MS * (UINT64_C(1) << doublings);
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

void postgres_lost(struct postgres *self)
{
    struct err problem = {0};
    (void)postgres_give_up(self, &problem);
    note_loss(self, &problem);
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
        if (postgres_run_rows(self, query, &rows, &problem)) {
            return true;
        }
        bool late = self->late;
        if (self->conn == NULL) {
            note_loss(self, &problem);
        }
        if (self->conn != NULL || late || rows || !first) {
            return err_set(err, blame(self, problem.code), "%s", problem.text);
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
        self->migrated = true; /* or it is tried later, when nobody waits that long */
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

static bool undoes(const struct store_query *query)
{
    return query->sql == store_sql(SQL_ROLLBACK) || query->sql == store_sql(SQL_SAVEPOINT_ROLLBACK);
}

/* Tables are made one by one, so that an error is where it belongs. */
static bool stands_alone(const struct store_query *query)
{
    return query->param_count == 0 && query->row == NULL && !postgres_is_commit(query) &&
           query->sql != store_sql(SQL_SAVEPOINT) && query->sql != store_sql(SQL_SAVEPOINT_RELEASE);
}

static bool run_inside(struct postgres *self, const struct store_query *query, struct err *err)
{
    if (!stands_alone(query)) {
        return postgres_queue(self, query, err);
    }
    struct err problem = {0};
    if (!postgres_settle(self, &problem) && (self->conn == NULL || !undoes(query))) {
        *err = problem;
        return false;
    }
    return postgres_run(self, query, err);
}

/* What an error within a transaction leaves behind. */
static bool
failed(struct postgres *self, bool committing, const struct err *problem, struct err *err)
{
    if (self->conn == NULL) {
        /* With an error before it, there was nothing left to commit. */
        self->backend.unsure = committing && !self->backend.earlier;
        note_loss(self, problem);
    }
    enum err_code code = blame(self, problem->code);
    self->migrated = self->migrated || code == ERR_UNAVAILABLE;
    return err_set(err, code, "%s", problem->text);
}

static bool
postgres_query(struct store_backend *backend, const struct store_query *query, struct err *err)
{
    struct postgres *self = postgres_of(backend);
    bool writes = query->row == NULL;
    bool committing = postgres_is_commit(query);
    struct err problem = {0};
    backend->earlier = false;
    if (fit(query) == UNFIT) {
        return !writes || err_set(err, ERR_INVALID, "a name or value is no UTF-8 text");
    }
    if (!in_transaction(self)) {
        /* The transaction went with its connection: a write would be one by itself. */
        return writes ? err_set(err, ERR_UNAVAILABLE, "%s", self->why.text)
                      : run_idle(self, query, err);
    }
    backend->notify = backend->notify || query->sql == store_sql(SQL_HEAD_ADVANCE);
    if (!run_inside(self, query, &problem)) {
        return failed(self, committing, &problem, err);
    }
    if (committing) {
        self->migrated = true;
        self->wait_ms = POSTGRES_WAIT_MS;
    }
    return true;
}

static bool postgres_settle_all(struct store_backend *backend, struct err *err)
{
    struct postgres *self = postgres_of(backend);
    struct err problem = {0};
    backend->earlier = false;
    return self->conn == NULL || postgres_settle(self, &problem) ||
           failed(self, false, &problem, err);
}

static void postgres_close(struct store_backend *backend)
{
    struct postgres *self = postgres_of(backend);
    PQfinish(self->conn);
    for (size_t i = 0; self->lookups != NULL && i < self->host_count; i++) {
        postgres_resolve_done(&self->lookups[i]);
    }
    mem_free(self->lookups);
    PQconninfoFree(self->options);
    mem_free(self->name);
    idmap_done(&self->prepared);
    mem_free(self);
}

static const struct store_backend_ops ops = {
    .begin = postgres_begin,
    .begin_apart = postgres_begin_apart,
    .query = postgres_query,
    .settle = postgres_settle_all,
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
    if (!postgres_parse(self, url, err)) {
        postgres_close(&self->backend);
        return NULL;
    }
    if (!postgres_connect(self, &self->why)) {
        (void)err_set(err, blame(self, self->why.code), "%s", self->why.text);
        if (self->why.code != ERR_UNAVAILABLE) {
            postgres_close(&self->backend);
            return NULL;
        }
        self->failures = 1;
        self->migrated = true; /* once, or nobody goes on without it */
    }
    return &self->backend;
}
