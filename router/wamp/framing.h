/* framing.h - the octets of RawSocket: its handshake and its frame header (WAMP, "RawSocket").
 *
 * Pure functions on borrowed bytes, for both ends of a connection. A frame is
 * judged by its four-octet header, before any of its payload is waited for.
 */
#ifndef POSTERN_WAMP_FRAMING_H
#define POSTERN_WAMP_FRAMING_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FRAMING_MAGIC = 0x7f,
    FRAMING_HANDSHAKE_SIZE = 4,
    FRAME_HEADER_SIZE = 4,
    FRAMING_LENGTH_BITS_MIN = 9,  /* 512 bytes */
    FRAMING_LENGTH_BITS_MAX = 24, /* 16 MiB */
};

/* The error nibble of a router's handshake reply. */
enum handshake_fault {
    HANDSHAKE_FINE = 0,
    HANDSHAKE_SERIALIZER_UNSUPPORTED = 1,
    HANDSHAKE_LENGTH_UNACCEPTABLE = 2,
    HANDSHAKE_RESERVED_BITS = 3,
    HANDSHAKE_CONNECTIONS_MAX = 4,
};

struct handshake {
    size_t length_max;  /* the largest message that its sender accepts */
    uint8_t serializer; /* 0 is illegal from a client, and marks a refusal by a router: */
    uint8_t fault;      /* then this is why (enum handshake_fault) */
    bool reserved;      /* reserved bits are set */
};

/* The four octets of either side. False: the first one is wrong, this is not RawSocket. */
bool handshake_read(const char octets[FRAMING_HANDSHAKE_SIZE], struct handshake *out);
/* Announces the largest power of two that is not above `length_max`. */
void handshake_write(const struct handshake *handshake, char out[FRAMING_HANDSHAKE_SIZE]);
void handshake_refuse(enum handshake_fault fault, char out[FRAMING_HANDSHAKE_SIZE]);
/* The power of two that handshake_write announces. */
size_t handshake_length(size_t length_max);
const char *handshake_fault_text(unsigned fault);

enum frame_type { FRAME_MESSAGE = 0, FRAME_PING = 1, FRAME_PONG = 2 };

enum frame_state {
    FRAME_WHOLE,
    FRAME_MORE,     /* wait for more input */
    FRAME_RESERVED, /* reserved bits or types: end the connection */
    FRAME_TOO_LONG, /* above `length_max`: likewise */
};

struct frame {
    enum frame_type type;
    struct str payload; /* in the input; it took FRAME_HEADER_SIZE more */
};

/* The frame at the beginning of `input`. */
static inline enum frame_state frame_read(struct str input, size_t length_max, struct frame *out)
{
    if (input.len < FRAME_HEADER_SIZE) {
        return FRAME_MORE;
    }
    const unsigned char *octet = (const unsigned char *)input.ptr;
    unsigned type = octet[0] & 7U;
    size_t length = (size_t)octet[1] << 16 | (size_t)octet[2] << 8 | octet[3];
    if ((octet[0] & 0xf0U) != 0 || type > FRAME_PONG) {
        return FRAME_RESERVED;
    }
    if ((octet[0] & 8U) != 0) {
        /* The 25th bit of the length: it exists for 2^24 alone. */
        if (length != 0) {
            return FRAME_RESERVED;
        }
        length = (size_t)1 << FRAMING_LENGTH_BITS_MAX;
    }
    if (length > length_max) {
        return FRAME_TOO_LONG;
    }
    if (input.len - FRAME_HEADER_SIZE < length) {
        return FRAME_MORE;
    }
    out->type = (enum frame_type)type;
    out->payload = str_make(input.ptr + FRAME_HEADER_SIZE, length);
    return FRAME_WHOLE;
}

/* `length` is at most 2^24. */
static inline void frame_header(enum frame_type type, size_t length, char out[FRAME_HEADER_SIZE])
{
    out[0] = (char)((unsigned)type | (length >> FRAMING_LENGTH_BITS_MAX) << 3);
    out[1] = (char)(length >> 16 & 0xff);
    out[2] = (char)(length >> 8 & 0xff);
    out[3] = (char)(length & 0xff);
}

#endif
