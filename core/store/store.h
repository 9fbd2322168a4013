/* store.h - records by (kind, realm, key), with versions, history and a change log.
 *
 * One store thread owns the database. Requests are posted to it and never
 * cancelled; their `finish` runs on the worker that asked (or, asked by another
 * thread, on the store thread). Commits are grouped: a finish with ok means the
 * change is on disk. Every committed transaction has a sequence number from a
 * serialised head row, and watchers see transactions whole and in that order.
 *
 * Beside a database that others write to as well there is a replica of the present records in
 * `data_dir` (store_replica.h): lists, present records and what only reads come from it, so they
 * are there while the database is not, and what is read is what this node has been told of.
 *
 * Values are JSON text. The same schema and SQL serve every backend. Of one key
 * the last 100 versions are kept, deletions among them; of kinds that have secrets
 * in them (store_request.c) older values are empty.
 */
#ifndef POSTERN_STORE_STORE_H
#define POSTERN_STORE_STORE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "loop/mailbox.h"
#include "store/store_audit.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct store;

/* The kinds in use: "realm", "group", "user", "alias", "source", "grant", "key", "ticket",
 * "revocation", "api_key", "api_spec", "setting". */
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

/* Records of the kind "revocation" go by themselves, with their history, when they were written as
 * long ago as this: nothing that they speak of lives longer. */
enum { STORE_REVOCATION_MS = 25 * 3600 * 1000 };

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
    STORE_WORK,    /* `work`: what it reads and writes is one transaction */
    STORE_LIST,    /* present records of `kind` in `realm`, ordered by key */
    STORE_GET,     /* one record, at `version` (0: the present one) */
    STORE_HISTORY, /* all versions of one key, newest first */
    STORE_NODES,   /* who shares the database, once all who live serve `version`, or by `wait_ms` */
};

/* A node that shares the database. */
struct store_node {
    struct str id; /* of this start of it: another one every time */
    struct str name;
    struct str url; /* of its admin listener */
    struct str version;
    uint64_t seq;    /* all its workers serve what was written up to here */
    uint64_t age_ms; /* of its last sign of life, as far as this node could see one */
    bool live;
    bool self;
    bool pending; /* was live when it was asked, and does not serve `version` */
};

struct store_request;
struct store_view;
typedef void (*store_finish_fn)(struct store_request *request);
/* On the store thread, within a transaction: store_view_* are for it alone, and no other writer
 * comes between. It must be quick, touch nothing but the request and what embeds it, and may run
 * again from the start. False undoes what it wrote, for a reason of its own (then `err` may stay
 * empty) or the view's. */
typedef bool (*store_work_fn)(struct store_view *view, struct store_request *request);

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
    store_work_fn work;
    bool reads; /* WORK: it writes nothing, needs no transaction, and has no audit */
    /* COMMIT, WORK: rows of the audit that are written with it, or, when it is refused, instead
     * of it. The first is about the request; `work` may still complete it. Strings as above. */
    struct store_audit *audit;
    size_t audit_count;
    struct str kind;
    struct str realm;
    struct str key;
    uint64_t version; /* NODES: the place in the change log; 0: nobody waits */
    uint64_t wait_ms;

    /* The outcome. */
    bool ok;
    struct err err;               /* CONFLICT, NOT_FOUND, UNAVAILABLE ... */
    uint64_t seq;                 /* COMMIT, WORK: its place in the change log */
    int64_t tag;                  /* and what tells it from another one at that place */
    struct store_record *records; /* COMMIT, WORK: as written; else: found; in `arena` */
    size_t record_count;
    const struct store_node *nodes; /* NODES: this one first */
    size_t node_count;
};

/* Which of a list: keys in bytewise order, from behind a cursor. */
struct store_page {
    struct str after;    /* the last key of the page before; "": from the start */
    struct str prefix;   /* keys that begin so, byte for byte */
    struct str contains; /* and have this in them, in any case of ASCII letters */
    bool descending;
    size_t limit; /* 0: all */
};

/* The present record of a key, in the request's arena; NULL: there is none. */
const struct store_record *
store_view_get(struct store_view *view, struct str kind, struct str realm, struct str key);
/* The present records of a page, and how many there are; `page` may be NULL: all. */
size_t store_view_list(struct store_view *view,
                       struct str kind,
                       struct str realm,
                       const struct store_page *page,
                       const struct store_record **out);
/* Those present records of a list that `fits` says yes to: it is asked with what is borrowed for
 * the call, and copied are these alone. For long lists of which few matter. */
typedef bool (*store_fits_fn)(void *ctx, struct str key, struct str value);
size_t store_view_select(struct store_view *view,
                         struct str kind,
                         struct str realm,
                         store_fits_fn fits,
                         void *ctx,
                         const struct store_record **out);
