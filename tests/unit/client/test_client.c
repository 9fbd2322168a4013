/* links: realm transport jansson */
#include "client_helper.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

static struct house house;

static int start(void **state)
{
    (void)state;
    house_start(&house);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    house_stop(&house);
    return 0;
}

static void a_call_travels_from_every_way_in_to_every_other(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct speaker *callee = speaker_join(&house, 0, ways[i]);
        registers(callee, "com.test.echo");
        for (size_t j = 0; j < COUNT_OF(ways); j++) {
            struct speaker *caller = speaker_join(&house, (unsigned)(i + j) % 2, ways[j]);
            ask((struct order){.speaker = caller,
                               .uri = "com.test.echo",
                               .args = STR("[\"h\xc3\xa9llo\",1,-2.5,null,{\"a\":[true]}]")});
            assert_true(caller->ok);
            assert_string_equal(caller->text.ptr, "[\"h\xc3\xa9llo\",1,-2.5,null,{\"a\":[true]}]");
            speaker_leave(caller);
        }
        speaker_leave(callee);
    }
}

static void an_error_brings_its_uri_and_payload(void **state)
{
    (void)state;
    struct speaker *callee = speaker_join(&house, 0, ways[0]);
    struct speaker *caller = speaker_join(&house, 1, ways[2]);
    registers(callee, "com.test.echo");
    ask((struct order){.speaker = caller, .uri = "com.test.echo", .args = STR("[\"fail\",42]")});
    assert_false(caller->ok);
    assert_string_equal(caller->error, "com.test.oops");
    assert_string_equal(caller->text.ptr, "[\"fail\",42]");
    ask((struct order){.speaker = caller, .uri = "com.test.nobody"});
    assert_false(caller->ok);
    assert_string_equal(caller->error, "wamp.error.no_such_procedure");
    speaker_leave(caller);
    speaker_leave(callee);
}

static void a_publication_reaches_the_subscriber_with_its_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct speaker *subscriber = speaker_join(&house, 0, ways[i]);
        struct speaker *publisher = speaker_join(&house, 1, ways[(i + 2) % COUNT_OF(ways)]);
        ask((struct order){.speaker = subscriber,
                           .what = ORDER_SUBSCRIBE,
                           .uri = "com.test",
                           .options = "{\"match\":\"prefix\"}"});
        assert_true(subscriber->ok);
        ask((struct order){.speaker = publisher,
                           .what = ORDER_PUBLISH,
                           .uri = "com.test.topic",
                           .options = "{\"exclude_me\":false}",
                           .args = STR("[7]")});
        assert_true(publisher->ok);
        AWAIT(atomic_load(&subscriber->events) == 1);
        assert_true(subscriber->id == publisher->id);
        assert_string_equal(subscriber->text.ptr, "[7]");
        give((struct order){.speaker = publisher,
                            .what = ORDER_QUIET,
                            .uri = "com.test.topic",
                            .args = STR("[8]")});
        AWAIT(atomic_load(&subscriber->events) == 2);
        assert_string_equal(subscriber->text.ptr, "[8]");
        speaker_leave(publisher);
        speaker_leave(subscriber);
    }
}

static void a_mebibyte_passes_every_way(void **state)
{
    (void)state;
    struct buf args;
    buf_init(&args, 4 << 20);
    (void)buf_append(&args, STR("[\""));
    for (size_t i = 0; i < 1 << 20; i++) {
        (void)buf_byte(&args, (char)('a' + i * 31 % 25));
    }
    (void)buf_append(&args, STR("\"]"));
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        struct speaker *callee = speaker_join(&house, 0, ways[i]);
        struct speaker *caller = speaker_join(&house, 1, ways[(i + 1) % COUNT_OF(ways)]);
        registers(callee, "com.test.echo");
        ask((struct order){.speaker = caller, .uri = "com.test.echo", .args = buf_str(&args)});
        assert_true(caller->ok);
        assert_int_equal(caller->text.len, args.len + 1);
        assert_memory_equal(caller->text.ptr, args.ptr, args.len);
        speaker_leave(caller);
        speaker_leave(callee);
    }
    buf_done(&args);
}

