/* utf8.h - where one character of UTF-8 ends (RFC 3629). Any thread. */
#ifndef POSTERN_BASE_UTF8_H
#define POSTERN_BASE_UTF8_H

#include "base/str.h"

#include <stddef.h>

/* The bytes of the character that `s` begins with; 0 when it begins with none: empty,
 * cut short, overlong, a surrogate, or above U+10FFFF. */
size_t utf8_len(struct str s);

#endif
