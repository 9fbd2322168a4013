/* ws_link.c - a client's WebSocket, on the same connection as RawSocket's.
 *
 * Why not by a library: docs/decisions/0009-websocket-client.md.
 */
#include "base/buf.h"
#include "base/mem.h"
#include "base/random.h"
#include "client/stream_link.h"
#include "client/ws_frame.h"
#include "wamp/subprotocol.h"

#include <string.h>

struct ws_link {
    struct stream_link stream;
    struct buf request;          /* what opens the WebSocket */
    struct buf partial;          /* a message that comes in fragments */
    enum ws_opcode partial_kind; /* WS_CONTINUATION: there is none */
    char key[WS_KEY_SIZE];
};

static struct ws_link *of_stream(struct stream_link *stream)
{
    return CONTAINER_OF(stream, struct ws_link, stream);
}

static enum ws_opcode kind_of(const struct stream_link *stream)
{
    return stream->serializer == SERIALIZER_JSON ? WS_TEXT : WS_BINARY;
}

static void ws_connected(struct stream_link *stream)
{
    conn_write(&stream->conn, buf_str(&of_stream(stream)->request));
}

static void put_frame(struct stream_link *stream, enum ws_opcode opcode, struct str payload)
{
    unsigned char header[WS_FRAME_HEADER_MAX];
    unsigned char mask[4];
    char masked[4096];
    random_bytes(mask, sizeof(mask));
    size_t size = ws_frame_header(opcode, payload.len, mask, header);
    conn_write(&stream->conn, str_make((const char *)header, size));
    while (payload.len > 0) {
        struct str piece = str_sub(payload, 0, sizeof(masked)); /* a multiple of the mask */
        for (size_t i = 0; i < piece.len; i++) {
            masked[i] = (char)(piece.ptr[i] ^ mask[i & 3]);
        }
        conn_write(&stream->conn, str_make(masked, piece.len));
        payload = str_from(payload, piece.len);
    }
}

static void ws_send(struct stream_link *stream, struct str message)
{
    put_frame(stream, kind_of(stream), message);
}

static void ws_farewell(struct stream_link *stream)
{
    put_frame(stream, WS_CLOSE, str_make("\x03\xe8", 2)); /* 1000 */
}

static void on_close(struct stream_link *stream, struct str payload)
{
    unsigned code = 1005;
    if (payload.len >= 2) {
        code = (unsigned)((unsigned char)payload.ptr[0] << 8 | (unsigned char)payload.ptr[1]);
    }
    (void)err_set(&stream->err, ERR_UNAVAILABLE,
                  "connection lost: the router closed the WebSocket (%u)", code);
    put_frame(stream, WS_CLOSE, str_sub(payload, 0, 2));
    stream_link_end(stream);
}

static void on_data(struct ws_link *ws, const struct ws_frame *frame)
{
    struct stream_link *stream = &ws->stream;
    bool begins = frame->opcode != WS_CONTINUATION;
    if (begins == (ws->partial_kind != WS_CONTINUATION)) {
        stream_link_fail(stream, ERR_INVALID, "the router sent fragments in disorder");
        return;
    }
    if (begins && frame->opcode != kind_of(stream)) {
        stream_link_fail(stream, ERR_INVALID, "the router sent a message of a wrong kind");
        return;
    }
    if (begins && frame->final) {
        client_link_message(stream->link.client, frame->payload);
        return;
    }
    if (!buf_append(&ws->partial, frame->payload)) {
        stream_link_fail(stream, ERR_LIMIT, "the router sent a message that is too long");
        return;
    }
    ws->partial_kind = frame->final ? WS_CONTINUATION : kind_of(stream);
    if (frame->final) {
        struct buf whole = ws->partial;
        buf_init(&ws->partial, stream->message_max);
        client_link_message(stream->link.client, buf_str(&whole));
        buf_done(&whole);
    }
}

static void take_frame(struct ws_link *ws, const struct ws_frame *frame)
{
    switch (frame->opcode) {
    case WS_CONTINUATION:
    case WS_TEXT:
    case WS_BINARY:
        on_data(ws, frame);
        break;
    case WS_PING:
        put_frame(&ws->stream, WS_PONG, frame->payload);
        break;
    case WS_PONG:
        break;
    case WS_CLOSE:
        on_close(&ws->stream, frame->payload);
        break;
    }
}

/* Returns how much of `input` the answer's head took; 0 while it is not whole. */
static size_t take_head(struct stream_link *stream, struct str input)
{
    struct err err;
    size_t end = ws_head_end(input);
    if (end == 0) {
        if (input.len > WS_HEAD_MAX) {
            stream_link_fail(stream, ERR_INVALID, "no WebSocket: the answer is too long");
        }
        return 0;
    }
    if (ws_head_accepts(str_sub(input, 0, end), of_stream(stream)->key,
                        subprotocol_name(stream->serializer), &err)) {
        stream_link_opened(stream, stream->message_max);
    } else {
        stream_link_fail(stream, err.code, "%s", err.text);
    }
    return end;
}

static size_t ws_input(struct stream_link *stream, struct str input)
{
    size_t used = 0;
    if (stream->state == STREAM_OPENING) {
        used = take_head(stream, input);
        if (used == 0) {
            return 0;
        }
    }
    while (stream->state == STREAM_OPEN) {
        struct ws_frame frame;
        enum ws_frame_state state =
            ws_frame_read(str_from(input, used), stream->message_max, &frame);
        if (state == WS_FRAME_MORE) {
            return used;
        }
        if (state != WS_FRAME_WHOLE) {
            stream_link_fail(stream, ERR_INVALID, "the router sent a malformed frame");
            break;
        }
        used += frame.size;
        take_frame(of_stream(stream), &frame);
    }
    return input.len;
}

static void ws_done(struct stream_link *stream)
{
    buf_done(&of_stream(stream)->request);
    buf_done(&of_stream(stream)->partial);
}

static const struct stream_protocol ws_protocol = {.connected = ws_connected,
                                                   .input = ws_input,
                                                   .send = ws_send,
                                                   .farewell = ws_farewell,
                                                   .done = ws_done};

static void compose_request(struct ws_link *ws, const struct link_target *target)
{
    struct str host = target->unix_socket ? STR("localhost") : target->host;
    bool v6 = str_find(host, ':') >= 0;
    struct str offer = subprotocol_name(ws->stream.serializer);
    (void)buf_printf(&ws->request,
                     "GET " PRISTR " HTTP/1.1\r\nHost: %s" PRISTR "%s:%u\r\n"
                     "Upgrade: websocket\r\nConnection: Upgrade\r\n"
                     "Sec-WebSocket-Key: %s\r\nSec-WebSocket-Version: 13\r\n"
                     "Sec-WebSocket-Protocol: " PRISTR "\r\n\r\n",
                     STRARG(target->path), v6 ? "[" : "", STRARG(host), v6 ? "]" : "", target->port,
                     ws->key, STRARG(offer));
}

struct link *ws_link_new(struct client *client, const struct link_options *options)
{
    struct ws_link *ws = NEW(struct ws_link);
    ws->stream.serializer = options->serializer;
    ws->stream.message_max = options->message_max;
    ws->stream.input_max = WS_FRAME_HEADER_MAX + options->message_max;
    buf_init(&ws->request, WS_HEAD_MAX);
    buf_init(&ws->partial, options->message_max);
    ws_key_new(ws->key);
    compose_request(ws, &options->target);
    stream_link_dial(&ws->stream, &ws_protocol, client, options);
    return &ws->stream.link;
}
