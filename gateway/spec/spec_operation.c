/* spec_operation.c - a method of a path: its action and what the action is given. */
#include "base/mem.h"
#include "spec/spec_inside.h"
#include "wamp/uri.h"

enum { BEFORE_ACTION = USES_REQUEST | USES_BODY | USES_TEXT | USES_SECURITY | USES_CHANCE };

#define NUMBER (VALUE_INTEGER | VALUE_EXPRESSION)
#define MAP    (VALUE_MAP | VALUE_EXPRESSION)
#define LIST   (VALUE_LIST | VALUE_EXPRESSION)

static const struct key_row operation_rows[] = {
    {"info", VALUE_MAP | VALUE_NULL, false, NULL},
    {"body_max_bytes", NUMBER, false, NULL},
    {"body_read_bytes", NUMBER, false, NULL},
    {"body_read_seconds", NUMBER, false, NULL},
    {"requires", LIST, false, NULL},
    {"takes", LIST, false, NULL},
    {"action", MAP, true, NULL},
    {"response", MAP, true, NULL},
};

static const struct key_row static_rows[] = {
    {"type", VALUE_STRING, true, NULL},
    {"headers", MAP, false, NULL},
    {"body", VALUE_ANY, false, NULL},
};

static const struct key_row forward_rows[] = {
    {"type", VALUE_STRING, true, NULL},
    {"http_method", VALUE_STRING, false, NULL},
    {"host", VALUE_STRING, true, NULL},
    {"path", VALUE_STRING, false, NULL},
    {"query_string", VALUE_STRING, false, NULL},
    {"headers", MAP, false, NULL},
    {"body", VALUE_ANY, false, NULL},
    {"timeout", NUMBER, false, NULL},
    {"connect_timeout", NUMBER, false, NULL},
    {"retries", NUMBER, false, NULL},
    {"retry_timeout", NUMBER, false, NULL},
};

#define WAMP_ROWS                                                                   \
    {"type", VALUE_STRING, true, NULL}, {"options", MAP, false, NULL},              \
        {"args", LIST, false, NULL}, {"arguments", LIST, false, NULL},              \
        {"kwargs", MAP, false, NULL}, {"arguments_kw", MAP, false, NULL},           \
        {"timeout", NUMBER, false, NULL}, {"connect_timeout", NUMBER, false, NULL}, \
        {"retries", NUMBER, false, NULL}, {"retry_timeout", NUMBER, false, NULL},   \
    {                                                                               \
        "payload", VALUE_ANY, false, NULL                                           \
    }

static const struct key_row call_rows[] = {WAMP_ROWS, {"procedure", VALUE_STRING, true, NULL}};
static const struct key_row publish_rows[] = {WAMP_ROWS, {"topic", VALUE_STRING, true, NULL}};

static bool read_static(struct scope *scope, const json_t *action, struct operation *out);
static bool read_call(struct scope *scope, const json_t *action, struct operation *out);
static bool read_publish(struct scope *scope, const json_t *action, struct operation *out);
static bool read_forward(struct scope *scope, const json_t *action, struct operation *out);

static const struct action_row {
    struct str name;
    enum action_type type;
    const struct key_row *rows;
    size_t row_count;
    bool (*read)(struct scope *scope, const json_t *action, struct operation *out);
} actions[] = {
    {STR_INIT("static"), ACTION_STATIC, static_rows, COUNT_OF(static_rows), read_static},
    {STR_INIT("wamp_call"), ACTION_CALL, call_rows, COUNT_OF(call_rows), read_call},
    {STR_INIT("wamp_publish"), ACTION_PUBLISH, publish_rows, COUNT_OF(publish_rows), read_publish},
    {STR_INIT("forward"), ACTION_FORWARD, forward_rows, COUNT_OF(forward_rows), read_forward},
};

