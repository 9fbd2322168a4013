/* test_mhd.c - libmicrohttpd behind the front interface, over real sockets. */
#include "base/buf.h"
#include "base/mem.h"
#include "http/front.h"
#include "loop/mailbox.h"
#include "loop/timer.h"
#include "metrics/metrics.h"

#include <arpa/inet.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum {
    BODY_MAX = 4 << 20,
    EARLY_MAX = 1000,
    LATER_MS = 20,
    STREAMED = 12 << 20,
    PIECE = 16 << 10,
    PATIENCE_MS = 10000,
};

struct task {
    struct stream *stream;
    struct timer timer;
    struct buf body;
    size_t written;
    bool held; /* pieces came while paused */
};

static struct {
    struct workers *workers;
    struct net *net;
    struct front *front;
    struct net_protocol protocol;
    uint16_t port;
    atomic_uint asked;
    atomic_uint gone;
    atomic_uint answered;
    atomic_size_t written;
    atomic_bool body_while_paused;
} world;

static void answer(struct stream *stream, unsigned status, struct str body, bool close)
{
    struct header headers[] = {{STR("content-type"), STR("text/plain")},
                               {STR("connection"), STR("close")}};
    stream_begin(stream, status, headers, close ? 2 : 1, (int64_t)body.len);
    (void)stream_write(stream, body);
    stream_end(stream);
}

static bool path_is(const struct stream *stream, const char *path)
{
    return str_eq(stream->head.path, str_of(path));
}

static void on_late(struct timer *timer)
{
    struct task *task = CONTAINER_OF(timer, struct task, timer);
    if (path_is(task->stream, "/late")) {
        answer(task->stream, 200, STR("late"), false);
    } else if (path_is(task->stream, "/pause")) {
        if (task->body.len > 0) {
            atomic_store(&world.body_while_paused, true);
        }
        stream_pause(task->stream, false);
    } else if (path_is(task->stream, "/pause-refuse")) {
        answer(task->stream, 403, STR("no"), false);
    } else if (path_is(task->stream, "/impatient")) {
        answer(task->stream, 408, STR("too slow"), true);
    } else {
        stream_abort(task->stream);
    }
}

static void stream_more(struct task *task)
{
    static const char piece[PIECE] = {0};
    bool full = false;
    while (task->written < STREAMED && !full) {
        full = stream_write(task->stream, str_make(piece, sizeof(piece)));
        task->written += sizeof(piece);
    }
    atomic_store(&world.written, task->written);
    if (task->written == STREAMED) {
        stream_end(task->stream);
    }
}

static void answer_path(struct task *task)
{
    static char huge[200 << 10];
    struct stream *stream = task->stream;
    if (path_is(stream, "/huge")) {
        stream_begin(stream, 200, NULL, 0, 2 * (int64_t)sizeof(huge));
        (void)stream_write(stream, str_make(huge, sizeof(huge)));
        (void)stream_write(stream, str_make(huge, sizeof(huge)));
        stream_end(stream);
    } else if (path_is(stream, "/stream")) {
        stream_begin(stream, 200, NULL, 0, LENGTH_STREAM);
        stream_more(task);
    } else if (path_is(stream, "/broken")) {
        stream_begin(stream, 200, NULL, 0, LENGTH_STREAM);
        (void)stream_write(stream, STR("half of it"));
        timer_start(&task->timer, LATER_MS);
    } else if (path_is(stream, "/late")) {
        timer_start(&task->timer, LATER_MS);
    } else if (path_is(stream, "/abort")) {
        stream_abort(stream);
    } else if (!path_is(stream, "/hang")) {
        answer(stream, 200, buf_str(&task->body), false);
    }
}

static void on_request(void *ctx, struct stream *stream)
{
    struct task *task = ARENA_NEW(&stream->arena, struct task);
    (void)ctx;
    task->stream = stream;
    stream->user = task;
    atomic_fetch_add(&world.asked, 1);
    timer_init(&task->timer, on_late);
    buf_init(&task->body, BODY_MAX);
    if (path_is(stream, "/early")) {
        answer(stream, 404, STR("not here"), false);
    } else if (stream->head.content_length > EARLY_MAX && path_is(stream, "/small")) {
        answer(stream, 413, STR("too much"), true);
    } else if (path_is(stream, "/pause") || path_is(stream, "/pause-refuse")) {
        stream_pause(stream, true);
        timer_start(&task->timer, LATER_MS);
    } else if (path_is(stream, "/impatient")) {
        timer_start(&task->timer, LATER_MS);
    } else if (stream->head.content_length == 0) {
        answer_path(task);
    }
}

