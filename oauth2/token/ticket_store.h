/* ticket_store.h - records of tickets, for work on the store thread within its transaction. */
#ifndef POSTERN_TOKEN_TICKET_STORE_H
#define POSTERN_TOKEN_TICKET_STORE_H

#include "store/store.h"
#include "token/ticket.h"

enum { TICKETS_OF_USER_MAX = 100 };

/* Keeps the ticket in its place. The user's that have expired go, and where he has too many, the
 * one that would expire first. False: the view has failed. */
bool ticket_store_put(struct store_view *view, const struct ticket *ticket);

/* Those of a user that `id` names; "": all. What was revoked is counted in `out_count`. */
bool ticket_store_revoke(struct store_view *view,
                         struct str authrealm,
                         struct str authid,
                         struct str id,
                         size_t *out_count);

/* Of a user who goes: nothing is left. */
bool ticket_store_forget(struct store_view *view, struct str authrealm, struct str authid);

#endif