const struct template *
field_compile(struct scope *scope, json_t *value, struct spot spot, unsigned uses)
{
    const struct template *out = template_compile(scope, value);
    if (out == NULL) {
        return NULL;
    }
    unsigned wrong = out->uses & ~uses;
    if ((wrong & USES_RESULT) != 0) {
        report(scope->compile, spot, (struct hint){0},
               "'action.result' has no value here: there is a result in on_result only");
        return NULL;
    }
    if ((wrong & USES_ERROR) != 0) {
        report(scope->compile, spot, (struct hint){0},
               "'action.error' has no value here: there is an error in on_error only");
        return NULL;
    }
    return out;
}

bool field_is(struct scope *scope,
              const struct template *field,
              struct spot spot,
              enum scan_kind kind)
{
    static const struct {
        enum template_kind template;
        enum scan_kind kind;
    } known[] = {
        {TEMPLATE_LIST, SCAN_LIST}, {TEMPLATE_MAP, SCAN_MAP}, {TEMPLATE_TEXT, SCAN_STRING}};
    struct slice value;
    bool good = true;
    if (template_constant(field, &value)) {
        good = slice_kind(value) == kind;
    }
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        good = good && (field->kind != known[i].template || kind == known[i].kind);
    }
    if (!good) {
        report(scope->compile, spot,
               (struct hint){.allowed = kind == SCAN_LIST  ? STR("a list")
                                        : kind == SCAN_MAP ? STR("a map")
                                                           : STR("a string")},
               "the value of '%s' is of the wrong type", spot.key == NULL ? "it" : spot.key);
    }
    return good;
}

/* A member of an action, absent or of this kind. */
static bool read_field(struct scope *scope,
                       const json_t *action,
                       const char *key,
                       enum scan_kind kind,
                       const struct template **out)
{
    json_t *value = json_object_get(action, key);
    if (value == NULL) {
        return true;
    }
    struct spot spot = spot_member(action, key);
    *out = field_compile(scope, value, spot, BEFORE_ACTION);
    return *out != NULL && (kind == SCAN_NONE || field_is(scope, *out, spot, kind));
}

static bool read_static(struct scope *scope, const json_t *action, struct operation *out)
{
    const struct template *headers = NULL;
    bool good = read_field(scope, action, "headers", SCAN_MAP, &headers);
    return read_field(scope, action, "body", SCAN_NONE, &out->static_body) && good;
}

/* action.timeout, else options.timeout, else the default; a shorter options.timeout wins. */
static bool read_timeout(struct scope *scope, const json_t *action, struct operation *out)
{
    int64_t timeout = 0;
    int64_t wanted = 0;
    if (!member_integer(scope, action, "timeout", SPEC_TIMEOUT_MAX_MS, &timeout)) {
        return false;
    }
    json_t *options = json_object_get(action, "options");
    json_t *map = options == NULL ? NULL : resolve(scope, options);
    json_t *own = json_object_get(map, "timeout");
    bool good = true;
    if (own != NULL) {
        struct spot spot = spot_member(map, "timeout");
        good = value_integer(scope, own, spot, SPEC_TIMEOUT_MAX_MS, &wanted);
        if (wanted > 0 &&
            (json_object_get(action, "timeout") == NULL || timeout == 0 || wanted < timeout)) {
            timeout = wanted;
        }
    }
    json_decref(map);
    out->timeout_ms = (uint64_t)timeout;
    return good;
}

static bool check_uri(struct scope *scope, const struct template *uri, struct spot spot)
{
    struct slice value;
    struct str text;
    struct scan scan;
    if (!template_constant(uri, &value)) {
        return true;
    }
    scan_init(&scan, value.serializer, value.bytes, NULL);
    if (scan_str(&scan, &text) && uri_valid(text, MATCH_EXACT)) {
        return true;
    }
    report(scope->compile, spot, (struct hint){.allowed = STR("a WAMP URI, com.example.items.get")},
           "the value of '%s' is not valid", spot.key);
    return false;
}

