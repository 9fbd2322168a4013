/* registry_pick.c - whose turn it is: one function a policy.
 *
 * Runs under the realm's read lock, on several workers at once: what changes is atomic. A
 * callee that is at its limit, or has been tried for this call, is stepped over.
 */
#include "base/random.h"
#include "realm/registry_inside.h"

#include <assert.h>

static bool tried(const struct registry_ask *ask, const struct callee *callee)
{
    for (size_t i = 0; i < ask->tried_count; i++) {
        if (handle_eq(ask->tried[i], callee->session)) {
            return true;
        }
    }
    return false;
}

/* One more call is open there, unless that is one too many. */
static bool take(const struct callee *callee)
{
    struct callee_load *load = callee->load;
    if (load == NULL) {
        return true;
    }
    unsigned open = atomic_load_explicit(&load->open, memory_order_relaxed);
    do {
        if (callee->concurrency > 0 && open >= callee->concurrency) {
            return false;
        }
    } while (!atomic_compare_exchange_weak_explicit(&load->open, &open, open + 1,
                                                    memory_order_relaxed, memory_order_relaxed));
    (void)atomic_fetch_add_explicit(&load->refs, 1, memory_order_relaxed);
    return true;
}

static const struct callee *take_if_possible(const struct registration *registration,
                                             const struct registry_ask *ask,
                                             unsigned at)
{
    const struct callee *callee = &registration->callees[at];
    return !tried(ask, callee) && take(callee) ? callee : NULL;
}

/* `start` and those after it, all round. */
static const struct callee *
take_from(const struct registration *registration, const struct registry_ask *ask, unsigned start)
{
    const struct callee *found = NULL;
    for (unsigned i = 0; found == NULL && i < registration->count; i++) {
        unsigned at = start + i;
        at = at >= registration->count ? at - registration->count : at;
        found = take_if_possible(registration, ask, at);
    }
    return found;
}

static const struct callee *take_last(const struct registration *registration,
                                      const struct registry_ask *ask)
{
    const struct callee *found = NULL;
    for (unsigned at = registration->count; found == NULL && at > 0; at--) {
        found = take_if_possible(registration, ask, at - 1);
    }
    return found;
}

static unsigned next_turn(struct registration *registration)
{
    return atomic_fetch_add_explicit(&registration->turn, 1, memory_order_relaxed) %
           registration->count;
}

static unsigned open_calls(const struct callee *callee)
{
    return atomic_load_explicit(&callee->load->open, memory_order_relaxed);
}

/* Equals take turns. Another worker may have been faster; then all are asked again, from here. */
static const struct callee *take_least_loaded(struct registration *registration,
                                              const struct registry_ask *ask)
{
    unsigned start = next_turn(registration);
    unsigned best = start;
    unsigned least = UINT32_MAX;
    for (unsigned i = 0; i < registration->count; i++) {
        unsigned at = (start + i) % registration->count;
        const struct callee *callee = &registration->callees[at];
        unsigned open = open_calls(callee);
        bool full = callee->concurrency > 0 && open >= callee->concurrency;
        if (open < least && !full && !tried(ask, callee)) {
            least = open;
            best = at;
        }
    }
    return take_from(registration, ask, best);
}

static const struct callee *take_from_sample(const struct registration *registration,
                                             const struct registry_ask *ask)
{
    unsigned count = registration->count;
    unsigned one = (unsigned)random_below(count);
    unsigned other = (one + 1 + (unsigned)random_below(count - 1)) % count;
    bool less = open_calls(&registration->callees[other]) < open_calls(&registration->callees[one]);
    return take_from(registration, ask, less ? other : one);
}

/* Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm". */
static unsigned jump_hash(uint64_t key, unsigned buckets)
{
    int64_t bucket = 0;
    int64_t next = 0;
    while (next < (int64_t)buckets) {
        bucket = next;
        key = key * UINT64_C(2862933555777941757) + 1;
        next = (int64_t)((double)(bucket + 1) *
                         ((double)(INT64_C(1) << 31) / (double)((key >> 33) + 1)));
    }
    return (unsigned)bucket;
}

static const struct callee *take_by_key(const struct registration *registration,
                                        const struct registry_ask *ask)
{
    unsigned start = ask->keyed ? jump_hash(ask->key, registration->count)
                                : (unsigned)random_below(registration->count);
    return take_from(registration, ask, start);
}

const struct callee *registration_pick(struct registration *registration,
                                       const struct registry_ask *ask)
{
    assert(registration->count > 0);
    if (registration->count == 1) {
        return take_if_possible(registration, ask, 0);
    }
    switch (registration->invoke) {
    case INVOKE_ROUNDROBIN:
        return take_from(registration, ask, next_turn(registration));
    case INVOKE_RANDOM:
        return take_from(registration, ask, (unsigned)random_below(registration->count));
    case INVOKE_LAST:
        return take_last(registration, ask);
    case INVOKE_LEAST_LOADED:
        return take_least_loaded(registration, ask);
    case INVOKE_LEAST_LOADED_SAMPLE:
        return take_from_sample(registration, ask);
    case INVOKE_JUMP_HASH:
        return take_by_key(registration, ask);
    default:
        return take_from(registration, ask, 0);
    }
}
