/* test_spec.c - what a specification may not say, and where and how one is told. */
#include "spec/spec_text.h"
#include "spec_help.h"

#include <stdlib.h>

static struct spec *compile(const char *text, struct problems *problems)
{
    problems_init(problems);
    return spec_compile(str_of(text), NULL, problems);
}

static void refused(const char *text, const char *sentence, const char *pointer)
{
    struct problems problems;
    struct spec *spec = compile(text, &problems);
    const struct problem *found = problem_with(&problems, sentence);
    if (spec != NULL || found == NULL || found->warning ||
        !str_eq(found->pointer, str_of(pointer)) || found->line == 0) {
        print_problems(&problems);
        fail_msg("'%s' is not reported at '%s' of %s", sentence, pointer, text);
    }
    problems_done(&problems);
}

#define TOP(members) \
    "{\"id\":\"t\",\"name\":\"t\",\"host\":\"_\",\"realm_uri\":\"com.t\"," members "}"
#define VERSION(members) TOP("\"versions\":{\"1\":{" members "}}")
#define PATH(members)    VERSION("\"base_path\":\"/b\",\"paths\":{\"/p/:id\":{" members "}}")
#define GET(action)      PATH("\"get\":{\"action\":" action ",\"response\":{}}")
#define RESPONSE(response) \
    PATH("\"get\":{\"action\":{\"type\":\"static\"},\"response\":" response "}")
#define AT     "/versions/1/paths/~1p~1:id"
#define STATIC "\"get\":{\"action\":{\"type\":\"static\"},\"response\":{}}"

static void the_shortest_specification_compiles(void **state)
{
    (void)state;
    struct problems problems;
    struct spec *spec = compile(PATH(STATIC), &problems);
    assert_non_null(spec);
    assert_int_equal(problems.count, 0);
    assert_int_equal(spec_route_count(spec), 1);
    struct route_table *table = table_of(spec);
    const struct operation *get = route_at(table, "/b/p/1")->operations[HTTP_GET];
    assert_int_equal(get->action, ACTION_STATIC);
    assert_int_equal(get->on_result.header_count, 0);
    assert_non_null(get->on_error.body);
    assert_null(get->on_error.status_code);
    assert_int_equal(route_at(table, "/b/p/1")->provides.count, 2);
    assert_true(str_eq(route_at(table, "/b/p/1")->languages.types[0], STR("en")));
    table_drop(table);
    spec_unref(spec);
    problems_done(&problems);
}

static void each_required_key_is_asked_for(void **state)
{
    (void)state;
    refused("{\"id\":\"t\"}", "'name' is required", "");
    refused("{\"id\":\"t\"}", "'host' is required", "");
    refused("{\"id\":\"t\"}", "'realm_uri' is required", "");
    refused("{\"id\":\"t\"}", "'versions' is required", "");
    refused("{\"name\":\"t\"}", "'id' is required", "");
    refused(VERSION("\"paths\":{}"), "'base_path' is required", "/versions/1");
    refused(VERSION("\"base_path\":\"/\""), "'paths' is required", "/versions/1");
    refused(PATH("\"summary\":\"s\""), "At least one request method", AT);
    refused(PATH("\"get\":{\"response\":{}}"), "'action' is required", AT "/get");
    refused(PATH("\"get\":{\"action\":{\"type\":\"static\"}}"), "'response' is required",
            AT "/get");
    refused(GET("{}"), "no 'type'", AT "/get/action");
    refused(GET("{\"type\":\"wamp_call\"}"), "'procedure' is required", AT "/get/action");
    refused(GET("{\"type\":\"wamp_publish\"}"), "'topic' is required", AT "/get/action");
    refused(PATH(STATIC ",\"security\":{\"type\":\"oauth2\"}"), "'flow' is required",
            AT "/security");
    refused(PATH(STATIC ",\"security\":{\"type\":\"oidc\"}"), "'provider' is required",
            AT "/security");
}

