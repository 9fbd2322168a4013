/* test_request.c - paths, bodies, pages and remedies of the commands that administer. */
#include "base/file.h"
#include "base/mem.h"
#include "cli/admin_http.h"
#include "cli/command_row.h"
#include "cli/help.h"
#include "cli/remedy.h"
#include "cli/request_body.h"
#include "cli/request_path.h"

#include <jansson.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const struct command_row *row_of(const char *name)
{
    size_t at = 0;
    const struct command_row *row = NULL;
    while ((row = help_next_row(&at)) != NULL && strcmp(row->name, name) != 0) {
    }
    assert_non_null(row);
    return row;
}

static struct command command_of(const char *name, const char *first, const char *second)
{
    struct command command = {.row = row_of(name), .realm = "com.example"};
    const char *const words[] = {first, second};
    for (size_t i = 0; i < COUNT_OF(words) && words[i] != NULL; i++) {
        command.words[command.word_count++] = words[i];
    }
    return command;
}

static void goes_to(const char *name, const char *first, const char *second, const char *path)
{
    struct buf out;
    struct command command = command_of(name, first, second);
    buf_init(&out, 10000);
    assert_true(request_path_fill(&command, command.row->request.path, &out));
    (void)buf_byte(&out, '\0');
    assert_string_equal(out.ptr, path);
    buf_done(&out);
}

static void a_name_is_one_segment_whatever_is_in_it(void **state)
{
    (void)state;
    goes_to("user get", "ana", NULL, "/realms/com.example/users/ana");
    goes_to("user get", "a/b?c#d%e f", NULL, "/realms/com.example/users/a%2Fb%3Fc%23d%25e%20f");
    goes_to("user get", "ñ\x1b\n", NULL, "/realms/com.example/users/%C3%B1%1B%0A");
    goes_to("user get", "{0}", NULL, "/realms/com.example/users/%7B0%7D");
    goes_to("user get", "...", NULL, "/realms/com.example/users/...");
    goes_to("user alias add", "ana", "anita", "/realms/com.example/users/ana/aliases/anita");
    goes_to("source delete", "all", "10.0.0.0/8",
            "/realms/com.example/users/all/sources?cidr=10.0.0.0%2F8");
}

static void a_name_that_would_mean_another_path_is_refused(void **state)
{
    static const char *const names[] = {"", ".", ".."};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct buf out;
        struct command command = command_of("user delete", names[i], NULL);
        buf_init(&out, 1000);
        assert_false(request_path_fill(&command, command.row->request.path, &out));
        buf_clear(&out);
        command = command_of("user delete", "ana", NULL);
        command.realm = names[i];
        assert_false(request_path_fill(&command, command.row->request.path, &out));
        buf_clear(&out);
        command.realm = NULL;
        assert_false(request_path_fill(&command, command.row->request.path, &out));
        buf_done(&out);
    }
}

static void queries_are_encoded_and_joined(void **state)
{
    struct buf path;
    (void)state;
    buf_init(&path, 1000);
    (void)buf_append(&path, STR("/realms"));
    request_path_query(&path, "limit", NULL);
    request_path_query(&path, "limit", "5");
    request_path_query(&path, "filter", "a&b=c");
    (void)buf_byte(&path, '\0');
    assert_string_equal(path.ptr, "/realms?limit=5&filter=a%26b%3Dc");
    buf_done(&path);
}

static void sends(const struct command *command, const char *json)
{
    json_t *body = NULL;
    json_t *wanted = json_loads(json, 0, NULL);
    assert_non_null(wanted);
    assert_int_equal(request_body_make(command, command->row->request.fields, &body), EXIT_OK);
    if (!json_equal(body, wanted)) {
        char *text = json_dumps(body, JSON_COMPACT);
        fail_msg("%s is not %s", text, json);
    }
    json_decref(body);
    json_decref(wanted);
}

