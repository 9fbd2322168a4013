/* realm_world.h - a router on real workers and peers that a test speaks for.
 *
 * For tests of router/realm. What is said and heard is JSON, whatever serializer
 * a peer has. The test's own thread does nothing of the router itself: everything
 * runs on the peer's worker while the test waits.
 */
#ifndef POSTERN_TESTS_REALM_WORLD_H
#define POSTERN_TESTS_REALM_WORLD_H

#include "base/list.h"
#include "base/mem.h"
#include "loop/jobs.h"
#include "loop/mailbox.h"
#include "payload/emit.h"
#include "rbac/rbac_builder.h"
#include "realm/local.h"
#include "realm/peer.h"
#include "realm/router.h"
#include "realm/session.h"

#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct world {
    struct workers *workers;
    struct jobs *jobs;
    struct snapshot_slot *slot;
    struct rbac_builder *builder;
    struct router *router;
    uint64_t version;
};

/* Timers let peers hear things at any time. */
static pthread_mutex_t heard_lock = PTHREAD_MUTEX_INITIALIZER;

struct heard {
    struct list node;
    json_t *message;
};

struct actor {
    struct peer peer;
    struct world *world;
    unsigned worker;
    struct session *session;
    struct list inbox;
    size_t queued; /* what the peer pretends to have in its queue */
    unsigned finished;
    unsigned pauses;
    unsigned resumes;
    bool gone; /* it has hung up, and nobody has read that yet */
    json_t *last;
};

/* Runs fn on a worker and waits until it has returned. */
struct errand {
    struct post post;
    void (*fn)(void *ctx);
    void *ctx;
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool ran;
};

static inline void errand_run(struct post *post)
{
    struct errand *errand = CONTAINER_OF(post, struct errand, post);
    errand->fn(errand->ctx);
    (void)pthread_mutex_lock(&errand->lock);
    errand->ran = true;
    (void)pthread_cond_signal(&errand->done);
    (void)pthread_mutex_unlock(&errand->lock);
}

static inline void on_worker(struct world *world, unsigned worker, void (*fn)(void *), void *ctx)
{
    struct errand errand = {.post = {.fn = errand_run}, .fn = fn, .ctx = ctx};
    (void)pthread_mutex_init(&errand.lock, NULL);
    (void)pthread_cond_init(&errand.done, NULL);
    worker_post(workers_get(world->workers, worker), &errand.post);
    (void)pthread_mutex_lock(&errand.lock);
    while (!errand.ran) {
        (void)pthread_cond_wait(&errand.done, &errand.lock);
    }
    (void)pthread_mutex_unlock(&errand.lock);
    (void)pthread_cond_destroy(&errand.done);
    (void)pthread_mutex_destroy(&errand.lock);
}

static inline void do_nothing(void *ctx)
{
    (void)ctx;
}

/* Until what was under way between workers has arrived. */
static inline void settle(struct world *world)
{
    for (unsigned round = 0; round < 6; round++) {
        for (unsigned i = 0; i < workers_count(world->workers); i++) {
            on_worker(world, i, do_nothing, NULL);
        }
    }
}

static inline void world_record(
    struct world *world, const char *kind, const char *realm, const char *key, const char *value)
{
    struct store_record record = {.kind = str_of(kind),
                                  .realm = str_of(realm),
                                  .key = str_of(key),
                                  .value = str_of(value),
                                  .version = 1};
    assert_true(rbac_builder_apply(world->builder, &record));
}

static inline void world_realm(struct world *world, const char *uri)
{
    char value[256];
    (void)snprintf(value, sizeof(value), "{\"uri\":\"%s\",\"authmethods\":[\"anonymous\"]}", uri);
    world_record(world, "realm", "", uri, value);
    world_record(
        world, "source", uri, "anonymous 0.0.0.0/0 anonymous",
        "{\"username\":\"anonymous\",\"authmethod\":\"anonymous\",\"cidr\":\"0.0.0.0/0\"}");
}