static void a_wrong_type_is_told(void **state)
{
    (void)state;
    refused("[1]", "one API object", "/0");
    refused("3", "one API object", "");
    refused(TOP("\"versions\":[]"), "'versions' is of the wrong type", "/versions");
    refused(TOP("\"versions\":{},\"variables\":3"), "'variables' is of the wrong", "/variables");
    refused(TOP("\"versions\":{\"1\":3}"), "'1' is of the wrong type", "/versions/1");
    refused(TOP("\"versions\":{},\"defaults\":{\"timeout\":\"soon\"}"), "'timeout'",
            "/defaults/timeout");
    refused(VERSION("\"base_path\":3,\"paths\":{}"), "'base_path'", "/versions/1/base_path");
    refused(PATH("\"get\":3"), "'get' is of the wrong type", AT "/get");
    refused(PATH("\"get\":\"x\""), "'get' is of the wrong type", AT "/get");
    refused(PATH("\"get\":\"{{variables.x}}\""), "no value for path 'variables.x'", AT "/get");
    refused(PATH(STATIC ",\"is_collection\":1"), "'is_collection'", AT "/is_collection");
    refused(GET("{\"type\":3}"), "'type' is of the wrong type", AT "/get/action/type");
    refused(GET("{\"type\":\"wamp_call\",\"procedure\":\"a.b\",\"args\":{}}"), "'args'",
            AT "/get/action/args");
    refused(
        GET("{\"type\":\"wamp_call\",\"procedure\":\"a.b\",\"kwargs\":\"{{defaults.timeout}}\"}"),
        "'kwargs' is of the wrong type", AT "/get/action/kwargs");
    refused(RESPONSE("{\"on_result\":3}"), "'on_result'", AT "/get/response/on_result");
    refused(PATH(STATIC ",\"schemes\":[\"ftp\"]"), "'schemes' is no such list", AT "/schemes");
    refused(PATH(STATIC ",\"provides\":[\"json\"]"), "'provides' is no such list", AT "/provides");
    refused(PATH(STATIC ",\"accepts\":[]"), "'accepts' is no such list", AT "/accepts");
    refused(PATH("\"get\":{\"requires\":[1],\"action\":{\"type\":\"static\"},\"response\":{}}"),
            "'requires' is no such list", AT "/get/requires");
    refused(TOP("\"versions\":{},\"status_codes\":{\"a.b\":99}"), "no HTTP status",
            "/status_codes/a.b");
    refused(RESPONSE("{\"on_error\":{\"status_code\":\"many\"}}"), "'status_code' is not valid",
            AT "/get/response/on_error/status_code");
    refused(PATH("\"get\":{\"body_max_bytes\":999999999999,\"action\":{\"type\":\"static\"},"
                 "\"response\":{}}"),
            "no such number", AT "/get/body_max_bytes");
}

static void unknown_values_are_told_with_the_nearest(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *sentence;
        const char *nearest;
    } rows[] = {
        {GET("{\"type\":\"wamp_cal\"}"), "unsupported type of action", "wamp_call"},
        {PATH(STATIC ",\"security\":{\"type\":\"oauth\"}"), "unknown type of security", "oauth2"},
        {PATH(STATIC ",\"security\":{\"type\":\"oauth2\",\"flow\":\"client_credential\"}"),
         "unknown flow", "client_credentials"},
        {PATH("\"gett\":{}"), "unknown key 'gett'", "get"},
        {TOP("\"versions\":{},\"variabels\":{}"), "unknown key 'variabels'", "variables"},
        {GET("{\"type\":\"wamp_call\",\"procedur\":\"a.b\"}"), "unknown key 'procedur'",
         "procedure"},
        {RESPONSE("{\"on_result\":{\"body\":\"{{request.bdy}}\"}}"), "no value for path", "body"},
        {RESPONSE("{\"on_result\":{\"body\":\"{{request.bindings.idd}}\"}}"), "no such parameter",
         "id"},
        {RESPONSE("{\"on_result\":{\"body\":\"{{request.id |> integr}}\"}}"), "no operator",
         "integer"},
        {RESPONSE("{\"on_result\":{\"body\":\"{{reqest.id}}\"}}"), "no value for path 'reqest'",
         "request"},
        {RESPONSE("{\"on_result\":{\"body\":\"{{defaults.timeot}}\"}}"), "no value for path",
         "timeout"},
        {PATH(STATIC ",\"constraints\":{\"ids\":\"[0-9]+\"}"), "no parameter 'ids'", "id"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct problems problems;
        struct spec *spec = compile(rows[i].text, &problems);
        const struct problem *found = problem_with(&problems, rows[i].sentence);
        if (spec != NULL || found == NULL || !str_eq(found->nearest, str_of(rows[i].nearest))) {
            print_problems(&problems);
            fail_msg("%s: no '%s' near '%s'", rows[i].text, rows[i].sentence, rows[i].nearest);
        }
        problems_done(&problems);
    }
}

