/* claim.c - to the rival's worker, and back. */
#include "realm/claim.h"

#include "realm/parcel.h"
#include "realm/session_inside.h"

static void claim_returned(struct post *post)
{
    struct parcel *parcel = CONTAINER_OF(post, struct parcel, post);
    struct shard *shard = router_here(parcel->router);
    struct handle claimant = parcel->ref.call;
    struct session *session = slots_find(&shard->sessions, claimant.slot, claimant.generation);
    shard_enter(shard);
    if (session != NULL && session->state == SESSION_OPEN && session->id == parcel->ref.number) {
        register_finally(session, &parcel->message);
    }
    parcel_free(parcel);
    shard_leave(shard);
}

static bool is_gone(const struct session *session)
{
    const struct peer *peer = session->peer;
    return session->state == SESSION_OPEN && peer->ops->gone != NULL && peer->ops->gone(peer);
}

static void claim_arrived(struct post *post)
{
    struct parcel *parcel = CONTAINER_OF(post, struct parcel, post);
    struct shard *shard = router_here(parcel->router);
    struct handle rival = parcel->callee;
    struct session *session = slots_find(&shard->sessions, rival.slot, rival.generation);
    shard_enter(shard);
    if (session != NULL && is_gone(session)) {
        session_doom(session, STR_EMPTY);
    }
    shard_leave(shard); /* which ends it, and with it what it offers */
    parcel_post(parcel, parcel->ref.call.worker, claim_returned);
}

void claim_post(struct session *claimant, const struct message *message, struct handle rival)
{
    struct parcel *parcel = parcel_new(claimant->shard->router, message);
    parcel->ref = (struct call_ref){session_handle(claimant), claimant->id};
    parcel->callee = rival;
    parcel_post(parcel, rival.worker, claim_arrived);
}
