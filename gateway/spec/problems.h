/* problems.h - all mistakes of a document at once, each with its place and its remedy. */
#ifndef POSTERN_SPEC_PROBLEMS_H
#define POSTERN_SPEC_PROBLEMS_H

#include "base/arena.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>

enum { PROBLEMS_MAX = 100 }; /* further ones are counted, not kept */

struct problem {
    bool warning;
    unsigned line; /* 1-based; 0: the document as a whole */
    unsigned column;
    struct str pointer; /* JSON pointer: /versions/1.0.0/paths/~1items/get */
    struct str text;    /* what is wrong */
    struct str allowed; /* what is allowed, or empty */
    struct str nearest; /* what was probably meant, or empty */
};

struct problems {
    struct arena arena;
    struct problem *items;
    size_t count;
    size_t errors; /* all of them, kept or not */
    size_t warnings;
};

void problems_init(struct problems *problems);
void problems_done(struct problems *problems);
/* Copies the strings. */
void problems_add(struct problems *problems, const struct problem *problem);

#endif