static void keys_of_nobody_are_warned_about(void **state)
{
    (void)state;
    struct problems problems;
    struct spec *spec = compile(PATH(STATIC ",\"timeout\":5,\"zoological\":1"), &problems);
    assert_non_null(spec);
    assert_int_equal(problems.errors, 0);
    assert_int_equal(problems.warnings, 2);
    assert_non_null(problem_with(&problems, "'timeout' has no effect here"));
    assert_non_null(problem_with(&problems, "'zoological' is ignored"));
    spec_unref(spec);
    problems_done(&problems);
}

static void reserved_and_invalid_paths_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *base;
        const char *path;
    } rows[] = {
        {"/", "/ws"},
        {"/b", "/ws"},
        {"/b", "/"},
        {"/", "/wamp/x"},
        {"/realms", "/x"},
        {"/[b]", "/[x]"},
        {"/[ws]", "/[x]"},
        {"/", "/[wamp]/y"},
        {"/b", "x"},
        {"/b", "/[x"},
        {"/b", "/x]"},
        {"/b", "/:a/:a"},
        {"/b", "/[...]/x"},
        {"/b", "/:"},
        {"/b", "/x/../y"},
        {"b", "/x"},
        {"/[...]", "/x"},
        {"/b", "/[a]/[b]/[c]/[d]/[e]/[f]/[g]/[h]/[i]/[j]/[k]/[l]/[m]/[n]/[o]/[p]/[q]/[r]/[s]"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char text[1024];
        struct problems problems;
        (void)snprintf(
            text, sizeof(text),
            TOP("\"versions\":{\"1\":{\"base_path\":\"%s\",\"paths\":{\"%s\":{" STATIC "}}}}"),
            rows[i].base, rows[i].path);
        struct spec *spec = compile(text, &problems);
        if (spec != NULL) {
            fail_msg("compiled: %s %s", rows[i].base, rows[i].path);
        }
        assert_true(problems.errors > 0);
        problems_done(&problems);
    }
}

static void the_house_may_have_any_path(void **state)
{
    (void)state;
    const struct spec_options house = {.any_path = true};
    struct problems problems;
    problems_init(&problems);
    struct spec *spec = spec_compile(
        STR(TOP("\"versions\":{\"1\":{\"base_path\":\"/\",\"paths\":{\"/realms/:id\":{" STATIC
                "}}}}")),
        &house, &problems);
    assert_non_null(spec);
    spec_unref(spec);
    problems_done(&problems);
}

static void a_problem_is_part_of_the_default_answer_to_an_error(void **state)
{
    (void)state;
    refused(RESPONSE("{\"on_error\":{\"problem\":{},\"body\":{}}}"), "'problem' adds to",
            AT "/get/response/on_error/problem");
    refused(RESPONSE("{\"on_error\":{\"problem\":\"{{request.id |> wrap(a, b)}}x\"}}"), "problem",
            AT "/get/response/on_error/problem");
    refused(RESPONSE("{\"on_error\":{\"problem\":[]}}"), "problem",
            AT "/get/response/on_error/problem");
}

static void uris_hosts_and_constraints_are_checked(void **state)
{
    (void)state;
    refused(GET("{\"type\":\"wamp_call\",\"procedure\":\"not a uri\"}"), "'procedure' is not valid",
            AT "/get/action/procedure");
    refused(GET("{\"type\":\"wamp_publish\",\"topic\":\"a..b\"}"), "'topic' is not valid",
            AT "/get/action/topic");
    refused("{\"id\":\"t\",\"name\":\"t\",\"host\":\"a/b\",\"realm_uri\":\"x x\",\"versions\":{}}",
            "host is not valid", "/host");
    refused("{\"id\":\"t\",\"name\":\"t\",\"host\":\"a/b\",\"realm_uri\":\"x x\",\"versions\":{}}",
            "'realm_uri' is not valid", "/realm_uri");
    refused(PATH(STATIC ",\"constraints\":{\"id\":\"[0-9\"}"), "constraint of 'id' is not valid",
            AT "/constraints/id");
    refused(PATH(STATIC ",\"constraints\":{\"id\":\"\"}"), "constraint of 'id' is not valid",
            AT "/constraints/id");
    refused(RESPONSE("{\"on_result\":{\"headers\":{\"a b\":\"x\"}}}"), "no header that",
            AT "/get/response/on_result/headers/a b");
    refused(RESPONSE("{\"on_result\":{\"headers\":{\"Content-Length\":\"3\"}}}"), "no header that",
            AT "/get/response/on_result/headers/Content-Length");
    refused(RESPONSE("{\"on_result\":{\"headers\":{\"x\":\"a\\r\\nb\"}}}"), "no header can have",
            AT "/get/response/on_result/headers/x");
    refused(GET("{\"type\":\"wamp_call\",\"procedure\":\"a.b\",\"args\":[],\"arguments\":[]}"),
            "another name of 'args'", AT "/get/action/arguments");
}

