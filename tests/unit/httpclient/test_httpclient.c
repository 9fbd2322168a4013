/* Against a server of a few lines in a thread, on loopback. */
#include "base/mem.h"
#include "httpclient/httpclient.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* Takes one connection, reads until `until` has come, sends `answer` and closes. */
struct server {
    int fd;
    unsigned port;
    pthread_t thread;
    const char *until;
    const char *answer; /* NULL: says nothing and waits for the client to leave */
    char request[8192];
};

static void *serve(void *arg)
{
    struct server *server = arg;
    int fd = accept(server->fd, NULL, NULL);
    size_t len = 0;
    while (strstr(server->request, server->until) == NULL) {
        ssize_t got = read(fd, server->request + len, sizeof(server->request) - 1 - len);
        if (got <= 0) {
            break;
        }
        len += (size_t)got;
    }
    if (server->answer != NULL) {
        (void)send(fd, server->answer, strlen(server->answer), MSG_NOSIGNAL);
    } else {
        char byte = 0;
        ssize_t got = read(fd, &byte, 1);
        (void)got;
    }
    (void)close(fd);
    return NULL;
}

static int listen_here(unsigned *out_port)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t len = sizeof(address);
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &len), 0);
    *out_port = ntohs(address.sin_port);
    return fd;
}

static void server_start(struct server *server, const char *until, const char *answer)
{
    *server = (struct server){.until = until, .answer = answer};
    server->fd = listen_here(&server->port);
    assert_int_equal(listen(server->fd, 1), 0);
    assert_int_equal(pthread_create(&server->thread, NULL, serve, server), 0);
}

static void server_stop(struct server *server)
{
    (void)pthread_join(server->thread, NULL);
    (void)close(server->fd);
}

static void url_of(unsigned port, const char *rest, char out[128])
{
    (void)snprintf(out, 128, "http://127.0.0.1:%u%s", port, rest);
}

static void a_post_carries_method_headers_credentials_and_body(void **state)
{
    (void)state;
    struct server server;
    char url[128];
    server_start(&server, "{\"a\":1}",
                 "HTTP/1.1 201 Created\r\nETag: \"7\"\r\nContent-Type:application/json\r\n"
                 "Content-Length: 11\r\n\r\n{\"ok\":true}");
    url_of(server.port, "/api_specs?dry_run=true", url);
    const char *headers[] = {"Content-Type: application/yaml", "If-Match: \"6\""};
    struct httpclient_request request = {.method = "PUT",
                                         .url = url,
                                         .headers = headers,
                                         .header_count = COUNT_OF(headers),
                                         .body = STR("{\"a\":1}"),
                                         .user = "admin",
                                         .password = "se:cret"};
    struct httpclient_response response;
    struct err err = {0};
    assert_true(httpclient_request(&request, &response, &err));
    server_stop(&server);
    assert_int_equal(response.status, 201);
    assert_true(str_eq(buf_str(&response.body), STR("{\"ok\":true}")));
    assert_true(str_eq(httpclient_header(&response, STR("etag")), STR("\"7\"")));
    assert_true(str_eq(httpclient_header(&response, STR("content-TYPE")), STR("application/json")));
    assert_int_equal(httpclient_header(&response, STR("location")).len, 0);
    httpclient_response_done(&response);
    assert_non_null(strstr(server.request, "PUT /api_specs?dry_run=true HTTP/1.1\r\n"));
    assert_non_null(strstr(server.request, "Content-Length: 7\r\n"));
    assert_non_null(strstr(server.request, "Content-Type: application/yaml\r\n"));
    assert_non_null(strstr(server.request, "If-Match: \"6\"\r\n"));
    assert_non_null(strstr(server.request, "Authorization: Basic YWRtaW46c2U6Y3JldA==\r\n"));
    assert_null(strstr(server.request, "Expect:"));
}

static void a_post_without_a_body_says_so(void **state)
{
    (void)state;
    struct server server;
    char url[128];
    server_start(&server, "\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n");
    url_of(server.port, "/", url);
    struct httpclient_request request = {.method = "POST", .url = url, .bearer = "to.k.en"};
    struct httpclient_response response;
    assert_true(httpclient_request(&request, &response, NULL));
    server_stop(&server);
    assert_int_equal(response.status, 204);
    httpclient_response_done(&response);
    assert_non_null(strstr(server.request, "POST / HTTP/1.1\r\n"));
    assert_non_null(strstr(server.request, "Content-Length: 0\r\n"));
    assert_non_null(strstr(server.request, "Authorization: Bearer to.k.en\r\n"));
}

