/* test_h1_head.c - the head of a request and the chunked coding, as pure functions. */
#include "../../support/h1_judge.h"
#include "raw_requests.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void each_raw_request_is_judged_by_its_rule(void **state)
{
    struct h1_outcome out;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(raw_requests); i++) {
        const struct raw_request *row = &raw_requests[i];
        h1_judge(&out, &raw_limits, row->bytes, SIZE_MAX / 2);
        const char *want = row->rule == NULL ? "accepted" : row->rule;
        const char *got = out.rule == NULL ? "accepted" : out.rule;
        if (strcmp(want, got) != 0) {
            fail_msg("%s instead of %s:\n%s", got, want, row->bytes.ptr);
        }
    }
}

static void pieces_of_any_size_end_as_the_whole_does(void **state)
{
    struct h1_outcome whole;
    struct h1_outcome pieces;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(raw_requests); i++) {
        struct str raw = raw_requests[i].bytes;
        h1_judge(&whole, &raw_limits, raw, SIZE_MAX / 2);
        for (size_t step = 1; step <= raw.len && step < 40; step++) {
            h1_judge(&pieces, &raw_limits, raw, step);
            assert_ptr_equal(pieces.rule, whole.rule);
            assert_int_equal(pieces.body_len, whole.body_len);
            assert_memory_equal(pieces.body, whole.body, whole.body_len);
        }
    }
}

static void wait_for_the_rest_of(struct str raw)
{
    struct h1_outcome out;
    for (size_t len = 0; len < raw.len; len++) {
        h1_judge(&out, &raw_limits, str_sub(raw, 0, len), SIZE_MAX / 2);
        if (out.rule == NULL || strcmp(out.rule, "more") != 0) {
            fail_msg("%zu bytes are enough of:\n%s", len, raw.ptr);
        }
    }
}

static void a_request_that_is_cut_short_waits_for_more(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(raw_requests); i++) {
        if (raw_requests[i].rule == NULL) {
            wait_for_the_rest_of(raw_requests[i].bytes);
        }
    }
}

static void a_head_is_read_as_it_was_sent(void **state)
{
    struct h1_outcome out;
    (void)state;
    h1_judge(&out, &raw_limits,
             STR("POST /a%20b?c=d HTTP/1.1\r\nHOST: Example.com.:81\r\nX-One:  two words \t\r\n"
                 "X-NONE:\r\nTransfer-Encoding: Chunked\r\n\r\n"
                 "5;a=b\r\nhello\r\n6\r\n world\r\n0\r\nX-Sum: 1\r\n\r\n"),
             7);
    assert_null(out.rule);
    assert_true(str_eq(out.head.method, STR("POST")));
    assert_true(str_eq(out.head.path, STR("/a%20b")));
    assert_true(str_eq(out.head.query, STR("c=d")));
    assert_true(str_eq(out.head.host, STR("Example.com")));
    assert_int_equal(out.head.port, 81);
    assert_int_equal(out.head.header_count, 4);
    assert_true(str_eq(out.head.headers[1].name, STR("x-one")));
    assert_true(str_eq(out.head.headers[1].value, STR("two words")));
    assert_true(str_eq(out.head.headers[2].name, STR("x-none")));
    assert_int_equal(out.head.headers[2].value.len, 0);
    assert_int_equal(out.head.content_length, LENGTH_STREAM);
    assert_true(str_eq(str_make(out.body, out.body_len), STR("hello world")));
}

static void the_target_in_absolute_form_takes_the_place_of_host(void **state)
{
    struct h1_outcome out;
    (void)state;
    h1_judge(&out, &raw_limits, STR("GET http://b:82?q HTTP/1.1\r\nHost: a:81\r\n\r\n"), 1);
    assert_null(out.rule);
    assert_true(str_eq(out.head.path, STR("/")));
    assert_true(str_eq(out.head.query, STR("q")));
    assert_true(str_eq(out.head.host, STR("b")));
    assert_int_equal(out.head.port, 82);
}

