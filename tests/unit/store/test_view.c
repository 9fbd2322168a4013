#include "base/buf.h"
#include "store/store_inside.h"
#include "store_helper.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define KIND  STR("group")
#define REALM STR("com.x")

/* A piece of work and what a test wants to know of it. */
struct task {
    struct store_request request;
    const void *ctx;
};

static struct task *task_of(struct store_request *request)
{
    return CONTAINER_OF(request, struct task, request);
}

static void task_init(struct task *task, store_work_fn work, const void *ctx)
{
    *task = (struct task){.ctx = ctx};
    task->request = (struct store_request){.op = STORE_WORK, .work = work, .author = STR("ann")};
    arena_init(&task->request.arena, 1 << 20);
}

/* Runs it; its arena is the caller's to end. */
static bool task_run(struct store *store, struct task *task, store_work_fn work, const void *ctx)
{
    task_init(task, work, ctx);
    store_run(store, &task->request);
    return task->request.ok;
}

static bool write_value(struct store_view *view, struct str key, const char *value, uint64_t expect)
{
    struct arena *arena = store_view_arena(view);
    const struct store_write write = {.kind = KIND,
                                      .realm = REALM,
                                      .key = arena_str(arena, key),
                                      .value = arena_str(arena, str_of(value)),
                                      .remove = *value == '\0',
                                      .expect = expect};
    return store_view_put(view, &write);
}

static bool value_is(struct store_view *view, const char *key, const char *value)
{
    const struct store_record *record = store_view_get(view, KIND, REALM, str_of(key));
    return value == NULL ? record == NULL : record != NULL && str_eq(record->value, str_of(value));
}

/* What a key has, as everybody sees it. */
static bool look(struct store_view *view, struct store_request *request)
{
    const char *const *pair = task_of(request)->ctx;
    return value_is(view, pair[0], pair[1]);
}

static void assert_value(struct store *store, const char *key, const char *value)
{
    const char *pair[] = {key, value};
    struct task task;
    assert_true(task_run(store, &task, look, pair));
    arena_done(&task.request.arena);
}

static bool write_and_read(struct store_view *view, struct store_request *request)
{
    (void)request;
    bool fine = value_is(view, "a", NULL) && write_value(view, STR("a"), "1", 0) &&
                value_is(view, "a", "1") && write_value(view, STR("a"), "2", 1) &&
                value_is(view, "a", "2") && write_value(view, STR("b"), "3", 0);
    const struct store_record *records = NULL;
    fine = fine && store_view_list(view, KIND, REALM, NULL, &records) == 2 &&
           store_view_count(view, KIND, REALM, NULL) == 2 && str_eq(records[0].key, STR("a"));
    return fine && write_value(view, STR("a"), "", 2) && value_is(view, "a", NULL) &&
           store_view_count(view, KIND, REALM, NULL) == 1;
}

static void work_reads_what_it_has_written(void **state)
{
    struct store *store = open_store(*state);
    struct task task;
    assert_true(task_run(store, &task, write_and_read, NULL));
    assert_int_equal(task.request.record_count, 4);
    assert_int_equal(task.request.seq, 1);
    arena_done(&task.request.arena);
    assert_value(store, "a", NULL);
    assert_value(store, "b", "3");
    store_close(store);
}

static bool write_and_refuse(struct store_view *view, struct store_request *request)
{
    (void)request;
    (void)write_value(view, STR("a"), "new", STORE_ANY_VERSION);
    (void)write_value(view, STR("b"), "new", 0);
    return false;
}

static bool write_and_conflict(struct store_view *view, struct store_request *request)
{
    (void)request;
    (void)write_value(view, STR("b"), "new", 0);
    (void)write_value(view, STR("a"), "new", 7);
    return true; /* whatever it says */
}

static bool write_what_is_no_record(struct store_view *view, struct store_request *request)
{
    const struct store_write *write = task_of(request)->ctx;
    (void)write_value(view, STR("b"), "new", 0);
    return store_view_put(view, write) || !store_view_failed(view);
}

static void on_told(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    (void)seq;
    (void)records;
    *(size_t *)ctx += count;
}

