#include "spec/constraint.h"

#include "base/mem.h"

#include <string.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

enum { MATCH_LIMIT = 20000, DEPTH_LIMIT = 500, PARENS_MAX = 16 };

struct constraint {
    struct str pattern;
    pcre2_code *code;
    pcre2_match_context *context;
};

static void release(void *ptr)
{
    struct constraint *constraint = ptr;
    pcre2_code_free(constraint->code);
    pcre2_match_context_free(constraint->context);
}

const struct constraint *constraint_new(struct str pattern, struct arena *arena, struct err *err)
{
    if (pattern.len == 0 || pattern.len > CONSTRAINT_LEN_MAX) {
        (void)err_set(err, ERR_INVALID, "a regular expression of 1 to %d bytes is wanted",
                      CONSTRAINT_LEN_MAX);
        return NULL;
    }
    int code = 0;
    PCRE2_SIZE offset = 0;
    pcre2_compile_context *compile = pcre2_compile_context_create(NULL);
    (void)pcre2_set_parens_nest_limit(compile, PARENS_MAX);
    struct constraint *constraint = ARENA_NEW(arena, struct constraint);
    constraint->pattern = arena_str(arena, pattern);
    constraint->code = pcre2_compile((PCRE2_SPTR)pattern.ptr, pattern.len,
                                     PCRE2_ANCHORED | PCRE2_ENDANCHORED | PCRE2_UTF |
                                         PCRE2_NEVER_BACKSLASH_C | PCRE2_NO_AUTO_CAPTURE,
                                     &code, &offset, compile);
    pcre2_compile_context_free(compile);
    if (constraint->code == NULL) {
        char text[160];
        (void)pcre2_get_error_message(code, (PCRE2_UCHAR *)text, sizeof(text));
        (void)err_set(err, ERR_INVALID, "at character %zu: %s", (size_t)offset + 1, text);
        return NULL;
    }
    /* Without JIT the interpreter matches: slower, the same answer. */
    (void)pcre2_jit_compile(constraint->code, PCRE2_JIT_COMPLETE);
    constraint->context = pcre2_match_context_create(NULL);
    (void)pcre2_set_match_limit(constraint->context, MATCH_LIMIT);
    (void)pcre2_set_depth_limit(constraint->context, DEPTH_LIMIT);
    arena_defer(arena, release, constraint);
    return constraint;
}

struct str constraint_pattern(const struct constraint *constraint)
{
    return constraint->pattern;
}

static int hex(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool decode(struct str value, char *out, size_t *out_len)
{
    size_t len = 0;
    for (size_t i = 0; i < value.len; i++) {
        char c = value.ptr[i];
        if (c == '%') {
            int high = value.len - i > 2 ? hex(value.ptr[i + 1]) : -1;
            int low = high < 0 ? -1 : hex(value.ptr[i + 2]);
            if (low < 0) {
                return false;
            }
            c = (char)(high * 16 + low);
            i += 2;
        }
        out[len++] = c;
    }
    *out_len = len;
    return true;
}

bool constraint_match(const struct constraint *constraint, struct str value)
{
    char decoded[CONSTRAINT_VALUE_MAX];
    size_t len = 0;
    if (value.len > sizeof(decoded) || !decode(value, decoded, &len)) {
        return false;
    }
    pcre2_match_data *data = pcre2_match_data_create(1, NULL);
    int found =
        pcre2_match(constraint->code, (PCRE2_SPTR)decoded, len, 0, 0, data, constraint->context);
    pcre2_match_data_free(data);
    return found >= 0;
}
