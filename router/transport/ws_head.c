#include "transport/ws_head.h"

#include <string.h>

enum { FIN = 0x80, RESERVED = 0x70, OPCODE = 0xf, MASKED = 0x80, LENGTH = 0x7f, MASK_SIZE = 4 };

static bool opcode_known(unsigned opcode)
{
    return opcode <= OPCODE_BINARY || (opcode >= OPCODE_CLOSE && opcode <= OPCODE_PONG);
}

static bool first_octet_fine(unsigned octet)
{
    unsigned opcode = octet & OPCODE;
    bool whole = opcode < OPCODE_CLOSE || (octet & FIN) != 0;
    return (octet & RESERVED) == 0 && opcode_known(opcode) && whole;
}

static bool second_octet_fine(unsigned octet, unsigned opcode)
{
    bool fits = opcode < OPCODE_CLOSE || (octet & LENGTH) <= WS_CONTROL_MAX;
    return (octet & MASKED) != 0 && fits;
}

/* How many octets behind the second say the length; 0: it says it itself. */
static size_t length_octets(unsigned second)
{
    unsigned length = second & LENGTH;
    return length == 126 ? 2 : length == 127 ? 8 : 0;
}

/* In no more octets than it needs, and of 63 bits. */
static bool length_fine(uint64_t length, size_t octets)
{
    return octets == 0 || (octets == 2 && length > WS_CONTROL_MAX) ||
           (octets == 8 && length > UINT16_MAX && length <= INT64_MAX);
}

enum ws_head_state ws_head_read(struct str input, struct ws_head *out)
{
    const unsigned char *octet = (const unsigned char *)input.ptr;
    if (input.len == 0) {
        return WS_HEAD_MORE;
    }
    unsigned opcode = octet[0] & OPCODE;
    if (!first_octet_fine(octet[0]) || (input.len > 1 && !second_octet_fine(octet[1], opcode))) {
        return WS_HEAD_WRONG;
    }
    size_t octets = input.len > 1 ? length_octets(octet[1]) : 0;
    size_t size = 2 + octets + MASK_SIZE;
    if (input.len < size) {
        return WS_HEAD_MORE;
    }
    uint64_t length = octets == 0 ? octet[1] & LENGTH : 0;
    for (size_t i = 0; i < octets; i++) {
        length = length << 8 | octet[2 + i];
    }
    if (!length_fine(length, octets)) {
        return WS_HEAD_WRONG;
    }
    out->length = length;
    memcpy(out->mask, octet + 2 + octets, MASK_SIZE);
    out->opcode = (uint8_t)opcode;
    out->size = (uint8_t)size;
    out->final = (octet[0] & FIN) != 0;
    return WS_HEAD_WHOLE;
}

size_t ws_head_write(unsigned opcode, size_t length, unsigned char out[WS_REPLY_HEAD_MAX])
{
    size_t size = 2;
    size_t octets = length <= WS_CONTROL_MAX ? 0 : length <= UINT16_MAX ? 2 : 8;
    out[0] = (unsigned char)(FIN | opcode);
    out[1] = (unsigned char)(octets == 0 ? length : octets == 2 ? 126U : 127U);
    for (size_t i = octets; i > 0; i--) {
        out[size++] = (unsigned char)((uint64_t)length >> (8 * (i - 1)));
    }
    return size;
}

void ws_unmask(const unsigned char mask[4], uint64_t at, struct str masked, char *out)
{
    unsigned char turned[8];
    for (size_t i = 0; i < sizeof(turned); i++) {
        turned[i] = mask[(at + i) & 3];
    }
    uint64_t wide;
    size_t done = 0;
    memcpy(&wide, turned, sizeof(wide));
    for (; masked.len - done >= sizeof(wide); done += sizeof(wide)) {
        uint64_t bytes;
        memcpy(&bytes, masked.ptr + done, sizeof(bytes));
        bytes ^= wide;
        memcpy(out + done, &bytes, sizeof(bytes));
    }
    for (; done < masked.len; done++) {
        out[done] = (char)((unsigned char)masked.ptr[done] ^ turned[done & 7]);
    }
}

bool ws_close_code_valid(unsigned code)
{
    /* 1004 to 1006 and 1015 are for programs among themselves; up to 2999 all else is unassigned.
     */
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}
