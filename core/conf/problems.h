/* problems.h - what is wrong with the settings, all of it at once.
 *
 * Belongs to whoever loads a configuration; one thread.
 */
#ifndef POSTERN_CONF_PROBLEMS_H
#define POSTERN_CONF_PROBLEMS_H

#include "base/buf.h"

#include <stdbool.h>
#include <stddef.h>

enum { CONF_PROBLEMS_MAX = 100 }; /* further ones are counted, not kept */

struct conf_problem {
    bool warning;
    unsigned line; /* in the file; 0: none */
    unsigned column;
    char *where; /* "node.yaml:3:5", "--set", "environment POSTERN_NODE_NAME", "default" */
    char *text;
};

struct conf_problems {
    struct conf_problem *items;
    size_t count;
    size_t errors; /* all of them, kept or not */
    size_t warnings;
};

void conf_problems_init(struct conf_problems *problems);
void conf_problems_done(struct conf_problems *problems);
/* A line each: "where: text", "where: warning: text". */
void conf_problems_print(const struct conf_problems *problems, struct buf *out);

#endif
