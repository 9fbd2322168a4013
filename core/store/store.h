/* store.h - records by (kind, realm, key), with versions, history and a change log.
 *
 * One store thread owns the database. Requests are posted to it and never
 * cancelled; their `finish` runs on the worker that asked (or, asked by another
 * thread, on the store thread). Commits are grouped: a finish with ok means the
 * change is on disk. Every committed transaction has a sequence number from a
 * serialised head row, and watchers see transactions whole and in that order.
 *
 * Values are JSON text. The same schema and SQL serve every backend. Of one key
 * the last 100 versions are kept, deletions among them.
 */
#ifndef POSTERN_STORE_STORE_H
#define POSTERN_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "loop/mailbox.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* The kinds in use: "realm", "group", "user", "source", "grant", "api_spec", "setting". */
struct store_record {
    struct str kind;
    struct str realm; /* "" for what belongs to no realm */
    struct str key;
    struct str value; /* JSON text; empty when deleted */
    uint64_t version; /* 1 for the first value of a key, goes on counting after a deletion */
    uint64_t seq;     /* the transaction that wrote it */
    uint64_t time_ms; /* wall clock */
    struct str author;
    struct str comment;
    bool deleted;
};

#define STORE_ANY_VERSION UINT64_MAX

struct store_write {
    struct str kind;
    struct str realm;
    struct str key;
    struct str value;
    bool remove;
    uint64_t expect; /* version that must be the present one; 0: must not exist; or ANY */
};

enum store_op {
    STORE_COMMIT,  /* `writes`, all or none */
    STORE_LIST,    /* present records of `kind` in `realm`, ordered by key */
    STORE_GET,     /* one record, at `version` (0: the present one) */
    STORE_HISTORY, /* all versions of one key, newest first */
};

struct store_request;
typedef void (*store_finish_fn)(struct store_request *request);

/* Made by the caller, strings in its `arena` (the caller's until submitted, the store's
 * until `finish`); `finish` runs arena_done and frees what embeds the request. */
struct store_request {
    struct post post; /* these three are store.c's */
    struct store *store;
    struct worker *owner; /* who submitted it */
    store_finish_fn finish;
    enum store_op op;
    struct arena arena;
    struct str author;
    struct str comment;
    const struct store_write *writes;
    size_t write_count;
    struct str kind;
    struct str realm;
    struct str key;
    uint64_t version;

    /* The outcome. */
    bool ok;
    struct err err;               /* CONFLICT, NOT_FOUND, UNAVAILABLE ... */
    uint64_t seq;                 /* COMMIT: its place in the change log */
    struct store_record *records; /* COMMIT: as written; LIST, GET, HISTORY: found; in `arena` */
    size_t record_count;
};

/* One committed transaction, on the store thread, in order. Borrowed for the call. */
typedef void (*store_watch_fn)(void *ctx,
                               uint64_t seq,
                               const struct store_record *records,
                               size_t count);

/* `url` is "sqlite:" (data_dir/postern.db) or "sqlite:/path". Creates and migrates the schema. */
struct store *store_open(struct str url, struct str data_dir, struct err *err);
/* Before store_start, on the calling thread: all present records, as one first transaction. */
bool store_load(struct store *store, store_watch_fn fn, void *ctx, struct err *err);
void store_watch(struct store *store, store_watch_fn fn, void *ctx); /* before store_start */
bool store_start(struct store *store, struct err *err);
void store_submit(struct store *store, struct store_request *request); /* any thread */
/* For start-up and offline commands, before store_start: runs a request on the calling thread,
 * watchers and `finish` too. `finish` may be NULL: the outcome is in the request on return. */
void store_run(struct store *store, struct store_request *request);
void store_close(struct store *store); /* commits what was submitted, joins, closes */

#endif
