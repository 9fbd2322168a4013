/* token_inside.h - reading members of JSON objects. Inside oauth2/token only. */
#ifndef POSTERN_TOKEN_TOKEN_INSIDE_H
#define POSTERN_TOKEN_TOKEN_INSIDE_H

#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

/* The string member, or "" when it is absent or something else. */
static inline struct str json_member_str(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? str_make(json_string_value(value), json_string_length(value))
                                 : STR_EMPTY;
}

/* A time in whole seconds; false when it is absent, something else or out of bounds. */
static inline bool json_member_time(const json_t *object, const char *key, uint64_t *out)
{
    const json_t *value = json_object_get(object, key);
    const json_int_t latest = (json_int_t)1 << 53;
    if (!json_is_integer(value) || json_integer_value(value) < 0 ||
        json_integer_value(value) > latest) {
        return false;
    }
    *out = (uint64_t)json_integer_value(value);
    return true;
}

static inline json_t *json_str(struct str text)
{
    return json_stringn(text.ptr, text.len);
}

static inline json_t *json_time(uint64_t seconds)
{
    return json_integer((json_int_t)seconds);
}

#endif
