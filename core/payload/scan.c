/* scan.c - the pull interface over every serializer: a switch a call, then tokens. */
#include "payload/scan.h"

#include "payload/scan_inside.h"

/* Once in each function that calls it: what a message's scan consists of. */
#define HOT static inline __attribute__((always_inline))

bool scan_fail(struct scan *scan, const char *problem)
{
    if (!scan->failed) {
        scan->failed = true;
        scan->problem = problem;
    }
    return false;
}

/* `open` is left as it is: only levels that were entered are read. */
void scan_init(struct scan *scan,
               enum serializer serializer,
               struct str input,
               struct arena *scratch)
{
    scan->serializer = serializer;
    scan->at = input.len == 0 ? "" : input.ptr;
    scan->start = scan->at;
    scan->end = scan->at + input.len;
    scan->scratch = scratch;
    scan->depth = 0;
    scan->failed = false;
    scan->problem = NULL;
    if (serializer == SERIALIZER_NONE || serializer >= SERIALIZERS) {
        (void)scan_fail(scan, "no such serializer");
    }
}

size_t scan_offset(const struct scan *scan)
{
    return (size_t)(scan->at - scan->start);
}

bool scan_end(struct scan *scan)
{
    if (scan->failed) {
        return false;
    }
    if (scan->serializer == SERIALIZER_JSON) {
        json_blank(scan);
    }
    return scan->at == scan->end || scan_fail(scan, "something follows the value");
}

/* To the first byte of a value: false when failed already, or at the end. */
HOT bool ready(struct scan *scan)
{
    if (scan->failed) {
        return false;
    }
    if (scan->serializer == SERIALIZER_JSON) {
        json_blank(scan);
    }
    return scan->at < scan->end;
}

static enum scan_kind peek_json(struct scan *scan)
{
    struct scan probe;
    struct number number;
    switch (json_class(*scan->at)) {
    case JSON_QUOTE:
        return SCAN_STRING;
    case JSON_WORD:
        return *scan->at == 'n' ? SCAN_NULL : SCAN_BOOL;
    case JSON_LIST:
        return SCAN_LIST;
    case JSON_MAP:
        return SCAN_MAP;
    case JSON_NUMBER:
        scan_init(&probe, SERIALIZER_JSON, str_make(scan->at, scan_rest(scan)), NULL);
        if (!json_number(&probe, &number)) {
            (void)scan_fail(scan, probe.problem);
            return SCAN_NONE;
        }
        return number.is_float ? SCAN_FLOAT : SCAN_INT;
    default:
        (void)json_bad_value(scan);
        return SCAN_NONE;
    }
}

enum scan_kind scan_peek(struct scan *scan)
{
    if (!ready(scan)) {
        return SCAN_NONE;
    }
    if (scan->serializer == SERIALIZER_JSON) {
        return peek_json(scan);
    }
    if (scan->serializer != SERIALIZER_MSGPACK) {
        return cbor_peek(scan);
    }
    enum scan_kind kind = msgpack_peek(scan);
    if (kind == SCAN_NONE) {
        struct head head;
        (void)msgpack_head(scan, &head);
    }
    return kind;
}

/* A value of class `class` (JSON) must come. */
static bool ready_json(struct scan *scan, enum json_class class, const char *problem)
{
    if (!ready(scan)) {
        return scan_fail(scan, problem);
    }
    return json_class(*scan->at) == class || scan_fail(scan, problem);
}

/* Reads a head; what it is not is left where it stands, so that the offset points at it. */
HOT bool ready_packed(struct scan *scan, struct head *out, const char *problem)
{
    if (!ready(scan)) {
        return scan_fail(scan, problem);
    }
    return packed_head(scan, out);
}

static bool reject(struct scan *scan, const char *at, const char *problem)
{
    scan->at = at;
    return scan_fail(scan, problem);
}

bool scan_null(struct scan *scan)
{
    static const char wanted[] = "null was expected";
    enum scan_kind kind = scan_peek(scan);
    if (kind != SCAN_NULL) {
        return scan_fail(scan, wanted);
    }
    bool value;
    struct head head;
    return scan->serializer == SERIALIZER_JSON ? json_word(scan, &kind, &value)
                                               : packed_head(scan, &head);
}

bool scan_bool(struct scan *scan, bool *out)
{
    static const char wanted[] = "true or false was expected";
    enum scan_kind kind = scan_peek(scan);
    if (kind != SCAN_BOOL) {
        return scan_fail(scan, wanted);
    }
    if (scan->serializer == SERIALIZER_JSON) {
        return json_word(scan, &kind, out);
    }
    if (scan->serializer == SERIALIZER_MSGPACK) {
        *out = *scan->at++ == '\xc3';
        return true;
    }
    struct head head;
    if (!cbor_wide_head(scan, &head)) {
        return false;
    }
    *out = head.kind == HEAD_TRUE;
    return true;
}

