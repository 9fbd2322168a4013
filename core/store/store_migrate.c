/* store_migrate.c - numbered steps from an empty database to this program's schema, and which
 * programs can work with what schema.
 *
 * Nodes are brought up one after the other, beside one database. So a schema first grows, by what
 * an older program need not know: new tables, new indexes, new columns that have a default. What
 * nobody uses any more goes in a later release. A step that has been released is never edited: a
 * change is a new step. */
#include "base/log.h"
#include "base/mem.h"
#include "store/store_inside.h"

enum { STEP_STATEMENTS_MAX = 8 };

struct step {
    int64_t oldest; /* the schema of the oldest program that can work with the outcome */
    const char *statements[STEP_STATEMENTS_MAX];
};

/* 1: `versions` holds every version of a record, tombstones too, so that versions go on counting
 * after a deletion; `records` points at the present ones. `head` is one row that every writing
 * transaction updates first: it makes writers queue up, and so makes the order of `seq` the order
 * of commits. `tag` tells a change from another one that got the same number after a fail-over.
 * 2: `leases` are rows that end by themselves, outside versions and the change log.
 * 3: `audit` is written once. Its rows are counted, and get their numbers, in `audit_head`.
 * 4: revocations are found by their age.
 * 5: what secret records were before is forgotten (store_request.c): an older program would not.
 * 6: which programs can work with the data; the nodes that share the database. */
static const struct step steps[] = {
    {1,
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
     }},
    {1,
     {
         "CREATE TABLE leases (kind TEXT NOT NULL, key TEXT NOT NULL, realm TEXT NOT NULL,"
         " owner TEXT NOT NULL, family TEXT NOT NULL, value TEXT NOT NULL,"
         " expires_ms BIGINT NOT NULL, PRIMARY KEY (kind, key))",
         "CREATE INDEX leases_by_end ON leases (expires_ms)",
         "CREATE INDEX leases_by_owner ON leases (realm, owner)",
         "CREATE INDEX leases_by_family ON leases (realm, family)",
     }},
    {1,
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
     }},
    {1,
     {
         "CREATE INDEX versions_revocation ON versions (time_ms) WHERE kind = 'revocation'",
     }},
    {5,
     {
         "UPDATE versions SET value = '' WHERE value <> ''"
         " AND kind IN ('user', 'key', 'api_key', 'ticket', 'setting')"
         " AND version < (SELECT r.version FROM records r WHERE r.kind = versions.kind"
         " AND r.realm = versions.realm AND r.key = versions.key)",
     }},
    {5,
     {
         "ALTER TABLE schema_version ADD COLUMN oldest BIGINT NOT NULL DEFAULT 0",
         "CREATE TABLE nodes (id TEXT NOT NULL PRIMARY KEY, name TEXT NOT NULL,"
         " url TEXT NOT NULL, version TEXT NOT NULL, beat BIGINT NOT NULL, seq BIGINT NOT NULL)",
     }},
};

static const int64_t known = (int64_t)COUNT_OF(steps);

static bool read_schema(void *ctx, const struct store_value *columns, struct err *err)
{
    struct store_schema *schema = ctx;
    (void)err;
    schema->version = columns[0].number;
    schema->oldest = columns[1].number;
    return true;
}

bool store_schema_read(struct store_backend *backend, struct store_schema *out, struct err *err)
{
    const struct store_query query = {
        .sql = store_sql(SQL_SCHEMA_VERSION), .row = read_schema, .ctx = out};
    *out = (struct store_schema){.version = -1, .known = known};
    return backend->ops->query(backend, &query, err);
}

static bool run_step(struct store_backend *backend, size_t step, struct err *err)
{
    for (size_t i = 0; i < STEP_STATEMENTS_MAX && steps[step].statements[i] != NULL; i++) {
        const struct store_query query = {.sql = steps[step].statements[i]};
        if (!backend->ops->query(backend, &query, err)) {
            return err_wrap(err, "schema %zu", step + 1);
        }
    }
    const struct store_value version = STORE_NUMBER(step + 1);
    return store_exec_with(backend, SQL_SCHEMA_VERSION_SET, &version, 1, err);
}

static bool set_oldest(struct store_backend *backend, struct err *err)
{
    struct store_value oldest = STORE_NUMBER(0);
    for (size_t i = 0; i < COUNT_OF(steps); i++) {
        if (steps[i].oldest > oldest.number) {
            oldest.number = steps[i].oldest;
        }
    }
    return store_exec_with(backend, SQL_SCHEMA_OLDEST_SET, &oldest, 1, err);
}

/* Also of a schema that is newer, but of use to this program. */
static bool
check_schema(struct store_backend *backend, const struct store_schema *schema, struct err *err)
{
    if (schema->version < 0 || schema->oldest > known) {
        return err_set(err, ERR_INVALID,
                       "the data has schema %lld, this program knows schemas up to %lld:"
                       " start the newer postern that wrote it, or restore a backup",
                       (long long)schema->version, (long long)known);
    }
    if (schema->version > known && backend->schema != schema->version) {
        log_info("the data has a newer schema, which this program can work with",
                 KV_I64("schema", schema->version), KV_I64("known", known));
    }
    backend->schema = schema->version;
    backend->checked = backend->connection;
    return true;
}

bool store_migrate_within(struct store_backend *backend, struct err *err)
{
    struct store_schema schema;
    if (!store_exec(backend, SQL_SCHEMA_TABLE, err) ||
        !store_exec(backend, SQL_SCHEMA_VERSION_INSERT, err) ||
        !store_schema_read(backend, &schema, err) || !check_schema(backend, &schema, err)) {
        return false;
    }
    if (schema.version >= known) {
        return true;
    }
    for (int64_t step = schema.version; step < known; step++) {
        if (!run_step(backend, (size_t)step, err)) {
            return false;
        }
        log_info("store schema brought up", KV_I64("schema", step + 1));
    }
    backend->schema = known;
    return set_oldest(backend, err);
}

bool store_migrate(struct store_backend *backend, struct err *err)
{
    if (backend->ops->begin(backend, err) && store_migrate_within(backend, err) &&
        store_exec(backend, SQL_COMMIT, err)) {
        return true;
    }
    if (backend->ops->in_transaction(backend)) {
        (void)store_exec(backend, SQL_ROLLBACK, NULL);
    }
    backend->checked = 0;
    return false;
}

bool store_check_schema(struct store_backend *backend, struct err *err)
{
    struct store_schema schema;
    if (!store_schema_read(backend, &schema, err)) {
        return false;
    }
    if (schema.version >= 0 && schema.version < known) {
        return store_migrate(backend, err);
    }
    return check_schema(backend, &schema, err);
}

bool store_begin(struct store_backend *backend, struct err *err)
{
    struct err problem = {0};
    if (!backend->ops->begin(backend, err)) {
        return false;
    }
    if (!backend->shared || backend->checked == backend->connection) {
        return true;
    }
    if (store_exec(backend, SQL_ROLLBACK, &problem) && store_check_schema(backend, &problem) &&
        backend->ops->begin(backend, &problem)) {
        return true;
    }
    return err_set(err, ERR_UNAVAILABLE, "%s", problem.text); /* nobody asked for what is wrong */
}
