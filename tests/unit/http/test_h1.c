/* test_h1.c - our own HTTP/1.1 front over real sockets. */
#include "http/h1_inside.h"
#include "http_world.h"
#include "raw_requests.h"

static const struct front_limits usual = {.uri_max = 256,
                                          .headers_max = 1024,
                                          .header_count_max = 12,
                                          .response_max = 16 << 20,
                                          .idle_timeout_ms = 30000,
                                          .header_timeout_ms = 30000};

static struct http_world world;
static struct world_reply reply;

static int start(void **state)
{
    (void)state;
    world_start(&world, h1_front_new, &usual, 1);
    return 0;
}

/* One who sends steadily must be able to lose two seconds between two pieces. */
enum { STEADY_MS = 3000, STEADY_PIECE = 1000, STEADY_PIECES = 25, STEADY_PAUSE_MS = 200 };

static int start_steady(void **state)
{
    struct front_limits limits = usual;
    (void)state;
    limits.header_timeout_ms = STEADY_MS;
    world_start(&world, h1_front_new, &limits, 1);
    return 0;
}

/* Short limits, for what happens when time runs out. Not so short that a busy machine alone
 * could use them up between two steps of a test. */
enum { HASTY_IDLE_MS = 1500, HASTY_HEADER_MS = 1000 };

static int start_hasty(void **state)
{
    struct front_limits limits = usual;
    (void)state;
    limits.idle_timeout_ms = HASTY_IDLE_MS;
    limits.header_timeout_ms = HASTY_HEADER_MS;
    world_start(&world, h1_front_new, &limits, 1);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    world_stop(&world);
    metrics_free();
    return 0;
}

static int dial(void)
{
    memset(&reply, 0, sizeof(reply));
    return world_dial(&world);
}

static void expect(int fd, unsigned status, struct str body)
{
    world_read(fd, &reply, false);
    assert_int_equal(reply.status, status);
    assert_true(reply.whole);
    if (!str_eq(reply.body, body)) {
        fail_msg("body: %.*s", STRARG(reply.body));
    }
}

static void expect_rule(int fd, const char *rule)
{
    char wanted[80];
    (void)snprintf(wanted, sizeof(wanted), "\"code\":\"http.%s\"", rule);
    world_read(fd, &reply, false);
    assert_true(reply.status >= 400 && reply.status < 500);
    reply.bytes[reply.end] = '\0';
    if (strstr(reply.bytes, wanted) == NULL) {
        fail_msg("no %s in %s", wanted, reply.bytes);
    }
    assert_true(str_eq(world_header(&reply, STR("connection")), STR("close")));
    assert_true(world_ends(fd));
}

#define ASK(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static void a_connection_serves_one_request_after_the_other(void **state)
{
    (void)state;
    int fd = dial();
    for (int i = 0; i < 3; i++) {
        world_send(fd, STR(ASK("/late")));
        expect(fd, 200, STR("late"));
        world_send(fd, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"));
        expect(fd, 200, STR("hello"));
        assert_null(world_header(&reply, STR("connection")).ptr);
        assert_int_equal(world_header(&reply, STR("date")).len, 29);
    }
    (void)close(fd);
    assert_true(world_becomes(&world.answered, 6));
}

static void each_raw_request_is_answered_by_its_rule(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(raw_requests); i++) {
        int fd = dial();
        world_send(fd, raw_requests[i].bytes);
        if (raw_requests[i].rule == NULL) {
            world_read(fd, &reply, false);
            assert_int_equal(reply.status, 200);
        } else {
            expect_rule(fd, raw_requests[i].rule);
        }
        (void)close(fd);
    }
}

static void nothing_behind_a_refused_request_is_read_as_a_request(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR(POST "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n"
                            "0\r\n\r\n" ASK("/a") ASK("/b")));
    expect_rule(fd, "length-and-encoding");
    assert_int_equal(atomic_load(&world.asked), 0);
    (void)close(fd);
    fd = dial();
    world_send(fd, STR(CHUNK "1\r\nx0\r\n\r\n" ASK("/a")));
    expect_rule(fd, "chunk-end");
    (void)close(fd);
    assert_int_equal(atomic_load(&world.asked), 1);
    assert_true(world_becomes(&world.gone, 1));
    assert_int_equal(atomic_load(&world.answered), 0);
}

