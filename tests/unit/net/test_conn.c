/* test_conn.c - a connection on one worker, a blocking test at the other end. */
#include "harness.h"

enum { BIG = 8 << 20, INPUT_MAX = 1 << 16 };

/* One connection and what became of it. `mode` says what on_input does. */
enum mode {
    MODE_ECHO,
    MODE_WHOLE_LINES,
    MODE_COUNT,
    MODE_CONSUME_NOTHING,
    MODE_DONE_AT_ONCE,
    MODE_ABORT,
    MODE_ANSWER_AND_FINISH,
    MODE_PAUSE_EACH
};

struct subject {
    struct conn conn;
    struct workers *workers;
    int far; /* the test's end */
    atomic_int mode;
    atomic_int calls;
    atomic_int received;
    atomic_int drained;
    atomic_int closed;
    atomic_int inside; /* a callback came while another ran */
    const char *why;
    bool running;
    bool done_in_drained;
    size_t input_max;
    struct str early;
};

static size_t whole_lines(struct conn *conn, struct str input)
{
    size_t used = 0;
    for (size_t i = 0; i < input.len; i++) {
        if (input.ptr[i] == '\n') {
            conn_write(conn, str_sub(input, used, i + 1 - used));
            used = i + 1;
        }
    }
    return used;
}

static size_t react(struct subject *subject, struct str input)
{
    struct conn *conn = &subject->conn;
    switch ((enum mode)atomic_load(&subject->mode)) {
    case MODE_ECHO:
        conn_write(conn, input);
        return input.len;
    case MODE_WHOLE_LINES:
        return whole_lines(conn, input);
    case MODE_COUNT:
        return input.len;
    case MODE_CONSUME_NOTHING:
        return 0;
    case MODE_DONE_AT_ONCE:
        conn_done(conn);
        memset(conn, 0xee, sizeof(*conn)); /* as if freed */
        return input.len + 7;
    case MODE_ABORT:
        conn_abort(conn, "disliked");
        conn_write(conn, STR("never seen"));
        return 0;
    case MODE_ANSWER_AND_FINISH:
        conn_write(conn, STR("bye"));
        conn_finish(conn);
        conn_write(conn, STR("never seen"));
        return 0;
    case MODE_PAUSE_EACH:
        conn_pause(conn);
        conn_write(conn, str_sub(input, 0, 1));
        return 1;
    }
    return input.len;
}

static size_t on_input(struct conn *conn, struct str input)
{
    struct subject *subject = CONTAINER_OF(conn, struct subject, conn);
    if (subject->running) {
        (void)atomic_fetch_add(&subject->inside, 1);
    }
    subject->running = true;
    (void)atomic_fetch_add(&subject->calls, 1);
    (void)atomic_fetch_add(&subject->received, (int)input.len);
    size_t used = react(subject, input);
    subject->running = false;
    return used;
}

static void on_drained(struct conn *conn)
{
    struct subject *subject = CONTAINER_OF(conn, struct subject, conn);
    (void)atomic_fetch_add(&subject->inside, subject->running);
    (void)atomic_fetch_add(&subject->drained, 1);
    if (subject->done_in_drained) {
        conn_done(conn);
        memset(conn, 0xee, sizeof(*conn));
    }
}

static void on_closed(struct conn *conn, const char *why)
{
    struct subject *subject = CONTAINER_OF(conn, struct subject, conn);
    (void)atomic_fetch_add(&subject->inside, subject->running);
    subject->why = why;
    conn_done(conn);
    memset(conn, 0xee, sizeof(*conn));
    (void)atomic_fetch_add(&subject->closed, 1);
}

static const struct conn_ops ops = {
    .on_input = on_input, .on_drained = on_drained, .on_closed = on_closed};

static void begin(void *ctx)
{
    struct subject *subject = ctx;
    struct peer_info peer = {.unix_socket = true};
    conn_init(&subject->conn, &ops, subject->conn.fd, NULL, &peer, subject->input_max);
    conn_start(&subject->conn, subject->early);
}

