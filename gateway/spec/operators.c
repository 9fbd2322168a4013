#include "spec/operators.h"

#include "base/mem.h"
#include "base/random.h"
#include "spec/template_inside.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const char *kind_name(struct slice value)
{
    static const char *const names[] = {
        [SCAN_NONE] = "nothing",   [SCAN_NULL] = "null",     [SCAN_BOOL] = "a boolean",
        [SCAN_INT] = "an integer", [SCAN_FLOAT] = "a float", [SCAN_STRING] = "a string",
        [SCAN_BINARY] = "binary",  [SCAN_LIST] = "a list",   [SCAN_MAP] = "a map",
    };
    return names[slice_kind(value)];
}

/* Names the kind of the value and not the value, which is somebody's data. */
bool operator_mismatch(const struct operator_call *call, struct slice value)
{
    return err_set(&call->run->err, ERR_INTERNAL,
                   "There was an error evaluating the MOPS expression '" PRISTR "' with value '%s'",
                   STRARG(call->op->name), kind_name(value));
}

static bool give_i64(const struct operator_call *call, int64_t value, struct slice *out)
{
    struct buf buf;
    struct emit emit;
    emit_i64(run_begin(call->run, &emit, &buf), value);
    return run_finish(call->run, &emit, out);
}

static bool give_f64(const struct operator_call *call, double value, struct slice *out)
{
    struct buf buf;
    struct emit emit;
    emit_f64(run_begin(call->run, &emit, &buf), value);
    return run_finish(call->run, &emit, out);
}

static bool give_text(const struct operator_call *call, struct str value, struct slice *out)
{
    struct buf buf;
    struct emit emit;
    emit_str(run_begin(call->run, &emit, &buf), value);
    return run_finish(call->run, &emit, out);
}

static bool give_empty(struct slice *out)
{
    *out = (struct slice){SERIALIZER_MSGPACK, STR("\xa0")};
    return true;
}

/* A number, or text that is wholly one. */
static bool number(const struct operator_call *call, double *out)
{
    struct str text = STR_EMPTY;
    char digits[64];
    struct scan scan;
    scan_init(&scan, call->input.serializer, call->input.bytes, call->run->arena);
    if (scan_peek(&scan) != SCAN_STRING) {
        return scan_f64(&scan, out);
    }
    if (!scan_str(&scan, &text) || text.len == 0 || text.len >= sizeof(digits)) {
        return false;
    }
    memcpy(digits, text.ptr, text.len);
    digits[text.len] = '\0';
    if (strspn(digits, "+-.eE0123456789") != text.len) {
        return false;
    }
    char *end = NULL;
    *out = strtod(digits, &end);
    return end == digits + text.len && isfinite(*out);
}

static bool op_integer(const struct operator_call *call, struct slice *out)
{
    struct scan scan;
    struct str text;
    int64_t value = 0;
    double real = 0;
    scan_init(&scan, call->input.serializer, call->input.bytes, call->run->arena);
    switch (slice_kind(call->input)) {
    case SCAN_INT:
        *out = call->input;
        return true;
    case SCAN_FLOAT:
        if (!scan_f64(&scan, &real) || !(real > -0x1p63 && real < 0x1p63)) {
            break;
        }
        return give_i64(call, (int64_t)real, out);
    case SCAN_STRING:
        if (!scan_str(&scan, &text)) {
            break;
        }
        if (str_starts(text, STR("+"))) {
            text = str_from(text, 1);
        }
        if (!str_to_i64(text, &value)) {
            break;
        }
        return give_i64(call, value, out);
    default:
        break;
    }
    return operator_mismatch(call, call->input);
}

static bool op_float(const struct operator_call *call, struct slice *out)
{
    double value = 0;
    if (!number(call, &value)) {
        return operator_mismatch(call, call->input);
    }
    return give_f64(call, value, out);
}

static bool op_string(const struct operator_call *call, struct slice *out)
{
    struct str text;
    enum scan_kind kind = slice_kind(call->input);
    if (kind == SCAN_STRING) {
        *out = call->input;
        return true;
    }
    if (kind == SCAN_LIST || kind == SCAN_MAP || kind == SCAN_BINARY) {
        return operator_mismatch(call, call->input);
    }
    return slice_text(call->input, call->run, &text) && give_text(call, text, out);
}