static void what_the_router_does_not_accept_is_not_sent(void **state)
{
    (void)state;
    struct speaker *caller = speaker_join(&house, 0, ways[0]);
    size_t size = HOUSE_MESSAGE_MAX + 100;
    char *args = malloc(size);
    memset(args, 'x', size);
    args[0] = '[';
    args[1] = args[size - 2] = '"';
    args[size - 1] = ']';
    ask((struct order){.speaker = caller, .uri = "com.test.echo", .args = str_make(args, size)});
    assert_false(caller->ok);
    assert_string_equal(caller->error, "wamp.error.payload_size_exceeded");
    free(args);
    ask((struct order){.speaker = caller, .uri = "com.test.echo"});
    assert_string_equal(caller->error, "wamp.error.no_such_procedure");
    speaker_leave(caller);
}

static void many_calls_at_once_are_all_answered(void **state)
{
    (void)state;
    struct speaker *callee = speaker_join(&house, 0, ways[3]);
    struct speaker *caller = speaker_join(&house, 1, ways[0]);
    registers(callee, "com.test.echo");
    for (int i = 0; i < 90; i++) {
        give(
            (struct order){.speaker = caller, .uri = "com.test.echo", .args = STR("[\"text\",1]")});
    }
    AWAIT(atomic_load(&caller->replies) == 90);
    assert_true(caller->ok);
    speaker_leave(caller);
    speaker_leave(callee);
}

static void a_call_that_times_out_interrupts_its_callee(void **state)
{
    (void)state;
    for (size_t i = 0; i < 4; i++) {
        struct speaker *callee = speaker_join(&house, 0, ways[i]);
        struct speaker *caller = speaker_join(&house, 1, ways[i]);
        registers(callee, "com.test.slow");
        ask((struct order){.speaker = caller,
                           .uri = "com.test.slow",
                           .options = "{\"timeout\":50}",
                           .args = STR("[\"never\"]")});
        assert_string_equal(caller->error, "wamp.error.timeout");
        AWAIT(atomic_load(&callee->interrupts) == 1);
        speaker_leave(caller);
        speaker_leave(callee);
    }
}

/* What comes on a RawSocket until it says `word`, or ends; true if it did. */
static bool hears(int fd, const char *word)
{
    static char bytes[1 << 16];
    size_t keep = 0;
    size_t size = strlen(word);
    for (;;) {
        ssize_t got = recv(fd, bytes + keep, sizeof(bytes) - keep, 0);
        if (got <= 0) {
            return false;
        }
        keep += (size_t)got;
        if (memmem(bytes, keep, word, size) != NULL) {
            return true;
        }
        if (keep > size) {
            memmove(bytes, bytes + keep - size, size);
            keep = size;
        }
    }
}

static void tell(int fd, const char *message)
{
    char header[4] = {0};
    size_t size = strlen(message);
    header[3] = (char)size;
    assert_int_equal(send(fd, header, 4, MSG_NOSIGNAL), 4);
    assert_int_equal(send(fd, message, size, MSG_NOSIGNAL), size);
}

/* A RawSocket by hand, joined and subscribed to com.test.big. */
static int silent_subscriber(void)
{
    struct sockaddr_in to = {.sin_family = AF_INET};
    struct str address = net_listener_address(house.plain);
    struct timeval wait = {.tv_sec = WAIT_MS / 1000};
    uint64_t port = 0;
    assert_true(str_to_u64(str_from(address, (size_t)str_find(address, ':') + 1), &port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    to.sin_port = htons((uint16_t)port);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait)), 0);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof(to)), 0);
    assert_int_equal(send(fd, "\x7f\xf1\0\0", 4, MSG_NOSIGNAL), 4);
    tell(fd, "[1,\"com.test\",{\"roles\":{\"subscriber\":{}}}]");
    assert_true(hears(fd, "\"broker\""));
    tell(fd, "[32,1,{},\"com.test.big\"]");
    assert_true(hears(fd, "[33,1,"));
    return fd;
}

static void a_subscriber_that_does_not_read_is_closed_for_overflow(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    int fd = silent_subscriber();
    struct speaker *publisher = speaker_join(&house, 1, ways[0]);
    char *args = malloc(SIZE);
    memset(args, 'x', SIZE);
    args[0] = '[';
    args[1] = args[SIZE - 2] = '"';
    args[SIZE - 1] = ']';
    for (int i = 0; i < 60; i++) {
        ask((struct order){.speaker = publisher,
                           .what = ORDER_PUBLISH,
                           .uri = "com.test.big",
                           .args = str_make(args, SIZE)});
        assert_true(publisher->ok);
    }
    free(args);
    speaker_leave(publisher);
    assert_true(hears(fd, "wamp.close.overflow"));
    assert_false(hears(fd, "anything more"));
    (void)close(fd);
}

