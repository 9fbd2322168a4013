#include "api/openapi.h"

#include "base/buf.h"
#include "base/mem.h"

#include <stdio.h>
#include <string.h>

enum { TEXT_MAX = 1 << 20, NAME_MAX_BYTES = 256, DEPTH_MAX = 16, STATUS_SIZE = 16 };

/* An operation being told. */
struct teller {
    const json_t *variables;
    const char *path;        /* as the specification has it */
    const json_t *path_item; /* its object */
    const json_t *defaults;
    struct buf text; /* all of its strings, variables followed */
};

/* The name in "{{variables.NAME}}" when that is all there is; else empty. */
static struct str variable_in(const char *text)
{
    struct str name = str_trim(str_of(text));
    if (!str_starts(name, STR("{{variables.")) || !str_ends(name, STR("}}"))) {
        return STR_EMPTY;
    }
    name = str_sub(name, 12, name.len - 14);
    return str_find(name, ' ') < 0 && str_find(name, '}') < 0 ? name : STR_EMPTY;
}

static const json_t *variable(const struct teller *teller, struct str name)
{
    return json_object_getn(teller->variables, name.ptr, name.len);
}

/* What stands there once variables are followed. Borrowed; may be NULL. */
static const json_t *resolve(const struct teller *teller, const json_t *value)
{
    for (unsigned i = 0; i < DEPTH_MAX && json_is_string(value); i++) {
        struct str name = variable_in(json_string_value(value));
        if (name.len == 0) {
            return value;
        }
        value = variable(teller, name);
    }
    return value;
}

static void collect(struct teller *teller, const json_t *value, unsigned depth);

/* The text, and what its variables stand for. */
static void collect_text(struct teller *teller, const char *text, unsigned depth)
{
    static const char mark[] = "variables.";
    (void)buf_append(&teller->text, str_of(text));
    (void)buf_byte(&teller->text, '\n');
    for (const char *at = strstr(text, mark); at != NULL; at = strstr(at, mark)) {
        at += sizeof(mark) - 1;
        collect(teller, variable(teller, str_make(at, strcspn(at, " .|})"))), depth + 1);
    }
}

static void collect(struct teller *teller, const json_t *value, unsigned depth)
{
    const char *key = NULL;
    json_t *member = NULL;
    size_t i = 0;
    if (depth > DEPTH_MAX) {
        return;
    }
    if (json_is_string(value)) {
        collect_text(teller, json_string_value(value), depth);
    }
    json_object_foreach((json_t *)(uintptr_t)value, key, member)
    {
        collect(teller, member, depth + 1);
    }
    json_array_foreach((json_t *)(uintptr_t)value, i, member)
    {
        collect(teller, member, depth + 1);
    }
}

static bool looks_at(struct teller *teller, const char *what)
{
    struct str text = buf_str(&teller->text);
    return text.len > 0 && memmem(text.ptr, text.len, what, strlen(what)) != NULL;
}

static bool listed(const json_t *list, struct str name)
{
    size_t i = 0;
    json_t *one = NULL;
    json_array_foreach((json_t *)(uintptr_t)list, i, one)
    {
        if (str_eq(str_of(json_string_value(json_object_get(one, "name"))), name)) {
            return true;
        }
    }
    return false;
}

static void add_parameter(json_t *list, struct str name, const char *in)
{
    if (name.len > 0 && !listed(list, name)) {
        json_t *one = json_pack("{s:s%, s:s, s:b, s:{s:s}}", "name", name.ptr, name.len, "in", in,
                                "required", strcmp(in, "path") == 0, "schema", "type", "string");
        (void)json_array_append_new(list, one);
    }
}

/* Names asked for as in `get(NAME, ...)` or `get('NAME', ...)` after `source`. */
static void add_asked(struct teller *teller, json_t *list, const char *source, const char *in)
{
    struct str rest = buf_str(&teller->text);
    size_t len = strlen(source);
    const char *at = rest.len == 0 ? NULL : memmem(rest.ptr, rest.len, source, len);
    while (at != NULL) {
        rest = str_from(rest, (size_t)(at - rest.ptr) + len);
        size_t skip = rest.len > 0 && rest.ptr[0] == '\'' ? 1 : 0;
        size_t end = skip;
        while (end < rest.len && strchr("',) \n", rest.ptr[end]) == NULL) {
            end++;
        }
        add_parameter(list, str_sub(rest, skip, end - skip), in);
        at = memmem(rest.ptr, rest.len, source, len);
    }
}

