/* test_worker.c - starting, stopping, hooks, and the order of things within a turn. */
#include "base/mem.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "loop/watch.h"
#include "loop/worker.h"

#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* What happened, as letters; written by worker 0 alone. */
static struct {
    char text[64];
    size_t len;
} trail;

static void note(char letter)
{
    assert_true(trail.len + 1 < sizeof(trail.text));
    trail.text[trail.len++] = letter;
    trail.text[trail.len] = '\0';
}

static int clear_trail(void **state)
{
    (void)state;
    memset(&trail, 0, sizeof(trail));
    return 0;
}

/* Runs one worker on this thread: `fn` is the first callback of its loop. */
static void run_one(post_fn fn)
{
    struct workers *workers = workers_new(1, 1024, NULL);
    assert_non_null(workers);
    struct post post = {.fn = fn};
    worker_post(workers_get(workers, 0), &post);
    workers_run_here(workers);
    workers_free(workers);
}

static void note_self_post(struct post *post)
{
    (void)post;
    note('p');
}

static struct turn_task tasks[2];

static void second_task(struct turn_task *task)
{
    (void)task;
    note('2');
    worker_quit(worker_self());
}

static void first_task(struct turn_task *task)
{
    (void)task;
    note('1');
    tasks[1].fn = second_task;
    loop_at_turn_end(&tasks[1]);
}

static void begin_turn(struct post *post)
{
    (void)post;
    static struct post self_post;
    tasks[0] = (struct turn_task){.fn = first_task};
    tasks[1] = (struct turn_task){0};
    self_post = (struct post){.fn = note_self_post};
    loop_at_turn_end(&tasks[0]);
    loop_at_turn_end(&tasks[0]);
    worker_post(worker_self(), &self_post);
    note('b');
}

static void the_end_of_a_turn_comes_after_callbacks_and_posts_and_once(void **state)
{
    (void)state;
    run_one(begin_turn);
    assert_string_equal(trail.text, "bp12");
}

static void cancelled_task(struct turn_task *task)
{
    (void)task;
    note('x');
}

static void cancel_in_turn(struct post *post)
{
    (void)post;
    tasks[0] = (struct turn_task){.fn = cancelled_task};
    loop_at_turn_end(&tasks[0]);
    loop_turn_task_cancel(&tasks[0]);
    loop_turn_task_cancel(&tasks[0]);
    worker_quit(worker_self());
}

static void a_cancelled_task_does_not_run(void **state)
{
    (void)state;
    run_one(cancel_in_turn);
    assert_string_equal(trail.text, "");
}

/* A post that posts itself must neither block the loop nor keep it from its descriptors. */
static struct watch pipe_watch;
static int pipe_fds[2];
static struct post again;

static void on_pipe(struct watch *watch, unsigned events)
{
    assert_int_equal(events, WATCH_READ);
    char byte = 0;
    assert_int_equal(read(watch_fd(watch), &byte, 1), 1);
    watch_set(watch, 0);
    assert_int_equal(watch_events(watch), 0);
    note(byte);
    worker_quit(worker_self());
}

static void post_again(struct post *post)
{
    if (watch_events(&pipe_watch) != 0) {
        worker_post(worker_self(), post);
    }
}

static void begin_spinning(struct post *post)
{
    (void)post;
    assert_int_equal(pipe(pipe_fds), 0);
    assert_int_equal(write(pipe_fds[1], "r", 1), 1);
    watch_init(&pipe_watch, pipe_fds[0], on_pipe);
    assert_int_equal(watch_events(&pipe_watch), 0);
    watch_set(&pipe_watch, WATCH_READ);
    again = (struct post){.fn = post_again};
    worker_post(worker_self(), &again);
}

static void posts_to_oneself_neither_block_nor_starve_the_loop(void **state)
{
    (void)state;
    run_one(begin_spinning);
    assert_string_equal(trail.text, "r");
    (void)close(pipe_fds[0]);
    (void)close(pipe_fds[1]);
}

/* Stop hooks: a message posted by a hook reaches the other worker before the next hook. */
enum { WORKERS = 4, HOOKS = 3 };

static struct {
    atomic_uint running[HOOKS];
    atomic_uint delivered[HOOKS];
    atomic_bool wrong;
} stopping;

struct farewell {
    struct post post;
    unsigned hook;
};

static void on_farewell(struct post *post)
{
    struct farewell *farewell = CONTAINER_OF(post, struct farewell, post);
    (void)atomic_fetch_add(&stopping.delivered[farewell->hook], 1);
    mem_free(farewell);
}

