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

/* scan_msgpack.c */

enum msgpack_kind {
    MSGPACK_BAD, /* 0xc1 */
    MSGPACK_NIL,
    MSGPACK_FALSE,
    MSGPACK_TRUE,
    MSGPACK_UINT,
    MSGPACK_INT,
    MSGPACK_F32,
    MSGPACK_F64,
    MSGPACK_STR,
    MSGPACK_BIN,
    MSGPACK_EXT,
    MSGPACK_LIST,
    MSGPACK_MAP,
};

struct msgpack_head {
    enum msgpack_kind kind;
    uint64_t value; /* the integer's or float's bits (sign-extended); length; count */
};

/* What msgpack_head leaves to it: all but small integers and short strings. */
bool msgpack_wide_head(struct scan *scan, struct msgpack_head *out);

/* Reads a head and, of a string or bin, checks that its bytes are there; of a list or map, that
 * its members can be. Fails on ext. */
static inline bool msgpack_head(struct scan *scan, struct msgpack_head *out)
{
    unsigned char c = scan->at < scan->end ? (unsigned char)*scan->at : 0xc1;
    if (c < 0x80) {
        *out = (struct msgpack_head){MSGPACK_UINT, c};
    } else if (c >= 0xe0) {
        *out = (struct msgpack_head){MSGPACK_INT, (uint64_t)(int64_t)(int8_t)c};
    } else if (c >= 0xa0 && c < 0xc0 && scan_rest(scan) > (c & 0x1fu)) {
        *out = (struct msgpack_head){MSGPACK_STR, c & 0x1f};
    } else {
        return msgpack_wide_head(scan, out);
    }
    scan->at++;
    return true;
}

enum scan_kind msgpack_peek(const struct scan *scan);
double msgpack_f64(struct msgpack_head head);
bool msgpack_skip(struct scan *scan);

#endif
