/* test_exchange.c - whole exchanges: from a request to its answer, through a real router. */
#include "pipeline_world.h"
#include "realm/builtin.h"

#define JSON "content-type: application/json\n"

/* Each of its paths is named for what it shows. */
static const char main_spec[] = "tests/unit/pipeline/paths.json";

#define OTHER(id, realm)                                                                         \
    "{\"id\":\"" id "\",\"name\":\"t\",\"host\":\"_\",\"realm_uri\":\"" realm                    \
    "\",\"versions\":{\"1\":{\"base_path\":\"/" id "\",\"paths\":{\"/x\":{\"get\":{\"action\":{" \
    "\"type\":\"wamp_call\",\"procedure\":\"com.tight.not\"},\"response\":{}}}}}}}"

static const char *const all_specs[] = {
    main_spec,
    OTHER("closed", "com.closed"),
    OTHER("missing", "com.missing"),
    OTHER("tight", "com.tight"),
    NULL,
};

static void echo(const struct builtin_call *call)
{
    builtin_answer(call->router, call->handle, call->payload);
}

/* The first argument is the error's URI, the second its first argument. */
static void fail_as_asked(const struct builtin_call *call)
{
    struct slice args = {call->payload->serializer, call->payload->args};
    struct slice uri = slice_nth(args, 0);
    struct arena arena;
    struct scan scan;
    struct str text = STR_EMPTY;
    struct payload details = {.serializer = SERIALIZER_JSON, .args = STR("[\"in words\"]")};
    arena_init(&arena, 4096);
    scan_init(&scan, uri.serializer, uri.bytes, &arena);
    assert_true(scan_str(&scan, &text));
    builtin_fail(call->router, call->handle, text, &details);
    arena_done(&arena);
}

static const struct builtin builtins[] = {
    {STR_INIT("bondy.t.echo"), echo, NULL},
    {STR_INIT("bondy.t.fail"), fail_as_asked, NULL},
    {{0}, NULL, NULL},
};

static int start(void **state)
{
    (void)state;
    world_specs = all_specs;
    world_pipeline_options = (struct pipeline_options){.body_max = 800,
                                                       .output_max = 4096,
                                                       .open_max = 4,
                                                       .body_timeout_ms = 3000,
                                                       .call_timeout_ms = 5000};
    pipeline_world_start(builtins);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    pipeline_world_stop();
    return 0;
}

static void the_method_decides_the_status_of_a_result(void **state)
{
    (void)state;
    answers("GET", "/echo", "", "", 200, "");
    answers("GET", "/echo", JSON, "[1]", 200, "[1]");
    answers("HEAD", "/echo", JSON, "[1]", 200, "[1]"); /* the front leaves the body out */
    answers("POST", "/echo", JSON, "{\"a\":1}", 200, "{\"a\":1}");
    answers("POST", "/echo", JSON, "\"\"", 204, "");
    answers("POST", "/echo", "", "", 204, "");
    answers("PUT", "/echo", JSON, "1", 200, "1");
    answers("PUT", "/echo", "", "", 204, "");
    answers("PATCH", "/echo", JSON, "true", 200, "true");
    answers("PATCH", "/echo", "", "", 204, "");
    answers("DELETE", "/echo", JSON, "1", 204, "");
    answers("POST", "/made", JSON, "{}", 201, "{}");
    answers("POST", "/located", "", "", 204, "");    /* a header alone makes nothing, */
    answers("POST", "/collection", "", "", 201, ""); /* but in a collection */
    answers("GET", "/status", "", "", 203, "\"x\"");
    answers("DELETE", "/status", "", "", 200, "{\"gone\":true}");
}

static void what_was_made_has_its_location(void **state)
{
    (void)state;
    struct fake *fake = fake_ask("POST", "/made", JSON, "{}");
    assert_true(fake_has(fake, "location: /made/1"));
    assert_true(fake_has(fake, "content-type: application/json; charset=utf-8"));
    fake_free(fake);
    fake = fake_ask("POST", "/collection", JSON, "{}");
    assert_true(fake_has(fake, "location: /l/1"));
    fake_free(fake);
}

