/* store_postgres_turn.c - nodes that start at the same moment on one database begin one after
 * another: by a lock of the session, so that it ends with its connection. */
#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "store/store_postgres.h"

#include <unistd.h>

/* Another one hashes a password and reads what is there; one that takes longer may be stuck. */
enum { TURN_WAIT_MS = 30 * 1000, TURN_AGAIN_US = 20 * 1000 };

#define TURN "(hashtext('postern start'), hashtext(current_schema()))"

static bool read_turn(void *ctx, const struct store_value *columns, struct err *err)
{
    (void)err;
    *(bool *)ctx = columns[0].number != 0;
    return true;
}

bool postgres_take_turn(struct store_backend *backend, struct err *err)
{
    struct postgres *self = CONTAINER_OF(backend, struct postgres, backend);
    uint64_t end_ms = clock_mono_ms() + TURN_WAIT_MS;
    const struct store_query query = {.sql = "SELECT CASE WHEN pg_try_advisory_lock" TURN
                                             " THEN 1 ELSE 0 END",
                                      .row = read_turn,
                                      .ctx = &self->has_turn};
    for (bool first = true; !self->has_turn; first = false) {
        if (!backend->ops->query(backend, &query, err)) {
            return false;
        }
        if (self->has_turn) {
            break;
        }
        if (clock_mono_ms() >= end_ms) {
            log_warn("another node has been starting for long: this one goes on");
            break;
        }
        if (first) {
            log_info("another node is starting: this one waits for it");
        }
        (void)usleep(TURN_AGAIN_US);
    }
    return true;
}

void postgres_end_turn(struct store_backend *backend)
{
    struct postgres *self = CONTAINER_OF(backend, struct postgres, backend);
    const struct store_query query = {.sql = "SELECT pg_advisory_unlock" TURN};
    if (self->has_turn && self->conn != NULL) {
        (void)postgres_run(self, &query, NULL);
    }
    self->has_turn = false;
}
