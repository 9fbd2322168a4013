/* thread.c - the signal mask is changed around the creation, because a thread inherits the
 * mask of its creator: blocking in the new thread would leave a moment without it. */
#include "loop/thread.h"

#include "base/arena.h"
#include "base/block.h"
#include "base/mem.h"

#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

struct start {
    thread_fn fn;
    void *arg;
};

static void *run(void *arg)
{
    struct start start = *(struct start *)arg;
    mem_free(arg);
    void *result = start.fn(start.arg);
    arena_pool_free();
    block_pool_free();
    return result;
}

bool thread_start(pthread_t *out, const char *name, thread_fn fn, void *arg, struct err *err)
{
    struct start *start = NEW(struct start);
    *start = (struct start){fn, arg};
    sigset_t all;
    sigset_t before;
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t thread;
    int failed = pthread_create(&thread, NULL, run, start);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (failed != 0) {
        mem_free(start);
        return err_set(err, ERR_UNAVAILABLE, "cannot start thread %s: error %d", name, failed);
    }
    char cut[16];
    (void)snprintf(cut, sizeof(cut), "%s", name);
    (void)pthread_setname_np(thread, cut);
    *out = thread;
    return true;
}

/* Linux counts niceness by thread. One that cannot be changed changes nothing else. */
void thread_step_back(int nice)
{
    (void)setpriority(PRIO_PROCESS, (id_t)gettid(), nice);
}
