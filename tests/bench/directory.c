/* directory.c - operations on a large realm: bench_directory [USERS].
 *
 * Prints a line of JSON a figure: how long the store is held up, in milliseconds, by the deletion
 * of a group that some of the realm's users are in, and of the realm. The store is a file in a
 * directory of its own in /tmp. */
#include "directory/directory.h"

#include "base/clock.h"
#include "base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GROUPS = 40, BATCH = 20000, MANY = 10000, VALUE_SIZE = 640 };

#define REALM STR("com.example.large")

struct bench {
    struct store_request store;
    struct directory_call call;
};

static void fail(const char *what, const char *why)
{
    (void)fprintf(stderr, "bench_directory: %s: %s\n", what, why);
    exit(1);
}

static bool work(struct store_view *view, struct store_request *store)
{
    struct bench *bench = CONTAINER_OF(store, struct bench, store);
    return directory_run(&bench->call, view);
}

static const struct directory_operation *find(const char *procedure)
{
    for (size_t i = 0; directory_operations[i] != NULL; i++) {
        for (const struct directory_operation *o = directory_operations[i]; o->run != NULL; o++) {
            if (str_eq(o->procedure, str_of(procedure))) {
                return o;
            }
        }
    }
    fail(procedure, "no such operation");
    return NULL;
}

static void measure(struct store *store, const char *name, const char *procedure, const char *args)
{
    struct bench bench = {.store = {.op = STORE_WORK, .work = work, .author = STR("bench")}};
    json_t *list = json_loads(args, 0, NULL);
    json_t *force = json_pack("{s:b}", "force", true);
    arena_init(&bench.store.arena, 512 << 20);
    bench.call = (struct directory_call){.operation = find(procedure),
                                         .realm = REALM,
                                         .args = list,
                                         .kwargs = force,
                                         .caller_realm = MASTER_REALM,
                                         .arena = &bench.store.arena};
    (void)directory_read_options(&bench.call);
    uint64_t start = clock_mono_ns();
    store_run(store, &bench.store);
    double took = (double)(clock_mono_ns() - start) / 1e6;
    if (!bench.store.ok) {
        fail(procedure,
             bench.call.error.uri.len > 0 ? bench.call.error.text : bench.store.err.text);
    }
    (void)printf("{\"name\": \"%s\", \"ms\": %.3f, \"records\": %zu}\n", name, took,
                 bench.store.record_count);
    arena_done(&bench.store.arena);
    json_decref(force);
    json_decref(list);
}

static void
commit(struct store *store, struct store_request *request, struct store_write *writes, size_t count)
{
    request->op = STORE_COMMIT;
    request->author = STR("bench");
    request->writes = writes;
    request->write_count = count;
    store_run(store, request);
    if (!request->ok) {
        fail("fill", request->err.text);
    }
    arena_done(&request->arena);
}

static struct store_write
line(struct arena *arena, const char *kind, struct str realm, const char *key, const char *value)
{
    return (struct store_write){.kind = str_of(kind),
                                .realm = realm,
                                .key = arena_str(arena, str_of(key)),
                                .value = arena_str(arena, str_of(value)),
                                .expect = STORE_ANY_VERSION};
}

static void fill_groups(struct store *store)
{
    static struct store_write writes[GROUPS + 2];
    struct store_request request = {0};
    arena_init(&request.arena, 64 << 20);
    size_t count = 0;
    writes[count++] = line(&request.arena, "realm", STR_EMPTY, "com.example.large",
                           "{\"uri\":\"com.example.large\"}");
    writes[count++] = line(&request.arena, "group", REALM, "many", "{\"name\":\"many\"}");
    for (unsigned i = 0; i < GROUPS; i++) {
        char key[32];
        char value[64];
        (void)snprintf(key, sizeof(key), "group%u", i);
        (void)snprintf(value, sizeof(value), "{\"name\":\"%s\"}", key);
        writes[count++] = line(&request.arena, "group", REALM, key, value);
    }
    commit(store, &request, writes, count);
}

/* As they are with a password; one in 5000 is in group0, the first MANY are in "many". */
static void fill_users(struct store *store, unsigned users)
{
    static struct store_write writes[BATCH];
    for (unsigned first = 0; first < users; first += BATCH) {
        struct store_request request = {0};
        unsigned count = users - first < BATCH ? users - first : BATCH;
        arena_init(&request.arena, 256 << 20);
        for (unsigned i = 0; i < count; i++) {
            char key[32];
            char value[VALUE_SIZE];
            (void)snprintf(key, sizeof(key), "user%07u", first + i);
            (void)snprintf(
                value, sizeof(value),
                "{\"credential\":\"{\\\"hash_function\\\":\\\"sha256\\\",\\\"iterations\\\":10000,"
                "\\\"kdf\\\":\\\"pbkdf2\\\",\\\"protocol\\\":\\\"cra\\\",\\\"salt\\\":"
                "\\\"c29tZXNhbHRzb21lc2FsdA==\\\",\\\"salted_password\\\":"
                "\\\"MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\\\"}\",\"enabled\":true,"
                "\"groups\":[\"%s\",\"group%u\"],\"meta\":{\"mail\":\"%s@example.com\"},"
                "\"username\":\"%s\"}",
                first + i < MANY ? "many" : "group1",
                (first + i) % 5000 == 0 ? 0 : 1 + (first + i) % (GROUPS - 1), key, key);
            writes[i] = line(&request.arena, "user", REALM, key, value);
        }
        commit(store, &request, writes, count);
    }
}

int main(int argc, char **argv)
{
    unsigned users = argc > 1 ? (unsigned)strtoul(argv[1], NULL, 10) : 100000;
    char dir[] = "/tmp/postern-bench-XXXXXX";
    char path[64];
    struct err err = {0};
    if (mkdtemp(dir) == NULL) {
        fail("mkdtemp", dir);
    }
    struct store *store = store_open(STR("sqlite:"), str_of(dir), &err);
    if (store == NULL) {
        fail("store", err.text);
    }
    fill_groups(store);
    fill_users(store, users);
    measure(store, "delete a group of 1 in 5,000", "bondy.group.delete", "[\"group0\"]");
    measure(store, "delete a group of 1 in 39", "bondy.group.delete", "[\"group7\"]");
    measure(store, "delete a group of 10,000", "bondy.group.delete", "[\"many\"]");
    measure(store, "delete the realm", "bondy.realm.delete", "[\"com.example.large\"]");
    store_close(store);
    static const char *const files[] = {"postern.db", "postern.db-wal", "postern.db-shm",
                                        "postern.db-lock"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        (void)snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
    return 0;
}
