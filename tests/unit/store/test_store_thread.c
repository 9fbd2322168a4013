#include "store_helper.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A request that tells the test when it has been answered. */
struct asked {
    struct store_request request;
    struct store_write write;
    char key[32];
    struct answers *answers;
    unsigned number;
};

struct answers {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    unsigned ok;
    unsigned conflict;
    unsigned unavailable;
    unsigned last; /* number of the request answered last */
    bool in_order;
};

static void answers_init(struct answers *answers)
{
    *answers = (struct answers){.in_order = true};
    (void)pthread_mutex_init(&answers->lock, NULL);
    (void)pthread_cond_init(&answers->changed, NULL);
}

static void answers_wait(struct answers *answers, unsigned count)
{
    (void)pthread_mutex_lock(&answers->lock);
    while (answers->ok + answers->conflict + answers->unavailable < count) {
        (void)pthread_cond_wait(&answers->changed, &answers->lock);
    }
    (void)pthread_mutex_unlock(&answers->lock);
}

static void on_answer(struct store_request *request)
{
    struct asked *asked = CONTAINER_OF(request, struct asked, request);
    struct answers *answers = asked->answers;
    (void)pthread_mutex_lock(&answers->lock);
    answers->ok += request->ok;
    answers->conflict += !request->ok && request->err.code == ERR_CONFLICT;
    answers->unavailable += !request->ok && request->err.code == ERR_UNAVAILABLE;
    answers->in_order = answers->in_order && asked->number >= answers->last;
    answers->last = asked->number;
    (void)pthread_cond_signal(&answers->changed);
    (void)pthread_mutex_unlock(&answers->lock);
    arena_done(&request->arena);
    mem_free(asked);
}

static void
ask(struct store *store, struct answers *answers, unsigned number, const char *key, uint64_t expect)
{
    struct asked *asked = NEW(struct asked);
    request_init(&asked->request, STORE_COMMIT);
    (void)snprintf(asked->key, sizeof(asked->key), "%s", key);
    asked->answers = answers;
    asked->number = number;
    asked->write = (struct store_write){.kind = STR("api_spec"),
                                        .realm = STR("com.x"),
                                        .key = str_of(asked->key),
                                        .value = STR("{\"some\":\"text\"}"),
                                        .expect = expect};
    asked->request.writes = &asked->write;
    asked->request.write_count = 1;
    asked->request.finish = on_answer;
    store_submit(store, &asked->request);
}

static void a_conflict_in_a_group_hurts_nobody_else(void **state)
{
    struct store *store = open_store(*state);
    struct answers answers;
    answers_init(&answers);
    for (unsigned i = 0; i < 600; i++) { /* all wait before the thread starts: three groups */
        char key[32];
        (void)snprintf(key, sizeof(key), "k%u", i % 3 == 0 ? 0 : i);
        ask(store, &answers, i, key, 0);
    }
    assert_true(store_start(store, NULL));
    answers_wait(&answers, 600);
    assert_int_equal(answers.ok, 401);
    assert_int_equal(answers.conflict, 199);
    assert_true(answers.in_order);
    store_close(store);
}

struct order {
    atomic_ullong seq;
    atomic_bool in_order;
};

static void on_ordered(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    struct order *order = ctx;
    (void)records;
    if (count != 1 || seq != atomic_load(&order->seq) + 1) {
        atomic_store(&order->in_order, false);
    }
    atomic_store(&order->seq, seq);
}

struct asker {
    pthread_t thread;
    struct store *store;
    struct answers *answers;
    unsigned from;
};

static void *ask_many(void *arg)
{
    struct asker *asker = arg;
    for (unsigned i = 0; i < 100; i++) {
        char key[32];
        (void)snprintf(key, sizeof(key), "t%u", asker->from + i);
        ask(asker->store, asker->answers, 0, key, 0);
    }
    return NULL;
}

static void watchers_see_every_transaction_in_order_whoever_asks(void **state)
{
    struct store *store = open_store(*state);
    struct order order;
    atomic_init(&order.seq, 0);
    atomic_init(&order.in_order, true);
    store_watch(store, on_ordered, &order);
    assert_true(store_start(store, NULL));
    struct answers answers;
    answers_init(&answers);
    struct asker askers[4];
    for (unsigned i = 0; i < 4; i++) {
        askers[i] = (struct asker){.store = store, .answers = &answers, .from = i * 100};
        assert_int_equal(pthread_create(&askers[i].thread, NULL, ask_many, &askers[i]), 0);
    }
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(pthread_join(askers[i].thread, NULL), 0);
    }
    answers_wait(&answers, 400);
    assert_int_equal(answers.ok, 400);
    assert_int_equal(atomic_load(&order.seq), 400);
    assert_true(atomic_load(&order.in_order));
    store_close(store);
}

