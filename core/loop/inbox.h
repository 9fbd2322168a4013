/* inbox.h - posts from many threads to one, without a lock (used within core/loop alone).
 *
 * A stack that senders push to and the receiver takes whole and turns round. All
 * pushes to one inbox are totally ordered, so it is FIFO for each sender.
 */
#ifndef POSTERN_LOOP_INBOX_H
#define POSTERN_LOOP_INBOX_H

#include "loop/mailbox.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct inbox {
    _Atomic(struct post *) head;
};

void inbox_init(struct inbox *inbox);
/* True when it was empty: whoever finds it so must wake the receiver. Any thread. */
bool inbox_push(struct inbox *inbox, struct post *post);
/* Everything that is there, oldest first, linked by `next`. The receiver only. */
struct post *inbox_take(struct inbox *inbox);
bool inbox_empty(const struct inbox *inbox);

#endif
