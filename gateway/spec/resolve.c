/* resolve.c - expressions that stand for a part of the specification itself: an operation, a
 * security object, a map of headers. They are followed in the document, so that their parts keep
 * their places and may look at the exchange; what cannot be followed is computed. */
#include "base/mem.h"
#include "spec/expression.h"
#include "spec/scope.h"

static json_t *follow(struct scope *scope, const struct expression *expression);

static json_t *text_json(struct str text)
{
    return json_stringn(text.ptr, text.len);
}

static json_t *argument_json(struct scope *scope, const struct argument *argument)
{
    if (argument->kind == ARGUMENT_LIST) {
        json_t *list = json_array();
        for (size_t i = 0; i < argument->item_count; i++) {
            json_array_append_new(list, text_json(argument->items[i]));
        }
        return list;
    }
    if (argument->kind == ARGUMENT_EXPRESSION) {
        json_t *value = follow(scope, argument->expression);
        return value != NULL ? value : text_json(argument->expression->text);
    }
    return text_json(argument->text);
}

static bool listed(const json_t *names, const char *key)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        if (str_eq(str_of(json_string_value(json_array_get(names, i))), str_of(key))) {
            return true;
        }
    }
    return false;
}

static json_t *filtered(json_t *map, const json_t *names, bool keep)
{
    json_t *out = json_object();
    const char *key = NULL;
    json_t *value = NULL;
    json_object_foreach(map, key, value)
    {
        if (listed(names, key) == keep) {
            (void)json_object_set(out, key, value);
        }
    }
    return out;
}

static json_t *merged(json_t *lower, json_t *upper)
{
    if (!json_is_object(lower) || !json_is_object(upper)) {
        return NULL;
    }
    json_t *out = json_copy(lower);
    (void)json_object_update(out, upper);
    return out;
}

/* NULL for what is left to the operators proper. */
static json_t *apply(struct scope *scope, json_t *map, const struct step *step)
{
    json_t *args[2] = {NULL, NULL};
    size_t count = 0;
    bool piped_last = false;
    json_t *out = NULL;
    for (size_t i = 0; i < step->arg_count && count < 2; i++) {
        if (step->args[i].kind == ARGUMENT_PIPED) {
            piped_last = i > 0;
        } else {
            args[count++] = argument_json(scope, &step->args[i]);
        }
    }
    if (str_eq(step->name, STR("merge")) && count == 1) {
        out = piped_last ? merged(args[0], map) : merged(map, args[0]);
    } else if (str_eq(step->name, STR("get")) && count > 0 && json_is_string(args[0])) {
        json_t *found = json_object_get(map, json_string_value(args[0]));
        out = json_incref(found != NULL ? found : args[1]);
    } else if (str_eq(step->name, STR("put")) && count == 2 && json_is_string(args[0])) {
        out = json_copy(map);
        (void)json_object_set(out, json_string_value(args[0]), args[1]);
    } else if (str_eq(step->name, STR("with")) && count == 1 && json_is_array(args[0])) {
        out = filtered(map, args[0], true);
    } else if (str_eq(step->name, STR("without")) && count == 1 && json_is_array(args[0])) {
        out = filtered(map, args[0], false);
    }
    json_decref(args[0]);
    json_decref(args[1]);
    return out;
}

/* The value of a name, as far as there are objects on the way. */
static json_t *follow_path(struct scope *scope, const struct expression *expression)
{
    bool variable = str_eq(expression->path[0], STR("variables"));
    if (!variable && !str_eq(expression->path[0], STR("defaults"))) {
        return NULL;
    }
    json_t *at = json_incref(variable ? scope->variables : scope->defaults);
    const struct str *path = expression->path + 1;
    size_t left = expression->path_len - 1;
    while (left > 0 && at != NULL) {
        size_t used = 0;
        const json_t *found = json_is_object(at) ? scope_walk(scope, at, path, left, &used) : NULL;
        json_t *next = found == NULL ? NULL : resolve(scope, (json_t *)(uintptr_t)found);
        json_decref(at);
        at = next;
        path += used;
        left -= used;
    }
    return at;
}

static json_t *follow(struct scope *scope, const struct expression *expression)
{
    json_t *at = follow_path(scope, expression);
    for (size_t i = 0; i < expression->step_count && at != NULL; i++) {
        json_t *next = json_is_object(at) ? apply(scope, at, &expression->steps[i]) : NULL;
        json_decref(at);
        at = next == NULL ? NULL : resolve(scope, next);
        json_decref(next);
    }
    return at;
}

/* Computed, or the value itself when it depends on the exchange. */
static json_t *compute(struct scope *scope, json_t *value)
{
    const struct template *template = template_compile(scope, value);
    if (template == NULL) {
        return NULL;
    }
    return template->kind == TEMPLATE_CONSTANT ? template_constant_json(template)
                                               : json_incref(value);
}

json_t *resolve(struct scope *scope, json_t *value)
{
    struct str text = str_make(json_string_value(value), json_string_length(value));
    if (!json_is_string(value) || !string_has_expression(text)) {
        return json_incref(value);
    }
    if (scope->resolving >= RESOLVE_DEPTH_MAX) {
        return compute(scope, value); /* which finds the circle and reports it */
    }
    scope->resolving++;
    struct arena scratch;
    arena_init(&scratch, SIZE_MAX / 2); /* a string of a bounded document */
    struct string_parts parts;
    json_t *out = NULL;
    if (string_parse(text, &scratch, &parts, NULL) && parts.form == STRING_WHOLE) {
        out = follow(scope, parts.parts[0].expression);
    }
    arena_done(&scratch);
    scope->resolving--;
    return out != NULL ? out : compute(scope, value);
}

json_t *resolve_constant(struct scope *scope, json_t *value, struct spot spot)
{
    const struct template *template = template_compile(scope, value);
    if (template == NULL) {
        return NULL;
    }
    if (template->kind != TEMPLATE_CONSTANT) {
        report(scope->compile, spot, (struct hint){0},
               "the value must be known when the specification is loaded; it may not depend on "
               "the request");
        return NULL;
    }
    return template_constant_json(template);
}