static struct subject *subject_new(enum mode mode, size_t input_max, struct str early)
{
    struct subject *subject = NEW(struct subject);
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    int on = 1;
    assert_int_equal(ioctl(ends[0], FIONBIO, &on), 0);
    subject->conn.fd = ends[0];
    subject->far = ends[1];
    set_patience(subject->far);
    atomic_store(&subject->mode, (int)mode);
    subject->input_max = input_max;
    subject->early = early;
    subject->workers = start_workers(1);
    assert_true(workers_start(subject->workers, NULL));
    on_worker(workers_get(subject->workers, 0), begin, subject);
    return subject;
}

static void with(struct subject *subject, void (*fn)(void *ctx))
{
    on_worker(workers_get(subject->workers, 0), fn, subject);
}

static void subject_free(struct subject *subject)
{
    if (subject->far >= 0) {
        (void)close(subject->far);
    }
    assert_int_equal(atomic_load(&subject->inside), 0);
    workers_stop(subject->workers);
    workers_free(subject->workers);
    mem_free(subject);
}

static void hang_up_and_free(struct subject *subject)
{
    (void)close(subject->far);
    subject->far = -1;
    assert_true(becomes(&subject->closed, 1));
    subject_free(subject);
}

static void what_comes_is_offered_and_what_is_written_goes_out(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_ECHO, INPUT_MAX, STR_EMPTY);
    send_all(subject->far, STR("hello"));
    expect_bytes(subject->far, STR("hello"));
    assert_true(becomes(&subject->drained, 1));
    hang_up_and_free(subject);
}

static void early_bytes_are_offered_first(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_WHOLE_LINES, INPUT_MAX, STR("one\ntw"));
    expect_bytes(subject->far, STR("one\n"));
    send_all(subject->far, STR("o\n"));
    expect_bytes(subject->far, STR("two\n"));
    hang_up_and_free(subject);
}

static void unconsumed_input_is_offered_again_with_more_behind(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_WHOLE_LINES, INPUT_MAX, STR_EMPTY);
    struct str text = STR("a line that comes byte by byte\n");
    for (size_t i = 0; i < text.len; i++) {
        send_all(subject->far, str_sub(text, i, 1));
        (void)usleep(200);
    }
    expect_bytes(subject->far, text);
    hang_up_and_free(subject);
}

static void a_long_message_is_collected_up_to_the_limit(void **state)
{
    (void)state;
    size_t size = (size_t)2 << 20;
    struct subject *subject = subject_new(MODE_WHOLE_LINES, size, STR_EMPTY);
    char *line = mem_alloc(size);
    for (size_t i = 0; i < size; i++) {
        line[i] = (char)('a' + (int)(i % 23));
    }
    line[size - 1] = '\n';
    send_all(subject->far, str_make(line, size));
    expect_bytes(subject->far, str_make(line, size));
    send_all(subject->far, STR("short\n")); /* and the buffer is given back */
    expect_bytes(subject->far, STR("short\n"));
    mem_free(line);
    hang_up_and_free(subject);
}

static void an_owner_that_consumes_too_little_is_closed(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_CONSUME_NOTHING, 100, STR_EMPTY);
    char bytes[101] = {0};
    send_all(subject->far, str_make(bytes, 100));
    assert_true(becomes(&subject->calls, 1));
    assert_true(quiet_for(subject->far, 20));
    send_all(subject->far, str_make(bytes, 1));
    assert_true(becomes(&subject->closed, 1));
    assert_string_equal(subject->why, "input too large");
    expect_end(subject->far);
    subject_free(subject);
}

static void an_owner_may_be_done_inside_on_input(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_CONSUME_NOTHING, INPUT_MAX, STR("early"));
    assert_true(becomes(&subject->calls, 1));
    atomic_store(&subject->mode, MODE_DONE_AT_ONCE);
    send_all(subject->far, STR("x"));
    expect_end(subject->far);
    assert_int_equal(atomic_load(&subject->closed), 0);
    subject_free(subject);
}

static void an_owner_may_be_done_with_early_bytes(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_DONE_AT_ONCE, INPUT_MAX, STR("early"));
    expect_end(subject->far);
    subject_free(subject);
}

static void write_a_little(void *ctx)
{
    struct subject *subject = ctx;
    subject->done_in_drained = true;
    conn_write(&subject->conn, STR("abc"));
}

static void an_owner_may_be_done_inside_on_drained(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_COUNT, INPUT_MAX, STR_EMPTY);
    with(subject, write_a_little);
    expect_bytes(subject->far, STR("abc"));
    expect_end(subject->far);
    subject_free(subject);
}

