/* template_compile.c - a value of the document to a template: parses its strings, puts operators
 * on what names give, computes what can be computed, and reports what is wrong where it stands. */
#include "base/mem.h"
#include "spec/intern.h"
#include "spec/template_names.h"

#include <string.h>

enum { NESTING_MAX = 128 };

static bool exhausted(struct compile *compile, const json_t *node)
{
    if (!compile->exhausted && compile->arena->used < SPEC_MEMORY_MAX &&
        compile->scratch->used < SPEC_MEMORY_MAX) {
        return false;
    }
    if (!compile->exhausted) {
        compile->exhausted = true;
        report(compile, spot_node(node), (struct hint){0},
               "the specification takes too much memory once its variables are put in");
    }
    return true;
}

const struct template *template_keep(struct where *where,
                                     struct template template,
                                     const struct template *const *members,
                                     size_t count)
{
    size_t weight = template.weight + 1;
    unsigned depth = template.depth;
    for (size_t i = 0; i < count; i++) {
        weight += members[i]->weight;
        template.uses |= members[i]->uses;
        depth = members[i]->depth > depth ? members[i]->depth : depth;
    }
    if (weight > TEMPLATE_WEIGHT_MAX || depth + 1 > TEMPLATE_DEPTH_MAX) {
        report(where->scope->compile, spot_node(where->node), (struct hint){0},
               "the value becomes too large or too deep once its variables are put in");
        return NULL;
    }
    template.weight = (unsigned)weight;
    template.depth = depth + 1;
    return intern_template(where->scope->compile, &template);
}

const struct template *
template_fold(struct where *where, const struct template *template, bool constant)
{
    if (template == NULL || !constant) {
        return template;
    }
    struct compile *compile = where->scope->compile;
    struct arena scratch;
    arena_init(&scratch, 16 << 20);
    struct template_run run = {.arena = &scratch, .output_max = CONSTANT_MAX};
    struct slice value;
    const struct template *out = NULL;
    if (template_slice(template, &run, &value)) {
        out = template_of_slice(compile->scratch, value, &run.err);
    }
    if (out == NULL) {
        report(compile, spot_node(where->node), (struct hint){0}, "%s", run.err.text);
    }
    arena_done(&scratch);
    return out == NULL ? NULL : intern_template(compile, out);
}

/* A value without expressions; mistakes stand at `node`. */
static const struct template *
compile_plain(struct scope *scope, const json_t *node, const json_t *value)
{
    struct err err = {0};
    const struct template *out = template_of_json(scope->compile->scratch, value, &err);
    if (out == NULL) {
        report(scope->compile, spot_node(node), (struct hint){0}, "%s", err.text);
        return NULL;
    }
    return intern_template(scope->compile, out);
}

static const struct template *text_constant(struct where *where, struct str text)
{
    json_t *value = json_stringn(text.ptr, text.len);
    const struct template *out = compile_plain(where->scope, where->node, value);
    json_decref(value);
    return out;
}

static const struct template *names_constant(struct where *where, const struct argument *argument)
{
    json_t *list = json_array();
    for (size_t i = 0; i < argument->item_count; i++) {
        json_array_append_new(list, json_stringn(argument->items[i].ptr, argument->items[i].len));
    }
    const struct template *out = compile_plain(where->scope, where->node, list);
    json_decref(list);
    return out;
}

static const struct template *compile_value(struct scope *scope, const json_t *value);
static const struct template *compile_expression(struct where *where,
                                                 const struct expression *expression);

static const struct template *compile_argument(struct where *where, const struct argument *argument)
{
    switch (argument->kind) {
    case ARGUMENT_EXPRESSION:
        return compile_expression(where, argument->expression);
    case ARGUMENT_LIST:
        return names_constant(where, argument);
    default:
        return text_constant(where, argument->text);
    }
}

/* Sorts out `_`, which says where the piped value goes. */
static bool place_arguments(struct where *where,
                            const struct op *op,
                            const struct step *step,
                            struct template *call)
{
    size_t count = 0;
    bool good = true;
    for (size_t i = 0; i < step->arg_count; i++) {
        if (step->args[i].kind == ARGUMENT_PIPED && op->placeholder) {
            call->call.piped_last = i > 0;
            continue;
        }
        if (count < OPERATOR_ARGS_MAX) {
            call->call.args[count] = compile_argument(where, &step->args[i]);
            good = good && call->call.args[count] != NULL;
        }
        count++;
    }
    if (count < op->args_min || count > op->args_max) {
        report(where->scope->compile, spot_node(where->node),
               (struct hint){.allowed = str_of(op->usage)},
               "the operator '" PRISTR "' does not take %zu argument%s", STRARG(op->name), count,
               count == 1 ? "" : "s");
        return false;
    }
    call->call.arg_count = count;
    return good;
}

