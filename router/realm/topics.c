/* topics.c - SUBSCRIBE and UNSUBSCRIBE of sessions, and the members that this worker has. */
#include "base/mem.h"
#include "realm/peer_features.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"
#include "wamp/options.h"

#include <string.h>

struct subscribe_options {
    enum match_policy match;
    bool get_retained;
};

static const struct option_row subscribe_rows[] = {
    {"match", OPTION_MATCH, offsetof(struct subscribe_options, match)},
    {"get_retained", OPTION_BOOL, offsetof(struct subscribe_options, get_retained)},
};

struct topic_look {
    struct str uri;
    enum match_policy match;
    uint64_t id;
};

static void
look_topic(const struct registry *registry, const struct subscriptions *subscriptions, void *ctx)
{
    struct topic_look *look = ctx;
    (void)registry;
    look->id = subscriptions_lookup(subscriptions, look->uri, look->match);
}

static bool subscribed_already(struct session *session, struct str uri, enum match_policy match)
{
    struct topic_look look = {.uri = uri, .match = match};
    realm_look(session->seat->realm, look_topic, &look);
    return look.id != 0 && idtable_find(&session->memberships, look.id) != NULL;
}

static bool subscribe_check(struct session *session,
                            const struct message *message,
                            struct subscribe_options *options,
                            struct str *error,
                            struct err *err)
{
    struct slice bytes = {session->peer->serializer, message->details};
    *options = (struct subscribe_options){.match = MATCH_EXACT};
    *error = FAULT_INVALID_ARGUMENT;
    if (!options_read(bytes, subscribe_rows, COUNT_OF(subscribe_rows), &session->shard->scratch,
                      options, err)) {
        return false;
    }
    *error = FAULT_INVALID_URI;
    if (!uri_valid(message->uri, options->match)) {
        return err_set(err, ERR_INVALID, "this is no topic URI");
    }
    *error = FAULT_UNAVAILABLE;
    size_t max = session->shard->router->options.subscriptions_max;
    if (max != 0 && session->memberships.count >= max &&
        !subscribed_already(session, message->uri, options->match)) {
        return err_set(err, ERR_LIMIT, "this session has as many subscriptions as it may");
    }
    *error = FAULT_NOT_AUTHORIZED;
    return session_permits(session, PERMISSION_SUBSCRIBE, message->uri, options->match, err);
}

static struct audience *audience_of(struct seat *seat, const struct subscription *subscription)
{
    struct idlink *link = idtable_find(&seat->audiences, subscription->link.id);
    if (link != NULL) {
        return CONTAINER_OF(link, struct audience, link);
    }
    struct audience *audience = NEW(struct audience);
    audience->link.id = subscription->link.id;
    audience->subscription = subscription;
    list_init(&audience->members);
    idtable_add(&seat->audiences, &audience->link);
    return audience;
}

static struct audience *audience_at(const struct membership *membership)
{
    struct idlink *link = idtable_find(&membership->session->seat->audiences, membership->link.id);
    return CONTAINER_OF(link, struct audience, link);
}

/* With what had been retained until then. */
static void beginning_add(struct session *session, uint64_t subscription, uint64_t retained)
{
    struct beginning *beginning = NEW(struct beginning);
    if (session->beginnings == NULL) {
        session->beginnings = NEW(struct idtable);
        idtable_init(session->beginnings);
    }
    beginning->link.id = subscription;
    beginning->retained = retained;
    idtable_add(session->beginnings, &beginning->link);
    session->seat->beginnings++;
}

static void beginning_drop(struct session *session, uint64_t subscription)
{
    struct idlink *link =
        session->beginnings == NULL ? NULL : idtable_find(session->beginnings, subscription);
    if (link != NULL) {
        idtable_remove(session->beginnings, link);
        session->seat->beginnings--;
        mem_free(CONTAINER_OF(link, struct beginning, link));
    }
}

/* True when it is new. */
static bool membership_add(struct session *session, const struct subscription *subscription)
{
    uint64_t id = subscription->link.id;
    if (idtable_find(&session->memberships, id) != NULL) {
        return false; /* subscribed already: the same id again */
    }
    struct membership *membership = NEW(struct membership);
    membership->link.id = id;
    membership->session = session;
    list_push(&audience_of(session->seat, subscription)->members, &membership->node);
    idtable_add(&session->memberships, &membership->link);
    return true;
}

/* The newest of each topic that the session would have got, had it been there. */
static void
send_retained(struct session *session, uint64_t subscription, const struct retained_hits *hits)
{
    struct shard *shard = session->shard;
    bool wanted = false;
    for (size_t i = 0; i < hits->count; i++) {
        struct audience_filter filter;
        const struct event_copy *copy = hits->items[i].copy;
        wanted = wanted || hits->items[i].topic_first;
        if (!wanted || !event_copy_filter(copy, &shard->scratch, &filter) ||
            !audience_filter_passes(&filter, session->id, &session->principal)) {
            continue;
        }
        struct message event = copy->event;
        event.id = subscription;
        wanted = false;
        bool sent = session_send(session, &event) == DELIVERY_OK;
        router_count(shard->router, sent ? COUNT_EVENTS : COUNT_EVENTS_DROPPED, 1);
    }
}

