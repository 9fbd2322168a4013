/* secret_input.h - a new password, from where no other user of the machine and no history of a
 * shell sees it: never from a word of the command line.
 */
#ifndef POSTERN_CLI_SECRET_INPUT_H
#define POSTERN_CLI_SECRET_INPUT_H

#include "cli/command.h"

#include <stdbool.h>

/* --password-stdin, or POSTERN_NEW_PASSWORD. */
bool secret_input_given(const struct command *command);
/* The first line of stdin, asked for without an echo on a terminal; or the variable. NULL in `out`
 * when there is neither. EXIT_OK, or a complaint and its code. */
int secret_input(const struct command *command, char **out);
/* The first line of stdin alone; on a terminal `what` is asked for. */
int secret_input_line(const char *what, char **out);
void secret_input_done(char *secret); /* wipes it */

#endif
