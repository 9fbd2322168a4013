/* json.c - JSON text into a document, by the house's scanner. */
#include "document/inside.h"
#include "payload/scan.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

struct json_reader {
    struct builder *builder;
    struct scan scan;
    struct arena scratch; /* strings with escapes */
    struct cursor cursor;
};

/* Where the next token begins: behind white space and what parts two tokens. */
static struct position next_position(struct json_reader *reader)
{
    const char *at = reader->scan.at;
    while (at < reader->scan.end && *at != 0 && strchr(" \t\r\n,:", *at) != NULL) {
        at++;
    }
    return cursor_to(&reader->cursor, (size_t)(at - reader->scan.start));
}

static bool scan_problem(struct json_reader *reader)
{
    const struct scan *scan = &reader->scan;
    const char *text = scan->problem == NULL ? "not JSON" : scan->problem;
    return builder_fail(reader->builder, cursor_to(&reader->cursor, scan_offset(scan)), "%s", text);
}

static json_t *read_int(struct json_reader *reader, struct position at)
{
    int64_t value = 0;
    if (scan_i64(&reader->scan, &value)) {
        return json_integer(value);
    }
    (void)builder_fail(reader->builder, at, "the number does not fit 64 bits");
    return NULL;
}

static json_t *read_float(struct json_reader *reader, struct position at)
{
    double value = 0;
    const char *start = reader->scan.at;
    if (!scan_f64(&reader->scan, &value)) {
        return NULL;
    }
    bool whole = true;
    for (const char *p = start; p < reader->scan.at; p++) {
        whole = whole && strchr(".eE", *p) == NULL;
    }
    if (whole || !isfinite(value)) {
        (void)builder_fail(reader->builder, at, "the number does not fit 64 bits");
        return NULL;
    }
    return json_real(value);
}

static json_t *read_scalar(struct json_reader *reader, enum scan_kind kind, struct position at)
{
    struct scan *scan = &reader->scan;
    bool truth = false;
    struct str text = STR_EMPTY;
    switch (kind) {
    case SCAN_NULL:
        return scan_null(scan) ? json_null() : NULL;
    case SCAN_BOOL:
        return scan_bool(scan, &truth) ? json_boolean(truth) : NULL;
    case SCAN_INT:
        return read_int(reader, at);
    case SCAN_FLOAT:
        return read_float(reader, at);
    case SCAN_STRING:
        return scan_str(scan, &text) ? json_stringn_nocheck(text.ptr, text.len) : NULL;
    case SCAN_NONE:
    case SCAN_BINARY:
    case SCAN_LIST:
    case SCAN_MAP:
        break;
    }
    return NULL;
}

static bool read_value(struct json_reader *reader, struct slot slot);

static bool read_list(struct json_reader *reader, struct place *place)
{
    struct scan *scan = &reader->scan;
    if (!scan_enter_list(scan)) {
        return scan_problem(reader);
    }
    while (scan_more(scan)) {
        if (!read_value(reader, (struct slot){.parent = place})) {
            return false;
        }
    }
    return !scan_failed(scan) || scan_problem(reader);
}

static bool read_map(struct json_reader *reader, struct place *place)
{
    struct scan *scan = &reader->scan;
    if (!scan_enter_map(scan)) {
        return scan_problem(reader);
    }
    struct slot slot = {.parent = place, .key_at = next_position(reader)};
    while (scan_key(scan, &slot.key)) {
        if (!builder_key_ok(reader->builder, &slot) || !read_value(reader, slot)) {
            return false;
        }
        slot.key_at = next_position(reader);
    }
    return !scan_failed(scan) || scan_problem(reader);
}

static bool read_value(struct json_reader *reader, struct slot slot)
{
    enum scan_kind kind = scan_peek(&reader->scan);
    struct position at = next_position(reader);
    bool list = kind == SCAN_LIST;
    if (!list && kind != SCAN_MAP) {
        json_t *value = read_scalar(reader, kind, at);
        if (value == NULL) {
            return scan_problem(reader);
        }
        return builder_add(reader->builder, &slot, at, value) != NULL;
    }
    struct place *place =
        builder_add(reader->builder, &slot, at, list ? json_array() : json_object());
    if (place == NULL) {
        return false;
    }
    return list ? read_list(reader, place) : read_map(reader, place);
}

bool document_read_json(struct builder *builder, struct str text)
{
    struct json_reader reader = {.builder = builder, .cursor = cursor_of(text)};
    /* A decoded string is shorter than its text, and is rounded up. */
    arena_init(&reader.scratch, 4 * text.len + ((size_t)1 << 20));
    scan_init(&reader.scan, SERIALIZER_JSON, text, &reader.scratch);
    bool ok = read_value(&reader, (struct slot){0});
    if (ok && !scan_end(&reader.scan)) {
        ok = scan_problem(&reader);
    }
    arena_done(&reader.scratch);
    return ok;
}