static void a_hundred_pipelined_requests_are_answered_in_order(void **state)
{
    struct buf all;
    char text[128];
    (void)state;
    buf_init(&all, 1 << 20);
    for (int i = 0; i < 100; i++) {
        (void)buf_printf(&all, "POST /%s HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\n%03d",
                         i % 10 == 7 ? "late" : "echo", i);
    }
    int fd = dial();
    world_send(fd, buf_str(&all));
    for (int i = 0; i < 100; i++) {
        (void)snprintf(text, sizeof(text), "%03d", i);
        expect(fd, 200, i % 10 == 7 ? STR("late") : str_of(text));
    }
    (void)close(fd);
    buf_done(&all);
    assert_int_equal(atomic_load(&world.asked), 100);
}

static void a_request_may_be_split_anywhere(void **state)
{
    static const struct str request =
        STR_INIT("\r\nPOST /echo?x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                 "3;a=b\r\nabc\r\nA\r\n0123456789\r\n0\r\nx: y\r\n\r\n" ASK("/pieces"));
    (void)state;
    int fd = dial();
    for (size_t at = 1; at < request.len; at++) {
        world_send(fd, str_sub(request, 0, at));
        (void)usleep(300);
        world_send(fd, str_from(request, at));
        expect(fd, 200, STR("abc0123456789"));
        expect(fd, 200, STR("hello, 0123456789"));
    }
    (void)close(fd);
}

static void a_client_that_hangs_up_cancels_its_request_at_once(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR(ASK("/hang")));
    assert_true(world_becomes(&world.asked, 1));
    assert_int_equal(atomic_load(&world.gone), 0);
    (void)close(fd);
    assert_true(world_becomes(&world.gone, 1)); /* long before any time-out */
    assert_int_equal(atomic_load(&world.answered), 0);
}

static void a_hang_up_in_the_middle_of_a_body_cancels_too(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR(POST "Content-Length: 100\r\n\r\nhalf"));
    assert_true(world_becomes(&world.asked, 1));
    (void)close(fd);
    assert_true(world_becomes(&world.gone, 1));
    assert_int_equal(atomic_load(&world.answered), 0);
}

static void a_slow_reader_holds_a_streamed_answer_back(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR(ASK("/stream")));
    size_t written = 0;
    for (unsigned still = 0; still < 3;) { /* until nothing is written any more */
        (void)usleep(50000);
        size_t now = atomic_load(&world.written);
        still = now > 0 && now == written ? still + 1 : 0;
        written = now;
    }
    assert_true(written < WORLD_STREAMED);
    char *sink = mem_alloc(1 << 20);
    size_t got = 0;
    while (got < WORLD_STREAMED) {
        ssize_t n = recv(fd, sink, 1 << 20, 0);
        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_int_equal(atomic_load(&world.written), WORLD_STREAMED);
    mem_free(sink);
    (void)close(fd);
    assert_true(world_becomes(&world.gone, 1));
}

static void one_who_asks_on_without_reading_is_not_read_from(void **state)
{
    struct buf ask;
    (void)state;
    buf_init(&ask, 1 << 20);
    (void)buf_append(&ask, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 65536\r\n\r\n"));
    memset(buf_reserve(&ask, 65536), 'x', 65536);
    buf_commit(&ask, 65536);
    int fd = dial();
    struct timeval patience = {.tv_usec = 200000};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
    int sent = 0;
    size_t partial = 0;
    while (sent < 1000) {
        struct str bytes = buf_str(&ask);
        while (bytes.len > 0) {
            ssize_t n = send(fd, bytes.ptr, bytes.len, MSG_NOSIGNAL);
            if (n < 0) {
                break;
            }
            bytes = str_from(bytes, (size_t)n);
        }
        if (bytes.len > 0) {
            partial = bytes.len;
            break;
        }
        sent++;
    }
    assert_true(sent < 1000 && partial > 0);
    patience = (struct timeval){.tv_sec = WORLD_PATIENCE_S};
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)), 0);
    for (int i = 0; i < sent; i++) {
        world_read(fd, &reply, false);
        assert_int_equal(reply.status, 200);
        assert_int_equal(reply.body.len, 65536);
    }
    world_send(fd, str_from(buf_str(&ask), ask.len - partial));
    world_read(fd, &reply, false);
    assert_int_equal(reply.body.len, 65536);
    (void)close(fd);
    buf_done(&ask);
}

