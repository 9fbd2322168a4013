#include "base/clock.h"
#include "crypto/hash.h"
#include "store_helper.h"

/* A commit of up to four writes with its row. */
static bool commit(struct store *store,
                   const struct store_write *writes,
                   size_t count,
                   const struct store_audit *row)
{
    struct store_audit audit = *row;
    struct store_request request = {.op = STORE_COMMIT, .author = STR("ann")};
    arena_init(&request.arena, 1 << 20);
    request.writes = writes;
    request.write_count = count;
    request.audit = &audit;
    request.audit_count = 1;
    store_run(store, &request);
    arena_done(&request.arena);
    return request.ok;
}

static struct store_write write_of(const char *key, const char *value, uint64_t expect)
{
    return (struct store_write){.kind = STR("group"),
                                .realm = STR("com.x"),
                                .key = str_of(key),
                                .value = str_of(value),
                                .remove = *value == '\0',
                                .expect = expect};
}

/* What is found, kept until list_done. */
struct list {
    struct store_request request;
    struct store_audit_query query;
    const struct store_audit_row *rows;
    size_t count;
    uint64_t next;
};

static bool read_rows(struct store_view *view, struct store_request *request)
{
    struct list *list = CONTAINER_OF(request, struct list, request);
    list->count = store_view_audit(view, &list->query, &list->rows, &list->next);
    return true;
}

static void list_run(struct store *store, struct list *list)
{
    list->request = (struct store_request){.op = STORE_WORK, .work = read_rows};
    arena_init(&list->request.arena, 16 << 20);
    store_run(store, &list->request);
    assert_true(list->request.ok);
}

static void list_done(struct list *list)
{
    arena_done(&list->request.arena);
}

static size_t count_of(struct store *store, const struct store_audit_query *query)
{
    struct list list = {.query = *query};
    list_run(store, &list);
    list_done(&list);
    return list.count;
}

static struct str not_found(enum err_code code)
{
    return code == ERR_NOT_FOUND ? STR("x.error.not_found") : STR("x.error.conflict");
}

static const struct store_audit full_row = {
    .realm = STR_INIT("com.x"),
    .actor = STR_INIT("ann"),
    .actor_realm = STR_INIT("com.master"),
    .authmethod = STR_INIT("password"),
    .address = STR_INIT("192.0.2.1"),
    .request_id = STR_INIT("r1"),
    .action = STR_INIT("bondy.group.add"),
    .target = STR_INIT("staff"),
    .error_of = not_found,
};

static void a_commit_has_its_row(void **state)
{
    struct store *store = open_store(*state);
    const struct store_write write = write_of("staff", "{}", 0);
    uint64_t from_ms = clock_wall_ms();
    assert_true(commit(store, &write, 1, &full_row));
    store_close(store);

    store = open_store(*state);
    struct list list = {.query = {.limit = 10}};
    list_run(store, &list);
    assert_int_equal(list.count, 1);
    assert_int_equal(list.next, 0);
    const struct store_audit_row *row = list.rows;
    assert_int_equal(row->id, 1);
    assert_in_range(row->what.time_ms, from_ms, clock_wall_ms());
    assert_int_equal(row->what.times, 1);
    assert_true(str_eq(row->what.realm, STR("com.x")));
    assert_true(str_eq(row->what.actor, STR("ann")));
    assert_true(str_eq(row->what.actor_realm, STR("com.master")));
    assert_true(str_eq(row->what.authmethod, STR("password")));
    assert_true(str_eq(row->what.address, STR("192.0.2.1")));
    assert_true(str_eq(row->what.request_id, STR("r1")));
    assert_true(str_eq(row->what.action, STR("bondy.group.add")));
    assert_true(str_eq(row->what.target, STR("staff")));
    assert_true(str_eq(row->what.outcome, STR("ok")));
    assert_int_equal(row->what.error.len, 0);
    assert_int_equal(row->before.len, 0);
    assert_int_equal(row->after.len, STORE_AUDIT_DIGEST_MAX);
    list_done(&list);
    store_close(store);
}

static void assert_digest(struct str hex, struct str text)
{
    static const char digits[] = "0123456789abcdef";
    const struct hash_sha256 digest = hash_sha256(text);
    assert_int_equal(hex.len, 2 * HASH_SHA256_SIZE);
    for (size_t i = 0; i < HASH_SHA256_SIZE; i++) {
        assert_int_equal(hex.ptr[2 * i], digits[digest.bytes[i] >> 4]);
        assert_int_equal(hex.ptr[2 * i + 1], digits[digest.bytes[i] & 15]);
    }
}

