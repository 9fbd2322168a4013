/* request_path.h - paths of the admin API with what was typed in them. */
#ifndef POSTERN_CLI_REQUEST_PATH_H
#define POSTERN_CLI_REQUEST_PATH_H

#include "base/buf.h"
#include "base/str.h"
#include "cli/command.h"

#include <stdbool.h>

/* Percent-encoded: a segment, or a value of a query. */
void request_path_encode(struct buf *out, struct str text);
/* Fills in "/realms/{realm}/users/{0}". False and a complaint: a word is missing, or cannot be a
 * segment: nothing, ".", "..". A missing last word within a query takes its "?name=" along. */
bool request_path_fill(const struct command *command, const char *path, struct buf *out);
/* "&name=value", or "?name=value" as the first; nothing when `value` is NULL. */
void request_path_query(struct buf *path, const char *name, const char *value);

#endif
