/* test_builder.c - publishing: compiled against all others, committed, served by every worker. */
#include "base/mem.h"
#include "builder/builder.h"
#include "loop/jobs.h"
#include "rbac/realm_record.h"
#include "rbac/security_file.h"
#include "spec/spec.h"

#include <jansson.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

enum { WORKERS = 2, ARENA_MAX = 16 << 20, PATIENCE_MS = 10000 };

static struct {
    char folder[64];
    struct store *store;
    struct workers *workers;
    struct jobs *jobs;
    struct snapshot_slot *routes;
    struct snapshot_slot *rbac;
    struct builder *builder;
    bool running;
} world;

static void open_world(void)
{
    struct err err = {0};
    world.store = store_open(STR("sqlite:"), str_of(world.folder), &err);
    assert_non_null(world.store);
    world.workers = workers_new(WORKERS, 1 << 20, &err);
    world.jobs = jobs_new(1, 16, &err);
    world.routes = snapshot_slot_new(world.workers, world.jobs);
    world.rbac = snapshot_slot_new(world.workers, world.jobs);
    world.builder = builder_new(&(struct builder_options){
        .store = world.store, .routes = world.routes, .rbac = world.rbac, .jobs = world.jobs});
    assert_true(builder_load(world.builder, &err));
}

static void make_realm(const char *uri)
{
    struct realm_mistake mistake = {0};
    struct err err = {0};
    json_t *realm = realm_record_open(str_of(uri));
    assert_true(security_file_apply(world.store, realm, NULL, STR("test"), NULL, &mistake, &err));
    json_decref(realm);
}

static void run_world(void)
{
    struct err err = {0};
    builder_build_first(world.builder);
    assert_true(store_start(world.store, &err) && builder_start(world.builder, &err) &&
                workers_start(world.workers, &err));
    world.running = true;
}

static void close_world(void)
{
    jobs_stop(world.jobs);
    builder_stop(world.builder);
    store_close(world.store);
    if (world.running) {
        workers_stop(world.workers);
    }
    builder_free(world.builder);
    snapshot_slot_free(world.routes);
    snapshot_slot_free(world.rbac);
    jobs_free(world.jobs);
    workers_free(world.workers);
    world.running = false;
}

static int start(void **state)
{
    (void)state;
    (void)snprintf(world.folder, sizeof(world.folder), "/tmp/postern-builder-XXXXXX");
    assert_non_null(mkdtemp(world.folder));
    open_world();
    make_realm("com.test");
    return 0;
}

static int stop(void **state)
{
    char command[128];
    (void)state;
    close_world();
    (void)snprintf(command, sizeof(command), "rm -r %s", world.folder);
    return system(command); /* NOLINT(concurrency-mt-unsafe) */
}

struct publication {
    struct publish_request request;
    struct post post;
    struct buf text;
    atomic_bool done;
    unsigned routes_seen; /* by the worker that is told, in that moment */
};

static unsigned routes_here(void)
{
    const struct snapshot *snapshot = snapshot_peek(world.routes);
    return (unsigned)route_table_count((const struct route_table *)(const void *)snapshot);
}

static void on_finish(struct publish_request *request)
{
    struct publication *p = CONTAINER_OF(request, struct publication, request);
    if (worker_self() != NULL) {
        p->routes_seen = routes_here();
    }
    atomic_store(&p->done, true);
}

static atomic_uint begun;

static void publish_here(struct post *post)
{
    struct publication *p = CONTAINER_OF(post, struct publication, post);
    builder_publish(world.builder, &p->request);
    (void)atomic_fetch_add(&begun, 1);
}

#define SPEC(id, realm, path)                                                                    \
    "{\"id\":\"" id "\",\"name\":\"n\",\"host\":\"_\",\"realm_uri\":\"" realm                    \
    "\",\"versions\":{\"1\":{\"base_path\":\"/\",\"paths\":{\"" path "\":{\"get\":{\"action\":{" \
    "\"type\":\"static\"},\"response\":{}}}}}}}"

static struct publication *made(const char *text, uint64_t expect, bool dry_run)
{
    struct publication *p = NEW(struct publication);
    arena_init(&p->request.arena, ARENA_MAX);
    p->request.text = str_of(text);
    p->request.author = STR("tester");
    p->request.comment = STR("why");
    p->request.expect = expect;
    p->request.dry_run = dry_run;
    p->request.finish = on_finish;
    p->post.fn = publish_here;
    return p;
}