/* Regardless of the page's cursor and limit. */
size_t store_view_count(struct store_view *view,
                        struct str kind,
                        struct str realm,
                        const struct store_page *page);
/* Whether a record of this kind was written behind that place in the change log. */
bool store_view_written_since(struct store_view *view, struct str kind, uint64_t seq);
/* Writes at once: what is read afterwards has it. False: as for a COMMIT, and the work fails. The
 * strings are kept as they are, so they live as long as the request. */
bool store_view_put(struct store_view *view, const struct store_write *write);
struct arena *store_view_arena(struct store_view *view); /* the request's */
/* Rows of the audit, newest first, in the request's arena. */
size_t store_view_audit(struct store_view *view,
                        const struct store_audit_query *query,
                        const struct store_audit_row **out,
                        uint64_t *out_next);
/* Whether something could not be read or written: the work then fails in any case. */
bool store_view_failed(const struct store_view *view);

/* A row that ends by itself: refresh tokens, codes, logins. It has no versions, is in no change
 * log and in no memory but the database's; rows past their end are never found, and go in small
 * batches while the store has nothing else to do. */
struct store_lease {
    struct str kind;
    struct str key; /* of a secret: its hash */
    struct str realm;
    struct str owner;    /* whose it is: an authid, a client ... */
    struct str family;   /* what ends together */
    struct str value;    /* JSON text */
    uint64_t expires_ms; /* wall clock */
};

/* Within `work`. In the request's arena; NULL: there is none, or no more. */
const struct store_lease *
store_view_lease(struct store_view *view, struct str kind, struct str key);
/* Of a realm's owner, in the order of their ends. */
size_t store_view_leases(struct store_view *view,
                         struct str kind,
                         struct str realm,
                         struct str owner,
                         const struct store_lease **out);
bool store_view_lease_put(struct store_view *view, const struct store_lease *lease);
bool store_view_lease_drop(struct store_view *view, struct str kind, struct str key);
/* All of a family, of any kind; `realm` must be theirs. */
bool store_view_lease_drop_family(struct store_view *view, struct str realm, struct str family);
/* All of an owner, of any kind; "": of the realm. */
bool store_view_lease_drop_owner(struct store_view *view, struct str realm, struct str owner);

/* One committed transaction, on the store thread, in order. Borrowed for the call. Of others' there
 * is what none behind it has changed again, which may be nothing. */
typedef void (*store_watch_fn)(void *ctx,
                               uint64_t seq,
                               const struct store_record *records,
                               size_t count);

/* `url` is "sqlite:" (data_dir/postern.db), "sqlite:/path" or "postgresql://...". Creates and
 * migrates the schema. A PostgreSQL that is away is no error when there is a replica of it. */
struct store *store_open(struct str url, struct str data_dir, struct err *err);
/* Before store_start: between the two what a first start makes is made, by one node at a time. */
bool store_take_turn(struct store *store, struct err *err);
void store_end_turn(struct store *store);
/* Before store_start: it was, so nothing can be written yet. */
bool store_opened_away(const struct store *store);
/* Before store_start, on the calling thread: all present records, as one first transaction. */
bool store_load(struct store *store, store_watch_fn fn, void *ctx, struct err *err);
void store_watch(struct store *store, store_watch_fn fn, void *ctx); /* before store_start */
/* Before store_start. Without it the audit grows for ever. */
void store_keep_audit(struct store *store, const struct store_audit_bounds *bounds);
/* Before store_start. Whether nodes that share a database tell each other of what they write (the
 * default), or each asks for it now and then. */
void store_listen(struct store *store, bool wanted);
/* Before store_start: this process is a node, whose row the others see. Without it it is none. */
struct store_self {
    struct str name;
    struct str url;
    struct str version;
};
void store_join(struct store *store, const struct store_self *self);
bool store_start(struct store *store, struct err *err);
void store_submit(struct store *store, struct store_request *request); /* any thread */
/* For start-up and offline commands, before store_start: runs a request on the calling thread,
 * watchers and `finish` too. `finish` may be NULL: the outcome is in the request on return. */
void store_run(struct store *store, struct store_request *request);
/* Any thread: every worker of this node serves what was written up to `seq`. */
void store_served(struct store *store, uint64_t seq);

/* How this node stands with its database. Any thread. */
struct store_state {
    bool up;
    uint64_t since_ms; /* wall clock: it is up, or away */
    uint64_t age_ms;   /* since it was heard of */
    uint64_t seq;      /* the last place in the change log that this node knows of */
    uint64_t served;   /* up to where its workers serve it */
    size_t live_count; /* nodes, with this one */
};
struct store_state store_state(const struct store *store);
/* Commits what was submitted and joins; how it is can still be asked. */
void store_stop(struct store *store);
void store_close(struct store *store); /* stops it, unless that has been done, and closes */

#endif
