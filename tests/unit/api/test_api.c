/* test_api.c - the admin API: who may, what is where, what publishing answers. */
#include "../../support/fake_stream.h"
#include "access/access.h"
#include "api/admin_spec.h"
#include "api/api.h"
#include "api/proc.h"
#include "base/encode.h"
#include "builder/builder.h"
#include "metrics/metrics.h"
#include "pipeline/pipeline.h"
#include "rbac/security_file.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>

#define PASSWORD "open sesame"
#define NOBODY   ""

static struct {
    char folder[64];
    struct store *store;
    struct snapshot_slot *routes;
    struct snapshot_slot *admin_routes;
    struct builder *builder;
    struct procs *procs;
    struct access *access;
    struct pipeline *pipeline;
    struct api *api;
    bool ready;
} node;

static const char *admin; /* a header line */

static bool ready(void *ctx, const char **why)
{
    (void)ctx;
    *why = "the test says so";
    return node.ready;
}

static const char *basic(const char *credentials)
{
    static char line[256];
    struct buf text;
    buf_init(&text, sizeof(line) - 1);
    (void)buf_append(&text, STR("authorization: Basic "));
    (void)base64_encode(BASE64_STANDARD, str_of(credentials), &text);
    (void)snprintf(line, sizeof(line), PRISTR "\n", STRARG(buf_str(&text)));
    buf_done(&text);
    return line;
}

/* The administrator, as at a first start. */
static void seed(void)
{
    struct realm_mistake mistake;
    struct err err = {0};
    json_t *realm =
        json_loads("{\"uri\":\"com.leapsight.bondy\",\"authmethods\":[\"password\"],"
                   "\"groups\":[{\"name\":\"bondy.administrators\"}],"
                   "\"users\":[{\"username\":\"admin\",\"password\":\"" PASSWORD "\","
                   "\"groups\":[\"bondy.administrators\"]}],"
                   "\"sources\":[{\"usernames\":[\"admin\"],\"authmethod\":\"password\","
                   "\"cidr\":\"0.0.0.0/0\"}],"
                   "\"grants\":[{\"permissions\":[\"wamp.call\"],\"uri\":\"\",\"match\":\"prefix\","
                   "\"roles\":[\"bondy.administrators\"]}]}",
                   0, NULL);
    if (!security_file_apply(node.store, realm, false, STR("test"), NULL, &mistake, &err)) {
        fail_msg("%s", err.text);
    }
    json_decref(realm);
}

static void make_procedures(void)
{
    struct router_options options = world_limits();
    node.procs = procs_new(&(struct procs_options){.jobs = world.jobs,
                                                   .store = node.store,
                                                   .builder = node.builder,
                                                   .rbac = world.slot,
                                                   .node_name = STR("n1")});
    options.workers = world.workers;
    options.jobs = world.jobs;
    options.rbac = world.slot;
    options.builtins = procs_builtins(node.procs);
    world.router = router_new(&options);
}

static void make_api(void)
{
    struct err err = {0};
    node.access = access_new(&(struct access_options){
        .workers = world.workers, .rbac = world.slot, .auth = router_auth(world.router)});
    node.pipeline = pipeline_new(&(struct pipeline_options){.workers = world.workers,
                                                            .routes = node.admin_routes,
                                                            .rbac = world.slot,
                                                            .router = world.router,
                                                            .access = node.access,
                                                            .body_max = 4000,
                                                            .output_max = 1 << 20,
                                                            .body_timeout_ms = 30000});
    node.api = api_new(
        &(struct api_options){.pipeline = node.pipeline, .node_name = STR("n1"), .ready = ready});
    if (!admin_spec_publish(node.admin_routes, &err)) {
        fail_msg("%s", err.text);
    }
    fake_handler = api_handler();
    fake_ctx = node.api;
}

static int start(void **state)
{
    struct err err = {0};
    static char line[256];
    (void)state;
    (void)snprintf(line, sizeof(line), "%s", basic("admin:" PASSWORD));
    admin = line;
    (void)snprintf(node.folder, sizeof(node.folder), "/tmp/postern-api-XXXXXX");
    assert_non_null(mkdtemp(node.folder));
    node.ready = true;
    node.store = store_open(STR("sqlite:"), str_of(node.folder), &err);
    world.workers = workers_new(1, 1 << 20, &err);
    world.jobs = jobs_new(1, 16, &err);
    world.slot = snapshot_slot_new(world.workers, world.jobs);
    node.routes = snapshot_slot_new(world.workers, world.jobs);
    node.admin_routes = snapshot_slot_new(world.workers, world.jobs);
    node.builder = builder_new(
        &(struct builder_options){.store = node.store, .routes = node.routes, .rbac = world.slot});
    assert_true(builder_load(node.builder, &err));
    seed();
    make_procedures();
    make_api();
    builder_build_first(node.builder);
    assert_true(store_start(node.store, &err) && builder_start(node.builder, &err) &&
                workers_start(world.workers, &err));
    /* The fake front cannot hold a body back while a password is hashed: this is the first time. */
    answers("GET", "/api_specs", admin, "", 200, "[]");
    return 0;
}