static void an_error_has_the_status_of_the_first_who_says(void **state)
{
    (void)state;
    answers("GET", "/fail/wamp.error.timeout", "", "", 504, NULL);
    answers("GET", "/fail/com.error.unheard_of", "", "", 500, NULL);
    answers("GET", "/fail/bondy.error.not_found", "", "", 404, NULL);
    answers("GET", "/fail/com.error.teapot", "", "", 418, NULL);          /* the spec's own */
    answers("GET", "/fail/com.error.text", "", "", 409, NULL);            /* as a string */
    answers("GET", "/fail/wamp.error.not_authorized", "", "", 401, NULL); /* wins over ours */
    answers("GET", "/fail-status/com.error.teapot", "", "", 418, "{\"u\":\"com.error.teapot\"}");
    answers("GET", "/fail-status/com.error.none", "", "", 501, "{\"u\":\"com.error.none\"}");
    answers("GET", "/fail-body/wamp.error.timeout", "", "", 409, "{\"x\":1}");
    answers("GET", "/fail-code/com.error.none", "", "", 404,
            "{\"code\":\"bondy.error.not_found\"}");
    answers("GET", "/fail-own/com.error.teapot", "", "", 418, "{\"s\":418}");
    answers("GET", "/fail-own/wamp.error.canceled", "", "", 502, "{\"s\":502}");
}

static void an_error_of_which_the_spec_says_nothing_is_a_problem(void **state)
{
    (void)state;
    struct fake *fake = fake_ask("GET", "/fail/com.error.x", "", "");
    expect_answer(fake, 500, NULL);
    assert_true(fake_has(fake, "content-type: application/problem+json"));
    assert_true(fake_says(fake, "\"code\":\"com.error.x\""));
    assert_true(fake_says(fake, "\"detail\":\"in words\""));
    assert_true(fake_says(fake, "\"request_id\":\""));
    fake_free(fake);
}

static void a_procedure_that_nobody_serves_is_unavailable(void **state)
{
    (void)state;
    struct fake *fake = fake_ask("GET", "/slow", "", "");
    expect_answer(fake, 503, NULL);
    assert_true(fake_has(fake, "retry-after: 1"));
    assert_true(fake_says(fake, "no service registered com.slow"));
    fake_free(fake);
    answers("GET", "/bad-uri/not%20a%20uri", "", "", 400, NULL);
}

static void options_runs_no_action(void **state)
{
    (void)state;
    struct fake *fake = fake_ask("OPTIONS", "/echo", "accept: image/png\n", "");
    expect_answer(fake, 200, "");
    assert_true(fake_has(fake, "allow: GET, POST, PUT, PATCH, DELETE, OPTIONS") ||
                fake_has(fake, "allow: GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"));
    assert_true(fake_has(fake, "x-on: result"));
    assert_false(fake_has(fake, "access-control-allow-methods: ?"));
    fake_free(fake);
    answers("OPTIONS", "/preflight", "", "", 200, "{\"a\":1}");
}

static void a_request_that_fits_no_route_is_refused(void **state)
{
    (void)state;
    answers("GET", "/nothing", "", "", 404, NULL);
    answers("GET", "/", "", "", 404, NULL);
    struct fake *fake = fake_ask("POST", "/static", "", "");
    expect_answer(fake, 405, NULL);
    assert_true(fake_has(fake, "allow: GET") || fake_has(fake, "allow: GET, HEAD"));
    fake_free(fake);
    answers("PURGE", "/static", "", "", 405, NULL);
    answers("OPTIONS", "/static", "", "", 405, NULL);
    answers("GET", "/static", "accept: image/png\n", "", 406, NULL);
    answers("POST", "/echo", "content-type: image/png\n", "x", 415, NULL);
    answers("POST", "/echo", "content-type: \xff\n", "x", 415, NULL);
    answers("POST", "/echo", "", "x", 415, NULL);
}

