/* session.c - the table of what a client may send and when; the session's beginning and end. */
#include "realm/session.h"

#include "base/log.h"
#include "base/mem.h"
#include "crypto/secret.h"
#include "realm/backlog.h"
#include "realm/lull.h"
#include "realm/meta.h"
#include "realm/session_inside.h"
#include "realm/testaments.h"
#include "wamp/fault.h"

static void session_hello_late(struct timer *timer)
{
    struct session *session = CONTAINER_OF(timer, struct session, hello_timer);
    shard_enter(session->shard);
    session_abort(session, FAULT_TIMEOUT,
                  session->state == SESSION_CHALLENGED ? STR("no AUTHENTICATE came in time")
                                                       : STR("no HELLO came in time"));
    shard_leave(session->shard);
}

struct session *session_open(struct router *router, struct peer *peer)
{
    struct shard *shard = router_here(router);
    struct session *session = slots_take(&shard->sessions);
    struct slot slot = session->slot;
    *session = (struct session){.slot = slot, .shard = shard, .peer = peer};
    list_init(&session->doom);
    list_push(&shard->open, &session->node);
    idtable_init(&session->calls);
    idtable_init(&session->invocations);
    idtable_init(&session->registrations);
    idtable_init(&session->memberships);
    timer_init(&session->hello_timer, session_hello_late);
    session_hello_wait(session);
    return session;
}

void session_leave_realm(struct session *session)
{
    if (session->seat == NULL) {
        return;
    }
    /* What is offered goes first, so that no retried call comes back here. */
    procedures_leave(session);
    lull_end(session);
    backlog_free(session->backlog);
    session->backlog = NULL;
    topics_leave(session);
    testaments_leave(session);
    invocations_leave(session);
    dealer_leave(session);
    meta_session_left(session);
    idtable_remove(&session->seat->sessions, &session->by_id);
    log_info("session left", KV_STR("realm", realm_uri(session->seat->realm)),
             KV_U64("session", session->id));
    session->seat = NULL;
    session->id = 0;
    rbac_memo_free(session->principal.memo);
    session->principal = (struct principal){0};
    auth_identity_free(session->identity);
    session->identity = NULL;
    (void)atomic_fetch_sub_explicit(&session->shard->router->sessions, 1, memory_order_relaxed);
    metric_gauge_add(session->shard->router->sessions_gauge, -1);
}

void session_lost(struct session *session)
{
    struct shard *shard = session->shard;
    shard_enter(shard);
    session->closing = true;
    session->state = SESSION_ENDED;
    list_remove(&session->doom);
    list_remove(&session->node);
    timer_stop(&session->hello_timer);
    session_login_end(session);
    session_leave_realm(session);
    idtable_done(&session->calls);
    idtable_done(&session->invocations);
    idtable_done(&session->registrations);
    idtable_done(&session->memberships);
    if (session->beginnings != NULL) {
        idtable_done(session->beginnings);
        mem_free(session->beginnings);
    }
    slots_release(&shard->sessions, session);
    shard_leave(shard);
}

void session_close(struct session *session, struct str reason)
{
    shard_enter(session->shard);
    session_doom(session, session->state == SESSION_OPEN ? reason : STR_EMPTY);
    shard_leave(session->shard);
}

void session_drained(struct session *session)
{
    backlog_flush(session);
    lull_review(session);
    if ((session->paused & PAUSED_BY_QUEUE) == 0) {
        return;
    }
    session->paused &= (uint8_t)~PAUSED_BY_QUEUE;
    if (session->paused == 0 && !session->closing) {
        session->peer->ops->resume(session->peer);
    }
}

/* A peer that does not read its answers is not read either, before its queue is full. Not while
 * it owes answers itself: it may be waiting for us to take them, and both would wait for ever. */
static void session_throttle(struct session *session)
{
    if (session->paused != 0 || session->closing || session->invocations.count > 0 ||
        session_has_room(session, session->shard->router->options.queue_max / 2)) {
        return;
    }
    session->paused |= PAUSED_BY_QUEUE;
    session->peer->ops->pause(session->peer);
}

