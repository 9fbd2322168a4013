/* meta.c - publishes what a realm's bulletin says; the list of tables of wamp.* procedures. */
#include "realm/meta.h"

#include "base/clock.h"
#include "realm/broker.h"
#include "realm/bulletin.h"
#include "realm/meta_inside.h"
#include "realm/router_inside.h"
#include "realm/seat.h"

const struct builtin *const meta_procedures[] = {
    meta_session_procedures,      meta_testament_procedures,
    meta_registration_procedures, meta_subscription_procedures,
    meta_event_procedures,        meta_revocation_procedures,
    meta_house_procedures,        NULL,
};

/* A row for each kind of notice about a registration or a subscription. */
static const struct notice_row {
    struct str topic;
    struct str key; /* of the URI in the event's kwargs */
    bool details;   /* instead of the id */
} rows[] = {
    [NOTICE_REGISTRATION_CREATE] = {STR_INIT("wamp.registration.on_create"), STR_INIT("procedure"),
                                    true},
    [NOTICE_REGISTRATION_REGISTER] = {STR_INIT("wamp.registration.on_register"),
                                      STR_INIT("procedure"), false},
    [NOTICE_REGISTRATION_UNREGISTER] = {STR_INIT("wamp.registration.on_unregister"),
                                        STR_INIT("procedure"), false},
    [NOTICE_REGISTRATION_DELETE] = {STR_INIT("wamp.registration.on_delete"), STR_INIT("procedure"),
                                    false},
    [NOTICE_SUBSCRIPTION_CREATE] = {STR_INIT("wamp.subscription.on_create"), STR_INIT("topic"),
                                    true},
    [NOTICE_SUBSCRIPTION_SUBSCRIBE] = {STR_INIT("wamp.subscription.on_subscribe"),
                                       STR_INIT("topic"), false},
    [NOTICE_SUBSCRIPTION_UNSUBSCRIBE] = {STR_INIT("wamp.subscription.on_unsubscribe"),
                                         STR_INIT("topic"), false},
    [NOTICE_SUBSCRIPTION_DELETE] = {STR_INIT("wamp.subscription.on_delete"), STR_INIT("topic"),
                                    false},
};

bool meta_watched(const struct seat *seat)
{
    return bulletin_watched(realm_bulletin(seat->realm));
}

void meta_publish(struct seat *seat, struct str topic, const struct payload *payload)
{
    struct notice notice = {.kind = NOTICE_OTHER, .topic = topic, .payload = *payload};
    bulletin_add(realm_bulletin(seat->realm), &notice);
}

void meta_emit_entry(struct emit *emit, const struct meta_entry *entry)
{
    char created[CLOCK_ISO_SIZE];
    bool invoke = entry->invoke.len > 0;
    clock_iso(entry->created_ms, created);
    emit_map(emit, invoke ? 5 : 4);
    emit_key(emit, STR("id"));
    emit_u64(emit, entry->id);
    emit_key(emit, STR("created"));
    emit_str(emit, str_of(created));
    emit_key(emit, STR("uri"));
    emit_str(emit, entry->uri);
    emit_key(emit, STR("match"));
    emit_str(emit, str_of(match_policy_name(entry->match)));
    if (invoke) {
        emit_key(emit, STR("invoke"));
        emit_str(emit, entry->invoke);
    }
}

/* [session, id or details], {key: uri} */
static void tell_entry(struct seat *seat, const struct notice *notice)
{
    const struct notice_row *row = &rows[notice->kind];
    struct buf *out = &seat->shard->words;
    struct emit emit;
    buf_clear(out);
    emit_init(&emit, SERIALIZER_MSGPACK, out);
    emit_list(&emit, 2);
    emit_u64(&emit, notice->session);
    if (row->details) {
        struct meta_entry entry = {.id = notice->entry,
                                   .created_ms = notice->created_ms,
                                   .uri = notice->uri,
                                   .match = notice->match,
                                   .invoke = notice->invoke};
        meta_emit_entry(&emit, &entry);
    } else {
        emit_u64(&emit, notice->entry);
    }
    size_t args = out->len;
    emit_map(&emit, 1);
    emit_key(&emit, row->key);
    emit_str(&emit, notice->uri);
    struct str bytes = buf_str(out);
    struct payload payload = {.serializer = SERIALIZER_MSGPACK,
                              .args = str_sub(bytes, 0, args),
                              .kwargs = str_sub(bytes, args, bytes.len - args)};
    broker_announce(seat, row->topic, &payload);
}

void meta_tell(struct post *post)
{
    struct bulletin *bulletin = CONTAINER_OF(post, struct bulletin, post);
    struct shard *shard = router_here(bulletin->router);
    struct list notices;
    shard_enter(shard);
    bulletin_take(bulletin, &notices);
    struct seat *seat = seat_find(shard, realm_uri(bulletin->realm));
    LIST_FOREACH_SAFE (node, &notices) {
        struct notice *notice = LIST_ENTRY(node, struct notice, node);
        if (seat != NULL && notice->kind == NOTICE_OTHER) {
            broker_announce(seat, notice->topic, &notice->payload);
        } else if (seat != NULL) {
            tell_entry(seat, notice);
        }
        mem_free(notice);
    }
    shard_leave(shard);
}