static void what_can_be_read_in_two_ways_is_refused(void **state)
{
    static const char *const targets[] = {"/static/../echo", "/static/%2e%2e/echo", "/sta%2ftic",
                                          "/static%5cx",     "/static%00",          "/sta%tic",
                                          "/static%",        "/./static",           "/static%0a",
                                          "/bad-uri/%ff",    "/static?a=%",         "/static?a=%00",
                                          "/static?%ff"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        answers("GET", targets[i], "", "", 400, NULL);
    }
}

static void too_many_query_parameters_are_refused(void **state)
{
    char target[1024] = "/static?";
    (void)state;
    memset(target + 8, '&', 255);
    answers("GET", target, "", "", 200, NULL);
    memset(target + 8, '&', 256);
    answers("GET", target, "", "", 400, NULL);
}

static void a_body_that_cannot_be_read_is_refused_with_its_place(void **state)
{
    (void)state;
    struct fake *fake = fake_ask("POST", "/echo", JSON, "{\"a\":1,\n  \"b\":x}");
    expect_answer(fake, 400, NULL);
    assert_true(fake_says(fake, "line 2, column 7"));
    assert_true(fake_says(fake, "bondy.error.invalid_data"));
    fake_free(fake);
    answers("POST", "/echo", JSON, "{} {}", 400, NULL);
    answers("POST", "/echo", JSON, "\"\xff\"", 400, NULL);
    answers("POST", "/echo", "content-type: application/msgpack\n", "\xdd\xff\xff\xff\xff", 400,
            NULL);
    char deep[401];
    memset(deep, '[', 400);
    deep[400] = '\0';
    answers("POST", "/echo", JSON, deep, 400, NULL);
}

static void a_body_that_is_only_text_is_not_read(void **state)
{
    (void)state;
    answers("POST", "/as-text", "content-type: application/yaml\n", "a: [1\n", 200, "\"a: [1\\n\"");
    answers("POST", "/as-text", "content-type: application/yaml\n", "\xff", 200, NULL);
    answers("POST", "/as-text", JSON, "{}", 415, NULL);
}

static void a_body_of_yaml_is_a_value(void **state)
{
    (void)state;
    answers("POST", "/any", "content-type: application/yaml\n", "a: [1, x]\n", 200,
            "{\"a\":[1,\"x\"]}");
    answers("POST", "/any", "content-type: text/yaml; charset=utf-8\n", "{}", 200, "{}");
    struct fake *fake =
        fake_ask("POST", "/any", "content-type: application/yaml\n", "a: 1\nb: [\n");
    expect_answer(fake, 400, NULL);
    assert_true(fake_says(fake, "line 3"));
    fake_free(fake);
}

static void any_other_type_is_read_as_the_first(void **state)
{
    (void)state;
    answers("POST", "/any", "content-type: application/x-www-form-urlencoded\n", "{\"a\":1}", 200,
            "{\"a\":1}");
    answers("POST", "/any", "", "[1]", 200, "[1]");
    answers("POST", "/any", "content-type: text/plain\n", "a=1", 400, NULL);
}

static void a_body_must_have_what_the_operation_requires(void **state)
{
    (void)state;
    answers("POST", "/requires", JSON, "{\"a\":1,\"b\":null}", 200, "1");
    answers("POST", "/requires", JSON, "[]", 400, NULL);
    answers("POST", "/requires", "", "", 400, NULL);
    struct fake *fake = fake_ask("POST", "/requires", JSON, "{\"a\":1}");
    expect_answer(fake, 400, NULL);
    assert_true(fake_says(fake, "bondy.error.missing_required_value"));
    assert_true(fake_says(fake, "A value for 'b' is required."));
    fake_free(fake);
}

