/* meta_args.c - reads the arguments of wamp.* procedures and writes their results. */
#include "realm/meta_inside.h"
#include "realm/router_inside.h"
#include "wamp/fault.h"
#include "wamp/message.h"

#include <string.h>

static struct arena *scratch_of(const struct builtin_call *call)
{
    return &router_here(call->router)->scratch;
}

static bool bad_arguments(const struct builtin_call *call, const char *text)
{
    meta_refuse(call->router, call->handle, FAULT_INVALID_ARGUMENT, text);
    return false;
}

static struct slice arg_at(const struct meta_args *args, size_t index)
{
    if (index >= args->count) {
        return (struct slice){0};
    }
    return slice_nth(args->list, args->first + index);
}

static bool scan_arg(const struct builtin_call *call, struct slice arg, struct scan *scan)
{
    if (arg.serializer == SERIALIZER_NONE) {
        return false;
    }
    scan_init(scan, arg.serializer, arg.bytes, scratch_of(call));
    return true;
}

static bool is_own_realm(const struct builtin_call *call, struct slice arg)
{
    struct scan scan;
    struct str text;
    return slice_kind(arg) == SCAN_STRING && scan_arg(call, arg, &scan) && scan_str(&scan, &text) &&
           str_eq(text, call->realm);
}

bool meta_args_read(const struct builtin_call *call, size_t min, size_t max, struct meta_args *out)
{
    struct slice list = {call->payload->serializer, call->payload->args};
    *out = (struct meta_args){.list = list};
    if (list.bytes.len > 0) {
        out->count = slice_count(list);
    }
    /* [uri, {options}] is no realm with what it is asked about. */
    if (out->count > min && is_own_realm(call, arg_at(out, 0)) &&
        (out->count == 1 || slice_kind(arg_at(out, 1)) != SCAN_MAP)) {
        out->first = 1;
        out->count--;
    }
    return (out->count >= min && out->count <= max) ||
           bad_arguments(call, "wrong number of arguments");
}

bool meta_arg_id(const struct builtin_call *call,
                 const struct meta_args *args,
                 size_t index,
                 uint64_t *out)
{
    struct scan scan;
    return (scan_arg(call, arg_at(args, index), &scan) && scan_u64(&scan, out) && *out > 0 &&
            *out <= WAMP_ID_MAX) ||
           bad_arguments(call, "an id in [1, 2^53] is expected");
}

bool meta_arg_str(const struct builtin_call *call,
                  const struct meta_args *args,
                  size_t index,
                  struct str *out)
{
    struct scan scan;
    return (scan_arg(call, arg_at(args, index), &scan) && scan_str(&scan, out)) ||
           bad_arguments(call, "a string is expected");
}

bool meta_arg_strs(const struct builtin_call *call,
                   const struct meta_args *args,
                   size_t index,
                   struct option_list *out)
{
    struct slice arg = arg_at(args, index);
    struct scan scan;
    struct arena *scratch = scratch_of(call);
    *out = (struct option_list){0};
    if (arg.serializer == SERIALIZER_NONE || slice_kind(arg) == SCAN_NULL) {
        return true;
    }
    size_t count = slice_kind(arg) == SCAN_LIST ? slice_count(arg) : OPTION_LIST_MAX + 1;
    if (count > OPTION_LIST_MAX || !scan_arg(call, arg, &scan) || !scan_enter_list(&scan)) {
        return bad_arguments(call, "a list of strings is expected");
    }
    struct str *strs = ARENA_ARRAY(scratch, struct str, count + 1);
    for (size_t i = 0; i < count; i++) {
        if (!scan_more(&scan) || !scan_str(&scan, &strs[i])) {
            return bad_arguments(call, "a list of strings is expected");
        }
    }
    *out = (struct option_list){.present = true, .count = count, .strs = strs};
    return true;
}

struct match_option {
    enum match_policy match;
};

static const struct option_row match_rows[] = {
    {"match", OPTION_MATCH, offsetof(struct match_option, match)},
};