static void a_connection_lives_on_by_version_and_wish(void **state)
{
    static const struct {
        struct str head;
        bool keep;
    } rows[] = {
        {STR_INIT("GET / HTTP/1.1\r\n\r\n"), true},
        {STR_INIT("GET / HTTP/1.1\r\nConnection: close\r\n\r\n"), false},
        {STR_INIT("GET / HTTP/1.1\r\nConnection: foo,  CLOSE ,bar\r\n\r\n"), false},
        {STR_INIT("GET / HTTP/1.1\r\nConnection: closed\r\n\r\n"), true},
        {STR_INIT("GET / HTTP/1.1\r\nConnection: keep-alive\r\nConnection: close\r\n\r\n"), false},
        {STR_INIT("GET / HTTP/1.0\r\n\r\n"), false},
        {STR_INIT("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"), true},
        {STR_INIT("GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n"), false},
    };
    struct header fields[4];
    char bytes[128];
    struct h1_head out;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        memcpy(bytes, rows[i].head.ptr, rows[i].head.len);
        assert_int_equal(h1_parse(bytes, rows[i].head.len, fields, &out), H1_OK);
        assert_int_equal(out.keep_alive, rows[i].keep);
    }
}

static void every_rule_has_a_row_that_cites_its_source(void **state)
{
    (void)state;
    for (int rule = H1_OK + 1; rule < H1_RULES; rule++) {
        const struct refusal *row = h1_refusal((enum h1_rule)rule);
        assert_non_null(row->rule);
        assert_true(row->status >= 400 && row->status < 500);
        assert_non_null(strstr(row->text, "RFC "));
    }
}

static void endless_extensions_and_trailers_are_refused(void **state)
{
    struct h1_chunked body = {0};
    struct str data = STR_EMPTY;
    size_t used = 0;
    enum h1_rule rule = H1_OK;
    size_t chunks = 0;
    (void)state;
    while (rule == H1_OK && chunks < 1000) {
        rule = h1_chunked_next(&body, STR("1;" X256 "\r\n"), &used, &data);
        chunks++;
        if (rule == H1_OK) {
            assert_int_equal(h1_chunked_next(&body, STR("x"), &used, &data), H1_OK);
            assert_int_equal(h1_chunked_next(&body, STR("\r\n"), &used, &data), H1_OK);
        }
    }
    assert_int_equal(rule, H1_CHUNK_EXTENSIONS_LENGTH);
    body = (struct h1_chunked){0};
    assert_int_equal(h1_chunked_next(&body, STR("0\r\n"), &used, &data), H1_OK);
    for (chunks = 0, rule = H1_OK; rule == H1_OK && chunks < 1000; chunks++) {
        rule = h1_chunked_next(&body, STR("x: " X256 "\r\n"), &used, &data);
    }
    assert_int_equal(rule, H1_TRAILERS_LENGTH);
}

static void a_chunk_may_be_as_large_as_a_length_can_say(void **state)
{
    struct h1_chunked body = {0};
    struct str data = STR_EMPTY;
    size_t used = 0;
    (void)state;
    assert_int_equal(h1_chunked_next(&body, STR("7fffffffffffffff\r\n"), &used, &data), H1_OK);
    assert_int_equal(body.left, INT64_MAX);
    assert_int_equal(h1_chunked_next(&body, STR("abc"), &used, &data), H1_OK);
    assert_int_equal(used, 3);
    assert_int_equal(data.len, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_raw_request_is_judged_by_its_rule),
        cmocka_unit_test(pieces_of_any_size_end_as_the_whole_does),
        cmocka_unit_test(a_request_that_is_cut_short_waits_for_more),
        cmocka_unit_test(a_head_is_read_as_it_was_sent),
        cmocka_unit_test(the_target_in_absolute_form_takes_the_place_of_host),
        cmocka_unit_test(a_connection_lives_on_by_version_and_wish),
        cmocka_unit_test(every_rule_has_a_row_that_cites_its_source),
        cmocka_unit_test(endless_extensions_and_trailers_are_refused),
        cmocka_unit_test(a_chunk_may_be_as_large_as_a_length_can_say),
    };
    return cmocka_run_group_tests_name("h1_head", tests, NULL, NULL);
}
