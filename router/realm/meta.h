/* meta.h - what a realm tells about itself: procedures wamp.* and meta events.
 *
 * The procedures are builtins, a table a file; they answer with what is true on all
 * workers. Events are published by the router itself, in the order of what they
 * tell about (bulletin.h).
 */
#ifndef POSTERN_REALM_META_H
#define POSTERN_REALM_META_H

#include "loop/mailbox.h"
#include "payload/payload.h"
#include "realm/builtin.h"

#include <stdbool.h>

struct seat;
struct session;

/* The tables of wamp.* procedures, each ending with a row without a function; the last is NULL. */
extern const struct builtin *const meta_procedures[];

/* Whether anybody may be listening: to be asked before a payload is made. */
bool meta_watched(const struct seat *seat);
/* Any worker; the payload is copied. Heard after everything noted in this realm before. `topic` is
 * static. */
void meta_publish(struct seat *seat, struct str topic, const struct payload *payload);

/* Events wamp.session.on_join and on_leave, while the session is in its realm. */
void meta_session_joined(struct session *session);
void meta_session_left(struct session *session);

/* The post of a realm's bulletin. */
void meta_tell(struct post *post);

#endif
