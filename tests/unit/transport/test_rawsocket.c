#include "transport_helper.h"
#include "wamp/framing.h"

static int start(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){0};
    fixture_start(&fixture);
    *state = &fixture;
    return 0;
}

static int start_hasty(void **state)
{
    static struct fixture fixture;
    fixture = (struct fixture){.options = {.handshake_timeout_ms = 500,
                                           .ping_interval_ms = 300,
                                           .ping_timeout_ms = 2000,
                                           .ping_attempts = 2}};
    fixture_start(&fixture);
    *state = &fixture;
    return 0;
}

static int stop(void **state)
{
    fixture_stop(*state);
    return 0;
}

static void put_frame(int fd, unsigned char type, const char *text, size_t size)
{
    unsigned char header[4] = {type, (unsigned char)(size >> 16), (unsigned char)(size >> 8),
                               (unsigned char)size};
    put(fd, header, 4);
    put(fd, text, size);
}

static void expect_frame(int fd, unsigned char type, const char *text, size_t size)
{
    unsigned char header[4];
    get(fd, header, 4);
    assert_int_equal(header[0], type);
    size_t length = (size_t)header[1] << 16 | (size_t)header[2] << 8 | header[3];
    assert_int_equal(length, size);
    char *got = malloc(size + 1);
    get(fd, got, size);
    assert_memory_equal(got, text, size);
    free(got);
}

/* Length nibble 15, MsgPack. */
static int join(const struct fixture *fixture)
{
    int fd = dial(fixture);
    char reply[4];
    put(fd, "\x7f\xf2\0\0", 4);
    get(fd, reply, 4);
    assert_memory_equal(reply, "\x7f\xb2\0\0", 4); /* 2^20 is the router's */
    return fd;
}

static void refused_with(const struct fixture *fixture, const char *octets, unsigned char code)
{
    int fd = dial(fixture);
    char reply[4];
    char expected[4] = {0x7f, (char)code, 0, 0};
    put(fd, octets, 4);
    get(fd, reply, 4);
    assert_memory_equal(reply, expected, 4);
    assert_closed(fd);
}

static void a_handshake_is_answered_with_our_length_and_its_serializer(void **state)
{
    int fd = dial(*state);
    char reply[4];
    put(fd, "\x7f\x01\0\0", 4);
    get(fd, reply, 4);
    assert_memory_equal(reply, "\x7f\xb1\0\0", 4);
    (void)close(fd);
    fd = dial(*state);
    put(fd, "\x7f\x03\0\0", 4);
    get(fd, reply, 4);
    assert_memory_equal(reply, "\x7f\xb3\0\0", 4);
    (void)close(fd);
    (void)close(join(*state));
}

static void a_handshake_that_is_wrong_is_refused_with_its_code(void **state)
{
    refused_with(*state, "\x7f\xf0\0\0", 0x10);
    refused_with(*state, "\x7f\xf4\0\0", 0x10);
    refused_with(*state, "\x7f\xff\0\0", 0x10);
    refused_with(*state, "\x7f\x40\0\0", 0x10);
    refused_with(*state, "\x7f\xf2\1\0", 0x30);
    refused_with(*state, "\x7f\xf2\0\x80", 0x30);
    refused_with(*state, "\x7f\xf0\0\1", 0x30);
}

static void a_handshake_that_never_ends_is_given_up(void **state)
{
    int fd = dial(*state);
    put(fd, "\x7f\xf2\0", 3);
    assert_closed(fd);
}

static void a_message_comes_back_however_the_bytes_are_split(void **state)
{
    /* Handshake, two messages and a ping between them, cut in two at every offset. */
    static const char bytes[] = "\x7f\xf2\0\0"
                                "\0\0\0\3abc"
                                "\1\0\0\2pp"
                                "\0\0\0\5hello";
    for (size_t cut = 1; cut < sizeof(bytes) - 1; cut++) {
        int fd = dial(*state);
        char reply[4];
        put(fd, bytes, cut);
        (void)poll(NULL, 0, 2);
        put(fd, bytes + cut, sizeof(bytes) - 1 - cut);
        get(fd, reply, 4);
        expect_frame(fd, 0, "abc", 3);
        expect_frame(fd, 2, "pp", 2);
        expect_frame(fd, 0, "hello", 5);
        (void)close(fd);
    }
}