static void words_and_options_make_the_object(void **state)
{
    (void)state;
    struct command command = command_of("user add", "ana", NULL);
    sends(&command, "{\"username\": \"ana\"}");
    command.groups = (struct command_list){{"staff", "a,b"}, 2};
    command.meta = "{\"k\": [1]}";
    sends(&command, "{\"username\": \"ana\", \"groups\": [\"staff\", \"a,b\"],"
                    " \"meta\": {\"k\": [1]}}");
    command = command_of("grant create", "wamp.call,wamp.publish", "com.example.");
    command.match = "prefix";
    command.roles = (struct command_list){{"ana", "all"}, 2};
    sends(&command,
          "{\"permissions\": [\"wamp.call\", \"wamp.publish\"], \"uri\": \"com.example.\","
          " \"match\": \"prefix\", \"roles\": [\"ana\", \"all\"]}");
    command.roles.items[0] = "all";
    command.roles.count = 1;
    sends(&command,
          "{\"permissions\": [\"wamp.call\", \"wamp.publish\"], \"uri\": \"com.example.\","
          " \"match\": \"prefix\", \"roles\": \"all\"}");
    command = command_of("api rollback", "com.example.demo", "3");
    sends(&command, "{\"version\": 3}");
}

static void refuses(struct command command, int code)
{
    json_t *body = NULL;
    assert_int_equal(request_body_make(&command, command.row->request.fields, &body), code);
    assert_null(body);
}

static void what_is_missing_or_wrong_is_said_before_anything_is_sent(void **state)
{
    (void)state;
    refuses(command_of("user add", NULL, NULL), EXIT_USAGE);
    refuses(command_of("user add", "\xff", NULL), EXIT_INVALID);
    refuses(command_of("user password", "ana", NULL), EXIT_USAGE);
    refuses(command_of("grant create", "wamp.call", "a.b"), EXIT_USAGE); /* to whom? */
    refuses(command_of("api rollback", "a", "b"), EXIT_INVALID);
    struct command command = command_of("user add", "ana", NULL);
    command.meta = "[1]";
    refuses(command, EXIT_INVALID);
    command.meta = NULL;
    command.groups = (struct command_list){{"\xc3"}, 1};
    refuses(command, EXIT_INVALID);
    command.groups.count = 0;
    command.file = "/nonexistent";
    refuses(command, EXIT_INVALID);
    command.file = "-";
    command.password_stdin = true;
    refuses(command, EXIT_USAGE);
}

static void a_file_is_the_object_and_words_win(void **state)
{
    static const char text[] = "username: bob\nenabled: false\ngroups: [x]\n";
    char path[] = "/tmp/postern-request-XXXXXX";
    int fd = mkstemp(path);
    (void)state;
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
    struct command command = command_of("user add", NULL, NULL);
    command.file = path;
    sends(&command, "{\"username\": \"bob\", \"enabled\": false, \"groups\": [\"x\"]}");
    command = command_of("user add", "ana", NULL);
    command.file = path;
    sends(&command, "{\"username\": \"ana\", \"enabled\": false, \"groups\": [\"x\"]}");
    assert_int_equal(ftruncate(fd, 3), 0); /* "use": no object */
    refuses(command, EXIT_INVALID);
    (void)close(fd);
    (void)unlink(path);
}

static void a_new_password_comes_from_the_environment(void **state)
{
    (void)state;
    assert_int_equal(setenv("POSTERN_NEW_PASSWORD", "geheim", 1), 0);
    struct command command = command_of("user password", "ana", NULL);
    sends(&command, "{\"new_password\": \"geheim\"}");
    assert_int_equal(unsetenv("POSTERN_NEW_PASSWORD"), 0);
}

static void the_next_page_is_a_path_of_the_same_node(void **state)
{
    static const struct {
        const char *link;
        const char *path;
    } rows[] = {
        {"</realms?cursor=a&limit=5>; rel=\"next\"", "/realms?cursor=a&limit=5"},
        {"</a>; rel=\"prev\", </b>; title=x; rel=next", "/b"},
        {"<http://other.example:1/realms?cursor=x>; rel=\"next\"", "/realms?cursor=x"},
        {"<https://other.example>; rel=\"next\"", NULL},
        {"<//other.example/x>; rel=\"next\"", "//other.example/x"}, /* behind our own host */
        {"<realms>; rel=\"next\"", NULL},
        {"</realms>; rel=\"nextish\"", NULL},
        {"</realms; rel=next", NULL},
        {"", NULL},
        {"<", NULL},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char *path = admin_next_path(str_of(rows[i].link));
        if (rows[i].path == NULL) {
            assert_null(path);
        } else {
            assert_string_equal(path, rows[i].path);
        }
        mem_free(path);
    }
}

