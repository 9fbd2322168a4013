/* h1_chunked.h - the chunked coding of a request body, strictly as RFC 9112, 7.1 writes it.
 *
 * Pure and incremental. The lines between chunks are taken whole: one that is
 * not yet complete stays with the caller, and all of them are bounded. Chunk
 * extensions are checked and thrown away; trailers too, but those that would
 * change how the message is read are refused.
 */
#ifndef POSTERN_HTTP_H1_CHUNKED_H
#define POSTERN_HTTP_H1_CHUNKED_H

#include "http/h1_rules.h"

#include <stddef.h>
#include <stdint.h>

enum {
    H1_CHUNK_LINE_MAX = 1024,
    H1_EXTENSIONS_MAX = 16384, /* of one body */
    H1_TRAILERS_MAX = 8192,
};

enum h1_chunk_state {
    H1_CHUNK_HEAD, /* all zero is the beginning */
    H1_CHUNK_DATA,
    H1_CHUNK_CRLF,
    H1_CHUNK_TRAILER,
    H1_CHUNK_DONE,
};

struct h1_chunked {
    enum h1_chunk_state state;
    uint32_t extensions; /* bytes so far */
    uint32_t trailers;
    uint64_t left; /* of the present chunk */
};

/* Takes one piece from the beginning of `input`: `*used` bytes of it (0: more is needed), of which
 * `*data` is content, often none. Complete when the state is H1_CHUNK_DONE. */
enum h1_rule
h1_chunked_next(struct h1_chunked *body, struct str input, size_t *used, struct str *data);

#endif
