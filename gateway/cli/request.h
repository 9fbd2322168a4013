/* request.h - commands that are one request to the admin API, as their row says it. */
#ifndef POSTERN_CLI_REQUEST_H
#define POSTERN_CLI_REQUEST_H

#include "cli/admin_http.h"
#include "cli/command_row.h"
#include "cli/output.h"

#include <jansson.h>

/* Sends what the row and the words say: path, body, --if-version; a list whole, page by page, up
 * to --limit. As admin_send. */
int request_send(const struct command *command, struct admin_answer *out);
/* The same, for commands with words of their own for the answer where -o says no other form. */
int request_ask(const struct command *command,
                enum output_format *out_format,
                struct admin_answer *out);
/* The same, printed: lists as a table, all else as JSON, unless -o says otherwise. */
int request_command(const struct command *command);

#endif
