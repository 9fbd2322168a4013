/* test_postgres_pipeline.c - how often the server is waited for, and whose an error is that comes
 * with the answer of a later statement. */
#include "store/store_inside.h"
#include "store/store_postgres.h"
#include "store_helper.h"

#include <string.h>

enum { MANY = 12, BAD = 5, LONG = 4000, BULK = 400 };

struct one {
    struct store_request request;
    struct store_write write;
    char key[16];
};

/* As a store is opened: its schema has been looked at. */
static struct store_backend *open_backend(const struct place *place)
{
    struct err err = {0};
    store_close(open_store(place));
    struct store_backend *backend = store_postgres_open(str_of(place->url), &err);
    if (backend == NULL || !store_check_schema(backend, &err)) {
        fail_msg("%s", err.text);
    }
    assert_true(store_check_schema(backend, &err)); /* as at the start */
    return backend;
}

static uint64_t trips(struct store_backend *backend)
{
    return CONTAINER_OF(backend, struct postgres, backend)->trips;
}

/* A key that no index takes: nothing of it can be compressed. */
static void too_long(char out[LONG])
{
    uint64_t seed = 7;
    for (size_t i = 0; i < LONG; i++) {
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        out[i] = (char)('!' + (seed >> 33) % 90);
    }
}

static void one_init(struct one *one, unsigned number, struct str value)
{
    (void)snprintf(one->key, sizeof(one->key), "k%u", number);
    request_init(&one->request, STORE_COMMIT);
    one->request.author = STR("ann");
    one->write = (struct store_write){.kind = STR("api_spec"),
                                      .realm = STR("com.x"),
                                      .key = str_of(one->key),
                                      .value = value,
                                      .expect = STORE_ANY_VERSION};
    one->request.writes = &one->write;
    one->request.write_count = 1;
}

static uint64_t write_group(struct store_backend *backend, struct one *ones, size_t count)
{
    const struct store_audit_bounds bounds = {0};
    struct store_group group = {0};
    uint64_t before = trips(backend);
    for (size_t i = 0; i < count; i++) {
        store_group_push(&group, &ones[i].request);
    }
    store_group_write(backend, &bounds, &group);
    assert_false(backend->ops->in_transaction(backend));
    return trips(backend) - before;
}

static void a_write_waits_for_begin_two_reads_and_commit(void **state)
{
    struct store_backend *backend = open_backend(*state);
    for (unsigned i = 0; i < 3; i++) {
        struct one one;
        one_init(&one, 1, STR("1"));
        assert_int_equal(write_group(backend, &one, 1), 4); /* the first one too, which prepares */
        assert_true(one.request.ok);
        assert_int_equal(one.request.seq, i + 1);
        arena_done(&one.request.arena);
    }
    backend->ops->close(backend);
}

static void of_a_group_each_waits_for_its_reads_and_for_its_outcome(void **state)
{
    struct store_backend *backend = open_backend(*state);
    struct one ones[MANY];
    for (unsigned i = 0; i < MANY; i++) {
        one_init(&ones[i], i, STR("1"));
    }
    assert_int_equal(write_group(backend, ones, MANY), 2 + 3 * MANY);
    for (unsigned i = 0; i < MANY; i++) {
        assert_true(ones[i].request.ok);
        arena_done(&ones[i].request.arena);
    }
    backend->ops->close(backend);
}

static void an_error_that_comes_late_is_that_of_the_request_that_made_it(void **state)
{
    struct store_backend *backend = open_backend(*state);
    char key[LONG];
    struct one ones[MANY];
    too_long(key);
    for (unsigned i = 0; i < MANY; i++) {
        one_init(&ones[i], i, STR("1"));
    }
    ones[BAD].write.key = str_make(key, LONG);
    (void)write_group(backend, ones, MANY);
    for (unsigned i = 0; i < MANY; i++) {
        assert_int_equal(ones[i].request.ok, i != BAD);
        if (i == BAD) {
            assert_int_equal(ones[i].request.err.code, ERR_INVALID);
            assert_non_null(strstr(ones[i].request.err.text, "too long"));
        } else {
            assert_int_equal(ones[i].request.seq, i < BAD ? i + 1 : i);
        }
        arena_done(&ones[i].request.arena);
    }
    backend->ops->close(backend);
}

