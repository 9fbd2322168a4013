/* Where settings come from, who wins, and what is refused with which words. */
#include "base/log.h"
#include "base/mem.h"
#include "conf/conf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

/* One try at a configuration; the file's name is always the same. */
struct attempt {
    struct conf conf;
    struct conf_problems problems;
    bool ok;
    struct buf text; /* the problems, a line each, with the file as FILE */
};

static char path[64];

static void write_file(const char *text)
{
    (void)snprintf(path, sizeof(path), "/tmp/postern-conf-%d.yaml", (int)getpid());
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    (void)fputs(text, file);
    (void)fclose(file);
}

static void try_load(struct attempt *attempt, const char *file, const char *set, const char *env)
{
    const char *sets[] = {set};
    char *envs[] = {env == NULL ? NULL : str_dup(str_of(env)), NULL};
    struct conf_source source = {
        .file = file == NULL ? NULL : path, .sets = sets, .set_count = set != NULL, .env = envs};
    if (file != NULL) {
        write_file(file);
    }
    conf_problems_init(&attempt->problems);
    attempt->ok = conf_load(&source, &attempt->conf, &attempt->problems);
    buf_init(&attempt->text, 65536);
    conf_problems_print(&attempt->problems, &attempt->text);
    (void)buf_byte(&attempt->text, '\0');
    mem_free(envs[0]);
    if (file != NULL) {
        (void)unlink(path);
    }
}

static void done(struct attempt *attempt)
{
    if (attempt->ok) {
        conf_done(&attempt->conf);
    }
    conf_problems_done(&attempt->problems);
    buf_done(&attempt->text);
}

/* Refused with one problem of exactly this text, at this place in the file (0: not in it). */
static void refused(const char *file,
                    const char *set,
                    const char *env,
                    unsigned line,
                    unsigned column,
                    const char *text)
{
    struct attempt attempt;
    try_load(&attempt, file, set, env);
    if (attempt.ok || attempt.problems.count != 1 ||
        strcmp(attempt.problems.items[0].text, text) != 0) {
        print_error("%s", attempt.text.ptr);
    }
    assert_false(attempt.ok);
    assert_int_equal(attempt.problems.count, 1);
    assert_string_equal(attempt.problems.items[0].text, text);
    assert_int_equal(attempt.problems.items[0].line, line);
    assert_int_equal(attempt.problems.items[0].column, column);
    done(&attempt);
}

static void accepted(struct attempt *attempt, const char *file, const char *set, const char *env)
{
    try_load(attempt, file, set, env);
    if (!attempt->ok) {
        print_error("%s", attempt->text.ptr);
    }
    assert_true(attempt->ok);
    assert_int_equal(attempt->problems.errors, 0);
}

static void nothing_given_means_the_defaults(void **state)
{
    (void)state;
    struct attempt attempt;
    accepted(&attempt, NULL, NULL, NULL);
    const struct conf *conf = &attempt.conf;
    assert_string_equal(conf->gateway.listen, "0.0.0.0:18080");
    assert_string_equal(conf->admin.listen, "127.0.0.1:18081");
    assert_string_equal(conf->rawsocket.listen, "0.0.0.0:18082");
    assert_string_equal(conf->gateway.tls.listen, "");
    assert_string_equal(conf->data.dir, "./data");
    assert_string_equal(conf->store.url, "sqlite:");
    assert_int_equal(conf->gateway.front, CONF_FRONT_H1);
    assert_int_equal(conf->node.mailbox_max, 64 << 20);
    assert_int_equal(conf->node.drain_timeout_ms, 20000);
    assert_int_equal(conf->http.body_max, 25 << 20);
    assert_int_equal(conf->wamp.message_max, 1 << 24);
    assert_int_equal(conf->wamp.call_timeout_max_ms, 600000);
    assert_int_equal(conf->gateway.specs.count, 0);
    assert_int_equal(conf->log.level, LOG_LEVEL_INFO);
    assert_false(conf->admin.allow_anonymous);
    done(&attempt);
}

static void the_machine_fills_in_what_depends_on_it(void **state)
{
    (void)state;
    struct attempt attempt;
    accepted(&attempt, NULL, NULL, NULL);
    assert_true(attempt.conf.node.name[0] != '\0');
    assert_in_range(attempt.conf.node.workers, 1, 64);
    assert_true(attempt.conf.limits.memory > 1 << 20);
    assert_in_range(attempt.conf.log.format, LOG_FORMAT_TEXT, LOG_FORMAT_JSON);
    done(&attempt);
}

