/* worker.c - makes, runs and stops the workers.
 *
 * Stopping is done in step, so that nothing that is under way is lost: once every
 * loop has ended, all posts are run until there are none; then each stop hook,
 * the last registered first, runs on every worker, and after each the posts that
 * it caused. A module therefore still finds those that it was built upon.
 */
#include "loop/worker.h"

#include "base/block.h"
#include "base/clock.h"
#include "base/mem.h"
#include "loop/loop_inside.h"
#include "loop/thread.h"

#include <assert.h>
#include <stdio.h>

/* Rounds of posts that answer posts, after which a stop goes on regardless. */
enum { SETTLE_ROUNDS_MAX = 10000 };

static _Thread_local struct worker *self;

struct worker *worker_self(void)
{
    return self;
}

void worker_enter(struct worker *worker)
{
    self = worker;
}

unsigned worker_index(const struct worker *worker)
{
    return worker->index;
}

struct workers *worker_group(const struct worker *worker)
{
    return worker->group;
}

unsigned long long worker_now_ms(void)
{
    return self != NULL ? self->turn.now_ms : clock_mono_ms();
}

void *worker_native_loop(const struct worker *worker)
{
    return worker->loop;
}

static void on_quit(struct post *post)
{
    struct worker *worker = CONTAINER_OF(post, struct worker, quit);
    ev_break(worker->loop, EVBREAK_ALL);
}

void worker_quit(struct worker *worker)
{
    if (!atomic_exchange(&worker->quitting, true)) {
        worker_post(worker, &worker->quit);
    }
}

static void worker_free(struct worker *worker)
{
    mail_done(worker);
    ev_loop_destroy(worker->loop);
    mem_free(worker);
}

static struct worker *worker_new(struct workers *group, unsigned index, struct err *err)
{
    struct worker *worker = mem_alloc_aligned(alignof(struct worker), sizeof(struct worker));
    *worker = (struct worker){.group = group, .index = index};
    worker->loop = ev_loop_new(EVFLAG_AUTO);
    if (worker->loop == NULL) {
        mem_free(worker);
        (void)err_set(err, ERR_UNAVAILABLE, "cannot make an event loop");
        return NULL;
    }
    if (!mail_init(worker, err)) {
        ev_loop_destroy(worker->loop);
        mem_free(worker);
        return NULL;
    }
    worker->quit.fn = on_quit;
    atomic_init(&worker->quitting, false);
    turn_init(&worker->turn);
    turn_attach(worker);
    mail_attach(worker);
    alarm_init(worker);
    return worker;
}

struct workers *workers_new(unsigned count, size_t mailbox_max, struct err *err)
{
    if (count < 1 || count > WORKERS_MAX) {
        (void)err_set(err, ERR_INVALID, "%u workers wanted, 1 to %d are possible", count,
                      (int)WORKERS_MAX);
        return NULL;
    }
    struct workers *workers = NEW(struct workers);
    workers->mailbox_max = mailbox_max;
    (void)pthread_mutex_init(&workers->lock, NULL);
    (void)pthread_cond_init(&workers->changed, NULL);
    (void)pthread_barrier_init(&workers->step, NULL, count);
    for (unsigned i = 0; i < count; i++) {
        workers->all[i] = worker_new(workers, i, err);
        if (workers->all[i] == NULL) {
            workers_free(workers);
            return NULL;
        }
        workers->count++;
    }
    return workers;
}

void workers_free(struct workers *workers)
{
    if (workers == NULL) {
        return;
    }
    assert(!workers_running(workers));
    for (unsigned i = 0; i < workers->count; i++) {
        worker_free(workers->all[i]);
    }
    (void)pthread_barrier_destroy(&workers->step);
    (void)pthread_cond_destroy(&workers->changed);
    (void)pthread_mutex_destroy(&workers->lock);
    mem_free(workers);
}

unsigned workers_count(const struct workers *workers)
{
    return workers->count;
}

struct worker *workers_get(struct workers *workers, unsigned index)
{
    assert(index < workers->count);
    return workers->all[index];
}

bool workers_running(const struct workers *workers)
{
    return atomic_load_explicit(&workers->running, memory_order_acquire);
}

void workers_on_start(struct workers *workers, worker_hook_fn fn, void *ctx)
{
    assert(workers->start_hooks < WORKER_HOOKS_MAX);
    workers->on_start[workers->start_hooks++] = (struct worker_hook){fn, ctx};
}

