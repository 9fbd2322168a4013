/* transcode_json.c - JSON to MsgPack and to CBOR. How many members a list or map has is known at
 * its end: its head is written there, into the byte that was kept for it.
 */
#include "base/encode.h"
#include "base/mem.h"
#include "payload/transcode_inside.h"

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

static bool put_decoded(struct writer *writer, enum serializer to, struct str body)
{
    size_t len = text_decoded_len(body);
    if (!put_str_head(writer, to, len) || !writer_room(writer, len)) {
        return false;
    }
    writer->at += text_decode(body, writer->at);
    return true;
}

static bool put_escaped(struct writer *writer, enum serializer to, struct str body)
{
    struct buf bytes;
    if (!str_starts(body, STR("\\u0000"))) {
        return put_decoded(writer, to, body);
    }
    bool binary = decode_base64(str_from(body, 6), &bytes);
    bool ok = binary ? put_bin(writer, to, buf_str(&bytes)) : put_decoded(writer, to, body);
    buf_done(&bytes);
    return ok;
}

PER_PAIR bool take_text(struct writer *writer, struct scan *scan, enum serializer to)
{
    struct str body;
    bool escaped;
    if (!json_text(scan, &body, &escaped)) {
        return false;
    }
    return escaped ? put_escaped(writer, to, body) : put_str(writer, to, body);
}

PER_PAIR bool take_number(struct writer *writer, struct scan *scan, enum serializer to)
{
    struct number number;
    if (!json_number(scan, &number)) {
        return false;
    }
    if (number.is_float) {
        return put_f64(writer, to, number_f64(&number));
    }
    return number.negative ? put_int(writer, to, (int64_t)(0 - number.magnitude))
                           : put_uint(writer, to, number.magnitude);
}

PER_PAIR bool take_word(struct writer *writer, struct scan *scan, enum serializer to)
{
    enum scan_kind kind;
    bool value = false;
    return json_word(scan, &kind, &value) &&
           (kind == SCAN_NULL ? put_null(writer, to) : put_bool(writer, to, value));
}

PER_PAIR bool take_key(struct writer *writer, struct scan *scan, enum serializer to)
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
    return (escaped ? put_decoded(writer, to, body) : put_str(writer, to, body)) &&
           json_expect(scan, ':', "a colon must follow a key");
}

/* After a value: closes what ends here, until another value must come or none is open. */
PER_PAIR bool take_closings(struct writer *writer,
                            struct scan *scan,
                            enum serializer to,
                            struct level *levels,
                            uint32_t *depth)
{
    while (*depth > 0) {
        struct level *level = &levels[*depth - 1];
        json_blank(scan);
        char c = scan->at < scan->end ? *scan->at++ : '\0';
        level->count++;
        if (c == ',') {
            return !level->map || take_key(writer, scan, to);
        }
        if (c != (level->map ? '}' : ']')) {
            return scan_fail(scan, "a comma must follow a member");
        }
        if (!level_close(writer, level, to)) {
            return false;
        }
        (*depth)--;
    }
    return true;
}

PER_PAIR bool take_opening(struct writer *writer,
                           struct scan *scan,
                           enum serializer to,
                           struct level *levels,
                           uint32_t *depth,
                           bool *out_empty)
{
    bool map = *scan->at++ == '{';
    if (*depth == SCAN_DEPTH_MAX || !write_byte(writer, level_byte(to, map))) {
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
    return !map || take_key(writer, scan, to);
}

PER_PAIR bool json_to(struct writer *writer, struct scan *scan, enum serializer to)
{
    struct level levels[SCAN_DEPTH_MAX];
    uint32_t depth = 0;
    do {
        bool ok;
        bool opened = false;
        json_blank(scan);
        switch (scan->at < scan->end ? json_class(*scan->at) : JSON_OTHER) {
        case JSON_QUOTE:
            ok = take_text(writer, scan, to);
            break;
        case JSON_NUMBER:
            ok = take_number(writer, scan, to);
            break;
        case JSON_WORD:
            ok = take_word(writer, scan, to);
            break;
        case JSON_LIST:
        case JSON_MAP:
            ok = take_opening(writer, scan, to, levels, &depth, &opened);
            opened = !opened;
            break;
        default:
            ok = json_bad_value(scan);
            break;
        }
        if (!ok || (!opened && !take_closings(writer, scan, to, levels, &depth))) {
            return false;
        }
    } while (depth > 0);
    return true;
}

bool json_to_msgpack(struct writer *writer, struct scan *scan)
{
    return json_to(writer, scan, SERIALIZER_MSGPACK);
}

bool json_to_cbor(struct writer *writer, struct scan *scan)
{
    return json_to(writer, scan, SERIALIZER_CBOR);
}
