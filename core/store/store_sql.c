/* store_sql.c - the subset is what SQLite, PostgreSQL and its relatives read alike: BIGINT, TEXT,
 * ON CONFLICT, LIKE, $n parameters (first used in ascending order, which SQLite needs), and of
 * functions COUNT alone.
 * Order is bytewise: a PostgreSQL database is created with the collation "C". */
#include "store/store_sql.h"

/* The columns of a record, in the order in which store_request.c reads them. */
#define RECORD_COLUMNS \
    "v.kind, v.realm, v.key, v.version, v.seq, v.time_ms, v.author, v.comment, v.deleted, v.value"

#define PRESENT_RECORDS                                           \
    "SELECT " RECORD_COLUMNS " FROM records r JOIN versions v"    \
    " ON v.kind = r.kind AND v.realm = r.realm AND v.key = r.key" \
    " AND v.version = r.version WHERE r.deleted = 0"

/* Of a page: behind the cursor, and like two patterns. */
#define PAGE_KEYS                                                    \
    " AND r.kind = $1 AND r.realm = $2 AND r.key LIKE $3 ESCAPE '!'" \
    " AND r.key LIKE $4 ESCAPE '!'"

#define ONE_KEY " WHERE v.kind = $1 AND v.realm = $2 AND v.key = $3"

/* In the order in which store_lease.c reads them. */
#define LEASE_COLUMNS "l.kind, l.key, l.realm, l.owner, l.family, l.value, l.expires_ms"

static const char *const statements[SQL_STATEMENTS] = {
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SAVEPOINT] = "SAVEPOINT request",
    [SQL_SAVEPOINT_RELEASE] = "RELEASE SAVEPOINT request",
    [SQL_SAVEPOINT_ROLLBACK] = "ROLLBACK TO SAVEPOINT request",

    [SQL_HEAD] = "SELECT seq FROM head WHERE one = 1",
    [SQL_HEAD_ADVANCE] = "UPDATE head SET seq = seq + 1, tag = $1 WHERE one = 1",

    [SQL_PRESENT_VERSION] = "SELECT r.version, r.deleted FROM records r"
                            " WHERE r.kind = $1 AND r.realm = $2 AND r.key = $3",
    [SQL_VERSION_INSERT] = "INSERT INTO versions (kind, realm, key, version, seq, time_ms,"
                           " author, comment, deleted, value)"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    [SQL_VERSION_PRUNE] = "DELETE FROM versions"
                          " WHERE kind = $1 AND realm = $2 AND key = $3 AND version <= $4",
    [SQL_RECORD_UPSERT] = "INSERT INTO records (kind, realm, key, version, deleted)"
                          " VALUES ($1, $2, $3, $4, $5)"
                          " ON CONFLICT (kind, realm, key) DO UPDATE"
                          " SET version = excluded.version, deleted = excluded.deleted",
    [SQL_CHANGE_INSERT] = "INSERT INTO changes (seq, part, tag, kind, realm, key, version)"
                          " VALUES ($1, $2, $3, $4, $5, $6, $7)",
    [SQL_CHANGE_PRUNE] = "DELETE FROM changes WHERE seq <= $1",

    [SQL_LOAD] = PRESENT_RECORDS " ORDER BY r.kind, r.realm, r.key",
    [SQL_LIST] = PRESENT_RECORDS " AND r.kind = $1 AND r.realm = $2 ORDER BY r.key",
    [SQL_PAGE] = PRESENT_RECORDS PAGE_KEYS " AND r.key > $5 ORDER BY r.key LIMIT $6",
    [SQL_PAGE_DESCENDING] =
        PRESENT_RECORDS PAGE_KEYS " AND ($5 = '' OR r.key < $5) ORDER BY r.key DESC LIMIT $6",
    [SQL_PAGE_COUNT] = "SELECT COUNT(*) FROM records r WHERE r.deleted = 0" PAGE_KEYS,
    [SQL_GET] = PRESENT_RECORDS " AND r.kind = $1 AND r.realm = $2 AND r.key = $3",
    [SQL_GET_VERSION] = "SELECT " RECORD_COLUMNS " FROM versions v" ONE_KEY " AND v.version = $4",
    [SQL_HISTORY] = "SELECT " RECORD_COLUMNS " FROM versions v" ONE_KEY " ORDER BY v.version DESC",

    [SQL_LEASE_GET] = "SELECT " LEASE_COLUMNS " FROM leases l"
                      " WHERE l.kind = $1 AND l.key = $2 AND l.expires_ms > $3",
    [SQL_LEASE_LIST] = "SELECT " LEASE_COLUMNS " FROM leases l WHERE l.realm = $1 AND l.owner = $2"
                       " AND l.kind = $3 AND l.expires_ms > $4 ORDER BY l.expires_ms, l.key",
    [SQL_LEASE_PUT] = "INSERT INTO leases (kind, key, realm, owner, family, value, expires_ms)"
                      " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (kind, key) DO UPDATE"
                      " SET realm = excluded.realm, owner = excluded.owner,"
                      " family = excluded.family, value = excluded.value,"
                      " expires_ms = excluded.expires_ms",
    [SQL_LEASE_DROP] = "DELETE FROM leases WHERE kind = $1 AND key = $2",
    [SQL_LEASE_DROP_FAMILY] = "DELETE FROM leases WHERE realm = $1 AND family = $2",
    [SQL_LEASE_DROP_OWNER] = "DELETE FROM leases WHERE realm = $1 AND owner = $2",
    [SQL_LEASE_DROP_REALM] = "DELETE FROM leases WHERE realm = $1",
    [SQL_LEASE_SWEEP] = "DELETE FROM leases WHERE expires_ms <= $1",
    /* The end of the last row of a batch: what ends before it is swept. */
    [SQL_LEASE_LATE] = "SELECT l.expires_ms FROM leases l WHERE l.expires_ms <= $1"
                       " ORDER BY l.expires_ms LIMIT 1 OFFSET $2",

    [SQL_SCHEMA_TABLE] = "CREATE TABLE IF NOT EXISTS schema_version"
                         " (one INTEGER PRIMARY KEY CHECK (one = 1), version BIGINT NOT NULL)",
    [SQL_SCHEMA_VERSION] = "SELECT version FROM schema_version WHERE one = 1",
    [SQL_SCHEMA_VERSION_INSERT] = "INSERT INTO schema_version (one, version) VALUES (1, 0)"
                                  " ON CONFLICT (one) DO NOTHING",
    [SQL_SCHEMA_VERSION_SET] = "UPDATE schema_version SET version = $1 WHERE one = 1",
};

const char *store_sql(enum store_sql statement)
{
    return statements[statement];
}
