/* spec_response.c - what is answered when the action has succeeded, and when it has failed. */
#include "base/mem.h"
#include "spec/intern.h"
#include "spec/spec_inside.h"

#include <string.h>

enum {
    HEADERS_MAX = 64,
    ANYWHERE = USES_REQUEST | USES_BODY | USES_TEXT | USES_SECURITY | USES_CHANCE,
};

static const struct key_row response_rows[] = {
    {"on_result", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
    {"on_error", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
};

static const struct key_row template_rows[] = {
    {"headers", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
    {"body", VALUE_ANY, false, NULL},
    {"status_code", VALUE_INTEGER | VALUE_STRING, false, NULL},
    {"uri", VALUE_STRING, false, NULL},
};

static const struct key_row error_rows[] = {
    {"headers", VALUE_MAP | VALUE_EXPRESSION, false, NULL},     {"body", VALUE_ANY, false, NULL},
    {"status_code", VALUE_INTEGER | VALUE_STRING, false, NULL}, {"uri", VALUE_STRING, false, NULL},
    {"problem", VALUE_MAP | VALUE_EXPRESSION, false, NULL},
};

/* RFC 9110 token, in lower case. */
static bool header_name(struct str name, struct arena *arena, struct str *out)
{
    char *lower = arena_cstr(arena, name);
    for (size_t i = 0; i < name.len; i++) {
        char c = lower[i];
        if (c >= 'A' && c <= 'Z') {
            lower[i] = (char)(c + ('a' - 'A'));
        } else if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')) &&
                   (c == '\0' || strchr("!#$%&'*+-.^_`|~", c) == NULL)) {
            return false;
        }
    }
    *out = str_make(lower, name.len);
    return name.len > 0;
}

/* These say how the message is framed, which is the server's own business. */
static bool is_framing(struct str name)
{
    static const struct str framing[] = {STR_INIT("connection"),        STR_INIT("content-length"),
                                         STR_INIT("transfer-encoding"), STR_INIT("upgrade"),
                                         STR_INIT("trailer"),           STR_INIT("keep-alive")};
    for (size_t i = 0; i < COUNT_OF(framing); i++) {
        if (str_eq(name, framing[i])) {
            return true;
        }
    }
    return false;
}

static bool
check_constant_header(struct scope *scope, const struct template *value, struct spot spot)
{
    struct slice constant;
    if (!template_constant(value, &constant)) {
        return true;
    }
    bool good = value->constant.is_text;
    for (size_t i = 0; good && i < value->constant.text.len; i++) {
        unsigned char c = (unsigned char)value->constant.text.ptr[i];
        good = c == '\t' || (c >= ' ' && c != 0x7f);
    }
    if (!good) {
        report(scope->compile, spot, (struct hint){.allowed = STR("text of one line")},
               "the header '%s' has a value that no header can have", spot.key);
    }
    return good;
}

static bool
read_header_members(struct scope *scope, json_t *map, unsigned uses, struct response_template *out)
{
    struct arena *arena = scope->compile->scratch;
    size_t count = json_object_size(map);
    if (count > HEADERS_MAX) {
        report(scope->compile, spot_node(map), (struct hint){0}, "more than %d headers",
               (int)HEADERS_MAX);
        return false;
    }
    struct response_header *headers = ARENA_ARRAY(arena, struct response_header, count + 1);
    const char *key = NULL;
    json_t *value = NULL;
    bool good = true;
    size_t i = 0;
    json_object_foreach(map, key, value)
    {
        struct spot spot = spot_member(map, key);
        if (!header_name(str_of(key), arena, &headers[i].name) || is_framing(headers[i].name)) {
            report(scope->compile, spot_key(map, key), (struct hint){0},
                   "'%s' is no header that a response may set", key);
            good = false;
        }
        headers[i].name = intern_str(scope->compile, headers[i].name);
        headers[i].value = field_compile(scope, value, spot, uses);
        good = headers[i].value != NULL && check_constant_header(scope, headers[i].value, spot) &&
               good;
        i++;
    }
    out->headers = intern_bytes(scope->compile, headers, count * sizeof(*headers));
    out->header_count = count;
    return good;
}

static bool read_headers(struct scope *scope,
                         const json_t *object,
                         unsigned uses,
                         struct response_template *out)
{
    struct spot spot = spot_member(object, "headers");
    json_t *value = spot.node == NULL ? json_object_get(scope->defaults, "headers")
                                      : json_object_get(object, "headers");
    if (spot.node == NULL) {
        spot = spot_node(value);
    }
    json_t *map = resolve(scope, value);
    if (map == NULL) {
        return false;
    }
    bool good = false;
    if (json_is_object(map)) {
        good = read_header_members(scope, map, uses, out);
    } else {
        out->header_map = field_compile(scope, map, spot, uses);
        good = out->header_map != NULL && field_is(scope, out->header_map, spot, SCAN_MAP);
    }
    json_decref(map);
    return good;
}

static bool
read_body(struct scope *scope, const json_t *object, unsigned uses, struct response_template *out)
{
    json_t *body = json_object_get(object, "body");
    json_t *empty = body == NULL ? json_string("") : NULL;
    out->body =
        field_compile(scope, body == NULL ? empty : body, spot_member(object, "body"), uses);
    json_decref(empty);
    return out->body != NULL;
}

static bool
read_status(struct scope *scope, const json_t *object, unsigned uses, struct response_template *out)
{
    json_t *status = json_object_get(object, "status_code");
    if (status == NULL) {
        return true;
    }
    struct spot spot = spot_member(object, "status_code");
    out->status_code = field_compile(scope, status, spot, uses);
    if (out->status_code == NULL) {
        return false;
    }
    struct arena scratch;
    struct slice value;
    arena_init(&scratch, 1 << 16);
    struct template_run run = {.arena = &scratch, .output_max = 1 << 12};
    int64_t number = 0;
    bool good =
        !template_constant(out->status_code, &value) ||
        (template_integer(out->status_code, &run, &number) && number >= 200 && number <= 599);
    arena_done(&scratch);
    if (!good) {
        report(scope->compile, spot, (struct hint){.allowed = STR("a status from 200 to 599")},
               "the value of 'status_code' is not valid");
    }
    return good;
}

static bool
read_uri(struct scope *scope, const json_t *object, unsigned uses, struct response_template *out)
{
    json_t *uri = json_object_get(object, "uri");
    if (uri == NULL) {
        return true;
    }
    struct spot spot = spot_member(object, "uri");
    out->uri = field_compile(scope, uri, spot, uses);
    return out->uri != NULL && field_is(scope, out->uri, spot, SCAN_STRING) &&
           check_constant_header(scope, out->uri, spot);
}

/* What the default answer to an error says beside what it always says. */
static bool read_problem(struct scope *scope,
                         const json_t *object,
                         unsigned uses,
                         struct response_template *out)
{
    json_t *problem = json_object_get(object, "problem");
    if (problem == NULL) {
        return true;
    }
    struct spot spot = spot_member(object, "problem");
    if (json_object_get(object, "body") != NULL) {
        report(scope->compile, spot, (struct hint){0},
               "'problem' adds to the default answer, and with 'body' there is none");
        return false;
    }
    out->problem = field_compile(scope, problem, spot, uses);
    return out->problem != NULL && field_is(scope, out->problem, spot, SCAN_MAP);
}

/* `object` may be NULL: then everything is the default. */
static bool read_template(struct scope *scope,
                          const json_t *object,
                          unsigned uses,
                          struct response_template *out)
{
    bool error = (uses & USES_ERROR) != 0;
    bool good =
        object == NULL || check_object(scope->compile, object, error ? error_rows : template_rows,
                                       error ? COUNT_OF(error_rows) : COUNT_OF(template_rows));
    good = (!error || read_problem(scope, object, uses, out)) && good;
    good = read_headers(scope, object, uses, out) && good;
    good = read_body(scope, object, uses, out) && good;
    good = read_status(scope, object, uses, out) && good;
    return read_uri(scope, object, uses, out) && good;
}

bool response_compile(struct scope *scope, const json_t *operation, struct operation *out)
{
    json_t *response = member_object(scope, operation, "response");
    if (response == NULL) {
        return false;
    }
    bool good = check_object(scope->compile, response, response_rows, COUNT_OF(response_rows));
    const struct {
        const char *key;
        struct response_template *out;
        unsigned uses;
    } sides[] = {{"on_result", &out->on_result, ANYWHERE | USES_RESULT},
                 {"on_error", &out->on_error, ANYWHERE | USES_ERROR}};
    for (size_t i = 0; i < COUNT_OF(sides); i++) {
        json_t *object = NULL;
        if (json_object_get(response, sides[i].key) != NULL) {
            object = member_object(scope, response, sides[i].key);
            good = object != NULL && good;
        }
        good = read_template(scope, object, sides[i].uses, sides[i].out) && good;
        json_decref(object);
    }
    json_decref(response);
    return good;
}
