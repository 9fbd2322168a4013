/* retained.c - the last events of topics in a tree of their URIs. */
#include "realm/retained.h"

#include "base/mem.h"

enum {
    KEPT_FOR_SOME = 8,     /* events of one topic above the one that is for everybody */
    SWEEP_EVERY_MS = 1000, /* looking through everything for what has expired */
};

struct retained_event {
    struct event_copy *copy;
    uint64_t expires_ms;
    bool open;
};

struct retained_topic {
    unsigned count;
    struct retained_event *events; /* newest first; room for a power of two */
};

void retained_init(struct retained *retained,
                   const struct retained_limits *limits,
                   struct retained_usage *usage)
{
    *retained = (struct retained){.limits = limits, .usage = usage};
    prefixes_init(&retained->topics);
}

static size_t cost_of(const struct event_copy *copy)
{
    return copy->block->len;
}

static void give_back(struct retained *retained, const struct event_copy *copy)
{
    (void)atomic_fetch_sub_explicit(&retained->usage->events, 1, memory_order_relaxed);
    (void)atomic_fetch_sub_explicit(&retained->usage->bytes, cost_of(copy), memory_order_relaxed);
}

static void free_topic(void *ctx, void *value)
{
    struct retained *retained = ctx;
    struct retained_topic *topic = value;
    for (unsigned i = 0; i < topic->count; i++) {
        give_back(retained, topic->events[i].copy);
        event_copy_unref(topic->events[i].copy);
    }
    mem_free(topic->events);
    mem_free(topic);
}

void retained_done(struct retained *retained)
{
    prefixes_under(&retained->topics, STR_EMPTY, free_topic, retained);
    prefixes_done(&retained->topics);
}

static void hit_add(struct retained_hits *hits, struct event_copy *copy, bool topic_first)
{
    if (hits->count == hits->cap) {
        hits->cap = hits->cap == 0 ? 4 : hits->cap * 2;
        hits->items = mem_realloc(hits->items, hits->cap * sizeof(hits->items[0]));
    }
    hits->items[hits->count] = (struct retained_hit){.copy = copy, .topic_first = topic_first};
    hits->count++;
    hits->bytes += cost_of(copy);
}

void retained_hits_done(struct retained_hits *hits)
{
    for (size_t i = 0; i < hits->count; i++) {
        event_copy_unref(hits->items[i].copy);
    }
    mem_free(hits->items);
    *hits = (struct retained_hits){0};
}

static bool expired(const struct retained_event *event, uint64_t now_ms)
{
    return event->expires_ms != 0 && event->expires_ms <= now_ms;
}

/* Takes one event of a topic out; the reference moves to `out`. */
static void event_displace(struct retained *retained,
                           struct retained_topic *topic,
                           unsigned at,
                           struct retained_hits *out)
{
    give_back(retained, topic->events[at].copy);
    hit_add(out, topic->events[at].copy, false);
    topic->count--;
    for (unsigned i = at; i < topic->count; i++) {
        topic->events[i] = topic->events[i + 1];
    }
}

/* A topic of which nothing is left. */
static void topic_tidy(struct retained *retained, struct str uri)
{
    struct retained_topic *topic = prefixes_get(&retained->topics, uri);
    if (topic != NULL && topic->count == 0) {
        (void)prefixes_remove(&retained->topics, uri);
        mem_free(topic->events);
        mem_free(topic);
    }
}

struct sweep {
    struct retained *retained;
    struct retained_hits *out;
    uint64_t now_ms;
};

static void sweep_topic(void *ctx, void *value)
{
    const struct sweep *sweep = ctx;
    struct retained_topic *topic = value;
    for (unsigned i = topic->count; i-- > 0;) {
        if (expired(&topic->events[i], sweep->now_ms)) {
            event_displace(sweep->retained, topic, i, sweep->out);
        }
    }
}

/* Room for one event, on the node's account. */
static bool reserve(struct retained *retained, size_t bytes)
{
    struct retained_usage *usage = retained->usage;
    size_t events = atomic_fetch_add_explicit(&usage->events, 1, memory_order_relaxed) + 1;
    size_t total = atomic_fetch_add_explicit(&usage->bytes, bytes, memory_order_relaxed) + bytes;
    if (events <= retained->limits->events && total <= retained->limits->bytes) {
        return true;
    }
    (void)atomic_fetch_sub_explicit(&usage->events, 1, memory_order_relaxed);
    (void)atomic_fetch_sub_explicit(&usage->bytes, bytes, memory_order_relaxed);
    return false;
}

