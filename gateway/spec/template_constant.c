/* template_constant.c - values that are known when a spec is loaded, kept in both encodings, so
 * that a response copies them. */
#include "payload/emit.h"
#include "spec/template_inside.h"

#include <string.h>

static void emit_json(struct emit *emit, const json_t *value);

static void emit_object(struct emit *emit, const json_t *value)
{
    emit_map(emit, (uint32_t)json_object_size(value));
    const char *key = NULL;
    json_t *member = NULL;
    /* jansson's iterators take no const; nothing is changed. */
    union {
        const json_t *in;
        json_t *out;
    } object = {.in = value};
    json_object_foreach(object.out, key, member)
    {
        emit_key(emit, str_of(key));
        emit_json(emit, member);
    }
}

static void emit_json(struct emit *emit, const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        emit_object(emit, value);
        break;
    case JSON_ARRAY:
        emit_list(emit, (uint32_t)json_array_size(value));
        for (size_t i = 0; i < json_array_size(value); i++) {
            emit_json(emit, json_array_get(value, i));
        }
        break;
    case JSON_STRING:
        emit_str(emit, str_make(json_string_value(value), json_string_length(value)));
        break;
    case JSON_INTEGER:
        emit_i64(emit, json_integer_value(value));
        break;
    case JSON_REAL:
        emit_f64(emit, json_real_value(value));
        break;
    case JSON_TRUE:
    case JSON_FALSE:
        emit_bool(emit, json_is_true(value));
        break;
    case JSON_NULL:
        emit_null(emit);
        break;
    }
}

static bool finish(struct arena *arena, struct emit *emit, struct str *out, struct err *err)
{
    bool good = !emit->failed && !emit->out->full;
    if (good && arena_room(arena, emit->out->len + 64)) {
        *out = arena_str(arena, buf_str(emit->out));
    } else {
        good = err_set(err, ERR_LIMIT, "a value of more than %d bytes", (int)CONSTANT_MAX);
    }
    buf_done(emit->out);
    return good;
}

static const struct template *
constant(struct arena *arena, struct str json, struct str msgpack, struct err *err)
{
    struct template *template = ARENA_NEW(arena, struct template);
    *template = (struct template){.kind = TEMPLATE_CONSTANT, .depth = 1, .weight = 1};
    template->constant.json = json;
    template->constant.msgpack = msgpack;
    struct template_run run = {.arena = arena, .output_max = CONSTANT_MAX};
    const struct slice value = {SERIALIZER_MSGPACK, msgpack};
    enum scan_kind kind = slice_kind(value);
    if (kind != SCAN_LIST && kind != SCAN_MAP && kind != SCAN_BINARY) {
        template->constant.is_text = slice_text(value, &run, &template->constant.text);
    }
    if (run.err.code != ERR_NONE) {
        *err = run.err;
        return NULL;
    }
    return template;
}

/* What `put` writes of the value, in both encodings. */
static const struct template *written(struct arena *arena,
                                      void (*put)(struct emit *emit, const void *value),
                                      const void *value,
                                      struct err *err)
{
    struct str encoded[2] = {STR_EMPTY, STR_EMPTY};
    static const enum serializer serializers[2] = {SERIALIZER_JSON, SERIALIZER_MSGPACK};
    for (size_t i = 0; i < 2; i++) {
        struct buf buf;
        struct emit emit;
        buf_init(&buf, CONSTANT_MAX);
        emit_init(&emit, serializers[i], &buf);
        put(&emit, value);
        if (!finish(arena, &emit, &encoded[i], err)) {
            return NULL;
        }
    }
    return constant(arena, encoded[0], encoded[1], err);
}

static void put_json(struct emit *emit, const void *value)
{
    emit_json(emit, value);
}

static void put_slice(struct emit *emit, const void *value)
{
    emit_slice(emit, *(const struct slice *)value);
}

const struct template *template_of_json(struct arena *arena, const json_t *value, struct err *err)
{
    return written(arena, put_json, value, err);
}

const struct template *template_of_slice(struct arena *arena, struct slice value, struct err *err)
{
    return written(arena, put_slice, &value, err);
}

json_t *template_constant_json(const struct template *template)
{
    return json_loadb(template->constant.json.ptr, template->constant.json.len, JSON_DECODE_ANY,
                      NULL);
}

bool template_constant(const struct template *template, struct slice *out)
{
    if (template->kind != TEMPLATE_CONSTANT) {
        return false;
    }
    *out = (struct slice){SERIALIZER_MSGPACK, template->constant.msgpack};
    return true;
}

bool template_uses_body(const struct template *template)
{
    return template != NULL && (template->uses & USES_BODY) != 0;
}

bool template_uses_text(const struct template *template)
{
    return template != NULL && (template->uses & USES_TEXT) != 0;
}