static void on_body(struct stream *stream, struct str bytes, bool last)
{
    struct task *task = stream->user;
    assert_true(buf_append(&task->body, bytes));
    if (last) {
        answer_path(task);
    }
}

static void on_writable(struct stream *stream)
{
    if (path_is(stream, "/stream")) {
        stream_more(stream->user);
    }
}

static void on_gone(struct stream *stream, bool answered)
{
    struct task *task = stream->user;
    timer_stop(&task->timer);
    buf_done(&task->body);
    atomic_fetch_add(&world.answered, answered ? 1 : 0);
    atomic_fetch_add(&world.gone, 1);
}

static const struct front_handler handler = {
    .on_request = on_request, .on_body = on_body, .on_writable = on_writable, .on_gone = on_gone};

static int start(void **state)
{
    struct err err = {0};
    uint64_t port = 0;
    (void)state;
    memset(&world, 0, sizeof(world));
    world.workers = workers_new(1, 1 << 20, &err);
    world.front = mhd_front_new(&(struct front_options){
        .name = "test",
        .workers = world.workers,
        .handler = &handler,
        .limits = {.uri_max = 1024,
                   .header_count_max = 20,
                   .response_max = 300 << 10,
                   .idle_timeout_ms = 3000},
    });
    world.net = net_new(world.workers, &(struct net_limits){.connections = 100,
                                                            .first_byte_timeout_ms = 30000,
                                                            .tls_handshake_timeout_ms = 30000,
                                                            .backlog = 16});
    world.protocol = front_protocol(world.front);
    struct net_listener *listener =
        net_listen(world.net,
                   &(struct net_listener_options){.name = STR("test"),
                                                  .address = STR("127.0.0.1:0"),
                                                  .protocols = &world.protocol,
                                                  .protocol_count = 1},
                   &err);
    assert_non_null(listener);
    struct str address = net_listener_address(listener);
    assert_true(str_to_u64(str_from(address, STR("127.0.0.1:").len), &port));
    world.port = (uint16_t)port;
    assert_true(workers_start(world.workers, &err));
    net_start(world.net);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    workers_stop(world.workers);
    assert_int_equal(net_connections(world.net), 0);
    front_free(world.front);
    net_free(world.net);
    workers_free(world.workers);
    metrics_free();
    return 0;
}

struct client {
    int fd;
    struct buf heard;
    bool ended;
};

static void dial(struct client *client)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(world.port)};
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    client->ended = false;
    buf_init(&client->heard, 64 << 20);
    assert_int_equal(connect(client->fd, (const struct sockaddr *)&to, sizeof(to)), 0);
}

static void hang_up(struct client *client)
{
    (void)close(client->fd);
    buf_done(&client->heard);
}

static void say(struct client *client, const char *text)
{
    size_t len = strlen(text);
    assert_int_equal(send(client->fd, text, len, MSG_NOSIGNAL), (ssize_t)len);
}

static bool hear(struct client *client)
{
    struct pollfd wait = {.fd = client->fd, .events = POLLIN};
    char *room = buf_reserve(&client->heard, 65536);
    if (client->ended || poll(&wait, 1, PATIENCE_MS) != 1) {
        return false;
    }
    ssize_t got = recv(client->fd, room, 65536, 0);
    client->ended = got <= 0;
    buf_commit(&client->heard, got > 0 ? (size_t)got : 0);
    return !client->ended;
}

static size_t count_of(const struct client *client, const char *text)
{
    size_t count = 0;
    size_t len = strlen(text);
    struct str heard = buf_str(&client->heard);
    for (size_t i = 0; i + len <= heard.len; i++) {
        count += memcmp(heard.ptr + i, text, len) == 0;
    }
    return count;
}

/* Until `text` has come `count` times, or nothing more comes. */
static void expect(struct client *client, const char *text, size_t count)
{
    while (count_of(client, text) < count && hear(client)) {
    }
    assert_int_equal(count_of(client, text), count);
}

/* Until at least `size` bytes have come and they end with `text`. */
static void expect_tail(struct client *client, const char *text, size_t size)
{
    while ((client->heard.len < size || !str_ends(buf_str(&client->heard), str_of(text))) &&
           hear(client)) {
    }
    assert_true(client->heard.len >= size && str_ends(buf_str(&client->heard), str_of(text)));
}

