/* test_route.c - which route a request finds. */
#include "base/random.h"
#include "spec/constraint.h"
#include "spec/path_pattern.h"
#include "spec/route_trie.h"
#include "spec_help.h"

/* One spec of these paths, each with a static GET; `extra` are members of every path. */
static struct spec *
spec_of(const char *id, const char *host, const char *const *paths, size_t count, const char *extra)
{
    struct buf buf;
    struct problems problems;
    buf_init(&buf, 8 << 20);
    (void)buf_printf(&buf,
                     "{\"id\":\"%s\",\"name\":\"n\",\"host\":\"%s\",\"realm_uri\":\"com.t\","
                     "\"versions\":{\"1\":{\"base_path\":\"/\",\"paths\":{",
                     id, host);
    for (size_t i = 0; i < count; i++) {
        (void)buf_printf(&buf,
                         "%s\"%s\":{%s\"get\":{\"action\":{\"type\":\"static\"},\"response\":{}}}",
                         i > 0 ? "," : "", paths[i], extra);
    }
    (void)buf_append(&buf, STR("}}}}"));
    problems_init(&problems);
    struct spec *spec = spec_compile(buf_str(&buf), NULL, &problems);
    if (spec == NULL) {
        print_problems(&problems);
    }
    buf_done(&buf);
    problems_done(&problems);
    return spec;
}

static void finds(const struct route_table *table, const char *path, const char *pattern)
{
    const struct route *route = route_at(table, path);
    if (pattern == NULL ? route != NULL
                        : route == NULL || !str_eq(route->pattern, str_of(pattern))) {
        fail_msg("%s finds " PRISTR, path, STRARG(route == NULL ? STR("nothing") : route->pattern));
    }
}

static void literals_win_over_parameters_over_the_rest(void **state)
{
    (void)state;
    static const char *const paths[] = {"/a/b/c", "/a/:x/d",  "/a/[...]",    "/:y/b/e",
                                        "/a/:z",  "/f/[g]/h", "/i/[j/[:k]]", "/caf\xc3\xa9/x"};
    struct spec *spec = spec_of("t", "_", paths, COUNT_OF(paths), "");
    assert_non_null(spec);
    struct route_table *table = table_of(spec);
    assert_int_equal(route_table_count(table), COUNT_OF(paths));
    finds(table, "/a/b/c", "/a/b/c");
    finds(table, "/a/b/c/", "/a/b/c");
    finds(table, "/a/b/d", "/a/:x/d");
    finds(table, "/a/b", "/a/:z");
    finds(table, "/a", "/a/[...]");
    finds(table, "/a/b/e", "/a/[...]");
    finds(table, "/b/b/e", "/:y/b/e");
    finds(table, "/a/1/2/3/4/5", "/a/[...]");
    finds(table, "/f/h", "/f/[g]/h");
    finds(table, "/f/g/h", "/f/[g]/h");
    finds(table, "/f/x/h", NULL);
    finds(table, "/i", "/i/[j/[:k]]");
    finds(table, "/i/j", "/i/[j/[:k]]");
    finds(table, "/i/j/9", "/i/[j/[:k]]");
    finds(table, "/i/9", NULL);
    finds(table, "/caf%C3%A9/x", "/caf\xc3\xa9/x");
    finds(table, "/", NULL);
    finds(table, "/A/b/c", NULL);
    struct route_match match;
    assert_true(route_find(table, STR("h"), SCHEME_HTTP, STR("/i/j/a%20b"), &match));
    assert_int_equal(match.param_count, 1);
    assert_true(str_eq(match.params[0].name, STR("k")));
    assert_true(str_eq(match.params[0].value, STR("a%20b")));
    assert_true(route_find(table, STR("h"), SCHEME_HTTP, STR("/i/j"), &match));
    assert_int_equal(match.param_count, 0);
    table_drop(table);
    spec_unref(spec);
}

