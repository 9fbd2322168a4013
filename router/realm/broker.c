/* broker.c - checks a publication, finds what it reaches and sends it there. */
#include "realm/broker.h"

#include "realm/fanout.h"
#include "realm/lull.h"
#include "realm/peer_features.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"

#define RETAINED_TTL_MAX ((uint64_t)100 * 365 * 24 * 3600) /* seconds */

bool broker_check(struct shard *shard,
                  const struct publication *publication,
                  struct publish_options *options,
                  struct str *error,
                  struct err *err)
{
    enum disclosure disclosure = shard->router->options.disclosure;
    *error = FAULT_INVALID_ARGUMENT;
    if (!publish_options_read(publication->options, disclosure == DISCLOSURE_ON, &shard->scratch,
                              options, err)) {
        return false;
    }
    bool passthru = passthru_used(&options->passthru);
    if (passthru && publication->session != NULL &&
        (publication->session->features & PUBLISHER_PASSTHRU) == 0) {
        *error = FAULT_PROTOCOL_VIOLATION;
        return err_set(err, ERR_INVALID, "payload_passthru_mode was not announced");
    }
    if (passthru && !passthru_check(&options->passthru, publication->payload, err)) {
        return false;
    }
    if (disclosure == DISCLOSURE_OFF && options->disclose_me) {
        *error = FAULT_DISCLOSE_ME;
        return err_set(err, ERR_DENIED, "publishers are not disclosed here");
    }
    *error = FAULT_INVALID_URI;
    if (!uri_valid(publication->topic, MATCH_EXACT)) {
        return err_set(err, ERR_INVALID, "this is no topic URI");
    }
    *error = FAULT_NOT_AUTHORIZED;
    if (uri_reserved(publication->topic)) {
        struct str space = uri_reserved_space(publication->topic);
        return err_set(err, ERR_DENIED, "Use of reserved namespace '" PRISTR "'.", STRARG(space));
    }
    struct access_question question = {.principal = publication->principal,
                                       .permission = PERMISSION_PUBLISH,
                                       .uri = publication->topic};
    return seat_permits(publication->seat, &question, err);
}

/* In the payload's serializer. */
static struct str event_details(struct shard *shard,
                                const struct publication *publication,
                                const struct publish_options *options,
                                bool retained)
{
    const struct principal *principal = publication->principal;
    const struct trust *trust = &shard->router->trust;
    bool disclosed = options->disclose_me;
    bool trusted = principal != NULL && trust_configured(trust);
    struct emit emit;
    buf_clear(&shard->details);
    emit_init(&emit, publication->payload->serializer, &shard->details);
    emit_map(&emit, 1u + (disclosed ? naming_members(principal) : 0u) + (trusted ? 1u : 0u) +
                        passthru_members(&options->passthru) + (retained ? 1u : 0u));
    emit_key(&emit, STR("topic"));
    emit_str(&emit, publication->topic);
    if (disclosed) {
        naming_emit(&shard->publisher, &emit, &NAMING_PUBLISHER, publication->publisher, principal);
    }
    if (trusted) {
        emit_key(&emit, TRUST_KEY);
        emit_u64(&emit, trust_level(trust, principal));
    }
    passthru_emit(&options->passthru, &emit);
    if (retained) {
        emit_key(&emit, STR("retained"));
        emit_bool(&emit, true);
    }
    return buf_str(&shard->details);
}

/* Options are read again elsewhere, so they go in the serializer of the payload. */
static struct slice options_to_carry(struct shard *shard,
                                     const struct publication *publication,
                                     const struct audience_filter *filter)
{
    struct slice carried = {.serializer = publication->payload->serializer};
    if (audience_filter_open(filter)) {
        return carried;
    }
    if (publication->options.serializer == carried.serializer) {
        return publication->options;
    }
    struct emit emit;
    buf_clear(&shard->words);
    emit_init(&emit, carried.serializer, &shard->words);
    emit_slice(&emit, publication->options);
    carried.bytes = buf_str(&shard->words);
    return carried;
}

/* The event with all that belongs to it, still where it came from. */
static struct event_copy draft(struct shard *shard,
                               const struct publication *publication,
                               const struct publish_options *options,
                               uint64_t id)
{
    return (struct event_copy){
        .router = shard->router,
        .topic = publication->topic,
        .options = options_to_carry(shard, publication, &options->filter),
        .except = options->filter.except,
        .publisher = publication->session == NULL ? (struct handle){0}
                                                  : session_handle(publication->session),
        .event = {.type = MESSAGE_EVENT, .request = id, .payload = *publication->payload}};
}

