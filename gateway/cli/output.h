/* output.h - what a command prints: tables, JSON or YAML, as -o says. */
#ifndef POSTERN_CLI_OUTPUT_H
#define POSTERN_CLI_OUTPUT_H

#include "cli/command.h"

#include <jansson.h>
#include <stdbool.h>

enum output_format { OUTPUT_TABLE, OUTPUT_JSON, OUTPUT_YAML };

/* False and a complaint when -o is none of them. `fallback` is for no -o. */
bool output_format(const struct command *command,
                   enum output_format fallback,
                   enum output_format *out);
/* On stdout; the exit code. `columns` are those of a list's table, or NULL: table.h. */
int output_print(const json_t *value, enum output_format format, const char *columns);

#endif
