/* dealer.c - the caller's half: admit, route, wait, answer once.
 *
 * A call ends in call_answer or, when its caller leaves, in dealer_leave; both give its slot
 * back, and whatever still comes for it finds nothing there.
 */
#include "realm/dealer.h"

#include "audit/audit.h"
#include "base/mem.h"
#include "realm/builtin.h"
#include "realm/call_options.h"
#include "realm/invocation.h"
#include "realm/parcel.h"
#include "realm/peer_features.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"

#include <stdio.h>
#include <string.h>

static void call_timed_out(struct timer *timer)
{
    struct call *call = CONTAINER_OF(timer, struct call, timer);
    struct shard *shard = call->shard;
    char text[64];
    (void)snprintf(text, sizeof(text), "no answer within %llu ms",
                   (unsigned long long)call->timeout_ms);
    shard_enter(shard);
    dealer_cancel(call, CANCEL_TIMEOUT);
    call_fail(call, FAULT_TIMEOUT, str_of(text));
    shard_leave(shard);
}

static struct call *call_new(struct shard *shard, const struct call_request *request)
{
    struct call *call = slots_take(&shard->calls);
    /* One byte more than is valid is enough to be refused, and no more is kept. */
    struct str uri = str_sub(request->procedure, 0, URI_LEN_MAX + 1);
    if (call->memory_cap < uri.len) {
        call->memory = mem_realloc(call->memory, uri.len);
        call->memory_cap = uri.len;
    }
    if (uri.len > 0) {
        memcpy(call->memory, uri.ptr, uri.len);
    }
    call->uri = str_make(call->memory, uri.len);
    call->shard = shard;
    call->session = request->session;
    call->number = ++shard->calls_made;
    call->callee = (struct handle){0};
    call->asked_ms = 0;
    call->features = 0;
    call->needs = 0;
    call->progress = false;
    call->progressed = false;
    call->chunked = false;
    call->more = false;
    call->killed = false;
    call->went_on = false;
    call->keyed = false;
    call->retried = false;
    call->load = NULL;
    call->kept = NULL;
    call->tried_count = 0;
    call->seat = request->seat;
    call->done = request->done;
    call->ctx = request->ctx;
    call->reply = NULL;
    call->gone = NULL;
    timer_init(&call->timer, call_timed_out);
    call->link.id = request->request;
    metric_gauge_add(shard->router->calls_gauge, 1);
    if (call->session != NULL) {
        idtable_add(&call->session->calls, &call->link);
    }
    return call;
}

void call_release_memory(struct call *call)
{
    mem_free(call->memory);
    call->memory = NULL;
    mem_free(call->tried);
    call->tried = NULL;
    if (call->slot.used == 1) {
        call_let_go(call);
        parcel_free(call->kept);
        parcel_free(call->reply);
    }
}

/* Nobody waits for it any more. */
static void call_end(struct call *call)
{
    void (*gone)(void *ctx) = call->gone;
    void *gone_ctx = call->gone_ctx;
    timer_stop(&call->timer);
    call_let_go(call);
    if (call->kept != NULL) {
        parcel_free(call->kept);
        call->kept = NULL;
    }
    if (call->session != NULL) {
        idtable_remove(&call->session->calls, &call->link);
    }
    metric_gauge_add(call->shard->router->calls_gauge, -1);
    slots_release(&call->shard->calls, call);
    if (gone != NULL) {
        gone(gone_ctx);
    }
}

/* The end of an in-process call. */
static void answer_local(struct call *call, const struct message *answer)
{
    struct local_reply reply = {.ok = answer->type != MESSAGE_ERROR,
                                .request = answer->request,
                                .error = answer->uri.len > 0 ? answer->uri : STR_EMPTY,
                                .payload = answer->payload};
    if (answer->details.len > 0) {
        reply.details = (struct slice){answer->payload.serializer, answer->details};
    }
    local_reply_fn done = call->done;
    void *ctx = call->ctx;
    call->reply = NULL;
    call_end(call);
    if (done != NULL) {
        done(ctx, &reply);
    }
}

