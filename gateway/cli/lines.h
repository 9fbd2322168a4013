/* lines.h - the lines of stdin, read on the loop as fast as they can be used.
 *
 * Whoever takes them says by `ready` whether it takes another one; else it is asked again a
 * little later, and nothing is read meanwhile. Empty lines are stepped over.
 */
#ifndef POSTERN_CLI_LINES_H
#define POSTERN_CLI_LINES_H

#include "base/buf.h"
#include "base/str.h"
#include "loop/timer.h"
#include "loop/watch.h"

#include <stdbool.h>
#include <stddef.h>

struct lines;

struct lines_ops {
    bool (*ready)(void *ctx);
    void (*on_line)(void *ctx, struct str line, size_t number); /* from 1 */
    void (*on_end)(void *ctx);                                  /* once, after the last */
    void (*on_too_long)(void *ctx, size_t number);              /* the end as well */
};

struct lines {
    const struct lines_ops *ops;
    void *ctx;
    struct watch watch;
    struct timer again;
    struct turn_task work;
    struct buf text;
    size_t at; /* what of `text` has been told */
    size_t number;
    bool eof;
    bool stopped;
};

void lines_start(struct lines *lines, const struct lines_ops *ops, void *ctx);
/* `ready` has become true. */
void lines_again(struct lines *lines);
/* No more callbacks; also if it was never started (all zero), and more than once. */
void lines_stop(struct lines *lines);

#endif