static void expect_end(struct client *client)
{
    while (hear(client)) {
    }
    assert_true(client->ended);
}

static void wait_until(atomic_uint *value, unsigned count)
{
    for (unsigned i = 0; i < PATIENCE_MS && atomic_load(value) < count; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(atomic_load(value), count);
}

static void wait_gone(unsigned count)
{
    wait_until(&world.gone, count);
}

#define HEAD(method, path) method " " path " HTTP/1.1\r\nHost: a\r\n"

static void a_connection_serves_one_request_after_the_other(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    for (size_t i = 1; i <= 5; i++) {
        say(&client, HEAD("POST", "/echo") "Content-Length: 5\r\n\r\nhello");
        expect(&client, "hello", i);
    }
    assert_int_equal(count_of(&client, "HTTP/1.1 200"), 5);
    hang_up(&client);
    wait_gone(5);
    assert_int_equal(atomic_load(&world.answered), 5);
}

static void pipelined_requests_are_answered_in_order(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client,
        HEAD("GET", "/late") "\r\n" HEAD("POST", "/echo") "Content-Length: 3\r\n\r\none" HEAD(
            "GET", "/late") "\r\n" HEAD("POST", "/echo") "Content-Length: 3\r\n\r\ntwo");
    expect(&client, "two", 1);
    struct str heard = buf_str(&client.heard);
    char *text = str_dup(heard);
    assert_true(strstr(text, "late") < strstr(text, "one"));
    assert_true(strstr(text, "one") < strstr(text, "two"));
    assert_int_equal(count_of(&client, "late"), 2);
    mem_free(text);
    hang_up(&client);
}

static void a_late_answer_comes(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, HEAD("GET", "/late") "\r\n");
    expect(&client, "\r\n\r\nlate", 1);
    hang_up(&client);
}

static void head_has_the_length_and_no_body(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, HEAD("HEAD", "/late") "\r\n" HEAD("POST", "/echo") "Content-Length: 3\r\n\r\nend");
    expect(&client, "end", 1);
    assert_int_equal(count_of(&client, "Content-Length: 4"), 1);
    assert_int_equal(count_of(&client, "late"), 0);
    hang_up(&client);
}

static void http_1_0_is_answered_and_closed(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, "GET /late HTTP/1.0\r\n\r\n");
    expect_end(&client);
    assert_int_equal(count_of(&client, "200 OK"), 1);
    assert_int_equal(count_of(&client, "\r\n\r\nlate"), 1);
    hang_up(&client);
}

static void a_draining_front_closes_after_its_answers(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, HEAD("GET", "/late") "\r\n");
    expect(&client, "late", 1);
    front_drain(world.front);
    say(&client, HEAD("GET", "/late") "\r\n");
    expect_end(&client);
    assert_int_equal(count_of(&client, "late"), 2);
    assert_int_equal(count_of(&client, "Connection: close"), 1);
    hang_up(&client);
}

static void an_answer_over_the_bound_becomes_a_500(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, HEAD("GET", "/huge") "\r\n");
    expect_end(&client);
    assert_int_equal(count_of(&client, "HTTP/1.1 500"), 1);
    assert_int_equal(count_of(&client, "http.response-size"), 1);
    hang_up(&client);
}

static void an_aborted_request_gets_nothing(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, HEAD("GET", "/abort") "\r\n");
    expect_end(&client);
    assert_int_equal(client.heard.len, 0);
    hang_up(&client);
    wait_gone(1);
    assert_int_equal(atomic_load(&world.answered), 0);
}

static void a_chunked_body_is_put_together(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, HEAD("POST", "/echo") "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    say(&client, "4\r\ndefg\r\n0\r\n\r\n");
    expect(&client, "abcdefg", 1);
    assert_int_equal(count_of(&client, "Content-Length: 7"), 1);
    hang_up(&client);
}

static void a_body_larger_than_the_pool_arrives_whole(void **state)
{
    enum { SIZE = 200 << 10 };
    struct client client;
    char head[128];
    (void)state;
    char *body = mem_alloc(SIZE + 1);
    memset(body, '~', SIZE);
    body[SIZE] = '\0';
    dial(&client);
    (void)snprintf(head, sizeof(head), HEAD("POST", "/echo") "Content-Length: %d\r\n\r\n", SIZE);
    say(&client, head);
    say(&client, body);
    expect_tail(&client, "~~~~", SIZE);
    assert_int_equal(count_of(&client, "~"), SIZE);
    mem_free(body);
    hang_up(&client);
}

