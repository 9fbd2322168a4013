/* spec.c - an API object: reads the document, its top and its versions; see spec.h. */
#include "spec/spec.h"

#include "base/mem.h"
#include "spec/route_table.h"
#include "spec/spec_inside.h"
#include "wamp/uri.h"

#include <string.h>

static const struct key_row api_rows[] = {
    {"id", VALUE_STRING, true, NULL},
    {"name", VALUE_STRING, true, NULL},
    {"host", VALUE_STRING, true, NULL},
    {"realm_uri", VALUE_STRING, true, NULL},
    {"meta", VALUE_MAP, false, NULL},
    {"variables", VALUE_MAP, false, NULL},
    {"defaults", VALUE_MAP, false, NULL},
    {"status_codes", VALUE_MAP, false, NULL},
    {"versions", VALUE_MAP, true, NULL},
    {"ts", VALUE_INTEGER, false, NULL}, /* Bondy adds it to what it stores */
};

static const struct key_row version_rows[] = {
    {"base_path", VALUE_STRING, true, NULL},
    {"is_active", VALUE_BOOL, false, NULL},
    {"is_deprecated", VALUE_BOOL, false, NULL},
    {"pool_size", VALUE_INTEGER, false, NULL},
    {"info", VALUE_MAP | VALUE_NULL, false, NULL},
    {"variables", VALUE_MAP, false, NULL},
    {"defaults", VALUE_MAP, false, NULL},
    {"status_codes", VALUE_MAP, false, NULL},
    {"languages", VALUE_LIST | VALUE_EXPRESSION, false, NULL},
    {"paths", VALUE_MAP, true, NULL},
};

static const struct key_row info_rows[] = {
    {"title", VALUE_STRING | VALUE_NULL, true, NULL},
    {"description", VALUE_STRING | VALUE_NULL, false, NULL},
};

/* A member that must be a map, if it is there and is one. */
static const json_t *map_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_object(value) ? value : NULL;
}

static bool read_base_path(struct compile *compile, const json_t *object, struct version *version)
{
    struct str path = str_of(json_string_value(json_object_get(object, "base_path")));
    version->base_path = path;
    if (path.len == 0 || path.ptr[0] != '/') {
        report(compile, spot_member(object, "base_path"),
               (struct hint){.allowed = STR("/, /v1.0 or /[v1.0]")},
               "the base path does not begin with '/'");
        return false;
    }
    if (memmem(path.ptr, path.len, "[...]", 5) != NULL) {
        report(compile, spot_member(object, "base_path"), (struct hint){0},
               "a base path cannot contain '[...]'");
        return false;
    }
    return true;
}

static void read_languages(struct scope *scope, const json_t *object, struct version *version)
{
    static const struct str english[] = {STR_INIT("en")};
    version->languages = (struct media_list){.types = english, .count = 1};
    if (json_object_get(object, "languages") != NULL) {
        (void)member_list(scope, object, "languages", LIST_LANGUAGES, &version->languages);
    }
}

static void read_version(struct scope *api, const json_t *versions, const char *name)
{
    struct compile *compile = api->compile;
    json_t *object = json_object_get(versions, name);
    if (!check_type(compile, spot_member(versions, name), VALUE_MAP, name)) {
        return;
    }
    struct scope scope;
    (void)check_object(compile, object, version_rows, COUNT_OF(version_rows));
    (void)check_defaults(compile, object);
    if (map_of(object, "info") != NULL) {
        (void)check_object(compile, map_of(object, "info"), info_rows, COUNT_OF(info_rows));
    }
    scope_init(&scope, compile, api, object);
    struct version version = {
        .scope = &scope,
        .name = arena_str(compile->arena, str_of(name)),
        .object = object,
        .active = !json_is_false(json_object_get(object, "is_active")),
        .deprecated = json_is_true(json_object_get(object, "is_deprecated")),
    };
    (void)check_status_codes(&scope, object);
    read_languages(&scope, object, &version);
    if (!json_is_string(json_object_get(object, "base_path")) ||
        read_base_path(compile, object, &version)) {
        json_t *paths = json_object_get(object, "paths");
        const char *key = NULL;
        json_t *value = NULL;
        json_object_foreach(paths, key, value)
        {
            path_compile(&version, key, value);
        }
    }
    unused_variables(&scope, object);
    scope_done(&scope);
}

static void read_host(struct compile *compile, const json_t *root)
{
    struct spec *spec = compile->spec;
    struct err err = {0};
    if (str_eq(spec->host, STR("_")) || !json_is_string(json_object_get(root, "host"))) {
        return;
    }
    if (!host_patterns(spec->host, compile->arena, &spec->hosts, &err)) {
        report(compile, spot_member(root, "host"),
               (struct hint){.allowed = STR("_ (any), example.com, [www.]example.com, "
                                            ":name.example.com, [...]example.com")},
               "the host is not valid: %s", err.text);
    }
}