#define OTHER "GET /other?x HTTP/1.1\r\nHost: a\r\nUpgrade: other\r\n\r\n"

/* All that comes until the end is `wanted`. */
static void expect_rest(int fd, struct str wanted)
{
    while (world_fill(fd, &reply)) {
    }
    struct str rest = str_make(reply.bytes + reply.end, reply.len - reply.end);
    if (!str_eq(rest, wanted)) {
        fail_msg("not the rest: " PRISTR, STRARG(rest));
    }
    (void)close(fd);
}

static void an_upgrade_gives_the_connection_away_with_what_was_read(void **state)
{
    struct str wire = STR(OTHER "\x81\x85more");
    (void)state;
    int fd = dial();
    world_send(fd, wire);
    expect_rest(fd, wire);
    fd = dial();
    world_send(fd, STR("\r\n" OTHER));
    expect_rest(fd, STR(OTHER));
    for (size_t cut = 1; cut < STR(OTHER).len; cut++) {
        fd = dial();
        world_send(fd, str_sub(STR(OTHER), 0, cut));
        (void)usleep(1000);
        world_send(fd, str_from(STR(OTHER), cut));
        expect_rest(fd, STR(OTHER));
    }
    assert_int_equal(atomic_load(&world.asked), 0);
}

static void an_upgrade_waits_for_the_answers_before_it(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR(ASK("/late") ASK("/nothing") OTHER "behind"));
    expect(fd, 200, STR("late"));
    expect(fd, 204, STR_EMPTY);
    expect_rest(fd, STR(OTHER "behind"));
    fd = dial();
    world_send(fd, STR(ASK("/late")));
    expect(fd, 200, STR("late"));
    world_send(fd, STR("\r\n" OTHER));
    expect_rest(fd, STR(OTHER));
    assert_true(world_becomes(&world.given_away, 2));
}

static void an_upgrade_waits_for_a_client_that_does_not_read(void **state)
{
    struct str wire = STR(OTHER);
    (void)state;
    int fd = dial();
    world_send(fd, STR(ASK("/stream") OTHER));
    (void)usleep(100000);
    assert_int_equal(atomic_load(&world.given_away), 0);
    char *sink = mem_alloc((size_t)2 * WORLD_STREAMED);
    size_t got = 0;
    ssize_t n = 0;
    while ((n = recv(fd, sink + got, (size_t)2 * WORLD_STREAMED - got, 0)) > 0) {
        got += (size_t)n;
    }
    assert_true(got > WORLD_STREAMED + wire.len);
    assert_memory_equal(sink + got - wire.len, wire.ptr, wire.len);
    mem_free(sink);
    (void)close(fd);
    assert_true(world_becomes(&world.given_away, 1));
}

static void only_a_get_of_its_path_is_an_upgrade(void **state)
{
    static const struct str others[] = {
        STR_INIT("POST /other HTTP/1.1\r\nHost: a\r\nUpgrade: other\r\n\r\n"),
        STR_INIT("GET /othe HTTP/1.1\r\nHost: a\r\nUpgrade: other\r\n\r\n"),
        STR_INIT("GET /other/ HTTP/1.1\r\nHost: a\r\nUpgrade: other\r\n\r\n"),
        STR_INIT("GET /?/other HTTP/1.1\r\nHost: a\r\nUpgrade: other\r\n\r\n"),
    };
    (void)state;
    int fd = dial();
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        world_send(fd, others[i]);
        world_read(fd, &reply, false);
        assert_int_equal(reply.status, 200);
    }
    (void)close(fd);
    fd = dial();
    world_send(fd, STR("GET /other HTTP/1.1\r\nUpgrade: other\r\n\r\n"));
    expect_rule(fd, "host");
    (void)close(fd);
    assert_int_equal(atomic_load(&world.given_away), 0);
}

