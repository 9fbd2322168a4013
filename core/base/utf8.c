#include "base/utf8.h"

#include "base/mem.h"

#include <stdbool.h>

/* The table of RFC 3629, 4: the second byte's range depends on the first byte, all others
 * are 80..BF. */
static const struct {
    unsigned char first_low, first_high, second_low, second_high;
    size_t len;
} forms[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t utf8_len(struct str s)
{
    const unsigned char *byte = (const unsigned char *)s.ptr;
    if (s.len == 0) {
        return 0;
    }
    if (byte[0] < 0x80) {
        return 1;
    }
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if (byte[0] < forms[i].first_low || byte[0] > forms[i].first_high) {
            continue;
        }
        bool fits = s.len >= forms[i].len && byte[1] >= forms[i].second_low &&
                    byte[1] <= forms[i].second_high;
        for (size_t j = 2; fits && j < forms[i].len; j++) {
            fits = (byte[j] & 0xc0) == 0x80;
        }
        return fits ? forms[i].len : 0;
    }
    return 0;
}
