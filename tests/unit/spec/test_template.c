/* test_template.c - expressions, as they come out in the body of a response. */
#include "spec_help.h"

static const char exchange[] =
    "{\"request\":{\"id\":\"r1\",\"bindings\":{\"id\":\"42\"},\"query_params\":{\"limit\":\"10\","
    "\"flag\":true,\"page\":\"2\",\"x\":\"y\"},\"body\":{\"a\":1,\"list\":[3,1,2],\"empty\":\"\","
    "\"text\":\"{{request.id}}\",\"f\":2.75,\"big\":18446744073709551615,\"none\":null,"
    "\"words\":[\"b\",\"a\"],\"nothing\":[]},\"headers\":{\"host\":\"h\"}},"
    "\"action\":{\"result\":{\"args\":[{\"id\":7,\"n\":\"\xc3\xa9\"},2],\"kwargs\":{},"
    "\"publication_id\":99},\"error\":{\"error_uri\":\"com.t.bad\",\"args\":[],"
    "\"kwargs\":{\"why\":\"so\"}}},\"security\":{\"authid\":\"joe\"}}";

static const char variables[] =
    "{\"foo\":3,\"bar\":{\"a\":1},\"txt\":\"{{variables.foo}}\",\"other\":{\"a\":2,\"c\":3},"
    "\"empty\":\"\",\"list\":[1,2,3],\"words\":[\"b\",\"a\"],\"nothing\":[],\"neg\":-4,"
    "\"nested\":{\"deep\":{\"er\":[true]}},\"lazy\":{\"id\":\"{{request.id}}\",\"k\":1},"
    "\"err\":\"{{action.error.kwargs |> put(code, {{action.error.error_uri}})}}\"}";

static const char call[] = "{\"type\":\"wamp_call\",\"procedure\":\"a.b\"}";

struct vector {
    const char *body;   /* JSON text of the template */
    const char *wanted; /* JSON; NULL: it does not compile; "!": it fails at run time */
};

static char *render(const struct template *template, enum serializer serializer, struct err *err)
{
    struct arena arena;
    struct buf buf;
    struct emit emit;
    struct template_source source = {.lookup = json_lookup, .ctx = (void *)(uintptr_t)exchange};
    arena_init(&arena, 1 << 20);
    buf_init(&buf, 1 << 16);
    emit_init(&emit, serializer, &buf);
    struct template_run run = {.source = &source, .arena = &arena, .output_max = 1 << 16};
    char *out = NULL;
    if (template_emit(template, &run, &emit)) {
        /* Through MsgPack and back: both paths must say the same. */
        struct buf json;
        struct emit to;
        buf_init(&json, 1 << 16);
        emit_init(&to, SERIALIZER_JSON, &json);
        emit_slice(&to, (struct slice){serializer, buf_str(&buf)});
        out = buf_take(&json, NULL);
    }
    if (err != NULL) {
        *err = run.err;
    }
    buf_done(&buf);
    arena_done(&arena);
    return out;
}

static bool as_wanted(const char *wanted, const char *json)
{
    return json == NULL ? wanted[0] == '!' : strcmp(json, wanted) == 0;
}

static void check_rendered(const char *body, const char *wanted, const struct template *template)
{
    static const enum serializer serializers[] = {SERIALIZER_JSON, SERIALIZER_MSGPACK};
    for (size_t i = 0; i < 2; i++) {
        struct err err;
        char *json = render(template, serializers[i], &err);
        assert_int_equal(err.code != ERR_NONE, json == NULL);
        if (!as_wanted(wanted, json)) {
            fail_msg("%s gave %s, not %s (%s)", body, json == NULL ? "nothing" : json, wanted,
                     err.text);
        }
        mem_free(json);
    }
}