static void set_wins_over_environment_over_file_over_default(void **state)
{
    (void)state;
    static const char file[] = "node.name: file";
    static const char env[] = "POSTERN_NODE_NAME=env";
    static const char set[] = "node.name=set";
    struct attempt attempt;
    accepted(&attempt, file, NULL, NULL);
    assert_string_equal(attempt.conf.node.name, "file");
    done(&attempt);
    accepted(&attempt, file, NULL, env);
    assert_string_equal(attempt.conf.node.name, "env");
    done(&attempt);
    accepted(&attempt, file, set, env);
    assert_string_equal(attempt.conf.node.name, "set");
    done(&attempt);
}

static void maps_may_be_nested_dotted_or_both(void **state)
{
    (void)state;
    struct attempt attempt;
    accepted(&attempt,
             "gateway:\n"
             "  listen: \"[::1]:0\"\n"
             "  tls.certificate: a.pem\n"
             "  tls: {key: b.pem}\n"
             "  specs: [one.json, two.yaml]\n"
             "gateway.tls.listen: :18083\n"
             "admin:\n"
             "http.body_max: 1024\n"
             "node: {drain_timeout: 0, workers: 2, name: 17}\n",
             NULL, NULL);
    const struct conf *conf = &attempt.conf;
    assert_string_equal(conf->gateway.listen, "[::1]:0");
    assert_string_equal(conf->gateway.tls.listen, ":18083");
    assert_string_equal(conf->gateway.tls.certificate, "a.pem");
    assert_string_equal(conf->gateway.tls.key, "b.pem");
    assert_int_equal(conf->gateway.specs.count, 2);
    assert_true(str_eq(conf->gateway.specs.items[1], STR("two.yaml")));
    assert_int_equal(conf->http.body_max, 1024);
    assert_int_equal(conf->node.drain_timeout_ms, 0);
    assert_int_equal(conf->node.workers, 2);
    assert_string_equal(conf->node.name, "17");
    done(&attempt);
}

static void json_and_empty_files_are_files_too(void **state)
{
    (void)state;
    struct attempt attempt;
    accepted(&attempt, "{\"log\": {\"level\": \"debug\"}, \"gateway.proxy_protocol\": false}", NULL,
             NULL);
    assert_int_equal(attempt.conf.log.level, LOG_LEVEL_DEBUG);
    done(&attempt);
    accepted(&attempt, "# nothing\n", NULL, NULL);
    done(&attempt);
}

static void an_unknown_key_is_refused_with_its_place_and_what_was_meant(void **state)
{
    (void)state;
    refused("gateway:\n  lisen: x\n", NULL, NULL, 2, 3,
            "gateway.lisen: no such setting; did you mean gateway.listen?");
    refused("a: 1", NULL, NULL, 1, 1, "a: no such setting");
    refused("log.levels: info", NULL, NULL, 1, 1,
            "log.levels: no such setting; did you mean log.level?");
    refused("nonsense:\n  a: 1\n  b: 2\n", NULL, NULL, 1, 1, "nonsense: no such setting");
    refused(NULL, "wamp.mesage_max=1m", NULL, 0, 0,
            "wamp.mesage_max: no such setting; did you mean wamp.message_max?");
    refused(NULL, "wamp.message_max", NULL, 0, 0, "expected KEY=VALUE");
}

static void an_unknown_variable_is_only_warned_about(void **state)
{
    (void)state;
    struct attempt attempt;
    accepted(&attempt, NULL, NULL, "POSTERN_GATEWAY_LISTE=x");
    assert_int_equal(attempt.problems.warnings, 1);
    assert_non_null(strstr(attempt.text.ptr, "environment POSTERN_GATEWAY_LISTE: warning: "
                                             "no such setting; did you mean "
                                             "POSTERN_GATEWAY_LISTEN?"));
    done(&attempt);
}

