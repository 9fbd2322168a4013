/* lull.c - on the subscriber's worker: who waits for it; on the publishers': that they do. */
#include "realm/lull.h"

#include "base/mem.h"
#include "realm/backlog.h"
#include "realm/session_inside.h"

enum {
    LOOK_MS = 20,
    LOOKS_A_SECOND = 1000 / LOOK_MS,
    PUBLISHERS_MAX = 64, /* more publishers of one slow subscriber do not wait */
    PROGRESS_PARTS = 32,
    LEAD_PARTS = 8, /* twice as much may be on its way */
};

struct lull {
    struct session *subscriber;
    struct timer timer;
    unsigned looks;
    size_t pending; /* a second ago */
    size_t count;
    struct handle publishers[PUBLISHERS_MAX];
};

/* To a publisher's worker. */
struct lull_post {
    struct post post;
    struct router *router;
    struct handle publisher;
    bool hold;
};

static void hold(struct session *publisher)
{
    publisher->holds++;
    if (publisher->paused == 0 && !publisher->closing) {
        publisher->peer->ops->pause(publisher->peer);
    }
    publisher->paused |= PAUSED_BY_SUBSCRIBER;
}

static void let_go(struct session *publisher)
{
    publisher->holds--;
    if (publisher->holds > 0) {
        return;
    }
    publisher->paused &= (uint8_t)~PAUSED_BY_SUBSCRIBER;
    if (publisher->paused == 0 && !publisher->closing) {
        publisher->peer->ops->resume(publisher->peer);
    }
}

static void tell_here(struct shard *shard, const struct handle *handle, bool held)
{
    struct session *publisher = slots_find(&shard->sessions, handle->slot, handle->generation);
    if (publisher != NULL && held) {
        hold(publisher);
    } else if (publisher != NULL) {
        let_go(publisher);
    }
}

static void told(struct post *post)
{
    struct lull_post *order = CONTAINER_OF(post, struct lull_post, post);
    tell_here(router_here(order->router), &order->publisher, order->hold);
    mem_free(order);
}

static void tell(struct shard *shard, const struct handle *publisher, bool held)
{
    if (publisher->worker == shard->index) {
        tell_here(shard, publisher, held);
        return;
    }
    struct lull_post *order = NEW(struct lull_post);
    order->post.fn = told;
    order->router = shard->router;
    order->publisher = *publisher;
    order->hold = held;
    worker_post(shard->router->shards[publisher->worker].worker, &order->post);
}

/* To another worker, behind all that was posted there, and back. */
struct echo {
    struct post post;
    struct router *router;
    struct handle publisher;
};

static void echo_returned(struct post *post)
{
    struct echo *echo = CONTAINER_OF(post, struct echo, post);
    struct shard *shard = router_here(echo->router);
    const struct handle *handle = &echo->publisher;
    struct session *publisher = slots_find(&shard->sessions, handle->slot, handle->generation);
    mem_free(echo);
    if (publisher == NULL) {
        return;
    }
    publisher->echoes--;
    if (publisher->echoes == 0 && publisher->paced) {
        publisher->paced = false;
        let_go(publisher);
    }
}

static void echo_arrived(struct post *post)
{
    struct echo *echo = CONTAINER_OF(post, struct echo, post);
    post->fn = echo_returned;
    worker_post(echo->router->shards[echo->publisher.worker].worker, post);
}

void lull_pace(struct session *publisher, size_t bytes, uint64_t others)
{
    struct router *router = publisher->shard->router;
    publisher->lead += bytes;
    if (publisher->lead < router->options.queue_max / LEAD_PARTS) {
        return;
    }
    if (publisher->echoes > 0) {
        if (!publisher->paced) {
            publisher->paced = true;
            hold(publisher);
        }
        return;
    }
    publisher->lead = 0;
    for (unsigned i = 0; others != 0; i++, others >>= 1) {
        if ((others & 1) != 0) {
            struct echo *echo = NEW(struct echo);
            echo->post.fn = echo_arrived;
            echo->router = router;
            echo->publisher = session_handle(publisher);
            publisher->echoes++;
            worker_post(router->shards[i].worker, &echo->post);
        }
    }
}

size_t session_pending(const struct session *session)
{
    return session->peer->ops->queued(session->peer) + backlog_bytes(session->backlog);
}

static size_t queue_part(const struct session *session, size_t parts)
{
    return session->shard->router->options.queue_max / parts;
}

static void lull_look(struct timer *timer)
{
    struct lull *lull = CONTAINER_OF(timer, struct lull, timer);
    struct session *subscriber = lull->subscriber;
    size_t pending = session_pending(subscriber);
    lull->looks++;
    if (lull->looks % LOOKS_A_SECOND == 0) {
        size_t least = queue_part(subscriber, PROGRESS_PARTS);
        if (pending + least > lull->pending) {
            subscriber->stuck = true;
            lull_end(subscriber);
            return;
        }
        lull->pending = pending;
    }
    timer_start(&lull->timer, LOOK_MS);
    lull_review(subscriber);
}

void lull_begin(struct session *subscriber, const struct handle *publisher)
{
    struct lull *lull = subscriber->lull;
    if (publisher->generation == 0 || subscriber->stuck) {
        return;
    }
    if (lull == NULL) {
        lull = NEW(struct lull);
        lull->subscriber = subscriber;
        lull->pending = session_pending(subscriber);
        timer_init(&lull->timer, lull_look);
        timer_start(&lull->timer, LOOK_MS);
        subscriber->lull = lull;
    }
    for (size_t i = 0; i < lull->count; i++) {
        const struct handle *other = &lull->publishers[i];
        if (other->slot == publisher->slot && other->worker == publisher->worker &&
            other->generation == publisher->generation) {
            return;
        }
    }
    if (lull->count < PUBLISHERS_MAX) {
        lull->publishers[lull->count] = *publisher;
        lull->count++;
        tell(subscriber->shard, publisher, true);
    }
}

void lull_review(struct session *subscriber)
{
    if (subscriber->lull == NULL && !subscriber->stuck) {
        return;
    }
    if (session_pending(subscriber) <= queue_part(subscriber, 4)) {
        subscriber->stuck = false;
        lull_end(subscriber);
    }
}

void lull_end(struct session *subscriber)
{
    struct lull *lull = subscriber->lull;
    if (lull == NULL) {
        return;
    }
    subscriber->lull = NULL;
    timer_stop(&lull->timer);
    for (size_t i = 0; i < lull->count; i++) {
        tell(subscriber->shard, &lull->publishers[i], false);
    }
    mem_free(lull);
}
