#include "base/buf.h"
#include "store_helper.h"

#include <pthread.h>

/* Some requests, given one by one and all at once: what comes of them is the same. */
enum { LARGE = 1100, REQUESTS_MAX = 16 };

enum doing {
    DO_PUT,         /* one write */
    DO_CONFLICT,    /* two, of which the second cannot be */
    DO_REFUSE,      /* one, and then it thinks better of it */
    DO_LARGE,       /* LARGE of them */
    DO_LARGE_FAILS, /* as many, and a conflict */
    DO_LEASE,       /* no record: a row that ends by itself */
    DO_READ,
    DO_BATCH, /* LARGE of them, by COMMIT */
};

struct asked {
    struct store_request request;
    struct store_audit audit;
    enum doing doing;
    unsigned number;
    unsigned runs;
    struct done *done;
};

struct done {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned count;
    unsigned order[REQUESTS_MAX];
};

static bool write_key(struct store_view *view, const char *name, unsigned number, uint64_t expect)
{
    struct arena *arena = store_view_arena(view);
    const struct store_write write = {.kind = STR("api_spec"),
                                      .realm = STR("com.x"),
                                      .key = arena_printf(arena, "%s%u", name, number),
                                      .value = arena_printf(arena, "{\"at\":%u}", number),
                                      .expect = expect};
    return store_view_put(view, &write);
}

static bool write_many(struct store_view *view)
{
    for (unsigned i = 0; i < LARGE; i++) {
        if (!write_key(view, "many", i, STORE_ANY_VERSION)) {
            return false;
        }
    }
    return true;
}

static bool work(struct store_view *view, struct store_request *request)
{
    struct asked *asked = CONTAINER_OF(request, struct asked, request);
    const struct store_lease lease = {.kind = STR("code"),
                                      .key = STR("k"),
                                      .realm = STR("com.x"),
                                      .value = STR("{}"),
                                      .expires_ms = UINT64_C(1) << 52};
    asked->runs++;
    switch (asked->doing) {
    case DO_PUT:
        return write_key(view, "one", asked->number, STORE_ANY_VERSION);
    case DO_CONFLICT:
        return write_key(view, "shared", 0, STORE_ANY_VERSION) && write_key(view, "one", 0, 77);
    case DO_REFUSE:
        (void)write_key(view, "shared", 0, STORE_ANY_VERSION);
        return false;
    case DO_LARGE:
        return write_many(view);
    case DO_LARGE_FAILS:
        return write_many(view) && write_key(view, "one", 0, 77);
    case DO_LEASE:
        return store_view_lease_put(view, &lease);
    default:
        return store_view_get(view, STR("api_spec"), STR("com.x"), STR("one0")) != NULL;
    }
}

static void fill_batch(struct asked *asked)
{
    struct store_write *writes = ARENA_ARRAY(&asked->request.arena, struct store_write, LARGE);
    for (unsigned i = 0; i < LARGE; i++) {
        writes[i] = (struct store_write){.kind = STR("api_spec"),
                                         .realm = STR("com.x"),
                                         .key = arena_printf(&asked->request.arena, "batch%u", i),
                                         .value = STR("1"),
                                         .expect = STORE_ANY_VERSION};
    }
    asked->request.op = STORE_COMMIT;
    asked->request.writes = writes;
    asked->request.write_count = LARGE;
}

static void asked_init(struct asked *asked, enum doing doing, unsigned number)
{
    *asked = (struct asked){.doing = doing, .number = number};
    request_init(&asked->request, STORE_WORK);
    asked->request.arena.max = 64 << 20;
    asked->request.work = work;
    asked->request.author = STR("ann");
    if (doing == DO_BATCH) {
        fill_batch(asked);
    }
    if (doing != DO_READ) {
        asked->audit = (struct store_audit){.realm = STR("com.x"), .action = STR("some.action")};
        asked->request.audit = &asked->audit;
        asked->request.audit_count = 1;
    }
}

static void on_done(struct store_request *request)
{
    struct asked *asked = CONTAINER_OF(request, struct asked, request);
    struct done *done = asked->done;
    (void)pthread_mutex_lock(&done->lock);
    done->order[done->count++] = asked->number;
    (void)pthread_cond_signal(&done->changed);
    (void)pthread_mutex_unlock(&done->lock);
}

static void run_one_by_one(struct store *store, struct asked *asked, unsigned count)
{
    for (unsigned i = 0; i < count; i++) {
        store_run(store, &asked[i].request);
    }
}

/* All wait before the thread starts, so that they are one group. */
static void run_together(struct store *store, struct asked *asked, unsigned count)
{
    struct done done = {.count = 0};
    (void)pthread_mutex_init(&done.lock, NULL);
    (void)pthread_cond_init(&done.changed, NULL);
    for (unsigned i = 0; i < count; i++) {
        asked[i].done = &done;
        asked[i].request.finish = on_done;
        store_submit(store, &asked[i].request);
    }
    assert_true(store_start(store, NULL));
    (void)pthread_mutex_lock(&done.lock);
    while (done.count < count) {
        (void)pthread_cond_wait(&done.changed, &done.lock);
    }
    (void)pthread_mutex_unlock(&done.lock);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(done.order[i], i);
    }
}

