#include "wamp/framing.h"

static unsigned length_bits(size_t length_max)
{
    unsigned bits = FRAMING_LENGTH_BITS_MIN;
    while (bits < FRAMING_LENGTH_BITS_MAX && length_max >> (bits + 1) != 0) {
        bits++;
    }
    return bits;
}

size_t handshake_length(size_t length_max)
{
    return (size_t)1 << length_bits(length_max);
}

bool handshake_read(const char octets[FRAMING_HANDSHAKE_SIZE], struct handshake *out)
{
    unsigned high = (unsigned char)octets[1] >> 4;
    unsigned low = (unsigned char)octets[1] & 0xfU;
    *out = (struct handshake){.length_max = (size_t)1 << (FRAMING_LENGTH_BITS_MIN + high),
                              .serializer = (uint8_t)low,
                              .fault = low == 0 ? (uint8_t)high : (uint8_t)HANDSHAKE_FINE,
                              .reserved = octets[2] != 0 || octets[3] != 0};
    return octets[0] == FRAMING_MAGIC;
}

void handshake_write(const struct handshake *handshake, char out[FRAMING_HANDSHAKE_SIZE])
{
    unsigned nibble = length_bits(handshake->length_max) - FRAMING_LENGTH_BITS_MIN;
    out[0] = FRAMING_MAGIC;
    out[1] = (char)(nibble << 4 | handshake->serializer);
    out[2] = 0;
    out[3] = 0;
}

void handshake_refuse(enum handshake_fault fault, char out[FRAMING_HANDSHAKE_SIZE])
{
    out[0] = FRAMING_MAGIC;
    out[1] = (char)((unsigned)fault << 4);
    out[2] = 0;
    out[3] = 0;
}

const char *handshake_fault_text(unsigned fault)
{
    switch (fault) {
    case HANDSHAKE_SERIALIZER_UNSUPPORTED:
        return "serializer not supported";
    case HANDSHAKE_LENGTH_UNACCEPTABLE:
        return "maximum message length not acceptable";
    case HANDSHAKE_RESERVED_BITS:
        return "reserved bits are set";
    case HANDSHAKE_CONNECTIONS_MAX:
        return "maximum number of connections reached";
    default:
        return "unknown error";
    }
}
