/* session_requests.c - the request ids of a client: 1, 2, 3 ... in its session.
 *
 * Tolerated: a client that says HELLO again on its connection may count on (see
 * docs/wamp.md, "Tolerances").
 */
#include "realm/session_inside.h"

/* Messages that are requests of the client's own; others name those of the router. */
static bool is_request(enum message_type type)
{
    switch (type) {
    case MESSAGE_PUBLISH:
    case MESSAGE_SUBSCRIBE:
    case MESSAGE_UNSUBSCRIBE:
    case MESSAGE_CALL:
    case MESSAGE_REGISTER:
    case MESSAGE_UNREGISTER:
        return true;
    default:
        return false;
    }
}

static uint64_t request_after(uint64_t request)
{
    return request == WAMP_ID_MAX ? 1 : request + 1;
}

/* Behind the next one by less than half of all there are. */
static bool is_earlier(uint64_t request, uint64_t next)
{
    uint64_t behind = (next - request) & (WAMP_ID_MAX - 1);
    return behind > 0 && behind <= WAMP_ID_MAX / 2;
}

bool session_count_request(struct session *session, const struct message *message)
{
    if (!is_request(message->type)) {
        return true;
    }
    uint64_t next = request_after(session->last_request);
    uint64_t request = message->request;
    bool first = session->last_request == 0;
    session->fresh_request = true;
    if (request == next || session->shard->router->options.any_request_ids ||
        session->peer->unordered ||
        (first && session->kept_request != 0 && request == request_after(session->kept_request))) {
        session->last_request = request;
        return true;
    }
    if (message->type == MESSAGE_CALL && !first && is_earlier(request, next)) {
        session->fresh_request = false;
        return true;
    }
    session_violation(
        session, "%s: request %llu where %llu is next (wamp.request_ids=lenient takes any)",
        message_name(message->type), (unsigned long long)request, (unsigned long long)next);
    return false;
}