static void a_forward_is_checked_and_refused_for_now(void **state)
{
    (void)state;
    const char *good = GET("{\"type\":\"forward\",\"host\":\"http://10.0.0.1:80\"}");
    refused(good, "forward is not available yet", AT "/get/action/type");
    refused(GET("{\"type\":\"forward\",\"host\":\"10.0.0.1\"}"), "'host' is not valid",
            AT "/get/action/host");
    struct problems problems;
    problems_init(&problems);
    struct spec *spec =
        spec_compile(str_of(good), &(struct spec_options){.allow_forward = true}, &problems);
    assert_non_null(spec);
    spec_unref(spec);
    problems_done(&problems);
}

static void all_mistakes_are_told_at_once_with_their_places(void **state)
{
    (void)state;
    static const char text[] =
        "id: shop\n"
        "name: Shop\n"
        "host: _\n"
        "realm_uri: com.shop\n"
        "variables:\n"
        "  a: '{{variables.b}}'\n"
        "  b: '{{variables.a}}'\n"
        "versions:\n"
        "  '1.0':\n"
        "    base_path: /s\n"
        "    paths:\n"
        "      /x:\n"
        "        get:\n"
        "          action: {type: wamp_call, procedure: '{{variables.a}}'}\n"
        "          response: {on_result: {body: '{{request.id |> nosuch}}'}}\n"
        "        post:\n"
        "          action: {type: wamp_cal}\n"
        "          response: {}\n"
        "      /ws: {}\n";
    struct problems problems;
    struct spec *spec = compile(text, &problems);
    assert_null(spec);
    static const struct {
        const char *sentence;
        unsigned line;
        unsigned column;
        const char *pointer;
    } rows[] = {
        {"refers to itself", 7, 6, "/variables/b"},
        {"no operator 'nosuch'", 15, 40, "/versions/1.0/paths/~1x/get/response/on_result/body"},
        {"unsupported type", 17, 26, "/versions/1.0/paths/~1x/post/action/type"},
        {"'/ws' is reserved", 19, 7, "/versions/1.0/paths/~1ws"},
        {"At least one request method", 19, 7, "/versions/1.0/paths/~1ws"},
    };
    assert_int_equal(problems.errors, COUNT_OF(rows));
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct problem *found = problem_with(&problems, rows[i].sentence);
        if (found == NULL || found->line != rows[i].line || found->column != rows[i].column ||
            !str_eq(found->pointer, str_of(rows[i].pointer))) {
            print_problems(&problems);
            fail_msg("'%s'", rows[i].sentence);
        }
    }
    problems_done(&problems);
}

static void unreadable_text_is_told_by_line(void **state)
{
    (void)state;
    struct problems problems;
    assert_null(compile("{\"id\":\n  nope}", &problems));
    assert_int_equal(problems.errors, 1);
    assert_int_equal(problems.items[0].line, 2);
    problems_done(&problems);
    assert_null(compile("", &problems));
    problems_done(&problems);
    assert_null(compile("a: [", &problems));
    problems_done(&problems);
}

static void what_no_route_uses_is_only_a_warning(void **state)
{
    (void)state;
    struct problems problems;
    struct parts parts = {.variables = "{\"a\":\"{{variables.gone}}\",\"b\":\"{{variables.c}}\","
                                       "\"c\":\"{{variables.b}}\",\"d\":\"{{request.id |> bad}}\","
                                       "\"e\":\"{{request.bindings.any}}\"}"};
    struct spec *spec = compile_parts(&parts, &problems);
    print_problems(&problems);
    assert_non_null(spec);
    assert_int_equal(problems.errors, 0);
    assert_int_equal(problems.warnings, 3);
    assert_non_null(problem_with(&problems, "'variables.gone'"));
    assert_non_null(problem_with(&problems, "refers to itself"));
    assert_non_null(problem_with(&problems, "no operator 'bad'"));
    spec_unref(spec);
    problems_done(&problems);
}

