/* ws_context.c - libwebsockets on one worker: its context, and the sockets it is given.
 *
 * It runs on the worker's own loop and listens nowhere. Its time-outs stand still
 * while nothing happens on a foreign loop, so it is woken once a second. Its log
 * is off: it writes each line into one buffer for all threads, and one with each
 * adoption. What it has in common for all contexts is guarded by a lock.
 */
#include "base/log.h"
#include "base/mem.h"
#include "loop/worker.h"
#include "payload/scan.h"
#include "transport/upgrade_head.h"
#include "transport/ws_inside.h"

#include <pthread.h>

enum { TICK_MS = 1000, READ_BUFFER = 32768, MESSAGE_PIECE = 2048 };

/* The first row is where a request is before it is a WebSocket; its name is no token, so that
 * no client can ask for it. The others' ids are the serializer. */
static const struct lws_protocols protocols[] = {
    {.name = "not yet", .callback = ws_callback, .rx_buffer_size = MESSAGE_PIECE},
    {.name = "wamp.2.json",
     .callback = ws_callback,
     .rx_buffer_size = MESSAGE_PIECE,
     .tx_packet_size = WS_WRITE_MAX,
     .id = SERIALIZER_JSON},
    {.name = "wamp.2.msgpack",
     .callback = ws_callback,
     .rx_buffer_size = MESSAGE_PIECE,
     .tx_packet_size = WS_WRITE_MAX,
     .id = SERIALIZER_MSGPACK},
    {.name = "wamp.2.cbor",
     .callback = ws_callback,
     .rx_buffer_size = MESSAGE_PIECE,
     .tx_packet_size = WS_WRITE_MAX,
     .id = SERIALIZER_CBOR},
    {0},
};

/* Pings are ours. */
static const lws_retry_bo_t no_pings = {0};

static void on_tick(struct timer *timer)
{
    struct ws_context *context = CONTAINER_OF(timer, struct ws_context, tick);
    if (!list_empty(&context->sockets)) {
        lws_cancel_service(context->lws);
    }
    timer_start(timer, TICK_MS);
}

void ws_library_setup(void)
{
    lws_set_log_level(0, NULL);
}

struct ws_context *ws_context_new(struct transport_worker *worker)
{
    struct ws_context *context = NEW(struct ws_context);
    void *loops[] = {worker_native_loop(worker_self())};
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = protocols,
        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME |
                   LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS,
        .foreign_loops = loops,
        .user = context,
        .vhost_name = "websocket",
        .pt_serv_buf_size = READ_BUFFER,
        .max_http_header_data = UPGRADE_HEAD_MAX,
        .retry_and_idle_policy = &no_pings,
    };
    context->worker = worker;
    list_init(&context->sockets);
    (void)pthread_mutex_lock(&worker->transport->library_lock);
    context->lws = lws_create_context(&info);
    (void)pthread_mutex_unlock(&worker->transport->library_lock);
    if (context->lws == NULL) {
        log_error("no WebSocket: libwebsockets cannot start",
                  KV_CSTR("remedy", "install libwebsockets-evlib-ev"));
        mem_free(context);
        return NULL;
    }
    context->vhost = lws_get_vhost_by_name(context->lws, "websocket");
    context->output = mem_alloc(LWS_PRE + WS_WRITE_MAX);
    timer_init(&context->tick, on_tick);
    timer_start(&context->tick, TICK_MS);
    return context;
}

void ws_context_free(struct ws_context *context)
{
    if (context == NULL) {
        return;
    }
    timer_stop(&context->tick);
    pthread_mutex_t *lock = &context->worker->transport->library_lock;
    (void)pthread_mutex_lock(lock);
    lws_context_destroy(context->lws);
    (void)pthread_mutex_unlock(lock);
    mem_free(context->output);
    mem_free(context);
}

void ws_adopt(struct transport_worker *worker,
              int fd,
              const struct peer_info *peer,
              struct str bytes)
{
    struct ws_context *context = worker->ws;
    context->adopting = peer;
    /* May have opened and closed the WebSocket when it returns; the callback then knows. */
    (void)lws_adopt_socket_vhost_readbuf(context->vhost, fd, bytes.ptr, bytes.len);
    if (context->adopting != NULL) {
        context->adopting = NULL;
        net_release(peer);
    }
}