/* Keeps the event for later subscribers and finds the present ones, so that each gets it once. */
static void retain(struct shard *shard,
                   const struct publication *publication,
                   const struct publish_options *options,
                   uint64_t id)
{
    struct event_copy event = draft(shard, publication, options, id);
    event.event.details = event_details(shard, publication, options, true);
    struct event_copy *copy = event_copy_new(&event);
    uint64_t ttl_ms = shard->router->options.retained.ttl_ms;
    if (options->retained_ttl != RETAINED_TTL_DEFAULT) {
        uint64_t max = RETAINED_TTL_MAX;
        ttl_ms = (options->retained_ttl < max ? options->retained_ttl : max) * 1000;
    }
    struct retained_order order = {.copy = copy,
                                   .open = audience_filter_open(&options->filter),
                                   .expires_ms = ttl_ms == 0 ? 0 : copy->time_ms + ttl_ms};
    if (!realm_retain(publication->seat->realm, &order, &shard->reached)) {
        router_count(shard->router, COUNT_RETAINED_REFUSED, 1);
    }
    event_copy_unref(copy);
}

static bool retains(const struct shard *shard,
                    const struct publication *publication,
                    const struct publish_options *options)
{
    const struct retained_limits *limits = &shard->router->options.retained;
    return options->retain && limits->events > 0 &&
           payload_size(publication->payload) <= limits->message;
}

static void spread(struct shard *shard,
                   const struct publication *publication,
                   const struct publish_options *options,
                   uint64_t id)
{
    struct seat *seat = publication->seat;
    struct reach_list *reached = &shard->reached;
    struct history *history = &shard->router->history;
    if (retains(shard, publication, options)) {
        retain(shard, publication, options, id);
    } else {
        realm_find_subscribers(seat->realm, publication->topic, reached);
    }
    if (reached->count == 0) {
        return;
    }
    struct event_copy event = draft(shard, publication, options, id);
    event.event.details = event_details(shard, publication, options, false);
    event.moment = reached->moment;
    uint64_t others = fanout_others(shard, reached);
    bool remember = history_wants(history, &options->filter, payload_size(publication->payload));
    if (others != 0 || remember) {
        struct event_copy *copy = event_copy_new(&event);
        if (remember) {
            history_add(history, seat->realm, copy, reached);
        }
        fanout_post(seat, reached, others, copy);
        if (others != 0 && publication->session != NULL) {
            lull_pace(publication->session, copy->block->len, others);
        }
        event_copy_unref(copy);
    }
    for (size_t i = 0; i < reached->count; i++) {
        if ((reached->items[i].workers >> shard->index & 1) != 0) {
            fanout_deliver(seat, reached->items[i].subscription, &options->filter, &event.event,
                           &event.publisher);
        }
    }
    for (unsigned i = 0; others != 0; i++, others >>= 1) {
        if ((others & 1) != 0) {
            session_yield_to(publication->session, shard->router->shards[i].worker);
        }
    }
}

bool broker_publish(struct shard *shard,
                    const struct publication *publication,
                    struct publish_options *out_options,
                    uint64_t *out_id,
                    struct str *out_error,
                    struct err *err)
{
    if (!broker_check(shard, publication, out_options, out_error, err)) {
        return false;
    }
    out_options->filter.except = out_options->exclude_me ? publication->publisher : 0;
    *out_id = wamp_id_random();
    router_count(shard->router, COUNT_PUBLICATIONS, 1);
    if (!audience_filter_closed(&out_options->filter)) {
        spread(shard, publication, out_options, *out_id);
    }
    return true;
}

void broker_announce(struct seat *seat, struct str topic, const struct payload *payload)
{
    struct publish_options options = {0};
    struct publication publication = {.seat = seat, .topic = topic, .payload = payload};
    spread(seat->shard, &publication, &options, wamp_id_random());
}

void session_publish(struct session *session, struct message *message)
{
    struct publish_options options;
    struct str error;
    struct err err = {0};
    uint64_t id = 0;
    struct publication publication = {
        .seat = session->seat,
        .session = session,
        .principal = &session->principal,
        .publisher = session->id,
        .topic = message->uri,
        .options = {session->peer->serializer, message->details},
        .payload = &message->payload,
    };
    bool done = broker_publish(session->shard, &publication, &options, &id, &error, &err);
    if (!done && str_eq(error, FAULT_PROTOCOL_VIOLATION)) {
        session_violation(session, "PUBLISH: %s", err.text);
        return;
    }
    if (!options.acknowledge) {
        return; /* not even an error is answered */
    }
    if (!done) {
        session_error(session, MESSAGE_PUBLISH, message->request, error, str_of(err.text));
        return;
    }
    struct message published = {.type = MESSAGE_PUBLISHED,
                                .request = message->request,
                                .id = id,
                                .payload = {.serializer = session->peer->serializer}};
    (void)session_reply(session, &published);
}
