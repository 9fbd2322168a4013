/* near_far_world.h - a world for tests that run twice: with those who answer or listen on the
 * worker of the others, and on another.
 */
#ifndef POSTERN_TESTS_NEAR_FAR_WORLD_H
#define POSTERN_TESTS_NEAR_FAR_WORLD_H

#include "../../support/realm_world.h"

static struct world world;
static unsigned far; /* the worker of those who answer or listen */

static inline int set_up_near(void **state)
{
    (void)state;
    far = 0;
    world_start(&world, 1, NULL);
    return 0;
}

static inline int set_up_far(void **state)
{
    (void)state;
    far = 1;
    world_start(&world, 2, NULL);
    return 0;
}

static inline int tear_down(void **state)
{
    (void)state;
    world_stop(&world);
    return 0;
}

/* With other limits. */
static inline void restart(const struct router_options *limits)
{
    world_stop(&world);
    world_start(&world, far + 1, limits);
}

/* A case in both ways. */
#define BOTH(name)                                                \
    {#name " (one worker)", name, set_up_near, tear_down, NULL},  \
    {                                                             \
#        name " (two workers)", name, set_up_far, tear_down, NULL \
    }

#endif
