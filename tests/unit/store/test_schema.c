#include "store/store_inside.h"
#include "store_helper.h"

#include <pthread.h>
#include <string.h>

static struct store_backend *open_backend(const struct place *place)
{
    struct err err = {0};
    struct store_backend *backend = store_url_open(str_of(place->url), place_dir(place), &err);
    if (backend == NULL) {
        fail_msg("%s", err.text);
    }
    return backend;
}

static void close_backend(struct store_backend *backend)
{
    backend->ops->close(backend);
}

/* One statement after the other, over a connection that stays. */
static void change(struct store_backend *backend, const char *const *statements)
{
    struct err err = {0};
    bool ok = backend->ops->begin(backend, &err);
    for (; ok && *statements != NULL; statements++) {
        const struct store_query query = {.sql = *statements};
        ok = backend->ops->query(backend, &query, &err);
    }
    if (!ok || !store_exec(backend, SQL_COMMIT, &err)) {
        fail_msg("%s", err.text);
    }
}

static void change_place(const struct place *place, const char *const *statements)
{
    struct store_backend *backend = open_backend(place);
    change(backend, statements);
    close_backend(backend);
}

/* What a release after this one may do, and this one does not notice. */
static const char *const expand[] = {
    "ALTER TABLE versions ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",
    "ALTER TABLE records ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'",
    "ALTER TABLE changes ADD COLUMN weight BIGINT NOT NULL DEFAULT 7",
    "ALTER TABLE leases ADD COLUMN weight BIGINT NOT NULL DEFAULT 7",
    "ALTER TABLE audit ADD COLUMN weight BIGINT NOT NULL DEFAULT 7",
    "ALTER TABLE head ADD COLUMN weight BIGINT NOT NULL DEFAULT 7",
    "CREATE TABLE colours (name TEXT NOT NULL PRIMARY KEY)",
    "UPDATE schema_version SET oldest = version",
    "UPDATE schema_version SET version = version + 1",
    NULL,
};
static const char *const contract[] = {"UPDATE schema_version SET oldest = version", NULL};
static const char *const restore[] = {"UPDATE schema_version SET oldest = version - 1", NULL};
/* As a program of schema 5 has left it. */
static const char *const take_back[] = {"DROP TABLE nodes",
                                        "ALTER TABLE schema_version DROP COLUMN oldest",
                                        "UPDATE schema_version SET version = 5", NULL};

/* The same of what the next program has made of it. */
static const char *const shrink[] = {"DROP TABLE colours", "DROP TABLE nodes",
                                     "ALTER TABLE schema_version DROP COLUMN oldest",
                                     "UPDATE schema_version SET version = 5", NULL};

static void check_is(struct store_backend *backend, enum err_code code, const char *says)
{
    struct err err = {0};
    bool ok = store_check_schema(backend, &err);
    assert_int_equal(ok, code == ERR_NONE);
    assert_int_equal(err.code, code);
    assert_non_null(strstr(err.text, says));
}

static void schema_is(struct store_backend *backend, int64_t version, int64_t oldest)
{
    struct store_schema schema;
    struct err err = {0};
    if (!store_schema_read(backend, &schema, &err)) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(schema.version, version);
    assert_int_equal(schema.oldest, oldest);
}

static int64_t known_schema(const struct place *place)
{
    struct store_backend *backend = open_backend(place);
    struct store_schema schema;
    assert_true(store_schema_read(backend, &schema, NULL));
    close_backend(backend);
    assert_int_equal(schema.version, schema.known);
    return schema.known;
}

static size_t count_records(struct store *store)
{
    struct store_request request;
    request_init(&request, STORE_LIST);
    store_run(store, &request);
    assert_true(request.ok);
    size_t count = request.record_count;
    arena_done(&request.arena);
    return count;
}

static void data_of_the_next_program_is_read_and_written(void **state)
{
    const struct place *place = *state;
    struct store *store = open_store(place);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
    int64_t known = known_schema(place);
    change_place(place, expand);

    store = open_store(place);
    uint64_t version = 0;
    assert_int_equal(put(store, STR("a"), STR("2"), 1, &version), ERR_NONE);
    assert_int_equal(version, 2);
    assert_int_equal(put(store, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("c"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("c"), STR_EMPTY, 1, NULL), ERR_NONE);
    assert_int_equal(count_records(store), 2);
    store_close(store);

    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM versions WHERE colour = 'red'"), 5);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM changes WHERE weight = 7"), 5);
    assert_int_equal(place_ask(place, "SELECT version FROM schema_version"), known + 1);
    assert_int_equal(place_ask(place, "SELECT oldest FROM schema_version"), known);
}

static void data_that_needs_the_next_program_is_refused_and_left_alone(void **state)
{
    const struct place *place = *state;
    store_close(open_store(place));
    change_place(place, expand);
    change_place(place, contract);
    struct err err = {0};
    assert_null(store_open(str_of(place->url), place_dir(place), &err));
    assert_int_equal(err.code, ERR_INVALID);
    assert_non_null(strstr(err.text, "start the newer postern that wrote it"));
    int64_t version = place_ask(place, "SELECT version FROM schema_version");
    assert_int_equal(place_ask(place, "SELECT oldest FROM schema_version"), version);
}

