/* tables.c - the tables of a live realm, large: bench_tables [REGISTRATIONS [SUBSCRIPTIONS]].
 *
 * Exact, prefix and wildcard patterns mixed (6 : 2 : 2), one member each. Prints a line of JSON a
 * figure: nanoseconds of a look-up that finds its entry, bytes of heap for an entry beyond its
 * URI (for subscriptions with what the member's worker keeps). */
#include "base/clock.h"
#include "base/mem.h"
#include "realm/registry.h"
#include "realm/seat.h"
#include "realm/subscriptions.h"

#include <assert.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LOOKS = 1000000, NAME_SIZE = 96, SESSIONS = 1000 };

struct name {
    char text[NAME_SIZE];
    struct str uri;
    enum match_policy match;
};

/* The n-th pattern. */
static void pattern_of(size_t n, struct name *out)
{
    unsigned tens = (unsigned)(n / 10);
    switch (n % 10) {
    case 0:
    case 1:
        out->match = MATCH_PREFIX;
        (void)snprintf(out->text, NAME_SIZE, "com.example.area%u.p%zu", tens % 1000, n);
        break;
    case 2:
    case 3:
        out->match = MATCH_WILDCARD;
        (void)snprintf(out->text, NAME_SIZE, "com.example.area%u..w%zu", tens % 1000, n);
        break;
    default:
        out->match = MATCH_EXACT;
        (void)snprintf(out->text, NAME_SIZE, "com.example.area%u.device.e%zu", tens % 1000, n);
        break;
    }
    out->uri = str_of(out->text);
}

/* A URI that the n-th pattern matches. */
static struct str uri_of(size_t n, char out[NAME_SIZE])
{
    struct name name;
    pattern_of(n, &name);
    if (name.match == MATCH_WILDCARD) {
        (void)snprintf(out, NAME_SIZE, "com.example.area%u.any.w%zu", (unsigned)(n / 10) % 1000, n);
    } else {
        (void)snprintf(out, NAME_SIZE, "%s%s", name.text,
                       name.match == MATCH_PREFIX ? ".more" : "");
    }
    return str_of(out);
}

static size_t heap_used(void)
{
    struct mallinfo2 info = mallinfo2();
    return info.uordblks + info.hblkhd;
}

static void tell(const char *table, size_t count, double ns, double bytes)
{
    (void)printf("{\"table\": \"%s\", \"entries\": %zu, \"ns\": %.0f, \"bytes\": %.0f}\n", table,
                 count, ns, bytes);
}

/* The same URIs over and over in an order that no cache foresees. */
struct looks {
    size_t count;
    char (*names)[NAME_SIZE];
    struct str *uris;
};

static void looks_make(struct looks *looks, size_t entries)
{
    uint64_t state = 88172645463325252u;
    assert(entries > 0);
    looks->count = 100000;
    looks->names = mem_alloc(looks->count * NAME_SIZE);
    looks->uris = NEW_ARRAY(struct str, looks->count);
    for (size_t i = 0; i < looks->count; i++) {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        looks->uris[i] = uri_of(state % entries, looks->names[i]);
    }
}

static void looks_free(struct looks *looks)
{
    mem_free(looks->names);
    mem_free(looks->uris);
}

static void bench_registry(size_t count)
{
    struct registry registry;
    struct looks looks;
    struct name name;
    size_t found = 0;
    size_t uris = 0;
    size_t before = heap_used();
    registry_init(&registry);
    for (size_t i = 0; i < count; i++) {
        pattern_of(i, &name);
        struct registry_offer offer = {.uri = name.uri,
                                       .match = name.match,
                                       .session = {0, (uint32_t)(i % SESSIONS), 1},
                                       .session_id = i % SESSIONS + 1};
        uris += name.uri.len;
        struct registry_added added;
        (void)registry_add(&registry, &offer, &added);
    }
    size_t bytes = heap_used() - before - uris;
    looks_make(&looks, count);
    uint64_t start = clock_mono_ns();
    for (size_t i = 0; i < LOOKS; i++) {
        struct registry_pick pick;
        struct registry_ask ask = {.uri = looks.uris[i % looks.count]};
        found += registry_find(&registry, &ask, &pick) == REGISTRY_FOUND ? 1 : 0;
    }
    uint64_t took = clock_mono_ns() - start;
    tell(found == LOOKS ? "registrations" : "registrations (some not found)", count,
         (double)took / LOOKS, (double)bytes / (double)count);
    looks_free(&looks);
    registry_done(&registry);
}

/* What a worker keeps of the only member. */
static void member_add(struct seat *seat, struct idtable *session, uint64_t id)
{
    struct audience *audience = NEW(struct audience);
    audience->link.id = id;
    list_init(&audience->members);
    idtable_add(&seat->audiences, &audience->link);
    struct membership *membership = NEW(struct membership);
    membership->link.id = id;
    list_push(&audience->members, &membership->node);
    idtable_add(session, &membership->link);
}

static void bench_subscriptions(size_t count)
{
    static struct idtable sessions[SESSIONS];
    struct subscriptions subscriptions;
    struct seat seat = {0};
    struct reach_list reached = {0};
    struct looks looks;
    struct name name;
    size_t found = 0;
    size_t uris = 0;
    size_t before = heap_used();
    subscriptions_init(&subscriptions);
    for (size_t i = 0; i < count; i++) {
        struct subscription_facts facts;
        pattern_of(i, &name);
        uris += name.uri.len;
        (void)subscriptions_join(&subscriptions, name.uri, name.match, 0, &facts);
        member_add(&seat, &sessions[i % SESSIONS], facts.id);
    }
    size_t bytes = heap_used() - before - uris;
    looks_make(&looks, count);
    uint64_t start = clock_mono_ns();
    for (size_t i = 0; i < LOOKS; i++) {
        subscriptions_match(&subscriptions, looks.uris[i % looks.count], &reached);
        found += reached.count;
    }
    uint64_t took = clock_mono_ns() - start;
    tell(found >= LOOKS ? "subscriptions" : "subscriptions (some not found)", count,
         (double)took / LOOKS, (double)bytes / (double)count);
    looks_free(&looks);
    mem_free(reached.items);
    subscriptions_done(&subscriptions);
}

int main(int argc, char **argv)
{
    size_t registrations = argc > 1 ? strtoul(argv[1], NULL, 10) : 100000;
    size_t subscriptions = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;
    if (registrations == 0 || subscriptions == 0) {
        (void)fprintf(stderr, "usage: bench_tables [REGISTRATIONS [SUBSCRIPTIONS]]\n");
        return 64;
    }
    bench_registry(registrations);
    bench_subscriptions(subscriptions);
    return 0;
}
