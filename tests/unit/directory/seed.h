/* seed.h - a store that begins with a realm, as a security file would leave it. */
#ifndef POSTERN_TESTS_DIRECTORY_SEED_H
#define POSTERN_TESTS_DIRECTORY_SEED_H

#include "directory_helper.h"
#include "rbac/realm_record.h"

/* A realm object as in a security file. */
static inline void seed(struct world *world, const char *object)
{
    struct store_request request = {.op = STORE_COMMIT, .author = STR("seed")};
    struct realm_writes writes;
    struct realm_mistake mistake = {0};
    struct err err = {0};
    json_t *realm = json_of(object);
    world_refresh(world);
    const struct realm_options options = {.present = world->present, .quiet = true};
    arena_init(&request.arena, 256 << 20);
    if (!realm_record_parse(realm, &options, &request.arena, &writes, &mistake)) {
        fail_msg("%s: %s", object, mistake.text);
    }
    assert_true(realm_writes_hash(&writes, world->present, &request.arena, &err));
    request.writes = writes.writes;
    request.write_count = writes.count;
    store_run(world->store, &request);
    if (!request.ok) {
        fail_msg("%s", request.err.text);
    }
    arena_done(&request.arena);
    json_decref(realm);
    world_refresh(world);
}

/* What is written, to be compared with what is written later. */
static inline char *before(struct world *world)
{
    return world_dump(world);
}

static inline void assert_unchanged(struct world *world, char *then, const char *what)
{
    char *now = world_dump(world);
    if (strcmp(then, now) != 0) {
        fail_msg("%s has changed something:\n%s\nwas\n%s", what, now, then);
    }
    mem_free(now);
}

/* A call that must be refused so and leave everything as it was. */
struct bad {
    const char *args;
    const char *uri;
};

static inline void
assert_bad(struct world *world, const char *procedure, const struct bad *rows, size_t count)
{
    char *then = before(world);
    for (size_t i = 0; i < count; i++) {
        refused(world, procedure, rows[i].args, rows[i].uri);
        assert_true(strlen(world->call.error.text) > 0);
        assert_unchanged(world, then, rows[i].args);
    }
    mem_free(then);
}

#endif
