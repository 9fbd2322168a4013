/* worker.h - the threads that own connections: one libev loop and one timer wheel each.
 *
 * Whatever is created on a worker (connection, session, exchange, call) lives and
 * dies there; other threads reach it by worker_post alone. The set of workers is
 * fixed before the first thread starts.
 */
#ifndef POSTERN_LOOP_WORKER_H
#define POSTERN_LOOP_WORKER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct worker;
struct workers;
struct post;

enum { WORKERS_MAX = 64 };

/* `mailbox_max`: bytes posted to one worker and not yet taken, above which senders pause. */
struct workers *workers_new(unsigned count, size_t mailbox_max, struct err *err);
unsigned workers_count(const struct workers *workers);
struct worker *workers_get(struct workers *workers, unsigned index);

/* Runs once on each worker's thread before its loop turns, in the order of registration /
 * after all loops have ended, the last registered first. Workers stop in step: a stop
 * hook runs on all of them, then the posts that it caused, then the next hook. */
typedef void (*worker_hook_fn)(struct worker *worker, void *ctx);
void workers_on_start(struct workers *workers, worker_hook_fn fn, void *ctx);
void workers_on_stop(struct workers *workers, worker_hook_fn fn, void *ctx);

/* Threads, signals blocked in each; returns when all loops turn. */
bool workers_start(struct workers *workers, struct err *err);
/* Every loop ends after its present turn; joined before this returns. */
void workers_stop(struct workers *workers);
void workers_free(struct workers *workers);

/* Instead of workers_start, for a program with one worker (cli): runs worker 0 on the
 * calling thread until worker_quit is called on it. */
void workers_run_here(struct workers *workers);
void worker_quit(struct worker *worker);

/* The worker whose thread this is, or NULL. */
struct worker *worker_self(void);
unsigned worker_index(const struct worker *worker);
struct workers *worker_group(const struct worker *worker);
/* Milliseconds on the monotonic clock as of the start of this turn. */
unsigned long long worker_now_ms(void);
/* The struct ev_loop *, for this module alone. */
void *worker_native_loop(const struct worker *worker);

#endif
