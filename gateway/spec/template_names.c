/* template_names.c - what a name in an expression stands for: a value of the specification, which
 * is compiled where it stands, or something of the exchange, which is looked up later. */
#include "spec/template_names.h"

#include "base/mem.h"
#include "spec/intern.h"

#include <string.h>

struct memo {
    bool busy; /* being compiled: whoever asks for it now asks in a circle */
    const struct template *result;
};

/* What the exchange offers: root, second and third name; more of it is looked up in the value. */
struct name_row {
    const char *root;
    struct str name;
    unsigned uses;
};

static const struct name_row names[] = {
    {"request", STR_INIT("id"), USES_REQUEST},
    {"request", STR_INIT("method"), USES_REQUEST},
    {"request", STR_INIT("scheme"), USES_REQUEST},
    {"request", STR_INIT("peername"), USES_REQUEST},
    {"request", STR_INIT("path"), USES_REQUEST},
    {"request", STR_INIT("host"), USES_REQUEST},
    {"request", STR_INIT("port"), USES_REQUEST},
    {"request", STR_INIT("headers"), USES_REQUEST},
    {"request", STR_INIT("language"), USES_REQUEST},
    {"request", STR_INIT("query_string"), USES_REQUEST},
    {"request", STR_INIT("query_params"), USES_REQUEST},
    {"request", STR_INIT("bindings"), USES_REQUEST},
    {"request", STR_INIT("body"), USES_REQUEST | USES_BODY},
    {"request", STR_INIT("text"), USES_REQUEST | USES_TEXT},
    {"request", STR_INIT("body_length"), USES_REQUEST | USES_BODY},
    {"security", STR_INIT("realm_uri"), USES_SECURITY},
    {"security", STR_INIT("session"), USES_SECURITY},
    {"security", STR_INIT("client_id"), USES_SECURITY},
    {"security", STR_INIT("username"), USES_SECURITY},
    {"security", STR_INIT("authid"), USES_SECURITY},
    {"security", STR_INIT("authmethod"), USES_SECURITY},
    {"security", STR_INIT("authrole"), USES_SECURITY},
    {"security", STR_INIT("authroles"), USES_SECURITY},
    {"security", STR_INIT("groups"), USES_SECURITY},
    {"security", STR_INIT("scope"), USES_SECURITY},
    {"security", STR_INIT("locale"), USES_SECURITY},
    {"security", STR_INIT("meta"), USES_SECURITY},
    {"action", STR_INIT("result"), USES_RESULT},
    {"action", STR_INIT("error"), USES_ERROR},
    {"action.result", STR_INIT("request_id"), USES_RESULT},
    {"action.result", STR_INIT("publication_id"), USES_RESULT},
    {"action.result", STR_INIT("details"), USES_RESULT},
    {"action.result", STR_INIT("args"), USES_RESULT},
    {"action.result", STR_INIT("kwargs"), USES_RESULT},
    {"action.result", STR_INIT("status_code"), USES_RESULT},
    {"action.result", STR_INIT("body"), USES_RESULT},
    {"action.result", STR_INIT("headers"), USES_RESULT},
    {"action.result", STR_INIT("uri"), USES_RESULT},
    {"action.error", STR_INIT("error_uri"), USES_ERROR},
    {"action.error", STR_INIT("details"), USES_ERROR},
    {"action.error", STR_INIT("args"), USES_ERROR},
    {"action.error", STR_INIT("kwargs"), USES_ERROR},
    {"action.error", STR_INIT("status_code"), USES_ERROR},
    {"action.error", STR_INIT("body"), USES_ERROR},
    {"action.error", STR_INIT("headers"), USES_ERROR},
};

static bool known_name(struct where *where, const char *root, struct str name, unsigned *out_uses)
{
    struct str near[COUNT_OF(names)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(names[i].root, root) != 0) {
            continue;
        }
        if (str_eq(names[i].name, name)) {
            *out_uses = names[i].uses;
            return true;
        }
        near[count++] = names[i].name;
    }
    report(where->scope->compile, spot_node(where->node),
           (struct hint){.nearest = str_nearest(name, near, count)},
           "There is no value for path '%s." PRISTR "'", root, STRARG(name));
    return false;
}

static bool known_binding(struct where *where, struct str name)
{
    const struct scope *scope = where->scope;
    for (size_t i = 0; i < scope->binding_count; i++) {
        if (str_eq(scope->bindings[i], name)) {
            return true;
        }
    }
    if (!scope->has_bindings) {
        return true;
    }
    report(scope->compile, spot_node(where->node),
           (struct hint){.nearest = str_nearest(name, scope->bindings, scope->binding_count)},
           "There is no value for path 'request.bindings." PRISTR
           "': the path has no such parameter",
           STRARG(name));
    return false;
}

