/* links: payload base
 * fuzz_cbor.c - any bytes as CBOR: what is accepted goes to MsgPack and back without loss, and to
 * JSON and back unless a key is no string. */
#include "payload/emit.h"

#include <stdlib.h>

#define MUST(condition)   \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

enum { SCRATCH_MAX = 1 << 24 };

static bool transcoded(struct slice value, enum serializer to, struct buf *out)
{
    struct emit emit;
    buf_init(out, 1 << 24);
    emit_init(&emit, to, out);
    emit_slice(&emit, value);
    MUST(!out->full);
    MUST(emit.failed || slice_valid((struct slice){to, buf_str(out)}, NULL, NULL));
    return !emit.failed;
}

/* Through the pull interface, keys by scan_key: false when a key is no string. */
static bool walk(struct scan *scan)
{
    struct str text;
    double number;
    switch (scan_peek(scan)) {
    case SCAN_INT:
    case SCAN_FLOAT:
        return scan_f64(scan, &number);
    case SCAN_STRING:
        return scan_str(scan, &text);
    case SCAN_BINARY:
        return scan_bin(scan, &text);
    case SCAN_LIST:
        MUST(scan_enter_list(scan));
        while (scan_more(scan)) {
            if (!walk(scan)) {
                return false;
            }
        }
        return !scan_failed(scan);
    case SCAN_MAP:
        MUST(scan_enter_map(scan));
        while (scan_key(scan, &text)) {
            if (!walk(scan)) {
                return false;
            }
        }
        return !scan_failed(scan);
    default:
        return scan_skip(scan, NULL);
    }
}

/* `value` in `to`, then in CBOR, then in `to` again: nothing has changed. */
static void goes_round(struct slice value, enum serializer to, bool possible)
{
    struct buf once;
    struct buf cbor;
    struct buf twice;
    MUST(transcoded(value, to, &once) == possible);
    if (possible) {
        MUST(transcoded((struct slice){to, buf_str(&once)}, SERIALIZER_CBOR, &cbor));
        MUST(transcoded((struct slice){SERIALIZER_CBOR, buf_str(&cbor)}, to, &twice));
        MUST(str_eq(buf_str(&once), buf_str(&twice)));
        buf_done(&cbor);
        buf_done(&twice);
    }
    buf_done(&once);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *problem = NULL;
    size_t offset = 0;
    struct slice value = {SERIALIZER_CBOR, str_make((const char *)data, size)};
    if (!slice_valid(value, &problem, &offset)) {
        MUST(problem != NULL && offset <= size);
        return 0;
    }
    struct arena scratch;
    struct scan scan;
    arena_init(&scratch, SCRATCH_MAX);
    scan_init(&scan, SERIALIZER_CBOR, value.bytes, &scratch);
    bool keys_are_strings = walk(&scan);
    arena_done(&scratch);
    goes_round(value, SERIALIZER_MSGPACK, true);
    goes_round(value, SERIALIZER_JSON, keys_are_strings);
    return 0;
}
