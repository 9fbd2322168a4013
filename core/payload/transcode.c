/* transcode.c - JSON to MsgPack and back in one pass, without a tree.
 *
 * MsgPack bin is, in JSON, a string of NUL and base64 (WAMP 5.3.4), and becomes
 * bin again on the way back. A JSON string that begins with NUL and is not
 * base64 behind it stays a string; so does a MsgPack string that begins with
 * NUL, which JSON cannot tell from binary if the rest happens to be base64.
 */
#include "base/encode.h"
#include "base/mem.h"
#include "payload/emit.h"
#include "payload/emit_inside.h"

/* A container that is being written. Offsets, for the buffer may move. */
struct level {
    size_t head;    /* to MsgPack: where its head is */
    uint32_t count; /* to MsgPack: members so far; to JSON: members to come */
    bool map;
};

/* Writes the head that is due now that the count is known; one byte was kept for it. */
static bool close_level(struct writer *writer, const struct level *level)
{
    bool (*write_count)(struct writer *, uint32_t) =
        level->map ? write_msgpack_map : write_msgpack_list;
    size_t width = level->count < 16 ? 0 : level->count <= UINT16_MAX ? 2 : 4;
    if (!writer_room(writer, width)) {
        return false;
    }
    char *head = writer->buf->ptr + level->head;
    size_t body = (size_t)(writer->at - head) - 1;
    if (width > 0) {
        memmove(head + 1 + width, head + 1, body);
    }
    writer->at = head;
    bool ok = write_count(writer, level->count);
    writer->at += body;
    return ok;
}

/* What stands behind the NUL, if that is base64; `out` is to be freed either way. */
static bool decode_base64(struct str body, struct buf *out)
{
    struct str text = body;
    char *plain = NULL;
    if (str_find(body, '\\') >= 0) {
        plain = mem_alloc(body.len);
        text = str_make(plain, text_decode(body, plain));
    }
    buf_init(out, text.len);
    bool ok = base64_decode(BASE64_STANDARD, text, out);
    mem_free(plain);
    return ok;
}

static bool decoded_to_msgpack(struct writer *writer, struct str body)
{
    size_t len = text_decoded_len(body);
    if (!write_msgpack_str_head(writer, len) || !writer_room(writer, len)) {
        return false;
    }
    writer->at += text_decode(body, writer->at);
    return true;
}

static bool escaped_to_msgpack(struct writer *writer, struct str body)
{
    struct buf bytes;
    if (!str_starts(body, STR("\\u0000"))) {
        return decoded_to_msgpack(writer, body);
    }
    bool binary = decode_base64(str_from(body, 6), &bytes);
    bool ok =
        binary ? write_msgpack_bin(writer, buf_str(&bytes)) : decoded_to_msgpack(writer, body);
    buf_done(&bytes);
    return ok;
}

static bool str_to_msgpack(struct writer *writer, struct scan *scan)
{
    struct str body;
    bool escaped;
    if (!json_text(scan, &body, &escaped)) {
        return false;
    }
    return escaped ? escaped_to_msgpack(writer, body) : write_msgpack_str(writer, body);
}

static bool number_to_msgpack(struct writer *writer, struct scan *scan)
{
    struct number number;
    if (!json_number(scan, &number)) {
        return false;
    }
    if (number.is_float) {
        return write_msgpack_f64(writer, number_f64(&number));
    }
    return number.negative ? write_msgpack_int(writer, (int64_t)(0 - number.magnitude))
                           : write_msgpack_uint(writer, number.magnitude);
}

static bool word_to_msgpack(struct writer *writer, struct scan *scan)
{
    enum scan_kind kind;
    bool value = false;
    return json_word(scan, &kind, &value) && write_byte(writer, kind == SCAN_NULL ? 0xc0
                                                                : value           ? 0xc3
                                                                                  : 0xc2);
}

static bool key_to_msgpack(struct writer *writer, struct scan *scan)
{
    json_blank(scan);
    if (scan->at == scan->end || *scan->at != '"') {
        return scan_fail(scan, "a key must be a string");
    }
    struct str body;
    bool escaped;
    if (!json_text(scan, &body, &escaped)) {
        return false;
    }
    /* A key is never binary, whatever it looks like. */
    return (escaped ? decoded_to_msgpack(writer, body) : write_msgpack_str(writer, body)) &&
           json_expect(scan, ':', "a colon must follow a key");
}

/* After a value: closes what ends here, until another value must come or none is open. */
static bool
closings_to_msgpack(struct writer *writer, struct scan *scan, struct level *levels, uint32_t *depth)
{
    while (*depth > 0) {
        struct level *level = &levels[*depth - 1];
        json_blank(scan);
        char c = scan->at < scan->end ? *scan->at++ : '\0';
        level->count++;
        if (c == ',') {
            return !level->map || key_to_msgpack(writer, scan);
        }
        if (c != (level->map ? '}' : ']')) {
            return scan_fail(scan, "a comma must follow a member");
        }
        if (!close_level(writer, level)) {
            return false;
        }
        (*depth)--;
    }
    return true;
}

