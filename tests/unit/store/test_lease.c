/* test_lease.c - rows that end by themselves. */
#include "base/clock.h"
#include "store_helper.h"

enum { ARENA_MAX = 1 << 20, FAR_MS = 3600 * 1000 };

/* One WORK request after another on a store that has not been started. */
struct bench {
    struct store_request request;
    bool (*step)(struct store_view *view);
};

static bool run_step(struct store_view *view, struct store_request *request)
{
    return CONTAINER_OF(request, struct bench, request)->step(view);
}

static bool run(struct store *store, bool (*step)(struct store_view *view))
{
    struct bench bench = {.request = {.op = STORE_WORK, .work = run_step}, .step = step};
    arena_init(&bench.request.arena, ARENA_MAX);
    store_run(store, &bench.request);
    bool ok = bench.request.ok;
    arena_done(&bench.request.arena);
    return ok;
}

static struct store_lease lease(const char *key, const char *owner, const char *family)
{
    return (struct store_lease){.kind = STR("refresh"),
                                .key = str_of(key),
                                .realm = STR("com.a"),
                                .owner = str_of(owner),
                                .family = str_of(family),
                                .value = STR("{}"),
                                .expires_ms = clock_wall_ms() + FAR_MS};
}

static bool put_four(struct store_view *view)
{
    struct store_lease rows[] = {lease("1", "ada", "f"), lease("2", "ada", "g"),
                                 lease("3", "bob", "f"), lease("4", "bob", "h")};
    rows[1].expires_ms -= 1000;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!store_view_lease_put(view, &rows[i])) {
            return false;
        }
    }
    return true;
}

static bool there(struct store_view *view, const char *key)
{
    return store_view_lease(view, STR("refresh"), str_of(key)) != NULL;
}

static bool finds_all_of_an_owner(struct store_view *view)
{
    const struct store_lease *leases = NULL;
    assert_int_equal(store_view_leases(view, STR("refresh"), STR("com.a"), STR("ada"), &leases), 2);
    assert_true(str_eq(leases[0].key, STR("2")));
    assert_true(str_eq(leases[1].key, STR("1")));
    assert_true(str_eq(leases[1].family, STR("f")));
    assert_int_equal(store_view_leases(view, STR("code"), STR("com.a"), STR("ada"), &leases), 0);
    return true;
}

static bool drops_a_family(struct store_view *view)
{
    assert_true(store_view_lease_drop_family(view, STR("com.b"), STR("f")));
    assert_true(there(view, "1"));
    assert_true(store_view_lease_drop_family(view, STR("com.a"), STR("f")));
    assert_false(there(view, "1") || there(view, "3"));
    assert_true(there(view, "2") && there(view, "4"));
    return true;
}

static bool drops_an_owner(struct store_view *view)
{
    assert_true(store_view_lease_drop_owner(view, STR("com.a"), STR("ada")));
    assert_false(there(view, "2"));
    assert_true(there(view, "4"));
    assert_true(store_view_lease_drop_owner(view, STR("com.a"), STR_EMPTY));
    assert_false(there(view, "4"));
    return true;
}

static void rows_are_found_by_key_owner_and_family(void **state)
{
    struct store *store = open_store(*state);
    assert_true(run(store, put_four));
    assert_true(run(store, finds_all_of_an_owner));
    assert_true(run(store, drops_a_family));
    assert_true(run(store, drops_an_owner));
    store_close(store);
}

static bool put_and_fail(struct store_view *view)
{
    return put_four(view) && !there(view, "1");
}

static bool finds_none(struct store_view *view)
{
    return !there(view, "1") && !there(view, "2");
}

static void work_that_fails_leaves_no_row(void **state)
{
    struct store *store = open_store(*state);
    assert_false(run(store, put_and_fail));
    assert_true(run(store, finds_none));
    store_close(store);
}

static bool put_past(struct store_view *view)
{
    struct store_lease row = lease("1", "ada", "f");
    row.expires_ms = clock_wall_ms() - 1;
    return store_view_lease_put(view, &row) && !there(view, "1");
}

static void a_row_past_its_end_is_not_found(void **state)
{
    struct store *store = open_store(*state);
    assert_true(run(store, put_past));
    store_close(store);
}

static bool put_long_key(struct store_view *view)
{
    static char key[8192];
    for (size_t i = 0; i + 1 < sizeof(key); i++) {
        key[i] = 'x';
    }
    struct store_lease row = lease(key, "ada", "f");
    return store_view_lease_put(view, &row);
}

static void a_key_that_is_too_long_fails_the_work(void **state)
{
    struct store *store = open_store(*state);
    assert_false(run(store, put_long_key));
    store_close(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(rows_are_found_by_key_owner_and_family, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(work_that_fails_leaves_no_row, place_setup, place_teardown),
        cmocka_unit_test_setup_teardown(a_row_past_its_end_is_not_found, place_setup,
                                        place_teardown),
        cmocka_unit_test_setup_teardown(a_key_that_is_too_long_fails_the_work, place_setup,
                                        place_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