bool meta_arg_match(const struct builtin_call *call,
                    const struct meta_args *args,
                    size_t index,
                    enum match_policy *out)
{
    struct match_option option = {.match = MATCH_EXACT};
    struct slice arg = arg_at(args, index);
    struct err err = {0};
    *out = MATCH_EXACT;
    if (arg.serializer == SERIALIZER_NONE || slice_kind(arg) == SCAN_NULL) {
        return true;
    }
    if (slice_kind(arg) != SCAN_MAP) {
        return bad_arguments(call, "options must be a map");
    }
    if (!options_read(arg, match_rows, COUNT_OF(match_rows), scratch_of(call), &option, &err)) {
        return bad_arguments(call, err.text);
    }
    *out = option.match;
    return true;
}

bool meta_kwargs(const struct builtin_call *call,
                 const struct option_row *rows,
                 size_t row_count,
                 void *out)
{
    struct slice kwargs = {call->payload->serializer, call->payload->kwargs};
    struct err err = {0};
    return options_read(kwargs, rows, row_count, scratch_of(call), out, &err) ||
           bad_arguments(call, err.text);
}

void meta_refuse(struct router *router, uint64_t handle, struct str error, const char *text)
{
    struct payload words = shard_words(router_here(router), SERIALIZER_MSGPACK, str_of(text));
    builtin_fail(router, handle, error, &words);
}

struct emit *meta_result_begin(struct meta_result *result, struct router *router, uint64_t handle)
{
    result->router = router;
    result->handle = handle;
    buf_init(&result->bytes, router->options.message_max);
    emit_init(&result->emit, SERIALIZER_MSGPACK, &result->bytes);
    emit_list(&result->emit, 1);
    return &result->emit;
}

void meta_result_send(struct meta_result *result)
{
    struct payload payload = {.serializer = SERIALIZER_MSGPACK, .args = buf_str(&result->bytes)};
    if (result->bytes.full) {
        meta_refuse(result->router, result->handle, FAULT_PAYLOAD_SIZE_EXCEEDED,
                    "the result is larger than a message may be");
    } else {
        builtin_answer(result->router, result->handle, &payload);
    }
    buf_done(&result->bytes);
}

void meta_answer_u64(struct router *router, uint64_t handle, uint64_t value)
{
    struct meta_result result;
    emit_u64(meta_result_begin(&result, router, handle), value);
    meta_result_send(&result);
}

void meta_answer_id(struct router *router, uint64_t handle, uint64_t id)
{
    struct meta_result result;
    struct emit *emit = meta_result_begin(&result, router, handle);
    if (id == 0) {
        emit_null(emit);
    } else {
        emit_u64(emit, id);
    }
    meta_result_send(&result);
}

void meta_answer_nothing(struct router *router, uint64_t handle)
{
    struct payload nothing = payload_none();
    builtin_answer(router, handle, &nothing);
}

static void emit_ids(struct emit *emit, const struct id_list *ids)
{
    emit_list(emit, (uint32_t)ids->count);
    for (size_t i = 0; i < ids->count; i++) {
        emit_u64(emit, ids->ids[i]);
    }
}

void meta_answer_lists(const struct builtin_call *call, struct id_list ids[MATCH_POLICIES])
{
    struct meta_result result;
    struct emit *emit = meta_result_begin(&result, call->router, call->handle);
    emit_map(emit, MATCH_POLICIES);
    for (int match = 0; match < MATCH_POLICIES; match++) {
        emit_key(emit, str_of(match_policy_name((enum match_policy)match)));
        emit_ids(emit, &ids[match]);
        id_list_done(&ids[match]);
    }
    meta_result_send(&result);
}

void meta_answer_ids(const struct builtin_call *call, struct id_list *ids)
{
    struct meta_result result;
    emit_ids(meta_result_begin(&result, call->router, call->handle), ids);
    id_list_done(ids);
    meta_result_send(&result);
}

void meta_answer_entry(const struct builtin_call *call, const struct meta_entry *entry)
{
    struct meta_result result;
    meta_emit_entry(meta_result_begin(&result, call->router, call->handle), entry);
    meta_result_send(&result);
}

struct str meta_look_keep(struct meta_look *look, struct str uri)
{
    size_t len = uri.len < sizeof(look->uri_memory) ? uri.len : sizeof(look->uri_memory);
    if (len > 0) {
        memcpy(look->uri_memory, uri.ptr, len);
    }
    return str_make(look->uri_memory, len);
}
