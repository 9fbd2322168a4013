/* store_sql.h - every statement of the store, by name. Inside core/store only. */
#ifndef POSTERN_STORE_STORE_SQL_H
#define POSTERN_STORE_STORE_SQL_H

enum store_sql {
    SQL_COMMIT,
    SQL_ROLLBACK,
    SQL_SAVEPOINT,
    SQL_SAVEPOINT_RELEASE,
    SQL_SAVEPOINT_ROLLBACK,
    SQL_HEAD,
    SQL_HEAD_ADVANCE,
    SQL_PRESENT_VERSION,
    SQL_VERSION_INSERT,
    SQL_VERSION_PRUNE,
    SQL_RECORD_UPSERT,
    SQL_CHANGE_INSERT,
    SQL_CHANGE_PRUNE,
    SQL_LOAD,
    SQL_LIST,
    SQL_GET,
    SQL_GET_VERSION,
    SQL_HISTORY,
    SQL_SCHEMA_TABLE,
    SQL_SCHEMA_VERSION,
    SQL_SCHEMA_VERSION_INSERT,
    SQL_SCHEMA_VERSION_SET,
    SQL_STATEMENTS
};

const char *store_sql(enum store_sql statement);

#endif
