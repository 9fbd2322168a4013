/* rbac_world.h - one realm, com.x, with the grants that a test is about. */
#ifndef POSTERN_TESTS_RBAC_WORLD_H
#define POSTERN_TESTS_RBAC_WORLD_H

#include "base/buf.h"
#include "rbac_helper.h"

struct world {
    struct rbac_builder *builder;
    struct rbac *rbac;
    const struct rbac_realm *realm;
};

static inline struct world world_of(const char *grants)
{
    struct world world = {.builder = rbac_builder_new()};
    struct buf text;
    buf_init(&text, 1 << 20);
    (void)buf_printf(&text,
                     "{'uri': 'com.x', 'authmethods': ['anonymous'], 'grants': %s,"
                     " 'users': [{'username': 'ann'}],"
                     " 'groups': [{'name': 'staff'}, {'name': 'ops'}]}",
                     grants);
    (void)buf_byte(&text, '\0');
    apply_realm_text(world.builder, text.ptr);
    buf_done(&text);
    world.rbac = rbac_builder_build(world.builder, 1);
    world.realm = rbac_realm_find(world.rbac, STR("com.x"));
    assert_non_null(world.realm);
    return world;
}

static inline void world_done(struct world *world)
{
    rbac_unref(world->rbac);
    rbac_builder_free(world->builder);
}

#endif