/* `key` is the name of today, `alias` Bondy's older one. */
static bool read_aliased(struct scope *scope,
                         const json_t *action,
                         const char *key,
                         const char *alias,
                         enum scan_kind kind,
                         const struct template **out)
{
    if (json_object_get(action, key) != NULL && json_object_get(action, alias) != NULL) {
        report(scope->compile, spot_key(action, alias), (struct hint){0},
               "'%s' is another name of '%s', which is there too", alias, key);
        return false;
    }
    return read_field(scope, action, key, kind, out) && read_field(scope, action, alias, kind, out);
}

static bool
read_wamp(struct scope *scope, const json_t *action, const char *uri_key, struct operation *out)
{
    bool good = read_field(scope, action, uri_key, SCAN_STRING, &out->uri);
    good = good && check_uri(scope, out->uri, spot_member(action, uri_key));
    good = read_field(scope, action, "options", SCAN_MAP, &out->options) && good;
    good = read_aliased(scope, action, "args", "arguments", SCAN_LIST, &out->args) && good;
    good = read_aliased(scope, action, "kwargs", "arguments_kw", SCAN_MAP, &out->kwargs) && good;
    return read_timeout(scope, action, out) && good;
}

static bool read_call(struct scope *scope, const json_t *action, struct operation *out)
{
    return read_wamp(scope, action, "procedure", out);
}

static bool read_publish(struct scope *scope, const json_t *action, struct operation *out)
{
    return read_wamp(scope, action, "topic", out);
}

static bool check_forward_method(struct scope *scope, const json_t *action)
{
    static const struct str methods[] = {STR_INIT("delete"),  STR_INIT("get"),   STR_INIT("head"),
                                         STR_INIT("options"), STR_INIT("patch"), STR_INIT("post"),
                                         STR_INIT("put")};
    const char *method = json_string_value(json_object_get(action, "http_method"));
    for (size_t i = 0; method != NULL && i < COUNT_OF(methods); i++) {
        if (str_eq(str_of(method), methods[i])) {
            return true;
        }
    }
    if (method == NULL) {
        return true;
    }
    report(scope->compile, spot_member(action, "http_method"),
           (struct hint){STR("delete, get, head, options, patch, post, put"),
                         str_nearest(str_of(method), methods, COUNT_OF(methods))},
           "unknown method '%s'", method);
    return false;
}

static bool read_forward(struct scope *scope, const json_t *action, struct operation *out)
{
    struct str host = str_of(json_string_value(json_object_get(action, "host")));
    bool good = check_forward_method(scope, action);
    if (!str_starts(host, STR("http://")) && !str_starts(host, STR("https://"))) {
        report(scope->compile, spot_member(action, "host"),
               (struct hint){.allowed = STR("http://HOST[:PORT] or https://HOST[:PORT]")},
               "the value of 'host' is not valid");
        good = false;
    }
    static const struct {
        const char *key;
        enum scan_kind kind;
    } fields[] = {{"path", SCAN_STRING},
                  {"query_string", SCAN_STRING},
                  {"headers", SCAN_MAP},
                  {"body", SCAN_NONE}};
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        const struct template *ignored = NULL;
        good = read_field(scope, action, fields[i].key, fields[i].kind, &ignored) && good;
    }
    good = read_timeout(scope, action, out) && good;
    if (!scope->compile->options->allow_forward) {
        report(scope->compile, spot_member(action, "type"),
               (struct hint){.allowed = STR("static, wamp_call, wamp_publish")},
               "forward is not available yet");
        return false;
    }
    return good;
}

static bool unknown_action(struct scope *scope, const json_t *action, struct str type)
{
    struct str names[COUNT_OF(actions)];
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        names[i] = actions[i].name;
    }
    report(scope->compile, spot_member(action, "type"),
           (struct hint){STR("static, wamp_call, wamp_publish, forward"),
                         str_nearest(type, names, COUNT_OF(names))},
           "unsupported type of action '" PRISTR "'", STRARG(type));
    return false;
}

