/* scan_cbor.c - CBOR tokens (RFC 8949). Lengths and counts are believed only up to what is there.
 *
 * Strings in chunks are checked whole, chunk by chunk, when their head is read; lists and maps of
 * indefinite length are members until a break. Tags are stepped over: a slice keeps them, what is
 * made of it in another serializer does not.
 */
#include "base/mem.h"
#include "payload/scan_inside.h"

enum major {
    MAJOR_UINT,
    MAJOR_NEGATIVE,
    MAJOR_BYTES,
    MAJOR_TEXT,
    MAJOR_LIST,
    MAJOR_MAP,
    MAJOR_TAG,
    MAJOR_SIMPLE,
};

enum { INFO_ONE_BYTE = 24, INFO_RESERVED = 28, INFO_INDEFINITE = 31 };

static const char breaks_badly[] = "a break is out of place";

struct item {
    enum major major;
    unsigned info;
    uint64_t value;
};

/* The first byte, and the argument behind it. */
static bool take_item(struct scan *scan, struct item *out)
{
    unsigned char c = scan->at < scan->end ? (unsigned char)*scan->at : 0;
    unsigned info = c & 31;
    *out = (struct item){(enum major)(c >> 5), info, info};
    if (scan->at == scan->end) {
        return scan_fail(scan, "the value ends early");
    }
    if (info < INFO_ONE_BYTE || info == INFO_INDEFINITE) {
        scan->at++;
        return true;
    }
    if (info >= INFO_RESERVED) {
        return scan_fail(scan, "a reserved byte begins no value");
    }
    unsigned width = 1u << (info - INFO_ONE_BYTE);
    if (scan_rest(scan) <= width) {
        return scan_fail(scan, "the value ends early");
    }
    out->value = scan_big_endian(scan->at + 1, width);
    scan->at += 1 + width;
    return true;
}

/* Tags that say how a value is meant, not what it is: without them it reads the same. */
static bool tag_is_harmless(uint64_t tag)
{
    static const uint32_t tags[] = {
        0,     /* date and time as text */
        1,     /* seconds since 1970 */
        21,    /* bytes that want to be base64url in JSON, */
        22,    /* base64, */
        23,    /* hex */
        24,    /* bytes that hold CBOR */
        32,    /* a URI */
        33,    /* text that is base64url, */
        34,    /* base64 */
        35,    /* a regular expression */
        36,    /* MIME */
        37,    /* a UUID as bytes */
        64,    /* an array of octets, as bytes */
        68,    /* the same, clamped */
        100,   /* days since 1970 */
        258,   /* a list that is a set */
        1004,  /* a date as text */
        55799, /* CBOR begins here */
    };
    for (size_t i = 0; i < COUNT_OF(tags); i++) {
        if (tag == tags[i]) {
            return true;
        }
    }
    return false;
}

/* What follows tags 2 and 3: the magnitude as bytes, which must be an integer of 64 bits. */
static bool big_number(struct scan *scan, bool negative, struct head *out)
{
    struct item item;
    if (!take_item(scan, &item)) {
        return false;
    }
    if (item.major != MAJOR_BYTES || item.info == INFO_INDEFINITE) {
        return scan_fail(scan, "a big number must be bytes");
    }
    if (item.value > scan_rest(scan)) {
        return scan_fail(scan, "a length is beyond the end");
    }
    uint64_t magnitude = 0;
    for (uint64_t i = 0; i < item.value; i++) {
        if (magnitude >> 56 != 0) {
            return scan_fail(scan, "an integer is beyond 64 bits");
        }
        magnitude = magnitude << 8 | (unsigned char)*scan->at++;
    }
    if (negative && magnitude > INT64_MAX) {
        return scan_fail(scan, "an integer is beyond 64 bits");
    }
    *out = (struct head){negative ? HEAD_INT : HEAD_UINT, negative ? ~magnitude : magnitude};
    return true;
}

/* The same number as the bits of a 32-bit float. */
static uint64_t widen_half(uint64_t half)
{
    uint32_t sign = (uint32_t)(half >> 15) << 31;
    uint32_t exponent = half >> 10 & 31;
    uint32_t mantissa = half & 1023;
    if (exponent == 31) {
        return sign | 0x7f800000u | mantissa << 13;
    }
    if (exponent == 0) {
        float small = (float)mantissa * 0x1p-24f;
        uint32_t bits;
        memcpy(&bits, &small, sizeof bits);
        return sign | bits;
    }
    return sign | (exponent + 112) << 23 | mantissa << 13;
}