static void
assert_undone(struct store *store, store_work_fn work, const void *ctx, enum err_code code)
{
    struct task task;
    assert_false(task_run(store, &task, work, ctx));
    assert_int_equal(task.request.err.code, code);
    assert_int_equal(task.request.seq, 0);
    assert_int_equal(task.request.record_count, 0);
    assert_null(task.request.records);
    arena_done(&task.request.arena);
    assert_value(store, "a", "1");
    assert_value(store, "b", NULL);
}

static void work_that_fails_leaves_nothing_behind(void **state)
{
    struct store *store = open_store(*state);
    size_t told = 0;
    const struct store_write hostile[] = {
        {.kind = KIND, .realm = REALM, .key = STR("z\0z"), .value = STR("1")},
        {.kind = KIND, .realm = REALM, .key = STR("z"), .value = STR("1\0")},
        {.kind = KIND, .realm = REALM, .key = STR("z"), .value = STR_EMPTY},
        {.kind = STR_EMPTY, .realm = REALM, .key = STR("z"), .value = STR("1")},
    };
    const struct store_write missing = {
        .kind = KIND, .realm = REALM, .key = STR("z"), .remove = true, .expect = STORE_ANY_VERSION};
    struct task first;
    const char *pair[] = {"a", NULL};
    assert_true(task_run(store, &first, look, pair));
    arena_done(&first.request.arena);
    struct store_request request;
    request_init(&request, STORE_COMMIT);
    const struct store_write a = {.kind = KIND, .realm = REALM, .key = STR("a"), .value = STR("1")};
    request.writes = &a;
    request.write_count = 1;
    store_run(store, &request);
    assert_true(request.ok);
    arena_done(&request.arena);

    store_watch(store, on_told, &told);
    assert_undone(store, write_and_refuse, NULL, ERR_NONE);
    assert_undone(store, write_and_conflict, NULL, ERR_CONFLICT);
    for (size_t i = 0; i < COUNT_OF(hostile); i++) {
        assert_undone(store, write_what_is_no_record, &hostile[i], ERR_INVALID);
    }
    assert_undone(store, write_what_is_no_record, &missing, ERR_NOT_FOUND);
    assert_int_equal(told, 0);
    store_close(store);
}

static bool only_read(struct store_view *view, struct store_request *request)
{
    (void)request;
    const struct store_record *records = NULL;
    return store_view_list(view, KIND, REALM, NULL, &records) == 0;
}

static bool write_one(struct store_view *view, struct store_request *request)
{
    return write_value(view, str_of(task_of(request)->ctx), "1", STORE_ANY_VERSION);
}

static void work_that_only_reads_takes_no_number(void **state)
{
    struct store *store = open_store(*state);
    struct task task;
    size_t told = 0;
    store_watch(store, on_told, &told);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(task_run(store, &task, only_read, NULL));
        assert_int_equal(task.request.seq, 0);
        assert_int_equal(task.request.record_count, 0);
        arena_done(&task.request.arena);
    }
    assert_true(task_run(store, &task, write_one, "k"));
    assert_int_equal(task.request.seq, 1);
    assert_int_equal(told, 1);
    arena_done(&task.request.arena);
    const char *pair[] = {"k", "1"};
    assert_true(task_run(store, &task, look, pair));
    assert_int_equal(task.request.seq, 1); /* the state that it has seen */
    assert_int_equal(told, 1);
    arena_done(&task.request.arena);
    store_close(store);
}

static void on_seen(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    bool *fine = ctx;
    *fine = seq == 1 && count == 4 && str_eq(records[0].key, STR("a")) && records[0].version == 1 &&
            records[1].version == 2 && str_eq(records[1].value, STR("2")) &&
            str_eq(records[2].key, STR("b")) && records[3].deleted && records[3].version == 3 &&
            str_eq(records[3].author, STR("ann"));
}

static void watchers_see_every_record_of_work(void **state)
{
    struct store *store = open_store(*state);
    struct task task;
    bool fine = false;
    store_watch(store, on_seen, &fine);
    assert_true(task_run(store, &task, write_and_read, NULL));
    assert_true(fine);
    arena_done(&task.request.arena);
    store_close(store);
}

static const char *const names[] = {
    "100%",  "100_", "100x", "Ab",        "a",          "a!b",       "ab",
    "ab'--", "abc",  "b",    "b\xc3\xa9", "b\xc3\xa9!", "b\xc3\xaa", "\xf0\x9f\x90\x98"};