void workers_on_stop(struct workers *workers, worker_hook_fn fn, void *ctx)
{
    assert(workers->stop_hooks < WORKER_HOOKS_MAX);
    workers->on_stop[workers->stop_hooks++] = (struct worker_hook){fn, ctx};
}

/* All workers at once: runs posts and tasks until a whole round has found none. `settled`
 * only grows, and only between the two barriers, so all read the same number behind them. */
static void settle(struct worker *worker)
{
    struct workers *group = worker->group;
    size_t before = atomic_load(&group->settled);
    for (unsigned round = 0; round < SETTLE_ROUNDS_MAX; round++) {
        (void)pthread_barrier_wait(&group->step);
        size_t ran = mail_run(worker) + turn_finish(worker);
        (void)atomic_fetch_add(&group->settled, ran);
        (void)pthread_barrier_wait(&group->step);
        size_t after = atomic_load(&group->settled);
        if (after == before) {
            return;
        }
        before = after;
    }
}

static void announce_turning(struct workers *group)
{
    (void)pthread_mutex_lock(&group->lock);
    group->turning++;
    (void)pthread_cond_broadcast(&group->changed);
    (void)pthread_mutex_unlock(&group->lock);
}

static void worker_run(struct worker *worker)
{
    struct workers *group = worker->group;
    worker_enter(worker);
    ev_now_update(worker->loop);
    worker->turn.now_ms = clock_mono_ms();
    for (unsigned i = 0; i < group->start_hooks; i++) {
        group->on_start[i].fn(worker, group->on_start[i].ctx);
    }
    announce_turning(group);
    (void)ev_run(worker->loop, 0);
    settle(worker);
    for (unsigned i = group->stop_hooks; i > 0; i--) {
        group->on_stop[i - 1].fn(worker, group->on_stop[i - 1].ctx);
        settle(worker);
    }
    worker_enter(NULL);
}

/* No hook runs before all threads exist: else a failed start would have to undo hooks. */
static bool all_exist(struct workers *group)
{
    (void)pthread_mutex_lock(&group->lock);
    while (group->state == WORKERS_STARTING) {
        (void)pthread_cond_wait(&group->changed, &group->lock);
    }
    bool go = group->state == WORKERS_RUNNING;
    (void)pthread_mutex_unlock(&group->lock);
    return go;
}

static void *worker_thread(void *arg)
{
    struct worker *worker = arg;
    if (all_exist(worker->group)) {
        worker_run(worker);
    }
    return NULL;
}

static void set_state(struct workers *workers, enum workers_state state)
{
    (void)pthread_mutex_lock(&workers->lock);
    workers->state = state;
    (void)pthread_cond_broadcast(&workers->changed);
    (void)pthread_mutex_unlock(&workers->lock);
}

bool workers_start(struct workers *workers, struct err *err)
{
    assert(workers->state == WORKERS_IDLE);
    workers->state = WORKERS_STARTING;
    for (unsigned i = 0; i < workers->count; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "worker-%u", i);
        if (!thread_start(&workers->all[i]->thread, name, worker_thread, workers->all[i], err)) {
            set_state(workers, WORKERS_ABORTED);
            while (i > 0) {
                (void)pthread_join(workers->all[--i]->thread, NULL);
            }
            workers->state = WORKERS_IDLE;
            return false;
        }
    }
    atomic_store_explicit(&workers->running, true, memory_order_release);
    set_state(workers, WORKERS_RUNNING);
    (void)pthread_mutex_lock(&workers->lock);
    while (workers->turning < workers->count) {
        (void)pthread_cond_wait(&workers->changed, &workers->lock);
    }
    (void)pthread_mutex_unlock(&workers->lock);
    return true;
}

void workers_stop(struct workers *workers)
{
    if (!workers_running(workers)) {
        return;
    }
    for (unsigned i = 0; i < workers->count; i++) {
        worker_quit(workers->all[i]);
    }
    for (unsigned i = 0; i < workers->count; i++) {
        (void)pthread_join(workers->all[i]->thread, NULL);
    }
    atomic_store_explicit(&workers->running, false, memory_order_release);
}

void workers_run_here(struct workers *workers)
{
    assert(workers->count == 1);
    atomic_store_explicit(&workers->running, true, memory_order_release);
    worker_run(workers->all[0]);
    atomic_store_explicit(&workers->running, false, memory_order_release);
}