static void check_vector(const struct vector *vector, bool on_error)
{
    struct problems problems;
    struct parts parts = {.variables = variables, .action = call};
    *(on_error ? &parts.error_body : &parts.body) = vector->body;
    struct spec *spec = compile_parts(&parts, &problems);
    if ((spec == NULL) != (vector->wanted == NULL)) {
        print_problems(&problems);
        fail_msg("%s: %s", spec == NULL ? "did not compile" : "compiled", vector->body);
    }
    problems_done(&problems);
    if (spec == NULL || vector->wanted == NULL) {
        return;
    }
    struct route_table *table = table_of(spec);
    const struct operation *get = route_at(table, "/x/1")->operations[HTTP_GET];
    check_rendered(vector->body, vector->wanted,
                   on_error ? get->on_error.body : get->on_result.body);
    table_drop(table);
    spec_unref(spec);
}

static void check_vectors(const struct vector *vectors, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        check_vector(&vectors[i], false);
    }
}

static void the_vectors_of_the_reference_hold(void **state)
{
    (void)state;
    static const struct vector vectors[] = {
        {"\"{{variables.foo}}\"", "3"},
        {"\"{{ variables.foo }}\"", "3"},
        {"\"  {{variables . foo}}\\t\"", "3"},
        {"\"\\\"{{variables.foo}}\\\"\"", "\"3\""},
        {"\"\\\"n={{variables.foo}}!\\\"\"", "\"n=3!\""},
        {"\"n={{variables.foo}}\"", "\"n=3\""}, /* Bondy refuses this; here it is text */
        {"\"{{variables.foo |> float}}\"", "3.0"},
        {"\"{{variables.bar |> get(a)}}\"", "1"},
        {"\"{{variables.bar |> get(zz, 500) |> integer}}\"", "500"},
        {"\"{{variables.bar |> get(zz)}}\"", NULL},
        {"\"{{variables.bar |> put(b, {{variables.foo}})}}\"", "{\"a\":1,\"b\":3}"},
        {"\"{{variables.bar |> merge({{variables.other}})}}\"", "{\"a\":2,\"c\":3}"},
        {"\"{{variables.txt}}\"", "3"},
        {"\"{{variables.bar.a |> nosuch}}\"", NULL},
    };
    check_vectors(vectors, COUNT_OF(vectors));
}

static void every_operator_computes_at_load(void **state)
{
    (void)state;
    static const struct vector vectors[] = {
        {"\"{{variables.bar |> get(x, '12') |> integer}}\"", "12"},
        {"\"{{variables.bar |> get(x, -7) |> integer}}\"", "-7"},
        {"\"{{variables.bar |> get(x, twelve) |> integer}}\"", NULL},
        {"\"{{variables.foo |> float |> integer}}\"", "3"},
        {"\"{{variables.bar |> get(x, '2.5') |> float}}\"", "2.5"},
        {"\"{{variables.bar |> get(x, 'nan') |> float}}\"", NULL},
        {"\"{{variables.foo |> string}}\"", "\"3\""},
        {"\"{{variables.list |> string}}\"", NULL},
        {"\"{{variables.neg |> abs}}\"", "4"},
        {"\"{{variables.list |> head}}\"", "1"},
        {"\"{{variables.list |> tail}}\"", "[2,3]"},
        {"\"{{variables.list |> last}}\"", "3"},
        {"\"{{variables.list |> length}}\"", "3"},
        {"\"{{variables.nothing |> head}}\"", "\"\""},
        {"\"{{variables.nothing |> last}}\"", "\"\""},
        {"\"{{variables.nothing |> tail}}\"", "[]"},
        {"\"{{variables.nothing |> min}}\"", "\"\""},
        {"\"{{variables.other |> size}}\"", "2"},
        {"\"{{variables.list |> min}}\"", "1"},
        {"\"{{variables.list |> max}}\"", "3"},
        {"\"{{variables.words |> min}}\"", "\"a\""},
        {"\"{{variables.list |> nth(2)}}\"", "2"},
        {"\"{{variables.list |> nth(0)}}\"", NULL},
        {"\"{{variables.list |> nth(9)}}\"", NULL},
        {"\"{{variables.other |> with([c])}}\"", "{\"c\":3}"},
        {"\"{{variables.other |> with([c, zz])}}\"", "{\"c\":3}"},
        {"\"{{variables.other |> without([c])}}\"", "{\"a\":2}"},
        {"\"{{variables.bar |> merge(_, {{variables.other}})}}\"", "{\"a\":2,\"c\":3}"},
        {"\"{{variables.bar |> merge({{variables.other}}, _)}}\"", "{\"c\":3,\"a\":1}"},
        {"\"{{variables.foo |> head}}\"", NULL},
        {"\"{{variables.foo |> get(a)}}\"", NULL},
        {"\"{{variables.list |> size}}\"", NULL},
        {"\"{{variables.bar |> get}}\"", NULL},
        {"\"{{variables.bar |> get(a,b,c)}}\"", NULL},
        {"\"{{variables.foo |> abs(1)}}\"", NULL},
        {"\"{{variables.foo |> random(1)}}\"", "1"},
        {"\"{{variables.nested.deep.er |> head}}\"", "true"},
        {"\"{{variables.lazy.k}}\"", "1"},
    };
    check_vectors(vectors, COUNT_OF(vectors));
}