static const unsigned hook_numbers[HOOKS] = {0, 1, 2};

static void start_hook(struct worker *worker, void *ctx)
{
    const unsigned *hook = ctx;
    if (worker != worker_self() || atomic_fetch_add(&stopping.running[*hook], 1) >= WORKERS) {
        atomic_store(&stopping.wrong, true);
    }
}

static void stop_hook(struct worker *worker, void *ctx)
{
    const unsigned *hook = ctx;
    /* Hooks with a higher number have run everywhere and their posts have arrived. */
    for (unsigned i = *hook + 1; i < HOOKS; i++) {
        if (atomic_load(&stopping.running[i]) != 0 ||
            atomic_load(&stopping.delivered[i]) != WORKERS) {
            atomic_store(&stopping.wrong, true);
        }
    }
    struct farewell *farewell = NEW(struct farewell);
    farewell->post.fn = on_farewell;
    farewell->hook = *hook;
    struct workers *group = worker_group(worker);
    worker_post(workers_get(group, (worker_index(worker) + 1) % WORKERS), &farewell->post);
    (void)atomic_fetch_sub(&stopping.running[*hook], 1);
}

static void stop_hooks_run_in_step_and_in_reverse(void **state)
{
    (void)state;
    struct err err = {0};
    struct workers *workers = workers_new(WORKERS, 1024, &err);
    assert_non_null(workers);
    assert_int_equal(workers_count(workers), WORKERS);
    for (unsigned i = 0; i < HOOKS; i++) {
        workers_on_start(workers, start_hook, (void *)(uintptr_t)&hook_numbers[i]);
        workers_on_stop(workers, stop_hook, (void *)(uintptr_t)&hook_numbers[i]);
    }
    assert_true(workers_start(workers, &err));
    assert_int_equal(atomic_load(&stopping.running[0]), WORKERS);
    workers_stop(workers);
    workers_stop(workers);
    workers_free(workers);
    assert_false(atomic_load(&stopping.wrong));
    for (unsigned i = 0; i < HOOKS; i++) {
        assert_int_equal(atomic_load(&stopping.delivered[i]), WORKERS);
    }
}

static struct {
    char name[16];
    bool blocked;
} seen;

static void look_at_thread(struct worker *worker, void *ctx)
{
    (void)ctx;
    if (worker_index(worker) != 1) {
        return;
    }
    sigset_t mask;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
    seen.blocked = sigismember(&mask, SIGTERM) == 1 && sigismember(&mask, SIGHUP) == 1;
    /* The name is set by the creator, who may still be on its way. */
    for (int i = 0; i < 10000 && strcmp(seen.name, "worker-1") != 0; i++) {
        (void)pthread_getname_np(pthread_self(), seen.name, sizeof(seen.name));
        (void)usleep(1000);
    }
}

static void threads_have_names_and_no_signals(void **state)
{
    (void)state;
    struct workers *workers = workers_new(2, 1024, NULL);
    workers_on_start(workers, look_at_thread, NULL);
    assert_true(workers_start(workers, NULL));
    workers_stop(workers);
    workers_free(workers);
    assert_string_equal(seen.name, "worker-1");
    assert_true(seen.blocked);
    sigset_t mask;
    (void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
    assert_int_equal(sigismember(&mask, SIGTERM), 0);
}

static void a_number_of_workers_out_of_bounds_is_refused(void **state)
{
    (void)state;
    struct err err = {0};
    assert_null(workers_new(0, 1, &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_null(workers_new(WORKERS_MAX + 1, 1, &err));
    workers_free(NULL);
}

static void workers_that_never_started_can_be_freed(void **state)
{
    (void)state;
    struct workers *workers = workers_new(3, 1, NULL);
    assert_null(worker_self());
    workers_stop(workers);
    workers_free(workers);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(the_end_of_a_turn_comes_after_callbacks_and_posts_and_once,
                               clear_trail),
        cmocka_unit_test_setup(a_cancelled_task_does_not_run, clear_trail),
        cmocka_unit_test_setup(posts_to_oneself_neither_block_nor_starve_the_loop, clear_trail),
        cmocka_unit_test(stop_hooks_run_in_step_and_in_reverse),
        cmocka_unit_test(threads_have_names_and_no_signals),
        cmocka_unit_test(a_number_of_workers_out_of_bounds_is_refused),
        cmocka_unit_test(workers_that_never_started_can_be_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
