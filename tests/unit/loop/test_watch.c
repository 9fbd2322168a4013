/* test_watch.c - readiness: which events are reported, changed and stopped. */
#include "base/mem.h"
#include "loop/mailbox.h"
#include "loop/watch.h"
#include "loop/worker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

static int ends[2];
static struct watch watches[2];
static unsigned seen;
static unsigned calls;

static int set_up(void **state)
{
    (void)state;
    seen = 0;
    calls = 0;
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends);
}

static int tear_down(void **state)
{
    (void)state;
    (void)close(ends[0]);
    (void)close(ends[1]);
    return 0;
}

static void run_one(post_fn fn)
{
    struct workers *workers = workers_new(1, 1024, NULL);
    struct post post = {.fn = fn};
    worker_post(workers_get(workers, 0), &post);
    workers_run_here(workers);
    workers_free(workers);
}

/* First writable alone; then both, because the other end has written meanwhile. */
static void on_change(struct watch *watch, unsigned events)
{
    calls++;
    if (calls == 1) {
        assert_int_equal(events, WATCH_WRITE);
        assert_int_equal(write(ends[1], "x", 1), 1);
        watch_set(watch, WATCH_READ | WATCH_WRITE);
        return;
    }
    seen |= events;
    if (seen == (WATCH_READ | WATCH_WRITE)) {
        watch_set(watch, 0);
        worker_quit(worker_self());
    }
}

static void start_change(struct post *post)
{
    (void)post;
    watch_init(&watches[0], ends[0], on_change);
    assert_int_equal(watch_fd(&watches[0]), ends[0]);
    assert_int_equal(watch_events(&watches[0]), 0);
    watch_set(&watches[0], WATCH_WRITE);
    assert_int_equal(watch_events(&watches[0]), WATCH_WRITE);
}

static void exactly_the_events_asked_for_are_reported(void **state)
{
    (void)state;
    run_one(start_change);
    assert_int_equal(watch_events(&watches[0]), 0);
}

/* Level-triggered: what is not read is reported again. */
static void on_again(struct watch *watch, unsigned events)
{
    assert_int_equal(events, WATCH_READ);
    if (++calls == 3) {
        watch_set(watch, 0);
        worker_quit(worker_self());
    }
}

static void start_again(struct post *post)
{
    (void)post;
    watch_init(&watches[0], ends[0], on_again);
    assert_int_equal(write(ends[1], "x", 1), 1);
    watch_set(&watches[0], WATCH_READ);
}

static void what_is_not_read_is_reported_again(void **state)
{
    (void)state;
    run_one(start_again);
    assert_int_equal(calls, 3);
}

/* Both ends are ready in one turn; whichever comes first stops the other. */
static void on_either(struct watch *watch, unsigned events)
{
    (void)events;
    calls++;
    watch_set(&watches[watch == &watches[0]], 0);
    worker_quit(worker_self());
}

static void start_both(struct post *post)
{
    (void)post;
    for (unsigned i = 0; i < 2; i++) {
        watch_init(&watches[i], ends[i], on_either);
        watch_set(&watches[i], WATCH_WRITE);
    }
}

static void a_watch_stopped_in_the_same_turn_is_not_called(void **state)
{
    (void)state;
    run_one(start_both);
    assert_int_equal(calls, 1);
}

/* The peer's hang-up is readiness to read. */
static void on_hang_up(struct watch *watch, unsigned events)
{
    char byte = 0;
    assert_true((events & WATCH_READ) != 0);
    assert_int_equal(read(watch_fd(watch), &byte, 1), 0);
    watch_set(watch, 0);
    worker_quit(worker_self());
}

static void start_hang_up(struct post *post)
{
    (void)post;
    watch_init(&watches[0], ends[0], on_hang_up);
    watch_set(&watches[0], WATCH_READ);
    assert_int_equal(shutdown(ends[1], SHUT_WR), 0);
}

static void a_hang_up_is_readable(void **state)
{
    (void)state;
    run_one(start_hang_up);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(exactly_the_events_asked_for_are_reported, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(what_is_not_read_is_reported_again, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_watch_stopped_in_the_same_turn_is_not_called, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_hang_up_is_readable, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