static void every_operator_on_the_empty_string_gives_it(void **state)
{
    (void)state;
    static const char *const operators[] = {
        "integer",   "float",       "string",   "abs",
        "head",      "tail",        "last",     "length",
        "size",      "min",         "max",      "nth(1)",
        "get(a)",    "get(a,1)",    "put(a,1)", "merge({{variables.bar}})",
        "with([a])", "without([a])"};
    for (size_t i = 0; i < COUNT_OF(operators); i++) {
        char text[128];
        (void)snprintf(text, sizeof(text), "\"{{variables.empty |> %s}}\"", operators[i]);
        check_vector(&(struct vector){text, "\"\""}, false);
        (void)snprintf(text, sizeof(text), "\"{{request.body.empty |> %s}}\"", operators[i]);
        check_vector(&(struct vector){text, "\"\""}, false);
    }
}

static void what_comes_from_the_exchange_is_looked_up(void **state)
{
    (void)state;
    static const struct vector vectors[] = {
        {"\"{{request.bindings.id |> integer}}\"", "42"},
        {"\"{{request.query_params |> with([limit,page])}}\"", "{\"limit\":\"10\",\"page\":\"2\"}"},
        {"\"{{request.query_params |> without([limit,page])}}\"", "{\"flag\":true,\"x\":\"y\"}"},
        {"\"{{request.query_params |> without([page]) |> query}}\"", "\"limit=10&flag&x=y\""},
        {"\"{{request.query_params |> with([none]) |> query |> wrap('?', '')}}\"", "\"\""},
        {"\"{{request.body |> query}}\"", "!"},
        {"\"{{request.body.list |> query}}\"", "!"},
        {"\"{{request.body.text |> encode}}\"", "\"%7B%7Brequest.id%7D%7D\""},
        {"\"{{action.result.args |> head |> get(n) |> encode}}\"", "\"%C3%A9\""},
        {"\"{{request.body.a |> wrap('<', '>')}}\"", "\"<1>\""},
        {"\"{{request.body.empty |> wrap('<', '>')}}\"", "\"\""},
        {"\"{{request.body.a |> wrap({{request.id}}, {{request.body.list}})}}\"", "!"},
        {"\"{{request.body.list |> encode}}\"", "!"},
        {"\"{{request.query_params |> get(nope, 5)}}\"", "\"5\""},
        {"\"{{request.query_params |> get(nope)}}\"", "!"},
        {"\"{{request.query_params.nope}}\"", "!"},
        {"\"{{request.body.list |> max}}\"", "3"},
        {"\"{{request.body.list |> min}}\"", "1"},
        {"\"{{request.body.list |> tail}}\"", "[1,2]"},
        {"\"{{request.body.words |> max}}\"", "\"b\""},
        {"\"{{request.body.f |> integer}}\"", "2"},
        {"\"{{request.body.big}}\"", "18446744073709551615"},
        {"\"{{request.body.big |> string}}\"", "\"18446744073709551615\""},
        {"\"{{request.body.a |> head}}\"", "!"},
        {"\"{{request.body.nothing |> nth(1)}}\"", "!"},
        {"\"{{action.result.args |> head}}\"", "{\"id\":7,\"n\":\"\xc3\xa9\"}"},
        {"\"{{action.result.arguments |> head |> get(id)}}\"", "7"},
        {"\"{{action.result.arguments_kw}}\"", "{}"},
        {"\"{{action.result.args |> last}}\"", "2"},
        {"\"{{action.result.publication_id}}\"", "99"},
        {"\"{{security.authid}}\"", "\"joe\""},
        {"\"{{security.groups}}\"", "!"},
        {"\"{{security |> get(locale, 'en')}}\"", "\"en\""},
        {"\"Hello {{security.authid}}, {{request.body.a}} {{request.body.none}}!\"",
         "\"Hello joe, 1 !\""},
        {"\"{{security.authid}}{{request.id}}\"", "\"joer1\""},
        {"\"\\\"{{security.authid}} {{request.id}}\\\"\"", "\"joe r1\""},
        {"\"{{request.body}} as text\"", "!"},
        {"{\"a\":[\"{{request.id}}\",1,{\"b\":null}],\"c\":\"{{variables.foo}}\"}",
         "{\"a\":[\"r1\",1,{\"b\":null}],\"c\":3}"},
        {"\"{{variables.lazy}}\"", "{\"id\":\"r1\",\"k\":1}"},
        {"\"{{variables.lazy |> put(x, {{request.bindings.id}})}}\"",
         "{\"id\":\"r1\",\"k\":1,\"x\":\"42\"}"},
        {"\"{{variables.lazy.id}}\"", "\"r1\""},
        {"\"{{variables.lazy |> get(id)}}\"", "\"r1\""},
    };
    check_vectors(vectors, COUNT_OF(vectors));
}

