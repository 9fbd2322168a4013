/* model_rig.h - a router whose workers are turned by hand, and peers whose every word is expected.
 *
 * For test_model*.c and test_turns.c. No worker has a thread: the test is each of them in turn, so
 * a sequence of steps runs the same each time, on any number of workers. The first mistake ends
 * the process; who runs it in one of its own reads in the verdict what it was.
 */
#ifndef POSTERN_TESTS_MODEL_RIG_H
#define POSTERN_TESTS_MODEL_RIG_H

#include "../../support/realm_world.h"
#include "base/log.h"
#include "loop/loop_inside.h"
#include "metrics/metrics.h"
#include "realm/registry_inside.h"
#include "realm/router_inside.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PLAYERS = 8, HEARD_MAX = 256, EXPECTED_MAX = 512 };

/* What the process that waits for this one wants to know. */
struct verdict {
    uint64_t seed;
    unsigned workers;
    size_t step; /* the one under way */
    char mistake[1024];
};

/* Drawn beforehand; what a number means depends on what there is when the step is taken. */
struct step {
    unsigned kind;
    unsigned player;
    unsigned a;
    unsigned b;
    unsigned c;
};

struct mouth {
    struct actor *actor;
    json_t *heard[HEARD_MAX]; /* in this step */
    size_t heard_count;
};

struct expected {
    unsigned player;
    unsigned rank; /* those of a lower one come first */
    bool met;
    json_t *pattern;
};

struct rig {
    struct world world;
    struct mouth mouths[PLAYERS];
    struct expected expected[EXPECTED_MAX];
    size_t expected_count;
    struct verdict *verdict;
    bool aloud; /* every word is printed */
};

__attribute__((format(printf, 2, 3), noreturn)) static inline void
rig_fail(struct rig *rig, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    (void)vsnprintf(rig->verdict->mistake, sizeof(rig->verdict->mistake), format, args);
    va_end(args);
    (void)fprintf(stderr, "    mistake: %s\n", rig->verdict->mistake);
    _exit(1);
}

static inline void rig_be(struct rig *rig, unsigned worker)
{
    worker_enter(workers_get(rig->world.workers, worker));
}

/* One turn of one worker: what has come to it until now. */
static inline size_t rig_turn(struct rig *rig, unsigned worker)
{
    struct worker *self = workers_get(rig->world.workers, worker);
    worker_enter(self);
    size_t ran = mail_run(self);
    return ran + turn_finish(self);
}

static inline void rig_pump(struct rig *rig)
{
    size_t ran = 1;
    while (ran > 0) {
        ran = 0;
        for (unsigned i = 0; i < workers_count(rig->world.workers); i++) {
            ran += rig_turn(rig, i);
        }
    }
}

static inline unsigned rig_worker(const struct rig *rig, unsigned player)
{
    return player % workers_count(rig->world.workers);
}

static inline void rig_connect(struct rig *rig, unsigned player)
{
    static const enum serializer serializers[] = {SERIALIZER_JSON, SERIALIZER_MSGPACK,
                                                  SERIALIZER_CBOR, SERIALIZER_JSON};
    unsigned worker = rig_worker(rig, player);
    rig_be(rig, worker);
    struct actor *actor = actor_make(&rig->world, worker, serializers[player / 2 % 4]);
    actor_open_here(actor);
    rig->mouths[player].actor = actor;
}

/* The connection is lost, without a word. */
static inline void rig_lose(struct rig *rig, unsigned player)
{
    struct mouth *mouth = &rig->mouths[player];
    rig_be(rig, rig_worker(rig, player));
    actor_lose_here(mouth->actor);
}

static inline void rig_forget(struct rig *rig, unsigned player)
{
    actor_free(rig->mouths[player].actor);
    rig->mouths[player].actor = NULL;
}

