#include "pipeline/traffic.h"

#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>

/* The ring is longer than what can be asked for, so that no second is emptied while it is read. */
enum { RING = 128, UNIT_BITS = 12, SUB_BITS = 3, SUBS = 1 << SUB_BITS };

/* One worker's second. Only that worker writes; relaxed, since nothing is concluded from one
 * number about another. `second` is 1 more than the second that it is, and 0 before the first. */
struct traffic_slot {
    atomic_uint_least64_t second;
    atomic_uint_least32_t classes[TRAFFIC_CLASSES];
    atomic_uint_least32_t buckets[TRAFFIC_BUCKETS];
};

struct traffic {
    unsigned workers;
    struct traffic_slot *rings[]; /* one a worker, each with memory of its own */
};

struct traffic *traffic_new(unsigned workers)
{
    struct traffic *traffic = mem_alloc(sizeof(*traffic) + workers * sizeof(struct traffic_slot *));
    traffic->workers = workers;
    for (unsigned i = 0; i < workers; i++) {
        traffic->rings[i] = NEW_ARRAY(struct traffic_slot, RING);
    }
    return traffic;
}

void traffic_free(struct traffic *traffic)
{
    if (traffic == NULL) {
        return;
    }
    for (unsigned i = 0; i < traffic->workers; i++) {
        mem_free(traffic->rings[i]);
    }
    mem_free(traffic);
}

static void clear(struct traffic_slot *slot)
{
    for (unsigned i = 0; i < TRAFFIC_CLASSES; i++) {
        atomic_store_explicit(&slot->classes[i], 0, memory_order_relaxed);
    }
    for (unsigned i = 0; i < TRAFFIC_BUCKETS; i++) {
        atomic_store_explicit(&slot->buckets[i], 0, memory_order_relaxed);
    }
}

static void bump(atomic_uint_least32_t *number)
{
    uint_least32_t now = atomic_load_explicit(number, memory_order_relaxed);
    atomic_store_explicit(number, now + 1, memory_order_relaxed);
}

/* Log-linear: eight buckets of one width, of 4 us at first, then as many of twice that width. */
static unsigned bucket_of(uint64_t ns)
{
    uint64_t units = ns >> UNIT_BITS;
    unsigned shift = 0;
    if (units >= SUBS) {
        shift = 63 - SUB_BITS - (unsigned)__builtin_clzll(units);
    }
    uint64_t bucket = shift * (uint64_t)SUBS + (units >> shift);
    return bucket < TRAFFIC_BUCKETS ? (unsigned)bucket : TRAFFIC_BUCKETS - 1;
}

/* Where a bucket begins. */
static uint64_t bucket_begin(unsigned bucket)
{
    unsigned shift = bucket < 2 * SUBS ? 0 : bucket / SUBS - 1;
    uint64_t units = bucket - (uint64_t)shift * SUBS;
    return units << shift << UNIT_BITS;
}

void traffic_count(
    struct traffic *traffic, unsigned worker, unsigned status, uint64_t begun_ns, uint64_t ended_ns)
{
    uint64_t mark = traffic_second(ended_ns) + 1;
    struct traffic_slot *slot = &traffic->rings[worker][mark % RING];
    unsigned class = status / 100 < TRAFFIC_CLASSES ? status / 100 : TRAFFIC_CLASSES - 1;
    if (atomic_load_explicit(&slot->second, memory_order_relaxed) != mark) {
        clear(slot);
        atomic_store_explicit(&slot->second, mark, memory_order_release);
    }
    bump(&slot->classes[class]);
    bump(&slot->buckets[bucket_of(ended_ns - begun_ns)]);
}

static void add_slot(const struct traffic_slot *slot, struct traffic_sum *sum)
{
    for (unsigned i = 0; i < TRAFFIC_CLASSES; i++) {
        sum->classes[i] += atomic_load_explicit(&slot->classes[i], memory_order_relaxed);
    }
    for (unsigned i = 0; i < TRAFFIC_BUCKETS; i++) {
        uint64_t count = atomic_load_explicit(&slot->buckets[i], memory_order_relaxed);
        sum->buckets[i] += count;
        sum->requests += count;
    }
}

void traffic_add(const struct traffic *traffic, uint64_t from, uint64_t to, struct traffic_sum *sum)
{
    for (unsigned i = 0; i < traffic->workers; i++) {
        for (uint64_t second = from; second <= to; second++) {
            const struct traffic_slot *slot = &traffic->rings[i][(second + 1) % RING];
            if (atomic_load_explicit(&slot->second, memory_order_acquire) == second + 1) {
                add_slot(slot, sum);
            }
        }
    }
}

uint64_t traffic_percentile(const struct traffic_sum *sum, unsigned percent)
{
    uint64_t wanted = (sum->requests * percent + 99) / 100;
    uint64_t seen = 0;
    if (sum->requests == 0) {
        return 0;
    }
    for (unsigned i = 0; i < TRAFFIC_BUCKETS; i++) {
        seen += sum->buckets[i];
        if (seen >= wanted && seen > 0) {
            return (bucket_begin(i) + bucket_begin(i + 1)) / 2; /* its middle */
        }
    }
    return bucket_begin(TRAFFIC_BUCKETS - 1);
}
