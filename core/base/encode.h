/* encode.h - base64 (RFC 4648, 4 and 5) and hex. Decoding is strict. */
#ifndef POSTERN_BASE_ENCODE_H
#define POSTERN_BASE_ENCODE_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum base64_form {
    BASE64_STANDARD, /* + and /, padded */
    BASE64_URL,      /* - and _, not padded */
};

/* Appended to `out`; false when it is full. */
bool base64_encode(enum base64_form form, struct str bytes, struct buf *out);
/* False on any character, length, padding or stray bit that the form does not allow. */
bool base64_decode(enum base64_form form, struct str text, struct buf *out);

/* The value of one digit, in either case; -1 for what is none. */
int hex_digit(char c);
bool hex_encode(struct str bytes, struct buf *out); /* lower case */
/* The hex of an id or a digest, by value: of at most 32 bytes, what is beyond is left out. */
struct hex {
    char text[64];
    size_t len;
};
struct hex hex_of(struct str bytes);
bool hex_decode(struct str text, struct buf *out); /* either case, even length */

#endif
