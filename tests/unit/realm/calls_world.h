/* calls_world.h - the world of the tests of calls: each test runs with those who answer on the
 * caller's worker, and on another.
 */
#ifndef POSTERN_TESTS_CALLS_WORLD_H
#define POSTERN_TESTS_CALLS_WORLD_H

#include "near_far_world.h"

/* With features announced: of the caller, and of the callee. */
static inline struct actor *
join_with(unsigned worker, enum serializer serializer, const char *caller, const char *callee)
{
    struct actor *actor = actor_new(&world, worker, serializer);
    say(actor,
        "[1,\"com.test\",{\"roles\":{\"caller\":{\"features\":{%s}},"
        "\"callee\":{\"features\":{%s}}}}]",
        caller, callee);
    (void)expect(actor, "[2,\"*\",\"*\"]");
    return actor;
}

#define PIECES   "\"progressive_call_invocations\":true"
#define CANCEL   "\"call_canceling\":true"
#define PASSTHRU "\"payload_passthru_mode\":true"
#define REROUTE  "\"call_reroute\":true"
#define REVOKED  "\"registration_revocation\":true"

static inline struct actor *caller_new(void)
{
    return join_with(0, SERIALIZER_JSON, PIECES "," PASSTHRU, "");
}

static inline struct actor *callee_new(void)
{
    return join_with(far, SERIALIZER_MSGPACK, "", PIECES "," CANCEL "," PASSTHRU "," REROUTE);
}

static inline struct actor *plain_callee_new(void)
{
    return join_with(far, SERIALIZER_JSON, "", "");
}

static inline void wait_for(struct actor *actor)
{
    for (unsigned i = 0; i < 2000 && unheard(actor) == 0; i++) {
        (void)nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
        settle(&world);
    }
}

#endif
