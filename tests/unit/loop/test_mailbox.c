/* test_mailbox.c - order, credit and wake-up of posts between real threads. */
#include "base/mem.h"
#include "loop/mailbox.h"
#include "loop/worker.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORKERS = 4, MESSAGES = 5000, THREADS = 3 };

struct message {
    struct post post;
    unsigned from;
    unsigned number;
};

/* A line for each worker, touched by it alone; `expected` is by sender. */
static struct {
    unsigned expected[WORKERS + THREADS];
    unsigned received;
    unsigned sent;
    struct post pump;
    char gap[64];
} lines[WORKERS];

static atomic_uint disorder;
static struct mailbox *main_box;
static unsigned finished;

static void on_finished(struct post *post)
{
    mem_free(post);
    finished++;
}

static void tell_main(void)
{
    struct post *post = NEW(struct post);
    post->fn = on_finished;
    mailbox_post(main_box, post);
}

static void on_message(struct post *post)
{
    struct message *message = CONTAINER_OF(post, struct message, post);
    unsigned me = worker_index(worker_self());
    if (lines[me].expected[message->from] != message->number) {
        (void)atomic_fetch_add(&disorder, 1);
    }
    lines[me].expected[message->from] = message->number + 1;
    mem_free(message);
    if (++lines[me].received == (WORKERS + THREADS) * MESSAGES) {
        tell_main();
    }
}

static void send_to_all(struct workers *workers, unsigned from, unsigned number)
{
    for (unsigned to = 0; to < WORKERS; to++) {
        struct message *message = NEW(struct message);
        *message = (struct message){
            .post = {.fn = on_message, .bytes = 10}, .from = from, .number = number};
        worker_post(workers_get(workers, to), &message->post);
    }
}

/* Sends a little each turn, so that sending and receiving are mixed. */
static void on_pump(struct post *post)
{
    struct worker *worker = worker_self();
    unsigned me = worker_index(worker);
    for (unsigned i = 0; i < 50 && lines[me].sent < MESSAGES; i++) {
        send_to_all(worker_group(worker), me, lines[me].sent++);
    }
    if (lines[me].sent < MESSAGES) {
        worker_post(worker, post);
    }
}

static void *send_from_thread(void *arg)
{
    struct workers *workers = arg;
    static atomic_uint next = WORKERS;
    unsigned from = atomic_fetch_add(&next, 1);
    for (unsigned i = 0; i < MESSAGES; i++) {
        send_to_all(workers, from, i);
    }
    return NULL;
}

static void posts_of_each_sender_arrive_in_order_and_none_is_lost(void **state)
{
    (void)state;
    main_box = mailbox_new();
    struct workers *workers = workers_new(WORKERS, (size_t)1 << 30, NULL);
    assert_true(workers_start(workers, NULL));
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_create(&threads[i], NULL, send_from_thread, workers), 0);
    }
    for (unsigned i = 0; i < WORKERS; i++) {
        lines[i].pump.fn = on_pump;
        worker_post(workers_get(workers, i), &lines[i].pump);
    }
    while (finished < WORKERS) {
        assert_true(mailbox_run_some(main_box, 60000));
    }
    for (unsigned i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    workers_stop(workers);
    for (unsigned i = 0; i < WORKERS; i++) {
        assert_false(worker_congested(workers_get(workers, i)));
        assert_int_equal(lines[i].received, (WORKERS + THREADS) * MESSAGES);
    }
    workers_free(workers);
    mailbox_free(main_box);
    assert_int_equal(atomic_load(&disorder), 0);
}

/* Whatever is under way when the workers are stopped is run, not lost. */
static atomic_uint drained;

static void on_drained(struct post *post)
{
    struct message *message = CONTAINER_OF(post, struct message, post);
    (void)atomic_fetch_add(&drained, 1);
    if (message->number == 0) {
        mem_free(message);
        return;
    }
    message->number--;
    struct worker *worker = worker_self();
    unsigned next = (worker_index(worker) + 1) % WORKERS;
    worker_post(workers_get(worker_group(worker), next), post);
}