static struct publication *begin(const char *text, uint64_t expect, bool dry_run)
{
    struct publication *p = made(text, expect, dry_run);
    if (world.running) {
        worker_post(workers_get(world.workers, 0), &p->post);
    } else {
        builder_publish_now(world.builder, &p->request);
    }
    return p;
}

static void wait_done(const struct publication *p)
{
    for (unsigned i = 0; i < PATIENCE_MS && !atomic_load(&p->done); i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_true(atomic_load(&p->done));
}

static void end(struct publication *p)
{
    publish_request_done(&p->request);
    mem_free(p);
}

static struct publication *published(const char *text)
{
    struct publication *p = begin(text, STORE_ANY_VERSION, false);
    wait_done(p);
    return p;
}

static void expect_published(const char *text, uint64_t version, bool changed)
{
    struct publication *p = published(text);
    assert_true(p->request.ok);
    assert_int_equal(p->request.item_count, 1);
    assert_int_equal(p->request.items[0].version, version);
    assert_int_equal(p->request.items[0].changed, changed);
    end(p);
}

static void expect_failed(struct publication *p, enum err_code code, const char *why)
{
    assert_false(p->request.ok);
    assert_int_equal(p->request.err.code, code);
    if (why != NULL) {
        assert_true(p->request.problems.errors > 0);
        struct str said = p->request.problems.items[0].text;
        if (memmem(said.ptr, said.len, why, strlen(why)) == NULL) {
            fail_msg("said " PRISTR ", expected %s", STRARG(said), why);
        }
    }
    end(p);
}

static void expect_refused(const char *text, enum err_code code, const char *why)
{
    expect_failed(published(text), code, why);
}

static void what_is_published_is_served_when_its_author_hears_of_it(void **state)
{
    (void)state;
    run_world();
    struct publication *p = published(SPEC("a", "com.test", "/a"));
    assert_true(p->request.ok);
    assert_int_equal(p->routes_seen, 1);
    assert_true(p->request.seq > 0);
    assert_true(str_eq(p->request.items[0].id, STR("a")));
    end(p);
    p = published(SPEC("b", "com.test", "/b"));
    assert_int_equal(p->routes_seen, 2);
    end(p);
}

static void the_same_again_changes_nothing(void **state)
{
    (void)state;
    run_world();
    expect_published(SPEC("a", "com.test", "/a"), 1, true);
    expect_published(SPEC("a", "com.test", "/a"), 1, false);
    expect_published(SPEC("a", "com.test", "/a") "\n\n", 1, false); /* but for its spelling */
    expect_published(SPEC("a", "com.test", "/b"), 2, true);
}

static void the_path_of_another_is_a_conflict(void **state)
{
    (void)state;
    run_world();
    expect_published(SPEC("a", "com.test", "/x"), 1, true);
    expect_refused(SPEC("b", "com.test", "/x"), ERR_CONFLICT, "/x");
    expect_published(SPEC("a", "com.test", "/y"), 2, true);
    expect_published(SPEC("b", "com.test", "/x"), 1, true); /* free by now */
}

static void a_realm_must_exist(void **state)
{
    (void)state;
    run_world();
    struct publication *p = published(SPEC("a", "com.tess", "/x"));
    assert_false(p->request.ok);
    assert_int_equal(p->request.err.code, ERR_INVALID);
    assert_true(str_eq(p->request.problems.items[0].nearest, STR("com.test")));
    assert_int_equal(p->request.problems.items[0].line, 1);
    assert_false(p->request.unreadable);
    end(p);
}

static void mistakes_change_nothing(void **state)
{
    (void)state;
    run_world();
    expect_published(SPEC("a", "com.test", "/a"), 1, true);
    expect_refused("{\"id\":\"a\"}", ERR_INVALID, "required");
    struct publication *p = published("{\"id\":");
    assert_true(p->request.unreadable);
    assert_int_equal(p->request.err.code, ERR_INVALID);
    end(p);
    expect_refused("[]", ERR_INVALID, NULL);
    expect_refused("17", ERR_INVALID, NULL);
    expect_published(SPEC("a", "com.test", "/a"), 1, false);
}

static void a_list_is_published_whole_or_not_at_all(void **state)
{
    (void)state;
    run_world();
    expect_refused("[" SPEC("a", "com.test", "/a") "," SPEC("b", "com.none", "/b") "]", ERR_INVALID,
                   "com.none");
    expect_refused("[" SPEC("a", "com.test", "/a") "," SPEC("a", "com.test", "/b") "]", ERR_INVALID,
                   "two specifications have the id a");
    expect_refused("[" SPEC("a", "com.test", "/a") "," SPEC("b", "com.test", "/a") "]",
                   ERR_CONFLICT, NULL);
    struct publication *p =
        published("[" SPEC("a", "com.test", "/a") "," SPEC("b", "com.test", "/b") "]");
    assert_true(p->request.ok);
    assert_int_equal(p->request.item_count, 2);
    assert_int_equal(p->routes_seen, 2);
    assert_int_equal(p->request.items[1].version, 1);
    end(p);
}

static void a_dry_run_stores_nothing(void **state)
{
    (void)state;
    run_world();
    struct publication *p = begin(SPEC("a", "com.test", "/a"), STORE_ANY_VERSION, true);
    wait_done(p);
    assert_true(p->request.ok);
    assert_true(p->request.items[0].changed);
    assert_int_equal(p->routes_seen, 0);
    end(p);
    expect_published(SPEC("a", "com.test", "/a"), 1, true);
}

static void a_dry_run_tells_what_differs_and_what_another_has(void **state)
{
    (void)state;
    run_world();
    expect_published(SPEC("a", "com.test", "/a"), 1, true);
    expect_published(SPEC("b", "com.test", "/b"), 1, true);
    struct publication *p = begin(SPEC("a", "com.test", "/other"), STORE_ANY_VERSION, true);
    wait_done(p);
    assert_true(p->request.ok);
    assert_int_equal(p->request.items[0].version, 1);
    assert_int_equal(json_array_size(p->request.items[0].differences), 2);
    end(p);
    p = begin(SPEC("a", "com.test", "/a"), STORE_ANY_VERSION, true);
    wait_done(p);
    assert_false(p->request.items[0].changed);
    assert_int_equal(json_array_size(p->request.items[0].differences), 0);
    end(p);
    p = begin(SPEC("a", "com.test", "/b"), STORE_ANY_VERSION, true);
    wait_done(p);
    assert_false(p->request.ok);
    assert_int_equal(p->request.err.code, ERR_CONFLICT);
    end(p);
    p = begin(SPEC("a", "com.test", "/c"), 7, true);
    wait_done(p);
    assert_false(p->request.ok);
    assert_int_equal(p->request.err.code, ERR_CONFLICT);
    end(p);
}

static atomic_bool released;

static void occupy(struct job *job)
{
    for (unsigned i = 0; i < PATIENCE_MS && !atomic_load(&released); i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    mem_free(job);
}

/* The pool has one thread, and that is kept busy meanwhile. */
static void a_publication_does_not_wait_for_dry_runs(void **state)
{
    struct publication *dry[12];
    struct job *busy = NEW(struct job);
    (void)state;
    run_world();
    busy->run = occupy;
    assert_true(jobs_submit(world.jobs, busy));
    for (size_t i = 0; i < COUNT_OF(dry); i++) {
        dry[i] = begin(SPEC("b", "com.test", "/b"), STORE_ANY_VERSION, true);
    }
    expect_published(SPEC("a", "com.test", "/a"), 1, true);
    for (size_t i = 0; i < COUNT_OF(dry); i++) {
        assert_false(atomic_load(&dry[i]->done));
    }
    atomic_store(&released, true);
    for (size_t i = 0; i < COUNT_OF(dry); i++) {
        wait_done(dry[i]);
        assert_true(dry[i]->request.ok);
        end(dry[i]);
    }
}

/* More than the pool's queue takes. */
static void too_many_dry_runs_are_refused(void **state)
{
    struct publication *dry[24];
    struct job *busy = NEW(struct job);
    size_t refused = 0;
    (void)state;
    run_world();
    atomic_store(&released, false);
    busy->run = occupy;
    assert_true(jobs_submit(world.jobs, busy));
    for (size_t i = 0; i < COUNT_OF(dry); i++) {
        dry[i] = begin(SPEC("b", "com.test", "/b"), STORE_ANY_VERSION, true);
    }
    expect_published(SPEC("a", "com.test", "/a"), 1, true);
    atomic_store(&released, true);
    for (size_t i = 0; i < COUNT_OF(dry); i++) {
        wait_done(dry[i]);
        refused += dry[i]->request.err.code == ERR_UNAVAILABLE;
        end(dry[i]);
    }
    assert_true(refused >= COUNT_OF(dry) - 16 - 1);
}

struct listing {
    struct catalog_request request;
    struct post post;
    atomic_bool done;
};

static void on_listed(struct catalog_request *request)
{
    atomic_store(&CONTAINER_OF(request, struct listing, request)->done, true);
}

static void list_here(struct post *post)
{
    builder_catalog(world.builder, &CONTAINER_OF(post, struct listing, post)->request);
}

/* The ids of a page, in its order, and what the page says of all. */
static void expect_page(struct store_page page, const char *ids, size_t total, const char *next)
{
    struct listing l = {.request = {.page = page, .finish = on_listed}, .post = {.fn = list_here}};
    char said[256] = "";
    worker_post(workers_get(world.workers, 0), &l.post);
    for (unsigned i = 0; i < PATIENCE_MS && !atomic_load(&l.done); i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    assert_true(atomic_load(&l.done));
    json_t *list = json_loadb(l.request.list.ptr, l.request.list.len, 0, NULL);
    assert_non_null(list);
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *one = json_array_get(list, i);
        (void)snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s ",
                       json_string_value(json_object_get(one, "id")));
        assert_string_equal(json_string_value(json_object_get(one, "author")), "tester");
        assert_true(json_integer_value(json_object_get(one, "version")) > 0);
        assert_true(json_integer_value(json_object_get(one, "ts")) > 0);
        const json_t *version = json_array_get(json_object_get(one, "versions"), 0);
        assert_int_equal(json_integer_value(json_object_get(version, "routes")), 1);
        assert_string_equal(json_string_value(json_object_get(version, "base_path")), "/");
    }
    assert_string_equal(said, ids);
    assert_int_equal(l.request.total, total);
    assert_true(str_eq(buf_str(&l.request.next), str_of(next)));
    json_decref(list);
    buf_done(&l.request.list);
    buf_done(&l.request.next);
}

static void what_is_published_is_listed_in_pages(void **state)
{
    (void)state;
    run_world();
    expect_page((struct store_page){0}, "", 0, "");
    expect_published(SPEC("b.two", "com.test", "/b"), 1, true);
    expect_published(SPEC("a.one", "com.test", "/a"), 1, true);
    expect_published(SPEC("c.one", "com.test", "/c"), 1, true);
    expect_page((struct store_page){0}, "a.one b.two c.one ", 3, "");
    expect_page((struct store_page){.descending = true}, "c.one b.two a.one ", 3, "");
    expect_page((struct store_page){.limit = 2}, "a.one b.two ", 3, "b.two");
    expect_page((struct store_page){.limit = 2, .after = STR("b.two")}, "c.one ", 3, "");
    expect_page((struct store_page){.limit = 1, .after = STR("b.two"), .descending = true},
                "a.one ", 3, "a.one");
    expect_page((struct store_page){.contains = STR("ONE")}, "a.one c.one ", 2, "");
    expect_page((struct store_page){.contains = STR("none")}, "", 0, "");
}

static void an_expectation_that_is_not_met_is_a_conflict(void **state)
{
    static const struct {
        uint64_t expect;
        bool met;
    } rows[] = {{1, false}, {0, true}, {0, false}, {1, true}, {1, false}, {2, true}};
    static const char *const texts[] = {SPEC("a", "com.test", "/a"), SPEC("a", "com.test", "/b")};
    (void)state;
    run_world();
    unsigned good = 0;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct publication *p = begin(texts[good % 2], rows[i].expect, false);
        wait_done(p);
        assert_int_equal(p->request.ok, rows[i].met);
        assert_int_equal(p->request.err.code, rows[i].met ? ERR_NONE : ERR_CONFLICT);
        good += rows[i].met;
        end(p);
    }
}

