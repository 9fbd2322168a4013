/* str.h - a string view by value: bytes that belong to somebody else.
 *
 * Not NUL-terminated, may contain NUL. Valid as long as what it points into.
 */
#ifndef POSTERN_BASE_STR_H
#define POSTERN_BASE_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str {
    const char *ptr;
    size_t len;
};

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})
/* For initialisers of static tables. */
#define STR_INIT(literal)               \
    {                                   \
        "" literal, sizeof(literal) - 1 \
    }
#define STR_EMPTY ((struct str){"", 0})

/* printf: log("name " PRISTR, STRARG(name)) */
#define PRISTR    "%.*s"
#define STRARG(s) (int)(s).len, (s).ptr

/* A NULL pointer gives the empty string. */
struct str str_of(const char *cstr);
static inline struct str str_make(const char *ptr, size_t len)
{
    return (struct str){ptr, len};
}

bool str_eq(struct str a, struct str b);
bool str_eq_nocase(struct str a, struct str b); /* ASCII */
int str_cmp(struct str a, struct str b);        /* bytewise, shorter first */
bool str_starts(struct str s, struct str prefix);
bool str_ends(struct str s, struct str suffix);

/* Out-of-range positions are clamped to the string. */
struct str str_from(struct str s, size_t from);
struct str str_sub(struct str s, size_t from, size_t len);
struct str str_trim(struct str s); /* blanks, tabs, CR, LF at both ends */

/* Position of the first `c`, or -1. */
ptrdiff_t str_find(struct str s, char c);

/* Splits at the first `sep`: false (head = s, tail empty) when there is none. */
bool str_cut(struct str s, char sep, struct str *head, struct str *tail);

/* Decimal, whole string, no sign (to_u64) or optional '-' (to_i64), no overflow. */
bool str_to_u64(struct str s, uint64_t *out);
bool str_to_i64(struct str s, int64_t *out);

/* An owned, NUL-terminated copy; mem_free. */
char *str_dup(struct str s);

/* Edit distance, for "did you mean". Bounded: strings over 64 bytes give 65. */
unsigned str_distance(struct str a, struct str b);

/* The candidate nearest to `s`, or the empty string if none is near enough. */
struct str str_nearest(struct str s, const struct str *candidates, size_t count);

/* Seeded per process, so that a client cannot choose colliding keys. */
uint64_t str_hash(struct str s);

#endif
