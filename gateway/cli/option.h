/* option.h - the options of all commands, as one table, and their reading. */
#ifndef POSTERN_CLI_OPTION_H
#define POSTERN_CLI_OPTION_H

#include "cli/command.h"

#include <stdbool.h>
#include <stdio.h>

/* Whether `name` is one of the words of a list such as "url realm". */
bool option_listed(const char *list, const char *name);
/* Options, of those that `allowed` lists, and words, in any order; "--" ends the options. False:
 * said why on stderr. */
bool option_read_words(const char *allowed, int argc, char **argv, int from, struct command *out);
/* One line each. */
void options_print(FILE *out, const char *allowed);
/* Each with its letter (0: none) and whether it takes a value. */
typedef void (*option_fn)(void *ctx, const char *name, char letter, bool takes, const char *help);
void options_list(const char *allowed, option_fn fn, void *ctx);

#endif
