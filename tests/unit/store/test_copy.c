#include "base/clock.h"
#include "store/store_inside.h"
#include "store/store_offline.h"
#include "store_helper.h"

#include <string.h>
#include <sys/stat.h>

/* More than what is read at once, and one page exactly. */
enum { PAGE = 500, MANY = 2 * PAGE + 1 };

/* A store in a file to copy from, and the place to copy to, on any database. */
struct move {
    struct place *to;
    struct place from;
};

static int move_setup(void **state)
{
    struct move *move = NEW(struct move);
    if (place_setup((void **)&move->to) != 0) {
        return -1;
    }
    (void)snprintf(move->from.dir, sizeof(move->from.dir), "%s", move->to->dir);
    (void)snprintf(move->from.file, sizeof(move->from.file), "%s/source.db", move->to->dir);
    (void)snprintf(move->from.url, sizeof(move->from.url), "sqlite:%s", move->from.file);
    *state = move;
    return 0;
}

static int move_teardown(void **state)
{
    struct move *move = *state;
    int status = place_teardown((void **)&move->to);
    mem_free(move);
    return status;
}

static bool copy(const char *from, const char *to, struct store_contents *out, struct err *err)
{
    return store_copy(str_of(from), str_of(to), STR("/nonexistent"), out, err);
}

/* SQLite's file of the place, under the name that a copy can use. */
static const char *to_url(struct move *move)
{
    if (!on_postgres(move->to)) {
        (void)snprintf(move->to->url, sizeof(move->to->url), "sqlite:%s", move->to->file);
    }
    return move->to->url;
}

static void copies(struct move *move, struct store_contents *out)
{
    struct err err = {0};
    if (!copy(move->from.url, to_url(move), out, &err)) {
        fail_msg("%s", err.text);
    }
}

static void copy_fails(struct move *move, enum err_code code, const char *says)
{
    struct err err = {0};
    struct store_contents contents;
    assert_false(copy(move->from.url, to_url(move), &contents, &err));
    if (err.code != code || strstr(err.text, says) == NULL) {
        fail_msg("\"%s\" does not say \"%s\"", err.text, says);
    }
}

static struct store_contents look_at(const char *url)
{
    struct err err = {0};
    struct store_contents contents;
    if (!store_look(str_of(url), STR("/nonexistent"), &contents, &err)) {
        fail_msg("%s", err.text);
    }
    return contents;
}

/* No table, and of SQLite perhaps not even a file. */
static void target_is_empty(struct move *move)
{
    if (on_postgres(move->to) || access(move->to->file, F_OK) == 0) {
        assert_int_equal(look_at(to_url(move)).schema, 0);
    }
}

static uint64_t rows_of(const struct store_contents *contents, const char *table)
{
    for (size_t i = 0; i < contents->table_count; i++) {
        if (strcmp(contents->tables[i].name, table) == 0) {
            return contents->tables[i].rows;
        }
    }
    fail_msg("no table %s", table);
    return 0;
}

static bool put_lease(struct store_view *view, struct store_request *request)
{
    (void)request;
    return store_view_lease_put(view, &(struct store_lease){.kind = STR("refresh"),
                                                            .key = STR("hash"),
                                                            .realm = STR("com.x"),
                                                            .owner = STR("ada"),
                                                            .family = STR("f"),
                                                            .value = STR("{\"a\":\"\u00e4\"}"),
                                                            .expires_ms = UINT64_C(1) << 50});
}

static bool find_lease(struct store_view *view, struct store_request *request)
{
    (void)request;
    const struct store_lease *lease = store_view_lease(view, STR("refresh"), STR("hash"));
    return lease != NULL && str_eq(lease->value, STR("{\"a\":\"\u00e4\"}")) &&
           lease->expires_ms == UINT64_C(1) << 50;
}

