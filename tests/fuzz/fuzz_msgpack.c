/* links: payload base msgpack
 * fuzz_msgpack.c - any bytes as MsgPack: what is accepted msgpack-c can read, and goes to JSON and
 * back without loss unless a key is no string. */
#include "payload/emit.h"

#include <msgpack.h>
#include <stdlib.h>

#define MUST(condition)   \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

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

/* Its stack holds 32 levels. */
static void msgpack_c_agrees(struct str bytes)
{
    struct scan scan;
    scan_init(&scan, SERIALIZER_MSGPACK, bytes, NULL);
    scan.depth = SCAN_DEPTH_MAX - 31;
    if (!scan_skip(&scan, NULL)) {
        return;
    }
    msgpack_unpacked unpacked;
    size_t offset = 0;
    msgpack_unpacked_init(&unpacked);
    MUST(msgpack_unpack_next(&unpacked, bytes.ptr, bytes.len, &offset) == MSGPACK_UNPACK_SUCCESS);
    MUST(offset == bytes.len);
    msgpack_unpacked_destroy(&unpacked);
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *problem = NULL;
    size_t offset = 0;
    struct slice packed = {SERIALIZER_MSGPACK, str_make((const char *)data, size)};
    if (!slice_valid(packed, &problem, &offset)) {
        MUST(problem != NULL && offset <= size);
        return 0;
    }
    msgpack_c_agrees(packed.bytes);

    struct scan scan;
    scan_init(&scan, SERIALIZER_MSGPACK, packed.bytes, NULL);
    bool keys_are_strings = walk(&scan);
    struct buf json;
    bool possible = transcoded(packed, SERIALIZER_JSON, &json);
    MUST(possible == keys_are_strings);
    if (possible) {
        struct buf again;
        struct buf text;
        MUST(transcoded((struct slice){SERIALIZER_JSON, buf_str(&json)}, SERIALIZER_MSGPACK,
                        &again));
        MUST(transcoded((struct slice){SERIALIZER_MSGPACK, buf_str(&again)}, SERIALIZER_JSON,
                        &text));
        MUST(str_eq(buf_str(&json), buf_str(&text)));
        buf_done(&again);
        buf_done(&text);
    }
    buf_done(&json);
    return 0;
}