static bool write_names(struct store_view *view, struct store_request *request)
{
    (void)request;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!write_value(view, str_of(names[i]), "1", 0)) {
            return false;
        }
    }
    /* Not of the list: elsewhere, and gone. */
    const struct store_write other = {
        .kind = KIND, .realm = STR("com.y"), .key = STR("ab"), .value = STR("1")};
    return write_value(view, STR("abd"), "1", 0) && write_value(view, STR("abd"), "", 1) &&
           store_view_put(view, &other);
}

struct question {
    struct store_page page;
    const char *keys; /* with a blank between them */
    size_t count;     /* of all pages */
};

static bool ask_page(struct store_view *view, struct store_request *request)
{
    const struct question *question = task_of(request)->ctx;
    const struct store_record *records = NULL;
    struct buf keys;
    buf_init(&keys, 4096);
    size_t count = store_view_list(view, KIND, REALM, &question->page, &records);
    for (size_t i = 0; i < count; i++) {
        (void)(i == 0 || buf_append(&keys, STR(" ")));
        (void)buf_append(&keys, records[i].key);
    }
    assert_true(str_eq(buf_str(&keys), str_of(question->keys)));
    assert_int_equal(store_view_count(view, KIND, REALM, &question->page), question->count);
    buf_done(&keys);
    return !store_view_failed(view);
}

static void a_page_is_what_was_asked_for(void **state)
{
    const struct question questions[] = {
        {{.limit = 2}, "100% 100_", 14},
        {{.after = STR("100_"), .limit = 2}, "100x Ab", 14},
        {{.after = STR("b\xc3\xaa"), .limit = 9}, "\xf0\x9f\x90\x98", 14},
        {{.descending = true, .limit = 2}, "\xf0\x9f\x90\x98 b\xc3\xaa", 14},
        {{.descending = true, .after = STR("Ab"), .limit = 9}, "100x 100_ 100%", 14},
        {{.prefix = STR("a")}, "a a!b ab ab'-- abc", 5},
        {{.prefix = STR("A")}, "Ab", 1},
        {{.prefix = STR("ab"), .after = STR("ab"), .limit = 1}, "ab'--", 3},
        {{.prefix = STR("ab"), .descending = true, .limit = 2}, "abc ab'--", 3},
        {{.prefix = STR("b\xc3\xa9")}, "b\xc3\xa9 b\xc3\xa9!", 2},
        {{.prefix = STR("\xf0\x9f\x90\x98")}, "\xf0\x9f\x90\x98", 1},
        {{.prefix = STR("%")}, "", 0},
        {{.prefix = STR("100%")}, "100%", 1},
        {{.contains = STR("%")}, "100%", 1},
        {{.contains = STR("_")}, "100_", 1},
        {{.contains = STR("!")}, "a!b b\xc3\xa9!", 2},
        {{.contains = STR("'--")}, "ab'--", 1},
        {{.contains = STR("AB")}, "Ab ab ab'-- abc", 4},
        {{.contains = STR("b"), .prefix = STR("a"), .limit = 2}, "a!b ab", 4},
        {{.contains = STR("' OR 1=1")}, "", 0},
        {{.contains = STR("a\0b")}, "", 0},
        {{.prefix = STR("a\0")}, "", 0},
        {{.after = STR("zz"), .limit = 1}, "\xf0\x9f\x90\x98", 14},
        {{.limit = SIZE_MAX, .prefix = STR("Ab")}, "Ab", 1},
    };
    struct store *store = open_store(*state);
    struct task task;
    assert_true(task_run(store, &task, write_names, NULL));
    arena_done(&task.request.arena);
    for (size_t i = 0; i < COUNT_OF(questions); i++) {
        assert_true(task_run(store, &task, ask_page, &questions[i]));
        arena_done(&task.request.arena);
    }
    store_close(store);
}

