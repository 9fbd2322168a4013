/* store_postgres.h - the parts of the PostgreSQL backend. Inside core/store only. */
#ifndef POSTERN_STORE_STORE_POSTGRES_H
#define POSTERN_STORE_STORE_POSTGRES_H

#include "base/map.h"
#include "store/store_backend.h"

#include <libpq-fe.h>

enum {
    POSTGRES_WAIT_MS = 2500,    /* without a byte of an answer: a writer has his within 3 s */
    POSTGRES_CONNECT_MS = 2500, /* for all hosts together */
    POSTGRES_STATE_LEN = 5,     /* of an SQLSTATE */
    POSTGRES_CHANNEL_SIZE = 32,
    POSTGRES_NAME_SIZE = 32, /* of a prepared statement */
    POSTGRES_QUEUE_MAX = 64,
};

struct postgres_lookup;

struct postgres {
    struct store_backend backend;
    PQconninfoOption *options; /* of store.url */
    char *name;                /* of its database and schema */
    size_t host_count;
    struct postgres_lookup **lookups;    /* by host; NULL: none is under way */
    size_t host;                         /* that answered last */
    PGconn *conn;                        /* NULL: lost */
    struct idmap prepared;               /* address of the SQL -> the SQL, of this connection */
    bool migrated;                       /* the first transaction has brought the schema up */
    uint64_t wait_ms;                    /* for an answer */
    bool late;                           /* the connection was given up because nothing came */
    unsigned failures;                   /* to connect, in a row */
    uint64_t retry_ms;                   /* not before */
    struct err why;                      /* there is no connection */
    char channel[POSTGRES_CHANNEL_SIZE]; /* of the schema */
    int pid;                             /* of the server's process: what it says is our own */
    bool listening;
    bool told_deaf;                        /* the log knows that the server has no LISTEN */
    bool news;                             /* others have committed, or may have */
    bool has_turn;                         /* unless the connection has been lost since */
    const char *queue[POSTGRES_QUEUE_MAX]; /* what each has prepared; NULL: nothing */
    size_t queued;
    size_t queued_bytes;
    uint64_t trips; /* how often an answer was waited for */
};

enum postgres_answer { POSTGRES_RESULT, POSTGRES_END, POSTGRES_LOST };

/* What comes of a statement, or of several. */
struct postgres_outcome {
    bool failed; /* `err` is set; what else comes is passed over */
    bool read_only;
    bool rows;
    bool skipped; /* the server passed it over */
    bool odd;     /* that is no answer: what else this connection says is none either */
};

/* store_postgres_connect.c: reads store.url. False: it is none. */
bool postgres_parse(struct postgres *self, struct str url, struct err *err);
/* Connects to the first host that takes writes, ready for statements. */
bool postgres_connect(struct postgres *self, struct err *err);

/* store_postgres_wire.c: sends one statement, or several at once without parameters, and waits for
 * what comes of it. A connection that is lost on the way is closed. */
bool postgres_run(struct postgres *self, const struct store_query *query, struct err *err);
bool postgres_run_rows(struct postgres *self,
                       const struct store_query *query,
                       bool *out_rows,
                       struct err *err);
void postgres_name(const char *sql, char out[POSTGRES_NAME_SIZE]);
/* One that is prepared. */
bool postgres_send(struct postgres *self, const char *name, const struct store_query *query);
/* Waits, but not for ever; the time runs anew with whatever comes or goes. */
enum postgres_answer postgres_next(struct postgres *self, PGresult **out);
void postgres_read(const struct store_query *query,
                   const PGresult *result,
                   struct postgres_outcome *outcome,
                   struct err *err);
bool postgres_is_commit(const struct store_query *query);
/* False, with why the connection is lost; it is closed. */
bool postgres_give_up(struct postgres *self, struct err *err);

/* store_postgres_pipeline.c: one that has rows, and the COMMIT, is waited for with all before it;
 * any other only once there are many. */
bool postgres_queue(struct postgres *self, const struct store_query *query, struct err *err);
bool postgres_settle(struct postgres *self, struct err *err);

/* store_postgres.c. */
/* store_postgres_resolve.c. None at all: the host is no name. One that took too long is left in the
 * slot, to be asked for again. */
enum { POSTGRES_ADDRESSES_MAX = 4, POSTGRES_ADDRESS_SIZE = 64 };
struct postgres_addresses {
    size_t count;
    char texts[POSTGRES_ADDRESSES_MAX][POSTGRES_ADDRESS_SIZE];
};
bool postgres_resolve(struct postgres_lookup **slot,
                      const char *host,
                      uint64_t deadline_ms,
                      struct postgres_addresses *out,
                      struct err *err);
void postgres_resolve_done(struct postgres_lookup **slot);

/* The connection has turned out to be lost while nothing was asked. */
void postgres_lost(struct postgres *self);
/* Ends the connection, if there is one. */
void postgres_drop(struct postgres *self);
/* False at the deadline. */
bool postgres_wait(PGconn *conn, bool for_writing, uint64_t deadline_ms);

/* store_postgres_listen.c: asks to be told of the commits of others, on a new connection. A server
 * that cannot do so is none the worse: false is that the connection is lost. */
bool postgres_listen(struct postgres *self, struct err *err);
/* What goes before the COMMIT, so that others are told of it. False: they need not be. */
enum { POSTGRES_NOTIFY_SIZE = POSTGRES_CHANNEL_SIZE + 16 };
bool postgres_notify_sql(const struct postgres *self, char out[POSTGRES_NOTIFY_SIZE]);
int postgres_fd(struct store_backend *backend);
bool postgres_noticed(struct store_backend *backend);

/* store_postgres_turn.c. */
bool postgres_take_turn(struct store_backend *backend, struct err *err);
void postgres_end_turn(struct store_backend *backend);

/* store_postgres_error.c: an error as the operator needs it. `text` may have several lines. */
bool postgres_fail(const char *state, const char *text, struct err *err);
/* Of a connection that could not be made. */
bool postgres_connect_fail(const char *text, struct err *err);

#endif
