/* admin_http.h - one request to the admin REST API, for the commands that administer.
 *
 * What the node refuses is on stderr with a remedy (remedy.h), as a command where there
 * is one. Credentials go to the node that --url names and nowhere else.
 */
#ifndef POSTERN_CLI_ADMIN_HTTP_H
#define POSTERN_CLI_ADMIN_HTTP_H

#include "base/str.h"
#include "cli/command.h"

#include <jansson.h>
#include <stdbool.h>

struct admin_request {
    const char *method;
    struct str path; /* begins with '/' */
    struct str body;
    const char *content_type; /* NULL: application/json */
};

struct admin_answer {
    unsigned status;
    json_t *body;  /* NULL: none */
    char *version; /* of what was got, out of its ETag; NULL: none */
    char *next;    /* the path of the next page; NULL: none */
    char *total;   /* of all pages; NULL: unknown */
};

/* EXIT_OK, or EXIT_PARTIAL for a 202, and `out` is then to be freed with admin_answer_done; else
 * what went wrong is on stderr and the code says its kind. Sends --if-version. */
int admin_send(const struct command *command,
               const struct admin_request *request,
               struct admin_answer *out);
void admin_answer_done(struct admin_answer *answer);

/* On stderr after a 202: which nodes do not serve yet what was changed, out of the answer. */
void admin_complain_pending(const json_t *body);

/* The path of the link that a Link header calls "next", mem_free; NULL: none. */
char *admin_next_path(struct str link);

#endif