static void a_body_too_large_is_refused_before_it_is_sent(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client,
        HEAD("POST", "/small") "Content-Length: 100000000\r\nExpect: 100-continue\r\n\r\n");
    expect_end(&client);
    assert_int_equal(count_of(&client, "HTTP/1.1 413"), 1);
    assert_int_equal(count_of(&client, "100 Continue"), 0);
    assert_int_equal(count_of(&client, "Connection: close"), 1);
    hang_up(&client);
}

static void an_early_answer_to_a_short_body_keeps_the_connection(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, HEAD("POST", "/early") "Content-Length: 5\r\n\r\nhello");
    expect(&client, "not here", 1);
    say(&client, HEAD("POST", "/echo") "Content-Length: 5\r\n\r\nworld");
    expect(&client, "world", 1);
    hang_up(&client);
}

static void a_paused_body_waits(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, HEAD("POST", "/pause") "Content-Length: 5\r\n\r\nhello");
    expect(&client, "hello", 1);
    assert_false(atomic_load(&world.body_while_paused));
    say(&client, HEAD("POST", "/pause") "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n");
    expect(&client, "abc", 1);
    hang_up(&client);
}

static void a_request_paused_and_refused_is_answered(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, HEAD("POST", "/pause-refuse") "Content-Length: 5\r\n\r\nhello");
    expect(&client, "HTTP/1.1 403", 1);
    hang_up(&client);
}

static void a_body_that_does_not_come_ends_the_connection(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, HEAD("POST", "/impatient") "Content-Length: 5\r\n\r\nhel");
    expect_end(&client);
    hang_up(&client);
    wait_gone(1);
}

static void a_stream_waits_for_a_client_that_does_not_read(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    int small = 64 << 10;
    (void)setsockopt(client.fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof(small));
    say(&client, HEAD("GET", "/stream") "\r\n");
    expect(&client, "Transfer-Encoding: chunked", 1);
    size_t before = 0;
    for (unsigned still = 0; still < 5;) { /* until nothing is written any more */
        (void)nanosleep(&(struct timespec){.tv_nsec = 50000000}, NULL);
        size_t now = atomic_load(&world.written);
        still = now == before ? still + 1 : 0;
        before = now;
    }
    assert_true(before < STREAMED);
    expect_tail(&client, "\r\n0\r\n\r\n", STREAMED);
    assert_int_equal(atomic_load(&world.written), STREAMED);
    say(&client, HEAD("GET", "/late") "\r\n");
    expect(&client, "late", 1);
    hang_up(&client);
}

static void a_stream_to_http_1_0_ends_with_the_connection(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, "GET /stream HTTP/1.0\r\n\r\n");
    expect_end(&client);
    assert_int_equal(count_of(&client, "chunked"), 0);
    assert_true(client.heard.len > STREAMED && client.heard.len < STREAMED + 1024);
    hang_up(&client);
}

static void a_stream_broken_off_is_not_taken_for_whole(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, HEAD("GET", "/broken") "\r\n");
    expect_end(&client);
    assert_int_equal(count_of(&client, "half of it"), 1);
    assert_int_equal(count_of(&client, "\r\n0\r\n\r\n"), 0);
    hang_up(&client);
    wait_gone(1);
    assert_int_equal(atomic_load(&world.answered), 0);
}

static void a_client_that_leaves_ends_its_stream(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, HEAD("GET", "/stream") "\r\n");
    expect(&client, "HTTP/1.1 200", 1);
    hang_up(&client);
    wait_gone(1);
    assert_int_equal(atomic_load(&world.answered), 0);
}

