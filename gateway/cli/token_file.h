/* token_file.h - the tokens that postern login has got, by node and realm: a file of the user's
 * own, $XDG_CONFIG_HOME/postern/tokens.json or ~/.config/postern/tokens.json.
 *
 *     {"tokens": [{"url", "realm", "client_id", "user", "access_token", "refresh_token",
 *                  "expires_at"}]}
 *
 * It is read only if nobody else may, and replaced whole. Commands at the same time wait for each
 * other: who opens it to change it has it alone until it is closed.
 */
#ifndef POSTERN_CLI_TOKEN_FILE_H
#define POSTERN_CLI_TOKEN_FILE_H

#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>

struct token_file {
    struct buf path; /* with a NUL behind it */
    json_t *root;
    int lock_fd; /* -1: read only */
};

/* To read: no file is an empty one. To change: its directory is made, and waited for. */
bool token_file_open(struct token_file *file, bool change, struct err *err);
void token_file_close(struct token_file *file);
const char *token_file_path(const struct token_file *file);

/* Borrowed; NULL: there is none. */
json_t *token_file_find(const struct token_file *file, struct str url, struct str realm);
/* In place of the one of its url and realm; takes it. */
void token_file_put(struct token_file *file, json_t *entry);
bool token_file_drop(struct token_file *file, struct str url, struct str realm);
/* On disk on return. */
bool token_file_save(struct token_file *file, struct err *err);

#endif
