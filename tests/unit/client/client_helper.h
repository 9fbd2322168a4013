/* client_helper.h - a whole router on loopback, and clients that a test speaks through.
 *
 * Workers, realms, RawSocket and WebSocket on plain, TLS and unix listeners. A
 * `speaker` is a client on a worker of its own choice; the test's thread posts to
 * it and waits for what came of it.
 */
#ifndef POSTERN_TESTS_CLIENT_HELPER_H
#define POSTERN_TESTS_CLIENT_HELPER_H

#include "../../support/realm_world.h"
#include "base/clock.h"
#include "client/client.h"
#include "metrics/metrics.h"
#include "net/listener.h"
#include "transport/transport.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WAIT_MS = 10000, WORKERS = 2, HOUSE_MESSAGE_MAX = 4 << 20 };

#define AWAIT(condition)                                    \
    do {                                                    \
        uint64_t give_up = clock_mono_ms() + WAIT_MS;       \
        while (!(condition) && clock_mono_ms() < give_up) { \
            (void)poll(NULL, 0, 2);                         \
        }                                                   \
        assert_true(condition);                             \
    } while (0)

struct house {
    struct world world;
    struct transport *transport;
    struct net *net;
    struct net_listener *plain;
    struct net_listener *tls;
    char certificate[64]; /* for localhost and 127.0.0.1, made by the openssl command */
    char key[64];
    struct net_protocol protocols[2];
    char unix_path[64];
};

static inline struct net_listener *house_listen(struct house *house, const char *address, bool tls)
{
    struct err err = {0};
    struct net_listener_options options = {.name = STR("test"),
                                           .address = str_of(address),
                                           .tls = tls,
                                           .certificate = house->certificate,
                                           .key = house->key,
                                           .protocols = house->protocols,
                                           .protocol_count = 2};
    struct net_listener *listener = net_listen(house->net, &options, &err);
    if (listener == NULL) {
        fail_msg("%s", err.text);
    }
    return listener;
}

static inline void house_router(struct house *house)
{
    struct world *world = &house->world;
    struct err err = {0};
    struct router_options options = world_limits();
    options.queue_max = 32 << 20;
    options.message_max = HOUSE_MESSAGE_MAX;
    world->workers = workers_new(WORKERS, 64 << 20, &err);
    world->jobs = jobs_new(1, 16, &err);
    world->slot = snapshot_slot_new(world->workers, world->jobs);
    world->builder = rbac_builder_new();
    world_realm(world, "com.test");
    world_grant(world, "com.test", "", "prefix", ALL_PERMISSIONS);
    world_record(world, "realm", "", "com.closed", "{\"uri\":\"com.closed\"}");
    world_publish_rbac(world);
    options.workers = world->workers;
    options.rbac = world->slot;
    world->router = router_new(&options);
}

static inline void house_certify(struct house *house)
{
    char command[512];
    (void)snprintf(house->certificate, sizeof(house->certificate), "/tmp/postern-client-%d.crt",
                   (int)getpid());
    (void)snprintf(house->key, sizeof(house->key), "/tmp/postern-client-%d.key", (int)getpid());
    (void)snprintf(command, sizeof(command),
                   "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes "
                   "-days 2 -subj /CN=test -addext 'subjectAltName=DNS:localhost,IP:127.0.0.1' "
                   "-keyout '%s' -out '%s' >/dev/null 2>&1",
                   house->key, house->certificate);
    assert_int_equal(system(command), 0);
}

static inline void house_start(struct house *house)
{
    static const struct net_limits limits = {.connections = 1000,
                                             .first_byte_timeout_ms = WAIT_MS,
                                             .tls_handshake_timeout_ms = WAIT_MS,
                                             .backlog = 64};
    struct err err = {0};
    *house = (struct house){0};
    house_router(house);
    struct transport_options options = {.workers = house->world.workers,
                                        .router = house->world.router,
                                        .message_max = HOUSE_MESSAGE_MAX,
                                        .handshake_timeout_ms = WAIT_MS,
                                        .ping_interval_ms = 20000,
                                        .ping_timeout_ms = 10000};
    house->transport = transport_new(&options);
    house_certify(house);
    house->net = net_new(house->world.workers, &limits);
    house->protocols[0] = rawsocket_protocol(house->transport);
    house->protocols[1] = websocket_protocol(house->transport);
    house->plain = house_listen(house, "127.0.0.1:0", false);
    house->tls = house_listen(house, "127.0.0.1:0", true);
    char address[80];
    (void)snprintf(house->unix_path, sizeof(house->unix_path), "/tmp/postern-client-%d.sock",
                   (int)getpid());
    (void)snprintf(address, sizeof(address), "unix:%s", house->unix_path);
    (void)house_listen(house, address, false);
    assert_true(workers_start(house->world.workers, &err));
    net_start(house->net);
}