static const struct template *
compile_step(struct where *where, const struct template *input, const struct step *step)
{
    struct str near = STR_EMPTY;
    const struct op *op = operator_find(step->name, &near);
    if (op == NULL) {
        report(where->scope->compile, spot_node(where->node), (struct hint){.nearest = near},
               "there is no operator '" PRISTR "'", STRARG(step->name));
        return NULL;
    }
    struct template template = {.kind = TEMPLATE_CALL};
    template.call.op = op;
    if (!place_arguments(where, op, step, &template) || input == NULL) {
        return NULL;
    }
    template.call.input = input;
    template.uses = op->varies ? USES_CHANCE : 0;
    const struct template *members[1 + OPERATOR_ARGS_MAX] = {input};
    bool constant = input->kind == TEMPLATE_CONSTANT && !op->varies;
    for (size_t i = 0; i < template.call.arg_count; i++) {
        members[1 + i] = template.call.args[i];
        constant = constant && members[1 + i]->kind == TEMPLATE_CONSTANT;
    }
    return template_fold(
        where, template_keep(where, template, members, 1 + template.call.arg_count), constant);
}

static const struct template *compile_expression(struct where *where,
                                                 const struct expression *expression)
{
    const struct template *out = name_compile(where, expression);
    bool failed = out == NULL;
    for (size_t i = 0; i < expression->step_count; i++) {
        out = compile_step(where, failed ? NULL : out, &expression->steps[i]);
        failed = failed || out == NULL;
    }
    return failed ? NULL : out;
}

static const struct template *compile_text(struct where *where, const struct string_parts *parts)
{
    const struct template *members[EXPRESSION_PARTS_MAX];
    bool good = true;
    bool constant = true;
    for (size_t i = 0; i < parts->count; i++) {
        members[i] = parts->parts[i].expression == NULL
                         ? text_constant(where, parts->parts[i].text)
                         : compile_expression(where, parts->parts[i].expression);
        good = good && members[i] != NULL;
        constant = constant && good && members[i]->kind == TEMPLATE_CONSTANT;
    }
    if (!good) {
        return NULL;
    }
    struct template template = {.kind = TEMPLATE_TEXT};
    const struct template **kept =
        ARENA_ARRAY(where->scope->compile->scratch, const struct template *, parts->count + 1);
    for (size_t i = 0; i < parts->count; i++) {
        kept[i] = members[i];
    }
    template.members.items = kept;
    template.members.count = parts->count;
    return template_fold(where, template_keep(where, template, kept, parts->count), constant);
}

static const struct template *compile_string(struct scope *scope, const json_t *value)
{
    struct where where = {.scope = scope, .node = value};
    struct str text = str_make(json_string_value(value), json_string_length(value));
    struct string_parts parts;
    struct err err = {0};
    if (!string_parse(text, scope->compile->scratch, &parts, &err)) {
        report(scope->compile, spot_node(value), (struct hint){0}, "invalid expression: %s",
               err.text);
        return NULL;
    }
    switch (parts.form) {
    case STRING_LITERAL:
        return text_constant(&where, text);
    case STRING_WHOLE:
        return compile_expression(&where, parts.parts[0].expression);
    case STRING_TEXT:
        return compile_text(&where, &parts);
    }
    return NULL;
}

static const struct template *compile_members(struct scope *scope, const json_t *value)
{
    bool map = json_is_object(value);
    struct arena *arena = scope->compile->scratch;
    struct where where = {.scope = scope, .node = value};
    size_t count = map ? json_object_size(value) : json_array_size(value);
    const struct template **items = ARENA_ARRAY(arena, const struct template *, count + 1);
    struct str *keys = map ? ARENA_ARRAY(arena, struct str, count + 1) : NULL;
    bool good = true;
    bool constant = true;
    json_t *object = (json_t *)(uintptr_t)value;
    void *at = map ? json_object_iter(object) : NULL;
    for (size_t i = 0; i < count; i++) {
        const json_t *member = map ? json_object_iter_value(at) : json_array_get(value, i);
        if (map) {
            keys[i] = arena_str(arena, str_of(json_object_iter_key(at)));
            at = json_object_iter_next(object, at);
        }
        items[i] = compile_value(scope, member);
        good = good && items[i] != NULL;
        constant = constant && good && items[i]->kind == TEMPLATE_CONSTANT;
    }
    if (!good) {
        return NULL;
    }
    struct template template = {.kind = map ? TEMPLATE_MAP : TEMPLATE_LIST};
    template.members.items = items;
    template.members.keys = keys;
    template.members.count = count;
    return template_fold(&where, template_keep(&where, template, items, count), constant);
}

static bool is_plain(const json_t *value)
{
    if (json_is_string(value)) {
        return !string_has_expression(
            str_make(json_string_value(value), json_string_length(value)));
    }
    json_t *object = (json_t *)(uintptr_t)value;
    for (void *at = json_object_iter(object); at != NULL; at = json_object_iter_next(object, at)) {
        if (!is_plain(json_object_iter_value(at))) {
            return false;
        }
    }
    for (size_t i = 0; i < json_array_size(value); i++) {
        if (!is_plain(json_array_get(value, i))) {
            return false;
        }
    }
    return true;
}

static const struct template *compile_value(struct scope *scope, const json_t *value)
{
    const struct template *out = NULL;
    if (exhausted(scope->compile, value)) {
        return NULL;
    }
    if (is_plain(value)) {
        return compile_plain(scope, value, value);
    }
    if (++scope->nesting > NESTING_MAX) {
        report(scope->compile, spot_node(value), (struct hint){0},
               "variables refer to one another too deeply");
    } else if (json_is_string(value)) {
        out = compile_string(scope, value);
    } else {
        out = compile_members(scope, value);
    }
    scope->nesting--;
    return out;
}

const struct template *template_compile(struct scope *scope, const json_t *value)
{
    return compile_value(scope, value);
}
