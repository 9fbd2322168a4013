/* backlog.h - events that wait in front of a slow session's queue, where the oldest may go.
 *
 * Only with wamp.queue_policy=drop: when half of the queue is full, events wait here,
 * up to the other half; beyond it the oldest are dropped. What is no event is not
 * held up. On the session's worker.
 */
#ifndef POSTERN_REALM_BACKLOG_H
#define POSTERN_REALM_BACKLOG_H

#include "base/block.h"

#include <stddef.h>
#include <stdint.h>

struct backlog;
struct session;

/* An encoded EVENT goes to the end; makes the backlog when there is none. Returns how many were
 * dropped for it. */
unsigned backlog_push(struct session *session, struct block *event, uint64_t subscription);
/* To the peer, as many as half of its queue takes; the backlog ends with its last event. Those of
 * subscriptions that have ended are left out. */
void backlog_flush(struct session *session);
size_t backlog_bytes(const struct backlog *backlog); /* NULL: 0 */
void backlog_free(struct backlog *backlog);

#endif
