/* store_offline.h - what is done to a store that no node of this process has open: to look at it,
 * to bring it up, to copy all of it into another one.
 *
 * Each opens the database, holds its writer's lock meanwhile, and closes it. Any thread.
 */
#ifndef POSTERN_STORE_STORE_OFFLINE_H
#define POSTERN_STORE_STORE_OFFLINE_H

#include "base/err.h"
#include "base/str.h"
#include "crypto/hash.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STORE_TABLES = 7 };

struct store_table {
    const char *name;
    uint64_t rows;
    struct hash_sha256 digest; /* of all rows; only of what has been copied */
};

/* What there is. */
struct store_contents {
    int64_t schema; /* 0: there is no data yet */
    int64_t oldest; /* the schema of the oldest program that can work with it */
    int64_t known;  /* this program's */
    struct store_table tables[STORE_TABLES];
    size_t table_count;
};

/* Nothing is made or changed. ERR_NOT_FOUND: SQLite's file is not there. */
bool store_look(struct str url, struct str data_dir, struct store_contents *out, struct err *err);
/* Brings the schema up to this program's. The same of a file that is not there. */
bool store_bring_up(struct str url, struct str data_dir, struct err *err);
/* All of `from`, which is brought up first, into `to`, which must have no data, in one transaction.
 * What was written is read again before it is committed. */
bool store_copy(struct str from,
                struct str to,
                struct str data_dir,
                struct store_contents *out,
                struct err *err);

/* `url` as it may be shown: without a password. To be freed by mem_free. */
char *store_url_shown(struct str url);

#endif
