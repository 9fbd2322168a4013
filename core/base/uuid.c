#include "base/uuid.h"

#include "base/random.h"

enum { BYTES = 16, TIME_BYTES = 6, VERSION_AT = 6, VARIANT_AT = 8 };

void uuid_v7(uint64_t wall_ms, char out[UUID_SIZE])
{
    static const char digits[] = "0123456789abcdef";
    unsigned char bytes[BYTES];
    random_bytes(bytes, sizeof(bytes));
    for (unsigned i = 0; i < TIME_BYTES; i++) {
        bytes[i] = (unsigned char)(wall_ms >> (8 * (TIME_BYTES - 1 - i)));
    }
    bytes[VERSION_AT] = (unsigned char)(0x70 | (bytes[VERSION_AT] & 0x0f));
    bytes[VARIANT_AT] = (unsigned char)(0x80 | (bytes[VARIANT_AT] & 0x3f));
    char *at = out;
    for (unsigned i = 0; i < BYTES; i++) {
        if (i == 4 || i == 6 || i == 8 || i == 10) {
            *at++ = '-';
        }
        *at++ = digits[bytes[i] >> 4];
        *at++ = digits[bytes[i] & 0x0f];
    }
    *at = '\0';
}
