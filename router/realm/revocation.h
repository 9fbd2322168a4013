/* revocation.h - takes a registration away from a session that did not ask for it.
 *
 * The realm's table is changed at once, by whichever worker; the session's own worker
 * is told by a post. Calls under way are still answered.
 */
#ifndef POSTERN_REALM_REVOCATION_H
#define POSTERN_REALM_REVOCATION_H

#include "base/str.h"
#include "realm/slots.h"

#include <stdbool.h>
#include <stdint.h>

struct realm;
struct router;
struct session;

enum revoke_result { REVOKE_OK, REVOKE_NO_REGISTRATION, REVOKE_NO_CALLEE };

/* On any worker. `reason` may be empty; it is a client's text. */
enum revoke_result procedures_revoke(struct router *router,
                                     struct realm *realm,
                                     uint64_t registration,
                                     uint64_t session_id,
                                     struct str reason);

/* Tells a session that has been taken off already. */
void revocation_post(struct router *router,
                     struct handle session,
                     uint64_t registration,
                     struct str reason);

/* procedures.c: false when the session does not offer it any more. */
bool procedures_forget(struct session *session, uint64_t registration);

#endif
