/* mhd.c - libmicrohttpd on our loops: a few daemons a worker, external epoll, no threads of its
 * own.
 *
 * Connections come from core/net; the library never listens. A daemon's epoll
 * descriptor is watched like any other. */
#include "base/log.h"
#include "base/mem.h"
#include "http/mhd_inside.h"
#include "metrics/metrics.h"
#include "net/tls.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTION_POOL = 8192, CONNECTIONS_MAX = 1 << 20, ROUNDS_MAX = 3, LOOK_AGAIN_MS = 1 };

static void shard_again(struct post *post);

/* Lets the library do what is ready, and arranges its next turn.
 *
 * While a request waits unsuspended the library wants to be run again at once, for ever; what else
 * it may want, the rest of a long head, then waits for a tick. */
static void shard_run(struct shard *shard)
{
    for (int round = 0; round < ROUNDS_MAX; round++) {
        MHD_UNSIGNED_LONG_LONG wait_ms = 0;
        shard->worked = false;
        (void)MHD_run(shard->daemon);
        if (MHD_get_timeout(shard->daemon, &wait_ms) != MHD_YES) {
            timer_stop(&shard->timer);
            return;
        }
        if (wait_ms == 0 && shard->looked_at > 0 && !shard->worked) {
            wait_ms = LOOK_AGAIN_MS;
        }
        if (wait_ms > 0) {
            timer_start(&shard->timer, wait_ms);
            return;
        }
    }
    if (!shard->again_posted) {
        shard->again_posted = true;
        worker_post(worker_self(), &shard->again);
    }
}

static void shard_again(struct post *post)
{
    struct shard *shard = CONTAINER_OF(post, struct shard, again);
    shard->again_posted = false;
    if (shard->daemon != NULL) {
        shard_run(shard);
    }
}

static void on_readable(struct watch *watch, unsigned events)
{
    (void)events;
    shard_run(CONTAINER_OF(watch, struct shard, watch));
}

static void on_timer(struct timer *timer)
{
    shard_run(CONTAINER_OF(timer, struct shard, timer));
}

static void on_turn_end(struct turn_task *task)
{
    shard_run(CONTAINER_OF(task, struct shard, run));
}

__attribute__((format(printf, 2, 0))) static void
on_library_log(void *cls, const char *format, va_list args)
{
    const struct front *front = cls;
    struct buf text;
    buf_init(&text, 512);
    (void)buf_vprintf(&text, format, args);
    log_debug("libmicrohttpd", KV_CSTR("front", front->options.name),
              KV_STR("says", str_trim(buf_str(&text))));
    buf_done(&text);
}

/* Paths stay as they were sent: decoding is the pipeline's, once. */
static size_t keep_encoded(void *cls, struct MHD_Connection *connection, char *text)
{
    (void)cls;
    (void)connection;
    return strlen(text);
}

/* The peer of a connection hangs on its socket context from begin to end. */
static void on_connection(void *cls,
                          struct MHD_Connection *connection,
                          void **socket_context,
                          enum MHD_ConnectionNotificationCode what)
{
    struct front *front = cls;
    (void)connection;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        struct mhd_worker *mine = mhd_worker_of(front, worker_self());
        struct peer_info *peer = NEW(struct peer_info);
        *peer = *mine->adopting;
        mine->adopting = NULL; /* its place in the limits is given back here from now on */
        *socket_context = peer;
    } else {
        struct peer_info *peer = *socket_context;
        net_release(peer);
        mem_free(peer);
    }
}

static void shard_start(struct shard *shard, struct front *front)
{
    shard->front = front;
    list_init(&shard->waiting);
    shard->daemon = MHD_start_daemon(
        MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_NO_LISTEN_SOCKET | MHD_USE_ERROR_LOG, 0,
        NULL, NULL, mhd_stream_access, front, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, front,
        MHD_OPTION_URI_LOG_CALLBACK, mhd_stream_new, front, MHD_OPTION_UNESCAPE_CALLBACK,
        keep_encoded, NULL, MHD_OPTION_NOTIFY_COMPLETED, mhd_stream_completed, front,
        MHD_OPTION_NOTIFY_CONNECTION, on_connection, front, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
        (size_t)CONNECTION_POOL, MHD_OPTION_CONNECTION_MEMORY_INCREMENT, (size_t)1024,
        MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX, MHD_OPTION_CONNECTION_TIMEOUT,
        front_idle_s(front), MHD_OPTION_STRICT_FOR_CLIENT, 0, MHD_OPTION_END);
    if (shard->daemon == NULL) {
        log_error("libmicrohttpd does not start", KV_CSTR("front", front->options.name));
        return;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(shard->daemon, MHD_DAEMON_INFO_EPOLL_FD);
    watch_init(&shard->watch, info->epoll_fd, on_readable);
    timer_init(&shard->timer, on_timer);
    shard->run.fn = on_turn_end;
    shard->again.fn = shard_again;
    watch_set(&shard->watch, WATCH_READ);
}

static void on_worker_start(struct worker *worker, void *ctx)
{
    struct front *front = ctx;
    struct mhd_worker *mine = mhd_worker_of(front, worker);
    for (unsigned i = 0; i < SHARDS; i++) {
        shard_start(&mine->shards[i], front);
    }
}

static void on_worker_stop(struct worker *worker, void *ctx)
{
    struct front *front = ctx;
    struct mhd_worker *mine = mhd_worker_of(front, worker);
    for (unsigned i = 0; i < SHARDS; i++) {
        struct shard *shard = &mine->shards[i];
        if (shard->daemon != NULL) {
            watch_set(&shard->watch, 0);
            mhd_stream_abandon_all(shard);
            (void)MHD_run(shard->daemon);
            timer_stop(&shard->timer);
            loop_turn_task_cancel(&shard->run);
            MHD_stop_daemon(shard->daemon);
            shard->daemon = NULL;
        }
    }
}

static void take(void *ctx, int fd, struct tls_stream *tls, const struct peer_info *peer)
{
    struct front *front = ctx;
    struct mhd_worker *mine = mhd_worker_of(front, worker_self());
    struct shard *shard = &mine->shards[mine->next++ % SHARDS];
    struct sockaddr_in6 address = {.sin6_family = AF_INET6, .sin6_addr = peer->address};
    if (tls != NULL) {
        fd = tls_pump(fd, tls);
    }
    if (fd < 0 || shard->daemon == NULL) {
        if (fd >= 0) {
            (void)close(fd);
        }
        net_release(peer);
        return;
    }
    /* On failure the library closes the socket, but says so only if it had begun. */
    mine->adopting = peer;
    (void)MHD_add_connection(shard->daemon, fd, (const struct sockaddr *)&address, sizeof(address));
    if (mine->adopting != NULL) {
        mine->adopting = NULL;
        net_release(peer);
    }
    shard_run(shard);
}

static void free_front(struct front *front)
{
    struct mhd_front *mine = CONTAINER_OF(front, struct mhd_front, front);
    mem_free(mine->workers);
    mem_free(mine);
}

struct front *mhd_front_new(const struct front_options *options)
{
    static const struct front_ops ops = {.take = take, .free = free_front};
    struct mhd_front *mine = NEW(struct mhd_front);
    front_init(&mine->front, &ops, options);
    mine->workers = NEW_ARRAY(struct mhd_worker, workers_count(options->workers));
    workers_on_start(options->workers, on_worker_start, &mine->front);
    workers_on_stop(options->workers, on_worker_stop, &mine->front);
    return &mine->front;
}