static bool op_abs(const struct operator_call *call, struct slice *out)
{
    struct scan scan;
    int64_t value = 0;
    double real = 0;
    scan_init(&scan, call->input.serializer, call->input.bytes, NULL);
    switch (slice_kind(call->input)) {
    case SCAN_INT:
        if (!scan_i64(&scan, &value) || value >= 0) {
            *out = call->input;
            return true;
        }
        if (value == INT64_MIN) {
            return give_f64(call, 0x1p63, out);
        }
        return give_i64(call, -value, out);
    case SCAN_FLOAT:
        (void)scan_f64(&scan, &real);
        return give_f64(call, fabs(real), out);
    default:
        return operator_mismatch(call, call->input);
    }
}

static bool is_list(const struct operator_call *call)
{
    return slice_kind(call->input) == SCAN_LIST || operator_mismatch(call, call->input);
}

static bool op_head(const struct operator_call *call, struct slice *out)
{
    if (!is_list(call)) {
        return false;
    }
    *out = slice_nth(call->input, 0);
    return out->serializer != SERIALIZER_NONE || give_empty(out);
}

static bool op_last(const struct operator_call *call, struct slice *out)
{
    if (!is_list(call)) {
        return false;
    }
    size_t count = slice_count(call->input);
    if (count == 0) {
        return give_empty(out);
    }
    *out = slice_nth(call->input, count - 1);
    return true;
}

static bool op_tail(const struct operator_call *call, struct slice *out)
{
    if (!is_list(call)) {
        return false;
    }
    struct buf buf;
    struct emit emit;
    struct scan scan;
    struct str bytes;
    size_t count = slice_count(call->input);
    emit_list(run_begin(call->run, &emit, &buf), (uint32_t)(count == 0 ? 0 : count - 1));
    scan_init(&scan, call->input.serializer, call->input.bytes, NULL);
    (void)scan_enter_list(&scan);
    for (size_t i = 0; scan_more(&scan) && scan_skip(&scan, &bytes); i++) {
        if (i > 0) {
            emit_slice(&emit, (struct slice){call->input.serializer, bytes});
        }
    }
    return run_finish(call->run, &emit, out);
}

static bool op_length(const struct operator_call *call, struct slice *out)
{
    return is_list(call) && give_i64(call, (int64_t)slice_count(call->input), out);
}

static bool op_size(const struct operator_call *call, struct slice *out)
{
    if (slice_kind(call->input) != SCAN_MAP) {
        return operator_mismatch(call, call->input);
    }
    return give_i64(call, (int64_t)slice_count(call->input), out);
}

/* Numbers by value and before text, text bytewise. False for what has no order. */
static bool compare(const struct operator_call *call, struct slice a, struct slice b, int *out)
{
    struct slice values[2] = {a, b};
    double reals[2] = {0, 0};
    struct str texts[2] = {STR_EMPTY, STR_EMPTY};
    bool text[2];
    for (size_t i = 0; i < 2; i++) {
        struct scan scan;
        scan_init(&scan, values[i].serializer, values[i].bytes, call->run->arena);
        text[i] = scan_peek(&scan) == SCAN_STRING;
        if (!(text[i] ? scan_str(&scan, &texts[i]) : scan_f64(&scan, &reals[i]))) {
            return operator_mismatch(call, values[i]);
        }
    }
    if (text[0] != text[1]) {
        *out = text[0] ? 1 : -1;
    } else {
        *out =
            text[0] ? str_cmp(texts[0], texts[1]) : (reals[0] > reals[1]) - (reals[0] < reals[1]);
    }
    return true;
}

static bool extreme(const struct operator_call *call, int sign, struct slice *out)
{
    if (!is_list(call)) {
        return false;
    }
    struct slice best = {.serializer = SERIALIZER_NONE};
    struct scan scan;
    struct str bytes;
    scan_init(&scan, call->input.serializer, call->input.bytes, NULL);
    (void)scan_enter_list(&scan);
    while (scan_more(&scan) && scan_skip(&scan, &bytes)) {
        struct slice value = {call->input.serializer, bytes};
        int order = 0;
        if (!compare(call, value, best.serializer == SERIALIZER_NONE ? value : best, &order)) {
            return false;
        }
        if (best.serializer == SERIALIZER_NONE || order * sign > 0) {
            best = value;
        }
    }
    *out = best;
    return best.serializer != SERIALIZER_NONE || give_empty(out);
}

