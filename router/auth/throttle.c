/* throttle.c - a set-associative table of counters under one lock: logins are rare. */
#include "auth/throttle.h"

#include "base/mem.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

enum { WAYS = 8, SETS = 2048 };

struct entry {
    uint64_t key; /* 0: free */
    uint64_t failed_ms;
    uint64_t passed_ms; /* 0: never */
    uint32_t failures;
};

struct throttle {
    pthread_mutex_t lock;
    atomic_uint_fast64_t idle_ms; /* when the last of those who wait now need wait no more */
    struct entry entries[SETS][WAYS];
};

struct throttle *throttle_new(void)
{
    struct throttle *throttle = NEW(struct throttle);
    (void)pthread_mutex_init(&throttle->lock, NULL);
    return throttle;
}

void throttle_free(struct throttle *throttle)
{
    if (throttle != NULL) {
        (void)pthread_mutex_destroy(&throttle->lock);
        mem_free(throttle);
    }
}

static uint64_t hash_of(char kind, struct str realm, struct str account, struct str prefix)
{
    char text[1 + 3 * sizeof(uint64_t)];
    uint64_t halves[3] = {str_hash(realm), str_hash(account), str_hash(prefix)};
    text[0] = kind;
    memcpy(text + 1, halves, sizeof(halves));
    uint64_t hash = str_hash(str_make(text, 1 + sizeof(halves)));
    return hash == 0 ? 1 : hash;
}

/* An IPv4 address is the last four bytes of its IPv6 form; a network of IPv6 is a /64. */
static struct str prefix_of(const struct peer_info *info)
{
    bool v4 = IN6_IS_ADDR_V4MAPPED(&info->address);
    return str_make((const char *)info->address.s6_addr, v4 ? 16 : 8);
}

struct throttle_key throttle_key(struct str realm, struct str account, const struct peer_info *info)
{
    struct str prefix = prefix_of(info);
    bool shared = peer_info_loopback(info);
    return (struct throttle_key){
        .account = hash_of('a', realm, account, STR_EMPTY),
        .prefix = shared ? 0 : hash_of('p', STR_EMPTY, STR_EMPTY, prefix),
        .both = shared ? 0 : hash_of('b', realm, account, prefix),
    };
}

static struct entry *find(struct throttle *throttle, uint64_t key)
{
    struct entry *set = throttle->entries[key % SETS];
    for (size_t i = 0; i < WAYS; i++) {
        if (set[i].key == key) {
            return &set[i];
        }
    }
    return NULL;
}

/* Less is forgotten sooner. */
static bool matters_less(const struct entry *a, const struct entry *b)
{
    uint64_t a_ms = a->failed_ms > a->passed_ms ? a->failed_ms : a->passed_ms;
    uint64_t b_ms = b->failed_ms > b->passed_ms ? b->failed_ms : b->passed_ms;
    return a->failures != b->failures ? a->failures < b->failures : a_ms < b_ms;
}

static struct entry *find_or_make(struct throttle *throttle, uint64_t key)
{
    struct entry *entry = find(throttle, key);
    if (entry != NULL) {
        return entry;
    }
    struct entry *set = throttle->entries[key % SETS];
    struct entry *least = &set[0];
    for (size_t i = 1; i < WAYS && least->key != 0; i++) {
        if (set[i].key == 0 || matters_less(&set[i], least)) {
            least = &set[i];
        }
    }
    *least = (struct entry){.key = key};
    return least;
}

static uint64_t wait_of(const struct entry *entry, uint64_t cap_ms, uint64_t now_ms)
{
    if (entry == NULL || entry->failures < THROTTLE_FREE) {
        return 0;
    }
    uint64_t wait_ms = THROTTLE_STEP_MS;
    for (uint32_t i = THROTTLE_FREE; i < entry->failures && wait_ms < cap_ms; i++) {
        wait_ms *= 2;
    }
    wait_ms = wait_ms < cap_ms ? wait_ms : cap_ms;
    uint64_t passed_ms = now_ms - entry->failed_ms;
    return passed_ms < wait_ms ? wait_ms - passed_ms : 0;
}

static uint64_t most(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

uint64_t
throttle_wait_ms(struct throttle *throttle, const struct throttle_key *key, uint64_t now_ms)
{
    (void)pthread_mutex_lock(&throttle->lock);
    const struct entry *both = find(throttle, key->both);
    const struct entry *account = find(throttle, key->account);
    const struct entry *prefix = find(throttle, key->prefix);
    uint64_t wait_ms =
        most(wait_of(key->prefix != 0 ? prefix : NULL, THROTTLE_ADDRESS_MAX_MS, now_ms),
             wait_of(key->both != 0 ? both : NULL, THROTTLE_ADDRESS_MAX_MS, now_ms));
    bool known_here = key->both != 0 && both != NULL && both->passed_ms != 0;
    if (!known_here && key->account != 0) {
        wait_ms = most(wait_ms, wait_of(account, THROTTLE_ACCOUNT_MAX_MS, now_ms));
    }
    (void)pthread_mutex_unlock(&throttle->lock);
    return wait_ms;
}

bool throttle_is_idle(struct throttle *throttle, uint64_t now_ms)
{
    return now_ms >= atomic_load_explicit(&throttle->idle_ms, memory_order_relaxed);
}

static void count(struct throttle *throttle, uint64_t key, uint64_t now_ms)
{
    if (key == 0) {
        return;
    }
    struct entry *entry = find_or_make(throttle, key);
    if (now_ms - entry->failed_ms > THROTTLE_FORGET_MS) {
        entry->failures = 0;
    }
    entry->failures += entry->failures < UINT32_MAX;
    entry->failed_ms = now_ms;
    uint64_t until_ms = now_ms + wait_of(entry, THROTTLE_ADDRESS_MAX_MS, now_ms);
    if (entry->failures >= THROTTLE_FREE && until_ms > atomic_load(&throttle->idle_ms)) {
        atomic_store(&throttle->idle_ms, until_ms);
    }
}

void throttle_failed(struct throttle *throttle, const struct throttle_key *key, uint64_t now_ms)
{
    (void)pthread_mutex_lock(&throttle->lock);
    count(throttle, key->account, now_ms);
    count(throttle, key->prefix, now_ms);
    count(throttle, key->both, now_ms);
    (void)pthread_mutex_unlock(&throttle->lock);
}

/* The prefix keeps its failures: whoever has an account of his own could wash them off with it. */
void throttle_passed(struct throttle *throttle, const struct throttle_key *key, uint64_t now_ms)
{
    (void)pthread_mutex_lock(&throttle->lock);
    struct entry *account = find(throttle, key->account);
    if (account != NULL) {
        account->failures = key->both == 0 ? 0 : account->failures / 2;
    }
    if (key->both != 0) {
        struct entry *both = find_or_make(throttle, key->both);
        both->failures = 0;
        both->passed_ms = now_ms;
    }
    (void)pthread_mutex_unlock(&throttle->lock);
}