static void a_redirect_is_an_answer_and_not_followed(void **state)
{
    (void)state;
    struct server server;
    char url[128];
    server_start(
        &server, "\r\n\r\n",
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n");
    url_of(server.port, "/", url);
    struct httpclient_request request = {.url = url};
    struct httpclient_response response;
    assert_true(httpclient_request(&request, &response, NULL));
    server_stop(&server);
    assert_int_equal(response.status, 302);
    assert_true(str_eq(httpclient_header(&response, STR("Location")), STR("http://127.0.0.1:1/")));
    httpclient_response_done(&response);
}

static void an_answer_that_is_too_large_is_refused(void **state)
{
    (void)state;
    struct server server;
    char url[128];
    server_start(&server, "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789");
    url_of(server.port, "/", url);
    struct httpclient_request request = {.url = url, .response_max = 9};
    struct httpclient_response response;
    struct err err = {0};
    assert_false(httpclient_request(&request, &response, &err));
    server_stop(&server);
    assert_int_equal(err.code, ERR_LIMIT);
}

static void a_server_that_is_not_there_is_named_without_credentials(void **state)
{
    (void)state;
    unsigned port = 0;
    char url[128];
    char expected[128];
    int fd = listen_here(&port); /* bound, so nobody else has it; not listening */
    (void)snprintf(url, sizeof(url), "http://admin:hush@127.0.0.1:%u/secret?token=x", port);
    (void)snprintf(expected, sizeof(expected),
                   "cannot connect to http://127.0.0.1:%u: Connection refused", port);
    struct httpclient_request request = {.url = url};
    struct httpclient_response response;
    struct err err = {0};
    assert_false(httpclient_request(&request, &response, &err));
    (void)close(fd);
    assert_int_equal(err.code, ERR_UNAVAILABLE);
    assert_string_equal(err.text, expected);
}

static void a_server_that_hangs_up_is_told(void **state)
{
    (void)state;
    struct server server;
    char url[128];
    struct httpclient_response response;
    static const char *const answers[] = {"", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n012"};
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct err err = {0};
        server_start(&server, "\r\n\r\n", answers[i]);
        url_of(server.port, "/", url);
        struct httpclient_request request = {.url = url};
        assert_false(httpclient_request(&request, &response, &err));
        server_stop(&server);
        assert_int_equal(err.code, ERR_UNAVAILABLE);
        assert_non_null(strstr(err.text, "closed the connection"));
    }
}

static void a_silent_server_is_a_timeout(void **state)
{
    (void)state;
    struct server server;
    char url[128];
    server_start(&server, "\r\n\r\n", NULL);
    url_of(server.port, "/", url);
    struct httpclient_request request = {.url = url, .timeout_ms = 100};
    struct httpclient_response response;
    struct err err = {0};
    assert_false(httpclient_request(&request, &response, &err));
    server_stop(&server);
    assert_int_equal(err.code, ERR_TIMEOUT);
}

static void other_schemes_and_header_injection_are_refused(void **state)
{
    (void)state;
    static const char *const urls[] = {
        "file:///etc/passwd", "ftp://127.0.0.1/", "127.0.0.1:1", "http://", "", "http://a b/"};
    struct httpclient_response response;
    for (size_t i = 0; i < COUNT_OF(urls); i++) {
        struct err err = {0};
        struct httpclient_request request = {.url = urls[i]};
        assert_false(httpclient_request(&request, &response, &err));
        assert_int_equal(err.code, ERR_INVALID);
    }
    const char *headers[] = {"X: a\r\nY: b"};
    struct err err = {0};
    struct httpclient_request request = {
        .url = "http://127.0.0.1:1/", .headers = headers, .header_count = 1};
    assert_false(httpclient_request(&request, &response, &err));
    assert_int_equal(err.code, ERR_INVALID);
}

static void an_answer_that_is_not_whole_is_given_as_far_as_it_came(void **state)
{
    (void)state;
    static const struct {
        const char *answer;
        size_t kept;
        uint64_t bytes;
        bool whole;
    } rows[] = {
        {"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd", 4, 4, true},
        {"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef", 4, 6, false}, /* large */
        {"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", 3, 3, false},    /* cut off */
        {"HTTP/1.1 200 OK\r\n\r\n0123456789", 4, 10, false},                 /* too much */
        {"HTTP/1.1 204 No Content\r\n\r\n", 0, 0, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct server server;
        struct httpclient_response response;
        struct err err = {0};
        char url[128];
        server_start(&server, "\r\n\r\n", rows[i].answer);
        url_of(server.port, "/", url);
        struct httpclient_request request = {.url = url, .response_max = 4, .count_max = 8};
        assert_true(httpclient_request(&request, &response, &err));
        server_stop(&server);
        assert_int_equal(response.body.len, rows[i].kept);
        assert_int_equal(response.bytes, rows[i].bytes);
        assert_int_equal(response.whole, rows[i].whole);
        httpclient_response_done(&response);
    }
}

static void without_a_whole_head_there_is_no_answer(void **state)
{
    (void)state;
    static const char *const answers[] = {"HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 20", ""};
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        struct server server;
        struct httpclient_response response;
        struct err err = {0};
        char url[128];
        server_start(&server, "\r\n\r\n", answers[i]);
        url_of(server.port, "/", url);
        struct httpclient_request request = {.url = url, .count_max = 8};
        assert_false(httpclient_request(&request, &response, &err));
        assert_int_equal(err.code, ERR_UNAVAILABLE);
        server_stop(&server);
    }
}

static void it_goes_where_it_is_told_and_asks_for_what_it_is_told(void **state)
{
    (void)state;
    struct server server;
    struct httpclient_response response;
    struct err err = {0};
    char dial[64];
    server_start(&server, "\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    (void)snprintf(dial, sizeof(dial), "127.0.0.1:%u", server.port);
    const char *headers[] = {"Host: some.example", "X-Empty;"};
    struct httpclient_request request = {.url = "http://no.such.host.invalid/other",
                                         .dial = dial,
                                         .target = "//a/../b?c=%20",
                                         .proxied = true,
                                         .headers = headers,
                                         .header_count = COUNT_OF(headers)};
    assert_true(httpclient_request(&request, &response, &err));
    server_stop(&server);
    httpclient_response_done(&response);
    assert_int_equal(strncmp(server.request, "PROXY TCP4 127.0.0.1 127.0.0.1 ", 31), 0);
    assert_non_null(strstr(server.request, "\r\nGET //a/../b?c=%20 HTTP/1.1\r\n"));
    assert_non_null(strstr(server.request, "\r\nHost: some.example\r\n"));
    assert_non_null(strstr(server.request, "\r\nX-Empty:\r\n"));
    assert_null(strstr(server.request, "invalid"));
}

static void *cancel_soon(void *arg)
{
    (void)usleep(100000);
    atomic_store((atomic_bool *)arg, true);
    return NULL;
}

static void what_is_canceled_ends_long_before_its_time(void **state)
{
    (void)state;
    struct server server;
    struct httpclient_response response;
    struct err err = {0};
    char url[128];
    atomic_bool cancel = false;
    pthread_t thread;
    server_start(&server, "\r\n\r\n", NULL);
    url_of(server.port, "/", url);
    struct httpclient_request request = {.url = url, .timeout_ms = 600000, .cancel = &cancel};
    assert_int_equal(pthread_create(&thread, NULL, cancel_soon, &cancel), 0);
    assert_false(httpclient_request(&request, &response, &err));
    (void)pthread_join(thread, NULL);
    server_stop(&server);
}

static void plain_http_is_private_on_this_machine_alone(void **state)
{
    (void)state;
    static const char *const private[] = {
        "https://example.com",      "http://127.0.0.1:18081", "http://127.255.0.9",
        "http://localhost:1/x",     "http://LocalHost",       "http://node.localhost",
        "http://[::1]:18081/oauth", "HTTPS://192.0.2.1",      "http://example.com@127.0.0.1"};
    static const char *const open[] = {"http://example.com",
                                       "http://192.0.2.1",
                                       "http://127.0.0.1.example.com",
                                       "http://127.example.com",
                                       "http://localhost.com",
                                       "http://notlocalhost",
                                       "http://127.0.0.1@192.0.2.1",
                                       "http://[2001:db8::1]",
                                       "http://0.0.0.0",
                                       "HTTP://example.com",
                                       "example.com",
                                       "http://128.0.0.1",
                                       "http://[::ffff:192.0.2.1]",
                                       "http://10.0.0.1/127.0.0.1"};
    for (size_t i = 0; i < COUNT_OF(private); i++) {
        assert_true(httpclient_is_private(private[i]));
    }
    for (size_t i = 0; i < COUNT_OF(open); i++) {
        if (httpclient_is_private(open[i]) != (strstr(open[i], "://") == NULL)) {
            fail_msg("%s", open[i]);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_post_carries_method_headers_credentials_and_body),
        cmocka_unit_test(a_post_without_a_body_says_so),
        cmocka_unit_test(a_redirect_is_an_answer_and_not_followed),
        cmocka_unit_test(an_answer_that_is_too_large_is_refused),
        cmocka_unit_test(a_server_that_is_not_there_is_named_without_credentials),
        cmocka_unit_test(a_server_that_hangs_up_is_told),
        cmocka_unit_test(a_silent_server_is_a_timeout),
        cmocka_unit_test(other_schemes_and_header_injection_are_refused),
        cmocka_unit_test(an_answer_that_is_not_whole_is_given_as_far_as_it_came),
        cmocka_unit_test(without_a_whole_head_there_is_no_answer),
        cmocka_unit_test(it_goes_where_it_is_told_and_asks_for_what_it_is_told),
        cmocka_unit_test(plain_http_is_private_on_this_machine_alone),
        cmocka_unit_test(what_is_canceled_ends_long_before_its_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
