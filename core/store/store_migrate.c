/* store_migrate.c - numbered steps from an empty database to this program's schema.
 *
 * A step that has been released is never edited: a change is a new step. */
#include "base/log.h"
#include "base/mem.h"
#include "store/store_inside.h"

enum { STEP_STATEMENTS_MAX = 8 };

/* 1: `versions` holds every version of a record, tombstones too, so that versions go on counting
 * after a deletion; `records` points at the present ones. `head` is one row that every writing
 * transaction updates first: it makes writers queue up, and so makes the order of `seq` the order
 * of commits. `tag` tells a change from another one that got the same number after a fail-over.
 * 2: `leases` are rows that end by themselves, outside versions and the change log.
 * 3: `audit` is written once. Its rows are counted, and get their numbers, in `audit_head`.
 * 4: revocations are found by their age.
 * 5: what secret records were before is forgotten (store_request.c). */
static const char *const steps[][STEP_STATEMENTS_MAX] = {
    {
        "CREATE TABLE head (one INTEGER PRIMARY KEY CHECK (one = 1),"
        " seq BIGINT NOT NULL, tag BIGINT NOT NULL)",
        "INSERT INTO head (one, seq, tag) VALUES (1, 0, 0)",
        "CREATE TABLE versions (kind TEXT NOT NULL, realm TEXT NOT NULL, key TEXT NOT NULL,"
        " version BIGINT NOT NULL, seq BIGINT NOT NULL, time_ms BIGINT NOT NULL,"
        " author TEXT NOT NULL, comment TEXT NOT NULL, deleted INTEGER NOT NULL,"
        " value TEXT NOT NULL, PRIMARY KEY (kind, realm, key, version))",
        "CREATE TABLE records (kind TEXT NOT NULL, realm TEXT NOT NULL, key TEXT NOT NULL,"
        " version BIGINT NOT NULL, deleted INTEGER NOT NULL, PRIMARY KEY (kind, realm, key),"
        " FOREIGN KEY (kind, realm, key, version)"
        " REFERENCES versions (kind, realm, key, version))",
        "CREATE TABLE changes (seq BIGINT NOT NULL, part BIGINT NOT NULL, tag BIGINT NOT NULL,"
        " kind TEXT NOT NULL, realm TEXT NOT NULL, key TEXT NOT NULL, version BIGINT NOT NULL,"
        " PRIMARY KEY (seq, part))",
    },
    {
        "CREATE TABLE leases (kind TEXT NOT NULL, key TEXT NOT NULL, realm TEXT NOT NULL,"
        " owner TEXT NOT NULL, family TEXT NOT NULL, value TEXT NOT NULL,"
        " expires_ms BIGINT NOT NULL, PRIMARY KEY (kind, key))",
        "CREATE INDEX leases_by_end ON leases (expires_ms)",
        "CREATE INDEX leases_by_owner ON leases (realm, owner)",
        "CREATE INDEX leases_by_family ON leases (realm, family)",
    },
    {
        "CREATE TABLE audit (id BIGINT NOT NULL PRIMARY KEY, refused INTEGER NOT NULL,"
        " time_ms BIGINT NOT NULL, times BIGINT NOT NULL, realm TEXT NOT NULL,"
        " actor TEXT NOT NULL, actor_realm TEXT NOT NULL, authmethod TEXT NOT NULL,"
        " address TEXT NOT NULL, request_id TEXT NOT NULL, action TEXT NOT NULL,"
        " target TEXT NOT NULL, outcome TEXT NOT NULL, error TEXT NOT NULL,"
        " before_digest TEXT NOT NULL, after_digest TEXT NOT NULL, detail TEXT NOT NULL)",
        "CREATE INDEX audit_refused ON audit (refused, id)",
        "CREATE TABLE audit_head (one INTEGER PRIMARY KEY CHECK (one = 1), id BIGINT NOT NULL,"
        " kept BIGINT NOT NULL, kept_refused BIGINT NOT NULL)",
        "INSERT INTO audit_head (one, id, kept, kept_refused) VALUES (1, 0, 0, 0)",
    },
    {
        "CREATE INDEX versions_revocation ON versions (time_ms) WHERE kind = 'revocation'",
    },
    {
        "UPDATE versions SET value = '' WHERE value <> ''"
        " AND kind IN ('user', 'key', 'api_key', 'ticket', 'setting')"
        " AND version < (SELECT r.version FROM records r WHERE r.kind = versions.kind"
        " AND r.realm = versions.realm AND r.key = versions.key)",
    },
};

static bool read_number(void *ctx, const struct store_value *columns, struct err *err)
{
    (void)err;
    *(int64_t *)ctx = columns[0].number;
    return true;
}

static bool schema_version(struct store_backend *backend, int64_t *out, struct err *err)
{
    const struct store_query query = {
        .sql = store_sql(SQL_SCHEMA_VERSION), .row = read_number, .ctx = out};
    return store_exec(backend, SQL_SCHEMA_TABLE, err) &&
           store_exec(backend, SQL_SCHEMA_VERSION_INSERT, err) &&
           backend->ops->query(backend, &query, err);
}

static bool run_step(struct store_backend *backend, size_t step, struct err *err)
{
    for (size_t i = 0; i < STEP_STATEMENTS_MAX && steps[step][i] != NULL; i++) {
        const struct store_query query = {.sql = steps[step][i]};
        if (!backend->ops->query(backend, &query, err)) {
            return err_wrap(err, "schema %zu", step + 1);
        }
    }
    const struct store_value version = STORE_NUMBER(step + 1);
    const struct store_query query = {
        .sql = store_sql(SQL_SCHEMA_VERSION_SET), .params = &version, .param_count = 1};
    return backend->ops->query(backend, &query, err);
}

static bool run_steps(struct store_backend *backend, struct err *err)
{
    int64_t version = 0;
    if (!schema_version(backend, &version, err)) {
        return false;
    }
    if (version < 0 || version > (int64_t)COUNT_OF(steps)) {
        return err_set(err, ERR_INVALID,
                       "the data has schema %lld, this program knows schemas up to %zu:"
                       " start the newer postern that wrote it, or restore a backup",
                       (long long)version, COUNT_OF(steps));
    }
    for (size_t step = (size_t)version; step < COUNT_OF(steps); step++) {
        if (!run_step(backend, step, err)) {
            return false;
        }
        log_info("store schema brought up", KV_U64("schema", step + 1));
    }
    return true;
}

bool store_migrate(struct store_backend *backend, struct err *err)
{
    if (!backend->ops->begin(backend, err)) {
        return false;
    }
    if (run_steps(backend, err) && store_exec(backend, SQL_COMMIT, err)) {
        return true;
    }
    if (backend->ops->in_transaction(backend)) {
        (void)store_exec(backend, SQL_ROLLBACK, NULL);
    }
    return false;
}