static int stop(void **state)
{
    char command[128];
    (void)state;
    settle(&world);
    for (unsigned i = 0; i < FAKE_PATIENCE && procs_open_count(node.procs) > 0; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_int_equal(procs_open_count(node.procs), 0);
    jobs_stop(world.jobs);
    builder_stop(node.builder);
    store_close(node.store);
    workers_stop(world.workers);
    pipeline_free(node.pipeline);
    access_free(node.access);
    api_free(node.api);
    router_free(world.router);
    procs_free(node.procs);
    builder_free(node.builder);
    snapshot_slot_free(node.routes);
    snapshot_slot_free(node.admin_routes);
    snapshot_slot_free(world.slot);
    jobs_free(world.jobs);
    workers_free(world.workers);
    metrics_free();
    (void)snprintf(command, sizeof(command), "rm -r %s", node.folder);
    return system(command); /* NOLINT(concurrency-mt-unsafe) */
}

#define SPEC(id, realm, path)                                                                    \
    "{\"id\":\"" id "\",\"name\":\"n\",\"host\":\"_\",\"realm_uri\":\"" realm                    \
    "\",\"versions\":{\"1\":{\"base_path\":\"/\",\"paths\":{\"" path "\":{\"get\":{\"action\":{" \
    "\"type\":\"static\"},\"response\":{}}}}}}}"

static const char *with(const char *line)
{
    static char lines[512];
    (void)snprintf(lines, sizeof(lines), "%s%s\n", admin, line);
    return lines;
}

static void make_realm(void)
{
    answers("POST", "/realms", admin, "{\"uri\":\"com.test\"}", 201, NULL);
}

static void health_needs_no_identity(void **state)
{
    (void)state;
    answers("GET", "/ping", NOBODY, "", 204, "");
    answers("HEAD", "/ping", NOBODY, "", 204, "");
    answers("GET", "/ready", NOBODY, "", 204, "");
    answers("GET", "/version", NOBODY, "", 200, NULL);
    answers("GET", "/metrics", NOBODY, "", 200, NULL);
    node.ready = false;
    struct fake *fake = fake_ask("GET", "/ready", NOBODY, "");
    expect_answer(fake, 503, NULL);
    assert_true(fake_says(fake, "the test says so"));
    fake_free(fake);
}

static void only_the_administrator_is_let_in(void **state)
{
    static const char *const lines[] = {"", "authorization: Basic\n", "authorization: Basic ***\n",
                                        "authorization: Bearer abc\n",
                                        "authorization: Basic Og==\n"};
    (void)state;
    answers("GET", "/api_specs", admin, "", 200, "[]");
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct fake *fake = fake_ask("GET", "/realms", lines[i], "");
        expect_answer(fake, 401, NULL);
        assert_non_null(
            memmem(fake->headers.ptr, fake->headers.len, "www-authenticate: Basic ", 24));
        assert_false(fake_says(fake, PASSWORD));
        fake_free(fake);
    }
    answers("GET", "/api_specs", basic("admin:wrong"), "", 401, NULL);
    answers("GET", "/api_specs", basic("admin:"), "", 401, NULL);
    answers("GET", "/api_specs", admin, "", 200, "[]");
}

static void a_page_of_another_site_is_refused(void **state)
{
    (void)state;
    answers("GET", "/api_specs", with("host: a:1\norigin: http://a:1"), "", 200, NULL);
    answers("GET", "/api_specs", with("host: a:1\norigin: http://b:1"), "", 403, NULL);
    answers("GET", "/api_specs", with("host: a:1\norigin: null"), "", 403, NULL);
    answers("GET", "/api_specs", with("host: a:1\norigin: x/"), "", 403, NULL);
    answers("GET", "/api_specs", with("sec-fetch-site: cross-site"), "", 403, NULL);
}

static void a_path_or_method_that_is_not_there_is_said(void **state)
{
    (void)state;
    answers("GET", "/nothing", admin, "", 404, NULL);
    answers("GET", "/", admin, "", 404, NULL);
    answers("GET", "/api_specs/a/b/c", admin, "", 404, NULL);
    answers("GET", "/api_specs//info", admin, "", 404, NULL);
    answers("GET", "/a/../ping", admin, "", 400, NULL);
    struct fake *fake = fake_ask("PUT", "/api_specs", admin, "");
    expect_answer(fake, 405, NULL);
    assert_true(fake_has(fake, "allow: GET, POST, OPTIONS"));
    fake_free(fake);
    answers("GET", "/v1.0/api_specs/", admin, "", 200, "[]"); /* as Bondy spells it, too */
}