static void a_close_commits_what_was_submitted(void **state)
{
    struct store *store = open_store(*state);
    struct answers answers;
    answers_init(&answers);
    ask(store, &answers, 0, "before", 0); /* never started */
    store_close(store);
    assert_int_equal(answers.ok, 1);
    store = open_store(*state);
    assert_true(store_start(store, NULL));
    for (unsigned i = 0; i < 50; i++) {
        char key[32];
        (void)snprintf(key, sizeof(key), "k%u", i);
        ask(store, &answers, i, key, 0);
    }
    store_close(store);
    assert_int_equal(answers.ok, 51);
}

struct look {
    struct store_request request;
    struct answers *answers;
    unsigned number;
};

static atomic_bool looking;
static atomic_bool look_on;

/* Longer than a turn of reading may take. */
static bool look_long(struct store_view *view, struct store_request *request)
{
    (void)view;
    (void)request;
    const struct timespec pause = {.tv_nsec = 30L * 1000 * 1000};
    atomic_store(&looking, true);
    while (!atomic_load(&look_on)) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    (void)nanosleep(&pause, NULL);
    return true;
}

static void on_looked(struct store_request *request)
{
    struct look *look = CONTAINER_OF(request, struct look, request);
    struct answers *answers = look->answers;
    (void)pthread_mutex_lock(&answers->lock);
    answers->ok += request->ok;
    answers->in_order = answers->in_order && look->number >= answers->last;
    answers->last = look->number;
    (void)pthread_cond_signal(&answers->changed);
    (void)pthread_mutex_unlock(&answers->lock);
    arena_done(&request->arena);
    mem_free(look);
}

static void look(struct store *store, struct answers *answers, unsigned number)
{
    struct look *look = NEW(struct look);
    request_init(&look->request, STORE_WORK);
    look->request.reads = true;
    look->request.work = look_long;
    look->request.finish = on_looked;
    look->answers = answers;
    look->number = number;
    store_submit(store, &look->request);
}

static void who_writes_waits_for_one_who_reads_and_not_for_all(void **state)
{
    enum { READERS = 8 };
    struct store *store = open_store(*state);
    struct answers answers;
    answers_init(&answers);
    atomic_store(&looking, false);
    atomic_store(&look_on, false);
    for (unsigned i = 0; i < READERS; i++) {
        look(store, &answers, i == 0 ? 0 : 2 + i);
    }
    assert_true(store_start(store, NULL));
    while (!atomic_load(&looking)) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    ask(store, &answers, 1, "new", 0);
    atomic_store(&look_on, true);
    answers_wait(&answers, READERS + 1);
    assert_int_equal(answers.ok, READERS + 1);
    assert_true(answers.in_order); /* the write is the second */
    store_close(store);
}

static void on_counted(void *ctx, uint64_t seq, const struct store_record *records, size_t count)
{
    (void)seq;
    (void)records;
    *(size_t *)ctx += count;
}

