/* proc_spec_call.c - what all procedures of specifications do: read their arguments, ask the store,
 * answer or refuse. On the caller's worker. */
#include "api/proc_spec_inside.h"
#include "base/mem.h"
#include "wamp/fault.h"

#define PRECONDITION_FAILED STR("bondy.error.precondition_failed")

void spec_call_free(struct spec_call *call)
{
    (void)atomic_fetch_sub(&call->procs->open, 1);
    json_decref(call->args);
    json_decref(call->kwargs);
    arena_done(&call->arena);
    mem_free(call);
}

void spec_call_audit_refused(struct spec_call *call, struct str uri, const char *text)
{
    if (call->audited) {
        call->audit.outcome = STR("refused");
        call->audit.error = uri;
        call->audit.detail = str_of(text);
        audit_write(call->procs->options.store, &call->audit);
    }
}

void spec_call_refuse(struct spec_call *call, struct str uri, const char *text)
{
    spec_call_audit_refused(call, uri, text);
    proc_fail(call->router, call->handle, uri, text, NULL);
    spec_call_free(call);
}

void spec_call_not_found(struct spec_call *call)
{
    struct err err = {0};
    (void)err_set(&err, ERR_NOT_FOUND, "no specification " PRISTR, STRARG(call->store.key));
    spec_call_refuse(call, BONDY_NOT_FOUND, err.text);
}

void spec_call_answer(struct spec_call *call, json_t *result, json_t *details)
{
    bool asked = json_is_true(json_object_get(call->kwargs, "details"));
    proc_answer(call->router, call->handle, result, asked ? details : NULL);
    json_decref(result);
    json_decref(details);
    spec_call_free(call);
}

struct str spec_call_error(enum err_code code)
{
    return code == ERR_CONFLICT ? PRECONDITION_FAILED : fault_of(code);
}

struct spec_call *
spec_call_new(struct procs *procs, const struct builtin_call *from, size_t count, bool changes)
{
    static const struct directory_operation listing = {.flags = DIRECTORY_LIST};
    struct spec_call *call = NEW(struct spec_call);
    (void)atomic_fetch_add(&procs->open, 1);
    call->procs = procs;
    call->router = from->router;
    call->handle = from->handle;
    arena_init(&call->arena, STORE_ARENA_MAX);
    call->author = arena_str(&call->arena, from->principal->authid);
    call->audited = changes;
    proc_audit_row(from, &call->arena, &call->audit);
    call->audit.error_of = spec_call_error;
    if (!proc_args(from->payload, &call->args, &call->kwargs)) {
        spec_call_refuse(call, FAULT_INVALID_ARGUMENT,
                         "the arguments have a key twice, a NUL, or what JSON has no word for");
        return NULL;
    }
    if (json_array_size(call->args) != count) {
        spec_call_refuse(call, FAULT_INVALID_ARGUMENT, "wrong number of arguments");
        return NULL;
    }
    call->options.operation = &listing;
    call->options.kwargs = call->kwargs;
    call->options.arena = &call->arena;
    if (!directory_read_options(&call->options)) {
        spec_call_refuse(call, call->options.error.uri, call->options.error.text);
        return NULL;
    }
    return call;
}

struct str spec_call_option(const struct spec_call *call, const char *key)
{
    const json_t *value = json_object_get(call->kwargs, key);
    return json_is_string(value) ? str_make(json_string_value(value), json_string_length(value))
                                 : STR_EMPTY;
}

bool spec_call_flag(const struct spec_call *call, const char *key)
{
    return json_is_true(json_object_get(call->kwargs, key)) ||
           str_eq(spec_call_option(call, key), STR("true"));
}

void spec_call_store_done(struct spec_call *call)
{
    arena_done(&call->store.arena);
}

void spec_call_submit(struct spec_call *call, enum store_op op, store_finish_fn finish)
{
    call->store.op = op;
    call->store.kind = STR("api_spec");
    call->store.author = call->author;
    call->store.finish = finish;
    store_submit(call->procs->options.store, &call->store);
}

bool spec_call_answered(struct spec_call *call)
{
    if (call->store.ok || call->store.err.code == ERR_NOT_FOUND) {
        return true;
    }
    struct err err = call->store.err;
    spec_call_store_done(call);
    spec_call_refuse(call, spec_call_error(err.code), err.text);
    return false;
}

const struct store_record *spec_call_record(struct spec_call *call)
{
    if (!spec_call_answered(call)) {
        return NULL;
    }
    if (!call->store.ok || call->store.record_count == 0 || call->store.records[0].deleted) {
        spec_call_store_done(call);
        spec_call_not_found(call);
        return NULL;
    }
    return &call->store.records[0];
}

bool spec_call_take_id(struct spec_call *call)
{
    const json_t *id = json_array_get(call->args, 0);
    if (!json_is_string(id) || json_string_length(id) == 0) {
        spec_call_refuse(call, FAULT_INVALID_ARGUMENT,
                         "argument 1 must be the id of a specification");
        return false;
    }
    arena_init(&call->store.arena, STORE_ARENA_MAX);
    call->store.key =
        arena_str(&call->arena, str_make(json_string_value(id), json_string_length(id)));
    call->audit.target = call->store.key;
    return true;
}

bool spec_call_take_version(struct spec_call *call, const json_t *value, uint64_t *out)
{
    struct str text = str_of(json_string_value(value));
    *out = 0;
    bool read = value == NULL || json_is_null(value) || (json_is_string(value) && text.len == 0);
    if (json_is_integer(value) && json_integer_value(value) > 0) {
        *out = (uint64_t)json_integer_value(value);
        read = true;
    } else if (text.len > 0) {
        read = str_to_u64(text, out) && *out > 0 && *out <= INT64_MAX;
    }
    if (!read) {
        spec_call_refuse(call, FAULT_INVALID_ARGUMENT, "version is a number from 1 on");
    }
    return read;
}
