/* store_replica.h - the present records of a database that others write to as well, in a file of
 * this node's own: `data_dir`/replica.db, with the schema of any store. Inside core/store only.
 *
 * It is what this node has been told of, up to one transaction of the change log, and
 * is written before the watchers hear of it. No history, no leases, no audit. It is a
 * copy: one that is damaged, or of another database, is thrown away. A crash of the
 * machine may take its last transactions along, which are read again; kill -9 takes none.
 */
#ifndef POSTERN_STORE_STORE_REPLICA_H
#define POSTERN_STORE_STORE_REPLICA_H

#include "base/arena.h"
#include "base/err.h"
#include "store/store.h"
#include "store/store_backend.h"

/* A place in the change log. */
struct store_place {
    uint64_t seq; /* 0: before everything */
    int64_t tag;
};

struct store_replica;

/* `source` is the backend's name; the replica of another one is emptied. */
struct store_replica *store_replica_open(struct str data_dir, const char *source, struct err *err);
void store_replica_close(struct store_replica *replica); /* NULL: nothing */
struct store_place store_replica_place(const struct store_replica *replica);
/* To read from. NULL when the file could not be written or read: it is behind then, until it has
 * been replaced. */
struct store_backend *store_replica_reader(const struct store_replica *replica);
/* Whether something that was asked of the reader has found the file to be damaged or gone; then it
 * is behind. */
bool store_replica_is_broken(struct store_replica *replica);
/* Whether it is behind, and it is time to try again. */
bool store_replica_is_due(const struct store_replica *replica);

/* What has been changed, up to `place`. A failure is logged, and leaves the reader NULL; what
 * watchers are told of meanwhile it must be given all the same. */
bool store_replica_apply(struct store_replica *replica,
                         struct store_place place,
                         const struct store_record *records,
                         size_t count);
struct store_list {
    struct store_record *records;
    size_t count;
};

/* `list`: all there is, in the order of store_read_all; it becomes what differs from what watchers
 * have been told of, deletions too. In `arena`, with the records' strings or its own. A file that
 * cannot be read is made anew; then nothing is known to have gone. */
void store_replica_replace(struct store_replica *replica,
                           struct store_place place,
                           struct store_list *list,
                           struct arena *arena);
/* Revocations that are over go here too; `*out_more`: there are others. */
bool store_replica_sweep(struct store_replica *replica, bool *out_more, struct err *err);

#endif
