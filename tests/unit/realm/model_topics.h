/* model_topics.h - steps of publishers and subscribers: what is said, and what must follow. */
#ifndef POSTERN_TESTS_MODEL_TOPICS_H
#define POSTERN_TESTS_MODEL_TOPICS_H

#include "model_calls.h"

static const char *const topic_uris[TOPICS] = {"a.b.c", "a.b.d", "a.x.c", "a.b"};

static inline bool id_among(const uint64_t ids[PLAYERS], uint64_t id)
{
    for (unsigned i = 0; i < PLAYERS; i++) {
        if (ids[i] == id) {
            return true;
        }
    }
    return false;
}

static inline bool model_for(const struct model_event *event, uint64_t session)
{
    return session != event->except && !id_among(event->not_ids, session) &&
           (!event->has_eligible || id_among(event->for_ids, session));
}

static inline void model_expect_event(struct model *model,
                                      const struct model_subscription *subscription,
                                      unsigned player,
                                      const char *topic,
                                      const struct model_event *event,
                                      bool retained)
{
    char publisher[160] = "";
    char id[32] = "\"*\""; /* nobody has heard it so far */
    if (event->publication != 0) {
        (void)snprintf(id, sizeof(id), "%llu", (unsigned long long)event->publication);
    }
    if (event->disclosed) {
        (void)snprintf(publisher, sizeof(publisher),
                       ",\"publisher\":%llu,\"publisher_authid\":\"anonymous\","
                       "\"publisher_authrole\":\"anonymous\"",
                       (unsigned long long)event->publisher);
    }
    rig_expect(model->rig, player, retained ? 1 : 0, "[36,%llu,%s,{\"topic\":\"%s\"%s%s},[%llu]]",
               (unsigned long long)subscription->id, id, topic, publisher,
               retained ? ",\"retained\":true" : "", (unsigned long long)event->tag);
}

static inline void model_expect_retained(struct model *model,
                                         const struct model_subscription *subscription,
                                         unsigned player)
{
    for (unsigned i = 0; i < TOPICS; i++) {
        if (!model_fits(subscription->uri, subscription->match, topic_uris[i])) {
            continue;
        }
        for (unsigned k = 0; k < model->retained[i].count; k++) {
            const struct model_event *event = &model->retained[i].events[k];
            if (model_for(event, model->sessions[player].id)) {
                model_expect_event(model, subscription, player, topic_uris[i], event, true);
                break;
            }
        }
    }
}

static inline void step_subscribe(struct model *model, const struct step *step)
{
    unsigned match = step->a % 3;
    const char *uri = pattern_uris[match][step->b % PATTERNS];
    bool retained = step->c % 2 == 0;
    uint64_t request = model_request(model, step->player);
    rig_say(model->rig, step->player, "[32,%llu,{\"match\":\"%s\",\"get_retained\":%s},\"%s\"]",
            (unsigned long long)request, match_names[match], retained ? "true" : "false", uri);
    model_pump(model);
    struct model_subscription *subscription = model_subscription(model, uri, match);
    bool again = subscription != NULL && subscription->members[step->player];
    if (!again && model_memberships(model, step->player) >= PER_SESSION_SUBSCRIPTIONS) {
        model_error(model, step->player, MESSAGE_SUBSCRIBE, request, "unavailable");
        return;
    }
    if (subscription == NULL) {
        const json_t *said = rig_find(model->rig, step->player, MESSAGE_SUBSCRIBED, 1, request);
        subscription = &model->subscriptions[model->subscription_count++];
        *subscription = (struct model_subscription){
            .id = said == NULL ? 0 : number_in(said, 2), .uri = uri, .match = match};
        model_new_id(model, subscription->id);
    }
    subscription->members[step->player] = true;
    rig_expect(model->rig, step->player, 0, "[33,%llu,%llu]", (unsigned long long)request,
               (unsigned long long)subscription->id);
    if (retained) {
        model_expect_retained(model, subscription, step->player);
    }
}

static inline void step_unsubscribe(struct model *model, const struct step *step)
{
    uint64_t request = model_request(model, step->player);
    uint64_t id = step->a % 8 == 0 || model->subscription_count == 0
                      ? model->known_ids[step->b % COUNT_OF(model->known_ids)]
                      : model->subscriptions[step->b % model->subscription_count].id;
    id = id == 0 ? 1 : id;
    rig_say(model->rig, step->player, "[34,%llu,%llu]", (unsigned long long)request,
            (unsigned long long)id);
    model_pump(model);
    struct model_subscription *subscription = model_subscription_by_id(model, id);
    if (subscription == NULL || !subscription->members[step->player]) {
        model_error(model, step->player, MESSAGE_UNSUBSCRIBE, request, "no_such_subscription");
        return;
    }
    model_unsubscribe(model, subscription, step->player);
    rig_expect(model->rig, step->player, 0, "[35,%llu]", (unsigned long long)request);
}

/* PUBLISH */