bool session_permits(struct session *session,
                     enum permission permission,
                     struct str uri,
                     enum match_policy match,
                     struct err *err)
{
    struct access_question question = {
        .principal = &session->principal, .permission = permission, .uri = uri, .match = match};
    return seat_permits(session->seat, &question, err);
}

static void session_goodbye(struct session *session, struct message *message)
{
    (void)message;
    session_leave_realm(session);
    struct message goodbye = {.type = MESSAGE_GOODBYE,
                              .uri = CLOSE_GOODBYE_AND_OUT,
                              .payload = {.serializer = session->peer->serializer}};
    (void)session_reply(session, &goodbye);
    if (session->state == SESSION_OPEN) {
        session->state = SESSION_WAITING;
        session_hello_wait(session);
    }
}

static void session_aborted_by_peer(struct session *session, struct message *message)
{
    log_info("session aborted by its peer", KV_U64("session", session->id),
             KV_STR("reason", str_sub(message->uri, 0, 128)));
    session_doom(session, STR_EMPTY);
}

typedef void (*session_step_fn)(struct session *session, struct message *message);

#define WHILE(state) (1u << (state))

/* What a client may send, and when. What is not here it may never send. */
static const struct {
    session_step_fn step;
    unsigned states;
} steps[MESSAGE_TYPE_MAX + 1] = {
    [MESSAGE_HELLO] = {session_hello, WHILE(SESSION_WAITING)},
    [MESSAGE_AUTHENTICATE] = {session_authenticate, WHILE(SESSION_CHALLENGED)},
    [MESSAGE_ABORT] = {session_aborted_by_peer,
                       WHILE(SESSION_WAITING) | WHILE(SESSION_CHALLENGED) | WHILE(SESSION_OPEN)},
    [MESSAGE_GOODBYE] = {session_goodbye, WHILE(SESSION_OPEN)},
    [MESSAGE_ERROR] = {session_fail, WHILE(SESSION_OPEN)},
    [MESSAGE_PUBLISH] = {session_publish, WHILE(SESSION_OPEN)},
    [MESSAGE_SUBSCRIBE] = {session_subscribe, WHILE(SESSION_OPEN)},
    [MESSAGE_UNSUBSCRIBE] = {session_unsubscribe, WHILE(SESSION_OPEN)},
    [MESSAGE_CALL] = {session_call, WHILE(SESSION_OPEN)},
    [MESSAGE_CANCEL] = {session_cancel, WHILE(SESSION_OPEN)},
    [MESSAGE_REGISTER] = {session_register, WHILE(SESSION_OPEN)},
    [MESSAGE_UNREGISTER] = {session_unregister, WHILE(SESSION_OPEN)},
    [MESSAGE_YIELD] = {session_yield, WHILE(SESSION_OPEN)},
};

static void session_dispatch(struct session *session, struct message *message)
{
    const char *name = message_name(message->type);
    if (steps[message->type].step == NULL) {
        session_violation(session, "%s is not for clients to send now", name);
    } else if ((steps[message->type].states & WHILE(session->state)) != 0) {
        if (session_stays(session) && session_count_request(session, message)) {
            steps[message->type].step(session, message);
        }
    } else if (session->state == SESSION_OPEN) {
        session_violation(session, "%s in an open session", name);
    } else {
        session_violation(session, "%s before WELCOME", name);
    }
}

void session_receive(struct session *session, struct str message)
{
    if (session->state == SESSION_ENDED) {
        return;
    }
    struct shard *shard = session->shard;
    struct message decoded;
    struct err err;
    err_clear(&err);
    /* Whatever comes in this state is, or should have been, an answer to a challenge. */
    bool secret = session->state == SESSION_CHALLENGED;
    shard_enter(shard);
    if (message_decode(session->peer->serializer, message, &shard->scratch, &decoded, &err)) {
        session_dispatch(session, &decoded);
    } else {
        session_violation(session, "%s", err.text);
    }
    session_throttle(session);
    if (secret) {
        crypto_wipe((void *)(uintptr_t)message.ptr, message.len);
    }
    shard_leave(shard);
}
