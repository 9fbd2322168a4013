/* proc_guess.c - a wrong old password counts as a failed login of that user from there. */
#include "api/proc_inside.h"
#include "auth/auth.h"
#include "auth/throttle.h"
#include "base/clock.h"
#include "directory/directory.h"
#include "realm/router.h"

/* A call from nowhere, or by a unix socket, counts by account alone. */
static struct throttle_key key_of(const struct directory_call *call, struct str username)
{
    const struct in6_addr *from = call->caller.address;
    struct peer_info info = {.unix_socket = from == NULL || IN6_IS_ADDR_UNSPECIFIED(from)};
    if (from != NULL) {
        info.address = *from;
    }
    return throttle_key(call->realm, username, &info);
}

static bool is_open(void *throttle, const struct directory_call *call, struct str username)
{
    struct throttle_key key = key_of(call, username);
    return throttle_wait_ms(throttle, &key, clock_mono_ms()) == 0;
}

static void made(void *throttle, const struct directory_call *call, struct str username, bool right)
{
    struct throttle_key key = key_of(call, username);
    if (right) {
        throttle_passed(throttle, &key, clock_mono_ms());
    } else {
        throttle_failed(throttle, &key, clock_mono_ms());
    }
}

const struct directory_guesses *proc_guesses(struct router *router, struct arena *arena)
{
    struct directory_guesses *guesses = ARENA_NEW(arena, struct directory_guesses);
    *guesses = (struct directory_guesses){auth_throttle(router_auth(router)), is_open, made};
    return guesses;
}
