/* spec_value.c - values that must be known when a specification is loaded. */
#include "base/mem.h"
#include "spec/intern.h"
#include "spec/spec_inside.h"

#include <stdio.h>

enum { LIST_MAX = 64 };

json_t *spec_defaults(void)
{
    return json_pack("{s:[s], s:{}, s:i, s:i, s:i, s:i, s:i, s:i, s:i, s:[ss], s:[ss], s:{}}",
                     "schemes", "http", "security", "body_max_bytes", 25000000, "body_read_bytes",
                     8000000, "body_read_seconds", 15000, "timeout", 60000, "connect_timeout", 8000,
                     "retries", 0, "retry_timeout", 5000, "accepts", "application/json",
                     "application/msgpack", "provides", "application/json", "application/msgpack",
                     "headers");
}

/* The member, or the default of that name. A borrowed reference and its place. */
static json_t *
member_or_default(struct scope *scope, const json_t *object, const char *key, struct spot *out_spot)
{
    json_t *value = json_object_get(object, key);
    if (value != NULL) {
        *out_spot = spot_member(object, key);
        return value;
    }
    value = json_object_get(scope->defaults, key);
    *out_spot = (struct spot){.node = value, .parent = NULL, .key = key};
    return value;
}

bool value_integer(struct scope *scope, json_t *value, struct spot spot, int64_t max, int64_t *out)
{
    json_t *constant = resolve_constant(scope, value, spot);
    if (constant == NULL) {
        return false;
    }
    int64_t number = json_integer_value(constant);
    bool good = json_is_integer(constant) && number >= 0 && number <= max;
    if (!good) {
        char allowed[64];
        (void)snprintf(allowed, sizeof(allowed), "an integer from 0 to %lld", (long long)max);
        report(scope->compile, spot, (struct hint){.allowed = str_of(allowed)},
               "'%s' is no such number", spot.key == NULL ? "the value" : spot.key);
    } else {
        *out = number;
    }
    json_decref(constant);
    return good;
}

bool member_integer(
    struct scope *scope, const json_t *object, const char *key, int64_t max, int64_t *out)
{
    struct spot spot;
    json_t *value = member_or_default(scope, object, key, &spot);
    return value != NULL && value_integer(scope, value, spot, max, out);
}

/* "Application/JSON; charset=utf-8" is application/json. */
static struct str normal(struct arena *arena, const char *text, bool media)
{
    struct str head = str_of(text);
    struct str tail;
    if (media) {
        (void)str_cut(head, ';', &head, &tail);
    }
    head = str_trim(head);
    char *lower = arena_cstr(arena, head);
    for (size_t i = 0; i < head.len; i++) {
        lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] + ('a' - 'A') : lower[i]);
    }
    return str_make(lower, head.len);
}

static bool list_item(struct scope *scope, const json_t *item, enum list_kind kind, struct str *out)
{
    if (!json_is_string(item)) {
        return false;
    }
    *out = normal(scope->compile->scratch, json_string_value(item), kind == LIST_MEDIA);
    for (size_t i = 0; i < out->len; i++) {
        if ((unsigned char)out->ptr[i] <= ' ' || (unsigned char)out->ptr[i] >= 0x7f) {
            return false;
        }
    }
    if (kind == LIST_LANGUAGES) {
        return out->len > 0;
    }
    ptrdiff_t slash = str_find(*out, '/');
    return slash > 0 && (size_t)slash + 1 < out->len;
}

bool member_list(struct scope *scope,
                 const json_t *object,
                 const char *key,
                 enum list_kind kind,
                 struct media_list *out)
{
    struct spot spot;
    json_t *value = member_or_default(scope, object, key, &spot);
    json_t *list = value == NULL ? NULL : resolve_constant(scope, value, spot);
    if (list == NULL) {
        return false;
    }
    size_t count = json_array_size(list);
    bool good = json_is_array(list) && count > 0 && count <= LIST_MAX;
    struct str *items = good ? ARENA_ARRAY(scope->compile->scratch, struct str, count) : NULL;
    for (size_t i = 0; good && i < count; i++) {
        good = list_item(scope, json_array_get(list, i), kind, &items[i]);
        items[i] = intern_str(scope->compile, items[i]);
    }
    json_decref(list);
    if (!good) {
        report(scope->compile, spot,
               (struct hint){.allowed = kind == LIST_MEDIA
                                            ? STR("a list of media types, application/json")
                                            : STR("a list of language tags, en")},
               "'%s' is no such list", key);
        return false;
    }
    *out = (struct media_list){
        .types = intern_bytes(scope->compile, items, count * sizeof(*items)),
        .count = count,
    };
    return true;
}