static void a_body_too_large_is_refused(void **state)
{
    char *large = mem_calloc(1, 4002);
    (void)state;
    memset(large, ' ', 4001);
    struct fake *fake = fake_new("POST", "/api_specs", admin, str_of(large));
    fake->body = STR_EMPTY;
    fake->half = true;
    fake_start(fake);
    expect_answer(fake, 413, NULL);
    fake_free(fake);
    char lines[512];
    (void)snprintf(lines, sizeof(lines), "%schunked\n", admin);
    fake = fake_ask("POST", "/api_specs", lines, large);
    expect_answer(fake, 413, NULL);
    fake_free(fake);
    mem_free(large);
}

static void a_client_that_leaves_leaves_nothing_behind(void **state)
{
    (void)state;
    make_realm();
    for (unsigned i = 0; i < 20; i++) { /* while hashing, storing, building or not at all */
        struct fake *fake = fake_new("POST", "/api_specs", i % 2 == 0 ? admin : basic("admin:no"),
                                     STR(SPEC("a", "com.test", "/a")));
        on_worker(&world, 0, fake_start_here, fake);
        (void)nanosleep(&(struct timespec){.tv_nsec = (long)(i % 5) * 300000}, NULL);
        fake_free(fake);
    }
}

static void a_node_that_stops_refuses_what_changes_something(void **state)
{
    (void)state;
    pipeline_shutdown(node.pipeline);
    settle(&world);
    struct fake *fake = fake_ask("GET", "/api_specs", admin, "");
    expect_answer(fake, 503, NULL);
    assert_true(fake_has(fake, "connection: close"));
    fake_free(fake);
    answers("GET", "/ping", NOBODY, "", 204, "");
}

static void publishing_answers_what_has_become_of_it(void **state)
{
    (void)state;
    make_realm();
    answers("POST", "/api_specs", admin, SPEC("a", "com.test", "/a"), 200,
            "{\"id\":\"a\",\"version\":1,\"changed\":true,\"nodes\":[\"n1\"],\"warnings\":[]}");
    answers("POST", "/services/load_api_spec", admin, SPEC("a", "com.test", "/a"), 200,
            "{\"id\":\"a\",\"version\":1,\"changed\":false,\"nodes\":[\"n1\"],\"warnings\":[]}");
    answers("POST", "/api_specs", admin,
            "[" SPEC("a", "com.test", "/b") "," SPEC("b", "com.test", "/c") "]", 200,
            "[{\"id\":\"a\",\"version\":2,\"changed\":true,\"nodes\":[\"n1\"],\"warnings\":[]},"
            "{\"id\":\"b\",\"version\":1,\"changed\":true,\"nodes\":[\"n1\"]}]");
    answers("POST", "/api_specs?dry_run=true", admin, SPEC("a", "com.test", "/z"), 200, NULL);
    struct fake *fake = fake_ask("GET", "/api_specs/a", admin, "");
    expect_answer(fake, 200, NULL);
    assert_true(fake_has(fake, "etag: \"2\""));
    fake_free(fake);
}

static void a_refusal_has_the_status_of_its_kind(void **state)
{
    (void)state;
    make_realm();
    answers("POST", "/api_specs", admin, "", 400, NULL);
    answers("POST", "/api_specs", admin, "{\"id\":", 400, NULL);
    answers("POST", "/api_specs", admin, "17", 422, NULL);
    answers("POST", "/api_specs", admin, SPEC("a", "com.none", "/a"), 422, NULL);
    /* one mistake alone, at the root */
    struct fake *fake = fake_ask("POST", "/api_specs", admin,
                                 "{\"id\":\"a\",\"name\":\"n\",\"host\":\"_\",\"realm_uri\":"
                                 "\"com.test\"}");
    expect_answer(fake, 422, NULL);
    assert_true(fake_says(fake, "\"errors\":[{\"severity\":\"error\",\"line\":1,\"column\":1,"));
    fake_free(fake);
    answers("POST", "/api_specs", admin, SPEC("a", "com.test", "/a"), 200, NULL);
    answers("POST", "/api_specs", admin, SPEC("b", "com.test", "/a"), 409, NULL);
    answers("POST", "/api_specs", with("if-match: \"7\""), SPEC("a", "com.test", "/b"), 412, NULL);
    answers("POST", "/api_specs", with("if-match: seven"), SPEC("a", "com.test", "/b"), 400, NULL);
    answers("POST", "/api_specs", with("if-match: \"1\""), SPEC("a", "com.test", "/b"), 200, NULL);
}

