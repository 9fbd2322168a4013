/* What a node keeps of a database that others write to as well. */
#include "base/clock.h"
#include "store_helper.h"

#include <string.h>
#include <sys/stat.h>

/* Nobody listens there. */
static struct store *open_away(const struct place *place, struct err *err)
{
    char url[300];
    (void)snprintf(url, sizeof(url), "%s&port=1", place->url);
    return store_open(str_of(url), place_dir(place), err);
}

static enum err_code outcome(struct store *store, struct store_request *request)
{
    store_run(store, request);
    enum err_code code = request->ok ? ERR_NONE : request->err.code;
    arena_done(&request->arena);
    return code;
}

static enum err_code get_at(struct store *store, const char *key, uint64_t version)
{
    struct store_request request;
    request_init(&request, STORE_GET);
    request.key = str_of(key);
    request.version = version;
    return outcome(store, &request);
}

static bool state_is(struct store *store, const char *key, const char *value)
{
    struct store_request request;
    request_init(&request, STORE_GET);
    request.key = str_of(key);
    store_run(store, &request);
    bool same = request.ok && str_eq(request.records[0].value, str_of(value));
    arena_done(&request.arena);
    return same;
}

struct loaded {
    uint64_t seq;
    size_t count;
    char keys[256];
};

static void on_load(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct loaded *loaded = ctx;
    size_t len = strlen(loaded->keys);
    loaded->seq = seq;
    loaded->count += count;
    for (size_t i = 0; i < count; i++) {
        len += (size_t)snprintf(loaded->keys + len, sizeof(loaded->keys) - len, "%s" PRISTR,
                                records[i].deleted ? " -" : " ", STRARG(records[i].key));
    }
}

static void a_start_without_the_database_has_what_was_known(void **state)
{
    const struct place *place = *state;
    struct err err = {0};
    struct loaded loaded = {0};
    struct store *store = open_store(place);
    assert_false(store_opened_away(store));
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("a"), STR("2"), 1, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("b"), STR_EMPTY, 1, NULL), ERR_NONE);
    store_close(store);

    store = open_away(place, &err);
    assert_non_null(store);
    assert_true(store_opened_away(store));
    assert_true(store_load(store, on_load, &loaded, &err));
    assert_int_equal(loaded.seq, 4);
    assert_string_equal(loaded.keys, " a");
    assert_true(state_is(store, "a", "2"));
    assert_int_equal(get_at(store, "b", 0), ERR_NOT_FOUND);
    assert_int_equal(get_at(store, "a", 1), ERR_UNAVAILABLE);
    assert_int_equal(put(store, STR("c"), STR("1"), 0, NULL), ERR_UNAVAILABLE);
    assert_int_equal(get_at(store, "c", 0), ERR_NOT_FOUND);
    store_close(store);
}