static inline void house_stop(struct house *house)
{
    workers_stop(house->world.workers);
    net_free(house->net);
    transport_free(house->transport);
    router_free(house->world.router);
    snapshot_slot_free(house->world.slot);
    workers_free(house->world.workers);
    jobs_free(house->world.jobs);
    rbac_builder_free(house->world.builder);
    metrics_free();
    (void)unlink(house->certificate);
    (void)unlink(house->key);
    (void)unlink(house->unix_path);
}

/* The ways to come in. */
struct way {
    const char *scheme;
    enum serializer serializer;
};

static const struct way ways[] = {
    {"tcp", SERIALIZER_MSGPACK}, {"tcp", SERIALIZER_JSON},  {"ws", SERIALIZER_JSON},
    {"ws", SERIALIZER_MSGPACK},  {"unix", SERIALIZER_NONE}, {"tls", SERIALIZER_NONE},
    {"wss", SERIALIZER_NONE},
};

static inline void house_url(const struct house *house, const char *scheme, char out[128])
{
    if (strcmp(scheme, "unix") == 0) {
        (void)snprintf(out, 128, "unix:%s", house->unix_path);
        return;
    }
    bool tls = strcmp(scheme, "tls") == 0 || strcmp(scheme, "wss") == 0;
    struct str address = net_listener_address(tls ? house->tls : house->plain);
    (void)snprintf(out, 128, "%s://" PRISTR "%s", scheme, STRARG(address),
                   scheme[0] == 'w' ? "/ws" : "");
}

struct speaker {
    struct house *house;
    unsigned worker;
    struct client *client;
    struct client_options options;
    atomic_bool joined;
    atomic_bool closed;
    struct err err;
    atomic_int replies;
    atomic_int events;
    atomic_int invocations;
    atomic_int interrupts;
    /* The last reply or event, written before the counter that says so. */
    bool ok;
    uint64_t id;
    char error[128];
    struct buf text; /* args of it, as JSON */
};

static inline void remember(struct speaker *speaker, const struct payload *payload)
{
    buf_clear(&speaker->text);
    if (payload->args.len > 0) {
        struct emit emit;
        emit_init(&emit, SERIALIZER_JSON, &speaker->text);
        emit_slice(&emit, (struct slice){payload->serializer, payload->args});
        assert_true(!emit.failed && !speaker->text.full);
    }
    (void)buf_byte(&speaker->text, '\0');
}

static inline void on_joined(struct client *client, void *ctx)
{
    (void)client;
    atomic_store(&((struct speaker *)ctx)->joined, true);
}

static inline void on_closed(struct client *client, void *ctx, const struct err *err)
{
    (void)client;
    struct speaker *speaker = ctx;
    speaker->err = *err;
    speaker->client = NULL;
    atomic_store(&speaker->closed, true);
}

/* ["fail", ...] fails, ["never"] is never answered; everything else is echoed. */
static inline void
on_invocation(struct client *client, void *ctx, const struct client_invocation *in)
{
    struct speaker *speaker = ctx;
    (void)atomic_fetch_add(&speaker->invocations, 1);
    struct slice first = slice_nth((struct slice){in->payload.serializer, in->payload.args}, 0);
    struct scan scan;
    struct str word = STR_EMPTY;
    scan_init(&scan, first.serializer, first.bytes, NULL);
    if (slice_kind(first) == SCAN_STRING) {
        (void)scan_str(&scan, &word);
    }
    if (str_eq(word, STR("fail"))) {
        client_fail(client, in->request, STR("com.test.oops"), &in->payload);
    } else if (!str_eq(word, STR("never"))) {
        client_yield(client, in->request, &in->payload);
    }
}

static inline void
on_interrupt(struct client *client, void *ctx, uint64_t request, struct str reason)
{
    (void)reason;
    struct payload none = payload_none();
    client_fail(client, request, STR("wamp.error.canceled"), &none);
    (void)atomic_fetch_add(&((struct speaker *)ctx)->interrupts, 1);
}

static inline void on_event(struct client *client, void *ctx, const struct client_event *event)
{
    (void)client;
    struct speaker *speaker = ctx;
    speaker->id = event->publication;
    remember(speaker, &event->payload);
    (void)atomic_fetch_add(&speaker->events, 1);
}