static json_t *parameters(struct teller *teller)
{
    json_t *list = json_array();
    struct str rest = str_of(teller->path);
    struct str segment = STR_EMPTY;
    for (bool more = true; more;) {
        more = str_cut(rest, '/', &segment, &rest);
        if (str_starts(segment, STR(":"))) {
            add_parameter(list, str_from(segment, 1), "path");
        }
    }
    add_asked(teller, list, "request.query_params |> get(", "query");
    add_asked(teller, list, "request.headers |> get(", "header");
    return list;
}

/* A member of the path, or the API's default. */
static const json_t *setting(const struct teller *teller, const char *key)
{
    const json_t *own = json_object_get(teller->path_item, key);
    return own != NULL ? own : json_object_get(teller->defaults, key);
}

static json_t *content(const struct teller *teller, const char *key, const json_t *schema)
{
    json_t *all = json_object();
    size_t i = 0;
    json_t *type = NULL;
    json_array_foreach((json_t *)(uintptr_t)setting(teller, key), i, type)
    {
        if (strcmp(json_string_value(type), "*/*") != 0) {
            (void)json_object_set_new(all, json_string_value(type),
                                      json_pack("{s:O}", "schema", schema));
        }
    }
    return all;
}

static void add_body(struct teller *teller, const json_t *operation, json_t *out)
{
    const json_t *requires = json_object_get(operation, "requires");
    if (requires == NULL && !looks_at(teller, "request.body") &&
        !looks_at(teller, "request.text")) {
        return;
    }
    json_t *schema = requires == NULL ? json_object()
                                      : json_pack("{s:s, s:O}", "type", "object", "required",
                                                  (json_t *)(uintptr_t) requires);
    (void)json_object_set_new(
        out, "requestBody",
        json_pack("{s:b, s:o}", "required", 1, "content", content(teller, "accepts", schema)));
    json_decref(schema);
}

/* The status that a success has, by the rules of docs/spec.md. */
static void success(const char *method, const json_t *result, char out[STATUS_SIZE])
{
    const json_t *status = json_object_get(result, "status_code");
    int number = 200;
    if (json_is_integer(status)) {
        number = (int)json_integer_value(status);
    } else if (strcmp(method, "delete") == 0) {
        number = 204;
    } else if (strcmp(method, "get") != 0 && json_object_get(result, "uri") != NULL) {
        number = 201;
    }
    (void)snprintf(out, STATUS_SIZE, "%d", number);
}

static json_t *headers(const struct teller *teller, const json_t *result)
{
    static const char *const told[] = {"etag", "link", "x-total-count"};
    const json_t *map = resolve(teller, json_object_get(result, "headers"));
    json_t *out = json_object();
    for (size_t i = 0; i < COUNT_OF(told); i++) {
        if (json_object_get(map, told[i]) != NULL) {
            (void)json_object_set_new(out, told[i],
                                      json_pack("{s:{s:s}}", "schema", "type", "string"));
        }
    }
    return out;
}

static json_t *responses(struct teller *teller, const char *method, const json_t *operation)
{
    const json_t *response = resolve(teller, json_object_get(operation, "response"));
    const json_t *result = resolve(teller, json_object_get(response, "on_result"));
    char status[STATUS_SIZE];
    success(method, result, status);
    json_t *good = json_pack("{s:s, s:o}", "description", "What was asked for, or nothing",
                             "headers", headers(teller, result));
    if (strcmp(status, "204") != 0) {
        json_t *schema = json_object();
        (void)json_object_set_new(good, "content", content(teller, "provides", schema));
        json_decref(schema);
    }
    return json_pack("{s:o, s:{s:s}}", status, good, "default", "$ref",
                     "#/components/responses/problem");
}

