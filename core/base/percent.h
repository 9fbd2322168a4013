/* percent.h - percent-encoding (RFC 3986, 2.1) and the '+' of forms. Any thread. */
#ifndef POSTERN_BASE_PERCENT_H
#define POSTERN_BASE_PERCENT_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

/* The byte that "%XX" at `at` stands for, or -1. */
int percent_byte(struct str text, size_t at);

/* `plus`: '+' is a blank. Into the arena, with a NUL behind it. False unless the result is UTF-8
 * without NUL. */
bool percent_decode(struct str text, bool plus, struct arena *arena, struct str *out);

#endif