static bool read_action(struct scope *scope,
                        enum http_method method,
                        const json_t *action,
                        struct operation *out)
{
    const json_t *type = json_object_get(action, "type");
    if (type == NULL && method == HTTP_OPTIONS) {
        out->action = ACTION_NONE;
        return check_object(scope->compile, action, static_rows + 1, COUNT_OF(static_rows) - 1);
    }
    if (type == NULL) {
        report(scope->compile, spot_node(action),
               (struct hint){.allowed = STR("static, wamp_call, wamp_publish, forward")},
               "the action has no 'type'");
        return false;
    }
    if (!check_type(scope->compile, spot_member(action, "type"), VALUE_STRING, "type")) {
        return false;
    }
    struct str name = str_of(json_string_value(type));
    for (size_t i = 0; i < COUNT_OF(actions); i++) {
        if (str_eq(name, actions[i].name)) {
            out->action = actions[i].type;
            return check_object(scope->compile, action, actions[i].rows, actions[i].row_count) &&
                   actions[i].read(scope, action, out);
        }
    }
    return unknown_action(scope, action, name);
}

/* Whether any template of the operation is one of which `uses` is true. */
static bool any_template(const struct operation *operation, bool (*uses)(const struct template *))
{
    const struct template *before[] = {operation->uri, operation->options, operation->args,
                                       operation->kwargs, operation->static_body};
    bool found = false;
    for (size_t i = 0; i < COUNT_OF(before); i++) {
        found = found || uses(before[i]);
    }
    const struct response_template *responses[] = {&operation->on_result, &operation->on_error};
    for (size_t i = 0; i < COUNT_OF(responses); i++) {
        found = found || uses(responses[i]->body) || uses(responses[i]->uri) ||
                uses(responses[i]->status_code) || uses(responses[i]->header_map) ||
                uses(responses[i]->problem);
        for (size_t j = 0; j < responses[i]->header_count; j++) {
            found = found || uses(responses[i]->headers[j].value);
        }
    }
    return found;
}

static bool read_operation(struct scope *scope,
                           enum http_method method,
                           const json_t *object,
                           struct operation *out)
{
    bool good = check_object(scope->compile, object, operation_rows, COUNT_OF(operation_rows));
    int64_t number = 0;
    json_t *action = NULL;
    good = member_integer(scope, object, "body_read_bytes", SPEC_BODY_MAX, &number) && good;
    good = member_integer(scope, object, "body_read_seconds", SPEC_TIMEOUT_MAX_MS, &number) && good;
    good = member_integer(scope, object, "body_max_bytes", SPEC_BODY_MAX, &number) && good;
    out->body_max = (size_t)number;
    good = member_names(scope, object, "requires", &out->requires) && good;
    good = member_names(scope, object, "takes", &out->takes) && good;
    if (json_object_get(object, "action") != NULL) {
        action = member_object(scope, object, "action");
        good = action != NULL && read_action(scope, method, action, out) && good;
    }
    if (json_object_get(object, "response") != NULL) {
        scope_set_static(scope, out->action == ACTION_STATIC ? action : NULL);
        good = response_compile(scope, object, out) && good;
        scope_set_static(scope, NULL);
    }
    json_decref(action);
    out->uses_body = any_template(out, template_uses_body);
    out->body_as_text = !out->uses_body && any_template(out, template_uses_text);
    return good;
}

const struct operation *
operation_compile(struct scope *scope, enum http_method method, json_t *value, struct spot spot)
{
    json_t *object = resolve(scope, value);
    if (object == NULL) {
        return NULL;
    }
    struct operation *out = NULL;
    struct spot *before = scope->compile->standing;
    scope->compile->standing = &spot;
    if (!json_is_object(object)) {
        report(scope->compile, spot, (struct hint){.allowed = STR("a map")},
               "the operation must become a map when the specification is loaded");
    } else {
        out = ARENA_NEW(scope->compile->arena, struct operation);
        out = read_operation(scope, method, object, out) ? out : NULL;
    }
    scope->compile->standing = before;
    json_decref(object);
    return out;
}