void session_subscribe(struct session *session, struct message *message)
{
    struct subscribe_options options;
    struct str error;
    struct err err = {0};
    if (!subscribe_check(session, message, &options, &error, &err)) {
        session_error(session, MESSAGE_SUBSCRIBE, message->request, error, str_of(err.text));
        return;
    }
    struct realm *realm = session->seat->realm;
    struct subscriber subscriber = {session->id, session->shard->index};
    struct retained_hits retained = {.bytes_max = session->shard->router->options.queue_max};
    const struct subscription *subscription = realm_subscribe(
        realm, message->uri, options.match, &subscriber, options.get_retained ? &retained : NULL);
    uint64_t id = subscription->link.id;
    if (membership_add(session, subscription)) {
        if (retained.number > 0) {
            beginning_add(session, id, retained.number);
        }
        realm_note_subscribed(realm, id, message->uri, session->id);
    }
    struct message subscribed = {.type = MESSAGE_SUBSCRIBED,
                                 .request = message->request,
                                 .id = id,
                                 .payload = {.serializer = session->peer->serializer}};
    (void)session_reply(session, &subscribed);
    if (options.get_retained) {
        send_retained(session, id, &retained);
        retained_hits_done(&retained);
    }
}

static void membership_drop(struct membership *membership)
{
    struct session *session = membership->session;
    struct audience *audience = audience_at(membership);
    const struct subscription *subscription = audience->subscription;
    struct realm *realm = session->seat->realm;
    struct str uri = subscription_uri(subscription);
    beginning_drop(session, membership->link.id);
    list_remove(&membership->node);
    idtable_remove(&session->memberships, &membership->link);
    if (!list_empty(&audience->members)) {
        realm_note_unsubscribed(realm, audience->link.id, uri, session->id);
    } else {
        struct subscriber subscriber = {session->id, session->shard->index};
        char copy[URI_LEN_MAX]; /* the subscription may be gone before its end is told */
        memcpy(copy, uri.ptr, uri.len);
        realm_unsubscribe(realm, audience->link.id, str_make(copy, uri.len),
                          (enum match_policy)subscription->match, &subscriber);
        idtable_remove(&session->seat->audiences, &audience->link);
        mem_free(audience);
    }
    mem_free(membership);
}

void session_unsubscribe(struct session *session, struct message *message)
{
    struct err err = {0};
    struct idlink *link = idtable_find(&session->memberships, message->id);
    if (link == NULL) {
        session_error(session, MESSAGE_UNSUBSCRIBE, message->request, FAULT_NO_SUCH_SUBSCRIPTION,
                      STR("this session has no such subscription"));
        return;
    }
    struct membership *membership = CONTAINER_OF(link, struct membership, link);
    const struct subscription *subscription = audience_at(membership)->subscription;
    if (!session_permits(session, PERMISSION_UNSUBSCRIBE, subscription_uri(subscription),
                         (enum match_policy)subscription->match, &err)) {
        session_error(session, MESSAGE_UNSUBSCRIBE, message->request, FAULT_NOT_AUTHORIZED,
                      str_of(err.text));
        return;
    }
    membership_drop(membership);
    struct message unsubscribed = {.type = MESSAGE_UNSUBSCRIBED,
                                   .request = message->request,
                                   .payload = {.serializer = session->peer->serializer}};
    (void)session_reply(session, &unsubscribed);
}

void topics_leave(struct session *session)
{
    struct idlink *link = NULL;
    while ((link = idtable_any(&session->memberships)) != NULL) {
        membership_drop(CONTAINER_OF(link, struct membership, link));
    }
}

bool session_revoke(struct session *session, uint64_t subscription, struct str reason)
{
    struct idlink *link = idtable_find(&session->memberships, subscription);
    if (link == NULL) {
        return false;
    }
    membership_drop(CONTAINER_OF(link, struct membership, link));
    if ((session->features & SUBSCRIBER_REVOCATION) == 0) {
        return true;
    }
    struct buf *details = &session->shard->details;
    struct emit emit;
    buf_clear(details);
    emit_init(&emit, session->peer->serializer, details);
    emit_map(&emit, reason.len > 0 ? 2 : 1);
    emit_key(&emit, STR("subscription"));
    emit_u64(&emit, subscription);
    if (reason.len > 0) {
        emit_key(&emit, STR("reason"));
        emit_str(&emit, reason);
    }
    struct message revoked = {.type = MESSAGE_UNSUBSCRIBED,
                              .details = buf_str(details),
                              .payload = {.serializer = session->peer->serializer}};
    (void)session_reply(session, &revoked);
    return true;
}
