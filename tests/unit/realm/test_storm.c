/* test_storm.c - peers that do anything at any time: every call is answered once, or its caller
 * has left. */
#include "../../support/realm_world.h"

enum { ACTORS = 8, CALLS = 64, STEPS = 4000, PROCEDURES = 5 };

struct caller_note {
    bool waiting[CALLS + 1]; /* by request id */
};

struct player {
    struct actor *actor;
    unsigned worker;
    struct caller_note calls;
    unsigned next_request;
    unsigned last_invocation;
    unsigned long long registration; /* the newest */
};

static struct world world;
static struct player players[ACTORS];
static uint64_t seed;
static unsigned answers;

static unsigned roll(unsigned bound)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(seed >> 33) % bound;
}

/* Says it and does not wait for what follows. */
__attribute__((format(printf, 2, 3))) static void
shout(const struct player *player, const char *format, ...)
{
    char text[256];
    struct buf bytes;
    struct emit emit;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    buf_init(&bytes, 4096);
    emit_init(&emit, player->actor->peer.serializer, &bytes);
    emit_slice(&emit, (struct slice){SERIALIZER_JSON, str_of(text)});
    struct saying saying = {player->actor, buf_str(&bytes)};
    on_worker(&world, player->worker, say_here, &saying);
    buf_done(&bytes);
}

static void join(struct player *player)
{
    shout(player, "[1,\"com.test\",{" HELLO_ROLES "}]");
    player->calls = (struct caller_note){0};
    player->last_invocation = 0;
    player->next_request = 1;
    player->registration = 0;
}

static void note_answer(struct player *player, unsigned long long request)
{
    assert_true(request >= 1 && request <= CALLS);
    assert_true(player->calls.waiting[request]);
    player->calls.waiting[request] = false;
    answers++;
}

/* Reads the inbox and keeps the books. */
static void take_notes(struct player *player)
{
    while (unheard(player->actor) > 0) {
        (void)expect(player->actor, "\"*\"");
        unsigned long long type = number_at(player->actor, 0);
        if (type == 68) {
            assert_int_equal(number_at(player->actor, 1), player->last_invocation + 1);
            player->last_invocation++;
        } else if (type == 65) {
            player->registration = number_at(player->actor, 2);
        } else if (type == 50) {
            note_answer(player, number_at(player->actor, 1));
        } else if (type == 8 && number_at(player->actor, 1) == 48) {
            note_answer(player, number_at(player->actor, 2));
        } else if (type == 6) {
            player->last_invocation = 0;
        } else {
            assert_true(type != 3); /* nobody does what he may not */
        }
    }
}

static void make_call(struct player *player)
{
    unsigned request = player->next_request % CALLS + 1;
    if (!player->calls.waiting[request]) {
        player->next_request = request;
        player->calls.waiting[request] = true;
        shout(player, "[48,%u,{},\"com.p%u\",[%u]]", request, roll(PROCEDURES), request);
    }
}

static void answer_something(struct player *player)
{
    if (player->last_invocation > 0) {
        unsigned request = 1 + roll(player->last_invocation);
        if (roll(3) == 0) {
            shout(player, "[8,68,%u,{},\"com.error\"]", request);
        } else {
            shout(player, "[70,%u,{},[1]]", request);
        }
    }
}

static void leave(struct player *player)
{
    if (roll(2) == 0) {
        settle(&world); /* what belongs to the old session must not be counted for the new */
        shout(player, "[6,{},\"wamp.close.normal\"]");
        take_notes(player);
        join(player);
        return;
    }
    enum serializer serializer = player->actor->peer.serializer;
    on_worker(&world, player->worker, actor_lose_here, player->actor);
    actor_free(player->actor);
    player->actor = actor_new(&world, player->worker, serializer);
    join(player);
}

static void step(struct player *player)
{
    static const char *const modes[] = {"skip", "kill", "killnowait"};
    static const char *const invokes[] = {"roundrobin", "random", "first"};
    unsigned procedure = roll(PROCEDURES);
    switch (roll(16)) {
    case 0:
        shout(player, "[64,1,{\"invoke\":\"%s\"},\"com.p%u\"]", invokes[procedure % 3], procedure);
        break;
    case 1:
        if (player->registration != 0) {
            shout(player, "[66,1,%llu]", player->registration);
        }
        break;
    case 2:
        shout(player, "[49,%u,{\"mode\":\"%s\"}]", 1 + roll(CALLS), modes[roll(3)]);
        break;
    case 3:
        if (roll(8) == 0) {
            leave(player);
        }
        break;
    case 4:
    case 5:
    case 6:
    case 7:
    case 8:
    case 9:
        make_call(player);
        break;
    default:
        answer_something(player);
        break;
    }
}

static bool anybody_waits(void)
{
    for (unsigned i = 0; i < ACTORS; i++) {
        for (unsigned request = 1; request <= CALLS; request++) {
            if (players[i].calls.waiting[request]) {
                return true;
            }
        }
    }
    return false;
}

static void every_call_is_answered_once_whatever_happens(void **state)
{
    (void)state;
    struct router_options limits = world_limits();
    world_start(&world, 3, &limits);
    for (unsigned i = 0; i < ACTORS; i++) {
        players[i] = (struct player){.worker = i % 3};
        players[i].actor = actor_new(&world, players[i].worker, 1 + i % 2);
        join(&players[i]);
    }
    for (unsigned i = 0; i < STEPS; i++) {
        struct player *player = &players[roll(ACTORS)];
        take_notes(player);
        step(player);
    }
    for (unsigned round = 0; round < 10; round++) { /* those who owe answers give them */
        settle(&world);
        for (unsigned i = 0; i < ACTORS; i++) {
            take_notes(&players[i]);
            for (unsigned id = 1; id <= players[i].last_invocation; id++) {
                shout(&players[i], "[70,%u,{}]", id);
            }
        }
    }
    settle(&world);
    for (unsigned i = 0; i < ACTORS; i++) {
        take_notes(&players[i]);
    }
    assert_false(anybody_waits());
    assert_true(answers > 100);
    for (unsigned i = 0; i < ACTORS; i++) {
        actor_free(players[i].actor);
    }
    world_stop(&world);
}

static void a_storm(void **state)
{
    for (unsigned i = 1; i <= 3; i++) {
        seed = i;
        answers = 0;
        every_call_is_answered_once_whatever_happens(state);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        {"every_call_is_answered_once_whatever_happens", a_storm, NULL, NULL, NULL},
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
