/* mailbox.c - posts: to workers, with wake-up and credit, and to threads that are none. */
#include "loop/mailbox.h"

#include "base/clock.h"
#include "base/mem.h"
#include "loop/loop_inside.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* A sender on `from` waits for `to` to become clear. */
struct wait {
    struct list link;
    struct worker *from;
    struct post *post;
};

static void on_wake(struct ev_loop *loop, ev_io *watcher, int events)
{
    (void)loop;
    (void)events;
    struct worker *worker = watcher->data;
    /* The count is cleared before the inbox is taken: a push that finds the inbox empty
     * after the taking writes anew, so no post is left without a wake-up. */
    uint64_t count = 0;
    (void)!read(worker->wake_fd, &count, sizeof(count));
    (void)mail_run(worker);
}

bool mail_init(struct worker *worker, struct err *err)
{
    worker->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (worker->wake_fd < 0) {
        return err_set(err, ERR_UNAVAILABLE, "cannot make an eventfd: error %d", errno);
    }
    inbox_init(&worker->inbox);
    atomic_init(&worker->charged, 0);
    atomic_init(&worker->waiting, false);
    list_init(&worker->waits);
    (void)pthread_mutex_init(&worker->waits_lock, NULL);
    return true;
}

void mail_attach(struct worker *worker)
{
    ev_io_init(&worker->wake, on_wake, worker->wake_fd, EV_READ);
    worker->wake.data = worker;
    ev_io_start(worker->loop, &worker->wake);
}

void mail_done(struct worker *worker)
{
    LIST_FOREACH_SAFE (node, &worker->waits) {
        mem_free(LIST_ENTRY(node, struct wait, link));
    }
    (void)pthread_mutex_destroy(&worker->waits_lock);
    (void)close(worker->wake_fd);
}

void worker_post(struct worker *to, struct post *post)
{
    if (post->bytes > 0) {
        /* Ordered before the discharge by the post's own release and acquire. */
        (void)atomic_fetch_add_explicit(&to->charged, post->bytes, memory_order_relaxed);
    }
    if (to == worker_self()) {
        turn_push(&to->turn, post);
        return;
    }
    if (inbox_push(&to->inbox, post)) {
        uint64_t one = 1;
        (void)!write(to->wake_fd, &one, sizeof(one)); /* full: it is readable already */
    }
}

bool worker_congested(const struct worker *to)
{
    return atomic_load_explicit(&to->charged, memory_order_relaxed) > to->group->mailbox_max;
}

static bool is_clear(struct worker *to, size_t charged)
{
    return charged <= to->group->mailbox_max / 2;
}

static void release_waits(struct worker *to)
{
    struct list released;
    list_init(&released);
    (void)pthread_mutex_lock(&to->waits_lock);
    while (!list_empty(&to->waits)) {
        struct list *node = to->waits.next;
        list_remove(node);
        list_push(&released, node);
    }
    atomic_store(&to->waiting, false);
    (void)pthread_mutex_unlock(&to->waits_lock);
    while (!list_empty(&released)) {
        struct wait *wait = LIST_ENTRY(released.next, struct wait, link);
        list_remove(&wait->link);
        worker_post(wait->from, wait->post);
        mem_free(wait);
    }
}

/* A wait is announced (`waiting`), then the charge is read; a discharge lowers the charge,
 * then reads `waiting`. All four are sequentially consistent, so at least one of the two
 * threads sees what the other did and no wait is forgotten. */
void worker_when_clear(struct worker *to, struct post *post)
{
    struct worker *from = worker_self();
    assert(from != NULL);
    struct wait *wait = NEW(struct wait);
    wait->from = from;
    wait->post = post;
    (void)pthread_mutex_lock(&to->waits_lock);
    list_push(&to->waits, &wait->link);
    atomic_store(&to->waiting, true);
    (void)pthread_mutex_unlock(&to->waits_lock);
    if (is_clear(to, atomic_load(&to->charged))) {
        release_waits(to);
    }
}

void mail_run_one(struct worker *worker, struct post *post)
{
    size_t bytes = post->bytes; /* `fn` may free the post */
    post->fn(post);
    if (bytes == 0) {
        return;
    }
    size_t left = atomic_fetch_sub(&worker->charged, bytes) - bytes;
    if (is_clear(worker, left) && atomic_load(&worker->waiting)) {
        release_waits(worker);
    }
}

size_t mail_run(struct worker *worker)
{
    size_t ran = 0;
    for (struct post *post = inbox_take(&worker->inbox); post != NULL; ran++) {
        struct post *next = post->next;
        mail_run_one(worker, post);
        post = next;
    }
    return ran;
}

/* The lock is for sleeping alone: senders take it when they found the inbox empty. */
struct mailbox {
    struct inbox inbox;
    pthread_mutex_t lock;
    pthread_cond_t filled;
    int wake_fd;  /* in place of `filled` for one that waits for a file too; -1: not made yet */
    bool polling; /* it sleeps on wake_fd */
    bool closed;
};

