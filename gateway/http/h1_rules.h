/* h1_rules.h - what our own front refuses in the form of a message, one row a rule.
 *
 * strict.h holds the rules about what a well-formed head says; both fronts share
 * them. Each row cites where the RFC allows, or asks for, the refusal.
 */
#ifndef POSTERN_HTTP_H1_RULES_H
#define POSTERN_HTTP_H1_RULES_H

#include "http/strict.h"

enum h1_rule {
    H1_OK,
    /* lines */
    H1_BARE_LF,
    H1_BARE_CR,
    H1_EMPTY_LINES,
    H1_LINE_LENGTH,
    H1_HEADERS_LENGTH,
    H1_HEADER_COUNT,
    /* the request line */
    H1_PREFACE,
    H1_REQUEST_LINE,
    H1_METHOD,
    H1_TARGET,
    H1_NO_VERSION,
    H1_VERSION,
    /* header fields */
    H1_OBS_FOLD,
    H1_NO_COLON,
    H1_SPACE_BEFORE_COLON,
    H1_EMPTY_NAME,
    H1_HEADER_NAME,
    H1_HEADER_VALUE,
    H1_FRAMING_SPACE,
    H1_EXPECTATION,
    /* the chunked coding */
    H1_CHUNK_LINE,
    H1_CHUNK_SIZE,
    H1_CHUNK_OVERFLOW,
    H1_CHUNK_EXTENSION,
    H1_CHUNK_EXTENSIONS_LENGTH,
    H1_CHUNK_END,
    H1_TRAILERS_LENGTH,
    H1_TRAILER,
    H1_FORBIDDEN_TRAILER,
    /* time */
    H1_HEADER_TIMEOUT,
    H1_BODY_TIMEOUT,
    H1_RULES, /* how many */
};

/* H1_OK has no row. */
const struct refusal *h1_refusal(enum h1_rule rule);

#endif