static void an_abort_is_told_after_the_callback(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_ABORT, INPUT_MAX, STR_EMPTY);
    send_all(subject->far, STR("x"));
    expect_end(subject->far);
    assert_true(becomes(&subject->closed, 1));
    assert_string_equal(subject->why, "disliked");
    subject_free(subject);
}

static void the_end_of_the_peer_is_told_once(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_COUNT, INPUT_MAX, STR_EMPTY);
    send_all(subject->far, STR("last words"));
    assert_int_equal(shutdown(subject->far, SHUT_WR), 0);
    assert_true(becomes(&subject->closed, 1));
    assert_string_equal(subject->why, "end of stream");
    assert_int_equal(atomic_load(&subject->received), 10);
    subject_free(subject);
}

static void finish_writes_what_is_queued_and_waits_for_the_peer(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_ANSWER_AND_FINISH, INPUT_MAX, STR_EMPTY);
    send_all(subject->far, STR("request"));
    expect_bytes(subject->far, STR("bye"));
    expect_end(subject->far);
    assert_int_equal(atomic_load(&subject->closed), 0);
    send_all(subject->far, STR("more that nobody reads"));
    (void)close(subject->far);
    subject->far = -1;
    assert_true(becomes(&subject->closed, 1));
    assert_string_equal(subject->why, "finished");
    subject_free(subject);
}

static void finish_does_not_wait_for_ever(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_ANSWER_AND_FINISH, INPUT_MAX, STR_EMPTY);
    send_all(subject->far, STR("request"));
    expect_bytes(subject->far, STR("bye"));
    assert_true(becomes(&subject->closed, 1));
    subject_free(subject);
}

static void resume(void *ctx)
{
    conn_resume(&((struct subject *)ctx)->conn);
}

static void a_paused_connection_is_offered_nothing_until_resumed(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_PAUSE_EACH, 2, STR_EMPTY); /* limit not in force */
    send_all(subject->far, STR("abcdefgh"));
    expect_bytes(subject->far, STR("a"));
    send_all(subject->far, STR("ij"));
    assert_true(quiet_for(subject->far, 30));
    assert_int_equal(atomic_load(&subject->calls), 1);
    static const char rest[] = "bcdefghij";
    for (size_t i = 0; i < sizeof(rest) - 1; i++) {
        with(subject, resume);
        expect_bytes(subject->far, str_make(rest + i, 1));
    }
    atomic_store(&subject->mode, MODE_COUNT);
    with(subject, resume);
    hang_up_and_free(subject);
}

static void write_big(void *ctx)
{
    struct subject *subject = ctx;
    conn_set_low_water(&subject->conn, BIG / 2);
    struct block *block = block_new(BIG);
    for (size_t i = 0; i < BIG; i++) {
        block->data[i] = (char)(i * 31 >> 3);
    }
    block->len = BIG;
    /* Pieces of all sizes, so that copies and references alternate. */
    for (size_t at = 0, size = 1; at < BIG; at += size) {
        size = size * 7 % 9973 + 1;
        conn_share(&subject->conn, STR_EMPTY, block, str_sub(block_str(block), at, size));
    }
    block_unref(block);
}

static void read_big(int fd)
{
    char *seen = mem_alloc(BIG);
    size_t have = 0;
    while (have < BIG) {
        size_t part = have % 3 == 0 ? 700 : 60000;
        ssize_t got = recv(fd, seen + have, part < BIG - have ? part : BIG - have, 0);
        assert_true(got > 0);
        have += (size_t)got;
    }
    for (size_t i = 0; i < BIG; i++) {
        if (seen[i] != (char)(i * 31 >> 3)) {
            fail_msg("byte %zu differs", i);
        }
    }
    mem_free(seen);
}

/* The turn has not ended when the other end can read. */
static void push_and_look(void *ctx)
{
    struct subject *subject = ctx;
    char seen[8];
    conn_push(&subject->conn); /* of nothing */
    conn_write(&subject->conn, STR("abc"));
    assert_int_equal(recv(subject->far, seen, sizeof(seen), MSG_DONTWAIT), -1);
    conn_push(&subject->conn);
    assert_int_equal(recv(subject->far, seen, sizeof(seen), MSG_DONTWAIT), 3);
    conn_write(&subject->conn, STR("def"));
}

