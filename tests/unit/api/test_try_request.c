/* test_try_request.c - what may be tried, and that nothing of it becomes anything else. */
#include "api/try_request.h"
#include "base/buf.h"
#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static struct arena arena;

static bool reads(const char *text, struct try_request *out, struct err *err)
{
    json_t *json = json_loads(text, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    assert_non_null(json);
    arena_done(&arena);
    arena_init(&arena, 8 << 20);
    bool ok = try_request_read(json, &arena, out, err);
    json_decref(json);
    return ok;
}

static int start(void **state)
{
    (void)state;
    arena_init(&arena, 8 << 20);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    arena_done(&arena);
    return 0;
}

static void a_path_is_all_that_is_needed(void **state)
{
    (void)state;
    struct try_request request;
    struct err err = {0};
    assert_true(reads("{\"path\":\"/a?b=c\"}", &request, &err));
    assert_string_equal(request.method, "GET");
    assert_string_equal(request.target, "/a?b=c");
    assert_null(request.host);
    assert_int_equal(request.scheme.len, 0);
    assert_int_equal(request.header_count, 0);
    assert_int_equal(request.body.len, 0);
}

static void headers_become_lines(void **state)
{
    (void)state;
    struct try_request request;
    struct err err = {0};
    assert_true(reads("{\"path\":\"/\",\"host\":\"[::1]:80\",\"headers\":{\"A-b\":\" c: d \","
                      "\"Empty\":\"\",\"Accept\":\"*/*\"},\"body_base64\":\"AAE=\"}",
                      &request, &err));
    assert_string_equal(request.host, "[::1]:80");
    assert_int_equal(request.header_count, 3);
    assert_string_equal(request.headers[0], "A-b: c: d");
    assert_string_equal(request.headers[1], "Empty;");
    assert_string_equal(request.headers[2], "Accept: */*");
    assert_true(str_eq(request.body, str_make("\0\1", 2)));
}

/* A request that cannot be said here would be another, or two. */
static void every_control_character_is_refused_everywhere(void **state)
{
    (void)state;
    static const struct {
        const char *before;
        const char *behind;
    } forms[] = {
        {"{\"path\":\"/a", "b\"}"},
        {"{\"path\":\"/\",\"method\":\"G", "T\"}"},
        {"{\"path\":\"/\",\"host\":\"a", "b\"}"},
        {"{\"path\":\"/\",\"headers\":{\"a", "\":\"b\"}}"},
        {"{\"path\":\"/\",\"headers\":{\"a\":\"b", "c\"}}"},
    };
    struct try_request request;
    char text[128];
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        for (unsigned c = 0; c < 0x80; c = c == 0x1f ? 0x7f : c + 1) {
            struct err err = {0};
            bool name = i == 3;
            bool value = i == 4;
            if ((c == '\t' && value) || (c == 0 && name)) {
                continue; /* blank enough for a value; and jansson has no such keys */
            }
            (void)snprintf(text, sizeof(text), "%s\\u00%02x%s", forms[i].before, c,
                           forms[i].behind);
            assert_false(reads(text, &request, &err));
            assert_int_equal(err.code, ERR_INVALID);
        }
    }
}

static void what_frames_a_message_is_ours_to_say_in_any_case(void **state)
{
    (void)state;
    static const char *const names[] = {"hOST",    "Content-LENGTH", "transfer-encoding", "TE",
                                        "Upgrade", "CONNECTION",     "Keep-Alive",        "expect"};
    struct try_request request;
    char text[128];
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct err err = {0};
        (void)snprintf(text, sizeof(text), "{\"path\":\"/\",\"headers\":{\"%s\":\"x\"}}", names[i]);
        assert_false(reads(text, &request, &err));
        assert_non_null(strstr(err.text, names[i]));
    }
}

static void an_error_repeats_no_value(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"path\":\"/\",\"headers\":{\"a\":\"hunter2\\n\"}}",
        "{\"path\":\"hunter2\"}",
        "{\"path\":\"/\",\"method\":\"hunter2 \"}",
        "{\"path\":\"/\",\"host\":\"hunter2/\"}",
        "{\"path\":\"/\",\"body_base64\":\"hunter2\"}",
        "{\"path\":\"/\",\"hunter2\":1}",
        "{\"path\":\"/\",\"body\":[\"hunter2\"]}",
        "\"hunter2\"",
    };
    struct try_request request;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct err err = {0};
        assert_false(reads(texts[i], &request, &err));
        assert_null(strstr(err.text, "hunter2"));
    }
}

static void a_hundred_headers_and_the_host_have_room(void **state)
{
    (void)state;
    struct try_request request;
    struct err err = {0};
    struct buf text;
    for (unsigned count = TRY_HEADERS_MAX; count <= TRY_HEADERS_MAX + 1; count++) {
        buf_init(&text, 1 << 20);
        (void)buf_append(&text, STR("{\"path\":\"/\",\"headers\":{"));
        for (unsigned i = 0; i < count; i++) {
            (void)buf_printf(&text, "%s\"x-%u\":\"v\"", i == 0 ? "" : ",", i);
        }
        (void)buf_append(&text, STR("}}"));
        char *line = buf_take(&text, NULL);
        assert_int_equal(reads(line, &request, &err), count == TRY_HEADERS_MAX);
        assert_true(request.header_count < COUNT_OF(request.headers));
        mem_free(line);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_path_is_all_that_is_needed, start, stop),
        cmocka_unit_test_setup_teardown(headers_become_lines, start, stop),
        cmocka_unit_test_setup_teardown(every_control_character_is_refused_everywhere, start, stop),
        cmocka_unit_test_setup_teardown(what_frames_a_message_is_ours_to_say_in_any_case, start,
                                        stop),
        cmocka_unit_test_setup_teardown(an_error_repeats_no_value, start, stop),
        cmocka_unit_test_setup_teardown(a_hundred_headers_and_the_host_have_room, start, stop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