static bool ask_hostile(struct store_view *view, struct store_request *request)
{
    const struct store_record *records = NULL;
    struct arena *arena = &request->arena;
    char *long_text = arena_alloc(arena, STORE_KEY_MAX + 1);
    memset(long_text, '%', STORE_KEY_MAX + 1);
    struct str too_long = str_make(long_text, STORE_KEY_MAX + 1);
    struct str longest = str_make(long_text, STORE_KEY_MAX);
    return store_view_get(view, KIND, REALM, too_long) == NULL &&
           store_view_get(view, KIND, too_long, STR("a")) == NULL &&
           store_view_get(view, too_long, REALM, STR("a")) == NULL &&
           store_view_get(view, KIND, REALM, STR("a\0b")) == NULL &&
           store_view_get(view, KIND, STR("com.x\0"), STR("a")) == NULL &&
           store_view_list(view, KIND, STR("com.x\0"), NULL, &records) == 0 &&
           store_view_list(view, KIND, REALM, &(struct store_page){.contains = longest},
                           &records) == 0 &&
           store_view_list(view, KIND, REALM, &(struct store_page){.prefix = too_long}, &records) ==
               0 &&
           store_view_count(view, KIND, REALM, &(struct store_page){.contains = too_long}) == 0 &&
           store_view_get(view, KIND, REALM, STR("' OR '1'='1")) == NULL &&
           !store_view_failed(view) && value_is(view, "a", "1");
}

static void hostile_texts_find_nothing_and_break_nothing(void **state)
{
    struct store *store = open_store(*state);
    struct task task;
    assert_true(task_run(store, &task, write_names, NULL));
    arena_done(&task.request.arena);
    assert_true(task_run(store, &task, ask_hostile, NULL));
    arena_done(&task.request.arena);
    store_close(store);
}

static bool list_too_much(struct store_view *view, struct store_request *request)
{
    const struct store_record *records = NULL;
    (void)write_value(view, STR("x"), "1", 0);
    size_t count = store_view_list(view, KIND, REALM, NULL, &records);
    (void)request;
    /* What comes after is of no account. */
    return count == 0 && records == NULL && store_view_failed(view) &&
           store_view_get(view, KIND, REALM, STR("a")) == NULL &&
           !write_value(view, STR("y"), "1", 0) && store_view_count(view, KIND, REALM, NULL) == 0;
}

static void an_answer_larger_than_the_arena_fails_the_work(void **state)
{
    struct store *store = open_store(*state);
    struct task task;
    assert_true(task_run(store, &task, write_names, NULL));
    arena_done(&task.request.arena);
    task_init(&task, list_too_much, NULL);
    task.request.arena.max = 2000;
    store_run(store, &task.request);
    assert_false(task.request.ok);
    assert_int_equal(task.request.err.code, ERR_LIMIT);
    arena_done(&task.request.arena);
    assert_value(store, "x", NULL);
    store_close(store);
}

/* Threads that all count up one record, some by work and some by commits that may be too late. */
struct counter {
    struct store *store;
    atomic_uint finished;
    atomic_uint done;
};

struct step {
    struct store_request request;
    struct store_write write;
    struct counter *counter;
};

static bool count_up(struct store_view *view, struct store_request *request)
{
    const struct store_record *record = store_view_get(view, KIND, REALM, STR("sum"));
    uint64_t sum = 0;
    if (record != NULL && !str_to_u64(record->value, &sum)) {
        return false;
    }
    struct str value = arena_printf(&request->arena, "%llu", (unsigned long long)sum + 1);
    return write_value(view, STR("sum"), value.ptr, record == NULL ? 0 : record->version);
}

static void on_counted(struct store_request *request)
{
    struct step *step = CONTAINER_OF(request, struct step, request);
    (void)atomic_fetch_add(&step->counter->done, request->ok);
    (void)atomic_fetch_add(&step->counter->finished, 1);
    arena_done(&request->arena);
    mem_free(step);
}

static void *count_many(void *arg)
{
    struct counter *counter = arg;
    for (unsigned i = 0; i < 100; i++) {
        struct step *step = NEW(struct step);
        step->counter = counter;
        step->request = (struct store_request){.finish = on_counted};
        arena_init(&step->request.arena, 1 << 16);
        if (i % 4 == 3) { /* in the same groups, now and then in conflict with nobody but itself */
            step->request.op = STORE_COMMIT;
            step->write = (struct store_write){
                .kind = KIND, .realm = REALM, .key = STR("other"), .value = STR("1"), .expect = i};
            step->request.writes = &step->write;
            step->request.write_count = 1;
        } else {
            step->request.op = STORE_WORK;
            step->request.work = count_up;
        }
        store_submit(counter->store, &step->request);
    }
    return NULL;
}