bool member_names(struct scope *scope,
                  const json_t *object,
                  const char *key,
                  const struct name_list **out)
{
    struct spot spot = spot_member(object, key);
    *out = NULL;
    if (spot.node == NULL) {
        return true;
    }
    json_t *list = resolve_constant(scope, json_object_get(object, key), spot);
    if (list == NULL) {
        return false;
    }
    size_t count = json_array_size(list);
    bool good = json_is_array(list) && count <= LIST_MAX;
    struct str *items = good ? ARENA_ARRAY(scope->compile->scratch, struct str, count + 1) : NULL;
    for (size_t i = 0; good && i < count; i++) {
        const json_t *item = json_array_get(list, i);
        good = json_is_string(item) && json_string_length(item) > 0;
        items[i] = intern_str(scope->compile, str_of(json_string_value(item)));
    }
    json_decref(list);
    if (!good) {
        report(scope->compile, spot, (struct hint){.allowed = STR("a list of names")},
               "'%s' is no such list", key);
        return false;
    }
    struct name_list *names = ARENA_NEW(scope->compile->arena, struct name_list);
    names->names = intern_bytes(scope->compile, items, count * sizeof(*items));
    names->count = count;
    *out = names;
    return true;
}

bool member_schemes(struct scope *scope, const json_t *object, unsigned *out)
{
    struct spot spot;
    json_t *value = member_or_default(scope, object, "schemes", &spot);
    json_t *list = value == NULL ? NULL : resolve_constant(scope, value, spot);
    if (list == NULL) {
        return false;
    }
    unsigned schemes = 0;
    bool good = json_is_array(list) && json_array_size(list) > 0;
    for (size_t i = 0; good && i < json_array_size(list); i++) {
        struct str scheme = str_of(json_string_value(json_array_get(list, i)));
        if (str_eq(scheme, STR("http"))) {
            schemes |= SCHEME_HTTP;
        } else if (str_eq(scheme, STR("https"))) {
            schemes |= SCHEME_HTTPS;
        } else {
            good = false;
        }
    }
    json_decref(list);
    if (!good) {
        report(scope->compile, spot, (struct hint){.allowed = STR("a list of http, https")},
               "'schemes' is no such list");
        return false;
    }
    *out = schemes;
    return true;
}

json_t *member_object(struct scope *scope, const json_t *object, const char *key)
{
    struct spot spot;
    json_t *value = member_or_default(scope, object, key, &spot);
    json_t *out = value == NULL ? NULL : resolve(scope, value);
    if (out != NULL && !json_is_object(out)) {
        report(scope->compile, spot, (struct hint){.allowed = STR("a map")},
               "'%s' must become a map when the specification is loaded", key);
        json_decref(out);
        out = NULL;
    }
    return out;
}

bool check_status_codes(struct scope *scope, const json_t *level)
{
    json_t *codes = json_object_get(level, "status_codes");
    const char *key = NULL;
    json_t *value = NULL;
    bool good = true;
    json_object_foreach(codes, key, value)
    {
        struct spot spot = spot_member(codes, key);
        int64_t status = 0;
        json_t *constant = resolve_constant(scope, value, spot);
        if (constant == NULL) {
            good = false;
            continue;
        }
        bool number =
            json_is_integer(constant) || str_to_i64(str_of(json_string_value(constant)), &status);
        status = json_is_integer(constant) ? json_integer_value(constant) : status;
        if (!number || status < 200 || status > 599) {
            report(scope->compile, spot, (struct hint){.allowed = STR("a status from 200 to 599")},
                   "the value of '%s' is no HTTP status", key);
            good = false;
        }
        json_decref(constant);
    }
    return good;
}

#define NUMBER (VALUE_INTEGER | VALUE_EXPRESSION)
static const struct key_row defaults_rows[] = {
    {"schemes", VALUE_LIST | VALUE_EXPRESSION, false, NULL},
    {"security", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
    {"body_max_bytes", NUMBER, false, NULL},
    {"body_read_bytes", NUMBER, false, NULL},
    {"body_read_seconds", NUMBER, false, NULL},
    {"timeout", NUMBER, false, NULL},
    {"connect_timeout", NUMBER, false, NULL},
    {"retries", NUMBER, false, NULL},
    {"retry_timeout", NUMBER, false, NULL},
    {"accepts", VALUE_LIST | VALUE_EXPRESSION, false, NULL},
    {"provides", VALUE_LIST | VALUE_EXPRESSION, false, NULL},
    {"headers", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
};

bool check_defaults(struct compile *compile, const json_t *level)
{
    const json_t *defaults = json_object_get(level, "defaults");
    return !json_is_object(defaults) ||
           check_object(compile, defaults, defaults_rows, COUNT_OF(defaults_rows));
}
