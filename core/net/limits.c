#include "net/limits.h"

#include "base/map.h"
#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

struct place {
    struct in6_addr address;
    size_t count;
};

struct limits {
    size_t total;
    size_t per_address;
    atomic_size_t connections;
    pthread_mutex_t lock; /* for what follows */
    struct map places;    /* by the bytes of the address */
};

struct limits *limits_new(size_t total, size_t per_address)
{
    struct limits *limits = NEW(struct limits);
    limits->total = total;
    limits->per_address = per_address;
    (void)pthread_mutex_init(&limits->lock, NULL);
    map_init(&limits->places);
    return limits;
}

void limits_free(struct limits *limits)
{
    if (limits == NULL) {
        return;
    }
    size_t cursor = 0;
    const struct map_slot *slot;
    while ((slot = map_next(&limits->places, &cursor)) != NULL) {
        mem_free(slot->value);
    }
    map_done(&limits->places);
    (void)pthread_mutex_destroy(&limits->lock);
    mem_free(limits);
}

bool limits_enter(struct limits *limits)
{
    size_t before = atomic_fetch_add(&limits->connections, 1);
    if (limits->total != 0 && before >= limits->total) {
        (void)atomic_fetch_sub(&limits->connections, 1);
        return false;
    }
    return true;
}

void limits_leave(struct limits *limits)
{
    (void)atomic_fetch_sub(&limits->connections, 1);
}

size_t limits_count(const struct limits *limits)
{
    return atomic_load(&limits->connections);
}

static struct in6_addr counted_as(const struct in6_addr *address)
{
    struct in6_addr key = *address;
    if (!IN6_IS_ADDR_V4MAPPED(address)) {
        memset(key.s6_addr + 8, 0, 8);
    }
    return key;
}

static struct str key_of(const struct in6_addr *address)
{
    return str_make((const char *)address->s6_addr, sizeof(address->s6_addr));
}

bool limits_enter_address(struct limits *limits, const struct in6_addr *address)
{
    if (limits->per_address == 0) {
        return true;
    }
    struct in6_addr key = counted_as(address);
    (void)pthread_mutex_lock(&limits->lock);
    struct place *place = map_get(&limits->places, key_of(&key));
    if (place == NULL) {
        place = NEW(struct place);
        place->address = key;
        (void)map_put(&limits->places, key_of(&place->address), place);
    }
    bool room = place->count < limits->per_address;
    place->count += room ? 1 : 0;
    (void)pthread_mutex_unlock(&limits->lock);
    return room;
}

void limits_leave_address(struct limits *limits, const struct in6_addr *address)
{
    if (limits->per_address == 0) {
        return;
    }
    struct in6_addr key = counted_as(address);
    (void)pthread_mutex_lock(&limits->lock);
    struct place *place = map_get(&limits->places, key_of(&key));
    if (place != NULL && --place->count == 0) {
        (void)map_remove(&limits->places, key_of(&place->address));
        mem_free(place);
    }
    (void)pthread_mutex_unlock(&limits->lock);
}
