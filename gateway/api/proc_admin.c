/* proc_admin.c - procedures behind the admin API alone: its description, and a call of any other.
 *
 * On the caller's worker. */
#include "api/openapi.h"
#include "api/proc_inside.h"
#include "base/mem.h"
#include "payload/emit.h"
#include "realm/local.h"
#include "wamp/fault.h"

enum { ANSWER_MAX = 64 << 20, CALL_SCRATCH_MAX = 1 << 20 };

static void run_openapi(struct procs *procs, const struct builtin_call *from)
{
    struct buf args;
    buf_init(&args, ANSWER_MAX);
    (void)buf_printf(&args, "[%s]", procs->openapi);
    builtin_answer(from->router, from->handle,
                   &(struct payload){.serializer = SERIALIZER_JSON, .args = buf_str(&args)});
    buf_done(&args);
}

/* A call made for another. */
struct relay {
    struct router *router;
    uint64_t handle;
    struct local_handle inner;
};

/* Nobody waits any more: on_reply comes all the same, and soon. */
static void on_gone(void *ctx)
{
    const struct relay *relay = ctx;
    local_cancel(relay->router, relay->inner);
}

static void put_part(struct emit *emit, struct str key, struct slice value, bool list)
{
    emit_key(emit, key);
    if (value.bytes.len > 0) {
        emit_slice(emit, value);
    } else if (list) {
        emit_list(emit, 0);
    } else {
        emit_map(emit, 0);
    }
}

static void on_reply(void *ctx, const struct local_reply *reply)
{
    struct relay *relay = ctx;
    enum serializer serializer = reply->payload.serializer;
    struct buf bytes;
    struct emit emit;
    if (!reply->ok) {
        builtin_fail(relay->router, relay->handle, reply->error, &reply->payload);
        mem_free(relay);
        return;
    }
    buf_init(&bytes, ANSWER_MAX);
    emit_init(&emit, SERIALIZER_MSGPACK, &bytes);
    emit_list(&emit, 1);
    emit_map(&emit, 3);
    put_part(&emit, STR("args"), (struct slice){serializer, reply->payload.args}, true);
    put_part(&emit, STR("kwargs"), (struct slice){serializer, reply->payload.kwargs}, false);
    put_part(&emit, STR("details"), reply->details, false);
    if (emit.failed || bytes.full) {
        proc_fail(relay->router, relay->handle, FAULT_PAYLOAD_SIZE_EXCEEDED,
                  "the result is larger than a message may be", NULL);
    } else {
        builtin_answer(
            relay->router, relay->handle,
            &(struct payload){.serializer = SERIALIZER_MSGPACK, .args = buf_str(&bytes)});
    }
    buf_done(&bytes);
    mem_free(relay);
}

/* A member of the request; it must be of that kind if it is there. */
static bool member(struct slice request, struct str key, enum scan_kind kind, struct slice *out)
{
    *out = slice_get(request, key);
    return out->serializer == SERIALIZER_NONE || slice_kind(*out) == kind;
}

/* {procedure, args, kwargs, options}, with the rights of who asks, in his realm. */
static void run_call(struct procs *procs, const struct builtin_call *from)
{
    struct slice request =
        slice_nth((struct slice){from->payload->serializer, from->payload->args}, 0);
    struct slice procedure = {0};
    struct slice args = {0};
    struct slice kwargs = {0};
    struct local_request local = {.realm = from->realm, .principal = from->principal};
    struct arena scratch;
    struct scan scan;
    (void)procs;
    arena_init(&scratch, CALL_SCRATCH_MAX);
    bool good = request.serializer != SERIALIZER_NONE && slice_kind(request) == SCAN_MAP &&
                member(request, STR("procedure"), SCAN_STRING, &procedure) &&
                member(request, STR("args"), SCAN_LIST, &args) &&
                member(request, STR("kwargs"), SCAN_MAP, &kwargs) &&
                member(request, STR("options"), SCAN_MAP, &local.options);
    if (good && procedure.serializer != SERIALIZER_NONE) {
        scan_init(&scan, procedure.serializer, procedure.bytes, &scratch);
        good = scan_str(&scan, &local.uri);
    }
    if (!good || local.uri.len == 0) {
        proc_fail(from->router, from->handle, FAULT_INVALID_ARGUMENT,
                  "the argument must be {procedure: a URI, args: a list, kwargs: a map, options: a "
                  "map}, of which the procedure must be there",
                  NULL);
        arena_done(&scratch);
        return;
    }
    struct relay *relay = NEW(struct relay);
    *relay = (struct relay){.router = from->router, .handle = from->handle};
    local.payload = (struct payload){
        .serializer = request.serializer, .args = args.bytes, .kwargs = kwargs.bytes};
    relay->inner = local_call(from->router, &local, on_reply, relay);
    builtin_on_gone(from->router, from->handle, on_gone, relay);
    arena_done(&scratch);
}

const struct proc_entry proc_admin_entries[] = {
    {STR_INIT("bondy.admin.openapi"), true, run_openapi},
    {STR_INIT("bondy.wamp.call"), true, run_call},
    {.run = NULL},
};
