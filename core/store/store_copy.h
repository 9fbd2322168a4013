/* store_copy.h - the tables of a store, one after the other. Inside core/store only. */
#ifndef POSTERN_STORE_STORE_COPY_H
#define POSTERN_STORE_STORE_COPY_H

#include "store/store_backend.h"
#include "store/store_offline.h"

/* How many rows each table has that is there at `out->schema`. */
bool store_copy_count(struct store_backend *backend, struct store_contents *out, struct err *err);
/* Fails if there is data. */
bool store_copy_check_empty(struct store_backend *backend, struct err *err);
/* All rows of `from` into `to`, which has none, and their number and digest into `out`. */
bool store_copy_tables(struct store_backend *from,
                       struct store_backend *to,
                       struct store_contents *out,
                       struct err *err);
/* Whether `backend` has just that. */
bool store_copy_verify(struct store_backend *backend,
                       const struct store_contents *copied,
                       struct err *err);

#endif