static bool simple(struct scan *scan, const struct item *item, struct head *out)
{
    static const uint8_t words[] = {HEAD_FALSE, HEAD_TRUE, HEAD_NIL, HEAD_NIL /* undefined */};
    switch (item->info) {
    case 20:
    case 21:
    case 22:
    case 23:
        *out = (struct head){(enum head_kind)words[item->info - 20], 0};
        return true;
    case 25:
        *out = (struct head){HEAD_F32, widen_half(item->value)};
        return true;
    case 26:
        *out = (struct head){HEAD_F32, item->value};
        return true;
    case 27:
        *out = (struct head){HEAD_F64, item->value};
        return true;
    case INFO_INDEFINITE:
        return scan_fail(scan, breaks_badly);
    default:
        return scan_fail(scan, "simple values are not accepted");
    }
}

/* Definite strings of the same kind, until a break. */
static bool chunks(struct scan *scan, enum major major, struct head *out)
{
    const char *from = scan->at;
    uint64_t total = 0;
    struct item chunk;
    while (!cbor_break(scan)) {
        if (!take_item(scan, &chunk)) {
            return false;
        }
        if (chunk.major != major || chunk.info == INFO_INDEFINITE) {
            return scan_fail(scan, "a chunk must be a string of the same kind");
        }
        if (chunk.value > scan_rest(scan)) {
            return scan_fail(scan, "a length is beyond the end");
        }
        if (major == MAJOR_TEXT && !utf8_valid(str_make(scan->at, chunk.value))) {
            return scan_fail(scan, "a string is not UTF-8");
        }
        scan->at += chunk.value;
        total += chunk.value;
    }
    scan->at = from;
    *out = (struct head){major == MAJOR_TEXT ? HEAD_STR_CHUNKS : HEAD_BIN_CHUNKS, total};
    return true;
}

void cbor_join(struct scan *scan, char *to)
{
    struct item chunk;
    while (!cbor_break(scan) && take_item(scan, &chunk)) {
        if (to != NULL) {
            memcpy(to, scan->at, chunk.value);
            to += chunk.value;
        }
        scan->at += chunk.value;
    }
}

bool cbor_joins_to(struct scan *scan, struct str text)
{
    struct item chunk;
    bool same = true;
    while (!cbor_break(scan) && take_item(scan, &chunk)) {
        same = same && str_starts(text, str_make(scan->at, chunk.value));
        text = same ? str_from(text, chunk.value) : text;
        scan->at += chunk.value;
    }
    return same && text.len == 0;
}

static bool container(struct scan *scan, const struct item *item, struct head *out)
{
    bool map = item->major == MAJOR_MAP;
    if (item->info == INFO_INDEFINITE) {
        *out = (struct head){map ? HEAD_MAP_OPEN : HEAD_LIST_OPEN, 0};
        return true;
    }
    *out = (struct head){map ? HEAD_MAP : HEAD_LIST, item->value};
    if (item->value > UINT32_MAX) {
        return scan_fail(scan, "a count is beyond the end");
    }
    return head_fits(scan, out);
}

static bool integer(struct scan *scan, const struct item *item, struct head *out)
{
    if (item->info == INFO_INDEFINITE) {
        return scan_fail(scan, "a reserved byte begins no value");
    }
    if (item->major == MAJOR_UINT) {
        *out = (struct head){HEAD_UINT, item->value};
        return true;
    }
    *out = (struct head){HEAD_INT, ~item->value};
    return item->value <= INT64_MAX || scan_fail(scan, "an integer is beyond 64 bits");
}

bool cbor_wide_head(struct scan *scan, struct head *out)
{
    struct item item;
    if (!take_item(scan, &item)) {
        return false;
    }
    while (item.major == MAJOR_TAG) {
        if (item.value == 2 || item.value == 3) {
            return big_number(scan, item.value == 3, out);
        }
        if (item.info == INFO_INDEFINITE || !tag_is_harmless(item.value)) {
            return scan_fail(scan, "a tag that is not accepted");
        }
        if (!take_item(scan, &item)) {
            return false;
        }
    }
    switch (item.major) {
    case MAJOR_BYTES:
    case MAJOR_TEXT:
        if (item.info == INFO_INDEFINITE) {
            return chunks(scan, item.major, out);
        }
        *out = (struct head){item.major == MAJOR_TEXT ? HEAD_STR : HEAD_BIN, item.value};
        return head_fits(scan, out);
    case MAJOR_LIST:
    case MAJOR_MAP:
        return container(scan, &item, out);
    case MAJOR_SIMPLE:
        return simple(scan, &item, out);
    default:
        return integer(scan, &item, out);
    }
}

