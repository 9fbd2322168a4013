/* admin_account.h - the administrator: user `admin` of the master realm, in the group that may do
 * everything there, and the realm's own record. For start-up and offline commands, before
 * store_start: all of it blocks. Inside gateway/node only. */
#ifndef POSTERN_NODE_ADMIN_ACCOUNT_H
#define POSTERN_NODE_ADMIN_ACCOUNT_H

#include "base/err.h"
#include "base/str.h"

#include <jansson.h>
#include <stdbool.h>

struct node;

/* The user's record; a new reference. NULL: there is none, or `err` has a code. */
json_t *admin_account_read(const struct node *node, struct err *err);
/* Once in a store's life: the realm with its methods, group, grants and sources, and the user, with
 * the password that an older version has kept elsewhere; and the client that postern login is. What
 * has been made of them since then, also that they are gone, stays. */
bool admin_account_make(const struct node *node, struct err *err);
/* The same password keeps the record that it has. Makes the user if he is not there. */
bool admin_account_set_password(const struct node *node, struct str password, struct err *err);
/* He may come in: enabled, in his group, by password from anywhere. */
bool admin_account_open(const struct node *node, struct err *err);
/* What a file has said of the user is undone where it would keep him out. `before` as read before
 * the file was applied. */
bool admin_account_keep(const struct node *node, const json_t *before, struct err *err);

#endif