__attribute__((format(printf, 3, 4))) static inline void
rig_say(struct rig *rig, unsigned player, const char *format, ...)
{
    struct actor *actor = rig->mouths[player].actor;
    char text[1024];
    struct buf bytes;
    struct emit emit;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    if (rig->aloud) {
        (void)fprintf(stderr, "    p%u -> %s\n", player, text);
    }
    buf_init(&bytes, 4096);
    emit_init(&emit, actor->peer.serializer, &bytes);
    emit_slice(&emit, (struct slice){SERIALIZER_JSON, str_of(text)});
    rig_be(rig, rig_worker(rig, player));
    if (emit.failed || bytes.full) {
        rig_fail(rig, "this is no message: %s", text);
    }
    session_receive(actor->session, buf_str(&bytes));
    buf_done(&bytes);
}

/* What all have heard since the last time. */
static inline void rig_listen(struct rig *rig)
{
    for (unsigned i = 0; i < PLAYERS; i++) {
        struct mouth *mouth = &rig->mouths[i];
        while (mouth->actor != NULL && !list_empty(&mouth->actor->inbox)) {
            struct heard *heard = LIST_ENTRY(mouth->actor->inbox.next, struct heard, node);
            list_remove(&heard->node);
            if (mouth->heard_count == HEARD_MAX) {
                rig_fail(rig, "p%u hears no end of it", i);
            }
            mouth->heard[mouth->heard_count++] = heard->message;
            if (rig->aloud) {
                char *text = json_dumps(heard->message, JSON_COMPACT);
                (void)fprintf(stderr, "        p%u <- %.200s\n", i, text);
                free(text);
            }
            mem_free(heard);
        }
    }
}

static inline void rig_forget_heard(struct rig *rig)
{
    for (unsigned i = 0; i < PLAYERS; i++) {
        for (size_t k = 0; k < rig->mouths[i].heard_count; k++) {
            json_decref(rig->mouths[i].heard[k]);
        }
        rig->mouths[i].heard_count = 0;
    }
    for (size_t i = 0; i < rig->expected_count; i++) {
        json_decref(rig->expected[i].pattern);
    }
    rig->expected_count = 0;
}

static inline uint64_t number_in(const json_t *message, size_t index)
{
    return (uint64_t)json_integer_value(json_array_get(message, index));
}

/* The first message of this step of that type with that number there, or NULL. */
static inline const json_t *
rig_find(const struct rig *rig, unsigned player, uint64_t type, size_t index, uint64_t number)
{
    const struct mouth *mouth = &rig->mouths[player];
    for (size_t i = 0; i < mouth->heard_count; i++) {
        if (number_in(mouth->heard[i], 0) == type && number_in(mouth->heard[i], index) == number) {
            return mouth->heard[i];
        }
    }
    return NULL;
}

/* JSON; "*" fits anything. */
__attribute__((format(printf, 4, 5))) static inline void
rig_expect(struct rig *rig, unsigned player, unsigned rank, const char *format, ...)
{
    char text[1024];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    json_t *pattern = json_loads(text, JSON_DECODE_ANY, NULL);
    if (pattern == NULL || rig->expected_count == EXPECTED_MAX) {
        rig_fail(rig, "this cannot be expected: %s", text);
    }
    rig->expected[rig->expected_count++] =
        (struct expected){.player = player, .rank = rank, .pattern = pattern};
}

static inline void rig_unexpected(struct rig *rig, unsigned player, const json_t *message)
{
    char *got = json_dumps(message, JSON_COMPACT);
    char rest[512] = "silence";
    for (size_t i = 0; i < rig->expected_count; i++) {
        if (rig->expected[i].player == player && !rig->expected[i].met) {
            char *text = json_dumps(rig->expected[i].pattern, JSON_COMPACT);
            (void)snprintf(rest, sizeof(rest), "%s", text);
            free(text);
            break;
        }
    }
    rig_fail(rig, "p%u heard %.400s, expected %s", player, got, rest);
}

static inline void rig_meet(struct rig *rig, unsigned player, const json_t *message)
{
    unsigned rank = UINT32_MAX;
    for (size_t i = 0; i < rig->expected_count; i++) {
        const struct expected *expected = &rig->expected[i];
        if (expected->player == player && !expected->met && expected->rank < rank) {
            rank = expected->rank;
        }
    }
    for (size_t i = 0; i < rig->expected_count; i++) {
        struct expected *expected = &rig->expected[i];
        if (expected->player == player && !expected->met && expected->rank == rank &&
            fits(expected->pattern, message)) {
            expected->met = true;
            return;
        }
    }
    rig_unexpected(rig, player, message);
}

