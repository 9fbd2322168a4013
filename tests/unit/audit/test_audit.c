#include "audit/audit.h"
#include "base/mem.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* A store that is not started: what is submitted is written when it is closed. */
struct rig {
    char dir[64];
    struct store *store;
    struct audit *audit;
    struct store_request request;
    const struct store_audit_row *rows;
    size_t count;
};

static int rig_setup(void **state)
{
    struct rig *rig = NEW(struct rig);
    struct err err = {0};
    (void)snprintf(rig->dir, sizeof(rig->dir), "/tmp/postern-audit-XXXXXX");
    assert_non_null(mkdtemp(rig->dir));
    rig->store = store_open(STR("sqlite:"), str_of(rig->dir), &err);
    assert_non_null(rig->store);
    rig->audit = audit_new(rig->store, NULL);
    arena_init(&rig->request.arena, 16 << 20);
    *state = rig;
    return 0;
}

static int rig_teardown(void **state)
{
    struct rig *rig = *state;
    DIR *dir = opendir(rig->dir);
    audit_free(rig->audit);
    store_close(rig->store);
    arena_done(&rig->request.arena);
    assert_non_null(dir);
    for (struct dirent *entry;
         (entry = readdir(dir)) != NULL;) { /* NOLINT(concurrency-mt-unsafe) */
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    (void)closedir(dir);
    assert_int_equal(rmdir(rig->dir), 0);
    mem_free(rig);
    return 0;
}

static bool read_rows(struct store_view *view, struct store_request *request)
{
    struct rig *rig = CONTAINER_OF(request, struct rig, request);
    uint64_t next = 0;
    rig->count =
        store_view_audit(view, &(struct store_audit_query){.limit = 10000}, &rig->rows, &next);
    return true;
}

/* What is in the database by now. */
static void look(struct rig *rig)
{
    store_close(rig->store);
    rig->store = store_open(STR("sqlite:"), str_of(rig->dir), NULL);
    assert_non_null(rig->store);
    audit_free(rig->audit);
    rig->audit = audit_new(rig->store, NULL);
    rig->request.op = STORE_WORK;
    rig->request.work = read_rows;
    store_run(rig->store, &rig->request);
    assert_true(rig->request.ok);
}

static struct in6_addr address_of(const char *text)
{
    struct in6_addr address = {0};
    assert_int_equal(inet_pton(AF_INET6, text, &address), 1);
    return address;
}

static void fail_as(struct rig *rig, const char *actor, const char *from, bool throttled)
{
    const struct in6_addr address = address_of(from);
    audit_note(rig->audit, &(struct audit_failure){.action = STR("login.failed"),
                                                   .realm = STR("com.x"),
                                                   .actor = str_of(actor),
                                                   .authmethod = STR("wampcra"),
                                                   .address = &address,
                                                   .error = STR("wamp.error.x"),
                                                   .detail = STR("wrong proof"),
                                                   .throttled = throttled});
}

static void failures_that_are_alike_are_one_row_with_a_count(void **state)
{
    struct rig *rig = *state;
    for (unsigned i = 0; i < 10; i++) {
        fail_as(rig, "ann", "::ffff:192.0.2.1", i >= 7);
    }
    audit_stop(rig->audit);
    look(rig);
    assert_int_equal(rig->count, 1);
    const struct store_audit *row = &rig->rows[0].what;
    assert_int_equal(row->times, 10);
    assert_true(str_eq(row->actor, STR("ann")));
    assert_true(str_eq(row->realm, STR("com.x")));
    assert_true(str_eq(row->authmethod, STR("wampcra")));
    assert_true(str_eq(row->address, STR("192.0.2.1")));
    assert_true(str_eq(row->outcome, STR("failed")));
    assert_true(str_eq(row->error, STR("wamp.error.x")));
    assert_true(str_eq(row->detail, STR("wrong proof; not looked at: 3")));
}

static void failures_that_differ_are_rows_of_their_own(void **state)
{
    struct rig *rig = *state;
    fail_as(rig, "ann", "::ffff:192.0.2.1", false);
    fail_as(rig, "ann", "::ffff:192.0.2.2", false);
    fail_as(rig, "bob", "2001:db8::1", false);
    fail_as(rig, "bob", "::", false);
    /* Texts that would be one if they were put together without a sign between them. */
    audit_note(rig->audit, &(struct audit_failure){.action = STR("a"), .realm = STR("bc")});
    audit_note(rig->audit, &(struct audit_failure){.action = STR("ab"), .realm = STR("c")});
    audit_note(rig->audit, &(struct audit_failure){.action = STR("ab"), .realm = STR("c\0")});
    audit_stop(rig->audit);
    look(rig);
    assert_int_equal(rig->count, 7);
    assert_int_equal(rig->rows[0].what.address.len, 0);
    assert_true(str_eq(rig->rows[3].what.address, STR("unix")));
    assert_true(str_eq(rig->rows[4].what.address, STR("2001:db8::1")));
}

static void a_row_is_written_when_it_has_been_quiet(void **state)
{
    struct rig *rig = *state;
    uint64_t now_ms = 0;
    fail_as(rig, "ann", "::1", false);
    audit_flush(rig->audit, now_ms); /* long ago: nothing is due */
    look(rig);
    assert_int_equal(rig->count, 0); /* and what is not stopped is lost */
    fail_as(rig, "ann", "::1", false);
    audit_flush(rig->audit, UINT64_MAX / 2);
    look(rig);
    assert_int_equal(rig->count, 1);
}

/* Of another account each time: what a stranger can do. */
static void a_flood_has_few_rows_and_all_are_counted(void **state)
{
    enum { FLOOD = 10000 };
    struct rig *rig = *state;
    for (unsigned i = 0; i < FLOOD; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "user%u", i);
        fail_as(rig, name, "::ffff:192.0.2.1", false);
    }
    audit_stop(rig->audit);
    look(rig);
    assert_in_range(rig->count, 2, AUDIT_OPEN_MAX + 1);
    uint64_t total = 0;
    for (size_t i = 0; i < rig->count; i++) {
        total += rig->rows[i].what.times;
    }
    assert_int_equal(total, FLOOD);
}

