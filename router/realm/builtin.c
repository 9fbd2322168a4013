/* builtin.c - answers of built-in procedures find their call again, or nobody. */
#include "realm/builtin.h"

#include "realm/dealer.h"
#include "realm/meta.h"
#include "realm/session_inside.h"

static void builtin_finish(struct router *router, uint64_t handle, struct message *answer)
{
    struct shard *shard = router_here(router);
    struct call *call =
        slots_find(&shard->calls, (uint32_t)(handle >> 32), (uint32_t)(handle & UINT32_MAX));
    if (call != NULL) {
        call->gone = NULL;
    }
    if (call == NULL || call->reply != NULL) {
        return;
    }
    if (answer->payload.serializer == SERIALIZER_NONE) {
        answer->payload = payload_none();
    }
    shard_enter(shard);
    call_answer(call, answer);
    shard_leave(shard);
}

void builtin_on_gone(struct router *router, uint64_t handle, void (*gone)(void *ctx), void *ctx)
{
    struct shard *shard = router_here(router);
    struct call *call =
        slots_find(&shard->calls, (uint32_t)(handle >> 32), (uint32_t)(handle & UINT32_MAX));
    if (call != NULL) {
        call->gone = gone;
        call->gone_ctx = ctx;
    }
}

void builtin_answer(struct router *router, uint64_t handle, const struct payload *result)
{
    struct message answer = {.type = MESSAGE_RESULT, .payload = *result};
    builtin_finish(router, handle, &answer);
}

void builtin_fail(struct router *router,
                  uint64_t handle,
                  struct str error,
                  const struct payload *details)
{
    struct message answer = {.type = MESSAGE_ERROR, .uri = error, .payload = *details};
    builtin_finish(router, handle, &answer);
}

void builtin_announce(struct router *router,
                      struct str realm,
                      struct str topic,
                      const struct payload *payload)
{
    struct seat *seat = seat_find(router_here(router), realm);
    if (seat != NULL) {
        meta_publish(seat, topic, payload);
    }
}
