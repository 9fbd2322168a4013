/* store_sql.c - the subset is what SQLite, PostgreSQL and its relatives read alike: BIGINT, TEXT,
 * ON CONFLICT, LIKE, $n parameters (first used in ascending order, which SQLite needs), and of
 * functions COUNT and LOWER alone (of ASCII letters).
 * Order is bytewise: in PostgreSQL the columns have the collation "C". */
#include "store/store_sql.h"

/* The columns of a record, in the order in which store_request.c reads them. */
#define RECORD_COLUMNS \
    "v.kind, v.realm, v.key, v.version, v.seq, v.time_ms, v.author, v.comment, v.deleted, v.value"

#define PRESENT_RECORDS                                           \
    "SELECT " RECORD_COLUMNS " FROM records r JOIN versions v"    \
    " ON v.kind = r.kind AND v.realm = r.realm AND v.key = r.key" \
    " AND v.version = r.version WHERE r.deleted = 0"

/* Of a page: within what has a prefix, and like a pattern if there is one: a count looks at all. */
#define PAGE_KEYS                                                      \
    " AND r.kind = $1 AND r.realm = $2 AND r.key >= $3 AND r.key < $4" \
    " AND ($5 = '' OR LOWER(r.key) LIKE $5 ESCAPE '!')"

/* In the order in which store_audit.c reads them. */
#define AUDIT_COLUMNS                                                                     \
    "a.id, a.refused, a.time_ms, a.times, a.realm, a.actor, a.actor_realm, a.authmethod," \
    " a.address, a.request_id, a.action, a.target, a.outcome, a.error, a.before_digest,"  \
    " a.after_digest, a.detail"

#define ONE_KEY " WHERE v.kind = $1 AND v.realm = $2 AND v.key = $3"

/* In the order in which store_lease.c reads them. */
#define LEASE_COLUMNS "l.kind, l.key, l.realm, l.owner, l.family, l.value, l.expires_ms"

/* A batch of those that were written longest ago; the same ones until they are gone. */
#define REVOCATIONS_OVER                                                                   \
    " WHERE v.kind = 'revocation' AND v.time_ms <= $1 ORDER BY v.time_ms, v.realm, v.key," \
    " v.version LIMIT $2"

