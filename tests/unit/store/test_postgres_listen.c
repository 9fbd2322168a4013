/* test_postgres_listen.c - nodes with one PostgreSQL that tell each other of what they write. */
#include "base/clock.h"
#include "store/store_backend.h"
#include "store/store_sql.h"
#include "store_helper.h"

#include <poll.h>
#include <stdatomic.h>
#include <string.h>

enum { PATIENCE_MS = 20 * 1000, ROUNDS = 20, POLL_MS = 1000 };

static void on_heard(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    (void)records;
    (void)count;
    atomic_store((atomic_ullong *)ctx, seq);
}

static bool heard(atomic_ullong *last, uint64_t seq)
{
    uint64_t end_ms = clock_mono_ms() + PATIENCE_MS;
    while (atomic_load(last) < seq && clock_mono_ms() < end_ms) {
        (void)usleep(1000);
    }
    return atomic_load(last) >= seq;
}

/* Each is waited for before the next is written, so each would wait for a poll of its own. */
static void what_others_write_is_heard_of_without_asking(void **state)
{
    struct store *ours = open_store(*state);
    struct store *theirs = open_other(*state);
    atomic_ullong last = 0;
    store_watch(ours, on_heard, &last);
    assert_true(store_start(ours, NULL));
    uint64_t began_ms = clock_mono_ms();
    for (uint64_t i = 1; i <= ROUNDS; i++) {
        assert_int_equal(put(theirs, STR("a"), STR("1"), i - 1, NULL), ERR_NONE);
        assert_true(heard(&last, i));
    }
    assert_true(clock_mono_ms() - began_ms < (uint64_t)ROUNDS / 2 * POLL_MS);
    store_close(theirs);
    store_close(ours);
}

static void one_that_does_not_listen_asks_all_the_same(void **state)
{
    struct store *ours = open_store(*state);
    struct store *theirs = open_other(*state);
    atomic_ullong last = 0;
    store_listen(ours, false);
    store_watch(ours, on_heard, &last);
    assert_true(store_start(ours, NULL));
    for (uint64_t i = 1; i <= 2; i++) {
        assert_int_equal(put(theirs, STR("a"), STR("1"), i - 1, NULL), ERR_NONE);
        assert_true(heard(&last, i));
    }
    store_close(theirs);
    store_close(ours);
}

/* A backend by itself, in a store's schema. */
static struct store_backend *open_backend(const struct place *place)
{
    struct err err = {0};
    struct store_backend *backend = store_postgres_open(str_of(place->url), &err);
    if (backend == NULL) {
        fail_msg("%s", err.text);
    }
    return backend;
}

static void do_sql(struct store_backend *backend, enum store_sql statement)
{
    const struct store_value param = STORE_NUMBER(1);
    const struct store_query query = {.sql = store_sql(statement),
                                      .params = &param,
                                      .param_count = statement == SQL_HEAD_ADVANCE};
    assert_true(backend->ops->query(backend, &query, NULL));
}

static bool noticed_soon(struct store_backend *backend, int wait_ms)
{
    struct pollfd ready = {.fd = backend->ops->fd(backend), .events = POLLIN};
    (void)poll(&ready, 1, wait_ms);
    return backend->ops->noticed(backend);
}

static void commit_with(struct store_backend *backend, bool advance, bool notify)
{
    assert_true(backend->ops->begin(backend, NULL));
    if (advance) {
        do_sql(backend, SQL_HEAD_ADVANCE);
    }
    backend->notify = backend->notify || notify;
    do_sql(backend, SQL_COMMIT);
}