enum scan_kind cbor_peek(struct scan *scan)
{
    static const uint8_t majors[] = {SCAN_INT,    SCAN_INT,  SCAN_BINARY,
                                     SCAN_STRING, SCAN_LIST, SCAN_MAP};
    static const uint8_t kinds[] = {
        [HEAD_BAD] = SCAN_NONE,          [HEAD_NIL] = SCAN_NULL,
        [HEAD_FALSE] = SCAN_BOOL,        [HEAD_TRUE] = SCAN_BOOL,
        [HEAD_UINT] = SCAN_INT,          [HEAD_INT] = SCAN_INT,
        [HEAD_F32] = SCAN_FLOAT,         [HEAD_F64] = SCAN_FLOAT,
        [HEAD_STR] = SCAN_STRING,        [HEAD_BIN] = SCAN_BINARY,
        [HEAD_EXT] = SCAN_NONE,          [HEAD_LIST] = SCAN_LIST,
        [HEAD_MAP] = SCAN_MAP,           [HEAD_STR_CHUNKS] = SCAN_STRING,
        [HEAD_BIN_CHUNKS] = SCAN_BINARY, [HEAD_LIST_OPEN] = SCAN_LIST,
        [HEAD_MAP_OPEN] = SCAN_MAP,
    };
    unsigned major = (unsigned char)*scan->at >> 5;
    if (major < MAJOR_TAG) {
        return (enum scan_kind)majors[major];
    }
    const char *from = scan->at;
    struct head head;
    if (!cbor_head(scan, &head)) {
        return SCAN_NONE;
    }
    scan->at = from;
    return (enum scan_kind)kinds[head.kind];
}

/* As in MsgPack: steps over small integers and short ASCII strings, at most `count` of them. */
static uint64_t skip_small(struct scan *scan, uint64_t count)
{
    const char *at = scan->at;
    uint64_t left = count;
    while (left > 0 && at < scan->end) {
        unsigned char c = (unsigned char)*at;
        if (c >= 0x60 && c < 0x78) {
            size_t len = c & 0x1f;
            if (len >= (size_t)(scan->end - at) || !text_ascii(at + 1, len)) {
                break;
            }
            at += len;
        } else if (c >= 0x38 || (c & 0x1f) >= INFO_ONE_BYTE) {
            break;
        }
        at++;
        left--;
    }
    scan->at = at;
    return count - left;
}

/* The containers around the place; of each a bit in `open` and `maps`, the innermost lowest. */
struct nest {
    uint64_t after[SCAN_DEPTH_MAX]; /* values still to come behind each container */
    uint64_t open;
    uint64_t maps;
    uint32_t depth;
    uint32_t max;
};
_Static_assert(SCAN_DEPTH_MAX <= 64, "a bit a level");

/* What an open container counts down from: even, and never used up. */
#define OPEN_COUNT ((uint64_t)1 << 62)

static bool nest_enter(struct nest *nest, const struct head *head, uint64_t *here)
{
    bool open = head->kind == HEAD_LIST_OPEN || head->kind == HEAD_MAP_OPEN;
    bool map = head->kind == HEAD_MAP || head->kind == HEAD_MAP_OPEN;
    if (nest->depth == nest->max) {
        return false;
    }
    nest->after[nest->depth++] = *here;
    nest->open = nest->open << 1 | (open ? 1 : 0);
    nest->maps = nest->maps << 1 | (map ? 1 : 0);
    *here = open ? OPEN_COUNT : map ? head->value * 2 : head->value;
    return true;
}

/* Leaves the containers that end here; false when the outermost value did, or the scan failed. */
static bool nest_leave(struct nest *nest, struct scan *scan, uint64_t *here)
{
    *here -= skip_small(scan, *here);
    while (*here == 0 || ((nest->open & 1) != 0 && cbor_break(scan))) {
        if (nest->depth == 0) {
            return false;
        }
        if ((nest->maps & 1) != 0 && *here % 2 != 0) {
            return scan_fail(scan, "a map ends between a key and its value");
        }
        *here = nest->after[--nest->depth];
        nest->open >>= 1;
        nest->maps >>= 1;
        *here -= skip_small(scan, *here);
    }
    return true;
}

static bool skip_body(struct scan *scan, const struct head *head)
{
    switch (head->kind) {
    case HEAD_STR:
        if (!utf8_valid(str_make(scan->at, head->value))) {
            return scan_fail(scan, "a string is not UTF-8");
        }
        scan->at += head->value;
        break;
    case HEAD_BIN:
        scan->at += head->value;
        break;
    case HEAD_STR_CHUNKS:
    case HEAD_BIN_CHUNKS:
        cbor_join(scan, NULL);
        break;
    default:
        break;
    }
    return true;
}

bool cbor_skip(struct scan *scan)
{
    struct nest nest; /* `after` is written before it is read */
    uint64_t here = 1;
    nest.open = 0;
    nest.maps = 0;
    nest.depth = 0;
    nest.max = SCAN_DEPTH_MAX - scan->depth;
    while (nest_leave(&nest, scan, &here)) {
        struct head head;
        here--;
        if (!cbor_head(scan, &head)) {
            return false;
        }
        switch (head.kind) {
        case HEAD_LIST:
        case HEAD_MAP:
        case HEAD_LIST_OPEN:
        case HEAD_MAP_OPEN:
            if (!nest_enter(&nest, &head, &here)) {
                return scan_fail(scan, "nested too deeply");
            }
            break;
        default:
            if (!skip_body(scan, &head)) {
                return false;
            }
            break;
        }
    }
    return !scan->failed;
}