static void lower_levels_win_and_names_resolve_at_the_place_of_use(void **state)
{
    (void)state;
    static const char text[] =
        TOP("\"variables\":{\"who\":\"api\",\"shown\":\"{{variables.who}}\",\"t\":7,"
            "\"op\":{\"action\":{\"type\":\"static\"},\"response\":{\"on_result\":{\"body\":"
            "\"{{variables.shown}} {{request.id}}\"}}}},"
            "\"defaults\":{\"timeout\":\"{{variables.t}}\",\"headers\":{\"X-A\":\"1\"}},"
            "\"versions\":{\"1\":{\"base_path\":\"/1\",\"variables\":{\"who\":\"version\"},"
            "\"paths\":{\"/a\":{\"get\":\"{{variables.op}}\"},"
            "\"/b\":{\"variables\":{\"who\":\"path\",\"t\":9},"
            "\"defaults\":{\"headers\":{\"x-b\":\"{{variables.who}}\"}},"
            "\"get\":\"{{variables.op |> put(body_max_bytes, {{variables.t}})}}\"}}}}");
    struct problems problems;
    struct spec *spec = compile(text, &problems);
    print_problems(&problems);
    assert_int_equal(problems.count, 0);
    struct route_table *table = table_of(spec);
    const struct operation *a = route_at(table, "/1/a")->operations[HTTP_GET];
    const struct operation *b = route_at(table, "/1/b")->operations[HTTP_GET];
    struct template_source source = {.lookup = json_lookup,
                                     .ctx = (void *)(uintptr_t) "{\"request\":{\"id\":\"r\"}}"};
    struct arena arena;
    arena_init(&arena, 1 << 16);
    struct template_run run = {.source = &source, .arena = &arena, .output_max = 1000};
    struct str shown;
    assert_true(template_text(a->on_result.body, &run, &shown));
    assert_true(str_eq(shown, STR("version r")));
    assert_true(template_text(b->on_result.body, &run, &shown));
    assert_true(str_eq(shown, STR("path r")));
    assert_true(str_eq(a->on_result.headers[0].name, STR("x-a")));
    assert_int_equal(b->on_result.header_count, 1);
    assert_true(str_eq(b->on_error.headers[0].name, STR("x-b")));
    assert_true(template_text(b->on_error.headers[0].value, &run, &shown));
    assert_true(str_eq(shown, STR("path")));
    assert_int_equal(b->body_max, 9);
    assert_int_equal(a->body_max, 25000000);
    arena_done(&arena);
    table_drop(table);
    spec_unref(spec);
    problems_done(&problems);
}

static void timeouts_are_those_of_the_action(void **state)
{
    (void)state;
    static const struct {
        const char *action;
        unsigned wanted;
    } rows[] = {
        {"", 60000},
        {",\"timeout\":700", 700},
        {",\"options\":{\"timeout\":90000}", 90000},
        {",\"timeout\":700,\"options\":{\"timeout\":300}", 300},
        {",\"timeout\":700,\"options\":{\"timeout\":900}", 700},
        {",\"timeout\":700,\"options\":{\"timeout\":0}", 700},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char action[200];
        struct problems problems;
        (void)snprintf(action, sizeof(action), "{\"type\":\"wamp_call\",\"procedure\":\"a.b\"%s}",
                       rows[i].action);
        struct spec *spec = compile_parts(&(struct parts){.action = action}, &problems);
        print_problems(&problems);
        assert_non_null(spec);
        struct route_table *table = table_of(spec);
        assert_int_equal(route_at(table, "/x/1")->operations[HTTP_GET]->timeout_ms, rows[i].wanted);
        table_drop(table);
        spec_unref(spec);
        problems_done(&problems);
    }
}

