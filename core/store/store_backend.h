/* store_backend.h - what a database must offer to carry the store. Inside core/store only.
 *
 * A backend runs the statements of store_sql.c, which are written in the SQL that
 * SQLite and PostgreSQL share, and knows nothing of what they mean. One thread at
 * a time.
 */
#ifndef POSTERN_STORE_STORE_BACKEND_H
#define POSTERN_STORE_STORE_BACKEND_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORE_PARAMS_MAX = 17, STORE_COLUMNS_MAX = 17 };

/* A parameter or a column: a number or a text. There are no NULLs in the schema. */
struct store_value {
    bool is_text;
    int64_t number;
    struct str text;
};

#define STORE_NUMBER(n) ((struct store_value){.number = (int64_t)(n)})
#define STORE_TEXT(s)   ((struct store_value){.is_text = true, .text = (s)})

/* Columns are borrowed for the call. False stops the query and fails it. */
typedef bool (*store_row_fn)(void *ctx, const struct store_value *columns, struct err *err);

struct store_query {
    const char *sql; /* from a static table: the backend keeps it prepared by its address */
    const struct store_value *params;
    size_t param_count;
    store_row_fn row; /* NULL: rows are ignored */
    void *ctx;
};

struct store_backend;

struct store_backend_ops {
    /* Begins a transaction that may write; no other writer comes between. */
    bool (*begin)(struct store_backend *backend, struct err *err);
    /* The same for what takes no place among writers, and may be lost with the server's memory. */
    bool (*begin_apart)(struct store_backend *backend, struct err *err);
    /* Within a transaction one without rows may be found to have failed only by one behind it. */
    bool (*query)(struct store_backend *backend, const struct store_query *query, struct err *err);
    /* Until here all have done what they should. */
    bool (*settle)(struct store_backend *backend, struct err *err);
    /* False once an error has thrown the whole transaction away. */
    bool (*in_transaction)(struct store_backend *backend);
    /* Readable when `noticed` has something to read, also that the connection is lost; -1: none.
     * To be asked for before each wait, after `noticed`: a query reads as well. */
    int (*fd)(struct store_backend *backend);
    /* Outside a transaction, without waiting: whether others have committed since the last time,
     * or may have. */
    bool (*noticed)(struct store_backend *backend);
    /* Outside a transaction: of those who begin with a database one at a time has the turn, until
     * it gives it back or its connection ends. Who waits too long goes on without. */
    bool (*take_turn)(struct store_backend *backend, struct err *err);
    void (*end_turn)(struct store_backend *backend);
    void (*close)(struct store_backend *backend);
};

/* First member of a backend's struct. */
struct store_backend {
    const struct store_backend_ops *ops;
    bool guarded;        /* the request at work has a savepoint (store_group.c) */
    bool shared;         /* others may write to the database as well */
    uint64_t connection; /* of a shared one: another number for every new connection, 0: none yet */
    const char *name;    /* of a shared one: what tells its data from others' on the same servers */
    bool unsure;         /* the last transaction may have been committed, or not: no answer came */
    int64_t schema;      /* of the data, when it was looked at last (store_migrate.c) */
    uint64_t checked;    /* the connection over which that was */
    bool earlier;        /* what failed is not the statement that said so, but one before */
    bool notify;         /* this transaction's COMMIT tells others; so does one with a new head */
    bool broken;         /* of a file: it was found to be damaged, or cannot be read or written */
    bool deaf;           /* others are neither told nor listened to (store.listen) */
};

struct store_backend *store_sqlite_open(struct str path, struct err *err);
/* "postgresql://...": one database, or one schema of it, by search_path in its options. A server
 * that cannot be had now is no failure: then `err` is set and `connection` is 0. */
struct store_backend *store_postgres_open(struct str url, struct err *err);

#endif
