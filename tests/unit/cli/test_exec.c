/* test_exec.c - commands beside the loop: their input, output, end, and their being ended. */
#include "base/mem.h"
#include "cli/exec.h"
#include "loop/worker.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* One command from its start to its end, on a worker of its own. */
struct trial {
    const char *command;
    struct str input;
    size_t pieces;   /* how often the input is given; the last time as the last one */
    bool stays_open; /* there is no last one */
    bool stops;      /* once a line has come */
    bool abandons;   /* exec_done then */
    bool by_lines;
    struct exec exec;
    struct buf lines; /* each with a '|' behind */
    struct buf output;
    int over;
};

static struct trial *trial;

static void on_over(struct exec *exec)
{
    trial->over++;
    (void)buf_append(&trial->output, buf_str(&exec->output));
    exec_done(exec);
    worker_quit(worker_self());
}

static void on_line(struct exec *exec, struct str line)
{
    (void)buf_append(&trial->lines, line);
    (void)buf_byte(&trial->lines, '|');
    if (trial->stops) {
        exec_stop(exec);
    }
    if (trial->abandons) {
        worker_quit(worker_self());
    }
}

static const struct exec_ops whole_ops = {.on_over = on_over};
static const struct exec_ops line_ops = {.on_over = on_over, .on_line = on_line};

static void start(struct worker *worker, void *ctx)
{
    struct err err;
    (void)worker;
    (void)ctx;
    const struct exec_ops *ops = trial->by_lines ? &line_ops : &whole_ops;
    assert_true(exec_start(&trial->exec, trial->command, ops, &err));
    for (size_t i = 0; i < trial->pieces; i++) {
        exec_write(&trial->exec, trial->input, !trial->stays_open && i + 1 == trial->pieces);
    }
    if (trial->pieces == 0 && !trial->stays_open) {
        exec_write(&trial->exec, STR_EMPTY, true);
    }
}

static void stop(struct worker *worker, void *ctx)
{
    (void)worker;
    (void)ctx;
    if (trial->over == 0) {
        exec_done(&trial->exec);
    }
}

static void run(struct trial *given)
{
    struct err err;
    trial = given;
    buf_init(&trial->lines, 1 << 16);
    buf_init(&trial->output, 64 << 20);
    struct workers *workers = workers_new(1, 1 << 20, &err);
    assert_non_null(workers);
    workers_on_start(workers, start, NULL);
    workers_on_stop(workers, stop, NULL);
    workers_run_here(workers);
    workers_free(workers);
}

static void done(void)
{
    buf_done(&trial->lines);
    buf_done(&trial->output);
}

static void what_goes_in_comes_out(void **state)
{
    (void)state;
    run(&(struct trial){.command = "cat", .input = STR("hello\n"), .pieces = 3});
    assert_int_equal(trial->over, 1);
    assert_int_equal(trial->exec.exit_code, 0);
    assert_true(str_eq(buf_str(&trial->output), STR("hello\nhello\nhello\n")));
    done();
}

static void megabytes_go_through_a_command_that_writes_while_it_reads(void **state)
{
    static char bytes[1 << 20];
    (void)state;
    memset(bytes, 'x', sizeof(bytes));
    run(&(struct trial){.command = "cat", .input = str_make(bytes, sizeof(bytes)), .pieces = 8});
    assert_int_equal(trial->output.len, 8 * sizeof(bytes));
    assert_false(trial->exec.too_much);
    done();
}

static void a_command_need_not_read_its_input(void **state)
{
    static char bytes[1 << 20];
    (void)state;
    run(&(struct trial){
        .command = "echo deaf", .input = str_make(bytes, sizeof(bytes)), .pieces = 8});
    assert_int_equal(trial->exec.exit_code, 0);
    assert_true(str_eq(buf_str(&trial->output), STR("deaf\n")));
    done();
}

