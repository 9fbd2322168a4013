/* parcel.h - a message on its way from one worker to another, copied once.
 *
 * A post and the bytes that it carries in one pooled block. All parcels of one
 * call take the mailbox between its two workers, so they arrive in order.
 */
#ifndef POSTERN_REALM_PARCEL_H
#define POSTERN_REALM_PARCEL_H

#include "loop/mailbox.h"
#include "realm/dealer.h"
#include "realm/session_inside.h"
#include "wamp/message.h"

struct parcel {
    struct post post;
    struct block *block; /* the one this stands in */
    struct router *router;
    struct call_ref ref;
    struct handle callee;
    enum cancel_mode mode;
    enum delivery outcome;
    bool progress;
    unsigned flags;         /* of an answer */
    struct message message; /* uri, details and payload are in the block */
};

/* `message` may be NULL. */
struct parcel *parcel_new(struct router *router, const struct message *message);
void parcel_free(struct parcel *parcel);
/* To be run there by `fn`, which owns it then. */
void parcel_post(struct parcel *parcel, unsigned worker, post_fn fn);

#endif
