/* scan.h - reads one encoded value after another, without building anything.
 *
 * The only tokenizers of the house: strict JSON (RFC 8259, UTF-8 checked, no
 * duplicate-key check), MsgPack and CBOR (RFC 8949). Pull style, one struct for every serializer,
 * so that a message codec is written once. Every byte is hostile: depth, counts
 * and lengths are checked against what is really there before anything is
 * believed; nothing is allocated, but for JSON strings with escapes and CBOR
 * strings in chunks, which are put together in `scratch`.
 *
 * Of CBOR, definite and indefinite lengths are read, floats of each width, undefined
 * as null, tags that leave a value what it is (dates, URIs, byte arrays) as that
 * value, big numbers while they fit 64 bits. Other tags and simple values are
 * refused as MsgPack's extension types are.
 *
 * Everything returned points into the input or into `scratch`.
 * A failed scan stays failed: check scan_failed (or `err`) once at the end.
 */
#ifndef POSTERN_PAYLOAD_SCAN_H
#define POSTERN_PAYLOAD_SCAN_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Numbers are those of the RawSocket handshake. */
enum serializer {
    SERIALIZER_NONE = 0,
    SERIALIZER_JSON = 1,
    SERIALIZER_MSGPACK = 2,
    SERIALIZER_CBOR = 3,
    SERIALIZERS, /* one more than the last */
};

enum { SCAN_DEPTH_MAX = 64 };

enum scan_kind {
    SCAN_NONE, /* end of input, or failed */
    SCAN_NULL,
    SCAN_BOOL,
    SCAN_INT, /* fits int64 or uint64 */
    SCAN_FLOAT,
    SCAN_STRING,
    SCAN_BINARY, /* MsgPack, CBOR; in JSON a string that begins with NUL (WAMP 5.3) is SCAN_STRING
                  */
    SCAN_LIST,
    SCAN_MAP,
};

/* An encoded value in place. */
struct slice {
    enum serializer serializer;
    struct str bytes;
};

struct scan {
    enum serializer serializer;
    const char *at;
    const char *end;
    const char *start;
    struct arena *scratch; /* may be NULL: then a string with escapes or chunks fails */
    uint32_t depth;
    bool failed;
    const char *problem; /* a constant sentence once failed */
    struct {
        uint32_t left; /* MsgPack, CBOR: elements still to come in this container */
        bool map;
        bool first;
        bool unbounded; /* CBOR: until a break */
    } open[SCAN_DEPTH_MAX];
};

void scan_init(struct scan *scan,
               enum serializer serializer,
               struct str input,
               struct arena *scratch);
static inline bool scan_failed(const struct scan *scan)
{
    return scan->failed;
}
/* Offset of the next byte: where the problem is, once failed. */
size_t scan_offset(const struct scan *scan);
/* Fails unless only white space (JSON) or nothing is left. */
bool scan_end(struct scan *scan);

enum scan_kind scan_peek(struct scan *scan);

bool scan_null(struct scan *scan);
bool scan_bool(struct scan *scan, bool *out);
bool scan_i64(struct scan *scan, int64_t *out); /* an integer, or a float that is one exactly */
bool scan_u64(struct scan *scan, uint64_t *out);
bool scan_f64(struct scan *scan, double *out); /* any number */
bool scan_str(struct scan *scan, struct str *out);
bool scan_bin(struct scan *scan, struct str *out); /* not in JSON */

/* while (scan_more(&s)) { element }   /   while (scan_key(&s, &key)) { value } */
bool scan_enter_list(struct scan *scan);
bool scan_more(struct scan *scan);
bool scan_enter_map(struct scan *scan);
bool scan_key(struct scan *scan, struct str *out);

/* Checks the next value whole and steps over it; its bytes are `out` (may be NULL). */
bool scan_skip(struct scan *scan, struct str *out);

/* Whole text is UTF-8: no overlong forms, no surrogates. */
bool utf8_valid(struct str text);

/* Look-ups over a value in place, for templates and options: SERIALIZER_NONE if absent. The value
 * is a whole one that has been checked: what is found is not checked again. */
struct slice slice_get(struct slice map, struct str key);
struct slice slice_nth(struct slice list, size_t index);
size_t slice_count(struct slice container); /* elements or pairs; 0 for scalars */
enum scan_kind slice_kind(struct slice value);
bool slice_valid(struct slice value, const char **problem, size_t *offset); /* one whole value */
bool slice_is_empty_text(struct slice value);                               /* "" */

#endif