static bool work(struct store *store, store_work_fn fn)
{
    struct store_audit row = {.action = STR("test.lease"), .actor = STR("ann")};
    struct store_request request;
    request_init(&request, STORE_WORK);
    request.work = fn;
    request.audit = &row;
    request.audit_count = 1;
    store_run(store, &request);
    arena_done(&request.arena);
    return request.ok;
}

/* Some of everything: versions, what was deleted, odd names, a lease, and rows of the audit. */
static void fill(const struct place *place)
{
    static const char *const odd[] = {"\u00e9",           "Z", "a b", "%", "'; DROP TABLE head",
                                      "\xf0\x9f\x90\x98", "zz"};
    struct store *store = open_store(place);
    for (uint64_t i = 0; i < 5; i++) {
        assert_int_equal(
            put(store, STR("a"), i == 3 ? STR_EMPTY : STR("{\"n\":1}"), i == 4 ? 0 : i, NULL),
            ERR_NONE);
    }
    for (size_t i = 0; i < COUNT_OF(odd); i++) {
        assert_int_equal(put(store, str_of(odd[i]), STR("[\"\\u0000\"]"), 0, NULL), ERR_NONE);
    }
    assert_true(work(store, put_lease));
    store_close(store);
}

static void many_rows(const struct place *place, unsigned count)
{
    char sql[1024];
    store_close(open_store(place));
    (void)snprintf(
        sql, sizeof(sql),
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u)"
        " INSERT INTO versions SELECT 'user', 'com.' || (i %% 3), 'k' || i, 1, i, i, 'ann',"
        " '', 0, '{}' FROM n;"
        "INSERT INTO records SELECT kind, realm, key, version, 0 FROM versions;"
        "INSERT INTO changes SELECT seq, 0, 5, kind, realm, key, version FROM versions;"
        "UPDATE head SET seq = %u, tag = 5",
        count, count);
    (void)place_ask(place, sql);
}

static void all_that_a_store_has_is_in_the_copy(void **state)
{
    struct move *move = *state;
    struct store_contents contents;
    fill(&move->from);
    copies(move, &contents);
    assert_int_equal(rows_of(&contents, "versions"), 12);
    assert_int_equal(rows_of(&contents, "records"), 8);
    assert_int_equal(rows_of(&contents, "changes"), 12);
    assert_int_equal(rows_of(&contents, "leases"), 1);
    assert_int_equal(rows_of(&contents, "audit"), 1);
    assert_int_equal(contents.schema, contents.known);

    struct store *store = open_store(move->to);
    assert_true(work(store, find_lease));
    struct store_request request;
    request_init(&request, STORE_HISTORY);
    request.key = STR("a");
    store_run(store, &request);
    assert_true(request.ok);
    assert_int_equal(request.record_count, 5);
    assert_int_equal(request.records[0].version, 5);
    assert_true(request.records[1].deleted);
    assert_true(str_eq(request.records[0].author, STR("ann")));
    arena_done(&request.arena);
    /* Numbers go on where they were. */
    uint64_t version = 0;
    assert_int_equal(put(store, STR("a"), STR("2"), 5, &version), ERR_NONE);
    assert_int_equal(version, 6);
    store_close(store);
    assert_int_equal(place_ask(move->to, "SELECT seq FROM head"), 13);
    assert_int_equal(place_ask(move->to, "SELECT id FROM audit_head"), 2);
}

static void a_copy_of_a_copy_is_what_was_copied_first(void **state)
{
    struct move *move = *state;
    char back[128];
    struct err err = {0};
    struct store_contents first;
    struct store_contents second;
    (void)snprintf(back, sizeof(back), "sqlite:%s/back.db", move->to->dir);
    fill(&move->from);
    copies(move, &first);
    if (!copy(to_url(move), back, &second, &err)) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(first.table_count, STORE_TABLES);
    for (size_t i = 0; i < STORE_TABLES; i++) {
        assert_int_equal(first.tables[i].rows, second.tables[i].rows);
        assert_memory_equal(&first.tables[i].digest, &second.tables[i].digest,
                            sizeof(first.tables[i].digest));
    }
}

