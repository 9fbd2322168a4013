/* form.h - application/x-www-form-urlencoded, of a body or a query: names and values, once each.
 *
 * RFC 6749, 3.1 and 3.2: a parameter that comes twice makes the request invalid, one
 * without a value counts as absent, unknown ones are passed over. Bounded in number;
 * values are UTF-8 without controls but for line ends. Any thread.
 */
#ifndef POSTERN_FLOW_FORM_H
#define POSTERN_FLOW_FORM_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum { FORM_FIELDS_MAX = 64, FORM_BODY_MAX = 64 * 1024 };

struct form_field {
    struct str name;
    struct str value;
};

struct form {
    struct form_field fields[FORM_FIELDS_MAX];
    size_t count;
};

/* In the arena. False: `*out_why` is a constant sentence. */
bool form_read(struct str text, struct arena *arena, struct form *out, const char **out_why);

/* The value, or "" when it is absent. */
struct str form_value(const struct form *form, struct str name);

#endif