static void a_constraint_that_does_not_match_tries_the_next(void **state)
{
    (void)state;
    static const char text[] =
        "{\"id\":\"t\",\"name\":\"n\",\"host\":\"_\",\"realm_uri\":\"com.t\",\"versions\":{"
        "\"1\":{\"base_path\":\"/\",\"paths\":{"
        "\"/o/:any\":{\"get\":{\"action\":{\"type\":\"static\"},\"response\":{}}},"
        "\"/o/:id\":{\"constraints\":{\"id\":\"[0-9]{1,9}\"},"
        "\"get\":{\"action\":{\"type\":\"static\"},\"response\":{}}},"
        "\"/o/:name/x\":{\"constraints\":{\"name\":\"[a-z\xc3\xa9]+\"},"
        "\"get\":{\"action\":{\"type\":\"static\"},\"response\":{}}}}}}}";
    struct problems problems;
    problems_init(&problems);
    struct spec *spec = spec_compile(str_of(text), NULL, &problems);
    print_problems(&problems);
    assert_non_null(spec);
    struct route_table *table = table_of(spec);
    finds(table, "/o/123", "/o/:id");
    finds(table, "/o/1234567890", "/o/:any");
    finds(table, "/o/12a", "/o/:any");
    finds(table, "/o/%31%32", "/o/:id");
    finds(table, "/o/ab/x", "/o/:name/x");
    finds(table, "/o/%C3%A9/x", "/o/:name/x");
    finds(table, "/o/%C3/x", NULL);
    finds(table, "/o/%c/x", NULL);
    finds(table, "/o/12/x", NULL);
    table_drop(table);
    spec_unref(spec);
    problems_done(&problems);
}

static void a_costly_constraint_gives_up(void **state)
{
    (void)state;
    struct arena arena;
    struct err err;
    arena_init(&arena, 1 << 16);
    const struct constraint *evil = constraint_new(STR("(a+)+b"), &arena, &err);
    assert_non_null(evil);
    char many[CONSTRAINT_VALUE_MAX + 1];
    memset(many, 'a', sizeof(many));
    assert_false(constraint_match(evil, str_make(many, 200)));
    assert_false(constraint_match(evil, str_make(many, sizeof(many))));
    assert_true(constraint_match(evil, STR("aab")));
    assert_false(constraint_match(evil, STR("aabc")));
    assert_false(constraint_match(evil, STR("xaab")));
    assert_null(constraint_new(STR("\\C"), &arena, &err));
    assert_null(constraint_new(STR("((((((((((((((((((((a))))))))))))))))))))"), &arena, &err));
    assert_null(constraint_new(str_make(many, CONSTRAINT_LEN_MAX + 1), &arena, &err));
    arena_done(&arena);
}