static const struct client_ops speaker_ops = {
    .on_joined = on_joined,
    .on_closed = on_closed,
    .on_invocation = on_invocation,
    .on_interrupt = on_interrupt,
    .on_event = on_event,
};

/* What speakers do; a test may set another. */
static const struct client_ops *speakers_ops = &speaker_ops;

static inline void speaker_open_here(void *ctx)
{
    struct speaker *speaker = ctx;
    speaker->client = client_open(&speaker->options, speakers_ops, speaker);
}

static inline struct speaker *speaker_open(struct house *house,
                                           unsigned worker,
                                           const char *url,
                                           enum serializer serializer,
                                           const char *realm)
{
    struct speaker *speaker = NEW(struct speaker);
    speaker->house = house;
    speaker->worker = worker;
    buf_init(&speaker->text, 64 << 20);
    speaker->options = (struct client_options){.url = str_of(url),
                                               .realm = str_of(realm),
                                               .serializer = serializer,
                                               .insecure = true,
                                               .timeout_ms = WAIT_MS};
    on_worker(&house->world, worker, speaker_open_here, speaker);
    return speaker;
}

static inline struct speaker *speaker_join(struct house *house, unsigned worker, struct way way)
{
    char url[128];
    house_url(house, way.scheme, url);
    struct speaker *speaker = speaker_open(house, worker, url, way.serializer, "com.test");
    AWAIT(atomic_load(&speaker->joined) || atomic_load(&speaker->closed));
    if (!atomic_load(&speaker->joined)) {
        fail_msg("%s: %s", url, speaker->err.text);
    }
    return speaker;
}

static inline void speaker_free(struct speaker *speaker)
{
    assert_true(atomic_load(&speaker->closed));
    buf_done(&speaker->text);
    mem_free(speaker);
}

static inline void speaker_close_here(void *ctx)
{
    struct speaker *speaker = ctx;
    if (speaker->client != NULL) {
        client_close(speaker->client);
    }
}

/* Leaves properly. */
static inline void speaker_leave(struct speaker *speaker)
{
    on_worker(&speaker->house->world, speaker->worker, speaker_close_here, speaker);
    AWAIT(atomic_load(&speaker->closed));
    if (speaker->err.code != ERR_NONE) {
        fail_msg("%s", speaker->err.text);
    }
    speaker_free(speaker);
}

static inline void on_reply(void *ctx, const struct client_reply *reply)
{
    struct speaker *speaker = ctx;
    speaker->ok = reply->ok;
    speaker->id = reply->id;
    (void)snprintf(speaker->error, sizeof(speaker->error), PRISTR, STRARG(reply->error));
    remember(speaker, &reply->payload);
    (void)atomic_fetch_add(&speaker->replies, 1);
}

struct order {
    struct speaker *speaker;
    enum { ORDER_CALL, ORDER_PUBLISH, ORDER_QUIET, ORDER_REGISTER, ORDER_SUBSCRIBE } what;
    const char *uri;
    const char *options; /* JSON, or NULL */
    struct str args;     /* JSON */
};

static inline void order_here(void *ctx)
{
    struct order *order = ctx;
    struct client *client = order->speaker->client;
    struct str uri = str_of(order->uri);
    struct slice options = {SERIALIZER_JSON, str_of(order->options)};
    struct payload payload = {.serializer = SERIALIZER_JSON, .args = order->args};
    switch (order->what) {
    case ORDER_CALL:
        client_call(client, uri, options, &payload, on_reply, order->speaker);
        break;
    case ORDER_PUBLISH:
        client_publish(client, uri, options, &payload, on_reply, order->speaker);
        break;
    case ORDER_QUIET:
        client_publish(client, uri, options, &payload, NULL, NULL);
        break;
    case ORDER_REGISTER:
        client_register(client, uri, options, on_reply, order->speaker);
        break;
    case ORDER_SUBSCRIBE:
        client_subscribe(client, uri, options, on_reply, order->speaker);
        break;
    }
}

static inline void give(struct order order)
{
    on_worker(&order.speaker->house->world, order.speaker->worker, order_here, &order);
}

/* Gives the order and waits for its reply. */
static inline void ask(struct order order)
{
    int before = atomic_load(&order.speaker->replies);
    give(order);
    AWAIT(atomic_load(&order.speaker->replies) == before + 1);
}

static inline void registers(struct speaker *speaker, const char *uri)
{
    ask((struct order){.speaker = speaker, .what = ORDER_REGISTER, .uri = uri});
    if (!speaker->ok) {
        fail_msg("%s: %s", uri, speaker->error);
    }
}

#endif
