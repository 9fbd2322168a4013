#include "base/clock.h"
#include "store/store_inside.h"
#include "store_helper.h"

#include <sys/stat.h>

/* What tokens and codes leave behind: most are over when the sweep comes, some live on. */
enum { ROUNDS = 100, ISSUED = 1000, LIVING = 5, BATCHES_MAX = 4, WARM = 20 };
enum { FAR_MS = 24 * 3600 * 1000 };

struct issue {
    struct store_request request;
    unsigned round;
};

static bool issue(struct store_view *view, struct store_request *request)
{
    const struct issue *issue = CONTAINER_OF(request, struct issue, request);
    uint64_t now_ms = clock_wall_ms();
    for (unsigned i = 0; i < ISSUED; i++) {
        char key[32];
        (void)snprintf(key, sizeof(key), "%u.%u", issue->round, i);
        const struct store_lease lease = {.kind = STR("refresh"),
                                          .key = str_of(key),
                                          .realm = STR("com.x"),
                                          .owner = STR("ann"),
                                          .family = str_of(key),
                                          .value = STR("{\"client\":\"app\",\"scope\":\"staff\"}"),
                                          .expires_ms =
                                              i < LIVING ? now_ms + FAR_MS : now_ms - 1 - i % 3};
        if (!store_view_lease_put(view, &lease)) {
            return false;
        }
    }
    return true;
}

static void issue_round(struct store_backend *backend, unsigned round)
{
    struct issue one = {.round = round};
    request_init(&one.request, STORE_WORK);
    one.request.work = issue;
    assert_true(backend->ops->begin(backend, NULL));
    assert_true(store_request_work(backend, &one.request));
    assert_true(store_exec(backend, SQL_COMMIT, NULL));
    arena_done(&one.request.arena);
}

static bool read_number(void *ctx, const struct store_value *columns, struct err *err)
{
    (void)err;
    *(int64_t *)ctx = columns[0].number;
    return true;
}

static int64_t rows(struct store_backend *backend)
{
    int64_t count = -1;
    const struct store_query query = {
        .sql = "SELECT COUNT(*) FROM leases", .row = read_number, .ctx = &count};
    assert_true(backend->ops->query(backend, &query, NULL));
    return count;
}

/* As the store does it while there are more. */
static unsigned sweep_all(struct store_backend *backend)
{
    unsigned batches = 0;
    for (bool more = true; more; batches++) {
        assert_true(backend->ops->begin(backend, NULL));
        assert_true(store_lease_sweep(backend, &more, NULL));
        assert_true(store_exec(backend, SQL_COMMIT, NULL));
    }
    return batches;
}

static int64_t size_of(const struct place *place)
{
    struct stat status;
    assert_int_equal(stat(place->file, &status), 0);
    return status.st_size;
}

static void a_hundred_thousand_rows_that_end_leave_no_more_than_live(void **state)
{
    const struct place *place = *state;
    struct err err = {0};
    bool postgres = on_postgres(place);
    struct store_backend *backend = postgres ? store_postgres_open(str_of(place->url), &err)
                                             : store_sqlite_open(str_of(place->file), &err);
    assert_non_null(backend);
    assert_true(store_migrate(backend, &err));
    int64_t warm = 0;
    for (unsigned round = 1; round <= ROUNDS; round++) {
        issue_round(backend, round);
        assert_true(sweep_all(backend) <= BATCHES_MAX);
        assert_int_equal(rows(backend), round * LIVING);
        warm = round == WARM && !postgres ? size_of(place) : warm;
    }
    assert_true(warm > 0 || postgres);
    /* What went makes room for what comes. PostgreSQL does that when it likes. */
    assert_true(postgres || size_of(place) <= warm + warm / 2);
    backend->ops->close(backend);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_hundred_thousand_rows_that_end_leave_no_more_than_live),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
