/* dealer.c - the caller's half: admit, route, wait, answer once.
 *
 * A call ends in call_answer or, when its caller leaves, in dealer_leave; both give its slot
 * back, and whatever still comes for it finds nothing there.
 */
#include "realm/dealer.h"

#include "base/mem.h"
#include "realm/builtin.h"
#include "realm/invocation.h"
#include "realm/parcel.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"
#include "wamp/options.h"

#include <stdio.h>
#include <string.h>

#define NO_TIMEOUT UINT64_MAX

struct call_options {
    uint64_t timeout;
    bool disclose_me;
    bool receive_progress;
};

static const struct option_row call_rows[] = {
    {"timeout", OPTION_U64, offsetof(struct call_options, timeout)},
    {"disclose_me", OPTION_BOOL, offsetof(struct call_options, disclose_me)},
    {"receive_progress", OPTION_BOOL, offsetof(struct call_options, receive_progress)},
};

static void call_route(struct call *call, struct message *invocation);

static void call_timed_out(struct timer *timer)
{
    struct call *call = CONTAINER_OF(timer, struct call, timer);
    struct shard *shard = call->shard;
    char text[64];
    (void)snprintf(text, sizeof(text), "no answer within %llu ms",
                   (unsigned long long)call->timeout_ms);
    shard_enter(shard);
    dealer_cancel(call, CANCEL_KILLNOWAIT);
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
    call->cancels = false;
    call->progress = false;
    call->retried = false;
    call->seat = request->seat;
    call->done = request->done;
    call->ctx = request->ctx;
    call->reply = NULL;
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
    if (call->slot.used == 1) {
        parcel_free(call->reply);
    }
}

/* Nobody waits for it any more. */
static void call_end(struct call *call)
{
    timer_stop(&call->timer);
    if (call->session != NULL) {
        idtable_remove(&call->session->calls, &call->link);
    }
    metric_gauge_add(call->shard->router->calls_gauge, -1);
    slots_release(&call->shard->calls, call);
}

static struct handle call_handle(const struct call *call)
{
    return (struct handle){.worker = call->shard->index,
                           .slot = call->slot.index,
                           .generation = call->slot.generation};
}

static void reply_arrived(struct post *post)
{
    struct parcel *parcel = CONTAINER_OF(post, struct parcel, post);
    struct shard *shard = router_here(parcel->router);
    struct handle handle = parcel->ref.call;
    struct call *call = slots_find(&shard->calls, handle.slot, handle.generation);
    const struct message *answer = &parcel->message;
    shard_enter(shard);
    struct local_reply reply = {.ok = answer->type != MESSAGE_ERROR,
                                .request = answer->request,
                                .error = answer->uri,
                                .payload = answer->payload};
    if (answer->details.len > 0) {
        reply.details = (struct slice){answer->payload.serializer, answer->details};
    }
    call->reply = NULL;
    call_end(call);
    if (call->done != NULL) {
        call->done(call->ctx, &reply);
    }
    parcel_free(parcel);
    shard_leave(shard);
}

/* In-process callers are answered from the turn queue. */
static void answer_later(struct call *call, const struct message *answer)
{
    timer_stop(&call->timer);
    call->reply = parcel_new(call->shard->router, answer);
    call->reply->ref.call = call_handle(call);
    parcel_post(call->reply, call->shard->index, reply_arrived);
}

