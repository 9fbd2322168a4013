/* spec_path.c - a path of a version: its patterns and what all of its methods share. */
#include "base/mem.h"
#include "spec/constraint.h"
#include "spec/intern.h"
#include "spec/spec_inside.h"

#include <string.h>

#define IN_DEFAULTS "set it in 'defaults' of the path"

static const struct key_row path_rows[] = {
    {"summary", VALUE_STRING | VALUE_NULL, false, NULL},
    {"description", VALUE_STRING | VALUE_NULL, false, NULL},
    {"is_collection", VALUE_BOOL, false, NULL},
    {"variables", VALUE_MAP, false, NULL},
    {"defaults", VALUE_MAP, false, NULL},
    {"accepts", VALUE_LIST | VALUE_EXPRESSION, false, NULL},
    {"provides", VALUE_LIST | VALUE_EXPRESSION, false, NULL},
    {"schemes", VALUE_LIST | VALUE_EXPRESSION, false, NULL},
    {"security", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
    {"constraints", VALUE_MAP, false, NULL},
    {"get", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
    {"head", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
    {"post", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
    {"put", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
    {"patch", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
    {"delete", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
    {"options", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
    {"headers", VALUE_ANY, false, IN_DEFAULTS},
    {"timeout", VALUE_ANY, false, IN_DEFAULTS},
    {"connect_timeout", VALUE_ANY, false, IN_DEFAULTS},
    {"retries", VALUE_ANY, false, IN_DEFAULTS},
    {"retry_timeout", VALUE_ANY, false, IN_DEFAULTS},
    {"body_max_bytes", VALUE_ANY, false, IN_DEFAULTS},
    {"body_read_bytes", VALUE_ANY, false, IN_DEFAULTS},
    {"body_read_seconds", VALUE_ANY, false, IN_DEFAULTS},
    {"status_codes", VALUE_ANY, false, "set it at the version or the API"},
};

static const struct {
    const char *key;
    enum http_method method;
} methods[] = {{"get", HTTP_GET},        {"head", HTTP_HEAD},   {"post", HTTP_POST},
               {"put", HTTP_PUT},        {"patch", HTTP_PATCH}, {"delete", HTTP_DELETE},
               {"options", HTTP_OPTIONS}};

/* A path being compiled. */
struct reader {
    const struct version *version;
    struct spot spot; /* the path's key */
    struct spec_route *out;
    struct str names[ROUTE_PARAMS_MAX];
    size_t name_count;
    json_t *security; /* as it is in force for the path */
};

static struct compile *compile_of(const struct reader *reader)
{
    return reader->version->scope->compile;
}

static bool is_reserved(const struct pattern *pattern)
{
    if (pattern->count == 0) {
        return !pattern->rest;
    }
    const struct pattern_segment *first = &pattern->segments[0];
    if (first->param) {
        return false;
    }
    return (pattern->count == 1 && str_eq(first->text, STR("ws"))) ||
           str_eq(first->text, STR("wamp")) || str_eq(first->text, STR("realms"));
}

static bool check_key(const struct reader *reader, const char *key)
{
    bool any = compile_of(reader)->options->any_path;
    if (!any && (strcmp(key, "/") == 0 || strcmp(key, "/ws") == 0)) {
        report(compile_of(reader), reader->spot, (struct hint){0}, "the path '%s' is reserved",
               key);
        return false;
    }
    if (key[0] != '/') {
        report(compile_of(reader), reader->spot, (struct hint){.allowed = STR("/items/:id")},
               "the path '%s' does not begin with '/'", key);
        return false;
    }
    return true;
}

static bool read_patterns(struct reader *reader, const char *key)
{
    struct compile *compile = compile_of(reader);
    struct spec_route *out = reader->out;
    struct err err = {0};
    struct str base = reader->version->base_path;
    while (str_ends(base, STR("/"))) {
        base = str_sub(base, 0, base.len - 1);
    }
    out->route.pattern = arena_printf(compile->arena, PRISTR "%s", STRARG(base), key);
    if (!path_patterns(out->route.pattern, compile->arena, &out->paths, &err)) {
        report(compile, reader->spot, (struct hint){0}, "the path '%s' is not valid: %s", key,
               err.text);
        return false;
    }
    for (size_t i = 0; i < out->paths.count && !compile->options->any_path; i++) {
        if (is_reserved(&out->paths.items[i])) {
            report(compile, reader->spot, (struct hint){0},
                   "the path '" PRISTR "' is reserved (/, /ws, /wamp/ and /realms/ are)",
                   STRARG(out->route.pattern));
            return false;
        }
    }
    if (!pattern_names(&out->hosts, reader->names, ROUTE_PARAMS_MAX, &reader->name_count) ||
        !pattern_names(&out->paths, reader->names, ROUTE_PARAMS_MAX, &reader->name_count)) {
        report(compile, reader->spot, (struct hint){0}, "more than %d parameters",
               (int)ROUTE_PARAMS_MAX);
        return false;
    }
    return true;
}

static void put_constraint(struct patterns *patterns, struct str name, const struct constraint *it)
{
    for (size_t i = 0; i < patterns->count; i++) {
        for (size_t j = 0; j < patterns->items[i].count; j++) {
            struct pattern_segment *segment = &patterns->items[i].segments[j];
            if (segment->param && str_eq(segment->text, name)) {
                segment->constraint = it;
            }
        }
    }
}

static bool read_constraints(struct reader *reader, const json_t *path)
{
    struct compile *compile = compile_of(reader);
    json_t *map = json_object_get(path, "constraints");
    const char *key = NULL;
    json_t *value = NULL;
    bool good = true;
    json_object_foreach(map, key, value)
    {
        struct str own[ROUTE_PARAMS_MAX];
        size_t count = 0;
        size_t at = 0;
        (void)pattern_names(&reader->out->paths, own, ROUTE_PARAMS_MAX, &count);
        while (at < count && !str_eq(own[at], str_of(key))) {
            at++;
        }
        if (at == count) {
            report(compile, spot_key(map, key),
                   (struct hint){.nearest = str_nearest(str_of(key), own, count)},
                   "the path has no parameter '%s'", key);
            good = false;
            continue;
        }
        struct spot spot = spot_member(map, key);
        if (!check_type(compile, spot, VALUE_STRING, key)) {
            good = false;
            continue;
        }
        struct err err = {0};
        struct str text = str_make(json_string_value(value), json_string_length(value));
        const struct constraint *constraint = constraint_new(text, compile->arena, &err);
        if (constraint == NULL) {
            report(compile, spot, (struct hint){0}, "the constraint of '%s' is not valid, %s", key,
                   err.text);
            good = false;
        }
        put_constraint(&reader->out->paths, own[at], constraint);
    }
    return good;
}

static bool read_methods(struct reader *reader, struct scope *scope, const json_t *path)
{
    struct compile *compile = scope->compile;
    struct route *route = &reader->out->route;
    bool good = true;
    bool any = false;
    struct buf allow;
    buf_init(&allow, 256);
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        json_t *value = json_object_get(path, methods[i].key);
        if (value == NULL) {
            continue;
        }
        struct str name = http_method_name(methods[i].method);
        (void)buf_printf(&allow, "%s" PRISTR, any ? ", " : "", STRARG(name));
        any = true;
        struct spot spot = spot_member(path, methods[i].key);
        if (!check_type(compile, spot, VALUE_MAP | VALUE_EXPRESSION, methods[i].key)) {
            good = false;
            continue;
        }
        route->operations[methods[i].method] =
            operation_compile(scope, methods[i].method, value, spot);
        good = route->operations[methods[i].method] != NULL && good;
    }
    if (!any) {
        report(compile, reader->spot,
               (struct hint){.allowed = STR("get, head, post, put, patch, delete, options")},
               "At least one request method should be specified");
    }
    route->allow = intern_str(compile, buf_str(&allow));
    buf_done(&allow);
    return good && any;
}

static bool read_lists(struct scope *scope, const json_t *path, struct route *route)
{
    bool good = member_list(scope, path, "accepts", LIST_MEDIA, &route->accepts);
    good = member_list(scope, path, "provides", LIST_MEDIA, &route->provides) && good;
    return member_schemes(scope, path, &route->schemes) && good;
}

/* What nobody has used is tried all the same, but what is wrong with it harms nobody. */
void unused_variables(struct scope *scope, const json_t *level)
{
    json_t *variables = json_object_get(level, "variables");
    const char *key = NULL;
    json_t *value = NULL;
    scope->compile->only_warnings = true;
    json_object_foreach(variables, key, value)
    {
        if (idmap_get(&scope->compile->used, (uint64_t)(uintptr_t)value) == NULL) {
            (void)template_compile(scope, value);
        }
    }
    scope->compile->only_warnings = false;
}

/* What the specification says of errors' statuses, for errors whose template does not. */
static bool read_status_codes(struct scope *scope, struct route *route)
{
    if (json_object_size(scope->status_codes) == 0) {
        return true;
    }
    const struct template *codes = template_compile(scope, scope->status_codes);
    return codes != NULL && template_constant(codes, &route->status_codes);
}

static bool read_path(struct reader *reader, const char *key, const json_t *path)
{
    struct compile *compile = compile_of(reader);
    struct route *route = &reader->out->route;
    bool good = check_object(compile, path, path_rows, COUNT_OF(path_rows));
    good = check_defaults(compile, path) && good;
    good = check_key(reader, key) && read_patterns(reader, key) && good;
    if (reader->out->paths.items != NULL) {
        good = read_constraints(reader, path) && good;
    }
    struct scope scope;
    scope_init(&scope, compile, reader->version->scope, path);
    scope.bindings = reader->names;
    scope.binding_count = reader->name_count;
    scope.has_bindings = good || reader->name_count > 0;
    good = read_lists(&scope, path, route) && good;
    good = security_compile(&scope, path, route) && good;
    reader->security = member_object(&scope, path, "security");
    good = (!good || read_status_codes(&scope, route)) && good;
    good = read_methods(reader, &scope, path) && good;
    route->is_collection = json_is_true(json_object_get(path, "is_collection"));
    unused_variables(&scope, path);
    scope_done(&scope);
    return good;
}

void path_compile(const struct version *version, const char *key, json_t *value)
{
    struct compile *compile = version->scope->compile;
    struct spec *spec = compile->spec;
    json_t *paths = json_object_get(version->object, "paths");
    struct reader reader = {
        .version = version,
        .spot = spot_key(paths, key),
        .out = ARENA_NEW(compile->arena, struct spec_route),
    };
    if (!check_type(compile, spot_member(paths, key), VALUE_MAP, key)) {
        return;
    }
    struct route *route = &reader.out->route;
    route->spec = spec;
    route->api = spec->id;
    route->realm = spec->realm;
    route->host = spec->host;
    route->version = version->name;
    route->is_deprecated = version->deprecated;
    route->languages = version->languages;
    reader.out->hosts = spec->hosts;
    (void)compile_position(compile, reader.spot, &reader.out->line, &reader.out->column);
    reader.out->pointer = compile_pointer(compile, reader.spot, compile->arena);
    if (read_path(&reader, key, value) && version->active) {
        *spec->routes_end = reader.out;
        spec->routes_end = &reader.out->next;
        spec->route_count++;
        if (route->security == SECURITY_OAUTH2) {
            oauth_compile(version, route, reader.security, reader.spot);
        }
    }
    json_decref(reader.security);
    arena_reset(compile->scratch);
}
