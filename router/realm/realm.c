/* realm.c - the lock around registrations and subscriptions. */
#include "realm/realm.h"

#include "base/mem.h"
#include "realm/bulletin.h"
#include "realm/meta.h"

#include <assert.h>
#include <pthread.h>

struct realm {
    char *uri;
    size_t uri_len;
    pthread_rwlock_t lock;
    struct registry registry;
    struct subscriptions subscriptions;
    struct bulletin bulletin;
};

struct realm *realm_new(struct str uri, struct router *router, struct worker *home)
{
    struct realm *realm = NEW(struct realm);
    bulletin_init(&realm->bulletin, home, meta_tell);
    realm->bulletin.router = router;
    realm->bulletin.realm = realm;
    realm->uri = str_dup(uri);
    realm->uri_len = uri.len;
    registry_init(&realm->registry);
    subscriptions_init(&realm->subscriptions);
    pthread_rwlockattr_t attr;
    int failed = pthread_rwlockattr_init(&attr);
    failed |= pthread_rwlockattr_setkind_np(&attr, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    failed |= pthread_rwlock_init(&realm->lock, &attr);
    assert(failed == 0);
    (void)failed;
    (void)pthread_rwlockattr_destroy(&attr);
    return realm;
}

void realm_free(struct realm *realm)
{
    if (realm == NULL) {
        return;
    }
    (void)pthread_rwlock_destroy(&realm->lock);
    registry_done(&realm->registry);
    subscriptions_done(&realm->subscriptions);
    bulletin_done(&realm->bulletin);
    mem_free(realm->uri);
    mem_free(realm);
}

struct str realm_uri(const struct realm *realm)
{
    return str_make(realm->uri, realm->uri_len);
}

struct bulletin *realm_bulletin(struct realm *realm)
{
    return &realm->bulletin;
}

enum registry_result
realm_register(struct realm *realm, const struct registry_offer *offer, uint64_t *out_id)
{
    (void)pthread_rwlock_wrlock(&realm->lock);
    enum registry_result result = registry_add(&realm->registry, offer, out_id);
    (void)pthread_rwlock_unlock(&realm->lock);
    return result;
}

bool realm_unregister(struct realm *realm, uint64_t id, struct handle session)
{
    (void)pthread_rwlock_wrlock(&realm->lock);
    bool removed = registry_remove(&realm->registry, id, session);
    (void)pthread_rwlock_unlock(&realm->lock);
    return removed;
}

bool realm_find_callee(struct realm *realm, struct str procedure, struct registry_pick *out)
{
    (void)pthread_rwlock_rdlock(&realm->lock);
    bool found = registry_find(&realm->registry, procedure, out);
    (void)pthread_rwlock_unlock(&realm->lock);
    return found;
}

/* Not about those who watch such events. */
static void note_subscription(struct realm *realm, const struct notice *notice)
{
    if (!str_eq(uri_reserved_space(notice->uri), STR("wamp"))) {
        bulletin_add(&realm->bulletin, notice);
    }
}

uint64_t realm_subscribe(struct realm *realm,
                         struct str uri,
                         enum match_policy match,
                         const struct subscriber *subscriber)
{
    struct subscription_facts facts;
    (void)pthread_rwlock_wrlock(&realm->lock);
    if (subscriptions_join(&realm->subscriptions, uri, match, subscriber->worker, &facts)) {
        struct notice notice = {.kind = NOTICE_SUBSCRIPTION_CREATE,
                                .session = subscriber->session,
                                .entry = facts.id,
                                .created_ms = facts.created_ms,
                                .uri = uri,
                                .match = match};
        note_subscription(realm, &notice);
        bulletin_watcher(&realm->bulletin, uri, match, 1);
    }
    (void)pthread_rwlock_unlock(&realm->lock);
    return facts.id;
}

void realm_note_subscribed(struct realm *realm, uint64_t id, struct str uri, uint64_t session)
{
    struct notice notice = {
        .kind = NOTICE_SUBSCRIPTION_SUBSCRIBE, .session = session, .entry = id, .uri = uri};
    note_subscription(realm, &notice);
}

void realm_note_unsubscribed(struct realm *realm, uint64_t id, struct str uri, uint64_t session)
{
    struct notice notice = {
        .kind = NOTICE_SUBSCRIPTION_UNSUBSCRIBE, .session = session, .entry = id, .uri = uri};
    note_subscription(realm, &notice);
}

void realm_unsubscribe(struct realm *realm,
                       uint64_t id,
                       struct str uri,
                       enum match_policy match,
                       const struct subscriber *subscriber)
{
    (void)pthread_rwlock_wrlock(&realm->lock);
    if (subscriptions_leave(&realm->subscriptions, id, subscriber->worker)) {
        struct notice notice = {.kind = NOTICE_SUBSCRIPTION_DELETE,
                                .session = subscriber->session,
                                .entry = id,
                                .uri = uri};
        bulletin_watcher(&realm->bulletin, uri, match, -1);
        note_subscription(realm, &notice);
    }
    (void)pthread_rwlock_unlock(&realm->lock);
}

void realm_find_subscribers(struct realm *realm, struct str topic, struct reach_list *out)
{
    (void)pthread_rwlock_rdlock(&realm->lock);
    subscriptions_match(&realm->subscriptions, topic, out);
    (void)pthread_rwlock_unlock(&realm->lock);
}

void realm_look(struct realm *realm, realm_look_fn look, void *ctx)
{
    (void)pthread_rwlock_rdlock(&realm->lock);
    look(&realm->registry, &realm->subscriptions, ctx);
    (void)pthread_rwlock_unlock(&realm->lock);
}