static void many_messages_in_one_write_are_all_answered_in_order(void **state)
{
    enum { COUNT = 5000, FRAME = 12 };
    int fd = join(*state);
    static char out[COUNT * FRAME + 1];
    size_t size = 0;
    for (int i = 0; i < COUNT; i++) {
        frame_header(FRAME_MESSAGE, 8, out + size);
        (void)snprintf(out + size + FRAME_HEADER_SIZE, 9, "%08d", i);
        size += FRAME;
    }
    put(fd, out, size);
    for (int i = 0; i < COUNT; i++) {
        char text[9];
        (void)snprintf(text, sizeof(text), "%08d", i);
        expect_frame(fd, 0, text, 8);
    }
    (void)close(fd);
}

static void a_message_of_a_mebibyte_passes_both_ways(void **state)
{
    int fd = join(*state);
    char *big = malloc(MESSAGE_MAX);
    for (size_t i = 0; i < MESSAGE_MAX; i++) {
        big[i] = (char)(i * 31 >> 3);
    }
    put_frame(fd, 0, big, MESSAGE_MAX);
    expect_frame(fd, 0, big, MESSAGE_MAX);
    free(big);
    (void)close(fd);
}

static void a_frame_above_the_announced_length_ends_the_connection_at_its_header(void **state)
{
    int fd = join(*state);
    put(fd, "\0\x10\0\1", 4);
    assert_closed(fd);
    fd = join(*state);
    put(fd, "\x08\0\0\0", 4); /* 2^24, with the X bit */
    assert_closed(fd);
}

static void reserved_bits_and_types_end_the_connection(void **state)
{
    static const unsigned char types[] = {3, 4, 5, 6, 7, 0x10, 0x20, 0x40, 0x80, 0x0b};
    for (size_t i = 0; i < sizeof(types); i++) {
        int fd = join(*state);
        put_frame(fd, types[i], "x", 1);
        assert_closed(fd);
    }
    int fd = join(*state);
    put(fd, "\x08\0\0\1", 4); /* the X bit goes with length 0 alone */
    assert_closed(fd);
}

static void nothing_longer_than_the_client_accepts_is_sent(void **state)
{
    int fd = dial(*state);
    char reply[4];
    put(fd, "\x7f\x02\0\0", 4); /* 512 */
    get(fd, reply, 4);
    put_frame(fd, 0, "send:512 ", 9);
    char *text = malloc(512);
    memset(text, 'x', 512);
    expect_frame(fd, 0, text, 512);
    put_frame(fd, 0, "send:513 ", 9);
    assert_closed(fd);
    fd = dial(*state);
    put(fd, "\x7f\x02\0\0", 4);
    get(fd, reply, 4);
    char ping[600] = {0};
    put_frame(fd, 1, ping, sizeof(ping)); /* its pong would be too long */
    assert_closed(fd);
    free(text);
}

static void who_pings_is_pinged_and_dropped_when_it_does_not_answer(void **state)
{
    int fd = join(*state);
    put_frame(fd, 1, "hi", 2);
    expect_frame(fd, 2, "hi", 2);
    for (int i = 0; i < 3; i++) {
        expect_frame(fd, 1, "", 0);
        put_frame(fd, 2, "", 0);
    }
    int unanswered = 0;
    char header[4];
    while (recv(fd, header, sizeof(header), MSG_WAITALL) == (ssize_t)sizeof(header)) {
        assert_memory_equal(header, "\1\0\0\0", 4);
        unanswered++;
    }
    assert_true(unanswered >= 2);
    (void)close(fd);
}

static void who_has_not_pinged_is_left_in_peace(void **state)
{
    int fd = join(*state);
    (void)poll(NULL, 0, 1200);
    put_frame(fd, 0, "x", 1);
    expect_frame(fd, 0, "x", 1);
    (void)close(fd);
}