static void closed_with(const char *url, const char *realm, enum err_code code, const char *text)
{
    struct speaker *speaker = speaker_open(&house, 0, url, SERIALIZER_NONE, realm);
    AWAIT(atomic_load(&speaker->closed));
    assert_false(atomic_load(&speaker->joined));
    if (speaker->err.code != code || strstr(speaker->err.text, text) == NULL) {
        print_error("%s: %s %s\n", url, err_code_name(speaker->err.code), speaker->err.text);
    }
    assert_int_equal(speaker->err.code, code);
    assert_non_null(strstr(speaker->err.text, text));
    speaker_free(speaker);
}

static void who_is_refused_is_told_why(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        char url[128];
        house_url(&house, ways[i].scheme, url);
        closed_with(url, "com.nowhere", ERR_NOT_FOUND,
                    "wamp.error.no_such_realm: no realm com.nowhere");
        closed_with(url, "com.closed", ERR_DENIED, "wamp.error.not_auth_method");
    }
}

static void a_url_that_is_none_is_invalid(void **state)
{
    (void)state;
    static const char *const urls[] = {"",
                                       "http://x",
                                       "tcp://",
                                       "tcp://:1",
                                       "tcp://h:0",
                                       "tcp://h:65536",
                                       "ws://h:x/",
                                       "tcp://[::1:80",
                                       "tcp://h:1/path",
                                       "unix:",
                                       "ws://[::1]x/ws",
                                       "tcp:/h",
                                       "ws://h/ws\r\nX: y"};
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        closed_with(urls[i], "com.test", ERR_INVALID, "not the URL of a router");
    }
}

/* A listening socket of the test's own; the port goes to `out`. */
static int bystander(char out[64], const char *scheme)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof(address);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
    (void)snprintf(out, 64, "%s://127.0.0.1:%u", scheme, ntohs(address.sin_port));
    return fd;
}

static void nobody_there_is_unavailable(void **state)
{
    (void)state;
    char url[64];
    static const char *const schemes[] = {"tcp", "tls", "ws", "wss"};
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        (void)close(bystander(url, schemes[i]));
        closed_with(url, "com.test", ERR_UNAVAILABLE, "");
    }
    closed_with("unix:/nonexistent/socket", "com.test", ERR_UNAVAILABLE, "");
}

static void a_router_that_says_nothing_times_out(void **state)
{
    (void)state;
    char url[64];
    static const char *const schemes[] = {"tcp", "tls", "ws", "wss"};
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        int fd = bystander(url, schemes[i]);
        struct speaker *speaker = NEW(struct speaker);
        speaker->house = &house;
        buf_init(&speaker->text, 1000);
        speaker->options = (struct client_options){
            .url = str_of(url), .realm = STR("com.test"), .insecure = true, .timeout_ms = 100};
        on_worker(&house.world, 0, speaker_open_here, speaker);
        AWAIT(atomic_load(&speaker->closed));
        assert_int_equal(speaker->err.code, ERR_TIMEOUT);
        speaker_free(speaker);
        (void)close(fd);
    }
}

/* Accepts one connection and says `bytes`. */
static void
answered_with(const char *scheme, struct str bytes, enum err_code code, const char *text)
{
    char url[64];
    int fd = bystander(url, scheme);
    struct speaker *speaker = speaker_open(&house, 1, url, SERIALIZER_NONE, "com.test");
    int accepted = accept(fd, NULL, NULL);
    assert_true(accepted >= 0);
    assert_int_equal(send(accepted, bytes.ptr, bytes.len, MSG_NOSIGNAL), bytes.len);
    AWAIT(atomic_load(&speaker->closed));
    if (speaker->err.code != code || strstr(speaker->err.text, text) == NULL) {
        print_error("%s: %s %s\n", url, err_code_name(speaker->err.code), speaker->err.text);
    }
    assert_int_equal(speaker->err.code, code);
    assert_non_null(strstr(speaker->err.text, text));
    speaker_free(speaker);
    (void)close(accepted);
    (void)close(fd);
}

