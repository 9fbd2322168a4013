#include "spec/path_pattern.h"

#include <string.h>

struct variants {
    struct str items[PATTERN_VARIANTS_MAX];
    size_t count;
};

static bool add_variant(struct variants *out, struct str text)
{
    if (out->count == PATTERN_VARIANTS_MAX) {
        return false;
    }
    out->items[out->count++] = text;
    return true;
}

/* Position of the ']' that closes the '[' at `open`, or -1. */
static ptrdiff_t closing(struct str text, size_t open)
{
    size_t depth = 0;
    for (size_t i = open; i < text.len; i++) {
        depth += text.ptr[i] == '[';
        if (text.ptr[i] == ']' && --depth == 0) {
            return (ptrdiff_t)i;
        }
    }
    return -1;
}

/* The first optional part of `text` from `from` on; [...] is none. */
static ptrdiff_t optional(struct str text, size_t from)
{
    for (size_t i = from; i < text.len; i++) {
        if (text.ptr[i] == '[' && !str_starts(str_from(text, i), STR("[...]"))) {
            return (ptrdiff_t)i;
        }
        if (text.ptr[i] == '[') {
            i += 4;
        }
    }
    return -1;
}

static bool
expand(struct str text, size_t from, struct arena *arena, struct variants *out, struct err *err)
{
    ptrdiff_t open = optional(text, from);
    if (open < 0) {
        return add_variant(out, text) ||
               err_set(err, ERR_INVALID, "more than %d combinations of optional parts",
                       PATTERN_VARIANTS_MAX);
    }
    ptrdiff_t close = closing(text, (size_t)open);
    if (close < 0) {
        return err_set(err, ERR_INVALID, "a '[' is not closed");
    }
    struct str before = str_sub(text, 0, (size_t)open);
    struct str inside = str_sub(text, (size_t)open + 1, (size_t)(close - open) - 1);
    struct str after = str_from(text, (size_t)close + 1);
    struct str with =
        arena_printf(arena, PRISTR PRISTR PRISTR, STRARG(before), STRARG(inside), STRARG(after));
    struct str without = arena_printf(arena, PRISTR PRISTR, STRARG(before), STRARG(after));
    return expand(with, (size_t)open, arena, out, err) &&
           expand(without, (size_t)open, arena, out, err);
}

static bool plain_in_path(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~!$&'()*+,;=:@%", c) != NULL);
}

/* As a canonical path has it: what may not stand in one is percent-encoded. */
static struct str literal(struct str text, struct arena *arena)
{
    static const char digits[] = "0123456789ABCDEF";
    char *out = arena_alloc(arena, text.len * 3 + 1);
    size_t len = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (plain_in_path((char)c)) {
            out[len++] = (char)c;
            continue;
        }
        out[len++] = '%';
        out[len++] = digits[c >> 4];
        out[len++] = digits[c & 15];
    }
    return str_make(out, len);
}

static bool valid_name(struct str name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '_' || c == '-')) {
            return false;
        }
    }
    return name.len > 0;
}

static bool
add_segment(struct pattern *pattern, struct str text, struct arena *arena, struct err *err)
{
    if (text.len == 0) {
        return true;
    }
    if (pattern->rest) {
        return err_set(err, ERR_INVALID, "'[...]' may only stand at the end");
    }
    if (str_eq(text, STR("[...]"))) {
        pattern->rest = true;
        return true;
    }
    if (memchr(text.ptr, '[', text.len) != NULL || memchr(text.ptr, ']', text.len) != NULL) {
        return err_set(err, ERR_INVALID, "a '[' or ']' is out of place in '" PRISTR "'",
                       STRARG(text));
    }
    if (pattern->count == PATTERN_SEGMENTS_MAX) {
        return err_set(err, ERR_INVALID, "more than %d segments", PATTERN_SEGMENTS_MAX);
    }
    struct pattern_segment *segment = &pattern->segments[pattern->count];
    segment->param = text.ptr[0] == ':';
    segment->text = segment->param ? arena_str(arena, str_from(text, 1)) : literal(text, arena);
    if (segment->param && !valid_name(segment->text)) {
        return err_set(err, ERR_INVALID, "'" PRISTR "' is no name for a parameter", STRARG(text));
    }
    if (str_eq(text, STR(".")) || str_eq(text, STR(".."))) {
        return err_set(err, ERR_INVALID, "a segment may not be '" PRISTR "'", STRARG(text));
    }
    for (size_t i = 0; segment->param && i < pattern->count; i++) {
        if (pattern->segments[i].param && str_eq(pattern->segments[i].text, segment->text)) {
            return err_set(err, ERR_INVALID, "two parameters are named '" PRISTR "'",
                           STRARG(segment->text));
        }
    }
    pattern->count++;
    return true;
}

