/* ws_link.c - a client's WebSocket, by libwebsockets on the worker's loop.
 *
 * A context of its own for each link: a client program has few, and its end is
 * then simple. What ends it is told at the end of a turn, when libwebsockets is
 * not on the stack and its context may be destroyed.
 */
#include "base/buf.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "client/link.h"
#include "loop/timer.h"
#include "loop/watch.h"
#include "loop/worker.h"

#include <libwebsockets.h>
#include <stdio.h>
#include <string.h>

enum { TICK_MS = 1000, PACKET = 65536, READ_BUFFER = 32768 };

enum ws_state { WS_CONNECTING, WS_OPEN, WS_FINISHING, WS_LOST };

/* A message on its way out: libwebsockets masks it where it lies. */
struct outgoing {
    struct list link;
    size_t len;
    unsigned char bytes[]; /* LWS_PRE, then the message */
};

struct ws_link {
    struct link link;
    struct lws_context *context;
    struct lws *wsi;
    struct list queue; /* struct outgoing */
    struct buf partial;
    struct timer tick;
    struct turn_task ended;
    size_t message_max;
    enum serializer serializer;
    enum ws_state state;
    struct err err;
};

static struct ws_link *of_link(struct link *link)
{
    return CONTAINER_OF(link, struct ws_link, link);
}

static void ws_lost(struct ws_link *ws, enum err_code code, const char *text)
{
    if (ws->state == WS_LOST) {
        return;
    }
    ws->state = WS_LOST;
    (void)err_set(&ws->err, code, "%s", text);
    loop_at_turn_end(&ws->ended);
}

static void on_ended(struct turn_task *task)
{
    struct ws_link *ws = CONTAINER_OF(task, struct ws_link, ended);
    client_link_lost(ws->link.client, &ws->err);
}

static int on_receive(struct ws_link *ws, struct str piece)
{
    bool text = lws_frame_is_binary(ws->wsi) == 0;
    bool final = lws_is_final_fragment(ws->wsi) != 0;
    if (ws->state != WS_OPEN) {
        return 0;
    }
    size_t expected = ws->partial.len + piece.len + lws_remaining_packet_payload(ws->wsi);
    if (text != (ws->serializer == SERIALIZER_JSON) || expected > ws->message_max) {
        ws_lost(ws, ERR_INVALID, "the router sent a message of a wrong kind or size");
        return -1;
    }
    if (final && ws->partial.len == 0) {
        client_link_message(ws->link.client, piece);
        return 0;
    }
    (void)buf_append(&ws->partial, piece);
    if (final) {
        struct buf whole = ws->partial;
        buf_init(&ws->partial, ws->message_max);
        client_link_message(ws->link.client, buf_str(&whole));
        buf_done(&whole);
    }
    return 0;
}

static int on_writeable(struct ws_link *ws)
{
    enum lws_write_protocol kind =
        ws->serializer == SERIALIZER_JSON ? LWS_WRITE_TEXT : LWS_WRITE_BINARY;
    while (!list_empty(&ws->queue) && lws_send_pipe_choked(ws->wsi) == 0) {
        struct outgoing *message = LIST_ENTRY(ws->queue.next, struct outgoing, link);
        list_remove(&message->link);
        int sent = lws_write(ws->wsi, message->bytes + LWS_PRE, message->len, kind);
        mem_free(message);
        if (sent < 0) {
            return -1;
        }
    }
    if (!list_empty(&ws->queue)) {
        (void)lws_callback_on_writable(ws->wsi);
    } else if (ws->state == WS_FINISHING) {
        lws_close_reason(ws->wsi, LWS_CLOSE_STATUS_NORMAL, NULL, 0);
        return -1;
    }
    return 0;
}

static void connection_failed(struct ws_link *ws, struct str reason)
{
    char text[200];
    (void)snprintf(text, sizeof(text), "no WebSocket: " PRISTR, STRARG(str_sub(reason, 0, 160)));
    ws_lost(ws, ERR_UNAVAILABLE, reason.len > 0 ? text : "no WebSocket: cannot connect");
}

static int
ws_event(struct lws *wsi, enum lws_callback_reasons reason, void *user, void *in, size_t len)
{
    (void)user;
    struct ws_link *ws = wsi == NULL ? NULL : lws_context_user(lws_get_context(wsi));
    if (ws == NULL || wsi != ws->wsi) {
        return 0;
    }
    switch (reason) {
    case LWS_CALLBACK_CLIENT_CONNECTION_ERROR:
        connection_failed(ws, str_make(in, in == NULL ? 0 : strnlen(in, len)));
        return 0;
    case LWS_CALLBACK_CLIENT_ESTABLISHED:
        ws->state = WS_OPEN;
        client_link_opened(ws->link.client, ws->message_max);
        return 0;
    case LWS_CALLBACK_CLIENT_RECEIVE:
        return on_receive(ws, str_make(in, len));
    case LWS_CALLBACK_CLIENT_WRITEABLE:
        return ws->state == WS_LOST ? -1 : on_writeable(ws);
    case LWS_CALLBACK_CLIENT_CLOSED:
        ws_lost(ws, ERR_UNAVAILABLE, "connection lost: the WebSocket was closed");
        return 0;
    case LWS_CALLBACK_WSI_DESTROY:
        ws->wsi = NULL;
        ws_lost(ws, ERR_UNAVAILABLE, "no WebSocket: the connection ended");
        return 0;
    default:
        return 0;
    }
}

