/* subscriptions.c - subscriptions by pattern and by id, a bit for each worker with members. */
#include "realm/subscriptions.h"

#include "base/clock.h"
#include "base/mem.h"
#include "wamp/message.h"

struct subscription {
    uint64_t id;
    uint64_t workers;
    uint64_t created_ms;
    char *uri;
    size_t uri_len;
    enum match_policy match;
};

static void subscription_free(struct subscription *subscription)
{
    mem_free(subscription->uri);
    mem_free(subscription);
}

void subscriptions_init(struct subscriptions *subscriptions)
{
    patterns_init(&subscriptions->patterns);
    idmap_init(&subscriptions->by_id);
}

void subscriptions_done(struct subscriptions *subscriptions)
{
    size_t cursor = 0;
    const struct idmap_slot *slot = NULL;
    while ((slot = idmap_next(&subscriptions->by_id, &cursor)) != NULL) {
        subscription_free(slot->value);
    }
    patterns_done(&subscriptions->patterns);
    idmap_done(&subscriptions->by_id);
}

static struct subscription_facts facts_of(const struct subscription *subscription)
{
    return (struct subscription_facts){.id = subscription->id,
                                       .created_ms = subscription->created_ms,
                                       .uri = str_make(subscription->uri, subscription->uri_len),
                                       .match = subscription->match,
                                       .workers = subscription->workers};
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
        subscription = NEW(struct subscription);
        subscription->created_ms = clock_wall_ms();
        do {
            subscription->id = wamp_id_random();
        } while (idmap_get(&subscriptions->by_id, subscription->id) != NULL);
        subscription->uri = str_dup(uri);
        subscription->uri_len = uri.len;
        subscription->match = match;
        patterns_put(&subscriptions->patterns, str_make(subscription->uri, uri.len), match,
                     subscription);
        (void)idmap_put(&subscriptions->by_id, subscription->id, subscription);
    }
    subscription->workers |= (uint64_t)1 << worker;
    *out = facts_of(subscription);
    return created;
}

bool subscriptions_leave(struct subscriptions *subscriptions, uint64_t id, unsigned worker)
{
    struct subscription *subscription = idmap_get(&subscriptions->by_id, id);
    if (subscription == NULL) {
        return false;
    }
    subscription->workers &= ~((uint64_t)1 << worker);
    if (subscription->workers != 0) {
        return false;
    }
    patterns_remove(&subscriptions->patterns, str_make(subscription->uri, subscription->uri_len),
                    subscription->match);
    (void)idmap_remove(&subscriptions->by_id, id);
    subscription_free(subscription);
    return true;
}

bool subscriptions_get(const struct subscriptions *subscriptions,
                       uint64_t id,
                       struct subscription_facts *out)
{
    const struct subscription *subscription = idmap_get(&subscriptions->by_id, id);
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
    return subscription == NULL ? 0 : subscription->id;
}

void subscriptions_list(const struct subscriptions *subscriptions,
                        struct id_list out[MATCH_POLICIES])
{
    size_t cursor = 0;
    const struct idmap_slot *slot = NULL;
    while ((slot = idmap_next(&subscriptions->by_id, &cursor)) != NULL) {
        const struct subscription *subscription = slot->value;
        id_list_push(&out[subscription->match], subscription->id);
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
        (struct reach){.subscription = subscription->id, .workers = subscription->workers};
    list->count++;
}

void subscriptions_match(const struct subscriptions *subscriptions,
                         struct str topic,
                         struct reach_list *out)
{
    out->count = 0;
    patterns_each(&subscriptions->patterns, topic, note_reach, out);
}
