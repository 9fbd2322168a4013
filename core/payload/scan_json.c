/* scan_json.c - JSON tokens, strictly by RFC 8259. */
#include "base/utf8.h"
#include "payload/scan_inside.h"

const uint8_t json_classes[256] = {
    [' '] = JSON_BLANK,  ['\t'] = JSON_BLANK, ['\n'] = JSON_BLANK, ['\r'] = JSON_BLANK,
    ['"'] = JSON_QUOTE,  ['-'] = JSON_NUMBER, ['0'] = JSON_NUMBER, ['1'] = JSON_NUMBER,
    ['2'] = JSON_NUMBER, ['3'] = JSON_NUMBER, ['4'] = JSON_NUMBER, ['5'] = JSON_NUMBER,
    ['6'] = JSON_NUMBER, ['7'] = JSON_NUMBER, ['8'] = JSON_NUMBER, ['9'] = JSON_NUMBER,
    ['t'] = JSON_WORD,   ['f'] = JSON_WORD,   ['n'] = JSON_WORD,   ['['] = JSON_LIST,
    ['{'] = JSON_MAP,
};

static bool is_hex(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool hex4_at(const char *at, const char *end)
{
    return end - at >= 4 && is_hex(at[0]) && is_hex(at[1]) && is_hex(at[2]) && is_hex(at[3]);
}

/* \uXXXX, `at` being on the backslash: a lone half of a surrogate pair is no character. */
static bool unicode_escape(struct scan *scan)
{
    const char *at = scan->at;
    if (!hex4_at(at + 2, scan->end)) {
        return scan_fail(scan, "four hex digits must follow \\u");
    }
    if ((at[2] | 0x20) != 'd' || at[3] < '8') {
        scan->at += 6;
        return true;
    }
    bool high = at[3] == '8' || at[3] == '9' || (at[3] | 0x20) == 'a' || (at[3] | 0x20) == 'b';
    const char *low = at + 6;
    if (!high || scan->end - low < 6 || low[0] != '\\' || low[1] != 'u' ||
        !hex4_at(low + 2, scan->end) || (low[2] | 0x20) != 'd' || (low[3] | 0x20) < 'c') {
        return scan_fail(scan, "half of a surrogate pair is not a character");
    }
    scan->at += 12;
    return true;
}

static bool escape(struct scan *scan)
{
    if (scan_rest(scan) < 2) {
        return scan_fail(scan, "a string does not end");
    }
    switch (scan->at[1]) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't':
        scan->at += 2;
        return true;
    case 'u':
        return unicode_escape(scan);
    default:
        return scan_fail(scan, "no such escape in a string");
    }
}

bool json_text_slow(struct scan *scan, struct str *out_body, bool *out_escaped)
{
    scan->at++;
    const char *from = scan->at;
    bool escaped = false;
    for (;;) {
        scan->at += text_plain(scan->at, scan->end);
        if (scan->at == scan->end) {
            return scan_fail(scan, "a string does not end");
        }
        unsigned char c = (unsigned char)*scan->at;
        if (c == '"') {
            break;
        }
        if (c == '\\') {
            escaped = true;
            if (!escape(scan)) {
                return false;
            }
            continue;
        }
        size_t step = c < 0x20 ? 0 : utf8_len(str_make(scan->at, scan_rest(scan)));
        if (step == 0) {
            return scan_fail(scan, c < 0x20 ? "a control character in a string must be escaped"
                                            : "a string is not UTF-8");
        }
        scan->at += step;
    }
    *out_body = str_make(from, (size_t)(scan->at - from));
    *out_escaped = escaped;
    scan->at++;
    return true;
}

bool json_word(struct scan *scan, enum scan_kind *out_kind, bool *out_value)
{
    size_t rest = scan_rest(scan);
    if (rest >= 4 && memcmp(scan->at, "true", 4) == 0) {
        *out_kind = SCAN_BOOL;
        *out_value = true;
        scan->at += 4;
        return true;
    }
    if (rest >= 5 && memcmp(scan->at, "false", 5) == 0) {
        *out_kind = SCAN_BOOL;
        *out_value = false;
        scan->at += 5;
        return true;
    }
    if (rest >= 4 && memcmp(scan->at, "null", 4) == 0) {
        *out_kind = SCAN_NULL;
        scan->at += 4;
        return true;
    }
    return scan_fail(scan, "no such word in JSON");
}