static void tables_of_any_length_are_copied(void **state)
{
    static const unsigned lengths[] = {1, PAGE - 1, PAGE, PAGE + 1, MANY};
    struct move *move = *state;
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct store_contents contents;
        many_rows(&move->from, lengths[i]);
        copies(move, &contents);
        assert_int_equal(rows_of(&contents, "versions"), lengths[i]);
        assert_int_equal(rows_of(&contents, "changes"), lengths[i]);
        (void)unlink(move->from.file);
        if (on_postgres(move->to)) {
            (void)place_ask(move->to, "TRUNCATE versions, records, changes;"
                                      "UPDATE head SET seq = 0, tag = 0");
        } else {
            (void)unlink(move->to->file);
        }
    }
}

static void a_target_that_has_data_is_refused_and_left_alone(void **state)
{
    struct move *move = *state;
    fill(&move->from);
    struct store *store = open_store(move->to);
    assert_int_equal(put(store, STR("mine"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
    copy_fails(move, ERR_CONFLICT, "it has data of Postern already");
    assert_int_equal(place_ask(move->to, "SELECT COUNT(*) FROM versions"), 1);
    assert_int_equal(place_ask(move->to, "SELECT seq FROM head"), 1);
}

static void a_target_that_was_brought_up_and_has_nothing_will_do(void **state)
{
    struct move *move = *state;
    struct store_contents contents;
    fill(&move->from);
    store_close(open_store(move->to));
    copies(move, &contents);
    assert_int_equal(rows_of(&contents, "records"), 8);
}

static void a_source_that_is_not_there_is_not_made(void **state)
{
    struct move *move = *state;
    struct stat status;
    struct err err = {0};
    struct store_contents contents;
    copy_fails(move, ERR_NOT_FOUND, "there is no store");
    assert_int_not_equal(stat(move->from.file, &status), 0);
    assert_false(store_look(str_of(move->from.url), STR("/nonexistent"), &contents, &err));
    assert_false(store_bring_up(str_of(move->from.url), STR("/nonexistent"), &err));
    assert_int_not_equal(stat(move->from.file, &status), 0);
}

static void a_store_is_not_copied_into_itself(void **state)
{
    struct move *move = *state;
    struct err err = {0};
    struct store_contents contents;
    fill(&move->from);
    assert_false(copy(move->from.url, move->from.url, &contents, &err));
    assert_int_equal(err.code, ERR_INVALID);
}

static void an_older_source_is_brought_up_first(void **state)
{
    struct move *move = *state;
    struct store_contents contents;
    fill(&move->from);
    (void)place_ask(&move->from, "DROP TABLE nodes;"
                                 "ALTER TABLE schema_version DROP COLUMN oldest;"
                                 "UPDATE schema_version SET version = 5");
    assert_int_equal(look_at(move->from.url).schema, 5);
    copies(move, &contents);
    assert_int_equal(look_at(move->from.url).schema, contents.known);
    assert_int_equal(look_at(move->to->url).schema, contents.known);
}

static void a_source_with_more_than_this_program_knows_is_refused(void **state)
{
    struct move *move = *state;
    fill(&move->from);
    (void)place_ask(&move->from, "UPDATE schema_version SET oldest = version;"
                                 "UPDATE schema_version SET version = version + 1");
    copy_fails(move, ERR_INVALID, "copy it with the newer postern");
    target_is_empty(move);
}

static void a_row_that_is_out_of_reach_is_noticed(void **state)
{
    struct move *move = *state;
    fill(&move->from);
    (void)place_ask(&move->from, "INSERT INTO changes VALUES (-7, 0, 0, 'a', 'b', 'c', 1)");
    copy_fails(move, ERR_INTERNAL, "table changes has 13 rows, and 12 of them can be read");
    target_is_empty(move);
}

static void a_row_that_the_target_cannot_take_leaves_it_empty(void **state)
{
    struct move *move = *state;
    fill(&move->from);
    (void)place_ask(&move->from, "UPDATE leases SET value = CAST(X'6869646465ff6e' AS TEXT)");
    if (on_postgres(move->to)) {
        copy_fails(move, ERR_INVALID, "table leases: a name or value is no UTF-8 text");
        target_is_empty(move);
    }
}

static void a_source_in_use_is_refused(void **state)
{
    struct move *move = *state;
    fill(&move->from);
    struct store *store = open_store(&move->from);
    copy_fails(move, ERR_UNAVAILABLE, "in use by another process");
    store_close(store);
    target_is_empty(move);
}

static void what_is_looked_at_is_not_changed(void **state)
{
    struct move *move = *state;
    if (on_postgres(move->to)) {
        assert_int_equal(look_at(move->to->url).schema, 0);
        assert_int_equal(postgres_ask(move->to->schema,
                                      "SELECT COUNT(*) FROM pg_tables WHERE schemaname ="
                                      " current_schema()"),
                         0);
    }
    fill(&move->from);
    (void)place_ask(&move->from, "DROP TABLE nodes; DROP TABLE audit; DROP TABLE audit_head;"
                                 "DROP INDEX versions_revocation;"
                                 "ALTER TABLE schema_version DROP COLUMN oldest;"
                                 "UPDATE schema_version SET version = 2");
    struct store_contents contents = look_at(move->from.url);
    assert_int_equal(contents.schema, 2);
    assert_int_equal(contents.oldest, 0);
    assert_int_equal(contents.table_count, 5);
    assert_int_equal(look_at(move->from.url).schema, 2);
    struct err err = {0};
    assert_true(store_bring_up(str_of(move->from.url), STR("/nonexistent"), &err));
    assert_int_equal(look_at(move->from.url).schema, contents.known);
}

static void a_url_is_shown_without_what_is_secret(void **state)
{
    static const char *const pairs[][2] = {
        {"sqlite:", "sqlite:"},
        {"sqlite:/var/lib/postern.db", "sqlite:/var/lib/postern.db"},
        {"postgresql://h/n", "postgresql://h/n"},
        {"postgresql://u:hush@h:5432/n", "postgresql://u@h:5432/n"},
        {"postgresql://u:hu?sh@h/n?sslmode=require", "postgresql://u@h/n?sslmode=require"},
        {"postgresql://:hush@h1:1,h2:2/n", "postgresql://@h1:1,h2:2/n"},
        {"postgres:///n?password=hush&host=/tmp", "postgres:///n?host=/tmp"},
        {"postgresql:///n?user=u&passw%6frd=hush", "postgresql:///n?user=u"},
        {"postgresql:///n?sslpassword=hush", "postgresql:///n"},
        {"postgresql://u:hush@/n?options=-csearch_path%3Da",
         "postgresql://u@/n?options=-csearch_path%3Da"},
        {"postgresql://", "postgresql://"},
        {"postgresql://u:hush@", "postgresql://u@"},
        {"", ""},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        char *shown = store_url_shown(str_of(pairs[i][0]));
        assert_string_equal(shown, pairs[i][1]);
        mem_free(shown);
    }
}

#define T(test) cmocka_unit_test_setup_teardown(test, move_setup, move_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(all_that_a_store_has_is_in_the_copy),
        T(a_copy_of_a_copy_is_what_was_copied_first),
        T(tables_of_any_length_are_copied),
        T(a_target_that_has_data_is_refused_and_left_alone),
        T(a_target_that_was_brought_up_and_has_nothing_will_do),
        T(a_source_that_is_not_there_is_not_made),
        T(a_store_is_not_copied_into_itself),
        T(an_older_source_is_brought_up_first),
        T(a_source_with_more_than_this_program_knows_is_refused),
        T(a_row_that_is_out_of_reach_is_noticed),
        T(a_row_that_the_target_cannot_take_leaves_it_empty),
        T(a_source_in_use_is_refused),
        T(what_is_looked_at_is_not_changed),
        cmocka_unit_test(a_url_is_shown_without_what_is_secret),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
