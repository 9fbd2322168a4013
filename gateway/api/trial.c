#include "api/trial.h"

#include "base/clock.h"
#include "base/mem.h"

#include <pthread.h>

struct trials {
    pthread_mutex_t lock;
    pthread_cond_t none;
    unsigned count;
    struct trial *open[TRIALS_MAX];
    bool stopped;
};

static void *run(void *arg)
{
    struct trial *trial = arg;
    struct trials *trials = trial->trials;
    uint64_t begun = clock_mono_ms();
    trial->ok = httpclient_request(&trial->request, &trial->response, &trial->err);
    trial->took_ms = clock_mono_ms() - begun;
    (void)pthread_mutex_lock(&trials->lock);
    for (unsigned i = 0; i < TRIALS_MAX; i++) {
        trials->open[i] = trials->open[i] == trial ? NULL : trials->open[i];
    }
    /* Under the lock: once all have gone no post comes any more. */
    worker_post(trial->owner, &trial->post);
    if (--trials->count == 0) {
        (void)pthread_cond_signal(&trials->none);
    }
    (void)pthread_mutex_unlock(&trials->lock);
    return NULL;
}

static void finish_here(struct post *post)
{
    struct trial *trial = CONTAINER_OF(post, struct trial, post);
    trial->finish(trial);
}

static bool start_thread(struct trial *trial)
{
    pthread_t thread;
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0) {
        return false;
    }
    (void)pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    bool ok = pthread_create(&thread, &attr, run, trial) == 0;
    (void)pthread_attr_destroy(&attr);
    return ok;
}

bool trials_start(struct trials *trials, struct trial *trial)
{
    trial->trials = trials;
    trial->owner = worker_self();
    trial->post.fn = finish_here;
    trial->request.cancel = &trial->cancel;
    (void)pthread_mutex_lock(&trials->lock);
    unsigned place = 0;
    while (place < TRIALS_MAX && trials->open[place] != NULL) {
        place++;
    }
    bool ok = place < TRIALS_MAX && !trials->stopped && start_thread(trial);
    if (ok) {
        trials->open[place] = trial;
        trials->count++;
    }
    (void)pthread_mutex_unlock(&trials->lock);
    return ok;
}

void trials_stop(struct trials *trials)
{
    (void)pthread_mutex_lock(&trials->lock);
    trials->stopped = true;
    for (unsigned i = 0; i < TRIALS_MAX; i++) {
        if (trials->open[i] != NULL) {
            atomic_store(&trials->open[i]->cancel, true);
        }
    }
    while (trials->count > 0) {
        (void)pthread_cond_wait(&trials->none, &trials->lock);
    }
    (void)pthread_mutex_unlock(&trials->lock);
}

struct trials *trials_new(void)
{
    struct trials *trials = NEW(struct trials);
    (void)pthread_mutex_init(&trials->lock, NULL);
    (void)pthread_cond_init(&trials->none, NULL);
    return trials;
}

void trials_free(struct trials *trials)
{
    if (trials == NULL) {
        return;
    }
    (void)pthread_cond_destroy(&trials->none);
    (void)pthread_mutex_destroy(&trials->lock);
    mem_free(trials);
}
