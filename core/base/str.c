#include "base/str.h"

#include "base/mem.h"
#include "base/random.h"

#include <limits.h>
#include <pthread.h>
#include <string.h>

struct str str_of(const char *cstr)
{
    return cstr == NULL ? STR_EMPTY : (struct str){cstr, strlen(cstr)};
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

bool str_eq(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.len != b.len) {
        return false;
    }
    if (str_eq(a, b)) {
        return true; /* what it is nearly always */
    }
    for (size_t i = 0; i < a.len; i++) {
        if (lower(a.ptr[i]) != lower(b.ptr[i])) {
            return false;
        }
    }
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t shorter = a.len < b.len ? a.len : b.len;
    int order = shorter == 0 ? 0 : memcmp(a.ptr, b.ptr, shorter);
    if (order != 0) {
        return order;
    }
    return a.len < b.len ? -1 : a.len > b.len;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_eq(str_make(s.ptr, prefix.len), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_eq(str_from(s, s.len - suffix.len), suffix);
}

struct str str_from(struct str s, size_t from)
{
    size_t at = from < s.len ? from : s.len;
    return str_make(at == 0 ? s.ptr : s.ptr + at, s.len - at); /* NULL + 0 is undefined */
}

struct str str_sub(struct str s, size_t from, size_t len)
{
    struct str rest = str_from(s, from);
    return str_make(rest.ptr, len < rest.len ? len : rest.len);
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct str str_trim(struct str s)
{
    while (s.len > 0 && is_blank(s.ptr[0])) {
        s = str_from(s, 1);
    }
    while (s.len > 0 && is_blank(s.ptr[s.len - 1])) {
        s.len--;
    }
    return s;
}

ptrdiff_t str_find(struct str s, char c)
{
    const char *at = s.len == 0 ? NULL : memchr(s.ptr, c, s.len);
    return at == NULL ? -1 : at - s.ptr;
}

bool str_cut(struct str s, char sep, struct str *head, struct str *tail)
{
    ptrdiff_t at = str_find(s, sep);
    if (at < 0) {
        *head = s;
        *tail = STR_EMPTY;
        return false;
    }
    *head = str_make(s.ptr, (size_t)at);
    *tail = str_from(s, (size_t)at + 1);
    return true;
}

bool str_to_u64(struct str s, uint64_t *out)
{
    uint64_t value = 0;
    if (s.len == 0) {
        return false;
    }
    for (size_t i = 0; i < s.len; i++) {
        if (s.ptr[i] < '0' || s.ptr[i] > '9') {
            return false;
        }
        if (__builtin_mul_overflow(value, 10u, &value) ||
            __builtin_add_overflow(value, (uint64_t)(s.ptr[i] - '0'), &value)) {
            return false;
        }
    }
    *out = value;
    return true;
}

bool str_to_i64(struct str s, int64_t *out)
{
    bool negative = s.len > 0 && s.ptr[0] == '-';
    uint64_t magnitude = 0;
    if (!str_to_u64(negative ? str_from(s, 1) : s, &magnitude)) {
        return false;
    }
    if (magnitude > (uint64_t)INT64_MAX + (negative ? 1u : 0u)) {
        return false;
    }
    *out = negative ? (int64_t)(0 - magnitude) : (int64_t)magnitude;
    return true;
}

char *str_dup(struct str s)
{
    char *copy = mem_alloc(s.len + 1);
    if (s.len > 0) {
        memcpy(copy, s.ptr, s.len);
    }
    copy[s.len] = '\0';
    return copy;
}

enum { DISTANCE_MAX = 64 };

unsigned str_distance(struct str a, struct str b)
{
    if (a.len > DISTANCE_MAX || b.len > DISTANCE_MAX) {
        return DISTANCE_MAX + 1;
    }
    unsigned row[DISTANCE_MAX + 1];
    for (size_t j = 0; j <= b.len; j++) {
        row[j] = (unsigned)j;
    }
    for (size_t i = 1; i <= a.len; i++) {
        unsigned diagonal = row[0];
        row[0] = (unsigned)i;
        for (size_t j = 1; j <= b.len; j++) {
            unsigned replace = diagonal + (lower(a.ptr[i - 1]) != lower(b.ptr[j - 1]));
            unsigned best = row[j] < row[j - 1] ? row[j] + 1 : row[j - 1] + 1;
            diagonal = row[j];
            row[j] = replace < best ? replace : best;
        }
    }
    return row[b.len];
}

struct str str_nearest(struct str s, const struct str *candidates, size_t count)
{
    struct str best = STR_EMPTY;
    unsigned allowed = (unsigned)(s.len / 3) + 1; /* "hots" may mean "host", not "name" */
    for (size_t i = 0; i < count; i++) {
        unsigned distance = str_distance(s, candidates[i]);
        if (distance <= allowed) {
            best = candidates[i];
            allowed = distance == 0 ? 0 : distance - 1;
            if (distance <= 1) {
                break;
            }
        }
    }
    return best;
}

/* SipHash-1-3 (Aumasson, Bernstein), keyed once a process. */
static struct {
    uint64_t k0;
    uint64_t k1;
} hash_key;
static pthread_once_t hash_once = PTHREAD_ONCE_INIT;

static void hash_seed(void)
{
    random_bytes(&hash_key, sizeof(hash_key));
}

static inline uint64_t rotate(uint64_t x, unsigned by)
{
    return (x << by) | (x >> (64 - by));
}

struct sip {
    uint64_t v0, v1, v2, v3;
};

/* In line, so that the state stays in registers: every request hashes half a dozen names. */
__attribute__((always_inline)) static inline void sip_round(struct sip *s)
{
    s->v0 += s->v1;
    s->v1 = rotate(s->v1, 13) ^ s->v0;
    s->v0 = rotate(s->v0, 32);
    s->v2 += s->v3;
    s->v3 = rotate(s->v3, 16) ^ s->v2;
    s->v0 += s->v3;
    s->v3 = rotate(s->v3, 21) ^ s->v0;
    s->v2 += s->v1;
    s->v1 = rotate(s->v1, 17) ^ s->v2;
    s->v2 = rotate(s->v2, 32);
}

__attribute__((always_inline)) static inline void sip_word(struct sip *s, uint64_t word)
{
    s->v3 ^= word;
    sip_round(s);
    s->v0 ^= word;
}

/* The last 0 to 7 bytes as a little-endian number. */
static inline uint64_t load_tail(const char *at, size_t len)
{
    uint32_t first = 0;
    uint32_t last = 0;
    if (len >= 4) {
        memcpy(&first, at, 4);
        memcpy(&last, at + len - 4, 4);
        return first | (uint64_t)last << (8 * (len - 4));
    }
    uint64_t word = 0;
    for (size_t i = len; i > 0; i--) {
        word = word << 8 | (unsigned char)at[i - 1];
    }
    return word;
}

uint64_t str_hash(struct str s)
{
    (void)pthread_once(&hash_once, hash_seed);
    struct sip sip = {hash_key.k0 ^ 0x736f6d6570736575u, hash_key.k1 ^ 0x646f72616e646f6du,
                      hash_key.k0 ^ 0x6c7967656e657261u, hash_key.k1 ^ 0x7465646279746573u};
    size_t at = 0;
    for (; at + 8 <= s.len; at += 8) {
        uint64_t word;
        memcpy(&word, s.ptr + at, 8);
        sip_word(&sip, word);
    }
    sip_word(&sip, load_tail(s.ptr + at, s.len - at) | (uint64_t)s.len << 56);
    sip.v2 ^= 0xff;
    sip_round(&sip);
    sip_round(&sip);
    sip_round(&sip);
    return sip.v0 ^ sip.v1 ^ sip.v2 ^ sip.v3;
}
