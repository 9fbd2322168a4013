/* store_sweep.c - records of the kind `revocation` go when they are over, with all that is kept of
 * their past: they say of what was issued that it is worth nothing, and are over when that has
 * ended by itself. A batch at a time, on the store thread; the change log has nothing of it, since
 * who holds such records drops them by their own time. */
#include "base/clock.h"
#include "base/mem.h"
#include "store/store_inside.h"

enum { SWEEP_BATCH = 500 };

static bool read_count(void *ctx, const struct store_value *columns, struct err *err)
{
    (void)err;
    *(int64_t *)ctx = columns[0].number;
    return true;
}

bool store_revocation_sweep(struct store_backend *backend, bool *out_more, struct err *err)
{
    uint64_t now_ms = clock_wall_ms();
    int64_t found = 0;
    const struct store_value params[] = {
        STORE_NUMBER(now_ms > STORE_REVOCATION_MS ? now_ms - STORE_REVOCATION_MS : 0),
        STORE_NUMBER(SWEEP_BATCH),
    };
    const struct store_query count = {.sql = store_sql(SQL_REVOCATION_COUNT),
                                      .params = params,
                                      .param_count = COUNT_OF(params),
                                      .row = read_count,
                                      .ctx = &found};
    if (!backend->ops->query(backend, &count, err)) {
        return false;
    }
    *out_more = found == SWEEP_BATCH;
    return found == 0 ||
           (store_exec_with(backend, SQL_REVOCATION_SWEEP_RECORDS, params, COUNT_OF(params), err) &&
            store_exec_with(backend, SQL_REVOCATION_SWEEP_VERSIONS, params, COUNT_OF(params), err));
}
