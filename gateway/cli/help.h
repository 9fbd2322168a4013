/* help.h - what the table of commands says of itself. On stderr, but for what was asked for. */
#ifndef POSTERN_CLI_HELP_H
#define POSTERN_CLI_HELP_H

#include "cli/command_row.h"

#include <stdio.h>

/* The rows one after the other; `at` is 0 to begin with, NULL at the end. */
const struct command_row *help_next_row(size_t *at);

/* All commands, a line for each first word. */
void help_print_all(FILE *out);
/* The commands that begin with the words of `prefix`; false: there are none. */
bool help_print_some(FILE *out, const char *prefix);
/* One command, whole: usage, options, an example. */
void help_print_one(FILE *out, const struct command_row *row);
/* After a sentence about what is wrong, which should stay in sight. */
void help_point(const struct command_row *row);

/* How many words are wanted: `words` of a row. */
size_t help_words_min(const char *words);
size_t help_words_max(const char *words);

#endif