static bool opening_to_msgpack(struct writer *writer,
                               struct scan *scan,
                               struct level *levels,
                               uint32_t *depth,
                               bool *out_empty)
{
    bool map = *scan->at++ == '{';
    if (*depth == SCAN_DEPTH_MAX || !write_byte(writer, map ? 0x80 : 0x90)) {
        return false;
    }
    size_t head = (size_t)(writer->at - writer->buf->ptr) - 1;
    json_blank(scan);
    *out_empty = scan->at < scan->end && *scan->at == (map ? '}' : ']');
    if (*out_empty) {
        scan->at++;
        return true;
    }
    levels[(*depth)++] = (struct level){.head = head, .map = map};
    return !map || key_to_msgpack(writer, scan);
}

static bool json_to_msgpack(struct writer *writer, struct scan *scan)
{
    struct level levels[SCAN_DEPTH_MAX];
    uint32_t depth = 0;
    do {
        bool ok;
        bool opened = false;
        json_blank(scan);
        switch (scan->at < scan->end ? json_class(*scan->at) : JSON_OTHER) {
        case JSON_QUOTE:
            ok = str_to_msgpack(writer, scan);
            break;
        case JSON_NUMBER:
            ok = number_to_msgpack(writer, scan);
            break;
        case JSON_WORD:
            ok = word_to_msgpack(writer, scan);
            break;
        case JSON_LIST:
        case JSON_MAP:
            ok = opening_to_msgpack(writer, scan, levels, &depth, &opened);
            opened = !opened;
            break;
        default:
            ok = json_bad_value(scan);
            break;
        }
        if (!ok || (!opened && !closings_to_msgpack(writer, scan, levels, &depth))) {
            return false;
        }
    } while (depth > 0);
    return true;
}

static bool scalar_to_json(struct writer *writer, struct scan *scan, struct msgpack_head head)
{
    struct str bytes = str_make(scan->at, head.value);
    switch (head.kind) {
    case MSGPACK_STR:
        scan->at += bytes.len;
        return write_json_str(writer, bytes);
    case MSGPACK_BIN:
        scan->at += bytes.len;
        return write_json_bin(writer, bytes);
    case MSGPACK_UINT:
        return write_json_uint(writer, head.value);
    case MSGPACK_INT:
        return write_json_int(writer, (int64_t)head.value);
    case MSGPACK_F32:
    case MSGPACK_F64:
        return write_json_f64(writer, msgpack_f64(head));
    case MSGPACK_TRUE:
        return write_bytes(writer, STR("true"));
    case MSGPACK_FALSE:
        return write_bytes(writer, STR("false"));
    default:
        return write_bytes(writer, STR("null"));
    }
}

/* JSON's keys are strings: a map with others does not exist there. */
static bool key_to_json(struct writer *writer, struct scan *scan)
{
    struct msgpack_head head;
    if (!msgpack_head(scan, &head)) {
        return false;
    }
    if (head.kind != MSGPACK_STR) {
        return scan_fail(scan, "a key must be a string");
    }
    return scalar_to_json(writer, scan, head) && write_byte(writer, ':');
}

/* After a value: closes what is complete, or writes what must stand before the next. */
static bool
closings_to_json(struct writer *writer, struct scan *scan, struct level *levels, uint32_t *depth)
{
    while (*depth > 0) {
        struct level *level = &levels[*depth - 1];
        if (level->count > 0) {
            level->count--;
            return write_byte(writer, ',') && (!level->map || key_to_json(writer, scan));
        }
        if (!write_byte(writer, level->map ? '}' : ']')) {
            return false;
        }
        (*depth)--;
    }
    return true;
}

static bool opening_to_json(struct writer *writer,
                            struct scan *scan,
                            const struct msgpack_head *head,
                            struct level *levels,
                            uint32_t *depth)
{
    bool map = head->kind == MSGPACK_MAP;
    if (*depth == SCAN_DEPTH_MAX || !write_byte(writer, map ? '{' : '[')) {
        return false;
    }
    levels[(*depth)++] = (struct level){.count = (uint32_t)head->value, .map = map};
    if (head->value == 0) {
        return closings_to_json(writer, scan, levels, depth);
    }
    levels[*depth - 1].count--;
    return !map || key_to_json(writer, scan);
}

static bool msgpack_to_json(struct writer *writer, struct scan *scan)
{
    struct level levels[SCAN_DEPTH_MAX];
    uint32_t depth = 0;
    do {
        struct msgpack_head head;
        if (!msgpack_head(scan, &head)) {
            return false;
        }
        if (head.kind == MSGPACK_LIST || head.kind == MSGPACK_MAP) {
            if (!opening_to_json(writer, scan, &head, levels, &depth)) {
                return false;
            }
        } else if (!scalar_to_json(writer, scan, head) ||
                   !closings_to_json(writer, scan, levels, &depth)) {
            return false;
        }
    } while (depth > 0);
    return true;
}

bool transcode(struct writer *writer, struct slice value, enum serializer to)
{
    struct scan scan;
    scan_init(&scan, value.serializer, value.bytes, NULL);
    if (scan_failed(&scan)) {
        return false;
    }
    return to == SERIALIZER_MSGPACK ? json_to_msgpack(writer, &scan)
                                    : msgpack_to_json(writer, &scan);
}
