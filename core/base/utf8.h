/* utf8.h - where one character of UTF-8 ends, and text that comes in pieces (RFC 3629). Any
 * thread. */
#ifndef POSTERN_BASE_UTF8_H
#define POSTERN_BASE_UTF8_H

#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The bytes of the character that `s` begins with; 0 when it begins with none: empty,
 * cut short, overlong, a surrogate, or above U+10FFFF. */
size_t utf8_len(struct str s);

/* Puts '?' for each byte that is no part of a character: of text that was cut by bytes. */
void utf8_mend(char *text);

/* Reads UTF-8 that comes in pieces, cut anywhere. All zero at the beginning of a text. */
struct utf8_reader {
    uint8_t more;      /* octets that the character under way still needs */
    uint8_t low, high; /* the range of the next of them */
};

/* False at the first octet that cannot stand there. */
bool utf8_read(struct utf8_reader *reader, struct str piece);

/* No character is under way: the text may end here. */
static inline bool utf8_reader_between(const struct utf8_reader *reader)
{
    return reader->more == 0;
}

#endif
