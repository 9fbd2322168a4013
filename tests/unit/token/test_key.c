/* test_key.c - keys as records, in snapshots, and from one to the next. */
#include "base/log.h"
#include "token/key_store.h"
#include "token_helper.h"

#include <dirent.h>
#include <stdio.h>
#include <unistd.h>

struct world {
    char dir[64];
    struct store *store;
    struct tokens_builder *builder;
    struct token_key *next; /* of a rotation */
    struct key_rotation rotation;
    bool ran;
};

static void on_commit(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct world *world = ctx;
    (void)seq;
    for (size_t i = 0; i < count; i++) {
        assert_true(tokens_builder_apply(world->builder, &records[i]));
    }
}

static int world_setup(void **state)
{
    struct world *world = NEW(struct world);
    (void)snprintf(world->dir, sizeof(world->dir), "/tmp/postern-keys-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    world->store = store_open(STR("sqlite:"), str_of(world->dir), NULL);
    assert_non_null(world->store);
    world->builder = tokens_builder_new();
    store_watch(world->store, on_commit, world);
    *state = world;
    return 0;
}

static int world_teardown(void **state)
{
    struct world *world = *state;
    store_close(world->store);
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

static struct world *the_world;

static bool ensure(struct store_view *view, struct store_request *request)
{
    (void)request;
    return token_keys_ensure(view, REALM, NOW_S);
}

static bool rotate(struct store_view *view, struct store_request *request)
{
    (void)request;
    return token_keys_rotate(view, &the_world->rotation, the_world->next);
}

/* How many records it has written. */
static size_t work(struct world *world, store_work_fn fn)
{
    struct store_request request = {.op = STORE_WORK, .work = fn};
    the_world = world;
    arena_init(&request.arena, 1 << 20);
    store_run(world->store, &request);
    assert_true(request.ok);
    size_t count = request.record_count;
    arena_done(&request.arena);
    return count;
}

/* The new key's id. */
static const char *rotate_at(struct world *world, uint64_t now_s, bool emergency)
{
    static char id[KEY_ID_SIZE];
    world->next = token_key_new(REALM, sign_key_generate(SIGN_ES256), 0, 0);
    world->rotation = (struct key_rotation){
        .realm = REALM, .now_s = now_s, .emergency = emergency, .keep_s = 1000};
    assert_true(work(world, rotate) > 0);
    memcpy(id, world->next->id, sizeof(id));
    token_key_unref(world->next);
    return id;
}

static void signs(struct world *world, uint64_t now_s, const char *id)
{
    struct tokens *tokens = tokens_builder_build(world->builder, 1);
    const struct token_key *key = tokens_signing_key(tokens, REALM, now_s);
    if (id == NULL) {
        assert_null(key);
    } else {
        assert_non_null(key);
        assert_string_equal(key->id, id);
    }
    drop(tokens);
}

static bool verifies(struct world *world, uint64_t now_s, const char *id)
{
    struct tokens *tokens = tokens_builder_build(world->builder, 1);
    bool does = tokens_key(tokens, REALM, str_of(id), now_s) != NULL;
    json_t *public = tokens_public_keys(tokens, REALM, now_s);
    bool shown = false;
    for (size_t i = 0; i < json_array_size(public); i++) {
        const json_t *jwk = json_array_get(public, i);
        shown = shown || strcmp(json_string_value(json_object_get(jwk, "kid")), id) == 0;
        assert_null(json_object_get(jwk, "d"));
    }
    assert_int_equal(shown, does);
    json_decref(public);
    drop(tokens);
    return does;
}

static void a_key_survives_its_record(void **state)
{
    (void)state;
    for (unsigned i = 0; i < SIGN_ALGORITHMS; i++) {
        struct err err = {0};
        struct token_key *key = make_key(REALM, (enum sign_algorithm)i);
        json_t *value = token_key_write(key);
        struct token_key *read = token_key_read(REALM, str_of(key->id), value, &err);
        assert_non_null(read);
        assert_string_equal(read->id, key->id);
        assert_int_equal(read->created_s, NOW_S);
        assert_int_equal(read->status, KEY_ACTIVE);
        json_t *external = token_key_external(str_of(key->id), value);
        char *text = json_dumps(external, 0);
        assert_null(strstr(text, "PRIVATE"));
        assert_null(strstr(text, "private"));
        assert_string_equal(json_string_value(json_object_get(external, "kid")), key->id);
        free(text);
        json_decref(external);
        json_decref(value);
        token_key_unref(read);
        token_key_unref(key);
    }
}

static void a_record_that_is_not_the_keys_own_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *member;
        const char *value; /* JSON; NULL: not there */
    } rows[] = {{"alg", "\"RS256\""},   {"alg", "\"none\""},  {"alg", NULL},
                {"status", "\"new\""},  {"status", NULL},     {"created", "-1"},
                {"activated", "\"x\""}, {"retired", "1.5"},   {"private_key", "\"x\""},
                {"private_key", NULL},  {"created", "1e300"}, {"activated", NULL}};
    struct token_key *key = make_key(REALM, SIGN_ES256);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct err err = {0};
        json_t *value = token_key_write(key);
        (void)json_object_del(value, rows[i].member);
        if (rows[i].value != NULL) {
            (void)json_object_set_new(value, rows[i].member,
                                      json_loads(rows[i].value, JSON_DECODE_ANY, NULL));
        }
        assert_null(token_key_read(REALM, str_of(key->id), value, &err));
        assert_int_equal(err.code, ERR_INVALID);
        assert_null(strstr(err.text, "BEGIN"));
        json_decref(value);
    }
    json_t *value = token_key_write(key);
    struct err err = {0};
    assert_null(token_key_read(REALM, STR("another"), value, &err));
    assert_int_equal(err.code, ERR_INVALID);
    json_decref(value);
    token_key_unref(key);
}

