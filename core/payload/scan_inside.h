/* scan_inside.h - what the scanners and the transcoder share: the tokens themselves.
 *
 * Each function takes the scan at the first byte of its token, leaves it behind
 * the last one, and on bad input fails the scan. No white space is skipped
 * here but by json_blank and json_skip. Not for other modules.
 */
#ifndef POSTERN_PAYLOAD_SCAN_INSIDE_H
#define POSTERN_PAYLOAD_SCAN_INSIDE_H

#include "payload/scan.h"
#include "payload/text_inside.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Returns false, so that a failing function can return it. The first problem stays. */
bool scan_fail(struct scan *scan, const char *problem);

/* Whether the open map has another pair, whose key is next; leaves the map if not. */
bool scan_member(struct scan *scan);

static inline size_t scan_rest(const struct scan *scan)
{
    return (size_t)(scan->end - scan->at);
}

/* text.c: UTF-8 and what stands between quotes */

/* The body of a JSON string that json_text has accepted, decoded; at most body.len bytes. */
size_t text_decode(struct str body, char *out);
size_t text_decoded_len(struct str body);
/* Whether that body, decoded, is `text`. */
bool text_decodes_to(struct str body, struct str text);

/* number.c */

struct number {
    struct str text;    /* of a float */
    bool is_float;      /* has a fraction or an exponent, or fits neither int64 nor uint64 */
    bool negative;      /* an integer: its value is -magnitude */
    uint64_t magnitude; /* of an integer; of a float its digits, if `exact` */
    int exponent;       /* a float is magnitude * 10^exponent, if `exact` */
    bool exact;
    size_t digits;
};

bool json_number(struct scan *scan, struct number *out);
double number_f64(const struct number *number);
bool f64_to_i64(double value, int64_t *out); /* false unless it is one exactly */
bool f64_to_u64(double value, uint64_t *out);

/* scan_json.c */

enum json_class {
    JSON_OTHER,
    JSON_BLANK,
    JSON_QUOTE,
    JSON_NUMBER,
    JSON_WORD, /* true, false, null */
    JSON_LIST,
    JSON_MAP,
};
extern const uint8_t json_classes[256];

static inline enum json_class json_class(char c)
{
    return (enum json_class)json_classes[(unsigned char)c];
}

static inline void json_blank(struct scan *scan)
{
    while (scan->at < scan->end && json_class(*scan->at) == JSON_BLANK) {
        scan->at++;
    }
}

/* What json_text leaves to it: escapes, UTF-8, whatever is wrong. */
bool json_text_slow(struct scan *scan, struct str *out_body, bool *out_escaped);

/* What stands between the quotes, still escaped. */
static inline bool json_text(struct scan *scan, struct str *out_body, bool *out_escaped)
{
    const char *from = scan->at + 1;
    size_t plain = text_plain(from, scan->end);
    if (from + plain == scan->end || from[plain] != '"') {
        return json_text_slow(scan, out_body, out_escaped);
    }
    *out_body = str_make(from, plain);
    *out_escaped = false;
    scan->at = from + plain + 1;
    return true;
}

bool json_word(struct scan *scan, enum scan_kind *out_kind, bool *out_value);
/* The next byte that is not white space, which must be `c`. */
bool json_expect(struct scan *scan, char c, const char *problem);
bool json_bad_value(struct scan *scan);
bool json_skip(struct scan *scan);

/* MsgPack and CBOR: what stands in front of a value. */

enum head_kind {
    HEAD_BAD,
    HEAD_NIL,
    HEAD_FALSE,
    HEAD_TRUE,
    HEAD_UINT,
    HEAD_INT,
    HEAD_F32,
    HEAD_F64,
    HEAD_STR,
    HEAD_BIN,
    HEAD_EXT, /* MsgPack alone, and refused */
    HEAD_LIST,
    HEAD_MAP,
    /* CBOR alone, of indefinite length: */
    HEAD_STR_CHUNKS, /* the chunks are checked; cbor_join steps over them */
    HEAD_BIN_CHUNKS,
    HEAD_LIST_OPEN, /* members until cbor_break */
    HEAD_MAP_OPEN,
};

struct head {
    enum head_kind kind;
    uint64_t value; /* the integer's or float's bits (sign-extended); length; count */
};

double head_f64(struct head head);

static inline uint64_t scan_big_endian(const char *at, unsigned width)
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

/* That the bytes of a string or bin, or the members of a list or map, can be there. */
static inline bool head_fits(struct scan *scan, const struct head *head)
{
    size_t rest = scan_rest(scan);
    switch (head->kind) {
    case HEAD_STR:
    case HEAD_BIN:
        return head->value <= rest || scan_fail(scan, "a length is beyond the end");
    case HEAD_LIST:
        return head->value <= rest || scan_fail(scan, "a count is beyond the end");
    case HEAD_MAP:
        return head->value <= rest / 2 || scan_fail(scan, "a count is beyond the end");
    default:
        return true;
    }
}

/* scan_msgpack.c */

/* What msgpack_head leaves to it: all but small integers and short strings. */
bool msgpack_wide_head(struct scan *scan, struct head *out);

/* Reads a head and, of a string or bin, checks that its bytes are there; of a list or map, that
 * its members can be. Fails on ext. */
static inline bool msgpack_head(struct scan *scan, struct head *out)
{
    unsigned char c = scan->at < scan->end ? (unsigned char)*scan->at : 0xc1;
    if (c < 0x80) {
        *out = (struct head){HEAD_UINT, c};
    } else if (c >= 0xe0) {
        *out = (struct head){HEAD_INT, (uint64_t)(int64_t)(int8_t)c};
    } else if (c >= 0xa0 && c < 0xc0 && scan_rest(scan) > (c & 0x1fu)) {
        *out = (struct head){HEAD_STR, c & 0x1f};
    } else {
        return msgpack_wide_head(scan, out);
    }
    scan->at++;
    return true;
}

enum scan_kind msgpack_peek(const struct scan *scan);
bool msgpack_skip(struct scan *scan);

/* scan_cbor.c */

/* What cbor_head leaves to it: all but small integers and short strings; right for those too. */
bool cbor_wide_head(struct scan *scan, struct head *out);

/* As msgpack_head. Steps over tags that change nothing, fails on others. */
static inline bool cbor_head(struct scan *scan, struct head *out)
{
    unsigned char c = scan->at < scan->end ? (unsigned char)*scan->at : 0xff;
    if (c < 0x18) {
        *out = (struct head){HEAD_UINT, c};
    } else if (c >= 0x60 && c < 0x78 && scan_rest(scan) > (c & 0x1fu)) {
        *out = (struct head){HEAD_STR, c & 0x1f};
    } else {
        return cbor_wide_head(scan, out);
    }
    scan->at++;
    return true;
}

/* Leaves an open list or map if it ends here. */
static inline bool cbor_break(struct scan *scan)
{
    if (scan->at == scan->end || *scan->at != '\xff') {
        return false;
    }
    scan->at++;
    return true;
}

/* From the first chunk behind the end; writes head.value bytes to `to` (may be NULL). */
void cbor_join(struct scan *scan, char *to);
/* Likewise: whether they are `text`. */
bool cbor_joins_to(struct scan *scan, struct str text);
enum scan_kind cbor_peek(struct scan *scan);
bool cbor_skip(struct scan *scan);

/* Of either; MsgPack, the usual one on the hot path, in line. */
static inline bool packed_head(struct scan *scan, struct head *out)
{
    return scan->serializer == SERIALIZER_MSGPACK ? msgpack_head(scan, out)
                                                  : cbor_wide_head(scan, out);
}

#endif
