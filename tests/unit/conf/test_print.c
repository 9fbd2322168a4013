/* What is printed from the table. UPDATE=1 in the environment rewrites docs/configuration.md. */
#include "base/mem.h"
#include "conf/conf.h"
#include "conf/inside.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static const char page[] = "docs/configuration.md";

static void load(struct conf *conf, const char *file, const char *const *sets, size_t count)
{
    struct conf_problems problems;
    conf_problems_init(&problems);
    struct conf_source source = {.file = file, .sets = sets, .set_count = count};
    assert_true(conf_load(&source, conf, &problems));
    conf_problems_done(&problems);
}

static char *effective(const struct conf *conf)
{
    struct buf out;
    buf_init(&out, 65536);
    conf_effective(conf, &out);
    assert_false(out.full);
    return buf_take(&out, NULL);
}

static void the_effective_settings_are_a_file_of_the_same_settings(void **state)
{
    (void)state;
    static const char *const sets[] = {
        "node.name=\"odd: #\\ \xc3\xbc", "gateway.specs=a.json,b.json", "wamp.call_timeout=90s",
        "http.body_max=1500k",           "gateway.tls.listen=off",      "log.format=json"};
    struct conf first;
    struct conf second;
    char name[] = "/tmp/postern-conf-XXXXXX.yaml";
    load(&first, NULL, sets, COUNT_OF(sets));
    char *text = effective(&first);
    int fd = mkstemps(name, 5);
    assert_true(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    (void)close(fd);
    load(&second, name, NULL, 0);
    (void)unlink(name);
    for (size_t i = 0; i < conf_row_count; i++) {
        assert_true(conf_value_eq(&conf_rows[i], &first, &second));
    }
    mem_free(text);
    conf_done(&first);
    conf_done(&second);
}

static void each_effective_setting_says_where_it_came_from(void **state)
{
    (void)state;
    static const char *const sets[] = {"wamp.call_timeout=90s"};
    struct conf conf;
    struct conf_problems problems;
    char variable[] = "POSTERN_HTTP_BODY_MAX=1m";
    char *env[] = {variable, NULL};
    struct conf_source source = {.sets = sets, .set_count = 1, .env = env};
    conf_problems_init(&problems);
    assert_true(conf_load(&source, &conf, &problems));
    char *text = effective(&conf);
    assert_non_null(strstr(text, "\nwamp.call_timeout: 90s # set\n"));
    assert_non_null(strstr(text, "\nhttp.body_max: 1m # env\n"));
    assert_non_null(strstr(text, "\nhttp.uri_max: 8k # default\n"));
    mem_free(text);
    conf_done(&conf);
    conf_problems_done(&problems);
}

static void passwords_in_urls_are_masked(void **state)
{
    (void)state;
    static const char *const sets[] = {"store.url=postgresql://me:hu@sh@db1:5432,db2/postern",
                                       "cluster.url=nats://n:hush@a:4222,nats://hush2:hush@b"};
    static const char *const odd[] = {"store.url=postgresql://me:hush,hush@db/x?password=hush&a=b",
                                      "cluster.url=nats://hush@a"};
    struct conf conf;
    load(&conf, NULL, odd, COUNT_OF(odd));
    char *text = effective(&conf);
    assert_null(strstr(text, "hush"));
    mem_free(text);
    conf_done(&conf);
    load(&conf, NULL, sets, COUNT_OF(sets));
    text = effective(&conf);
    assert_non_null(strstr(text, "store.url: \"postgresql://me:***@db1:5432,db2/postern\""));
    assert_non_null(strstr(text, "cluster.url: \"nats://n:***@a:4222,nats://hush2:***@b\""));
    assert_null(strstr(text, "hush@"));
    mem_free(text);
    conf_done(&conf);
}

static void every_row_is_sound(void **state)
{
    (void)state;
    char names[CONF_ROWS_MAX][ENV_NAME_MAX];
    for (size_t i = 0; i < conf_row_count; i++) {
        const struct conf_row *row = &conf_rows[i];
        assert_ptr_equal(conf_row_find(str_of(row->key)), row); /* no key twice */
        assert_true(row->text[strlen(row->text) - 1] == '.');
        assert_true((row->kind == CONF_WORD) == (row->words != NULL));
        bool number = row->kind >= CONF_COUNT && row->kind <= CONF_DURATION;
        assert_true(number == (row->max > 0));
        conf_env_name(row, names[i]);
        for (size_t j = 0; j < i; j++) {
            assert_string_not_equal(names[i], names[j]);
            assert_true(conf_rows[j].offset != row->offset);
        }
    }
}

static void the_reference_page_is_what_the_table_says(void **state)
{
    (void)state;
    struct buf out;
    buf_init(&out, (size_t)1 << 20);
    conf_reference(&out);
    const char *update = getenv("UPDATE");
    if (update != NULL && strcmp(update, "1") == 0) {
        FILE *file = fopen(page, "w");
        assert_non_null(file);
        assert_int_equal(fwrite(out.ptr, 1, out.len, file), out.len);
        (void)fclose(file);
    }
    FILE *file = fopen(page, "r");
    assert_non_null(file);
    char *text = mem_calloc(1, (size_t)1 << 20);
    size_t len = fread(text, 1, ((size_t)1 << 20) - 1, file);
    (void)fclose(file);
    if (!str_eq(str_make(text, len), buf_str(&out))) {
        print_error("%s is old: run this test with UPDATE=1\n", page);
    }
    assert_true(str_eq(str_make(text, len), buf_str(&out)));
    mem_free(text);
    buf_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_effective_settings_are_a_file_of_the_same_settings),
        cmocka_unit_test(each_effective_setting_says_where_it_came_from),
        cmocka_unit_test(passwords_in_urls_are_masked),
        cmocka_unit_test(every_row_is_sound),
        cmocka_unit_test(the_reference_page_is_what_the_table_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
