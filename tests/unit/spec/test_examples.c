/* test_examples.c - the specifications in specs/ compile as they are. */
#include "spec_help.h"

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    char *text = mem_calloc(1, 1 << 20);
    size_t len = fread(text, 1, (1 << 20) - 1, file);
    assert_true(len > 0);
    (void)fclose(file);
    return text;
}

static struct spec *compile_file(const char *path, size_t warnings)
{
    struct problems problems;
    problems_init(&problems);
    char *text = read_file(path);
    struct spec *spec = spec_compile(str_of(text), NULL, &problems);
    if (problems.errors > 0 || problems.warnings != warnings) {
        print_problems(&problems);
    }
    assert_non_null(spec);
    assert_int_equal(problems.warnings, warnings);
    problems_done(&problems);
    mem_free(text);
    return spec;
}

static void the_marketplace_compiles_unchanged(void **state)
{
    (void)state;
    struct spec *spec = compile_file("specs/marketplace.json", 0);
    assert_int_equal(spec_route_count(spec), 2);
    assert_true(str_eq(spec_realm(spec), STR("org.example.shop")));
    struct route_table *table = table_of(spec);
    assert_non_null(route_at(table, "/inventory/v1.0/items"));
    assert_ptr_equal(route_at(table, "/inventory/items/"), route_at(table, "/inventory/items"));
    assert_null(route_at(table, "/inventory/v2/items"));
    assert_null(route_at(table, "/inventory"));
    struct route_match match;
    assert_true(route_find(table, STR("X"), SCHEME_HTTP, STR("/inventory/v1.0/items/17"), &match));
    assert_int_equal(match.param_count, 1);
    assert_true(str_eq(match.params[0].name, STR("id")));
    assert_true(str_eq(match.params[0].value, STR("17")));
    assert_true(str_eq(match.route->allow, STR("GET, DELETE, OPTIONS")));
    assert_true(str_eq(match.route->pattern, STR("/inventory/[v1.0]/items/:id")));
    assert_false(
        route_find(table, STR("X"), SCHEME_HTTPS, STR("/inventory/v1.0/items/17"), &match));
    const struct route *items = route_at(table, "/inventory/items");
    assert_true(items->is_collection);
    assert_int_equal(items->security, SECURITY_NONE);
    const struct operation *post = items->operations[HTTP_POST];
    assert_int_equal(post->action, ACTION_CALL);
    assert_int_equal(post->timeout_ms, 15000);
    assert_int_equal(post->body_max, 25000000);
    assert_true(post->uses_body);
    assert_false(items->operations[HTTP_GET]->uses_body);
    assert_int_equal(post->on_result.header_count, 1);
    assert_true(str_eq(post->on_result.headers[0].name, STR("cache-control")));
    assert_null(items->operations[HTTP_DELETE]);
    assert_int_equal(match.route == NULL ? ACTION_CALL : ACTION_NONE, ACTION_CALL);
    table_drop(table);
    spec_unref(spec);
}

static void the_events_compile_without_a_warning(void **state)
{
    (void)state;
    struct spec *spec = compile_file("specs/events.json", 0);
    struct route_table *table = table_of(spec);
    struct route_match match;
    assert_false(route_find(table, STR("example.org"), SCHEME_HTTPS, STR("/v2/events/a"), &match));
    assert_true(
        route_find(table, STR("API.Example.org"), SCHEME_HTTPS, STR("/v2/events/a"), &match));
    assert_int_equal(match.route->security, SECURITY_OAUTH2);
    assert_int_equal(match.route->operations[HTTP_POST]->action, ACTION_PUBLISH);
    assert_int_equal(match.route->operations[HTTP_POST]->body_max, 65536);
    assert_int_equal(slice_kind(match.route->security_object), SCAN_MAP);
    assert_true(route_find(table, STR("api.example.org"), SCHEME_HTTPS, STR("/v2/health"), &match));
    assert_int_equal(match.route->security, SECURITY_NONE);
    table_drop(table);
    spec_unref(spec);
}

static void the_demo_compiles_without_a_word(void **state)
{
    (void)state;
    struct spec *spec = compile_file("specs/demo.json", 0);
    struct route_table *table = table_of(spec);
    const struct route *hello = route_at(table, "/demo/hello/joe");
    assert_non_null(hello);
    assert_int_equal(hello->operations[HTTP_GET]->timeout_ms, 5000);
    assert_non_null(hello->operations[HTTP_GET]->on_error.status_code);
    assert_null(route_at(table, "/demo/events/No!"));
    assert_non_null(route_at(table, "/demo/events/news"));
    assert_int_equal(route_at(table, "/demo/health")->operations[HTTP_GET]->action, ACTION_STATIC);
    table_drop(table);
    spec_unref(spec);
}

static void the_canonical_text_compiles_to_the_same(void **state)
{
    (void)state;
    static const char *const files[] = {"specs/marketplace.json", "specs/events.json",
                                        "specs/demo.json"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        struct problems problems;
        size_t count = 0;
        problems_init(&problems);
        char *text = read_file(files[i]);
        char *canonical = spec_canonical(str_of(text), 0, &count, &problems);
        assert_non_null(canonical);
        assert_int_equal(count, 1);
        char *again = spec_canonical(str_of(canonical), 0, &count, &problems);
        assert_string_equal(canonical, again);
        struct spec *spec = spec_compile(str_of(canonical), NULL, &problems);
        assert_non_null(spec);
        spec_unref(spec);
        mem_free(text);
        mem_free(canonical);
        mem_free(again);
        problems_done(&problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_marketplace_compiles_unchanged),
        cmocka_unit_test(the_events_compile_without_a_warning),
        cmocka_unit_test(the_demo_compiles_without_a_word),
        cmocka_unit_test(the_canonical_text_compiles_to_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
