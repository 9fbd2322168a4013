/* test_key_schedule.c - keys that change by themselves, with a clock that the test moves. */
#include "base/log.h"
#include "token/key_schedule.h"
#include "token/key_store.h"
#include "token_helper.h"

#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

enum { PERIOD_S = 90 * 24 * 3600, KEEP_S = 30 * 24 * 3600, CHECK_MS = 5, CACHE_S = 300 };

#define OTHER STR("com.example.other")

static _Atomic uint64_t clock_s;

static uint64_t moved_clock(void)
{
    return atomic_load(&clock_s);
}

struct world {
    char dir[64];
    struct store *store;
    struct tokens_builder *builder;
    struct workers *workers;
    struct jobs *jobs;
    struct snapshot_slot *slot;
    struct key_schedule *schedule;
    uint64_t version;
    pthread_mutex_t lock;
    struct tokens *tokens; /* as they were published last */
};

static void publish(struct world *world)
{
    struct tokens *tokens = tokens_builder_build(world->builder, ++world->version);
    (void)pthread_mutex_lock(&world->lock);
    if (world->tokens != NULL) {
        drop(world->tokens);
    }
    world->tokens = (struct tokens *)(void *)snapshot_ref((struct snapshot *)(void *)tokens);
    (void)pthread_mutex_unlock(&world->lock);
    snapshot_publish(world->slot, (struct snapshot *)(void *)tokens, NULL, NULL);
}

static void on_commit(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct world *world = ctx;
    (void)seq;
    for (size_t i = 0; i < count; i++) {
        assert_true(tokens_builder_apply(world->builder, &records[i]));
    }
    publish(world);
}

static enum sign_algorithm first_algorithm;

/* A first key of each of the two realms, in force since the clock began. */
static bool seed(struct store_view *view, struct store_request *request)
{
    static const struct str realms[] = {STR_INIT("com.example.app"), STR_INIT("com.example.other")};
    (void)request;
    for (size_t i = 0; i < COUNT_OF(realms); i++) {
        struct token_key *key =
            token_key_new(realms[i], sign_key_generate(first_algorithm), NOW_S, NOW_S);
        const struct key_rotation rotation = {.realm = realms[i], .now_s = NOW_S};
        bool ok = token_keys_rotate(view, &rotation, key);
        token_key_unref(key);
        if (!ok) {
            return false;
        }
    }
    return true;
}

static void begin(struct world *world, uint64_t period_s, enum sign_algorithm algorithm)
{
    struct store_request request = {.op = STORE_WORK, .work = seed};
    atomic_store(&clock_s, NOW_S);
    first_algorithm = algorithm;
    arena_init(&request.arena, 1 << 20);
    store_run(world->store, &request);
    assert_true(request.ok);
    arena_done(&request.arena);
    world->schedule = key_schedule_new(&(struct key_schedule_options){.workers = world->workers,
                                                                      .jobs = world->jobs,
                                                                      .store = world->store,
                                                                      .tokens = world->slot,
                                                                      .period_s = period_s,
                                                                      .keep_s = KEEP_S,
                                                                      .check_ms = CHECK_MS,
                                                                      .now_s = moved_clock});
    assert_true(store_start(world->store, NULL));
    assert_true(workers_start(world->workers, NULL));
}

