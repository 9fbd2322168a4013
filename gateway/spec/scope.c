#include "spec/scope.h"

#include "base/mem.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool compile_position(const struct compile *compile,
                      struct spot spot,
                      unsigned *out_line,
                      unsigned *out_column)
{
    const struct document *document = compile->document;
    if (spot.name && document_key_position(document, spot.parent, spot.key, out_line, out_column)) {
        return true;
    }
    if (!spot.name && spot.parent != NULL && json_is_object(spot.parent) &&
        document_at(document, spot.parent, spot.key, 0, out_line, out_column)) {
        return true;
    }
    return (spot.node != NULL && document_position(document, spot.node, out_line, out_column)) ||
           (spot.parent != NULL && document_position(document, spot.parent, out_line, out_column));
}

struct str compile_pointer(const struct compile *compile, struct spot spot, struct arena *arena)
{
    const struct document *document = compile->document;
    char *pointer = NULL;
    if (spot.key != NULL && spot.parent != NULL && json_is_object(spot.parent)) {
        pointer = document_pointer_at(document, spot.parent, spot.key, 0);
    }
    if (pointer == NULL && spot.node != NULL) {
        pointer = document_pointer(document, spot.node);
    }
    if (pointer == NULL && spot.parent != NULL) {
        pointer = document_pointer(document, spot.parent);
    }
    struct str copy = arena_str(arena, str_of(pointer));
    mem_free(pointer);
    return copy;
}

static void
add(struct compile *compile, struct spot spot, struct hint hint, bool warning, struct str text)
{
    struct arena scratch;
    arena_init(&scratch, 1 << 20);
    struct problem problem = {
        .warning = warning,
        .pointer = compile_pointer(compile, spot, &scratch),
        .text = text,
        .allowed = hint.allowed,
        .nearest = hint.nearest,
    };
    if (!compile_position(compile, spot, &problem.line, &problem.column) &&
        compile->standing != NULL) {
        (void)compile_position(compile, *compile->standing, &problem.line, &problem.column);
        problem.pointer = compile_pointer(compile, *compile->standing, &scratch);
    }
    problems_add(compile->problems, &problem);
    arena_done(&scratch);
}

void report(struct compile *compile, struct spot spot, struct hint hint, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    add(compile, spot, hint, compile->only_warnings, str_of(text));
}

void report_warning(
    struct compile *compile, struct spot spot, struct hint hint, const char *format, ...)
{
    char text[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof(text), format, args);
    va_end(args);
    add(compile, spot, hint, true, str_of(text));
}

size_t object_keys(const json_t *object, struct str *out, size_t max)
{
    union {
        const json_t *in;
        json_t *out;
    } plain = {.in = object};
    size_t count = 0;
    for (void *at = json_object_iter(plain.out); at != NULL && count < max;
         at = json_object_iter_next(plain.out, at)) {
        out[count++] = str_of(json_object_iter_key(at));
    }
    return count;
}

static json_t *merged(json_t *upper, const json_t *level, const char *key)
{
    json_t *out = upper == NULL ? json_object() : json_copy(upper);
    json_t *own = json_object_get(level, key);
    if (json_is_object(own)) {
        (void)json_object_update(out, own);
    }
    return out;
}

void scope_init(struct scope *scope,
                struct compile *compile,
                const struct scope *upper,
                const json_t *level)
{
    *scope = (struct scope){.compile = compile};
    scope->variables = merged(upper == NULL ? NULL : upper->variables, level, "variables");
    scope->defaults = merged(upper == NULL ? NULL : upper->defaults, level, "defaults");
    scope->status_codes = merged(upper == NULL ? NULL : upper->status_codes, level, "status_codes");
    idmap_init(&scope->memo);
}

void scope_set_static(struct scope *scope, const json_t *action)
{
    if (scope->static_action != action) {
        idmap_done(&scope->memo);
        idmap_init(&scope->memo);
        scope->static_action = action;
    }
}

void scope_done(struct scope *scope)
{
    json_decref(scope->variables);
    json_decref(scope->defaults);
    json_decref(scope->status_codes);
    idmap_done(&scope->memo);
}
