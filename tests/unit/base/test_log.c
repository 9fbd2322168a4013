/* test_log.c - what arrives on stderr, read back through a pipe. */
#include "base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char line[20000];
static int saved;
static int ends[2];

static void begin(enum log_level level, enum log_format format)
{
    log_setup(level, format);
    saved = dup(STDERR_FILENO);
    assert_int_equal(pipe(ends), 0);
    assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
    (void)close(ends[1]);
}

/* Closes the writing end before reading, so that silence ends the reading too. */
static void end(void)
{
    (void)dup2(saved, STDERR_FILENO);
    (void)close(saved);
    ssize_t got = read(ends[0], line, sizeof(line) - 1);
    assert_true(got >= 0);
    line[got] = '\0';
    (void)close(ends[0]);
}

static void a_text_line_has_time_level_event_and_fields(void **state)
{
    (void)state;
    begin(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    log_info("session opened", KV_STR("realm", STR("com.x")), KV_U64("session", UINT64_MAX),
             KV_I64("delta", -5), KV_CSTR("agent", "a b"));
    end();
    assert_int_equal(line[10], 'T');
    assert_string_equal(strchr(line, ' '),
                        " info  session opened realm=com.x session=18446744073709551615 "
                        "delta=-5 agent=\"a b\"\n");
}

static void a_client_cannot_forge_a_line_or_a_field(void **state)
{
    (void)state;
    begin(LOG_LEVEL_INFO, LOG_FORMAT_TEXT);
    log_warn("refused", KV_STR("a", STR("x\n2026 error forged")), KV_STR("b", STR("u=1")),
             KV_STR("c", STR("\"\\\x1b[2J")), KV_STR("d", STR("")));
    end();
    assert_string_equal(strchr(line, ' '),
                        " warn  refused a=\"x\\u000a2026 error forged\" b=\"u=1\" "
                        "c=\"\\\"\\\\\\u001b[2J\" d=\"\"\n");
}

static void a_json_line_is_valid_json_whatever_the_bytes(void **state)
{
    (void)state;
    begin(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    struct err err = {.code = ERR_LIMIT, .text = "too \"much\""};
    log_error("failed", KV_ERR(&err), KV_U64("n", 1),
              KV_STR("bad", STR("\xff\xc3\xa4\xc0\xaf\xed\xa0\x80\xe2\x82\0\x7f")));
    end();
    assert_string_equal(strstr(line, ",\"level\""),
                        ",\"level\":\"error\",\"event\":\"failed\",\"error\":\"too "
                        "\\\"much\\\"\",\"n\":1,\"bad\":\"\\ufffd\xc3\xa4\\ufffd\\ufffd"
                        "\\ufffd\\ufffd\\ufffd\\ufffd\\ufffd\\u0000\\u007f\"}\n");
}

static void a_field_that_does_not_fit_is_left_out_whole(void **state)
{
    (void)state;
    static char big[9000];
    memset(big, '"', sizeof(big));
    begin(LOG_LEVEL_INFO, LOG_FORMAT_JSON);
    log_info("big", KV_U64("first", 1), KV_STR("big", str_make(big, sizeof(big))),
             KV_U64("last", 2));
    end();
    assert_string_equal(strstr(line, "\"event\""), "\"event\":\"big\",\"first\":1,\"cut\":true}\n");
}

static void what_is_below_the_level_is_silent(void **state)
{
    (void)state;
    begin(LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
    assert_false(log_enabled(LOG_LEVEL_INFO));
    assert_true(log_enabled(LOG_LEVEL_ERROR));
    log_info("quiet");
    log_debug("quiet", KV_U64("n", 1));
    end();
    assert_string_equal(line, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_text_line_has_time_level_event_and_fields),
        cmocka_unit_test(a_client_cannot_forge_a_line_or_a_field),
        cmocka_unit_test(a_json_line_is_valid_json_whatever_the_bytes),
        cmocka_unit_test(a_field_that_does_not_fit_is_left_out_whole),
        cmocka_unit_test(what_is_below_the_level_is_silent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