static void an_inactive_version_is_checked_and_has_no_routes(void **state)
{
    (void)state;
    struct problems problems;
    struct spec *spec = compile(VERSION("\"base_path\":\"/b\",\"is_active\":false,\"paths\":{"
                                        "\"/p\":{" STATIC "}}"),
                                &problems);
    assert_int_equal(spec_route_count(spec), 0);
    spec_unref(spec);
    problems_done(&problems);
    refused(VERSION("\"base_path\":\"/b\",\"is_active\":false,\"paths\":{\"/p\":{}}"),
            "At least one request method", "/versions/1/paths/~1p");
}

static void variables_that_multiply_are_stopped(void **state)
{
    (void)state;
    static const char *const starts[] = {"\"xxxxxxxxxxxxxxxx\"", "\"{{request.id}}\""};
    for (size_t i = 0; i < 4; i++) {
        struct buf buf;
        struct problems problems;
        buf_init(&buf, 1 << 16);
        (void)buf_printf(&buf, "{\"v0\":%s", starts[i % 2]);
        for (int n = 1; n <= 40; n++) {
            char member[96];
            if (i < 2) {
                (void)snprintf(member, sizeof(member),
                               "[\"{{variables.v%d}}\",\"{{variables.v%d}}\"]", n - 1, n - 1);
            } else {
                (void)snprintf(member, sizeof(member), "\"{{variables.v%d}}{{variables.v%d}}\"",
                               n - 1, n - 1);
            }
            (void)buf_printf(&buf, ",\"v%d\":%s", n, member);
        }
        (void)buf_append(&buf, STR("}"));
        char *variables = buf_take(&buf, NULL);
        struct parts parts = {.variables = variables, .body = "\"{{variables.v40}}\""};
        assert_null(compile_parts(&parts, &problems));
        assert_true(problems.errors > 0);
        problems_done(&problems);
        mem_free(variables);
    }
}

static void a_long_chain_of_variables_is_stopped(void **state)
{
    (void)state;
    struct buf buf;
    struct problems problems;
    buf_init(&buf, 1 << 22);
    (void)buf_append(&buf, STR("{\"v0\":1"));
    for (int n = 1; n <= 20000; n++) {
        (void)buf_printf(&buf, ",\"v%d\":\"{{variables.v%d}}\"", n, n - 1);
    }
    (void)buf_append(&buf, STR("}"));
    char *variables = buf_take(&buf, NULL);
    char body[] = "\"{{variables.v20000}}\"";
    struct buf text;
    buf_init(&text, 1 << 22);
    (void)buf_printf(&text,
                     TOP("\"variables\":%s,\"versions\":{\"1\":{\"base_path\":\"/\",\"paths\":{"
                         "\"/x\":{\"get\":\"{{variables.v20000}}\",\"post\":{\"action\":{\"type\":"
                         "\"static\"},\"response\":{\"on_result\":{\"body\":%s}}}}}}}"),
                     variables, body);
    char *whole = buf_take(&text, NULL);
    assert_null(compile(whole, &problems));
    assert_non_null(problem_with(&problems, "too deeply"));
    problems_done(&problems);
    mem_free(whole);
    mem_free(variables);
}

static void a_list_gives_its_members_one_by_one(void **state)
{
    (void)state;
    static const char text[] = "[" PATH(STATIC) ",{\"id\":\"u\"}]";
    struct problems problems;
    size_t count = 0;
    problems_init(&problems);
    char *second = spec_canonical(str_of(text), 1, &count, &problems);
    assert_int_equal(count, 2);
    assert_string_equal(second, "{\"id\":\"u\"}");
    mem_free(second);
    assert_null(spec_canonical(str_of(text), 2, &count, &problems));
    assert_null(spec_canonical(STR("3"), 0, &count, &problems));
    assert_null(spec_canonical(STR("[{"), 0, &count, &problems));
    assert_int_equal(problems.errors, 2); /* the same sentence at the same place is one */
    struct spec *first = spec_compile(str_of(text), &(struct spec_options){.index = 0}, &problems);
    assert_non_null(first);
    spec_unref(first);
    assert_null(spec_compile(str_of(text), &(struct spec_options){.index = 1}, &problems));
    assert_null(spec_compile(str_of(text), &(struct spec_options){.index = 9}, &problems));
    problems_done(&problems);
}