static int world_setup(void **state)
{
    struct world *world = NEW(struct world);
    (void)snprintf(world->dir, sizeof(world->dir), "/tmp/postern-keys-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    (void)pthread_mutex_init(&world->lock, NULL);
    world->store = store_open(STR("sqlite:"), str_of(world->dir), NULL);
    world->workers = workers_new(2, 1 << 20, NULL);
    world->jobs = jobs_new(1, 4, NULL);
    world->slot = snapshot_slot_new(world->workers, world->jobs);
    world->builder = tokens_builder_new();
    assert_non_null(world->store);
    assert_non_null(world->workers);
    assert_non_null(world->jobs);
    store_watch(world->store, on_commit, world);
    *state = world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    jobs_stop(world->jobs);
    key_schedule_stop(world->schedule);
    store_close(world->store);
    workers_stop(world->workers);
    key_schedule_free(world->schedule);
    drop(world->tokens);
    snapshot_slot_free(world->slot);
    jobs_free(world->jobs);
    workers_free(world->workers);
    tokens_builder_free(world->builder);
    DIR *dir = opendir(world->dir);
    for (struct dirent *entry;
         (entry = readdir(dir)) != NULL;) { /* NOLINT(concurrency-mt-unsafe) */
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    (void)closedir(dir);
    assert_int_equal(rmdir(world->dir), 0);
    mem_free(world);
    return 0;
}

static struct tokens *now_tokens(struct world *world)
{
    (void)pthread_mutex_lock(&world->lock);
    struct tokens *tokens =
        (struct tokens *)(void *)snapshot_ref((struct snapshot *)(void *)world->tokens);
    (void)pthread_mutex_unlock(&world->lock);
    return tokens;
}

static size_t shown(struct world *world, struct str realm)
{
    struct tokens *tokens = now_tokens(world);
    json_t *list = tokens_public_keys(tokens, realm, moved_clock());
    size_t count = json_array_size(list);
    json_decref(list);
    drop(tokens);
    return count;
}

static void signing(struct world *world, struct str realm, char out[KEY_ID_SIZE])
{
    struct tokens *tokens = now_tokens(world);
    const struct token_key *key = tokens_signing_key(tokens, realm, moved_clock());
    assert_non_null(key);
    memcpy(out, key->id, KEY_ID_SIZE);
    drop(tokens);
}

static bool verifies(struct world *world, const char *id)
{
    struct tokens *tokens = now_tokens(world);
    bool does = tokens_key(tokens, REALM, str_of(id), moved_clock()) != NULL;
    drop(tokens);
    return does;
}

/* The clock goes on, and the schedule looks at it. */
static void move_to(uint64_t to_s)
{
    atomic_store(&clock_s, to_s);
}

static void wait_shown(struct world *world, struct str realm, size_t count)
{
    for (unsigned i = 0; shown(world, realm) != count; i++) {
        assert_true(i < 60000);
        (void)usleep(1000);
    }
}

/* Long enough for several looks. */
static void stays(struct world *world, size_t count)
{
    for (unsigned i = 0; i < 20; i++) {
        assert_int_equal(shown(world, REALM), count);
        (void)usleep(2000);
    }
}

/* Whether it is in the snapshot at all, with its private half. */
static bool is_kept(struct world *world, const char *id)
{
    struct tokens *tokens = now_tokens(world);
    bool kept = tokens_key(tokens, REALM, str_of(id), NOW_S) != NULL;
    drop(tokens);
    return kept;
}

static void a_key_is_shown_for_a_cache_lifetime_before_it_signs(void **state)
{
    struct world *world = *state;
    char old[KEY_ID_SIZE];
    char now[KEY_ID_SIZE];
    begin(world, PERIOD_S, SIGN_ES256);
    signing(world, REALM, old);
    move_to(NOW_S + PERIOD_S - KEY_ANNOUNCE_S - 1);
    stays(world, 1);
    move_to(NOW_S + PERIOD_S - KEY_ANNOUNCE_S);
    wait_shown(world, REALM, 2);
    wait_shown(world, OTHER, 2);
    move_to(NOW_S + PERIOD_S - KEY_ANNOUNCE_S + CACHE_S);
    signing(world, REALM, now);
    assert_string_equal(now, old);
    move_to(NOW_S + PERIOD_S - 1);
    signing(world, REALM, now);
    assert_string_equal(now, old);
    move_to(NOW_S + PERIOD_S);
    signing(world, REALM, now);
    assert_string_not_equal(now, old);
    stays(world, 2);
}

static void the_old_key_verifies_until_its_last_token_has_expired(void **state)
{
    struct world *world = *state;
    char old[KEY_ID_SIZE];
    char new[KEY_ID_SIZE];
    begin(world, PERIOD_S, SIGN_ES256);
    signing(world, REALM, old);
    move_to(NOW_S + PERIOD_S - KEY_ANNOUNCE_S);
    wait_shown(world, REALM, 2);
    move_to(NOW_S + PERIOD_S + KEEP_S - 1);
    signing(world, REALM, new);
    assert_true(verifies(world, old));
    assert_true(verifies(world, new));
    move_to(NOW_S + PERIOD_S + KEEP_S);
    assert_false(verifies(world, old));
    assert_true(verifies(world, new));
    for (unsigned i = 0; is_kept(world, old); i++) { /* until the schedule has looked */
        assert_true(i < 60000);
        (void)usleep(1000);
    }
    stays(world, 1);
}

static void a_successor_is_of_the_same_algorithm(void **state)
{
    struct world *world = *state;
    char id[KEY_ID_SIZE];
    begin(world, PERIOD_S, SIGN_EDDSA);
    move_to(NOW_S + PERIOD_S);
    wait_shown(world, REALM, 2);
    move_to(NOW_S + PERIOD_S + KEY_ANNOUNCE_S);
    signing(world, REALM, id);
    struct tokens *tokens = now_tokens(world);
    const struct token_key *key = tokens_key(tokens, REALM, str_of(id), moved_clock());
    assert_int_equal(sign_key_algorithm(key->sign), SIGN_EDDSA);
    assert_int_equal(key->activated_s, NOW_S + PERIOD_S + KEY_ANNOUNCE_S);
    drop(tokens);
}

static void periods_follow_each_other_and_keys_stay_few(void **state)
{
    struct world *world = *state;
    begin(world, PERIOD_S, SIGN_ES256);
    for (unsigned i = 1; i <= 8; i++) {
        move_to(NOW_S + i * (uint64_t)PERIOD_S);
        wait_shown(world, REALM, 2); /* the one of three periods ago is over */
        wait_shown(world, OTHER, 2);
        move_to(NOW_S + i * (uint64_t)PERIOD_S + KEY_ANNOUNCE_S + KEEP_S);
        wait_shown(world, REALM, 1);
    }
}

static void without_a_period_keys_stay(void **state)
{
    struct world *world = *state;
    begin(world, 0, SIGN_ES256);
    move_to(NOW_S + 10 * (uint64_t)PERIOD_S);
    stays(world, 1);
}

#define T(test) cmocka_unit_test_setup_teardown(test, world_setup, world_teardown)

int main(void)
{
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    const struct CMUnitTest tests[] = {
        T(a_key_is_shown_for_a_cache_lifetime_before_it_signs),
        T(the_old_key_verifies_until_its_last_token_has_expired),
        T(a_successor_is_of_the_same_algorithm),
        T(periods_follow_each_other_and_keys_stay_few),
        T(without_a_period_keys_stay),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
