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

/* What is canonical already is borrowed. False: `why` is a constant sentence. */
bool path_canonical(struct str path, struct arena *arena, struct str *out, const char **why);

#endif
