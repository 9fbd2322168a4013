/* ws_head.h - the header of a frame as a WebSocket client must send it (RFC 6455, 5.2).
 *
 * Pure functions on borrowed bytes. Judged octet by octet: what is wrong is known before the
 * header is whole.
 */
#ifndef POSTERN_TRANSPORT_WS_HEAD_H
#define POSTERN_TRANSPORT_WS_HEAD_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OPCODE_CONTINUATION = 0,
    OPCODE_TEXT = 1,
    OPCODE_BINARY = 2,
    OPCODE_CLOSE = 8, /* this and all above are control frames */
    OPCODE_PING = 9,
    OPCODE_PONG = 10,
    WS_CONTROL_MAX = 125,
    WS_HEAD_MAX = 14,       /* of a client's */
    WS_REPLY_HEAD_MAX = 10, /* of ours */
};

struct ws_head {
    uint64_t length; /* of the payload */
    unsigned char mask[4];
    uint8_t opcode;
    uint8_t size; /* of the header itself */
    bool final;
};

enum ws_head_state {
    WS_HEAD_WHOLE,
    WS_HEAD_MORE,  /* wait for more input */
    WS_HEAD_WRONG, /* reserved bits or opcodes, not masked, a control frame in pieces or too long */
};

enum ws_head_state ws_head_read(struct str input, struct ws_head *out);

/* The header of a final frame of ours; returns its length. */
size_t ws_head_write(unsigned opcode, size_t length, unsigned char out[WS_REPLY_HEAD_MAX]);

/* `masked` are the bytes from `at` on of a frame's payload. */
void ws_unmask(const unsigned char mask[4], uint64_t at, struct str masked, char *out);

/* Whether a close frame may carry this code (RFC 6455, 7.4). */
bool ws_close_code_valid(unsigned code);

#endif
