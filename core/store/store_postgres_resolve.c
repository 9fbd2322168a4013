/* store_postgres_resolve.c - the addresses of a host's name, within a time.
 *
 * The system's resolver cannot be told when to stop. So it runs on a thread of its own, which is
 * left to itself when it takes too long; whoever asks for the same host again waits for the same
 * answer, so that there is one such thread for each host at most. */
#include "base/clock.h"
#include "base/mem.h"
#include "loop/thread.h"
#include "store/store_postgres.h"

#include <errno.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

enum { HOST_MAX = 256 };

/* Between two threads; who lets it go last frees it. */
struct postgres_lookup {
    pthread_mutex_t lock;
    pthread_cond_t answered;
    unsigned holders;
    char host[HOST_MAX];
    bool done;
    int code; /* of getaddrinfo */
    struct postgres_addresses found;
};

static void let_go(struct postgres_lookup *lookup)
{
    (void)pthread_mutex_lock(&lookup->lock);
    bool last = --lookup->holders == 0;
    (void)pthread_mutex_unlock(&lookup->lock);
    if (last) {
        (void)pthread_cond_destroy(&lookup->answered);
        (void)pthread_mutex_destroy(&lookup->lock);
        mem_free(lookup);
    }
}

static void read_addresses(const struct addrinfo *info, struct postgres_addresses *out)
{
    for (; info != NULL && out->count < POSTGRES_ADDRESSES_MAX; info = info->ai_next) {
        char text[NI_MAXHOST];
        if (getnameinfo(info->ai_addr, info->ai_addrlen, text, sizeof(text), NULL, 0,
                        NI_NUMERICHOST) == 0 &&
            strlen(text) < sizeof(out->texts[0])) {
            (void)snprintf(out->texts[out->count++], sizeof(out->texts[0]), "%s", text);
        }
    }
}

static void *look_up(void *arg)
{
    struct postgres_lookup *lookup = arg;
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
    struct addrinfo *info = NULL;
    struct postgres_addresses found = {0};
    int code = getaddrinfo(lookup->host, NULL, &hints, &info);
    if (code == 0) {
        read_addresses(info, &found);
        freeaddrinfo(info);
    }
    (void)pthread_mutex_lock(&lookup->lock);
    lookup->found = found;
    lookup->code = code;
    lookup->done = true;
    (void)pthread_cond_signal(&lookup->answered);
    (void)pthread_mutex_unlock(&lookup->lock);
    let_go(lookup);
    return NULL;
}

static struct postgres_lookup *begin(const char *host, struct err *err)
{
    struct postgres_lookup *lookup = NEW(struct postgres_lookup);
    pthread_condattr_t attr;
    pthread_t thread;
    (void)snprintf(lookup->host, sizeof(lookup->host), "%s", host);
    (void)pthread_mutex_init(&lookup->lock, NULL);
    (void)pthread_condattr_init(&attr);
    (void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&lookup->answered, &attr);
    (void)pthread_condattr_destroy(&attr);
    lookup->holders = 2;
    if (!thread_start(&thread, "resolver", look_up, lookup, err)) {
        lookup->holders = 1;
        let_go(lookup);
        return NULL;
    }
    (void)pthread_detach(thread);
    return lookup;
}

/* With the answer, if it has come. */
static bool wait_until(struct postgres_lookup *lookup, uint64_t deadline_ms)
{
    const struct timespec deadline = {.tv_sec = (time_t)(deadline_ms / 1000),
                                      .tv_nsec = (long)(deadline_ms % 1000) * 1000000};
    int failed = 0;
    (void)pthread_mutex_lock(&lookup->lock);
    while (!lookup->done && failed != ETIMEDOUT) {
        failed = pthread_cond_timedwait(&lookup->answered, &lookup->lock, &deadline);
    }
    bool done = lookup->done;
    (void)pthread_mutex_unlock(&lookup->lock);
    return done;
}

/* What is an address by itself, or a socket's directory, libpq reads without asking anybody. */
static bool is_name(const char *host)
{
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST};
    struct addrinfo *info = NULL;
    if (host == NULL || *host == '\0' || *host == '/' || *host == '@') {
        return false;
    }
    bool numeric = getaddrinfo(host, NULL, &hints, &info) == 0;
    if (numeric) {
        freeaddrinfo(info);
    }
    return !numeric;
}

bool postgres_resolve(struct postgres_lookup **slot,
                      const char *host,
                      uint64_t deadline_ms,
                      struct postgres_addresses *out,
                      struct err *err)
{
    *out = (struct postgres_addresses){0};
    if (!is_name(host)) {
        return true;
    }
    if (strlen(host) >= HOST_MAX) {
        return err_set(err, ERR_INVALID, "the name of the host is too long");
    }
    if (*slot == NULL) {
        *slot = begin(host, err);
    }
    if (*slot == NULL) {
        return false;
    }
    if (!wait_until(*slot, deadline_ms)) {
        return err_set(err, ERR_UNAVAILABLE, "the name cannot be resolved in time");
    }
    int code = (*slot)->code;
    *out = (*slot)->found;
    postgres_resolve_done(slot);
    return (code == 0 && out->count > 0) ||
           err_set(err, ERR_UNAVAILABLE, "the name cannot be resolved: %s",
                   code == 0 ? "it has no address" : gai_strerror(code));
}

void postgres_resolve_done(struct postgres_lookup **slot)
{
    if (*slot != NULL) {
        let_go(*slot);
        *slot = NULL;
    }
}
