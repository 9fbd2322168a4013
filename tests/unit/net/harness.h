/* harness.h - for tests of core/net: workers on threads of their own, the test as a plain
 * blocking client. Nothing is asserted on a worker: what happened there is read here. */
#ifndef POSTERN_TESTS_NET_HARNESS_H
#define POSTERN_TESTS_NET_HARNESS_H

#include "base/clock.h"
#include "base/mem.h"
#include "loop/mailbox.h"
#include "loop/worker.h"
#include "net/conn.h"
#include "net/listener.h"
#include "net/tls_inside.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>

enum { PATIENCE_MS = 10000 };

/* Runs `fn(ctx)` on a worker and waits until it has returned. */
struct errand {
    struct post post;
    void (*fn)(void *ctx);
    void *ctx;
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool done;
};

static inline void run_errand(struct post *post)
{
    struct errand *errand = CONTAINER_OF(post, struct errand, post);
    errand->fn(errand->ctx);
    (void)pthread_mutex_lock(&errand->lock);
    errand->done = true;
    (void)pthread_cond_signal(&errand->changed);
    (void)pthread_mutex_unlock(&errand->lock);
}

static inline void on_worker(struct worker *worker, void (*fn)(void *ctx), void *ctx)
{
    struct errand errand = {.post = {.fn = run_errand}, .fn = fn, .ctx = ctx};
    (void)pthread_mutex_init(&errand.lock, NULL);
    (void)pthread_cond_init(&errand.changed, NULL);
    worker_post(worker, &errand.post);
    (void)pthread_mutex_lock(&errand.lock);
    while (!errand.done) {
        (void)pthread_cond_wait(&errand.changed, &errand.lock);
    }
    (void)pthread_mutex_unlock(&errand.lock);
    (void)pthread_cond_destroy(&errand.changed);
    (void)pthread_mutex_destroy(&errand.lock);
}

/* True once `*value` is `wanted`. */
static inline bool becomes(atomic_int *value, int wanted)
{
    uint64_t until = clock_mono_ms() + PATIENCE_MS;
    while (atomic_load(value) != wanted && clock_mono_ms() < until) {
        (void)usleep(1000);
    }
    return atomic_load(value) == wanted;
}

static inline void set_patience(int fd)
{
    struct timeval patience = {.tv_sec = PATIENCE_MS / 1000};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)), 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
}

static inline void send_all(int fd, struct str bytes)
{
    while (bytes.len > 0) {
        ssize_t sent = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
        assert_true(sent > 0);
        bytes = str_from(bytes, (size_t)sent);
    }
}

/* Exactly these bytes come next. */
static inline void expect_bytes(int fd, struct str bytes)
{
    char *seen = mem_alloc(bytes.len + 1);
    ssize_t got = recv(fd, seen, bytes.len, MSG_WAITALL);
    assert_int_equal(got, bytes.len);
    assert_memory_equal(seen, bytes.ptr, bytes.len);
    mem_free(seen);
}

/* The other side closes, with or without a reset. */
static inline void expect_end(int fd)
{
    char byte;
    ssize_t got = recv(fd, &byte, 1, 0);
    assert_true(got == 0 || (got < 0 && errno == ECONNRESET));
}

static inline bool quiet_for(int fd, int ms)
{
    struct pollfd state = {.fd = fd, .events = POLLIN | POLLRDHUP};
    return poll(&state, 1, ms) == 0;
}

static inline struct workers *start_workers(unsigned count)
{
    struct err err;
    struct workers *workers = workers_new(count, 1 << 20, &err);
    assert_non_null(workers);
    return workers;
}

#endif