static void the_clients_variables_are_no_settings(void **state)
{
    (void)state;
    static const char *const names[] = {
        "POSTERN_URL=x",   "POSTERN_PASSWORD=x",       "POSTERN_TICKET=x",
        "POSTERN_TOKEN=x", "POSTERN_ADMIN_PASSWORD=x", "HOME=/x"};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct attempt attempt;
        accepted(&attempt, NULL, NULL, names[i]);
        assert_int_equal(attempt.problems.count, 0);
        done(&attempt);
    }
}

static void a_variable_set_to_nothing_is_not_set(void **state)
{
    (void)state;
    struct attempt attempt;
    accepted(&attempt, NULL, NULL, "POSTERN_GATEWAY_LISTEN=");
    assert_string_equal(attempt.conf.gateway.listen, "0.0.0.0:18080");
    done(&attempt);
}

static void every_mistake_is_told_at_once(void **state)
{
    (void)state;
    struct attempt attempt;
    try_load(&attempt,
             "node: {workers: many, nme: x}\n"
             "http.body_max: 2t\n"
             "gateway: [1]\n",
             "log.level=loud", "POSTERN_NODE_JOBS=0");
    assert_false(attempt.ok);
    assert_int_equal(attempt.problems.errors, 6);
    for (size_t i = 0; i < 4; i++) {
        assert_true(attempt.problems.items[i].line == (i < 2 ? 1 : (unsigned)i));
    }
    done(&attempt);
}

static void values_must_be_of_their_kind(void **state)
{
    (void)state;
    refused("node.workers: 1.5", NULL, NULL, 1, 15, "node.workers: expected a whole number");
    refused("node.workers: -1", NULL, NULL, 1, 15, "node.workers: expected a whole number");
    refused("node.workers: 99999999999999999999", NULL, NULL, 1, 15,
            "the number does not fit 64 bits; put it in quotes if it is text");
    refused("node.name: true", NULL, NULL, 1, 12, "node.name: expected text; put it in quotes");
    refused("node.name: {a: 1}", NULL, NULL, 1, 12, "node.name: expected text; put it in quotes");
    refused("node.drain_timeout: 20", NULL, NULL, 1, 21,
            "node.drain_timeout: expected a time such as 500ms, 20s, 5m or 1h");
    refused(NULL, "http.body_max=25x", NULL, 0, 0,
            "http.body_max: expected a size such as 512, 8k, 25m or 1g");
    refused(NULL, "http.body_max=99999999999999999g", NULL, 0, 0,
            "http.body_max: expected a size such as 512, 8k, 25m or 1g");
    refused(NULL, "http.body_max=k", NULL, 0, 0,
            "http.body_max: expected a size such as 512, 8k, 25m or 1g");
    refused("admin.allow_anonymous: 1", NULL, NULL, 1, 24,
            "admin.allow_anonymous: expected true or false");
    refused(NULL, "gateway.front=h2", NULL, 0, 0, "gateway.front: expected one of h1, mhd");
    refused("gateway.specs: [a, 1]", NULL, NULL, 1, 20,
            "gateway.specs: expected text; put it in quotes");
    refused("node.name: \"a\\tb\"", NULL, NULL, 1, 12, "node.name: holds a control character");
    refused("gateway: here", NULL, NULL, 1, 1, "gateway: is a section: expected a map of settings");
    refused("[1, 2]", NULL, NULL, 1, 1, "expected a map of settings");
}

static void numbers_have_bounds(void **state)
{
    (void)state;
    refused(NULL, "wamp.message_max=17m", NULL, 0, 0, "wamp.message_max: must be at most 16m");
    refused(NULL, "http.uri_max=255", NULL, 0, 0, "http.uri_max: must be at least 256");
    refused(NULL, "net.first_byte_timeout=1ms", NULL, 0, 0,
            "net.first_byte_timeout: must be at least 100ms");
    refused(NULL, "node.workers=65", NULL, 0, 0, "node.workers: must be at most 64");
}