static void many_at_once_are_published_one_after_the_other(void **state)
{
    enum { MANY = 40 };
    struct publication *all[MANY];
    char texts[MANY][400];
    unsigned ok = 0;
    (void)state;
    run_world();
    for (unsigned i = 0; i < MANY; i++) { /* two each claim the same path */
        (void)snprintf(texts[i], sizeof(texts[i]), SPEC("s%u", "com.test", "/p%u"), i, i / 2);
        all[i] = begin(texts[i], STORE_ANY_VERSION, false);
    }
    for (unsigned i = 0; i < MANY; i++) {
        wait_done(all[i]);
        ok += all[i]->request.ok;
        assert_int_equal(all[i]->request.ok, i % 2 == 0);
        end(all[i]);
    }
    assert_int_equal(ok, MANY / 2);
}

static void what_was_published_is_there_after_a_restart(void **state)
{
    (void)state;
    run_world();
    expect_published(SPEC("a", "com.test", "/a"), 1, true);
    close_world();
    open_world();
    run_world();
    struct publication *p = published(SPEC("a", "com.test", "/a"));
    assert_false(p->request.items[0].changed);
    assert_int_equal(p->routes_seen, 1);
    end(p);
}

static void on_unchecked(struct store_request *request)
{
    (void)request;
}

