/* message.c - reading and writing WAMP messages: MsgPack on RawSocket, JSON on WebSocket.
 *
 * Every put_ but put_bytes() writes one member of the message that frame_open() began, so that in
 * JSON each of them begins with a comma. */
#include "wire.h"

#include <stdio.h>
#include <string.h>

/* The number behind `skip` commas. */
static uint64_t json_number(struct frame frame, size_t skip)
{
    size_t at = 1;
    uint64_t value = 0;
    for (; skip > 0 && at < frame.len; at++) {
        skip -= frame.ptr[at] == ',';
    }
    while (at < frame.len && frame.ptr[at] == ' ') {
        at++;
    }
    if (at >= frame.len || frame.ptr[0] != '[' || frame.ptr[at] < '0' || frame.ptr[at] > '9') {
        die("no number: %.*s", (int)frame.len, (const char *)frame.ptr);
    }
    for (; at < frame.len && frame.ptr[at] >= '0' && frame.ptr[at] <= '9'; at++) {
        value = value * 10 + (uint64_t)(frame.ptr[at] - '0');
    }
    return value;
}

unsigned frame_type(struct frame frame)
{
    if (frame.json) {
        return (unsigned)json_number(frame, 0);
    }
    if (frame.len < 3 || (frame.ptr[0] & 0xf0) != 0x90 || frame.ptr[1] > 0x7f) {
        die("a frame of %zu bytes that is no message", frame.len);
    }
    return frame.ptr[1];
}

uint64_t frame_id(struct frame frame)
{
    if (frame.json) {
        return json_number(frame, 1);
    }
    const unsigned char *at = frame.ptr + 2;
    if (*at <= 0x7f) {
        return *at;
    }
    size_t width = *at >= 0xcc && *at <= 0xcf ? (size_t)1 << (*at - 0xcc) : 0;
    if (width == 0 || frame.len < 3 + width) {
        die("an id that begins with the byte %02x", *at);
    }
    uint64_t value = 0;
    while (width-- > 0) {
        value = value << 8 | *++at;
    }
    return value;
}

void put_bytes(struct wire *wire, const void *ptr, size_t len)
{
    if (len > WIRE_BUFFER - wire->out_len) {
        die("the other side does not read");
    }
    memcpy(wire->out + wire->out_len, ptr, len);
    wire->out_len += len;
}

static void put_byte(struct wire *wire, size_t byte)
{
    unsigned char narrow = (unsigned char)byte;
    put_bytes(wire, &narrow, 1);
}

void put_uint(struct wire *wire, uint64_t value)
{
    if (wire->websocket) {
        char digits[24];
        int len = snprintf(digits, sizeof(digits), ",%llu", (unsigned long long)value);
        put_bytes(wire, digits, (size_t)len);
        return;
    }
    if (value <= 0x7f) {
        put_byte(wire, value);
        return;
    }
    unsigned width = value <= 0xffff ? 2 : value <= 0xffffffff ? 4 : 8;
    put_byte(wire, width == 2 ? 0xcd : width == 4 ? 0xce : 0xcf);
    while (width-- > 0) {
        put_byte(wire, value >> (8 * width) & 0xff);
    }
}

void put_text(struct wire *wire, const char *text)
{
    size_t len = strlen(text);
    if (wire->websocket) {
        put_bytes(wire, ",\"", 2);
        put_bytes(wire, text, len);
        put_byte(wire, '"');
        return;
    }
    if (len > 0xff) {
        die("a text of %zu bytes", len);
    }
    if (len < 32) {
        put_byte(wire, 0xa0 | len);
    } else {
        put_byte(wire, 0xd9);
        put_byte(wire, len);
    }
    put_bytes(wire, text, len);
}

void put_empty_map(struct wire *wire)
{
    if (wire->websocket) {
        put_bytes(wire, ",{}", 3);
    } else {
        put_byte(wire, 0x80);
    }
}

void put_list_of_one(struct wire *wire, const void *packed, size_t len)
{
    put_bytes(wire, wire->websocket ? ",[" : "\x91", wire->websocket ? 2 : 1);
    put_bytes(wire, packed, len);
    if (wire->websocket) {
        put_byte(wire, ']');
    }
}

void say_hello(struct wire *wire, const char *realm)
{
    static const char *const roles[] = {"caller", "callee", "publisher", "subscriber"};
    static const char as_json[] =
        ",{\"roles\":{\"caller\":{},\"callee\":{},\"publisher\":{},\"subscriber\":{}}}";
    size_t opened = frame_open(wire, 3, HELLO);
    put_text(wire, realm);
    if (wire->websocket) {
        put_bytes(wire, as_json, sizeof(as_json) - 1);
    } else {
        put_bytes(wire, "\x81", 1);
        put_text(wire, "roles");
        put_bytes(wire, "\x84", 1);
        for (size_t i = 0; i < sizeof(roles) / sizeof(roles[0]); i++) {
            put_text(wire, roles[i]);
            put_empty_map(wire);
        }
    }
    frame_close(wire, opened);
}

size_t frame_open(struct wire *wire, unsigned members, enum message_type type)
{
    size_t opened = wire->out_len;
    if (wire->websocket) {
        char begin[16];
        int len = snprintf(begin, sizeof(begin), "[%d", (int)type);
        put_bytes(wire, "\0\0\0\0\0\0\0", WEBSOCKET_HEAD);
        put_bytes(wire, begin, (size_t)len);
        return opened;
    }
    put_bytes(wire, "\0\0\0", FRAME_HEAD);
    put_byte(wire, 0x90 | members);
    put_byte(wire, type);
    return opened;
}

void frame_close(struct wire *wire, size_t opened)
{
    if (wire->websocket) {
        put_byte(wire, ']');
        websocket_close_frame(wire, opened);
        return;
    }
    size_t len = wire->out_len - opened - FRAME_HEAD;
    wire->out[opened + 1] = (unsigned char)(len >> 16);
    wire->out[opened + 2] = (unsigned char)(len >> 8);
    wire->out[opened + 3] = (unsigned char)len;
}