static const char *const statements[SQL_STATEMENTS] = {
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SAVEPOINT] = "SAVEPOINT request",
    [SQL_SAVEPOINT_RELEASE] = "RELEASE SAVEPOINT request",
    [SQL_SAVEPOINT_ROLLBACK] = "ROLLBACK TO SAVEPOINT request",

    [SQL_HEAD] = "SELECT seq, tag FROM head WHERE one = 1",
    [SQL_HEAD_ADVANCE] = "UPDATE head SET seq = seq + 1, tag = $1 WHERE one = 1",

    [SQL_PRESENT_VERSION] = "SELECT r.version, r.deleted FROM records r"
                            " WHERE r.kind = $1 AND r.realm = $2 AND r.key = $3",
    [SQL_PRESENT_VALUE] = "SELECT v.value FROM records r JOIN versions v"
                          " ON v.kind = r.kind AND v.realm = r.realm AND v.key = r.key"
                          " AND v.version = r.version WHERE r.deleted = 0"
                          " AND r.kind = $1 AND r.realm = $2 AND r.key = $3",
    [SQL_VERSION_INSERT] = "INSERT INTO versions (kind, realm, key, version, seq, time_ms,"
                           " author, comment, deleted, value)"
                           " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    [SQL_VERSION_PRUNE] = "DELETE FROM versions"
                          " WHERE kind = $1 AND realm = $2 AND key = $3 AND version <= $4",
    [SQL_VERSION_EMPTY] = "UPDATE versions SET value = ''"
                          " WHERE kind = $1 AND realm = $2 AND key = $3 AND version = $4",
    [SQL_RECORD_UPSERT] = "INSERT INTO records (kind, realm, key, version, deleted)"
                          " VALUES ($1, $2, $3, $4, $5)"
                          " ON CONFLICT (kind, realm, key) DO UPDATE"
                          " SET version = excluded.version, deleted = excluded.deleted",
    [SQL_CHANGE_INSERT] = "INSERT INTO changes (seq, part, tag, kind, realm, key, version)"
                          " VALUES ($1, $2, $3, $4, $5, $6, $7)",
    [SQL_CHANGE_PRUNE] = "DELETE FROM changes WHERE seq <= $1",

    /* The present versions alone: what was in between may have been pruned, or forgotten. */
    [SQL_CHANGES] = "SELECT " RECORD_COLUMNS " FROM changes c JOIN records r"
                    " ON r.kind = c.kind AND r.realm = c.realm AND r.key = c.key"
                    " AND r.version = c.version JOIN versions v"
                    " ON v.kind = c.kind AND v.realm = c.realm AND v.key = c.key"
                    " AND v.version = c.version WHERE c.seq > $1 AND c.seq <= $2"
                    " ORDER BY c.seq, c.part",
    [SQL_CHANGE_COUNT] = "SELECT COUNT(*) FROM changes WHERE kind = $1 AND seq > $2",
    [SQL_CHANGE_TAG] = "SELECT tag FROM changes WHERE seq = $1 AND part = 0",

    [SQL_LOAD] = PRESENT_RECORDS " ORDER BY r.kind, r.realm, r.key",
    [SQL_LIST] = PRESENT_RECORDS " AND r.kind = $1 AND r.realm = $2 ORDER BY r.key",
    [SQL_PAGE] = PRESENT_RECORDS PAGE_KEYS " AND r.key > $6 ORDER BY r.key LIMIT $7",
    [SQL_PAGE_DESCENDING] =
        PRESENT_RECORDS PAGE_KEYS " AND ($6 = '' OR r.key < $6) ORDER BY r.key DESC LIMIT $7",
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

    [SQL_REVOCATION_COUNT] =
        "SELECT COUNT(*) FROM (SELECT v.key FROM versions v" REVOCATIONS_OVER ") AS over",
    [SQL_REVOCATION_SWEEP_RECORDS] =
        "DELETE FROM records WHERE kind = 'revocation' AND (realm, key, version) IN"
        " (SELECT v.realm, v.key, v.version FROM versions v" REVOCATIONS_OVER ")",
    [SQL_REVOCATION_SWEEP_VERSIONS] =
        "DELETE FROM versions WHERE kind = 'revocation' AND (realm, key, version) IN"
        " (SELECT v.realm, v.key, v.version FROM versions v" REVOCATIONS_OVER ")",

    [SQL_AUDIT_ADVANCE] = "UPDATE audit_head SET id = id + 1, kept = kept + 1,"
                          " kept_refused = kept_refused + $1 WHERE one = 1",
    [SQL_AUDIT_HEAD] = "SELECT id, kept, kept_refused FROM audit_head WHERE one = 1",
    [SQL_AUDIT_INSERT] = "INSERT INTO audit (id, refused, time_ms, times, realm, actor,"
                         " actor_realm, authmethod, address, request_id, action, target, outcome,"
                         " error, before_digest, after_digest, detail) VALUES"
                         " ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16,"
                         " $17)",
    [SQL_AUDIT_LIST] = "SELECT " AUDIT_COLUMNS " FROM audit a WHERE a.id < $1 AND a.id >= $2"
                       " AND a.time_ms >= $3 AND a.time_ms <= $4"
                       " AND ($5 = '' OR a.realm = $5) AND ($6 = '' OR a.actor = $6)"
                       " AND a.action >= $7 AND a.action <= $8"
                       " AND ($9 = '' OR a.outcome = $9 OR a.error = $9)"
                       " ORDER BY a.id DESC LIMIT $10",
    [SQL_AUDIT_OLDEST] = "SELECT id, time_ms, refused FROM audit ORDER BY id LIMIT $1",
    [SQL_AUDIT_OLDEST_REFUSED] = "SELECT id, time_ms, refused FROM audit WHERE refused = 1"
                                 " ORDER BY id LIMIT $1",
    [SQL_AUDIT_DELETE] = "DELETE FROM audit WHERE id <= $1",
    [SQL_AUDIT_DELETE_REFUSED] = "DELETE FROM audit WHERE refused = 1 AND id <= $1",
    [SQL_AUDIT_DELETED] = "UPDATE audit_head SET kept = kept - $1,"
                          " kept_refused = kept_refused - $2 WHERE one = 1",

    [SQL_NODES] = "SELECT n.id, n.name, n.url, n.version, n.beat, n.seq FROM nodes n"
                  " ORDER BY n.id LIMIT 256",
    [SQL_NODE_BEAT] = "INSERT INTO nodes (id, name, url, version, beat, seq)"
                      " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (id) DO UPDATE"
                      " SET beat = excluded.beat, seq = excluded.seq",
    [SQL_NODE_DELETE] = "DELETE FROM nodes WHERE id = $1",
    [SQL_NODE_DELETE_DEAD] = "DELETE FROM nodes WHERE id = $1 AND beat = $2",
    [SQL_NODE_DELETE_NAMED] = "DELETE FROM nodes WHERE name = $1 AND id <> $2",

    [SQL_REPLICA_HEAD_SET] = "UPDATE head SET seq = $1, tag = $2 WHERE one = 1",
    [SQL_REPLICA_VERSION] = "INSERT INTO versions (kind, realm, key, version, seq, time_ms,"
                            " author, comment, deleted, value)"
                            " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
                            " ON CONFLICT (kind, realm, key, version) DO UPDATE"
                            " SET seq = excluded.seq, time_ms = excluded.time_ms,"
                            " author = excluded.author, comment = excluded.comment,"
                            " deleted = excluded.deleted, value = excluded.value",
    [SQL_REPLICA_VERSION_ONLY] = "DELETE FROM versions"
                                 " WHERE kind = $1 AND realm = $2 AND key = $3 AND version <> $4",
    [SQL_REPLICA_DROP_RECORD] = "DELETE FROM records WHERE kind = $1 AND realm = $2 AND key = $3",
    [SQL_REPLICA_DROP_VERSIONS] =
        "DELETE FROM versions WHERE kind = $1 AND realm = $2 AND key = $3",

    [SQL_SCHEMA_TABLE] = "CREATE TABLE IF NOT EXISTS schema_version"
                         " (one INTEGER PRIMARY KEY CHECK (one = 1), version BIGINT NOT NULL)",
    /* Before schema 6 there is no column `oldest`: then it is the 0 beside the table. */
    [SQL_SCHEMA_VERSION] =
        "SELECT s.version, (SELECT oldest FROM schema_version WHERE one = 1)"
        " FROM schema_version s, (SELECT CAST(0 AS BIGINT) AS oldest) none WHERE s.one = 1",
    [SQL_SCHEMA_VERSION_INSERT] = "INSERT INTO schema_version (one, version) VALUES (1, 0)"
                                  " ON CONFLICT (one) DO NOTHING",
    [SQL_SCHEMA_VERSION_SET] = "UPDATE schema_version SET version = $1 WHERE one = 1",
    [SQL_SCHEMA_OLDEST_SET] = "UPDATE schema_version SET oldest = $1 WHERE one = 1 AND oldest < $1",
};

const char *store_sql(enum store_sql statement)
{
    return statements[statement];
}