static void pongs_that_nobody_reads_end_the_connection(void **state)
{
    int before = atomic_load(&sessions_opened);
    int fd = join(*state);
    AWAIT(atomic_load(&sessions_opened) == before + 1);
    char *payload = calloc(1, 1000004);
    frame_header(FRAME_PING, 1000000, payload);
    while (send(fd, payload, 1000004, MSG_NOSIGNAL) > 0) {
    }
    AWAIT(atomic_load(&sessions_open) == 0);
    free(payload);
    (void)close(fd);
}

static void a_pong_is_ignored(void **state)
{
    int fd = join(*state);
    put_frame(fd, 2, "whatever", 8);
    put_frame(fd, 0, "x", 1);
    expect_frame(fd, 0, "x", 1);
    (void)close(fd);
}

static void a_finished_session_flushes_and_what_follows_is_not_looked_at(void **state)
{
    int fd = join(*state);
    put(fd, "\0\0\0\6finish\0\0\0\1x", 15);
    expect_frame(fd, 0, "bye", 3);
    assert_closed(fd);
}

static void messages_behind_a_pause_wait_for_the_resume(void **state)
{
    int fd = join(*state);
    uint64_t before = clock_mono_ms();
    put(fd, "\0\0\0\5pause\0\0\0\1x", 14);
    expect_frame(fd, 0, "x", 1);
    assert_true(clock_mono_ms() - before >= PAUSE_MS);
    (void)close(fd);
}

static void what_a_slow_reader_left_is_counted_and_delivered_before_the_end(void **state)
{
    int fd = join(*state);
    put_frame(fd, 0, "flood", 5);
    AWAIT(atomic_load(&queued_most) >= 60000000);
    char *text = malloc(1000000);
    memset(text, 'x', 1000000);
    for (int i = 0; i < 64; i++) {
        expect_frame(fd, 0, text, 1000000);
    }
    free(text);
    assert_closed(fd);
}

static void a_client_that_vanishes_loses_its_session(void **state)
{
    int before = atomic_load(&sessions_opened);
    int fd = join(*state);
    AWAIT(atomic_load(&sessions_opened) == before + 1);
    struct linger reset = {.l_onoff = 1};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)), 0);
    (void)close(fd);
    AWAIT(atomic_load(&sessions_open) == 0);
    const struct fixture *fixture = *state;
    AWAIT(net_connections(fixture->net) == 0);
}

static void connections_open_at_the_stop_are_freed(void **state)
{
    (void)join(*state);
    (void)dial(*state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_handshake_is_answered_with_our_length_and_its_serializer),
        cmocka_unit_test(a_handshake_that_is_wrong_is_refused_with_its_code),
        cmocka_unit_test(a_message_comes_back_however_the_bytes_are_split),
        cmocka_unit_test(many_messages_in_one_write_are_all_answered_in_order),
        cmocka_unit_test(a_message_of_a_mebibyte_passes_both_ways),
        cmocka_unit_test(a_frame_above_the_announced_length_ends_the_connection_at_its_header),
        cmocka_unit_test(reserved_bits_and_types_end_the_connection),
        cmocka_unit_test(nothing_longer_than_the_client_accepts_is_sent),
        cmocka_unit_test(a_pong_is_ignored),
        cmocka_unit_test(pongs_that_nobody_reads_end_the_connection),
        cmocka_unit_test(a_finished_session_flushes_and_what_follows_is_not_looked_at),
        cmocka_unit_test(messages_behind_a_pause_wait_for_the_resume),
        cmocka_unit_test(what_a_slow_reader_left_is_counted_and_delivered_before_the_end),
        cmocka_unit_test(a_client_that_vanishes_loses_its_session),
        cmocka_unit_test(connections_open_at_the_stop_are_freed),
    };
    const struct CMUnitTest hasty[] = {
        cmocka_unit_test(a_handshake_that_never_ends_is_given_up),
        cmocka_unit_test(who_pings_is_pinged_and_dropped_when_it_does_not_answer),
        cmocka_unit_test(who_has_not_pinged_is_left_in_peace),
    };
    int failed = cmocka_run_group_tests(tests, start, stop);
    return failed + cmocka_run_group_tests(hasty, start_hasty, stop);
}
