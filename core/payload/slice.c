/* slice.c - look-ups over encoded values in place, without an arena.
 *
 * Of keys that occur twice the last counts, as it does for every JSON reader.
 */
#include "payload/scan_inside.h"

static struct slice absent(void)
{
    return (struct slice){.serializer = SERIALIZER_NONE};
}

static void open_slice(struct scan *scan, struct slice value)
{
    scan_init(scan, value.serializer, value.bytes, NULL);
}

static bool packed_key_is(struct scan *scan, struct str key, bool *out_same)
{
    const char *from = scan->at;
    struct head head;
    *out_same = false;
    if (!packed_head(scan, &head)) {
        return false;
    }
    if (head.kind == HEAD_STR_CHUNKS) {
        *out_same = cbor_joins_to(scan, key);
        return true;
    }
    if (head.kind != HEAD_STR) {
        scan->at = from;
        return scan_skip(scan, NULL);
    }
    struct str found = str_make(scan->at, head.value);
    if (!utf8_valid(found)) {
        return scan_fail(scan, "a string is not UTF-8");
    }
    scan->at += found.len;
    *out_same = str_eq(found, key);
    return true;
}

/* scan_key without scratch: compares where the key stands. */
static bool key_is(struct scan *scan, struct str key, bool *out_same)
{
    struct str found;
    if (scan->serializer != SERIALIZER_JSON) {
        return packed_key_is(scan, key, out_same);
    }
    bool escaped;
    json_blank(scan);
    if (scan->at == scan->end || *scan->at != '"') {
        return scan_fail(scan, "a key must be a string");
    }
    if (!json_text(scan, &found, &escaped)) {
        return false;
    }
    *out_same = escaped ? text_decodes_to(found, key) : str_eq(found, key);
    return json_expect(scan, ':', "a colon must follow a key");
}

struct slice slice_get(struct slice map, struct str key)
{
    struct scan scan;
    struct slice found = absent();
    open_slice(&scan, map);
    if (!scan_enter_map(&scan)) {
        return found;
    }
    while (scan_member(&scan)) {
        bool same = false;
        struct str bytes;
        if (!key_is(&scan, key, &same) || !scan_skip(&scan, &bytes)) {
            return absent();
        }
        if (same) {
            found = (struct slice){map.serializer, bytes};
        }
    }
    return scan_failed(&scan) ? absent() : found;
}

/* Nothing but the element that is next stands behind `scan`. JSON's count is never known. */
static bool is_last(const struct scan *scan)
{
    return scan->serializer != SERIALIZER_JSON && !scan->open[0].unbounded &&
           scan->open[0].left == 0;
}

struct slice slice_nth(struct slice list, size_t index)
{
    struct scan scan;
    open_slice(&scan, list);
    if (!scan_enter_list(&scan)) {
        return absent();
    }
    for (size_t i = 0; scan_more(&scan); i++) {
        struct str bytes;
        if (i == index && is_last(&scan)) { /* the answer of most calls: [result] */
            return (struct slice){list.serializer, str_make(scan.at, scan_rest(&scan))};
        }
        if (!scan_skip(&scan, &bytes)) {
            return absent();
        }
        if (i == index) {
            return (struct slice){list.serializer, bytes};
        }
    }
    return absent();
}

size_t slice_count(struct slice container)
{
    struct scan scan;
    open_slice(&scan, container);
    enum scan_kind kind = scan_peek(&scan);
    if (kind != SCAN_LIST && kind != SCAN_MAP) {
        return 0;
    }
    if (container.serializer != SERIALIZER_JSON) {
        struct head head;
        const char *from = scan.at;
        if (!packed_head(&scan, &head)) {
            return 0;
        }
        if (head.kind == HEAD_LIST || head.kind == HEAD_MAP) {
            return (size_t)head.value;
        }
        scan.at = from;
    }
    size_t count = 0;
    bool map = kind == SCAN_MAP;
    bool entered = map ? scan_enter_map(&scan) : scan_enter_list(&scan);
    while (entered && (map ? scan_member(&scan) : scan_more(&scan))) {
        bool same;
        if (map && !key_is(&scan, STR_EMPTY, &same)) {
            return 0;
        }
        if (!scan_skip(&scan, NULL)) {
            return 0;
        }
        count++;
    }
    return scan_failed(&scan) ? 0 : count;
}

enum scan_kind slice_kind(struct slice value)
{
    if (value.serializer == SERIALIZER_NONE) {
        return SCAN_NONE;
    }
    struct scan scan;
    open_slice(&scan, value);
    return scan_peek(&scan);
}

bool slice_valid(struct slice value, const char **problem, size_t *offset)
{
    struct scan scan;
    open_slice(&scan, value);
    if (scan_skip(&scan, NULL) && scan_end(&scan)) {
        return true;
    }
    if (problem != NULL) {
        *problem = scan.problem;
    }
    if (offset != NULL) {
        *offset = scan_offset(&scan);
    }
    return false;
}

bool slice_is_empty_text(struct slice value)
{
    struct scan scan;
    struct str text;
    open_slice(&scan, value);
    return scan_peek(&scan) == SCAN_STRING && scan_str(&scan, &text) && text.len == 0;
}