static void schemes_and_hosts_choose(void **state)
{
    (void)state;
    static const char *const paths[] = {"/p"};
    static const char *const other[] = {"/q"};
    struct spec *specs[] = {
        spec_of("any", "_", paths, 1, ""),
        spec_of("tls", "_", paths, 1, "\"schemes\":[\"https\"],"),
        spec_of("exact", "api.Example.org.", paths, 1, ""),
        spec_of("www", "[www.]two.org", paths, 1, ""),
        spec_of("sub", ":tenant.example.org", paths, 1, ""),
        spec_of("rest", "[...]example.org", other, 1, ""),
        spec_of("q", "_", other, 1, ""),
    };
    struct problems problems;
    problems_init(&problems);
    struct route_table *table = route_table_build(specs, COUNT_OF(specs), 1, &problems);
    print_problems(&problems);
    assert_non_null(table);
    static const struct {
        const char *host;
        unsigned scheme;
        const char *path;
        const char *api;
    } rows[] = {
        {"x", SCHEME_HTTP, "/p", "any"},
        {"", SCHEME_HTTP, "/p", "any"},
        {"x", SCHEME_HTTPS, "/p", "tls"},
        {"api.example.org", SCHEME_HTTP, "/p", "exact"},
        {"API.EXAMPLE.ORG.", SCHEME_HTTP, "/p", "exact"},
        {"two.org", SCHEME_HTTP, "/p", "www"},
        {"www.two.org", SCHEME_HTTP, "/p", "www"},
        {"w.two.org", SCHEME_HTTP, "/p", "any"},
        {"acme.example.org", SCHEME_HTTP, "/p", "sub"},
        {"a.b.example.org", SCHEME_HTTP, "/q", "rest"},
        {"example.org", SCHEME_HTTP, "/q", "rest"},
        {"api.example.org", SCHEME_HTTP, "/q", "rest"}, /* falls back to the wider pattern */
        {"a.b.example.org", SCHEME_HTTP, "/p", "any"},  /* and to any host */
        {"badexample.org", SCHEME_HTTP, "/q", "q"},
        {"x", SCHEME_HTTPS, "/q", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct route_match match;
        bool found =
            route_find(table, str_of(rows[i].host), rows[i].scheme, str_of(rows[i].path), &match);
        struct str api = found ? match.route->api : STR("nothing");
        if (!str_eq(api, str_of(rows[i].api == NULL ? "nothing" : rows[i].api))) {
            fail_msg("%s%s finds " PRISTR, rows[i].host, rows[i].path, STRARG(api));
        }
    }
    struct str host = STR("acme.example.org");
    struct route_match match;
    assert_true(route_find(table, host, SCHEME_HTTP, STR("/p"), &match));
    assert_int_equal(match.param_count, 1);
    assert_true(str_eq(match.params[0].name, STR("tenant")));
    assert_ptr_equal(match.params[0].value.ptr, host.ptr);
    assert_int_equal(match.params[0].value.len, 4);
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        spec_unref(specs[i]);
    }
    table_drop(table);
    problems_done(&problems);
}

static void two_specs_cannot_claim_one_path(void **state)
{
    (void)state;
    static const char *const first[] = {"/p/:a", "/p/[x]"};
    static const char *const second[] = {"/p/:b"};
    static const char *const third[] = {"/p"};
    struct spec *specs[] = {
        spec_of("first", "_", first, 2, ""),
        spec_of("second", "_", second, 1, ""),
        spec_of("third", "_", third, 1, ""),
    };
    struct problems problems;
    problems_init(&problems);
    assert_null(route_table_build(specs, 3, 1, &problems));
    assert_int_equal(problems.errors, 2);
    const struct problem *problem = problem_with(&problems, "the API 'first'");
    assert_non_null(problem);
    assert_true(str_eq(problem->pointer, STR("/versions/1/paths/~1p~1:b")));
    problems_done(&problems);
    for (size_t i = 0; i < 3; i++) {
        spec_unref(specs[i]);
    }
    static const char *const twice[] = {"/p/:a", "/p/:b"};
    assert_null(spec_of("t", "_", twice, 2, ""));
}

/* The naive matcher of the property test: every pattern, segment by segment. */
static bool naive_match(const struct pattern *pattern, struct str path, int *rank)
{
    struct str head;
    size_t i = 0;
    path = str_from(path, 1);
    for (; path.len > 0; i++) {
        (void)str_cut(path, '/', &head, &path);
        if (i >= pattern->count) {
            rank[i] = 2;
            return pattern->rest;
        }
        rank[i] = pattern->segments[i].param ? 1 : 0;
        if (!pattern->segments[i].param && !str_eq(head, pattern->segments[i].text)) {
            return false;
        }
    }
    return i == pattern->count;
}

enum { RANDOM_PATHS = 60, PATH_DEPTH = 5 };

static void random_path(char *out, bool pattern)
{
    static const char *const words[] = {"a", "b", "c"};
    size_t depth = 1 + random_below(PATH_DEPTH - 1);
    size_t len = 0;
    for (size_t i = 0; i < depth; i++) {
        bool param = pattern && random_below(3) == 0;
        int n = param ? snprintf(out + len, 16, "/:p%zu", i)
                      : snprintf(out + len, 16, "/%s", words[random_below(3)]);
        len += (size_t)n;
    }
    if (pattern && random_below(5) == 0) {
        (void)snprintf(out + len, 16, "/[...]");
    }
}