static void a_body_must_have_nothing_that_the_operation_does_not_take(void **state)
{
    static const char *const refused[] = {
        "[]",
        "1",
        "null",
        "\"a\"",
        "{\"c\":1}",
        "{\"a\":1,\"b\":2,\"c\":3}",
        "{\"a\":1,\"a\":1}",
        "{\"a\":1,\"\\u0061\":1}",
        "{\"a\\u0000\":1}",
        "{\"\":1}",
    };
    (void)state;
    answers("POST", "/takes", JSON, "{\"a\":1,\"b\":{\"c\":1}}", 200, "1");
    answers("POST", "/takes", JSON, "{\"b\":1,\"\\u0061\":1}", 200, "1");
    for (size_t i = 0; i < COUNT_OF(refused); i++) {
        answers("POST", "/takes", JSON, refused[i], 400, NULL);
    }
    struct fake *fake = fake_ask("POST", "/takes", JSON, "{\"abc\":1}");
    expect_answer(fake, 400, NULL);
    assert_true(fake_says(fake, "the key 'abc' is unknown, or there twice"));
    fake_free(fake);
}

static void a_problem_may_say_more(void **state)
{
    (void)state;
    struct fake *fake = fake_ask("GET", "/fail-problem/bondy.error.not_found", "", "");
    expect_answer(fake, 404, NULL);
    assert_true(fake_has(fake, "content-type: application/problem+json"));
    assert_true(fake_says(fake, "\"code\":\"bondy.error.not_found\""));
    assert_true(fake_says(fake, "\"errors\":[1]"));
    assert_true(fake_says(fake, "\"args\":[\"in words\"]"));
    assert_false(fake_says(fake, "mine"));
    fake_free(fake);
    fake = fake_ask("GET", "/fail-gone/bondy.error.not_found", "", "");
    expect_answer(fake, 410, NULL);
    assert_true(fake_says(fake, "\"code\":\"bondy.error.not_found\""));
    fake_free(fake);
}

static void a_header_may_be_there_only_when_it_says_something(void **state)
{
    (void)state;
    struct fake *fake = fake_ask("GET", "/maybe?version=3", "", "");
    assert_true(fake_has(fake, "etag: \"3\""));
    assert_false(fake_has(fake, "link: "));
    fake_free(fake);
    fake = fake_ask("GET", "/maybe?next=a%2Fb", "", "");
    assert_true(fake_has(fake, "link: <?cursor=a%2Fb>; rel=\"next\""));
    assert_null(memmem(fake->headers.ptr, fake->headers.len, "etag", 4));
    fake_free(fake);
}

static void a_body_too_large_is_refused(void **state)
{
    char large[900];
    (void)state;
    memset(large, ' ', sizeof(large));
    large[0] = '1';
    large[801] = '\0';
    struct fake *fake = fake_new("POST", "/echo", JSON, str_of(large));
    fake->body = STR_EMPTY; /* none of it has come yet */
    fake->half = true;
    fake_start(fake);
    expect_answer(fake, 413, NULL);
    assert_true(fake_has(fake, "connection: close"));
    fake_free(fake);
    fake = fake_new("POST", "/echo", JSON "chunked\n", str_of(large));
    fake->piece = 100;
    fake_start(fake);
    expect_answer(fake, 413, NULL);
    fake_free(fake);
    large[800] = '\0';
    answers("POST", "/echo", JSON, large, 200, "1");
}

static void a_body_that_stops_coming_is_given_up(void **state)
{
    (void)state;
    struct fake *fake = fake_new("POST", "/echo", JSON, STR("{\"a\""));
    fake->half = true;
    fake->stream.head.content_length = 100;
    fake_start(fake);
    assert_false(fake->ended);
    fake_wait(fake);
    expect_answer(fake, 408, NULL);
    assert_true(fake_has(fake, "connection: close"));
    fake_free(fake);
}

static void a_body_that_comes_slowly_but_comes_is_taken(void **state)
{
    (void)state;
    struct fake *fake = fake_new("POST", "/echo", JSON, STR("["));
    fake->half = true;
    fake->stream.head.content_length = LENGTH_STREAM;
    fake_start(fake);
    for (unsigned i = 0; i < 5; i++) { /* longer in all than the time-out */
        (void)nanosleep(&(struct timespec){.tv_nsec = 700000000}, NULL);
        fake->body = STR(" ");
        on_worker(&world, 0, fake_body_here, fake);
        assert_false(fake->ended);
    }
    fake->body = STR("]");
    fake->half = false;
    on_worker(&world, 0, fake_body_here, fake);
    fake_wait(fake);
    expect_answer(fake, 200, NULL);
    fake_free(fake);
}