/* As another node would have: nobody here has checked it. */
static void store_unchecked(const char *id, const char *text)
{
    const struct store_write write = {.kind = STR("api_spec"),
                                      .realm = STR(""),
                                      .key = str_of(id),
                                      .value = str_of(text),
                                      .expect = STORE_ANY_VERSION};
    struct store_request request = {
        .op = STORE_COMMIT, .writes = &write, .write_count = 1, .finish = on_unchecked};
    arena_init(&request.arena, ARENA_MAX);
    store_run(world.store, &request);
    assert_true(request.ok);
    arena_done(&request.arena);
}

static void what_claims_anothers_path_is_in_nobodys_way(void **state)
{
    (void)state;
    store_unchecked("b", SPEC("b", "com.test", "/x"));
    store_unchecked("c", SPEC("c", "com.test", "/x"));
    store_unchecked("d", SPEC("d", "com.test", "/d"));
    store_unchecked("e", SPEC("e", "com.test", "/x"));
    run_world();
    struct publication *p = published(SPEC("f", "com.test", "/f"));
    assert_true(p->request.ok);
    assert_int_equal(p->routes_seen, 3); /* b, d, f */
    end(p);
    expect_refused(SPEC("a", "com.test", "/x"), ERR_CONFLICT, "the API 'b'");
    expect_refused(SPEC("g", "com.test", "/d"), ERR_CONFLICT, "the API 'd'");
    /* Who has the path may go on with it, and who has not may come to another one. */
    expect_published(SPEC("b", "com.test", "/x"), 2, true); /* of another spelling by now */
    expect_published(SPEC("b", "com.test", "/y"), 3, true);
    p = published(SPEC("e", "com.test", "/e"));
    assert_int_equal(p->routes_seen, 5); /* b, c, d, e, f */
    end(p);
}