static void versions_are_kept_and_can_be_published_again(void **state)
{
    (void)state;
    make_realm();
    answers("POST", "/api_specs?comment=first%20one", admin, SPEC("a", "com.test", "/a"), 200,
            NULL);
    answers("POST", "/api_specs", admin, SPEC("a", "com.test", "/b"), 200, NULL);
    struct fake *fake = fake_ask("GET", "/api_specs/a/versions", admin, "");
    expect_answer(fake, 200, NULL);
    assert_true(fake_says(fake, "\"comment\":\"first one\""));
    fake_free(fake);
    answers("POST", "/api_specs/a/rollback", admin, "{\"version\":1}", 200, NULL);
    fake = fake_ask("GET", "/api_specs/a", admin, "");
    assert_true(fake_says(fake, "\"/a\"") && fake_has(fake, "etag: \"3\""));
    fake_free(fake);
    fake = fake_ask("GET", "/api_specs/a?version=2", admin, "");
    assert_true(fake_says(fake, "\"/b\""));
    fake_free(fake);
    answers("GET", "/api_specs/a?version=9", admin, "", 404, NULL);
    answers("GET", "/api_specs/a?version=x", admin, "", 400, NULL);
    answers("POST", "/api_specs/a/rollback", admin, "{\"version\":9}", 404, NULL);
    answers("POST", "/api_specs/a/rollback", admin, "{\"version\":\"1\"}", 400, NULL);
    answers("POST", "/api_specs/a/rollback", admin, "", 400, NULL);
}

static void what_is_deleted_is_gone_and_its_path_free(void **state)
{
    (void)state;
    make_realm();
    answers("POST", "/api_specs", admin, SPEC("a", "com.test", "/a"), 200, NULL);
    answers("DELETE", "/api_specs/a", with("if-match: \"2\""), "", 412, NULL);
    answers("DELETE", "/api_specs/a", admin, "", 204, "");
    answers("GET", "/api_specs/a", admin, "", 404, NULL);
    answers("GET", "/api_specs/a/info", admin, "", 404, NULL);
    answers("GET", "/api_specs/a?version=2", admin, "", 404, NULL);
    answers("DELETE", "/api_specs/a", admin, "", 404, NULL);
    answers("GET", "/api_specs", admin, "", 200, "[]");
    answers("POST", "/api_specs", admin, SPEC("b", "com.test", "/a"), 200, NULL);
    struct fake *fake = fake_ask("GET", "/api_specs/b/info", admin, "");
    expect_answer(fake, 200, NULL);
    assert_true(fake_says(fake, "\"realm_uri\":\"com.test\"") && !fake_says(fake, "versions"));
    fake_free(fake);
}

static void realms_are_created_listed_and_found(void **state)
{
    (void)state;
    struct fake *fake = fake_ask("POST", "/realms", admin, "{\"uri\":\"com.test\"}");
    expect_answer(fake, 201, NULL);
    assert_true(fake_has(fake, "location: /realms/com.test"));
    fake_free(fake);
    answers("POST", "/realms", admin, "{\"uri\":\"com.test\"}", 409, NULL);
    answers("POST", "/realms", admin, "{\"uri\":17}", 400, NULL);
    answers("POST", "/realms", admin, "{", 400, NULL);
    answers("POST", "/realms", admin, "", 400, NULL);
    answers("POST", "/realms", with("content-type: application/yaml"), "uri: com.yaml\n", 201,
            NULL);
    answers("GET", "/realms/com.test", admin, "", 200, NULL);
    answers("GET", "/realms/com.none", admin, "", 404, NULL);
    fake = fake_ask("GET", "/realms", admin, "");
    assert_true(fake_says(fake, "com.test") && fake_says(fake, "com.yaml"));
    fake_free(fake);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(health_needs_no_identity),
        TEST(only_the_administrator_is_let_in),
        TEST(a_page_of_another_site_is_refused),
        TEST(a_path_or_method_that_is_not_there_is_said),
        TEST(a_body_too_large_is_refused),
        TEST(a_client_that_leaves_leaves_nothing_behind),
        TEST(a_node_that_stops_refuses_what_changes_something),
        TEST(publishing_answers_what_has_become_of_it),
        TEST(a_refusal_has_the_status_of_its_kind),
        TEST(versions_are_kept_and_can_be_published_again),
        TEST(what_is_deleted_is_gone_and_its_path_free),
        TEST(realms_are_created_listed_and_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