static void a_realm_has_one_first_key_however_often_it_is_asked_for(void **state)
{
    struct world *world = *state;
    signs(world, NOW_S, NULL);
    assert_int_equal(work(world, ensure), 1);
    assert_int_equal(work(world, ensure), 0);
    struct tokens *tokens = tokens_builder_build(world->builder, 1);
    const struct token_key *key = tokens_signing_key(tokens, REALM, NOW_S);
    assert_non_null(key);
    assert_int_equal(sign_key_algorithm(key->sign), SIGN_ES256);
    assert_null(tokens_signing_key(tokens, STR("com.example.other"), NOW_S));
    assert_null(tokens_key(tokens, STR("com.example.other"), str_of(key->id), NOW_S));
    drop(tokens);
}

static void a_new_key_is_announced_before_it_signs_and_the_old_one_verifies_to_the_end(void **state)
{
    struct world *world = *state;
    (void)work(world, ensure);
    struct tokens *tokens = tokens_builder_build(world->builder, 1);
    char old[KEY_ID_SIZE];
    memcpy(old, tokens_signing_key(tokens, REALM, NOW_S)->id, sizeof(old));
    drop(tokens);
    const char *new = rotate_at(world, NOW_S, false);
    uint64_t signs_s = NOW_S + KEY_ANNOUNCE_S;
    signs(world, NOW_S, old);
    signs(world, signs_s - 1, old);
    signs(world, signs_s, new);
    assert_true(verifies(world, NOW_S, new));
    assert_true(verifies(world, signs_s + 999, old));
    assert_false(verifies(world, signs_s + 1000, old));
    signs(world, signs_s + 1000, new);
}

static void in_an_emergency_the_old_keys_are_retired_at_once_and_forgotten(void **state)
{
    struct world *world = *state;
    char first[KEY_ID_SIZE];
    char second[KEY_ID_SIZE];
    memcpy(first, rotate_at(world, NOW_S, false), sizeof(first));
    signs(world, NOW_S, first); /* there was none to wait for */
    memcpy(second, rotate_at(world, NOW_S, false), sizeof(second));
    const char *third = rotate_at(world, NOW_S + 1, true);
    signs(world, NOW_S + 1, third);
    assert_false(verifies(world, NOW_S + 1, first));
    assert_false(verifies(world, NOW_S + 1, second));
    struct store_request get = {
        .op = STORE_GET, .kind = STR("key"), .realm = REALM, .key = str_of(first)};
    arena_init(&get.arena, 1 << 20);
    store_run(world->store, &get);
    assert_true(get.ok && get.record_count == 1);
    assert_null(memmem(get.records[0].value.ptr, get.records[0].value.len, "PRIVATE", 7));
    arena_done(&get.arena);
}

