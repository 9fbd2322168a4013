/* claim.h - REGISTER of a procedure whose only callee may have died a moment ago.
 *
 * A callee that is started again registers at once, and its new connection may be read
 * before the end of the old one is. So before a REGISTER is refused, the worker of the
 * session in the way asks that session's socket, ends the session if nobody is there,
 * and the claimant's worker tries once more. Later requests of the claimant may be answered first.
 */
#ifndef POSTERN_REALM_CLAIM_H
#define POSTERN_REALM_CLAIM_H

#include "realm/slots.h"
#include "wamp/message.h"

struct session;

/* On the claimant's worker; copies the message. Ends in register_finally there, unless the session
 * has ended meanwhile. */
void claim_post(struct session *claimant, const struct message *message, struct handle rival);

/* procedures.c: REGISTER, refused if anybody is still in the way. */
void register_finally(struct session *session, struct message *message);

#endif