static void rows_come_slowly_once_the_burst_is_used_up(void **state)
{
    struct rig *rig = *state;
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 100; i++) {
            char name[32];
            (void)snprintf(name, sizeof(name), "user%u-%u", round, i);
            fail_as(rig, name, "::ffff:192.0.2.1", false);
        }
        audit_flush(rig->audit, UINT64_MAX);
    }
    audit_stop(rig->audit);
    look(rig);
    uint64_t total = 0;
    for (size_t i = 0; i < rig->count; i++) {
        total += rig->rows[i].what.times;
    }
    assert_int_equal(total, 2000);
    assert_in_range(rig->count, AUDIT_BURST, AUDIT_BURST + 120); /* and one for each flush */
}

static void hostile_texts_are_cut_and_kept_apart(void **state)
{
    struct rig *rig = *state;
    static char huge[100000];
    memset(huge, 'x', sizeof(huge));
    const struct str texts[] = {str_make(huge, sizeof(huge)), STR("\0\n\x1b[31m"),
                                STR("'; DROP TABLE audit; --"), STR("\xff\xfe")};
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        audit_note(rig->audit, &(struct audit_failure){.action = STR("login.failed"),
                                                       .realm = texts[i],
                                                       .actor = texts[i],
                                                       .authmethod = texts[i],
                                                       .request_id = texts[i],
                                                       .error = texts[i],
                                                       .detail = texts[i]});
    }
    audit_stop(rig->audit);
    look(rig);
    assert_int_equal(rig->count, COUNT_OF(texts));
    assert_true(str_eq(rig->rows[0].what.actor, STR("??")));
    assert_true(str_eq(rig->rows[1].what.actor, texts[2]));
    assert_true(str_eq(rig->rows[2].what.actor, STR("???[31m")));
    assert_in_range(rig->rows[3].what.actor.len, 1, STORE_AUDIT_TEXT_MAX);
}

static void *fail_many(void *arg)
{
    for (unsigned i = 0; i < 1000; i++) {
        char name[32];
        (void)snprintf(name, sizeof(name), "user%u", i % 7);
        fail_as(arg, name, "::ffff:192.0.2.1", i % 2 == 0);
        if (i % 100 == 0) {
            audit_flush(((struct rig *)arg)->audit, UINT64_MAX);
        }
    }
    arena_pool_free();
    return NULL;
}

static void notes_of_many_threads_are_all_counted(void **state)
{
    struct rig *rig = *state;
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, fail_many, rig), 0);
    }
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    audit_stop(rig->audit);
    fail_as(rig, "late", "::1", false); /* after the end: forgotten */
    look(rig);
    uint64_t total = 0;
    for (size_t i = 0; i < rig->count; i++) {
        total += rig->rows[i].what.times;
        assert_false(str_eq(rig->rows[i].what.actor, STR("late")));
    }
    assert_int_equal(total, 4000);
}

static void without_an_audit_notes_are_forgotten(void **state)
{
    (void)state;
    audit_note(NULL, &(struct audit_failure){.action = STR("login.failed")});
    audit_stop(NULL);
    audit_free(NULL);
}

#define T(test) cmocka_unit_test_setup_teardown(test, rig_setup, rig_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(failures_that_are_alike_are_one_row_with_a_count),
        T(failures_that_differ_are_rows_of_their_own),
        T(a_row_is_written_when_it_has_been_quiet),
        T(a_flood_has_few_rows_and_all_are_counted),
        T(rows_come_slowly_once_the_burst_is_used_up),
        T(hostile_texts_are_cut_and_kept_apart),
        T(notes_of_many_threads_are_all_counted),
        cmocka_unit_test(without_an_audit_notes_are_forgotten),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