static inline void world_grant(struct world *world,
                               const char *realm,
                               const char *uri,
                               const char *match,
                               const char *permissions)
{
    char key[256];
    char value[1024];
    (void)snprintf(key, sizeof(key), "%s %s anonymous", match, uri);
    (void)snprintf(value, sizeof(value),
                   "{\"uri\":\"%s\",\"match\":\"%s\",\"role\":\"anonymous\",\"permissions\":[%s]}",
                   uri, match, permissions);
    world_record(world, "grant", realm, key, value);
}

#define ALL_PERMISSIONS                                                                       \
    "\"wamp.register\",\"wamp.unregister\",\"wamp.call\",\"wamp.cancel\",\"wamp.subscribe\"," \
    "\"wamp.unsubscribe\",\"wamp.publish\""

static inline void world_publish_rbac(struct world *world)
{
    struct rbac *rbac = rbac_builder_build(world->builder, ++world->version);
    snapshot_publish(world->slot, (struct snapshot *)(void *)rbac, NULL, NULL);
}

static inline struct router_options world_limits(void)
{
    return (struct router_options){
        .node_name = STR("test"),
        .queue_max = 1 << 20,
        .message_max = 1 << 20,
        .registrations_max = 100,
        .subscriptions_max = 100,
        .calls_max = 100,
        .retained = {.events = 100, .bytes = 1 << 20, .message = 64 << 10},
        .history = {.events = 100, .bytes = 1 << 20, .message = 64 << 10},
        .testaments_max = 10,
        .testaments_bytes_max = 64 << 10,
        .call_timeout_ms = 30000,
        .call_timeout_max_ms = 600000,
        .any_request_ids = true, /* so that a test may number as it reads best */
    };
}

/* Bytes on their way to one worker, above which its senders are paused. */
static size_t world_mailbox_max = 64 << 20;
/* What else is made before the workers start. */
static void (*world_prepare)(struct world *world);

/* All but the workers' threads. com.test is open to everybody; com.tight allows what begins with
 * com.tight.ok. */
static inline void
world_make(struct world *world, unsigned workers, const struct router_options *limits)
{
    *world = (struct world){0};
    struct err err = {0};
    struct router_options options = limits == NULL ? world_limits() : *limits;
    world->workers = workers_new(workers, world_mailbox_max, &err);
    assert_non_null(world->workers);
    world->jobs = jobs_new(1, 16, &err);
    world->slot = snapshot_slot_new(world->workers, world->jobs);
    world->builder = rbac_builder_new();
    world_realm(world, "com.test");
    world_grant(world, "com.test", "", "prefix", ALL_PERMISSIONS);
    world_realm(world, "com.tight");
    world_grant(world, "com.tight", "com.tight.ok", "prefix", ALL_PERMISSIONS);
    world_record(world, "realm", "", "com.closed", "{\"uri\":\"com.closed\"}");
    world_publish_rbac(world);
    options.workers = world->workers;
    options.jobs = world->jobs;
    options.rbac = world->slot;
    world->router = router_new(&options);
    if (world_prepare != NULL) {
        world_prepare(world);
    }
}

static inline void
world_start(struct world *world, unsigned workers, const struct router_options *limits)
{
    struct err err = {0};
    world_make(world, workers, limits);
    assert_true(workers_start(world->workers, &err));
}

static inline void world_free(struct world *world)
{
    router_free(world->router);
    snapshot_slot_free(world->slot);
    workers_free(world->workers);
    jobs_free(world->jobs);
    rbac_builder_free(world->builder);
}

static inline void world_stop(struct world *world)
{
    settle(world);
    workers_stop(world->workers);
    world_free(world);
}

