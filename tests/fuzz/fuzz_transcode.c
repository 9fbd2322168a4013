/* links: payload base
 * fuzz_transcode.c - any value in any serializer to any other, the first byte choosing the way:
 * what has come over comes over again, byte by byte, after it went back. */
#include "payload/emit.h"

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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const enum serializer ways[6][2] = {
        {SERIALIZER_JSON, SERIALIZER_MSGPACK}, {SERIALIZER_JSON, SERIALIZER_CBOR},
        {SERIALIZER_MSGPACK, SERIALIZER_JSON}, {SERIALIZER_MSGPACK, SERIALIZER_CBOR},
        {SERIALIZER_CBOR, SERIALIZER_JSON},    {SERIALIZER_CBOR, SERIALIZER_MSGPACK},
    };
    if (size == 0) {
        return 0;
    }
    enum serializer from = ways[data[0] % 6][0];
    enum serializer to = ways[data[0] % 6][1];
    struct slice value = {from, str_make((const char *)data + 1, size - 1)};
    struct buf there;
    struct buf back;
    struct buf again;
    if (!slice_valid(value, NULL, NULL)) {
        return 0;
    }
    if (!transcoded(value, to, &there)) {
        MUST(to == SERIALIZER_JSON); /* a key that is no string */
        buf_done(&there);
        return 0;
    }
    MUST(transcoded((struct slice){to, buf_str(&there)}, from, &back));
    MUST(transcoded((struct slice){from, buf_str(&back)}, to, &again));
    MUST(str_eq(buf_str(&there), buf_str(&again)));
    buf_done(&there);
    buf_done(&back);
    buf_done(&again);
    return 0;
}
