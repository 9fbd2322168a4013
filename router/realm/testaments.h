/* testaments.h - what a session wants published when it ends (WAMP, Session Testament).
 *
 * On the session's worker. There is no resumption, so a session is detached and
 * destroyed at once: first what is for the one, then what is for the other.
 */
#ifndef POSTERN_REALM_TESTAMENTS_H
#define POSTERN_REALM_TESTAMENTS_H

#include "realm/broker.h"

#include <stdbool.h>
#include <stddef.h>

struct session;

enum testament_scope { TESTAMENT_DETACHED, TESTAMENT_DESTROYED, TESTAMENT_SCOPES };

/* False for a name that is none. */
bool testament_scope_parse(struct str name, enum testament_scope *out);

/* A copy is kept. False: the session has left as much as it may. */
bool testaments_add(struct session *session,
                    enum testament_scope scope,
                    const struct publication *publication);
void testaments_flush(struct session *session, enum testament_scope scope);
/* Publishes them; while the session still is who it is. */
void testaments_leave(struct session *session);

#endif
