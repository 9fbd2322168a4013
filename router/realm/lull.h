/* lull.h - publishers wait for a subscriber that reads, but not as fast as they write.
 *
 * While a subscriber's queue is more than half full, those who publish to it are not
 * read from. Not for long: a subscriber that does not take a 32nd of its queue within
 * a second is waited for no more until its queue is a quarter full again. So a burst reaches a
 * reader whole, and one that is dead costs its publishers a second, once.
 */
#ifndef POSTERN_REALM_LULL_H
#define POSTERN_REALM_LULL_H

#include "realm/slots.h"

#include <stddef.h>
#include <stdint.h>

struct session;

/* What waits for a session, with its backlog. */
size_t session_pending(const struct session *session);
/* Whether so much waits that its publishers should. */
void lull_begin(struct session *subscriber, const struct handle *publisher);
/* Its queue has become shorter. */
void lull_review(struct session *subscriber);
/* Keeps a publisher from being far ahead of other workers (a bit each) to which `bytes` went: they
 * could not tell it in time to wait. */
void lull_pace(struct session *publisher, size_t bytes, uint64_t others);
/* Nobody waits for it any more. */
void lull_end(struct session *subscriber);

#endif
