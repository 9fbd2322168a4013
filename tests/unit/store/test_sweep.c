/* test_sweep.c - revocations go by themselves when they are over, with their past; nothing else
 * does. */
#include "store_helper.h"

enum { MANY = 1200 };

static void write_one(struct store *store, struct str kind, const char *key, bool remove)
{
    struct store_write write = {.kind = kind,
                                .realm = STR("com.x"),
                                .key = str_of(key),
                                .value = remove ? STR_EMPTY : STR("{}"),
                                .remove = remove,
                                .expect = STORE_ANY_VERSION};
    struct store_request request;
    request_init(&request, STORE_COMMIT);
    request.writes = &write;
    request.write_count = 1;
    store_run(store, &request);
    assert_true(request.ok);
    arena_done(&request.arena);
}

/* Each life of the store's thread sweeps once at least. */
static void live(const struct place *place)
{
    struct err err = {0};
    struct store *store = open_store(place);
    assert_true(store_start(store, &err));
    store_close(store);
}

static void what_is_over_goes_with_its_past_and_what_is_not_stays(void **state)
{
    const struct place *place = *state;
    struct store *store = open_store(place);
    write_one(store, STR("revocation"), "old", false);
    write_one(store, STR("revocation"), "old", false);
    write_one(store, STR("revocation"), "renewed", false);
    write_one(store, STR("revocation"), "gone", false);
    write_one(store, STR("revocation"), "gone", true);
    write_one(store, STR("ticket"), "old", false);
    store_close(store);
    (void)place_ask(place, "UPDATE versions SET time_ms = 1");
    store = open_store(place);
    write_one(store, STR("revocation"), "renewed", false);
    write_one(store, STR("revocation"), "new", false);
    store_close(store);
    live(place);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM records WHERE kind = 'revocation'"
                                      " AND key IN ('renewed', 'new')"),
                     2);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM records WHERE kind = 'revocation'"), 2);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM versions WHERE kind = 'revocation'"),
                     2);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM versions WHERE kind = 'ticket'"), 1);
}

static void many_go_a_batch_at_a_time(void **state)
{
    const struct place *place = *state;
    store_close(open_store(place));
    (void)place_ask(
        place, "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1200)"
               " INSERT INTO versions SELECT 'revocation', 'r', i, 1, 1, i, '', '', 0, '{}' FROM n;"
               "INSERT INTO records SELECT kind, realm, key, version, 0 FROM versions");
    live(place);
    int64_t left = place_ask(place, "SELECT COUNT(*) FROM records");
    assert_true(left < MANY);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM versions"), left);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM versions WHERE time_ms <= 500"), 0);
    live(place);
    live(place);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM versions"), 0);
}

int main(void)
{
#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)
    const struct CMUnitTest tests[] = {
        T(what_is_over_goes_with_its_past_and_what_is_not_stays),
        T(many_go_a_batch_at_a_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