static void reply_arrived(struct post *post)
{
    struct parcel *parcel = CONTAINER_OF(post, struct parcel, post);
    struct shard *shard = router_here(parcel->router);
    struct handle handle = parcel->ref.call;
    struct call *call = slots_find(&shard->calls, handle.slot, handle.generation);
    shard_enter(shard);
    answer_local(call, &parcel->message);
    parcel_free(parcel);
    shard_leave(shard);
}

/* In-process callers are answered from the turn queue, unless none of them can be on the stack. */
static void answer_later(struct call *call, const struct message *answer)
{
    timer_stop(&call->timer);
    call->reply = parcel_new(call->shard->router, answer);
    call->reply->ref.call = call_handle(call);
    parcel_post(call->reply, call->shard->index, reply_arrived);
}

static void answer_call(struct call *call, struct message *answer, bool at_once)
{
    struct session *session = call->session;
    answer->request = call->link.id;
    answer->request_type = MESSAGE_CALL;
    router_count(call->shard->router, answer->type == MESSAGE_RESULT ? COUNT_RESULTS : COUNT_ERRORS,
                 1);
    if (session == NULL) {
        /* Details are made in a buffer that the caller may want next. */
        if (at_once && answer->details.len == 0) {
            answer_local(call, answer);
        } else {
            answer_later(call, answer);
        }
        return;
    }
    call_end(call);
    enum delivery delivery = session_reply(session, answer);
    if (delivery == DELIVERY_TOO_BIG) {
        session_error(session, MESSAGE_CALL, answer->request, FAULT_PAYLOAD_SIZE_EXCEEDED,
                      STR("the answer is larger than this peer accepts"));
    } else if (delivery == DELIVERY_UNFIT) {
        session_error(session, MESSAGE_CALL, answer->request, FAULT_INVALID_ARGUMENT,
                      STR("the answer cannot be expressed in this peer's serializer"));
    }
}

void call_answer(struct call *call, struct message *answer)
{
    answer_call(call, answer, false);
}

void call_fail(struct call *call, struct str error, struct str text)
{
    enum serializer serializer =
        call->session == NULL ? SERIALIZER_MSGPACK : call->session->peer->serializer;
    struct message answer = {
        .type = MESSAGE_ERROR, .uri = error, .payload = shard_words(call->shard, serializer, text)};
    call_answer(call, &answer);
}

static uint64_t call_timeout(const struct router_options *limits,
                             const struct call_request *request,
                             uint64_t asked)
{
    uint64_t max = limits->call_timeout_max_ms;
    uint64_t timeout = request->timeout_ms != 0 ? request->timeout_ms : limits->call_timeout_ms;
    if (request->session == NULL) { /* the shorter one */
        timeout = asked != 0 && asked < timeout ? asked : timeout;
    } else if (asked != NO_TIMEOUT) {
        timeout = asked == 0 ? max : asked;
    }
    timeout = max != 0 && timeout > max ? max : timeout;
    return timeout == 0 ? 1 : timeout;
}

/* What a caller must have announced before it asks for it. */
static bool call_may(struct call *call, const struct call_options *options)
{
    bool passthru = passthru_used(&options->passthru);
    if ((!passthru && !options->progress) || call->session == NULL) {
        return true;
    }
    unsigned features = call->session->features;
    const char *missing = NULL;
    if (passthru && (features & CALLER_PASSTHRU) == 0) {
        missing = "payload_passthru_mode";
    } else if (options->progress && (features & CALLER_PROGRESSIVE_CALLS) == 0) {
        missing = "progressive_call_invocations";
    }
    if (missing == NULL) {
        return true;
    }
    struct session *session = call->session;
    call_end(call);
    session_violation(session, "CALL: this caller has not announced %s", missing);
    return false;
}

