/* emit.h - writes encoded values into a buffer: JSON, MsgPack or CBOR, one call a token.
 *
 * Containers say their size up front, because MsgPack wants it there; commas and
 * colons are the emitter's business. Between equal serializers a slice is copied,
 * otherwise transcoded on the way (streaming, no tree):
 *   binary -> JSON "\u0000" + base64 (WAMP 5.3.4) and back, keys never; a JSON
 *   string of NUL and no base64 stays a string, and a MsgPack or CBOR string that
 *   begins with NUL is written as it is, so JSON readers may take it for binary;
 *   integers beyond 2^53 stay exact, those of JSON beyond 64 bits become floats
 *   (MsgPack has none, CBOR's are refused by the scanner); floats stay floats (3.0)
 *   and print shortest round trip; NaN and infinities, which JSON lacks, are null;
 *   CBOR's tags are dropped and its lengths made definite; map keys that are no
 *   strings fail here if the target is JSON.
 * Writing stops for good when the buffer is full: look at buf->full at the end.
 */
#ifndef POSTERN_PAYLOAD_EMIT_H
#define POSTERN_PAYLOAD_EMIT_H

#include "base/buf.h"
#include "payload/scan.h"

#include <stdbool.h>
#include <stdint.h>

struct emit {
    enum serializer serializer;
    struct buf *out;
    uint32_t depth;
    bool failed; /* a value that cannot be transcoded; `out` is then to be thrown away */
    struct {
        uint32_t left;
        bool map;
        bool key; /* in a map: a key comes next */
        bool first;
    } open[SCAN_DEPTH_MAX + 8];
};

void emit_init(struct emit *emit, enum serializer serializer, struct buf *out);

void emit_null(struct emit *emit);
void emit_bool(struct emit *emit, bool value);
void emit_i64(struct emit *emit, int64_t value);
void emit_u64(struct emit *emit, uint64_t value);
void emit_f64(struct emit *emit, double value);
void emit_str(struct emit *emit, struct str value); /* must be UTF-8 */
void emit_bin(struct emit *emit, struct str value);

/* Exactly `count` elements (pairs: a key and a value each) must follow; the end closes itself. */
void emit_list(struct emit *emit, uint32_t count);
void emit_map(struct emit *emit, uint32_t count);
void emit_key(struct emit *emit, struct str key);

/* The members of `map`, a small one (15 at most) that an emitter of the same serializer has
 * written, as the next `count` of the open map. */
void emit_map_members(struct emit *emit, struct slice map, uint32_t count);

/* One value that scan_skip or slice_valid has accepted. */
void emit_slice(struct emit *emit, struct slice value);

/* Also usable alone: shortest decimal that reads back as `value`, at most 32 bytes. */
size_t format_f64(double value, char out[32]);

#endif
