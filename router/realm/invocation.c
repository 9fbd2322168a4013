/* invocation.c - the callee's half: INVOCATION out, YIELD or ERROR in, INTERRUPT between.
 *
 * What is canceled is forgotten at once; an answer that comes for it later has an id that was
 * given out and is not in the table, and is dropped.
 */
#include "realm/invocation.h"

#include "base/mem.h"
#include "realm/parcel.h"
#include "wamp/fault.h"
#include "wamp/options.h"

/* Six bits are enough for the worker: WORKERS_MAX. */
static uint64_t invocation_key(struct call_ref ref)
{
    _Static_assert(WORKERS_MAX <= 64, "the worker must fit");
    return ref.number << 6 | ref.call.worker;
}

static struct invocation *invocation_new(struct shard *shard)
{
    struct idlink *spare = shard->spare_invocations;
    if (spare == NULL) {
        return NEW(struct invocation);
    }
    shard->spare_invocations = spare->next;
    return CONTAINER_OF(spare, struct invocation, link);
}

static void invocation_end(struct invocation *invocation)
{
    struct shard *shard = invocation->session->shard;
    idtable_remove(&invocation->session->invocations, &invocation->link);
    idtable_remove(&shard->invocations, &invocation->by_call);
    metric_gauge_add(shard->router->invocations_gauge, -1);
    invocation->link.next = shard->spare_invocations;
    shard->spare_invocations = &invocation->link;
}

void invocations_done(struct shard *shard)
{
    struct idlink *next = NULL;
    for (struct idlink *link = shard->spare_invocations; link != NULL; link = next) {
        next = link->next;
        mem_free(CONTAINER_OF(link, struct invocation, link));
    }
    shard->spare_invocations = NULL;
    while ((next = idtable_any(&shard->invocations)) != NULL) {
        idtable_remove(&shard->invocations, next);
        mem_free(CONTAINER_OF(next, struct invocation, by_call));
    }
    idtable_done(&shard->invocations);
}

enum delivery
invocation_start(struct shard *shard, const struct invocation_order *order, struct message *message)
{
    struct session *session =
        slots_find(&shard->sessions, order->callee.slot, order->callee.generation);
    if (session == NULL || session->state != SESSION_OPEN ||
        idtable_find(&session->registrations, message->id) == NULL) {
        return DELIVERY_GONE;
    }
    message->request = session->last_invocation + 1;
    enum delivery delivery = session_send(session, message);
    if (delivery != DELIVERY_OK) {
        return delivery;
    }
    session->last_invocation++;
    struct invocation *invocation = invocation_new(shard);
    invocation->session = session;
    invocation->ref = order->ref;
    invocation->progress = order->progress;
    invocation->link.id = message->request;
    invocation->by_call.id = invocation_key(order->ref);
    idtable_add(&session->invocations, &invocation->link);
    idtable_add(&shard->invocations, &invocation->by_call);
    metric_gauge_add(shard->router->invocations_gauge, 1);
    return DELIVERY_OK;
}

void invocation_cancel(struct shard *shard, struct call_ref ref, enum cancel_mode mode)
{
    struct idlink *link = idtable_find(&shard->invocations, invocation_key(ref));
    if (link == NULL) {
        return;
    }
    struct invocation *invocation = CONTAINER_OF(link, struct invocation, by_call);
    struct session *session = invocation->session;
    if (mode != CANCEL_SKIP) {
        enum serializer serializer = session->peer->serializer;
        struct message interrupt = {
            .type = MESSAGE_INTERRUPT,
            .request = invocation->link.id,
            .details = shard_detail(shard, serializer, STR("mode"), cancel_mode_name(mode)),
            .payload = {.serializer = serializer}};
        (void)session_reply(session, &interrupt);
    }
    if (mode != CANCEL_KILL) {
        invocation_end(invocation); /* what still comes is late, and dropped */
    }
}

static void answer_arrived(struct post *post)
{
    struct parcel *parcel = CONTAINER_OF(post, struct parcel, post);
    struct shard *shard = router_here(parcel->router);
    shard_enter(shard);
    dealer_answer(shard, parcel->ref.call, &parcel->message, parcel->final);
    parcel_free(parcel);
    shard_leave(shard);
}

static void invocation_answer(struct invocation *invocation, struct message *answer, bool final)
{
    struct session *session = invocation->session;
    struct shard *shard = session->shard;
    struct call_ref ref = invocation->ref;
    if (final) {
        invocation_end(invocation);
    }
    if (ref.call.worker == shard->index) {
        dealer_answer(shard, ref.call, answer, final);
        return;
    }
    struct parcel *parcel = parcel_new(shard->router, answer);
    parcel->ref = ref;
    parcel->final = final;
    parcel_post(parcel, ref.call.worker, answer_arrived);
    session_yield_to(session, workers_get(shard->router->options.workers, ref.call.worker));
}

/* NULL when the answer is late, which is nobody's fault, or was never asked for. */
static struct invocation *invocation_find(struct session *session, const struct message *message)
{
    struct idlink *link = idtable_find(&session->invocations, message->request);
    if (link != NULL) {
        return CONTAINER_OF(link, struct invocation, link);
    }
    if (message->request > session->last_invocation) {
        session_violation(session, "%s: there was no INVOCATION %llu", message_name(message->type),
                          (unsigned long long)message->request);
    }
    return NULL;
}

struct yield_options {
    bool progress;
};

static const struct option_row yield_rows[] = {
    {"progress", OPTION_BOOL, offsetof(struct yield_options, progress)},
};

static struct str progress_details(struct shard *shard, enum serializer serializer)
{
    struct emit emit;
    buf_clear(&shard->details);
    emit_init(&emit, serializer, &shard->details);
    emit_map(&emit, 1);
    emit_key(&emit, STR("progress"));
    emit_bool(&emit, true);
    return buf_str(&shard->details);
}

void session_yield(struct session *session, struct message *message)
{
    struct shard *shard = session->shard;
    struct yield_options options = {0};
    struct err err = {0};
    struct slice bytes = {session->peer->serializer, message->details};
    if (message->details.len > OPTIONS_EMPTY_LEN &&
        !options_read(bytes, yield_rows, COUNT_OF(yield_rows), &shard->scratch, &options, &err)) {
        session_violation(session, "YIELD: %s", err.text);
        return;
    }
    struct invocation *invocation = invocation_find(session, message);
    if (invocation == NULL || (options.progress && !invocation->progress)) {
        return; /* progress that nobody asked for goes nowhere */
    }
    message->type = MESSAGE_RESULT;
    message->details =
        options.progress ? progress_details(shard, message->payload.serializer) : STR_EMPTY;
    invocation_answer(invocation, message, !options.progress);
}

void session_fail(struct session *session, struct message *message)
{
    if (message->request_type != MESSAGE_INVOCATION) {
        session_violation(session, "ERROR for %s is not for clients to send",
                          message_name(message->request_type));
        return;
    }
    struct invocation *invocation = invocation_find(session, message);
    if (invocation != NULL) {
        invocation_answer(invocation, message, true);
    }
}

void invocations_leave(struct session *session)
{
    struct idlink *link = NULL;
    while ((link = idtable_any(&session->invocations)) != NULL) {
        struct message answer = {.type = MESSAGE_ERROR,
                                 .uri = FAULT_CANCELED,
                                 .payload =
                                     shard_words(session->shard, SERIALIZER_MSGPACK,
                                                 STR("the callee has left before it answered"))};
        invocation_answer(CONTAINER_OF(link, struct invocation, link), &answer, true);
    }
}