static void work_of_many_threads_is_one_after_the_other(void **state)
{
    struct counter counter = {.store = open_store(*state)};
    pthread_t threads[4];
    atomic_init(&counter.finished, 0);
    atomic_init(&counter.done, 0);
    assert_true(store_start(counter.store, NULL));
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, count_many, &counter), 0);
    }
    for (size_t i = 0; i < COUNT_OF(threads); i++) {
        assert_int_equal(pthread_join(threads[i], NULL), 0);
    }
    store_close(counter.store);
    assert_int_equal(atomic_load(&counter.finished), 400);
    assert_int_equal(atomic_load(&counter.done), 300);
    struct store *store = open_store(*state);
    assert_value(store, "sum", "300");
    store_close(store);
}

static void work_on_a_full_disk_is_unavailable_and_told_to_nobody(void **state)
{
    const struct place *place = *state;
    if (on_postgres(place)) {
        skip(); /* the disk is the server's */
    }
    struct store *store = open_store(place);
    struct task task;
    size_t told = 0;
    store_watch(store, on_told, &told);
    assert_true(task_run(store, &task, write_one, "a"));
    arena_done(&task.request.arena);
    char wal[128];
    struct stat status;
    struct rlimit before;
    (void)snprintf(wal, sizeof(wal), "%s-wal", place->file);
    assert_int_equal(stat(wal, &status), 0);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    const struct rlimit full = {.rlim_cur = (rlim_t)status.st_size, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    bool ok = task_run(store, &task, write_one, "b");
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_false(ok);
    assert_int_equal(task.request.err.code, ERR_UNAVAILABLE);
    assert_int_equal(task.request.record_count, 0);
    arena_done(&task.request.arena);
    assert_int_equal(told, 1);
    assert_value(store, "b", NULL);
    store_close(store);
}

/* A database that answers so many questions and no more. */
struct weak {
    struct store_backend backend;
    unsigned left;
};

static bool
weak_query(struct store_backend *backend, const struct store_query *query, struct err *err)
{
    struct weak *weak = CONTAINER_OF(backend, struct weak, backend);
    const struct store_value head[] = {STORE_NUMBER(7), STORE_NUMBER(7)};
    if (weak->left == 0) {
        return err_set(err, ERR_UNAVAILABLE, "the database is away");
    }
    weak->left--;
    return query->sql != store_sql(SQL_HEAD) || query->row(query->ctx, head, err);
}

static bool use_weak(struct store_view *view, struct store_request *request)
{
    const struct store_record *records = NULL;
    (void)request;
    (void)store_view_get(view, KIND, REALM, STR("a"));
    (void)store_view_list(view, KIND, REALM, NULL, &records);
    (void)store_view_count(view, KIND, REALM, NULL);
    (void)write_value(view, STR("a"), "1", 0);
    return true; /* as one that looks at nothing */
}

static void a_database_that_fails_anywhere_fails_the_work(void **state)
{
    static const struct store_backend_ops ops = {.query = weak_query};
    unsigned left = 0;
    bool ok = false;
    (void)state;
    for (; !ok && left < 32; left++) {
        struct weak weak = {.backend = {.ops = &ops}, .left = left};
        struct task task;
        task_init(&task, use_weak, NULL);
        ok = store_request_work(&weak.backend, &task.request);
        assert_int_equal(task.request.err.code, ok ? ERR_NONE : ERR_UNAVAILABLE);
        arena_done(&task.request.arena);
    }
    assert_in_range(left, 8, 31);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(work_reads_what_it_has_written),
        T(work_that_fails_leaves_nothing_behind),
        T(work_that_only_reads_takes_no_number),
        T(watchers_see_every_record_of_work),
        T(a_page_is_what_was_asked_for),
        T(hostile_texts_find_nothing_and_break_nothing),
        T(an_answer_larger_than_the_arena_fails_the_work),
        T(work_of_many_threads_is_one_after_the_other),
        T(work_on_a_full_disk_is_unavailable_and_told_to_nobody),
        T(a_database_that_fails_anywhere_fails_the_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