static void a_malformed_request_is_refused_and_closed(void **state)
{
    static const struct {
        const char *text;
        const char *status;
    } rows[] = {
        {HEAD("POST", "/echo") "Content-Length: 1\r\nContent-Length: 1\r\n\r\nx", "HTTP/1.1 400"},
        {HEAD("POST", "/echo") "Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n",
         "HTTP/1.1 400"},
        {HEAD("GET", "/") "Host: b\r\n\r\n", "HTTP/1.1 400"},
        {"GET / HTTP/1.1\r\n\r\n", "HTTP/1.1 400"},
        {HEAD("G@T", "/") "\r\n", "HTTP/1.1 400"},
        {HEAD("POST", "/echo") "Transfer-Encoding: gzip\r\n\r\n", "HTTP/1.1 400"},
        {HEAD("GET", "/a\x01") "\r\n", "HTTP/1.1 400"},
        {HEAD("GET", "/a b") "\r\n", "HTTP/1.1 400"},
        {HEAD("GET", "/") "X y: z\r\n\r\n", "HTTP/1.1 400"},
        {HEAD("GET", "/") "Content_Length: 3\r\n\r\n", "HTTP/1.1 400"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct client client;
        dial(&client);
        say(&client, rows[i].text);
        expect_end(&client);
        if (count_of(&client, rows[i].status) != 1) {
            fail_msg("%s: " PRISTR, rows[i].text, STRARG(buf_str(&client.heard)));
        }
        hang_up(&client);
    }
    assert_int_equal(atomic_load(&world.gone), 0); /* the handler heard of none */
}

static void a_target_in_absolute_form_names_the_host(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client,
        "POST http://b.example:81/echo?x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nok");
    expect(&client, "\r\n\r\nok", 1);
    hang_up(&client);
}

static void an_idle_connection_is_closed(void **state)
{
    struct client client;
    (void)state;
    dial(&client);
    say(&client, HEAD("GET", "/late") "\r\n");
    expect_end(&client);
    assert_int_equal(count_of(&client, "late"), 1);
    hang_up(&client);
}

static void requests_under_way_end_with_the_front(void **state)
{
    struct client clients[8];
    (void)state;
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        dial(&clients[i]);
        say(&clients[i], i % 2 == 0 ? HEAD("GET", "/hang") "\r\n"
                                    : HEAD("POST", "/echo") "Content-Length: 9\r\n\r\nhalf");
    }
    wait_until(&world.asked, COUNT_OF(clients));
    workers_stop(world.workers);
    assert_int_equal(atomic_load(&world.gone), COUNT_OF(clients));
    assert_int_equal(atomic_load(&world.answered), 0);
    for (size_t i = 0; i < COUNT_OF(clients); i++) {
        expect_end(&clients[i]);
        hang_up(&clients[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_connection_serves_one_request_after_the_other, start,
                                        stop),
        cmocka_unit_test_setup_teardown(pipelined_requests_are_answered_in_order, start, stop),
        cmocka_unit_test_setup_teardown(a_late_answer_comes, start, stop),
        cmocka_unit_test_setup_teardown(head_has_the_length_and_no_body, start, stop),
        cmocka_unit_test_setup_teardown(http_1_0_is_answered_and_closed, start, stop),
        cmocka_unit_test_setup_teardown(a_draining_front_closes_after_its_answers, start, stop),
        cmocka_unit_test_setup_teardown(an_answer_over_the_bound_becomes_a_500, start, stop),
        cmocka_unit_test_setup_teardown(an_aborted_request_gets_nothing, start, stop),
        cmocka_unit_test_setup_teardown(a_chunked_body_is_put_together, start, stop),
        cmocka_unit_test_setup_teardown(a_body_larger_than_the_pool_arrives_whole, start, stop),
        cmocka_unit_test_setup_teardown(a_body_too_large_is_refused_before_it_is_sent, start, stop),
        cmocka_unit_test_setup_teardown(an_early_answer_to_a_short_body_keeps_the_connection, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_paused_body_waits, start, stop),
        cmocka_unit_test_setup_teardown(a_request_paused_and_refused_is_answered, start, stop),
        cmocka_unit_test_setup_teardown(a_body_that_does_not_come_ends_the_connection, start, stop),
        cmocka_unit_test_setup_teardown(a_stream_waits_for_a_client_that_does_not_read, start,
                                        stop),
        cmocka_unit_test_setup_teardown(a_stream_to_http_1_0_ends_with_the_connection, start, stop),
        cmocka_unit_test_setup_teardown(a_stream_broken_off_is_not_taken_for_whole, start, stop),
        cmocka_unit_test_setup_teardown(a_client_that_leaves_ends_its_stream, start, stop),
        cmocka_unit_test_setup_teardown(a_malformed_request_is_refused_and_closed, start, stop),
        cmocka_unit_test_setup_teardown(a_target_in_absolute_form_names_the_host, start, stop),
        cmocka_unit_test_setup_teardown(an_idle_connection_is_closed, start, stop),
        cmocka_unit_test_setup_teardown(requests_under_way_end_with_the_front, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
