/* act.c - static, call or publish, through the in-process peer. */
#include "base/mem.h"
#include "pipeline/exchange.h"
#include "wamp/fault.h"

enum { SCRATCH_ARGS, SCRATCH_KWARGS, DEADLINE_GRACE_MS = 1000 };

static struct pending_call *pending_take(struct exchange *exchange)
{
    struct pipeline_worker *mine = pipeline_mine(exchange->pipeline);
    struct pending_call *pending = mine->spare;
    if (pending == NULL) {
        pending = NEW(struct pending_call);
        pending->worker = mine;
    } else {
        mine->spare = pending->next;
    }
    pending->exchange = exchange;
    return pending;
}

void pending_done(struct pipeline_worker *mine)
{
    struct pending_call *next = NULL;
    for (struct pending_call *pending = mine->spare; pending != NULL; pending = next) {
        next = pending->next;
        mem_free(pending);
    }
    mine->spare = NULL;
}

static void on_reply(void *ctx, const struct local_reply *reply)
{
    struct pending_call *pending = ctx;
    struct exchange *exchange = pending->exchange;
    pending->next = pending->worker->spare;
    pending->worker->spare = pending;
    if (exchange == NULL) {
        return; /* finished meanwhile: the answer is dropped */
    }
    exchange->pending = NULL;
    exchange->reply = reply;
    exchange_advance(exchange); /* answers: nobody looks at the reply after that */
}

/* One of args and kwargs, rendered as MsgPack into a buffer of the worker. */
static bool render(const struct template *template,
                   struct template_run *run,
                   struct buf *out,
                   enum scan_kind wanted,
                   struct str *bytes)
{
    *bytes = STR_EMPTY;
    if (template == NULL) {
        return true;
    }
    struct emit emit;
    buf_clear(out);
    emit_init(&emit, SERIALIZER_MSGPACK, out);
    if (!template_emit(template, run, &emit)) {
        return false;
    }
    if (out->full || emit.failed) {
        return err_set(&run->err, ERR_LIMIT, "the arguments are larger than an action may send");
    }
    *bytes = buf_str(out);
    if (slice_kind((struct slice){SERIALIZER_MSGPACK, *bytes}) != wanted) {
        return err_set(&run->err, ERR_INVALID, "%s",
                       wanted == SCAN_LIST ? "args did not become a list"
                                           : "kwargs did not become a map");
    }
    return true;
}

static uint64_t call_timeout(const struct exchange *exchange)
{
    uint64_t own = exchange->operation->timeout_ms;
    return own != 0 ? own : exchange->pipeline->options.call_timeout_ms;
}

static bool
render_request(struct exchange *exchange, struct template_run *run, struct local_request *out)
{
    const struct operation *operation = exchange->operation;
    struct pipeline_worker *mine = pipeline_mine(exchange->pipeline);
    out->realm = exchange->match.route->realm;
    out->principal = exchange->principal;
    out->timeout_ms = call_timeout(exchange);
    out->payload.serializer = SERIALIZER_MSGPACK;
    if (operation->options != NULL && !template_slice(operation->options, run, &out->options)) {
        return false;
    }
    return template_text(operation->uri, run, &out->uri) &&
           render(operation->args, run, &mine->scratch[SCRATCH_ARGS], SCAN_LIST,
                  &out->payload.args) &&
           render(operation->kwargs, run, &mine->scratch[SCRATCH_KWARGS], SCAN_MAP,
                  &out->payload.kwargs);
}

/* What is too large is so because the request's body is. */
static enum stage_result refuse_render(struct exchange *exchange, const struct err *err)
{
    if (err->code == ERR_LIMIT && exchange->body.len > 0) {
        return exchange_refuse(exchange, 413, FAULT_PAYLOAD_SIZE_EXCEEDED, "%s", err->text);
    }
    return exchange_refuse(exchange, 500, STR("bondy.error.http_gateway.invalid_expression"), "%s",
                           err->text);
}

enum stage_result act_stage(struct exchange *exchange)
{
    const struct operation *operation = exchange->operation;
    struct router *router = exchange->pipeline->options.router;
    if ((operation->action != ACTION_CALL && operation->action != ACTION_PUBLISH) ||
        exchange->method == HTTP_OPTIONS) { /* which nobody was asked to authenticate for */
        return STAGE_NEXT;
    }
    struct local_request request = {0};
    struct template_run run;
    template_run_init(&run, exchange_source(exchange, exchange->arena), exchange->arena,
                      exchange->pipeline->options.output_max);
    if (!render_request(exchange, &run, &request)) {
        return refuse_render(exchange, &run.err);
    }
    exchange->asked = request.uri;
    struct pending_call *pending = pending_take(exchange);
    exchange->pending = pending;
    timer_start(&exchange->deadline, request.timeout_ms + DEADLINE_GRACE_MS);
    if (operation->action == ACTION_CALL) {
        exchange->call = local_call(router, &request, on_reply, pending);
    } else {
        local_publish(router, &request, on_reply, pending);
    }
    exchange->stage++; /* the reply comes to the next stage */
    return STAGE_WAIT;
}
