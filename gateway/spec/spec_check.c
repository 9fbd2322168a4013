/* spec_check.c - the shape of an object: what must be there, what may be, and of what type. */
#include "base/mem.h"
#include "spec/expression.h"
#include "spec/spec_inside.h"

#include <stdio.h>
#include <string.h>

enum { KEYS_MAX = 64 };

static unsigned type_of(const json_t *value)
{
    switch (json_typeof(value)) {
    case JSON_OBJECT:
        return VALUE_MAP;
    case JSON_ARRAY:
        return VALUE_LIST;
    case JSON_STRING:
        return VALUE_STRING;
    case JSON_INTEGER:
        return VALUE_INTEGER;
    case JSON_TRUE:
    case JSON_FALSE:
        return VALUE_BOOL;
    case JSON_NULL:
        return VALUE_NULL;
    default:
        return 0;
    }
}

static void type_names(unsigned types, char *out, size_t size)
{
    static const struct {
        unsigned type;
        const char *name;
    } names[] = {{VALUE_STRING, "a string"},
                 {VALUE_INTEGER, "an integer"},
                 {VALUE_BOOL, "true or false"},
                 {VALUE_LIST, "a list"},
                 {VALUE_MAP, "a map"},
                 {VALUE_NULL, "null"},
                 {VALUE_EXPRESSION, "an expression"}};
    size_t len = 0;
    out[0] = '\0';
    for (size_t i = 0; i < COUNT_OF(names) && len < size; i++) {
        if ((types & names[i].type) != 0) {
            int n = snprintf(out + len, size - len, "%s%s", len > 0 ? ", " : "", names[i].name);
            len += n < 0 ? 0 : (size_t)n;
        }
    }
}

bool check_type(struct compile *compile, struct spot spot, unsigned types, const char *key)
{
    const json_t *value = spot.node;
    unsigned type = type_of(value);
    if ((types & type) != 0) {
        return true;
    }
    if (type == VALUE_STRING && (types & VALUE_EXPRESSION) != 0 &&
        string_has_expression(str_make(json_string_value(value), json_string_length(value)))) {
        return true;
    }
    char allowed[128];
    type_names(types, allowed, sizeof(allowed));
    report(compile, spot, (struct hint){.allowed = str_of(allowed)},
           "the value of '%s' is of the wrong type", key);
    return false;
}

static const struct key_row *find_row(const struct key_row *rows, size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(rows[i].name, key) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/* A key that nearly is one of ours is taken for a slip; others are passed over, as Bondy does. */
static bool is_slip(struct str key, struct str nearest)
{
    return nearest.len > 0 && str_distance(key, nearest) <= (key.len > 5 ? 2u : 1u);
}

static bool unknown_key(struct compile *compile,
                        const json_t *object,
                        const char *key,
                        const struct key_row *rows,
                        size_t row_count)
{
    struct str names[KEYS_MAX];
    size_t count = 0;
    struct buf allowed;
    buf_init(&allowed, 1024);
    for (size_t i = 0; i < row_count && count < KEYS_MAX; i++) {
        if (rows[i].ignored == NULL) {
            names[count++] = str_of(rows[i].name);
            (void)buf_printf(&allowed, "%s%s", count > 1 ? ", " : "", rows[i].name);
        }
    }
    struct str nearest = str_nearest(str_of(key), names, count);
    struct hint hint = {.allowed = buf_str(&allowed), .nearest = nearest};
    bool slip = is_slip(str_of(key), nearest);
    if (slip) {
        report(compile, spot_key(object, key), hint, "unknown key '%s'", key);
    } else {
        report_warning(compile, spot_key(object, key), hint, "unknown key '%s' is ignored", key);
    }
    buf_done(&allowed);
    return !slip;
}

bool check_object(struct compile *compile,
                  const json_t *object,
                  const struct key_row *rows,
                  size_t row_count)
{
    bool good = true;
    for (size_t i = 0; i < row_count; i++) {
        if (rows[i].required && json_object_get(object, rows[i].name) == NULL) {
            report(compile, spot_node(object), (struct hint){0}, "A value for '%s' is required.",
                   rows[i].name);
            good = false;
        }
    }
    json_t *plain = (json_t *)(uintptr_t)object;
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(plain, key, value)
    {
        const struct key_row *row = find_row(rows, row_count, key);
        if (row == NULL) {
            good = unknown_key(compile, object, key, rows, row_count) && good;
        } else if (row->ignored != NULL) {
            report_warning(compile, spot_key(object, key),
                           (struct hint){.allowed = str_of(row->ignored)},
                           "the key '%s' has no effect here", key);
        } else {
            good = check_type(compile, spot_member(object, key), row->types, key) && good;
        }
    }
    return good;
}
