/* login_token.h - the access token that a command shows: of what postern login has kept,
 * refreshed when it is over. */
#ifndef POSTERN_CLI_LOGIN_TOKEN_H
#define POSTERN_CLI_LOGIN_TOKEN_H

#include "cli/oauth_ask.h"

#include <stdint.h>

struct login_token {
    char *text; /* NULL: nobody has logged in there */
    char *user; /* or NULL */
};

/* `refused`: not this one, which the node did not take (NULL: any). EXIT_OK, or a complaint and its
 * code: the file cannot be used, the login is over, nobody answers. */
int login_token_find(const struct command *command,
                     const struct oauth_place *place,
                     const char *refused,
                     struct login_token *out);
void login_token_done(struct login_token *token);

/* What is kept of an answer of the token endpoint; NULL: it has no token. */
json_t *login_entry(const struct oauth_place *place, const char *client, const json_t *answer);

#endif