static bool check_lookup(struct where *where, struct template *template)
{
    struct str *path = (struct str *)(uintptr_t) template->lookup.path;
    size_t len = template->lookup.path_len;
    enum template_root root = template->lookup.root;
    if (root == TEMPLATE_SECURITY && len == 0) {
        template->uses = USES_SECURITY;
        return true;
    }
    static const char *const roots[] = {"request", "action", "security"};
    if (len == 0) {
        report(where->scope->compile, spot_node(where->node),
               (struct hint){.allowed = root == TEMPLATE_ACTION
                                            ? STR("action.result, action.error")
                                            : STR("request.body, request.bindings.NAME, ...")},
               "'%s' stands for no value of its own", roots[root]);
        return false;
    }
    if (!known_name(where, roots[root], path[0], &template->uses)) {
        return false;
    }
    if (root == TEMPLATE_REQUEST && len > 1 && str_eq(path[0], STR("bindings"))) {
        return known_binding(where, path[1]);
    }
    if (root != TEMPLATE_ACTION || len < 2) {
        return true;
    }
    if (str_eq(path[1], STR("arguments"))) {
        path[1] = STR("args");
    } else if (str_eq(path[1], STR("arguments_kw"))) {
        path[1] = STR("kwargs");
    }
    return known_name(where, str_eq(path[0], STR("result")) ? "action.result" : "action.error",
                      path[1], &template->uses);
}

static struct str joined(struct arena *arena, const struct str *path, size_t len)
{
    struct buf buf;
    buf_init(&buf, 64 << 10);
    for (size_t i = 0; i < len; i++) {
        (void)(i > 0 && buf_byte(&buf, '.'));
        (void)buf_append(&buf, path[i]);
    }
    struct str out = arena_str(arena, buf_str(&buf));
    buf_done(&buf);
    return out;
}

static const struct template *
compile_lookup(struct where *where, enum template_root root, const struct str *path, size_t len)
{
    struct arena *arena = where->scope->compile->scratch;
    struct str *copy = ARENA_ARRAY(arena, struct str, len);
    for (size_t i = 0; i < len; i++) {
        copy[i] = arena_str(arena, path[i]);
    }
    struct template template = {.kind = TEMPLATE_LOOKUP};
    template.lookup.root = root;
    template.lookup.path = copy + 1;
    template.lookup.path_len = len - 1;
    template.lookup.shown = joined(arena, path, len);
    return check_lookup(where, &template) ? template_keep(where, template, NULL, 0) : NULL;
}

static const struct template *
missing(struct where *where, const struct str *path, size_t len, const json_t *among)
{
    struct str keys[128];
    size_t count = json_is_object(among) ? object_keys(among, keys, COUNT_OF(keys)) : 0;
    struct arena *arena = where->scope->compile->scratch;
    struct str shown = joined(arena, path, len);
    report(where->scope->compile, spot_node(where->node),
           (struct hint){.nearest = str_nearest(path[len - 1], keys, count)},
           "There is no value for path '" PRISTR "'", (int)(shown.len < 200 ? shown.len : 200),
           shown.ptr);
    return NULL;
}

/* path[at...] of what `from` gives. */
static const struct template *select_member(
    struct where *where, const struct template *from, const struct str *path, size_t at, size_t len)
{
    struct arena *arena = where->scope->compile->scratch;
    while (at < len && from->kind == TEMPLATE_MAP) {
        size_t i = 0;
        while (i < from->members.count && !str_eq(from->members.keys[i], path[at])) {
            i++;
        }
        if (i == from->members.count) {
            return missing(where, path, at + 1, NULL);
        }
        from = from->members.items[i];
        at++;
    }
    if (at == len) {
        return from;
    }
    struct str *copy = ARENA_ARRAY(arena, struct str, len - at);
    for (size_t i = at; i < len; i++) {
        copy[i - at] = arena_str(arena, path[i]);
    }
    struct template template = {.kind = TEMPLATE_SELECT};
    template.lookup.from = from;
    template.lookup.path = copy;
    template.lookup.path_len = len - at;
    template.lookup.shown = joined(arena, path, len);
    return template_fold(where, template_keep(where, template, &from, 1),
                         from->kind == TEMPLATE_CONSTANT);
}

json_t *scope_walk(struct scope *scope,
                   const json_t *from,
                   const struct str *path,
                   size_t path_len,
                   size_t *out_used)
{
    const json_t *at = from;
    size_t used = 0;
    while (used < path_len && json_is_object(at)) {
        char *key = str_dup(path[used]);
        const json_t *next = json_object_get(at, key);
        mem_free(key);
        if (next == NULL) {
            *out_used = used;
            return NULL;
        }
        if (used++ == 0 && from == scope->variables) {
            (void)idmap_put(&scope->compile->used, (uint64_t)(uintptr_t)next, scope->compile);
        }
        at = next;
    }
    *out_used = used;
    return (json_t *)(uintptr_t)at;
}