static void
helps(const struct command *command, unsigned status, const char *code, const char *text)
{
    struct buf out;
    buf_init(&out, 10000);
    remedy_write(&out, command, status, str_of(code));
    (void)buf_byte(&out, '\0');
    assert_string_equal(out.ptr, text);
    buf_done(&out);
}

static void a_refusal_names_a_command(void **state)
{
    (void)state;
    struct command command = command_of("user get", "a na", NULL);
    helps(&command, 404, "bondy.error.not_found", "  postern user list --realm com.example\n");
    helps(&command, 404, "wamp.error.no_such_realm", "  postern realm create com.example\n");
    helps(&command, 409, "bondy.error.already_exists",
          "  postern user get 'a na' --realm com.example\n");
    command.user = "$(x)";
    helps(&command, 403, "wamp.error.not_authorized",
          "  an administrator can: postern grant create wamp.call bondy.user.get --to '$(x)' "
          "--realm com.leapsight.bondy\n");
    helps(&command, 500, "\x1b", "");
    command = command_of("ticket revoke", "ana", "1"); /* there is no ticket list */
    helps(&command, 404, "bondy.error.not_found", "");
    command = command_of("realm delete", "com.me", NULL);
    command.realm = NULL;
    helps(&command, 409, "bondy.error.active_users", "  postern realm delete com.me --force\n");
}

static void rows_are_whole(void **state)
{
    size_t at = 0;
    const struct command_row *row = NULL;
    (void)state;
    while ((row = help_next_row(&at)) != NULL) {
        assert_non_null(row->run);
        assert_true(row->help[0] != '\0');
        assert_true(strncmp(row->example, row->name, strlen(row->name)) == 0);
        const char *path = row->request.path;
        if (path != NULL) {
            assert_true(strstr(path, "{realm}") == NULL || strstr(row->options, " realm") != NULL);
            assert_true(strstr(path, "{1}") == NULL || help_words_min(row->words) >= 2);
            assert_true(strstr(path, "{0}") == NULL || help_words_min(row->words) >= 1);
            assert_non_null(row->request.method);
        }
    }
}

static void the_words_of_a_row_say_how_many(void **state)
{
    (void)state;
    assert_int_equal(help_words_min(""), 0);
    assert_int_equal(help_words_max(""), 0);
    assert_int_equal(help_words_min("URI [JSON...]"), 1);
    assert_int_equal(help_words_max("URI [JSON...]"), COMMAND_WORDS_MAX);
    assert_int_equal(help_words_min("[NAME]"), 0);
    assert_int_equal(help_words_max("[NAME]"), 1);
    assert_int_equal(help_words_min("[PERMISSIONS URI]"), 0);
    assert_int_equal(help_words_max("[PERMISSIONS URI]"), 2);
    assert_int_equal(help_words_min("URI..."), 1);
    assert_int_equal(help_words_max("URI..."), COMMAND_WORDS_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_is_one_segment_whatever_is_in_it),
        cmocka_unit_test(a_name_that_would_mean_another_path_is_refused),
        cmocka_unit_test(queries_are_encoded_and_joined),
        cmocka_unit_test(words_and_options_make_the_object),
        cmocka_unit_test(what_is_missing_or_wrong_is_said_before_anything_is_sent),
        cmocka_unit_test(a_file_is_the_object_and_words_win),
        cmocka_unit_test(a_new_password_comes_from_the_environment),
        cmocka_unit_test(the_next_page_is_a_path_of_the_same_node),
        cmocka_unit_test(a_refusal_names_a_command),
        cmocka_unit_test(rows_are_whole),
        cmocka_unit_test(the_words_of_a_row_say_how_many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
