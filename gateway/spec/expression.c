#include "spec/expression.h"

#include <string.h>

struct parser {
    struct str text;
    size_t at;
    unsigned depth;
    struct arena *arena;
    struct err *err;
};

bool string_has_expression(struct str text)
{
    return memmem(text.ptr, text.len, "{{", 2) != NULL;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static char peek(const struct parser *parser)
{
    return parser->at < parser->text.len ? parser->text.ptr[parser->at] : '\0';
}

static void blanks(struct parser *parser)
{
    while (parser->at < parser->text.len && is_blank(parser->text.ptr[parser->at])) {
        parser->at++;
    }
}

static bool take(struct parser *parser, struct str token)
{
    blanks(parser);
    if (!str_starts(str_from(parser->text, parser->at), token)) {
        return false;
    }
    parser->at += token.len;
    return true;
}

static bool fail(struct parser *parser, const char *what)
{
    struct str rest = str_sub(parser->text, parser->at, 16);
    return rest.len == 0
               ? err_set(parser->err, ERR_INVALID, "%s, but the text ends", what)
               : err_set(parser->err, ERR_INVALID, "%s at '" PRISTR "'", what, STRARG(rest));
}

static bool is_word_char(char c, bool in_path)
{
    if ((unsigned char)c <= ' ' || c == 0x7f) {
        return false;
    }
    return strchr(in_path ? ".|{}()[],'\"" : "|{}()[],'\"", c) == NULL;
}

/* A bare word; empty when there is none. */
static struct str word(struct parser *parser, bool in_path)
{
    blanks(parser);
    size_t start = parser->at;
    while (parser->at < parser->text.len && is_word_char(parser->text.ptr[parser->at], in_path)) {
        parser->at++;
    }
    return str_sub(parser->text, start, parser->at - start);
}

static bool quoted(struct parser *parser, struct str *out)
{
    parser->at++;
    struct str rest = str_from(parser->text, parser->at);
    ptrdiff_t end = str_find(rest, '\'');
    if (end < 0) {
        return fail(parser, "a quote is not closed");
    }
    *out = str_sub(rest, 0, (size_t)end);
    parser->at += (size_t)end + 1;
    return true;
}

static bool text_argument(struct parser *parser, struct str *out)
{
    blanks(parser);
    if (peek(parser) == '\'') {
        return quoted(parser, out);
    }
    *out = word(parser, false);
    return true;
}

static bool list_argument(struct parser *parser, struct argument *out)
{
    struct str items[EXPRESSION_ARGS_MAX] = {STR_EMPTY};
    size_t count = 0;
    while (!take(parser, STR("]"))) {
        if (count == EXPRESSION_ARGS_MAX) {
            return fail(parser, "more than 32 names in one list");
        }
        if ((count > 0 && !take(parser, STR(","))) || !text_argument(parser, &items[count])) {
            return fail(parser, "expected ',' or ']'");
        }
        if (items[count++].len == 0) {
            return fail(parser, "expected a name");
        }
    }
    struct str *kept = ARENA_ARRAY(parser->arena, struct str, count + 1);
    memcpy(kept, items, count * sizeof(*kept));
    *out = (struct argument){.kind = ARGUMENT_LIST, .items = kept, .item_count = count};
    return true;
}

static const struct expression *parse_expression(struct parser *parser);

static bool parse_argument(struct parser *parser, struct argument *out)
{
    blanks(parser);
    if (str_starts(str_from(parser->text, parser->at), STR("{{"))) {
        *out = (struct argument){.kind = ARGUMENT_EXPRESSION};
        out->expression = parse_expression(parser);
        return out->expression != NULL;
    }
    if (take(parser, STR("["))) {
        return list_argument(parser, out);
    }
    *out = (struct argument){.kind = ARGUMENT_TEXT};
    if (!text_argument(parser, &out->text)) {
        return false;
    }
    if (str_eq(out->text, STR("_"))) {
        out->kind = ARGUMENT_PIPED;
    }
    return true;
}

static bool parse_step(struct parser *parser, struct step *out)
{
    *out = (struct step){.name = word(parser, true)};
    if (out->name.len == 0) {
        return fail(parser, "expected an operator");
    }
    if (!take(parser, STR("("))) {
        return true;
    }
    struct argument args[EXPRESSION_ARGS_MAX];
    size_t count = 0;
    while (!take(parser, STR(")"))) {
        if (count == EXPRESSION_ARGS_MAX) {
            return fail(parser, "more than 32 arguments");
        }
        if (count > 0 && !take(parser, STR(","))) {
            return fail(parser, "expected ',' or ')'");
        }
        if (!parse_argument(parser, &args[count++])) {
            return false;
        }
    }
    struct argument *kept = ARENA_ARRAY(parser->arena, struct argument, count + 1);
    memcpy(kept, args, count * sizeof(*kept));
    out->args = kept;
    out->arg_count = count;
    return true;
}

static bool parse_path(struct parser *parser, struct expression *out)
{
    struct str path[EXPRESSION_PATH_MAX];
    size_t count = 0;
    do {
        if (count == EXPRESSION_PATH_MAX) {
            return fail(parser, "a path of more than 32 names");
        }
        path[count] = word(parser, true);
        if (path[count++].len == 0) {
            return fail(parser, "expected a name");
        }
    } while (take(parser, STR(".")));
    struct str *kept = ARENA_ARRAY(parser->arena, struct str, count);
    memcpy(kept, path, count * sizeof(*kept));
    out->path = kept;
    out->path_len = count;
    return true;
}

static bool parse_steps(struct parser *parser, struct expression *out)
{
    struct step steps[EXPRESSION_OPS_MAX];
    size_t count = 0;
    while (take(parser, STR("|>"))) {
        if (count == EXPRESSION_OPS_MAX) {
            return fail(parser, "more than 32 operators");
        }
        if (!parse_step(parser, &steps[count++])) {
            return false;
        }
    }
    struct step *kept = ARENA_ARRAY(parser->arena, struct step, count + 1);
    memcpy(kept, steps, count * sizeof(*kept));
    out->steps = kept;
    out->step_count = count;
    return true;
}

/* At "{{"; ends behind its "}}". */
static const struct expression *parse_expression(struct parser *parser)
{
    size_t start = parser->at;
    if (++parser->depth > EXPRESSION_DEPTH_MAX) {
        (void)fail(parser, "expressions nested too deeply");
        return NULL;
    }
    (void)take(parser, STR("{{"));
    struct expression *out = ARENA_NEW(parser->arena, struct expression);
    if (!parse_path(parser, out) || !parse_steps(parser, out)) {
        return NULL;
    }
    if (!take(parser, STR("}}"))) {
        (void)fail(parser, "expected '|>' or '}}'");
        return NULL;
    }
    parser->depth--;
    out->text = str_sub(parser->text, start, parser->at - start);
    return out;
}

/* Bondy's interpolation: a quote at each end of the string and none between. */
static struct str without_quotes(struct str text)
{
    struct str trimmed = str_trim(text);
    if (trimmed.len < 2 || trimmed.ptr[0] != '"' || trimmed.ptr[trimmed.len - 1] != '"') {
        return text;
    }
    struct str inner = str_sub(trimmed, 1, trimmed.len - 2);
    return str_find(inner, '"') < 0 ? inner : text;
}

static bool parse_text(struct parser *parser, struct string_parts *out)
{
    struct string_part parts[EXPRESSION_PARTS_MAX];
    size_t count = 0;
    while (parser->at < parser->text.len) {
        if (count + 2 > EXPRESSION_PARTS_MAX) {
            return fail(parser, "too many expressions in one text");
        }
        struct str rest = str_from(parser->text, parser->at);
        const char *open = memmem(rest.ptr, rest.len, "{{", 2);
        size_t literal = open == NULL ? rest.len : (size_t)(open - rest.ptr);
        if (literal > 0) {
            parts[count++] = (struct string_part){.text = str_sub(rest, 0, literal)};
            parser->at += literal;
        }
        if (open != NULL) {
            parts[count] = (struct string_part){.expression = parse_expression(parser)};
            if (parts[count++].expression == NULL) {
                return false;
            }
        }
    }
    struct string_part *kept = ARENA_ARRAY(parser->arena, struct string_part, count + 1);
    memcpy(kept, parts, count * sizeof(*kept));
    *out = (struct string_parts){.form = STRING_TEXT, .parts = kept, .count = count};
    return true;
}

bool string_parse(struct str text, struct arena *arena, struct string_parts *out, struct err *err)
{
    struct string_part *only = ARENA_NEW(arena, struct string_part);
    if (!string_has_expression(text)) {
        only->text = text;
        *out = (struct string_parts){.form = STRING_LITERAL, .parts = only, .count = 1};
        return true;
    }
    struct parser parser = {.text = str_trim(text), .arena = arena, .err = err};
    if (str_starts(parser.text, STR("{{"))) {
        only->expression = parse_expression(&parser);
        if (only->expression == NULL) {
            return false;
        }
        if (parser.at == parser.text.len) {
            *out = (struct string_parts){.form = STRING_WHOLE, .parts = only, .count = 1};
            return true;
        }
    }
    parser = (struct parser){.text = without_quotes(text), .arena = arena, .err = err};
    return parse_text(&parser, out);
}