/* The pattern that should win, or `count`. */
static size_t naive_find(const struct pattern *patterns, size_t count, struct str path)
{
    int best[PATH_DEPTH + 2];
    size_t winner = count;
    for (size_t i = 0; i < count; i++) {
        /* What a pattern says of segments that are not there ranks last. */
        int rank[PATH_DEPTH + 2] = {3, 3, 3, 3, 3, 3, 3};
        if (!naive_match(&patterns[i], path, rank)) {
            continue;
        }
        rank[PATH_DEPTH + 1] = patterns[i].rest;
        if (winner == count || memcmp(rank, best, sizeof(rank)) < 0) {
            winner = i;
            memcpy(best, rank, sizeof(rank));
        }
    }
    return winner;
}

static size_t random_trie(struct trie_node *root,
                          struct arena *arena,
                          struct pattern *patterns,
                          const struct route *routes)
{
    size_t count = 0;
    for (size_t i = 0; i < RANDOM_PATHS; i++) {
        char text[128];
        struct patterns parsed;
        random_path(text, true);
        assert_true(path_patterns(arena_str(arena, str_of(text)), arena, &parsed, NULL));
        patterns[count] = parsed.items[0];
        count += trie_add(root, arena, &patterns[count], SCHEME_HTTP, &routes[count]) == NULL;
    }
    return count;
}

static void the_trie_agrees_with_a_naive_matcher(void **state)
{
    (void)state;
    for (size_t round = 0; round < 40; round++) {
        struct arena arena;
        arena_init(&arena, 4 << 20);
        struct trie_node *root = trie_new(&arena);
        struct pattern patterns[RANDOM_PATHS];
        struct route *routes = ARENA_ARRAY(&arena, struct route, RANDOM_PATHS);
        size_t count = random_trie(root, &arena, patterns, routes);
        for (size_t i = 0; i < 200; i++) {
            char path[128];
            random_path(path, false);
            size_t winner = naive_find(patterns, count, str_of(path));
            struct route_match match = {0};
            bool found = trie_find(root, SCHEME_HTTP, str_of(path), &match);
            assert_int_equal(found, winner < count);
            assert_true(!found || match.route == &routes[winner]);
        }
        arena_done(&arena);
    }
}

static void ten_thousand_routes_are_each_found(void **state)
{
    (void)state;
    enum { MANY = 10000 };
    char(*texts)[32] = mem_calloc(MANY, sizeof(*texts));
    const char **paths = NEW_ARRAY(const char *, MANY);
    for (size_t i = 0; i < MANY; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), "/api/r%zu/:id/x%zu", i / 10, i % 10);
        paths[i] = texts[i];
    }
    struct spec *spec = spec_of("t", "_", paths, MANY, "");
    assert_non_null(spec);
    struct route_table *table = table_of(spec);
    for (size_t i = 0; i < MANY; i++) {
        char path[64];
        (void)snprintf(path, sizeof(path), "/api/r%zu/7/x%zu", i / 10, i % 10);
        finds(table, path, paths[i]);
    }
    table_drop(table);
    spec_unref(spec);
    mem_free(texts);
    mem_free(paths);
}

static void methods_have_names(void **state)
{
    (void)state;
    for (int i = 0; i < HTTP_METHODS; i++) {
        assert_int_equal(http_method_of(http_method_name((enum http_method)i)), i);
    }
    assert_int_equal(http_method_of(STR("get")), HTTP_METHODS);
    assert_int_equal(http_method_of(STR("TRACE")), HTTP_METHODS);
    assert_int_equal(http_method_name(HTTP_METHODS).len, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals_win_over_parameters_over_the_rest),
        cmocka_unit_test(a_constraint_that_does_not_match_tries_the_next),
        cmocka_unit_test(a_costly_constraint_gives_up),
        cmocka_unit_test(schemes_and_hosts_choose),
        cmocka_unit_test(two_specs_cannot_claim_one_path),
        cmocka_unit_test(the_trie_agrees_with_a_naive_matcher),
        cmocka_unit_test(ten_thousand_routes_are_each_found),
        cmocka_unit_test(methods_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