static void an_answer_of_unknown_length_is_chunked_or_ends_with_the_connection(void **state)
{
    char text[512] = {0};
    size_t len = 0;
    ssize_t got = 0;
    (void)state;
    int fd = dial();
    world_send(fd, STR(ASK("/pieces") ASK("/echo")));
    expect(fd, 200, STR("hello, 0123456789"));
    assert_true(str_eq(world_header(&reply, STR("transfer-encoding")), STR("chunked")));
    expect(fd, 200, STR_EMPTY);
    (void)close(fd);
    fd = dial();
    world_send(fd, STR("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    while ((got = recv(fd, text + len, sizeof(text) - 1 - len, 0)) > 0) {
        len += (size_t)got;
    }
    assert_int_equal(got, 0);
    assert_non_null(strstr(text, "connection: close\r\n"));
    assert_null(strstr(text, "transfer-encoding"));
    assert_non_null(strstr(text, "\r\n\r\nhello, 0123456789"));
    (void)close(fd);
}

static void an_old_client_keeps_its_connection_if_it_asks_to(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR("GET /echo HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
    expect(fd, 200, STR_EMPTY);
    assert_true(str_eq(world_header(&reply, STR("connection")), STR("keep-alive")));
    world_send(fd, STR("GET /echo HTTP/1.0\r\n\r\n"));
    expect(fd, 200, STR_EMPTY);
    assert_true(world_ends(fd));
    (void)close(fd);
}

static void head_gets_the_head_alone(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR("HEAD /late HTTP/1.1\r\nHost: a\r\n\r\n"
                       "HEAD /pieces HTTP/1.1\r\nHost: a\r\n\r\n" ASK("/nothing") ASK("/echo")));
    world_read(fd, &reply, true);
    assert_int_equal(reply.status, 200);
    assert_true(str_eq(world_header(&reply, STR("content-length")), STR("4")));
    world_read(fd, &reply, true);
    assert_int_equal(reply.status, 200);
    expect(fd, 204, STR_EMPTY);
    assert_null(world_header(&reply, STR("content-length")).ptr);
    expect(fd, 200, STR_EMPTY);
    (void)close(fd);
}

static void close_is_heard_from_both_sides(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR("GET /echo HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" ASK("/echo")));
    expect(fd, 200, STR_EMPTY);
    assert_true(str_eq(world_header(&reply, STR("connection")), STR("close")));
    assert_true(world_ends(fd));
    (void)close(fd);
    fd = dial();
    world_send(fd, STR(ASK("/close")));
    expect(fd, 200, STR("bye"));
    assert_true(world_ends(fd));
    (void)close(fd);
    assert_int_equal(atomic_load(&world.asked), 2);
}

static void a_client_that_expects_100_is_told_to_go_on(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                       "Expect: 100-Continue\r\n\r\n"));
    world_read(fd, &reply, true);
    assert_int_equal(reply.status, 100);
    world_send(fd, STR("hello"));
    expect(fd, 200, STR("hello"));
    /* The body is there already: nothing to be told. */
    world_send(fd, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                       "Expect: 100-continue\r\n\r\nhello"));
    expect(fd, 200, STR("hello"));
    (void)close(fd);
}

static void an_early_answer_stops_a_client_that_expects_100(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 5000\r\n"
                       "Expect: 100-continue\r\n\r\n"));
    expect(fd, 413, STR("too much"));
    assert_true(world_ends(fd));
    (void)close(fd);
    fd = dial();
    world_send(fd, STR("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n"
                       "Expect: 100-continue\r\n\r\n"));
    expect(fd, 404, STR("not here"));
    assert_true(world_ends(fd));
    (void)close(fd);
}

