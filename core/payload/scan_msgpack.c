/* scan_msgpack.c - MsgPack tokens. Lengths and counts are believed only up to what is there. */
#include "payload/scan_inside.h"

/* The bytes 0xc0 to 0xdf: what they begin and how wide the field is that follows. */
static const struct head_row {
    uint8_t kind;
    uint8_t width;
} heads[32] = {
    {HEAD_NIL, 0},  {HEAD_BAD, 0},  {HEAD_FALSE, 0}, {HEAD_TRUE, 0}, {HEAD_BIN, 1},  {HEAD_BIN, 2},
    {HEAD_BIN, 4},  {HEAD_EXT, 1},  {HEAD_EXT, 2},   {HEAD_EXT, 4},  {HEAD_F32, 4},  {HEAD_F64, 8},
    {HEAD_UINT, 1}, {HEAD_UINT, 2}, {HEAD_UINT, 4},  {HEAD_UINT, 8}, {HEAD_INT, 1},  {HEAD_INT, 2},
    {HEAD_INT, 4},  {HEAD_INT, 8},  {HEAD_EXT, 1},   {HEAD_EXT, 1},  {HEAD_EXT, 1},  {HEAD_EXT, 1},
    {HEAD_EXT, 1},  {HEAD_STR, 1},  {HEAD_STR, 2},   {HEAD_STR, 4},  {HEAD_LIST, 2}, {HEAD_LIST, 4},
    {HEAD_MAP, 2},  {HEAD_MAP, 4},
};

static uint64_t sign_extend(uint64_t value, unsigned width)
{
    unsigned shift = 64 - 8 * width;
    return (uint64_t)((int64_t)(value << shift) >> shift);
}

bool msgpack_wide_head(struct scan *scan, struct head *out)
{
    if (scan->at == scan->end) {
        return scan_fail(scan, "the value ends early");
    }
    unsigned char c = (unsigned char)*scan->at;
    if (c >= 0x80 && c < 0xc0) {
        scan->at++;
        *out = (struct head){c < 0x90   ? HEAD_MAP
                             : c < 0xa0 ? HEAD_LIST
                                        : HEAD_STR,
                             c & (c < 0xa0 ? 0x0f : 0x1f)};
        return head_fits(scan, out);
    }
    struct head_row row = heads[(c - 0xc0) & 31];
    if (row.kind == HEAD_EXT || row.kind == HEAD_BAD) {
        return scan_fail(scan, row.kind == HEAD_EXT ? "extension types are not accepted"
                                                    : "0xc1 begins no value");
    }
    if (scan_rest(scan) <= row.width) {
        return scan_fail(scan, "the value ends early");
    }
    out->kind = (enum head_kind)row.kind;
    out->value = scan_big_endian(scan->at + 1, row.width);
    if (out->kind == HEAD_INT) {
        out->value = sign_extend(out->value, row.width);
    }
    scan->at += 1 + row.width;
    return head_fits(scan, out);
}

enum scan_kind msgpack_peek(const struct scan *scan)
{
    static const uint8_t kinds[] = {
        [HEAD_BAD] = SCAN_NONE,   [HEAD_NIL] = SCAN_NULL,  [HEAD_FALSE] = SCAN_BOOL,
        [HEAD_TRUE] = SCAN_BOOL,  [HEAD_UINT] = SCAN_INT,  [HEAD_INT] = SCAN_INT,
        [HEAD_F32] = SCAN_FLOAT,  [HEAD_F64] = SCAN_FLOAT, [HEAD_STR] = SCAN_STRING,
        [HEAD_BIN] = SCAN_BINARY, [HEAD_EXT] = SCAN_NONE,  [HEAD_LIST] = SCAN_LIST,
        [HEAD_MAP] = SCAN_MAP,
    };
    unsigned char c = (unsigned char)*scan->at;
    if (c >= 0xc0 && c < 0xe0) {
        return (enum scan_kind)kinds[heads[c - 0xc0].kind];
    }
    if (c < 0x80 || c >= 0xe0) {
        return SCAN_INT;
    }
    return c >= 0xa0 ? SCAN_STRING : c >= 0x90 ? SCAN_LIST : SCAN_MAP;
}

double head_f64(struct head head)
{
    if (head.kind == HEAD_F32) {
        uint32_t bits = (uint32_t)head.value;
        float value;
        memcpy(&value, &bits, sizeof value);
        return (double)value;
    }
    double value;
    memcpy(&value, &head.value, sizeof value);
    return value;
}

/* Bytes behind the heads 0xc0 to 0xdf of values that are of one length and always valid; the others
 * are BEHIND_HEAD. */
enum { BEHIND_HEAD = 0xff };
static const uint8_t behind[32] = {
    0, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 4,    8,    1,    2,    4,    8,
    1, 2,    4, 8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

/* Steps over what most values are: numbers, truths and ASCII strings below 256 bytes, at most
 * `count` of them; how many they were. */
static uint64_t skip_small(struct scan *scan, uint64_t count)
{
    const char *at = scan->at;
    uint64_t left = count;
    while (left > 0 && at < scan->end) {
        unsigned char c = (unsigned char)*at;
        size_t rest = (size_t)(scan->end - at) - 1;
        size_t len = 0;
        if (c >= 0xa0 && c < 0xc0) {
            len = c & 0x1f;
            if (len > rest || !text_ascii(at + 1, len)) {
                break;
            }
        } else if (c == 0xd9) {
            len = 1 + (rest > 0 ? (size_t)(unsigned char)at[1] : 0);
            if (len > rest || !text_ascii(at + 2, len - 1)) {
                break;
            }
        } else if (c >= 0xc0 && c < 0xe0) {
            len = behind[c - 0xc0];
            if (len == BEHIND_HEAD || len > rest) {
                break;
            }
        } else if (c >= 0x80 && c < 0xc0) {
            break;
        }
        at += 1 + len;
        left--;
    }
    scan->at = at;
    return count - left;
}

bool msgpack_skip(struct scan *scan)
{
    uint64_t after[SCAN_DEPTH_MAX]; /* values still to come behind each open container */
    uint32_t depth = 0;
    uint32_t max = SCAN_DEPTH_MAX - scan->depth;
    uint64_t here = 1;
    for (;;) {
        here -= skip_small(scan, here);
        while (here == 0) {
            if (depth == 0) {
                return true;
            }
            here = after[--depth];
            here -= skip_small(scan, here);
        }
        here--;
        struct head head;
        if (!msgpack_head(scan, &head)) {
            return false;
        }
        switch (head.kind) {
        case HEAD_STR:
            if (!utf8_valid(str_make(scan->at, head.value))) {
                return scan_fail(scan, "a string is not UTF-8");
            }
            scan->at += head.value;
            break;
        case HEAD_BIN:
            scan->at += head.value;
            break;
        case HEAD_LIST:
        case HEAD_MAP:
            if (depth == max) {
                return scan_fail(scan, "nested too deeply");
            }
            after[depth++] = here;
            here = head.kind == HEAD_MAP ? head.value * 2 : head.value;
            break;
        default:
            break;
        }
    }
}
