/* operators_text.c - the operators that make text for URIs and headers: encode, query, wrap.
 *
 * With the rule that "" stays "" they make what is only there when a value is:
 * `get(next, '') |> encode |> wrap('<?cursor=', '>; rel="next"')`.
 */
#include "base/mem.h"
#include "spec/template_inside.h"

#include <string.h>

static bool is_unreserved(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~", c) != NULL);
}

static void put_encoded(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (is_unreserved(text.ptr[i])) {
            (void)buf_byte(out, text.ptr[i]);
        } else {
            (void)buf_printf(out, "%%%02X", (unsigned)(unsigned char)text.ptr[i]);
        }
    }
}

/* What was put together in `text`, as a string; frees it. */
static bool give(const struct operator_call *call, struct buf *text, struct slice *out)
{
    struct buf buf;
    struct emit emit;
    bool full = text->full;
    emit_str(run_begin(call->run, &emit, &buf), buf_str(text));
    bool good = run_finish(call->run, &emit, out);
    buf_done(text);
    return good && (!full || err_set(&call->run->err, ERR_LIMIT,
                                     "the text is larger than %zu bytes", call->run->output_max));
}

bool operator_encode(const struct operator_call *call, struct slice *out)
{
    struct str text = STR_EMPTY;
    struct buf encoded;
    if (!slice_text(call->input, call->run, &text)) {
        return operator_mismatch(call, call->input);
    }
    buf_init(&encoded, call->run->output_max);
    put_encoded(&encoded, text);
    return give(call, &encoded, out);
}

/* name=value; a name alone stands for true, as in request.query_params. */
static bool put_pair(const struct operator_call *call, struct buf *out, struct scan *scan)
{
    struct str key = STR_EMPTY;
    struct str bytes = STR_EMPTY;
    struct str text = STR_EMPTY;
    if (!scan_key(scan, &key) || !scan_skip(scan, &bytes)) {
        return false;
    }
    struct slice value = {call->input.serializer, bytes};
    if (!slice_text(value, call->run, &text)) {
        return operator_mismatch(call, value);
    }
    (void)(out->len > 0 && buf_byte(out, '&'));
    put_encoded(out, key);
    if (slice_kind(value) != SCAN_BOOL || !str_eq(text, STR("true"))) {
        (void)buf_byte(out, '=');
        put_encoded(out, text);
    }
    return true;
}

bool operator_query(const struct operator_call *call, struct slice *out)
{
    if (slice_kind(call->input) != SCAN_MAP) {
        return operator_mismatch(call, call->input);
    }
    struct buf query;
    struct scan scan;
    size_t count = slice_count(call->input);
    buf_init(&query, call->run->output_max);
    scan_init(&scan, call->input.serializer, call->input.bytes, call->run->arena);
    (void)scan_enter_map(&scan);
    for (size_t i = 0; i < count; i++) {
        if (!put_pair(call, &query, &scan)) {
            buf_done(&query);
            return false;
        }
    }
    return give(call, &query, out);
}

bool operator_wrap(const struct operator_call *call, struct slice *out)
{
    const struct slice pieces[] = {call->args[0], call->input, call->args[1]};
    struct buf text;
    buf_init(&text, call->run->output_max);
    for (size_t i = 0; i < COUNT_OF(pieces); i++) {
        struct str piece = STR_EMPTY;
        if (!slice_text(pieces[i], call->run, &piece)) {
            buf_done(&text);
            return operator_mismatch(call, pieces[i]);
        }
        (void)buf_append(&text, piece);
    }
    return give(call, &text, out);
}