/* Ids of the sessions that `mask` has a bit for: into `out`, and as JSON. */
static inline void
model_ids(const struct model *model, unsigned mask, uint64_t out[PLAYERS], struct buf *json)
{
    bool first = true;
    (void)buf_byte(json, '[');
    for (unsigned i = 0; i < PLAYERS; i++) {
        out[i] = 0;
        if ((mask >> i & 1) != 0 && model->sessions[i].joined) {
            out[i] = model->sessions[i].id;
            (void)buf_printf(json, "%s%llu", first ? "" : ",", (unsigned long long)out[i]);
            first = false;
        }
    }
    (void)buf_byte(json, ']');
}

static inline void model_retain(struct model_retained *retained, const struct model_event *event)
{
    unsigned some = 0;
    if (event->open) {
        retained->count = 0;
    }
    while (some < retained->count && !retained->events[some].open) {
        some++;
    }
    if (some == EVENTS_FOR_SOME) { /* the oldest of them goes */
        retained->count--;
        memmove(&retained->events[some - 1], &retained->events[some],
                (retained->count - (some - 1)) * sizeof(*event));
    }
    memmove(&retained->events[1], &retained->events[0], retained->count * sizeof(*event));
    retained->events[0] = *event;
    retained->count++;
}

/* The publication id that the first to hear of it was told. */
static inline uint64_t model_publication(const struct rig *rig, uint64_t tag)
{
    for (unsigned i = 0; i < PLAYERS; i++) {
        for (size_t k = 0; k < rig->mouths[i].heard_count; k++) {
            const json_t *message = rig->mouths[i].heard[k];
            if (number_in(message, 0) == MESSAGE_EVENT &&
                number_in(json_array_get(message, 4), 0) == tag) {
                return number_in(message, 2);
            }
        }
    }
    return 0;
}

static inline void
model_spread(struct model *model, const char *topic, const struct model_event *event)
{
    for (unsigned i = 0; i < model->subscription_count; i++) {
        const struct model_subscription *subscription = &model->subscriptions[i];
        for (unsigned k = 0; k < PLAYERS; k++) {
            if (subscription->members[k] &&
                model_fits(subscription->uri, subscription->match, topic) &&
                model_for(event, model->sessions[k].id)) {
                model_expect_event(model, subscription, k, topic, event, false);
            }
        }
    }
}

/* What is said of the audience, and who it is. */
static inline void model_audience(const struct model *model,
                                  const struct step *step,
                                  struct model_event *event,
                                  struct buf *options)
{
    event->open = true;
    if (step->c % 4 == 0 || step->a % TOPICS == 3) { /* the last topic is never for all */
        event->open = false;
        event->has_eligible = true;
        (void)buf_append(options, STR(",\"eligible\":"));
        model_ids(model, step->c / 4 % 5 == 0 ? 0 : step->c / 16, event->for_ids, options);
    }
    if (step->b / 64 % 4 == 0) {
        event->open = false;
        (void)buf_append(options, STR(",\"exclude\":"));
        model_ids(model, step->b / 256, event->not_ids, options);
    }
}

static inline bool nobody_is_eligible(const struct model_event *event)
{
    for (unsigned i = 0; i < PLAYERS; i++) {
        if (event->for_ids[i] != 0) {
            return false;
        }
    }
    return event->has_eligible;
}

static inline void step_publish(struct model *model, const struct step *step)
{
    unsigned topic = step->a % TOPICS;
    bool acknowledge = step->b % 2 == 0;
    bool exclude_me = step->b / 2 % 4 != 0;
    bool retain = step->b / 8 % 4 == 0;
    const struct model_session *self = &model->sessions[step->player];
    struct model_event event = {.tag = ++model->tags,
                                .disclosed = step->b / 32 % 2 == 0,
                                .publisher = self->id,
                                .except = exclude_me ? self->id : 0};
    uint64_t request = model_request(model, step->player);
    struct buf options;
    buf_init(&options, 4096);
    model_audience(model, step, &event, &options);
    rig_say(model->rig, step->player,
            "[16,%llu,{\"acknowledge\":%s,\"exclude_me\":%s,\"retain\":%s,\"disclose_me\":%s" PRISTR
            "},\"%s\",[%llu]]",
            (unsigned long long)request, acknowledge ? "true" : "false",
            exclude_me ? "true" : "false", retain ? "true" : "false",
            event.disclosed ? "true" : "false", STRARG(buf_str(&options)), topic_uris[topic],
            (unsigned long long)event.tag);
    buf_done(&options);
    model_pump(model);
    const json_t *published = rig_find(model->rig, step->player, MESSAGE_PUBLISHED, 1, request);
    event.publication =
        published != NULL ? number_in(published, 2) : model_publication(model->rig, event.tag);
    if (acknowledge) {
        rig_expect(model->rig, step->player, 0, "[17,%llu,%llu]", (unsigned long long)request,
                   (unsigned long long)event.publication);
    }
    if (nobody_is_eligible(&event)) {
        return;
    }
    model_spread(model, topic_uris[topic], &event);
    if (retain) {
        model_retain(&model->retained[topic], &event);
    }
}

#endif
