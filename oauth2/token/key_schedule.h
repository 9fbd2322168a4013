/* key_schedule.h - keys of realms that change by themselves: a timer of worker 0, the jobs pool for
 * the making of keys, the store for the change.
 *
 * Once a realm's key has signed for the period it is given a successor of the same
 * algorithm, announced before it signs (key_store.h); the old one verifies until the
 * last token that it signed has expired, and then its private half is forgotten. A
 * realm at a time, looked at again within the transaction: several nodes do no harm.
 */
#ifndef POSTERN_TOKEN_KEY_SCHEDULE_H
#define POSTERN_TOKEN_KEY_SCHEDULE_H

#include "loop/jobs.h"
#include "loop/snapshot.h"
#include "loop/worker.h"
#include "store/store.h"

#include <stdint.h>

struct key_schedule;

struct key_schedule_options {
    struct workers *workers;
    struct jobs *jobs;
    struct store *store;
    struct snapshot_slot *tokens;
    uint64_t period_s;       /* 0: keys stay, but what is past its end goes */
    uint64_t keep_s;         /* no token lives longer */
    uint64_t check_ms;       /* between looks at all realms */
    uint64_t (*now_s)(void); /* NULL: the wall clock */
};

/* Before the workers start. */
struct key_schedule *key_schedule_new(const struct key_schedule_options *options);
/* Before the store is closed: asks nothing of it any more. Any thread. */
void key_schedule_stop(struct key_schedule *schedule);
void key_schedule_free(struct key_schedule *schedule); /* after the workers are joined */

#endif