static void stopping_runs_what_is_under_way(void **state)
{
    (void)state;
    struct workers *workers = workers_new(WORKERS, 100, NULL);
    assert_true(workers_start(workers, NULL));
    struct message *message = NEW(struct message);
    *message = (struct message){.post = {.fn = on_drained}, .number = 999};
    worker_post(workers_get(workers, 0), &message->post);
    workers_stop(workers);
    workers_free(workers);
    assert_int_equal(atomic_load(&drained), 1000);
}

/* Credit: worker 0 sends to worker 1, which is held until main lets it go. */
enum { LIMIT = 1000, SIZE = 300 };

static struct {
    pthread_mutex_t hold;
    atomic_uint taken;
    atomic_bool congested_at[6];
    unsigned taken_when_clear;
    struct post start;
    struct post clear;
    struct post load[6];
} credit = {.hold = PTHREAD_MUTEX_INITIALIZER};

static void on_load(struct post *post)
{
    (void)post;
    (void)pthread_mutex_lock(&credit.hold);
    (void)atomic_fetch_add(&credit.taken, 1);
    (void)pthread_mutex_unlock(&credit.hold);
}

static void on_clear(struct post *post)
{
    (void)post;
    credit.taken_when_clear = atomic_load(&credit.taken);
    tell_main();
}

static void on_start(struct post *post)
{
    (void)post;
    struct worker *to = workers_get(worker_group(worker_self()), 1);
    for (unsigned i = 0; i < 6; i++) {
        credit.load[i] = (struct post){.fn = on_load, .bytes = SIZE};
        worker_post(to, &credit.load[i]);
        atomic_store(&credit.congested_at[i], worker_congested(to));
    }
    credit.clear.fn = on_clear;
    worker_when_clear(to, &credit.clear);
    tell_main();
}

static void a_congested_worker_tells_its_senders_when_it_is_half_empty(void **state)
{
    (void)state;
    main_box = mailbox_new();
    finished = 0;
    struct workers *workers = workers_new(2, LIMIT, NULL);
    assert_true(workers_start(workers, NULL));
    (void)pthread_mutex_lock(&credit.hold);
    credit.start.fn = on_start;
    worker_post(workers_get(workers, 0), &credit.start);
    while (finished < 1) {
        (void)mailbox_run_some(main_box, -1);
    }
    for (unsigned i = 0; i < 6; i++) {
        assert_int_equal(atomic_load(&credit.congested_at[i]), (i + 1) * SIZE > LIMIT);
    }
    (void)pthread_mutex_unlock(&credit.hold);
    while (finished < 2) {
        (void)mailbox_run_some(main_box, -1);
    }
    workers_stop(workers);
    /* 1,800 bytes: five must have run before 300 are left, which is below 500. */
    assert_true(credit.taken_when_clear >= 5);
    assert_false(worker_congested(workers_get(workers, 1)));
    workers_free(workers);
    mailbox_free(main_box);
}

static void on_start_clear(struct post *post)
{
    (void)post;
    credit.clear.fn = on_clear;
    worker_when_clear(workers_get(worker_group(worker_self()), 1), &credit.clear);
}

static void waiting_for_a_worker_that_is_clear_ends_at_once(void **state)
{
    (void)state;
    main_box = mailbox_new();
    finished = 0;
    struct workers *workers = workers_new(2, LIMIT, NULL);
    assert_true(workers_start(workers, NULL));
    credit.start.fn = on_start_clear;
    worker_post(workers_get(workers, 0), &credit.start);
    while (finished < 1) {
        (void)mailbox_run_some(main_box, -1);
    }
    workers_stop(workers);
    workers_free(workers);
    mailbox_free(main_box);
}

/* A mailbox of a thread that is no worker. */
static unsigned counted[THREADS];

static void on_count(struct post *post)
{
    struct message *message = CONTAINER_OF(post, struct message, post);
    assert_int_equal(counted[message->from], message->number);
    counted[message->from]++;
    mem_free(message);
}

static atomic_uint next_thread;

static void *fill_mailbox(void *arg)
{
    struct mailbox *box = arg;
    unsigned from = atomic_fetch_add(&next_thread, 1);
    for (unsigned i = 0; i < MESSAGES; i++) {
        struct message *message = NEW(struct message);
        *message = (struct message){.post = {.fn = on_count}, .from = from, .number = i};
        mailbox_post(box, &message->post);
    }
    return NULL;
}

