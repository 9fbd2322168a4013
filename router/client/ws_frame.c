#include "client/ws_frame.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/mem.h"
#include "base/random.h"
#include "crypto/sha1.h"

#include <string.h>

enum { FIN = 0x80, RESERVED = 0x70, MASKED = 0x80, CONTROL = 8, CONTROL_MAX = 125 };

static bool opcode_known(unsigned opcode)
{
    return opcode <= WS_BINARY || (opcode >= WS_CLOSE && opcode <= WS_PONG);
}

/* How many octets behind the second say the length, and the length; 0 octets: it is in `second`. */
static size_t length_octets(unsigned second)
{
    return second == 126 ? 2 : second == 127 ? 8 : 0;
}

enum ws_frame_state ws_frame_read(struct str input, size_t payload_max, struct ws_frame *out)
{
    if (input.len < 2) {
        return WS_FRAME_MORE;
    }
    const unsigned char *octet = (const unsigned char *)input.ptr;
    unsigned opcode = octet[0] & 0xfU;
    bool final = (octet[0] & FIN) != 0;
    size_t more = length_octets(octet[1]);
    bool control_fine = opcode < CONTROL || (final && octet[1] <= CONTROL_MAX);
    if ((octet[0] & RESERVED) != 0 || (octet[1] & MASKED) != 0 || !opcode_known(opcode) ||
        !control_fine) {
        return WS_FRAME_MALFORMED;
    }
    if (input.len < 2 + more) {
        return WS_FRAME_MORE;
    }
    uint64_t length = more == 0 ? octet[1] : 0;
    for (size_t i = 0; i < more; i++) {
        length = length << 8 | octet[2 + i];
    }
    if (length > payload_max) {
        return WS_FRAME_TOO_LONG;
    }
    if (input.len - 2 - more < length) {
        return WS_FRAME_MORE;
    }
    out->opcode = (enum ws_opcode)opcode;
    out->final = final;
    out->payload = str_make(input.ptr + 2 + more, (size_t)length);
    out->size = 2 + more + (size_t)length;
    return WS_FRAME_WHOLE;
}

size_t ws_frame_header(enum ws_opcode opcode,
                       size_t length,
                       const unsigned char mask[4],
                       unsigned char out[WS_FRAME_HEADER_MAX])
{
    size_t size = 2;
    size_t octets = length <= CONTROL_MAX ? 0 : length <= UINT16_MAX ? 2 : 8;
    out[0] = (unsigned char)(FIN | (unsigned)opcode);
    out[1] = (unsigned char)(MASKED | (octets == 0 ? length : octets == 2 ? 126U : 127U));
    for (size_t i = octets; i > 0; i--) {
        out[size++] = (unsigned char)((uint64_t)length >> (8 * (i - 1)));
    }
    memcpy(out + size, mask, 4);
    return size + 4;
}

void ws_key_new(char out[WS_KEY_SIZE])
{
    char bytes[16];
    struct buf text;
    random_bytes(bytes, sizeof(bytes));
    buf_init(&text, WS_KEY_SIZE);
    (void)base64_encode(BASE64_STANDARD, str_make(bytes, sizeof(bytes)), &text);
    memcpy(out, text.ptr, WS_KEY_SIZE - 1);
    out[WS_KEY_SIZE - 1] = '\0';
    buf_done(&text);
}

void ws_accept_of(const char *key, char out[WS_ACCEPT_SIZE])
{
    unsigned char digest[SHA1_SIZE];
    struct buf text;
    buf_init(&text, 128);
    (void)buf_append(&text, str_of(key));
    (void)buf_append(&text, STR("258EAFA5-E914-47DA-95CA-C5AB0DC85B11"));
    sha1(buf_str(&text), digest);
    buf_clear(&text);
    (void)base64_encode(BASE64_STANDARD, str_make((const char *)digest, sizeof(digest)), &text);
    memcpy(out, text.ptr, WS_ACCEPT_SIZE - 1);
    out[WS_ACCEPT_SIZE - 1] = '\0';
    buf_done(&text);
}

size_t ws_head_end(struct str bytes)
{
    const char *end = bytes.len == 0 ? NULL : memmem(bytes.ptr, bytes.len, "\r\n\r\n", 4);
    return end == NULL ? 0 : (size_t)(end - bytes.ptr) + 4;
}

/* The value of the header that comes first; empty when there is none. */
static struct str field(struct str head, struct str name)
{
    struct str line;
    while (str_cut(head, '\n', &line, &head)) {
        struct str key;
        struct str value;
        if (str_cut(line, ':', &key, &value) && str_eq_nocase(key, name)) {
            return str_trim(value);
        }
    }
    return STR_EMPTY;
}

bool ws_head_accepts(struct str head, const char *key, struct str subprotocol, struct err *err)
{
    if (!str_starts(head, STR("HTTP/1.1 "))) {
        return err_set(err, ERR_INVALID, "no WebSocket: the other end does not speak HTTP");
    }
    struct str status = str_sub(head, 9, 3);
    uint64_t number;
    if (!str_to_u64(status, &number)) {
        return err_set(err, ERR_INVALID, "no WebSocket: the other end does not speak HTTP");
    }
    if (number != 101) {
        enum err_code code = number == 401 || number == 403 ? ERR_DENIED : ERR_UNAVAILABLE;
        return err_set(err, code, "no WebSocket: the other end answered " PRISTR, STRARG(status));
    }
    char accept[WS_ACCEPT_SIZE];
    ws_accept_of(key, accept);
    if (!str_eq(field(head, STR("sec-websocket-accept")), str_of(accept)) ||
        !str_eq_nocase(field(head, STR("upgrade")), STR("websocket"))) {
        return err_set(err, ERR_INVALID, "no WebSocket: the answer is not one to our request");
    }
    if (!str_eq(field(head, STR("sec-websocket-protocol")), subprotocol) ||
        field(head, STR("sec-websocket-extensions")).len > 0) {
        return err_set(err, ERR_INVALID, "no WebSocket: the router does not speak " PRISTR,
                       STRARG(subprotocol));
    }
    return true;
}
