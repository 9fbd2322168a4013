/* links: payload base jansson
 * fuzz_json.c - any bytes as JSON: jansson agrees on what it is, and what is accepted goes to
 * MsgPack and back without loss. */
#include "base/arena.h"
#include "payload/emit.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define MUST(condition)   \
    do {                  \
        if (!(condition)) \
            abort();      \
    } while (0)

static void transcoded(struct slice value, enum serializer to, struct buf *out)
{
    struct emit emit;
    buf_init(out, 1 << 24);
    emit_init(&emit, to, out);
    emit_slice(&emit, value);
    MUST(!emit.failed && !out->full);
    MUST(slice_valid((struct slice){to, buf_str(out)}, NULL, NULL));
}

/* Every value by the pull interface: what the whole check accepted must read. */
static void walk(struct scan *scan)
{
    struct str text;
    double number;
    bool flag;
    switch (scan_peek(scan)) {
    case SCAN_NULL:
        MUST(scan_null(scan));
        break;
    case SCAN_BOOL:
        MUST(scan_bool(scan, &flag));
        break;
    case SCAN_INT:
    case SCAN_FLOAT:
        MUST(scan_f64(scan, &number));
        break;
    case SCAN_STRING:
        MUST(scan_str(scan, &text) && utf8_valid(text));
        break;
    case SCAN_LIST:
        MUST(scan_enter_list(scan));
        while (scan_more(scan)) {
            walk(scan);
        }
        break;
    case SCAN_MAP:
        MUST(scan_enter_map(scan));
        while (scan_key(scan, &text)) {
            MUST(utf8_valid(text));
            walk(scan);
        }
        break;
    default:
        abort();
    }
    MUST(!scan_failed(scan));
}

static void jansson_agrees(struct str text, bool valid, const char *problem)
{
    /* It takes no NUL in keys, passes over raw ones, and knows neither of the two bounds. */
    bool bound = problem != NULL && (strcmp(problem, "nested too deeply") == 0 ||
                                     strcmp(problem, "a number is too long") == 0);
    if (bound || memchr(text.ptr, 0, text.len) != NULL ||
        memmem(text.ptr, text.len, "\\u0000", 6) != NULL) {
        return;
    }
    json_error_t error;
    json_t *tree = json_loadb(text.ptr, text.len,
                              JSON_DECODE_ANY | JSON_ALLOW_NUL | JSON_DECODE_INT_AS_REAL, &error);
    MUST((tree != NULL) == valid);
    json_decref(tree);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *problem = NULL;
    size_t offset = 0;
    struct slice json = {SERIALIZER_JSON, str_make((const char *)data, size)};
    if (size == 0) {
        return 0;
    }
    bool valid = slice_valid(json, &problem, &offset);
    jansson_agrees(json.bytes, valid, problem);
    if (!valid) {
        MUST(problem != NULL && offset <= size);
        return 0;
    }
    struct arena arena;
    struct scan scan;
    arena_init(&arena, size * 16 + 4096);
    scan_init(&scan, SERIALIZER_JSON, json.bytes, &arena);
    walk(&scan);
    MUST(scan_end(&scan));
    arena_done(&arena);

    struct buf packed;
    struct buf text;
    struct buf again;
    transcoded(json, SERIALIZER_MSGPACK, &packed);
    transcoded((struct slice){SERIALIZER_MSGPACK, buf_str(&packed)}, SERIALIZER_JSON, &text);
    transcoded((struct slice){SERIALIZER_JSON, buf_str(&text)}, SERIALIZER_MSGPACK, &again);
    MUST(str_eq(buf_str(&packed), buf_str(&again)));
    buf_done(&packed);
    buf_done(&text);
    buf_done(&again);
    return 0;
}
