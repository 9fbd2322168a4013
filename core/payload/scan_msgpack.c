/* scan_msgpack.c - MsgPack tokens. Lengths and counts are believed only up to what is there. */
#include "payload/scan_inside.h"

/* The bytes 0xc0 to 0xdf: what they begin and how wide the field is that follows. */
static const struct head_row {
    uint8_t kind;
    uint8_t width;
} heads[32] = {
    {MSGPACK_NIL, 0},  {MSGPACK_BAD, 0}, {MSGPACK_FALSE, 0}, {MSGPACK_TRUE, 0}, {MSGPACK_BIN, 1},
    {MSGPACK_BIN, 2},  {MSGPACK_BIN, 4}, {MSGPACK_EXT, 1},   {MSGPACK_EXT, 2},  {MSGPACK_EXT, 4},
    {MSGPACK_F32, 4},  {MSGPACK_F64, 8}, {MSGPACK_UINT, 1},  {MSGPACK_UINT, 2}, {MSGPACK_UINT, 4},
    {MSGPACK_UINT, 8}, {MSGPACK_INT, 1}, {MSGPACK_INT, 2},   {MSGPACK_INT, 4},  {MSGPACK_INT, 8},
    {MSGPACK_EXT, 1},  {MSGPACK_EXT, 1}, {MSGPACK_EXT, 1},   {MSGPACK_EXT, 1},  {MSGPACK_EXT, 1},
    {MSGPACK_STR, 1},  {MSGPACK_STR, 2}, {MSGPACK_STR, 4},   {MSGPACK_LIST, 2}, {MSGPACK_LIST, 4},
    {MSGPACK_MAP, 2},  {MSGPACK_MAP, 4},
};

static uint64_t big_endian(const char *at, unsigned width)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (width) {
    case 1:
        return (unsigned char)*at;
    case 2:
        memcpy(&two, at, sizeof two);
        return __builtin_bswap16(two);
    case 4:
        memcpy(&four, at, sizeof four);
        return __builtin_bswap32(four);
    case 8:
        memcpy(&eight, at, sizeof eight);
        return __builtin_bswap64(eight);
    default:
        return 0;
    }
}

static uint64_t sign_extend(uint64_t value, unsigned width)
{
    unsigned shift = 64 - 8 * width;
    return (uint64_t)((int64_t)(value << shift) >> shift);
}

static bool fits(struct scan *scan, const struct msgpack_head *head)
{
    size_t rest = scan_rest(scan);
    switch (head->kind) {
    case MSGPACK_STR:
    case MSGPACK_BIN:
        return head->value <= rest || scan_fail(scan, "a length is beyond the end");
    case MSGPACK_LIST:
        return head->value <= rest || scan_fail(scan, "a count is beyond the end");
    case MSGPACK_MAP:
        return head->value <= rest / 2 || scan_fail(scan, "a count is beyond the end");
    default:
        return true;
    }
}

bool msgpack_wide_head(struct scan *scan, struct msgpack_head *out)
{
    if (scan->at == scan->end) {
        return scan_fail(scan, "the value ends early");
    }
    unsigned char c = (unsigned char)*scan->at;
    if (c >= 0x80 && c < 0xc0) {
        scan->at++;
        *out = (struct msgpack_head){c < 0x90   ? MSGPACK_MAP
                                     : c < 0xa0 ? MSGPACK_LIST
                                                : MSGPACK_STR,
                                     c & (c < 0xa0 ? 0x0f : 0x1f)};
        return fits(scan, out);
    }
    struct head_row row = heads[(c - 0xc0) & 31];
    if (row.kind == MSGPACK_EXT || row.kind == MSGPACK_BAD) {
        return scan_fail(scan, row.kind == MSGPACK_EXT ? "extension types are not accepted"
                                                       : "0xc1 begins no value");
    }
    if (scan_rest(scan) <= row.width) {
        return scan_fail(scan, "the value ends early");
    }
    out->kind = (enum msgpack_kind)row.kind;
    out->value = big_endian(scan->at + 1, row.width);
    if (out->kind == MSGPACK_INT) {
        out->value = sign_extend(out->value, row.width);
    }
    scan->at += 1 + row.width;
    return fits(scan, out);
}

enum scan_kind msgpack_peek(const struct scan *scan)
{
    static const uint8_t kinds[] = {
        [MSGPACK_BAD] = SCAN_NONE,   [MSGPACK_NIL] = SCAN_NULL,  [MSGPACK_FALSE] = SCAN_BOOL,
        [MSGPACK_TRUE] = SCAN_BOOL,  [MSGPACK_UINT] = SCAN_INT,  [MSGPACK_INT] = SCAN_INT,
        [MSGPACK_F32] = SCAN_FLOAT,  [MSGPACK_F64] = SCAN_FLOAT, [MSGPACK_STR] = SCAN_STRING,
        [MSGPACK_BIN] = SCAN_BINARY, [MSGPACK_EXT] = SCAN_NONE,  [MSGPACK_LIST] = SCAN_LIST,
        [MSGPACK_MAP] = SCAN_MAP,
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

double msgpack_f64(struct msgpack_head head)
{
    if (head.kind == MSGPACK_F32) {
        uint32_t bits = (uint32_t)head.value;
        float value;
        memcpy(&value, &bits, sizeof value);
        return (double)value;
    }
    double value;
    memcpy(&value, &head.value, sizeof value);
    return value;
}

/* Steps over what most values are: small integers and short ASCII strings, at most `count` of
 * them; how many they were. */
static uint64_t skip_small(struct scan *scan, uint64_t count)
{
    const char *at = scan->at;
    uint64_t left = count;
    while (left > 0 && at < scan->end) {
        unsigned char c = (unsigned char)*at;
        if (c >= 0xa0 && c < 0xc0) {
            size_t len = c & 0x1f;
            if (len >= (size_t)(scan->end - at) || !text_ascii(at + 1, len)) {
                break;
            }
            at += len;
        } else if (c >= 0x80 && c < 0xe0) {
            break;
        }
        at++;
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
        struct msgpack_head head;
        if (!msgpack_head(scan, &head)) {
            return false;
        }
        switch (head.kind) {
        case MSGPACK_STR:
            if (!utf8_valid(str_make(scan->at, head.value))) {
                return scan_fail(scan, "a string is not UTF-8");
            }
            scan->at += head.value;
            break;
        case MSGPACK_BIN:
            scan->at += head.value;
            break;
        case MSGPACK_LIST:
        case MSGPACK_MAP:
            if (depth == max) {
                return scan_fail(scan, "nested too deeply");
            }
            after[depth++] = here;
            here = head.kind == MSGPACK_MAP ? head.value * 2 : head.value;
            break;
        default:
            break;
        }
    }
}