static void who_may_not_is_refused(void **state)
{
    (void)state;
    answers("GET", "/closed/x", "", "", 403, NULL);
    answers("GET", "/missing/x", "", "", 404, NULL);
    answers("GET", "/tight/x", "", "", 403, NULL);
    struct fake *fake = fake_ask("GET", "/basic", "", "");
    expect_answer(fake, 401, NULL);
    assert_true(fake_has(fake, "www-authenticate: Basic realm=\"com.test\", charset=\"UTF-8\""));
    fake_free(fake);
}

static void a_header_cannot_split_the_answer(void **state)
{
    (void)state;
    struct fake *fake = fake_ask("GET", "/header?v=a%0d%0aset-cookie:b", "", "");
    expect_answer(fake, 200, "\"ok\"");
    assert_false(fake_has(fake, "set-cookie:b"));
    assert_null(memmem(fake->headers.ptr, fake->headers.len, "x-name", 6));
    fake_free(fake);
    fake = fake_ask("GET", "/header?v=fine", "", "");
    assert_true(fake_has(fake, "x-name: fine"));
    fake_free(fake);
}

static void of_a_callees_headers_only_fit_ones_are_sent(void **state)
{
    (void)state;
    struct fake *fake = fake_ask("POST", "/headers", JSON,
                                 "{\"X-Good\":\"1\",\"bad name\":\"2\",\"Content-Length\":\"99\","
                                 "\"transfer-encoding\":\"chunked\",\"x-split\":\"a\\r\\nb: c\","
                                 "\"x-nul\":\"a\\u0000b\",\"\":\"3\",\"x-number\":4,"
                                 "\"X-Twice\":\"a\",\"x-twice\":\"b\"}");
    expect_answer(fake, 200, "\"ok\"");
    assert_true(fake_has(fake, "x-good: 1"));
    assert_true(fake_has(fake, "x-twice: b"));
    assert_false(fake_has(fake, "x-twice: a"));
    assert_null(memmem(fake->headers.ptr, fake->headers.len, "99", 2));
    assert_null(memmem(fake->headers.ptr, fake->headers.len, "chunked", 7));
    assert_null(memmem(fake->headers.ptr, fake->headers.len, "bad", 3));
    assert_null(memmem(fake->headers.ptr, fake->headers.len, "split", 5));
    assert_null(memmem(fake->headers.ptr, fake->headers.len, "x-nul", 5));
    fake_free(fake);
}

static void a_template_that_fails_is_a_500_with_a_reason(void **state)
{
    static const char *const paths[] = {"/broken", "/no-args", "/header"};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct fake *fake = fake_ask("GET", paths[i], "", "");
        expect_answer(fake, 500, NULL);
        assert_true(fake_says(fake, "bondy.error.http_gateway.invalid_expression"));
        fake_free(fake);
    }
}

static void the_client_chooses_the_form_of_the_body(void **state)
{
    (void)state;
    struct fake *fake =
        fake_ask("POST", "/echo", JSON "accept: application/msgpack\n", "[1,\"a\"]");
    expect_answer(fake, 200,
                  "\x92\x01\xa1"
                  "a");
    assert_true(fake_has(fake, "content-type: application/msgpack"));
    fake_free(fake);
    fake = fake_ask("POST", "/echo", "content-type: application/msgpack\n",
                    "\x92\x01\xa1"
                    "a");
    expect_answer(fake, 200, "[1,\"a\"]");
    fake_free(fake);
    fake = fake_ask("GET", "/text", "", "");
    expect_answer(fake, 200, "plain words");
    assert_true(fake_has(fake, "content-type: text/plain"));
    fake_free(fake);
    answers("GET", "/text", "accept: application/json\n", "", 200, "\"plain words\"");
}

static void the_language_is_negotiated(void **state)
{
    (void)state;
    struct fake *fake = fake_ask("GET", "/static", "accept-language: fr, de;q=0.5\n", "");
    expect_answer(fake, 200, "{\"l\":\"de\"}");
    assert_true(fake_has(fake, "content-language: de"));
    fake_free(fake);
    answers("GET", "/static", "accept-language: fr\n", "", 200, "{\"l\":\"en\"}");
}

