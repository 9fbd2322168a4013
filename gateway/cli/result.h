/* result.h - what a command printed and how it ended, as WAMP has it. */
#ifndef POSTERN_CLI_RESULT_H
#define POSTERN_CLI_RESULT_H

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

/* Appends JSON: of JSON its value, of other text a string, of other bytes binary. False, and
 * nothing, if there is nothing but white space. */
bool result_value(struct buf *out, struct str output);
/* The error that an exit code stands for (-1: it ended by a signal); empty: none. */
struct str result_error(int exit_code);

#endif