static void digests_are_of_what_was_and_of_what_is(void **state)
{
    struct store *store = open_store(*state);
    const struct store_write first[] = {write_of("a", "1", 0), write_of("b", "2", 0)};
    const struct store_write second[] = {write_of("a", "3", 1), write_of("b", "", 1),
                                         write_of("c", "4", 0)};
    const struct store_write third[] = {write_of("a", "", 2)};
    assert_true(commit(store, first, 2, &full_row));
    assert_true(commit(store, second, 3, &full_row));
    assert_true(commit(store, third, 1, &full_row));
    struct list list = {0};
    list_run(store, &list);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.rows[2].before.len, 0);
    assert_digest(list.rows[2].after, STR("group\0com.x\0a\0001\0group\0com.x\0b\0002\0"));
    assert_digest(list.rows[1].before, STR("group\0com.x\0a\0001\0group\0com.x\0b\0002\0"));
    assert_digest(list.rows[1].after, STR("group\0com.x\0a\0003\0group\0com.x\0c\0004\0"));
    assert_digest(list.rows[0].before, STR("group\0com.x\0a\0003\0"));
    assert_int_equal(list.rows[0].after.len, 0);
    list_done(&list);
    store_close(store);
}

static bool refuse_by_name(struct store_view *view, struct store_request *request)
{
    const struct store_write write = write_of("z", "1", 0);
    request->audit->error = STR("x.error.own");
    request->audit->detail = STR("because");
    (void)store_view_put(view, &write);
    return false;
}

static void what_is_refused_has_a_row_and_no_effect(void **state)
{
    struct store *store = open_store(*state);
    const struct store_write conflict = write_of("a", "1", 7);
    const struct store_write missing = write_of("a", "", STORE_ANY_VERSION);
    assert_false(commit(store, &conflict, 1, &full_row));
    assert_false(commit(store, &missing, 1, &full_row));
    struct store_audit audit = full_row;
    struct store_request request = {
        .op = STORE_WORK, .work = refuse_by_name, .audit = &audit, .audit_count = 1};
    arena_init(&request.arena, 1 << 20);
    store_run(store, &request);
    assert_false(request.ok);
    arena_done(&request.arena);

    struct list list = {0};
    list_run(store, &list);
    assert_int_equal(list.count, 3);
    static const char *const errors[] = {"x.error.own", "x.error.not_found", "x.error.conflict"};
    for (size_t i = 0; i < 3; i++) {
        assert_true(str_eq(list.rows[i].what.outcome, STR("refused")));
        assert_true(str_eq(list.rows[i].what.error, str_of(errors[i])));
        assert_true(list.rows[i].what.detail.len > 0);
        assert_int_equal(list.rows[i].before.len + list.rows[i].after.len, 0);
    }
    assert_true(str_eq(list.rows[0].what.detail, STR("because")));
    list_done(&list);
    assert_int_equal(count_of(store, &(struct store_audit_query){.outcome = STR("refused")}), 3);
    struct store_request get;
    request_init(&get, STORE_LIST);
    get.kind = STR("group");
    store_run(store, &get);
    assert_int_equal(get.record_count, 0);
    arena_done(&get.arena);
    store_close(store);
}

static void texts_are_made_fit_for_a_row(void **state)
{
    struct store *store = open_store(*state);
    char long_text[2 * STORE_AUDIT_TEXT_MAX];
    for (size_t i = 0; i < sizeof(long_text); i += 2) {
        long_text[i] = '\xc3';
        long_text[i + 1] = '\xa9';
    }
    struct store_audit row = full_row;
    row.actor = STR("a\0b\nc\x7f\xff\xc3\xa9\xc3");
    row.target = str_make(long_text + 1, sizeof(long_text) - 1);
    row.detail = STR("'); DROP TABLE audit; --");
    assert_true(commit(store, NULL, 0, &row));
    struct list list = {0};
    list_run(store, &list);
    assert_int_equal(list.count, 1);
    assert_true(str_eq(list.rows[0].what.actor, STR("a?b?c??\xc3\xa9?")));
    assert_int_equal(list.rows[0].what.target.len, STORE_AUDIT_TEXT_MAX - 1);
    assert_true(str_starts(list.rows[0].what.target, STR("?\xc3\xa9")));
    assert_true(str_eq(list.rows[0].what.detail, row.detail));
    list_done(&list);
    store_close(store);
}

static void note(struct store *store, const char *actor, const char *action, const char *outcome)
{
    struct store_audit row = {
        .actor = str_of(actor), .action = str_of(action), .outcome = str_of(outcome)};
    assert_true(commit(store, NULL, 0, &row));
}

