/* subscriptions.c - subscriptions by pattern and by id, a bit for each worker with members. */
#include "realm/subscriptions.h"

#include "base/clock.h"
#include "base/mem.h"
#include "wamp/message.h"

#include <stddef.h>
#include <string.h>

void subscriptions_init(struct subscriptions *subscriptions)
{
    patterns_init(&subscriptions->patterns);
    idtable_init(&subscriptions->by_id);
}

void subscriptions_done(struct subscriptions *subscriptions)
{
    struct idlink *link = NULL;
    while ((link = idtable_any(&subscriptions->by_id)) != NULL) {
        idtable_remove(&subscriptions->by_id, link);
        mem_free(CONTAINER_OF(link, struct subscription, link));
    }
    patterns_done(&subscriptions->patterns);
    idtable_done(&subscriptions->by_id);
}

static struct subscription *find(const struct subscriptions *subscriptions, uint64_t id)
{
    struct idlink *link = idtable_find(&subscriptions->by_id, id);
    return link == NULL ? NULL : CONTAINER_OF(link, struct subscription, link);
}

static struct subscription_facts facts_of(const struct subscription *subscription)
{
    return (struct subscription_facts){.subscription = subscription,
                                       .id = subscription->link.id,
                                       .created_ms = subscription->created_ms,
                                       .uri = subscription_uri(subscription),
                                       .match = (enum match_policy)subscription->match,
                                       .workers = subscription->workers};
}

static struct subscription *subscription_new(struct str uri, enum match_policy match)
{
    struct subscription *subscription = mem_alloc(sizeof(struct subscription) + uri.len);
    *subscription = (struct subscription){
        .created_ms = clock_wall_ms(), .uri_len = (uint16_t)uri.len, .match = (uint8_t)match};
    if (uri.len > 0) {
        memcpy(subscription->uri, uri.ptr, uri.len);
    }
    return subscription;
}

bool subscriptions_join(struct subscriptions *subscriptions,
                        struct str uri,
                        enum match_policy match,
                        unsigned worker,
                        struct subscription_facts *out)
{
    struct subscription *subscription = patterns_get(&subscriptions->patterns, uri, match);
    bool created = subscription == NULL;
    if (created) {
        subscription = subscription_new(uri, match);
        do {
            subscription->link.id = wamp_id_random();
        } while (find(subscriptions, subscription->link.id) != NULL);
        patterns_put(&subscriptions->patterns, subscription_uri(subscription), match, subscription);
        idtable_add(&subscriptions->by_id, &subscription->link);
    }
    subscription->workers |= (uint64_t)1 << worker;
    *out = facts_of(subscription);
    return created;
}

bool subscriptions_leave(struct subscriptions *subscriptions, uint64_t id, unsigned worker)
{
    struct subscription *subscription = find(subscriptions, id);
    if (subscription == NULL) {
        return false;
    }
    subscription->workers &= ~((uint64_t)1 << worker);
    if (subscription->workers != 0) {
        return false;
    }
    patterns_remove(&subscriptions->patterns, subscription_uri(subscription),
                    (enum match_policy)subscription->match);
    idtable_remove(&subscriptions->by_id, &subscription->link);
    mem_free(subscription);
    return true;
}

bool subscriptions_get(const struct subscriptions *subscriptions,
                       uint64_t id,
                       struct subscription_facts *out)
{
    const struct subscription *subscription = find(subscriptions, id);
    if (subscription == NULL) {
        return false;
    }
    *out = facts_of(subscription);
    return true;
}

uint64_t subscriptions_lookup(const struct subscriptions *subscriptions,
                              struct str uri,
                              enum match_policy match)
{
    const struct subscription *subscription = patterns_get(&subscriptions->patterns, uri, match);
    return subscription == NULL ? 0 : subscription->link.id;
}

void subscriptions_list(const struct subscriptions *subscriptions,
                        struct id_list out[MATCH_POLICIES])
{
    size_t cursor = 0;
    struct idlink *link = NULL;
    while ((link = idtable_next(&subscriptions->by_id, &cursor, link)) != NULL) {
        const struct subscription *subscription = CONTAINER_OF(link, struct subscription, link);
        id_list_push(&out[subscription->match], link->id);
    }
}

static void note_reach(void *ctx, void *value)
{
    struct reach_list *list = ctx;
    const struct subscription *subscription = value;
    if (list->count == list->cap) {
        list->cap = list->cap == 0 ? 8 : list->cap * 2;
        list->items = mem_realloc(list->items, list->cap * sizeof(list->items[0]));
    }
    list->items[list->count] =
        (struct reach){.subscription = subscription->link.id, .workers = subscription->workers};
    list->count++;
}

void subscriptions_match(const struct subscriptions *subscriptions,
                         struct str topic,
                         struct reach_list *out)
{
    out->count = 0;
    patterns_each(&subscriptions->patterns, topic, note_reach, out);
}
