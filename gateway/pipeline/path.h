/* path.h - the one canonical path, computed once and used for routing, security, limits and logs.
 *
 * RFC 3986, 6.2.2: escapes of unreserved characters are decoded, others are upper
 * case; slashes in a row are one. What could be read in two ways is refused: encoded
 * slash, backslash, NUL and controls, dot segments, broken escapes.
 */
#ifndef POSTERN_PIPELINE_PATH_H
#define POSTERN_PIPELINE_PATH_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>

/* False: `why` is a constant sentence. */
bool path_canonical(struct str path, struct arena *arena, struct str *out, const char **why);

/* Percent-decoding of one segment or query part; `plus`: '+' is a blank. False unless the
 * result is UTF-8 without NUL. */
bool path_decode(struct str text, bool plus, struct arena *arena, struct str *out);

#endif