static bool op_min(const struct operator_call *call, struct slice *out)
{
    return extreme(call, -1, out);
}

static bool op_max(const struct operator_call *call, struct slice *out)
{
    return extreme(call, 1, out);
}

/* A positive integer, also as text: bare words are text. */
static bool positive(const struct operator_call *call, struct slice value, uint64_t *out)
{
    struct scan scan;
    struct str text;
    scan_init(&scan, value.serializer, value.bytes, call->run->arena);
    bool good = scan_peek(&scan) == SCAN_STRING ? scan_str(&scan, &text) && str_to_u64(text, out)
                                                : scan_u64(&scan, out);
    return (good && *out > 0) || operator_mismatch(call, value);
}

static bool op_nth(const struct operator_call *call, struct slice *out)
{
    uint64_t index = 0;
    if (!is_list(call) || !positive(call, call->args[0], &index)) {
        return false;
    }
    *out = slice_nth(call->input, index - 1);
    if (out->serializer == SERIALIZER_NONE) {
        return err_set(&call->run->err, ERR_INTERNAL, "There is no element %llu in the list.",
                       (unsigned long long)index);
    }
    return true;
}

static bool op_random(const struct operator_call *call, struct slice *out)
{
    uint64_t bound = 0;
    if (!positive(call, call->arg_count > 0 ? call->args[0] : call->input, &bound)) {
        return false;
    }
    if (bound > INT64_MAX) {
        bound = INT64_MAX;
    }
    return give_i64(call, (int64_t)random_below(bound) + 1, out);
}

static const struct op rows[] = {
    {STR_INIT("integer"), 0, 0, false, false, "integer: a number or numeric text", op_integer},
    {STR_INIT("float"), 0, 0, false, false, "float: a number or numeric text", op_float},
    {STR_INIT("string"), 0, 0, false, false, "string: a scalar", op_string},
    {STR_INIT("abs"), 0, 0, false, false, "abs: a number", op_abs},
    {STR_INIT("head"), 0, 0, false, false, "head: a list", op_head},
    {STR_INIT("tail"), 0, 0, false, false, "tail: a list", op_tail},
    {STR_INIT("last"), 0, 0, false, false, "last: a list", op_last},
    {STR_INIT("length"), 0, 0, false, false, "length: a list", op_length},
    {STR_INIT("size"), 0, 0, false, false, "size: a map", op_size},
    {STR_INIT("min"), 0, 0, false, false, "min: a list", op_min},
    {STR_INIT("max"), 0, 0, false, false, "max: a list", op_max},
    {STR_INIT("nth"), 1, 1, false, false, "nth(N): a list, counted from 1", op_nth},
    {STR_INIT("random"), 0, 1, false, true, "random(N): an integer from 1 to N", op_random},
    {STR_INIT("get"), 1, 2, false, false, "get(key) or get(key, default)", operator_get},
    {STR_INIT("put"), 2, 2, false, false, "put(key, value)", operator_put},
    {STR_INIT("merge"), 1, 1, true, false, "merge(map), merge(_, map) or merge(map, _)",
     operator_merge},
    {STR_INIT("with"), 1, 1, false, false, "with([key, key])", operator_with},
    {STR_INIT("without"), 1, 1, false, false, "without([key, key])", operator_without},
    {STR_INIT("encode"), 0, 0, false, false, "encode: a scalar", operator_encode},
    {STR_INIT("query"), 0, 0, false, false, "query: a map of scalars", operator_query},
    {STR_INIT("wrap"), 2, 2, false, false, "wrap(before, after): a scalar", operator_wrap},
};

const struct op *operator_find(struct str name, struct str *out_nearest)
{
    struct str names[COUNT_OF(rows)];
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (str_eq(rows[i].name, name)) {
            return &rows[i];
        }
        names[i] = rows[i].name;
    }
    if (out_nearest != NULL) {
        *out_nearest = str_nearest(name, names, COUNT_OF(names));
    }
    return NULL;
}
