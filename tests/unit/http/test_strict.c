/* test_strict.c - the rules by which a request is refused before anybody sees it. */
#include "base/mem.h"
#include "http/strict.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { FIELDS_MAX = 8 };

static const struct front_limits limits = {.uri_max = 100, .header_count_max = 6};

/* A head from "name: value" lines. */
struct given {
    struct request_head head;
    struct header fields[FIELDS_MAX];
};

static void give(struct given *given, const char *method, const char *target, const char *lines)
{
    struct str rest = str_of(lines);
    struct str line = STR_EMPTY;
    bool more = rest.len > 0;
    *given = (struct given){0};
    given->head.method = str_of(method);
    (void)str_cut(str_of(target), '?', &given->head.path, &given->head.query);
    given->head.headers = given->fields;
    while (more) {
        struct header *field = &given->fields[given->head.header_count++];
        assert_true(given->head.header_count <= FIELDS_MAX);
        more = str_cut(rest, '\n', &line, &rest);
        (void)str_cut(line, ':', &field->name, &field->value);
        field->value = str_trim(field->value);
    }
}

static const char *verdict(const char *method, const char *target, const char *lines)
{
    struct given given;
    give(&given, method, target, lines);
    const struct refusal *why = strict_check(&given.head, STR("HTTP/1.1"), &limits);
    return why == NULL ? "fine" : why->rule;
}

static void a_request_that_breaks_a_rule_is_refused_by_its_name(void **state)
{
    static const struct {
        const char *method;
        const char *target;
        const char *lines;
        const char *rule;
    } rows[] = {
        {"GET", "/", "host:a", "fine"},
        {"GET", "/a?b=c", "host:a.example:8080", "fine"},
        {"PURGE", "/", "host:a", "fine"},
        {"GE T", "/", "host:a", "method"},
        {"", "/", "host:a", "method"},
        {"GET(", "/", "host:a", "method"},
        {"GET", "*", "host:a", "target"},
        {"GET", "", "host:a", "target"},
        {"GET", "/a b", "host:a", "target"},
        {"GET", "/a\x01", "host:a", "target"},
        {"GET", "/\xc3\xa4", "host:a", "target"},
        {"GET", "/a?q=\x7f", "host:a", "target"},
        {"GET", "/a#b", "host:a", "target"},
        {"GET", "/a\\b", "host:a", "target"},
        {"GET", "/", "", "host"},
        {"GET", "/", "host:a\nhost:a", "host"},
        {"GET", "/", "host:", "host"},
        {"GET", "/", "host:a b", "host"},
        {"GET", "/", "host:user@a", "host"},
        {"GET", "/", "host:a:99999", "host"},
        {"GET", "/", "host:a:8x", "host"},
        {"GET", "/", "host:[::1", "host"},
        {"GET", "/", "host:[::1]80", "host"},
        {"GET", "/", "host:.", "host"},
        {"GET", "/", "host:a\nx y:1", "header-name"},
        {"GET", "/", "host:a\n:1", "header-name"},
        {"GET", "/", "host:a\ncontent_length:1", "header-name"},
        {"GET", "/", "host:a\ntransfer_encoding:chunked", "header-name"},
        {"GET", "/", "host:a\nx:a\rb", "header-value"},
        {"GET", "/", "host:a\nx:a\x7f", "header-value"},
        {"GET", "/", "host:a\nx:\xc3\xa4\tb", "fine"},
        {"POST", "/", "host:a\ncontent-length:5", "fine"},
        {"POST", "/", "host:a\ncontent-length:5\ncontent-length:5", "two-lengths"},
        {"POST", "/", "host:a\ncontent-length:+5", "length"},
        {"POST", "/", "host:a\ncontent-length:-5", "length"},
        {"POST", "/", "host:a\ncontent-length:5,5", "length"},
        {"POST", "/", "host:a\ncontent-length:0x5", "length"},
        {"POST", "/", "host:a\ncontent-length:", "length"},
        {"POST", "/", "host:a\ncontent-length:9223372036854775808", "length"},
        {"POST", "/", "host:a\ncontent-length:99999999999999999999", "length"},
        {"POST", "/", "host:a\ntransfer-encoding:chunked", "fine"},
        {"POST", "/", "host:a\ntransfer-encoding:Chunked", "fine"},
        {"POST", "/", "host:a\ntransfer-encoding:gzip, chunked", "encoding"},
        {"POST", "/", "host:a\ntransfer-encoding:identity", "encoding"},
        {"POST", "/", "host:a\ntransfer-encoding:xchunked", "encoding"},
        {"POST", "/", "host:a\ntransfer-encoding:chunked\ntransfer-encoding:chunked",
         "two-encodings"},
        {"POST", "/", "host:a\ntransfer-encoding:chunked\ncontent-length:5", "length-and-encoding"},
        {"GET", "/", "host:a\na:1\nb:1\nc:1\nd:1\ne:1\nf:1", "header-count"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_string_equal(verdict(rows[i].method, rows[i].target, rows[i].lines), rows[i].rule);
    }
}

static void the_status_fits_the_rule(void **state)
{
    static const struct {
        const char *rule;
        unsigned status;
        const char *target;
        const char *lines;
    } rows[] = {
        {"target", 400, "/a b", "host:a"},
        {"header-count", 431, "/", "host:a\na:1\nb:1\nc:1\nd:1\ne:1\nf:1"},
        {"two-lengths", 400, "/", "host:a\ncontent-length:5\ncontent-length:5"},
    };
    struct given given;
    char longest[200] = "/";
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        give(&given, "POST", rows[i].target, rows[i].lines);
        const struct refusal *why = strict_check(&given.head, STR("HTTP/1.1"), &limits);
        assert_non_null(why);
        assert_string_equal(why->rule, rows[i].rule);
        assert_int_equal(why->status, rows[i].status);
    }
    memset(longest + 1, 'a', 150);
    give(&given, "GET", longest, "host:a");
    assert_int_equal(strict_check(&given.head, STR("HTTP/1.1"), &limits)->status, 414);
}

