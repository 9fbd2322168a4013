/* links: payload base
 * fuzz_cbor.c - any bytes as CBOR: what the whole check accepts the pull interface reads and no
 * look-up fails on; it goes to MsgPack, and to JSON unless a key is no string. */
#include "base/arena.h"
#include "payload/emit.h"

#include <stdlib.h>

#define MUST(condition)   \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

enum { OUT_MAX = 1 << 24 };

static bool transcoded(struct slice value, enum serializer to)
{
    struct emit emit;
    struct buf out;
    buf_init(&out, OUT_MAX);
    emit_init(&emit, to, &out);
    emit_slice(&emit, value);
    MUST(!out.full);
    MUST(emit.failed || slice_valid((struct slice){to, buf_str(&out)}, NULL, NULL));
    buf_done(&out);
    return !emit.failed;
}

static bool walk(struct scan *scan);

static bool walk_members(struct scan *scan, bool map)
{
    struct str key;
    MUST(map ? scan_enter_map(scan) : scan_enter_list(scan));
    while (map ? scan_key(scan, &key) : scan_more(scan)) {
        if (!walk(scan)) {
            return false;
        }
    }
    return !scan_failed(scan);
}

/* False when a key is no string. */
static bool walk(struct scan *scan)
{
    struct str text;
    double number;
    bool flag;
    switch (scan_peek(scan)) {
    case SCAN_NULL:
        return scan_null(scan);
    case SCAN_BOOL:
        return scan_bool(scan, &flag);
    case SCAN_INT:
    case SCAN_FLOAT:
        return scan_f64(scan, &number);
    case SCAN_STRING:
        return scan_str(scan, &text) && utf8_valid(text);
    case SCAN_BINARY:
        return scan_bin(scan, &text);
    case SCAN_LIST:
        return walk_members(scan, false);
    case SCAN_MAP:
        return walk_members(scan, true);
    default:
        abort();
    }
}

static void look_up(struct slice value)
{
    if (slice_kind(value) == SCAN_LIST) {
        size_t count = slice_count(value);
        MUST(count == 0 || slice_nth(value, count - 1).serializer == SERIALIZER_CBOR);
        MUST(slice_nth(value, count).serializer == SERIALIZER_NONE);
    } else if (slice_kind(value) == SCAN_MAP) {
        (void)slice_get(value, STR("key"));
    }
    (void)slice_is_empty_text(value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *problem = NULL;
    size_t offset = 0;
    struct slice cbor = {SERIALIZER_CBOR, str_make((const char *)data, size)};
    if (!slice_valid(cbor, &problem, &offset)) {
        MUST(problem != NULL && offset <= size);
        return 0;
    }
    struct arena arena;
    struct scan scan;
    arena_init(&arena, OUT_MAX);
    scan_init(&scan, SERIALIZER_CBOR, cbor.bytes, &arena);
    bool keys_are_strings = walk(&scan);
    MUST(!keys_are_strings || scan_end(&scan));
    look_up(cbor);
    MUST(transcoded(cbor, SERIALIZER_MSGPACK));
    MUST(transcoded(cbor, SERIALIZER_JSON) == keys_are_strings);
    arena_done(&arena);
    return 0;
}
