/* fanout.c - one post to each worker with members; an EVENT encoded once for each serializer. */
#include "realm/fanout.h"

#include "base/mem.h"
#include "realm/parcel.h"
#include "wamp/fault.h"

/* What all workers share of one publication; the parcel's uri carries the options. */
struct fanout_post {
    struct post post;
    struct block *block;  /* the one this stands in */
    struct parcel *event; /* a reference to its block is held */
    struct realm *realm;
    uint64_t except;
    size_t count;
    uint64_t subscriptions[];
};

/* An EVENT as encoded for one serializer. */
struct rendering {
    bool tried;
    struct block *block;
};

static void render(struct shard *shard,
                   enum serializer serializer,
                   const struct message *event,
                   struct rendering *out)
{
    out->tried = true;
    buf_clear(&shard->out);
    if (message_encode(event, serializer, &shard->out)) {
        out->block = block_of(buf_str(&shard->out));
    }
}

static bool deliver_one(struct session *session, const struct rendering *rendering)
{
    struct peer *peer = session->peer;
    if (rendering->block == NULL || rendering->block->len > peer->message_max) {
        return false; /* nobody waits for it: the event is lost for this peer */
    }
    if (!session_has_room(session, rendering->block->len)) {
        session_doom(session, CLOSE_OVERFLOW);
        return false;
    }
    peer->ops->share(peer, rendering->block, block_str(rendering->block));
    return true;
}

void fanout_deliver(struct seat *seat,
                    uint64_t subscription,
                    const struct audience_filter *filter,
                    struct message *event)
{
    struct idlink *link = idtable_find(&seat->audiences, subscription);
    if (link == NULL) {
        return;
    }
    struct audience *audience = CONTAINER_OF(link, struct audience, link);
    struct rendering renderings[SERIALIZERS] = {{0}};
    bool open = audience_filter_open(filter);
    uint64_t delivered = 0;
    uint64_t dropped = 0;
    event->type = MESSAGE_EVENT;
    event->id = subscription;
    LIST_FOREACH (node, &audience->members) {
        struct session *session = LIST_ENTRY(node, struct membership, node)->session;
        if (session->state != SESSION_OPEN || session->id == filter->except ||
            (!open && !audience_filter_passes(filter, session->id, &session->principal))) {
            continue;
        }
        struct rendering *rendering = &renderings[session->peer->serializer];
        if (!rendering->tried) {
            render(seat->shard, session->peer->serializer, event, rendering);
        }
        if (deliver_one(session, rendering)) {
            delivered++;
        } else {
            dropped++;
        }
    }
    for (unsigned i = 0; i < SERIALIZERS; i++) {
        block_unref(renderings[i].block);
    }
    router_count(seat->shard->router, COUNT_EVENTS, delivered);
    if (dropped > 0) {
        router_count(seat->shard->router, COUNT_EVENTS_DROPPED, dropped);
    }
}

static void fanout_arrived(struct post *post)
{
    struct fanout_post *fanout = CONTAINER_OF(post, struct fanout_post, post);
    struct parcel *parcel = fanout->event;
    struct shard *shard = router_here(parcel->router);
    struct publish_options options;
    struct message event = parcel->message; /* shared: not to be written */
    struct slice bytes = {event.payload.serializer, event.uri};
    struct seat *seat = map_get(&shard->seats, realm_uri(fanout->realm));
    shard_enter(shard);
    if (seat != NULL && publish_options_read(bytes, &shard->scratch, &options, NULL)) {
        options.filter.except = fanout->except;
        event.uri = STR_EMPTY;
        for (size_t i = 0; i < fanout->count; i++) {
            fanout_deliver(seat, fanout->subscriptions[i], &options.filter, &event);
        }
    }
    block_unref(parcel->block);
    block_unref(fanout->block);
    shard_leave(shard);
}

static struct fanout_post *fanout_new(const struct reach_list *reached, unsigned worker)
{
    struct block *block = block_new(sizeof(struct fanout_post) + reached->count * sizeof(uint64_t));
    struct fanout_post *fanout = (struct fanout_post *)(void *)block->data;
    *fanout = (struct fanout_post){.block = block};
    for (size_t i = 0; i < reached->count; i++) {
        if ((reached->items[i].workers >> worker & 1) != 0) {
            fanout->subscriptions[fanout->count] = reached->items[i].subscription;
            fanout->count++;
        }
    }
    return fanout;
}

uint64_t fanout_post(struct seat *seat,
                     const struct reach_list *reached,
                     const struct message *event,
                     struct slice options,
                     uint64_t except)
{
    struct shard *shard = seat->shard;
    struct router *router = shard->router;
    uint64_t workers = 0;
    for (size_t i = 0; i < reached->count; i++) {
        workers |= reached->items[i].workers;
    }
    workers &= ~((uint64_t)1 << shard->index);
    if (workers == 0) {
        return 0;
    }
    struct message shared = *event;
    shared.uri = options.bytes;
    struct parcel *parcel = parcel_new(router, &shared);
    for (unsigned i = 0; i < router->shard_count; i++) {
        if ((workers >> i & 1) == 0) {
            continue;
        }
        struct fanout_post *fanout = fanout_new(reached, i);
        (void)block_ref(parcel->block);
        fanout->event = parcel;
        fanout->realm = seat->realm;
        fanout->except = except;
        fanout->post.fn = fanout_arrived;
        fanout->post.bytes = parcel->block->len;
        worker_post(router->shards[i].worker, &fanout->post);
    }
    block_unref(parcel->block);
    return workers;
}