static void what_is_no_router_is_noticed(void **state)
{
    (void)state;
    answered_with("tcp", STR("HTTP/1.1 400 Bad Request\r\n\r\n"), ERR_INVALID, "RawSocket");
    answered_with("tcp", STR("\x7f\x10\0\0"), ERR_UNAVAILABLE, "serializer not supported");
    answered_with("tcp", STR("\x7f\x40\0\0"), ERR_UNAVAILABLE, "maximum number of connections");
    answered_with("tcp", STR("\x7f\xf1\0\0"), ERR_INVALID, "another serializer");
    answered_with("tcp", STR("\x7f\xf2\0\0\x05\0\0\1x"), ERR_INVALID, "malformed frame");
    answered_with("tcp", STR("\x7f\xf2\0\0\0\0\0\1\xc1"), ERR_INVALID, "what is no message");
    answered_with("tcp", STR("\x7f\xf2\0\0\0\0\0\3\x93\x21\1"), ERR_INVALID, "");
    answered_with("ws", STR("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"), ERR_UNAVAILABLE,
                  "no WebSocket");
}

static void a_client_may_close_before_it_has_joined(void **state)
{
    (void)state;
    char url[64];
    static const char *const schemes[] = {"tcp", "ws", "nonsense"};
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        int fd = bystander(url, schemes[i]);
        struct speaker *speaker = speaker_open(&house, 1, url, SERIALIZER_NONE, "com.test");
        on_worker(&house.world, 1, speaker_close_here, speaker);
        AWAIT(atomic_load(&speaker->closed));
        speaker_free(speaker);
        (void)close(fd);
    }
}

static void what_is_asked_after_the_end_began_is_refused(void **state)
{
    (void)state;
    struct speaker *speaker = speaker_open(&house, 0, "tcp://127.0.0.1:1", SERIALIZER_NONE, "x");
    AWAIT(atomic_load(&speaker->closed));
    speaker_free(speaker);
    char url[64];
    int fd = bystander(url, "tcp");
    speaker = speaker_open(&house, 0, url, SERIALIZER_NONE, "com.test");
    ask((struct order){.speaker = speaker, .uri = "com.test.echo"});
    assert_false(speaker->ok);
    assert_string_equal(speaker->error, "wamp.error.network_failure");
    on_worker(&house.world, 0, speaker_close_here, speaker);
    AWAIT(atomic_load(&speaker->closed));
    speaker_free(speaker);
    (void)close(fd);
}

static void a_router_that_shuts_down_says_goodbye(void **state)
{
    (void)state;
    struct speaker *speakers[COUNT_OF(ways)];
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        speakers[i] = speaker_join(&house, (unsigned)i % 2, ways[i]);
    }
    router_shutdown(house.world.router);
    for (size_t i = 0; i < COUNT_OF(ways); i++) {
        AWAIT(atomic_load(&speakers[i]->closed));
        assert_non_null(strstr(speakers[i]->err.text, "wamp.close.system_shutdown"));
        speaker_free(speakers[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_travels_from_every_way_in_to_every_other),
        cmocka_unit_test(an_error_brings_its_uri_and_payload),
        cmocka_unit_test(a_publication_reaches_the_subscriber_with_its_id),
        cmocka_unit_test(a_mebibyte_passes_every_way),
        cmocka_unit_test(what_the_router_does_not_accept_is_not_sent),
        cmocka_unit_test(many_calls_at_once_are_all_answered),
        cmocka_unit_test(a_call_that_times_out_interrupts_its_callee),
        cmocka_unit_test(a_subscriber_that_does_not_read_is_closed_for_overflow),
        cmocka_unit_test(who_is_refused_is_told_why),
        cmocka_unit_test(a_url_that_is_none_is_invalid),
        cmocka_unit_test(nobody_there_is_unavailable),
        cmocka_unit_test(a_router_that_says_nothing_times_out),
        cmocka_unit_test(what_is_no_router_is_noticed),
        cmocka_unit_test(a_client_may_close_before_it_has_joined),
        cmocka_unit_test(what_is_asked_after_the_end_began_is_refused),
        cmocka_unit_test(a_router_that_shuts_down_says_goodbye),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
