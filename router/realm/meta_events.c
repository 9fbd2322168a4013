/* meta_events.c - wamp.subscription.get_events: what a subscription would have heard.
 *
 * The reader must be allowed to subscribe to it, and gets only what its publisher
 * did not keep from his authid and authrole.
 */
#include "base/clock.h"
#include "base/mem.h"
#include "realm/event_query.h"
#include "realm/meta_inside.h"
#include "realm/seat.h"
#include "realm/session_inside.h"
#include "wamp/fault.h"

struct event_reader {
    const struct builtin_call *call;
    struct shard *shard;
    uint64_t subscription;
    struct event_query query;
    struct arena arena; /* of one event's options */
    struct buf out;     /* events, one after another */
    size_t *ends;       /* of each in `out` */
    size_t count;
    bool cut; /* there were more than fit */
};

enum { ANSWER_SLACK = 1024, ANSWER_MIN = 512, FILTER_MAX = 1 << 20 };

static void emit_event(struct emit *emit, uint64_t subscription, const struct event_copy *copy)
{
    const struct message *event = &copy->event;
    enum serializer from = event->payload.serializer;
    char timestamp[CLOCK_ISO_SIZE];
    clock_iso(copy->time_ms, timestamp);
    unsigned elements = payload_elements(&event->payload);
    emit_map(emit, 4 + elements);
    emit_key(emit, STR("timestamp"));
    emit_str(emit, str_of(timestamp));
    emit_key(emit, STR("subscription"));
    emit_u64(emit, subscription);
    emit_key(emit, STR("publication"));
    emit_u64(emit, event->request);
    emit_key(emit, STR("details"));
    emit_slice(emit, (struct slice){from, event->details});
    if (elements > 0) {
        emit_key(emit, STR("args"));
        if (event->payload.args.len > 0) {
            emit_slice(emit, (struct slice){from, event->payload.args});
        } else {
            emit_list(emit, 0);
        }
    }
    if (elements == 2) {
        emit_key(emit, STR("kwargs"));
        emit_slice(emit, (struct slice){from, event->payload.kwargs});
    }
}

/* False when there is no room for it. One that the reader's serializer cannot express is left
 * out. */
static bool read_event(struct event_reader *reader, const struct event_copy *copy)
{
    struct emit emit;
    size_t before = reader->out.len;
    emit_init(&emit, reader->call->payload->serializer, &reader->out);
    emit_event(&emit, reader->subscription, copy);
    if (reader->out.full) {
        reader->cut = true; /* and what there is of it is not counted */
        return false;
    }
    if (emit.failed) {
        reader->out.len = before;
        return true;
    }
    reader->ends[reader->count] = reader->out.len;
    reader->count++;
    return true;
}

static bool may_have(struct event_reader *reader, const struct event_copy *copy)
{
    struct audience_filter filter;
    arena_reset(&reader->arena);
    if (!event_copy_filter(copy, &reader->arena, &filter)) {
        return false;
    }
    filter.except = 0; /* sessions come and go; ids mean nothing here */
    return audience_filter_passes(&filter, UINT64_MAX, reader->call->principal);
}

static void read_events(struct event_reader *reader, const struct history_events *events)
{
    const struct event_query *query = &reader->query;
    size_t first = 0;
    size_t end = 0;
    event_query_range(query, events, &first, &end);
    for (size_t i = first; i < end && reader->count < query->limit; i++) {
        const struct event_copy *copy = events->items[query->reverse ? end - 1 - (i - first) : i];
        if (event_query_takes(query, copy) && may_have(reader, copy) && !read_event(reader, copy)) {
            return;
        }
    }
}

/* [event, ...], and {truncated: true} when there were more than fit into one answer. */
static void answer(struct event_reader *reader)
{
    enum serializer serializer = reader->call->payload->serializer;
    struct buf out;
    struct emit emit;
    size_t start = 0;
    buf_init(&out, reader->out.max + ANSWER_SLACK);
    emit_init(&emit, serializer, &out);
    emit_list(&emit, (uint32_t)reader->count);
    for (size_t i = 0; i < reader->count; i++) {
        struct str event = str_make(reader->out.ptr + start, reader->ends[i] - start);
        emit_slice(&emit, (struct slice){serializer, event});
        start = reader->ends[i];
    }
    size_t args = out.len;
    if (reader->cut) {
        emit_map(&emit, 1);
        emit_key(&emit, STR("truncated"));
        emit_bool(&emit, true);
    }
    struct str bytes = buf_str(&out);
    struct payload result = {
        .serializer = serializer, .args = str_sub(bytes, 0, args), .kwargs = str_from(bytes, args)};
    builtin_answer(reader->call->router, reader->call->handle, &result);
    buf_done(&out);
}

/* What an answer may have, for the router and for the caller. */
static size_t answer_max(const struct builtin_call *call)
{
    size_t max = call->router->options.message_max;
    if (call->session != NULL && call->session->peer->message_max < max) {
        max = call->session->peer->message_max;
    }
    return max > ANSWER_SLACK + ANSWER_MIN ? max - ANSWER_SLACK : ANSWER_MIN;
}

static void
tell_events(const struct builtin_call *call, uint64_t subscription, const struct event_query *query)
{
    struct history_events events;
    struct event_reader reader = {.call = call, .subscription = subscription, .query = *query};
    history_get(&call->router->history, call->seat->realm, subscription, &events);
    arena_init(&reader.arena, FILTER_MAX);
    buf_init(&reader.out, answer_max(call));
    reader.ends = NEW_ARRAY(size_t, events.count + 1);
    read_events(&reader, &events);
    answer(&reader);
    mem_free(reader.ends);
    buf_done(&reader.out);
    arena_done(&reader.arena);
    history_events_done(&events);
}

static void get_events(const struct builtin_call *call)
{
    struct shard *shard = router_here(call->router);
    struct slice kwargs = {call->payload->serializer, call->payload->kwargs};
    struct subscription_facts facts;
    struct event_query query;
    struct err err = {0};
    struct meta_args args;
    uint64_t id = 0;
    char uri[URI_LEN_MAX];
    if (!meta_args_read(call, 1, 1, &args) || !meta_arg_id(call, &args, 0, &id)) {
        return;
    }
    if (!event_query_read(kwargs, &shard->scratch, &query, &err)) {
        meta_refuse(call->router, call->handle, FAULT_INVALID_ARGUMENT, err.text);
        return;
    }
    if (!realm_get_subscription(call->seat->realm, id, uri, &facts)) {
        meta_refuse(call->router, call->handle, FAULT_NO_SUCH_SUBSCRIPTION,
                    "there is no such subscription");
        return;
    }
    struct access_question question = {.principal = call->principal,
                                       .permission = PERMISSION_SUBSCRIBE,
                                       .uri = facts.uri,
                                       .match = facts.match};
    if (!seat_permits(call->seat, &question, &err)) {
        meta_refuse(call->router, call->handle, FAULT_NOT_AUTHORIZED, err.text);
        return;
    }
    tell_events(call, id, &query);
}

const struct builtin meta_event_procedures[] = {
    {STR_INIT("wamp.subscription.get_events"), get_events, NULL},
    {STR_INIT(""), NULL, NULL},
};
