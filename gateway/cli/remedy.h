/* remedy.h - what helps against a refusal of the node, as a command where there is one. */
#ifndef POSTERN_CLI_REMEDY_H
#define POSTERN_CLI_REMEDY_H

#include "base/buf.h"
#include "base/str.h"
#include "cli/command.h"

/* Appends a line, or nothing. `code` is the error's URI, from the node: hostile. */
void remedy_write(struct buf *out, const struct command *command, unsigned status, struct str code);

#endif
