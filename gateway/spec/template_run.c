/* template_run.c - renders a template: literals are copied, look-ups are slices, and only what
 * operators build is built, in the run's arena. */
#include "base/mem.h"
#include "spec/expression.h"
#include "spec/template_inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static bool evaluate(const struct template *template, struct template_run *run, struct slice *out);

static bool too_large(struct template_run *run)
{
    return err_set(&run->err, ERR_LIMIT, "the rendered value is larger than %zu bytes",
                   run->output_max);
}

void *run_alloc(struct template_run *run, size_t size)
{
    if (size > run->output_max + 4096 || !arena_room(run->arena, size + 64)) {
        (void)too_large(run);
        return NULL;
    }
    return arena_alloc(run->arena, size);
}

struct emit *run_begin(struct template_run *run, struct emit *emit, struct buf *buf)
{
    buf_init(buf, run->output_max);
    emit_init(emit, SERIALIZER_MSGPACK, buf);
    return emit;
}

bool run_finish(struct template_run *run, struct emit *emit, struct slice *out)
{
    struct str bytes = buf_str(emit->out);
    bool good = !emit->failed && !emit->out->full;
    char *copy = good ? run_alloc(run, bytes.len) : NULL;
    if (copy != NULL) {
        memcpy(copy, bytes.ptr, bytes.len);
        *out = (struct slice){SERIALIZER_MSGPACK, str_make(copy, bytes.len)};
    } else if (emit->out->full) {
        (void)too_large(run);
    } else if (run->err.code == ERR_NONE) {
        (void)err_set(&run->err, ERR_INTERNAL, "a value cannot be represented");
    }
    buf_done(emit->out);
    return copy != NULL;
}

static bool no_value(struct template_run *run, struct str shown)
{
    return err_set(&run->err, ERR_INTERNAL,
                   "There is no value for path '" PRISTR "' in the HTTP Request context.",
                   (int)(shown.len < 120 ? shown.len : 120), shown.ptr);
}

/* The rest of a path, within a value. */
static bool
descend(const struct template *template, struct template_run *run, size_t from, struct slice *value)
{
    for (size_t i = from; i < template->lookup.path_len; i++) {
        *value = slice_get(*value, template->lookup.path[i]);
        if (value->serializer == SERIALIZER_NONE) {
            return no_value(run, template->lookup.shown);
        }
    }
    return true;
}

static bool look_up(const struct template *template, struct template_run *run, struct slice *out)
{
    size_t used = 0;
    if (run->source == NULL ||
        !run->source->lookup(run->source->ctx, template->lookup.root, template->lookup.path,
                             template->lookup.path_len, run->arena, out, &used) ||
        out->serializer == SERIALIZER_NONE) {
        return no_value(run, template->lookup.shown);
    }
    return descend(template, run, used, out);
}

static bool call(const struct template *template, struct template_run *run, struct slice *out)
{
    struct operator_call call = {
        .run = run,
        .op = template->call.op,
        .arg_count = template->call.arg_count,
        .piped_last = template->call.piped_last,
    };
    const struct template *input = template->call.input;
    call.status_codes = input->kind == TEMPLATE_CONSTANT && input->constant.status_codes;
    if (!evaluate(input, run, &call.input)) {
        return false;
    }
    if (slice_is_empty_text(call.input)) {
        *out = call.input;
        return true;
    }
    for (size_t i = 0; i < call.arg_count; i++) {
        if (!evaluate(template->call.args[i], run, &call.args[i])) {
            return false;
        }
    }
    return call.op->run(&call, out);
}

static bool print(struct template_run *run, struct str *out, const char *text, int len)
{
    char *copy = len < 0 ? NULL : run_alloc(run, (size_t)len + 1);
    for (int i = 0; copy != NULL && i < len; i++) {
        copy[i] = text[i];
    }
    *out = str_make(copy, copy == NULL ? 0 : (size_t)len);
    return copy != NULL;
}

static bool integer_text(struct slice value, struct template_run *run, struct str *out)
{
    char digits[32];
    int64_t i64 = 0;
    uint64_t u64 = 0;
    struct scan scan;
    scan_init(&scan, value.serializer, value.bytes, NULL);
    if (scan_u64(&scan, &u64)) {
        return print(run, out, digits, snprintf(digits, sizeof(digits), "%" PRIu64, u64));
    }
    scan_init(&scan, value.serializer, value.bytes, NULL);
    (void)scan_i64(&scan, &i64);
    return print(run, out, digits, snprintf(digits, sizeof(digits), "%" PRId64, i64));
}

bool slice_text(struct slice value, struct template_run *run, struct str *out)
{
    struct scan scan;
    char digits[32];
    double f64 = 0;
    bool truth = false;
    scan_init(&scan, value.serializer, value.bytes, run->arena);
    switch (scan_peek(&scan)) {
    case SCAN_STRING:
        return scan_str(&scan, out) || too_large(run);
    case SCAN_NULL:
        *out = STR_EMPTY;
        return true;
    case SCAN_BOOL:
        (void)scan_bool(&scan, &truth);
        *out = truth ? STR("true") : STR("false");
        return true;
    case SCAN_INT:
        return integer_text(value, run, out);
    case SCAN_FLOAT:
        (void)scan_f64(&scan, &f64);
        return print(run, out, digits, (int)format_f64(f64, digits));
    default:
        return err_set(&run->err, ERR_INTERNAL,
                       "a list, a map or binary stands where text is wanted");
    }
}

