/* test_option.c - options and words of a command line. */
#include "base/mem.h"
#include "base/str.h"
#include "cli/cli.h"
#include "cli/option.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { ARGV_MAX = 300, LINE_MAX_BYTES = 4096 };

static struct command command;

/* A line of words between blanks, as argv; "_" stands for a blank, "%" for an empty word. */
static bool parse(const char *allowed, const char *line)
{
    static char text[LINE_MAX_BYTES];
    char *argv[ARGV_MAX];
    int argc = 0;
    assert_true(strlen(line) < sizeof(text));
    memcpy(text, line, strlen(line) + 1);
    for (char *at = text; *at != '\0';) {
        argv[argc++] = at;
        at += strcspn(at, " ");
        if (*at != '\0') {
            *at++ = '\0';
        }
    }
    for (int i = 0; i < argc; i++) {
        argv[i] = strcmp(argv[i], "%") == 0 ? argv[i] + 1 : argv[i];
    }
    memset(&command, 0, sizeof(command));
    return option_read_words(allowed, argc, argv, 0, &command);
}

#define ALL "url realm kwargs config set demo count data"

static void options_and_words_come_in_any_order(void **state)
{
    (void)state;
    assert_true(parse(ALL, "com.add --url ws://a 1 --demo -k {} 2 --realm=com.me"));
    assert_string_equal(command.url, "ws://a");
    assert_string_equal(command.realm, "com.me");
    assert_string_equal(command.kwargs, "{}");
    assert_true(command.demo);
    assert_int_equal(command.word_count, 3);
    assert_string_equal(command.words[0], "com.add");
    assert_string_equal(command.words[2], "2");
}

static void a_value_may_look_like_anything(void **state)
{
    (void)state;
    assert_true(parse(ALL, "--url --realm --data=a=b --realm= --count -1"));
    assert_string_equal(command.url, "--realm");
    assert_string_equal(command.data, "a=b");
    assert_string_equal(command.realm, "");
    assert_string_equal(command.count, "-1");
    assert_true(parse(ALL, "--realm %"));
    assert_string_equal(command.realm, "");
}

static void negative_numbers_and_a_dash_are_words(void **state)
{
    (void)state;
    assert_true(parse(ALL, "-1 - -0.5 %"));
    assert_int_equal(command.word_count, 4);
    assert_string_equal(command.words[1], "-");
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    assert_true(parse(ALL, "--demo -- --url -k --"));
    assert_true(command.demo);
    assert_null(command.url);
    assert_int_equal(command.word_count, 3);
    assert_string_equal(command.words[2], "--");
}

static void one_name_may_be_options_of_several_commands(void **state)
{
    (void)state;
    assert_true(parse("to-store from-store", "--to x --from=y --to z"));
    assert_string_equal(command.to, "z");
    assert_string_equal(command.from, "y");
    assert_int_equal(command.roles.count, 0);
    assert_true(parse("to", "--to x --to y"));
    assert_null(command.to);
    assert_int_equal(command.roles.count, 2);
    assert_false(parse("to", "--to-store x"));
    assert_false(parse("to-store", "--to-store x"));
    assert_false(parse("to-store", "--from x"));
}

static void an_option_of_another_command_is_refused(void **state)
{
    static const char *const lines[] = {"--exec a", "--nonsense", "--nonsense=1", "-x",  "-kk",
                                        "--ur a",   "---url a",   "-url a",       "--=a"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        assert_false(parse(ALL, lines[i]));
    }
    assert_false(parse("", "--url a"));
    assert_true(parse("exec", "--exec a"));
}

static void a_value_is_there_exactly_where_one_is_wanted(void **state)
{
    (void)state;
    assert_false(parse(ALL, "a --url"));
    assert_false(parse(ALL, "-k"));
    assert_false(parse(ALL, "--demo=yes"));
    assert_false(parse(ALL, "--demo="));
}

static void a_choice_is_yes_no_or_not_made_and_the_last_one_counts(void **state)
{
    static const char allowed[] = "ack no-ack exclude-me";
    (void)state;
    assert_true(parse(allowed, "a"));
    assert_int_equal(command.ack, CHOICE_NONE);
    assert_true(parse(allowed, "--ack"));
    assert_int_equal(command.ack, CHOICE_YES);
    assert_true(parse(allowed, "--ack --no-ack"));
    assert_int_equal(command.ack, CHOICE_NO);
    assert_true(parse(allowed, "--no-ack --exclude-me --ack"));
    assert_int_equal(command.ack, CHOICE_YES);
    assert_int_equal(command.exclude_me, CHOICE_YES);
    assert_false(parse(allowed, "--ack=yes"));
    assert_false(parse(allowed, "--no-exclude-me"));
}

