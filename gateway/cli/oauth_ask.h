/* oauth_ask.h - requests of the command line to a realm's OAuth endpoints.
 *
 * Those of the master realm are on the admin listener, those of others (--realm) on the public one.
 */
#ifndef POSTERN_CLI_OAUTH_ASK_H
#define POSTERN_CLI_OAUTH_ASK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "cli/command.h"

#include <jansson.h>
#include <stdbool.h>

enum { OAUTH_FORM_MAX = 1 << 20 };

/* Borrowed from the command. */
struct oauth_place {
    struct str url;
    struct str realm;
};

struct oauth_place oauth_place_of(const struct command *command);

/* "  postern login ..." on stderr. */
void oauth_point_to_login(const struct oauth_place *place);

/* "name=value" behind what is there. */
void oauth_form_put(struct buf *form, const char *name, struct str value);
/* --scope, if it is there. */
void oauth_form_put_scope(struct buf *form, const struct command *command);

struct oauth_question {
    const struct command *command; /* --ca-file, --insecure */
    const struct oauth_place *place;
    const char *endpoint; /* "token" */
    struct str form;
    const char *client; /* with its secret, by Basic; NULL: the form says who asks */
    const char *secret;
};

struct oauth_answer {
    unsigned status;
    json_t *body;      /* NULL: none, or no JSON */
    const char *error; /* "invalid_grant", or "" */
};

/* False: there was no answer. Freed with oauth_answer_done. */
bool oauth_ask(const struct oauth_question *question, struct oauth_answer *out, struct err *err);
void oauth_answer_done(struct oauth_answer *answer);
/* The refusal as a sentence, on stderr; its exit code. */
int oauth_complain(const struct oauth_answer *answer);

#endif