static struct str text_member(struct compile *compile, const json_t *root, const char *key)
{
    struct str text = str_of(json_string_value(json_object_get(root, key)));
    if (text.len == 0 && json_is_string(json_object_get(root, key))) {
        report(compile, spot_member(root, key), (struct hint){0}, "'%s' is empty", key);
    }
    if (text.len < json_string_length(json_object_get(root, key))) {
        report(compile, spot_member(root, key), (struct hint){0}, "'%s' has a NUL", key);
    }
    if (text.len > 1024) {
        report(compile, spot_member(root, key), (struct hint){0}, "'%s' is too long", key);
    }
    return arena_str(compile->arena, text);
}

static void read_top(struct compile *compile, const json_t *root)
{
    struct spec *spec = compile->spec;
    spec->id = text_member(compile, root, "id");
    if (str_eq(spec->id, STR(".")) || str_eq(spec->id, STR(".."))) {
        report(compile, spot_member(root, "id"), (struct hint){0},
               "'id' is no name for what has a URL: there it leads elsewhere");
    }
    spec->name = text_member(compile, root, "name");
    spec->host = text_member(compile, root, "host");
    spec->realm = text_member(compile, root, "realm_uri");
    struct spot realm = spot_member(root, "realm_uri");
    (void)compile_position(compile, realm, &spec->realm_line, &spec->realm_column);
    if (spec->realm.len > 0 && !uri_valid(spec->realm, MATCH_EXACT)) {
        report(compile, realm, (struct hint){.allowed = STR("a WAMP URI, com.example.shop")},
               "the value of 'realm_uri' is not valid");
    }
    read_host(compile, root);
}

static void read_api(struct compile *compile, json_t *root)
{
    if (!json_is_object(root)) {
        report(compile, spot_node(root), (struct hint){.allowed = STR("a map")},
               "a specification is one API object");
        return;
    }
    (void)check_object(compile, root, api_rows, COUNT_OF(api_rows));
    (void)check_defaults(compile, root);
    read_top(compile, root);
    /* The top of all scopes: what a specification need not say. */
    struct scope built_in = {.compile = compile,
                             .variables = json_object(),
                             .defaults = spec_defaults(),
                             .status_codes = json_object()};
    struct scope scope;
    scope_init(&scope, compile, &built_in, root);
    (void)check_status_codes(&scope, root);
    json_t *versions = json_object_get(root, "versions");
    const char *name = NULL;
    json_t *version = NULL;
    json_object_foreach(versions, name, version)
    {
        read_version(&scope, versions, name);
    }
    unused_variables(&scope, root);
    scope_done(&scope);
    scope_done(&built_in);
}

static struct spec *spec_new(void)
{
    struct spec *spec = NEW(struct spec);
    atomic_init(&spec->refs, 1);
    arena_init(&spec->arena, SIZE_MAX / 2); /* bounded by SPEC_MEMORY_MAX */
    spec->routes_end = &spec->routes;
    return spec;
}

struct spec *spec_compile_document(const struct document *document,
                                   const struct spec_options *options,
                                   struct problems *problems)
{
    static const struct spec_options none;
    size_t errors = problems->errors;
    struct spec *spec = spec_new();
    struct arena scratch;
    arena_init(&scratch, SIZE_MAX / 2);
    struct compile compile = {
        .document = document,
        .problems = problems,
        .arena = &spec->arena,
        .scratch = &scratch,
        .spec = spec,
        .options = options == NULL ? &none : options,
    };
    map_init(&compile.interned);
    idmap_init(&compile.used);
    json_t *root = document_root(document);
    if (json_is_array(root) && compile.options->index < json_array_size(root)) {
        root = json_array_get(root, compile.options->index);
    }
    read_api(&compile, root);
    idmap_done(&compile.used);
    map_done(&compile.interned);
    arena_done(&scratch);
    if (problems->errors == errors) {
        route_table_check(spec, problems);
    }
    if (problems->errors > errors) {
        spec_unref(spec);
        return NULL;
    }
    return spec;
}

struct spec *spec_ref(struct spec *spec)
{
    (void)atomic_fetch_add_explicit(&spec->refs, 1, memory_order_relaxed);
    return spec;
}

void spec_unref(struct spec *spec)
{
    if (spec != NULL && atomic_fetch_sub_explicit(&spec->refs, 1, memory_order_acq_rel) == 1) {
        arena_done(&spec->arena);
        mem_free(spec);
    }
}

struct str spec_id(const struct spec *spec)
{
    return spec->id;
}

struct str spec_name(const struct spec *spec)
{
    return spec->name;
}

struct str spec_realm(const struct spec *spec)
{
    return spec->realm;
}

void spec_realm_position(const struct spec *spec, unsigned *line, unsigned *column)
{
    *line = spec->realm_line;
    *column = spec->realm_column;
}

unsigned spec_security_types(const struct spec *spec)
{
    unsigned types = 0;
    for (const struct spec_route *at = spec->routes; at != NULL; at = at->next) {
        types |= 1U << (unsigned)at->route.security;
    }
    return types;
}

size_t spec_route_count(const struct spec *spec)
{
    return spec->route_count;
}
