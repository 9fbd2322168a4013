/* ws_input.c - frames to messages: order, kind, size and UTF-8 are judged here (RFC 6455, 5 and 8).
 *
 * A message of one frame that is there as a whole is unmasked into the worker's buffer and handed
 * on from there. Any other is put together in the connection's own, which lives as long as the
 * message. Text is refused at the first octet that cannot be UTF-8.
 */
#include "payload/scan.h"
#include "realm/session.h"
#include "transport/ws_inside.h"

static void deliver(struct ws *ws, struct str message)
{
    traffic_in(ws_traffic(ws), message.len);
    session_receive(ws->session, message);
}

static void deliver_partial(struct ws *ws)
{
    struct buf whole = ws->partial;
    buf_init(&ws->partial, ws_options(ws)->message_max);
    ws->kind = 0;
    deliver(ws, buf_str(&whole));
    buf_done(&whole);
}

/* All of the data frame's payload has come. */
static void end_frame(struct ws *ws)
{
    if (ws->state != WS_OPEN || !ws->frame.final) {
        return;
    }
    if (ws->kind == OPCODE_TEXT && !utf8_reader_between(&ws->text)) {
        ws_fail(ws, CLOSE_NOT_UTF8, "text is not UTF-8");
        return;
    }
    deliver_partial(ws);
}

/* More of the payload that `left` counts. */
static size_t take_payload(struct ws *ws, struct str input)
{
    struct str piece = ws->left < input.len ? str_sub(input, 0, (size_t)ws->left) : input;
    uint64_t at = ws->frame.length - ws->left;
    ws->left -= piece.len;
    if (ws->state == WS_OPEN) {
        char *into = buf_reserve(&ws->partial, piece.len); /* fits: the header was judged */
        ws_unmask(ws->frame.mask, at, piece, into);
        buf_commit(&ws->partial, piece.len);
        if (ws->kind == OPCODE_TEXT && !utf8_read(&ws->text, str_make(into, piece.len))) {
            ws_fail(ws, CLOSE_NOT_UTF8, "text is not UTF-8");
            return piece.len;
        }
    }
    if (ws->left == 0) {
        end_frame(ws);
    }
    return piece.len;
}

/* The peer serializer's kind of message; with any_kind the message says which that is. */
static bool kind_fits(struct ws *ws, unsigned opcode)
{
    if (ws_options(ws)->any_kind) {
        ws->peer.serializer = opcode == OPCODE_TEXT ? SERIALIZER_JSON : SERIALIZER_MSGPACK;
    }
    return (opcode == OPCODE_TEXT) == (ws->peer.serializer == SERIALIZER_JSON);
}

/* False when it has failed the connection. */
static bool judge_data(struct ws *ws, const struct ws_head *head)
{
    bool begins = head->opcode != OPCODE_CONTINUATION;
    if (begins == (ws->kind != 0)) {
        ws_fail(ws, CLOSE_PROTOCOL_ERROR, "fragments in disorder");
    } else if (begins && !kind_fits(ws, head->opcode)) {
        ws_fail(ws, CLOSE_WRONG_KIND, "not the kind of message that the subprotocol has");
    } else if (head->length > ws_options(ws)->message_max - ws->partial.len) {
        ws_fail(ws, CLOSE_TOO_BIG, "message too long");
    }
    return ws->state == WS_OPEN;
}

/* A message in one frame, `payload`, masked. */
static void take_whole(struct ws *ws, const struct ws_head *head, struct str payload)
{
    char *into = ws->worker->unmasked;
    ws_unmask(head->mask, 0, payload, into);
    struct str message = str_make(into, payload.len);
    if (head->opcode == OPCODE_TEXT && !utf8_valid(message)) {
        ws_fail(ws, CLOSE_NOT_UTF8, "text is not UTF-8");
        return;
    }
    deliver(ws, message);
}

static size_t take_data(struct ws *ws, const struct ws_head *head, struct str input)
{
    struct str rest = str_from(input, head->size);
    if (ws->state == WS_OPEN) {
        if (!judge_data(ws, head)) {
            return input.len;
        }
        if (ws->kind == 0 && head->final && head->length <= rest.len &&
            head->length <= UNMASKED_MAX) {
            take_whole(ws, head, str_sub(rest, 0, (size_t)head->length));
            return head->size + (size_t)head->length;
        }
        if (ws->kind == 0) {
            ws->kind = head->opcode;
            ws->text = (struct utf8_reader){0};
        }
    }
    ws->frame = *head;
    ws->left = head->length;
    if (ws->left == 0) {
        end_frame(ws);
    }
    return head->size;
}

static void take_close(struct ws *ws, struct str payload)
{
    const unsigned char *octet = (const unsigned char *)payload.ptr;
    unsigned code = payload.len >= 2 ? (unsigned)octet[0] << 8 | octet[1] : CLOSE_NORMAL;
    if (payload.len == 1 || !ws_close_code_valid(code)) {
        ws_fail(ws, CLOSE_PROTOCOL_ERROR, "a close frame with a wrong code");
    } else if (!utf8_valid(str_from(payload, 2))) {
        ws_fail(ws, CLOSE_NOT_UTF8, "the reason in a close frame is not UTF-8");
    } else {
        ws_closed_by_peer(ws, str_sub(payload, 0, 2));
    }
}

/* Who pings and does not read the answers gets the first of them. */
static void take_ping(struct ws *ws, struct str payload)
{
    enum { PONGS_MAX = 65536 };
    if (ws->state == WS_OPEN && ws->pongs < PONGS_MAX) {
        ws->pongs += WS_REPLY_HEAD_MAX + (uint32_t)payload.len;
        ws_put_frame(ws, OPCODE_PONG, payload);
    }
}

static size_t take_control(struct ws *ws, const struct ws_head *head, struct str input)
{
    char payload[WS_CONTROL_MAX];
    size_t size = head->size + (size_t)head->length;
    if (input.len < size) {
        return 0;
    }
    struct str masked = str_sub(input, head->size, (size_t)head->length);
    ws_unmask(head->mask, 0, masked, payload);
    if (head->opcode == OPCODE_CLOSE) {
        take_close(ws, str_make(payload, masked.len));
    } else if (head->opcode == OPCODE_PING) {
        take_ping(ws, str_make(payload, masked.len));
    }
    return size;
}

static size_t take_frame(struct ws *ws, struct str input)
{
    struct ws_head head;
    switch (ws_head_read(input, &head)) {
    case WS_HEAD_MORE:
        return 0;
    case WS_HEAD_WRONG:
        ws_fail(ws, CLOSE_PROTOCOL_ERROR, "a malformed frame");
        return input.len;
    case WS_HEAD_WHOLE:
        break;
    }
    return head.opcode >= OPCODE_CLOSE ? take_control(ws, &head, input)
                                       : take_data(ws, &head, input);
}

size_t ws_take_frames(struct ws *ws, struct str input)
{
    size_t used = 0;
    while (used < input.len && !ws->paused && ws->state != WS_ENDED) {
        struct str rest = str_from(input, used);
        size_t took = ws->left > 0 ? take_payload(ws, rest) : take_frame(ws, rest);
        if (took == 0) {
            return used;
        }
        used += took;
    }
    return ws->state == WS_ENDED ? input.len : used;
}