bool json_expect(struct scan *scan, char c, const char *problem)
{
    json_blank(scan);
    if (scan->at == scan->end || *scan->at != c) {
        return scan_fail(scan, problem);
    }
    scan->at++;
    return true;
}

bool json_bad_value(struct scan *scan)
{
    if (scan->at == scan->end) {
        return scan_fail(scan, "the text ends where a value should be");
    }
    if (scan_rest(scan) >= 3 && memcmp(scan->at, "\xef\xbb\xbf", 3) == 0) {
        return scan_fail(scan, "a byte order mark is not allowed");
    }
    return scan_fail(scan, "a value cannot begin like this");
}

static bool skip_scalar(struct scan *scan, enum json_class class)
{
    struct str body;
    struct number number;
    enum scan_kind kind;
    bool flag;
    switch (class) {
    case JSON_QUOTE:
        return json_text(scan, &body, &flag);
    case JSON_NUMBER:
        return json_number(scan, &number);
    case JSON_WORD:
        return json_word(scan, &kind, &flag);
    default:
        return json_bad_value(scan);
    }
}

static bool skip_key(struct scan *scan)
{
    struct str body;
    bool escaped;
    json_blank(scan);
    if (scan->at == scan->end || *scan->at != '"') {
        return scan_fail(scan, "a key must be a string");
    }
    return json_text(scan, &body, &escaped) && json_expect(scan, ':', "a colon must follow a key");
}

/* The containers around the place: one bit each, the innermost lowest, set for a map. */
struct nest {
    uint64_t maps;
    uint32_t depth;
    uint32_t max;
};
_Static_assert(SCAN_DEPTH_MAX <= 64, "a bit a level");

/* After a value: closes what ends here, until another value must come or none is open. */
static bool skip_closings(struct scan *scan, struct nest *nest)
{
    while (nest->depth > 0) {
        bool map = (nest->maps & 1) != 0;
        json_blank(scan);
        char c = scan->at < scan->end ? *scan->at : '\0';
        if (c == ',') {
            scan->at++;
            return !map || skip_key(scan);
        }
        if (c != (map ? '}' : ']')) {
            return scan_fail(scan, map ? "a comma or } must follow a member of a map"
                                       : "a comma or ] must follow a member of a list");
        }
        scan->at++;
        nest->maps >>= 1;
        nest->depth--;
    }
    return true;
}

/* Steps into a container; `*out_empty` when it ends at once (and is then left again). */
static bool skip_opening(struct scan *scan, struct nest *nest, bool map, bool *out_empty)
{
    if (nest->depth == nest->max) {
        return scan_fail(scan, "nested too deeply");
    }
    scan->at++;
    json_blank(scan);
    *out_empty = scan->at < scan->end && *scan->at == (map ? '}' : ']');
    if (*out_empty) {
        scan->at++;
        return true;
    }
    nest->maps = nest->maps << 1 | (map ? 1 : 0);
    nest->depth++;
    return !map || skip_key(scan);
}

bool json_skip(struct scan *scan)
{
    struct nest nest = {.max = SCAN_DEPTH_MAX - scan->depth};
    do {
        json_blank(scan);
        enum json_class class = scan->at < scan->end ? json_class(*scan->at) : JSON_OTHER;
        if (class == JSON_LIST || class == JSON_MAP) {
            bool empty = false;
            if (!skip_opening(scan, &nest, class == JSON_MAP, &empty)) {
                return false;
            }
            if (!empty) {
                continue;
            }
        } else if (!skip_scalar(scan, class)) {
            return false;
        }
        if (!skip_closings(scan, &nest)) {
            return false;
        }
    } while (nest.depth > 0);
    return true;
}