struct unchecked {
    struct store_request request;
    struct store_write write;
    struct post post;
    struct publication *behind_it;
    atomic_bool done;
};

static void on_raced(struct store_request *request)
{
    atomic_store(&CONTAINER_OF(request, struct unchecked, request)->done, true);
}

/* The other one's is in the store's queue when the publication comes to the builder. */
static void race(struct post *post)
{
    struct unchecked *other = CONTAINER_OF(post, struct unchecked, post);
    store_submit(world.store, &other->request);
    builder_publish(world.builder, &other->behind_it->request);
}

static void of_two_nodes_that_publish_at_once_one_is_refused(void **state)
{
    enum { ROUNDS = 40 };
    (void)state;
    run_world();
    for (unsigned i = 0; i < ROUNDS; i++) {
        char theirs[256];
        char ours[256];
        char why[32];
        char key[32];
        (void)snprintf(key, sizeof(key), "z%u", i);
        (void)snprintf(why, sizeof(why), "the API '%s'", key);
        (void)snprintf(theirs, sizeof(theirs), SPEC("z%u", "com.test", "/%u"), i, i);
        (void)snprintf(ours, sizeof(ours), SPEC("a%u", "com.test", "/%u"), i, i);
        struct publication *p = made(ours, STORE_ANY_VERSION, false);
        struct unchecked other = {
            .request = {.op = STORE_COMMIT, .write_count = 1, .finish = on_raced},
            .write = {.kind = STR("api_spec"),
                      .key = str_of(key),
                      .value = str_of(theirs),
                      .expect = STORE_ANY_VERSION},
            .post = {.fn = race},
            .behind_it = p,
        };
        arena_init(&other.request.arena, ARENA_MAX);
        other.request.writes = &other.write;
        worker_post(workers_get(world.workers, 0), &other.post);
        wait_done(p);
        expect_failed(p, ERR_CONFLICT, why);
        for (unsigned ms = 0; ms < PATIENCE_MS && !atomic_load(&other.done); ms++) {
            (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        }
        assert_true(other.request.ok);
        arena_done(&other.request.arena);
    }
}

static void files_are_published_before_the_threads_run(void **state)
{
    (void)state;
    expect_published(SPEC("a", "com.test", "/a"), 1, true);
    expect_published(SPEC("a", "com.test", "/a"), 1, false);
    expect_refused(SPEC("b", "com.test", "/a"), ERR_CONFLICT, NULL);
    make_realm("com.later");
    expect_published(SPEC("b", "com.later", "/b"), 1, true);
    run_world();
    struct publication *p = published(SPEC("c", "com.test", "/c"));
    assert_int_equal(p->routes_seen, 3);
    end(p);
}

struct wait {
    struct post post; /* to the worker, then from the builder */
    uint64_t seq;
    atomic_bool told;
};

static void on_told(struct post *post)
{
    atomic_store(&CONTAINER_OF(post, struct wait, post)->told, true);
}

static void wait_here(struct post *post)
{
    struct wait *wait = CONTAINER_OF(post, struct wait, post);
    post->fn = on_told;
    builder_wait(world.builder, wait->seq, post);
}

static void begin_wait(struct wait *wait, uint64_t seq)
{
    *wait = (struct wait){.post = {.fn = wait_here}, .seq = seq};
    worker_post(workers_get(world.workers, 1), &wait->post);
}

static bool told(const struct wait *wait)
{
    for (unsigned i = 0; i < PATIENCE_MS && !atomic_load(&wait->told); i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    return atomic_load(&wait->told);
}

static void who_waits_for_the_past_is_told_at_once_for_the_future_later(void **state)
{
    struct wait past;
    struct wait future;
    (void)state;
    run_world();
    begin_wait(&past, 1);
    assert_true(told(&past));
    begin_wait(&future, 1000000); /* told when the builder ends */
    expect_published(SPEC("a", "com.test", "/a"), 1, true);
    assert_false(atomic_load(&future.told));
    builder_stop(world.builder);
    assert_true(told(&future));
}

static void the_builder_ends_after_what_is_under_way(void **state)
{
    enum { MANY = 10 };
    struct publication *all[MANY];
    char texts[MANY][400];
    unsigned before = atomic_load(&begun);
    (void)state;
    run_world();
    for (unsigned i = 0; i < MANY; i++) {
        (void)snprintf(texts[i], sizeof(texts[i]), SPEC("s%u", "com.test", "/p%u"), i, i);
        all[i] = begin(texts[i], STORE_ANY_VERSION, false);
    }
    for (unsigned i = 0; i < PATIENCE_MS && atomic_load(&begun) < before + MANY; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    builder_stop(world.builder);
    for (unsigned i = 0; i < MANY; i++) {
        wait_done(all[i]);
        assert_true(all[i]->request.ok);
        end(all[i]);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, start, stop)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_published_is_served_when_its_author_hears_of_it),
        TEST(the_same_again_changes_nothing),
        TEST(the_path_of_another_is_a_conflict),
        TEST(a_realm_must_exist),
        TEST(mistakes_change_nothing),
        TEST(a_list_is_published_whole_or_not_at_all),
        TEST(a_dry_run_stores_nothing),
        TEST(a_dry_run_tells_what_differs_and_what_another_has),
        TEST(a_publication_does_not_wait_for_dry_runs),
        TEST(too_many_dry_runs_are_refused),
        TEST(what_is_published_is_listed_in_pages),
        TEST(an_expectation_that_is_not_met_is_a_conflict),
        TEST(many_at_once_are_published_one_after_the_other),
        TEST(what_was_published_is_there_after_a_restart),
        TEST(what_claims_anothers_path_is_in_nobodys_way),
        TEST(of_two_nodes_that_publish_at_once_one_is_refused),
        TEST(files_are_published_before_the_threads_run),
        TEST(who_waits_for_the_past_is_told_at_once_for_the_future_later),
        TEST(the_builder_ends_after_what_is_under_way),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
