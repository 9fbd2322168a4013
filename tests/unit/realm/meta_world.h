/* meta_world.h - the world of the tests of wamp.*: each runs on one worker and on two.
 */
#ifndef POSTERN_TESTS_META_WORLD_H
#define POSTERN_TESTS_META_WORLD_H

#include "../../support/realm_world.h"

static struct world world;
static unsigned workers;

static inline int set_up(void **state)
{
    (void)state;
    world_start(&world, workers, NULL);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    world_stop(&world);
    return 0;
}

/* The n-th, on alternating workers. */
static inline struct actor *join(unsigned n)
{
    return actor_join(&world, n % workers, n % 2 == 0 ? SERIALIZER_JSON : SERIALIZER_MSGPACK,
                      "com.test");
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