/* As one whose COMMIT waits for a standby that is gone does, or one that stands still. */
static void a_start_while_others_hold_the_lock_has_what_was_known(void **state)
{
    const struct place *place = *state;
    char sql[160];
    struct loaded loaded = {0};
    struct err err = {0};
    (void)snprintf(sql, sizeof(sql),
                   "SELECT pg_advisory_lock(hashtext('postern store'), hashtext('%s'))",
                   place->schema);
    PGconn *other = PQconnectdb(postgres_url());
    PQclear(PQexec(other, sql));
    assert_null(store_open(str_of(place->url), place_dir(place), &err)); /* nothing is known */
    assert_int_equal(err.code, ERR_UNAVAILABLE);
    PQfinish(other);

    struct store *store = open_store(place);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
    other = PQconnectdb(postgres_url());
    PQclear(PQexec(other, sql));
    store = open_store(place);
    assert_true(store_opened_away(store));
    assert_true(store_load(store, on_load, &loaded, NULL));
    assert_string_equal(loaded.keys, " a");
    assert_int_equal(put(store, STR("b"), STR("1"), 0, NULL), ERR_UNAVAILABLE);
    PQfinish(other);
    assert_int_equal(put(store, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    assert_true(state_is(store, "b", "1"));
    store_close(store);
}

static void nothing_is_known_before_the_first_start(void **state)
{
    const struct place *place = *state;
    struct err err = {0};
    assert_null(open_away(place, &err));
    assert_int_equal(err.code, ERR_UNAVAILABLE);
}

static void what_others_wrote_meanwhile_is_there_at_the_next_start(void **state)
{
    struct place *place = *state;
    struct loaded loaded = {0};
    struct store *ours = open_store(place);
    assert_int_equal(put(ours, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(ours, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    store_close(ours);
    struct store *theirs = open_other(place);
    assert_int_equal(put(theirs, STR("a"), STR("2"), 1, NULL), ERR_NONE);
    assert_int_equal(put(theirs, STR("b"), STR_EMPTY, 1, NULL), ERR_NONE);
    assert_int_equal(put(theirs, STR("c"), STR("1"), 0, NULL), ERR_NONE);
    ours = open_store(place);
    assert_true(store_load(ours, on_load, &loaded, NULL));
    assert_int_equal(loaded.seq, 5);
    assert_string_equal(loaded.keys, " a c");
    assert_true(state_is(ours, "a", "2"));
    store_close(theirs);
    store_close(ours);
}

/* The log has been pruned, or another database has been restored into this one. */
static void a_log_that_does_not_go_on_makes_all_be_read_again(void **state)
{
    struct place *place = *state;
    struct loaded loaded = {0};
    struct store *ours = open_store(place);
    assert_int_equal(put(ours, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(ours, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    store_close(ours);
    struct store *theirs = open_other(place);
    assert_int_equal(put(theirs, STR("b"), STR_EMPTY, 1, NULL), ERR_NONE);
    assert_int_equal(put(theirs, STR("c"), STR("1"), 0, NULL), ERR_NONE);
    do_in(place, "DELETE FROM @.changes WHERE seq <= 3");
    ours = open_store(place);
    assert_true(store_load(ours, on_load, &loaded, NULL));
    assert_string_equal(loaded.keys, " a c");
    assert_int_equal(loaded.seq, 4);
    assert_int_equal(put(ours, STR("d"), STR("1"), 0, NULL), ERR_NONE);
    store_close(theirs);
    store_close(ours);
}

static void the_replica_of_another_database_is_not_taken(void **state)
{
    struct place *place = *state;
    struct err err = {0};
    struct store *store = open_store(place);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
    place_on_postgres(place);
    assert_null(open_away(place, &err));
    store = open_store(place);
    assert_int_equal(get_at(store, "a", 0), ERR_NOT_FOUND);
    store_close(store);
}

static void damage(const struct place *place)
{
    char path[128];
    (void)snprintf(path, sizeof(path), "%s/replica.db", place->dir);
    FILE *file = fopen(path, "r+");
    assert_non_null(file);
    for (int i = 0; i < 40000; i++) {
        (void)fputc('x', file);
    }
    (void)fclose(file);
}

static void a_damaged_replica_is_made_anew(void **state)
{
    const struct place *place = *state;
    struct loaded loaded = {0};
    struct store *store = open_store(place);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
    damage(place);
    store = open_store(place);
    assert_true(store_load(store, on_load, &loaded, NULL));
    assert_string_equal(loaded.keys, " a");
    store_close(store);
    store = open_away(place, NULL);
    assert_true(state_is(store, "a", "1"));
    store_close(store);
}

static void nobody_else_can_read_the_replica(void **state)
{
    const struct place *place = *state;
    char path[128];
    struct stat status;
    store_close(open_store(place));
    (void)snprintf(path, sizeof(path), "%s/replica.db", place->dir);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
}

static bool look_and_write(struct store_view *view, struct store_request *request)
{
    (void)request;
    const struct store_write write = {.kind = STR("api_spec"),
                                      .realm = STR("com.x"),
                                      .key = STR("w"),
                                      .value = STR("1"),
                                      .expect = STORE_ANY_VERSION};
    assert_non_null(store_view_get(view, STR("api_spec"), STR("com.x"), STR("a")));
    return store_view_put(view, &write);
}

static bool look_and_lease(struct store_view *view, struct store_request *request)
{
    (void)request;
    return store_view_lease_put(view, &(struct store_lease){.kind = STR("code"),
                                                            .key = STR("k"),
                                                            .realm = STR("com.x"),
                                                            .value = STR("1"),
                                                            .expires_ms = clock_wall_ms() + 9999});
}

static bool look_at_leases(struct store_view *view, struct store_request *request)
{
    const struct store_lease *leases = NULL;
    (void)request;
    return store_view_leases(view, STR("code"), STR("com.x"), STR("ann"), &leases) == 0;
}

static enum err_code look(struct store *store, store_work_fn work)
{
    struct store_request request;
    request_init(&request, STORE_WORK);
    request.work = work;
    request.reads = true;
    return outcome(store, &request);
}

static void work_that_reads_can_write_nothing(void **state)
{
    struct store *store = open_store(*state);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(look(store, look_and_write), ERR_INTERNAL);
    assert_int_equal(look(store, look_and_lease), ERR_INTERNAL);
    assert_int_equal(look(store, look_at_leases), ERR_NONE);
    assert_int_equal(get_at(store, "w", 0), ERR_NOT_FOUND);
    store_close(store);
}

static void leases_are_in_the_database_alone(void **state)
{
    const struct place *place = *state;
    struct store *store = open_store(place);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
    store = open_away(place, NULL);
    assert_int_equal(look(store, look_at_leases), ERR_UNAVAILABLE);
    store_close(store);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_start_without_the_database_has_what_was_known),
        T(a_start_while_others_hold_the_lock_has_what_was_known),
        T(nothing_is_known_before_the_first_start),
        T(what_others_wrote_meanwhile_is_there_at_the_next_start),
        T(a_log_that_does_not_go_on_makes_all_be_read_again),
        T(the_replica_of_another_database_is_not_taken),
        T(a_damaged_replica_is_made_anew),
        T(nobody_else_can_read_the_replica),
        T(work_that_reads_can_write_nothing),
        T(leases_are_in_the_database_alone),
    };
    return RUN_ON_POSTGRES(tests);
}