static void a_full_disk_fails_the_group_and_tells_no_watcher(void **state)
{
    const struct place *place = *state;
    if (on_postgres(place)) {
        skip(); /* the disk is the server's */
    }
    struct store *store = open_store(place);
    size_t told = 0;
    store_watch(store, on_counted, &told);
    assert_int_equal(put(store, STR("a"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(told, 1);

    char wal[128];
    struct stat status;
    (void)snprintf(wal, sizeof(wal), "%s-wal", place->file);
    assert_int_equal(stat(wal, &status), 0);
    struct rlimit before;
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    (void)signal(SIGXFSZ, SIG_IGN);
    struct rlimit full = {.rlim_cur = (rlim_t)status.st_size, .rlim_max = before.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &full), 0);
    enum err_code code = put(store, STR("b"), STR("1"), 0, NULL);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(code, ERR_UNAVAILABLE);
    assert_int_equal(told, 1);

    assert_int_equal(put(store, STR("b"), STR("1"), 0, NULL), ERR_NONE);
    assert_int_equal(told, 2);
    store_close(store);
}

/* The child of the next test: commits for ever and writes the number of each acknowledged key. */
static void acknowledge(struct store_request *request)
{
    struct asked *asked = CONTAINER_OF(request, struct asked, request);
    if (request->ok) {
        int fd = (int)(intptr_t)asked->answers;
        (void)!write(fd, &asked->number, sizeof(asked->number));
    }
    arena_done(&request->arena);
    mem_free(asked);
}

static _Noreturn void commit_until_killed(const struct place *place, int fd, unsigned from)
{
    struct store *store = store_open(str_of(place->url), place_dir(place), NULL);
    if (store == NULL || !store_start(store, NULL)) {
        _exit(1);
    }
    for (unsigned number = from;; number++) {
        struct asked *asked = NEW(struct asked);
        request_init(&asked->request, STORE_COMMIT);
        (void)snprintf(asked->key, sizeof(asked->key), "k%u", number);
        asked->answers = (struct answers *)(intptr_t)fd;
        asked->number = number;
        asked->write = (struct store_write){.kind = STR("api_spec"),
                                            .realm = STR("com.x"),
                                            .key = str_of(asked->key),
                                            .value = STR("{}"),
                                            .expect = 0};
        asked->request.writes = &asked->write;
        asked->request.write_count = 1;
        asked->request.finish = acknowledge;
        store_submit(store, &asked->request);
        (void)usleep(number % 16 == 0 ? 500 : 0);
    }
}

static unsigned read_acknowledged(int fd, unsigned char *acknowledged, unsigned max)
{
    unsigned count = 0;
    unsigned number;
    while (read(fd, &number, sizeof(number)) == (ssize_t)sizeof(number)) {
        assert_true(number < max);
        acknowledged[number] = 1;
        count++;
    }
    return count;
}

static void what_was_acknowledged_survives_kill_9(void **state)
{
    enum { ROUNDS = 5, KEYS_MAX = 1000 * 1000 };
    const struct place *place = *state;
    unsigned char *acknowledged = mem_calloc(KEYS_MAX, 1);
    unsigned total = 0;
    for (unsigned round = 0; round < ROUNDS; round++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            (void)close(ends[0]);
            commit_until_killed(place, ends[1], round * (KEYS_MAX / ROUNDS));
        }
        (void)close(ends[1]);
        struct pollfd first = {.fd = ends[0], .events = POLLIN};
        assert_int_equal(poll(&first, 1, 20000), 1);
        (void)usleep(20000 + (useconds_t)(getpid() * 7919 + (int)round * 12347) % 60000);
        assert_int_equal(kill(child, SIGKILL), 0);
        assert_int_equal(waitpid(child, NULL, 0), child);
        total += read_acknowledged(ends[0], acknowledged, KEYS_MAX);
        (void)close(ends[0]);

        struct store *store = open_store(place);
        struct store_request request;
        request_init(&request, STORE_LIST);
        request.arena.max = SIZE_MAX / 2;
        store_run(store, &request);
        assert_true(request.ok);
        unsigned found = 0;
        for (size_t i = 0; i < request.record_count; i++) {
            uint64_t number = 0;
            assert_true(str_to_u64(str_from(request.records[i].key, 1), &number));
            found += acknowledged[number];
        }
        assert_int_equal(found, total);
        arena_done(&request.arena);
        store_close(store);
    }
    assert_true(total > 0);
    mem_free(acknowledged);
}

struct here {
    struct store_request request;
    struct store_write write;
    struct store *store;
    struct worker *worker;
    bool on_worker;
    bool ok;
};

static void on_worker_answer(struct store_request *request)
{
    struct here *here = CONTAINER_OF(request, struct here, request);
    here->on_worker = worker_self() == here->worker;
    here->ok = request->ok;
    arena_done(&request->arena);
    worker_quit(here->worker);
}

static void ask_here(struct worker *worker, void *ctx)
{
    struct here *here = ctx;
    here->worker = worker;
    request_init(&here->request, STORE_COMMIT);
    here->write =
        (struct store_write){.kind = STR("realm"), .key = STR("com.x"), .value = STR("{}")};
    here->request.writes = &here->write;
    here->request.write_count = 1;
    here->request.finish = on_worker_answer;
    store_submit(here->store, &here->request);
}

static void an_answer_comes_on_the_worker_that_asked(void **state)
{
    struct here here = {.store = open_store(*state)};
    assert_true(store_start(here.store, NULL));
    struct workers *workers = workers_new(1, 1 << 20, NULL);
    assert_non_null(workers);
    workers_on_start(workers, ask_here, &here);
    workers_run_here(workers);
    workers_free(workers);
    assert_true(here.ok);
    assert_true(here.on_worker);
    store_close(here.store);
}

#define T(test) cmocka_unit_test_setup_teardown(test, place_setup, place_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(a_conflict_in_a_group_hurts_nobody_else),
        T(watchers_see_every_transaction_in_order_whoever_asks),
        T(a_close_commits_what_was_submitted),
        T(who_writes_waits_for_one_who_reads_and_not_for_all),
        T(a_full_disk_fails_the_group_and_tells_no_watcher),
        T(what_was_acknowledged_survives_kill_9),
        T(an_answer_comes_on_the_worker_that_asked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
