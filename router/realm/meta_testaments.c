/* meta_testaments.c - wamp.session.add_testament and wamp.session.flush_testaments. */
#include "base/mem.h"
#include "realm/meta_inside.h"
#include "realm/session_inside.h"
#include "realm/testaments.h"
#include "wamp/fault.h"

struct testament_kwargs {
    struct slice publish_options;
    struct str scope;
};

static const struct option_row testament_rows[] = {
    {"publish_options", OPTION_SLICE, offsetof(struct testament_kwargs, publish_options)},
    {"scope", OPTION_STR, offsetof(struct testament_kwargs, scope)},
};

static void refuse(const struct builtin_call *call, struct str error, const char *text)
{
    meta_refuse(call->router, call->handle, error, text);
}

static bool read_kwargs(const struct builtin_call *call,
                        struct testament_kwargs *out,
                        enum testament_scope *out_scope)
{
    *out = (struct testament_kwargs){.scope = STR("destroyed")};
    if (call->session == NULL) {
        refuse(call, FAULT_NO_SUCH_SESSION, "only a session leaves testaments");
        return false;
    }
    if (!meta_kwargs(call, testament_rows, COUNT_OF(testament_rows), out)) {
        return false;
    }
    if (!testament_scope_parse(out->scope, out_scope)) {
        refuse(call, FAULT_INVALID_ARGUMENT, "scope must be destroyed or detached");
        return false;
    }
    enum scan_kind kind = slice_kind(out->publish_options);
    if (kind == SCAN_NULL) {
        out->publish_options = (struct slice){0};
    } else if (kind != SCAN_NONE && kind != SCAN_MAP) {
        refuse(call, FAULT_INVALID_ARGUMENT, "publish_options must be a map");
        return false;
    }
    return true;
}

/* An argument of that kind, or nothing where it is null or missing. */
static bool
read_part(const struct builtin_call *call, size_t index, enum scan_kind kind, struct str *out)
{
    struct slice list = {call->payload->serializer, call->payload->args};
    struct slice part = slice_nth(list, index);
    enum scan_kind found = slice_kind(part);
    if (found == SCAN_NONE || found == SCAN_NULL) {
        *out = STR_EMPTY;
        return true;
    }
    *out = part.bytes;
    return found == kind;
}

static bool read_topic(const struct builtin_call *call, struct str *out)
{
    struct slice list = {call->payload->serializer, call->payload->args};
    struct scan scan;
    scan_init(&scan, list.serializer, list.bytes, &router_here(call->router)->scratch);
    return list.bytes.len > 0 && slice_count(list) <= 3 && scan_enter_list(&scan) &&
           scan_more(&scan) && scan_str(&scan, out);
}

static void run_add(const struct builtin_call *call)
{
    struct testament_kwargs kwargs;
    enum testament_scope scope = TESTAMENT_DESTROYED;
    struct payload payload = {.serializer = call->payload->serializer};
    struct publication publication = {.seat = call->seat,
                                      .session = call->session,
                                      .principal = call->principal,
                                      .publisher = call->caller,
                                      .payload = &payload};
    struct publish_options options;
    struct str error;
    struct err err = {0};
    if (!read_kwargs(call, &kwargs, &scope)) {
        return;
    }
    if (!read_topic(call, &publication.topic) || !read_part(call, 1, SCAN_LIST, &payload.args) ||
        !read_part(call, 2, SCAN_MAP, &payload.kwargs)) {
        refuse(call, FAULT_INVALID_ARGUMENT, "expected a topic, a list and a map");
        return;
    }
    publication.options = kwargs.publish_options;
    if (!broker_check(router_here(call->router), &publication, &options, &error, &err)) {
        refuse(call, error, err.text);
        return;
    }
    if (!testaments_add(call->session, scope, &publication)) {
        refuse(call, FAULT_UNAVAILABLE, "this session has left as many testaments as it may");
        return;
    }
    meta_answer_nothing(call->router, call->handle);
}

static void run_flush(const struct builtin_call *call)
{
    struct testament_kwargs kwargs;
    enum testament_scope scope = TESTAMENT_DESTROYED;
    if (read_kwargs(call, &kwargs, &scope)) {
        testaments_flush(call->session, scope);
        meta_answer_nothing(call->router, call->handle);
    }
}

const struct builtin meta_testament_procedures[] = {
    {STR_INIT("wamp.session.add_testament"), run_add, NULL},
    {STR_INIT("wamp.session.flush_testaments"), run_flush, NULL},
    {STR_INIT(""), NULL, NULL},
};
