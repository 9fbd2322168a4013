/* links: wamp */
/* fuzz_rawsocket.c - a stream of RawSocket octets: the handshake, then frames, cut anywhere. */
#include "wamp/framing.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Reads frames of `bytes` as they would come in two inputs; returns how many were whole. */
static size_t read_all(struct str bytes, size_t cut, size_t length_max)
{
    size_t used = 0;
    size_t frames = 0;
    size_t there = cut;
    for (;;) {
        struct frame frame;
        switch (frame_read(str_sub(bytes, used, there - used), length_max, &frame)) {
        case FRAME_WHOLE:
            used += FRAME_HEADER_SIZE + frame.payload.len;
            frames++;
            if (used > there || frame.payload.len > length_max) {
                abort();
            }
            break;
        case FRAME_MORE:
            if (there == bytes.len) {
                return frames;
            }
            there = bytes.len;
            break;
        default:
            return frames;
        }
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct handshake handshake;
    if (size < FRAMING_HANDSHAKE_SIZE || !handshake_read((const char *)data, &handshake)) {
        return 0;
    }
    struct str bytes =
        str_make((const char *)data + FRAMING_HANDSHAKE_SIZE, size - FRAMING_HANDSHAKE_SIZE);
    size_t frames = read_all(bytes, bytes.len, handshake.length_max);
    for (size_t cut = 0; cut < bytes.len; cut += 1 + bytes.len / 16) {
        if (read_all(bytes, cut, handshake.length_max) != frames) {
            abort();
        }
    }
    return 0;
}
