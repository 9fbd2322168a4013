/* revocation.c - UNREGISTERED that nobody asked for, to those who understand it. */
#include "realm/revocation.h"

#include "realm/parcel.h"
#include "realm/peer_features.h"
#include "realm/session_inside.h"

enum { REASON_MAX = 1024 };

static void unregistered_send(struct session *session, uint64_t registration, struct str reason)
{
    struct shard *shard = session->shard;
    enum serializer serializer = session->peer->serializer;
    struct emit emit;
    buf_clear(&shard->details);
    emit_init(&emit, serializer, &shard->details);
    emit_map(&emit, reason.len > 0 ? 2 : 1);
    emit_key(&emit, STR("registration"));
    emit_u64(&emit, registration);
    if (reason.len > 0) {
        emit_key(&emit, STR("reason"));
        emit_str(&emit, reason);
    }
    struct message message = {.type = MESSAGE_UNREGISTERED,
                              .details = buf_str(&shard->details),
                              .payload = {.serializer = serializer}};
    (void)session_reply(session, &message);
}

static void revocation_arrived(struct post *post)
{
    struct parcel *parcel = CONTAINER_OF(post, struct parcel, post);
    struct shard *shard = router_here(parcel->router);
    struct session *session =
        slots_find(&shard->sessions, parcel->callee.slot, parcel->callee.generation);
    shard_enter(shard);
    if (session != NULL && session->state == SESSION_OPEN &&
        procedures_forget(session, parcel->message.id) &&
        (session->features & CALLEE_REVOCATION) != 0) {
        unregistered_send(session, parcel->message.id, parcel->message.uri);
    }
    parcel_free(parcel);
    shard_leave(shard);
}

void revocation_post(struct router *router,
                     struct handle session,
                     uint64_t registration,
                     struct str reason)
{
    /* What is longer is left out, for it cannot be cut in the middle of a character. */
    struct message message = {.id = registration,
                              .uri = reason.len > REASON_MAX ? STR_EMPTY : reason};
    struct parcel *parcel = parcel_new(router, &message);
    parcel->callee = session;
    parcel_post(parcel, session.worker, revocation_arrived);
}

enum revoke_result procedures_revoke(struct router *router,
                                     struct realm *realm,
                                     uint64_t registration,
                                     uint64_t session_id,
                                     struct str reason)
{
    struct handle session;
    switch (realm_unregister(realm, registration, session_id, &session)) {
    case REGISTRY_REMOVED:
        revocation_post(router, session, registration, reason);
        return REVOKE_OK;
    case REGISTRY_NO_CALLEE:
        return REVOKE_NO_CALLEE;
    default:
        return REVOKE_NO_REGISTRATION;
    }
}