static void its_end_is_told(void **state)
{
    (void)state;
    run(&(struct trial){.command = "exit 7"});
    assert_int_equal(trial->exec.exit_code, 7);
    done();
    run(&(struct trial){.command = "kill -9 $$"});
    assert_int_equal(trial->exec.exit_code, -1);
    assert_int_equal(trial->exec.signal, SIGKILL);
    done();
    run(&(struct trial){.command = "/nonexistent/program 2>&1 >/dev/null"});
    assert_int_equal(trial->exec.exit_code, 127);
    done();
}

static void what_it_left_in_the_background_is_waited_for(void **state)
{
    (void)state;
    run(&(struct trial){.command = "(sleep 0.1; echo late) & echo soon"});
    assert_true(str_eq(buf_str(&trial->output), STR("soon\nlate\n")));
    done();
}

static void lines_are_told_whole_and_the_rest_is_left(void **state)
{
    (void)state;
    run(&(struct trial){.command = "printf 'a\\n\\nb'; sleep 0.05; printf 'c\\nd'",
                        .by_lines = true});
    assert_true(str_eq(buf_str(&trial->lines), STR("a||bc|")));
    assert_true(str_eq(buf_str(&trial->output), STR("d")));
    done();
}

static void a_command_that_is_stopped_may_say_a_last_word(void **state)
{
    (void)state;
    run(&(struct trial){.command = "trap 'echo bye; exit 3' TERM; echo on; sleep 60 & wait",
                        .by_lines = true,
                        .stops = true});
    assert_int_equal(trial->exec.exit_code, 3);
    assert_true(str_eq(buf_str(&trial->lines), STR("on|bye|")));
    done();
}

static void one_that_does_not_listen_is_killed(void **state)
{
    (void)state;
    run(&(struct trial){.command = "trap '' TERM; echo on; while :; do sleep 1; done",
                        .by_lines = true,
                        .stops = true});
    assert_int_equal(trial->exec.exit_code, -1);
    assert_int_equal(trial->exec.signal, SIGKILL);
    done();
}

static void one_that_is_not_wanted_any_more_is_ended(void **state)
{
    (void)state;
    run(&(struct trial){.command = "echo on; exec sleep 60",
                        .by_lines = true,
                        .stays_open = true,
                        .abandons = true});
    assert_int_equal(trial->over, 0);
    done();
}

static void endless_output_is_cut_off(void **state)
{
    (void)state;
    run(&(struct trial){.command = "yes"});
    assert_true(trial->exec.too_much);
    assert_int_equal(trial->exec.exit_code, -1);
    done();
}

static void too_much_input_ends_it(void **state)
{
    static char bytes[1 << 20];
    (void)state;
    run(&(struct trial){.command = "sleep 60",
                        .input = str_make(bytes, sizeof(bytes)),
                        .pieces = EXEC_INPUT_MAX / sizeof(bytes) + 2});
    assert_true(trial->exec.too_much);
    assert_int_equal(trial->exec.signal, SIGTERM);
    done();
}

static int ignore_pipes(void **state)
{
    (void)state;
    return signal(SIGPIPE, SIG_IGN) == SIG_ERR ? -1 : 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_goes_in_comes_out),
        cmocka_unit_test(megabytes_go_through_a_command_that_writes_while_it_reads),
        cmocka_unit_test(a_command_need_not_read_its_input),
        cmocka_unit_test(its_end_is_told),
        cmocka_unit_test(what_it_left_in_the_background_is_waited_for),
        cmocka_unit_test(lines_are_told_whole_and_the_rest_is_left),
        cmocka_unit_test(a_command_that_is_stopped_may_say_a_last_word),
        cmocka_unit_test(one_that_does_not_listen_is_killed),
        cmocka_unit_test(one_that_is_not_wanted_any_more_is_ended),
        cmocka_unit_test(endless_output_is_cut_off),
        cmocka_unit_test(too_much_input_ends_it),
    };
    return cmocka_run_group_tests(tests, ignore_pipes, NULL);
}