static bool read_audit(struct store_view *view, struct store_request *request)
{
    const struct store_audit_row *rows = NULL;
    uint64_t next = 0;
    const struct store_audit_query query = {.limit = 1000};
    size_t count = store_view_audit(view, &query, &rows, &next);
    request->comment = STR_EMPTY;
    for (size_t i = 0; i < count; i++) {
        request->comment = arena_printf(store_view_arena(view), PRISTR PRISTR ":" PRISTR "\n",
                                        STRARG(request->comment), STRARG(rows[i].what.outcome),
                                        STRARG(rows[i].what.error));
    }
    return true;
}

/* Everything that is in the store, as one text. */
static char *picture(const struct place *place)
{
    struct store *store = open_store(place);
    struct store_request list;
    struct store_request audit;
    struct buf text;
    buf_init(&text, 16 << 20);
    request_init(&list, STORE_LIST);
    list.arena.max = 64 << 20;
    store_run(store, &list);
    assert_true(list.ok);
    for (size_t i = 0; i < list.record_count; i++) {
        const struct store_record *r = &list.records[i];
        (void)buf_printf(&text, PRISTR " %llu %llu " PRISTR "\n", STRARG(r->key),
                         (unsigned long long)r->version, (unsigned long long)r->seq,
                         STRARG(r->value));
    }
    request_init(&audit, STORE_WORK);
    audit.work = read_audit;
    store_run(store, &audit);
    assert_true(audit.ok);
    (void)buf_append(&text, audit.comment);
    (void)buf_byte(&text, '\0');
    arena_done(&list.arena);
    arena_done(&audit.arena);
    store_close(store);
    return buf_take(&text, NULL);
}

static void ends_the_same(const struct place *place, const enum doing *what, unsigned count)
{
    struct place *other = NULL;
    struct asked one[REQUESTS_MAX];
    struct asked all[REQUESTS_MAX];
    assert_int_equal(place_setup((void **)&other), 0);
    for (unsigned i = 0; i < count; i++) {
        asked_init(&one[i], what[i], i);
        asked_init(&all[i], what[i], i);
    }
    struct store *store = open_store(place);
    run_one_by_one(store, one, count);
    store_close(store);
    store = open_store(other);
    run_together(store, all, count);
    store_close(store);
    for (unsigned i = 0; i < count; i++) {
        assert_int_equal(one[i].request.ok, all[i].request.ok);
        assert_int_equal(one[i].request.err.code, all[i].request.err.code);
        assert_int_equal(one[i].request.seq, all[i].request.seq);
        assert_int_equal(one[i].request.record_count, all[i].request.record_count);
        arena_done(&one[i].request.arena);
        arena_done(&all[i].request.arena);
    }
    char *expected = picture(place);
    char *found = picture(other);
    assert_string_equal(found, expected);
    mem_free(expected);
    mem_free(found);
    assert_int_equal(place_teardown((void **)&other), 0);
}

static void small_requests_end_together_as_they_do_alone(void **state)
{
    static const enum doing what[] = {DO_PUT,   DO_CONFLICT, DO_PUT,  DO_REFUSE,
                                      DO_LEASE, DO_CONFLICT, DO_READ, DO_PUT};
    ends_the_same(*state, what, COUNT_OF(what));
}

static void a_large_one_that_works_changes_nothing_for_others(void **state)
{
    static const enum doing what[] = {DO_PUT, DO_LARGE, DO_CONFLICT, DO_PUT, DO_LARGE, DO_REFUSE};
    ends_the_same(*state, what, COUNT_OF(what));
}

static void a_large_one_that_fails_takes_nobody_along(void **state)
{
    static const enum doing what[] = {DO_PUT,    DO_LARGE, DO_LARGE_FAILS, DO_PUT,
                                      DO_REFUSE, DO_LEASE, DO_LARGE_FAILS, DO_PUT};
    ends_the_same(*state, what, COUNT_OF(what));
}

static void a_large_batch_has_a_transaction_of_its_own(void **state)
{
    static const enum doing what[] = {DO_PUT, DO_BATCH, DO_BATCH, DO_PUT, DO_CONFLICT, DO_READ};
    ends_the_same(*state, what, COUNT_OF(what));
}

static void only_what_fails_late_is_run_again(void **state)
{
    static const enum doing calm[] = {DO_PUT, DO_LARGE, DO_CONFLICT, DO_PUT};
    struct asked asked[COUNT_OF(calm)];
    for (unsigned i = 0; i < COUNT_OF(calm); i++) {
        asked_init(&asked[i], calm[i], i);
    }
    struct store *store = open_store(*state);
    run_together(store, asked, COUNT_OF(calm));
    store_close(store);
    for (unsigned i = 0; i < COUNT_OF(calm); i++) {
        assert_int_equal(asked[i].runs, 1);
        arena_done(&asked[i].request.arena);
    }
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(small_requests_end_together_as_they_do_alone),
        T(a_large_one_that_works_changes_nothing_for_others),
        T(a_large_one_that_fails_takes_nobody_along),
        T(a_large_batch_has_a_transaction_of_its_own),
        T(only_what_fails_late_is_run_again),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