static void what_is_past_its_end_loses_its_private_half_at_the_next_change(void **state)
{
    struct world *world = *state;
    char first[KEY_ID_SIZE];
    memcpy(first, rotate_at(world, NOW_S, false), sizeof(first));
    (void)rotate_at(world, NOW_S, false);
    (void)rotate_at(world, NOW_S + KEY_ANNOUNCE_S + 2000, false);
    struct store_request get = {
        .op = STORE_GET, .kind = STR("key"), .realm = REALM, .key = str_of(first)};
    arena_init(&get.arena, 1 << 20);
    store_run(world->store, &get);
    assert_non_null(memmem(get.records[0].value.ptr, get.records[0].value.len, "\"retired\"", 9));
    assert_null(memmem(get.records[0].value.ptr, get.records[0].value.len, "PRIVATE", 7));
    arena_done(&get.arena);
}

static void an_unreadable_record_counts_as_absent(void **state)
{
    (void)state;
    struct tokens_builder *builder = tokens_builder_new();
    struct token_key *key = make_key(REALM, SIGN_EDDSA);
    apply_key_of(builder, key);
    apply(builder, STR("key"), REALM, STR("broken"), json_pack("{s:s}", "alg", "ES256"));
    apply(builder, STR("key"), REALM, STR("list"), json_array());
    struct tokens *tokens = tokens_builder_build(builder, 7);
    assert_int_equal(tokens_version(tokens), 7);
    assert_non_null(tokens_signing_key(tokens, REALM, NOW_S));
    assert_null(tokens_key(tokens, REALM, STR("broken"), NOW_S));
    drop(tokens);
    tokens_builder_free(builder);
    token_key_unref(key);
}

static void a_snapshot_stays_as_it_was(void **state)
{
    (void)state;
    struct tokens_builder *builder = tokens_builder_new();
    struct token_key *key = make_key(REALM, SIGN_EDDSA);
    apply_key_of(builder, key);
    apply(builder, STR("ticket"), REALM, STR("ann x"), json_pack("{s:s}", "id", "1"));
    struct tokens *before = tokens_builder_build(builder, 1);
    apply(builder, STR("ticket"), REALM, STR("ann x"), json_pack("{s:s}", "id", "2"));
    apply(builder, STR("ticket"), REALM, STR("bob x"),
          json_pack("{s:s, s:b}", "id", "3", "revoked", 1));
    apply(builder, STR("key"), REALM, str_of(key->id), NULL);
    struct tokens *after = tokens_builder_build(builder, 2);
    assert_true(str_eq(tokens_ticket(before, REALM, STR("ann x"))->id, STR("1")));
    assert_null(tokens_ticket(before, REALM, STR("bob x")));
    assert_non_null(tokens_signing_key(before, REALM, NOW_S));
    assert_true(str_eq(tokens_ticket(after, REALM, STR("ann x"))->id, STR("2")));
    assert_true(tokens_ticket(after, REALM, STR("bob x"))->revoked);
    assert_null(tokens_signing_key(after, REALM, NOW_S));
    apply(builder, STR("ticket"), REALM, STR("ann x"), NULL);
    apply(builder, STR("ticket"), REALM, STR("bob x"), NULL);
    struct tokens *empty = tokens_builder_build(builder, 3);
    assert_null(tokens_ticket(empty, REALM, STR("ann x")));
    drop(before);
    drop(after);
    drop(empty);
    tokens_builder_free(builder);
    token_key_unref(key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_survives_its_record),
        cmocka_unit_test(a_record_that_is_not_the_keys_own_is_refused),
        cmocka_unit_test_setup_teardown(a_realm_has_one_first_key_however_often_it_is_asked_for,
                                        world_setup, world_teardown),
        cmocka_unit_test_setup_teardown(
            a_new_key_is_announced_before_it_signs_and_the_old_one_verifies_to_the_end, world_setup,
            world_teardown),
        cmocka_unit_test_setup_teardown(
            in_an_emergency_the_old_keys_are_retired_at_once_and_forgotten, world_setup,
            world_teardown),
        cmocka_unit_test_setup_teardown(
            what_is_past_its_end_loses_its_private_half_at_the_next_change, world_setup,
            world_teardown),
        cmocka_unit_test(an_unreadable_record_counts_as_absent),
        cmocka_unit_test(a_snapshot_stays_as_it_was),
    };
    log_setup(LOG_LEVEL_ERROR, LOG_FORMAT_TEXT);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
