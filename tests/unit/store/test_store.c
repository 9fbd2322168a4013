#include "base/clock.h"
#include "store_helper.h"

#include <string.h>

static void the_first_value_of_a_key_is_version_one(void **state)
{
    struct store *store = open_store(*state);
    uint64_t version = 0;
    assert_int_equal(put(store, STR("demo"), STR("{}"), 0, &version), ERR_NONE);
    assert_int_equal(version, 1);
    assert_int_equal(put(store, STR("demo"), STR("[]"), 1, &version), ERR_NONE);
    assert_int_equal(version, 2);
    store_close(store);
}

static void a_write_that_expects_another_version_is_a_conflict(void **state)
{
    struct store *store = open_store(*state);
    assert_int_equal(put(store, STR("demo"), STR("1"), 3, NULL), ERR_CONFLICT);
    assert_int_equal(put(store, STR("demo"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("demo"), STR("2"), 0, NULL), ERR_CONFLICT);
    assert_int_equal(put(store, STR("demo"), STR("2"), 2, NULL), ERR_CONFLICT);
    assert_int_equal(put(store, STR("demo"), STR("2"), STORE_ANY_VERSION, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("demo"), STR_EMPTY, 1, NULL), ERR_CONFLICT);
    store_close(store);
}

static void versions_go_on_counting_after_a_deletion(void **state)
{
    struct store *store = open_store(*state);
    uint64_t version = 0;
    assert_int_equal(put(store, STR("demo"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("demo"), STR_EMPTY, 1, &version), ERR_NONE);
    assert_int_equal(version, 2);
    assert_int_equal(put(store, STR("demo"), STR_EMPTY, STORE_ANY_VERSION, NULL), ERR_NOT_FOUND);
    assert_int_equal(put(store, STR("demo"), STR("2"), 2, NULL), ERR_CONFLICT);
    assert_int_equal(put(store, STR("demo"), STR("2"), 0, &version), ERR_NONE);
    assert_int_equal(version, 3);
    store_close(store);
}

static void a_commit_is_all_or_nothing(void **state)
{
    struct store *store = open_store(*state);
    assert_int_equal(put(store, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    struct store_request request;
    request_init(&request, STORE_COMMIT);
    const struct store_write writes[] = {
        {.kind = STR("api_spec"), .realm = STR("com.x"), .key = STR("a"), .value = STR("1")},
        {.kind = STR("api_spec"), .realm = STR("com.x"), .key = STR("b"), .value = STR("2")},
    };
    request.writes = writes;
    request.write_count = COUNT_OF(writes);
    store_run(store, &request);
    assert_false(request.ok);
    assert_int_equal(request.err.code, ERR_CONFLICT);
    assert_null(request.records);
    arena_done(&request.arena);

    request_init(&request, STORE_LIST);
    store_run(store, &request);
    assert_true(request.ok);
    assert_int_equal(request.record_count, 1);
    assert_true(str_eq(request.records[0].key, STR("b")));
    assert_true(str_eq(request.records[0].value, STR("1")));
    arena_done(&request.arena);
    store_close(store);
}

static void a_commit_may_write_one_key_twice(void **state)
{
    struct store *store = open_store(*state);
    struct store_request request;
    request_init(&request, STORE_COMMIT);
    const struct store_write writes[] = {
        {.kind = STR("api_spec"), .realm = STR("com.x"), .key = STR("a"), .value = STR("1")},
        {.kind = STR("api_spec"),
         .realm = STR("com.x"),
         .key = STR("a"),
         .value = STR("2"),
         .expect = 1},
    };
    request.writes = writes;
    request.write_count = COUNT_OF(writes);
    store_run(store, &request);
    assert_true(request.ok);
    assert_int_equal(request.records[1].version, 2);
    arena_done(&request.arena);
    store_close(store);
}

static void a_commit_without_writes_changes_nothing(void **state)
{
    struct store *store = open_store(*state);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    struct store_request request;
    request_init(&request, STORE_COMMIT);
    store_run(store, &request);
    assert_true(request.ok);
    assert_int_equal(request.seq, 1);
    assert_int_equal(request.record_count, 0);
    arena_done(&request.arena);
    store_close(store);
}

static void a_list_holds_the_present_records_of_one_realm_in_order(void **state)
{
    struct store *store = open_store(*state);
    assert_int_equal(put(store, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("B"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("gone"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("gone"), STR_EMPTY, 1, NULL), ERR_NONE);

    struct store_request request;
    request_init(&request, STORE_COMMIT);
    const struct store_write others[] = {
        {.kind = STR("api_spec"), .realm = STR("com.y"), .key = STR("c"), .value = STR("1")},
        {.kind = STR("realm"), .realm = STR("com.x"), .key = STR("d"), .value = STR("1")},
    };
    request.writes = others;
    request.write_count = COUNT_OF(others);
    store_run(store, &request);
    assert_true(request.ok);
    arena_done(&request.arena);

    request_init(&request, STORE_LIST);
    store_run(store, &request);
    assert_true(request.ok);
    assert_int_equal(request.record_count, 3);
    assert_true(str_eq(request.records[0].key, STR("B")));
    assert_true(str_eq(request.records[1].key, STR("a")));
    assert_true(str_eq(request.records[2].key, STR("b")));
    arena_done(&request.arena);

    request_init(&request, STORE_LIST);
    request.realm = STR("com.nobody");
    store_run(store, &request);
    assert_true(request.ok);
    assert_int_equal(request.record_count, 0);
    arena_done(&request.arena);
    store_close(store);
}

static void a_record_tells_who_wrote_it_and_when(void **state)
{
    struct store *store = open_store(*state);
    uint64_t before_ms = clock_wall_ms();
    assert_int_equal(put(store, STR("demo"), STR("{\"a\":1}"), 0, NULL), ERR_NONE);
    struct store_request request;
    request_init(&request, STORE_GET);
    request.key = STR("demo");
    store_run(store, &request);
    assert_true(request.ok);
    assert_int_equal(request.record_count, 1);
    const struct store_record *record = &request.records[0];
    assert_true(str_eq(record->kind, STR("api_spec")));
    assert_true(str_eq(record->realm, STR("com.x")));
    assert_true(str_eq(record->key, STR("demo")));
    assert_true(str_eq(record->value, STR("{\"a\":1}")));
    assert_true(str_eq(record->author, STR("ann")));
    assert_int_equal(record->version, 1);
    assert_int_equal(record->seq, 1);
    assert_true(record->time_ms >= before_ms && record->time_ms <= clock_wall_ms());
    assert_false(record->deleted);
    arena_done(&request.arena);
    store_close(store);
}

static enum err_code get(struct store *store, struct str key, uint64_t version, bool *out_deleted)
{
    struct store_request request;
    request_init(&request, STORE_GET);
    request.key = key;
    request.version = version;
    store_run(store, &request);
    if (request.ok) {
        *out_deleted = request.records[0].deleted;
        assert_true(version == 0 || request.records[0].version == version);
    }
    enum err_code code = request.ok ? ERR_NONE : request.err.code;
    arena_done(&request.arena);
    return code;
}

static void old_versions_can_be_read_and_absent_ones_cannot(void **state)
{
    struct store *store = open_store(*state);
    bool deleted = false;
    assert_int_equal(get(store, STR("demo"), 0, &deleted), ERR_NOT_FOUND);
    assert_int_equal(put(store, STR("demo"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("demo"), STR_EMPTY, 1, NULL), ERR_NONE);
    assert_int_equal(get(store, STR("demo"), 0, &deleted), ERR_NOT_FOUND);
    assert_int_equal(get(store, STR("demo"), 1, &deleted), ERR_NONE);
    assert_false(deleted);
    assert_int_equal(get(store, STR("demo"), 2, &deleted), ERR_NONE);
    assert_true(deleted);
    assert_int_equal(get(store, STR("demo"), 3, &deleted), ERR_NOT_FOUND);
    store_close(store);
}

static void the_history_keeps_a_hundred_versions_newest_first(void **state)
{
    struct store *store = open_store(*state);
    for (unsigned i = 0; i < 105; i++) {
        assert_int_equal(put(store, STR("demo"), STR("1"), i, NULL), ERR_NONE);
    }
    struct store_request request;
    request_init(&request, STORE_HISTORY);
    request.key = STR("demo");
    store_run(store, &request);
    assert_true(request.ok);
    assert_int_equal(request.record_count, 100);
    for (size_t i = 0; i < 100; i++) {
        assert_int_equal(request.records[i].version, 105 - i);
    }
    arena_done(&request.arena);
    request_init(&request, STORE_HISTORY);
    request.key = STR("nothing");
    store_run(store, &request);
    assert_int_equal(request.err.code, ERR_NOT_FOUND);
    arena_done(&request.arena);
    store_close(store);
}

static void an_answer_that_does_not_fit_its_arena_is_refused(void **state)
{
    struct store *store = open_store(*state);
    char big[5000];
    memset(big, 'x', sizeof(big));
    assert_int_equal(put(store, STR("big"), str_make(big, sizeof(big)), 0, NULL), ERR_NONE);
    struct store_request request;
    request_init(&request, STORE_LIST);
    request.arena.max = 4096;
    store_run(store, &request);
    assert_false(request.ok);
    assert_int_equal(request.err.code, ERR_LIMIT);
    arena_done(&request.arena);
    store_close(store);
}

static void hostile_text_is_data(void **state)
{
    struct store *store = open_store(*state);
    struct str key = STR("'; DROP TABLE records; -- \" \\ % _ $1 \xc3\xa9");
    assert_int_equal(put(store, key, STR("'\"\n"), 0, NULL), ERR_NONE);
    struct store_request request;
    request_init(&request, STORE_GET);
    request.key = key;
    store_run(store, &request);
    assert_true(request.ok);
    assert_true(str_eq(request.records[0].key, key));
    assert_true(str_eq(request.records[0].value, STR("'\"\n")));
    arena_done(&request.arena);

    char longest[4097];
    memset(longest, 'k', sizeof(longest));
    assert_int_equal(put(store, str_make(longest, 4096), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, str_make(longest, 4097), STR("1"), 0, NULL), ERR_INVALID);
    assert_int_equal(put(store, STR("a\0b"), STR("1"), 0, NULL), ERR_INVALID);
    assert_int_equal(put(store, STR("a"), STR("1\0"), 0, NULL), ERR_INVALID);
    store_close(store);
}

struct seen {
    uint64_t seq;
    size_t calls;
    size_t records;
};

static void on_change(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct seen *seen = ctx;
    assert_int_equal(seq, seen->seq + 1);
    seen->seq = seq;
    seen->calls++;
    seen->records += count;
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(records[i].seq, seq);
    }
}

static void watchers_see_what_was_committed_and_nothing_else(void **state)
{
    struct store *store = open_store(*state);
    struct seen seen = {0};
    store_watch(store, on_change, &seen);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_CONFLICT);
    assert_int_equal(put(store, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("a"), STR_EMPTY, 1, NULL), ERR_NONE);
    assert_int_equal(seen.calls, 3);
    assert_int_equal(seen.records, 3);
    store_close(store);
}

static void on_load(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct seen *seen = ctx;
    *seen = (struct seen){seq, seen->calls + 1, count};
    for (size_t i = 0; i < count; i++) {
        assert_false(records[i].deleted);
        assert_true(i == 0 || str_cmp(records[i - 1].key, records[i].key) < 0);
    }
}

static void a_load_is_one_transaction_with_all_present_records(void **state)
{
    struct store *store = open_store(*state);
    struct seen seen = {0};
    assert_true(store_load(store, on_load, &seen, NULL));
    assert_int_equal(seen.calls, 1);
    assert_int_equal(seen.records, 0);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("a"), STR_EMPTY, 1, NULL), ERR_NONE);
    store_close(store);
    store = open_store(*state);
    assert_true(store_load(store, on_load, &seen, NULL));
    assert_int_equal(seen.calls, 2);
    assert_int_equal(seen.records, 1);
    assert_int_equal(seen.seq, 3);
    store_close(store);
}

static void count_finish(struct store_request *request)
{
    assert_true(request->ok);
    request->version++;
}

static void a_request_that_runs_at_once_finishes_at_once(void **state)
{
    struct store *store = open_store(*state);
    struct store_request request;
    request_init(&request, STORE_LIST);
    request.finish = count_finish;
    store_run(store, &request);
    assert_int_equal(request.version, 1);
    arena_done(&request.arena);
    store_close(store);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(the_first_value_of_a_key_is_version_one),
        T(a_write_that_expects_another_version_is_a_conflict),
        T(versions_go_on_counting_after_a_deletion),
        T(a_commit_is_all_or_nothing),
        T(a_commit_may_write_one_key_twice),
        T(a_commit_without_writes_changes_nothing),
        T(a_list_holds_the_present_records_of_one_realm_in_order),
        T(a_record_tells_who_wrote_it_and_when),
        T(old_versions_can_be_read_and_absent_ones_cannot),
        T(the_history_keeps_a_hundred_versions_newest_first),
        T(an_answer_that_does_not_fit_its_arena_is_refused),
        T(hostile_text_is_data),
        T(watchers_see_what_was_committed_and_nothing_else),
        T(a_load_is_one_transaction_with_all_present_records),
        T(a_request_that_runs_at_once_finishes_at_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
