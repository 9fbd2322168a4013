/* raw_link.c - a client's RawSocket: dials, shakes hands, then frames. */
#include "base/mem.h"
#include "client/link.h"
#include "net/conn.h"
#include "net/tls.h"
#include "wamp/framing.h"

#include <unistd.h>

enum raw_state { RAW_DIALING, RAW_HANDSHAKE, RAW_OPEN, RAW_ENDING };

struct raw_link {
    struct link link;
    struct conn conn; /* since RAW_HANDSHAKE */
    enum raw_state state;
    enum serializer serializer;
    size_t length_max;
    bool dialing;
    bool abandoned; /* freed while dialing: the end of that frees it */
    struct err err; /* why it ended, when we know better than the connection */
};

static struct raw_link *of_link(struct link *link)
{
    return CONTAINER_OF(link, struct raw_link, link);
}

static void raw_fail(struct raw_link *raw, enum err_code code, const char *what, const char *more)
{
    raw->state = RAW_ENDING;
    (void)err_set(&raw->err, code, "%s%s", what, more);
    conn_abort(&raw->conn, "failed");
}

static void take_handshake(struct raw_link *raw, const char *octets)
{
    struct handshake router;
    if (!handshake_read(octets, &router) || router.reserved) {
        raw_fail(raw, ERR_INVALID, "the other end does not speak RawSocket", "");
    } else if (router.serializer == 0) {
        raw_fail(raw, ERR_UNAVAILABLE, "RawSocket refused: ", handshake_fault_text(router.fault));
    } else if (router.serializer != raw->serializer) {
        raw_fail(raw, ERR_INVALID, "the router answered with another serializer", "");
    } else {
        raw->state = RAW_OPEN;
        client_link_opened(raw->link.client, router.length_max);
    }
}

static void take_frame(struct raw_link *raw, const struct frame *frame)
{
    char header[FRAME_HEADER_SIZE];
    switch (frame->type) {
    case FRAME_MESSAGE:
        client_link_message(raw->link.client, frame->payload);
        break;
    case FRAME_PING:
        frame_header(FRAME_PONG, frame->payload.len, header);
        conn_write(&raw->conn, str_make(header, sizeof(header)));
        conn_write(&raw->conn, frame->payload);
        break;
    case FRAME_PONG:
        break;
    }
}

static size_t on_input(struct conn *conn, struct str input)
{
    struct raw_link *raw = CONTAINER_OF(conn, struct raw_link, conn);
    size_t used = 0;
    if (raw->state == RAW_HANDSHAKE) {
        if (input.len < FRAMING_HANDSHAKE_SIZE) {
            return 0;
        }
        take_handshake(raw, input.ptr);
        used = FRAMING_HANDSHAKE_SIZE;
    }
    while (raw->state == RAW_OPEN) {
        struct frame frame;
        enum frame_state state = frame_read(str_from(input, used), raw->length_max, &frame);
        if (state == FRAME_MORE) {
            return used;
        }
        if (state == FRAME_WHOLE) {
            used += FRAME_HEADER_SIZE + frame.payload.len;
            take_frame(raw, &frame);
        } else {
            raw_fail(raw, ERR_INVALID, "the router sent a malformed frame", "");
        }
    }
    return input.len;
}

static void on_closed(struct conn *conn, const char *why)
{
    struct raw_link *raw = CONTAINER_OF(conn, struct raw_link, conn);
    if (raw->err.code == ERR_NONE) {
        (void)err_set(&raw->err, ERR_UNAVAILABLE, "connection lost: %s", why);
    }
    raw->state = RAW_ENDING;
    client_link_lost(raw->link.client, &raw->err);
}

static const struct conn_ops conn_ops = {.on_input = on_input, .on_closed = on_closed};

static void on_dialed(void *ctx, int fd, struct tls_stream *tls, const struct err *err)
{
    struct raw_link *raw = ctx;
    raw->dialing = false;
    if (raw->abandoned) {
        tls_free(tls);
        if (fd >= 0) {
            (void)close(fd);
        }
        mem_free(raw);
        return;
    }
    if (fd < 0) {
        raw->state = RAW_ENDING;
        client_link_lost(raw->link.client, err);
        return;
    }
    struct peer_info peer = {.tls = tls != NULL};
    conn_init(&raw->conn, &conn_ops, fd, tls, &peer, FRAME_HEADER_SIZE + raw->length_max);
    raw->state = RAW_HANDSHAKE;
    struct handshake ours = {.length_max = raw->length_max, .serializer = (uint8_t)raw->serializer};
    char octets[FRAMING_HANDSHAKE_SIZE];
    handshake_write(&ours, octets);
    conn_start(&raw->conn, STR_EMPTY);
    conn_write(&raw->conn, str_make(octets, sizeof(octets)));
}

static void raw_send(struct link *link, struct str message)
{
    struct raw_link *raw = of_link(link);
    char header[FRAME_HEADER_SIZE];
    frame_header(FRAME_MESSAGE, message.len, header);
    conn_write(&raw->conn, str_make(header, sizeof(header)));
    conn_write(&raw->conn, message);
}

static void raw_finish(struct link *link)
{
    struct raw_link *raw = of_link(link);
    if (raw->state == RAW_OPEN || raw->state == RAW_HANDSHAKE) {
        raw->state = RAW_ENDING;
        conn_finish(&raw->conn);
    }
}

static void raw_free(struct link *link)
{
    struct raw_link *raw = of_link(link);
    if (raw->dialing) {
        raw->abandoned = true;
        return;
    }
    if (raw->conn.ops != NULL) {
        conn_done(&raw->conn);
    }
    mem_free(raw);
}

static const struct link_ops raw_ops = {.send = raw_send, .finish = raw_finish, .free = raw_free};

struct link *raw_link_new(struct client *client, const struct link_options *options)
{
    struct raw_link *raw = NEW(struct raw_link);
    raw->link = (struct link){.ops = &raw_ops, .client = client};
    raw->serializer = options->serializer;
    raw->length_max = handshake_length(options->message_max);
    raw->dialing = true;
    const struct link_target *target = &options->target;
    struct conn_target dial = {.host = target->host,
                               .port = target->port,
                               .unix_socket = target->unix_socket,
                               .tls = target->tls,
                               .ca_file = options->ca_file,
                               .insecure = options->insecure,
                               .timeout_ms = options->timeout_ms};
    conn_dial(&dial, on_dialed, raw);
    return &raw->link;
}
