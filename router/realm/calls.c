/* calls.c - CALL and CANCEL of sessions. What is in them is the dealer's to do (dealer.c). */
#include "base/log.h"
#include "base/mem.h"
#include "realm/call_options.h"
#include "realm/dealer.h"
#include "realm/peer_features.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"
#include "wamp/options.h"

struct cancel_options {
    struct str mode;
};

static const struct option_row cancel_rows[] = {
    {"mode", OPTION_STR, offsetof(struct cancel_options, mode)},
};

static const struct str mode_names[CANCEL_MODES] = {
    [CANCEL_SKIP] = STR_INIT("skip"),
    [CANCEL_KILL] = STR_INIT("kill"),
    [CANCEL_KILLNOWAIT] = STR_INIT("killnowait"),
};

struct str cancel_mode_name(enum cancel_mode mode)
{
    return mode_names[mode];
}

/* The next piece of a call, of which nothing counts but the payload and whether more follows. */
static void call_goes_on(struct session *session, struct call *call, const struct message *message)
{
    bool more = false;
    struct err err = {0};
    struct slice options = {session->peer->serializer, message->details};
    if (!call->more || !str_eq(call->uri, message->uri)) {
        session_violation(session, "CALL: request id %llu is that of a call in flight",
                          (unsigned long long)message->request);
        return;
    }
    if (!call_progress_read(session->shard, options, &more, &err)) {
        session_violation(session, "CALL: %s", err.text);
        return;
    }
    dealer_continue(call, &message->payload, more);
}

void session_call(struct session *session, struct message *message)
{
    struct idlink *link = idtable_find(&session->calls, message->request);
    if (link != NULL) {
        call_goes_on(session, CONTAINER_OF(link, struct call, link), message);
        return;
    }
    if (!session->fresh_request) {
        return; /* it goes on with a call that has been answered meanwhile */
    }
    size_t max = session->shard->router->options.calls_max;
    if (max != 0 && session->calls.count >= max) {
        session_error(session, MESSAGE_CALL, message->request, FAULT_UNAVAILABLE,
                      STR("this session has as many calls in flight as it may"));
        return;
    }
    struct call_request request = {
        .seat = session->seat,
        .session = session,
        .principal = &session->principal,
        .caller_id = session->id,
        .request = message->request,
        .procedure = message->uri,
        .options = {session->peer->serializer, message->details},
        .payload = &message->payload,
    };
    (void)dealer_call(session->shard, &request);
}

static bool cancel_mode_read(struct session *session,
                             const struct message *message,
                             enum cancel_mode *out,
                             struct err *err)
{
    struct cancel_options options = {.mode = mode_names[CANCEL_SKIP]};
    struct slice bytes = {session->peer->serializer, message->details};
    if (!options_read(bytes, cancel_rows, COUNT_OF(cancel_rows), &session->shard->scratch, &options,
                      err)) {
        return false;
    }
    for (unsigned i = 0; i < CANCEL_MODES; i++) {
        if (str_eq(options.mode, mode_names[i])) {
            *out = (enum cancel_mode)i;
            return true;
        }
    }
    return err_set(err, ERR_INVALID, "mode: expected skip, kill or killnowait");
}

void session_cancel(struct session *session, struct message *message)
{
    enum cancel_mode mode = CANCEL_SKIP;
    struct err err = {0};
    struct idlink *link = idtable_find(&session->calls, message->request);
    if (link == NULL) {
        return; /* answered already: the two have crossed */
    }
    struct call *call = CONTAINER_OF(link, struct call, link);
    if (!cancel_mode_read(session, message, &mode, &err)) {
        session_violation(session, "CANCEL: %s", err.text);
        return;
    }
    if (!session_permits(session, PERMISSION_CANCEL, call->uri, MATCH_EXACT, &err)) {
        log_info("cancel refused", KV_U64("session", session->id), KV_ERR(&err));
        return; /* WAMP has no ERROR for CANCEL; the call goes on */
    }
    if (mode == CANCEL_KILL && (call->features & CALLEE_CANCELING) != 0) {
        call->killed = true;
        dealer_cancel(call, CANCEL_KILL);
        return;
    }
    dealer_cancel(call, mode == CANCEL_KILL ? CANCEL_SKIP : mode);
    call_fail(call, FAULT_CANCELED, STR("call canceled"));
}
