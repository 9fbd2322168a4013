/* links: payload */
#include "base/mem.h"
#include "cli/wamp_options.h"
#include "payload/emit.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static const struct wamp_option rows[] = {
    WAMP_OPTION("timeout", "timeout", WAMP_MS, timeout),
    WAMP_OPTION("ttl", "_ttl", WAMP_SECONDS, ttl),
    WAMP_OPTION("concurrency", "concurrency", WAMP_NUMBER, concurrency),
    WAMP_OPTION("disclose-me", "disclose_me", WAMP_CHOICE, disclose_me),
    WAMP_OPTION("retain", "retain", WAMP_FLAG, retain),
    WAMP_OPTION("rkey", "rkey", WAMP_TEXT, rkey),
    WAMP_OPTION_OF("rkey", "runmode", WAMP_FIXED, rkey, "partition"),
    WAMP_OPTION_OF("match", "match", WAMP_WORD, match, WAMP_MATCHES),
    WAMP_OPTION("exclude", "exclude", WAMP_IDS, exclude),
    WAMP_OPTION("eligible-authid", "eligible_authid", WAMP_NAMES, eligible_authid),
};

static void makes(const struct command *command, const char *json)
{
    struct buf out;
    struct buf text;
    struct slice options;
    struct emit emit;
    buf_init(&out, WAMP_OPTIONS_MAX);
    buf_init(&text, WAMP_OPTIONS_MAX);
    assert_int_equal(wamp_options_make(command, rows, COUNT_OF(rows), &out, &options), EXIT_OK);
    if (json == NULL) {
        assert_int_equal(options.bytes.len, 0);
    } else {
        emit_init(&emit, SERIALIZER_JSON, &text);
        emit_slice(&emit, options);
        (void)buf_byte(&text, '\0');
        assert_string_equal(text.ptr, json);
    }
    buf_done(&text);
    buf_done(&out);
}

static void refuses(struct command command)
{
    struct buf out;
    struct slice options;
    buf_init(&out, WAMP_OPTIONS_MAX);
    assert_int_equal(wamp_options_make(&command, rows, COUNT_OF(rows), &out, &options), EXIT_USAGE);
    assert_int_equal(options.bytes.len, 0);
    buf_done(&out);
}

static void nothing_given_is_no_map_at_all(void **state)
{
    (void)state;
    makes(&(struct command){0}, NULL);
}

static void each_kind_of_option_is_written_as_the_message_has_it(void **state)
{
    (void)state;
    makes(&(struct command){.timeout = "2s"}, "{\"timeout\":2000}");
    makes(&(struct command){.timeout = "20"}, "{\"timeout\":20}");
    makes(&(struct command){.ttl = "90"}, "{\"_ttl\":90}");
    makes(&(struct command){.ttl = "2m"}, "{\"_ttl\":120}");
    makes(&(struct command){.ttl = "1999ms"}, "{\"_ttl\":1}");
    makes(&(struct command){.concurrency = "9007199254740992"},
          "{\"concurrency\":9007199254740992}");
    makes(&(struct command){.disclose_me = CHOICE_YES}, "{\"disclose_me\":true}");
    makes(&(struct command){.disclose_me = CHOICE_NO}, "{\"disclose_me\":false}");
    makes(&(struct command){.retain = true}, "{\"retain\":true}");
    makes(&(struct command){.rkey = ""}, "{\"rkey\":\"\",\"runmode\":\"partition\"}");
    makes(&(struct command){.match = "wildcard"}, "{\"match\":\"wildcard\"}");
    makes(&(struct command){.exclude = ""}, "{\"exclude\":[]}");
    makes(&(struct command){.exclude = "1, 2 ,3"}, "{\"exclude\":[1,2,3]}");
    makes(&(struct command){.eligible_authid = "a,,b c"},
          "{\"eligible_authid\":[\"a\",\"\",\"b c\"]}");
    makes(&(struct command){.retain = true, .timeout = "1", .rkey = "k"},
          "{\"timeout\":1,\"retain\":true,\"rkey\":\"k\",\"runmode\":\"partition\"}");
}

static void what_the_message_cannot_have_is_refused(void **state)
{
    (void)state;
    refuses((struct command){.timeout = "soon"});
    refuses((struct command){.timeout = ""});
    refuses((struct command){.ttl = "-1"});
    refuses((struct command){.concurrency = "0"});
    refuses((struct command){.concurrency = "9007199254740993"});
    refuses((struct command){.concurrency = "many"});
    refuses((struct command){.match = "Exact"});
    refuses((struct command){.match = ""});
    refuses((struct command){.match = "exact prefix"});
    refuses((struct command){.exclude = "1,x"});
    refuses((struct command){.exclude = ","});
    refuses((struct command){.exclude = "0"});
    refuses((struct command){.exclude = "9007199254740993"});
    refuses((struct command){.rkey = "\xff"});
    refuses((struct command){.eligible_authid = "a,\xc3"});
}

static void lists_and_maps_are_bounded(void **state)
{
    static char items[2 * 4097 + 1];
    static char text[WAMP_OPTIONS_MAX + 2];
    (void)state;
    for (size_t i = 0; i < 4097; i++) {
        memcpy(items + 2 * i, "1,", 3);
    }
    items[2 * 4097 - 1] = '\0';
    refuses((struct command){.exclude = items});
    items[2 * 4096 - 1] = '\0';
    struct buf out;
    struct slice options;
    struct command fits = {.exclude = items};
    buf_init(&out, WAMP_OPTIONS_MAX);
    assert_int_equal(wamp_options_make(&fits, rows, COUNT_OF(rows), &out, &options), EXIT_OK);
    assert_int_equal(slice_count(slice_get(options, STR("exclude"))), 4096);
    buf_done(&out);
    memset(text, 'x', sizeof(text) - 1);
    refuses((struct command){.rkey = text});
}

static void one_option_may_need_another(void **state)
{
    (void)state;
    assert_int_equal(wamp_option_needs("a", true, "b", true), EXIT_OK);
    assert_int_equal(wamp_option_needs("a", false, "b", false), EXIT_OK);
    assert_int_equal(wamp_option_needs("a", false, "b", true), EXIT_OK);
    assert_int_equal(wamp_option_needs("a", true, "b", false), EXIT_USAGE);
}

static void a_number_or_time_that_is_not_given_changes_nothing(void **state)
{
    (void)state;
    uint64_t value = 7;
    assert_int_equal(wamp_option_number("count", NULL, &value), EXIT_OK);
    assert_int_equal(wamp_option_ms("cancel-after", NULL, &value), EXIT_OK);
    assert_int_equal(wamp_option_number("count", "x", &value), EXIT_USAGE);
    assert_int_equal(wamp_option_ms("cancel-after", "x", &value), EXIT_USAGE);
    assert_true(value == 7);
    assert_int_equal(wamp_option_number("count", "3", &value), EXIT_OK);
    assert_true(value == 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given_is_no_map_at_all),
        cmocka_unit_test(each_kind_of_option_is_written_as_the_message_has_it),
        cmocka_unit_test(what_the_message_cannot_have_is_refused),
        cmocka_unit_test(lists_and_maps_are_bounded),
        cmocka_unit_test(one_option_may_need_another),
        cmocka_unit_test(a_number_or_time_that_is_not_given_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
