/* fanout.c - one post to each worker with members; an EVENT encoded once for each serializer. */
#include "realm/fanout.h"

#include "base/mem.h"
#include "realm/backlog.h"
#include "realm/lull.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"

struct fanout_post {
    struct post post;
    struct block *block; /* the one this stands in */
    struct event_copy *copy;
    struct realm *realm;
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

/* More than half of the queue is full, or events wait in front of it. */
static bool deliver_slowly(struct session *session,
                           struct block *block,
                           uint64_t subscription,
                           const struct handle *publisher)
{
    struct router *router = session->shard->router;
    struct peer *peer = session->peer;
    lull_begin(session, publisher);
    if (router->options.queue_drops) {
        router_count(router, COUNT_EVENTS_DROPPED, backlog_push(session, block, subscription));
        return true;
    }
    if (!session_has_room(session, block->len)) {
        session_doom(session, CLOSE_OVERFLOW);
        return false;
    }
    peer->ops->share(peer, block, block_str(block));
    return true;
}

static bool deliver_one(struct session *session,
                        const struct rendering *rendering,
                        uint64_t subscription,
                        const struct handle *publisher)
{
    struct peer *peer = session->peer;
    struct block *block = rendering->block;
    if (block == NULL || block->len > peer->message_max) {
        return false; /* nobody waits for it: the event is lost for this peer */
    }
    size_t half = session->shard->router->options.queue_max / 2;
    if (session->backlog != NULL || peer->ops->queued(peer) + block->len > half) {
        return deliver_slowly(session, block, subscription, publisher);
    }
    peer->ops->share(peer, block, block_str(block));
    return true;
}

/* With thousands of members each is out of the cache when its turn comes. */
static void ask_for_next(const struct list *node, const struct list *members)
{
    if (node->next != members) {
        const struct membership *next = LIST_ENTRY(node->next, struct membership, node);
        mem_prefetch(next->session, 1);
        mem_prefetch(next->node.next, 1);
    }
}

/* Was the event published before this subscription began with what was retained then? */
static bool came_before(const struct audience_filter *filter,
                        const struct session *session,
                        uint64_t subscription)
{
    if (session->beginnings == NULL) {
        return false;
    }
    struct idlink *link = idtable_find(session->beginnings, subscription);
    return link != NULL && filter->moment <= CONTAINER_OF(link, struct beginning, link)->retained;
}

void fanout_deliver(struct seat *seat,
                    uint64_t subscription,
                    const struct audience_filter *filter,
                    struct message *event,
                    const struct handle *publisher)
{
    struct idlink *link = idtable_find(&seat->audiences, subscription);
    if (link == NULL) {
        return;
    }
    struct audience *audience = CONTAINER_OF(link, struct audience, link);
    struct rendering renderings[SERIALIZERS] = {{0}};
    bool open = audience_filter_open(filter);
    bool late = filter->moment != 0 && seat->beginnings > 0;
    uint64_t delivered = 0;
    uint64_t dropped = 0;
    event->type = MESSAGE_EVENT;
    event->id = subscription;
    LIST_FOREACH (node, &audience->members) {
        struct session *session = LIST_ENTRY(node, struct membership, node)->session;
        ask_for_next(node, &audience->members);
        if (session->state != SESSION_OPEN || session->id == filter->except ||
            (late && came_before(filter, session, subscription)) ||
            (!open && !audience_filter_passes(filter, session->id, &session->principal))) {
            continue;
        }
        struct rendering *rendering = &renderings[session->peer->serializer];
        if (!rendering->tried) {
            render(seat->shard, session->peer->serializer, event, rendering);
        }
        if (deliver_one(session, rendering, subscription, publisher)) {
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
    struct event_copy *copy = fanout->copy;
    struct shard *shard = router_here(copy->router);
    struct audience_filter filter;
    struct message event = copy->event; /* shared: not to be written */
    struct seat *seat = map_get(&shard->seats, realm_uri(fanout->realm));
    shard_enter(shard);
    if (seat != NULL && event_copy_filter(copy, &shard->scratch, &filter)) {
        for (size_t i = 0; i < fanout->count; i++) {
            fanout_deliver(seat, fanout->subscriptions[i], &filter, &event, &copy->publisher);
        }
    }
    event_copy_unref(copy);
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

uint64_t fanout_others(const struct shard *shard, const struct reach_list *reached)
{
    uint64_t workers = 0;
    for (size_t i = 0; i < reached->count; i++) {
        workers |= reached->items[i].workers;
    }
    return workers & ~((uint64_t)1 << shard->index);
}

void fanout_post(struct seat *seat,
                 const struct reach_list *reached,
                 uint64_t others,
                 struct event_copy *copy)
{
    struct router *router = seat->shard->router;
    for (unsigned i = 0; others != 0; i++, others >>= 1) {
        if ((others & 1) == 0) {
            continue;
        }
        struct fanout_post *fanout = fanout_new(reached, i);
        fanout->copy = event_copy_ref(copy);
        fanout->realm = seat->realm;
        fanout->post.fn = fanout_arrived;
        fanout->post.bytes = copy->block->len;
        worker_post(router->shards[i].worker, &fanout->post);
    }
}
