/* loop_inside.h - what a worker is made of; for the files of core/loop alone.
 *
 * `inbox`, `charged`, `waiting` and `quitting` are touched by any thread, the list of
 * waits under its lock; everything else by the worker's own thread, or by the
 * thread that makes and frees the workers while no other runs.
 */
#ifndef POSTERN_LOOP_LOOP_INSIDE_H
#define POSTERN_LOOP_LOOP_INSIDE_H

#include "base/list.h"
#include "loop/inbox.h"
#include "loop/mailbox.h"
#include "loop/watch.h"
#include "loop/wheel.h"
#include "loop/worker.h"

#include <ev.h>
#include <pthread.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORKER_HOOKS_MAX = 32 };

/* A turn of the loop (turn.c): what the kernel reported, timers and posts; then, before
 * the loop may block again, posts to oneself and the tasks of the turn's end. */
struct turn {
    ev_check begin;
    ev_prepare end;
    ev_idle again; /* active: the loop does not block */
    struct turn_task tasks;
    struct post *local_first;
    struct post **local_last;
    uint64_t now_ms;
};

struct worker {
    struct workers *group;
    unsigned index;
    pthread_t thread;
    struct ev_loop *loop;
    struct turn turn;

    struct wheel wheel;
    ev_timer alarm;
    uint64_t alarm_ms; /* what the alarm is set to; WHEEL_NEVER: it is not */

    ev_io wake;
    int wake_fd;
    struct post quit;
    atomic_bool quitting;

    alignas(64) struct inbox inbox;
    atomic_size_t charged; /* bytes posted to it that have not run */
    atomic_bool waiting;   /* `waits` is not empty */
    pthread_mutex_t waits_lock;
    struct list waits;
};

struct worker_hook {
    worker_hook_fn fn;
    void *ctx;
};

enum workers_state { WORKERS_IDLE, WORKERS_STARTING, WORKERS_RUNNING, WORKERS_ABORTED };

struct workers {
    unsigned count;
    size_t mailbox_max;
    struct worker *all[WORKERS_MAX];
    struct worker_hook on_start[WORKER_HOOKS_MAX];
    struct worker_hook on_stop[WORKER_HOOKS_MAX];
    unsigned start_hooks;
    unsigned stop_hooks;
    pthread_mutex_t lock; /* for state and turning */
    pthread_cond_t changed;
    enum workers_state state;
    unsigned turning;
    atomic_bool running; /* posts will be run: from workers_start until joined */
    pthread_barrier_t step;
    atomic_size_t settled;
};

/* Which worker this thread is. */
void worker_enter(struct worker *worker);

void turn_init(struct turn *turn);
void turn_attach(struct worker *worker);
void turn_push(struct turn *turn, struct post *post);
/* Runs the posts to oneself that are there and then the tasks; how many were run. */
size_t turn_finish(struct worker *worker);

void alarm_init(struct worker *worker);
/* Sets the alarm to the first timer; once a turn, before the loop blocks. */
void alarm_set(struct worker *worker);

bool mail_init(struct worker *worker, struct err *err);
void mail_attach(struct worker *worker);
void mail_done(struct worker *worker);
/* Runs what has come from other threads; how many. */
size_t mail_run(struct worker *worker);
/* Runs one post and gives its credit back. */
void mail_run_one(struct worker *worker, struct post *post);

bool workers_running(const struct workers *workers);

#endif