static json_t *operation_of(struct teller *teller, const char *method, const json_t *operation)
{
    const json_t *action = resolve(teller, json_object_get(operation, "action"));
    const json_t *info = json_object_get(operation, "info");
    const char *procedure = json_string_value(json_object_get(action, "procedure"));
    const char *summary = json_string_value(json_object_get(info, "description"));
    char id[NAME_MAX_BYTES];
    (void)snprintf(id, sizeof(id), "%s%s", method, teller->path);
    for (char *at = id; *at != '\0'; at++) {
        *at = (char)(*at == '/' || *at == ':' || *at == '.' ? '_' : *at);
    }
    buf_clear(&teller->text);
    collect(teller, operation, 0);
    json_t *out = json_pack("{s:s, s:s, s:o, s:o}", "operationId", id, "summary",
                            summary == NULL ? "" : summary, "parameters", parameters(teller),
                            "responses", responses(teller, method, operation));
    add_body(teller, operation, out);
    if (procedure != NULL) {
        (void)json_object_set_new(out, "x-wamp", json_pack("{s:s}", "procedure", procedure));
    }
    return out;
}

/* "/a/:b" is "/a/{b}" there. */
static void put_path(struct buf *out, const char *path)
{
    bool open = false;
    for (const char *at = path; *at != '\0'; at++) {
        if (*at == '/' && open) {
            (void)buf_byte(out, '}');
            open = false;
        }
        open = open || *at == ':';
        (void)buf_byte(out, *at == ':' ? '{' : *at);
    }
    (void)buf_append(out, open ? STR("}") : STR_EMPTY);
    (void)buf_byte(out, '\0');
}

static json_t *path_of(struct teller *teller)
{
    static const char *const methods[] = {"get", "put", "post", "delete", "patch"};
    const json_t *summary = json_object_get(teller->path_item, "summary");
    json_t *out = json_object();
    if (summary != NULL) {
        (void)json_object_set(out, "summary", (json_t *)(uintptr_t)summary);
    }
    for (size_t i = 0; i < COUNT_OF(methods); i++) {
        const json_t *operation = resolve(teller, json_object_get(teller->path_item, methods[i]));
        if (json_is_object(operation)) {
            (void)json_object_set_new(out, methods[i], operation_of(teller, methods[i], operation));
        }
    }
    return out;
}

static json_t *components(void)
{
    static const char text[] =
        "{\"securitySchemes\":{\"basic\":{\"type\":\"http\",\"scheme\":\"basic\"},"
        "\"bearer\":{\"type\":\"http\",\"scheme\":\"bearer\"}},"
        "\"responses\":{\"problem\":{\"description\":\"Why not (RFC 9457)\","
        "\"content\":{\"application/problem+json\":{\"schema\":{\"$ref\":"
        "\"#/components/schemas/problem\"}}}}},"
        "\"schemas\":{\"problem\":{\"type\":\"object\",\"required\":[\"status\",\"code\","
        "\"detail\"],\"properties\":{\"type\":{\"type\":\"string\"},\"title\":{\"type\":"
        "\"string\"},\"status\":{\"type\":\"integer\"},\"code\":{\"type\":\"string\"},"
        "\"detail\":{\"type\":\"string\"},\"message\":{\"type\":\"string\"},\"description\":"
        "{\"type\":\"string\"},\"request_id\":{\"type\":\"string\"},\"errors\":{\"type\":"
        "\"array\",\"items\":{\"type\":\"object\"}}}}}}";
    return json_loads(text, 0, NULL);
}

static void put_paths(struct teller *teller, const json_t *version, json_t *out)
{
    const char *path = NULL;
    json_t *item = NULL;
    json_object_foreach(json_object_get(version, "paths"), path, item)
    {
        struct buf name;
        buf_init(&name, TEXT_MAX);
        put_path(&name, path);
        teller->path = path;
        teller->path_item = item;
        (void)json_object_set_new(out, name.ptr, path_of(teller));
        buf_done(&name);
    }
}

json_t *openapi_of(const json_t *spec, const char *version)
{
    struct teller teller = {.variables = json_object_get(spec, "variables"),
                            .defaults = json_object_get(spec, "defaults")};
    json_t *paths = json_object();
    const char *name = NULL;
    json_t *one = NULL;
    buf_init(&teller.text, TEXT_MAX);
    json_object_foreach(json_object_get(spec, "versions"), name, one)
    {
        put_paths(&teller, one, paths);
    }
    buf_done(&teller.text);
    return json_pack("{s:s, s:{s:O, s:s}, s:[{s:s}, {s:s}], s:[{s:[]}, {s:[]}], s:o, s:o}",
                     "openapi", "3.1.0", "info", "title", json_object_get(spec, "name"), "version",
                     version, "servers", "url", "/", "url", "/v1.0", "security", "basic", "bearer",
                     "paths", paths, "components", components());
}