static void templates_see_the_request(void **state)
{
    (void)state;
    answers("GET", "/seen/?a=1&b&c=x+y%20z&a=2", "x-one: first\nx-one: second\n", "", 200,
            "{\"m\":\"get\",\"s\":\"http\",\"p\":\"/"
            "seen\",\"h\":\"a.example\",\"n\":80,\"q\":{\"a\":\"2\","
            "\"b\":true,\"c\":\"x y z\"},\"r\":\"a=1&b&c=x+y%20z&a=2\",\"x\":\"first\",\"w\":"
            "\"127.0.0.1:4711\",\"c\":{}}");
}

static void an_answer_too_large_is_a_500(void **state)
{
    char text[700];
    (void)state;
    world_pipeline_options.output_max = 4096;
    memset(text, 1, sizeof(text)); /* six bytes each in JSON */
    text[0] = (char)0xda;
    text[1] = 2;
    text[2] = (char)(sizeof(text) - 3 - 512);
    struct fake *fake =
        fake_new("POST", "/echo", "content-type: application/msgpack\n", str_make(text, 700));
    fake_start(fake);
    fake_wait(fake);
    expect_answer(fake, 500, NULL);
    fake_free(fake);
}

static void a_publication_has_an_id(void **state)
{
    (void)state;
    struct actor *listener = actor_join(&world, 0, SERIALIZER_JSON, "com.test");
    (void)actor_subscribe(listener, 1, "com.topic", "");
    struct fake *fake = fake_ask("POST", "/event", JSON, "{\"n\":1}");
    expect_answer(fake, 200, NULL);
    assert_true(fake_says(fake, "{\"id\":"));
    (void)expect(listener, "[36,\"*\",\"*\",\"*\",[{\"n\":1}]]");
    fake_free(fake);
    actor_free(listener);
}

static struct actor *slow_callee(void)
{
    struct actor *callee = actor_join(&world, 0, SERIALIZER_MSGPACK, "com.test");
    (void)actor_register(callee, 1, "com.slow", "");
    return callee;
}

static struct fake *asked_slowly(struct actor *callee, const char *path)
{
    struct fake *fake = fake_new("GET", path, "", STR_EMPTY);
    fake_start(fake);
    assert_false(fake->ended);
    assert_int_equal(pipeline_open_count(world_pipeline), 1);
    (void)expect(callee, "[68,\"*\",\"*\",\"*\"]");
    return fake;
}

static void a_service_answers_when_it_likes(void **state)
{
    (void)state;
    struct actor *callee = slow_callee();
    struct fake *fake = asked_slowly(callee, "/patient");
    say(callee, "[70,%llu,{},[{\"late\":true}]]", number_at(callee, 1));
    expect_answer(fake, 200, "{\"late\":true}");
    fake_free(fake);
    actor_free(callee);
}

static void a_client_that_leaves_cancels_its_call(void **state)
{
    (void)state;
    struct actor *callee = slow_callee();
    struct fake *fake = asked_slowly(callee, "/slow");
    unsigned long long invocation = number_at(callee, 1);
    fake_free(fake); /* the stream is gone, unanswered */
    assert_int_equal(pipeline_open_count(world_pipeline), 0);
    (void)expect(callee, "[69,%llu,\"*\"]", invocation);
    say(callee, "[70,%llu,{},[1]]", invocation); /* too late, and nobody minds */
    expect_silence(callee);
    actor_free(callee);
}

static void an_action_that_takes_too_long_is_a_504(void **state)
{
    (void)state;
    struct actor *callee = slow_callee();
    struct fake *fake = asked_slowly(callee, "/hasty");
    fake_wait(fake);
    expect_answer(fake, 504, NULL);
    (void)expect(callee, "[69,\"*\",\"*\"]");
    fake_free(fake);
    actor_free(callee);
}

