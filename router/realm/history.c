/* history.c - a ring of events for each subscription; a record of which rings hold an event. */
#include "realm/history.h"

#include "base/mem.h"

struct ring;

/* One event. The globally oldest record is the oldest of every ring that holds it. */
struct record {
    struct list node;    /* history->records */
    struct block *block; /* the one this stands in */
    struct event_copy *copy;
    size_t uses; /* rings that still hold it */
    size_t count;
    struct ring *rings[]; /* NULL where it has left */
};

struct ring {
    uint64_t subscription;
    const struct realm *realm;
    struct record **items;
    size_t head;
    size_t count;
    size_t cap; /* a power of two */
};

enum { RING_FIRST = 4 };

void history_init(struct history *history, const struct history_limits *limits)
{
    *history = (struct history){.limits = *limits};
    (void)pthread_mutex_init(&history->lock, NULL);
    idmap_init(&history->rings);
    list_init(&history->records);
}

static size_t record_cost(const struct record *record)
{
    return record->block->len + record->copy->block->len;
}

static size_t ring_cost(const struct ring *ring)
{
    return sizeof(*ring) + ring->cap * sizeof(struct record *);
}

static void record_free(struct history *history, struct record *record)
{
    history->bytes -= record_cost(record);
    list_remove(&record->node);
    event_copy_unref(record->copy);
    block_unref(record->block);
}

static void record_leave(struct history *history, struct record *record, const struct ring *ring)
{
    for (size_t i = 0; i < record->count; i++) {
        if (record->rings[i] == ring) {
            record->rings[i] = NULL;
        }
    }
    record->uses--;
    if (record->uses == 0) {
        record_free(history, record);
    }
}

static struct record *ring_pop(struct ring *ring)
{
    struct record *record = ring->items[ring->head];
    ring->head = (ring->head + 1) & (ring->cap - 1);
    ring->count--;
    return record;
}

static void ring_free(struct history *history, struct ring *ring)
{
    history->bytes -= ring_cost(ring);
    while (ring->count > 0) {
        record_leave(history, ring_pop(ring), ring);
    }
    (void)idmap_remove(&history->rings, ring->subscription);
    mem_free(ring->items);
    mem_free(ring);
}

void history_done(struct history *history)
{
    while (!list_empty(&history->records)) {
        struct record *record = LIST_ENTRY(history->records.next, struct record, node);
        for (size_t i = 0; i < record->count; i++) {
            if (record->rings[i] != NULL) {
                ring_free(history, record->rings[i]);
                break; /* the record may be gone with its last ring */
            }
        }
    }
    idmap_done(&history->rings);
    (void)pthread_mutex_destroy(&history->lock);
}

static struct ring *ring_of(struct history *history, const struct realm *realm, uint64_t id)
{
    struct ring *ring = idmap_get(&history->rings, id);
    if (ring == NULL) {
        ring = NEW(struct ring);
        ring->subscription = id;
        ring->realm = realm;
        ring->cap = RING_FIRST;
        ring->items = NEW_ARRAY(struct record *, RING_FIRST);
        (void)idmap_put(&history->rings, id, ring);
        history->bytes += ring_cost(ring);
    }
    return ring;
}

static void ring_grow(struct history *history, struct ring *ring)
{
    struct record **items = NEW_ARRAY(struct record *, ring->cap * 2);
    for (size_t i = 0; i < ring->count; i++) {
        items[i] = ring->items[(ring->head + i) & (ring->cap - 1)];
    }
    mem_free(ring->items);
    history->bytes += ring->cap * sizeof(struct record *);
    ring->items = items;
    ring->head = 0;
    ring->cap *= 2;
}

static void ring_push(struct history *history, struct ring *ring, struct record *record)
{
    if (ring->count == history->limits.events) {
        record_leave(history, ring_pop(ring), ring);
    }
    if (ring->count == ring->cap) {
        ring_grow(history, ring);
    }
    ring->items[(ring->head + ring->count) & (ring->cap - 1)] = record;
    ring->count++;
}

/* The oldest of all, out of every ring. */
static void evict(struct history *history)
{
    struct record *record = LIST_ENTRY(history->records.next, struct record, node);
    size_t left = record->uses;
    for (size_t i = 0; left > 0; i++) {
        struct ring *ring = record->rings[i];
        if (ring == NULL) {
            continue;
        }
        left--;
        record_leave(history, ring_pop(ring), ring);
        if (ring->count == 0) {
            ring_free(history, ring);
        }
    }
}

static struct record *
record_new(struct history *history, struct event_copy *copy, const struct reach_list *reached)
{
    size_t size = sizeof(struct record) + reached->count * sizeof(struct ring *);
    struct block *block = block_new(size);
    struct record *record = (struct record *)(void *)block->data;
    block->len = size;
    *record = (struct record){.block = block,
                              .copy = event_copy_ref(copy),
                              .uses = reached->count,
                              .count = reached->count};
    list_push(&history->records, &record->node);
    history->bytes += record_cost(record);
    return record;
}

void history_add(struct history *history,
                 const struct realm *realm,
                 struct event_copy *copy,
                 const struct reach_list *reached)
{
    (void)pthread_mutex_lock(&history->lock);
    struct record *record = record_new(history, copy, reached);
    for (size_t i = 0; i < reached->count; i++) {
        struct ring *ring = ring_of(history, realm, reached->items[i].subscription);
        record->rings[i] = ring;
        ring_push(history, ring, record);
    }
    while (history->bytes > history->limits.bytes && !list_empty(&history->records)) {
        evict(history);
    }
    (void)pthread_mutex_unlock(&history->lock);
}

void history_forget(struct history *history, uint64_t subscription)
{
    if (history->limits.events == 0) {
        return;
    }
    (void)pthread_mutex_lock(&history->lock);
    struct ring *ring = idmap_get(&history->rings, subscription);
    if (ring != NULL) {
        ring_free(history, ring);
    }
    (void)pthread_mutex_unlock(&history->lock);
}

void history_get(struct history *history,
                 const struct realm *realm,
                 uint64_t subscription,
                 struct history_events *out)
{
    *out = (struct history_events){0};
    (void)pthread_mutex_lock(&history->lock);
    const struct ring *ring = idmap_get(&history->rings, subscription);
    if (ring != NULL && ring->realm == realm) {
        out->items = NEW_ARRAY(struct event_copy *, ring->count);
        for (size_t i = 0; i < ring->count; i++) {
            out->items[i] = event_copy_ref(ring->items[(ring->head + i) & (ring->cap - 1)]->copy);
        }
        out->count = ring->count;
    }
    (void)pthread_mutex_unlock(&history->lock);
}

void history_events_done(struct history_events *events)
{
    for (size_t i = 0; i < events->count; i++) {
        event_copy_unref(events->items[i]);
    }
    mem_free(events->items);
    *events = (struct history_events){0};
}