/* On a new connection: what was to be prepared behind the error was not. */
static void what_an_error_has_kept_from_being_prepared_is_prepared_later(void **state)
{
    struct store_backend *backend = open_backend(*state);
    char key[LONG];
    too_long(key);
    for (unsigned i = 0; i < 4; i++) {
        struct one one;
        one_init(&one, 1, STR("1"));
        if (i % 2 == 0) {
            one.write.key = str_make(key, LONG);
        }
        (void)write_group(backend, &one, 1);
        assert_int_equal(one.request.ok, i % 2 == 1);
        assert_int_equal(one.request.err.code, i % 2 == 1 ? ERR_NONE : ERR_INVALID);
        assert_null(strstr(one.request.err.text, "nothing was written"));
        arena_done(&one.request.arena);
    }
    backend->ops->close(backend);
}

/* More than is let wait, in statements and in bytes; all of it by statements alone that give no
 * rows. */
static void what_is_queued_is_bounded_and_nothing_of_it_is_lost(void **state)
{
    const struct place *place = *state;
    struct store_backend *backend = open_backend(place);
    struct str big = {.ptr = mem_alloc(100000), .len = 100000};
    memset((char *)(uintptr_t)big.ptr, 'x', big.len);
    uint64_t before = trips(backend);
    assert_true(backend->ops->begin(backend, NULL));
    for (unsigned i = 0; i < BULK; i++) {
        char key[16];
        (void)snprintf(key, sizeof(key), "k%u", i);
        const struct store_value params[] = {
            STORE_TEXT(STR("t")),   STORE_TEXT(str_of(key)),
            STORE_TEXT(STR("r")),   STORE_TEXT(STR("o")),
            STORE_TEXT(STR_EMPTY),  STORE_TEXT(i % 50 == 0 ? big : STR("v")),
            STORE_NUMBER(INT64_MAX)};
        assert_true(store_exec_with(backend, SQL_LEASE_PUT, params, COUNT_OF(params), NULL));
    }
    assert_true(store_exec(backend, SQL_COMMIT, NULL));
    assert_in_range(trips(backend) - before, 3, BULK / 20);
    backend->ops->close(backend);
    mem_free((void *)(uintptr_t)big.ptr);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM leases"), BULK);
    assert_int_equal(place_ask(place, "SELECT SUM(LENGTH(value)) FROM leases"),
                     (BULK / 50) * 100000 + (BULK - BULK / 50));
}

static bool put_twice(struct store_backend *backend)
{
    const struct store_value params[] = {
        STORE_NUMBER(1),      STORE_NUMBER(0),      STORE_NUMBER(1), STORE_TEXT(STR("t")),
        STORE_TEXT(STR("r")), STORE_TEXT(STR("k")), STORE_NUMBER(1)};
    bool ok = store_exec_with(backend, SQL_CHANGE_INSERT, params, COUNT_OF(params), NULL);
    return ok && store_exec_with(backend, SQL_CHANGE_INSERT, params, COUNT_OF(params), NULL);
}

static void what_fails_unheard_is_heard_of_before_it_can_be_committed(void **state)
{
    const struct place *place = *state;
    struct store_backend *backend = open_backend(place);
    struct err err = {0};
    for (unsigned i = 0; i < 2; i++) {
        assert_true(backend->ops->begin(backend, NULL));
        assert_true(put_twice(backend));
        assert_true(backend->ops->in_transaction(backend));
        assert_true(i == 0 || !backend->ops->settle(backend, &err));
        assert_true(i == 0 || backend->earlier);
        assert_true(store_exec(backend, SQL_ROLLBACK, NULL));
        assert_false(backend->ops->in_transaction(backend));
    }
    assert_int_equal(err.code, ERR_INTERNAL);
    assert_true(backend->ops->begin(backend, NULL));
    assert_true(put_twice(backend));
    assert_false(store_exec(backend, SQL_COMMIT, NULL));
    assert_true(backend->earlier);
    assert_true(store_exec(backend, SQL_ROLLBACK, NULL));
    backend->ops->close(backend);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM changes"), 0);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_write_waits_for_begin_two_reads_and_commit),
        T(of_a_group_each_waits_for_its_reads_and_for_its_outcome),
        T(an_error_that_comes_late_is_that_of_the_request_that_made_it),
        T(what_an_error_has_kept_from_being_prepared_is_prepared_later),
        T(what_is_queued_is_bounded_and_nothing_of_it_is_lost),
        T(what_fails_unheard_is_heard_of_before_it_can_be_committed),
    };
    return RUN_ON_POSTGRES(tests);
}