static inline void actor_hear(struct peer *peer, struct str bytes)
{
    struct actor *actor = CONTAINER_OF(peer, struct actor, peer);
    struct buf json;
    struct emit emit;
    buf_init(&json, 64 << 20);
    emit_init(&emit, SERIALIZER_JSON, &json);
    emit_slice(&emit, (struct slice){peer->serializer, bytes});
    assert_true(!json.full && !emit.failed);
    struct heard *heard = NEW(struct heard);
    heard->message = json_loadb(json.ptr, json.len, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(heard->message);
    (void)pthread_mutex_lock(&heard_lock);
    list_push(&actor->inbox, &heard->node);
    (void)pthread_mutex_unlock(&heard_lock);
    buf_done(&json);
}

static inline void actor_share(struct peer *peer, struct block *block, struct str bytes)
{
    assert_true(bytes.ptr >= block->data && bytes.ptr + bytes.len <= block->data + block->len);
    actor_hear(peer, bytes);
}

static inline size_t actor_queued(const struct peer *peer)
{
    return ((const struct actor *)(const void *)peer)->queued;
}

static inline void actor_finish(struct peer *peer)
{
    ((struct actor *)(void *)peer)->finished++;
}

static inline void actor_pause(struct peer *peer)
{
    ((struct actor *)(void *)peer)->pauses++;
}

static inline void actor_resume(struct peer *peer)
{
    ((struct actor *)(void *)peer)->resumes++;
}

static inline bool actor_gone(const struct peer *peer)
{
    return ((const struct actor *)(const void *)peer)->gone;
}

static const struct peer_ops actor_ops = {
    .transport = "test",
    .send = actor_hear,
    .share = actor_share,
    .queued = actor_queued,
    .finish = actor_finish,
    .pause = actor_pause,
    .resume = actor_resume,
    .gone = actor_gone,
};

static inline void actor_open_here(void *ctx)
{
    struct actor *actor = ctx;
    actor->session = session_open(actor->world->router, &actor->peer);
}

/* Its session is still to be opened, on its worker. */
static inline struct actor *
actor_make(struct world *world, unsigned worker, enum serializer serializer)
{
    struct actor *actor = NEW(struct actor);
    actor->peer =
        (struct peer){.ops = &actor_ops, .serializer = serializer, .message_max = 16 << 20};
    actor->peer.info.address.s6_addr[10] = 0xff;
    actor->peer.info.address.s6_addr[11] = 0xff;
    actor->peer.info.address.s6_addr[12] = 127;
    actor->peer.info.address.s6_addr[15] = 1;
    actor->world = world;
    actor->worker = worker;
    list_init(&actor->inbox);
    return actor;
}

static inline struct actor *
actor_new(struct world *world, unsigned worker, enum serializer serializer)
{
    struct actor *actor = actor_make(world, worker, serializer);
    on_worker(world, worker, actor_open_here, actor);
    return actor;
}

static inline void actor_lose_here(void *ctx)
{
    struct actor *actor = ctx;
    session_lost(actor->session);
    actor->session = NULL;
}

static inline void actor_lose(struct actor *actor)
{
    on_worker(actor->world, actor->worker, actor_lose_here, actor);
    settle(actor->world);
}

static inline void actor_free(struct actor *actor)
{
    if (actor->session != NULL) {
        actor_lose(actor);
    }
    while (!list_empty(&actor->inbox)) {
        struct heard *heard = LIST_ENTRY(actor->inbox.next, struct heard, node);
        list_remove(&heard->node);
        json_decref(heard->message);
        mem_free(heard);
    }
    json_decref(actor->last);
    mem_free(actor);
}

struct saying {
    struct actor *actor;
    struct str bytes;
};

static inline void say_here(void *ctx)
{
    struct saying *saying = ctx;
    session_receive(saying->actor->session, saying->bytes);
}

static inline void say_raw(struct actor *actor, struct str bytes)
{
    struct saying saying = {actor, bytes};
    on_worker(actor->world, actor->worker, say_here, &saying);
    settle(actor->world);
}

__attribute__((format(printf, 2, 3))) static inline void
say(struct actor *actor, const char *format, ...)
{
    struct buf json;
    struct buf bytes;
    struct emit emit;
    va_list args;
    buf_init(&json, 64 << 20);
    buf_init(&bytes, 64 << 20);
    va_start(args, format);
    assert_true(buf_vprintf(&json, format, args));
    va_end(args);
    emit_init(&emit, actor->peer.serializer, &bytes);
    emit_slice(&emit, (struct slice){SERIALIZER_JSON, buf_str(&json)});
    assert_true(!emit.failed && !bytes.full);
    say_raw(actor, buf_str(&bytes));
    buf_done(&json);
    buf_done(&bytes);
}

/* "*" fits anything. */
static inline bool fits(const json_t *pattern, const json_t *actual)
{
    if (json_is_string(pattern) && strcmp(json_string_value(pattern), "*") == 0) {
        return true;
    }
    if (json_is_array(pattern)) {
        if (!json_is_array(actual) || json_array_size(pattern) != json_array_size(actual)) {
            return false;
        }
        for (size_t i = 0; i < json_array_size(pattern); i++) {
            if (!fits(json_array_get(pattern, i), json_array_get(actual, i))) {
                return false;
            }
        }
        return true;
    }
    if (json_is_object(pattern)) {
        void *at = json_object_iter((json_t *)(uintptr_t)pattern);
        for (; at != NULL; at = json_object_iter_next((json_t *)(uintptr_t)pattern, at)) {
            const json_t *value = json_object_get(actual, json_object_iter_key(at));
            if (value == NULL || !fits(json_object_iter_value(at), value)) {
                return false;
            }
        }
        return json_is_object(actual) && json_object_size(pattern) == json_object_size(actual);
    }
    return json_equal(pattern, actual) == 1;
}

static inline size_t unheard(const struct actor *actor)
{
    size_t count = 0;
    (void)pthread_mutex_lock(&heard_lock);
    LIST_FOREACH (node, &actor->inbox) {
        count++;
    }
    (void)pthread_mutex_unlock(&heard_lock);
    return count;
}

/* The next message must fit; it stays in actor->last. */
__attribute__((format(printf, 2, 3))) static inline const json_t *
expect(struct actor *actor, const char *format, ...)
{
    char text[4096];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (unheard(actor) == 0) {
        fail_msg("nothing heard, expected %s", text);
    }
    (void)pthread_mutex_lock(&heard_lock);
    struct heard *heard = LIST_ENTRY(actor->inbox.next, struct heard, node);
    list_remove(&heard->node);
    (void)pthread_mutex_unlock(&heard_lock);
    json_decref(actor->last);
    actor->last = heard->message;
    mem_free(heard);
    json_t *pattern = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (pattern == NULL) {
        fail_msg("this is no JSON: %s", text);
    }
    if (!fits(pattern, actor->last)) {
        char *got = json_dumps(actor->last, JSON_COMPACT);
        fail_msg("heard %s, expected %s", got, text);
    }
    json_decref(pattern);
    return actor->last;
}

/* A number of the last message. */
static inline unsigned long long number_at(const struct actor *actor, size_t index)
{
    return (unsigned long long)json_integer_value(json_array_get(actor->last, index));
}

static inline const char *text_at(const struct actor *actor, size_t index)
{
    return json_string_value(json_array_get(actor->last, index));
}

static inline void expect_silence(const struct actor *actor)
{
    if (unheard(actor) > 0) {
        char *got =
            json_dumps(LIST_ENTRY(actor->inbox.next, struct heard, node)->message, JSON_COMPACT);
        fail_msg("heard %s, expected silence", got);
    }
}

#define HELLO_ROLES                                                                 \
    "\"roles\":{\"caller\":{},\"callee\":{\"features\":{\"call_canceling\":true}}," \
    "\"publisher\":{},\"subscriber\":{}}"

/* Joined; returns with the WELCOME heard. */
static inline struct actor *
actor_join(struct world *world, unsigned worker, enum serializer serializer, const char *realm)
{
    struct actor *actor = actor_new(world, worker, serializer);
    say(actor, "[1,\"%s\",{" HELLO_ROLES "}]", realm);
    (void)expect(actor, "[2,\"*\",\"*\"]");
    return actor;
}

/* Ids from REGISTERED and SUBSCRIBED. */
static inline unsigned long long
actor_register(struct actor *actor, unsigned request, const char *uri, const char *options)
{
    say(actor, "[64,%u,{%s},\"%s\"]", request, options, uri);
    (void)expect(actor, "[65,%u,\"*\"]", request);
    return number_at(actor, 2);
}

static inline unsigned long long
actor_subscribe(struct actor *actor, unsigned request, const char *uri, const char *options)
{
    say(actor, "[32,%u,{%s},\"%s\"]", request, options, uri);
    (void)expect(actor, "[33,%u,\"*\"]", request);
    return number_at(actor, 2);
}

#endif
