/* request_body.h - the object that a command sends: from a file, from words and from options. */
#ifndef POSTERN_CLI_REQUEST_BODY_H
#define POSTERN_CLI_REQUEST_BODY_H

#include "cli/command_row.h"

#include <jansson.h>

/* What -f says, and over it what was typed. EXIT_OK, or a complaint and its code. */
int request_body_make(const struct command *command, const struct body_field *fields, json_t **out);

#endif