void call_answer(struct call *call, struct message *answer)
{
    struct session *session = call->session;
    answer->request = call->link.id;
    answer->request_type = MESSAGE_CALL;
    router_count(call->shard->router, answer->type == MESSAGE_RESULT ? COUNT_RESULTS : COUNT_ERRORS,
                 1);
    if (session == NULL) {
        answer_later(call, answer);
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

void call_fail(struct call *call, struct str error, struct str text)
{
    enum serializer serializer =
        call->session == NULL ? SERIALIZER_MSGPACK : call->session->peer->serializer;
    struct message answer = {
        .type = MESSAGE_ERROR, .uri = error, .payload = shard_words(call->shard, serializer, text)};
    call_answer(call, &answer);
}

/* The caller's options, as INVOCATION passes them on; in the payload's serializer. */
static struct str invocation_details(struct shard *shard,
                                     const struct call_request *request,
                                     const struct call_options *options)
{
    const struct principal *principal = request->principal;
    bool role = principal->role_count > 0;
    struct emit emit;
    buf_clear(&shard->details);
    emit_init(&emit, request->payload->serializer, &shard->details);
    emit_map(&emit, 1u + (options->disclose_me ? 2u + (role ? 1u : 0u) : 0u) +
                        (options->receive_progress ? 1u : 0u));
    emit_key(&emit, STR("procedure"));
    emit_str(&emit, request->procedure);
    if (options->disclose_me) {
        emit_key(&emit, STR("caller"));
        emit_u64(&emit, request->caller_id);
        emit_key(&emit, STR("caller_authid"));
        emit_str(&emit, principal->authid);
        if (role) {
            emit_key(&emit, STR("caller_authrole"));
            emit_str(&emit, principal->roles[0]);
        }
    }
    if (options->receive_progress) {
        emit_key(&emit, STR("receive_progress"));
        emit_bool(&emit, true);
    }
    return buf_str(&shard->details);
}

/* An invocation that was not sent. */
static void call_refused(struct call *call, enum delivery why, struct message *invocation)
{
    call->callee = (struct handle){0};
    switch (why) {
    case DELIVERY_OK:
        break;
    case DELIVERY_GONE:
        if (!call->retried) {
            call->retried = true;
            call_route(call, invocation);
        } else {
            call_fail(call, FAULT_UNAVAILABLE, STR("the callee has just left"));
        }
        break;
    case DELIVERY_FULL:
        call_fail(call, FAULT_UNAVAILABLE, STR("too much waits for the callee already"));
        break;
    case DELIVERY_TOO_BIG:
        call_fail(call, FAULT_PAYLOAD_SIZE_EXCEEDED,
                  STR("the call is larger than the callee accepts"));
        break;
    case DELIVERY_UNFIT:
        call_fail(call, FAULT_INVALID_ARGUMENT,
                  STR("the call cannot be expressed in the callee's serializer"));
        break;
    }
}

static void invoke_refused(struct post *post)
{
    struct parcel *parcel = CONTAINER_OF(post, struct parcel, post);
    struct shard *shard = router_here(parcel->router);
    struct handle handle = parcel->ref.call;
    struct call *call = slots_find(&shard->calls, handle.slot, handle.generation);
    shard_enter(shard);
    if (call != NULL && call->reply == NULL) {
        call_refused(call, parcel->outcome, &parcel->message);
    }
    parcel_free(parcel);
    shard_leave(shard);
}

static void invoke_arrived(struct post *post)
{
    struct parcel *parcel = CONTAINER_OF(post, struct parcel, post);
    struct shard *shard = router_here(parcel->router);
    struct invocation_order order = {
        .callee = parcel->callee, .ref = parcel->ref, .progress = parcel->progress};
    shard_enter(shard);
    parcel->outcome = invocation_start(shard, &order, &parcel->message);
    if (parcel->outcome == DELIVERY_OK) {
        parcel_free(parcel);
    } else {
        parcel_post(parcel, parcel->ref.call.worker, invoke_refused);
    }
    shard_leave(shard);
}

static void call_route(struct call *call, struct message *invocation)
{
    struct shard *shard = call->shard;
    struct registry_pick pick;
    if (uri_reserved(call->uri) || !realm_find_callee(call->seat->realm, call->uri, &pick)) {
        char text[256];
        (void)snprintf(text, sizeof(text), "no service registered " PRISTR, STRARG(call->uri));
        call_fail(call, FAULT_NO_SUCH_PROCEDURE, str_of(text));
        return;
    }
    invocation->type = MESSAGE_INVOCATION;
    invocation->id = pick.registration;
    call->callee = pick.session;
    call->cancels = pick.cancels;
    struct invocation_order order = {.callee = pick.session,
                                     .ref = {call_handle(call), call->number},
                                     .progress = call->progress};
    if (pick.session.worker == shard->index) {
        enum delivery delivery = invocation_start(shard, &order, invocation);
        if (delivery != DELIVERY_OK) {
            call_refused(call, delivery, invocation);
        }
        return;
    }
    struct parcel *parcel = parcel_new(shard->router, invocation);
    parcel->callee = order.callee;
    parcel->ref = order.ref;
    parcel->progress = order.progress;
    parcel_post(parcel, pick.session.worker, invoke_arrived);
    session_yield_to(call->session,
                     workers_get(shard->router->options.workers, pick.session.worker));
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

static bool
call_admit(struct call *call, const struct call_request *request, struct call_options *options)
{
    struct shard *shard = call->shard;
    struct err err = {0};
    *options = (struct call_options){.timeout = NO_TIMEOUT, .disclose_me = true};
    if (request->options.bytes.len > OPTIONS_EMPTY_LEN &&
        !options_read(request->options, call_rows, COUNT_OF(call_rows), &shard->scratch, options,
                      &err)) {
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
        .realm = realm_uri(call->seat->realm),
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
    call->progress = options.receive_progress && request->session != NULL;
    options.receive_progress = call->progress;
    call->timeout_ms = call_timeout(&shard->router->options, request, options.timeout);
    timer_start(&call->timer, call->timeout_ms);
    const struct builtin *builtin = router_builtin(shard->router, call->uri);
    if (builtin != NULL) {
        call_builtin(builtin, call, request);
        return handle;
    }
    struct message invocation = {.details = invocation_details(shard, request, &options),
                                 .payload = *request->payload};
    call_route(call, &invocation);
    return handle;
}

void dealer_answer(struct shard *shard, struct handle handle, struct message *answer, bool final)
{
    struct call *call = slots_find(&shard->calls, handle.slot, handle.generation);
    if (call == NULL || call->reply != NULL) {
        return; /* answered already: canceled or timed out */
    }
    if (final) {
        call_answer(call, answer);
    } else if (call->progress) {
        answer->request = call->link.id;
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
    enum cancel_mode possible = call->cancels ? mode : CANCEL_SKIP;
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