/* A value that a name leads to, compiled once a scope. */
static const struct template *compile_named(struct where *where, const json_t *value)
{
    struct scope *scope = where->scope;
    if (!json_is_string(value) && !json_is_object(value) && !json_is_array(value)) {
        return template_compile(scope, value);
    }
    uint64_t id = (uint64_t)(uintptr_t)value;
    struct memo *memo = idmap_get(&scope->memo, id);
    if (memo == NULL) {
        memo = ARENA_NEW(scope->compile->arena, struct memo);
        (void)idmap_put(&scope->memo, id, memo);
        memo->busy = true;
        memo->result = template_compile(scope, value);
        memo->busy = false;
    } else if (memo->busy) {
        report(scope->compile, spot_node(where->node), (struct hint){0},
               "the variable refers to itself");
        return NULL;
    }
    return memo->result;
}

static const struct template *
compile_variable(struct where *where, const json_t *map, const struct str *path, size_t len)
{
    size_t used = 0;
    const json_t *value = scope_walk(where->scope, map, path + 1, len - 1, &used);
    if (value == NULL) {
        const json_t *among = map;
        if (used > 0) {
            size_t again = 0;
            among = scope_walk(where->scope, map, path + 1, used, &again);
        }
        return missing(where, path, used + 2, among);
    }
    const struct template *out = compile_named(where, value);
    return out == NULL ? NULL : select_member(where, out, path, used + 1, len);
}

static const struct template *status_codes(struct where *where)
{
    struct scope *scope = where->scope;
    if (scope->status == NULL) {
        const struct template *all = template_compile(scope, scope->status_codes);
        if (all == NULL || all->kind != TEMPLATE_CONSTANT) {
            report(scope->compile, spot_node(where->node), (struct hint){0},
                   "status_codes must be known when the specification is loaded");
            return NULL;
        }
        struct template codes = *all;
        codes.constant.status_codes = true;
        scope->status = intern_template(scope->compile, &codes);
    }
    return scope->status;
}

/* action.result.body and .headers of a static action are known: they stand in the action. */
static const struct template *
compile_static(struct where *where, const struct str *path, size_t len)
{
    struct scope *scope = where->scope;
    bool body = len > 2 && str_eq(path[2], STR("body"));
    if (len < 3 || (!body && !str_eq(path[2], STR("headers")))) {
        report(scope->compile, spot_node(where->node),
               (struct hint){.allowed = STR("action.result.body, action.result.headers")},
               "the result of a static action is its 'body' and its 'headers'");
        return NULL;
    }
    const json_t *value = json_object_get(scope->static_action, body ? "body" : "headers");
    if (value != NULL) {
        const struct template *out = compile_named(where, value);
        return out == NULL ? NULL : select_member(where, out, path, 3, len);
    }
    json_t *empty = body ? json_string("") : json_object();
    const struct template *out = template_compile(scope, empty);
    json_decref(empty);
    return out == NULL ? NULL : select_member(where, out, path, 3, len);
}

const struct template *name_compile(struct where *where, const struct expression *expression)
{
    const struct str *path = expression->path;
    size_t len = expression->path_len;
    static const struct str roots[] = {STR_INIT("variables"),    STR_INIT("defaults"),
                                       STR_INIT("status_codes"), STR_INIT("request"),
                                       STR_INIT("action"),       STR_INIT("security")};
    if (str_eq(path[0], roots[0])) {
        return compile_variable(where, where->scope->variables, path, len);
    }
    if (str_eq(path[0], roots[1])) {
        return compile_variable(where, where->scope->defaults, path, len);
    }
    if (str_eq(path[0], roots[2])) {
        const struct template *codes = status_codes(where);
        struct str uri = joined(where->scope->compile->scratch, path + 1, len - 1);
        return codes == NULL || len == 1 ? codes : select_member(where, codes, &uri, 0, 1);
    }
    if (where->scope->static_action != NULL && len > 1 && str_eq(path[0], STR("action")) &&
        str_eq(path[1], STR("result"))) {
        return compile_static(where, path, len);
    }
    for (size_t i = 3; i < COUNT_OF(roots); i++) {
        if (str_eq(path[0], roots[i])) {
            return compile_lookup(where, (enum template_root)(i - 3 + TEMPLATE_REQUEST), path, len);
        }
    }
    report(where->scope->compile, spot_node(where->node),
           (struct hint){STR("variables, defaults, status_codes, request, action, security"),
                         str_nearest(path[0], roots, COUNT_OF(roots))},
           "There is no value for path '" PRISTR "'", STRARG(path[0]));
    return NULL;
}
