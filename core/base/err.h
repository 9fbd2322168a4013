/* err.h - why something failed: one of nine codes and a sentence for a person.
 *
 * `bool f(..., struct err *err)`: true, or `return err_set(err, ERR_NOT_FOUND, "no realm %s", x)`.
 * A code becomes an HTTP status in one table (pipeline/problem.c) and a WAMP
 * error URI in one other (wamp/fault.c), nowhere else. Texts never carry secrets.
 */
#ifndef POSTERN_BASE_ERR_H
#define POSTERN_BASE_ERR_H

#include <stdbool.h>

#define ERR_MAP(X)                                          \
    X(INVALID, "invalid")         /* the input is wrong */  \
    X(UNKNOWN, "unknown")         /* who are you? */        \
    X(DENIED, "denied")           /* you may not */         \
    X(NOT_FOUND, "not_found")     /* no such thing */       \
    X(CONFLICT, "conflict")       /* it is otherwise now */ \
    X(LIMIT, "limit")             /* too much */            \
    X(TIMEOUT, "timeout")         /* too late */            \
    X(UNAVAILABLE, "unavailable") /* not now, try again */  \
    X(INTERNAL, "internal")       /* our own fault */

enum err_code {
    ERR_NONE = 0,
#define ERR_ENUM(name, text) ERR_##name,
    ERR_MAP(ERR_ENUM)
#undef ERR_ENUM
};

struct err {
    enum err_code code;
    char text[248];
};

/* No error. Where every message passes this is cheaper than to zero the text. */
static inline void err_clear(struct err *err)
{
    err->code = ERR_NONE;
    err->text[0] = '\0';
}

/* Both return false, so that a failing function can return them. `err` may be NULL. */
bool err_set(struct err *err, enum err_code code, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* Puts "context: " before the text that is there. */
bool err_wrap(struct err *err, const char *format, ...) __attribute__((format(printf, 2, 3)));

const char *err_code_name(enum err_code code);

#endif
