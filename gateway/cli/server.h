/* server.h - where the node is, and what is said when nobody answers there. */
#ifndef POSTERN_CLI_SERVER_H
#define POSTERN_CLI_SERVER_H

#include "base/err.h"
#include "base/str.h"
#include "cli/command.h"

/* NULL: it is not set, or to nothing, as shells and compose files do. */
const char *server_env(const char *name);
/* The admin listener, by --url or POSTERN_URL, without a slash at its end. Borrowed. */
struct str server_url(const struct command *command);
/* No answer came from `url`: why, and what helps. */
void server_complain(struct str url, const struct err *err);

#endif
