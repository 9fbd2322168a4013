#include "base/utf8.h"

#include "base/mem.h"

#include <string.h>

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

/* The octet that begins a character of several. */
static bool begin_character(struct utf8_reader *reader, unsigned char octet)
{
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if (octet >= forms[i].first_low && octet <= forms[i].first_high) {
            *reader = (struct utf8_reader){.more = (uint8_t)(forms[i].len - 1),
                                           .low = forms[i].second_low,
                                           .high = forms[i].second_high};
            return true;
        }
    }
    return false;
}

/* How many octets at the beginning are ASCII, looked at by eights. */
static size_t skip_ascii(struct str piece)
{
    size_t at = 0;
    uint64_t eight;
    while (piece.len - at >= sizeof(eight)) {
        memcpy(&eight, piece.ptr + at, sizeof(eight));
        if ((eight & 0x8080808080808080ULL) != 0) {
            break;
        }
        at += sizeof(eight);
    }
    return at;
}

bool utf8_read(struct utf8_reader *reader, struct str piece)
{
    for (size_t i = 0; i < piece.len; i++) {
        if (reader->more == 0) {
            i += skip_ascii(str_from(piece, i));
            if (i == piece.len) {
                break;
            }
        }
        unsigned char octet = (unsigned char)piece.ptr[i];
        if (reader->more > 0) {
            if (octet < reader->low || octet > reader->high) {
                return false;
            }
            *reader = (struct utf8_reader){(uint8_t)(reader->more - 1), 0x80, 0xbf};
        } else if (octet >= 0x80 && !begin_character(reader, octet)) {
            return false;
        }
    }
    return true;
}

void utf8_mend(char *text)
{
    for (size_t at = 0; text[at] != '\0';) {
        size_t len = utf8_len(str_of(text + at));
        if (len == 0) {
            text[at] = '?';
        }
        at += len == 0 ? 1 : len;
    }
}