static bool join(const struct template *template, struct template_run *run, struct str *out)
{
    struct str pieces[EXPRESSION_PARTS_MAX];
    size_t total = 0;
    for (size_t i = 0; i < template->members.count; i++) {
        if (!template_text(template->members.items[i], run, &pieces[i])) {
            return false;
        }
        total += pieces[i].len;
    }
    char *text = run_alloc(run, total);
    if (text == NULL) {
        return false;
    }
    size_t at = 0;
    for (size_t i = 0; i < template->members.count; i++) {
        if (pieces[i].len > 0) {
            memcpy(text + at, pieces[i].ptr, pieces[i].len);
        }
        at += pieces[i].len;
    }
    *out = str_make(text, total);
    return true;
}

static bool build(const struct template *template, struct template_run *run, struct slice *out)
{
    struct buf buf;
    struct emit emit;
    (void)run_begin(run, &emit, &buf);
    if (!template_emit(template, run, &emit)) {
        buf_done(&buf);
        return false;
    }
    return run_finish(run, &emit, out);
}

/* Depth is bounded when a template is compiled. */
static bool evaluate(const struct template *template, struct template_run *run, struct slice *out)
{
    switch (template->kind) {
    case TEMPLATE_CONSTANT:
        *out = (struct slice){SERIALIZER_MSGPACK, template->constant.msgpack};
        return true;
    case TEMPLATE_LOOKUP:
        return look_up(template, run, out);
    case TEMPLATE_SELECT:
        return evaluate(template->lookup.from, run, out) && descend(template, run, 0, out);
    case TEMPLATE_CALL:
        return call(template, run, out);
    case TEMPLATE_LIST:
    case TEMPLATE_MAP:
    case TEMPLATE_TEXT:
        return build(template, run, out);
    }
    return false;
}

static bool
emit_members(const struct template *template, struct template_run *run, struct emit *out)
{
    bool map = template->kind == TEMPLATE_MAP;
    uint32_t count = (uint32_t) template->members.count;
    if (map) {
        emit_map(out, count);
    } else {
        emit_list(out, count);
    }
    for (size_t i = 0; i < count; i++) {
        if (map) {
            emit_key(out, template->members.keys[i]);
        }
        if (!template_emit(template->members.items[i], run, out)) {
            return false;
        }
    }
    return true;
}

static bool emit_one(const struct template *template, struct template_run *run, struct emit *out)
{
    struct slice value = {.serializer = SERIALIZER_NONE};
    struct str text = STR_EMPTY;
    switch (template->kind) {
    case TEMPLATE_CONSTANT:
        value = out->serializer == SERIALIZER_JSON
                    ? (struct slice){SERIALIZER_JSON, template->constant.json}
                    : (struct slice){SERIALIZER_MSGPACK, template->constant.msgpack};
        emit_slice(out, value);
        return true;
    case TEMPLATE_LIST:
    case TEMPLATE_MAP:
        return emit_members(template, run, out);
    case TEMPLATE_TEXT:
        if (!join(template, run, &text)) {
            return false;
        }
        emit_str(out, text);
        return true;
    default:
        if (!evaluate(template, run, &value)) {
            return false;
        }
        emit_slice(out, value);
        return true;
    }
}

bool template_emit(const struct template *template, struct template_run *run, struct emit *out)
{
    size_t before = out->out->len;
    if (!emit_one(template, run, out)) {
        return false;
    }
    if (out->out->full || out->out->len - before > run->output_max) {
        return too_large(run);
    }
    return !out->failed || err_set(&run->err, ERR_INTERNAL, "a value cannot be represented");
}

bool template_slice(const struct template *template, struct template_run *run, struct slice *out)
{
    return evaluate(template, run, out);
}

bool template_text(const struct template *template, struct template_run *run, struct str *out)
{
    if (template->kind == TEMPLATE_CONSTANT && template->constant.is_text) {
        *out = template->constant.text;
        return true;
    }
    if (template->kind == TEMPLATE_TEXT) {
        return join(template, run, out);
    }
    struct slice value = {.serializer = SERIALIZER_NONE};
    return evaluate(template, run, &value) && slice_text(value, run, out);
}

bool template_integer(const struct template *template, struct template_run *run, int64_t *out)
{
    struct slice value = {.serializer = SERIALIZER_NONE};
    struct str text;
    struct scan scan;
    if (!evaluate(template, run, &value)) {
        return false;
    }
    scan_init(&scan, value.serializer, value.bytes, run->arena);
    if (slice_kind(value) == SCAN_STRING) {
        if (scan_str(&scan, &text) && str_to_i64(str_trim(text), out)) {
            return true;
        }
    } else if (scan_i64(&scan, out)) {
        return true;
    }
    return err_set(&run->err, ERR_INTERNAL, "an integer is wanted");
}
