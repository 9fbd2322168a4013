/* store_inside.h - the parts that store.c puts together. Inside core/store only.
 *
 * Everything here runs on the thread that owns the database at the moment.
 */
#ifndef POSTERN_STORE_STORE_INSIDE_H
#define POSTERN_STORE_STORE_INSIDE_H

#include "crypto/hash.h"
#include "store/store.h"
#include "store/store_backend.h"
#include "store/store_replica.h"
#include "store/store_sql.h"

/* Bounds on what one request may carry. */
enum {
    STORE_KIND_MAX = 64,
    STORE_KEY_MAX = 4096,
    STORE_AUTHOR_MAX = 1024,
    STORE_COMMENT_MAX = 4096,
    STORE_VALUE_MAX = 64 * 1024 * 1024,
    STORE_WRITES_MAX = 1000 * 1000,
};

/* What a request may write behind a savepoint of its own (store_group.c). */
enum { STORE_GUARDED_WRITES_MAX = 1000 };

/* What is kept: versions of one key, and transactions in the change log. */
enum { STORE_VERSIONS_KEPT = 100, STORE_CHANGES_KEPT = 100 * 1000 };

/* store_group.c: requests linked by their posts, in the order in which they came. */
struct store_group {
    struct store_request *first;
    struct store_request *last;
    size_t count;
};

struct store_request *store_request_of(struct post *post);
struct store_request *store_group_next(const struct store_request *request);
void store_group_push(struct store_group *group, struct store_request *request);
struct store_request *store_group_pop(struct store_group *group);
bool store_writes(const struct store_request *request);
/* Without an outcome. */
void store_request_again(struct store_request *request);
/* What its requests, all of which write, write, and their outcomes. */
void store_group_write(struct store_backend *backend,
                       const struct store_audit_bounds *bounds,
                       const struct store_group *group);

bool store_exec(struct store_backend *backend, enum store_sql statement, struct err *err);
/* With parameters, and no rows. */
bool store_exec_with(struct store_backend *backend,
                     enum store_sql statement,
                     const struct store_value *params,
                     size_t count,
                     struct err *err);

/* store_url.c: the database that `url` names. */
struct store_backend *store_url_open(struct str url, struct str data_dir, struct err *err);
/* False: `url` is none. `*out_path`, in the arena, is SQLite's file; NULL: it is PostgreSQL. */
bool store_url_path(struct str url,
                    struct str data_dir,
                    struct arena *arena,
                    const char **out_path,
                    struct err *err);

/* store_migrate.c: the data's schema. */
struct store_schema {
    int64_t version; /* below 0: its table has no row */
    int64_t oldest;  /* the schema of the oldest program that can work with the data */
    int64_t known;   /* this program's */
};

bool store_schema_read(struct store_backend *backend, struct store_schema *out, struct err *err);
/* Brings the schema up to this program's; refuses one that this program cannot work with. */
bool store_migrate(struct store_backend *backend, struct err *err);
/* The same within a transaction that has begun. */
bool store_migrate_within(struct store_backend *backend, struct err *err);
/* Begins a transaction. The first of a new connection begins with store_check_schema: what another
 * program has made of the data meanwhile may be nothing for this one to write to. */
bool store_begin(struct store_backend *backend, struct err *err);
/* As store_migrate, for a connection that is new: one statement when there is nothing to do.
 * Outside a transaction. */
bool store_check_schema(struct store_backend *backend, struct err *err);

/* Within a transaction: the writes of a COMMIT request, or nothing and an error in it. False
 * (and `request->err`) when it must be undone. */
bool store_request_write(struct store_backend *backend, struct store_request *request);
/* The same for a WORK request (store_view.c). */
bool store_request_work(struct store_backend *backend, struct store_request *request);
/* Where a request that only reads finds things. */
struct store_sources {
    struct store_backend *present; /* present records */
    struct store_backend *all;     /* and what is in the database alone: history, leases, audit */
};

/* LIST, GET, HISTORY. */
void store_request_read(const struct store_sources *sources, struct store_request *request);
/* WORK that only reads (store_view.c). */
void store_request_look(const struct store_sources *sources, struct store_request *request);

