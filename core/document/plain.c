/* plain.c - what an unquoted YAML scalar means: the core schema of YAML 1.2 (10.3.2). */
#include "document/inside.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum word { WORD_NULL, WORD_TRUE, WORD_FALSE, WORD_UNREAL };

static const struct {
    struct str text;
    enum word word;
} words[] = {
    {STR_INIT(""), WORD_NULL},       {STR_INIT("~"), WORD_NULL},
    {STR_INIT("null"), WORD_NULL},   {STR_INIT("Null"), WORD_NULL},
    {STR_INIT("NULL"), WORD_NULL},   {STR_INIT("true"), WORD_TRUE},
    {STR_INIT("True"), WORD_TRUE},   {STR_INIT("TRUE"), WORD_TRUE},
    {STR_INIT("false"), WORD_FALSE}, {STR_INIT("False"), WORD_FALSE},
    {STR_INIT("FALSE"), WORD_FALSE}, {STR_INIT(".nan"), WORD_UNREAL},
    {STR_INIT(".NaN"), WORD_UNREAL}, {STR_INIT(".NAN"), WORD_UNREAL},
    {STR_INIT(".inf"), WORD_UNREAL}, {STR_INIT(".Inf"), WORD_UNREAL},
    {STR_INIT(".INF"), WORD_UNREAL},
};

static const char too_big[] = "the number does not fit 64 bits; put it in quotes if it is text";
static const char unreal[] = "JSON has no such number; put it in quotes if it is text";

static struct str without_sign(struct str text)
{
    bool sign = text.len > 0 && (text.ptr[0] == '-' || text.ptr[0] == '+');
    return sign ? str_from(text, 1) : text;
}

static size_t digits(struct str text, const char *allowed)
{
    size_t count = 0;
    while (count < text.len && strchr(allowed, text.ptr[count]) != NULL && text.ptr[count] != 0) {
        count++;
    }
    return count;
}

/* [-+]?[0-9]+ | 0o[0-7]+ | 0x[0-9a-fA-F]+ as the base, 0 when it is none. */
static int integer_base(struct str text)
{
    struct str rest = str_from(text, 2);
    if (str_starts(text, STR("0o"))) {
        return rest.len > 0 && digits(rest, "01234567") == rest.len ? 8 : 0;
    }
    if (str_starts(text, STR("0x"))) {
        return rest.len > 0 && digits(rest, "0123456789abcdefABCDEF") == rest.len ? 16 : 0;
    }
    struct str plain = without_sign(text);
    return plain.len > 0 && digits(plain, "0123456789") == plain.len ? 10 : 0;
}

/* [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)? */
static bool is_float(struct str text)
{
    struct str rest = without_sign(text);
    size_t before = digits(rest, "0123456789");
    size_t after = 0;
    rest = str_from(rest, before);
    if (rest.len > 0 && rest.ptr[0] == '.') {
        after = digits(str_from(rest, 1), "0123456789");
        rest = str_from(rest, 1 + after);
    }
    if (before + after == 0) {
        return false;
    }
    if (rest.len > 0 && (rest.ptr[0] == 'e' || rest.ptr[0] == 'E')) {
        rest = without_sign(str_from(rest, 1));
        return rest.len > 0 && digits(rest, "0123456789") == rest.len;
    }
    return rest.len == 0;
}

static json_t *number(struct str text, int base, const char **out_problem)
{
    char copy[512]; /* the longest number that is still plausible */
    if (text.len >= sizeof(copy)) {
        *out_problem = too_big;
        return NULL;
    }
    memcpy(copy, text.ptr, text.len);
    copy[text.len] = '\0';
    errno = 0;
    if (base != 0) {
        long long value = strtoll(copy + (base == 10 ? 0 : 2), NULL, base);
        *out_problem = errno != 0 ? too_big : NULL;
        return errno != 0 ? NULL : json_integer(value);
    }
    double value = strtod(copy, NULL);
    *out_problem = isfinite(value) ? NULL : too_big;
    return isfinite(value) ? json_real(value) : NULL;
}

json_t *yaml_plain(struct str text, const char **out_problem)
{
    *out_problem = NULL;
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        bool unsigned_word = words[i].word != WORD_UNREAL;
        if (!str_eq(unsigned_word ? text : without_sign(text), words[i].text)) {
            continue;
        }
        if (words[i].word == WORD_UNREAL) {
            *out_problem = unreal;
            return NULL;
        }
        return words[i].word == WORD_NULL ? json_null() : json_boolean(words[i].word == WORD_TRUE);
    }
    int base = integer_base(text);
    return base != 0 || is_float(text) ? number(text, base, out_problem) : NULL;
}
