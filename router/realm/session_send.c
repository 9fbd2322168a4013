/* session_send.c - everything that goes to a peer, the bounds of its queue, and the last words. */
#include "base/log.h"
#include "loop/mailbox.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"

#include <stdarg.h>
#include <stdio.h>

enum delivery session_encode(struct session *session, const struct message *message)
{
    struct buf *out = &session->shard->out;
    buf_clear(out);
    if (!message_encode(message, session->peer->serializer, out)) {
        return out->full ? DELIVERY_TOO_BIG : DELIVERY_UNFIT;
    }
    return out->len > session->peer->message_max ? DELIVERY_TOO_BIG : DELIVERY_OK;
}

bool session_has_room(const struct session *session, size_t size)
{
    return session->peer->ops->queued(session->peer) + size <=
           session->shard->router->options.queue_max;
}

enum delivery session_send(struct session *session, const struct message *message)
{
    if (session->state == SESSION_ENDED) {
        return DELIVERY_GONE;
    }
    enum delivery delivery = session_encode(session, message);
    if (delivery != DELIVERY_OK) {
        return delivery;
    }
    struct str bytes = buf_str(&session->shard->out);
    if (!session_has_room(session, bytes.len)) {
        return DELIVERY_FULL;
    }
    session->peer->ops->send(session->peer, bytes);
    return DELIVERY_OK;
}

enum delivery session_reply(struct session *session, const struct message *message)
{
    enum delivery delivery = session_send(session, message);
    if (delivery == DELIVERY_FULL) {
        session_doom(session, CLOSE_OVERFLOW);
    }
    return delivery;
}

void session_error(struct session *session,
                   enum message_type type,
                   uint64_t request,
                   struct str error,
                   struct str text)
{
    struct message message = {
        .type = MESSAGE_ERROR,
        .request_type = type,
        .request = request,
        .uri = error,
        .payload = shard_words(session->shard, session->peer->serializer, text),
    };
    (void)session_reply(session, &message);
}

/* ABORT and GOODBYE are sent whatever waits: they are the last. */
static void
send_last(struct session *session, enum message_type type, struct str reason, struct str text)
{
    enum serializer serializer = session->peer->serializer;
    struct message message = {
        .type = type,
        .uri = reason,
        .details = text.len == 0 ? STR_EMPTY
                                 : shard_detail(session->shard, serializer, STR("message"), text),
        .payload = {.serializer = serializer}};
    enum delivery delivery = session_encode(session, &message);
    if (delivery == DELIVERY_TOO_BIG) {
        message.details = STR_EMPTY;
        delivery = session_encode(session, &message);
    }
    if (delivery == DELIVERY_OK) {
        session->peer->ops->send(session->peer, buf_str(&session->shard->out));
    }
}

/* What the transport is to say of an end with this reason. */
static enum peer_end end_for(const struct session *session, struct str reason)
{
    if (session->shard->stopping) {
        return PEER_END_SHUTDOWN;
    }
    if (str_eq(reason, FAULT_PROTOCOL_VIOLATION)) {
        return PEER_END_VIOLATION;
    }
    return str_eq(reason, CLOSE_OVERFLOW) ? PEER_END_OVERFLOW : PEER_END_NORMAL;
}

void session_abort(struct session *session, struct str reason, struct str text)
{
    if (session->state == SESSION_ENDED) {
        return;
    }
    log_info("session aborted", KV_U64("session", session->id), KV_STR("reason", reason),
             KV_STR("text", text));
    send_last(session, MESSAGE_ABORT, reason, text);
    session_doom(session, STR_EMPTY);
    session->peer->end = end_for(session, reason);
}

void session_violation(struct session *session, const char *format, ...)
{
    char text[256];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    session_abort(session, FAULT_PROTOCOL_VIOLATION, str_of(text));
}

void session_doom(struct session *session, struct str farewell)
{
    if (session->state == SESSION_ENDED) {
        return;
    }
    if (str_eq(farewell, CLOSE_OVERFLOW)) {
        router_count(session->shard->router, COUNT_OVERFLOWS, 1);
    }
    session->state = SESSION_ENDED;
    session->farewell = farewell;
    session->peer->end = end_for(session, farewell);
    timer_stop(&session->hello_timer);
    list_push(&session->shard->doomed, &session->doom);
}

void session_dismiss(struct session *session, struct str reason, struct str text)
{
    if (session->state == SESSION_ENDED) {
        return;
    }
    log_info("session dismissed", KV_U64("session", session->id),
             KV_STR("reason", str_sub(reason, 0, 128)));
    send_last(session, MESSAGE_GOODBYE, reason, text);
    session_doom(session, STR_EMPTY);
}

void session_reap(struct session *session)
{
    uint64_t id = session->id; /* leaving forgets it */
    list_remove(&session->doom);
    session_leave_realm(session);
    if (session->farewell.len > 0) {
        log_info("session closed", KV_U64("session", id), KV_STR("reason", session->farewell));
        send_last(session, MESSAGE_GOODBYE, session->farewell, STR_EMPTY);
    }
    session->closing = true;
    session->peer->ops->finish(session->peer);
}

struct reading_pause {
    struct post post;
    struct router *router;
    struct handle session;
};

static void reading_resume(struct post *post)
{
    struct reading_pause *pause = CONTAINER_OF(post, struct reading_pause, post);
    struct shard *shard = router_here(pause->router);
    struct session *session =
        slots_find(&shard->sessions, pause->session.slot, pause->session.generation);
    mem_free(pause);
    if (session == NULL) {
        return;
    }
    session->paused &= (uint8_t)~PAUSED_BY_WORKER;
    if (session->paused == 0 && !session->closing) {
        session->peer->ops->resume(session->peer);
    }
}

void session_yield_to(struct session *session, struct worker *worker)
{
    if (session == NULL || session->closing || (session->paused & PAUSED_BY_WORKER) != 0 ||
        !worker_congested(worker)) {
        return;
    }
    if (session->paused == 0) {
        session->peer->ops->pause(session->peer);
    }
    session->paused |= PAUSED_BY_WORKER;
    struct reading_pause *pause = NEW(struct reading_pause);
    pause->post.fn = reading_resume;
    pause->router = session->shard->router;
    pause->session = session_handle(session);
    worker_when_clear(worker, &pause->post);
}
