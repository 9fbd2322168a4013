/* uri.c - validity and matching of URIs and patterns. */
#include "wamp/uri.h"

static bool is_component_byte(char c)
{
    unsigned char byte = (unsigned char)c;
    return byte > 0x20 && byte != 0x7f && byte != '#' && byte != '.';
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
    size_t len = 0; /* of the component so far */
    for (size_t i = 0; i < uri.len; i++) {
        if (is_component_byte(uri.ptr[i])) {
            len++;
        } else if (uri.ptr[i] == '.' && (len > 0 || policy == MATCH_WILDCARD)) {
            components++;
            len = 0;
        } else {
            return false;
        }
    }
    return components <= URI_COMPONENTS_MAX && (len > 0 || policy != MATCH_EXACT);
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

bool uri_reserved(struct str uri)
{
    struct str first;
    struct str rest;
    (void)str_cut(uri, '.', &first, &rest);
    return str_eq(first, STR("wamp")) || str_eq(first, STR("bondy"));
}

const char *match_policy_name(enum match_policy policy)
{
    static const char *const names[MATCH_POLICIES] = {"exact", "prefix", "wildcard"};
    return names[policy];
}
