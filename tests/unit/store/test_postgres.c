#include "base/clock.h"
#include "store_helper.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

/* The server's URL with more behind it, which is about this test's schema unless it says so. */
static void url_with(const struct place *place, char out[512], const char *more)
{
    (void)snprintf(out, 512, "%s%s", place->url, more);
}

static void refused(const char *url, enum err_code code, const char *says)
{
    struct err err = {0};
    struct store *store = store_open(str_of(url), STR("/nonexistent"), &err);
    assert_null(store);
    assert_int_equal(err.code, code);
    if (strstr(err.text, says) == NULL || strstr(err.text, "hush") != NULL) {
        fail_msg("\"%s\" does not say \"%s\", or too much", err.text, says);
    }
}

static void a_wrong_password_is_told_and_not_repeated(void **state)
{
    const struct place *place = *state;
    char url[512];
    do_in(place, "DO $$ BEGIN CREATE ROLE strict LOGIN PASSWORD 'right'; EXCEPTION WHEN others THEN"
                 " NULL; END $$");
    url_with(place, url, "&user=strict&password=hush");
    refused(url, ERR_INVALID, "check user and password");
    url_with(place, url, "&user=strict");
    refused(url, ERR_INVALID, "the server asks for one");
    url_with(place, url, "&user=nobody_at_all");
    refused(url, ERR_INVALID, "check user and password");
}

static void a_database_or_schema_that_is_missing_is_told(void **state)
{
    const struct place *place = *state;
    char url[512];
    url_with(place, url, "&dbname=no_such_base");
    refused(url, ERR_INVALID, "create the database");
    url_with(place, url, "_nowhere");
    refused(url, ERR_INVALID, "create the schema");
    url_with(place, url, "%20-cno_such_setting%3D1");
    refused(url, ERR_INVALID, "options in store.url");
}

static void rights_that_are_missing_are_told(void **state)
{
    const struct place *place = *state;
    char url[512];
    char more[96];
    do_in(place, "CREATE ROLE poor_@ LOGIN; GRANT USAGE ON SCHEMA @ TO poor_@");
    (void)snprintf(more, sizeof(more), "&user=poor_%s", place->schema);
    url_with(place, url, more);
    refused(url, ERR_INVALID, "GRANT USAGE, CREATE ON SCHEMA");
    do_in(place, "GRANT CREATE ON SCHEMA @ TO poor_@");
    struct store *store = store_open(str_of(url), place_dir(place), NULL);
    assert_non_null(store);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
}

/* Nobody who writes is to blame for it, whichever of the tables it is. */
static void rights_that_are_taken_away_later_are_the_databases_fault(void **state)
{
    static const struct {
        const char *take;
        const char *give;
    } rights[] = {
        {"REVOKE INSERT ON @.versions FROM poor_@", "GRANT INSERT ON @.versions TO poor_@"},
        {"REVOKE INSERT ON @.changes FROM poor_@", "GRANT INSERT ON @.changes TO poor_@"},
        {"REVOKE UPDATE ON @.head FROM poor_@", "GRANT UPDATE ON @.head TO poor_@"},
        {"REVOKE SELECT ON @.records FROM poor_@", "GRANT SELECT ON @.records TO poor_@"},
    };
    const struct place *place = *state;
    char url[512];
    char more[96];
    do_in(place, "CREATE ROLE poor_@ LOGIN; GRANT USAGE, CREATE ON SCHEMA @ TO poor_@");
    (void)snprintf(more, sizeof(more), "&user=poor_%s", place->schema);
    url_with(place, url, more);
    struct store *store = store_open(str_of(url), place_dir(place), NULL);
    assert_non_null(store);
    for (uint64_t i = 0; i < COUNT_OF(rights); i++) {
        do_in(place, rights[i].take);
        assert_int_equal(put(store, STR("a"), STR("1"), i, NULL), ERR_UNAVAILABLE);
        do_in(place, rights[i].give);
        assert_int_equal(put(store, STR("a"), STR("1"), i, NULL), ERR_NONE);
    }
    store_close(store);
}