static void an_early_answer_reaches_a_client_that_is_still_sending(void **state)
{
    static const char zeros[1 << 16];
    (void)state;
    int fd = dial();
    world_send(fd, STR("POST /small HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n"));
    for (int i = 0; i < 10; i++) {
        world_send(fd, str_make(zeros, sizeof(zeros)));
    }
    expect(fd, 413, STR("too much"));
    assert_true(world_ends(fd));
    (void)close(fd);
    fd = dial();
    world_send(fd, STR("POST /small HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "10000\r\n"));
    world_send(fd, str_make(zeros, sizeof(zeros)));
    expect(fd, 413, STR("too much"));
    assert_true(world_ends(fd));
    (void)close(fd);
    assert_int_equal(atomic_load(&world.asked), 2);
}

static void a_short_body_behind_an_early_answer_is_thrown_away(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 62\r\n\r\n"));
    expect(fd, 404, STR("not here"));
    assert_null(world_header(&reply, STR("connection")).ptr);
    /* It looks like a request. */
    world_send(fd, STR("GET /smuggled HTTP/1.1\r\nHost: a\r\nX-Pad: "));
    (void)usleep(2000);
    world_send(fd, STR("01234567890123456\r\n\r\n" ASK("/echo")));
    expect(fd, 200, STR_EMPTY);
    (void)close(fd);
    assert_int_equal(atomic_load(&world.asked), 2);
}

static void a_paused_body_waits(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR("POST /pause HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
                       "POST /pause HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                       "5\r\nhello\r\n0\r\n\r\n" ASK("/late")));
    world_read(fd, &reply, false);
    assert_int_equal(reply.status, 200);
    assert_true(str_ends(reply.body, STR("\n\nhello")));
    world_read(fd, &reply, false);
    assert_true(str_ends(reply.body, STR("\n\nhello")));
    expect(fd, 200, STR("late"));
    assert_int_equal(atomic_load(&world.bodies_while_paused), 0);
    (void)close(fd);
}

static void half_an_answer_is_not_taken_for_a_whole_one(void **state)
{
    static const struct str asks[] = {
        STR_INIT(ASK("/broken")),
        STR_INIT("GET /broken HTTP/1.0\r\n\r\n"),
        STR_INIT(ASK("/short")),
        STR_INIT(ASK("/abort")),
    };
    char sink[4096];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(asks); i++) {
        int fd = dial();
        ssize_t got = 0;
        size_t total = 0;
        world_send(fd, asks[i]);
        while ((got = recv(fd, sink, sizeof(sink), 0)) > 0) {
            total += (size_t)got;
        }
        /* Begun: a reset. Nothing sent: an end is as good. */
        assert_true((got < 0 && errno == ECONNRESET) || (got == 0 && total == 0));
        (void)close(fd);
    }
    assert_true(world_becomes(&world.gone, (int)COUNT_OF(asks)));
    assert_int_equal(atomic_load(&world.answered), 0);
}

static void an_answer_beyond_the_limit_is_broken_off(void **state)
{
    struct front_limits limits = usual;
    (void)state;
    limits.response_max = 100;
    world_start(&world, h1_front_new, &limits, 1);
    int fd = dial();
    world_send(fd,
               STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 120\r\n\r\n" X64 X16 X16 X16
                   "xxxxxxxx"));
    world_read(fd, &reply, false);
    assert_int_equal(reply.status, 0);
    (void)close(fd);
}

static void draining_closes_idle_connections_and_ends_the_others_politely(void **state)
{
    (void)state;
    int idle = dial();
    world_send(idle, STR(ASK("/echo")));
    expect(idle, 200, STR_EMPTY);
    int busy = dial();
    world_send(busy, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhe"));
    assert_true(world_becomes(&world.asked, 2));
    front_drain(world.front);
    front_drain(world.front);
    assert_true(world_ends(idle));
    world_send(busy, STR("llo"));
    expect(busy, 200, STR("hello"));
    assert_true(str_eq(world_header(&reply, STR("connection")), STR("close")));
    assert_true(world_ends(busy));
    (void)close(idle);
    (void)close(busy);
}

static void a_stop_gives_back_what_is_open(void **state)
{
    (void)state;
    int waiting = dial();
    world_send(waiting, STR(ASK("/hang")));
    int sending = world_dial(&world);
    world_send(sending, STR(POST "Content-Length: 5\r\n\r\nhe"));
    int partial = world_dial(&world);
    world_send(partial, STR("GET / HT"));
    assert_true(world_becomes(&world.asked, 2));
    workers_stop(world.workers);
    assert_int_equal(atomic_load(&world.gone), 2);
    assert_int_equal(atomic_load(&world.answered), 0);
    (void)close(waiting);
    (void)close(sending);
    (void)close(partial);
}

static void a_head_that_does_not_come_is_408(void **state)
{
    (void)state;
    int fd = dial();
    struct pollfd answered = {.fd = fd, .events = POLLIN};
    uint64_t until = clock_mono_ms() + UINT64_C(10) * HASTY_HEADER_MS;
    do { /* trickling does not help */
        world_send(fd, STR("G"));
    } while (poll(&answered, 1, 30) == 0 && clock_mono_ms() < until);
    assert_true(clock_mono_ms() < until);
    expect_rule(fd, "header-timeout");
    (void)close(fd);
}

static void a_body_that_does_not_come_is_408(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR(POST "Content-Length: 5\r\n\r\nhe"));
    expect_rule(fd, "body-timeout");
    (void)close(fd);
    fd = dial();
    world_send(fd, STR(CHUNK "5\r\nhe"));
    expect_rule(fd, "body-timeout");
    (void)close(fd);
    assert_true(world_becomes(&world.gone, 2));
}

static void a_body_that_comes_steadily_has_time(void **state)
{
    char piece[STEADY_PIECE]; /* two of these in each time-out are fast enough */
    (void)state;
    int fd = dial();
    memset(piece, 'x', sizeof(piece));
    world_send(fd, STR("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 25000\r\n\r\n"));
    for (int i = 0; i < STEADY_PIECES; i++) { /* longer than the time-out in all */
        (void)usleep(STEADY_PAUSE_MS * 1000);
        world_send(fd, str_make(piece, sizeof(piece)));
    }
    world_read(fd, &reply, false);
    assert_int_equal(reply.status, 200);
    assert_int_equal(reply.body.len, STEADY_PIECES * STEADY_PIECE);
    (void)close(fd);
}

static void an_idle_connection_is_closed_without_a_word(void **state)
{
    (void)state;
    int fd = dial();
    uint64_t before = clock_mono_ms();
    world_send(fd, STR(ASK("/echo")));
    expect(fd, 200, STR_EMPTY);
    assert_true(world_ends(fd));
    uint64_t took = clock_mono_ms() - before;
    assert_true(took >= HASTY_IDLE_MS && took < UINT64_C(10) * HASTY_IDLE_MS);
    (void)close(fd);
}

static void a_request_that_waits_for_its_answer_has_no_time_out_here(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR(ASK("/hang")));
    (void)usleep((HASTY_IDLE_MS + HASTY_HEADER_MS) * 1000);
    assert_int_equal(atomic_load(&world.gone), 0);
    (void)close(fd);
    assert_true(world_becomes(&world.gone, 1));
}

