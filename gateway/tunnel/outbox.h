/* outbox.h - the messages that wait for a tunnel's client: bounded in number, bytes and age.
 *
 * Full, it makes room by dropping EVENTs, the oldest first. Nothing else is ever
 * dropped: when that does not help, the caller ends the session. One worker.
 */
#ifndef POSTERN_TUNNEL_OUTBOX_H
#define POSTERN_TUNNEL_OUTBOX_H

#include "base/block.h"
#include "base/list.h"
#include "base/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct letter {
    struct list link;
    struct list event; /* among the outbox's events; alone: it is none */
    struct block *block;
    struct str bytes; /* in the block */
    uint64_t at_ms;
    bool is_event;
};

struct outbox {
    struct list letters; /* the oldest first */
    struct list events;
    size_t messages_max;
    size_t bytes_max;
    size_t count;
    size_t bytes;
    size_t event_count;
    size_t event_bytes;
    uint64_t dropped; /* events, ever */
};

void outbox_init(struct outbox *box, size_t messages_max, size_t bytes_max);
void outbox_done(struct outbox *box);
/* Takes over the reference to `block`. False: the letter is in, and is too much, though no
 * event is left. */
bool outbox_push(
    struct outbox *box, struct block *block, struct str bytes, bool is_event, uint64_t now_ms);
/* As many as may not be dropped. */
bool outbox_crowded(const struct outbox *box);
/* Moves letters from the front to `out`: at least one if there is any, then as long as all of
 * them stay within both bounds. */
void outbox_take(struct outbox *box, size_t count_max, size_t bytes_max, struct list *out);
/* What was taken and not delivered is the oldest again; `letters` is empty afterwards. */
void outbox_put_back(struct outbox *box, struct list *letters);
/* Drops events that came before `before_ms`; false when something else is that old. */
bool outbox_expire(struct outbox *box, uint64_t before_ms);

void letters_free(struct list *letters);

#endif
