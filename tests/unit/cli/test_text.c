/* links: payload */
#include "base/mem.h"
#include "cli/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void reads(const char *line, const char *args, const char *kwargs)
{
    struct arguments arguments;
    struct err err;
    arguments_init(&arguments);
    if (!arguments_read_line(str_of(line), &arguments, &err)) {
        fail_msg("%s: %s", line, err.text);
    }
    assert_true(str_eq(arguments.payload.args, str_of(args)));
    assert_true(str_eq(arguments.payload.kwargs, str_of(kwargs)));
    arguments_done(&arguments);
}

static void a_line_is_the_one_argument(void **state)
{
    (void)state;
    reads("1", "[1]", "");
    reads("  \"a b\"\r\n", "[\"a b\"]", "");
    reads("[1,2]", "[[1,2]]", "");
    reads("null", "[null]", "");
    reads("{\"a\":1}", "[{\"a\":1}]", "");
}

static void a_line_with_args_or_kwargs_is_a_payload(void **state)
{
    (void)state;
    reads("{\"args\":[1,2],\"kwargs\":{\"k\":3}}", "[1,2]", "{\"k\":3}");
    reads("{\"kwargs\":{\"k\":3}}", "", "{\"k\":3}");
    reads("{\"topic\":\"a.b\",\"args\":[ 1 ],\"details\":{}}", "[ 1 ]", "");
    /* Of another shape it is a value as any other. */
    reads("{\"args\":1}", "[{\"args\":1}]", "");
    reads("{\"args\":[],\"kwargs\":[]}", "[{\"args\":[],\"kwargs\":[]}]", "");
}

static void a_line_that_is_no_json_is_refused_with_a_place(void **state)
{
    static const char *const lines[] = {"{",    "oops",     "1 2",         "'a'",
                                        "[1,]", "\"\xff\"", "{\"args\":[}"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct arguments arguments;
        struct err err;
        arguments_init(&arguments);
        assert_false(arguments_read_line(str_of(lines[i]), &arguments, &err));
        assert_non_null(strstr(err.text, "is not JSON"));
        arguments_done(&arguments);
    }
}

static void one_set_of_arguments_may_be_read_into_again(void **state)
{
    struct arguments arguments;
    struct err err;
    (void)state;
    arguments_init(&arguments);
    assert_true(arguments_read_line(STR("{\"args\":[1],\"kwargs\":{\"a\":2}}"), &arguments, &err));
    assert_true(arguments_read_line(STR("3"), &arguments, &err));
    assert_true(str_eq(arguments.payload.args, STR("[3]")));
    assert_int_equal(arguments.payload.kwargs.len, 0);
    arguments_done(&arguments);
}

static void writes(const struct text_line *line, const char *text)
{
    struct buf out;
    buf_init(&out, 1 << 16);
    assert_true(text_write(line, &out));
    assert_true(str_eq(buf_str(&out), str_of(text)));
    buf_done(&out);
}

static void what_is_not_there_is_empty(void **state)
{
    struct payload none = payload_none();
    (void)state;
    writes(&(struct text_line){.payload = &none}, "{\"args\":[],\"kwargs\":{}}");
    writes(&(struct text_line){.payload = &none, .detailed = true},
           "{\"args\":[],\"kwargs\":{},\"details\":{}}");
}

static void more_is_told_where_there_is_more(void **state)
{
    struct payload payload = {.serializer = SERIALIZER_MSGPACK,
                              .args = STR("\x92\x01\xc4\x02\x01\x02"),
                              .kwargs = STR("\x81\xa1k\xc0")};
    (void)state;
    writes(&(struct text_line){.topic = STR("a.b"),
                               .payload = &payload,
                               .publication = 7,
                               .detailed = true,
                               .details = {SERIALIZER_JSON, STR("{\"x\":1}")}},
           "{\"topic\":\"a.b\",\"args\":[1,\"\\u0000AQI=\"],\"kwargs\":{\"k\":null},"
           "\"publication\":7,\"details\":{\"x\":1}}");
}

static void what_json_cannot_express_is_not_written(void **state)
{
    struct payload payload = {.serializer = SERIALIZER_MSGPACK, .args = STR("\x91\x81\x01\x02")};
    struct buf out;
    (void)state;
    buf_init(&out, 1 << 16);
    assert_false(text_write(&(struct text_line){.payload = &payload}, &out));
    buf_done(&out);
    buf_init(&out, 8);
    payload = payload_none();
    assert_false(text_write(&(struct text_line){.payload = &payload}, &out));
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_is_the_one_argument),
        cmocka_unit_test(a_line_with_args_or_kwargs_is_a_payload),
        cmocka_unit_test(a_line_that_is_no_json_is_refused_with_a_place),
        cmocka_unit_test(one_set_of_arguments_may_be_read_into_again),
        cmocka_unit_test(what_is_not_there_is_empty),
        cmocka_unit_test(more_is_told_where_there_is_more),
        cmocka_unit_test(what_json_cannot_express_is_not_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
