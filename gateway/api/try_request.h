/* try_request.h - what somebody wants to try: read from a JSON document, and checked to the byte.
 *
 * What passes is one HTTP request and cannot become two, or one to somebody else: the path is a
 * path, names and values have no line breaks, and what says how a message is framed, or whom it
 * is for, is ours to say.
 */
#ifndef POSTERN_API_TRY_REQUEST_H
#define POSTERN_API_TRY_REQUEST_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

enum { TRY_BODY_MAX = 1 << 20, TRY_HEADERS_MAX = 100 };

struct try_request {
    const char *method;
    const char *target;                       /* path and query */
    struct str scheme;                        /* "http", "https", or empty: whichever there is */
    const char *host;                         /* NULL: the listener's */
    const char *headers[TRY_HEADERS_MAX + 1]; /* lines */
    size_t header_count;
    struct str body;
};

/* Into the arena; ERR_INVALID, ERR_LIMIT. Nothing of the request is in the error but names. */
bool try_request_read(const json_t *json,
                      struct arena *arena,
                      struct try_request *out,
                      struct err *err);

#endif