static void a_new_connection_finds_out_what_the_data_has_become(void **state)
{
    const struct place *place = *state;
    store_close(open_store(place));
    int64_t known = known_schema(place);
    struct store_backend *backend = open_backend(place);
    check_is(backend, ERR_NONE, "");
    change(backend, expand);
    check_is(backend, ERR_NONE, "");
    check_is(backend, ERR_NONE, "");
    change(backend, contract);
    check_is(backend, ERR_INVALID, "the newer postern");
    change(backend, restore);
    check_is(backend, ERR_NONE, "");
    schema_is(backend, known + 1, known);
    assert_false(backend->ops->in_transaction(backend));
    close_backend(backend);
}

static void an_older_copy_that_was_restored_is_brought_up_by_a_new_connection(void **state)
{
    const struct place *place = *state;
    struct store *store = open_store(place);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
    int64_t known = known_schema(place);
    int64_t oldest = place_ask(place, "SELECT oldest FROM schema_version");
    assert_true(oldest > 0 && oldest <= known);
    struct store_backend *backend = open_backend(place);
    check_is(backend, ERR_NONE, "");
    change(backend, take_back);
    schema_is(backend, 5, 0);
    check_is(backend, ERR_NONE, "");
    schema_is(backend, known, oldest);
    close_backend(backend);
    store = open_store(place);
    assert_int_equal(count_records(store), 1);
    store_close(store);
}

static void data_that_is_of_no_schema_is_not_filled(void **state)
{
    static const char *const odd[] = {"UPDATE schema_version SET version = -3", NULL};
    static const char *const none[] = {"DELETE FROM schema_version", NULL};
    const struct place *place = *state;
    store_close(open_store(place));
    struct store_backend *backend = open_backend(place);
    change(backend, odd);
    check_is(backend, ERR_INVALID, "restore a backup");
    change(backend, none);
    check_is(backend, ERR_INVALID, "restore a backup");
    close_backend(backend);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM schema_version"), 0);
}

static void cut_all(const struct place *place)
{
    char sql[256];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT COUNT(pg_terminate_backend(pid)) FROM pg_stat_activity"
                   " WHERE application_name = '%s'",
                   place->schema);
    (void)place_ask(place, sql);
}

/* One node that runs while the data is changed under it. */
static void a_running_node_writes_nothing_that_is_not_for_it(void **state)
{
    struct place *place = *state;
    if (!on_postgres(place)) {
        skip();
    }
    char more[96];
    (void)snprintf(more, sizeof(more), "&application_name=%s", place->schema);
    (void)snprintf(place->url + strlen(place->url), sizeof(place->url) - strlen(place->url), "%s",
                   more);
    struct store *store = open_store(place);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    change_place(place, expand);
    cut_all(place);
    assert_int_equal(put(store, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    change_place(place, contract);
    cut_all(place);
    assert_int_equal(put(store, STR("c"), STR("1"), 0, NULL), ERR_UNAVAILABLE);
    assert_int_equal(put(store, STR("c"), STR("1"), 0, NULL), ERR_UNAVAILABLE);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM records"), 2);
    change_place(place, restore);
    assert_int_equal(put(store, STR("c"), STR("1"), 0, NULL), ERR_NONE);
    change_place(place, shrink);
    cut_all(place);
    assert_int_equal(put(store, STR("d"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM records"), 4);
    store_close(store);
    assert_int_equal(known_schema(place), place_ask(place, "SELECT version FROM schema_version"));
}

enum { STARTS = 6 };

struct start {
    const struct place *place;
    const char *dir;
    pthread_t thread;
    struct err err;
    bool ok;
};

static void *start_one(void *arg)
{
    struct start *start = arg;
    struct store *store = store_open(str_of(start->place->url), str_of(start->dir), &start->err);
    start->ok = store != NULL;
    store_close(store);
    arena_pool_free();
    return NULL;
}

/* Each of them finds an empty database, or one that is complete. */
static void nodes_that_start_at_once_do_not_collide(void **state)
{
    struct place *place = *state;
    if (!on_postgres(place)) {
        skip(); /* SQLite's file is for one alone */
    }
    struct start starts[STARTS] = {0};
    for (size_t i = 0; i < STARTS; i++) {
        starts[i].place = place;
        starts[i].dir = other_dir(place);
        assert_int_equal(pthread_create(&starts[i].thread, NULL, start_one, &starts[i]), 0);
    }
    for (size_t i = 0; i < STARTS; i++) {
        assert_int_equal(pthread_join(starts[i].thread, NULL), 0);
        if (!starts[i].ok) {
            fail_msg("%s", starts[i].err.text);
        }
    }
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM schema_version"), 1);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(data_of_the_next_program_is_read_and_written),
        T(data_that_needs_the_next_program_is_refused_and_left_alone),
        T(a_new_connection_finds_out_what_the_data_has_become),
        T(an_older_copy_that_was_restored_is_brought_up_by_a_new_connection),
        T(data_that_is_of_no_schema_is_not_filled),
        T(a_running_node_writes_nothing_that_is_not_for_it),
        T(nodes_that_start_at_once_do_not_collide),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