static void a_host_is_taken_apart(void **state)
{
    static const struct {
        const char *line;
        const char *host;
        uint16_t port;
    } rows[] = {
        {"host:a.example", "a.example", 0},
        {"host:A.Example.:81", "A.Example", 81},
        {"host:[2001:db8::1]", "[2001:db8::1]", 0},
        {"host:[::1]:8443", "[::1]", 8443},
        {"host:a:", "a", 0},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct given given;
        give(&given, "GET", "/", rows[i].line);
        assert_null(strict_check(&given.head, STR("HTTP/1.1"), &limits));
        assert_true(str_eq(given.head.host, str_of(rows[i].host)));
        assert_int_equal(given.head.port, rows[i].port);
    }
}

static void a_body_is_known_by_its_length(void **state)
{
    struct given given;
    (void)state;
    give(&given, "POST", "/", "host:a\ncontent-length:17");
    assert_null(strict_check(&given.head, STR("HTTP/1.1"), &limits));
    assert_int_equal(given.head.content_length, 17);
    give(&given, "POST", "/", "host:a\ntransfer-encoding:chunked");
    assert_null(strict_check(&given.head, STR("HTTP/1.1"), &limits));
    assert_int_equal(given.head.content_length, LENGTH_STREAM);
    give(&given, "POST", "/", "host:a");
    assert_null(strict_check(&given.head, STR("HTTP/1.1"), &limits));
    assert_int_equal(given.head.content_length, 0);
}

static void http_1_0_needs_no_host_and_takes_no_encoding(void **state)
{
    struct given given;
    (void)state;
    give(&given, "GET", "/", "");
    assert_null(strict_check(&given.head, STR("HTTP/1.0"), &limits));
    assert_int_equal(given.head.host.len, 0);
    give(&given, "POST", "/", "transfer-encoding:chunked");
    assert_string_equal(strict_check(&given.head, STR("HTTP/1.0"), &limits)->rule,
                        "encoding-version");
}

static void another_version_is_not_spoken(void **state)
{
    static const char *const versions[] = {"HTTP/0.9", "HTTP/1.2", "HTTP/2.0", "http/1.1", ""};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(versions); i++) {
        struct given given;
        give(&given, "GET", "/", "host:a");
        assert_int_equal(strict_check(&given.head, str_of(versions[i]), &limits)->status, 505);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_request_that_breaks_a_rule_is_refused_by_its_name),
        cmocka_unit_test(the_status_fits_the_rule),
        cmocka_unit_test(a_host_is_taken_apart),
        cmocka_unit_test(a_body_is_known_by_its_length),
        cmocka_unit_test(http_1_0_needs_no_host_and_takes_no_encoding),
        cmocka_unit_test(another_version_is_not_spoken),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
