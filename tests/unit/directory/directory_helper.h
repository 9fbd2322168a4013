/* directory_helper.h - operations of the directory on a store of their own, called as the
 * procedures call them, with the snapshot that the store's watcher keeps. */
#ifndef POSTERN_TESTS_DIRECTORY_HELPER_H
#define POSTERN_TESTS_DIRECTORY_HELPER_H

#include "base/buf.h"
#include "base/log.h"
#include "base/mem.h"
#include "directory/directory.h"
#include "rbac/rbac_builder.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define REALM "com.example.people"
#define FEW   "'password_opts': {'params': {'iterations': 4096}}"

struct world {
    char dir[64];
    struct store *store;
    struct rbac_builder *builder;
    struct str caller_realm;
    bool stale;  /* the snapshot stays as it is: the workers have not swapped yet */
    size_t room; /* of a call; 0: as much as procedures have */
    struct rbac *present;
    /* The last call's. */
    struct store_request request; /* all that it has made is in its arena */
    struct directory_call call;
    struct str error; /* its URI; "": none */
    size_t written;
    const struct directory_guesses *guesses; /* NULL: nobody counts */
};

static inline void on_commit(void *ctx, uint64_t seq, const struct store_record *records, size_t n)
{
    struct world *world = ctx;
    (void)seq;
    for (size_t i = 0; i < n; i++) {
        (void)rbac_builder_apply(world->builder, &records[i]);
    }
}

static inline int world_setup(void **state)
{
    struct world *world = NEW(struct world);
    struct err err = {0};
    log_setup(LOG_LEVEL_WARN, LOG_FORMAT_TEXT);
    (void)snprintf(world->dir, sizeof(world->dir), "/tmp/postern-directory-XXXXXX");
    assert_non_null(mkdtemp(world->dir));
    world->store = store_open(STR("sqlite:"), str_of(world->dir), &err);
    if (world->store == NULL) {
        fail_msg("%s", err.text);
    }
    world->builder = rbac_builder_new();
    store_watch(world->store, on_commit, world);
    world->caller_realm = MASTER_REALM;
    arena_init(&world->request.arena, 256 << 20);
    world->present = rbac_builder_build(world->builder, 1);
    *state = world;
    return 0;
}

static inline int world_teardown(void **state)
{
    struct world *world = *state;
    store_close(world->store);
    snapshot_unref((struct snapshot *)(void *)world->present);
    rbac_builder_free(world->builder);
    arena_done(&world->request.arena);
    DIR *dir = opendir(world->dir);
    assert_non_null(dir);
    for (struct dirent *entry;
         (entry = readdir(dir)) != NULL;) { /* NOLINT(concurrency-mt-unsafe) */
        (void)unlinkat(dirfd(dir), entry->d_name, 0);
    }
    (void)closedir(dir);
    assert_int_equal(rmdir(world->dir), 0);
    mem_free(world);
    return 0;
}

/* JSON with ' for ", to be readable in C. */
static inline json_t *json_of(const char *text)
{
    char *copy = str_dup(str_of(text));
    for (char *at = copy; *at != '\0'; at++) {
        *at = *at == '\'' ? '"' : *at;
    }
    json_error_t error;
    json_t *value = json_loads(copy, JSON_DECODE_ANY, &error);
    if (value == NULL) {
        fail_msg("line %d: %s in %s", error.line, error.text, text);
    }
    mem_free(copy);
    return value;
}

static inline const struct directory_operation *operation_of(const char *procedure)
{
    for (size_t i = 0; directory_operations[i] != NULL; i++) {
        for (const struct directory_operation *o = directory_operations[i]; o->run != NULL; o++) {
            if (str_eq(o->procedure, str_of(procedure))) {
                return o;
            }
        }
    }
    fail_msg("no procedure %s", procedure);
    return NULL;
}

static inline bool world_work(struct store_view *view, struct store_request *store)
{
    return directory_run(&CONTAINER_OF(store, struct world, request)->call, view);
}

static inline void release_json(void *value)
{
    json_decref(value);
}

static inline json_t *keep_json(struct world *world, json_t *value)
{
    arena_defer(&world->request.arena, release_json, value);
    return value;
}

static inline void world_refresh(struct world *world)
{
    snapshot_unref((struct snapshot *)(void *)world->present);
    world->present = rbac_builder_build(world->builder, 1);
}

/* Prepares and runs. True: it has been done; the answer is in world->call. */
static inline bool world_run(
    struct world *world, const char *procedure, const char *realm, json_t *args, json_t *kwargs)
{
    struct arena *arena = &world->request.arena;
    arena_done(arena);
    world->request =
        (struct store_request){.op = STORE_WORK, .work = world_work, .author = STR("tester")};
    arena_init(arena, world->room == 0 ? 256 << 20 : world->room);
    if (!world->stale) {
        world_refresh(world);
    }
    world->call = (struct directory_call){
        .operation = operation_of(procedure),
        .realm = realm == NULL ? STR_EMPTY : arena_str(arena, str_of(realm)),
        .args = keep_json(world, args),
        .kwargs = kwargs == NULL ? NULL : keep_json(world, kwargs),
        .caller = {.authid = STR("tester")},
        .caller_realm = world->caller_realm,
        .present = world->present,
        .guesses = world->guesses,
        .arena = arena};
    size_t count = json_array_size(args);
    if (world->call.operation == NULL) {
        return false; /* said by operation_of */
    }
    assert_true(count >= world->call.operation->args_min &&
                count <= world->call.operation->args_max);
    bool ok =
        directory_read_options(&world->call) &&
        (world->call.operation->prepare == NULL || world->call.operation->prepare(&world->call));
    if (ok) {
        store_run(world->store, &world->request);
        ok = world->request.ok;
        world->written = world->request.record_count;
        if (!ok && world->call.error.uri.len == 0 && world->room == 0) {
            fail_msg("%s: the store says: %s", procedure, world->request.err.text);
        }
    }
    world->error = ok ? STR_EMPTY : world->call.error.uri;
    return ok;
}

