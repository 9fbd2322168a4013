/* jobs.c - the pool: one queue, one lock, N threads. */
#include "loop/jobs.h"

#include "base/mem.h"
#include "loop/thread.h"
#include "loop/worker.h"

#include <pthread.h>
#include <stdio.h>

struct jobs {
    pthread_mutex_t lock;
    pthread_cond_t filled;
    struct post *first; /* jobs, linked by their post */
    struct post **last;
    unsigned queued;
    unsigned queue_max;
    bool stopping;
    unsigned count;
    pthread_t *threads;
};

static void on_finish(struct post *post)
{
    struct job *job = CONTAINER_OF(post, struct job, post);
    job->finish(job);
}

static void job_do(struct job *job)
{
    job_fn finish = job->finish; /* without it, `run` frees the job */
    job->run(job);
    if (finish == NULL) {
        return;
    }
    if (job->owner == NULL) {
        finish(job);
        return;
    }
    job->post = (struct post){.fn = on_finish};
    worker_post(job->owner, &job->post);
}

static struct job *next_job(struct jobs *jobs)
{
    struct job *job = NULL;
    (void)pthread_mutex_lock(&jobs->lock);
    while (jobs->first == NULL && !jobs->stopping) {
        (void)pthread_cond_wait(&jobs->filled, &jobs->lock);
    }
    if (jobs->first != NULL) {
        job = CONTAINER_OF(jobs->first, struct job, post);
        jobs->first = job->post.next;
        if (jobs->first == NULL) {
            jobs->last = &jobs->first;
        }
        jobs->queued--;
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    return job;
}

enum { JOBS_NICE = 5 };

static void *jobs_thread(void *arg)
{
    struct jobs *jobs = arg;
    struct job *job;
    thread_step_back(JOBS_NICE);
    while ((job = next_job(jobs)) != NULL) {
        job_do(job);
    }
    return NULL;
}

struct jobs *jobs_new(unsigned threads, unsigned queue_max, struct err *err)
{
    struct jobs *jobs = NEW(struct jobs);
    (void)pthread_mutex_init(&jobs->lock, NULL);
    (void)pthread_cond_init(&jobs->filled, NULL);
    jobs->last = &jobs->first;
    jobs->queue_max = queue_max;
    jobs->threads = NEW_ARRAY(pthread_t, threads);
    for (unsigned i = 0; i < threads; i++) {
        char name[16];
        (void)snprintf(name, sizeof(name), "jobs-%u", i);
        if (!thread_start(&jobs->threads[i], name, jobs_thread, jobs, err)) {
            jobs_free(jobs);
            return NULL;
        }
        jobs->count++;
    }
    return jobs;
}

void jobs_stop(struct jobs *jobs)
{
    (void)pthread_mutex_lock(&jobs->lock);
    jobs->stopping = true;
    (void)pthread_cond_broadcast(&jobs->filled);
    (void)pthread_mutex_unlock(&jobs->lock);
    for (unsigned i = 0; i < jobs->count; i++) {
        (void)pthread_join(jobs->threads[i], NULL);
    }
    jobs->count = 0;
}

void jobs_free(struct jobs *jobs)
{
    if (jobs == NULL) {
        return;
    }
    jobs_stop(jobs);
    (void)pthread_cond_destroy(&jobs->filled);
    (void)pthread_mutex_destroy(&jobs->lock);
    mem_free(jobs->threads);
    mem_free(jobs);
}

/* False when the pool is stopping, or full and the bound holds for this job. */
static bool enqueue(struct jobs *jobs, struct job *job, bool bounded)
{
    (void)pthread_mutex_lock(&jobs->lock);
    bool taken = !jobs->stopping && !(bounded && jobs->queued >= jobs->queue_max);
    if (taken) {
        job->post.next = NULL;
        *jobs->last = &job->post;
        jobs->last = &job->post.next;
        jobs->queued++;
        (void)pthread_cond_signal(&jobs->filled);
    }
    (void)pthread_mutex_unlock(&jobs->lock);
    return taken;
}

bool jobs_submit(struct jobs *jobs, struct job *job)
{
    job->owner = worker_self();
    return enqueue(jobs, job, true);
}

void jobs_submit_always(struct jobs *jobs, struct job *job)
{
    job->owner = NULL;
    job->finish = NULL;
    if (!enqueue(jobs, job, false)) {
        job->run(job);
    }
}