static void units_are_understood_in_either_case(void **state)
{
    (void)state;
    static const struct {
        const char *set;
        uint64_t bytes;
    } sizes[] = {{"http.body_max=17", 17},
                 {"http.body_max=3k", 3072},
                 {"http.body_max=2M", 2 << 20},
                 {"http.body_max=1g", 1 << 30},
                 {"http.body_max=0", 0}};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct attempt attempt;
        accepted(&attempt, NULL, sizes[i].set, NULL);
        assert_int_equal(attempt.conf.http.body_max, sizes[i].bytes);
        done(&attempt);
    }
    static const struct {
        const char *set;
        uint64_t ms;
    } times[] = {{"wamp.call_timeout=250ms", 250},
                 {"wamp.call_timeout=3s", 3000},
                 {"wamp.call_timeout=2m", 120000}};
    for (size_t i = 0; i < COUNT_OF(times); i++) {
        struct attempt attempt;
        accepted(&attempt, NULL, times[i].set, NULL);
        assert_int_equal(attempt.conf.wamp.call_timeout_ms, times[i].ms);
        done(&attempt);
    }
}

static void lists_are_parted_by_commas_outside_of_files(void **state)
{
    (void)state;
    struct attempt attempt;
    accepted(&attempt, NULL, "gateway.trusted_proxies=10.0.0.0/8, ::1",
             "POSTERN_WAMP_ORIGINS=https://a.example,http://b:8080");
    assert_int_equal(attempt.conf.gateway.trusted_proxies.count, 2);
    assert_true(str_eq(attempt.conf.gateway.trusted_proxies.items[1], STR("::1")));
    assert_int_equal(attempt.conf.wamp.origins.count, 2);
    done(&attempt);
    refused(NULL, "gateway.trusted_proxies=10.0.0.0/8,x", NULL, 0, 0,
            "gateway.trusted_proxies: item 2: expected an address or a block such as 10.0.0.0/8 "
            "or ::1");
    refused(NULL, "gateway.specs=a,,b", NULL, 0, 0, "gateway.specs: item 2 is empty");
}

static void addresses_are_checked(void **state)
{
    (void)state;
    static const char *const good[] = {"admin.listen=127.0.0.1:0", "admin.listen=:1",
                                       "admin.listen=[::]:65535",  "admin.listen=a-b.c:80",
                                       "admin.listen=unix:/run/x", "admin.listen=off"};
    for (size_t i = 0; i < COUNT_OF(good); i++) {
        struct attempt attempt;
        accepted(&attempt, NULL, good[i], NULL);
        if (i + 1 == COUNT_OF(good)) {
            assert_string_equal(attempt.conf.admin.listen, "");
        }
        done(&attempt);
    }
    static const char *const bad[] = {
        "admin.listen=18081",   "admin.listen=a:",          "admin.listen=a:65536",
        "admin.listen=::1:80",  "admin.listen=[x]:80",      "admin.listen=[::1]",
        "admin.listen=a b:80",  "admin.listen=http://a:80", "admin.listen=a:+80",
        "admin.listen=a:000080"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        refused(NULL, bad[i], NULL, 0, 0,
                "admin.listen: expected HOST:PORT, [V6]:PORT, :PORT, unix:/PATH or off");
    }
}

static void urls_are_checked(void **state)
{
    (void)state;
    struct attempt attempt;
    accepted(&attempt, NULL, "gateway.public_url=https://api.example.com:8443/base", NULL);
    done(&attempt);
    accepted(&attempt, NULL, "store.url=postgresql://u:p@a,b/db", NULL);
    done(&attempt);
    static const char *const bad[] = {"gateway.public_url=api.example.com",
                                      "gateway.public_url=https://",
                                      "gateway.public_url=https://a/",
                                      "gateway.public_url=https://a/b?c",
                                      "gateway.public_url=https://u:p@a",
                                      "store.url=mysql://hush",
                                      "cluster.url=http://hush",
                                      "wamp.origins=example.com",
                                      "wamp.origins=https://a/path",
                                      "wamp.trust_levels=staff",
                                      "wamp.trust_levels=authid:=2"};
    for (size_t i = 0; i < COUNT_OF(bad); i++) {
        try_load(&attempt, NULL, bad[i], NULL);
        assert_false(attempt.ok);
        assert_null(strstr(attempt.text.ptr, "hush")); /* it might be a password */
        done(&attempt);
    }
}

static void settings_must_fit_each_other(void **state)
{
    (void)state;
    refused("gateway:\n  tls: {listen: \":18083\"}\n", NULL, NULL, 2, 17,
            "gateway.tls.listen: needs the certificate and the key beside it");
    refused("gateway.proxy_protocol: on", NULL, NULL, 1, 25,
            "gateway.proxy_protocol: needs gateway.trusted_proxies");
    refused(NULL, "wamp.call_timeout=11m", NULL, 0, 0,
            "wamp.call_timeout: must be at most wamp.call_timeout_max");
    refused(NULL, "data.dir=", NULL, 0, 0, "data.dir: must not be empty");
}