static const struct lws_protocols json_protocols[] = {
    {.name = "wamp.2.json", .callback = ws_event, .tx_packet_size = PACKET},
    {0},
};

static const struct lws_protocols msgpack_protocols[] = {
    {.name = "wamp.2.msgpack", .callback = ws_event, .tx_packet_size = PACKET},
    {0},
};

static const lws_retry_bo_t no_pings = {0};

static void take_log(int level, const char *line)
{
    (void)level;
    log_debug("libwebsockets", KV_STR("text", str_trim(str_of(line))));
}

static void on_tick(struct timer *timer)
{
    struct ws_link *ws = CONTAINER_OF(timer, struct ws_link, tick);
    lws_cancel_service(ws->context);
    timer_start(timer, TICK_MS);
}

static void ws_send(struct link *link, struct str message)
{
    struct ws_link *ws = of_link(link);
    if (ws->state != WS_OPEN) {
        return;
    }
    struct outgoing *outgoing = mem_alloc(sizeof(*outgoing) + LWS_PRE + message.len);
    list_init(&outgoing->link);
    outgoing->len = message.len;
    memcpy(outgoing->bytes + LWS_PRE, message.ptr, message.len);
    list_push(&ws->queue, &outgoing->link);
    (void)lws_callback_on_writable(ws->wsi);
}

static void ws_finish(struct link *link)
{
    struct ws_link *ws = of_link(link);
    if (ws->state == WS_OPEN) {
        ws->state = WS_FINISHING;
        (void)lws_callback_on_writable(ws->wsi);
    }
}

static void ws_free(struct link *link)
{
    struct ws_link *ws = of_link(link);
    ws->state = WS_LOST; /* what the destruction calls back is no news */
    timer_stop(&ws->tick);
    if (ws->context != NULL) {
        lws_context_destroy(ws->context);
    }
    loop_turn_task_cancel(&ws->ended);
    LIST_FOREACH_SAFE (node, &ws->queue) {
        mem_free(LIST_ENTRY(node, struct outgoing, link));
    }
    buf_done(&ws->partial);
    mem_free(ws);
}

static const struct link_ops ws_ops = {.send = ws_send, .finish = ws_finish, .free = ws_free};

static bool make_context(struct ws_link *ws, const struct link_options *options)
{
    void *loops[] = {worker_native_loop(worker_self())};
    uint64_t tls = options->target.tls ? LWS_SERVER_OPTION_DO_SSL_GLOBAL_INIT
                                       : LWS_SERVER_OPTION_DISABLE_OS_CA_CERTS;
    struct lws_context_creation_info info = {
        .port = CONTEXT_PORT_NO_LISTEN,
        .protocols = ws->serializer == SERIALIZER_JSON ? json_protocols : msgpack_protocols,
        .options = LWS_SERVER_OPTION_LIBEV | LWS_SERVER_OPTION_SKIP_SERVER_CANONICAL_NAME | tls,
        .foreign_loops = loops,
        .user = ws,
        .pt_serv_buf_size = READ_BUFFER,
        .retry_and_idle_policy = &no_pings,
        .client_ssl_ca_filepath = options->target.tls ? options->ca_file : NULL,
    };
    lws_set_log_level(LLL_ERR | LLL_WARN, take_log);
    ws->context = lws_create_context(&info);
    return ws->context != NULL;
}

static void dial(struct ws_link *ws, const struct link_options *options)
{
    enum {
        TRUSTING = LCCSCF_ALLOW_SELFSIGNED | LCCSCF_SKIP_SERVER_CERT_HOSTNAME_CHECK |
                   LCCSCF_ALLOW_EXPIRED | LCCSCF_ALLOW_INSECURE,
    };
    char *host = str_dup(options->target.host);
    char *path = str_dup(options->target.path);
    char authority[300];
    bool v6 = str_find(options->target.host, ':') >= 0;
    (void)snprintf(authority, sizeof(authority), "%s%s%s:%u", v6 ? "[" : "", host, v6 ? "]" : "",
                   options->target.port);
    struct lws_client_connect_info info = {
        .context = ws->context,
        .address = host,
        .port = options->target.port,
        .path = path,
        .host = authority,
        .protocol = ws->serializer == SERIALIZER_JSON ? "wamp.2.json" : "wamp.2.msgpack",
        .ietf_version_or_minus_one = -1,
        .pwsi = &ws->wsi,
        .retry_and_idle_policy = &no_pings,
    };
    if (options->target.tls) {
        info.ssl_connection = LCCSCF_USE_SSL | (options->insecure ? (int)TRUSTING : 0);
    }
    if (lws_client_connect_via_info(&info) == NULL) {
        connection_failed(ws, STR_EMPTY);
    }
    mem_free(host);
    mem_free(path);
}

struct link *ws_link_new(struct client *client, const struct link_options *options)
{
    struct ws_link *ws = NEW(struct ws_link);
    ws->link = (struct link){.ops = &ws_ops, .client = client};
    ws->serializer = options->serializer;
    ws->message_max = options->message_max;
    ws->ended.fn = on_ended;
    list_init(&ws->queue);
    buf_init(&ws->partial, ws->message_max);
    timer_init(&ws->tick, on_tick);
    if (!make_context(ws, options)) {
        ws_lost(ws, ERR_UNAVAILABLE, "no WebSocket: libwebsockets cannot start");
        return &ws->link;
    }
    timer_start(&ws->tick, TICK_MS);
    dial(ws, options);
    return &ws->link;
}
