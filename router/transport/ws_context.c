/* ws_context.c - libwebsockets on one worker: its context, and the sockets it is given.
 *
 * It runs on the worker's own loop and listens nowhere. Its time-outs stand still
 * while nothing happens on a foreign loop, so it is woken once a second.
 */
#include "base/log.h"
#include "base/mem.h"
#include "loop/worker.h"
#include "payload/scan.h"
#include "transport/upgrade_head.h"
#include "transport/ws_inside.h"

#include <string.h>

enum { TICK_MS = 1000, READ_BUFFER = 32768, MESSAGE_PIECE = 2048 };

/* What is known to come with every adoption and every close is no news. */
static const char *const chatter[] = {"calling service", "deferring handling ah"};

static void take_log(int level, const char *line)
{
    for (size_t i = 0; i < COUNT_OF(chatter); i++) {
        if (strstr(line, chatter[i]) != NULL) {
            return;
        }
    }
    struct log_field text = KV_STR("text", str_trim(str_of(line)));
    if (level == LLL_ERR) {
        log_warn("libwebsockets", text);
    } else {
        log_debug("libwebsockets", text);
    }
}

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
    lws_set_log_level(LLL_ERR | LLL_WARN, take_log);
    context->worker = worker;
    list_init(&context->sockets);
    context->lws = lws_create_context(&info);
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
    lws_context_destroy(context->lws);
    mem_free(context->output);
    mem_free(context);
}

void ws_adopt(struct transport_worker *worker,
              int fd,
              const struct peer_info *peer,
              struct str head)
{
    struct ws_context *context = worker->ws;
    context->adopting = peer;
    /* May have opened and closed the WebSocket when it returns; the callback then knows. */
    (void)lws_adopt_socket_vhost_readbuf(context->vhost, fd, head.ptr, head.len);
    if (context->adopting != NULL) {
        context->adopting = NULL;
        net_release(peer);
    }
}