static void filters_choose_rows(void **state)
{
    struct store *store = open_store(*state);
    note(store, "ann", "bondy.user.add", "ok");
    note(store, "bob", "bondy.user.add", "refused");
    note(store, "ann", "bondy.user.delete", "ok");
    note(store, "ann", "bondy.users", "ok");
    note(store, "", "login.failed", "failed");
    struct store_audit timed = {.action = STR("x"), .realm = STR("com.y"), .time_ms = 1000};
    assert_true(commit(store, NULL, 0, &timed));
    const struct {
        struct store_audit_query query;
        size_t count;
    } cases[] = {
        {{0}, 6},
        {{.actor = STR("ann")}, 3},
        {{.actor = STR("ANN")}, 0},
        {{.action = STR("bondy.user.add")}, 2},
        {{.action = STR("bondy.user.")}, 3},
        {{.action = STR("bondy.user")}, 0},
        {{.action = STR("%")}, 0},
        {{.action = STR("bondy.user.add"), .actor = STR("bob")}, 1},
        {{.outcome = STR("failed")}, 1},
        {{.realm = STR("com.y")}, 1},
        {{.until_ms = 1000}, 1},
        {{.until_ms = 999}, 0},
        {{.since_ms = 1001}, 5},
        {{.since_ms = UINT64_MAX}, 0},
        {{.actor = STR("ann\0")}, 0},
        {{.actor = STR("' OR '1'='1")}, 0},
        {{.before = 2}, 1},
        {{.before = 1}, 0},
        {{.limit = 4}, 4},
    };
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        if (count_of(store, &cases[i].query) != cases[i].count) {
            fail_msg("case %zu", i);
        }
    }
    store_close(store);
}

/* More rows are written while somebody pages through them. */
static void pages_are_stable_while_rows_are_written(void **state)
{
    struct store *store = open_store(*state);
    uint64_t expected = 25;
    for (unsigned i = 0; i < expected; i++) {
        note(store, "ann", "old", "ok");
    }
    struct list list = {.query = {.limit = 7}};
    do {
        list_run(store, &list);
        for (size_t i = 0; i < list.count; i++) {
            assert_int_equal(list.rows[i].id, expected--);
        }
        note(store, "bob", "new", "ok");
        list.query.before = list.next;
        list_done(&list);
    } while (list.next != 0);
    assert_int_equal(expected, 0);
    store_close(store);
}

static void the_oldest_rows_go_first(void **state)
{
    struct store *store = open_store(*state);
    store_keep_audit(store, &(struct store_audit_bounds){.rows = 50});
    for (unsigned i = 0; i < 200; i++) {
        note(store, "ann", "x", "ok");
    }
    struct list list = {.query = {.limit = 1000}};
    list_run(store, &list);
    assert_int_equal(list.count, 50);
    assert_int_equal(list.rows[0].id, 200);
    assert_int_equal(list.rows[49].id, 151);
    list_done(&list);
    store_close(store);
}

static void failures_push_out_failures_alone(void **state)
{
    struct store *store = open_store(*state);
    store_keep_audit(store, &(struct store_audit_bounds){.rows = 100});
    for (unsigned i = 0; i < 60; i++) {
        note(store, "ann", "x", "ok");
    }
    for (unsigned i = 0; i < 500; i++) {
        note(store, "eve", "login.failed", i % 2 == 0 ? "failed" : "refused");
    }
    assert_int_equal(
        count_of(store, &(struct store_audit_query){.actor = STR("ann"), .limit = 1000}), 50);
    assert_int_equal(
        count_of(store, &(struct store_audit_query){.actor = STR("eve"), .limit = 1000}), 50);
    store_close(store);
}

static void rows_that_are_too_old_go_with_the_next_write(void **state)
{
    struct store *store = open_store(*state);
    for (unsigned i = 0; i < 300; i++) {
        struct store_audit old = {.action = STR("old"), .time_ms = 1000 + i};
        assert_true(commit(store, NULL, 0, &old));
    }
    store_close(store);
    store = open_store(*state);
    store_keep_audit(store, &(struct store_audit_bounds){.rows = 10000, .age_ms = 60000});
    note(store, "ann", "new", "ok");
    size_t left = count_of(store, &(struct store_audit_query){.limit = 1000});
    assert_true(left < 300); /* in batches */
    note(store, "ann", "new", "ok");
    note(store, "ann", "new", "ok");
    struct list list = {0};
    list_run(store, &list);
    assert_int_equal(list.count, 3);
    assert_int_equal(list.rows[2].id, 301);
    list_done(&list);
    store_close(store);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_commit_has_its_row),
        T(digests_are_of_what_was_and_of_what_is),
        T(what_is_refused_has_a_row_and_no_effect),
        T(texts_are_made_fit_for_a_row),
        T(filters_choose_rows),
        T(pages_are_stable_while_rows_are_written),
        T(the_oldest_rows_go_first),
        T(failures_push_out_failures_alone),
        T(rows_that_are_too_old_go_with_the_next_write),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