static void a_server_that_takes_no_writes_is_told(void **state)
{
    const struct place *place = *state;
    char url[512];
    char more[96];
    do_in(place, "CREATE ROLE reader_@ LOGIN; ALTER ROLE reader_@ SET"
                 " default_transaction_read_only = on; GRANT ALL ON SCHEMA @ TO reader_@");
    (void)snprintf(more, sizeof(more), "&user=reader_%s", place->schema);
    url_with(place, url, more);
    refused(url, ERR_UNAVAILABLE, "takes no writes");
}

static void an_encoding_that_does_not_fit_is_told(void **state)
{
    const struct place *place = *state;
    char url[512];
    char more[96];
    do_in(place, "CREATE DATABASE latin_@ ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    (void)snprintf(more, sizeof(more), "&dbname=latin_%s", place->schema);
    url_with(place, url, more);
    refused(url, ERR_INVALID, "must be UTF8");
    do_in(place, "DROP DATABASE latin_@");
}

static size_t keys_of(struct store *store, char *out, size_t size)
{
    struct store_request request;
    size_t len = 0;
    request_init(&request, STORE_LIST);
    store_run(store, &request);
    assert_true(request.ok);
    for (size_t i = 0; i < request.record_count; i++) {
        len += (size_t)snprintf(out + len, size - len, PRISTR " ", STRARG(request.records[i].key));
    }
    size_t count = request.record_count;
    arena_done(&request.arena);
    return count;
}

static void the_order_is_by_bytes_whatever_the_collation_of_the_database(void **state)
{
    const struct place *place = *state;
    char url[512];
    char keys[64] = "";
    do_in(place, "CREATE DATABASE icu_@ LOCALE_PROVIDER icu ICU_LOCALE 'en-US' ENCODING 'UTF8'"
                 " LOCALE 'C.UTF-8' TEMPLATE template0");
    (void)snprintf(url, sizeof(url), "%s&dbname=icu_%s", postgres_url(), place->schema);
    struct err err = {0};
    struct store *store = store_open(str_of(url), place_dir(place), &err);
    if (store == NULL) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(put(store, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("a-c"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("ab"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("B"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(store, STR("\xc3\xa4"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(keys_of(store, keys, sizeof(keys)), 5);
    assert_string_equal(keys, "B a-c ab b \xc3\xa4 ");
    store_close(store);
    do_in(place, "DROP DATABASE icu_@");
}

/* As a server's administrator may have it for all: the store's connection is idle for long. */
static void what_ends_idle_sessions_does_not_end_the_stores(void **state)
{
    const struct place *place = *state;
    char url[512];
    char more[96];
    char sql[160];
    struct err err = {0};
    do_in(place, "CREATE ROLE idler_@ LOGIN; ALTER ROLE idler_@ SET idle_session_timeout = '100ms';"
                 "ALTER ROLE idler_@ SET statement_timeout = '300ms'; GRANT ALL ON SCHEMA @ TO"
                 " idler_@");
    (void)snprintf(more, sizeof(more), "&user=idler_%s", place->schema);
    (void)snprintf(sql, sizeof(sql),
                   "SELECT COALESCE(SUM(pid), 0) FROM pg_stat_activity WHERE usename = 'idler_%s'",
                   place->schema);
    url_with(place, url, more);
    struct store *store = store_open(str_of(url), place_dir(place), &err);
    if (store == NULL) {
        fail_msg("%s", err.text);
    }
    int64_t pid = postgres_ask("", sql);
    assert_true(pid > 0);
    (void)usleep(500 * 1000);
    assert_int_equal(postgres_ask("", sql), pid);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
}

static void tables_of_others_are_left_alone(void **state)
{
    const struct place *place = *state;
    do_in(place, "CREATE TABLE @.head (hair TEXT)");
    refused(place->url, ERR_INVALID, "another program");
    do_in(place, "DROP TABLE @.head");
    store_close(open_store(place));
}

static void a_schema_of_a_newer_program_is_refused(void **state)
{
    const struct place *place = *state;
    store_close(open_store(place));
    do_in(place, "UPDATE @.schema_version SET version = version + 90, oldest = version + 90");
    refused(place->url, ERR_INVALID, "the newer postern");
    do_in(place, "UPDATE @.schema_version SET version = version - 90, oldest = 1");
    store_close(open_store(place));
}

static void tables_that_were_changed_by_hand_are_told(void **state)
{
    const struct place *place = *state;
    struct store *store = open_store(place);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    do_in(place, "ALTER TABLE @.versions RENAME COLUMN author TO writer");
    assert_int_equal(put(store, STR("a"), STR("2"), 1, NULL), ERR_INTERNAL);
    do_in(place, "ALTER TABLE @.versions RENAME COLUMN writer TO author");
    assert_int_equal(put(store, STR("a"), STR("2"), 1, NULL), ERR_NONE);
    store_close(store);
}

static void urls_that_are_none_are_refused_without_their_password(void **state)
{
    (void)state;
    refused("postgresql://me:hush%zz@db/x", ERR_INVALID, "cannot be read");
    refused("postgresql://me:hush@db/x?hush=1", ERR_INVALID, "cannot be read");
    refused("postgres://me:hush@a:1,b:2,c/x?hostaddr=127.0.0.1", ERR_INVALID, "as many");
    refused("postgresql://me:hush@127.0.0.1:port/x", ERR_INVALID, "mend the port");
    refused("postgresql://me:hush@127.0.0.1:99999/x", ERR_INVALID, "mend the port");
    refused("postgresql://me:hush@127.0.0.1/x?sslmode=full", ERR_INVALID, "verify-full");
    refused("postgresql://me:hush@/x?host=/nonexistent/directory", ERR_UNAVAILABLE, "nonexistent");
}

/* A port at which something listens and never says a word. */
static int silent_server(uint16_t *out_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 16), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    *out_port = ntohs(address.sin_port);
    return fd;
}

enum { PATIENCE_MS = 20 * 1000, BOUND_MS = 3000 };

static void a_server_that_never_answers_is_given_up(void **state)
{
    (void)state;
    char url[128];
    uint16_t port = 0;
    int fd = silent_server(&port);
    (void)snprintf(url, sizeof(url), "postgresql://me:hush@127.0.0.1:%u/x", port);
    uint64_t began_ms = clock_mono_ms();
    refused(url, ERR_UNAVAILABLE, "does not answer");
    assert_in_range(clock_mono_ms() - began_ms, 1000, BOUND_MS + 1000);
    (void)close(fd);
}

static void the_first_host_that_takes_writes_is_used(void **state)
{
    const struct place *place = *state;
    char url[512];
    uint16_t port = 0;
    const char *dir = strstr(postgres_url(), "host=") + strlen("host=");
    int fd = silent_server(&port);
    (void)snprintf(url, sizeof(url),
                   "postgresql:///postgres?user=postgres&host=/nonexistent,127.0.0.1,%.*s"
                   "&port=5432,%u,5432&options=-csearch_path%%3D%s",
                   (int)strcspn(dir, "&"), dir, port, place->schema);
    struct err err = {0};
    struct store *store = store_open(str_of(url), place_dir(place), &err);
    if (store == NULL) {
        fail_msg("%s", err.text);
    }
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
    (void)close(fd);
}

/* The connections of this test's store. */
static const char kill_sql[] = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                               " WHERE application_name = '@'";

static struct store *open_named(const struct place *place)
{
    char url[512];
    char more[96];
    struct err err = {0};
    (void)snprintf(more, sizeof(more), "&application_name=%s", place->schema);
    url_with(place, url, more);
    struct store *store = store_open(str_of(url), place_dir(place), &err);
    if (store == NULL) {
        fail_msg("%s", err.text);
    }
    return store;
}

static void a_connection_cut_while_nobody_asked_is_not_noticed(void **state)
{
    const struct place *place = *state;
    struct store *store = open_named(place);
    char keys[64];
    for (uint64_t i = 0; i < 3; i++) {
        assert_int_equal(put(store, STR("a"), STR("1"), i, NULL), ERR_NONE);
        do_in(place, kill_sql);
    }
    assert_int_equal(keys_of(store, keys, sizeof(keys)), 1);
    store_close(store);
}

struct cutting {
    struct store_request request;
    const struct place *place;
};

static bool cut_and_write(struct store_view *view, struct store_request *request)
{
    const struct cutting *cutting = CONTAINER_OF(request, struct cutting, request);
    const struct store_write first = {
        .kind = STR("api_spec"), .realm = STR("com.x"), .key = STR("first"), .value = STR("1")};
    const struct store_write second = {
        .kind = STR("api_spec"), .realm = STR("com.x"), .key = STR("second"), .value = STR("1")};
    (void)store_view_put(view, &first);
    do_in(cutting->place, kill_sql);
    (void)store_view_put(view, &second);
    return true; /* whatever they said */
}

static void of_a_transaction_that_is_cut_nothing_is_written(void **state)
{
    const struct place *place = *state;
    struct cutting cutting = {.place = place};
    struct store *store = open_named(place);
    char keys[64];
    request_init(&cutting.request, STORE_WORK);
    cutting.request.work = cut_and_write;
    store_run(store, &cutting.request);
    assert_false(cutting.request.ok);
    assert_int_equal(cutting.request.err.code, ERR_UNAVAILABLE);
    assert_non_null(strstr(cutting.request.err.text, "nothing was written"));
    arena_done(&cutting.request.arena);
    assert_int_equal(keys_of(store, keys, sizeof(keys)), 0);
    assert_int_equal(put(store, STR("second"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
}

static void of_a_commit_without_an_answer_nobody_claims_to_know(void **state)
{
    const struct place *place = *state;
    struct store *store = open_named(place);
    do_in(place,
          "CREATE FUNCTION @.die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
          " PERFORM pg_terminate_backend(pg_backend_pid()); PERFORM pg_sleep(1); RETURN NULL;"
          " END $$;"
          "CREATE CONSTRAINT TRIGGER die AFTER INSERT ON @.versions DEFERRABLE INITIALLY"
          " DEFERRED FOR EACH ROW EXECUTE FUNCTION @.die()");
    struct store_request request;
    const struct store_write write = {
        .kind = STR("api_spec"), .realm = STR("com.x"), .key = STR("a"), .value = STR("1")};
    request_init(&request, STORE_COMMIT);
    request.writes = &write;
    request.write_count = 1;
    store_run(store, &request);
    assert_false(request.ok);
    assert_int_equal(request.err.code, ERR_UNAVAILABLE);
    assert_non_null(strstr(request.err.text, "nobody knows"));
    arena_done(&request.arena);
    do_in(place, "DROP TRIGGER die ON @.versions");
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
}

static void a_lock_that_others_hold_is_not_waited_for_for_ever(void **state)
{
    const struct place *place = *state;
    struct store *store = open_store(place);
    char sql[160];
    (void)snprintf(sql, sizeof(sql),
                   "BEGIN; SELECT pg_advisory_xact_lock(hashtext('postern store'), hashtext('%s'))",
                   place->schema);
    PGconn *other = PQconnectdb(postgres_url());
    PQclear(PQexec(other, sql));
    assert_int_equal(PQtransactionStatus(other), PQTRANS_INTRANS);
    uint64_t began_ms = clock_mono_ms();
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_UNAVAILABLE);
    assert_in_range(clock_mono_ms() - began_ms, 1000, BOUND_MS + 1000);
    PQfinish(other);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    store_close(store);
}

static enum err_code get(struct store *store, struct str key)
{
    struct store_request request;
    request_init(&request, STORE_GET);
    request.key = key;
    store_run(store, &request);
    enum err_code code = request.ok ? ERR_NONE : request.err.code;
    arena_done(&request.arena);
    return code;
}

static void what_is_no_text_is_refused_and_nowhere_found(void **state)
{
    struct store *store = open_store(*state);
    assert_int_equal(put(store, STR("a\xff"), STR("1"), 0, NULL), ERR_INVALID);
    assert_int_equal(put(store, STR("a"), STR("\xc3"), 0, NULL), ERR_INVALID);
    assert_int_equal(get(store, STR("a\xff")), ERR_NOT_FOUND);
    assert_int_equal(get(store, STR("a")), ERR_NOT_FOUND);
    assert_int_equal(put(store, STR("a"), STR("\xc3\xa4"), 0, NULL), ERR_NONE);
    store_close(store);
}

static void a_name_too_long_for_an_index_is_refused_and_hurts_nobody(void **state)
{
    struct store *store = open_store(*state);
    char name[4000];
    uint64_t seed = 7;
    for (size_t i = 0; i < sizeof(name); i++) { /* nothing to compress */
        seed = seed * UINT64_C(6364136223846793005) + 1442695040888963407;
        name[i] = (char)('!' + (seed >> 33) % 90);
    }
    assert_int_equal(put(store, str_make(name, sizeof(name)), STR("1"), 0, NULL), ERR_INVALID);
    assert_int_equal(put(store, str_make(name, 2000), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(get(store, str_make(name, 2000)), ERR_NONE);
    store_close(store);
}

struct heard {
    atomic_ullong last;
    atomic_uint count;
    atomic_bool in_order;
};

static void on_heard(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct heard *heard = ctx;
    if (seq != atomic_load(&heard->last) + 1 || count != 1 || records[0].seq != seq) {
        atomic_store(&heard->in_order, false);
    }
    atomic_store(&heard->last, seq);
    (void)atomic_fetch_add(&heard->count, 1);
}

static void heard_init(struct heard *heard)
{
    atomic_init(&heard->last, 0);
    atomic_init(&heard->count, 0);
    atomic_init(&heard->in_order, true);
}

static void watchers_hear_of_what_others_write_before_what_comes_after_it(void **state)
{
    struct store *ours = open_store(*state);
    struct store *theirs = open_other(*state);
    struct heard heard;
    heard_init(&heard);
    store_watch(ours, on_heard, &heard);
    assert_int_equal(put(theirs, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(put(theirs, STR("b"), STR("2"), 0, NULL), ERR_NONE);
    assert_int_equal(atomic_load(&heard.count), 0);
    assert_int_equal(put(ours, STR("c"), STR("3"), 0, NULL), ERR_NONE);
    assert_int_equal(atomic_load(&heard.count), 3);
    assert_true(atomic_load(&heard.in_order));
    store_close(theirs);
    store_close(ours);
}

struct last {
    uint64_t version;
    size_t count;
    char text[16];
};

static void on_last(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct last *last = ctx;
    (void)seq;
    last->count += count;
    if (count == 0) {
        return;
    }
    last->version = records[count - 1].version;
    (void)snprintf(last->text, sizeof(last->text), PRISTR, STRARG(records[count - 1].value));
}

static void put_user(struct store *store, struct str key, struct str value)
{
    struct store_request request;
    const struct store_write write = {.kind = STR("user"),
                                      .realm = STR("com.x"),
                                      .key = key,
                                      .value = value,
                                      .remove = value.len == 0,
                                      .expect = STORE_ANY_VERSION};
    request_init(&request, STORE_COMMIT);
    request.writes = &write;
    request.write_count = 1;
    store_run(store, &request);
    assert_true(request.ok);
    arena_done(&request.arena);
}

/* What a secret was before is forgotten, and so nobody may be told of it. */
static void of_a_record_that_others_change_often_watchers_hear_the_present_state(void **state)
{
    struct store *ours = open_store(*state);
    struct store *theirs = open_other(*state);
    struct last last = {0};
    store_watch(ours, on_last, &last);
    put_user(theirs, STR("ann"), STR("1"));
    put_user(theirs, STR("ann"), STR("2"));
    put_user(theirs, STR("ann"), STR("3"));
    put_user(theirs, STR("bob"), STR("1"));
    put_user(theirs, STR("bob"), STR_EMPTY);
    put_user(ours, STR("cleo"), STR("1"));
    assert_int_equal(last.count, 3);
    put_user(theirs, STR("ann"), STR("4"));
    put_user(ours, STR("ann"), STR("5"));
    assert_int_equal(last.count, 4);
    assert_int_equal(last.version, 5);
    assert_string_equal(last.text, "5");
    store_close(theirs);
    store_close(ours);
}

/* As a fail-over to a standby that has not got the last transaction, after which another node
 * writes one in its place. */
static void numbers_that_are_given_again_after_a_fail_over_are_noticed(void **state)
{
    struct place *place = *state;
    struct store *ours = open_named(place);
    struct last last = {0};
    put_user(ours, STR("ann"), STR("1"));
    put_user(ours, STR("bob"), STR("1"));
    put_user(ours, STR("ann"), STR("2"));
    put_user(ours, STR("zoe"), STR("1"));
    do_in(place, "UPDATE @.head SET seq = 2; DELETE FROM @.changes WHERE seq > 2;"
                 "UPDATE @.records SET version = 1 WHERE key = 'ann';"
                 "UPDATE @.versions SET value = '1' WHERE key = 'ann' AND version = 1;"
                 "DELETE FROM @.records WHERE key = 'zoe';"
                 "DELETE FROM @.versions WHERE key = 'zoe' OR (key = 'ann' AND version = 2)");
    struct store *theirs = open_other(place);
    put_user(theirs, STR("cleo"), STR("1"));
    store_watch(ours, on_last, &last);
    do_in(place, kill_sql);
    put_user(ours, STR("dora"), STR("1"));
    /* What differs: the old value of ann, cleo, dora, and that zoe never was. */
    assert_int_equal(last.count, 4);
    assert_string_equal(last.text, "");
    put_user(ours, STR("dora"), STR("2"));
    assert_int_equal(last.count, 5);
    do_in(place, kill_sql);
    put_user(ours, STR("dora"), STR("3")); /* another connection, and the same log */
    assert_int_equal(last.count, 6);
    assert_string_equal(last.text, "3");
    assert_int_equal(put(ours, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(place_ask(place, "SELECT COUNT(*) FROM records WHERE key = 'a'"), 1);
    store_close(theirs);
    store_close(ours);
}

static void watchers_hear_of_what_others_write_while_nothing_is_asked(void **state)
{
    struct store *ours = open_store(*state);
    struct store *theirs = open_other(*state);
    struct heard heard;
    heard_init(&heard);
    store_watch(ours, on_heard, &heard);
    assert_true(store_start(ours, NULL));
    const struct str keys[] = {STR("a"), STR("b"), STR("c"), STR("d"), STR("e")};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        assert_int_equal(put(theirs, keys[i], STR("1"), 0, NULL), ERR_NONE);
    }
    uint64_t end_ms = clock_mono_ms() + PATIENCE_MS;
    while (atomic_load(&heard.count) < 5 && clock_mono_ms() < end_ms) {
        (void)usleep(10 * 1000);
    }
    assert_int_equal(atomic_load(&heard.count), 5);
    assert_true(atomic_load(&heard.in_order));
    store_close(theirs);
    store_close(ours);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_wrong_password_is_told_and_not_repeated),
        T(a_database_or_schema_that_is_missing_is_told),
        T(rights_that_are_missing_are_told),
        T(rights_that_are_taken_away_later_are_the_databases_fault),
        T(a_server_that_takes_no_writes_is_told),
        T(an_encoding_that_does_not_fit_is_told),
        T(the_order_is_by_bytes_whatever_the_collation_of_the_database),
        T(what_ends_idle_sessions_does_not_end_the_stores),
        T(tables_of_others_are_left_alone),
        T(a_schema_of_a_newer_program_is_refused),
        T(tables_that_were_changed_by_hand_are_told),
        T(urls_that_are_none_are_refused_without_their_password),
        T(a_server_that_never_answers_is_given_up),
        T(the_first_host_that_takes_writes_is_used),
        T(a_connection_cut_while_nobody_asked_is_not_noticed),
        T(of_a_transaction_that_is_cut_nothing_is_written),
        T(of_a_commit_without_an_answer_nobody_claims_to_know),
        T(a_lock_that_others_hold_is_not_waited_for_for_ever),
        T(what_is_no_text_is_refused_and_nowhere_found),
        T(a_name_too_long_for_an_index_is_refused_and_hurts_nobody),
        T(watchers_hear_of_what_others_write_before_what_comes_after_it),
        T(of_a_record_that_others_change_often_watchers_hear_the_present_state),
        T(numbers_that_are_given_again_after_a_fail_over_are_noticed),
        T(watchers_hear_of_what_others_write_while_nothing_is_asked),
    };
    return RUN_ON_POSTGRES(tests);
}