/* What the options mean for this call, and for who may answer it. */
static void call_apply(struct call *call, struct call_options *options)
{
    if (call->session == NULL) { /* takes one answer to one request */
        options->receive_progress = false;
        options->progress = false;
    }
    call->progress = options->receive_progress;
    call->chunked = options->progress;
    call->more = options->progress;
    call->disclose_me = options->disclose_me;
    call->keyed = options->keyed;
    call->key = options->key;
    if (options->progress) {
        call->needs |= CALLEE_PROGRESSIVE_CALLS | CALLEE_CANCELING;
    }
    if (passthru_used(&options->passthru)) {
        call->needs |= CALLEE_PASSTHRU;
    }
}

/* Who may not do what administrators do is in the audit, as who may and is refused. */
static void tell_denied(const struct call *call, const struct call_request *request)
{
    const struct principal *who = request->principal;
    bool theirs =
        str_starts(call->uri, STR("bondy.")) || str_starts(call->uri, STR("wamp.session.kill"));
    if (!theirs || router_builtin(call->shard->router, call->uri) == NULL) {
        return;
    }
    audit_note(call->shard->router->options.audit,
               &(struct audit_failure){.action = call->uri,
                                       .realm = realm_uri(call->seat->realm),
                                       .actor = who->authid,
                                       .authmethod = who->authmethod,
                                       .address = who->address,
                                       .request_id = who->request_id,
                                       .outcome = STR("refused"),
                                       .error = FAULT_NOT_AUTHORIZED,
                                       .detail = STR("no grant allows it")});
}

static bool
call_admit(struct call *call, const struct call_request *request, struct call_options *options)
{
    struct shard *shard = call->shard;
    struct err err;
    struct str error;
    err_clear(&err);
    if (!call_options_read(shard, request, options, &error, &err)) {
        call_fail(call, error, str_of(err.text));
        return false;
    }
    if (!call_may(call, options)) {
        return false;
    }
    if (passthru_used(&options->passthru) &&
        !passthru_check(&options->passthru, request->payload, &err)) {
        call_fail(call, FAULT_INVALID_ARGUMENT, str_of(err.text));
        return false;
    }
    if (!uri_valid(call->uri, MATCH_EXACT)) {
        call_fail(call, FAULT_INVALID_URI, STR("this is no procedure URI"));
        return false;
    }
    struct access_question question = {
        .principal = request->principal, .permission = PERMISSION_CALL, .uri = call->uri};
    if (!seat_permits(call->seat, &question, &err)) {
        tell_denied(call, request);
        call_fail(call, FAULT_NOT_AUTHORIZED, str_of(err.text));
        return false;
    }
    return true;
}

static void call_builtin(const struct builtin *builtin,
                         const struct call *call,
                         const struct call_request *request)
{
    struct builtin_call arrived = {
        .router = call->shard->router,
        .builtin = builtin,
        .realm = realm_uri(call->seat->realm),
        .home = realm_uri(call->seat->realm),
        .seat = call->seat,
        .session = request->session,
        .caller = request->session == NULL ? 0 : request->caller_id,
        .principal = request->principal,
        .options = request->options,
        .payload = request->payload,
        .handle = (uint64_t)call->slot.index << 32 | call->slot.generation,
    };
    builtin->run(&arrived);
}

struct handle dealer_call(struct shard *shard, const struct call_request *request)
{
    struct call *call = call_new(shard, request);
    struct handle handle = call_handle(call);
    struct call_options options;
    router_count(shard->router, COUNT_CALLS, 1);
    if (!call_admit(call, request, &options)) {
        return handle;
    }
    call_apply(call, &options);
    call->timeout_ms = call_timeout(&shard->router->options, request, options.timeout);
    if (request->session == NULL || (options.timeout != NO_TIMEOUT && options.timeout != 0)) {
        call->asked_ms = call->timeout_ms;
    }
    timer_start(&call->timer, call->timeout_ms);
    const struct builtin *builtin = router_builtin(shard->router, call->uri);
    if (builtin != NULL && call->needs != 0) {
        call_fail(call, FAULT_FEATURE_NOT_SUPPORTED,
                  STR("a procedure of the router takes neither pieces nor passthru payloads"));
        return handle;
    }
    if (builtin != NULL) {
        call_builtin(builtin, call, request);
        return handle;
    }
    struct message invocation = {.payload = *request->payload};
    call_route(call, &invocation, request, &options);
    return handle;
}

