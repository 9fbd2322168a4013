/* test_jobs.c - the pool's bound, where results are delivered, and stopping. */
#include "base/mem.h"
#include "loop/jobs.h"
#include "loop/mailbox.h"
#include "loop/worker.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>

#include <cmocka.h>

static pthread_mutex_t hold = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned entered;
static bool open;
static atomic_uint ran;

static void run_held(struct job *job)
{
    (void)pthread_mutex_lock(&hold);
    entered++;
    (void)pthread_cond_broadcast(&changed);
    while (!open) {
        (void)pthread_cond_wait(&changed, &hold);
    }
    (void)pthread_mutex_unlock(&hold);
    (void)atomic_fetch_add(&ran, 1);
    mem_free(job);
}

static struct job *held_job(void)
{
    struct job *job = NEW(struct job);
    job->run = run_held;
    return job;
}

static void wait_entered(unsigned count)
{
    (void)pthread_mutex_lock(&hold);
    while (entered < count) {
        (void)pthread_cond_wait(&changed, &hold);
    }
    (void)pthread_mutex_unlock(&hold);
}

static void open_gate(void)
{
    (void)pthread_mutex_lock(&hold);
    open = true;
    (void)pthread_cond_broadcast(&changed);
    (void)pthread_mutex_unlock(&hold);
}

static int close_gate(void **state)
{
    (void)state;
    open = false;
    entered = 0;
    atomic_store(&ran, 0);
    return 0;
}

static void a_full_queue_refuses_and_what_must_be_done_is_taken(void **state)
{
    (void)state;
    struct jobs *jobs = jobs_new(2, 3, NULL);
    assert_non_null(jobs);
    assert_true(jobs_submit(jobs, held_job()));
    assert_true(jobs_submit(jobs, held_job()));
    wait_entered(2); /* both threads are busy: from here on jobs queue */
    for (unsigned i = 0; i < 3; i++) {
        assert_true(jobs_submit(jobs, held_job()));
    }
    struct job *refused = held_job();
    assert_false(jobs_submit(jobs, refused));
    mem_free(refused);
    jobs_submit_always(jobs, held_job());
    open_gate();
    jobs_free(jobs);
    assert_int_equal(atomic_load(&ran), 6);
}

static void a_stopped_pool_refuses_and_runs_what_must_be_done_at_once(void **state)
{
    (void)state;
    struct jobs *jobs = jobs_new(1, 3, NULL);
    open_gate();
    jobs_stop(jobs);
    struct job *refused = held_job();
    assert_false(jobs_submit(jobs, refused));
    mem_free(refused);
    jobs_submit_always(jobs, held_job());
    assert_int_equal(atomic_load(&ran), 1);
    jobs_stop(jobs);
    jobs_free(jobs);
    jobs_free(NULL);
}

/* Results come home: each worker submits, and finishes on its own thread. */
enum { WORKERS = 3, EACH = 50 };

struct sum {
    struct job job;
    unsigned input;
    unsigned output;
    pthread_t thread;
};

static struct jobs *pool;
static atomic_uint wrong;
static atomic_uint finished;
static unsigned totals[WORKERS]; /* by worker, each its own */

static void run_sum(struct job *job)
{
    struct sum *sum = CONTAINER_OF(job, struct sum, job);
    if (worker_self() != NULL || pthread_equal(sum->thread, pthread_self())) {
        (void)atomic_fetch_add(&wrong, 1);
    }
    sum->output = sum->input * 2;
}

static void finish_sum(struct job *job)
{
    struct sum *sum = CONTAINER_OF(job, struct sum, job);
    if (!pthread_equal(sum->thread, pthread_self()) || job->owner != worker_self()) {
        (void)atomic_fetch_add(&wrong, 1);
    }
    totals[worker_index(worker_self())] += sum->output;
    mem_free(sum);
    (void)atomic_fetch_add(&finished, 1);
}

static void submit_some(struct worker *worker, void *ctx)
{
    (void)worker;
    (void)ctx;
    for (unsigned i = 0; i < EACH; i++) {
        struct sum *sum = NEW(struct sum);
        sum->job.run = run_sum;
        sum->job.finish = finish_sum;
        sum->input = i;
        sum->thread = pthread_self();
        if (!jobs_submit(pool, &sum->job)) {
            mem_free(sum);
            (void)atomic_fetch_add(&wrong, 1);
        }
    }
}

static void a_job_is_finished_on_the_worker_that_submitted_it(void **state)
{
    (void)state;
    pool = jobs_new(2, WORKERS * EACH, NULL);
    struct workers *workers = workers_new(WORKERS, 1024, NULL);
    workers_on_start(workers, submit_some, NULL);
    assert_true(workers_start(workers, NULL));
    jobs_stop(pool);
    workers_stop(workers);
    workers_free(workers);
    jobs_free(pool);
    assert_int_equal(atomic_load(&wrong), 0);
    assert_int_equal(atomic_load(&finished), WORKERS * EACH);
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_int_equal(totals[i], EACH * (EACH - 1));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(a_full_queue_refuses_and_what_must_be_done_is_taken, close_gate),
        cmocka_unit_test_setup(a_stopped_pool_refuses_and_runs_what_must_be_done_at_once,
                               close_gate),
        cmocka_unit_test(a_job_is_finished_on_the_worker_that_submitted_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