static void only_commits_that_matter_to_others_are_told_and_nobody_tells_himself(void **state)
{
    store_close(open_store(*state));
    struct store_backend *ours = open_backend(*state);
    struct store_backend *theirs = open_backend(*state);
    assert_true(ours->ops->noticed(ours)); /* what was written before is news on any connection */
    assert_true(theirs->ops->noticed(theirs));
    commit_with(theirs, true, false);
    assert_true(noticed_soon(ours, PATIENCE_MS));
    assert_false(ours->ops->noticed(ours));
    commit_with(theirs, false, true);
    assert_true(noticed_soon(ours, PATIENCE_MS));
    commit_with(theirs, false, false);
    assert_false(noticed_soon(ours, 50));
    assert_true(theirs->ops->begin(theirs, NULL));
    do_sql(theirs, SQL_HEAD_ADVANCE);
    do_sql(theirs, SQL_ROLLBACK);
    assert_false(noticed_soon(ours, 50));
    assert_false(noticed_soon(theirs, 50));
    commit_with(theirs, false, false); /* nothing is left of the one before */
    assert_false(noticed_soon(ours, 50));
    ours->ops->close(ours);
    theirs->ops->close(theirs);
}

static void what_comes_during_a_transaction_is_remembered(void **state)
{
    const struct place *place = *state;
    char sql[128];
    store_close(open_store(place));
    struct store_backend *ours = open_backend(place);
    assert_true(ours->ops->noticed(ours));
    (void)snprintf(sql, sizeof(sql), "SELECT pg_notify('postern_' || to_hex(hashtext('%s')), '')",
                   place->schema);
    assert_true(ours->ops->begin(ours, NULL));
    postgres_do(sql);
    do_sql(ours, SQL_HEAD_ADVANCE);
    do_sql(ours, SQL_COMMIT);
    assert_true(ours->ops->noticed(ours) || noticed_soon(ours, PATIENCE_MS));
    assert_false(noticed_soon(ours, 50));
    ours->ops->close(ours);
}

static void schemas_do_not_disturb_each_other(void **state)
{
    struct place *other = NULL;
    assert_int_equal(place_setup((void **)&other), 0);
    store_close(open_store(*state));
    store_close(open_store(other));
    struct store_backend *ours = open_backend(*state);
    struct store_backend *theirs = open_backend(other);
    assert_true(ours->ops->noticed(ours));
    commit_with(theirs, true, false);
    assert_false(noticed_soon(ours, 50));
    ours->ops->close(ours);
    theirs->ops->close(theirs);
    assert_int_equal(place_teardown((void **)&other), 0);
}

static void kill_all_of(const struct place *place)
{
    char sql[192];
    (void)snprintf(sql, sizeof(sql),
                   "SELECT COUNT(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                   " WHERE application_name = '%s'",
                   place->schema);
    postgres_do(sql);
}

static void a_lost_connection_is_noticed_once_and_made_anew_by_who_looks(void **state)
{
    struct place place = *(struct place *)*state;
    size_t len = strlen(place.url);
    (void)snprintf(place.url + len, sizeof(place.url) - len, "&application_name=%s", place.schema);
    store_close(open_store(&place));
    struct store_backend *ours = open_backend(&place);
    uint64_t connection = ours->connection;
    assert_true(ours->ops->noticed(ours));
    kill_all_of(&place);
    unsigned looks = 0;
    while (ours->ops->fd(ours) >= 0) {
        (void)noticed_soon(ours, PATIENCE_MS);
        assert_true(++looks < 10); /* the farewell, then the end */
    }
    assert_false(ours->ops->noticed(ours)); /* nothing to wait for, and nothing that spins */
    commit_with(ours, true, false);
    assert_true(ours->connection > connection);
    assert_true(ours->ops->fd(ours) >= 0);
    assert_true(ours->ops->noticed(ours)); /* what was missed meanwhile */
    assert_false(ours->ops->noticed(ours));
    ours->ops->close(ours);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(what_others_write_is_heard_of_without_asking),
        T(one_that_does_not_listen_asks_all_the_same),
        T(only_commits_that_matter_to_others_are_told_and_nobody_tells_himself),
        T(what_comes_during_a_transaction_is_remembered),
        T(schemas_do_not_disturb_each_other),
        T(a_lost_connection_is_noticed_once_and_made_anew_by_who_looks),
    };
    return RUN_ON_POSTGRES(tests);
}