static bool reserve_or_sweep(struct retained *retained,
                             size_t bytes,
                             uint64_t now_ms,
                             struct retained_hits *out)
{
    if (reserve(retained, bytes)) {
        return true;
    }
    if (now_ms - retained->swept_ms < SWEEP_EVERY_MS) {
        return false;
    }
    retained->swept_ms = now_ms;
    struct sweep sweep = {.retained = retained, .out = out, .now_ms = now_ms};
    size_t before = out->count;
    prefixes_under(&retained->topics, STR_EMPTY, sweep_topic, &sweep);
    for (size_t i = before; i < out->count; i++) {
        topic_tidy(retained, out->items[i].copy->topic);
    }
    return reserve(retained, bytes);
}

static struct retained_topic *topic_of(struct retained *retained, struct str uri)
{
    struct retained_topic *topic = prefixes_get(&retained->topics, uri);
    if (topic == NULL) {
        topic = NEW(struct retained_topic);
        prefixes_put(&retained->topics, uri, topic);
    }
    return topic;
}

/* What the new event takes the place of: everything when it is for everybody, else the oldest
 * that is for some, when there are too many. */
static void make_place(struct retained *retained,
                       struct retained_topic *topic,
                       bool open,
                       struct retained_hits *out)
{
    while (open && topic->count > 0) {
        event_displace(retained, topic, topic->count - 1, out);
    }
    bool has_open = topic->count > 0 && topic->events[topic->count - 1].open;
    unsigned some = topic->count - (has_open ? 1 : 0);
    if (some == KEPT_FOR_SOME) {
        event_displace(retained, topic, some - 1, out);
    }
}

bool retained_put(struct retained *retained,
                  const struct retained_order *order,
                  uint64_t now_ms,
                  struct retained_hits *out)
{
    struct event_copy *copy = order->copy;
    struct retained_topic *topic = prefixes_get(&retained->topics, copy->topic);
    if (topic != NULL) { /* which gives back what it takes, but for a difference in size */
        make_place(retained, topic, order->open, out);
    }
    if (!reserve_or_sweep(retained, cost_of(copy), now_ms, out)) {
        topic_tidy(retained, copy->topic);
        return false;
    }
    topic = topic_of(retained, copy->topic);
    if ((topic->count & (topic->count - 1)) == 0) { /* none, or a power of two: full */
        size_t cap = topic->count == 0 ? 1 : (size_t)topic->count * 2;
        topic->events = mem_realloc(topic->events, cap * sizeof(topic->events[0]));
    }
    for (unsigned i = topic->count; i > 0; i--) {
        topic->events[i] = topic->events[i - 1];
    }
    topic->events[0] = (struct retained_event){
        .copy = event_copy_ref(copy), .expires_ms = order->expires_ms, .open = order->open};
    topic->count++;
    retained->number++;
    return true;
}

struct search {
    struct str uri;
    enum match_policy match;
    uint64_t now_ms;
    struct retained_hits *out;
};

static void search_topic(void *ctx, void *value)
{
    const struct search *search = ctx;
    const struct retained_topic *topic = value;
    struct retained_hits *out = search->out;
    bool first = true;
    if (topic->count == 0 || out->bytes > out->bytes_max ||
        !uri_match(search->uri, search->match, topic->events[0].copy->topic)) {
        return;
    }
    for (unsigned i = 0; i < topic->count; i++) {
        if (!expired(&topic->events[i], search->now_ms)) {
            hit_add(out, event_copy_ref(topic->events[i].copy), first);
            first = false;
        }
    }
}

/* A wildcard pattern begins with what all its topics begin with. */
static struct str common_start(struct str pattern)
{
    for (size_t i = 0; i < pattern.len; i++) {
        if (pattern.ptr[i] == '.' && (i == 0 || pattern.ptr[i - 1] == '.')) {
            return str_sub(pattern, 0, i);
        }
    }
    return pattern; /* only the last component can be free */
}

void retained_find(const struct retained *retained,
                   struct str uri,
                   enum match_policy match,
                   uint64_t now_ms,
                   struct retained_hits *out)
{
    struct search search = {.uri = uri, .match = match, .now_ms = now_ms, .out = out};
    void *topic = NULL;
    out->number = retained->number;
    switch (match) {
    case MATCH_EXACT:
        topic = prefixes_get(&retained->topics, uri);
        if (topic != NULL) {
            search_topic(&search, topic);
        }
        break;
    case MATCH_PREFIX:
        prefixes_under(&retained->topics, uri, search_topic, &search);
        break;
    case MATCH_WILDCARD:
        prefixes_under(&retained->topics, common_start(uri), search_topic, &search);
        break;
    }
}
