/* member.h - members of JSON objects. Inside oauth2/application only. */
#ifndef POSTERN_APPLICATION_MEMBER_H
#define POSTERN_APPLICATION_MEMBER_H

#include "base/str.h"

#include <jansson.h>

/* The string, or "" when it is something else. */
static inline struct str json_text(const json_t *value)
{
    return json_is_string(value) ? str_make(json_string_value(value), json_string_length(value))
                                 : STR_EMPTY;
}

static inline struct str member_text(const json_t *object, const char *key)
{
    return json_text(json_object_get(object, key));
}

#endif
