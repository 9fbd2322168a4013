/* uri.c - validity and matching of URIs and patterns. */
#include "wamp/uri.h"

#include "base/mem.h"

#include <string.h>

/* The first byte from `at` on that may separate or is suspicious: up to the dot, and DEL. By
 * eights, since this is done for every message. */
static size_t next_odd(struct str uri, size_t at)
{
    const uint64_t ones = 0x0101010101010101u;
    const uint64_t highs = ones * 0x80;
    for (; uri.len - at >= 8; at += 8) {
        uint64_t eight;
        memcpy(&eight, uri.ptr + at, sizeof(eight));
        uint64_t above = (eight | highs) - ones * ('.' + 1);
        uint64_t other = ((eight ^ ones * 0x7f) | highs) - ones;
        uint64_t odd = ~(above & other) & ~eight & highs;
        if (odd != 0) {
            return at + (size_t)__builtin_ctzll(odd) / 8;
        }
    }
    while (at < uri.len && (unsigned char)uri.ptr[at] > '.' && uri.ptr[at] != 0x7f) {
        at++;
    }
    return at;
}

bool uri_valid(struct str uri, enum match_policy policy)
{
    if (uri.len == 0) {
        return policy != MATCH_EXACT;
    }
    if (uri.len > URI_LEN_MAX) {
        return false;
    }
    size_t components = 1;
    size_t begin = 0; /* of the component */
    for (size_t i = next_odd(uri, 0); i < uri.len; i = next_odd(uri, i + 1)) {
        unsigned char byte = (unsigned char)uri.ptr[i];
        if (byte == '.' && (i > begin || policy == MATCH_WILDCARD)) {
            components++;
            begin = i + 1;
        } else if (byte <= 0x20 || byte == 0x7f || byte == '#' || byte == '.') {
            return false;
        }
    }
    return components <= URI_COMPONENTS_MAX && (uri.len > begin || policy != MATCH_EXACT);
}

static bool wildcard_match(struct str pattern, struct str uri)
{
    struct str wanted;
    struct str have;
    bool pattern_goes_on;
    bool uri_goes_on;
    do {
        pattern_goes_on = str_cut(pattern, '.', &wanted, &pattern);
        uri_goes_on = str_cut(uri, '.', &have, &uri);
        if (wanted.len > 0 && !str_eq(wanted, have)) {
            return false;
        }
    } while (pattern_goes_on && uri_goes_on);
    return pattern_goes_on == uri_goes_on;
}

bool uri_match(struct str pattern, enum match_policy policy, struct str uri)
{
    switch (policy) {
    case MATCH_PREFIX:
        return str_starts(uri, pattern);
    case MATCH_WILDCARD:
        return wildcard_match(pattern, uri);
    default:
        return str_eq(pattern, uri);
    }
}

/* What begins so, up to a component border. */
static const struct str reserved_spaces[] = {
    STR_INIT("wamp"),
    STR_INIT("bondy"),
    STR_INIT("com.leapsight.bondy"),
    STR_INIT("com.bondy"),
};

struct str uri_reserved_space(struct str uri)
{
    for (size_t i = 0; i < COUNT_OF(reserved_spaces); i++) {
        struct str space = reserved_spaces[i];
        if (uri.len < space.len || uri.ptr[0] != space.ptr[0]) {
            continue; /* what every call is asked is answered by a letter, mostly */
        }
        if (str_starts(uri, space) && (uri.len == space.len || uri.ptr[space.len] == '.')) {
            return space;
        }
    }
    return STR_EMPTY;
}

bool uri_reserved(struct str uri)
{
    return uri_reserved_space(uri).len > 0;
}

const char *match_policy_name(enum match_policy policy)
{
    static const char *const names[MATCH_POLICIES] = {"exact", "prefix", "wildcard"};
    return names[policy];
}