struct mailbox *mailbox_new(void)
{
    struct mailbox *mailbox = NEW(struct mailbox);
    inbox_init(&mailbox->inbox);
    mailbox->wake_fd = -1;
    (void)pthread_mutex_init(&mailbox->lock, NULL);
    pthread_condattr_t attr;
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&mailbox->filled, &attr);
    (void)pthread_condattr_destroy(&attr);
    return mailbox;
}

void mailbox_free(struct mailbox *mailbox)
{
    if (mailbox == NULL) {
        return;
    }
    assert(inbox_empty(&mailbox->inbox));
    if (mailbox->wake_fd >= 0) {
        (void)close(mailbox->wake_fd);
    }
    (void)pthread_cond_destroy(&mailbox->filled);
    (void)pthread_mutex_destroy(&mailbox->lock);
    mem_free(mailbox);
}

/* With the lock. */
static void wake(struct mailbox *mailbox)
{
    if (mailbox->polling) {
        uint64_t one = 1;
        (void)!write(mailbox->wake_fd, &one, sizeof(one)); /* full: it is readable already */
    } else {
        (void)pthread_cond_signal(&mailbox->filled); /* one thread alone sleeps here */
    }
}

void mailbox_post(struct mailbox *mailbox, struct post *post)
{
    if (inbox_push(&mailbox->inbox, post)) {
        (void)pthread_mutex_lock(&mailbox->lock);
        wake(mailbox);
        (void)pthread_mutex_unlock(&mailbox->lock);
    }
}

void mailbox_close(struct mailbox *mailbox)
{
    (void)pthread_mutex_lock(&mailbox->lock);
    mailbox->closed = true;
    wake(mailbox);
    (void)pthread_mutex_unlock(&mailbox->lock);
}

static struct timespec deadline_after(int timeout_ms)
{
    uint64_t ns = clock_mono_ns() + (uint64_t)timeout_ms * 1000000u;
    return (struct timespec){.tv_sec = (time_t)(ns / 1000000000u),
                             .tv_nsec = (long)(ns % 1000000000u)};
}

/* Waits until there is a post; false when there is none and none will come. A time-out is
 * no end. What was posted before the closing is seen, because closing takes the lock. */
static bool wait_filled(struct mailbox *mailbox, int timeout_ms)
{
    struct timespec deadline = {0};
    if (timeout_ms > 0) {
        deadline = deadline_after(timeout_ms);
    }
    int failed = 0;
    (void)pthread_mutex_lock(&mailbox->lock);
    while (!mailbox->closed && inbox_empty(&mailbox->inbox) && timeout_ms != 0 &&
           failed != ETIMEDOUT) {
        failed = timeout_ms < 0
                     ? pthread_cond_wait(&mailbox->filled, &mailbox->lock)
                     : pthread_cond_timedwait(&mailbox->filled, &mailbox->lock, &deadline);
    }
    bool more = !mailbox->closed || !inbox_empty(&mailbox->inbox);
    (void)pthread_mutex_unlock(&mailbox->lock);
    return more;
}

/* The same, and until `fd` can be read. A signal ends the wait early, which is no harm. */
static bool wait_filled_or(struct mailbox *mailbox, int timeout_ms, int fd)
{
    (void)pthread_mutex_lock(&mailbox->lock);
    mailbox->polling = !mailbox->closed && inbox_empty(&mailbox->inbox);
    bool sleeps = mailbox->polling;
    (void)pthread_mutex_unlock(&mailbox->lock);
    if (sleeps) {
        struct pollfd fds[] = {{.fd = mailbox->wake_fd, .events = POLLIN},
                               {.fd = fd, .events = POLLIN}};
        (void)poll(fds, COUNT_OF(fds), timeout_ms);
    }
    uint64_t count = 0;
    (void)pthread_mutex_lock(&mailbox->lock);
    mailbox->polling = false;
    (void)!read(mailbox->wake_fd, &count, sizeof(count));
    bool more = !mailbox->closed || !inbox_empty(&mailbox->inbox);
    (void)pthread_mutex_unlock(&mailbox->lock);
    return more;
}

static void run_taken(struct mailbox *mailbox)
{
    struct post *post = inbox_take(&mailbox->inbox);
    while (post != NULL) {
        struct post *next = post->next;
        post->fn(post);
        post = next;
    }
}

bool mailbox_run_some(struct mailbox *mailbox, int timeout_ms)
{
    if (inbox_empty(&mailbox->inbox) && !wait_filled(mailbox, timeout_ms)) {
        return false;
    }
    run_taken(mailbox);
    return true;
}

bool mailbox_run_some_or(struct mailbox *mailbox, int timeout_ms, int fd)
{
    if (fd >= 0 && mailbox->wake_fd < 0) {
        mailbox->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    }
    if (fd < 0 || mailbox->wake_fd < 0) { /* no file left for it: the time-out is there still */
        return mailbox_run_some(mailbox, timeout_ms);
    }
    if (inbox_empty(&mailbox->inbox) && !wait_filled_or(mailbox, timeout_ms, fd)) {
        return false;
    }
    run_taken(mailbox);
    return true;
}

void mailbox_run(struct mailbox *mailbox)
{
    while (mailbox_run_some(mailbox, -1)) {
    }
}
