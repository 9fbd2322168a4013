/* admin_http.h - one request to the admin REST API, for the commands that administer. */
#ifndef POSTERN_CLI_ADMIN_HTTP_H
#define POSTERN_CLI_ADMIN_HTTP_H

#include "base/str.h"
#include "cli/command.h"

#include <jansson.h>

struct admin_answer {
    unsigned status;
    json_t *body; /* NULL: none, or not JSON */
};

/* `path` begins with '/'. EXIT_OK for a 2xx; else what went wrong is on stderr and the code says
 * its kind. `out` is to be json_decref'ed by the caller when EXIT_OK. */
int admin_request(const struct command *command,
                  const char *method,
                  const char *path,
                  struct str body,
                  struct admin_answer *out);
/* A path with `id` as its last, percent-encoded segment, then `suffix`; mem_free. */
char *admin_path(const char *prefix, const char *id, const char *suffix);

#endif