bool scan_i64(struct scan *scan, int64_t *out)
{
    static const char wanted[] = "an integer was expected";
    const char *from = scan->at;
    if (scan->serializer == SERIALIZER_JSON) {
        struct number number;
        if (!ready_json(scan, JSON_NUMBER, wanted) || !json_number(scan, &number)) {
            return false;
        }
        if (number.is_float) {
            return (number.exact && f64_to_i64(number_f64(&number), out)) ||
                   reject(scan, from, wanted);
        }
        if (number.magnitude > (uint64_t)INT64_MAX + (number.negative ? 1 : 0)) {
            return reject(scan, from, "an integer is too large");
        }
        *out = (int64_t)(number.negative ? 0 - number.magnitude : number.magnitude);
        return true;
    }
    struct head head;
    if (!ready_packed(scan, &head, wanted)) {
        return false;
    }
    if (head.kind == HEAD_F32 || head.kind == HEAD_F64) {
        return f64_to_i64(head_f64(head), out) || reject(scan, from, wanted);
    }
    if (head.kind == HEAD_UINT && head.value > INT64_MAX) {
        return reject(scan, from, "an integer is too large");
    }
    if (head.kind != HEAD_UINT && head.kind != HEAD_INT) {
        return reject(scan, from, wanted);
    }
    *out = (int64_t)head.value;
    return true;
}

bool scan_u64(struct scan *scan, uint64_t *out)
{
    static const char wanted[] = "a non-negative integer was expected";
    const char *from = scan->at;
    if (scan->serializer == SERIALIZER_JSON) {
        struct number number;
        if (!ready_json(scan, JSON_NUMBER, wanted) || !json_number(scan, &number)) {
            return false;
        }
        if (number.is_float) {
            return (number.exact && f64_to_u64(number_f64(&number), out)) ||
                   reject(scan, from, wanted);
        }
        if (number.negative && number.magnitude > 0) {
            return reject(scan, from, wanted);
        }
        *out = number.magnitude;
        return true;
    }
    struct head head;
    if (!ready_packed(scan, &head, wanted)) {
        return false;
    }
    if (head.kind == HEAD_F32 || head.kind == HEAD_F64) {
        return f64_to_u64(head_f64(head), out) || reject(scan, from, wanted);
    }
    if (head.kind != HEAD_UINT && (head.kind != HEAD_INT || (int64_t)head.value < 0)) {
        return reject(scan, from, wanted);
    }
    *out = head.value;
    return true;
}

bool scan_f64(struct scan *scan, double *out)
{
    static const char wanted[] = "a number was expected";
    const char *from = scan->at;
    if (scan->serializer == SERIALIZER_JSON) {
        struct number number;
        if (!ready_json(scan, JSON_NUMBER, wanted) || !json_number(scan, &number)) {
            return false;
        }
        *out = number_f64(&number);
        return true;
    }
    struct head head;
    if (!ready_packed(scan, &head, wanted)) {
        return false;
    }
    switch (head.kind) {
    case HEAD_UINT:
        *out = (double)head.value;
        return true;
    case HEAD_INT:
        *out = (double)(int64_t)head.value;
        return true;
    case HEAD_F32:
    case HEAD_F64:
        *out = head_f64(head);
        return true;
    default:
        return reject(scan, from, wanted);
    }
}

static bool json_str(struct scan *scan, struct str *out)
{
    struct str body;
    bool escaped;
    if (!json_text(scan, &body, &escaped)) {
        return false;
    }
    if (escaped) {
        if (scan->scratch == NULL || !arena_room(scan->scratch, body.len)) {
            return scan_fail(scan, "a string is too long");
        }
        char *text = arena_alloc(scan->scratch, body.len);
        body = str_make(text, text_decode(body, text));
    }
    *out = body;
    return true;
}

/* A CBOR string in chunks, put together. */
static __attribute__((noinline)) bool
joined(struct scan *scan, const struct head *head, struct str *out)
{
    char *bytes = NULL;
    if (head->value > 0) {
        if (scan->scratch == NULL || !arena_room(scan->scratch, head->value)) {
            return scan_fail(scan, "a string is too long");
        }
        bytes = arena_alloc(scan->scratch, head->value);
    }
    cbor_join(scan, bytes);
    *out = bytes == NULL ? STR_EMPTY : str_make(bytes, head->value);
    return true;
}