static void a_setting_given_twice_in_one_file_is_refused(void **state)
{
    (void)state;
    refused("node: {name: a}\nnode.name: b\n", NULL, NULL, 2, 12, "node.name: is set twice");
    refused("node.name: a\nnode.name: b\n", NULL, NULL, 2, 1,
            "duplicate key \"node.name\", first seen in line 1");
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
    (void)state;
    struct conf conf;
    struct conf_problems problems;
    conf_problems_init(&problems);
    struct conf_source source = {.file = "/nonexistent/postern.yaml"};
    assert_false(conf_load(&source, &conf, &problems));
    assert_string_equal(problems.items[0].where, "/nonexistent/postern.yaml");
    assert_string_equal(problems.items[0].text, "cannot be read: No such file or directory");
    conf_problems_done(&problems);
}

static void more_mistakes_than_are_kept_are_counted(void **state)
{
    (void)state;
    struct buf file;
    struct attempt attempt;
    buf_init(&file, 65536);
    for (unsigned i = 0; i < 150; i++) {
        (void)buf_printf(&file, "unknown%u: 1\n", i);
    }
    (void)buf_byte(&file, '\0');
    try_load(&attempt, file.ptr, NULL, NULL);
    assert_false(attempt.ok);
    assert_int_equal(attempt.problems.errors, 150);
    assert_int_equal(attempt.problems.count, CONF_PROBLEMS_MAX);
    assert_non_null(strstr(attempt.text.ptr, "and 50 more\n"));
    done(&attempt);
    buf_done(&file);
}

static void a_reload_changes_live_settings_and_names_the_others(void **state)
{
    (void)state;
    struct attempt first;
    accepted(&first, "log.level: info\nnode.name: a\n", NULL, NULL);
    write_file("log.level: debug\nnode.name: b\ngateway.specs: [x]\n");
    struct conf_source source = {.file = path};
    struct conf_problems problems;
    struct conf second;
    conf_problems_init(&problems);
    assert_true(conf_reload(&source, &first.conf, &second, &problems));
    (void)unlink(path);
    assert_int_equal(second.log.level, LOG_LEVEL_DEBUG);
    assert_int_equal(problems.warnings, 2);
    assert_string_equal(problems.items[0].text, "node.name: takes effect after a restart");
    assert_int_equal(problems.items[0].line, 2);
    done(&first); /* what was kept does not lean on the old one */
    assert_string_equal(second.node.name, "a");
    assert_int_equal(second.gateway.specs.count, 0);
    conf_done(&second);
    conf_problems_done(&problems);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given_means_the_defaults),
        cmocka_unit_test(the_machine_fills_in_what_depends_on_it),
        cmocka_unit_test(set_wins_over_environment_over_file_over_default),
        cmocka_unit_test(maps_may_be_nested_dotted_or_both),
        cmocka_unit_test(json_and_empty_files_are_files_too),
        cmocka_unit_test(an_unknown_key_is_refused_with_its_place_and_what_was_meant),
        cmocka_unit_test(an_unknown_variable_is_only_warned_about),
        cmocka_unit_test(the_clients_variables_are_no_settings),
        cmocka_unit_test(a_variable_set_to_nothing_is_not_set),
        cmocka_unit_test(every_mistake_is_told_at_once),
        cmocka_unit_test(values_must_be_of_their_kind),
        cmocka_unit_test(numbers_have_bounds),
        cmocka_unit_test(units_are_understood_in_either_case),
        cmocka_unit_test(lists_are_parted_by_commas_outside_of_files),
        cmocka_unit_test(addresses_are_checked),
        cmocka_unit_test(urls_are_checked),
        cmocka_unit_test(settings_must_fit_each_other),
        cmocka_unit_test(a_setting_given_twice_in_one_file_is_refused),
        cmocka_unit_test(a_file_that_is_not_there_is_an_error),
        cmocka_unit_test(more_mistakes_than_are_kept_are_counted),
        cmocka_unit_test(a_reload_changes_live_settings_and_names_the_others),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