static void errors_of_the_action_are_seen_in_on_error(void **state)
{
    (void)state;
    static const struct vector vectors[] = {
        {"\"{{variables.err}}\"", "{\"why\":\"so\",\"code\":\"com.t.bad\"}"},
        {"\"{{action.error.arguments}}\"", "[]"},
        {"\"{{status_codes |> get({{action.error.error_uri}}, 500) |> integer}}\"", "500"},
        {"\"{{status_codes |> get({{action.error.error_uri}}, 418) |> integer}}\"", "418"},
        {"\"{{action.result.args}}\"", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        check_vector(&vectors[i], true);
    }
    check_vector(&(struct vector){"\"{{action.error.args}}\"", NULL}, false);
}

static void the_result_of_a_static_action_is_what_it_says(void **state)
{
    (void)state;
    static const char action[] =
        "{\"type\":\"static\",\"body\":{\"a\":\"{{request.id}}\",\"b\":[1]},"
        "\"headers\":{\"x\":\"y\"}}";
    static const struct vector vectors[] = {
        {"\"{{action.result.body}}\"", "{\"a\":\"r1\",\"b\":[1]}"},
        {"\"{{action.result.body.b |> head}}\"", "1"},
        {"\"{{action.result.headers |> get(x)}}\"", "\"y\""},
        {"\"{{action.result.args}}\"", NULL},
        {"\"{{action.result.body.c}}\"", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(vectors); i++) {
        struct problems problems;
        struct parts parts = {.action = action, .body = vectors[i].body};
        struct spec *spec = compile_parts(&parts, &problems);
        assert_int_equal(spec == NULL, vectors[i].wanted == NULL);
        problems_done(&problems);
        if (spec != NULL && vectors[i].wanted != NULL) {
            struct route_table *table = table_of(spec);
            check_rendered(vectors[i].body, vectors[i].wanted,
                           route_at(table, "/x/1")->operations[HTTP_GET]->on_result.body);
            table_drop(table);
            spec_unref(spec);
        }
    }
}

static void data_of_the_request_is_never_evaluated(void **state)
{
    (void)state;
    check_vector(&(struct vector){"\"{{request.body.text}}\"", "\"{{request.id}}\""}, false);
    check_vector(&(struct vector){"\"{{request.body |> get(text)}}\"", "\"{{request.id}}\""},
                 false);
    check_vector(&(struct vector){"\"<{{request.body.text}}>\"", "\"<{{request.id}}>\""}, false);
}

static void status_codes_are_the_users_over_the_built_in_table(void **state)
{
    (void)state;
    static const struct {
        const char *uri;
        const char *wanted;
    } rows[] = {
        {"com.t.mine", "409"},
        {"wamp.error.timeout", "504"},
        {"bondy.error.not_found", "410"},
        {"bondy.error.already_exists", "409"},
        {"wamp.error.not_authorized", "403"},
        {"com.t.unknown", "\"444\""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        char body[160];
        struct problems problems;
        (void)snprintf(body, sizeof(body), "\"{{status_codes |> get('%s', 444)}}\"", rows[i].uri);
        struct parts parts = {
            .top = ",\"status_codes\":{\"com.t.mine\":409,\"bondy.error.not_found\":410}",
            .body = body};
        struct spec *spec = compile_parts(&parts, &problems);
        print_problems(&problems);
        problems_done(&problems);
        assert_non_null(spec);
        struct route_table *table = table_of(spec);
        const struct template *template =
            route_at(table, "/x/1")->operations[HTTP_GET]->on_result.body;
        char *json = render(template, SERIALIZER_JSON, NULL);
        assert_string_equal(json, rows[i].wanted);
        mem_free(json);
        table_drop(table);
        spec_unref(spec);
    }
}

static void malformed_expressions_are_refused(void **state)
{
    (void)state;
    static const char nested[] =
        "\"{{request.body |> get(a, {{request.body |> get(a, {{request.body |> get(a, "
        "{{request.body |> get(a, {{request.body |> get(a, {{request.body |> get(a, "
        "{{request.body |> get(a, {{request.body |> get(a, "
        "{{request.id}})}})}})}})}})}})}})}})}}\"";
    static const char *const bodies[] = {
        "\"{{\"",
        "\"{{}}\"",
        "\"{{variables.}}\"",
        "\"{{variables..foo}}\"",
        "\"{{.foo}}\"",
        "\"{{variables.foo\"",
        "\"{{variables.foo}\"",
        "\"{{variables.foo |> }}\"",
        "\"{{variables.foo | abs}}\"",
        "\"{{variables.foo |> abs(}}\"",
        "\"{{variables.bar |> get('a)}}\"",
        "\"{{variables.bar |> with([a}}\"",
        "\"{{variables.bar |> with([a b])}}\"",
        "\"{{variables.bar |> get({{variables.foo)}}\"",
        "\"{{variables.foo bar}}\"",
        "\"x {{y\"",
        "\"{{foo}}\"",
        "\"{{request}}\"",
        "\"{{action}}\"",
        "\"{{request.bdy}}\"",
        "\"{{request.bindings.nope}}\"",
        "\"{{action.result.arg}}\"",
        "\"{{security.nope}}\"",
        "\"{{variables.nope}}\"",
        "\"{{variables.foo.bar}}\"",
        nested,
    };
    for (size_t i = 0; i < COUNT_OF(bodies); i++) {
        check_vector(&(struct vector){bodies[i], NULL}, false);
    }
}

static void output_is_bounded(void **state)
{
    (void)state;
    struct problems problems;
    struct parts parts = {.body = "{\"a\":\"{{request.body}}\",\"b\":\"{{request.body}}\"}"};
    struct spec *spec = compile_parts(&parts, &problems);
    problems_done(&problems);
    struct route_table *table = table_of(spec);
    const struct template *body = route_at(table, "/x/1")->operations[HTTP_GET]->on_result.body;
    struct arena arena;
    struct buf buf;
    struct emit emit;
    struct template_source source = {.lookup = json_lookup, .ctx = (void *)(uintptr_t)exchange};
    arena_init(&arena, 1 << 20);
    for (size_t max = 0; max < 100; max++) {
        buf_init(&buf, 1 << 16);
        emit_init(&emit, SERIALIZER_JSON, &buf);
        struct template_run run = {.source = &source, .arena = &arena, .output_max = max};
        assert_false(template_emit(body, &run, &emit));
        assert_int_equal(run.err.code, ERR_LIMIT);
        struct slice value;
        run.err.code = ERR_NONE;
        assert_false(template_slice(body, &run, &value));
        assert_int_equal(run.err.code, ERR_LIMIT);
        buf_done(&buf);
    }
    arena_done(&arena);
    table_drop(table);
    spec_unref(spec);
}

static void text_and_integers_are_read_from_what_they_may_be(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        const char *text;
        int64_t integer;
        bool has_integer;
    } rows[] = {
        {"\"{{request.body.a}}\"", "1", 1, true},
        {"\"{{request.query_params.limit}}\"", "10", 10, true},
        {"\"{{request.body.none}}\"", "", 0, false},
        {"\"{{request.body.empty}}\"", "", 0, false},
        {"\"{{request.query_params.flag}}\"", "true", 0, false},
        {"\"{{request.body.f}}\"", "2.75", 0, false},
        {"404", "404", 404, true},
        {"\"404\"", "404", 404, true},
        {"\"{{request.body}}\"", NULL, 0, false},
        {"\"{{action.result.args |> head |> get(n)}}\"", "\xc3\xa9", 0, false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct problems problems;
        struct spec *spec =
            compile_parts(&(struct parts){.action = call, .body = rows[i].body}, &problems);
        problems_done(&problems);
        struct route_table *table = table_of(spec);
        const struct template *body = route_at(table, "/x/1")->operations[HTTP_GET]->on_result.body;
        struct arena arena;
        struct template_source source = {.lookup = json_lookup, .ctx = (void *)(uintptr_t)exchange};
        arena_init(&arena, 1 << 16);
        struct template_run run = {.source = &source, .arena = &arena, .output_max = 1000};
        struct str text;
        int64_t integer = 0;
        assert_int_equal(template_text(body, &run, &text), rows[i].text != NULL);
        if (rows[i].text != NULL) {
            assert_true(str_eq(text, str_of(rows[i].text)));
        }
        assert_int_equal(template_integer(body, &run, &integer), rows[i].has_integer);
        assert_int_equal(integer, rows[i].integer);
        arena_done(&arena);
        table_drop(table);
        spec_unref(spec);
    }
}

static void a_look_up_copies_nothing(void **state)
{
    (void)state;
    struct problems problems;
    struct parts parts = {.action = call, .body = "\"{{action.result.args |> head}}\""};
    struct spec *spec = compile_parts(&parts, &problems);
    problems_done(&problems);
    struct route_table *table = table_of(spec);
    const struct operation *get = route_at(table, "/x/1")->operations[HTTP_GET];
    assert_false(get->uses_body);
    struct arena arena;
    struct template_source source = {.lookup = json_lookup, .ctx = (void *)(uintptr_t)exchange};
    arena_init(&arena, 1 << 16);
    struct template_run run = {.source = &source, .arena = &arena, .output_max = 1000};
    struct slice value;
    assert_true(template_slice(get->on_result.body, &run, &value));
    assert_int_equal(arena.used, 0);
    assert_true(value.bytes.ptr > exchange && value.bytes.ptr < exchange + sizeof(exchange));
    arena_done(&arena);
    table_drop(table);
    spec_unref(spec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_vectors_of_the_reference_hold),
        cmocka_unit_test(every_operator_computes_at_load),
        cmocka_unit_test(every_operator_on_the_empty_string_gives_it),
        cmocka_unit_test(what_comes_from_the_exchange_is_looked_up),
        cmocka_unit_test(errors_of_the_action_are_seen_in_on_error),
        cmocka_unit_test(the_result_of_a_static_action_is_what_it_says),
        cmocka_unit_test(data_of_the_request_is_never_evaluated),
        cmocka_unit_test(status_codes_are_the_users_over_the_built_in_table),
        cmocka_unit_test(malformed_expressions_are_refused),
        cmocka_unit_test(output_is_bounded),
        cmocka_unit_test(text_and_integers_are_read_from_what_they_may_be),
        cmocka_unit_test(a_look_up_copies_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
