/* testaments.c - publications that wait for the end of a session, in two lists. */
#include "realm/testaments.h"

#include "base/mem.h"
#include "realm/event_copy.h"
#include "realm/session_inside.h"

/* Of one session; there is none while it has left nothing. */
struct testaments {
    struct event_copy **items[TESTAMENT_SCOPES];
    size_t counts[TESTAMENT_SCOPES];
    size_t bytes;
};

bool testament_scope_parse(struct str name, enum testament_scope *out)
{
    static const struct str names[TESTAMENT_SCOPES] = {
        [TESTAMENT_DETACHED] = STR_INIT("detached"),
        [TESTAMENT_DESTROYED] = STR_INIT("destroyed"),
    };
    for (unsigned i = 0; i < TESTAMENT_SCOPES; i++) {
        if (str_eq(name, names[i])) {
            *out = (enum testament_scope)i;
            return true;
        }
    }
    return false;
}

static size_t testament_size(const struct publication *publication)
{
    return publication->topic.len + publication->options.bytes.len +
           payload_size(publication->payload);
}

bool testaments_add(struct session *session,
                    enum testament_scope scope,
                    const struct publication *publication)
{
    const struct router_options *limits = &session->shard->router->options;
    size_t size = testament_size(publication);
    size_t count = 0;
    size_t bytes = 0;
    if (session->testaments != NULL) {
        count = session->testaments->counts[TESTAMENT_DETACHED] +
                session->testaments->counts[TESTAMENT_DESTROYED];
        bytes = session->testaments->bytes;
    }
    if (count >= limits->testaments_max || size > limits->testaments_bytes_max - bytes) {
        return false;
    }
    if (session->testaments == NULL) {
        session->testaments = NEW(struct testaments);
    }
    struct testaments *testaments = session->testaments;
    struct event_copy draft = {.router = session->shard->router,
                               .topic = publication->topic,
                               .options = publication->options,
                               .event = {.payload = *publication->payload}};
    struct event_copy ***items = &testaments->items[scope];
    *items = mem_realloc(*items, (testaments->counts[scope] + 1) * sizeof(struct event_copy *));
    (*items)[testaments->counts[scope]] = event_copy_new(&draft);
    testaments->counts[scope]++;
    testaments->bytes += size;
    return true;
}

static size_t copy_size(const struct event_copy *copy)
{
    return copy->topic.len + copy->options.bytes.len + payload_size(&copy->event.payload);
}

static void scope_empty(struct testaments *testaments, enum testament_scope scope)
{
    for (size_t i = 0; i < testaments->counts[scope]; i++) {
        testaments->bytes -= copy_size(testaments->items[scope][i]);
        event_copy_unref(testaments->items[scope][i]);
    }
    mem_free(testaments->items[scope]);
    testaments->items[scope] = NULL;
    testaments->counts[scope] = 0;
}

void testaments_flush(struct session *session, enum testament_scope scope)
{
    if (session->testaments != NULL) {
        scope_empty(session->testaments, scope);
    }
}

/* What may not be published any more is not. */
static void testament_publish(struct session *session, const struct event_copy *copy)
{
    struct publish_options options;
    struct str error;
    struct err err = {0};
    uint64_t id = 0;
    struct publication publication = {
        .seat = session->seat,
        .principal = &session->principal,
        .publisher = session->id,
        .topic = copy->topic,
        .options = copy->options,
        .payload = &copy->event.payload,
    };
    (void)broker_publish(session->shard, &publication, &options, &id, &error, &err);
}

void testaments_leave(struct session *session)
{
    struct testaments *testaments = session->testaments;
    if (testaments == NULL) {
        return;
    }
    session->testaments = NULL;
    for (int scope = 0; scope < TESTAMENT_SCOPES; scope++) {
        for (size_t i = 0; i < testaments->counts[scope]; i++) {
            testament_publish(session, testaments->items[scope][i]);
        }
        scope_empty(testaments, (enum testament_scope)scope);
    }
    mem_free(testaments);
}
