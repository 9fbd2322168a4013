/* ws_frame.h - WebSocket as a client speaks it (RFC 6455): the opening answer, and frames.
 *
 * Pure functions on borrowed bytes. A frame is judged by its header, before any
 * of its payload is waited for.
 */
#ifndef POSTERN_CLIENT_WS_FRAME_H
#define POSTERN_CLIENT_WS_FRAME_H

#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
};

enum { WS_FRAME_HEADER_MAX = 14, WS_HEAD_MAX = 8192, WS_KEY_SIZE = 25, WS_ACCEPT_SIZE = 29 };

struct ws_frame {
    enum ws_opcode opcode;
    bool final;
    struct str payload;
    size_t size; /* with the header */
};

enum ws_frame_state { WS_FRAME_WHOLE, WS_FRAME_MORE, WS_FRAME_MALFORMED, WS_FRAME_TOO_LONG };

/* The frame of a server at the beginning of `input`. */
enum ws_frame_state ws_frame_read(struct str input, size_t payload_max, struct ws_frame *out);

/* The header of a final, masked frame; returns its length. */
size_t ws_frame_header(enum ws_opcode opcode,
                       size_t length,
                       const unsigned char mask[4],
                       unsigned char out[WS_FRAME_HEADER_MAX]);

/* Length of the answer's head with its empty line, 0 when it is not there yet. */
size_t ws_head_end(struct str bytes);
/* True when the head is a yes to `key` for `subprotocol`. */
bool ws_head_accepts(struct str head, const char *key, struct str subprotocol, struct err *err);

void ws_key_new(char out[WS_KEY_SIZE]);
void ws_accept_of(const char *key, char out[WS_ACCEPT_SIZE]);

#endif
