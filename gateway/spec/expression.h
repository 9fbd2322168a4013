/* expression.h - the expression language as written: text in, syntax tree out.
 *
 * Knows the grammar of docs/spec.md and nothing of names or values. Blanks are
 * ignored but inside quotes. Everything returned lives in the arena.
 */
#ifndef POSTERN_SPEC_EXPRESSION_H
#define POSTERN_SPEC_EXPRESSION_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum {
    EXPRESSION_PATH_MAX = 32,
    EXPRESSION_OPS_MAX = 32,
    EXPRESSION_ARGS_MAX = 32,
    EXPRESSION_PARTS_MAX = 64,
    EXPRESSION_DEPTH_MAX = 8,
};

struct expression;

enum argument_kind { ARGUMENT_TEXT, ARGUMENT_PIPED, ARGUMENT_LIST, ARGUMENT_EXPRESSION };

struct argument {
    enum argument_kind kind;
    struct str text;
    const struct str *items;
    size_t item_count;
    const struct expression *expression;
};

struct step { /* |> name(args) */
    struct str name;
    const struct argument *args;
    size_t arg_count;
};

struct expression {
    struct str text; /* as written, with its braces */
    const struct str *path;
    size_t path_len;
    const struct step *steps;
    size_t step_count;
};

enum string_form {
    STRING_LITERAL, /* no expression in it */
    STRING_WHOLE,   /* one expression and nothing else: keeps its type */
    STRING_TEXT,    /* text with expressions between */
};

struct string_part {
    struct str text; /* when expression is NULL */
    const struct expression *expression;
};

struct string_parts {
    enum string_form form;
    const struct string_part *parts;
    size_t count;
};

bool string_has_expression(struct str text);
/* Parses a string of a spec. */
bool string_parse(struct str text, struct arena *arena, struct string_parts *out, struct err *err);

#endif