/* As many as the text can have. */
static struct pattern_segment *segments_new(struct str text, char separator, struct arena *arena)
{
    size_t count = 1;
    for (size_t i = 0; i < text.len; i++) {
        count += text.ptr[i] == separator;
    }
    return ARENA_ARRAY(arena, struct pattern_segment,
                       count < PATTERN_SEGMENTS_MAX ? count : PATTERN_SEGMENTS_MAX);
}

static bool split_path(struct str text, struct arena *arena, struct pattern *out, struct err *err)
{
    out->segments = segments_new(text, '/', arena);
    struct str head;
    while (str_cut(text, '/', &head, &text)) {
        if (!add_segment(out, head, arena, err)) {
            return false;
        }
    }
    return add_segment(out, head, arena, err);
}

/* From the end, so that "[...]" comes last. A "[...]" is followed by a dot or by a label. */
static bool split_host(struct str text, struct arena *arena, struct pattern *out, struct err *err)
{
    out->segments = segments_new(text, '.', arena);
    bool rest = str_starts(text, STR("[...]"));
    if (rest) {
        text = str_from(text, 5);
    }
    while (text.len > 0) {
        size_t start = text.len;
        while (start > 0 && text.ptr[start - 1] != '.') {
            start--;
        }
        struct str label = str_from(text, start);
        if (str_eq(label, STR("[...]")) || (label.len > 1 && str_find(label, '%') >= 0) ||
            !add_segment(out, label, arena, err)) {
            return err_set(err, ERR_INVALID, "'" PRISTR "' cannot be part of a host",
                           STRARG(label));
        }
        text = str_sub(text, 0, start == 0 ? 0 : start - 1);
    }
    out->rest = rest;
    return true;
}

static bool same_pattern(const struct pattern *a, const struct pattern *b)
{
    if (a->count != b->count || a->rest != b->rest) {
        return false;
    }
    for (size_t i = 0; i < a->count; i++) {
        if (a->segments[i].param != b->segments[i].param ||
            !str_eq(a->segments[i].text, b->segments[i].text)) {
            return false;
        }
    }
    return true;
}

typedef bool (*split_fn)(struct str, struct arena *, struct pattern *, struct err *);

static bool patterns(
    struct str text, split_fn split, struct arena *arena, struct patterns *out, struct err *err)
{
    if (text.len > PATTERN_LEN_MAX) {
        return err_set(err, ERR_LIMIT, "longer than %d bytes", PATTERN_LEN_MAX);
    }
    struct variants variants = {.count = 0};
    if (!expand(text, 0, arena, &variants, err)) {
        return false;
    }
    out->items = ARENA_ARRAY(arena, struct pattern, variants.count);
    out->count = 0;
    for (size_t i = 0; i < variants.count; i++) {
        struct pattern pattern = {0};
        if (!split(variants.items[i], arena, &pattern, err)) {
            return false;
        }
        bool known = false;
        for (size_t j = 0; j < out->count; j++) {
            known = known || same_pattern(&out->items[j], &pattern);
        }
        if (!known) {
            out->items[out->count++] = pattern;
        }
    }
    return true;
}

bool path_patterns(struct str text, struct arena *arena, struct patterns *out, struct err *err)
{
    return patterns(text, split_path, arena, out, err);
}

/* In lower case: of a host, or of a pattern of hosts. */
static bool of_host(char c)
{
    static const char others[] = "-._:[]";
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           memchr(others, c, sizeof(others) - 1) != NULL;
}

bool host_patterns(struct str text, struct arena *arena, struct patterns *out, struct err *err)
{
    char *lower = arena_cstr(arena, text);
    for (size_t i = 0; i < text.len; i++) {
        lower[i] = (char)(lower[i] >= 'A' && lower[i] <= 'Z' ? lower[i] + ('a' - 'A') : lower[i]);
    }
    struct str host = str_make(lower, text.len);
    while (str_starts(host, STR("."))) {
        host = str_from(host, 1);
    }
    while (str_ends(host, STR("."))) {
        host = str_sub(host, 0, host.len - 1);
    }
    for (size_t i = 0; i < host.len; i++) {
        if (!of_host(host.ptr[i])) {
            return err_set(err, ERR_INVALID, "no host has such a character");
        }
    }
    if (host.len == 0) {
        return err_set(err, ERR_INVALID, "no host");
    }
    return patterns(host, split_host, arena, out, err);
}

bool pattern_names(const struct patterns *patterns, struct str *out, size_t max, size_t *count)
{
    for (size_t i = 0; i < patterns->count; i++) {
        const struct pattern *pattern = &patterns->items[i];
        for (size_t j = 0; j < pattern->count; j++) {
            struct str name = pattern->segments[j].text;
            size_t at = 0;
            while (at < *count && !str_eq(out[at], name)) {
                at++;
            }
            if (!pattern->segments[j].param || at < *count) {
                continue;
            }
            if (*count == max) {
                return false;
            }
            out[(*count)++] = name;
        }
    }
    return true;
}
