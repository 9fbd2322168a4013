#include "pipeline/path.h"

#include "base/percent.h"

static bool unreserved(int c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static const char *refused_escape(int c)
{
    if (c < 0) {
        return "a percent sign is not followed by two hex digits";
    }
    if (c == '/' || c == '\\') {
        return "an encoded slash or backslash in the path";
    }
    return c < 0x20 || c == 0x7f ? "an encoded control character in the path" : NULL;
}

static bool dot_segment(struct str path)
{
    struct str rest = path;
    struct str segment = STR_EMPTY;
    bool more = true;
    while (more) {
        more = str_cut(rest, '/', &segment, &rest);
        if (str_eq(segment, STR(".")) || str_eq(segment, STR(".."))) {
            return true;
        }
    }
    return false;
}

/* Nothing in it is encoded, doubled or a dot segment, as in nearly every path. */
static bool is_canonical(struct str path)
{
    static const bool looked_at[256] = {['%'] = true, ['\\'] = true, ['/'] = true};
    bool good = path.len > 0 && path.ptr[0] == '/';
    for (size_t i = 0; good && i < path.len; i++) {
        if (looked_at[(unsigned char)path.ptr[i]]) {
            char next = i + 1 < path.len ? path.ptr[i + 1] : '\0';
            good = path.ptr[i] == '/' && next != '/' && next != '.';
        }
    }
    return good;
}

bool path_canonical(struct str path, struct arena *arena, struct str *out, const char **why)
{
    static const char upper[] = "0123456789ABCDEF";
    if (is_canonical(path)) {
        *out = path;
        return true;
    }
    char *to = arena_alloc(arena, path.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < path.len; i++) {
        if (path.ptr[i] == '\\') {
            *why = "a backslash in the path";
            return false;
        }
        if (path.ptr[i] == '/' && len > 0 && to[len - 1] == '/') {
            continue; /* routing would see no difference, so nobody else may either */
        }
        if (path.ptr[i] != '%') {
            to[len++] = path.ptr[i];
            continue;
        }
        int c = percent_byte(path, i);
        *why = refused_escape(c);
        if (*why != NULL) {
            return false;
        }
        if (unreserved(c)) {
            to[len++] = (char)c;
        } else {
            to[len++] = '%';
            to[len++] = upper[c / 16];
            to[len++] = upper[c % 16];
        }
        i += 2;
    }
    to[len] = '\0';
    *out = str_make(to, len);
    if (dot_segment(*out)) {
        *why = "a dot segment in the path";
        return false;
    }
    return true;
}