HOT bool packed_bytes(struct scan *scan, enum head_kind kind, struct str *out, const char *wanted)
{
    struct head head;
    const char *from = scan->at;
    if (!ready_packed(scan, &head, wanted)) {
        return false;
    }
    if (head.kind != kind) {
        bool chunks = head.kind == (kind == HEAD_STR ? HEAD_STR_CHUNKS : HEAD_BIN_CHUNKS);
        return chunks ? joined(scan, &head, out) : reject(scan, from, wanted);
    }
    struct str bytes = str_make(scan->at, head.value);
    if (kind == HEAD_STR && !utf8_valid(bytes)) {
        return scan_fail(scan, "a string is not UTF-8");
    }
    scan->at += head.value;
    *out = bytes;
    return true;
}

bool scan_str(struct scan *scan, struct str *out)
{
    static const char wanted[] = "a string was expected";
    if (scan->serializer == SERIALIZER_JSON) {
        return ready_json(scan, JSON_QUOTE, wanted) && json_str(scan, out);
    }
    return packed_bytes(scan, HEAD_STR, out, wanted);
}

bool scan_bin(struct scan *scan, struct str *out)
{
    static const char wanted[] = "binary was expected";
    if (scan->serializer == SERIALIZER_JSON) {
        return scan_fail(scan, wanted);
    }
    return packed_bytes(scan, HEAD_BIN, out, wanted);
}

HOT bool enter(struct scan *scan, bool map)
{
    const char *wanted = map ? "a map was expected" : "a list was expected";
    uint32_t left = 0;
    bool unbounded = false;
    if (scan_peek(scan) != (map ? SCAN_MAP : SCAN_LIST)) {
        return scan_fail(scan, wanted);
    }
    if (scan->depth == SCAN_DEPTH_MAX) {
        return scan_fail(scan, "nested too deeply");
    }
    if (scan->serializer == SERIALIZER_JSON) {
        scan->at++;
    } else {
        struct head head;
        if (!packed_head(scan, &head)) {
            return false;
        }
        left = (uint32_t)head.value;
        unbounded = head.kind >= HEAD_LIST_OPEN;
    }
    scan->open[scan->depth].left = left;
    scan->open[scan->depth].map = map;
    scan->open[scan->depth].first = true;
    scan->open[scan->depth].unbounded = unbounded;
    scan->depth++;
    return true;
}

bool scan_enter_list(struct scan *scan)
{
    return enter(scan, false);
}

bool scan_enter_map(struct scan *scan)
{
    return enter(scan, true);
}

/* Whether the innermost container has another member; leaves the container if not. */
static bool more_json(struct scan *scan, char closing)
{
    json_blank(scan);
    if (scan->at == scan->end) {
        return scan_fail(scan, "the text ends inside a list or map");
    }
    if (*scan->at == closing) {
        scan->at++;
        scan->depth--;
        return false;
    }
    bool first = scan->open[scan->depth - 1].first;
    scan->open[scan->depth - 1].first = false;
    return first || json_expect(scan, ',', "a comma must separate members");
}

static bool more(struct scan *scan, bool map)
{
    if (scan->failed) {
        return false;
    }
    if (scan->depth == 0 || scan->open[scan->depth - 1].map != map) {
        return scan_fail(scan, "no list or map is open here");
    }
    if (scan->serializer == SERIALIZER_JSON) {
        return more_json(scan, map ? '}' : ']');
    }
    if (scan->open[scan->depth - 1].left == 0) {
        if (scan->open[scan->depth - 1].unbounded && !cbor_break(scan)) {
            return true;
        }
        scan->depth--;
        return false;
    }
    scan->open[scan->depth - 1].left--;
    return true;
}

bool scan_more(struct scan *scan)
{
    return more(scan, false);
}

bool scan_member(struct scan *scan)
{
    return more(scan, true);
}

bool scan_key(struct scan *scan, struct str *out)
{
    static const char wanted[] = "a key must be a string";
    if (!more(scan, true)) {
        return false;
    }
    if (scan->serializer == SERIALIZER_JSON) {
        return ready_json(scan, JSON_QUOTE, wanted) && json_str(scan, out) &&
               json_expect(scan, ':', "a colon must follow a key");
    }
    return packed_bytes(scan, HEAD_STR, out, wanted);
}

bool scan_skip(struct scan *scan, struct str *out)
{
    if (!ready(scan)) {
        return scan_fail(scan, "the input ends where a value should be");
    }
    const char *from = scan->at;
    bool ok = scan->serializer == SERIALIZER_MSGPACK ? msgpack_skip(scan)
              : scan->serializer == SERIALIZER_JSON  ? json_skip(scan)
                                                     : cbor_skip(scan);
    if (!ok) {
        return false;
    }
    if (out != NULL) {
        *out = str_make(from, (size_t)(scan->at - from));
    }
    return true;
}