static void *close_after_senders(void *arg)
{
    struct mailbox *box = arg;
    pthread_t threads[THREADS];
    for (unsigned i = 0; i < THREADS; i++) {
        (void)pthread_create(&threads[i], NULL, fill_mailbox, box);
    }
    for (unsigned i = 0; i < THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
    }
    mailbox_close(box);
    return NULL;
}

static void a_mailbox_runs_everything_posted_before_it_was_closed(void **state)
{
    (void)state;
    struct mailbox *box = mailbox_new();
    pthread_t closer;
    assert_int_equal(pthread_create(&closer, NULL, close_after_senders, box), 0);
    mailbox_run(box);
    (void)pthread_join(closer, NULL);
    for (unsigned i = 0; i < THREADS; i++) {
        assert_int_equal(counted[i], MESSAGES);
    }
    assert_false(mailbox_run_some(box, -1));
    mailbox_free(box);
}

static void an_empty_mailbox_waits_no_longer_than_asked(void **state)
{
    (void)state;
    struct mailbox *box = mailbox_new();
    assert_true(mailbox_run_some(box, 0));
    assert_true(mailbox_run_some(box, 5));
    mailbox_close(box);
    assert_false(mailbox_run_some(box, 0));
    mailbox_free(box);
    mailbox_free(NULL);
}

static void *post_and_close(void *arg)
{
    (void)fill_mailbox(arg);
    mailbox_close(arg);
    return NULL;
}

/* A pipe that stays readable, read by nobody, takes nothing from the posts. */
static void a_mailbox_beside_a_file_runs_everything_as_well(void **state)
{
    (void)state;
    for (unsigned readable = 0; readable < 2; readable++) {
        struct mailbox *box = mailbox_new();
        int ends[2];
        pthread_t sender;
        assert_int_equal(pipe(ends), 0);
        assert_int_equal(write(ends[1], "x", readable), readable);
        memset(counted, 0, sizeof(counted));
        atomic_store(&next_thread, 0);
        (void)pthread_create(&sender, NULL, post_and_close, box);
        while (mailbox_run_some_or(box, -1, ends[0])) {
        }
        (void)pthread_join(sender, NULL);
        assert_int_equal(counted[0], MESSAGES);
        mailbox_free(box);
        (void)close(ends[0]);
        (void)close(ends[1]);
    }
}

static void *write_soon(void *arg)
{
    (void)usleep(20 * 1000);
    (void)!write(*(int *)arg, "x", 1);
    return NULL;
}

static void a_file_that_can_be_read_ends_the_wait_for_a_post(void **state)
{
    (void)state;
    struct mailbox *box = mailbox_new();
    int ends[2];
    char got = 0;
    pthread_t writer;
    assert_int_equal(pipe2(ends, O_NONBLOCK | O_CLOEXEC), 0);
    assert_true(mailbox_run_some_or(box, 0, ends[0]));
    assert_true(mailbox_run_some_or(box, 5, ends[0]));
    (void)pthread_create(&writer, NULL, write_soon, &ends[1]);
    while (read(ends[0], &got, 1) != 1) {
        assert_true(mailbox_run_some_or(box, -1, ends[0])); /* would wait for ever */
    }
    (void)pthread_join(writer, NULL);
    (void)close(ends[1]);
    assert_true(mailbox_run_some_or(box, -1, ends[0])); /* neither does it for one that has ended */
    assert_true(mailbox_run_some_or(box, 5, -1));
    mailbox_close(box);
    assert_false(mailbox_run_some_or(box, -1, -1));
    mailbox_free(box);
    (void)close(ends[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(posts_of_each_sender_arrive_in_order_and_none_is_lost),
        cmocka_unit_test(stopping_runs_what_is_under_way),
        cmocka_unit_test(a_congested_worker_tells_its_senders_when_it_is_half_empty),
        cmocka_unit_test(waiting_for_a_worker_that_is_clear_ends_at_once),
        cmocka_unit_test(a_mailbox_runs_everything_posted_before_it_was_closed),
        cmocka_unit_test(an_empty_mailbox_waits_no_longer_than_asked),
        cmocka_unit_test(a_mailbox_beside_a_file_runs_everything_as_well),
        cmocka_unit_test(a_file_that_can_be_read_ends_the_wait_for_a_post),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