static void a_service_that_is_lost_is_a_502(void **state)
{
    (void)state;
    struct actor *callee = slow_callee();
    struct fake *fake = asked_slowly(callee, "/slow");
    actor_lose(callee);
    expect_answer(fake, 502, NULL);
    fake_free(fake);
    actor_free(callee);
}

static void more_than_may_wait_are_refused(void **state)
{
    struct fake *fakes[5];
    (void)state;
    struct actor *callee = slow_callee();
    for (size_t i = 0; i < COUNT_OF(fakes); i++) {
        fakes[i] = fake_new("GET", "/slow", "", STR_EMPTY);
        fake_start(fakes[i]);
        assert_int_equal(fakes[i]->ended, i == 4);
    }
    expect_answer(fakes[4], 503, NULL);
    assert_true(fake_has(fakes[4], "retry-after: 1"));
    for (size_t i = 0; i < COUNT_OF(fakes); i++) {
        fake_free(fakes[i]);
    }
    actor_free(callee);
}

static void a_node_that_stops_answers_what_is_open_and_what_still_comes(void **state)
{
    (void)state;
    struct actor *callee = slow_callee();
    struct fake *fake = asked_slowly(callee, "/slow");
    pipeline_shutdown(world_pipeline);
    fake_wait(fake);
    expect_answer(fake, 503, NULL);
    assert_true(fake_has(fake, "connection: close"));
    fake_free(fake);
    answers("GET", "/static", "", "", 503, NULL);
    actor_free(callee);
}

static void routes_replaced_meanwhile_serve_who_uses_them(void **state)
{
    static const char *const others[] = {OTHER("tight", "com.tight"), NULL};
    (void)state;
    struct actor *callee = slow_callee();
    struct fake *fake = asked_slowly(callee, "/slow");
    world_specs = others;
    publish_specs();
    settle(&world);
    answers("GET", "/static", "", "", 404, NULL);
    say(callee, "[70,%llu,{},[\"still\"]]", number_at(callee, 1));
    expect_answer(fake, 200, "\"still\"");
    fake_free(fake);
    actor_free(callee);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_method_decides_the_status_of_a_result),
        TEST(what_was_made_has_its_location),
        TEST(an_error_has_the_status_of_the_first_who_says),
        TEST(an_error_of_which_the_spec_says_nothing_is_a_problem),
        TEST(a_procedure_that_nobody_serves_is_unavailable),
        TEST(options_runs_no_action),
        TEST(a_request_that_fits_no_route_is_refused),
        TEST(what_can_be_read_in_two_ways_is_refused),
        TEST(too_many_query_parameters_are_refused),
        TEST(a_body_that_cannot_be_read_is_refused_with_its_place),
        TEST(a_body_that_is_only_text_is_not_read),
        TEST(a_body_of_yaml_is_a_value),
        TEST(any_other_type_is_read_as_the_first),
        TEST(a_body_must_have_what_the_operation_requires),
        TEST(a_body_must_have_nothing_that_the_operation_does_not_take),
        TEST(a_problem_may_say_more),
        TEST(a_header_may_be_there_only_when_it_says_something),
        TEST(a_body_too_large_is_refused),
        TEST(a_body_that_stops_coming_is_given_up),
        TEST(a_body_that_comes_slowly_but_comes_is_taken),
        TEST(who_may_not_is_refused),
        TEST(a_header_cannot_split_the_answer),
        TEST(of_a_callees_headers_only_fit_ones_are_sent),
        TEST(a_template_that_fails_is_a_500_with_a_reason),
        TEST(the_client_chooses_the_form_of_the_body),
        TEST(the_language_is_negotiated),
        TEST(templates_see_the_request),
        TEST(an_answer_too_large_is_a_500),
        TEST(a_publication_has_an_id),
        TEST(a_service_answers_when_it_likes),
        TEST(a_client_that_leaves_cancels_its_call),
        TEST(an_action_that_takes_too_long_is_a_504),
        TEST(a_service_that_is_lost_is_a_502),
        TEST(more_than_may_wait_are_refused),
        TEST(a_node_that_stops_answers_what_is_open_and_what_still_comes),
        TEST(routes_replaced_meanwhile_serve_who_uses_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
