/* option.h - the options of all commands, as one table, and their reading. */
#ifndef POSTERN_CLI_OPTION_H
#define POSTERN_CLI_OPTION_H

#include "cli/command.h"

#include <stdbool.h>

/* Whether `name` is one of the words of a list such as "url realm". */
bool option_listed(const char *list, const char *name);
/* Options, of those that `allowed` lists, and words, in any order; "--" ends the options. False:
 * said why on stderr. */
bool option_read_words(const char *allowed, int argc, char **argv, int from, struct command *out);
/* One line each on stderr. */
void options_print(const char *allowed);

#endif
