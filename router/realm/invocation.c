/* invocation.c - the callee's half: INVOCATION out, YIELD or ERROR in, INTERRUPT between.
 *
 * What is canceled is forgotten at once; an answer that comes for it later has an id that was
 * given out and is not in the table, and is dropped.
 */
#include "realm/invocation.h"

#include "base/mem.h"
#include "realm/parcel.h"
#include "realm/passthru.h"
#include "realm/peer_features.h"
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

static struct invocation *invocation_of(struct shard *shard, struct call_ref ref)
{
    struct idlink *link = idtable_find(&shard->invocations, invocation_key(ref));
    return link == NULL ? NULL : CONTAINER_OF(link, struct invocation, by_call);
}

enum delivery invocation_continue(struct shard *shard, struct call_ref ref, struct message *message)
{
    const struct invocation *invocation = invocation_of(shard, ref);
    if (invocation == NULL) {
        return DELIVERY_GONE;
    }
    message->request = invocation->link.id;
    return session_send(invocation->session, message);
}

static struct str
interrupt_details(struct shard *shard, enum serializer serializer, enum cancel_mode mode)
{
    struct emit emit;
    bool late = mode == CANCEL_TIMEOUT;
    buf_clear(&shard->details);
    emit_init(&emit, serializer, &shard->details);
    emit_map(&emit, late ? 2 : 1);
    emit_key(&emit, STR("mode"));
    emit_str(&emit, cancel_mode_name(late ? CANCEL_KILLNOWAIT : mode));
    if (late) {
        emit_key(&emit, STR("reason"));
        emit_str(&emit, FAULT_TIMEOUT);
    }
    return buf_str(&shard->details);
}

void invocation_cancel(struct shard *shard, struct call_ref ref, enum cancel_mode mode)
{
    struct invocation *invocation = invocation_of(shard, ref);
    if (invocation == NULL) {
        return;
    }
    struct session *session = invocation->session;
    if (mode != CANCEL_SKIP) {
        enum serializer serializer = session->peer->serializer;
        struct message interrupt = {.type = MESSAGE_INTERRUPT,
                                    .request = invocation->link.id,
                                    .details = interrupt_details(shard, serializer, mode),
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
    dealer_answer(shard, parcel->ref.call, &parcel->message,
                  parcel->flags | (unsigned)ANSWER_AT_ONCE);
    parcel_free(parcel);
    shard_leave(shard);
}

static void invocation_answer(struct invocation *invocation, struct message *answer, unsigned flags)
{
    struct session *session = invocation->session;
    struct shard *shard = session->shard;
    struct call_ref ref = invocation->ref;
    if ((flags & ANSWER_FINAL) != 0) {
        invocation_end(invocation);
    }
    if (ref.call.worker == shard->index) {
        dealer_answer(shard, ref.call, answer, flags);
        return;
    }
    struct parcel *parcel = parcel_new(shard->router, answer);
    parcel->ref = ref;
    parcel->flags = flags;
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

/* Of YIELD and of ERROR. */
struct answer_options {
    bool progress;
    struct passthru passthru;
};

static const struct option_row answer_rows[] = {
    {"progress", OPTION_BOOL, offsetof(struct answer_options, progress)},
    PASSTHRU_ROWS(offsetof(struct answer_options, passthru)),
};

/* False after a violation. */
static bool answer_options_read(struct session *session,
                                const struct message *message,
                                struct answer_options *out)
{
    struct err err;
    struct slice bytes = {session->peer->serializer, message->details};
    err_clear(&err);
    *out = (struct answer_options){0};
    if (message->details.len <= OPTIONS_EMPTY_LEN) {
        return true;
    }
    if (!options_read(bytes, answer_rows, COUNT_OF(answer_rows), &session->shard->scratch, out,
                      &err)) {
        session_violation(session, "%s: %s", message_name(message->type), err.text);
        return false;
    }
    if (passthru_used(&out->passthru) && (session->features & CALLEE_PASSTHRU) == 0) {
        session_violation(session, "%s: this callee has not announced payload_passthru_mode",
                          message_name(message->type));
        return false;
    }
    return true;
}

/* What the caller is told; all else that the callee says is dropped. */
static struct str answer_details(struct shard *shard,
                                 enum serializer serializer,
                                 const struct answer_options *options)
{
    uint32_t members = (options->progress ? 1u : 0u) + passthru_members(&options->passthru);
    struct emit emit;
    if (members == 0) {
        return STR_EMPTY;
    }
    buf_clear(&shard->details);
    emit_init(&emit, serializer, &shard->details);
    emit_map(&emit, members);
    if (options->progress) {
        emit_key(&emit, STR("progress"));
        emit_bool(&emit, true);
    }
    passthru_emit(&options->passthru, &emit);
    return buf_str(&shard->details);
}

/* Of what the callee has just sent. A payload that is not what its attributes say becomes an error
 * of the call. */
static void answer_checked(struct invocation *invocation,
                           struct message *answer,
                           const struct answer_options *options)
{
    struct err err;
    struct shard *shard = invocation->session->shard;
    err_clear(&err);
    bool passthru = passthru_used(&options->passthru);
    unsigned flags = (options->progress ? 0u : (unsigned)ANSWER_FINAL) |
                     (passthru ? (unsigned)ANSWER_PASSTHRU : 0u) | (unsigned)ANSWER_AT_ONCE;
    if (passthru && !passthru_check(&options->passthru, &answer->payload, &err)) {
        struct message failure = {.type = MESSAGE_ERROR,
                                  .uri = FAULT_INVALID_ARGUMENT,
                                  .payload =
                                      shard_words(shard, SERIALIZER_MSGPACK, str_of(err.text))};
        invocation_answer(invocation, &failure, ANSWER_FINAL);
        return;
    }
    answer->details = answer_details(shard, answer->payload.serializer, options);
    invocation_answer(invocation, answer, flags);
}

void session_yield(struct session *session, struct message *message)
{
    struct answer_options options;
    if (!answer_options_read(session, message, &options)) {
        return;
    }
    struct invocation *invocation = invocation_find(session, message);
    if (invocation == NULL || (options.progress && !invocation->progress)) {
        return; /* progress that nobody asked for goes nowhere */
    }
    message->type = MESSAGE_RESULT;
    answer_checked(invocation, message, &options);
}

void session_fail(struct session *session, struct message *message)
{
    struct answer_options options;
    if (message->request_type != MESSAGE_INVOCATION) {
        session_violation(session, "ERROR for %s is not for clients to send",
                          message_name(message->request_type));
        return;
    }
    if (!answer_options_read(session, message, &options)) {
        return;
    }
    options.progress = false;
    struct invocation *invocation = invocation_find(session, message);
    if (invocation != NULL) {
        answer_checked(invocation, message, &options);
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
        invocation_answer(CONTAINER_OF(link, struct invocation, link), &answer, ANSWER_FINAL);
    }
}
