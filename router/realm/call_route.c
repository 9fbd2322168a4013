/* call_route.c - from a call to a callee: whom it goes to, what it is told, and what if not.
 *
 * On the caller's worker. A call moves on to another callee when its own has just gone (once),
 * or says that it is not available (each at most once); not when it has begun to answer, or to
 * get the second piece of a call, or has been told to stop.
 */
#include "base/mem.h"
#include "realm/call_options.h"
#include "realm/dealer.h"
#include "realm/invocation.h"
#include "realm/parcel.h"
#include "realm/peer_features.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"

#include <stdio.h>

struct handle call_handle(const struct call *call)
{
    return (struct handle){.worker = call->shard->index,
                           .slot = call->slot.index,
                           .generation = call->slot.generation};
}

void call_let_go(struct call *call)
{
    call->callee = (struct handle){0};
    if (call->load != NULL) {
        callee_load_release(call->load);
        call->load = NULL;
    }
}

/* For whatever reason nothing more can be sent: the end of the call. */
static void call_undeliverable(struct call *call, enum delivery why)
{
    switch (why) {
    case DELIVERY_OK:
    case DELIVERY_GONE:
        call_fail(call, FAULT_UNAVAILABLE, STR("the callee has just left"));
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

/* An INVOCATION that was not sent. */
static void call_refused(struct call *call, enum delivery why, struct message *invocation)
{
    call_let_go(call);
    if (why == DELIVERY_GONE && call->killed) {
        call_fail(call, FAULT_CANCELED, STR("call canceled"));
    } else if (why == DELIVERY_GONE && !call->retried && !call->went_on) {
        call->retried = true;
        call_route(call, invocation, NULL, NULL);
    } else {
        call_undeliverable(call, why);
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

static void invoke(struct call *call, struct message *invocation)
{
    struct shard *shard = call->shard;
    struct invocation_order order = {.callee = call->callee,
                                     .ref = {call_handle(call), call->number},
                                     .progress = call->progress};
    if (order.callee.worker == shard->index) {
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
    parcel_post(parcel, order.callee.worker, invoke_arrived);
    session_yield_to(call->session,
                     workers_get(shard->router->options.workers, order.callee.worker));
}

static bool call_find(struct call *call, struct registry_pick *out)
{
    char text[256];
    struct registry_ask ask = {.uri = call->uri,
                               .keyed = call->keyed,
                               .key = call->key,
                               .tried = call->tried,
                               .tried_count = call->tried_count};
    enum registry_answer answer =
        uri_reserved(call->uri) ? REGISTRY_NOBODY : realm_find_callee(call->seat->realm, &ask, out);
    if (answer == REGISTRY_FOUND) {
        return true;
    }
    if (call->tried_count > 0) {
        call_fail(call, FAULT_NO_AVAILABLE_CALLEE, STR("no callee of this procedure is available"));
    } else if (answer == REGISTRY_BUSY) {
        call_fail(call, FAULT_UNAVAILABLE,
                  STR("each callee of this procedure has as many calls as it takes at a time"));
    } else {
        (void)snprintf(text, sizeof(text), "no service registered " PRISTR, STRARG(call->uri));
        call_fail(call, FAULT_NO_SUCH_PROCEDURE, str_of(text));
    }
    return false;
}

/* A callee that times its calls out itself is told the time, and our timer is only the last
 * resort. In-process callers have a deadline of their own, which is kept here. */
static void call_arm(struct call *call, bool forward)
{
    uint64_t max = call->shard->router->options.call_timeout_max_ms;
    uint64_t timeout_ms =
        forward && call->session != NULL && max > call->asked_ms ? max : call->asked_ms;
    if (timeout_ms != call->timeout_ms) {
        call->timeout_ms = timeout_ms;
        timer_start(&call->timer, timeout_ms);
    }
}

static struct str details_for(const struct call *call,
                              const struct message *invocation,
                              const struct call_telling *telling)
{
    const struct session *session = call->session;
    struct details_change change = {
        .telling = *telling,
        .caller_id = session == NULL ? call->seat->local_id : session->id,
        .principal = session == NULL ? NULL : &session->principal,
    };
    struct slice details = {invocation->payload.serializer, invocation->details};
    return call_details_change(call->shard, details, &change);
}

/* The INVOCATION is wanted again: by another callee, or its details with the next piece. */
static void call_keep(struct call *call, const struct registry_pick *pick, struct message *message)
{
    if (call->chunked) {
        struct message bare = *message;
        bare.payload = (struct payload){.serializer = message->payload.serializer};
        parcel_free(call->kept);
        call->kept = parcel_new(call->shard->router, &bare);
    } else if (pick->others && call->kept == NULL) {
        call->kept = parcel_new(call->shard->router, message);
    }
}

void call_route(struct call *call,
                struct message *invocation,
                const struct call_request *first,
                const struct call_options *options)
{
    struct registry_pick pick;
    if (!call_find(call, &pick)) {
        return;
    }
    call->callee = pick.session;
    call->features = pick.features;
    call->load = pick.load;
    if ((pick.features & call->needs) != call->needs) {
        call_let_go(call);
        call_fail(call, FAULT_FEATURE_NOT_SUPPORTED,
                  (call->needs & CALLEE_PASSTHRU & ~pick.features) != 0
                      ? STR("the callee has not announced payload_passthru_mode")
                      : STR("the callee has not announced progressive_call_invocations and "
                            "call_canceling"));
        return;
    }
    if (call->asked_ms != 0) {
        call_arm(call, pick.forward_timeout);
    }
    bool disclosed = call->disclose_me || pick.disclose_caller;
    struct call_telling telling = {.caller = disclosed,
                                   .timeout_ms = pick.forward_timeout ? call->asked_ms : 0};
    invocation->type = MESSAGE_INVOCATION;
    invocation->id = pick.registration;
    invocation->details = first == NULL ? details_for(call, invocation, &telling)
                                        : call_details(call->shard, first, options, &telling);
    if (pick.others || call->chunked) {
        call_keep(call, &pick, invocation);
    }
    invoke(call, invocation);
}

/* A callee that has answered or left meanwhile is no fault: that is on its way to us. */
static void chunk_refused(struct call *call, enum delivery why)
{
    if (why != DELIVERY_OK && why != DELIVERY_GONE) {
        dealer_cancel(call, CANCEL_KILLNOWAIT);
        call_undeliverable(call, why);
    }
}

static void chunk_came_back(struct post *post)
{
    struct parcel *parcel = CONTAINER_OF(post, struct parcel, post);
    struct shard *shard = router_here(parcel->router);
    struct handle handle = parcel->ref.call;
    struct call *call = slots_find(&shard->calls, handle.slot, handle.generation);
    shard_enter(shard);
    if (call != NULL && call->reply == NULL) {
        chunk_refused(call, parcel->outcome);
    }
    parcel_free(parcel);
    shard_leave(shard);
}

static void chunk_arrived(struct post *post)
{
    struct parcel *parcel = CONTAINER_OF(post, struct parcel, post);
    struct shard *shard = router_here(parcel->router);
    shard_enter(shard);
    parcel->outcome = invocation_continue(shard, parcel->ref, &parcel->message);
    if (parcel->outcome == DELIVERY_OK || parcel->outcome == DELIVERY_GONE) {
        parcel_free(parcel);
    } else {
        parcel_post(parcel, parcel->ref.call.worker, chunk_came_back);
    }
    shard_leave(shard);
}

void dealer_continue(struct call *call, const struct payload *payload, bool more)
{
    struct shard *shard = call->shard;
    struct message chunk = call->kept->message;
    chunk.payload = *payload;
    if (!more) {
        struct details_change last = {.no_progress = true, .keep_callee = true};
        struct slice details = {payload->serializer, chunk.details};
        chunk.details = call_details_change(shard, details, &last);
    }
    call->more = more;
    call->went_on = true;
    timer_start(&call->timer, call->timeout_ms);
    struct call_ref ref = {call_handle(call), call->number};
    if (call->callee.worker == shard->index) {
        chunk_refused(call, invocation_continue(shard, ref, &chunk));
        return;
    }
    struct parcel *parcel = parcel_new(shard->router, &chunk);
    parcel->ref = ref;
    parcel_post(parcel, call->callee.worker, chunk_arrived);
    session_yield_to(call->session,
                     workers_get(shard->router->options.workers, call->callee.worker));
}
