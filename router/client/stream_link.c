#include "client/stream_link.h"

#include "base/mem.h"
#include "net/tls.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static struct stream_link *of_link(struct link *link)
{
    return CONTAINER_OF(link, struct stream_link, link);
}

static void stream_free_now(struct stream_link *stream)
{
    if (stream->protocol->done != NULL) {
        stream->protocol->done(stream);
    }
    mem_free(stream);
}

void stream_link_fail(struct stream_link *stream, enum err_code code, const char *format, ...)
{
    char text[200];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    stream->state = STREAM_ENDING;
    (void)err_set(&stream->err, code, "%s", text);
    conn_abort(&stream->conn, "failed");
}

void stream_link_end(struct stream_link *stream)
{
    stream->state = STREAM_ENDING;
    conn_finish(&stream->conn);
}

void stream_link_opened(struct stream_link *stream, size_t message_max)
{
    stream->state = STREAM_OPEN;
    client_link_opened(stream->link.client, message_max);
}

static size_t on_input(struct conn *conn, struct str input)
{
    struct stream_link *stream = CONTAINER_OF(conn, struct stream_link, conn);
    return stream->protocol->input(stream, input);
}

static void on_closed(struct conn *conn, const char *why)
{
    struct stream_link *stream = CONTAINER_OF(conn, struct stream_link, conn);
    if (stream->err.code == ERR_NONE) {
        (void)err_set(&stream->err, ERR_UNAVAILABLE, "connection lost: %s", why);
    }
    stream->state = STREAM_ENDING;
    client_link_lost(stream->link.client, &stream->err);
}

static const struct conn_ops conn_ops = {.on_input = on_input, .on_closed = on_closed};

static void on_dialed(void *ctx, int fd, struct tls_stream *tls, const struct err *err)
{
    struct stream_link *stream = ctx;
    stream->dialing = false;
    if (stream->abandoned) {
        tls_free(tls);
        if (fd >= 0) {
            (void)close(fd);
        }
        stream_free_now(stream);
        return;
    }
    if (fd < 0) {
        stream->state = STREAM_ENDING;
        client_link_lost(stream->link.client, err);
        return;
    }
    struct peer_info peer = {.tls = tls != NULL};
    conn_init(&stream->conn, &conn_ops, fd, tls, &peer, stream->input_max);
    stream->connected = true;
    stream->state = STREAM_OPENING;
    conn_start(&stream->conn, STR_EMPTY);
    stream->protocol->connected(stream);
}

static void stream_send(struct link *link, struct str message)
{
    struct stream_link *stream = of_link(link);
    if (stream->state == STREAM_OPEN) {
        stream->protocol->send(stream, message);
    }
}

static size_t stream_queued(struct link *link)
{
    const struct stream_link *stream = of_link(link);
    return stream->connected ? conn_queued(&stream->conn) : 0;
}

static void stream_finish(struct link *link)
{
    struct stream_link *stream = of_link(link);
    if (stream->state == STREAM_OPEN && stream->protocol->farewell != NULL) {
        stream->protocol->farewell(stream);
    }
    if (stream->connected && stream->state != STREAM_ENDING) {
        stream_link_end(stream);
    }
}

static void stream_free(struct link *link)
{
    struct stream_link *stream = of_link(link);
    if (stream->dialing) {
        stream->abandoned = true;
        return;
    }
    if (stream->connected) {
        conn_done(&stream->conn);
    }
    stream_free_now(stream);
}

static const struct link_ops stream_ops = {
    .send = stream_send, .queued = stream_queued, .finish = stream_finish, .free = stream_free};

void stream_link_dial(struct stream_link *stream,
                      const struct stream_protocol *protocol,
                      struct client *client,
                      const struct link_options *options)
{
    stream->link = (struct link){.ops = &stream_ops, .client = client};
    stream->protocol = protocol;
    stream->serializer = options->serializer;
    stream->dialing = true;
    const struct link_target *target = &options->target;
    struct conn_target dial = {.host = target->host,
                               .port = target->port,
                               .unix_socket = target->unix_socket,
                               .tls = target->tls,
                               .ca_file = options->ca_file,
                               .insecure = options->insecure,
                               .timeout_ms = options->timeout_ms};
    conn_dial(&dial, on_dialed, stream);
}