static void settings_are_kept_in_order_up_to_a_bound(void **state)
{
    char line[LINE_MAX_BYTES] = "";
    size_t len = 0;
    (void)state;
    assert_true(parse(ALL, "--set a=1 --set=b=2"));
    assert_int_equal(command.sets.count, 2);
    assert_string_equal(command.sets.items[0], "a=1");
    assert_string_equal(command.sets.items[1], "b=2");
    for (size_t i = 0; i < COMMAND_LIST_MAX; i++) {
        len += (size_t)snprintf(line + len, sizeof(line) - len, "--set=a=%zu ", i);
    }
    assert_true(parse(ALL, line));
    (void)snprintf(line + len, sizeof(line) - len, "--set=a=0");
    assert_false(parse(ALL, line));
}

static void words_are_bounded(void **state)
{
    char line[LINE_MAX_BYTES] = "";
    (void)state;
    for (size_t i = 0; i < COMMAND_WORDS_MAX; i++) {
        memcpy(line + 2 * i, "a ", 3);
    }
    assert_true(parse(ALL, line));
    memcpy(line + (size_t)2 * COMMAND_WORDS_MAX, "a", 2);
    assert_false(parse(ALL, line));
}

static int run(const char *first, const char *second, const char *third)
{
    char name[] = "postern";
    char *argv[5] = {name};
    int argc = 1;
    const char *const words[] = {first, second, third};
    for (size_t i = 0; i < COUNT_OF(words) && words[i] != NULL; i++) {
        argv[argc++] = str_dup(str_of(words[i]));
    }
    int code = cli_main(argc, argv);
    for (int i = 1; i < argc; i++) {
        mem_free(argv[i]);
    }
    return code;
}

static void wrong_usage_is_64(void **state)
{
    (void)state;
    assert_int_equal(run(NULL, NULL, NULL), EXIT_USAGE);
    assert_int_equal(run("serv", NULL, NULL), EXIT_USAGE);
    assert_int_equal(run("api", NULL, NULL), EXIT_USAGE);
    assert_int_equal(run("api", "pulbish", NULL), EXIT_USAGE);
    assert_int_equal(run("api", "publish", NULL), EXIT_USAGE);
    assert_int_equal(run("version", "now", NULL), EXIT_USAGE);
    assert_int_equal(run("version", "--yaml", NULL), EXIT_USAGE);
    assert_int_equal(run("call", "com.add", NULL), EXIT_USAGE);            /* no realm */
    assert_int_equal(run("register", "com.add", "--realm=a"), EXIT_USAGE); /* no --exec */
    assert_int_equal(run("check", NULL, NULL), EXIT_USAGE);
}

static void help_and_version_are_no_mistakes(void **state)
{
    (void)state;
    assert_int_equal(run("--help", NULL, NULL), EXIT_OK);
    assert_int_equal(run("serve", "--help", NULL), EXIT_OK);
    assert_int_equal(run("version", NULL, NULL), EXIT_OK);
    assert_int_equal(run("version", "--json", NULL), EXIT_OK);
}

static void a_file_with_a_mistake_is_3(void **state)
{
    (void)state;
    assert_int_equal(run("check", "specs/demo.json", NULL), EXIT_OK);
    assert_int_equal(run("check", "/nonexistent", NULL), EXIT_INVALID);
    assert_int_equal(run("check", "CMakeLists.txt", NULL), EXIT_INVALID);
}

static void every_error_code_has_an_exit_code(void **state)
{
    (void)state;
    assert_int_equal(command_exit_code(ERR_NONE), EXIT_OK);
    assert_int_equal(command_exit_code(ERR_INVALID), EXIT_INVALID);
    assert_int_equal(command_exit_code(ERR_UNKNOWN), EXIT_NOT_AUTHORIZED);
    assert_int_equal(command_exit_code(ERR_DENIED), EXIT_NOT_AUTHORIZED);
    assert_int_equal(command_exit_code(ERR_CONFLICT), EXIT_CONFLICT);
    assert_int_equal(command_exit_code(ERR_INTERNAL), EXIT_FAILED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_and_words_come_in_any_order),
        cmocka_unit_test(a_value_may_look_like_anything),
        cmocka_unit_test(negative_numbers_and_a_dash_are_words),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(one_name_may_be_options_of_several_commands),
        cmocka_unit_test(an_option_of_another_command_is_refused),
        cmocka_unit_test(a_value_is_there_exactly_where_one_is_wanted),
        cmocka_unit_test(a_choice_is_yes_no_or_not_made_and_the_last_one_counts),
        cmocka_unit_test(settings_are_kept_in_order_up_to_a_bound),
        cmocka_unit_test(words_are_bounded),
        cmocka_unit_test(wrong_usage_is_64),
        cmocka_unit_test(help_and_version_are_no_mistakes),
        cmocka_unit_test(a_file_with_a_mistake_is_3),
        cmocka_unit_test(every_error_code_has_an_exit_code),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