/* Everything expected has been heard, and nothing else. */
static inline void rig_check(struct rig *rig)
{
    for (unsigned i = 0; i < PLAYERS; i++) {
        for (size_t k = 0; k < rig->mouths[i].heard_count; k++) {
            rig_meet(rig, i, rig->mouths[i].heard[k]);
        }
    }
    for (size_t i = 0; i < rig->expected_count; i++) {
        if (!rig->expected[i].met) {
            char *text = json_dumps(rig->expected[i].pattern, JSON_COMPACT);
            rig_fail(rig, "p%u did not hear %s", rig->expected[i].player, text);
        }
    }
    rig_forget_heard(rig);
}

static inline void rig_start(struct rig *rig,
                             struct verdict *verdict,
                             unsigned workers,
                             const struct router_options *options)
{
    *rig = (struct rig){.verdict = verdict};
    log_setup(LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
    world_make(&rig->world, workers, options);
}

static inline void rig_gauge_is_zero(struct rig *rig, const char *text, const char *name)
{
    char line[128];
    (void)snprintf(line, sizeof(line), "\n%s ", name);
    const char *at = strstr(text, line);
    if (at != NULL && strncmp(at + strlen(line), "0\n", 2) != 0) {
        rig_fail(rig, "all have left, and %s is %.8s", name, at + strlen(line));
    }
}

static inline void rig_look_empty(const struct registry *registry,
                                  const struct subscriptions *subscriptions,
                                  void *ctx)
{
    struct rig *rig = ctx;
    if (registry->by_id.count > 0 || subscriptions->by_id.count > 0) {
        rig_fail(rig, "all have left, and there are %u registrations and %u subscriptions",
                 (unsigned)registry->by_id.count, (unsigned)subscriptions->by_id.count);
    }
}

static inline void
rig_look_idle(const struct registry *registry, const struct subscriptions *subscriptions, void *ctx)
{
    struct rig *rig = ctx;
    size_t cursor = 0;
    const struct idmap_slot *slot = NULL;
    (void)subscriptions;
    while ((slot = idmap_next(&registry->by_id, &cursor)) != NULL) {
        const struct registration *registration = slot->value;
        for (unsigned i = 0; i < registration->count; i++) {
            struct callee_load *load = registration->callees[i].load;
            if (load != NULL && (atomic_load(&load->open) != 0 || atomic_load(&load->refs) != 1)) {
                rig_fail(rig, "no call is open, and a callee is charged with %u",
                         atomic_load(&load->open));
            }
        }
    }
}

static inline uint64_t rig_invocations(const struct rig *rig)
{
    uint64_t count = 0;
    for (unsigned i = 0; i < rig->world.router->shard_count; i++) {
        count += rig->world.router->shards[i].invocations.count;
    }
    return count;
}

/* No call is open, and no callee is thought to have any. */
static inline void rig_idle(struct rig *rig)
{
    realm_look(router_realm(rig->world.router, STR("com.test")), rig_look_idle, rig);
    if (rig_invocations(rig) != 0) {
        rig_fail(rig, "no call is open, and %llu invocations are",
                 (unsigned long long)rig_invocations(rig));
    }
}

/* Nobody is there any more, and nothing is left of them. */
static inline void rig_stop(struct rig *rig)
{
    struct buf text;
    rig_pump(rig);
    realm_look(router_realm(rig->world.router, STR("com.test")), rig_look_empty, rig);
    buf_init(&text, 1 << 20);
    metrics_render(&text);
    (void)buf_byte(&text, 0);
    rig_gauge_is_zero(rig, text.ptr, "postern_wamp_sessions");
    rig_gauge_is_zero(rig, text.ptr, "postern_wamp_calls_open");
    rig_gauge_is_zero(rig, text.ptr, "postern_wamp_invocations_open");
    buf_done(&text);
    worker_enter(NULL);
    world_free(&rig->world);
}

#endif
