/* realm.c - the lock around registrations and subscriptions. */
#include "realm/realm.h"

#include "base/clock.h"
#include "base/mem.h"
#include "realm/bulletin.h"
#include "realm/meta.h"
#include "realm/router_inside.h"

#include <assert.h>
#include <pthread.h>
#include <string.h>

struct realm {
    char *uri;
    size_t uri_len;
    pthread_rwlock_t lock;
    struct registry registry;
    struct subscriptions subscriptions;
    struct retained retained;
    struct bulletin bulletin;
    struct router *router;
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
    retained_init(&realm->retained, &router->options.retained, &router->retained_usage);
    realm->router = router;
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
    retained_done(&realm->retained);
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

static void note_gone(struct realm *realm, uint64_t id, struct str uri, uint64_t session)
{
    struct notice notice = {
        .kind = NOTICE_REGISTRATION_UNREGISTER, .session = session, .entry = id, .uri = uri};
    bulletin_add(&realm->bulletin, &notice);
}

static void note_deleted(struct realm *realm, uint64_t id, struct str uri, uint64_t session)
{
    struct notice notice = {
        .kind = NOTICE_REGISTRATION_DELETE, .session = session, .entry = id, .uri = uri};
    bulletin_add(&realm->bulletin, &notice);
}

static void note_registered(struct realm *realm,
                            const struct registry_offer *offer,
                            const struct registry_added *added)
{
    struct notice notice = {.session = offer->session_id,
                            .entry = added->id,
                            .created_ms = added->created_ms,
                            .uri = offer->uri,
                            .match = offer->match,
                            .invoke = invoke_policy_name(offer->invoke)};
    for (size_t i = 0; i < added->evicted_count; i++) {
        note_gone(realm, added->replaced_id, offer->uri, added->evicted[i].session_id);
    }
    if (added->replaced_id != 0) {
        note_deleted(realm, added->replaced_id, offer->uri, offer->session_id);
    }
    if (added->created) {
        notice.kind = NOTICE_REGISTRATION_CREATE;
        bulletin_add(&realm->bulletin, &notice);
    }
    notice.kind = NOTICE_REGISTRATION_REGISTER;
    bulletin_add(&realm->bulletin, &notice);
}

enum registry_result
realm_register(struct realm *realm, const struct registry_offer *offer, struct registry_added *out)
{
    (void)pthread_rwlock_wrlock(&realm->lock);
    enum registry_result result = registry_add(&realm->registry, offer, out);
    if (result == REGISTRY_OK) {
        note_registered(realm, offer, out);
        metric_gauge_add(realm->router->registrations_gauge,
                         (out->created ? 1 : 0) - (out->replaced_id != 0 ? 1 : 0));
    }
    (void)pthread_rwlock_unlock(&realm->lock);
    return result;
}

enum registry_removal
realm_unregister(struct realm *realm, uint64_t id, uint64_t session_id, struct handle *out_session)
{
    struct registry_facts facts;
    enum registry_removal result = REGISTRY_NO_REGISTRATION;
    (void)pthread_rwlock_wrlock(&realm->lock);
    if (registry_facts(&realm->registry, id, &facts)) {
        result = registry_callee(&realm->registry, id, session_id, out_session)
                     ? REGISTRY_REMOVED
                     : REGISTRY_NO_CALLEE;
    }
    if (result == REGISTRY_REMOVED) {
        /* Noted first, because the URI goes with the last callee. */
        note_gone(realm, id, facts.uri, session_id);
        if (facts.callees == 1) {
            note_deleted(realm, id, facts.uri, session_id);
            metric_gauge_add(realm->router->registrations_gauge, -1);
        }
        (void)registry_remove(&realm->registry, id, session_id);
    }
    (void)pthread_rwlock_unlock(&realm->lock);
    return result;
}

enum registry_answer
realm_find_callee(struct realm *realm, const struct registry_ask *ask, struct registry_pick *out)
{
    (void)pthread_rwlock_rdlock(&realm->lock);
    enum registry_answer answer = registry_find(&realm->registry, ask, out);
    (void)pthread_rwlock_unlock(&realm->lock);
    return answer;
}

/* Not about those who watch such events. */
static void note_subscription(struct realm *realm, const struct notice *notice)
{
    if (!str_eq(uri_reserved_space(notice->uri), STR("wamp"))) {
        bulletin_add(&realm->bulletin, notice);
    }
}

const struct subscription *realm_subscribe(struct realm *realm,
                                           struct str uri,
                                           enum match_policy match,
                                           const struct subscriber *subscriber,
                                           struct retained_hits *retained)
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
        metric_gauge_add(realm->router->subscriptions_gauge, 1);
    }
    if (retained != NULL) {
        retained_find(&realm->retained, uri, match, clock_wall_ms(), retained);
    }
    (void)pthread_rwlock_unlock(&realm->lock);
    return facts.subscription;
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
    /* Under the lock: who is told last of leaving is who ends the subscription. */
    realm_note_unsubscribed(realm, id, uri, subscriber->session);
    if (subscriptions_leave(&realm->subscriptions, id, subscriber->worker)) {
        struct notice notice = {.kind = NOTICE_SUBSCRIPTION_DELETE,
                                .session = subscriber->session,
                                .entry = id,
                                .uri = uri};
        bulletin_watcher(&realm->bulletin, uri, match, -1);
        note_subscription(realm, &notice);
        history_forget(&realm->router->history, id);
        metric_gauge_add(realm->router->subscriptions_gauge, -1);
    }
    (void)pthread_rwlock_unlock(&realm->lock);
}

void realm_find_subscribers(struct realm *realm, struct str topic, struct reach_list *out)
{
    (void)pthread_rwlock_rdlock(&realm->lock);
    subscriptions_match(&realm->subscriptions, topic, out);
    out->moment = realm->retained.number + 1;
    (void)pthread_rwlock_unlock(&realm->lock);
}

void realm_look(struct realm *realm, realm_look_fn look, void *ctx)
{
    (void)pthread_rwlock_rdlock(&realm->lock);
    look(&realm->registry, &realm->subscriptions, ctx);
    (void)pthread_rwlock_unlock(&realm->lock);
}

bool realm_retain(struct realm *realm, const struct retained_order *order, struct reach_list *out)
{
    struct retained_hits displaced = {0};
    (void)pthread_rwlock_wrlock(&realm->lock);
    bool kept = retained_put(&realm->retained, order, order->copy->time_ms, &displaced);
    out->moment = realm->retained.number + (kept ? 0 : 1);
    subscriptions_match(&realm->subscriptions, order->copy->topic, out);
    (void)pthread_rwlock_unlock(&realm->lock);
    retained_hits_done(&displaced);
    return kept;
}

bool realm_get_subscription(struct realm *realm,
                            uint64_t id,
                            char uri_memory[URI_LEN_MAX],
                            struct subscription_facts *out)
{
    (void)pthread_rwlock_rdlock(&realm->lock);
    bool found = subscriptions_get(&realm->subscriptions, id, out);
    if (found) {
        memcpy(uri_memory, out->uri.ptr, out->uri.len);
        out->uri.ptr = uri_memory;
    }
    (void)pthread_rwlock_unlock(&realm->lock);
    return found;
}
