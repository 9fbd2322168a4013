/* backlog.c - a ring of references to encoded events. */
#include "realm/backlog.h"

#include "base/mem.h"
#include "realm/session_inside.h"

struct waiting {
    struct block *event;
    uint64_t subscription;
};

struct backlog {
    struct waiting *items;
    size_t head;
    size_t count;
    size_t cap; /* a power of two */
    size_t bytes;
};

enum { FIRST_CAP = 64 };

static struct waiting pop(struct backlog *backlog)
{
    struct waiting oldest = backlog->items[backlog->head];
    backlog->head = (backlog->head + 1) & (backlog->cap - 1);
    backlog->count--;
    backlog->bytes -= oldest.event->len;
    return oldest;
}

static void grow(struct backlog *backlog)
{
    size_t cap = backlog->cap == 0 ? FIRST_CAP : backlog->cap * 2;
    struct waiting *items = NEW_ARRAY(struct waiting, cap);
    for (size_t i = 0; i < backlog->count; i++) {
        items[i] = backlog->items[(backlog->head + i) & (backlog->cap - 1)];
    }
    mem_free(backlog->items);
    backlog->items = items;
    backlog->head = 0;
    backlog->cap = cap;
}

unsigned backlog_push(struct session *session, struct block *event, uint64_t subscription)
{
    size_t max = session->shard->router->options.queue_max / 2;
    unsigned dropped = 0;
    if (session->backlog == NULL) {
        session->backlog = NEW(struct backlog);
    }
    struct backlog *backlog = session->backlog;
    while (backlog->count > 0 && backlog->bytes + event->len > max) {
        block_unref(pop(backlog).event);
        dropped++;
    }
    if (backlog->count == backlog->cap) {
        grow(backlog);
    }
    backlog->items[(backlog->head + backlog->count) & (backlog->cap - 1)] =
        (struct waiting){.event = block_ref(event), .subscription = subscription};
    backlog->count++;
    backlog->bytes += event->len;
    return dropped;
}

void backlog_flush(struct session *session)
{
    struct backlog *backlog = session->backlog;
    struct peer *peer = session->peer;
    size_t max = session->shard->router->options.queue_max / 2;
    if (backlog == NULL) {
        return;
    }
    while (backlog->count > 0 && peer->ops->queued(peer) < max) {
        struct waiting oldest = pop(backlog);
        if (idtable_find(&session->memberships, oldest.subscription) != NULL) {
            peer->ops->share(peer, oldest.event, block_str(oldest.event));
        }
        block_unref(oldest.event);
    }
    if (backlog->count == 0) {
        backlog_free(backlog);
        session->backlog = NULL;
    }
}

size_t backlog_bytes(const struct backlog *backlog)
{
    return backlog == NULL ? 0 : backlog->bytes;
}

void backlog_free(struct backlog *backlog)
{
    if (backlog == NULL) {
        return;
    }
    while (backlog->count > 0) {
        block_unref(pop(backlog).event);
    }
    mem_free(backlog->items);
    mem_free(backlog);
}