static void a_summary_says_what_is_there_of_whatever_is_given(void **state)
{
    static const struct {
        const char *api;
        const char *summary;
    } rows[] = {
        {"{\"id\":\"a\",\"name\":\"A\",\"host\":\"_\",\"realm_uri\":\"r\",\"meta\":{\"x\":1},"
         "\"defaults\":{},\"versions\":{\"1\":{\"base_path\":\"/a\",\"paths\":{\"/x\":{\"get\":{},"
         "\"post\":\"{{variables.p}}\",\"summary\":\"s\"},\"/y\":{\"delete\":{}}}},\"2\":{}}}",
         "{\"host\":\"_\",\"id\":\"a\",\"meta\":{\"x\":1},\"name\":\"A\",\"realm_uri\":\"r\","
         "\"versions\":[{\"base_path\":\"/a\",\"name\":\"1\",\"routes\":3},"
         "{\"base_path\":null,\"name\":\"2\",\"routes\":0}]}"},
        {"{\"versions\":{\"1\":7,\"2\":{\"base_path\":7,\"paths\":{\"/x\":[],\"/y\":null}}}}",
         "{\"versions\":[{\"base_path\":null,\"name\":\"1\",\"routes\":0},"
         "{\"base_path\":null,\"name\":\"2\",\"routes\":0}]}"},
        {"{\"versions\":[{}]}", "{\"versions\":[]}"},
        {"[]", "{\"versions\":[]}"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        json_t *api = json_loads(rows[i].api, 0, NULL);
        json_t *summary = spec_summary(api);
        char *said = json_dumps(summary, JSON_COMPACT | JSON_SORT_KEYS);
        assert_string_equal(said, rows[i].summary);
        free(said);
        json_decref(summary);
        json_decref(api);
    }
}

static void mistakes_beyond_the_kept_are_counted(void **state)
{
    (void)state;
    struct buf buf;
    struct problems problems;
    buf_init(&buf, 1 << 20);
    (void)buf_append(&buf, STR("{\"versions\":{\"1\":{\"base_path\":\"/\",\"paths\":{\"/a\":{}"));
    for (unsigned i = 0; i < PROBLEMS_MAX + 50; i++) {
        (void)buf_printf(&buf, ",\"/p%u\":{}", i);
    }
    (void)buf_append(&buf, STR("}}}}"));
    problems_init(&problems);
    assert_null(spec_compile(buf_str(&buf), NULL, &problems));
    assert_int_equal(problems.count, PROBLEMS_MAX);
    assert_int_equal(problems.errors, PROBLEMS_MAX + 50 + 1 + 4);
    problems_done(&problems);
    buf_done(&buf);
}

static void every_prefix_of_a_specification_is_survived(void **state)
{
    (void)state;
    static const char text[] = PATH(STATIC);
    for (size_t len = 0; len < sizeof(text) - 1; len++) {
        struct problems problems;
        problems_init(&problems);
        assert_null(spec_compile(str_make(text, len), NULL, &problems));
        assert_true(problems.errors > 0);
        problems_done(&problems);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shortest_specification_compiles),
        cmocka_unit_test(each_required_key_is_asked_for),
        cmocka_unit_test(a_wrong_type_is_told),
        cmocka_unit_test(unknown_values_are_told_with_the_nearest),
        cmocka_unit_test(keys_of_nobody_are_warned_about),
        cmocka_unit_test(reserved_and_invalid_paths_are_refused),
        cmocka_unit_test(the_house_may_have_any_path),
        cmocka_unit_test(a_problem_is_part_of_the_default_answer_to_an_error),
        cmocka_unit_test(uris_hosts_and_constraints_are_checked),
        cmocka_unit_test(a_forward_is_checked_and_refused_for_now),
        cmocka_unit_test(all_mistakes_are_told_at_once_with_their_places),
        cmocka_unit_test(unreadable_text_is_told_by_line),
        cmocka_unit_test(what_no_route_uses_is_only_a_warning),
        cmocka_unit_test(lower_levels_win_and_names_resolve_at_the_place_of_use),
        cmocka_unit_test(timeouts_are_those_of_the_action),
        cmocka_unit_test(an_inactive_version_is_checked_and_has_no_routes),
        cmocka_unit_test(variables_that_multiply_are_stopped),
        cmocka_unit_test(a_long_chain_of_variables_is_stopped),
        cmocka_unit_test(a_list_gives_its_members_one_by_one),
        cmocka_unit_test(a_summary_says_what_is_there_of_whatever_is_given),
        cmocka_unit_test(mistakes_beyond_the_kept_are_counted),
        cmocka_unit_test(every_prefix_of_a_specification_is_survived),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