static void what_is_pushed_goes_out_before_the_turn_ends(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_COUNT, INPUT_MAX, STR_EMPTY);
    with(subject, push_and_look);
    expect_bytes(subject->far, STR("def"));
    assert_true(becomes(&subject->drained, 1)); /* a push is no news to its owner */
    hang_up_and_free(subject);
}

/* All but the rest stays with the connection, which tells when that has gone out. */
static void push_big(void *ctx)
{
    struct subject *subject = ctx;
    write_big(ctx);
    conn_push(&subject->conn);
    assert_true(conn_queued(&subject->conn) > 0);
    conn_push(&subject->conn);
}

static void what_a_push_cannot_write_is_written_as_ever(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_COUNT, INPUT_MAX, STR_EMPTY);
    with(subject, push_big);
    read_big(subject->far);
    assert_true(becomes(&subject->drained, 2));
    hang_up_and_free(subject);
}

static void a_slow_reader_gets_everything_in_order(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_COUNT, INPUT_MAX, STR_EMPTY);
    with(subject, write_big);
    (void)usleep(20000);
    assert_int_equal(atomic_load(&subject->drained), 0);
    send_all(subject->far, STR("input goes on meanwhile"));
    assert_true(becomes(&subject->received, 23));
    read_big(subject->far);
    assert_true(becomes(&subject->drained, 2)); /* at the mark, and when empty */
    hang_up_and_free(subject);
}

static void *send_big(void *ctx)
{
    int fd = *(int *)ctx;
    char *bytes = mem_calloc(1, BIG);
    send_all(fd, str_make(bytes, BIG));
    mem_free(bytes);
    return NULL;
}

static void big_data_flows_both_ways_at_once(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_COUNT, INPUT_MAX, STR_EMPTY);
    pthread_t sender;
    assert_int_equal(pthread_create(&sender, NULL, send_big, &subject->far), 0);
    with(subject, write_big);
    read_big(subject->far);
    assert_int_equal(pthread_join(sender, NULL), 0);
    assert_true(becomes(&subject->received, BIG));
    hang_up_and_free(subject);
}

static void write_big_and_stall(void *ctx)
{
    struct subject *subject = ctx;
    conn_set_stall(&subject->conn, 50);
    write_big(ctx);
}

static void a_reader_that_stands_still_is_cut_off(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_COUNT, INPUT_MAX, STR_EMPTY);
    with(subject, write_big_and_stall);
    assert_true(becomes(&subject->closed, 1));
    assert_string_equal(subject->why, "write time-out");
    subject_free(subject);
}

static void writing_to_a_peer_that_has_gone_closes(void **state)
{
    (void)state;
    struct subject *subject = subject_new(MODE_COUNT, INPUT_MAX, STR_EMPTY);
    with(subject, write_big);
    hang_up_and_free(subject);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_comes_is_offered_and_what_is_written_goes_out),
        cmocka_unit_test(early_bytes_are_offered_first),
        cmocka_unit_test(unconsumed_input_is_offered_again_with_more_behind),
        cmocka_unit_test(a_long_message_is_collected_up_to_the_limit),
        cmocka_unit_test(an_owner_that_consumes_too_little_is_closed),
        cmocka_unit_test(an_owner_may_be_done_inside_on_input),
        cmocka_unit_test(an_owner_may_be_done_with_early_bytes),
        cmocka_unit_test(an_owner_may_be_done_inside_on_drained),
        cmocka_unit_test(an_abort_is_told_after_the_callback),
        cmocka_unit_test(the_end_of_the_peer_is_told_once),
        cmocka_unit_test(finish_writes_what_is_queued_and_waits_for_the_peer),
        cmocka_unit_test(finish_does_not_wait_for_ever),
        cmocka_unit_test(a_paused_connection_is_offered_nothing_until_resumed),
        cmocka_unit_test(a_slow_reader_gets_everything_in_order),
        cmocka_unit_test(what_is_pushed_goes_out_before_the_turn_ends),
        cmocka_unit_test(what_a_push_cannot_write_is_written_as_ever),
        cmocka_unit_test(big_data_flows_both_ways_at_once),
        cmocka_unit_test(a_reader_that_stands_still_is_cut_off),
        cmocka_unit_test(writing_to_a_peer_that_has_gone_closes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
