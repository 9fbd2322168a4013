/* test_problem.c - errors as application/problem+json, and statuses of error codes. */
#include "base/arena.h"
#include "base/mem.h"
#include "pipeline/built.h"
#include "pipeline/problem.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct {
    unsigned status;
    struct buf headers;
    struct buf body;
    bool ended;
} sent;

static void begin(struct stream *stream,
                  unsigned status,
                  const struct header *headers,
                  size_t count,
                  int64_t length)
{
    (void)stream;
    (void)length;
    sent.status = status;
    for (size_t i = 0; i < count; i++) {
        (void)buf_printf(&sent.headers, "\n" PRISTR ": " PRISTR, STRARG(headers[i].name),
                         STRARG(headers[i].value));
    }
}

static bool write_bytes(struct stream *stream, struct str bytes)
{
    (void)stream;
    return !buf_append(&sent.body, bytes);
}

static void end(struct stream *stream)
{
    (void)stream;
    sent.ended = true;
}

static json_t *send_problem(const struct http_problem *problem)
{
    static const struct stream_ops ops = {.begin = begin, .write = write_bytes, .end = end};
    struct stream stream = {.ops = &ops};
    json_error_t error;
    http_problem_send(&stream, problem);
    assert_true(sent.ended);
    json_t *json = json_loadb(sent.body.ptr, sent.body.len, 0, &error);
    assert_non_null(json);
    return json;
}

static int start(void **state)
{
    (void)state;
    memset(&sent, 0, sizeof(sent));
    buf_init(&sent.headers, 4096);
    buf_init(&sent.body, 1 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    buf_done(&sent.headers);
    buf_done(&sent.body);
    return 0;
}

static const char *member(const json_t *json, const char *key)
{
    return json_string_value(json_object_get(json, key));
}

static void a_problem_has_what_both_kinds_of_clients_read(void **state)
{
    (void)state;
    json_t *json = send_problem(&(struct http_problem){
        .status = 404, .code = STR("x.y"), .detail = STR("it \"is\" not"), .request_id = STR("1")});
    assert_int_equal(sent.status, 404);
    assert_int_equal(json_integer_value(json_object_get(json, "status")), 404);
    assert_string_equal(member(json, "title"), "Not Found");
    assert_string_equal(member(json, "message"), "Not Found");
    assert_string_equal(member(json, "code"), "x.y");
    assert_string_equal(member(json, "detail"), "it \"is\" not");
    assert_string_equal(member(json, "description"), "it \"is\" not");
    assert_string_equal(member(json, "request_id"), "1");
    assert_null(json_object_get(json, "errors"));
    json_decref(json);
}

static void a_client_is_told_when_to_come_again(void **state)
{
    (void)state;
    json_decref(send_problem(&(struct http_problem){
        .status = 503, .code = STR("a"), .header = {STR("x-a"), STR("b")}, .close = true}));
    assert_true(buf_byte(&sent.headers, '\0'));
    assert_non_null(strstr(sent.headers.ptr, "\nretry-after: 1"));
    assert_non_null(strstr(sent.headers.ptr, "\nx-a: b"));
    assert_non_null(strstr(sent.headers.ptr, "\nconnection: close"));
}

static void a_detail_of_any_size_and_bytes_is_presentable(void **state)
{
    enum { HUGE = 1 << 20 };
    char *text = mem_alloc(HUGE);
    (void)state;
    for (size_t i = 0; i + 1 < HUGE; i += 2) { /* two bytes each, so a cut may fall between */
        text[i] = (char)0xc3;
        text[i + 1] = (char)0xa4;
    }
    static const size_t offsets[] = {0, 1}; /* the second begins inside a character */
    for (size_t i = 0; i < COUNT_OF(offsets); i++) {
        json_t *json = send_problem(&(struct http_problem){
            .status = 500, .code = STR("\xff"), .detail = str_make(text + offsets[i], HUGE / 2)});
        assert_true(strlen(member(json, "detail")) <= 4096);
        assert_true(strlen(member(json, "detail")) > 1000);
        assert_string_equal(member(json, "code"), "?");
        json_decref(json);
        buf_clear(&sent.body);
    }
    mem_free(text);
}

static void every_error_code_has_a_status(void **state)
{
    static const unsigned statuses[] = {500, 400, 401, 403, 404, 409, 413, 504, 503, 500};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(statuses); i++) {
        assert_int_equal(http_status_of((enum err_code)i), statuses[i]);
        assert_string_not_equal(http_status_title(statuses[i]), "Error");
    }
}

static void a_built_value_is_bounded_by_its_arena(void **state)
{
    struct arena arena;
    struct slice value;
    char text[5000];
    (void)state;
    memset(text, 'a', sizeof(text));
    arena_init(&arena, 8192);
    assert_true(built_text(&arena, str_make(text, sizeof(text)), &value));
    assert_int_equal(slice_kind(value), SCAN_STRING);
    assert_false(built_text(&arena, str_make(text, sizeof(text)), &value));
    assert_true(built_number(&arena, 17, &value));
    assert_int_equal(slice_kind(value), SCAN_INT);
    arena_done(&arena);
}

static void what_others_add_does_not_replace_what_we_say(void **state)
{
    (void)state;
    static const char members[] = "{\"errors\":[{\"line\":1}],\"code\":\"theirs\",\"status\":1,"
                                  "\"request_id\":\"x\",\"n\":null}";
    json_t *json = send_problem(&(struct http_problem){
        .status = 422,
        .code = STR("ours"),
        .detail = STR("d"),
        .members = {SERIALIZER_JSON, str_of(members)},
    });
    assert_string_equal(member(json, "code"), "ours");
    assert_int_equal(json_integer_value(json_object_get(json, "status")), 422);
    assert_null(json_object_get(json, "request_id"));
    assert_int_equal(json_array_size(json_object_get(json, "errors")), 1);
    assert_true(json_is_null(json_object_get(json, "n")));
    json_decref(json);
}

static void members_without_end_are_left_out(void **state)
{
    (void)state;
    char *large = mem_calloc(1, 400 << 10);
    (void)snprintf(large, 400 << 10, "{\"a\":\"%*s\"}", 399 << 10, "x");
    json_t *json = send_problem(&(struct http_problem){
        .status = 400,
        .code = STR("c"),
        .detail = STR("d"),
        .members = {SERIALIZER_JSON, str_of(large)},
    });
    assert_null(json_object_get(json, "a"));
    assert_string_equal(member(json, "code"), "c");
    json_decref(json);
    mem_free(large);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(what_others_add_does_not_replace_what_we_say, start, stop),
        cmocka_unit_test_setup_teardown(members_without_end_are_left_out, start, stop),
        cmocka_unit_test_setup_teardown(a_problem_has_what_both_kinds_of_clients_read, start, stop),
        cmocka_unit_test_setup_teardown(a_client_is_told_when_to_come_again, start, stop),
        cmocka_unit_test_setup_teardown(a_detail_of_any_size_and_bytes_is_presentable, start, stop),
        cmocka_unit_test_setup_teardown(every_error_code_has_a_status, start, stop),
        cmocka_unit_test_setup_teardown(a_built_value_is_bounded_by_its_arena, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
