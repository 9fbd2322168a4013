/* local.c - the in-process peer: requests become calls and publications like any other. */
#include "realm/local.h"

#include "realm/broker.h"
#include "realm/dealer.h"
#include "realm/parcel.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"

#include <stdio.h>

/* Replies before a call exists, and to publications: they wait in the turn queue as well. */
struct late_reply {
    struct post post;
    struct parcel *parcel;
    struct router *router;
    local_reply_fn done;
    void *ctx;
};

static void late_reply_run(struct post *post)
{
    struct late_reply *late = CONTAINER_OF(post, struct late_reply, post);
    const struct message *answer = &late->parcel->message;
    struct shard *shard = router_here(late->router);
    struct local_reply reply = {.ok = answer->type != MESSAGE_ERROR,
                                .request = answer->id,
                                .error = answer->uri,
                                .payload = answer->payload};
    shard_enter(shard);
    late->done(late->ctx, &reply);
    parcel_free(late->parcel);
    mem_free(late);
    shard_leave(shard);
}

static void
reply_late(struct shard *shard, const struct message *answer, local_reply_fn done, void *ctx)
{
    if (done == NULL) {
        return;
    }
    struct late_reply *late = NEW(struct late_reply);
    late->post.fn = late_reply_run;
    late->parcel = parcel_new(shard->router, answer);
    late->router = shard->router;
    late->done = done;
    late->ctx = ctx;
    worker_post(shard->worker, &late->post);
}

static void
fail_late(struct shard *shard, struct str error, struct str text, local_reply_fn done, void *ctx)
{
    struct message answer = {.type = MESSAGE_ERROR,
                             .uri = error,
                             .payload = shard_words(shard, SERIALIZER_MSGPACK, text)};
    reply_late(shard, &answer, done, ctx);
}

static struct seat *
local_seat(struct shard *shard, const struct local_request *request, local_reply_fn done, void *ctx)
{
    struct seat *seat = seat_find(shard, request->realm);
    if (seat == NULL) {
        char text[256];
        (void)snprintf(text, sizeof(text),
                       "no realm " PRISTR ": postern realm create " PRISTR " --open",
                       STRARG(request->realm), STRARG(request->realm));
        fail_late(shard, FAULT_NO_SUCH_REALM, str_of(text), done, ctx);
    }
    return seat;
}

/* Details are written in the payload's serializer, so it must have one. */
static struct payload local_payload(const struct local_request *request)
{
    return request->payload.serializer == SERIALIZER_NONE ? payload_none() : request->payload;
}

struct local_handle local_call(struct router *router,
                               const struct local_request *request,
                               local_reply_fn done,
                               void *ctx)
{
    struct shard *shard = router_here(router);
    struct local_handle result = {0};
    shard_enter(shard);
    struct seat *seat = local_seat(shard, request, done, ctx);
    if (seat != NULL) {
        struct payload payload = local_payload(request);
        struct call_request call = {
            .seat = seat,
            .principal = request->principal,
            .caller_id = seat->local_id,
            .procedure = request->uri,
            .options = request->options,
            .payload = &payload,
            .timeout_ms = request->timeout_ms,
            .done = done,
            .ctx = ctx,
        };
        struct handle handle = dealer_call(shard, &call);
        result = (struct local_handle){.slot = handle.slot, .generation = handle.generation};
    }
    shard_leave(shard);
    return result;
}

void local_cancel(struct router *router, struct local_handle handle)
{
    struct shard *shard = router_here(router);
    struct call *call = slots_find(&shard->calls, handle.slot, handle.generation);
    if (call == NULL || call->session != NULL || call->reply != NULL) {
        return;
    }
    shard_enter(shard);
    dealer_cancel(call, CANCEL_KILLNOWAIT);
    call_fail(call, FAULT_CANCELED, STR("call canceled"));
    shard_leave(shard);
}

void local_publish(struct router *router,
                   const struct local_request *request,
                   local_reply_fn done,
                   void *ctx)
{
    struct shard *shard = router_here(router);
    struct publish_options options;
    struct str error;
    struct err err = {0};
    shard_enter(shard);
    struct seat *seat = local_seat(shard, request, done, ctx);
    if (seat != NULL) {
        struct payload payload = local_payload(request);
        struct message answer = {.type = MESSAGE_PUBLISHED, .payload = payload_none()};
        struct publication publication = {
            .seat = seat,
            .principal = request->principal,
            .publisher = seat->local_id,
            .topic = request->uri,
            .options = request->options,
            .payload = &payload,
        };
        if (broker_publish(shard, &publication, &options, &answer.id, &error, &err)) {
            reply_late(shard, &answer, done, ctx);
        } else {
            fail_late(shard, error, str_of(err.text), done, ctx);
        }
    }
    shard_leave(shard);
}