static void the_rest_of_a_short_body_is_not_waited_for_long(void **state)
{
    (void)state;
    int fd = dial();
    world_send(fd, STR("POST /early HTTP/1.1\r\nHost: a\r\nContent-Length: 50\r\n\r\nsome"));
    expect(fd, 404, STR("not here"));
    assert_true(world_ends(fd));
    (void)close(fd);
}

/* A next move of some client: ask whole or in part, read, hang up. */
static void any_move(int *fd, unsigned dice)
{
    static const char *const paths[] = {"/echo",  "/late",  "/hang",  "/stream", "/pieces",
                                        "/abort", "/early", "/pause", "/broken", "/close"};
    char text[256];
    char sink[8192];
    if (*fd < 0) {
        *fd = world_dial(&world);
    }
    int len = snprintf(text, sizeof(text),
                       "POST %s HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello",
                       paths[dice / 16 % COUNT_OF(paths)]);
    switch (dice % 8) {
    case 0:
        (void)close(*fd);
        *fd = -1;
        break;
    case 1:
        len = (int)(dice / 256 % (unsigned)len);
        break;
    case 2:
    case 3:
        (void)recv(*fd, sink, sizeof(sink), MSG_DONTWAIT);
        len = 0;
        break;
    default:
        break;
    }
    if (*fd >= 0 && len > 0 && send(*fd, text, (size_t)len, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
        errno != EAGAIN) {
        (void)close(*fd);
        *fd = -1;
    }
}

static void a_storm_of_clients_leaves_nothing_behind(void **state)
{
    enum { CLIENTS = 64, STORM_MS = 1500 };
    int fds[CLIENTS];
    uint64_t dice = 88172645463325252;
    uint64_t until = clock_mono_ms() + STORM_MS;
    (void)state;
    memset(fds, 0xff, sizeof(fds));
    world_start(&world, h1_front_new, &usual, 2);
    while (clock_mono_ms() < until) {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        any_move(&fds[dice % CLIENTS], (unsigned)(dice >> 20));
    }
    front_drain(world.front);
    for (size_t i = 0; i < CLIENTS; i += 2) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
    assert_true(atomic_load(&world.answered) > 0);
    workers_stop(world.workers);
    for (size_t i = 1; i < CLIENTS; i += 2) {
        if (fds[i] >= 0) {
            (void)close(fds[i]);
        }
    }
}

static void an_idle_connection_costs_less_than_a_kilobyte(void **state)
{
    (void)state;
    assert_true(sizeof(struct h1_conn) <= 768);
}

#define TEST(fn)  cmocka_unit_test_setup_teardown(fn, start, stop)
#define HASTY(fn) cmocka_unit_test_setup_teardown(fn, start_hasty, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_connection_serves_one_request_after_the_other),
        TEST(each_raw_request_is_answered_by_its_rule),
        TEST(nothing_behind_a_refused_request_is_read_as_a_request),
        TEST(a_hundred_pipelined_requests_are_answered_in_order),
        TEST(a_request_may_be_split_anywhere),
        TEST(a_client_that_hangs_up_cancels_its_request_at_once),
        TEST(a_hang_up_in_the_middle_of_a_body_cancels_too),
        TEST(a_slow_reader_holds_a_streamed_answer_back),
        TEST(one_who_asks_on_without_reading_is_not_read_from),
        TEST(an_upgrade_gives_the_connection_away_with_what_was_read),
        TEST(an_upgrade_waits_for_the_answers_before_it),
        TEST(an_upgrade_waits_for_a_client_that_does_not_read),
        TEST(only_a_get_of_its_path_is_an_upgrade),
        TEST(an_answer_of_unknown_length_is_chunked_or_ends_with_the_connection),
        TEST(an_old_client_keeps_its_connection_if_it_asks_to),
        TEST(head_gets_the_head_alone),
        TEST(close_is_heard_from_both_sides),
        TEST(a_client_that_expects_100_is_told_to_go_on),
        TEST(an_early_answer_stops_a_client_that_expects_100),
        TEST(an_early_answer_reaches_a_client_that_is_still_sending),
        TEST(a_short_body_behind_an_early_answer_is_thrown_away),
        TEST(a_paused_body_waits),
        TEST(half_an_answer_is_not_taken_for_a_whole_one),
        cmocka_unit_test_teardown(an_answer_beyond_the_limit_is_broken_off, stop),
        TEST(draining_closes_idle_connections_and_ends_the_others_politely),
        TEST(a_stop_gives_back_what_is_open),
        HASTY(a_head_that_does_not_come_is_408),
        HASTY(a_body_that_does_not_come_is_408),
        cmocka_unit_test_setup_teardown(a_body_that_comes_steadily_has_time, start_steady, stop),
        HASTY(an_idle_connection_is_closed_without_a_word),
        HASTY(a_request_that_waits_for_its_answer_has_no_time_out_here),
        HASTY(the_rest_of_a_short_body_is_not_waited_for_long),
        cmocka_unit_test_teardown(a_storm_of_clients_leaves_nothing_behind, stop),
        cmocka_unit_test(an_idle_connection_costs_less_than_a_kilobyte),
    };
    return cmocka_run_group_tests_name("h1", tests, NULL, NULL);
}
