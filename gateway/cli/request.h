/* request.h - commands that are one request to the admin API, as their row says it. */
#ifndef POSTERN_CLI_REQUEST_H
#define POSTERN_CLI_REQUEST_H

#include "cli/admin_http.h"
#include "cli/command_row.h"

#include <jansson.h>

/* Sends what the row and the words say: path, body, --if-version; a list whole, page by page, up
 * to --limit. As admin_send. */
int request_send(const struct command *command, struct admin_answer *out);
/* The same, printed: lists as a table, all else as JSON, unless -o says otherwise. */
int request_command(const struct command *command);

#endif