/* True when the callee is not available and the call has gone on to another, or failed. */
static bool call_reroute(struct call *call, const struct message *answer)
{
    bool wanted = answer->type == MESSAGE_ERROR && str_eq(answer->uri, FAULT_UNAVAILABLE) &&
                  !call->chunked && !call->progressed && !call->killed;
    if (!wanted || (call->kept == NULL && (call->features & CALLEE_REROUTE) == 0)) {
        return false;
    }
    call->tried = mem_realloc(call->tried, (call->tried_count + 1) * sizeof(call->tried[0]));
    call->tried[call->tried_count++] = call->callee;
    call_let_go(call);
    if (call->kept == NULL) {
        call_fail(call, FAULT_NO_AVAILABLE_CALLEE, STR("the only callee is not available"));
        return true;
    }
    struct message again = call->kept->message;
    call_route(call, &again, NULL, NULL);
    return true;
}

/* False when the caller cannot take such an answer, and has been told so. */
static bool answer_fits(struct call *call, unsigned flags)
{
    if ((flags & ANSWER_PASSTHRU) == 0 || call->session == NULL ||
        (call->session->features & CALLER_PASSTHRU) != 0) {
        return true;
    }
    if ((flags & ANSWER_FINAL) == 0) {
        dealer_cancel(call, CANCEL_KILLNOWAIT);
    }
    call_fail(call, FAULT_FEATURE_NOT_SUPPORTED,
              STR("the caller has not announced payload_passthru_mode"));
    return false;
}

void dealer_answer(struct shard *shard,
                   struct handle handle,
                   struct message *answer,
                   unsigned flags)
{
    struct call *call = slots_find(&shard->calls, handle.slot, handle.generation);
    if (call == NULL || call->reply != NULL) {
        return; /* answered already: canceled or timed out */
    }
    if (!answer_fits(call, flags) || call_reroute(call, answer)) {
        return;
    }
    if ((flags & ANSWER_FINAL) != 0) {
        answer_call(call, answer, (flags & ANSWER_AT_ONCE) != 0);
    } else if (call->progress) {
        answer->request = call->link.id;
        call->progressed = true;
        timer_start(&call->timer, call->timeout_ms);
        enum delivery delivery = session_reply(call->session, answer);
        if (delivery == DELIVERY_TOO_BIG || delivery == DELIVERY_UNFIT) {
            dealer_cancel(call, CANCEL_KILLNOWAIT);
            call_fail(call, FAULT_PAYLOAD_SIZE_EXCEEDED,
                      STR("a progressive result is larger than this peer accepts"));
        }
    }
}

static void cancel_arrived(struct post *post)
{
    struct parcel *parcel = CONTAINER_OF(post, struct parcel, post);
    struct shard *shard = router_here(parcel->router);
    shard_enter(shard);
    invocation_cancel(shard, parcel->ref, parcel->mode);
    parcel_free(parcel);
    shard_leave(shard);
}

void dealer_cancel(struct call *call, enum cancel_mode mode)
{
    if (call->callee.generation == 0) {
        return;
    }
    struct shard *shard = call->shard;
    struct call_ref ref = {call_handle(call), call->number};
    enum cancel_mode possible = (call->features & CALLEE_CANCELING) != 0 ? mode : CANCEL_SKIP;
    if (call->callee.worker == shard->index) {
        invocation_cancel(shard, ref, possible);
        return;
    }
    struct parcel *parcel = parcel_new(shard->router, NULL);
    parcel->ref = ref;
    parcel->mode = possible;
    parcel_post(parcel, call->callee.worker, cancel_arrived);
}

void dealer_leave(struct session *session)
{
    struct idlink *link = NULL;
    while ((link = idtable_any(&session->calls)) != NULL) {
        struct call *call = CONTAINER_OF(link, struct call, link);
        dealer_cancel(call, CANCEL_KILLNOWAIT);
        call_end(call);
    }
}
