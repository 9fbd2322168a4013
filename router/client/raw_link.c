/* raw_link.c - a client's RawSocket: a handshake of four octets, then frames. */
#include "base/mem.h"
#include "client/stream_link.h"
#include "wamp/framing.h"

struct raw_link {
    struct stream_link stream;
};

static void raw_connected(struct stream_link *stream)
{
    struct handshake ours = {.length_max = stream->message_max,
                             .serializer = (uint8_t)stream->serializer};
    char octets[FRAMING_HANDSHAKE_SIZE];
    handshake_write(&ours, octets);
    conn_write(&stream->conn, str_make(octets, sizeof(octets)));
}

static void take_handshake(struct stream_link *stream, const char *octets)
{
    struct handshake router;
    if (!handshake_read(octets, &router) || router.reserved) {
        stream_link_fail(stream, ERR_INVALID, "the other end does not speak RawSocket");
    } else if (router.serializer == 0) {
        stream_link_fail(stream, ERR_UNAVAILABLE, "RawSocket refused: %s",
                         handshake_fault_text(router.fault));
    } else if (router.serializer != stream->serializer) {
        stream_link_fail(stream, ERR_INVALID, "the router answered with another serializer");
    } else {
        stream_link_opened(stream, router.length_max);
    }
}

static void put_frame(struct stream_link *stream, enum frame_type type, struct str payload)
{
    char header[FRAME_HEADER_SIZE];
    frame_header(type, payload.len, header);
    conn_write(&stream->conn, str_make(header, sizeof(header)));
    conn_write(&stream->conn, payload);
}

static void raw_send(struct stream_link *stream, struct str message)
{
    put_frame(stream, FRAME_MESSAGE, message);
}

static size_t raw_input(struct stream_link *stream, struct str input)
{
    size_t used = 0;
    if (stream->state == STREAM_OPENING) {
        if (input.len < FRAMING_HANDSHAKE_SIZE) {
            return 0;
        }
        take_handshake(stream, input.ptr);
        used = FRAMING_HANDSHAKE_SIZE;
    }
    while (stream->state == STREAM_OPEN) {
        struct frame frame;
        enum frame_state state = frame_read(str_from(input, used), stream->message_max, &frame);
        if (state == FRAME_MORE) {
            return used;
        }
        if (state != FRAME_WHOLE) {
            stream_link_fail(stream, ERR_INVALID, "the router sent a malformed frame");
            break;
        }
        used += FRAME_HEADER_SIZE + frame.payload.len;
        if (frame.type == FRAME_MESSAGE) {
            client_link_message(stream->link.client, frame.payload);
        } else if (frame.type == FRAME_PING) {
            put_frame(stream, FRAME_PONG, frame.payload);
        }
    }
    return input.len;
}

static const struct stream_protocol raw_protocol = {
    .connected = raw_connected, .input = raw_input, .send = raw_send};

struct link *raw_link_new(struct client *client, const struct link_options *options)
{
    struct raw_link *raw = NEW(struct raw_link);
    raw->stream.message_max = handshake_length(options->message_max);
    raw->stream.input_max = FRAME_HEADER_SIZE + raw->stream.message_max;
    stream_link_dial(&raw->stream, &raw_protocol, client, options);
    return &raw->stream.link;
}