/* `args` and `kwargs` as texts; without the realm among them. */
static inline bool world_call(struct world *world,
                              const char *procedure,
                              const char *realm,
                              const char *args,
                              const char *kwargs)
{
    return world_run(world, procedure, realm, json_of(args),
                     kwargs == NULL ? NULL : json_of(kwargs));
}

/* In REALM, and it must go well. */
static inline const json_t *done(struct world *world, const char *procedure, const char *args)
{
    if (!world_call(world, procedure, REALM, args, NULL)) {
        fail_msg("%s %s: %.*s: %s", procedure, args, (int)world->error.len, world->error.ptr,
                 world->call.error.text);
    }
    return world->call.result;
}

/* In REALM, and it must be refused so. */
static inline void
refused(struct world *world, const char *procedure, const char *args, const char *uri)
{
    if (world_call(world, procedure, REALM, args, NULL)) {
        fail_msg("%s %s was done", procedure, args);
    }
    if (!str_eq(world->error, str_of(uri))) {
        fail_msg("%s %s: %.*s: %s", procedure, args, (int)world->error.len, world->error.ptr,
                 world->call.error.text);
    }
}

static inline void create_realm(struct world *world, const char *object)
{
    if (!world_call(world, "bondy.realm.create", NULL, object, NULL)) {
        fail_msg("%.*s: %s", (int)world->error.len, world->error.ptr, world->call.error.text);
    }
}

/* The result, or what is in it, is equal to the text. */
static inline void assert_result(const struct world *world, const char *expected)
{
    json_t *value = json_of(expected);
    if (!json_equal(world->call.result, value)) {
        char *text = json_dumps(world->call.result, JSON_SORT_KEYS | JSON_ENCODE_ANY);
        fail_msg("%s instead of %s", text, expected);
    }
    json_decref(value);
}

static inline void assert_member(const json_t *object, const char *key, const char *expected)
{
    json_t *value = json_of(expected);
    if (!json_equal(json_object_get(object, key), value)) {
        char *text = json_dumps(object, JSON_SORT_KEYS);
        fail_msg("\"%s\" of %s is not %s", key, text, expected);
    }
    json_decref(value);
}

static inline void event_text(const struct directory_event *event, char *out, size_t size)
{
    char *args = json_dumps(event->args, JSON_COMPACT);
    (void)snprintf(out, size, "%.*s %.*s %s", (int)event->realm.len, event->realm.ptr,
                   (int)event->topic.len, event->topic.ptr, args);
    free(args);
}

/* Of the last call: `count` events, each as "realm topic args". */
static inline void assert_events(const struct world *world, size_t count, const char *const *events)
{
    assert_int_equal(world->call.event_count, count);
    for (size_t i = 0; i < count; i++) {
        char text[512];
        event_text(&world->call.events[i], text, sizeof(text));
        assert_string_equal(text, events[i]);
    }
}
#define ASSERT_EVENTS(world, ...)                             \
    do {                                                      \
        const char *const expected_[] = {__VA_ARGS__};        \
        assert_events(world, COUNT_OF(expected_), expected_); \
    } while (0)

/* The realm that tests of users begin with. */
static inline void people(struct world *world)
{
    create_realm(world, "[{'uri': '" REALM "', " FEW ", 'groups': [{'name': 'staff'},"
                        " {'name': 'chiefs', 'groups': ['staff']}]}]");
}

struct dump {
    struct buf text;
};

static inline void
dump_records(void *ctx, uint64_t seq, const struct store_record *records, size_t n)
{
    struct dump *dump = ctx;
    (void)seq;
    for (size_t i = 0; i < n; i++) {
        (void)buf_printf(&dump->text, PRISTR " " PRISTR " " PRISTR " %llu " PRISTR "\n",
                         STRARG(records[i].kind), STRARG(records[i].realm), STRARG(records[i].key),
                         (unsigned long long)records[i].version, STRARG(records[i].value));
    }
}

/* Every present record: mem_free. */
static inline char *world_dump(struct world *world)
{
    struct dump dump;
    struct err err = {0};
    buf_init(&dump.text, 64 << 20);
    assert_true(store_load(world->store, dump_records, &dump, &err));
    char *text = str_dup(buf_str(&dump.text));
    buf_done(&dump.text);
    return text;
}

/* The value of one record, or NULL; json_decref. */
static inline json_t *
stored(struct world *world, const char *kind, const char *realm, const char *key)
{
    struct store_request request = {
        .op = STORE_GET, .kind = str_of(kind), .realm = str_of(realm), .key = str_of(key)};
    arena_init(&request.arena, 1 << 20);
    store_run(world->store, &request);
    json_t *value =
        !request.ok || request.record_count == 0 || request.records[0].deleted
            ? NULL
            : json_loadb(request.records[0].value.ptr, request.records[0].value.len, 0, NULL);
    arena_done(&request.arena);
    return value;
}

static inline bool
is_stored(struct world *world, const char *kind, const char *realm, const char *key)
{
    json_t *value = stored(world, kind, realm, key);
    json_decref(value);
    return value != NULL;
}

#endif
