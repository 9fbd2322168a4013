/* broker.c - checks a publication, finds what it reaches and sends it there. */
#include "realm/broker.h"

#include "realm/fanout.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"

static bool publish_check(struct shard *shard,
                          const struct publication *publication,
                          struct publish_options *options,
                          struct str *error,
                          struct err *err)
{
    *error = FAULT_INVALID_ARGUMENT;
    if (!publish_options_read(publication->options, &shard->scratch, options, err)) {
        return false;
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
static struct str
event_details(struct shard *shard, const struct publication *publication, bool disclosed)
{
    const struct principal *principal = publication->principal;
    bool role = disclosed && principal->role_count > 0;
    struct emit emit;
    buf_clear(&shard->details);
    emit_init(&emit, publication->payload->serializer, &shard->details);
    emit_map(&emit, 1u + (disclosed ? 2u + (role ? 1u : 0u) : 0u));
    emit_key(&emit, STR("topic"));
    emit_str(&emit, publication->topic);
    if (disclosed) {
        emit_key(&emit, STR("publisher"));
        emit_u64(&emit, publication->publisher);
        emit_key(&emit, STR("publisher_authid"));
        emit_str(&emit, principal->authid);
        if (role) {
            emit_key(&emit, STR("publisher_authrole"));
            emit_str(&emit, principal->roles[0]);
        }
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

static void spread(struct shard *shard,
                   const struct publication *publication,
                   const struct publish_options *options,
                   uint64_t id)
{
    struct reach_list *reached = &shard->reached;
    realm_find_subscribers(publication->seat->realm, publication->topic, reached);
    if (reached->count == 0) {
        return;
    }
    struct message event = {.type = MESSAGE_EVENT,
                            .request = id,
                            .details = event_details(shard, publication, options->disclose_me),
                            .payload = *publication->payload};
    uint64_t others =
        fanout_post(publication->seat, reached, &event,
                    options_to_carry(shard, publication, &options->filter), options->filter.except);
    for (size_t i = 0; i < reached->count; i++) {
        if ((reached->items[i].workers >> shard->index & 1) != 0) {
            fanout_deliver(publication->seat, reached->items[i].subscription, &options->filter,
                           &event);
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
    if (!publish_check(shard, publication, out_options, out_error, err)) {
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