/* Over kind, realm, key and value of each write in turn, a NUL behind each: none of them has one.
 * A value that is not there is empty. NULL: there was none at all. */
struct store_digest {
    struct hash_stream *before;
    struct hash_stream *after;
};
void store_digest_add(struct hash_stream **stream, const struct store_write *at, struct str value);
void store_digest_done(struct store_digest *digest);

/* store_audit.c: the rows of a request that has done what it is for, or that has been refused
 * and undone. */
bool store_audit_done(struct store_backend *backend,
                      struct store_request *request,
                      struct store_digest *digest);
bool store_audit_refused(struct store_backend *backend,
                         struct store_request *request,
                         struct err *err);
/* Removes some of what is beyond the bounds: more than `written` rows, so that it gets there. */
bool store_audit_prune(struct store_backend *backend,
                       const struct store_audit_bounds *bounds,
                       size_t written,
                       struct err *err);

/* A commit on its way: the place that it takes in the change log, at its first write. */
struct store_stamp {
    uint64_t seq; /* 0: not taken yet */
    int64_t tag;
    uint64_t now_ms;
    size_t part;
    struct store_digest *digest; /* of the values before and after; NULL: nobody asks */
};

struct store_view {
    struct store_backend *backend; /* of records */
    struct store_backend *rows;    /* of leases and of the audit */
    struct store_request *request;
    struct store_stamp stamp;
    struct store_record *written; /* on the heap until their number is known */
    size_t count;
    size_t cap;
    bool failed;
};

/* The last place of the change log. */
bool store_head_place(struct store_backend *backend, struct store_place *out, struct err *err);
bool store_head(struct store_backend *backend, uint64_t *out_seq, struct err *err);
/* Completes `record`, which has an author and a comment, and writes it. */
bool store_write_one(struct store_backend *backend,
                     struct store_stamp *stamp,
                     const struct store_write *write,
                     struct store_record *record,
                     struct err *err);
/* Author and comment. */
bool store_check_words(const struct store_request *request, struct err *err);
bool store_check_address(struct str kind, struct str realm, struct str key, struct err *err);
/* On success `*out` is in the arena. */
bool store_find(struct store_backend *backend,
                struct store_query query,
                struct arena *arena,
                struct store_record **out,
                size_t *out_count,
                struct err *err);

/* The same of those records that fit. */
struct store_filter {
    store_fits_fn fits; /* NULL: all do */
    void *ctx;
};
bool store_find_fitting(struct store_backend *backend,
                        struct store_query query,
                        struct store_filter filter,
                        struct arena *arena,
                        struct store_record **out,
                        size_t *out_count,
                        struct err *err);

/* store_lease.c: some rows whose time is up go; `out_more`: there may be others. */
bool store_lease_sweep(struct store_backend *backend, bool *out_more, struct err *err);

/* store_sweep.c: some revocations that are over go; `out_more`: there may be others. */
bool store_revocation_sweep(struct store_backend *backend, bool *out_more, struct err *err);

/* store_follow.c: how far the change log has been told. */
struct store_follower {
    struct store_backend *backend;
    struct store_replica *replica; /* of a shared database; else NULL */
    store_watch_fn tell;
    void *ctx;
    struct store_place place; /* the last transaction that was told of */
    uint64_t connection;      /* over which it was found to be there */
};

/* Tells of all that is not known. */
bool store_follow(struct store_follower *self, struct err *err);
/* The same of what comes before a transaction of our own, and of that one. When it cannot be had
 * now, both are told of later. */
void store_follow_own(struct store_follower *self, const struct store_request *request);

/* What the transactions behind `after`, up to `last`, have changed and none has changed again, in
 * the order of the log. */
bool store_read_changes(struct store_backend *backend,
                        uint64_t after,
                        uint64_t last,
                        struct arena *arena,
                        struct store_record **out_records,
                        size_t *out_count,
                        struct err *err);

/* All present records by kind, realm and key; they and their strings are in `arena`. */
bool store_read_all(struct store_backend *backend,
                    struct arena *arena,
                    struct store_record **out_records,
                    size_t *out_count,
                    struct err *err);

#endif
